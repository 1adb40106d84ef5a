"""The deadline on the card: it follows that of the request, unless an agent has set one by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from connector.domain.client import Client
from connector.domain.decide.turn import Turn
from connector.domain.effects import SetDeadline
from connector.domain.say import moment, title
from connector.domain.ticket import Ticket

OURS = 4
"""Deadlines a card was given lately: one of them may still stand there while the next is on its way."""
EXACT = timedelta(minutes=1)
"""Deadlines that differ by less are the same to a board, which counts in minutes."""


def given(ticket: Ticket) -> Ticket:
    """The ticket knowing that its present deadline was ordered for its card."""
    return replace(ticket, deadlines=(*ticket.deadlines, ticket.due_at)[-OURS:])


def looked_at(before: Ticket, ticket: Ticket, shown: datetime | None) -> Ticket:
    """The ticket knowing whose the deadline is that its card shows; `before` is how it was remembered."""
    by_hand = not any(_alike(shown, own) for own in _ours(before))
    return ticket if by_hand == ticket.due_by_hand else replace(ticket, due_by_hand=by_hand)


def told(turn: Turn, before: Ticket, ticket: Ticket) -> None:
    """Tells on a card with a deadline set by hand what its new class would give it."""
    if not ticket.open or not ticket.due_by_hand or ticket.service_class == before.service_class:
        return
    policy = turn.policy
    tongue, service = policy.default_language, policy.classes[ticket.service_class]
    until = "—" if ticket.due_at is None else moment(policy, tongue, ticket.due_at, turn.at, ticket.service_class)
    turn.note("deadline", ticket.id, "note.deadline_kept", title=title(service.title, policy, tongue), until=until)


def give_back(turn: Turn, ticket: Ticket) -> None:
    """The deadline is the clock's again, whatever an agent has set."""
    turn.effects.append(SetDeadline(key=turn.name(f"deadline/{ticket.id}"), ticket=ticket.id, due_at=ticket.due_at))
    turn.keep(given(replace(ticket, due_by_hand=False)))


def follow(turn: Turn, before: Client) -> None:
    """After everything else was decided: one write for each card whose request has another deadline now.

    What changed while the request was closed is written when it is open again.
    """
    former = {ticket.id: ticket for ticket in before.tickets}
    for ticket in turn.client.tickets:
        old = former.get(ticket.id)
        if old is None or not ticket.open or ticket.lost or ticket.due_by_hand:
            continue
        if not ticket.deadlines:
            ticket = replace(ticket, deadlines=(old.due_at,))
        if not _alike(ticket.deadlines[-1], ticket.due_at):
            key = turn.name(f"deadline/{ticket.id}")
            turn.effects.append(SetDeadline(key=key, ticket=ticket.id, due_at=ticket.due_at))
            turn.keep(given(ticket))


def _ours(ticket: Ticket) -> tuple[datetime | None, ...]:
    # Tickets of an earlier version do not remember what their cards were given.
    return ticket.deadlines or (ticket.due_at,)


def _alike(one: datetime | None, other: datetime | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) < EXACT
