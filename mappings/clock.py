"""Lengths of time, intervals of a day and days of the week, as an admin writes them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import pairwise

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Interval = tuple[time, time]
Week = tuple[tuple[Interval, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """A length of time; days and weeks are kept apart, because a working day is shorter than 24 hours."""

    weeks: int = 0
    days: int = 0
    rest: timedelta = timedelta()

    @property
    def calendar(self) -> timedelta:
        """By the clock on the wall: a day has 24 hours."""
        return timedelta(weeks=self.weeks, days=self.days) + self.rest

    def working(self, week: Week) -> timedelta:
        """In working time: a day is the longest working day of the week, a week all its working hours."""
        lengths = day_lengths(week)
        return self.weeks * sum(lengths, timedelta()) + self.days * max(lengths) + self.rest


_LENGTH = re.compile(
    r"(?:(\d{1,3})w)?\s*(?:(\d{1,4})d)?\s*(?:(\d{1,5})h)?\s*(?:(\d{1,6})m)?\s*(?:(\d{1,7})s)?", re.ASCII
)


def length_of(text: str) -> Length | None:
    """`2w`, `1d`, `5h`, `1h 30m`, `2s` (units from large to small); None when it is not written like that."""
    match = _LENGTH.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return Length(weeks=weeks, days=days, rest=timedelta(hours=hours, minutes=minutes, seconds=seconds))


_CLOCK = re.compile(r"(\d{1,2}):(\d{2})", re.ASCII)


def time_of(text: str) -> time | None:
    """`21:00` or `9:30`, of one day; None when it is no time of day."""
    match = _CLOCK.fullmatch(text.strip())
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        return None
    return time(int(match[1]), int(match[2]))


_INTERVAL = re.compile(r"(\d{1,2}):(\d{2})\s*[-\u2013]\s*(\d{1,2}):(\d{2})", re.ASCII)


def interval_of(text: str) -> Interval | None:
    """`09:00-18:00`; the end may be 24:00 (kept as the last microsecond of the day). None when it is no interval."""
    match = _INTERVAL.fullmatch(text.strip())
    if match is None:
        return None
    start_hour, start_minute, end_hour, end_minute = (int(part) for part in match.groups())
    if start_hour > 23 or start_minute > 59 or end_minute > 59 or end_hour > 24:
        return None
    if end_hour == 24 and end_minute:
        return None
    end = time.max if end_hour == 24 else time(end_hour, end_minute)
    start = time(start_hour, start_minute)
    return (start, end) if start < end else None


def days_of(text: str) -> tuple[int, ...] | None:
    """The days (Monday is 0) that `mon`, `mon-fri` or `tue,thu,sat-sun` names; None when a day is not known."""
    days: list[int] = []
    for part in text.casefold().replace(" ", "").split(","):
        first, dash, last = part.partition("-")
        if first not in DAYS or (dash and last not in DAYS):
            return None
        begin, end = DAYS.index(first), DAYS.index(last if dash else first)
        days.extend(range(begin, end + 1) if begin <= end else [*range(begin, 7), *range(end + 1)])
    return tuple(days)


def overlapping(intervals: Sequence[Interval]) -> bool:
    """Whether two intervals of one day share a moment; touching is not sharing."""
    ordered = sorted(intervals)
    return any(later[0] < earlier[1] for earlier, later in pairwise(ordered))


def day_lengths(week: Week) -> tuple[timedelta, ...]:
    """How much is worked on each of the seven days."""
    return tuple(sum((_span(interval) for interval in day), timedelta()) for day in week)


def _span(interval: Interval) -> timedelta:
    day = datetime(2000, 1, 1)  # any date: only the difference counts
    span = datetime.combine(day, interval[1]) - datetime.combine(day, interval[0])
    return span + timedelta(microseconds=1) if interval[1] == time.max else span
