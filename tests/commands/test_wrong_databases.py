"""Commands on a database that is none: told by its name, with what to do, and never a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connector.store.database import open_database
from tests.commands.spoken import connector
from tests.process.company import BOARD_TOKEN, ROOT, TELEGRAM_TOKEN

BESIDE = (
    "status", "show #1", "why #1", "queue list", "resume", "incidents", "incidents confirm 1", "agents", "drift",
    "client show telegram:1", "sla explain #1", "sla audit", "forget --status", "export telegram:1", "backup here",
    "migrate",
)  # fmt: skip


def _environment(url: str) -> dict[str, str]:
    return {
        "CONNECTOR_DATABASE_URL": url,
        "CONNECTOR_MAPPING": str(ROOT / "mappings" / "support.example.yaml"),
        "CONNECTOR_TELEGRAM__TOKEN": TELEGRAM_TOKEN,
        "CONNECTOR_TELEGRAM__BASE_URL": "http://127.0.0.1:9",
        "CONNECTOR_BOARD__BASE_URL": "http://127.0.0.1:9/api/latest",
        "CONNECTOR_BOARD__TOKEN": BOARD_TOKEN,
    }


@pytest.mark.parametrize("command", BESIDE)
def test_a_file_that_is_no_database_is_named_with_what_to_do(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.db").write_text("bread, milk, and something against the rain " * 100, encoding="utf-8")
    told = connector(*command.split(), environment=_environment(f"sqlite:///{tmp_path}/notes.db"))
    assert (told.code, told.trouble) == (5, None)
    assert f"{tmp_path}/notes.db cannot be opened: file is not a database" in told.err
    assert "Is it the connector's database" in told.err


@pytest.mark.parametrize("command", [*BESIDE, "doctor", "run"])
def test_an_address_that_names_no_database_is_a_wrong_configuration(command: str) -> None:
    told = connector(*command.split(), environment=_environment("mysql://someone:hidden-word@host/name"))
    assert (told.code, told.trouble) == (3, None)
    assert "database_url: expected sqlite:///" in told.err
    assert "hidden-word" not in told.err + told.out


def test_programs_get_the_same_words_in_their_envelope(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("bread, milk " * 500, encoding="utf-8")
    told = connector("incidents", "--json", environment=_environment(f"sqlite:///{tmp_path}/notes.db"))
    error = json.loads(told.out)["error"]
    assert error["type"] == "unreachable"
    assert "notes.db cannot be opened" in error["message"]
    assert error["hint"]


@pytest.mark.parametrize("who", ["@nobody", "#7", "", "\x00", "telegram:0", "\ud800"])
def test_whoever_is_not_known_is_repeated_with_what_was_expected(who: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/connector.db"
    open_database(url).close()
    told = connector("export", who, str(tmp_path / "x.zip"), environment=_environment(url))
    assert (told.code, told.trouble) == (1, None)
    assert f"Nobody knows {who!r} here." in told.err
    assert "an @username" in told.err
    assert not (tmp_path / "x.zip").exists()
