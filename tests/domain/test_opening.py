"""When work begins again, what is a holiday, and when quiet hours are over."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.policy import QuietHours
from connector.domain.sla import deadline, holiday, opening, waking
from connector.domain.terms import Hours
from tests.domain.sample import MOSCOW, OFFICE

BERLIN = ZoneInfo("Europe/Berlin")
HOLIDAYS = replace(OFFICE, closed=frozenset({date(2024, 5, 9), date(2024, 5, 10), date(2024, 5, 11)}))
NIGHT = QuietHours(zone=MOSCOW, start=time(21), end=time(9))
MOMENTS = st.datetimes(min_value=datetime(2023, 1, 1), max_value=datetime(2026, 1, 1), timezones=st.just(UTC))
CLOCKS = st.times().map(lambda clock: clock.replace(microsecond=0))
ZONES = st.sampled_from((MOSCOW, BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")))


def moscow(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2024, 5, day, hour, minute, tzinfo=MOSCOW)


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        (moscow(6, 8, 59), moscow(6, 9)),
        (moscow(6, 9), None),
        (moscow(6, 12, 59), None),
        (moscow(6, 13), moscow(6, 14)),
        (moscow(6, 18), moscow(7, 9)),
        (moscow(8, 20), moscow(13, 9)),
        (moscow(11, 12), moscow(13, 9)),
    ],
)
def test_work_begins_again_at_the_next_opening_over_breaks_nights_and_holidays(
    at: datetime, opens: datetime | None
) -> None:
    assert opening(at, HOLIDAYS) == opens


def test_round_the_clock_there_is_no_opening() -> None:
    assert opening(moscow(6, 3), None) is None
    assert opening(moscow(6, 3), Hours(zone=MOSCOW)) is None


def test_where_one_shift_begins_as_another_ends_the_team_is_open() -> None:
    week = (((time(0), time(12)), (time(12), time(0))),) * 7
    assert opening(moscow(6, 12), Hours(zone=MOSCOW, week=week)) is None
    assert opening(moscow(6, 0), Hours(zone=MOSCOW, week=week)) is None


@given(MOMENTS, st.sets(st.dates(date(2023, 1, 1), date(2023, 3, 1)), max_size=20))
def test_the_opening_is_when_the_least_work_could_begin(at: datetime, closed: set[date]) -> None:
    hours = replace(OFFICE, closed=frozenset(closed))
    least = timedelta(microseconds=1)
    assert deadline(at, least, hours) - least == (opening(at, hours) or at)


def test_a_closed_date_is_a_holiday_and_a_day_off_or_an_evening_is_none() -> None:
    assert holiday(moscow(9, 12), HOLIDAYS)
    assert holiday(moscow(9, 0).astimezone(UTC), HOLIDAYS)
    assert not holiday(moscow(12, 12), HOLIDAYS)
    assert not holiday(moscow(8, 23), HOLIDAYS)
    assert not holiday(moscow(9, 12), replace(HOLIDAYS, extra=frozenset({date(2024, 5, 9)})))


@pytest.mark.parametrize(
    ("at", "awake"),
    [
        (moscow(6, 20, 59), moscow(6, 20, 59)),
        (moscow(6, 21), moscow(7, 9)),
        (moscow(6, 23, 59), moscow(7, 9)),
        (moscow(7, 0), moscow(7, 9)),
        (moscow(7, 8, 59), moscow(7, 9)),
        (moscow(7, 9), moscow(7, 9)),
    ],
)
def test_quiet_hours_go_over_midnight(at: datetime, awake: datetime) -> None:
    assert waking(at, NIGHT) == awake


def test_quiet_hours_may_lie_within_a_day() -> None:
    nap = QuietHours(zone=MOSCOW, start=time(13), end=time(14))
    assert waking(moscow(6, 13, 30), nap) == moscow(6, 14)
    assert waking(moscow(6, 14), nap) == moscow(6, 14)
    assert waking(moscow(6, 12), nap) == moscow(6, 12)


def test_without_quiet_hours_every_moment_is_awake() -> None:
    assert waking(moscow(6, 3), None) == moscow(6, 3)
    assert waking(moscow(6, 3), QuietHours(zone=MOSCOW, start=time(3), end=time(3))) == moscow(6, 3)


def test_in_the_hour_that_comes_twice_the_second_one_ends_quiet_hours() -> None:
    quiet = QuietHours(zone=BERLIN, start=time(1), end=time(2, 30))
    # 27 October 2024: from 3:00 summer time back to 2:00.
    assert waking(datetime(2024, 10, 27, 0, 15, tzinfo=UTC), quiet) == datetime(2024, 10, 27, 0, 30, tzinfo=UTC)
    assert waking(datetime(2024, 10, 27, 1, 15, tzinfo=UTC), quiet) == datetime(2024, 10, 27, 1, 30, tzinfo=UTC)


@given(MOMENTS, CLOCKS, CLOCKS, ZONES)
def test_whoever_waits_for_the_end_of_quiet_hours_waits_forward_and_less_than_a_day_and_a_bit(
    at: datetime, start: time, end: time, zone: ZoneInfo
) -> None:
    quiet = QuietHours(zone=zone, start=start, end=end)
    awake = waking(at, quiet)
    assert at <= awake < at + timedelta(hours=26)
    clock = awake.astimezone(zone).time()
    inside = start <= clock < end if start <= end else clock >= start or clock < end
    # An end that the clocks skip may land in quiet hours that begin right after it.
    assert not inside or awake == at.astimezone(UTC) or waking(awake, quiet) > awake
    if awake == at:
        assert not inside
