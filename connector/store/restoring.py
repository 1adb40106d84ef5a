"""A backup put into an empty database, of either kind, so that a daemon may go on from it without doing twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, func, insert, inspect, select, text, update

from connector.domain.effects import MoveCard
from connector.domain.restored import Standing, standing
from connector.store import codec, migrate
from connector.store.archive import Archive, Reader, tables_in
from connector.store.former_life import HELD, remember_life
from connector.store.numbering import COUNTER
from connector.store.tables import State, counters, lanes, leases, metadata, outbox, tickets, unfinished

GAP = 1_000
"""Numbers left out after a restore: those of requests that were opened after the backup was made stand on cards."""


class NotEmpty(Exception):
    """There is something in the database already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What came of it: rows by table, orders held for people by kind, and those that look before they write."""

    archive: Archive
    rows: Mapping[str, int]
    held: Mapping[str, int] = field(default_factory=dict)
    looking: int = 0


def restore(
    connection: Connection,
    archive: Archive,
    *,
    now: float,
    worked_until: datetime | None,
    progress: Callable[[int], None] = lambda _: None,
) -> Restored:
    """Puts the backup into the database this transaction is of, and climbs to the present schema.

    `worked_until` is the last moment at which the daemon that made the backup may have worked; None when it was
    stopped before the backup was made and nothing was done since: then everything goes on where it stood.
    `progress` is told the rows written so far. Raises NotEmpty, NewerSchema, Damaged; then nothing was done.
    """
    migrate.lock(connection)
    if archive.schema not in migrate.known():
        raise migrate.NewerSchema(archive.schema)
    if _filled(connection):
        raise NotEmpty("the database is not empty: a backup is restored into a new one only")
    if _served(connection, now):
        raise NotEmpty("a daemon works on this database: stop it first")
    metadata.drop_all(connection)
    if inspect(connection).has_table("alembic_version"):
        connection.execute(text("DROP TABLE alembic_version"))
    migrate.climb(connection, archive.schema)
    rows = _fill(connection, archive, progress)
    migrate.climb(connection)
    connection.execute(update(lanes).where(lanes.c.holder.is_not(None)).values(holder=None, due=now))
    if worked_until is None:
        return Restored(archive=archive, rows=rows)
    until = worked_until.timestamp()
    remember_life(connection, until=until, backup=archive.made, restored=now)
    connection.execute(update(counters).where(counters.c.name == COUNTER).values(value=counters.c.value + GAP))
    held, looking = _settle(connection, now)
    return Restored(archive=archive, rows=rows, held=held, looking=looking)


def _filled(connection: Connection) -> bool:
    return any(
        connection.execute(select(func.count()).select_from(select(table.c[0]).limit(1).subquery())).scalar_one()
        for table in tables_in(connection)
        if table.name not in ("marks", "lanes")
    )


def _served(connection: Connection, now: float) -> bool:
    if not inspect(connection).has_table(leases.name):
        return False
    return connection.execute(select(leases.c.name).where(leases.c.until > now).limit(1)).first() is not None


def _fill(connection: Connection, archive: Archive, progress: Callable[[int], None]) -> dict[str, int]:
    present = {table.name: table for table in tables_in(connection)}
    reader = Reader(archive.path)
    written = 0
    for name, columns, rows in reader:
        connection.execute(insert(present[name]), [dict(zip(columns, row, strict=True)) for row in rows])
        written += len(rows)
        progress(written)
    if connection.dialect.name == "postgresql":
        for table in present.values():
            _count_on(connection, table)
    return dict(reader.archive.rows)


def _count_on(connection: Connection, table: Table) -> None:
    """PostgreSQL numbers new rows from where it stood, not from what is there.

    https://www.postgresql.org/docs/current/functions-sequence.html
    """
    if "seq" in table.columns:
        last = select(func.max(table.c.seq)).scalar_subquery()
        sequence = func.pg_get_serial_sequence(table.name, "seq")
        connection.execute(select(func.setval(sequence, func.coalesce(last, 1), last.is_not(None))))


def _settle(connection: Connection, now: float) -> tuple[dict[str, int], int]:
    """Orders that waited when the backup was made: those that nobody can look for are held, the others look."""
    held: Counter[str] = Counter()
    looking = 0
    moves: list[MoveCard] = []
    for row in connection.execute(select(outbox).where(unfinished)).all():
        effect = codec.read_effect(row.kind, row.effect)
        changed: dict[str, Any]
        match standing(effect):
            case Standing.HOLD:
                held[row.kind] += 1
                changed = {"state": State.DEAD, "reason": HELD, "ended": now, "joined": None}
                if isinstance(effect, MoveCard):
                    moves.append(effect)
            case Standing.LOOK | Standing.REPEAT:
                looking += 1
                changed = {"attempt": max(row.attempt, 1)}
        connection.execute(update(outbox).where(outbox.c.seq == row.seq).values(changed))
    for move in moves:
        found = connection.execute(select(tickets.c.state).where(tickets.c.id == move.ticket)).scalar()
        if found is not None:
            still = codec.write_ticket(replace(codec.read_ticket(found), moving=None))
            connection.execute(update(tickets).where(tickets.c.id == move.ticket).values(state=still))
    return dict(held), looking
