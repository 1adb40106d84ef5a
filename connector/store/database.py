"""One database behind one door: every step is a function of a connection, run in a database thread, all or nothing."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import importlib
import json
import os
import queue
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import IO, TYPE_CHECKING, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from connector.store import migrate
from connector.store.clock import SteadyClock
from connector.store.copying import copy_beside

if TYPE_CHECKING:
    import psycopg

T = TypeVar("T")

GROUP = 64
"""Waiting steps that may share one SQLite transaction (facts: one fsync then serves them all)."""


class Busy(Exception):
    """Another daemon holds this SQLite file; `holder` names it. A second one would poll the same bot and fail."""

    def __init__(self, path: Path, holder: str) -> None:
        super().__init__(
            f"{path} is in use by another connector daemon ({holder}). One SQLite file serves one daemon: stop that "
            "one first, or set CONNECTOR_DATABASE_URL to a PostgreSQL database, which any number of daemons can share."
        )
        self.holder = holder


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


class Absent(Exception):
    """There is no database there yet, or its tables are of another version; the message says what to do."""


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
        except BaseException:
            # Somebody in the group failed: the transaction is rolled back, and each shows alone what it is worth.
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


POOL = 4
"""PostgreSQL connections (measured: 4 suffice on a fast disk)."""
FROZEN_SECONDS = 8.0
"""A daemon that stops in the middle of a transaction keeps its row locks no longer: the others need those clients."""
CONFLICT_TRIES = 5
_DATABASE_CLOCK = text("SELECT extract(epoch FROM clock_timestamp())")


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
    parsed = make_url(url)
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise ValueError("the database URL must name a file: sqlite:///connector.db")
        path = Path(parsed.database)
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = _lock(path)
        engine = _sqlite(path)
        _upgrade(engine, lock, lambda schema: copied(copy_beside(path, schema, sqlite=_newest_sqlite())))
        return Database(engine, shared=False, clock=clock, lock=lock)
    if backend == "postgresql":
        engine = create_engine(
            parsed.set(drivername="postgresql+psycopg"), pool_size=POOL, max_overflow=2, pool_pre_ping=True
        )
        event.listen(engine, "connect", _let_go_when_frozen)
        _upgrade(engine, None, lambda _: None)
        return Database(engine, shared=True, clock=clock, lock=None)
    raise ValueError(f"database URL of kind {backend!r}: expected sqlite:///file.db or postgresql://…")


def visit_database(url: str, *, to_write: bool = False, any_schema: bool = False) -> Database:
    """Opens a database that a daemon may be working on: without its lock, and without changing its tables.

    For commands beside the daemon. Those that only look hold nobody up and cannot write; each step of one that mends
    (`to_write`) waits its turn, and the daemon waits for it: keep them short. Raises Absent where nothing was made yet
    or (unless `any_schema`) the tables are of another version, ValueError as `open_database`.
    """
    parsed = make_url(url)
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise ValueError("the database URL must name a file: sqlite:///connector.db")
        if not Path(parsed.database).exists():
            raise Absent(f"{parsed.database}: there is no such file; the daemon makes it at its first start")
        engine = _sqlite(Path(parsed.database), begin="BEGIN IMMEDIATE" if to_write else "BEGIN")
    elif backend == "postgresql":
        engine = create_engine(
            parsed.set(drivername="postgresql+psycopg"), pool_size=POOL, max_overflow=2, pool_pre_ping=True
        )
    else:
        raise ValueError(f"database URL of kind {backend!r}: expected sqlite:///file.db or postgresql://…")
    if not to_write:
        event.listen(engine, "connect", _only_look)
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
    return Database(engine, shared=backend == "postgresql", clock=None, lock=None)


@contextlib.contextmanager
def open_empty(url: str) -> Iterator[Connection]:
    """One transaction on a database that no daemon works on, made where there is none; its tables are left alone.

    Raises Busy, ValueError as `open_database`. A SQLite file that was made for it goes again when the step fails.
    """
    parsed = make_url(url)
    backend = parsed.get_backend_name()
    if backend == "postgresql":
        engine = create_engine(parsed.set(drivername="postgresql+psycopg"))
        try:
            with engine.begin() as connection:
                yield connection
        finally:
            engine.dispose()
        return
    if backend != "sqlite":
        raise ValueError(f"database URL of kind {backend!r}: expected sqlite:///file.db or postgresql://…")
    if not parsed.database or parsed.database == ":memory:":
        raise ValueError("the database URL must name a file: sqlite:///connector.db")
    path = Path(parsed.database)
    path.parent.mkdir(parents=True, exist_ok=True)
    created = not path.exists()
    lock = _lock(path)
    try:
        engine = _sqlite(path)
        try:
            with engine.begin() as connection:
                yield connection
        except BaseException:
            engine.dispose()
            if created:
                path.unlink(missing_ok=True)
            raise
        engine.dispose()
    finally:
        lock.close()


def _only_look(connection: sqlite3.Connection | psycopg.Connection, _: object) -> None:
    # pysqlite3's connection is no sqlite3.Connection: what is not PostgreSQL's is SQLite's.
    if type(connection).__module__.startswith("psycopg"):
        connection.execute("SET default_transaction_read_only = on")
        connection.commit()
    else:
        connection.execute("PRAGMA query_only = ON")


def _let_go_when_frozen(connection: psycopg.Connection, _: object) -> None:
    """https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-IDLE-IN-TRANSACTION-SESSION-TIMEOUT"""
    connection.execute(f"SET idle_in_transaction_session_timeout = {int(FROZEN_SECONDS * 1000)}".encode())
    connection.commit()


def _upgrade(engine: Engine, lock: IO[str] | None, before: Callable[[str], None]) -> None:
    try:
        migrate.upgrade(engine, before=before)
    except BaseException:
        engine.dispose()
        if lock is not None:
            lock.close()
        raise


def _sqlite(path: Path, *, begin: str = "BEGIN IMMEDIATE") -> Engine:
    dbapi2 = _newest_sqlite()
    # Exactly one connection for ever: the WAL-reset bug of older SQLite needs two, and one writer needs no more.
    created = not path.exists()
    engine = create_engine(
        f"sqlite+pysqlite:///{path}",
        module=dbapi2,
        pool_size=1,
        max_overflow=0,
        connect_args={"check_same_thread": False, "isolation_level": None, "timeout": 10},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _: object) -> None:
        # Acknowledge only what is fsynced: NORMAL lost acknowledged events in a power-cut model, FULL none.
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA cache_size=-32000")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    if created:
        path.touch(mode=0o600)
    return engine


def _newest_sqlite() -> ModuleType:
    """A current SQLite where a wheel brings one, else the interpreter's own: with one connection that is safe too."""
    try:
        return importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        return sqlite3


