"""How often a bot may write before Telegram answers 429.

https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Any

from sandbox.telegram.clock import Clock

_METERED = ("send", "edit", "delete", "forward", "copy", "pin", "unpin", "setmessagereaction", "stop")
_NOT_METERED = ("sendchataction", "deletewebhook", "deletemycommands", "editmessagelivelocation")


@dataclass(slots=True, kw_only=True)
class Limits:
    """Messages: `chat_burst` at once and `chat_rate` a second per chat, `group_per_minute`, `overall_per_second`.

    None switches a limit off.
    """

    chat_burst: int | None = None
    chat_rate: float = 1.0
    group_per_minute: int | None = None
    overall_per_second: int | None = 30


class Flood:
    def __init__(self, clock: Clock, limits: Limits) -> None:
        self._clock = clock
        self.limits = limits
        self.clear()

    def clear(self) -> None:
        self._tokens: dict[int, tuple[float, float]] = {}
        self._groups: dict[int, deque[float]] = {}
        self._accepted: deque[float] = deque()
        self._seen: deque[float] = deque()
        self._windows: dict[int, float] = {}
        self.calls_inside_429 = 0
        self.max_calls_in_one_second = 0
        self.refused = 0

    @staticmethod
    def meters(method: str) -> bool:
        name = method.lower()
        return name.startswith(_METERED) and name not in _NOT_METERED

    def still_closed(self, chat_id: int | None) -> int | None:
        """Seconds the chat's 429 has left; a call that meets it counts as one that did not wait."""
        now = self._clock.monotonic()
        self._seen.append(now)
        _drop_before(self._seen, now - 1)
        self.max_calls_in_one_second = max(self.max_calls_in_one_second, len(self._seen))
        until = self._windows.get(chat_id or 0)
        if chat_id is None or until is None or now >= until:
            return None
        self.calls_inside_429 += 1
        self.refused += 1
        return max(1, math.ceil(until - now))

    def close(self, chat_id: int | None, seconds: float) -> None:
        """A 429 was answered: until then nothing may come to this chat."""
        if chat_id is not None:
            self._windows[chat_id] = self._clock.monotonic() + seconds

    def over(self, chat_id: int | None, messages: int) -> int | None:
        """Seconds to wait when `messages` more are too many, else None, and they are counted."""
        if chat_id is None:
            return None
        wait = self._wait(chat_id, messages)
        if wait is None:
            return None
        self.refused += 1
        self.close(chat_id, wait)
        return wait

    def _wait(self, chat_id: int, messages: int) -> int | None:
        now, limits = self._clock.monotonic(), self.limits
        _drop_before(self._accepted, now - 1)
        if limits.overall_per_second is not None and len(self._accepted) + messages > limits.overall_per_second:
            return 1
        group = self._groups.setdefault(chat_id, deque())
        _drop_before(group, now - 60)
        if chat_id < 0 and limits.group_per_minute is not None and len(group) + messages > limits.group_per_minute:
            return max(1, math.ceil(group[0] + 60 - now)) if group else 60
        if limits.chat_burst is not None:
            tokens, since = self._tokens.get(chat_id, (float(limits.chat_burst), now))
            tokens = min(float(limits.chat_burst), tokens + (now - since) * limits.chat_rate)
            needed = min(messages, limits.chat_burst)
            if tokens + 1e-6 < needed:
                self._tokens[chat_id] = (tokens, now)
                return max(1, math.ceil((needed - tokens) / limits.chat_rate - 1e-6))
            self._tokens[chat_id] = (tokens - needed, now)
        self._accepted.extend([now] * messages)
        group.extend([now] * messages)
        return None

    def described(self) -> dict[str, Any]:
        now = self._clock.monotonic()
        return {
            "calls_inside_429": self.calls_inside_429,
            "answered_429": self.refused,
            "max_calls_in_one_second": self.max_calls_in_one_second,
            "closed_chats": {str(c): round(t - now, 3) for c, t in self._windows.items() if t > now},
            "limits": {name: getattr(self.limits, name) for name in Limits.__slots__},
        }


def _drop_before(times: deque[float], moment: float) -> None:
    while times and times[0] <= moment:
        times.popleft()
