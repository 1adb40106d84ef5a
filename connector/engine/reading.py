"""Reads one side, writes down what came, and only then lets the side confirm it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Literal, Protocol

from sqlalchemy.exc import SQLAlchemyError

from connector.engine.intake import take_in
from connector.engine.pausing import Pauses
from connector.engine.pulse import Pulse, line, log_traceback
from connector.ports import Batch, Unavailable, WrongToken
from connector.store.database import Database
from connector.store.ingest import Ingested, read_mark
from connector.store.leases import hold

SLOWEST = 10.0
"""Longest wait between attempts, seconds."""
PAUSED_WITHIN = 2.0
"""Seconds after which a read under way is given up when an operator holds the side up."""


def _clock() -> float:
    """Seconds of the loop's own clock: rehearsals play on one that is handed in."""
    return asyncio.get_running_loop().time()


class Readable(Protocol):
    """Whatever can be read: both kinds of port."""

    async def read(self, cursor: str | None) -> Batch:
        """See `connector.ports.Port.read`."""


class Reader:
    """One per side. On PostgreSQL one daemon at a time reads a side; another takes over when it dies."""

    def __init__(
        self,
        database: Database,
        pulse: Pulse,
        side: str,
        port: Readable,
        *,
        first_cursor: bool,
        lease: float,
        pauses: Pauses | None = None,
    ) -> None:
        self._database = database
        self._pulse = pulse
        self._side = side
        self._port = port
        self._first_cursor = first_cursor
        self._pauses = pauses
        self._lease = lease
        self._unread = False
        self._renew_at = 0.0
        self._failures = 0  # reads in a row; the side counts its orders too, and a crowd of them is no longer outage

    async def run(self) -> None:
        """Until the daemon stops."""
        cursor: str | None = None
        started = False
        while not self._pulse.stopping.is_set():
            if self._paused():
                await self._pulse.rest(0.5)
                continue
            if self._database.shared and _clock() >= self._renew_at and not await self._may_read():
                started = False
                await self._pulse.rest(self._lease / 4)
                continue
            if not started:
                try:
                    cursor = await self._cursor()
                except SQLAlchemyError as trouble:
                    self._pulse.sides["store"].bad(type(trouble).__name__)
                    await self._pulse.rest(1.0)
                    continue
                started = True
            batch = await self._read(cursor)
            if batch is None:
                continue
            stored = await self._store(batch)
            if stored is None:
                continue
            cursor = batch.cursor

    async def _read(self, cursor: str | None) -> Batch | None:
        side = self._pulse.sides[self._side]
        reading = asyncio.ensure_future(self._port.read(cursor))
        stopping = asyncio.ensure_future(self._pulse.stopping.wait())
        try:
            await self._until_read(reading, stopping)
            if not reading.done():
                # Stopping, paused, or somebody else reads now: what this poll may still have brought is confirmed by
                # nobody and comes again.
                reading.cancel()
                with contextlib.suppress(asyncio.CancelledError, Unavailable, WrongToken):
                    await reading
                return None
            batch = reading.result()
        except Unavailable as trouble:
            side.bad(trouble.reason)
            self._unread = True
            self._failures += 1
            await self._pulse.rest(trouble.retry_after or min(SLOWEST, 2.0 ** min(self._failures - 1, 5)))
            return None
        except WrongToken as trouble:
            side.bad(str(trouble))
            if side.failures & (side.failures - 1) == 0:
                line(logging.ERROR, "wrong_token", side=self._side, reason=str(trouble))
            self._failures += 1
            await self._pulse.rest(min(SLOWEST, 2.0 ** min(self._failures, 5)))
            return None
        except Exception as bug:  # a side that breaks its adapter must not stop the other one: rule 8
            reason = f"{type(bug).__name__} while reading"
            side.bad(reason)
            if side.failures & (side.failures - 1) == 0:
                line(logging.ERROR, "read_broke", side=self._side, reason=reason)
                log_traceback(bug)
            self._unread = True
            self._failures += 1
            await self._pulse.rest(min(SLOWEST, 2.0 ** min(self._failures, 5)))
            return None
        finally:
            stopping.cancel()
            reading.cancel()  # no poll outlives the one who asked for it
        side.good()
        self._failures = 0
        if self._unread:
            self._unread = False
            self._pulse.reachable.add(self._side)
            self._pulse.signal(self._side)
        return batch

    async def _until_read(self, reading: asyncio.Future[Batch], stopping: asyncio.Task[Literal[True]]) -> None:
        """Waits for the read to end; on PostgreSQL the right to read is renewed meanwhile. A pause ends it."""
        step = min(PAUSED_WITHIN, self._lease / 4)
        while True:
            done, _ = await asyncio.wait((reading, stopping), timeout=step, return_when=asyncio.FIRST_COMPLETED)
            if done or self._paused():
                return
            if self._database.shared and _clock() >= self._renew_at and not await self._may_read():
                return

    def _paused(self) -> bool:
        return self._pauses is not None and self._pauses.reads_not(self._side)

    async def _store(self, batch: Batch) -> Ingested | None:
        try:
            return await take_in(self._database, self._pulse, self._side, batch.arrivals, batch.cursor)
        except SQLAlchemyError:
            await self._pulse.rest(1.0)
            return None

    async def _cursor(self) -> str | None:
        if not self._first_cursor:
            return None
        return await self._database.run(lambda connection: read_mark(connection, f"cursor:{self._side}"))

    async def _may_read(self) -> bool:
        """Takes or renews the right to read; for the first quarter of the lease nobody need ask again."""
        begun = _clock()
        try:
            held = await self._database.run(
                lambda connection: hold(
                    connection, self._database.now(connection), f"read:{self._side}", self._pulse.holder, self._lease
                )
            )
        except SQLAlchemyError as trouble:
            self._pulse.sides["store"].bad(type(trouble).__name__)
            return False
        self._renew_at = begun + self._lease / 4 if held else 0.0
        return held
