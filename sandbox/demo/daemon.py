"""The daemon of the demo: the same program as in production, run as a process of its own."""

from __future__ import annotations

import asyncio
import os
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PREFIX = "CONNECTOR_"
PATIENCE = 8.0
"""Seconds the daemon gets to stop by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Daemon:
    process: Process
    log: Path

    def last_lines(self, count: int = 20) -> list[str]:
        return self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]


def environment(own: Mapping[str, str]) -> dict[str, str]:
    """That of this process without its own settings of the connector: a real token must never come into the demo."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)} | dict(own)


@asynccontextmanager
async def running(argv: Sequence[str], settings: Mapping[str, str], folder: Path) -> AsyncIterator[Daemon]:
    """Runs `argv` in `folder`, where there is no config.yaml; asks it to stop when the context ends, then makes it.

    Raises OSError when there is no such program.
    """
    program = os.path.abspath(argv[0]) if os.sep in argv[0] else argv[0]
    log = folder / "daemon.log"
    with log.open("wb") as sink:
        process = await asyncio.create_subprocess_exec(
            program, *argv[1:], cwd=folder, env=environment(settings), stdin=DEVNULL, stdout=sink, stderr=STDOUT
        )
    try:
        yield Daemon(process=process, log=log)
    finally:
        await asyncio.shield(_stopped(process))


async def _stopped(process: Process) -> None:
    with suppress(ProcessLookupError):  # it has ended by itself
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), PATIENCE)
    except TimeoutError:
        process.kill()
        await process.wait()
