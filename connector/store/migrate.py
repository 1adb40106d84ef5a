"""Brings a database to the tables this version knows, forward only."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

HEAD = "0003"
"""The newest revision in `migrations/versions`; a test holds the two together."""

_ADVISORY = 0x6B616E62616E
"""Two daemons starting together must not both create tables."""


def upgrade(engine: Engine) -> None:
    """Creates or upgrades the tables. Raises RuntimeError for a database of a newer version."""
    with engine.begin() as connection:
        if _revision(connection) == HEAD:
            return
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:name)"), {"name": _ADVISORY})
        _climb(connection, _revision(connection))


def revision(engine: Engine) -> str | None:
    """The schema the database has; None where there is none."""
    with engine.connect() as connection:
        return _revision(connection)


def _climb(connection: Connection, found: str | None) -> None:
    # Imported only when there is something to do: it costs a quarter of the start.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise RuntimeError(
            f"the database was written by a newer connector (schema {found}, this one knows {HEAD}): "
            "run that version, or restore the backup made before the upgrade"
        )
    command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found
