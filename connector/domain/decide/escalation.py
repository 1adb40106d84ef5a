"""The ladder of escalation: what a request waits for, who is told when, and that it is over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from connector.domain import card, clock
from connector.domain.around import Around, Link
from connector.domain.client import Client
from connector.domain.decide import agreements, taking
from connector.domain.decide.desks import line_of
from connector.domain.decide.turn import Turn
from connector.domain.desk import Notice
from connector.domain.events import NoticeEnded, NoticeRaised, SnoozeAsked
from connector.domain.ladder import Audience, Rung, Wait, Waiting
from connector.domain.policy import Policy
from connector.domain.refs import ClientId, Key, TicketId
from connector.domain.routing import ready
from connector.domain.say import moment, say
from connector.domain.sla import deadline
from connector.domain.ticket import Phase, Promise, Ticket

_WATCHED = ("stamps", "taken", "phase", "service_class", "topic", "promised_at", "answered_at", "due_at")
"""What of a ticket begins, ends or moves a wait."""


def rungs(policy: Policy, ticket: Ticket, wait: Wait) -> tuple[Rung, ...]:
    """The steps of the ticket's class for that wait, in the order of the mapping."""
    ladder = policy.escalation.ladders.get(ticket.service_class, ())
    return tuple(rung for rung in ladder if rung.wait is wait)


# ---- what waits


def follow(turn: Turn, before: Client) -> None:
    """Holds every ticket that changed against its ladders: waits begin, go on, or are over."""
    policy = turn.policy
    watching = policy.escalation.ladders or policy.agreements
    if not watching and not any(ticket.waits for ticket in before.tickets):
        return
    known = {ticket.id: ticket for ticket in before.tickets}
    for ticket in turn.client.tickets:
        former = known.get(ticket.id)
        if former is ticket or (former is not None and _alike(former, ticket)):
            continue
        _follow(turn, ticket)


def timed_anew(turn: Turn) -> None:
    """The moments of rungs and agreements as the mapping has them now; no wait begins or ends by that."""
    for ticket in turn.client.tickets:
        waits = tuple(
            _timed(turn.policy, ticket, each, turn.at) if ticket.open and _known(turn.policy, each) else each
            for each in ticket.waits
        )
        if waits != ticket.waits:
            turn.keep(replace(ticket, waits=waits))


def _known(policy: Policy, waiting: Waiting) -> bool:
    return waiting.wait is not Wait.AGREEMENT or waiting.agreement in policy.agreements


def _alike(one: Ticket, other: Ticket) -> bool:
    return all(
        getattr(one, name) is getattr(other, name) or getattr(one, name) == getattr(other, name) for name in _WATCHED
    )


def _follow(turn: Turn, ticket: Ticket) -> None:
    begun = _begun(turn.policy, ticket, turn.at)
    waits: list[Waiting] = []
    for waiting in ticket.waits:
        what = (waiting.wait, waiting.agreement)
        if begun.get(what) == waiting.since or (waiting.wait is Wait.TAKER and what in begun):
            waits.append(_timed(turn.policy, ticket, waiting, turn.at))
            begun.pop(what)
        else:
            _end(turn, ticket, waiting)
    for (wait, agreement), since in begun.items():
        fresh = Waiting(wait=wait, since=since, agreement=agreement)
        waits.append(_timed(turn.policy, ticket, fresh, turn.at))
    if tuple(waits) != ticket.waits:
        turn.keep(replace(ticket, waits=tuple(waits)))


def _begun(policy: Policy, ticket: Ticket, now: datetime) -> dict[tuple[Wait, str], datetime]:
    """Every wait that a rung or an agreement watches and that goes on now, with its beginning."""
    found = {(wait, ""): since for wait, since in _watched(policy, ticket, now).items()}
    if ticket.open:
        for agreement in policy.agreements.values():
            reading = agreements.running(policy, agreement, ticket, now)
            if reading is not None:
                found[Wait.AGREEMENT, agreement.key] = reading.begins
    return found


def _watched(policy: Policy, ticket: Ticket, now: datetime) -> dict[Wait, datetime]:
    if not ticket.open:
        return {}
    watched = {rung.wait for rung in policy.escalation.ladders.get(ticket.service_class, ())}
    found: dict[Wait, datetime] = {}
    if Wait.TAKER in watched and ticket.pooled:
        found[Wait.TAKER] = now
    if Wait.PROMISE in watched and ticket.promised_at is not None and _promised(ticket):
        found[Wait.PROMISE] = ticket.promised_at
    if watched & {Wait.FIRST_REPLY, Wait.REPLY, Wait.RESOLUTION}:
        clocks = clock.readings(policy, ticket, now)
        reply, resolution = clock.reply_clock(clocks), clock.resolution_clock(clocks)
        if reply is not None:
            if Wait.REPLY in watched:
                found[Wait.REPLY] = reply.begins
            if Wait.FIRST_REPLY in watched and reply.measure is clock.Measure.FIRST_REPLY:
                found[Wait.FIRST_REPLY] = reply.begins
        if Wait.RESOLUTION in watched and resolution is not None and resolution.ends is None:
            found[Wait.RESOLUTION] = resolution.begins
    return {wait: found[wait] for wait in Wait if wait in found}


