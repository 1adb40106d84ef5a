"""The image as deploy/Dockerfile makes it: what is in it, as whom it runs, and what it can do without any right."""

from __future__ import annotations

import json
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.deploy.engine import Engine
from tests.process.company import ROOT

BARE = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--network", "none")
ADDED = 150_000_000
"""Bytes our layers may add to the base."""
BUILDERS = ("cc", "gcc", "c++", "ld", "make", "git", "curl", "wget", "pip", "pip3", "uv")
# Nobody listens there: a daemon that starts finds both sides away.
AWAY = {
    "CONNECTOR_TELEGRAM__TOKEN": "42:nobody",
    "CONNECTOR_TELEGRAM__BASE_URL": "http://127.0.0.1:9",
    "CONNECTOR_BOARD__TOKEN": "nobody",
    "CONNECTOR_BOARD__BASE_URL": "http://127.0.0.1:9/api/latest",
}
LOOK = """
import json, os, shutil, sys
status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
def writes(path):
    try:
        open(path, "w").close()
    except OSError:
        return False
    return True
print(json.dumps({
    "ids": [os.getuid(), os.getgid(), *os.getgroups()],
    "rights": [status[name].strip() for name in ("CapEff", "CapPrm", "CapBnd")],
    "gains": status["NoNewPrivs"].strip(),
    "found": [name for name in sys.argv[1:] if shutil.which(name)],
    "written": [path for path in ("/x", "/etc/x", "/opt/connector/x", "/data/x") if writes(path)],
}))
"""


@pytest.fixture
def options(tmp_path: Path) -> tuple[str, ...]:
    """A daemon's configuration, and every right taken away."""
    mapping = tmp_path / "mapping.yaml"
    shutil.copy(ROOT / "mappings" / "support.example.yaml", mapping)
    mapping.chmod(0o644)
    told = [word for name, value in AWAY.items() for word in ("-e", f"{name}={value}")]
    return (*BARE, "--tmpfs", "/tmp", *told, "-v", f"{mapping}:/etc/connector/mapping.yaml:ro")


@contextmanager
def _started(engine: Engine, *words: str) -> Iterator[str]:
    name = f"connector-test-{uuid.uuid4().hex[:8]}"
    engine.run("run", "-d", "--name", name, *words)
    try:
        yield name
    finally:
        engine.run("rm", "--force", "--volumes", name)


def _until(what: str, seen: Callable[[], bool], seconds: float = 60.0) -> float:
    began = time.monotonic()
    while not seen():
        assert time.monotonic() - began < seconds, f"not seen within {seconds} s: {what}"
        time.sleep(0.2)
    return time.monotonic() - began


def test_it_adds_little_to_its_base(engine: Engine, image: str, tell: Callable[[str], None]) -> None:
    first = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8").split("FROM ")[1].split()[0]
    size, base = (int(engine.looks(each)["Size"]) for each in (image, first))
    tell(f"image: {size / 1e6:.0f} MB, of which {(size - base) / 1e6:.0f} MB are not of {first}")
    assert 0 < size - base < ADDED


def test_it_runs_as_a_user_without_rights_who_finds_no_builder_and_writes_only_data(engine: Engine, image: str) -> None:
    told = engine.run("run", "--rm", *BARE, "--entrypoint", "python", image, "-c", LOOK, *BUILDERS)
    seen = json.loads(told)
    assert set(seen["ids"]) == {10001}
    assert {int(rights, 16) for rights in seen["rights"]} == {0}
    assert (seen["gains"], seen["found"], seen["written"]) == ("1", [], ["/data/x"])


def test_its_commands_work_there(engine: Engine, image: str, options: tuple[str, ...]) -> None:
    assert "Exit codes" in engine.run("run", "--rm", *BARE, image, "--help")
    code, told = engine.ended("run", "--rm", *BARE, image, "check")
    assert (code, "CONNECTOR_BOARD__TOKEN" in told) == (3, True), told
    # Whoever may not enter the folder they stand in is told the same, not of a fault.
    code, told = engine.ended("run", "--rm", *BARE, "--user", "12345", image, "check")
    assert (code, "CONNECTOR_BOARD__TOKEN" in told) == (3, True), told
    code, told = engine.ended("run", "--rm", *options, image, "check")
    assert code == 0, told


def test_a_stop_ends_the_daemon_in_its_first_moments_and_later(
    engine: Engine, image: str, options: tuple[str, ...], tell: Callable[[str], None]
) -> None:
    took = []
    # 143: ended before the interpreter could take the signal itself; only with --init, as the compose files have it.
    for after, may in ((0.0, (0, 143)), (3.0, (0, 143)), (12.0, (0,))):
        with _started(engine, *options, "--init", image) as daemon:
            time.sleep(after)
            began = time.monotonic()
            engine.run("stop", "--time", "20", daemon)
            took.append(time.monotonic() - began)
            assert engine.looks(daemon)["State"]["ExitCode"] in may, f"stopped after {after} s"
    tell("image: stopped after 0, 3 and 12 s within " + ", ".join(f"{each:.1f}" for each in took) + " s")
    assert max(took) < 15


def test_its_health_check_tells_a_daemon_from_one_that_hangs_and_from_none(
    engine: Engine, image: str, options: tuple[str, ...], tell: Callable[[str], None]
) -> None:
    quick = ("--health-interval", "2s", "--health-start-period", "1s")
    with _started(engine, *options, *quick, image) as daemon:
        healthy = _until("healthy", lambda: engine.health(daemon) == "healthy")
        # From outside: within, nothing stops a first process.
        engine.run("kill", "--signal", "STOP", daemon)
        unhealthy = _until("unhealthy", lambda: engine.health(daemon) == "unhealthy")
        engine.run("kill", "--signal", "CONT", daemon)
        again = _until("healthy again", lambda: engine.health(daemon) == "healthy")
        tell(
            f"image: healthy after {healthy:.0f} s, frozen: unhealthy after {unhealthy:.0f} s, going on: {again:.0f} s"
        )
    with _started(engine, *options, *quick, "--entrypoint", "sleep", image, "300") as nobody:
        _until("unhealthy without a daemon", lambda: engine.health(nobody) == "unhealthy")
