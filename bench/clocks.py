"""What open clocks cost while nothing is due: the look for the next moment, over an empty store and over a full one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from bench.figures import Figure, Result
from bench.filling import connected, template
from bench.place import Place
from bench.running import Stuck, policy_of
from connector.domain.decide import decide
from connector.domain.policy import Policy
from connector.domain.terms import SlaRule
from connector.store import deciding
from connector.store.database import Database, open_database

OPEN = 100_000
"""Open requests, each with a clock that will breach its target one day."""
LOOKS = 300
"""How often the store is looked at for each figure; the daemon does it once a second."""
WHEN_DUE = 200
"""Clocks that come due at once."""
_BATCH = 5000


def clocks(place: Place) -> Result:
    """100,000 open requests whose clocks wait for their moment (SQLite): CPU of a look, and of each that is woken."""
    rule = SlaRule(at_risk_tag="at risk", breached_tag="breached")
    policy = replace(policy_of(place.mapping), sla=rule, triggers=(), warn_before=None)
    count, looks = place.count(OPEN, least=200), place.count(LOOKS, least=20)
    due = min(place.count(WHEN_DUE, least=20), count)
    empty = asyncio.run(_looked(place.folder / "no-clocks.db", policy, looks))
    path = place.folder / "clocks.db"
    open_database(f"sqlite:///{path}").close()
    size = asyncio.run(_filled(path, policy, count, place.folder))
    full = asyncio.run(_looked(path, policy, looks))
    seconds = asyncio.run(_due(path, policy, due))
    figures = (
        Figure(name="open clocks in the store", value=count),
        Figure(name="core used by the tick, empty store", value=empty * 100, unit="%"),
        Figure(name="core used by the tick, nothing due", value=full * 100, unit="%", at_most=1),
        Figure(name=f"CPU for each of {due} that are woken at once", value=seconds / due * 1000, unit="ms"),
        Figure(name="of a request's row, its stamps", value=size, unit="bytes"),
    )
    raw = {"open": count, "seconds_a_look": {"empty": empty, "full": full}, "due": due, "due_seconds": seconds}
    path.unlink()
    return Result(figures=figures, raw=raw)


async def _filled(path: Path, policy: Policy, count: int, folder: Path) -> int:
    """Copies one open request so often, each with a moment of its own in ten days; returns the size of its stamps."""
    found = await template(folder / "clock.db", policy, close=False)
    clients = found.columns["clients"]
    if found.rows["clients"][0][clients.index("wake")] is None:
        raise Stuck("the request to copy waits for no moment")
    connection = connected(path)
    try:
        connection.execute("PRAGMA synchronous=OFF")
        begins = time.time() + 3600
        numbers = iter(range(1, count + 1))
        while batch := list(islice(numbers, _BATCH)):
            connection.execute("BEGIN")
            for table in ("clients", "tickets"):
                columns = found.columns[table]
                marks = ", ".join("?" * len(columns))
                rows: Iterator[tuple[Any, ...]] = (row for each in batch for row in found.copied(table, each))
                if table == "clients":
                    place = columns.index("wake")
                    rows = (
                        (*row[:place], begins + number * 8.64, *row[place + 1 :])
                        for number, row in zip(batch, rows, strict=True)
                    )
                connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)
            connection.execute("COMMIT")
        state = str(found.rows["tickets"][0][found.columns["tickets"].index("state")])
        begin = state.index('"stamps"')
        return state.index("]", begin) - begin + 1
    finally:
        connection.close()


async def _looked(path: Path, policy: Policy, looks: int) -> float:
    """CPU seconds of one look, as the daemon does it once a second."""
    database = open_database(f"sqlite:///{path}")
    try:
        for _ in range(3):  # statements are built at their first use
            await _look(database, policy)
        begun = time.process_time()
        for _ in range(looks):
            await _look(database, policy)
        return (time.process_time() - begun) / looks
    finally:
        database.close()


async def _due(path: Path, policy: Policy, due: int) -> float:
    """CPU seconds until the first so many clocks, which all come due in one moment, are decided on."""
    database = open_database(f"sqlite:///{path}")
    connection = connected(path)
    try:
        statement = "UPDATE clients SET wake = ? WHERE id IN (SELECT id FROM clients ORDER BY wake LIMIT ?)"
        connection.execute(statement, (time.time() - 1, due))
    finally:
        connection.close()
    try:
        begun, decided = time.process_time(), 0
        while decided < due:
            turn = await _look(database, policy)
            if not turn.events:
                raise Stuck(f"{decided} of {due} clocks came due")
            decided += turn.events
        return time.process_time() - begun
    finally:
        database.close()


async def _look(database: Database, policy: Policy) -> deciding.Turn:
    def step(connection: Connection) -> deciding.Turn:
        now = database.now(connection)
        deciding.tick(connection, now)
        turn = deciding.handle(
            connection, now, lambda client, event: decide(client, event, policy), policy_version=policy.version
        )
        deciding.next_wake(connection)
        return turn

    return await database.run(step)
