"""One database behind one door: every step is a function of a connection, run in a database thread, all or nothing."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar

from sqlalchemy import URL, Connection, Engine, event, text
from sqlalchemy.exc import DBAPIError

from connector.store import migrate
from connector.store.clock import SteadyClock
from connector.store.copying import copy_beside
from connector.store.engines import (
    POOL,
    let_go_when_frozen,
    newest_sqlite,
    only_look,
    place_of,
    postgres_engine,
    sqlite_engine,
)
from connector.store.file_lock import lock_file

T = TypeVar("T")

GROUP = 64
"""Waiting steps that may share one SQLite transaction: one fsync then serves them all."""
CONFLICT_TRIES = 5
"""How often a step is run that PostgreSQL sets against another one."""
_DATABASE_CLOCK = text("SELECT extract(epoch FROM clock_timestamp())")


class Absent(Exception):
    """There is no database there yet, or its tables are of another version; the message says what to do."""


@dataclass(slots=True)
class _Step:
    run: Callable[[Connection], object]
    future: asyncio.Future[object]
    loop: asyncio.AbstractEventLoop

    def settle(self, result: object, error: BaseException | None) -> Callable[[], None]:
        def apply() -> None:
            if self.future.done():
                return
            if error is None:
                self.future.set_result(result)
            else:
                self.future.set_exception(error)

        return apply


class Database:
    """Opened with `open_database`. `now` is the clock the stored moments are in: the database's own on PostgreSQL.

    `shared` tells whether other daemons may work on the same data at the same time.
    """

    shared: bool

    def __init__(
        self, engine: Engine, *, shared: bool, clock: Callable[[], float] | None, lock: IO[str] | None
    ) -> None:
        self.engine = engine
        self.shared = shared
        self._clock = clock
        self._steady = SteadyClock()
        self._lock = lock
        self._closed = False
        if shared:
            self._pool: ThreadPoolExecutor | None = ThreadPoolExecutor(POOL, thread_name_prefix="database")
        else:
            self._pool = None
            self._steps: queue.SimpleQueue[_Step | None] = queue.SimpleQueue()
            self._writer = threading.Thread(target=self._write, name="database", daemon=True)
            self._writer.start()

    def now(self, connection: Connection) -> float:
        """Seconds since the epoch, by the one clock all daemons of this database share."""
        if self._clock is not None:
            return self._clock()
        if self.shared:
            return float(connection.execute(_DATABASE_CLOCK).scalar_one())
        return self._steady()

    async def run(self, step: Callable[[Connection], T]) -> T:
        """Runs the step in a transaction; when this returns, its effect is on disk.

        On SQLite up to 64 waiting steps share a transaction; if one fails, each is run alone, and only the failing
        ones fail. On PostgreSQL a step that lost a deadlock or a serialisation conflict is repeated.
        """
        loop = asyncio.get_running_loop()
        if self._pool is not None:
            return await loop.run_in_executor(self._pool, self._alone, step)
        future: asyncio.Future[object] = loop.create_future()
        self._steps.put(_Step(step, future, loop))
        return await future  # type: ignore[return-value]  # the queue holds steps of every result type

    def _alone(self, step: Callable[[Connection], T]) -> T:
        for attempt in range(CONFLICT_TRIES):
            try:
                with self.engine.begin() as connection:
                    return step(connection)
            except DBAPIError as error:
                if attempt + 1 == CONFLICT_TRIES or not _is_conflict(error):
                    raise
        raise AssertionError("unreachable")

    def _write(self) -> None:
        while (first := self._steps.get()) is not None:
            group = [first]
            while len(group) < GROUP:
                try:
                    step = self._steps.get_nowait()
                except queue.Empty:
                    break
                if step is None:
                    self._steps.put(None)
                    break
                group.append(step)
            self._write_group(group)

    def _write_group(self, group: list[_Step]) -> None:
        try:
            with self.engine.begin() as connection:
                settled = [step.settle(step.run(connection), None) for step in group]
        except BaseException:  # somebody in the group failed: all is rolled back, each shows alone what it is worth
            settled = [self._write_alone(step) for step in group]
        by_loop: dict[asyncio.AbstractEventLoop, list[Callable[[], None]]] = {}
        for step, apply in zip(group, settled, strict=True):
            by_loop.setdefault(step.loop, []).append(apply)
        for loop, applies in by_loop.items():
            with contextlib.suppress(RuntimeError):  # that loop is closed: nobody waits any more
                loop.call_soon_threadsafe(_apply_all, applies)

    def _write_alone(self, step: _Step) -> Callable[[], None]:
        try:
            with self.engine.begin() as connection:
                result = step.run(connection)
        except BaseException as error:  # handed to the one who waits for this step
            return step.settle(None, error)
        return step.settle(result, None)

    def close(self) -> None:
        """Waits for the steps under way, then lets go of the file or the connections."""
        if self._closed:
            return
        self._closed = True
        if self._pool is not None:
            self._pool.shutdown(wait=True)
        else:
            self._steps.put(None)
            self._writer.join()
        self.engine.dispose()
        if self._lock is not None:
            self._lock.close()


def _apply_all(applies: list[Callable[[], None]]) -> None:
    for apply in applies:
        apply()


def _is_conflict(error: DBAPIError) -> bool:
    """Serialisation failure or deadlock, by SQLSTATE."""
    return getattr(error.orig, "sqlstate", None) in ("40001", "40P01")


def open_database(
    url: str, *, clock: Callable[[], float] | None = None, copied: Callable[[Path], None] = lambda _: None
) -> Database:
    """Opens the database, makes or upgrades its tables, and for SQLite takes the file's lock.

    `url`: `sqlite:///path/to/file.db` or `postgresql://user:password@host/name`. `clock` is for rehearsals.
    Before a SQLite file of an older schema is changed it is copied; `copied` is told where to.
    Raises Busy when another daemon holds the file, ValueError for a URL of another kind, NewerSchema.
    """
    place = place_of(url)
    if isinstance(place, Path):
        place.parent.mkdir(parents=True, exist_ok=True)
        lock = lock_file(place)
        engine = sqlite_engine(place)
        _upgrade(engine, lock, lambda schema: copied(copy_beside(place, schema, sqlite=newest_sqlite())))
        return Database(engine, shared=False, clock=clock, lock=lock)
    engine = postgres_engine(place)
    event.listen(engine, "connect", let_go_when_frozen)
    _upgrade(engine, None, lambda _: None)
    return Database(engine, shared=True, clock=clock, lock=None)


def visit_database(url: str, *, to_write: bool = False, any_schema: bool = False) -> Database:
    """Opens a database that a daemon may be working on: without its lock, and without changing its tables.

    For commands beside the daemon. Those that only look hold nobody up and cannot write; each step of one that mends
    (`to_write`) waits its turn, and the daemon waits for it: keep them short. Raises Absent where nothing was made yet
    or (unless `any_schema`) the tables are of another version, ValueError as `open_database`.
    """
    place = place_of(url)
    if isinstance(place, Path):
        if not place.exists():
            raise Absent(f"{place}: there is no such file; the daemon makes it at its first start")
        engine = sqlite_engine(place, begin="BEGIN IMMEDIATE" if to_write else "BEGIN")
    else:
        engine = postgres_engine(place)
    if not to_write:
        event.listen(engine, "connect", only_look)
    try:
        found = migrate.revision(engine)
    except BaseException:
        engine.dispose()
        raise
    if found is None or (found != migrate.HEAD and not any_schema):
        engine.dispose()
        raise Absent(
            f"the database has schema {found or 'none'}, this connector knows {migrate.HEAD}: start the daemon of the "
            "same version once, or run `connector migrate`"
        )
    return Database(engine, shared=isinstance(place, URL), clock=None, lock=None)


@contextlib.contextmanager
def open_empty(url: str) -> Iterator[Connection]:
    """One transaction on a database that no daemon works on, made where there is none; its tables are left alone.

    Raises Busy, ValueError as `open_database`. A SQLite file that was made for it goes again when the step fails.
    """
    place = place_of(url)
    if isinstance(place, URL):
        engine = postgres_engine(place)
        try:
            with engine.begin() as connection:
                yield connection
        finally:
            engine.dispose()
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    created = not place.exists()
    lock = lock_file(place)
    try:
        engine = sqlite_engine(place)
        try:
            with engine.begin() as connection:
                yield connection
        except BaseException:
            engine.dispose()
            if created:
                place.unlink(missing_ok=True)
            raise
        engine.dispose()
    finally:
        lock.close()


def _upgrade(engine: Engine, lock: IO[str] | None, before: Callable[[str], None]) -> None:
    try:
        migrate.upgrade(engine, before=before)
    except BaseException:
        engine.dispose()
        if lock is not None:
            lock.close()
        raise
