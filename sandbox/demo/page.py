"""The page of the demo and, under the same address, both stand-ins it speaks to."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

STATIC = Path(__file__).with_name("static")
_OURS = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# What people send is shown by the page; opened by itself it must not act in its name.
_THEIRS = "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'"


class _Guarded:
    """ASGI middleware: nothing but our own scripts runs, and nothing is kept by the browser."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        theirs = str(scope.get("path", "")).startswith(("/telegram/", "/kaiten/"))

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["content-security-policy"] = _THEIRS if theirs else _OURS
                headers["x-content-type-options"] = "nosniff"
                headers["referrer-policy"] = "no-referrer"
                headers.setdefault("cache-control", "no-cache")
            await send(message)

        await self._app(scope, receive, guarded)


def page_app(telegram: ASGIApp, kaiten: ASGIApp) -> Starlette:
    """`/telegram/…` and `/kaiten/…` are the stand-ins themselves, so that the page needs no other address."""
    return Starlette(
        routes=[
            Mount("/telegram", telegram),
            Mount("/kaiten", kaiten),
            Mount("/", StaticFiles(directory=STATIC, html=True)),
        ],
        middleware=[Middleware(_Guarded)],
    )
