"""Whether the team's hours make sense: zone, days, intervals, and what a day means to the targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cache
from zoneinfo import available_timezones

from mappings.clock import DAYS, Interval, Week, day_lengths, days_of, overlapping
from mappings.problems import Problem, Severity, Steps, nearest, one_of, shown
from mappings.public_holidays import countries, country_and_part
from mappings.schema import Content
from mappings.schema_clock import Hours, Targets
from mappings.source import Source

USUAL = "hours"
"""The name of the calendar that is not under `calendars`."""


def calendar_name(targets: Targets, among: Targets | None = None) -> str | None:
    """The calendar in which these targets count: their own, else that of the class they are `among`; None: none."""
    if targets.hours is not None:
        return str(targets.hours).strip()
    if targets.clock is not None:
        return USUAL if targets.clock == "working" else None
    return calendar_name(among) if among is not None else None


def week_of(hours: Hours) -> Week:
    """The seven days, Monday first; a day that nobody names is free."""
    week: list[tuple[Interval, ...]] = [()] * len(DAYS)
    for text, intervals in hours.week.items():
        for day in days_of(text) or ():
            week[day] = tuple(sorted(intervals or ()))
    return tuple(week)


def check_hours(source: Source, content: Content) -> Iterator[Problem]:
    """Everything wrong with the calendars, and with targets that count in them."""
    said: dict[str, tuple[Steps, Hours]] = {}
    if content.hours is not None:
        said[USUAL] = (("hours",), content.hours)
    for name, calendar in content.calendars.items():
        steps: Steps = ("calendars", name)
        if name.strip() in ("", USUAL):
            yield source.problem(
                steps, code="calendar-name", found=shown(name), expected="a name other than hours", key=True,
                remedy="write another name: `hours` at the top is the usual calendar",
            )  # fmt: skip
        said[name.strip()] = (steps, calendar)
    for steps, calendar in said.values():
        yield from _calendar(source, steps, calendar)
    counted: set[str] = set()
    for key, entry in content.classes.items():
        counted.add(calendar_name(entry) or "")
        yield from _targets(source, ("classes", key), entry, None, said)
        for index, special in enumerate(entry.special):
            counted.add(calendar_name(special, entry) or "")
            yield from _targets(source, ("classes", key, "special", index), special, entry, said)
    for name, (steps, calendar) in said.items():
        if name in counted and not any(week_of(calendar)):
            yield source.problem(
                (*steps, "week"), code="no-hours", found="a week without a working hour",
                expected="at least one interval, because a class counts working time",
                remedy='write for example `mon-fri: ["09:00-18:00"]`',
            )  # fmt: skip


def _calendar(source: Source, at: Steps, hours: Hours) -> Iterator[Problem]:
    wrong = zone_problem(source, (*at, "zone"), hours.zone)
    if wrong is not None:
        yield wrong
    named: dict[int, str] = {}
    for text, intervals in hours.week.items():
        steps = (*at, "week", text)
        days = days_of(text)
        if days is None:
            near = nearest(text, DAYS)
            yield source.problem(
                steps, code="day", found=shown(text),
                expected=f"days such as mon, mon-fri or sat,sun ({', '.join(DAYS)})",
                nearest=near, remedy=f"write {near}" if near else "write the first three letters of the English name",
                key=True,
            )  # fmt: skip
            continue
        twice = [day for day in days if day in named]
        if twice:
            yield source.problem(
                steps, code="day", found=f"{DAYS[twice[0]]}, which {shown(named[twice[0]])} names already",
                expected="each day once", remedy="take the day out of one of the two lines", key=True,
            )  # fmt: skip
        named |= dict.fromkeys(days, text)
        if overlapping(intervals or ()):
            yield source.problem(
                steps, code="interval", found="intervals that overlap", expected="intervals one after the other",
                remedy="join them, or correct the times",
            )  # fmt: skip
    yield from _days(source, at, hours)


def zone_problem(source: Source, steps: Steps, zone: str) -> Problem | None:
    """What is wrong with the name of a time zone."""
    if zone in _zones():
        return None
    near = nearest(zone, _zones()) or nearest(zone, _cities())
    near = _cities().get(near, near) if near else None
    return source.problem(
        steps, code="zone", found=shown(zone), nearest=near,
        expected="a time zone by its IANA name, such as Europe/Moscow",
        remedy=f"write {near}" if near else "look it up at https://www.iana.org/time-zones",
    )  # fmt: skip


def _days(source: Source, at: Steps, hours: Hours) -> Iterator[Problem]:
    if hours.country is not None and country_and_part(hours.country) is None:
        code = hours.country.strip().upper()
        country = code.partition("-")[0]
        parts = [f"{country}-{part}" for part in countries().get(country, ())]
        near = nearest(code, parts) or (country if country in countries() else None)
        yield source.problem(
            (*at, "country"), code="country", found=shown(hours.country), nearest=near,
            expected=one_of(parts) if parts else "the ISO code of a country, such as RU, or of a part of one: DE-BY",
            remedy=f"write {near}" if near else "look it up at https://www.iso.org/obp/ui/#search; or list the dates "
            "under `closed`",
        )  # fmt: skip
    for index, day in enumerate(hours.working):
        if day in hours.closed:
            yield source.problem(
                (*at, "working", index), code="date", found=f"{day}, which stands under `closed` too",
                expected="a date that is either worked or closed", remedy="remove one of the two",
            )  # fmt: skip
    if hours.working and not any(week_of(hours)):
        yield source.problem(
            (*at, "working"), code="no-hours", found="moved working days, but a week without a working hour",
            expected="at least one interval, which such a day takes over",
            remedy='write for example `mon-fri: ["09:00-18:00"]`', key=True,
        )  # fmt: skip


def _targets(
    source: Source, at: Steps, entry: Targets, among: Targets | None, said: Mapping[str, tuple[Steps, Hours]]
) -> Iterator[Problem]:
    """Whether what these targets count in is there, and says how long a day of it is."""
    if entry.hours is not None and entry.clock == "calendar":
        yield source.problem(
            (*at, "hours"), code="class-clock", found="`hours` with `clock: calendar`", key=True,
            expected="`clock: working`, or no calendar", remedy="remove one of the two lines",
        )  # fmt: skip
        return
    name = calendar_name(entry, among)
    if name is None:
        return
    if name not in said:
        if entry.hours is not None:
            near = nearest(name, list(said))
            yield source.problem(
                (*at, "hours"), code="unknown-calendar", found=shown(name), nearest=near,
                expected=one_of(list(said)) if said else "a calendar under `calendars`",
                remedy=f"write {near}" if near else f"add it: `calendars: {{{name}: {{zone: …, week: …}}}}`",
            )  # fmt: skip
        return
    _, hours = said[name]
    lengths = day_lengths(week_of(hours))
    longest = max(lengths)
    if not longest:
        return
    if len(set(lengths) - {timedelta()}) == 1:
        return
    for target_name in ("first_reply", "next_reply", "resolution"):
        target = getattr(entry, target_name)
        if target is not None and target.days:
            yield source.problem(
                (*at, target_name), code="working-day", severity=Severity.WARNING,
                found=f"{target.days}d of working time, while working days differ in length",
                expected=f"hours; 1d is counted as the longest working day, {_said(longest)}",
                remedy=f"write {_said(target.working(week_of(hours)))} to be exact, or silence this warning",
            )  # fmt: skip


def _said(length: timedelta) -> str:
    minutes = round(length.total_seconds() / 60)
    return " ".join(part for part in (f"{minutes // 60}h", f"{minutes % 60}m") if not part.startswith("0")) or "0m"


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


@cache
def _cities() -> dict[str, str]:
    """Zones by their last part: people write the city."""
    return {zone.rsplit("/", 1)[-1]: zone for zone in sorted(_zones(), reverse=True) if "/" in zone}
