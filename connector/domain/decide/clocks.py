"""How a request's clocks are kept: what an event stamps on it, and what of its clocks stands on the card."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from connector.domain import clock
from connector.domain.client import Client
from connector.domain.clock import Reading, State
from connector.domain.decide.turn import Turn
from connector.domain.effects import AddTag, RemoveTag, SetFacts
from connector.domain.events import AgentCommented, CardSeen, Event, IncidentAnswered
from connector.domain.policy import Policy
from connector.domain.say import say, title
from connector.domain.sla import deadline, worked
from connector.domain.stamps import Pause, Present, stamped, standing
from connector.domain.ticket import Stamp, Ticket, What

AFTER = timedelta(microseconds=1)
"""A target is breached the moment after it is used up."""


def begun(turn: Turn, ticket: Ticket, asked: datetime) -> Ticket:
    """A new request with its clocks started at the client's first word, and its deadline. Nothing is kept here."""
    first = (Stamp(at=min(asked, turn.at), what=What.ASKED),)
    ticket = reckoned(turn, _stamped(turn, replace(ticket, stamps=first), ticket, None))
    if not _named(turn.policy):
        return ticket
    # So the new card has them from the first.
    return replace(ticket, clock_facts=_facts(turn.policy, ticket, clock.readings(turn.policy, ticket, turn.at)))


def reckoned(turn: Turn, ticket: Ticket) -> Ticket:
    """The ticket with everything that follows from its stamps: deadlines, pause, when to look again."""
    policy = turn.policy
    at = max(turn.at, ticket.stamps[-1].at)
    found = clock.readings(policy, ticket, at)
    pause = standing(ticket.stamps).pause
    paused = pause if pause is not Pause.CLOSED else None
    resolution, reply = clock.resolution_clock(found), clock.reply_clock(found)
    due_at = ticket.due_at
    if resolution is not None and (resolution.due is not None or resolution.target is None):
        due_at = resolution.due
    moments = [
        moment
        for each in found
        if each.ends is None and shows(policy)
        for moment in (each.risk, each.due + AFTER if each.due is not None else None)
        if moment is not None and moment > at
    ]
    return replace(
        ticket,
        due_at=due_at,
        reply_by=reply.due if reply is not None else None,
        paused_at=(ticket.paused_at or ticket.stamps[-1].at) if paused else None,
        clock_at=min(moments, default=None) if pause is None else None,
    )


def as_if(turn: Turn, ticket: Ticket) -> Ticket:
    """A ticket whose class or topic has just been changed, with the deadlines that follow. Nothing is kept here."""
    before = turn.ticket(ticket.id) or ticket
    return reckoned(turn, _stamped(turn, ticket, before, None))


def under_other_terms(turn: Turn) -> None:
    """Reckons every open request anew, because the mapping may owe it something else now.

    What the client was promised stays promised: when it slips, they hear of it as ever.
    """
    for ticket in turn.client.tickets:
        if not ticket.open:
            continue
        fresh = as_if(turn, ticket)
        if fresh != ticket:
            turn.keep(fresh)
        tell(turn, fresh)


def kept(turn: Turn, before: Client, event: Event) -> None:
    """After everything else was decided: stamps each request that changed, and tells on its card what follows."""
    after = turn.client
    if after.tickets is before.tickets and after.blocked == before.blocked:
        return
    former = {ticket.id: ticket for ticket in before.tickets}
    for ticket in after.tickets:
        old = former.get(ticket.id)
        if old is ticket and (after.blocked == before.blocked or not ticket.open):
            continue
        if old is not None and after.blocked == before.blocked and _went_on(ticket, old, event):
            continue
        fresh = _stamped(turn, ticket, old, event)
        if old is not None and fresh.generation != old.generation:
            fresh = replace(fresh, clock_tags=())
        if old is None or fresh.stamps is not old.stamps:
            fresh = _promised_later(turn, reckoned(turn, fresh), old)
        if fresh is not ticket or old is None or fresh.stamps is not old.stamps:
            turn.keep(fresh)
            tell(turn, fresh)


