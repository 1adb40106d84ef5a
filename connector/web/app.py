"""The few addresses the daemon answers: health, readiness, metrics, and the webhooks of both sides."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from connector.web.limits import Door

LARGEST = 1024 * 1024
"""Bytes of a webhook's body; a larger one is refused."""
BODY_WITHIN = 10.0
"""Seconds a body may take to arrive."""
SEEN_WITHIN = 120.0
"""Seconds within which each side must have answered for the daemon to call itself ready."""

Take = Callable[[bytes], Awaitable[bool]]
"""Takes a body; True once it is safe, False when the sender must come again."""
Lately = Callable[[], dict[str, float | None]]
"""Side → moment (monotonic) it last answered."""
Writable = Callable[[], Awaitable[bool]]
Oldest = Callable[[], dict[str, float]]
"""Side → seconds its oldest order has waited."""

# https://core.telegram.org/bots/api#setwebhook
TELEGRAM_SECRET = "x-telegram-bot-api-secret-token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A webhook that is served. Its secret is in the path (`in_path`), or in Telegram's header."""

    side: str
    path: str
    secret: str
    take: Take
    in_path: bool


def web_app(
    *,
    registry: CollectorRegistry,
    lately: Lately,
    writable: Writable,
    oldest: Oldest = dict,
    hooks: tuple[Hook, ...] = (),
    counted: Callable[[str, int], None] = lambda side, status: None,
    clock: Callable[[], float] = time.monotonic,
) -> ASGIApp:
    """What serves them. Whatever is not among them gets an empty 404, a wrong secret too: nothing tells them apart.

    `counted` is told the side and the status of each request that a webhook answered.
    """
    doors = {hook.path: (hook, Door(clock)) for hook in hooks}

    async def healthz() -> Response:
        return PlainTextResponse("ok")

    async def readyz() -> Response:
        now = clock()
        sides = {
            name: "never"
            if moment is None
            else ("ok" if now - moment < SEEN_WITHIN else f"silent {now - moment:.0f} s")
            for name, moment in lately().items()
        }
        sides["store"] = "ok" if await writable() else "not writable"
        ready = all(state == "ok" for state in sides.values())
        waiting = {side: round(seconds, 1) for side, seconds in oldest().items()}
        told = {"ready": ready, "sides": sides, "oldest_waiting_seconds": waiting}
        return JSONResponse(told, status_code=200 if ready else 503)

    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    pages = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics}

    async def answer(request: Request) -> Response:
        path = request.url.path
        if request.method in ("GET", "HEAD") and path in pages:
            return await pages[path]()
        base, _, last = path.rpartition("/")
        found = doors.get(path) or doors.get(base)
        if request.method != "POST" or found is None:
            return Response(status_code=404)
        hook, door = found
        given = last if hook.in_path else request.headers.get(TELEGRAM_SECRET, "")
        known = _alike(given, hook.secret)
        if not known or path != (f"{hook.path}/{last}" if hook.in_path else hook.path):
            return Response(status_code=404)
        response = await _taken(hook, door, request)
        counted(hook.side, response.status_code)
        return response

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            response = await answer(Request(scope, receive))
            await response(scope, receive, send)

    return application


async def _taken(hook: Hook, door: Door, request: Request) -> Response:
    if not door.open():
        return Response(status_code=429, headers={"retry-after": "1"})
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > LARGEST:
        return Response(status_code=413)
    with door.inside():
        try:
            async with asyncio.timeout(BODY_WITHIN):
                body = await _body(request)
        except (ClientDisconnect, TimeoutError):
            return Response(status_code=408)
        if body is None:
            return Response(status_code=413)
        if await hook.take(body):
            return Response(status_code=200)
        return Response(status_code=503, headers={"retry-after": "1"})


async def _body(request: Request) -> bytes | None:
    """None when it is too large."""
    pieces = bytearray()
    async for chunk in request.stream():
        pieces += chunk
        if len(pieces) > LARGEST:
            return None
    return bytes(pieces)


def _alike(given: str, secret: str) -> bool:
    """Compared in a time that tells neither how far they agree nor how long the secret is."""
    one, other = (hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest() for text in (given, secret))
    return hmac.compare_digest(one, other)