def _lock(path: Path) -> IO[str]:
    """The file lock of a SQLite database: released by the system when its holder dies, so it is never stale."""
    lock = Path(f"{path}.lock").open("a+", encoding="utf-8")  # noqa: SIM115  # held as long as the database is open
    os.chmod(lock.name, 0o600)
    try:
        _take(lock)
    except BlockingIOError:
        lock.seek(0)
        found = lock.read()
        lock.close()
        raise Busy(path, _holder(found)) from None
    lock.truncate(0)
    json.dump({"pid": os.getpid(), "host": socket.gethostname(), "since": time.strftime("%Y-%m-%d %H:%M:%S %z")}, lock)
    lock.flush()
    return lock


def _take(lock: IO[str]) -> None:
    """Raises BlockingIOError. Once more after a moment: a command that only looks tries the lock for an instant."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        time.sleep(0.05)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def daemon_on(url: str) -> str | None:
    """Which daemon holds this SQLite file; None when none does. On PostgreSQL only leases tell, so None too."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    try:
        with Path(f"{parsed.database}.lock").open(encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _holder(lock.read())
    except OSError:
        return None
    return None


def _holder(text_: str) -> str:
    try:
        found = json.loads(text_)
        return f"pid {found['pid']} on {found['host']}, running since {found['since']}"
    except (ValueError, KeyError, TypeError):
        return "its holder has not written its name yet"


def write_anew(engine: Engine) -> None:
    """Nothing that was deleted is left in the files. On SQLite whoever writes waits for as long as it takes.

    https://www.sqlite.org/lang_vacuum.html and https://www.sqlite.org/pragma.html#pragma_wal_checkpoint
    https://www.postgresql.org/docs/current/sql-vacuum.html
    """
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        if engine.dialect.name == "postgresql":
            driver = raw.driver_connection
            assert driver is not None
            driver.rollback()
            driver.autocommit = True
            cursor.execute("VACUUM")
            driver.autocommit = False
        else:
            cursor.execute("VACUUM")
            # The daemon's steps are short: between two of them the log is folded in and emptied.
            for _ in range(50):
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                found = cursor.fetchone()
                if found is not None and found[0] == 0:  # nobody was in the way
                    break
                time.sleep(0.1)
        cursor.close()
    finally:
        raw.close()
