"""What the daemon knows of itself: signals between the loops, and figures for health, metrics and the log."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from connector.engine.metrics import Metrics

log = logging.getLogger("connector")


def line(level: int, name: str, /, **facts: object) -> None:
    """One structured log line: an event name and facts, never what people wrote."""
    lines(level, name, (facts,))


def lines(level: int, name: str, /, many: Iterable[Mapping[str, object]]) -> None:
    """A line for each of those facts, written together."""
    told = [{key: value for key, value in facts.items() if value is not None} for facts in many]
    if told:
        log.log(level, name, extra={"facts": told})


@dataclass(slots=True)
class Side:
    """How one remote side is doing; moments are `time.monotonic()`."""

    name: str
    last_good: float | None = None
    failing_since: float | None = None
    failures: int = 0
    trouble: str | None = None

    def good(self) -> None:
        """It answered."""
        if self.failing_since is not None:
            line(logging.INFO, "back", side=self.name, after_seconds=round(time.monotonic() - self.failing_since, 1))
        self.last_good = time.monotonic()
        self.failing_since = None
        self.failures = 0
        self.trouble = None

    def up(self) -> float:
        """1 while it answers, 0 while it does not."""
        return float(self.failing_since is None)

    def silent_for(self) -> float:
        """Seconds since it last answered; -1 before that."""
        return -1.0 if self.last_good is None else time.monotonic() - self.last_good

    def bad(self, reason: str) -> None:
        """It did not. Repeated failures are folded: told at the 1st, 2nd, 4th, 8th… time."""
        self.failures += 1
        if self.failing_since is None:
            self.failing_since = time.monotonic()
        self.trouble = reason
        if self.failures & (self.failures - 1) == 0:
            line(logging.WARNING, "unavailable", side=self.name, times=self.failures, reason=reason)


@dataclass(slots=True)
class Pulse:
    """Shared by the loops of one daemon."""

    holder: str
    sides: dict[str, Side] = field(
        default_factory=lambda: {name: Side(name) for name in ("chat", "board", "registry", "store")}
    )
    metrics: Metrics = field(default_factory=Metrics)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    reachable: set[str] = field(default_factory=set)
    """Sides that could not be read and can be again; whoever performs there takes note and clears it."""
    turned: float = field(default_factory=time.monotonic)
    """When decisions were last gone about, `time.monotonic()`: a daemon that hangs does not turn."""
    _signals: dict[str, asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))

    def signal(self, *names: str) -> None:
        """Something is to be done by these loops."""
        for name in names:
            self._signals[name].set()

    async def wait(self, name: str, seconds: float | None) -> None:
        """Until signalled, or the seconds are over, or the daemon stops."""
        if name not in self._signals and self.stopping.is_set():
            self.signal(name)  # the stop has reached only those who had waited before
        event = self._signals[name]
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return
        finally:
            event.clear()

    def stop(self) -> None:
        """Every loop finishes its step and ends."""
        self.stopping.set()
        for event in self._signals.values():
            event.set()

    async def rest(self, seconds: float) -> None:
        """Sleeps, but not past the stop."""
        try:
            async with asyncio.timeout(seconds):
                await self.stopping.wait()
        except TimeoutError:
            return


def log_traceback(bug: Exception) -> None:
    """Where a developer finds the cause; the message of an exception may hold people's words, so it is left out."""
    frame = bug.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    if frame is not None:
        code = frame.tb_frame.f_code
        line(
            logging.ERROR,
            "broke_at",
            file=code.co_filename.rsplit("/", 3)[-1],
            function=code.co_name,
            line=frame.tb_lineno,
        )
