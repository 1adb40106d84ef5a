"""How fast this disk commits, with nothing of ours in between: what the engine's figures are held against."""

from __future__ import annotations

import time
from pathlib import Path

import psycopg

_ROW = "x" * 600
"""About as long as a journal row."""


def sqlite_commits(folder: Path, count: int) -> float:
    """Commits a second: one row each, WAL, synchronous FULL, one connection."""
    from pysqlite3 import dbapi2

    connection = dbapi2.connect(str(folder / "raw.db"), isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, words TEXT)")
        begun = time.perf_counter()
        for _ in range(count):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO rows (words) VALUES (?)", (_ROW,))
            connection.execute("COMMIT")
        return count / (time.perf_counter() - begun)
    finally:
        connection.close()


def postgres_commits(url: str, count: int) -> float:
    """Commits a second: one row each, durable settings, one connection."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE raw_rows (id BIGSERIAL PRIMARY KEY, words TEXT)")
        begun = time.perf_counter()
        for _ in range(count):
            connection.execute("INSERT INTO raw_rows (words) VALUES (%s)", (_ROW,))
        return count / (time.perf_counter() - begun)
