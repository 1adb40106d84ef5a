"""Putting the stand-in together: the routes under both names of the API, and what every call passes through."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic as system_monotonic
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount

from sandbox.kaiten import (
    activity,
    bonds,
    card_routes,
    comments,
    control,
    files,
    incoming,
    members,
    people,
    properties,
    slas,
    structure,
    tags,
    webhooks,
)
from sandbox.kaiten.calls import Recorded
from sandbox.kaiten.faults import Faulty
from sandbox.kaiten.ratelimit import RateLimited
from sandbox.kaiten.seed import CORE12, load
from sandbox.kaiten.settings import Settings, changed
from sandbox.kaiten.stand_in import StandIn

API: list[BaseRoute] = [
    *people.ROUTES,
    *structure.ROUTES,
    *properties.ROUTES,
    *card_routes.ROUTES,
    *bonds.ROUTES,
    *slas.ROUTES,
    *comments.ROUTES,
    *files.ROUTES,
    *tags.ROUTES,
    *members.ROUTES,
    *activity.ROUTES,
    *webhooks.ROUTES,
    *incoming.ROUTES,
]


def _system_clock() -> datetime:
    return datetime.now(UTC)


def app(
    seed: Mapping[str, Any] | Path | None = None,
    *,
    clock: Callable[[], datetime] = _system_clock,
    monotonic: Callable[[], float] = system_monotonic,
    base_url: str | None = None,
    webhook_transport: httpx.AsyncBaseTransport | None = None,
    random_seed: int = 0,
    **options: object,
) -> Starlette:
    """A new company, served.

    ``seed``: the company as an object or a JSON file; without it the one of core12.json. ``clock`` gives aware
    moments, ``monotonic`` the seconds the rate limit counts in. ``base_url`` stands before the addresses of files;
    without it the one each request came to. ``webhook_transport`` carries the outgoing webhooks instead of the
    network. ``options`` are the settings of settings.py. Raises Problem for a broken seed or setting.
    """
    planted = load(seed or CORE12) if seed is None or isinstance(seed, Path) else seed
    stand_in = StandIn(
        seed=planted,
        settings=changed(Settings(), options),
        clock=clock,
        monotonic=monotonic,
        base_url=base_url,
        webhook_transport=webhook_transport,
        random_seed=random_seed,
    )
    anywhere = Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])
    starlette = Starlette(
        routes=[
            Mount("/api/latest", routes=API),
            Mount("/api/v1", routes=API),
            Mount("/sandbox", routes=control.ROUTES, middleware=[anywhere]),
            *files.PUBLIC_ROUTES,
            *incoming.PUBLIC_ROUTES,
        ],
        middleware=[
            Middleware(Recorded, calls=lambda: stand_in.calls, owner=stand_in.owner),
            Middleware(RateLimited, limit=lambda: stand_in.rate, settings=lambda: stand_in.company.settings),
            Middleware(Faulty, faults=lambda: stand_in.faults),
        ],
        exception_handlers={404: _absent, 405: _no_such_method},
    )
    starlette.state.stand_in = stand_in
    return starlette


async def _absent(request: Request, reason: Exception) -> Response:
    return JSONResponse({"message": "Not found"}, 404)


async def _no_such_method(request: Request, reason: Exception) -> Response:
    headers = reason.headers if isinstance(reason, HTTPException) else None
    return Response(status_code=405, headers=headers)
