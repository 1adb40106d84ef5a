"""Backup, restore and migrate as an operator types them: what is printed, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli import app
from connector.store import codec, migrate
from connector.store.database import open_database
from tests.process.company import BOARD_TOKEN, TELEGRAM_TOKEN
from tests.store.shelf import Shelf, send, ticket, wrote
from tests.store.test_migrations import _of_version


def connector(*arguments: str, url: str) -> Result:
    """The command in a configuration with that database."""
    environment = {
        "CONNECTOR_DATABASE_URL": url,
        "CONNECTOR_MAPPING": "no-mapping-is-needed.yaml",
        "CONNECTOR_TELEGRAM__TOKEN": TELEGRAM_TOKEN,
        "CONNECTOR_BOARD__TOKEN": BOARD_TOKEN,
        "CONNECTOR_BOARD__BASE_URL": "http://127.0.0.1:9/api/latest",
    }
    return CliRunner().invoke(app, arguments, env=environment)


@pytest.fixture
def filled(sqlite_url: str) -> str:
    """A database with an event and an order that waits."""
    database = open_database(sqlite_url)
    shelf = Shelf(database.engine)
    shelf.order(send("a"))
    shelf.note(wrote("b"))
    database.close()
    return sqlite_url


def test_a_backup_tells_what_it_holds_and_is_restored(filled: str, tmp_path: Path) -> None:
    made = connector("backup", str(tmp_path), url=filled)
    assert made.exit_code == 0, made.output
    [file] = tmp_path.glob("connector-*.backup")
    assert "read again: whole" in made.stdout
    assert "journal    2" in made.stdout
    target = f"sqlite:///{tmp_path}/new.db"
    restored = connector("restore", str(file), "--yes", url=target)
    assert restored.exit_code == 0, restored.output
    assert "1 are held" in restored.stdout
    again = connector("restore", str(file), "--yes", url=target)
    assert again.exit_code == 1
    assert "not empty" in again.stderr
    moved = connector("restore", str(file), "--yes", "--moved", "--json", url=f"sqlite:///{tmp_path}/moved.db")
    told = json.loads(moved.stdout)
    assert told["ok"]
    assert (told["data"]["held"], told["data"]["rows"]["outbox"]) == ({}, 1)


def test_a_restore_asks_first_and_off_a_terminal_does_nothing(filled: str, tmp_path: Path) -> None:
    connector("backup", str(tmp_path / "a.backup"), url=filled)
    ended = connector("restore", str(tmp_path / "a.backup"), url=f"sqlite:///{tmp_path}/new.db")
    assert ended.exit_code == 2
    assert "rows as of" in ended.stderr
    assert not (tmp_path / "new.db").exists()


def test_wrong_use_is_told_and_nothing_is_made(filled: str, tmp_path: Path) -> None:
    nowhere = connector("backup", str(tmp_path / "x"), url=f"sqlite:///{tmp_path}/none.db")
    assert nowhere.exit_code == 1
    assert "there is no such file" in nowhere.stderr
    no_folder = connector("backup", str(tmp_path / "no" / "x"), url=filled)
    assert no_folder.exit_code == 1
    assert "no backup was made" in no_folder.stderr
    (tmp_path / "bad").write_bytes(b"x")
    target = f"sqlite:///{tmp_path}/new.db"
    damaged = connector("restore", str(tmp_path / "bad"), "--yes", url=target)
    assert damaged.exit_code == 1
    assert "Nothing was restored" in damaged.stderr
    connector("backup", str(tmp_path / "a"), url=filled)
    both = connector("restore", str(tmp_path / "a"), "--moved", "--worked-until", "2026-01-01 10:00", url=target)
    assert both.exit_code == 2
    early = connector("restore", str(tmp_path / "a"), "--worked-until", "2020-01-01 10:00", url=target)
    assert early.exit_code == 2
    assert "worked until then at least" in early.stderr
    assert not (tmp_path / "new.db").exists()


def test_a_backup_never_takes_the_place_of_the_database(filled: str, tmp_path: Path) -> None:
    file = Path(filled.removeprefix("sqlite:///"))
    before = file.read_bytes()
    for name in (file, Path(f"{file}-wal"), file.parent / ".." / file.parent.name / file.name):
        refused = connector("backup", str(name), url=filled)
        assert refused.exit_code == 2, refused.output
        assert "is the database itself" in refused.stderr
    assert file.read_bytes() == before


def test_a_backup_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = connector("restore", str(tmp_path / "none"), "--yes", url=f"sqlite:///{tmp_path}/new.db")
    assert missing.exit_code == 1
    assert f"{tmp_path}/none: No such file or directory. Nothing was restored." in missing.stderr
    assert "Errno" not in missing.stderr


def test_a_database_a_daemon_holds_is_backed_up_but_not_restored_into(filled: str, tmp_path: Path) -> None:
    running = open_database(filled)
    try:
        assert connector("backup", str(tmp_path / "a"), url=filled).exit_code == 0
        busy = connector("restore", str(tmp_path / "a"), "--yes", url=filled)
        assert busy.exit_code == 75
        assert "in use by another connector daemon" in busy.stderr
    finally:
        running.close()


def test_migrate_says_what_it_did(database_url: str, tmp_path: Path) -> None:
    known = ticket()
    row = {"id": known.id, "client": known.client, "number": 1, "live": True, "state": codec.write_ticket(known)}
    _of_version(database_url, "0001", [row])
    done = connector("migrate", "--folder", str(tmp_path), "--json", url=database_url)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)["data"]
    assert (told["from"], told["to"]) == ("0001", migrate.HEAD)
    assert Path(told["backup"]).is_file()
    again = connector("migrate", url=database_url)
    assert again.exit_code == 0
    assert "nothing to do" in again.stdout
