"""What holds for the clocks of any request, and a second reckoning of them, minute by minute."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from connector.domain import clock
from connector.domain.clock import Measure, Reading, State, explained, read
from connector.domain.sla import deadline, stretches, worked
from connector.domain.stamps import Present, stamped
from connector.domain.terms import Hours, Reopened, Terms
from connector.domain.ticket import Phase, Stamp, What

ZONES = tuple(map(ZoneInfo, ("Europe/Moscow", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC")))
MINUTE = timedelta(minutes=1)
BEGIN = datetime(2024, 3, 20, tzinfo=UTC)
"""Within the following weeks the clocks of Berlin, New York (just before) and Lord Howe change."""

minutes = st.integers(0, 30 * 24 * 60)
moments = minutes.map(lambda each: BEGIN + each * MINUTE)


@st.composite
def working_hours(draw: st.DrawFn) -> Hours | None:
    if draw(st.integers(0, 5)) == 0:
        return None

    def intervals() -> tuple[tuple[time, time], ...]:
        marks = sorted(draw(st.sets(st.integers(0, 47), max_size=6)))
        pairs = zip(marks[::2], marks[1::2], strict=False)
        return tuple((time(a // 2, a % 2 * 30), time(b // 2, b % 2 * 30)) for a, b in pairs)

    dates = st.frozensets(st.dates(date(2024, 3, 18), date(2024, 4, 30)), max_size=6)
    week = tuple(intervals() for _ in range(7))
    return Hours(zone=draw(st.sampled_from(ZONES)), week=week, closed=draw(dates), extra=draw(dates))


@given(moments, moments, moments, working_hours())
def test_working_time_is_additive_over_any_cut(a: datetime, b: datetime, c: datetime, hours: Hours | None) -> None:
    first, cut, last = sorted((a, b, c))
    assert worked(first, cut, hours) + worked(cut, last, hours) == worked(first, last, hours)


@given(moments, moments, working_hours())
def test_what_counts_and_what_does_not_fill_the_time_between(a: datetime, b: datetime, hours: Hours | None) -> None:
    first, last = sorted((a, b))
    counted = list(stretches(first, last, hours))
    assert all(begins < ends for begins, ends in counted)
    assert all(one[1] <= other[0] for one, other in pairwise(counted))
    assert all(first <= begins and ends <= last for begins, ends in counted)


@given(moments, st.integers(1, 6000).map(lambda each: each * MINUTE), working_hours())
def test_a_deadline_is_where_the_working_time_is_used_up(
    start: datetime, target: timedelta, hours: Hours | None
) -> None:
    due = deadline(start, target, hours)
    assert worked(start, due, hours) == target
    assert worked(start, due - timedelta(seconds=1), hours) == target - timedelta(seconds=1)


# ---- lives of requests

Deed = tuple[str, int]
deeds = st.lists(
    st.tuples(
        st.sampled_from(
            ("asks", "asks", "answers", "answers", "queue", "work", "waiting", "done", "urgent", "later", "blocks",
             "returns", "parks", "unparks")
        ),
        st.integers(0, 26 * 60),
    ),
    max_size=40,
)  # fmt: skip
targets = st.one_of(st.none(), st.integers(1, 4000).map(lambda each: each * MINUTE))


@st.composite
def terms(draw: st.DrawFn) -> dict[str, Terms]:
    return {
        key: Terms(
            first_reply=draw(targets), next_reply=draw(targets), resolution=draw(targets), hours=draw(working_hours())
        )
        for key in ("urgent", "later")
    }


def live(deeds: Iterable[Deed], *, full: bool = False) -> tuple[Stamp, ...]:
    """The stamps of a request to which these things happen, each so many minutes after the one before.

    `full`: with those that would be dropped as settled.
    """
    at = BEGIN
    now = Present(
        at=at,
        asked=at,
        answered=False,
        phase=Phase.QUEUE,
        service_class="later",
        topic="t",
        blocked=False,
        paused=False,
    )
    stamps = stamped((), now)
    every = list(stamps)
    for deed, wait in deeds:
        at += wait * MINUTE
        now = replace(now, at=at, asked=None, answered=False)
        match deed:
            case "asks":
                phase = Phase.QUEUE if now.phase is Phase.DONE else now.phase
                now = replace(now, asked=at, phase=phase)
            case "answers":
                now = replace(now, answered=True)
            case "queue" | "work" | "waiting" | "done":
                now = replace(now, phase=Phase(deed))
            case "urgent" | "later":
                now = replace(now, service_class=deed)
            case "blocks" | "returns":
                now = replace(now, blocked=deed == "blocks")
            case _:
                now = replace(now, paused=deed == "parks")
        before, stamps = stamps, stamped(stamps, now)
        fresh = stamps[len(before) :] if stamps[: len(before)] == before else None
        if fresh is None:  # a round was settled and dropped
            every.append(Stamp(at=at, what=What.ANSWERED))
        else:
            every += fresh
    return tuple(every) if full else stamps


def oracle(
    stamps: tuple[Stamp, ...], terms: dict[str, Terms], end: datetime
) -> tuple[dict[tuple[Measure, datetime], timedelta], set[datetime]]:
    """Walks minute by minute over the full list: what each clock has counted, and all the minutes of pauses."""
    used: dict[tuple[Measure, datetime], timedelta] = {}
    service_class = [stamp.value for stamp in stamps if stamp.what is What.CLASS][-1]
    answered = pending = spoke = closed = blocked = parked = False
    phase = "queue"
    on: dict[Measure, datetime] = {}
    judged: dict[tuple[Measure, datetime], str] = {}
    paused: set[datetime] = set()
    todo = list(stamps)
    at = BEGIN
    current = ""
    ticks: dict[tuple[Measure, datetime], list[datetime]] = {}
    while at <= end:
        while todo and todo[0].at <= at:
            stamp = todo.pop(0)
            match stamp.what:
                case What.ASKED:
                    if not pending:
                        on[Measure.NEXT_REPLY if answered else Measure.FIRST_REPLY] = at
                    on.setdefault(Measure.RESOLUTION, at)
                    pending = spoke = True
                case What.ANSWERED:
                    for measure in (Measure.FIRST_REPLY, Measure.NEXT_REPLY):
                        if measure in on:
                            judged[measure, on.pop(measure)] = current
                            answered = True
                    pending = spoke = False
                case What.PHASE:
                    phase = stamp.value
                    if Measure.RESOLUTION in on:
                        judged.pop((Measure.RESOLUTION, on[Measure.RESOLUTION]), None)
                        if phase == "done":
                            judged[Measure.RESOLUTION, on[Measure.RESOLUTION]] = current
                    closed = phase == "done"
                    if phase in ("waiting", "done"):
                        spoke = False
                    if closed:
                        pending = False
                        for measure in (Measure.FIRST_REPLY, Measure.NEXT_REPLY):
                            if measure in on:
                                judged[measure, on.pop(measure)] = current
                                answered = True
                case What.CLASS:
                    current = stamp.value
                case What.BLOCKED | What.RETURNED:
                    blocked = stamp.what is What.BLOCKED
                case What.PAUSED | What.RESUMED:
                    parked = stamp.what is What.PAUSED
                case _:
                    pass
        if at == end:
            break
        still = closed or blocked or parked or (phase == "waiting" and not spoke)
        if still:
            paused.add(at)
        for measure, begins in on.items():
            ticks.setdefault((measure, begins), [])
            if not still:
                ticks[measure, begins].append(at)
        at += MINUTE
    for key, counted in ticks.items():
        hours = terms[judged.get(key, service_class)].hours
        used[key] = sum((MINUTE for minute in counted if open_at(minute, hours)), timedelta(0))
    return used, paused


def open_at(minute: datetime, hours: Hours | None) -> bool:
    """Whether work goes on in that minute, by the clock on the wall of the zone."""
    if hours is None or not any(hours.week):
        return True
    local = minute.astimezone(hours.zone)
    if local.date() in hours.extra:
        intervals = next((each for each in hours.week if each), ())
    elif local.date() in hours.closed:
        intervals = ()
    else:
        intervals = hours.week[local.weekday()]
    return any(opens <= local.time() < closes for opens, closes in intervals)


def owed(terms: dict[str, Terms]) -> clock.Owed:
    return lambda service_class, _: terms[service_class]


@settings(max_examples=60, deadline=None)
@given(deeds, terms(), st.integers(0, 3000))
def test_every_clock_counts_what_a_walk_over_every_minute_counts(
    deeds: list[Deed], terms: dict[str, Terms], more: int
) -> None:
    stamps = live(deeds, full=True)
    now = min(stamps[-1].at + more * MINUTE, BEGIN + timedelta(days=25))
    used, _ = oracle(tuple(each for each in stamps if each.at <= now), terms, now)
    found = {(each.measure, each.begins): each.used for each in read(stamps, owed(terms), now)}
    assert {key: each for key, each in found.items() if each} == {key: each for key, each in used.items() if each}


@given(deeds, terms(), st.integers(0, 3000))
def test_what_counted_and_what_was_paused_is_all_the_time_there_was(
    deeds: list[Deed], terms: dict[str, Terms], more: int
) -> None:
    stamps = live(deeds)
    now = stamps[-1].at + more * MINUTE
    for reading in read(stamps, owed(terms), now):
        spans = list(explained(reading))
        whole = (reading.ends or now) - reading.begins
        assert sum((span.ends - span.begins for span in spans), timedelta(0)) == whole
        assert sum((span.ends - span.begins for span in spans if span.pause is None), timedelta(0)) == reading.used
        assert all(one.ends == other.begins for one, other in pairwise(spans))
        assert all(span.begins < span.ends for span in spans)


@given(deeds, terms(), st.lists(st.integers(0, 2000), min_size=2, max_size=5))
def test_later_no_clock_has_counted_less_and_nothing_breached_is_whole_again(
    deeds: list[Deed], terms: dict[str, Terms], waits: list[int]
) -> None:
    stamps = live(deeds)
    before: dict[tuple[Measure, datetime], Reading] = {}
    now = stamps[-1].at
    for wait in waits:
        now += wait * MINUTE
        found = {(each.measure, each.begins): each for each in read(stamps, owed(terms), now)}
        for key, was in before.items():
            assert found[key].used >= was.used
            assert found[key].due == was.due or was.state is State.PAUSED
            assert found[key].state is State.BREACHED or was.state is not State.BREACHED
        before = found


@given(deeds, terms(), st.integers(0, 3000), st.sampled_from(ZONES))
def test_the_zone_that_moments_are_written_in_changes_nothing(
    deeds: list[Deed], terms: dict[str, Terms], more: int, zone: ZoneInfo
) -> None:
    stamps = live(deeds)
    now = stamps[-1].at + more * MINUTE
    elsewhere = tuple(replace(stamp, at=stamp.at.astimezone(zone)) for stamp in stamps)
    assert read(stamps, owed(terms), now) == read(elsewhere, owed(terms), now.astimezone(zone))


@given(deeds, terms(), st.integers(0, 3000), st.sampled_from(Reopened))
def test_settled_rounds_that_are_dropped_change_no_other_clock(
    deeds: list[Deed], terms: dict[str, Terms], more: int, reopened: Reopened
) -> None:
    full, short = live(deeds, full=True), live(deeds)
    now = full[-1].at + more * MINUTE
    whole = {(each.measure, each.begins): each for each in read(full, owed(terms), now, reopened=reopened)}
    for each in read(short, owed(terms), now, reopened=reopened):
        assert whole[each.measure, each.begins] == each
    dropped = [each for key, each in whole.items() if each not in read(short, owed(terms), now, reopened=reopened)]
    assert all(each.measure is Measure.NEXT_REPLY and each.ends is not None for each in dropped)


@given(st.lists(deeds, min_size=4, max_size=6), terms(), st.integers(0, 3000))
def test_a_list_cut_short_leaves_the_clocks_that_run_as_they_are(
    deeds: list[list[Deed]], terms: dict[str, Terms], more: int
) -> None:
    # One class only: what was carried over stays as it is under other hours.
    acts = [deed for part in deeds for deed in part if deed[0] not in ("urgent", "later")]
    whole = live(acts)
    short = clock.shortened(whole, owed(terms), Reopened.CONTINUES)
    assert len(short) <= max(len(whole), clock.MOST)
    now = whole[-1].at + more * MINUTE
    there = [each for each in read(whole, owed(terms), now) if each.ends is None]
    here = [each for each in read(short, owed(terms), now) if each.ends is None]
    assert [(each.measure, each.used, each.begins) for each in there] == [
        (each.measure, each.used, each.begins) for each in here
    ]
    for one, other in zip(there, here, strict=True):
        if one.state is not State.BREACHED:
            assert (one.state, one.due) == (other.state, other.due)


def test_a_request_that_goes_on_for_ever_keeps_a_short_list() -> None:
    stamps = live([])
    for number in range(500):
        at = stamps[-1].at + timedelta(hours=1)
        phase = (Phase.WAITING, Phase.WORK)[number % 2]
        now = Present(
            at=at,
            asked=None,
            answered=False,
            phase=phase,
            service_class="later",
            topic="t",
            blocked=False,
            paused=False,
        )
        stamps = clock.shortened(
            stamped(stamps, now), lambda *_: Terms(resolution=timedelta(days=9)), Reopened.CONTINUES
        )
        assert len(stamps) <= clock.MOST
    (resolution,) = [each for each in read(stamps, lambda *_: Terms(), at) if each.measure is Measure.RESOLUTION]
    assert resolution.used == timedelta(hours=250)
