"""The few addresses the daemon answers: health, readiness, metrics, and the board's webhook."""

from __future__ import annotations

import hmac
import time
from collections.abc import Awaitable, Callable

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

LARGEST = 1024 * 1024
"""Bytes of a webhook's body; a larger one is refused unread."""
SEEN_WITHIN = 120.0
"""Seconds within which each side must have answered for the daemon to call itself ready."""

Receive = Callable[[bytes], None]
Lately = Callable[[], dict[str, float | None]]
"""Side → moment (monotonic) it last answered."""
Writable = Callable[[], Awaitable[bool]]


def web_app(
    *, registry: CollectorRegistry, lately: Lately, writable: Writable, board_hook: tuple[str, str, Receive] | None
) -> Starlette:
    """`board_hook`: the board tool's name, the secret, and what takes the payload sent to /hooks/<name>/<secret>.

    A payload is a hint only; the poll is the truth.
    """

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok")

    async def readyz(_: Request) -> Response:
        now = time.monotonic()
        sides = {
            name: "never"
            if moment is None
            else ("ok" if now - moment < SEEN_WITHIN else f"silent {now - moment:.0f} s")
            for name, moment in lately().items()
        }
        sides["store"] = "ok" if await writable() else "not writable"
        ready = all(state == "ok" for state in sides.values())
        return JSONResponse({"ready": ready, "sides": sides}, status_code=200 if ready else 503)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    async def hook(request: Request) -> Response:
        if board_hook is None:
            return PlainTextResponse("not found", status_code=404)
        name, secret, receive = board_hook
        given = f"{request.path_params['name']}/{request.path_params['secret']}"
        if not hmac.compare_digest(given.encode(), f"{name}/{secret}".encode()):
            return PlainTextResponse("not found", status_code=404)
        body = b""
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > LARGEST:
                    return PlainTextResponse("too large", status_code=413)
        except ClientDisconnect:
            return PlainTextResponse("gone", status_code=400)
        receive(body)
        return PlainTextResponse("ok")

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
            Route("/hooks/{name}/{secret}", hook, methods=["POST"]),
        ]
    )
