"""A request that belongs to an incident: what its card tells of that, what the client gets from there."""

from __future__ import annotations

from dataclasses import replace

from connector.domain import card
from connector.domain.client import Client
from connector.domain.decide import history, holding, notices, templates
from connector.domain.decide.amending import take_back
from connector.domain.decide.replies import answer_to, follow
from connector.domain.decide.tickets import close
from connector.domain.decide.turn import Turn
from connector.domain.effects import LinkCard, UnlinkCard
from connector.domain.events import (
    IncidentAnswered,
    IncidentEnded,
    IncidentTold,
    IncidentTookBack,
    RequestChanged,
)
from connector.domain.incident import Belonging
from connector.domain.policy import AgentReceipt
from connector.domain.refs import Key
from connector.domain.ticket import Held, Outcome, Ticket
from connector.domain.words import Words


def told(turn: Turn, event: IncidentTold) -> None:
    """The card names the incident, and is bound to its card."""
    ticket = turn.ticket(event.ticket)
    if ticket is None:
        return
    before = ticket.incident
    said = before.said if before is not None else ""
    turn.keep(replace(ticket, incident=replace(event.incident, said=said)))
    history.changed(turn)
    parent = event.incident.card
    if parent is not None and ticket.open and (before is None or before.card != parent):
        turn.effects.append(LinkCard(key=turn.name("link"), ticket=ticket.id, parent=parent))


def answered(turn: Turn, event: IncidentAnswered) -> None:
    """An answer for all requests of the incident goes to this client as one on theirs.

    Not to whoever closed or withdrew theirs before; a change of it concerns only those who have it.
    """
    ticket, answer = turn.ticket(event.ticket), event.answer
    if ticket is None:
        return
    comment = of_child(answer.comment, ticket)
    reply = answer_to(ticket, comment)
    if reply is None and (event.changed or not ticket.open):
        return
    files = tuple(file for file in answer.files if file.ref.key not in ticket.relayed)
    template = turn.policy.templates.get(answer.template) if answer.template is not None else None
    text = answer.text
    if template is not None:
        text = templates.expanded(turn, ticket, template, answer.author, answer.text)
    said = card.card_title(turn.policy, Words(text=text, files=answer.files), ticket.number)
    # The answer may be here before word of the incident: then that comes with its card.
    known = ticket.incident or replace(event.incident, card=None)
    ticket = replace(ticket, incident=replace(known, said=said))
    turn.keep(ticket)
    if reply is not None and event.changed and answer.files:
        follow(turn, ticket, reply, answer.author, files)
        return
    holding.given(turn, ticket, Held(comment=comment, author=answer.author, at=answer.at, text=text, files=files))
    if reply is None and turn.policy.agent_receipt is not AgentReceipt.COMMENT:
        turn.note("answered-note", ticket.id, "receipt.incident", number=event.incident.number, text=said)


def took_back(turn: Turn, event: IncidentTookBack) -> None:
    """What the client got of that answer is taken back."""
    ticket = turn.ticket(event.ticket)
    reply = answer_to(ticket, of_child(event.comment, ticket)) if ticket is not None else None
    if ticket is None or reply is None:
        return
    if ticket.incident is not None:
        ticket = replace(ticket, incident=replace(ticket.incident, said=""))
    take_back(turn, ticket, reply)


def ended(turn: Turn, event: IncidentEnded) -> None:
    """The request goes on by itself, or has ended with the incident."""
    ticket = turn.ticket(event.ticket)
    if ticket is None:
        return
    if event.solved:
        if ticket.open:
            close(turn, ticket.id, Outcome.DONE, "note.incident_solved", number=event.number)
            notices.tell_phase(turn, ticket, turn.ticket(ticket.id) or ticket)
        return
    if ticket.incident is not None:
        part(turn, ticket)
        if ticket.open:
            turn.note("apart", ticket.id, "note.incident_apart", number=event.number)


def leave(turn: Turn, ticket: Ticket) -> None:
    """An agent says that the request is about something else."""
    assert ticket.incident is not None
    part(turn, ticket)
    event = _changed(turn, ticket, ticket.incident)
    turn.tells.append(replace(event, left=True))


def part(turn: Turn, ticket: Ticket) -> None:
    """The card tells of no incident any more."""
    parent = ticket.incident.card if ticket.incident is not None else None
    turn.keep(replace(ticket, incident=None))
    history.changed(turn, (ticket.id,) if ticket.open else ())
    if parent is not None:
        turn.effects.append(UnlinkCard(key=turn.name("unlink"), ticket=ticket.id, parent=parent))


def report(turn: Turn, before: Client) -> None:
    """Tells the incident what is new of requests of it: their cards, whether they are open, what reached the client."""
    had = {ticket.id: ticket for ticket in before.tickets}
    for ticket in turn.client.tickets:
        if ticket.incident is None:
            continue
        known = had.get(ticket.id)
        now = _facts(ticket)
        if known is None or known.incident is None or _facts(known) != now:
            turn.tells.append(_changed(turn, ticket, ticket.incident))


def of_child(comment: Key, ticket: Ticket) -> Key:
    """The key of an incident's answer as this request knows it: each has orders of its own for it."""
    return Key(f"{comment}@{ticket.id}")


def _facts(ticket: Ticket) -> tuple[object, ...]:
    return ticket.card, ticket.open, _arrived(ticket), bool(ticket.troubles)


def _arrived(ticket: Ticket) -> int:
    mark = of_child(Key(""), ticket)
    return sum(comment.endswith(mark) for comment in ticket.delivered)


def _changed(turn: Turn, ticket: Ticket, incident: Belonging) -> RequestChanged:
    return RequestChanged(
        key=Key(f"of-incident:{ticket.id}:{turn.key}"),
        at=turn.at,
        client=incident.id,
        ticket=ticket.id,
        by=turn.client.id,
        card=ticket.card,
        open=ticket.open,
        arrived=_arrived(ticket),
        trouble=bool(ticket.troubles),
    )
