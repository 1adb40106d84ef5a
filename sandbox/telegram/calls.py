"""The record of every call a bot made, in order."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.telegram.clock import Clock

_KEPT = 100_000


@dataclass(slots=True, kw_only=True)
class Call:
    """`status` is None while the call waits and for one whose connection was cut; `monotonic` in seconds."""

    seq: int
    method: str
    chat_id: int | None
    params: dict[str, Any]
    at: datetime
    monotonic: float
    status: int | None = None
    description: str | None = None
    result: Any = None
    fault: int | None = None
    dropped: str | None = None
    inside_429: bool = False
    took_seconds: float | None = None

    def described(self) -> dict[str, Any]:
        shown = {name: getattr(self, name) for name in Call.__slots__}
        return shown | {"at": self.at.isoformat()}


class Calls:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: deque[Call] = deque(maxlen=_KEPT)
        self._seq = 0

    def begin(self, method: str, chat_id: int | None, params: dict[str, Any]) -> Call:
        self._seq += 1
        call = Call(
            seq=self._seq,
            method=method,
            chat_id=chat_id,
            params=params,
            at=self._clock.now(),
            monotonic=self._clock.monotonic(),
        )
        self._kept.append(call)
        return call

    def end(self, call: Call) -> None:
        call.took_seconds = round(self._clock.monotonic() - call.monotonic, 6)

    def since(self, seq: int, method: str | None, chat_id: int | None) -> list[dict[str, Any]]:
        return [
            call.described()
            for call in self._kept
            if call.seq > seq
            and (method is None or call.method.lower() == method.lower())
            and (chat_id is None or call.chat_id == chat_id)
        ]

    def count(self) -> int:
        return self._seq

    def clear(self) -> None:
        self._kept.clear()
