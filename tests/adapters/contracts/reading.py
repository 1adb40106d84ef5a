"""What a port has to tell, read as the engine does: cursor by cursor."""

from __future__ import annotations

from connector.domain.events import Event
from connector.ports import Board, Chat

READS = 6
"""Reads after which whatever is there must have been told."""


async def read_until(port: Chat | Board, count: int, cursor: str | None) -> tuple[str | None, list[Event]]:
    """Reads, handing back each cursor, until so many events were told."""
    events: list[Event] = []
    for _ in range(READS):
        batch = await port.read(cursor)
        cursor = batch.cursor
        events += [arrival.event for arrival in batch.arrivals if arrival.event is not None]
        if len(events) >= count:
            break
    return cursor, events


async def settled(board: Board, cursor: str | None) -> tuple[str | None, list[Event]]:
    """Everything the board has to tell after the cursor."""
    return await read_until(board, 1_000_000, cursor)
