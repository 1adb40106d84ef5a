"""The log of every call, for tests and for the page of the demo."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.kaiten.http import bearer
from sandbox.kaiten.shapes import JsonObject


@dataclass(slots=True, kw_only=True)
class Call:
    """``status`` stays None while the call runs, and for good when its connection was dropped."""

    seq: int
    monotonic: float  # seconds
    utc: datetime
    method: str
    path: str
    query: list[tuple[str, str]]
    user: str | None  # the seed's name of the token's owner
    with_token: bool
    status: int | None = None
    seconds: float | None = None

    def shape(self) -> JsonObject:
        return {
            "seq": self.seq,
            "monotonic": self.monotonic,
            "utc": self.utc.isoformat(),
            "method": self.method,
            "path": self.path,
            "query": dict(self.query),
            "status": self.status,
            "user": self.user,
            "with_token": self.with_token,
            "seconds": self.seconds,
        }


class Recorded:
    """ASGI middleware that notes every call but those of the control paths. The token itself is never kept."""

    def __init__(self, app: ASGIApp, calls: Callable[[], list[Call]], owner: Callable[[str], str | None]) -> None:
        self._app = app
        self._calls = calls
        self._owner = owner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/sandbox"):
            await self._app(scope, receive, send)
            return
        log = self._calls()
        header = Headers(scope=scope).get("authorization", "")
        call = Call(
            seq=len(log) + 1,
            monotonic=time.monotonic(),
            utc=datetime.now(UTC),
            method=scope["method"],
            path=scope["path"],
            query=parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True),
            user=self._owner(bearer(header)),
            with_token=bool(header),
        )
        log.append(call)

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                call.status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            call.seconds = round(time.monotonic() - call.monotonic, 6)
