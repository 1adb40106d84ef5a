"""The command line: what it says, and with which exit code."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import cli
import sandbox.kaiten
import sandbox.telegram
from cli import app
from connector.store.database import open_database
from tests.process.company import BOARD_TOKEN, ROOT, TELEGRAM_TOKEN, Served

TOKENS = {"CONNECTOR_TELEGRAM__TOKEN": TELEGRAM_TOKEN, "CONNECTOR_BOARD__TOKEN": BOARD_TOKEN}
NOWHERE = {
    "CONNECTOR_TELEGRAM__BASE_URL": "http://127.0.0.1:9",
    "CONNECTOR_BOARD__BASE_URL": "http://127.0.0.1:9/api/latest",
}
EXAMPLE = {"CONNECTOR_MAPPING": str(ROOT / "mappings" / "support.example.yaml")}


def _connector(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments], cwd=ROOT, env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_help_explains_itself_with_examples() -> None:
    shown = _connector("--help")
    assert shown.returncode == 0
    for expected in ("connector demo", "connector check --live", "connector run --config", "Exit codes"):
        assert expected in shown.stdout


COMMANDS = sorted(
    {each.name or each.callback.__name__ for each in app.registered_commands if each.callback}
    | {str(each.typer_instance.info.name) for each in app.registered_groups if each.typer_instance}
)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_its_help(command: str) -> None:
    assert _connector(command, "-h").returncode == 0


def test_a_wrong_use_ends_with_2() -> None:
    assert _connector("chekc").returncode == 2
    assert _connector("run", "--confg", "x").returncode == 2


def test_a_missing_configuration_ends_with_3_and_names_every_variable() -> None:
    for command in ("run", "check"):
        ended = _connector(command)
        assert ended.returncode == 3
        for name in (
            "CONNECTOR_MAPPING",
            "CONNECTOR_TELEGRAM__TOKEN",
            "CONNECTOR_BOARD__TOKEN",
            "CONNECTOR_BOARD__BASE_URL",
        ):
            assert name in ended.stderr
        assert "Traceback" not in ended.stderr


def test_a_broken_mapping_ends_with_3_with_all_its_problems_and_starts_nothing(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text("version: 1\ntopcs: {}\nclasses: {fast: {lane: Fast, resolution: soon}}\n", encoding="utf-8")
    database = tmp_path / "never.db"
    ended = _connector(
        "run", CONNECTOR_MAPPING=str(mapping), CONNECTOR_DATABASE_URL=f"sqlite:///{database}", **TOKENS, **NOWHERE
    )
    assert ended.returncode == 3
    assert "unknown-key" in ended.stderr
    assert "mapping.yaml:3:" in ended.stderr
    assert "Nothing was started." in ended.stderr
    assert not database.exists()


@pytest.mark.parametrize("url", ["mysql://x", "sqlite://", "nonsense", "sqlite:///:memory:"])
def test_a_database_of_another_kind_ends_with_3(url: str) -> None:
    ended = _connector("run", CONNECTOR_DATABASE_URL=url, **TOKENS, **EXAMPLE, **NOWHERE)
    assert ended.returncode == 3
    assert "expected sqlite:///" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_database_that_cannot_be_reached_ends_with_5_without_the_password() -> None:
    url = "postgresql://someone:hidden-word@127.0.0.1:9/x"
    ended = _connector("run", CONNECTOR_DATABASE_URL=url, **TOKENS, **EXAMPLE, **NOWHERE)
    assert ended.returncode == 5
    assert "hidden-word" not in ended.stderr + ended.stdout
    assert "Traceback" not in ended.stderr


def test_check_without_live_asks_nobody() -> None:
    ended = _connector("check", **TOKENS, **EXAMPLE, **NOWHERE)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "--live" in ended.stdout


def test_check_live_names_each_service_that_cannot_be_reached() -> None:
    ended = _connector("check", "--live", **TOKENS, **EXAMPLE, **NOWHERE)
    assert ended.returncode == 5
    assert "telegram (http://127.0.0.1:9) cannot be reached" in ended.stderr
    assert "kaiten (http://127.0.0.1:9/api/latest) cannot be reached" in ended.stderr


def test_check_live_compares_every_name_with_the_board_and_names_lists_them(tmp_path: Path) -> None:
    served = Served(telegram=sandbox.telegram.app(TELEGRAM_TOKEN), kaiten=sandbox.kaiten.app())
    try:
        there = {
            "CONNECTOR_TELEGRAM__BASE_URL": f"http://127.0.0.1:{served.ports['telegram']}",
            "CONNECTOR_BOARD__BASE_URL": f"http://127.0.0.1:{served.ports['kaiten']}/api/latest",
        }
        good = _connector("check", "--live", **TOKENS, **EXAMPLE, **there)
        assert good.returncode == 0, good.stderr
        assert "acting as Telegram" in good.stdout
        text = Path(EXAMPLE["CONNECTOR_MAPPING"]).read_text(encoding="utf-8")
        wrong = tmp_path / "wrong.yaml"
        wrong.write_text(text.replace("board: Финансы", "board: Финанси").replace("lane: Сверхсрочно", "lane: Срочно!"))
        bad = _connector("check", "--live", CONNECTOR_MAPPING=str(wrong), **TOKENS, **there)
        assert bad.returncode == 3
        assert "Финансы" in bad.stderr
        assert "Сверхсрочно" in bad.stderr
        refused = _connector("check", "--live", **{**TOKENS, "CONNECTOR_BOARD__TOKEN": "wrong"}, **EXAMPLE, **there)
        assert refused.returncode == 4
        assert "kaiten refused the token" in refused.stderr
        listed = _connector("names", "lanes", **TOKENS, **EXAMPLE, **there)
        assert "Сверхсрочно" in listed.stdout
    finally:
        served.close()


def test_programs_get_one_envelope_from_check_and_names_and_nothing_else(tmp_path: Path) -> None:
    sound = _connector("check", "--json", **TOKENS, **EXAMPLE, **NOWHERE)
    told = json.loads(sound.stdout)
    assert (sound.returncode, sound.stderr, told["ok"], told["data"]["live"]) == (0, "", True, False)
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text("version: 1\ntopcs: {}\n", encoding="utf-8")
    broken = _connector("check", "--json", CONNECTOR_MAPPING=str(mapping), **TOKENS, **NOWHERE)
    error = json.loads(broken.stdout)["error"]
    assert (broken.returncode, error["type"]) == (3, "invalid")
    assert "unknown-key" in error["message"]
    for command in (("names", "--json"), ("check", "--live", "--json")):
        away = _connector(*command, **TOKENS, **EXAMPLE, **NOWHERE)
        assert (away.returncode, json.loads(away.stdout)["error"]["type"]) == (5, "unreachable")


def test_help_is_plain_where_colour_is_not_wanted_and_names_every_exit_code() -> None:
    shown = _connector("--help", NO_COLOR="1")
    assert "\x1b[" not in shown.stdout
    for code in ("0 done", "1 failed", "2 wrong", "3 configuration", "4 a service", "5 a service", "6 done", "75 busy"):
        assert code in " ".join(shown.stdout.split())
    assert "--install-completion" in shown.stdout


def test_ctrl_c_ends_with_130(tmp_path: Path) -> None:
    database = tmp_path / "connector.db"
    open_database(f"sqlite:///{database}").close()
    environment = {"PATH": "/usr/bin:/bin", "CONNECTOR_DATABASE_URL": f"sqlite:///{database}"}
    tail = subprocess.Popen(
        [sys.executable, "-m", "cli", "tail", "-f", "--since", "1h"], cwd=ROOT, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env={**environment, **TOKENS, **EXAMPLE, **NOWHERE},
    )  # fmt: skip
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            tail.wait(timeout=4)
        for _ in range(10):  # Python may lose the first while it still imports: people press it again
            tail.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                _, said = tail.communicate(timeout=4)
                break
    finally:
        tail.kill()
    assert tail.returncode == 130
    assert b"Traceback" not in said


def test_a_fault_of_ours_is_told_by_its_place_and_never_by_its_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails() -> None:
        try:
            raise LookupError("what Maria wrote")
        except LookupError as fault:
            raise ExceptionGroup("tasks", [fault, ExceptionGroup("more", [KeyError("her number")])]) from None

    monkeypatch.setattr(cli, "app", fails)
    with pytest.raises(SystemExit) as end:
        cli.main()
    told = capsys.readouterr().err
    assert end.value.code == 1
    assert "LookupError, at test_cli.py:" in told
    assert "KeyError" in told
    assert not any(words in told for words in ("Maria", "number", "ExceptionGroup", "Traceback"))
