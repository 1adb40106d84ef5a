"""The container engine of this machine, asked by its command line: docker, or podman where there is no docker."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STEP = 600.0
"""Seconds one command may take: the longest is a build that fetches its base."""


class NoEngine(Exception):
    """No engine answers here, or it cannot compose; the message says what was looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """An engine that answers, and how compose files are given to it."""

    program: str
    composer: tuple[str, ...]

    def build(self, tag: str, folder: Path, dockerfile: Path) -> None:
        """Builds an image. podman keeps a health check only in docker's format."""
        form = ("--format", "docker") if self.program == "podman" else ()
        self.run("build", *form, "-t", tag, "-f", str(dockerfile), str(folder))

    def run(self, *words: str, fails: bool = False) -> str:
        """One command; returns what it said on both streams. Fails the test unless it ends with 0, or `fails`."""
        return said((self.program, *words), fails=fails)

    def ended(self, *words: str) -> tuple[int, str]:
        """One command; its exit code and all it said."""
        done = subprocess.run([self.program, *words], capture_output=True, text=True, timeout=STEP, check=False)
        return done.returncode, done.stdout + done.stderr

    def looks(self, container: str) -> dict[str, Any]:
        """All that the engine knows of a container or image."""
        (found,) = json.loads(said((self.program, "inspect", container)))
        assert isinstance(found, dict)
        return found

    def health(self, container: str) -> str:
        """ "starting", "healthy" or "unhealthy", by the image's own check.

        podman has its checks called by systemd's timers; where there is none it is called here.
        """
        if self.program == "podman":
            self.ended("healthcheck", "run", container)
        state = self.looks(container)["State"]
        return str((state.get("Health") or state["Healthcheck"])["Status"])


def find_engine() -> Engine:
    """The engine that answers here. Raises NoEngine."""
    tried = []
    for program, composers in (
        ("docker", (("docker", "compose"),)),
        ("podman", (("podman-compose",), ("podman", "compose"))),
    ):
        if not _answers(program, "info"):
            tried.append(f"{program} does not answer")
            continue
        for composer in composers:
            if _answers(*composer, "version"):
                return Engine(program=program, composer=composer)
        tried.append(f"{program} has no compose")
    raise NoEngine("; ".join(tried))


def said(command: tuple[str, ...], environment: Mapping[str, str] | None = None, *, fails: bool = False) -> str:
    """What a command said on stdout; unless it `fails` by leave, a failure fails the test with all it said."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=STEP, env=environment, check=False)
    assert fails or done.returncode == 0, f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}"[-6000:]
    return done.stdout


def _answers(*command: str) -> bool:
    if shutil.which(command[0]) is None:
        return False
    try:
        return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False
