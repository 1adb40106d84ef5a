"""The time a client is promised: how it is told, out of hours too, and the word in advance when it will not be kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from connector.domain.client import Client
from connector.domain.clock import terms_of
from connector.domain.decide import clocks
from connector.domain.decide.turn import Turn
from connector.domain.effects import Urgency
from connector.domain.policy import Policy
from connector.domain.say import moment
from connector.domain.sla import holiday, opening
from connector.domain.terms import Hours
from connector.domain.ticket import Phase, Promise, Ticket

TOO_LATE = timedelta(days=1)
"""This long after a promised time nobody needs to hear any more that it slips."""
LATER = timedelta(minutes=30)
"""A new time is worth naming when it is at least this much later than the promised one, and than now."""
SOON = timedelta(hours=1)
"""A team that opens within this (after a break, before the day begins) is not called closed to whoever writes on."""
TALKING = timedelta(hours=1)
"""A team that answered within this is not called closed, whatever the clock says."""


def promise(turn: Turn, ticket: Ticket) -> tuple[Ticket, str]:
    """The ticket with the time its client is promised, and the words for it; empty when nothing is promised.

    The end is promised when the class has a target for it, else the first answer. Out of hours the words begin with
    when the team opens. Nothing is kept or told here.
    """
    policy = turn.policy
    service = policy.classes.get(ticket.service_class)
    if service is None:
        return ticket, ""
    ticket, closed = _closed(turn, ticket, _hours(policy, ticket))
    name, kind, due_at = "ticket.resolve_by", Promise.RESOLVE, ticket.due_at
    if due_at is None and ticket.reply_by is not None:
        name, kind, due_at = "ticket.reply_by", Promise.REPLY, ticket.reply_by
    if due_at is None:
        return ticket, closed
    promised = turn.say(name, until=_named(turn, due_at, ticket))
    return replace(ticket, promised_at=due_at, promise=kind), f"{closed}\n{promised}" if closed else promised


def told_closed(turn: Turn, ticket: Ticket) -> Ticket:
    """Tells who writes on while the team is closed when it opens: once in one closed stretch. The ticket as kept."""
    if ticket.away_until is not None and ticket.away_until > turn.at:
        return ticket
    if any(line.ours and turn.at - line.at < TALKING for line in ticket.lines):
        return ticket
    ticket, closed = _closed(turn, ticket, _hours(turn.policy, ticket))
    if not closed or ticket.away_until is None or ticket.away_until - turn.at <= SOON:
        return turn.ticket(ticket.id) or ticket
    turn.keep(ticket)
    turn.tell("closed", closed, ticket=ticket.id)
    return ticket


def reclassed(turn: Turn, ticket: Ticket, class_key: str | None) -> Ticket:
    """The ticket in another service class, with the deadline that class gives it; as it was where there is no such."""
    policy = turn.policy
    service = policy.classes.get(class_key) if class_key is not None else None
    if service is None or service.key == ticket.service_class:
        return ticket
    return clocks.as_if(turn, replace(ticket, service_class=service.key))


def _hours(policy: Policy, ticket: Ticket) -> Hours | None:
    terms = terms_of(policy, ticket)
    return terms.hours if terms is not None else None


def _closed(turn: Turn, ticket: Ticket, hours: Hours | None) -> tuple[Ticket, str]:
    """The ticket knowing when the team opens, and the words for it; empty while it is at work."""
    opens = opening(turn.at, hours)
    if hours is None or opens is None:
        return ticket, ""
    name = "ticket.holiday" if holiday(turn.at, hours) else "ticket.off_hours"
    return replace(ticket, away_until=opens), turn.say(name, until=_named(turn, opens, ticket))


def _named(turn: Turn, at: datetime, ticket: Ticket) -> str:
    return moment(turn.policy, turn.client.tongue, at, turn.at, ticket.service_class)


# ---- when it slips


def due(client: Client, policy: Policy) -> Iterator[datetime]:
    """When each promise that is not kept yet must be spoken of; none while the client is the one who is waited for."""
    for ticket in client.tickets:
        slips = _slips(client, policy, ticket)
        if slips is not None:
            yield slips


def passed(turn: Turn) -> None:
    """The client hears it from us, before the time, once; with the new time where there is one."""
    for ticket in turn.client.tickets:
        slips = _slips(turn.client, turn.policy, ticket)
        if slips is not None and slips <= turn.at:
            _tell(turn, ticket)


def _tell(turn: Turn, ticket: Ticket) -> None:
    promised = ticket.promised_at
    assert promised is not None
    warned = replace(ticket, warned=True)
    if turn.at - promised > TOO_LATE:
        turn.keep(warned)
        return
    name, values = "promise.slipping", {}
    due_at = ticket.due_at
    if due_at is not None and due_at - max(promised, turn.at) >= LATER:
        # Another lane, another target: this is what the client counts on from now on.
        name, values = "promise.later", {"until": _named(turn, due_at, ticket)}
        warned = replace(warned, promised_at=due_at, promise=Promise.RESOLVE)
    turn.keep(warned)
    text = turn.say(name, number=ticket.number, subject=ticket.subject, **values)
    turn.tell(f"promise/{ticket.id}", text, ticket=ticket.id, urgency=Urgency.REPLY)


def _slips(client: Client, policy: Policy, ticket: Ticket) -> datetime | None:
    """When the client must hear that the promise is not kept yet; None when there is nothing to say.

    `warn_before` the promised time; of a promise shorter than twice that, when three quarters of it are over. Where
    the team is closed at that moment, it still has what is left after the opening: three quarters of that.
    """
    before, promised = policy.warn_before, ticket.promised_at
    if before is None or promised is None or ticket.warned or client.blocked:
        return None
    if not ticket.open or ticket.lost or ticket.paused_at is not None:
        return None
    if not ticket.stamps and ticket.phase is Phase.WAITING:
        return None
    if ticket.promise is Promise.REPLY and ticket.answered_at is not None:
        return None
    whole = promised - ticket.opened_at
    at = promised - before if whole >= 2 * before else ticket.opened_at + whole * 3 / 4
    opens = opening(at, _hours(policy, ticket))
    if opens is not None and opens < promised:
        at = opens + (promised - opens) * 3 / 4
    return at
