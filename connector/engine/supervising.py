"""What the service manager is told: that we are ready, that we live, that we stop."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping

from connector.engine.pulse import Pulse

HANGS_AFTER = 30.0
"""Seconds without a turn of decisions after which we no longer say that we live."""


# https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
class Supervisor:
    """systemd, by the socket it names in the environment; where there is none, nobody is told anything."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        found = os.environ if environment is None else environment
        self._address = found.get("NOTIFY_SOCKET", "")
        watchdog, meant = found.get("WATCHDOG_USEC", ""), found.get("WATCHDOG_PID", "")
        ours = not meant or meant == str(os.getpid())
        self.every = int(watchdog) / 2_000_000 if watchdog.isdigit() and int(watchdog) > 0 and ours else None
        """Seconds between two signs of life; None where nobody waits for any."""

    def tell(self, *words: str) -> None:
        """Sends "READY=1", "STATUS=…" and the like. A manager that is gone is no reason to stop."""
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sending:
                sending.sendto("\n".join(words).encode(), address)
        except OSError:
            return

    async def watch(self, pulse: Pulse) -> None:
        """Until the daemon stops: how the sides are, and a sign of life as long as decisions are gone about."""
        while not pulse.stopping.is_set():
            words = [f"STATUS={status(pulse)}"]
            if self.every is not None and time.monotonic() - pulse.turned < HANGS_AFTER:
                words.append("WATCHDOG=1")
            self.tell(*words)
            await pulse.rest(min(10.0, self.every or 10.0))
        self.tell("STOPPING=1", "STATUS=finishing what is on the wire")


def status(pulse: Pulse) -> str:
    """One line for `systemctl status`."""
    told = []
    for name in ("chat", "board", "store"):
        side = pulse.sides[name]
        if side.failing_since is not None:
            told.append(f"{name} away for {time.monotonic() - side.failing_since:.0f} s")
        else:
            told.append(f"{name} ok" if side.last_good is not None else f"{name} not heard of yet")
    return ", ".join(told)
