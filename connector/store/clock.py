"""A clock that never goes back and never stands still, whatever is done to the machine's own."""

from __future__ import annotations

import time
from collections.abc import Callable


class SteadyClock:
    """Seconds since the epoch: the machine's clock, but for when that was put back.

    Moments are stored (when a queue is due, since when something waits), so a clock put back by an hour would hold
    everything up for that hour. Then this one goes on at half the speed until the machine's has caught up.
    """

    def __init__(self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._now = wall()
        self._at = monotonic()

    def __call__(self) -> float:
        """The present moment."""
        at = self._monotonic()
        self._now = max(self._wall(), self._now + (at - self._at) / 2)
        self._at = at
        return self._now
