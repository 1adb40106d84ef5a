"""Whatever an operator types, the answer is one for people: an exit code that is documented, and no traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from commands.answer import Exit
from connector.store.database import open_database
from tests.commands.spoken import connector
from tests.process.company import BOARD_TOKEN, ROOT, TELEGRAM_TOKEN

COMMANDS = (
    "status", "tail", "show", "why", "audit", "queue list", "queue show", "queue retry", "queue skip", "queue export",
    "pause", "resume", "check", "nonsense", "client show", "client undo", "client list",
)  # fmt: skip
OPTIONS = (
    "--json", "--since", "--limit", "--after", "--words", "--all", "--yes", "--direction", "--side", "--list",
    "--topic", "--board", "in", "out", "o1", "e1", "#1", "card:1", "kc-1", "telegram:1", "1h", "-1", "0",
)  # fmt: skip
_words = st.one_of(st.sampled_from(OPTIONS), st.text(max_size=12), st.integers().map(str))


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An empty database, and services that nobody can reach."""
    url = f"sqlite:///{tmp_path_factory.mktemp('any')}/connector.db"
    open_database(url).close()
    return {
        "CONNECTOR_DATABASE_URL": url,
        "CONNECTOR_MAPPING": str(ROOT / "mappings" / "support.example.yaml"),
        "CONNECTOR_TELEGRAM__TOKEN": TELEGRAM_TOKEN,
        "CONNECTOR_TELEGRAM__BASE_URL": "http://127.0.0.1:9",
        "CONNECTOR_BOARD__BASE_URL": "http://127.0.0.1:9/api/latest",
        "CONNECTOR_BOARD__TOKEN": BOARD_TOKEN,
    }


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(command=st.sampled_from(COMMANDS), words=st.lists(_words, max_size=4))
@example(command="tail", words=["--since", "99999999d"])
@example(command="tail", words=["--since", "0001-01-01T00:00+23:59"])
@example(command="show", words=["#99999999999999999999999"])
@example(command="client show", words=["#99999999999999999999999"])
@example(command="client undo", words=["\ud800", "--yes"])
@example(command="show", words=["٣"])
@example(command="show", words=["\ud800"])
@example(command="show", words=["kc-\udcff"])
@example(command="queue show", words=["o²"])
@example(command="why", words=["card:1\x00"])
@example(command="pause", words=["--board", "\ud800"])
def test_no_traceback_and_a_documented_end(
    command: str, words: list[str], environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if "-f" in words or "--follow" in words:
        return
    answer = connector(*command.split(), *words, environment=environment)
    assert answer.trouble is None, (command, words, answer.trouble)
    assert answer.code in set(Exit)
    for said in (answer.out, answer.err):
        assert "Traceback" not in said
        assert TELEGRAM_TOKEN.partition(":")[2] not in said
        assert BOARD_TOKEN not in said
