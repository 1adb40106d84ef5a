"""A store that has been used for years: the rows of one real request, copied under other names."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from bench import people
from bench.running import BOARD_ID, Engine, Stuck, engine
from connector.domain.effects import Meaning
from connector.domain.policy import Policy
from connector.store.database import open_database

TABLES = ("journal", "clients", "tickets", "outbox", "made", "lanes")
OPEN_ONE_IN = 10
"""One request in so many is still open."""
_BATCH = 2000
_GAP = "\x1f"
"""Stands between the values of a row while names are replaced in it; JSON never holds it bare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """Every row one client with one request left behind, by table; `columns` without the row numbers."""

    ticket: str
    columns: dict[str, tuple[str, ...]]
    rows: dict[str, list[tuple[Any, ...]]]

    def copied(self, table: str, number: int) -> Iterator[tuple[Any, ...]]:
        """The rows as the `number`th client would have left them."""
        chat, ticket = people.chat_of(number).id, ticket_of(number)
        for row in self.rows[table]:
            texts = _GAP.join(value for value in row if isinstance(value, str))
            texts = texts.replace(people.chat_of(0).id, chat).replace(self.ticket, ticket)
            if table == "tickets":
                texts = re.sub(r'"number":\d+', f'"number":{number}', texts)
            fresh = iter(texts.split(_GAP))
            place = self.columns[table].index("number") if table == "tickets" else -1
            yield tuple(
                number if index == place else next(fresh) if isinstance(value, str) else value
                for index, value in enumerate(row)
            )


def ticket_of(number: int) -> str:
    """The id of the copied request of the `number`th client; as scattered as real ones."""
    return "kc-" + hashlib.sha256(f"bench {number}".encode()).hexdigest()[:20]


def is_open(number: int) -> bool:
    """Whether the copied request of the `number`th client is still open."""
    return number % OPEN_ONE_IN == 0


async def fill(path: Path, policy: Policy, tickets: int, folder: Path) -> dict[str, int]:
    """Makes an SQLite store with so many requests of the clients 1 to `tickets`; returns how many rows each table has.

    The rows to copy come from the engine itself, so they are what this version of it writes.
    """
    still_open = await template(folder / "open.db", policy, close=False)
    closed = await template(folder / "closed.db", policy, close=True)
    open_database(f"sqlite:///{path}").close()
    return _copy(path, still_open, closed, tickets)


async def template(path: Path, policy: Policy, *, close: bool) -> Template:
    """The rows that one request leaves behind, still open or closed."""
    async with engine(f"sqlite:///{path}", policy) as running:
        await running.meet(range(1))
        if close:
            await _close(running)
    return _read(path)


async def _close(running: Engine) -> None:
    """An agent takes the request into work and ends it."""
    (ticket,) = await running.database.run(
        lambda connection: list(connection.exec_driver_sql("SELECT id FROM tickets").scalars())
    )
    for version, column in enumerate((Meaning.WORK, Meaning.DONE), start=2):
        sight = people.seen(ticket, board=BOARD_ID, column=str(column), version=version)
        running.board.put([sight])
        await running.stored(running.board, sight.key)
        await running.settled()


def _read(path: Path) -> Template:
    connection = connected(path)
    try:
        columns: dict[str, tuple[str, ...]] = {}
        rows: dict[str, list[tuple[Any, ...]]] = {}
        for table in TABLES:
            names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            columns[table] = tuple(name for name in names if name != "seq")
            order = "seq" if "seq" in names else "rowid"
            rows[table] = list(connection.execute(f"SELECT {', '.join(columns[table])} FROM {table} ORDER BY {order}"))
        (unfinished,) = connection.execute("SELECT count(*) FROM outbox WHERE state <> 2").fetchone()
        found = [row[columns["tickets"].index("id")] for row in rows["tickets"]]
        if unfinished or len(found) != 1:
            raise Stuck(f"a request to copy has {unfinished} unfinished orders and {len(found)} tickets")
        return Template(ticket=found[0], columns=columns, rows=rows)
    finally:
        connection.close()


def _copy(path: Path, still_open: Template, closed: Template, tickets: int) -> dict[str, int]:
    connection = connected(path)
    try:
        connection.execute("PRAGMA synchronous=OFF")
        numbers = iter(range(1, tickets + 1))
        while batch := list(islice(numbers, _BATCH)):
            connection.execute("BEGIN")
            for table in TABLES:
                _insert(connection, table, batch, still_open, closed)
            connection.execute("COMMIT")
        connection.execute("INSERT INTO counters (name, value) VALUES ('ticket', ?)", (tickets,))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES}
    finally:
        connection.close()


def _insert(connection: Any, table: str, batch: Sequence[int], still_open: Template, closed: Template) -> None:
    columns = still_open.columns[table]
    marks = ", ".join("?" * len(columns))
    connection.executemany(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})",
        (row for number in batch for row in (still_open if is_open(number) else closed).copied(table, number)),
    )


def connected(path: Path) -> Any:
    """The file itself, beside the engine."""
    from pysqlite3 import dbapi2

    return dbapi2.connect(str(path), isolation_level=None)