def _went_on(ticket: Ticket, old: Ticket, event: Event) -> bool:
    """Whether surely nothing is new to its clocks: above all, the client wrote on while they wait for an answer."""
    if (
        not ticket.stamps
        or ticket.phase is not old.phase
        or ticket.service_class != old.service_class
        or ticket.topic != old.topic
        or ticket.generation != old.generation
        or ticket.sighted is not old.sighted
        or ticket.answered_at is not old.answered_at
        or isinstance(event, CardSeen)
    ):
        return False
    if ticket.lines is not old.lines and ticket.lines and ticket.lines[-1].ours:
        return False
    # While an answer is owed and its clock runs, further words change nothing.
    owed = ticket.reply_by is not None or (ticket.paused_at is None and ticket.stamps[-1].what is What.ASKED)
    return ticket.latest is None or ticket.latest == old.latest or owed


def _stamped(turn: Turn, ticket: Ticket, old: Ticket | None, event: Event | None) -> Ticket:
    """The ticket with the stamps of what has just become of it; `old` is what it was before, None of a new one."""
    stamps = ticket.stamps or (clock.stamps_of(old) if old is not None else ())
    asked = answered = None
    if old is None or (event is not None and ticket.latest is not None and ticket.latest != old.latest):
        asked = ticket.client_at
    if old is not None and event is not None:
        spoken = ticket.lines is not old.lines and ticket.lines and ticket.lines[-1].ours
        answered = spoken or (ticket.answered_at is not None and old.answered_at is None)
    now = stamped(
        stamps,
        Present(
            at=turn.at,
            asked=asked,
            answered=bool(answered),
            phase=ticket.phase,
            service_class=ticket.service_class,
            topic=ticket.topic,
            blocked=turn.client.blocked,
            paused=_paused(turn.policy, ticket, old, event, stamps),
            by=_speaker(event),
        ),
    )
    if now is ticket.stamps:
        return ticket
    now = clock.shortened(now, clock.owed(turn.policy, ticket), turn.policy.sla.reopened)
    return replace(ticket, stamps=now)


def _speaker(event: Event | None) -> str:
    match event:
        case AgentCommented():
            return event.author.name
        case IncidentAnswered():
            return event.answer.author
        case _:
            return ""


def _paused(policy: Policy, ticket: Ticket, old: Ticket | None, event: Event | None, stamps: tuple[Stamp, ...]) -> bool:
    """Whether the card stands in a column in which clocks stand still, as far as it was seen."""
    if old is not None and ticket.generation != old.generation:
        return False
    seen = event if isinstance(event, CardSeen) else None
    if seen is None and old is not None and ticket.sighted is None:
        seen = old.sighted
    if seen is not None and policy.board is not None and ticket.seen == seen.version and ticket.card == seen.card:
        return seen.column in policy.board.pausing
    return standing(stamps).paused


def _promised_later(turn: Turn, ticket: Ticket, old: Ticket | None) -> Ticket:
    """What was promised moves by the time the clocks stood still: what was left of it then is left now."""
    if old is None or old.paused_at is None or ticket.paused_at is not None or not ticket.open:
        return ticket
    if ticket.promised_at is None or ticket.promised_at != old.promised_at or ticket.promised_at <= old.paused_at:
        return ticket
    terms = clock.terms_of(turn.policy, ticket)
    hours = terms.hours if terms is not None else None
    left = worked(old.paused_at, ticket.promised_at, hours)
    return replace(ticket, promised_at=deadline(turn.at, left, hours))


# ---- on the card


def shows(policy: Policy) -> bool:
    """Whether the state of a clock is shown anywhere, so that somebody must look when it changes."""
    rule = policy.sla
    return any((rule.first_reply_late, rule.at_risk_tag, rule.breached_tag)) or bool(_named(policy))


def due(client: Client, policy: Policy) -> Iterator[datetime]:
    """When a clock of an open request changes its state next."""
    return (ticket.clock_at for ticket in client.tickets if ticket.clock_at is not None and ticket.open)


