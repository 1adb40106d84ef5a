"""Where a measure works and how much of it there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.postgres import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """`daemon` is the command that runs the real daemon; `folder` may be filled; `postgres` is None where none runs.

    `scale` is the share of the full load: 1, or less to see that it works.
    """

    daemon: Sequence[str]
    mapping: Path
    folder: Path
    scale: float
    postgres: Server | None
    no_postgres: str = "PostgreSQL: does not start here"

    def count(self, full: int, *, least: int = 1) -> int:
        """So much of what the full load has."""
        return max(least, round(full * self.scale))

    def sqlite(self, name: str) -> str:
        """The URL of an SQLite database that does not exist yet."""
        path = self.folder / f"{name}.db"
        path.unlink(missing_ok=True)
        return f"sqlite:///{path}"