def _promised(ticket: Ticket) -> bool:
    """Whether the time the client was told is still to be kept."""
    return ticket.promise is Promise.RESOLVE or ticket.answered_at is None


def _timed(policy: Policy, ticket: Ticket, waiting: Waiting, now: datetime) -> Waiting:
    """The wait with the moment of its next rung, as things stand now."""
    if waiting.wait is Wait.AGREEMENT:
        return replace(waiting, at=None if waiting.rung else agreements.due(policy, waiting.agreement, ticket, now))
    steps = rungs(policy, ticket, waiting.wait)
    rung = steps[waiting.rung] if waiting.rung < len(steps) else None
    at = None if rung is None else _moment(policy, ticket, waiting, rung, now)
    if at is not None and waiting.hushed_until is not None:
        at = max(at, waiting.hushed_until)
    return replace(waiting, at=at)


def _moment(policy: Policy, ticket: Ticket, waiting: Waiting, rung: Rung, now: datetime) -> datetime | None:
    """When the rung is due; None while the clock stands still, and where nothing is due."""
    terms = clock.terms_of(policy, ticket)
    hours = terms.hours if terms is not None else None
    if waiting.wait is Wait.TAKER:
        return deadline(waiting.since, rung.after, hours) if rung.after is not None else None
    if waiting.wait is Wait.PROMISE:
        if rung.before is not None and ticket.phase is not Phase.WAITING:
            return waiting.since - rung.before
        return None
    clocks = clock.readings(policy, ticket, now)
    found = clock.resolution_clock(clocks) if waiting.wait is Wait.RESOLUTION else clock.reply_clock(clocks)
    if found is None or found.ends is not None or ticket.paused_at is not None:
        return None
    if rung.after is not None:
        return deadline(now, rung.after - found.used, hours)
    return found.due - rung.before if found.due is not None and rung.before is not None else None


# ---- when a rung is due


def is_due(client: Client, at: datetime) -> bool:
    """Whether somebody must be told now."""
    return any(waiting.at is not None and waiting.at <= at for ticket in client.tickets for waiting in ticket.waits)


def due(client: Client, policy: Policy) -> Iterator[datetime]:
    """When the next rung of each wait is due."""
    for ticket in client.tickets:
        for waiting in ticket.waits:
            if waiting.at is not None:
                yield waiting.at


def passed(turn: Turn) -> None:
    """Tells whoever each due rung names, and once more (in place) those who were told before."""
    around = turn.client.around or Around()
    for ticket in turn.client.tickets:
        for waiting in ticket.waits:
            if waiting.at is None or waiting.at > turn.at:
                continue
            if waiting.wait is Wait.AGREEMENT:
                _broken(turn, ticket.id, waiting, around)
            else:
                _climb(turn, ticket.id, waiting, around)


def _broken(turn: Turn, ticket_id: TicketId, waiting: Waiting, around: Around) -> None:
    """The agreement is broken by this request: that is counted, and whoever it names hears of it."""
    ticket, agreement = turn.ticket(ticket_id), turn.policy.agreements.get(waiting.agreement)
    assert ticket is not None
    assert waiting.at is not None
    agreements.judged(turn, ticket, waiting, kept=False)
    audience = agreement.audience if agreement is not None else None
    links = [] if audience is None else _audience(turn.policy, ticket, audience, around, turn.at)
    now = replace(waiting, rung=1, at=None, told=tuple(link.client for link in links))
    turn.keep(replace(ticket, waits=tuple(now if each == waiting else each for each in ticket.waits)))
    notice = _notice(turn, ticket, now)
    for link in links:
        key = Key(f"{notice.id}/1@{link.client}")
        turn.tells.append(NoticeRaised(key=key, at=turn.at, client=link.client, notice=notice))
    if audience is not None and not links:
        turn.note(f"unheard/{notice.id}", ticket.id, "note.unheard", line=notice.line)


