"""The stand-in's time, handed in so that tests need not sleep."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """`now` gives aware UTC datetimes, `monotonic` and `sleep` speak in seconds."""

    now: Callable[[], datetime] = _utc_now
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep

    def unix(self) -> int:
        """Whole seconds since 1970, as the Bot API writes dates."""
        return int(self.now().timestamp())
