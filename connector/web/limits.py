"""How much one webhook may ask of the daemon at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

PER_SECOND = 500.0
"""Requests a second, on average."""
BURST = 1_000.0
"""Requests at once after a quiet time."""
TOGETHER = 64
"""Requests whose bodies are in memory at the same time."""


class Door:
    """Lets in so many requests a second and so many together; a sender turned away comes again."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._allowance = BURST
        self._at = clock()
        self._together = 0

    def open(self) -> bool:
        """Whether one more may come in; it is counted."""
        now = self._clock()
        self._allowance = min(BURST, self._allowance + (now - self._at) * PER_SECOND)
        self._at = now
        if self._allowance < 1.0 or self._together >= TOGETHER:
            return False
        self._allowance -= 1.0
        return True

    @contextmanager
    def inside(self) -> Iterator[None]:
        """For as long as the request is being answered."""
        self._together += 1
        try:
            yield
        finally:
            self._together -= 1
