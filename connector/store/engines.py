"""Connections to each kind of database: what a URL names, and how they are set up."""

from __future__ import annotations

import importlib
import sqlite3
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

if TYPE_CHECKING:
    import psycopg

EXPECTED = "expected sqlite:///path/to/file.db or postgresql://user:password@host/name"
"""What a database URL looks like."""
POOL = 4
"""PostgreSQL connections (measured: 4 suffice on a fast disk)."""
FROZEN_SECONDS = 8.0
"""A daemon that stops in the middle of a transaction keeps its row locks no longer: the others need those clients."""


def place_of(url: str) -> Path | URL:
    """What a database URL names: the file of a SQLite database, or the address of a PostgreSQL one.

    Raises ValueError for a URL of another kind, and for SQLite without a file; its message never shows a password.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        raise ValueError(EXPECTED) from None
    backend = parsed.get_backend_name()
    if backend == "postgresql":
        return parsed
    if backend != "sqlite" or not parsed.database or parsed.database == ":memory:":
        raise ValueError(EXPECTED)
    return Path(parsed.database)


def named(url: str) -> str:
    """The database as people are told of it, without a password: the file, or the server with the database's name."""
    place = place_of(url)
    return str(place) if isinstance(place, Path) else f"{place.host or 'localhost'}/{place.database or ''}"


def postgres_engine(url: URL) -> Engine:
    """A few connections to that server."""
    return create_engine(url.set(drivername="postgresql+psycopg"), pool_size=POOL, max_overflow=2, pool_pre_ping=True)


def sqlite_engine(path: Path, *, begin: str = "BEGIN IMMEDIATE") -> Engine:
    """One connection to the file, which is made where there is none; `begin` opens each transaction."""
    dbapi2 = newest_sqlite()
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


def newest_sqlite() -> ModuleType:
    """A current SQLite where a wheel brings one, else the interpreter's own: with one connection that is safe too."""
    try:
        return importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        return sqlite3


def only_look(connection: sqlite3.Connection | psycopg.Connection, _: object) -> None:
    """For a new connection: it can write nothing."""
    # pysqlite3's connection is no sqlite3.Connection: what is not PostgreSQL's is SQLite's.
    if type(connection).__module__.startswith("psycopg"):
        connection.execute("SET default_transaction_read_only = on")
        connection.commit()
    else:
        connection.execute("PRAGMA query_only = ON")


def let_go_when_frozen(connection: psycopg.Connection, _: object) -> None:
    """For a new connection: what it holds is let go when it stops in the middle of a transaction.

    https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-IDLE-IN-TRANSACTION-SESSION-TIMEOUT
    """
    connection.execute(f"SET idle_in_transaction_session_timeout = {int(FROZEN_SECONDS * 1000)}".encode())
    connection.commit()
