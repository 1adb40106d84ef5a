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
    """Ends the command as `open_beside` does, and with 5 when the database fails meanwhile."""
    from sqlalchemy.exc import DBAPIError

    database = open_beside(settings.database_url.get_secret_value(), to_write=to_write, as_json=as_json)
    try:
        yield Visit(database)
    except DBAPIError as trouble:
        fail(Exit.UNREACHABLE, f"the database failed: {plain(trouble)}", as_json=as_json)
    finally:
        database.close()


def open_beside(url: str, *, to_write: bool = False, any_schema: bool = False, as_json: bool = False) -> Database:
    """See `visit_database`. Ends the command with 1 where no database was made yet, 3 for a wrong URL, 5 when it
    cannot be opened.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from connector.store.database import Absent, visit_database
    from connector.store.engines import named

    try:
        return visit_database(url, to_write=to_write, any_schema=any_schema)
    except Absent as absent:
        fail(Exit.FAILED, str(absent), as_json=as_json)
    except ValueError as wrong:
        fail(Exit.INVALID, f"database_url: {wrong}", as_json=as_json)
    except (SQLAlchemyError, OSError) as trouble:
        hint = "Is it the connector's database, may this user read and write it, is its server up?"
        told = f"the database {named(url)} cannot be opened: {plain(trouble)}"
        fail(Exit.UNREACHABLE, told, as_json=as_json, hint=hint)


def plain(trouble: Exception) -> str:
    """The first line of what the database said: the rest may name values."""
    said = str(getattr(trouble, "orig", None) or trouble).strip()
    return said.splitlines()[0] if said else type(trouble).__name__
