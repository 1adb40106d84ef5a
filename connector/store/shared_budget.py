"""One row per remote token, so that all daemons of a PostgreSQL database stay within one rate limit."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from connector.ports import Unavailable
from connector.store.database import Database
from connector.store.ingest import insert_for
from connector.store.tables import marks

MARGIN = 0.15
"""Seconds a place is kept longer than the window: the way to the other side is not always equally long."""

KEPT_FREE = 5
"""Of so many places one is not for bulk work, so that another daemon's client finds it."""

Share = Callable[[int, float, bool], Awaitable[float]]


def sharing(database: Database, name: str) -> Share | None:
    """Asks the shared row for a place: 0 when it is ours, else the seconds until one may be free. None on SQLite."""
    if not database.shared:
        return None

    async def share(limit: int, window: float, bulk: bool) -> float:
        room = limit - max(1, limit // KEPT_FREE) if bulk and limit > 1 else limit
        try:
            return await database.run(
                lambda connection: take_place(connection, database.now(connection), name, room, window)
            )
        except SQLAlchemyError as trouble:
            reason = f"the rate budget's row cannot be asked: {type(trouble).__name__}"
            raise Unavailable(reason, surely_not_done=True) from trouble

    return share


def take_place(connection: Connection, now: float, name: str, limit: int, window: float) -> float:
    """Takes one of `limit` places of the sliding window, or tells the seconds to wait."""
    connection.execute(
        insert_for(connection, marks).on_conflict_do_nothing(index_elements=["name"]), {"name": name, "value": "[]"}
    )
    found = connection.execute(select(marks.c.value).where(marks.c.name == name).with_for_update()).scalar_one()
    taken = sorted(until for until in json.loads(found) if until > now)
    if len(taken) >= limit:
        return float(max(0.005, taken[len(taken) - limit] - now))
    taken.append(now + window + MARGIN)
    connection.execute(marks.update().where(marks.c.name == name).values(value=json.dumps(taken)))
    return 0.0
