"""Server-sent events: one for each change, for pages that want to follow."""

import asyncio
import json
from collections.abc import AsyncIterator

from sandbox.kaiten import shapes
from sandbox.kaiten.company import Change
from sandbox.kaiten.shapes import JsonObject

SILENCE_SECONDS = 15.0
"""After so long without a change a comment line is sent, so that a dead reader is noticed."""


class Stream:
    """Keeps the short form of every change; a reader may start behind any of them."""

    def __init__(self) -> None:
        self.changes: list[JsonObject] = []
        self._readers: set[asyncio.Queue[JsonObject]] = set()

    def take(self, change: Change) -> None:
        self.tell(change.event, card_id=change.card_id, space_id=change.space_id, at=shapes.instant(change.at))

    def tell(self, event: str, **details: object) -> None:
        line: JsonObject = {"seq": len(self.changes) + 1, "event": event, **details}
        self.changes.append(line)
        for reader in self._readers:
            reader.put_nowait(line)

    async def follow(self, since: int | None) -> AsyncIterator[str]:
        """Lines of the stream; with ``since`` first those after that sequence number."""
        reader: asyncio.Queue[JsonObject] = asyncio.Queue()
        for line in self.changes[since:] if since is not None else ():
            reader.put_nowait(line)
        self._readers.add(reader)
        try:
            yield ": following\n\n"
            while True:
                try:
                    line = await asyncio.wait_for(reader.get(), SILENCE_SECONDS)
                except TimeoutError:
                    yield ": still here\n\n"
                else:
                    yield f"id: {line['seq']}\ndata: {json.dumps(line, ensure_ascii=False)}\n\n"
        finally:
            self._readers.discard(reader)
