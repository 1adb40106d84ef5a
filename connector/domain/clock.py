"""The clocks of a request, computed from its stamps: what counted, what did not and why, and how each stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import assert_never

from connector.domain.policy import Policy
from connector.domain.sla import deadline, holiday, stretches, worked
from connector.domain.stamps import Pause, Standing, standing
from connector.domain.terms import Hours, Reopened, Terms
from connector.domain.ticket import Phase, Stamp, Ticket, What

Owed = Callable[[str, str], Terms | None]
"""(service class, topic) → what the request is owed then; None where there is no such class."""


class Measure(StrEnum):
    """What a clock measures."""

    FIRST_REPLY = "first_reply"
    NEXT_REPLY = "next_reply"
    RESOLUTION = "resolution"


class State(StrEnum):
    """How a clock stands."""

    RUNNING = "running"
    """Outside working hours too: then it goes on by itself."""
    PAUSED = "paused"
    MET = "met"
    BREACHED = "breached"
    """Whether it has ended since or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of time in the life of a clock; `pause` is None where it counts."""

    begins: datetime
    ends: datetime
    pause: Pause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One clock, read at one moment.

    `due`: when the target is, or was, used up; None without a target, once it is met, and while the clock stands
    still before that. `risk`: the same for the share of the target after which it is at risk. `at`: since when it is
    in its `state`. `spans` are in order and leave no gap; off hours are not yet told apart in them (see `explained`).
    """

    measure: Measure
    service_class: str
    topic: str
    terms: Terms | None
    target: timedelta | None
    begins: datetime
    ends: datetime | None
    """When it was stopped for good, or until it is started again; None while it is on."""
    read_at: datetime
    spans: tuple[Span, ...]
    used: timedelta
    carried: timedelta
    """What of `used` lies before the spans, in stamps that were let go."""
    state: State
    at: datetime
    due: datetime | None
    risk: datetime | None

    @property
    def at_risk(self) -> bool:
        """Whether so much of the target is used that it may be breached soon."""
        if self.target is None or self.ends is not None or self.state is State.BREACHED:
            return False
        return self.risk is not None and self.read_at >= self.risk

    @property
    def hours(self) -> Hours | None:
        """The hours it counts in; None: day and night."""
        return self.terms.hours if self.terms is not None else None


@dataclass(slots=True, kw_only=True)
class _Clock:
    measure: Measure
    begins: datetime
    carried: timedelta = timedelta(0)
    spans: list[Span] = field(default_factory=list)
    ends: datetime | None = None
    judged: tuple[str, str] | None = None
    """The class and topic it had as it ended."""


def read(
    stamps: Sequence[Stamp], owed: Owed, now: datetime, *, reopened: Reopened = Reopened.CONTINUES, at_risk: float = 0.8
) -> tuple[Reading, ...]:
    """Every clock of a request as it stands at `now`, in the order they began.

    A clock is judged by the terms of the class and topic the request is in, or was in when the clock ended; they hold
    for the whole of its time. Stamps after `now` are left out. Moments in readings are UTC.
    """
    clocks: list[_Clock] = []
    on: dict[Measure, _Clock] = {}
    state = Standing()
    answered = False
    last: datetime | None = None
    now = now.astimezone(UTC)
    for stamp in stamps:
        at = stamp.at.astimezone(UTC)
        if stamp.what is What.CARRIED:
            measure, _, seconds = stamp.value.partition(" ")
            if seconds:
                carried = timedelta(seconds=float(seconds))
                on[Measure(measure)] = _Clock(measure=Measure(measure), begins=at, carried=carried)
                clocks.append(on[Measure(measure)])
            else:
                answered = True
            state.apply(stamp)
            continue
        if at > now:
            break
        if last is not None:
            _pass(on, last, at, state)
        last = at
        was_open, was_pending = state.phase is not Phase.DONE, state.pending
        state.apply(stamp)
        is_open = state.phase is not Phase.DONE
        judged = (state.service_class, state.topic)
        resolution = on.get(Measure.RESOLUTION)
        if was_open and not is_open and resolution is not None:
            resolution.ends, resolution.judged = at, judged
            if reopened is Reopened.RESTARTS:
                del on[Measure.RESOLUTION]
        elif is_open and resolution is not None and resolution.ends is not None:
            resolution.ends = resolution.judged = None
        elif is_open and resolution is None and state.asked:
            on[Measure.RESOLUTION] = _Clock(measure=Measure.RESOLUTION, begins=at)
            clocks.append(on[Measure.RESOLUTION])
        reply = on.get(Measure.NEXT_REPLY) or on.get(Measure.FIRST_REPLY)
        if reply is not None and not state.pending:
            reply.ends, reply.judged = at, judged
            del on[reply.measure]
            answered = True
        elif reply is None and state.pending and not was_pending:
            which = Measure.NEXT_REPLY if answered else Measure.FIRST_REPLY
            on[which] = _Clock(measure=which, begins=at)
            clocks.append(on[which])
    if last is not None and now > last:
        _pass(on, last, now, state)
    return tuple(_judge(clock, owed, now, state, at_risk) for clock in clocks)