def _climb(turn: Turn, ticket_id: TicketId, waiting: Waiting, around: Around) -> None:
    ticket = next(each for each in turn.client.tickets if each.id == ticket_id)
    steps = rungs(turn.policy, ticket, waiting.wait)
    told, reached = list(waiting.told), False
    latest: Rung | None = None
    now = waiting
    while now.at is not None and now.at <= turn.at and now.rung < len(steps):
        latest = steps[now.rung]
        chats = _audience(turn.policy, ticket, latest.audience, around, turn.at)
        reached = reached or bool(chats)
        told += [link.client for link in chats if link.client not in told]
        now = _timed(turn.policy, ticket, replace(now, rung=now.rung + 1), turn.at)
    now = replace(now, told=tuple(told), at=now.at if latest is not None else None)
    turn.keep(replace(ticket, waits=tuple(now if each == waiting else each for each in ticket.waits)))
    if latest is None:
        return
    notice = _notice(turn, ticket, now)
    for desk in told:
        key = Key(f"{notice.id}/{now.rung}@{desk}")
        turn.tells.append(NoticeRaised(key=key, at=turn.at, client=desk, notice=notice))
    if not reached:
        # Nobody it names has a linked chat, or is on duty: those on the board hear of it at least.
        turn.note(f"unheard/{notice.id}", ticket.id, "note.unheard", line=notice.line)


def _audience(policy: Policy, ticket: Ticket, audience: Audience, around: Around, at: datetime) -> list[Link]:
    """The chats of those who are told; of those whose chat is not linked, or who are away, the team's or the lead's."""
    people = policy.people
    team = people.team_of(ticket.topic)
    group = around.desk_of(team=team.key) if team is not None else None
    lead = around.desk_of(agent=team.lead) if team is not None and team.lead is not None else None
    found: list[Link | None] = []
    match audience:
        case Audience.TEAM:
            found = [group]
        case Audience.AGENTS:
            found = [around.desk_of(agent=each.key) for each in ready(people, ticket.topic, ticket.service_class, at)]
        case Audience.HOLDER:
            found = [around.desk_of(agent=ticket.taken) if ticket.taken is not None else None]
        case Audience.LEAD:
            found = [lead]
    chats = [link for link in found if link is not None]
    return chats or [link for link in (group, lead) if link is not None][:1]


def _notice(turn: Turn, ticket: Ticket, waiting: Waiting) -> Notice:
    policy, tongue = turn.policy, turn.policy.default_language
    since = moment(policy, tongue, waiting.since, turn.at, ticket.service_class)
    agreement = policy.agreements.get(waiting.agreement)
    return Notice(
        id=waiting.id(ticket.id),
        client=turn.client.id,
        ticket=ticket.id,
        number=ticket.number,
        line=say(
            policy,
            tongue,
            f"notice.{waiting.wait.value}",
            request=line_of(policy, ticket),
            since=since,
            agreement=agreement.title if agreement is not None else waiting.agreement,
            holder=taking.shown(policy, ticket.taken) if ticket.taken is not None else "—",
        ),
        since=waiting.since,
        card=ticket.card,
        takes=ticket.taken is None,
    )


def _end(turn: Turn, ticket: Ticket, waiting: Waiting) -> None:
    """Every chat that was told sees how it ended."""
    if waiting.wait is Wait.AGREEMENT and not waiting.rung:
        # While nobody looked (a daemon that was down) its time may have passed.
        agreements.judged(turn, ticket, waiting, kept=waiting.at is None or waiting.at > turn.at)
    words = _how(turn, ticket, waiting)
    notice = waiting.id(ticket.id)
    for desk in waiting.told:
        turn.tells.append(
            NoticeEnded(key=Key(f"{notice}/end@{desk}"), at=turn.at, client=desk, notice=notice, words=words)
        )


def _how(turn: Turn, ticket: Ticket, waiting: Waiting) -> str:
    policy, tongue = turn.policy, turn.policy.default_language
    time = card.clock(turn.at, card.zone_of(policy, ticket.service_class))
    who = taking.shown(policy, ticket.taken) if ticket.taken is not None else "—"
    if not ticket.open:
        name = "ended.closed"
    elif waiting.wait is Wait.TAKER:
        name = "ended.taken" if ticket.taken is not None else "ended.moved"
    elif waiting.wait in (Wait.FIRST_REPLY, Wait.REPLY):
        name = "ended.answered"
    else:
        name = "ended.over"
    return say(policy, tongue, name, who=who, time=time)


def snoozed(turn: Turn, event: SnoozeAsked) -> None:
    """No further rung before that moment."""
    ticket = turn.ticket(event.ticket)
    if ticket is None:
        return
    waits = tuple(
        replace(each, hushed_until=event.until, at=max(each.at, event.until))
        if each.at is not None and each.wait is not Wait.AGREEMENT
        else each
        for each in ticket.waits
    )
    turn.keep(replace(ticket, waits=waits))


def told(ticket: Ticket) -> tuple[ClientId, ...]:
    """Every chat in which a notice of the ticket stands."""
    return tuple(dict.fromkeys(chat for waiting in ticket.waits for chat in waiting.told))
