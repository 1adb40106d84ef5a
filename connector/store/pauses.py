"""What operators hold up, kept where every daemon of the database sees it."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, delete, select, update

from connector.domain.pause import Direction, Pause
from connector.store.ingest import insert_for
from connector.store.tables import lanes, pauses

_every = select(pauses).order_by(pauses.c.since, pauses.c.name)


def paused(connection: Connection) -> tuple[Pause, ...]:
    """Everything that is held up, the longest first."""
    return tuple(
        Pause(
            direction=Direction(row.direction), side=row.side, board=row.board, topic=row.topic,
            since=datetime.fromtimestamp(row.since, UTC),
        )
        for row in connection.execute(_every)
    )  # fmt: skip


def pause(connection: Connection, wanted: Pause) -> bool:
    """Holds it up from now on; False when it is held up already."""
    before = connection.execute(select(pauses.c.name).where(pauses.c.name == wanted.name)).first()
    connection.execute(
        insert_for(connection, pauses).on_conflict_do_nothing(index_elements=["name"]),
        {
            "name": wanted.name, "direction": wanted.direction.value, "side": wanted.side, "board": wanted.board,
            "topic": wanted.topic, "since": wanted.since.timestamp(),
        },
    )  # fmt: skip
    return before is None


def resume(connection: Connection, now: float, name: str) -> bool:
    """Lets it go on, at once: what waited is due, oldest first; False when it was not held up."""
    gone = connection.execute(delete(pauses).where(pauses.c.name == name)).rowcount
    side = name.split(":")[1]
    connection.execute(
        update(lanes).where(lanes.c.port == side, lanes.c.holder.is_(None), lanes.c.due > now).values(due=now)
    )
    return gone > 0
