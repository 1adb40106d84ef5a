"""Brings a database to the tables this version knows, forward only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

HEAD = "0010"
"""The newest revision in `migrations/versions`; a test holds the two together."""

_ADVISORY = 0x6B616E62616E
"""Two daemons starting together must not both create tables."""


class NewerSchema(RuntimeError):
    """The data was written by a newer connector; the message says what to do."""

    def __init__(self, found: str) -> None:
        super().__init__(
            f"the database was written by a newer connector (schema {found}, this one knows {HEAD}): "
            "run that version, or restore the backup made before the upgrade"
        )


def upgrade(engine: Engine, *, before: Callable[[str], None] = lambda _: None) -> str | None:
    """Creates or upgrades the tables; returns the schema found. Raises NewerSchema.

    `before` is called with the schema of a database that is about to be changed, never with that of an empty one.
    """
    found = revision(engine)
    if found == HEAD:
        return found
    if found is not None:
        if found not in known():
            raise NewerSchema(found)
        before(found)
    with engine.begin() as connection:
        lock(connection)
        climb(connection)
    return found


def revision(engine: Engine) -> str | None:
    """The schema the database has; None where there is none."""
    with engine.connect() as connection:
        return revision_of(connection)


def revision_of(connection: Connection) -> str | None:
    """The same, within a transaction."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def lock(connection: Connection) -> None:
    """Holds off whoever else wants to change the tables, until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:name)"), {"name": _ADVISORY})


def known() -> list[str]:
    """Every schema there has been, newest first."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", _SCRIPTS)
    return [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]


def climb(connection: Connection, to: str = "head") -> None:
    """Creates the tables of that schema, or changes older ones into them. Raises NewerSchema."""
    # Imported only when there is something to do: it costs a quarter of the start.
    from alembic import command
    from alembic.config import Config

    found = revision_of(connection)
    if found is not None and found not in known():
        raise NewerSchema(found)
    config = Config()
    config.set_main_option("script_location", _SCRIPTS)
    config.attributes["connection"] = connection
    command.upgrade(config, to)


_SCRIPTS = str(Path(__file__).parent / "migrations")
