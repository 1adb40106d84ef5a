"""Working-time arithmetic: when a target that starts now is due, when work begins again, when quiet hours are over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from connector.domain.policy import QuietHours
from connector.domain.terms import Hours

_MIDNIGHT = time(0)


def deadline(start: datetime, target: timedelta, hours: Hours | None) -> datetime:
    """The moment (UTC) at which `target` has been used up since `start`.

    `hours` None, or a week without a single interval: calendar time. Otherwise only the intervals of `hours` count.
    Every interval is turned into instants first, so a day on which the clocks change counts what it really has.
    A target used up at closing time is due then, not on the next morning; no target is due at once.
    """
    now = start.astimezone(UTC)
    if target <= timedelta(0) or hours is None or not any(hours.week):
        return now + max(target, timedelta(0))
    left = target
    for opens, closes in _intervals(now, hours):
        begins = max(opens, now)
        if begins + left <= closes:
            return begins + left
        left -= closes - begins
    raise AssertionError("the working week goes on for ever")


def _intervals(now: datetime, hours: Hours) -> Iterator[tuple[datetime, datetime]]:
    """Working intervals as instants that end after `now`, in order, without overlap and without end."""
    # A day earlier: an interval that begins before midnight may end after it.
    day = now.astimezone(hours.zone).date() - timedelta(days=1)
    covered = now
    while True:
        for opens, closes in sorted(_worked(day, hours)):
            first, last = _instant(day, opens, hours), _end(day, opens, closes, hours)
            if last > max(first, covered):
                yield max(first, covered), last
                covered = last
        day += timedelta(days=1)


def _worked(day: date, hours: Hours) -> tuple[tuple[time, time], ...]:
    """The intervals of one date: a moved working day goes before a day that is closed."""
    if day in hours.extra:
        return next((intervals for intervals in hours.week if intervals), ())
    return () if day in hours.closed else hours.week[day.weekday()]


def _instant(day: date, clock: time, hours: Hours) -> datetime:
    return datetime.combine(day, clock, tzinfo=hours.zone).astimezone(UTC)


def _end(day: date, opens: time, closes: time, hours: Hours) -> datetime:
    """Closing time; one that is not after the opening (00:00 above all) lies on the next day."""
    if closes <= opens or closes == time.max:
        return _instant(day + timedelta(days=1), _MIDNIGHT if closes == time.max else closes, hours)
    return _instant(day, closes, hours)


def stretches(begins: datetime, ends: datetime, hours: Hours | None) -> Iterator[tuple[datetime, datetime]]:
    """The stretches (UTC) between two moments in which time counts; all of it where work goes on round the clock."""
    first, last = begins.astimezone(UTC), ends.astimezone(UTC)
    if last <= first:
        return
    if hours is None or not any(hours.week):
        yield first, last
        return
    for opens, closes in _intervals(first, hours):
        if opens >= last:
            return
        yield max(opens, first), min(closes, last)


def worked(begins: datetime, ends: datetime, hours: Hours | None) -> timedelta:
    """How much of the time between two moments counts; nothing where the second is not after the first."""
    return sum((closes - opens for opens, closes in stretches(begins, ends, hours)), timedelta(0))


def opening(at: datetime, hours: Hours | None) -> datetime | None:
    """The moment (UTC) work begins again after `at`; None while it goes on, and where it goes on round the clock."""
    if hours is None or not any(hours.week):
        return None
    now = at.astimezone(UTC)
    begins, _ = next(_intervals(now, hours))
    return begins if begins > now else None


def holiday(at: datetime, hours: Hours) -> bool:
    """Whether it is a date without work there, as opposed to the evening or the weekly day off."""
    day = at.astimezone(hours.zone).date()
    return day in hours.closed and day not in hours.extra


def waking(at: datetime, quiet: QuietHours | None) -> datetime:
    """The first moment (UTC) from `at` on that is not in quiet hours. Hours that end as they begin are none."""
    now = at.astimezone(UTC)
    if quiet is None or quiet.start == quiet.end:
        return now
    local = now.astimezone(quiet.zone)
    clock, overnight = local.time(), quiet.end < quiet.start
    evening = overnight and clock >= quiet.start
    if not (evening or (clock < quiet.end and (overnight or clock >= quiet.start))):
        return now
    ends = datetime.combine(local.date() + timedelta(days=int(evening)), quiet.end, tzinfo=quiet.zone)
    if ends.astimezone(UTC) <= now:
        # The hour that comes twice: it is the second one that is still to end.
        ends = ends.replace(fold=1)
    return ends.astimezone(UTC)
