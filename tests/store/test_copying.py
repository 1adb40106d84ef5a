"""Before a database of a former version is changed there is a copy of it; where nothing changes there is none."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from connector.store import codec, migrate
from connector.store.database import open_database
from tests.store.shelf import ticket
from tests.store.test_migrations import _of_version

OLDER = [schema for schema in migrate.known() if schema != migrate.HEAD]


def _older(path: Path, schema: str) -> None:
    known = ticket()
    row = {"id": known.id, "client": known.client, "number": 1, "live": True, "state": codec.write_ticket(known)}
    _of_version(f"sqlite:///{path}", schema, [row])


@pytest.mark.parametrize("schema", OLDER)
def test_a_start_on_an_older_file_copies_it_first(schema: str, tmp_path: Path) -> None:
    path = tmp_path / "connector.db"
    _older(path, schema)
    copies: list[Path] = []
    open_database(f"sqlite:///{path}", copied=copies.append).close()
    [copy] = copies
    assert copy.parent == tmp_path
    assert f"schema-{schema}" in copy.name
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as old:
        assert old.execute("SELECT version_num FROM alembic_version").fetchone() == (schema,)
        assert old.execute("SELECT count(*) FROM tickets").fetchone() == (1,)
    with closing(sqlite3.connect(path)) as new:
        assert new.execute("SELECT version_num FROM alembic_version").fetchone() == (migrate.HEAD,)
    open_database(f"sqlite:///{path}", copied=copies.append).close()
    assert copies == [copy]


def test_nothing_is_changed_where_no_copy_can_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "connector.db"
    _older(path, OLDER[-1])

    def full(path: Path, schema: str, **_: object) -> Path:
        raise OSError("no space left on device")

    monkeypatch.setattr("connector.store.database.copy_beside", full)
    with pytest.raises(OSError, match="no space"):
        open_database(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as same:
        assert same.execute("SELECT version_num FROM alembic_version").fetchone() == (OLDER[-1],)


def test_a_new_database_needs_no_copy(sqlite_url: str) -> None:
    copies: list[Path] = []
    open_database(sqlite_url, copied=copies.append).close()
    assert copies == []


def test_a_database_of_a_newer_connector_is_left_alone(database_url: str) -> None:
    open_database(database_url).close()
    name = database_url.replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(name)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(migrate.NewerSchema, match="newer connector"):
        open_database(database_url)
    assert migrate.revision(engine) == "9999"
    engine.dispose()
