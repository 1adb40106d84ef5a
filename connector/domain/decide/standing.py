"""What agents say of a suspected incident: it is one, or its requests have nothing in common."""

from __future__ import annotations

from dataclasses import replace

from connector.domain.decide import spreading
from connector.domain.decide.ordering import Order, phrase, refuse, tell
from connector.domain.decide.replies import visible
from connector.domain.decide.tickets import close
from connector.domain.decide.turn import Turn
from connector.domain.decide.writing import fingerprint
from connector.domain.events import IncidentEnded, IncidentTold
from connector.domain.incident import Incident, Standing
from connector.domain.policy import IncidentRule
from connector.domain.refs import ClientId, TicketId
from connector.domain.ticket import Outcome, Ticket


def ordered(turn: Turn, ticket: Ticket, order: Order) -> None:
    """`yes` or `no` on the incident's own card."""
    said = meant(turn, order)
    if said is None:
        refuse(turn, ticket, order, phrase(turn, "order.yes_or_no", words=order.words[:80]))
    elif said:
        confirm(turn, ticket)
    else:
        dissolve(turn, ticket)


def meant(turn: Turn, order: Order) -> bool | None:
    """Whether the order says yes or no; None for anything else."""
    word = visible(order.words)
    if word in ("yes", visible(phrase(turn, "order.yes"))):
        return True
    return False if word in ("no", visible(phrase(turn, "order.no"))) else None


def confirm(turn: Turn, ticket: Ticket) -> None:
    """It is one: its requests are told, and get the answers that waited."""
    incident = turn.client.incident
    assert incident is not None
    match incident.standing:
        case Standing.CONFIRMED:
            tell(turn, ticket, "order.incident_already")
        case Standing.DISSOLVED:
            tell(turn, ticket, "order.incident_over")
        case Standing.SUSPECTED:
            incident = replace(incident, standing=Standing.CONFIRMED)
            turn.client = replace(turn.client, incident=incident)
            spreading.give(turn, incident.children, incident.answers)
            tell(turn, ticket, "order.incident_confirmed", count=len(incident.children))


def dissolve(turn: Turn, ticket: Ticket) -> None:
    """It is none: its requests go on apart, its card is done with."""
    incident = turn.client.incident
    assert incident is not None
    if incident.standing is Standing.DISSOLVED:
        tell(turn, ticket, "order.incident_over")
        return
    turn.tells += [
        apart(turn, child.client, child.ticket)
        for child in incident.children
        if incident.standing is Standing.CONFIRMED
    ]
    # Those that go on coming are alike to it still: for as long as a burst lasts they found no other one.
    window = (turn.policy.incidents or IncidentRule()).window
    keep(turn, replace(incident, standing=Standing.DISSOLVED, until=turn.at + window))
    if ticket.open:
        close(turn, ticket.id, Outcome.DONE, "order.incident_dissolved", count=len(incident.children))
    else:
        tell(turn, ticket, "order.incident_dissolved", count=len(incident.children))


def apart(turn: Turn, client: ClientId, ticket: TicketId, *, solved: bool = False) -> IncidentEnded:
    """Tells a request that it goes on by itself, or that it is solved too."""
    parent = turn.client.tickets[0]
    return IncidentEnded(
        key=turn.name(f"end/{ticket}"),
        at=turn.at,
        client=client,
        ticket=ticket,
        number=parent.number,
        solved=solved,
    )


def tell_children(turn: Turn) -> None:
    """Each request of a confirmed incident knows its number and card, once there is one."""
    incident = turn.client.incident
    parent = turn.client.tickets[0]
    if incident is None or incident.standing is not Standing.CONFIRMED or parent.card is None:
        return
    belonging = spreading.belongs(turn)
    mark = fingerprint(belonging.number, belonging.card)
    children = []
    for child in incident.children:
        if child.told != mark:
            turn.tells.append(
                IncidentTold(
                    key=turn.name(f"told/{child.ticket}"),
                    at=turn.at,
                    client=child.client,
                    ticket=child.ticket,
                    incident=belonging,
                )
            )
            child = replace(child, told=mark)
        children.append(child)
    keep(turn, replace(incident, children=tuple(children)))


def keep(turn: Turn, incident: Incident) -> None:
    """The incident as it is from now on."""
    if incident != turn.client.incident:
        turn.client = replace(turn.client, incident=incident)
