"""The story told: against the real daemon, against one that fails, and against one that never answers."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from sandbox import kaiten, telegram
from sandbox.demo.daemon import environment
from sandbox.demo.looks import Said
from sandbox.demo.people import Agent, Client
from sandbox.demo.performance import play
from sandbox.demo.story import NotSeen, Story, until
from tests.sandbox.demo.stand import DAEMON, MAPPING, ROOT, demo, playing


@pytest.mark.slow
def test_the_real_daemon_carries_the_story_to_its_end_and_both_sides_are_printed() -> None:
    told = subprocess.run(demo(*DAEMON), cwd=ROOT, capture_output=True, text=True, timeout=200, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "Касса и оплата › Готово › Сверхсрочно" in told.stdout
    assert re.search(r"Кабинет\s+481516", told.stdout)
    chat = told.stdout[told.stdout.index("Чат клиента") :]
    assert "перезагружаю" in chat
    assert "Терминал той же партии" not in chat
    assert "Traceback" not in told.stdout + told.stderr


@pytest.mark.slow
def test_the_page_is_served_after_the_story_until_ctrl_c_which_ends_it_without_a_trace(tmp_path: Path) -> None:
    with playing(tmp_path) as performance:
        assert "Коннектор" in httpx.get(performance.url, trust_env=False).text
        performance.process.send_signal(signal.SIGINT)
        rest, _ = performance.process.communicate(timeout=20)
    assert performance.process.returncode == 0, rest
    assert "Traceback" not in performance.told + rest
    assert list(tmp_path.glob("connector-demo-*")) == []


def test_a_daemon_that_ends_is_told_with_its_exit_code_and_its_last_lines(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ending = [sys.executable, "-c", "print('mapping: no such board'); raise SystemExit(3)"]
    assert play(daemon=ending, mapping=MAPPING, interactive=False) == 1
    told = capsys.readouterr().out
    assert "завершился с кодом 3" in told
    assert "mapping: no such board" in told
    (log,) = tmp_path.glob("connector-demo-*/daemon.log")
    assert str(log) in told.replace("\n", "")


def test_a_daemon_that_is_no_program_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert play(daemon=["/no/such/program"], mapping=MAPPING, interactive=False) == 1
    assert "не началась" in capsys.readouterr().out


def test_a_speed_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="speed"):
        play(daemon=DAEMON, mapping=MAPPING, interactive=False, speed=0)


def test_the_daemon_gets_none_of_the_operators_own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECTOR_TELEGRAM__TOKEN_FILE", "/run/secrets/real")
    monkeypatch.setenv("LANG", "C.UTF-8")
    given = environment({"CONNECTOR_MAPPING": "demo.yaml"})
    assert {name for name in given if name.startswith("CONNECTOR_")} == {"CONNECTOR_MAPPING"}
    assert given["LANG"] == "C.UTF-8"


class Silent:
    """Tells nobody."""

    async def chapter(self, title: str) -> None: ...
    async def client(self, name: str, text: str) -> None: ...
    async def agent(self, name: str, text: str) -> None: ...
    async def bot(self, said: Said) -> None: ...
    async def seen(self, what: str, seconds: float) -> None: ...


async def test_a_step_that_is_not_seen_in_time_says_what_was_awaited() -> None:
    chat_app, board_app = telegram.app("1:TOKEN"), kaiten.app(base_url="http://board")
    async with (
        httpx.AsyncClient(transport=httpx.ASGITransport(chat_app), base_url="http://chat") as chat,
        httpx.AsyncClient(transport=httpx.ASGITransport(board_app), base_url="http://board") as board,
    ):
        client = Client(chat, user_id=7, first_name="Мария", last_name="Орлова", username="maria")
        story = Story(client, Agent(board, user="anna", name="Анна"), Silent(), limit=0.05)
        with pytest.raises(NotSeen, match="приветствие бота"):
            await story.play()
        assert story.begun
        assert [said.text for said in await client.sees()] == ["/start"]


async def test_waiting_ends_with_what_was_seen_and_how_long_it_took() -> None:
    answers = iter([None, None, "there"])

    async def look() -> str | None:
        return next(answers)

    found, seconds = await until("it", look, limit=60)
    assert found == "there"
    assert 0 < seconds < 60
