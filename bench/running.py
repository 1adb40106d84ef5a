"""The real engine over a real store, with a chat and a board that answer at once."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from bench import people
from bench.tools import InstantBoard, InstantChat
from connector.domain.effects import Meaning, Spot
from connector.domain.policy import BoardPolicy, Policy
from connector.engine.daemon import Daemon
from connector.engine.pulse import Pulse
from connector.logs import JsonLines, forget_callers
from connector.store.database import Database, open_database
from connector.store.tables import State, journal, outbox
from mappings.load import load, render

BOARD_ID = "board"
PATIENCE = 600.0
"""Seconds any step of a measure may take before it is given up."""


class Stuck(Exception):
    """Something did not happen in time, or happened wrongly; the message says what."""


@dataclass(slots=True, kw_only=True)
class Engine:
    """A running engine and its two tools."""

    database: Database
    chat: InstantChat
    board: InstantBoard
    policy: Policy

    async def settled(self) -> None:
        """Returns when no order is open and no event waits. Raises Stuck."""
        until = time.monotonic() + PATIENCE
        while await self.database.run(
            lambda connection: connection.execute(_open).scalar() or connection.execute(_undecided).scalar()
        ):
            if time.monotonic() > until:
                raise Stuck(f"orders or events are still open after {PATIENCE:.0f} s")
            await asyncio.sleep(0.02)

    async def stored(self, tool: InstantChat | InstantBoard, key: str) -> None:
        """Returns when the arrival of that key is stored. Raises Stuck."""
        await _until(f"{key} is stored", lambda: key in tool.moments.stored)

    async def performed(self, tool: InstantChat | InstantBoard, count: int) -> None:
        """Returns when the tool has performed so many orders since it was made. Raises Stuck."""
        await _until(f"{tool.name} performs {count} orders", lambda: tool.done >= count)

    async def meet(self, numbers: range) -> None:
        """These clients register and open a request each."""
        words = people.sentences()
        letters = [people.wrote(each, text) for each in numbers for text in (*people.ENTERING, next(words))]
        self.chat.put(letters)
        await self.stored(self.chat, letters[-1].key)
        await self.settled()
        if aside := await self.database.run(lambda connection: connection.execute(_aside).scalar()):
            raise Stuck(f"an event was set aside: {aside}")


_open = select(outbox.c.seq).where(outbox.c.state < State.DONE).limit(1)
_undecided = select(journal.c.seq).where(journal.c.state == 0, journal.c.client.is_not(None)).limit(1)
_aside = select(func.max(journal.c.reason)).where(journal.c.state == 3)


async def _until(what: str, found: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not found():
        if time.monotonic() > until:
            raise Stuck(f"not within {PATIENCE:.0f} s: {what}")
        await asyncio.sleep(0.01)


def policy_of(mapping: Path) -> Policy:
    """The mapping over a board that has one place for everything. Raises Stuck for a mapping with errors."""
    loaded = load(mapping)
    if loaded.mapping is None:
        raise Stuck(f"{mapping} has errors:\n{render(loaded.problems)}")
    bare = loaded.policy()
    columns = {str(meaning): meaning for meaning in Meaning}
    place = Spot(board=BOARD_ID, column=str(Meaning.QUEUE))
    board = BoardPolicy(
        spots={(topic.key, key): place for topic in bare.topics for key in bare.classes},
        fact_fields={},
        columns=columns,
        lanes={},
        landing={(BOARD_ID, meaning): column for column, meaning in columns.items()},
        boards=(BOARD_ID,),
    )
    return loaded.policy(board)


@asynccontextmanager
async def engine(url: str, policy: Policy) -> AsyncIterator[Engine]:
    """Runs the engine until the context ends, then stops it as a signal would."""
    database = open_database(url)
    chat, board = InstantChat(), InstantBoard()
    pulse = Pulse(holder="bench")

    async def settle_board() -> BoardPolicy:
        assert policy.board is not None
        return policy.board

    daemon = Daemon(database=database, chat=chat, board=board, policy=policy, settle_board=settle_board, pulse=pulse)
    with logged_as_in_production():
        running = asyncio.create_task(daemon.run())
        try:
            yield Engine(database=database, chat=chat, board=board, policy=policy)
        finally:
            pulse.stop()
            await running
            database.close()


@contextmanager
def logged_as_in_production() -> Iterator[None]:
    """Log lines are formatted and written as the daemon does it, but to nowhere: their cost belongs to the figures."""
    forget_callers()
    logger = logging.getLogger("connector")
    before = logger.level, logger.propagate
    with Path(os.devnull).open("w", encoding="utf-8") as sink:
        handler = logging.StreamHandler(sink)
        handler.setFormatter(JsonLines(["a secret to look for", "another secret to look for"]))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
        try:
            yield
        finally:
            logger.removeHandler(handler)
            logger.setLevel(before[0])
            logger.propagate = before[1]