def _pass(on: dict[Measure, _Clock], begins: datetime, ends: datetime, state: Standing) -> None:
    if ends <= begins:
        return
    span = Span(begins=begins, ends=ends, pause=state.pause)
    for clock in on.values():
        if clock.spans and clock.spans[-1].pause is span.pause and clock.spans[-1].ends == begins:
            clock.spans[-1] = Span(begins=clock.spans[-1].begins, ends=ends, pause=span.pause)
        else:
            clock.spans.append(span)


def _judge(clock: _Clock, owed: Owed, now: datetime, state: Standing, at_risk: float) -> Reading:
    service_class, topic = clock.judged or (state.service_class, state.topic)
    terms = owed(service_class, topic)
    target = _target(terms, clock.measure)
    hours = terms.hours if terms is not None else None
    if clock.ends is not None and clock.spans and clock.spans[-1].pause is Pause.CLOSED:
        clock.spans.pop()
    used = clock.carried
    due = risk = None
    # Where it stands still, nobody can say when it will be due.
    running = clock.ends is None and state.pause is None
    runs = [span for span in clock.spans if span.pause is None]
    if running and (not clock.spans or clock.spans[-1].pause is not None):
        runs.append(Span(begins=max(now, clock.begins), ends=max(now, clock.begins)))
    for span in runs:
        counted = worked(span.begins, span.ends, hours)
        endless = running and span is runs[-1]
        if target is not None:
            due = due or _spent(span, counted, target - used, hours, endless)
            risk = risk or _spent(span, counted, target * at_risk - used, hours, endless)
        used += counted
    ended = clock.ends
    at, found = clock.begins, State.RUNNING
    if due is not None and (ended or now) > due:
        at, found = due, State.BREACHED
    elif ended is not None:
        at, found, due = ended, State.MET, None
    elif not running:
        at, found, due = (clock.spans[-1].begins if clock.spans else clock.begins), State.PAUSED, None
    elif len(runs) > 0:
        at = runs[-1].begins
    return Reading(
        measure=clock.measure, service_class=service_class, topic=topic, terms=terms, target=target,
        begins=clock.begins, ends=ended, read_at=now, spans=tuple(clock.spans), used=used, carried=clock.carried,
        state=found, at=at, due=due, risk=risk if ended is None else None,
    )  # fmt: skip


def _spent(span: Span, counted: timedelta, left: timedelta, hours: Hours | None, endless: bool) -> datetime | None:
    """When what is left was used up within this stretch; of one that goes on, when it will be."""
    return deadline(span.begins, left, hours) if endless or counted >= left else None


def _target(terms: Terms | None, measure: Measure) -> timedelta | None:
    if terms is None:
        return None
    match measure:
        case Measure.FIRST_REPLY:
            return terms.first_reply
        case Measure.NEXT_REPLY:
            return terms.next_reply
        case Measure.RESOLUTION:
            return terms.resolution
        case _:
            assert_never(measure)


def explained(reading: Reading) -> Iterator[Span]:
    """Every counted and every paused stretch of a clock, in order and without a gap: off hours are told apart."""
    hours = reading.hours
    for span in reading.spans:
        if span.pause is not None:
            yield span
            continue
        at = span.begins
        for begins, ends in stretches(span.begins, span.ends, hours):
            if begins > at:
                yield _off(at, begins, hours)
            yield Span(begins=begins, ends=ends)
            at = ends
        if at < span.ends:
            yield _off(at, span.ends, hours)


def _off(begins: datetime, ends: datetime, hours: Hours | None) -> Span:
    closed = hours is not None and holiday(begins, hours)
    return Span(begins=begins, ends=ends, pause=Pause.HOLIDAY if closed else Pause.OFF_HOURS)


# ---- of one request


def owed(policy: Policy, ticket: Ticket) -> Owed:
    """What this request is owed, by class and topic."""

    def terms(service_class: str, topic: str) -> Terms | None:
        found = policy.classes.get(service_class)
        return found.terms(topic, ticket.cabinet, ticket.client) if found is not None else None

    return terms


