"""The database beside the daemon that works on it: opened for a look or for a mend, its troubles told plainly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from commands.answer import Exit, fail

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from connector.settings import Settings
    from connector.store.database import Database

T = TypeVar("T")


@dataclass(slots=True)
class Visit:
    """An open database. Each `do` is one transaction, all or nothing."""

    database: Database

    def do(self, step: Callable[[Connection, float], T]) -> T:
        """Runs the step with the database's own time, in seconds since the epoch."""
        with self.database.engine.begin() as connection:
            return step(connection, self.database.now(connection))


@contextmanager
def visit(settings: Settings, *, to_write: bool = False, as_json: bool = False) -> Iterator[Visit]:
    """Ends the command with 1 where no database was made yet, 3 for a wrong URL, 5 when it cannot be reached."""
    from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

    from connector.store.database import Absent, visit_database

    try:
        database = visit_database(settings.database_url.get_secret_value(), to_write=to_write)
    except Absent as absent:
        fail(Exit.FAILED, str(absent), as_json=as_json)
    except (ArgumentError, NoSuchModuleError, ValueError):
        expected = "database_url: expected sqlite:///path/to/file.db or postgresql://user:password@host/name"
        fail(Exit.INVALID, expected, as_json=as_json)
    except (SQLAlchemyError, OSError) as trouble:
        fail(Exit.UNREACHABLE, f"the database cannot be opened: {_plain(trouble)}", as_json=as_json)
    try:
        yield Visit(database)
    except DBAPIError as trouble:
        fail(Exit.UNREACHABLE, f"the database failed: {_plain(trouble)}", as_json=as_json)
    finally:
        database.close()


def _plain(trouble: Exception) -> str:
    """The first line of what the database said: the rest may name values."""
    said = str(getattr(trouble, "orig", None) or trouble).strip()
    return said.splitlines()[0] if said else type(trouble).__name__
