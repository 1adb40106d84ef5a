"""The rate limit: a sliding window per token, told in headers, and the record of who kept to it."""

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.kaiten.http import bearer
from sandbox.kaiten.settings import Settings

SORRY = "Too many requests, please try again later."
RETRY_AFTER = 1.0
"""Seconds a refused caller is asked to stay away."""


@dataclass(slots=True, kw_only=True)
class Bucket:
    """The calls of one token; times are seconds of a monotonic clock."""

    served: deque[float] = field(default_factory=deque)
    arrived: deque[float] = field(default_factory=deque)
    asked_away_until: float = -math.inf
    calls: int = 0
    refused: int = 0
    max_calls_in_any_window: int = 0
    calls_while_asked_away: int = 0


class RateLimit:
    """Refused calls take no place in the window, but they are counted in what the callers did."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.buckets: dict[str, Bucket] = {}

    def admit(self, token: str, settings: Settings) -> tuple[bool, int]:
        """Whether this call is served, and how many more would be."""
        now = self._clock()
        bucket = self.buckets.setdefault(token, Bucket())
        for times in (bucket.served, bucket.arrived):
            while times and times[0] <= now - settings.rate_window_seconds:
                times.popleft()
        bucket.calls += 1
        bucket.arrived.append(now)
        bucket.max_calls_in_any_window = max(bucket.max_calls_in_any_window, len(bucket.arrived))
        if now < bucket.asked_away_until:
            bucket.calls_while_asked_away += 1
        if len(bucket.served) >= settings.rate_limit:
            bucket.refused += 1
            bucket.asked_away_until = now + RETRY_AFTER
            return False, 0
        bucket.served.append(now)
        return True, settings.rate_limit - len(bucket.served)


class RateLimited:
    """ASGI middleware over the API paths."""

    def __init__(self, app: ASGIApp, limit: Callable[[], RateLimit], settings: Callable[[], Settings]) -> None:
        self._app = app
        self._limit = limit
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/api/"):
            await self._app(scope, receive, send)
            return
        settings = self._settings()
        token = bearer(Headers(scope=scope).get("authorization", ""))
        admitted, remaining = self._limit().admit(token, settings)
        told = {
            "x-ratelimit-limit": str(settings.rate_limit),
            "x-ratelimit-remaining": str(remaining),
            "x-ratelimit-reset": str(math.ceil(time.time() + settings.rate_window_seconds)),
        }

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in told.items():
                    headers[name] = value
            await send(message)

        if admitted:
            await self._app(scope, receive, telling)
        else:
            refusal = Response(SORRY, 429, {"retry-after": f"{RETRY_AFTER:.0f}"}, media_type="text/html")
            await refusal(scope, receive, telling)