def terms_of(policy: Policy, ticket: Ticket) -> Terms | None:
    """What the request is owed now; None where its class is no longer in the mapping."""
    return owed(policy, ticket)(ticket.service_class, ticket.topic)


RECONSTRUCTED = "reconstructed"
"""Who opened a request whose stamps were made of its other fields: the journal may know more of it."""


def stamps_of(ticket: Ticket) -> tuple[Stamp, ...]:
    """The stamps of a request; of one that was opened before there were any, what its other fields tell."""
    if ticket.stamps:
        return ticket.stamps
    stamps = [
        Stamp(at=ticket.opened_at, what=What.ASKED),
        Stamp(at=ticket.opened_at, what=What.OPENED, value=ticket.topic, by=RECONSTRUCTED),
        Stamp(at=ticket.opened_at, what=What.CLASS, value=ticket.service_class),
    ]
    if ticket.answered_at is not None:
        stamps.append(Stamp(at=max(ticket.answered_at, ticket.opened_at), what=What.ANSWERED))
        if ticket.latest is not None and ticket.client_at is not None:
            stamps.append(Stamp(at=max(ticket.client_at, stamps[-1].at), what=What.ASKED))
    if ticket.phase not in (Phase.OPENING, Phase.QUEUE):
        at = max(ticket.closed_at or ticket.phase_at or ticket.opened_at, ticket.opened_at)
        place = next((n for n, stamp in enumerate(stamps) if stamp.at > at), len(stamps))
        stamps.insert(place, Stamp(at=at, what=What.PHASE, value=ticket.phase.value))
    return tuple(stamps)


def readings(policy: Policy, ticket: Ticket, now: datetime) -> tuple[Reading, ...]:
    """Every clock of a request as it stands at `now`, as far as its stamps go back; see `read`."""
    rule = policy.sla
    return read(stamps_of(ticket), owed(policy, ticket), now, reopened=rule.reopened, at_risk=rule.at_risk)


def reply_clock(found: Sequence[Reading]) -> Reading | None:
    """The clock of the answer that the client waits for now."""
    return next(
        (each for each in reversed(found) if each.measure is not Measure.RESOLUTION and each.ends is None), None
    )


def first_reply(found: Sequence[Reading]) -> Reading | None:
    """The clock of the first answer; None where it was settled so long ago that its stamps were let go."""
    return next((each for each in found if each.measure is Measure.FIRST_REPLY), None)


def resolution_clock(found: Sequence[Reading]) -> Reading | None:
    """The clock of the end: the latest, where the request began anew after it was reopened."""
    return next((each for each in reversed(found) if each.measure is Measure.RESOLUTION), None)


# ---- a long life

MOST = 60
"""Stamps of one request; when there are more, the older ones are let go."""
KEPT = 20
"""Of those, so many stay as they are."""


def shortened(stamps: tuple[Stamp, ...], terms: Owed, reopened: Reopened) -> tuple[Stamp, ...]:
    """The stamps, of a very long list only the latest, with what the clocks had used before them.

    What was carried over stays as it is when the request is put into a class with other hours later.
    """
    if len(stamps) <= MOST:
        return stamps
    old, fresh = stamps[: len(stamps) - KEPT], stamps[len(stamps) - KEPT :]
    at, state = old[-1].at, standing(old)
    found = read(old, terms, at, reopened=reopened)
    first = first_reply(found)
    live = {each.measure: each for each in found if each.ends is None or each.measure is Measure.RESOLUTION}
    carried = [
        Stamp(at=each.begins, what=What.CARRIED, value=f"{each.measure} {each.used.total_seconds()!r}")
        for each in live.values()
    ]
    if first is None or first.ends is not None:
        carried.append(Stamp(at=at, what=What.CARRIED, value=Measure.FIRST_REPLY.value))
    now = [Stamp(at=at, what=What.OPENED, value=state.topic), Stamp(at=at, what=What.CLASS, value=state.service_class)]
    if state.phase is not Phase.QUEUE:
        now.append(Stamp(at=at, what=What.PHASE, value=state.phase.value))
    if state.spoke and state.phase is Phase.WAITING:
        now.append(Stamp(at=at, what=What.ASKED))
    if state.blocked:
        now.append(Stamp(at=at, what=What.BLOCKED))
    if state.paused:
        now.append(Stamp(at=at, what=What.PAUSED))
    return (*carried, *now, *fresh)
