"""What happens to an incident: requests join it, agents answer all of them on its card, or dissolve it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from connector.domain import earlier, kindred
from connector.domain.client import Client
from connector.domain.decide import (
    board_changes,
    history,
    holding,
    orders_end,
    sightings,
    spreading,
    standing,
)
from connector.domain.decide.ordering import word_for
from connector.domain.decide.tickets import new_id
from connector.domain.decide.turn import Turn
from connector.domain.decide.writing import fingerprint, order_card
from connector.domain.effects import AnswerTap, DeleteMessage, EditMessage, React, SendFiles, SendMessage
from connector.domain.events import (
    AgentAttached,
    AgentCommented,
    AgentEdited,
    AgentRemoved,
    CardSeen,
    Done,
    Event,
    Failed,
    HistoryChanged,
    IncidentOrdered,
    RequestChanged,
    RequestsJoined,
    TimePassed,
)
from connector.domain.incident import Incident, Standing
from connector.domain.policy import Command, Confirmation, IncidentRule, Policy
from connector.domain.ticket import Ticket

EVERY = timedelta(seconds=15)
"""The list of requests on its card is not written more often than this: a burst has news each second."""


def decided(turn: Turn, event: Event) -> None:
    """What follows for the incident. Its card is an agents' card like any other; but nobody chats with it."""
    before = turn.client
    match event:
        case RequestsJoined():
            _joined(turn, event)
        case RequestChanged():
            _changed(turn, event)
        case IncidentOrdered():
            parent = turn.client.tickets[0]
            (standing.confirm if event.confirm else standing.dissolve)(turn, parent)
        case AgentCommented():
            board_changes.commented(turn, event)
        case AgentEdited():
            board_changes.edited(turn, event)
        case AgentRemoved():
            board_changes.removed(turn, event)
        case AgentAttached():
            board_changes.attached(turn, event)
        case CardSeen():
            board_changes.seen(turn, event)
        case HistoryChanged():
            history.changed(turn)
        case TimePassed():
            holding.passed(turn)
            sightings.passed(turn)
        case Done():
            orders_end.done(turn, event)
        case Failed():
            orders_end.failed(turn, event)
        case _:
            return
    if turn.client.tickets:
        standing.tell_children(turn)
        _lasting(turn)
        _closed_with_it(turn, before)
        _list(turn)
    turn.effects[:] = [
        effect
        for effect in turn.effects
        if not isinstance(effect, SendMessage | SendFiles | EditMessage | DeleteMessage | React | AnswerTap)
    ]


def next_moment(client: Client, policy: Policy) -> datetime | None:
    """When it is to be looked at again; None while nothing waits for time to pass."""
    moments = (*holding.due(client, policy), *sightings.due(client, policy), *_due(client, policy))
    return min(moments, default=None)


# ---- its requests


def _joined(turn: Turn, event: RequestsJoined) -> None:
    """The first ones found it; those that come later get its last answer at once."""
    rule = turn.policy.incidents or IncidentRule()
    incident = turn.client.incident
    if incident is None:
        at_once = rule.confirm is Confirmation.AT_ONCE
        incident = Incident(
            topic=event.topic,
            standing=Standing.CONFIRMED if at_once else Standing.SUSPECTED,
            begun_at=turn.at,
            children=event.children,
            listed_at=turn.at,
        )
        turn.client = replace(turn.client, incident=incident)
        _open(turn, incident, event.service_class)
        return
    known = {child.ticket for child in incident.children}
    fresh = tuple(child for child in event.children if child.ticket not in known)
    if not fresh or incident.standing is Standing.DISSOLVED:
        return
    turn.client = replace(turn.client, incident=replace(incident, children=(*incident.children, *fresh)))
    if incident.standing is Standing.CONFIRMED:
        spreading.give(turn, fresh, incident.answers[-1:])


def _open(turn: Turn, incident: Incident, service_class: str) -> None:
    policy = turn.policy
    number = turn.client.next_number
    ticket = Ticket(
        id=new_id(turn),
        number=number,
        client=turn.client.id,
        topic=incident.topic,
        service_class=service_class,
        cabinet=None,
        subject=incident.children[0].subject,
        opened_at=turn.at,
        phase_at=turn.at,
    )
    turn.client = replace(turn.client, tickets=(ticket,))
    word = word_for(policy.commands, Command.INCIDENT)
    order_card(turn, ticket, kindred.title(policy, ticket), kindred.description(policy, word))
    if incident.standing is Standing.SUSPECTED:
        turn.note("ask", ticket.id, "note.incident_ask", count=len(incident.children), word=word)


def _changed(turn: Turn, event: RequestChanged) -> None:
    incident = turn.client.incident
    assert incident is not None
    child = next((each for each in incident.children if each.ticket == event.ticket), None)
    if child is None:
        if not event.left:
            # It was told of the incident while it was leaving it, or while the incident was dissolved.
            turn.tells.append(standing.apart(turn, event.by, event.ticket))
        return
    now = replace(child, card=event.card, open=event.open, arrived=event.arrived, trouble=event.trouble)
    children = tuple(now if each is child else each for each in incident.children if not (event.left and each is child))
    standing.keep(turn, replace(incident, children=children))
    if event.left:
        # At once, and on a closed card too: they may have asked to be forgotten.
        parent = turn.client.tickets[0]
        history.changed(turn, (parent.id,))


def _closed_with_it(turn: Turn, before: Client) -> None:
    """Where the mapping says so its requests end with it."""
    rule, incident = turn.policy.incidents, turn.client.incident
    was_open = bool(before.tickets) and before.tickets[0].open
    if not was_open or turn.client.tickets[0].open or incident is None or rule is None or not rule.close_children:
        return
    if incident.standing is Standing.CONFIRMED:
        turn.tells += [
            standing.apart(turn, child.client, child.ticket, solved=True) for child in incident.children if child.open
        ]


def _lasting(turn: Turn) -> None:
    """While its card is open, whoever is alike joins; afterwards alike requests are news."""
    incident = turn.client.incident
    if incident is None or incident.standing is Standing.DISSOLVED:
        return
    until = None if turn.client.tickets[0].open else incident.until or turn.at
    standing.keep(turn, replace(incident, until=until))


# ---- the list of them on its card


def _list(turn: Turn) -> None:
    """Brings the list up to date, in a burst not more often than `EVERY`."""
    incident = turn.client.incident
    if incident is None or not _behind(turn.client, turn.policy):
        return
    if incident.listed_at is None or incident.listed_at + EVERY <= turn.at:
        history.changed(turn)
        turn.client = replace(turn.client, incident=replace(incident, listed_at=turn.at))


def _due(client: Client, policy: Policy) -> Iterator[datetime]:
    if client.incident is not None and client.incident.listed_at is not None and _behind(client, policy):
        yield client.incident.listed_at + EVERY


def _behind(client: Client, policy: Policy) -> bool:
    for ticket in client.tickets:
        if ticket.open and not ticket.lost:
            block = earlier.block(policy, client, ticket)
            return bool(block) and fingerprint(block) != ticket.block
    return False
