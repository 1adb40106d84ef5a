"""The commands speak to either kind of database as they find it, and to none with a plain word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connector.store.database import open_database
from tests.commands.spoken import connector
from tests.process.company import BOARD_TOKEN, ROOT, TELEGRAM_TOKEN


def _environment(url: str) -> dict[str, str]:
    return {
        "CONNECTOR_DATABASE_URL": url,
        "CONNECTOR_MAPPING": str(ROOT / "mappings" / "support.example.yaml"),
        "CONNECTOR_TELEGRAM__TOKEN": TELEGRAM_TOKEN,
        "CONNECTOR_TELEGRAM__BASE_URL": "http://127.0.0.1:9",
        "CONNECTOR_BOARD__BASE_URL": "http://127.0.0.1:9/api/latest",
        "CONNECTOR_BOARD__TOKEN": BOARD_TOKEN,
    }


def test_an_empty_house_is_told_as_one(database_url: str) -> None:
    environment = _environment(database_url)
    open_database(database_url).close()
    status = connector("status", "--json", environment=environment)
    assert (status.code, status.data["running"], status.data["requests"]) == (0, False, [])
    found = connector("doctor", "--json", environment=environment)
    assert found.code == 5
    levels = {line["what"]: line["level"] for line in json.loads(found.out)["data"]["lines"]}
    assert levels == {
        "python": "pass", "database": "pass", "daemon": "warn", "queue": "pass", "disk": "pass", "mapping": "pass",
        "telegram": "fail", "kaiten": "fail",
    }  # fmt: skip
    for command in (("audit",), ("queue", "list"), ("tail",), ("resume", "--all"), ("pause", "--list")):
        ended = connector(*command, environment=environment)
        assert (ended.code, ended.trouble) == (0, None), command
    held = connector("pause", "--side", "board", "--json", environment=environment)
    assert [each["name"] for each in held.data["pauses"]] == ["out:board::"]
    assert "paused" in connector("status", environment=environment).out


@pytest.mark.parametrize("command", ["status", "tail", "audit"])
def test_without_a_database_nothing_is_made_and_that_is_said(tmp_path: Path, command: str) -> None:
    path = tmp_path / "none.db"
    ended = connector(command, "--json", environment=_environment(f"sqlite:///{path}"))
    assert (ended.code, ended.data["type"]) == (1, "failed")
    assert "no such file" in ended.data["message"]
    assert not path.exists()
    wrong = connector(command, environment=_environment("mysql://x"))
    assert wrong.code == 3
    gone = connector(command, environment=_environment("postgresql://someone:hidden-word@127.0.0.1:9/x"))
    assert gone.code == 5
    assert "hidden-word" not in gone.out + gone.err
