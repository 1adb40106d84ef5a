"""Deadlines in working and calendar time."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.sla import deadline
from connector.domain.terms import Hours

MOSCOW = ZoneInfo("Europe/Moscow")
BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
OFFICE = (((time(9), time(13)), (time(14), time(18))),) * 5 + ((), ())

moments = st.datetimes(datetime(2023, 1, 1), datetime(2026, 1, 1)).map(lambda each: each.replace(tzinfo=UTC))
targets = st.integers(0, 40 * 24 * 3600).map(lambda seconds: timedelta(seconds=seconds))


@st.composite
def working_hours(draw: st.DrawFn) -> Hours:
    def intervals() -> tuple[tuple[time, time], ...]:
        marks = sorted(draw(st.sets(st.integers(0, 95), min_size=0, max_size=6)))
        pairs = zip(marks[::2], marks[1::2], strict=False)
        return tuple((time(a // 4, a % 4 * 15), time(b // 4, b % 4 * 15)) for a, b in pairs)

    week = tuple(intervals() for _ in range(7))
    closed = draw(st.frozensets(st.dates(date(2023, 1, 1), date(2026, 3, 1)), max_size=10))
    extra = draw(st.frozensets(st.dates(date(2023, 1, 1), date(2026, 3, 1)), max_size=5))
    return Hours(zone=draw(st.sampled_from((MOSCOW, BERLIN, NEW_YORK))), week=week, closed=closed, extra=extra)


@given(moments, targets, targets, working_hours())
def test_two_targets_in_a_row_are_their_sum(start: datetime, one: timedelta, other: timedelta, hours: Hours) -> None:
    assert deadline(deadline(start, one, hours), other, hours) == deadline(start, one + other, hours)


@given(moments, targets, targets, working_hours())
def test_a_later_start_or_a_longer_target_is_never_due_earlier(
    start: datetime, shift: timedelta, target: timedelta, hours: Hours
) -> None:
    assert deadline(start, target, hours) <= deadline(start + shift, target, hours)
    assert deadline(start, target, hours) <= deadline(start, target + shift, hours)


@given(moments, targets, working_hours())
def test_a_target_takes_at_least_its_own_length(start: datetime, target: timedelta, hours: Hours) -> None:
    assert deadline(start, target, hours) - start >= target


@pytest.mark.parametrize(
    ("start", "hours_of_work", "due"),
    [
        ("2024-04-01 09:00", 2, "2024-04-01 11:00"),
        ("2024-04-01 12:00", 2, "2024-04-01 15:00"),
        ("2024-04-01 07:00", 1, "2024-04-01 10:00"),
        ("2024-04-01 13:30", 4, "2024-04-01 18:00"),
        ("2024-04-01 17:00", 2, "2024-04-02 10:00"),
        ("2024-04-05 17:00", 2, "2024-04-08 10:00"),
        ("2024-04-06 12:00", 1, "2024-04-08 10:00"),
        ("2024-04-30 17:00", 2, "2024-05-02 10:00"),
    ],
)
def test_only_working_hours_count(start: str, hours_of_work: int, due: str) -> None:
    hours = Hours(zone=MOSCOW, week=OFFICE, closed=frozenset({date(2024, 5, 1)}))
    begun = datetime.fromisoformat(start).replace(tzinfo=MOSCOW)
    expected = datetime.fromisoformat(due).replace(tzinfo=MOSCOW)
    assert deadline(begun, timedelta(hours=hours_of_work), hours) == expected


@pytest.mark.parametrize("closed", [frozenset(), frozenset({date(2024, 4, 27)})])
def test_a_moved_working_day_is_worked_like_the_first_working_day_of_the_week(closed: frozenset[date]) -> None:
    week = ((), ((time(10), time(16)),), ((time(9), time(18)),), (), ((time(9), time(13)),), (), ())
    hours = Hours(zone=MOSCOW, week=week, closed=closed, extra=frozenset({date(2024, 4, 27)}))
    friday = datetime(2024, 4, 26, 12, 0, tzinfo=MOSCOW)
    assert deadline(friday, timedelta(hours=7), hours) == datetime(2024, 4, 27, 16, 0, tzinfo=MOSCOW)
    assert deadline(friday, timedelta(hours=8), hours) == datetime(2024, 4, 30, 11, 0, tzinfo=MOSCOW)


def test_a_moved_working_day_does_not_end_calendar_time() -> None:
    start = datetime(2024, 4, 27, 3, 0, tzinfo=MOSCOW)
    hours = Hours(zone=MOSCOW, week=((),) * 7, extra=frozenset({start.date()}))
    assert deadline(start, timedelta(hours=5), hours) == start + timedelta(hours=5)


def test_without_hours_or_with_an_empty_week_calendar_time_counts() -> None:
    start = datetime(2024, 4, 6, 23, 0, tzinfo=MOSCOW)
    for hours in (None, Hours(zone=MOSCOW), Hours(zone=MOSCOW, week=((),) * 7)):
        assert deadline(start, timedelta(hours=5), hours) == start + timedelta(hours=5)


def test_the_night_the_clocks_go_forward_is_an_hour_shorter() -> None:
    hours = Hours(zone=BERLIN, week=(((time(0), time(0)),),) * 7)
    start = datetime(2024, 3, 31, 0, 0, tzinfo=BERLIN)
    assert deadline(start, timedelta(hours=23), hours) == datetime(2024, 4, 1, 0, 0, tzinfo=BERLIN)


def test_the_night_the_clocks_go_back_is_an_hour_longer() -> None:
    hours = Hours(zone=BERLIN, week=(((time(0), time(6)),),) * 7)
    start = datetime(2024, 10, 27, 0, 0, tzinfo=BERLIN)
    assert deadline(start, timedelta(hours=7), hours) == datetime(2024, 10, 27, 6, 0, tzinfo=BERLIN)


def test_a_shift_may_end_after_midnight() -> None:
    hours = Hours(zone=MOSCOW, week=(((time(22), time(6)),),) * 7)
    start = datetime(2024, 4, 2, 1, 0, tzinfo=MOSCOW)
    assert deadline(start, timedelta(hours=6), hours) == datetime(2024, 4, 2, 23, 0, tzinfo=MOSCOW)
