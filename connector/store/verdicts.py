"""Agreements that requests kept or broke: written down once each, counted, and told as history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from sqlalchemy import Connection, bindparam, select

from connector.domain.ladder import Verdict
from connector.store.ingest import insert_for, insert_new, write_rows
from connector.store.tables import counters, verdicts

_PREFIX = "agreement:"
_all = select(counters.c.name, counters.c.value).where(counters.c.name.like(f"{_PREFIX}%"))
_known = select(verdicts.c.kept).where(
    verdicts.c.agreement == bindparam("of"),
    verdicts.c.ticket == bindparam("whose"),
    verdicts.c.since == bindparam("begun"),
)
_between = (
    select(verdicts.c.agreement, verdicts.c.at, verdicts.c.kept)
    .where(verdicts.c.at >= bindparam("begins"), verdicts.c.at < bindparam("ends"))
    .order_by(verdicts.c.at)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How one agreement fared in one period, which `begins` with a day (or a Monday) in the zone asked for."""

    agreement: str
    begins: datetime
    kept: int
    broken: int

    @property
    def share(self) -> float:
        """Of 1."""
        return self.kept / (self.kept + self.broken)


def keep_verdicts(connection: Connection, told: Sequence[Verdict]) -> None:
    """Writes down those that were not told before, and counts them."""
    fresh: dict[tuple[str, str, float], Verdict] = {}
    for each in told:
        place = (each.agreement, each.ticket, each.since.timestamp())
        values = {"of": place[0], "whose": place[1], "begun": place[2]}
        if place not in fresh and connection.execute(_known, values).first() is None:
            fresh[place] = each
    rows = [
        {"agreement": of, "ticket": whose, "since": since, "at": each.at.timestamp(), "kept": each.kept}
        for (of, whose, since), each in fresh.items()
    ]
    write_rows(connection, insert_new(connection, verdicts, "agreement", "ticket", "since"), rows)
    tallied = Counter(_name(each.agreement, each.kept) for each in fresh.values())
    statement = insert_for(connection, counters)
    statement = statement.on_conflict_do_update(
        index_elements=["name"], set_={"value": counters.c.value + statement.excluded.value}
    )
    for name, count in sorted(tallied.items()):
        connection.execute(statement, {"name": name, "value": count})


def _name(agreement: str, kept: bool) -> str:
    return f"{_PREFIX}{'kept' if kept else 'broken'}:{agreement}"


def totals(connection: Connection) -> dict[tuple[str, bool], int]:
    """(agreement, whether it was kept) → how often since the beginning."""
    found: dict[tuple[str, bool], int] = {}
    for name, value in connection.execute(_all):
        kind, _, agreement = name.removeprefix(_PREFIX).partition(":")
        found[agreement, kind == "kept"] = value
    return found


def history(connection: Connection, begins: datetime, ends: datetime, zone: tzinfo, *, weekly: bool) -> list[Tally]:
    """How each agreement fared day by day, or week by week, newest first; periods without a verdict are left out."""
    counted: Counter[tuple[str, datetime, bool]] = Counter()
    rows = connection.execute(_between, {"begins": begins.timestamp(), "ends": ends.timestamp()})
    for agreement, at, kept in rows:
        local = datetime.fromtimestamp(at, UTC).astimezone(zone).date()
        day = local.fromordinal(local.toordinal() - local.weekday()) if weekly else local
        counted[agreement, datetime(day.year, day.month, day.day, tzinfo=zone), bool(kept)] += 1
    periods = sorted(
        {(agreement, day) for agreement, day, _ in counted}, key=lambda each: (each[0], -each[1].toordinal())
    )
    return [
        Tally(agreement=of, begins=day, kept=counted[of, day, True], broken=counted[of, day, False])
        for of, day in periods
    ]