def passed(turn: Turn) -> None:
    """Shows what has changed by now."""
    for ticket in turn.client.tickets:
        if ticket.open and ticket.clock_at is not None and ticket.clock_at <= turn.at:
            ticket = reckoned(turn, ticket)
            turn.keep(ticket)
            tell(turn, ticket)


def tell(turn: Turn, ticket: Ticket) -> None:
    """Puts on the card what tells of its clocks now; nothing is written where that has not changed.

    A tag once put on for a risk stays when the target is breached, so that either change is one write. On a request
    that is closed everything stays as it was.
    """
    policy = turn.policy
    if not ticket.open or ticket.lost or not (policy.sla.class_tag or shows(policy)):
        return
    found = clock.readings(policy, ticket, max(turn.at, ticket.stamps[-1].at)) if shows(policy) else ()
    tags, facts = tuple(_tags(policy, ticket, found)), _facts(policy, ticket, found)
    if (tags, facts) == (ticket.clock_tags, ticket.clock_facts):
        return
    for number, name in enumerate(each for each in ticket.clock_tags if each not in tags):
        key = turn.name(f"clock-off/{ticket.number}/{number}")
        turn.effects.append(RemoveTag(key=key, ticket=ticket.id, name=name))
    for number, name in enumerate(each for each in tags if each not in ticket.clock_tags):
        key = turn.name(f"clock-on/{ticket.number}/{number}")
        turn.effects.append(AddTag(key=key, ticket=ticket.id, name=name))
    fresh = dict(set(facts) - set(ticket.clock_facts))
    if fresh:
        turn.effects.append(SetFacts(key=turn.name(f"clock/{ticket.number}"), ticket=ticket.id, facts=fresh))
    turn.keep(replace(ticket, clock_tags=tags, clock_facts=facts))


def _tags(policy: Policy, ticket: Ticket, found: Sequence[Reading]) -> Iterator[str]:
    rule = policy.sla
    service = policy.classes.get(ticket.service_class)
    if rule.class_tag is not None and service is not None:
        yield rule.class_tag.replace("{class}", title(service.title, policy, policy.default_language))
    first = clock.first_reply(found)
    # Of one settled so long ago that its stamps were let go, what was told stays.
    late = first.state is State.BREACHED if first is not None else rule.first_reply_late in ticket.clock_tags
    breached, at_risk = _worst(found)
    if rule.first_reply_late is not None and late:
        yield rule.first_reply_late
    if rule.at_risk_tag is not None and (breached or at_risk):
        yield rule.at_risk_tag
    if rule.breached_tag is not None and breached:
        yield rule.breached_tag


def _worst(found: Sequence[Reading]) -> tuple[bool, bool]:
    """Whether a clock that is on is breached, and whether one is at risk."""
    on = [each for each in found if each.ends is None]
    return any(each.state is State.BREACHED for each in on), any(each.at_risk for each in on)


_NAMES = ("first_reply", "sla")


def _named(policy: Policy) -> list[str]:
    """The facts about clocks that the mapping gives a field."""
    return [name for name in _NAMES if policy.board is not None and name in policy.board.fact_fields]


def _facts(policy: Policy, ticket: Ticket, found: Sequence[Reading]) -> tuple[tuple[str, str], ...]:
    """Those facts as they are now, in the default language."""
    named = _named(policy)
    told = dict(ticket.clock_facts)
    first = clock.first_reply(found)
    if "first_reply" in named and first is not None:
        name = "late" if first.state is State.BREACHED else "waits" if first.ends is None else "good"
        told["first_reply"] = say(policy, policy.default_language, f"fact.reply_{name}")
    if "sla" in named:
        breached, at_risk = _worst(found)
        name = "breached" if breached else "risk" if at_risk else "good"
        told["sla"] = say(policy, policy.default_language, f"fact.sla_{name}")
    return tuple((name, told[name]) for name in named if name in told)
