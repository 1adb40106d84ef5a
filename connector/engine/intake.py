"""The one door in: what a side told us is on disk before anybody says yes to it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from sqlalchemy.exc import SQLAlchemyError

from connector.engine.pulse import Pulse, line
from connector.ports import Arrival
from connector.store.database import Database
from connector.store.ingest import Ingested, ingest


async def take_in(
    database: Database, pulse: Pulse, side: str, arrivals: Sequence[Arrival], cursor: str | None = None
) -> Ingested:
    """Writes down what came, counts it, and has it decided. Raises SQLAlchemyError: then nothing was written.

    `cursor`: how far the side was read, kept in the same transaction.
    """
    if not arrivals and cursor is None:
        return Ingested()
    mark = (f"cursor:{side}", cursor)
    try:
        stored = await database.run(
            lambda connection: ingest(connection, database.now(connection), arrivals, cursor=mark)
        )
    except SQLAlchemyError as trouble:
        pulse.sides["store"].bad(type(trouble).__name__)
        raise
    pulse.sides["store"].good()
    metrics = pulse.metrics
    metrics.events.labels(side).inc(stored.new)
    metrics.duplicates.labels(side).inc(stored.known)
    if stored.unreadable:
        metrics.aside.labels("unreadable").inc(stored.unreadable)
    for key in stored.homeless:
        metrics.aside.labels("homeless").inc()
        line(logging.WARNING, "set_aside", side=side, key=key, reason="nobody knows the card's request any more")
    for arrival in arrivals:
        if arrival.event is None:
            line(logging.WARNING, "set_aside", side=side, key=arrival.key, reason=arrival.reason)
    if stored.new:
        pulse.signal("decide")
    return stored
