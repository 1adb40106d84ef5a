"""A real PostgreSQL server for the tests, and databases on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from bench.postgres import started


@contextmanager
def running_server() -> Iterator[Path]:
    """See `bench.postgres.started`; these databases need to outlive a test, not the machine."""
    with started("fsync=off", "max_connections=200", stop="immediate") as home:
        yield home


@contextmanager
def fresh_database(socket_directory: Path, name: str) -> Iterator[str]:
    """Create the database `name`; yield its SQLAlchemy URL; drop it, with whatever is still connected to it."""
    with psycopg.connect(host=str(socket_directory), user="postgres", dbname="postgres", autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield f"postgresql+psycopg://postgres@/{name}?host={socket_directory}"
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
