"""How the daemon is run: what it tells the service manager, its health check, and the files in deploy/."""

from __future__ import annotations

import itertools
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from connector.settings import PREFIX, Settings, variables
from tests.process.company import BOARD_TOKEN, ROOT, TELEGRAM_TOKEN, Company, stop

DEPLOY = ROOT / "deploy"
UNIT = DEPLOY / "systemd" / "connector.service"


class Manager:
    """A service manager's end of the notify socket."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.settimeout(15)
        self.heard: list[tuple[float, str]] = []

    def until(self, word: str) -> str:
        """Listens until somebody says the word; returns the whole message."""
        while True:
            said = self._socket.recv(65536).decode()
            self.heard.append((time.monotonic(), said))
            if word in said.split("\n") or (word.endswith("=") and word in said):
                return said

    def falls_silent(self, seconds: float) -> bool:
        """Whether nothing more is said for so long, within ten seconds."""
        until = time.monotonic() + 10
        self._socket.settimeout(seconds)
        try:
            while time.monotonic() < until:
                self._socket.recv(65536)
        except TimeoutError:
            return True
        finally:
            self._socket.settimeout(15)
        return False

    def close(self) -> None:
        self._socket.close()


@contextmanager
def _manager(folder: Path) -> Iterator[Manager]:
    manager = Manager(folder / "notify")
    try:
        yield manager
    finally:
        manager.close()


def _unit() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def test_the_unit_as_it_stands_runs_the_daemon_that_tells_when_it_is_ready_lives_and_stops(tmp_path: Path) -> None:
    unit = _unit()
    state, credentials = tmp_path / "connector", tmp_path / "credentials"
    state.mkdir()
    credentials.mkdir(mode=0o700)
    secrets = {"telegram-token": TELEGRAM_TOKEN, "board-token": BOARD_TOKEN, "board-hook": "hook-of-the-unit"}
    assert {each.partition(":")[0] for each in unit["LoadCredential"]} == set(secrets)
    for name, secret in secrets.items():
        (credentials / name).write_text(secret, encoding="utf-8")
    environment = {}
    for each in unit["Environment"]:
        name, _, value = each.partition("=")
        environment[name] = value.replace("%S", str(tmp_path)).replace("%d", str(credentials))
    with Company(folder=tmp_path, webhook=False) as company, _manager(tmp_path) as manager:
        config = tmp_path / "config.yaml"
        with config.open("w", encoding="utf-8") as file:
            YAML().dump(
                {
                    "mapping": str(company.mapping), "telegram": {"base_url": str(company.telegram.base_url)},
                    "board": {"base_url": f"{str(company.kaiten.base_url).rstrip('/')}/api/latest"},
                },
                file,
            )  # fmt: skip
        (command,) = unit["ExecStart"]
        program, *arguments = shlex.split(command.replace("/etc/connector/config.yaml", str(config)))
        assert Path(program).name == "connector"
        bare = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        watchdog = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "1000000"}
        assert unit["WorkingDirectory"] == ["%S/connector"]
        with (tmp_path / "daemon.log").open("ab") as log:
            daemon = subprocess.Popen(
                [sys.executable, "-m", "cli", *arguments], cwd=state,
                env={**bare, **environment, **watchdog, "PYTHONPATH": str(ROOT)},
                stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        company.daemons.append(daemon)
        manager.until("READY=1")
        said = company.log()
        assert said.count('"known_as"') == 2, said
        for _ in range(4):
            alive = manager.until("WATCHDOG=1")
        assert "STATUS=chat ok, board ok" in alive
        signs = [at for at, words in manager.heard if "WATCHDOG=1" in words]
        assert max(later - sooner for sooner, later in itertools.pairwise(signs)) < 1.0
        daemon.send_signal(signal.SIGTERM)
        manager.until("STOPPING=1")
        assert daemon.wait(timeout=10) == 0
        assert (state / "connector.db").stat().st_mode & 0o077 == 0


def test_a_daemon_that_hangs_gives_no_sign_of_life(tmp_path: Path) -> None:
    with Company(folder=tmp_path, webhook=False) as company, _manager(tmp_path) as manager:
        daemon = company.start(NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="600000")
        manager.until("WATCHDOG=1")
        daemon.send_signal(signal.SIGSTOP)
        assert manager.falls_silent(1.0)
        daemon.send_signal(signal.SIGCONT)
        manager.until("WATCHDOG=1")
        assert stop(daemon) == 0


def test_the_unit_is_sound() -> None:
    unit = _unit()
    assert unit["Type"] == ["notify"]
    assert unit["Restart"] == ["on-failure"]
    # A database may be away for longer than any number of starts takes.
    assert unit["StartLimitIntervalSec"] == ["0"]
    # The metrics of memory and processor, which the dashboard shows, begin at /proc/stat.
    assert "ProcSubset" not in unit
    # A stop gets the time the daemon takes for it at most; the watchdog waits longer than a turn may.
    assert int(unit["TimeoutStopSec"][0]) > 10
    assert int(unit["WatchdogSec"][0]) > 30
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("there is no systemd-analyze here (on Debian: apt-get install systemd)")
    found = subprocess.run([analyze, "verify", str(UNIT)], capture_output=True, text=True, check=False)
    troubles = [each for each in found.stderr.splitlines() if each and "is not executable" not in each]
    assert [each for each in troubles if "connector.service" in each] == []


def _settings_named(text: str) -> set[str]:
    return {name.removesuffix("_FILE") for name in re.findall(rf"\b{PREFIX}[A-Z_]+\b", text)}


@pytest.mark.parametrize("path", [*sorted(DEPLOY.rglob("*.*")), DEPLOY / "Dockerfile"], ids=lambda path: path.name)
def test_every_setting_named_in_deploy_exists(path: Path) -> None:
    assert _settings_named(path.read_text(encoding="utf-8")) <= set(variables(Settings))


@pytest.mark.parametrize("name", ["compose.sqlite.yaml", "compose.postgres.yaml"])
def test_the_compose_files_read_and_their_containers_can_write_nothing_but_what_they_must(name: str) -> None:
    composed: dict[str, Any] = YAML(typ="safe").load((DEPLOY / name).read_text(encoding="utf-8"))
    service = composed["services"]["connector"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert set(service["secrets"]) <= set(composed["secrets"])
    assert (DEPLOY / service["build"]["dockerfile"].removeprefix("deploy/")).is_file()
    named = {each.partition(":")[0] for each in service["volumes"] if not each.startswith(".")}
    assert named <= set(composed["volumes"])
    assert service.get("deploy", {}).get("replicas", 1) == (3 if "postgres" in name else 1)
    # Whoever waits longer for the end than the daemon takes cuts nothing off.
    assert int(service["stop_grace_period"].removesuffix("s")) > 10


def test_the_image_is_built_of_what_is_there_and_runs_as_nobody_in_particular() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    build, _, final = text.partition("\nFROM ")[2].partition("\nFROM ")
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"]
    copied = [word for line in build.splitlines() if line.startswith("COPY ") for word in line.split()[1:-1]]
    assert set(copied) == set(kept)
    assert all((ROOT / each).exists() for each in copied)
    assert re.search(r"^USER 10001:10001$", final, re.MULTILINE)
    assert final.count("VOLUME /data") == 1
    assert "HEALTHCHECK" in final
    assert json.loads(re.search(r"HEALTHCHECK.*CMD (\[.*\])", final).group(1)) == ["connector", "health"]  # type: ignore[union-attr]  # no match fails the test here


def test_a_daemon_that_may_not_write_its_files_says_where_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with Company(folder=tmp_path, webhook=False) as company:
        daemon = company.start(CONNECTOR_STATE_DIR=str(tmp_path / "taken"))
        assert daemon.wait(timeout=30) == 3
        assert "taken/files, where files rest on their way, cannot be made: " in company.log()
        assert "Set CONNECTOR_STATE_DIR" in company.log()


def test_health_asks_the_running_daemon(tmp_path: Path) -> None:
    with Company(folder=tmp_path) as company:
        nobody = company.command("health")
        assert (nobody.returncode, "No daemon answers" in nobody.stderr) == (5, True)
        daemon = company.start()
        company.until("it is ready", lambda: company.command("health", "--ready").returncode == 0)
        assert (company.command("health").stdout.strip(), company.command("health").returncode) == ("ok", 0)
        told = json.loads(company.command("health", "--ready", "--json").stdout)
        assert told["ok"]
        assert told["data"]["sides"] == {"chat": "ok", "board": "ok", "store": "ok"}
        assert stop(daemon) == 0
