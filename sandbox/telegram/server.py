"""The Bot API over HTTP: tokens, methods, downloads, and the troubles asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sandbox.telegram import reading
from sandbox.telegram.calls import Call, Calls
from sandbox.telegram.clock import Clock
from sandbox.telegram.control import Control, misused
from sandbox.telegram.faults import Fault, Faults
from sandbox.telegram.files import Files, Stored
from sandbox.telegram.flood import Flood, Limits
from sandbox.telegram.methods import methods
from sandbox.telegram.parameters import Parameters
from sandbox.telegram.refusals import Misused, Refused, too_many_requests
from sandbox.telegram.updates import UpdateQueue
from sandbox.telegram.webhook import Webhook
from sandbox.telegram.world import User, World

_TRANSPORT = "sandbox.telegram.transport"


class _StandIn(Starlette):
    """Keeps hold of the connection below a request, so that a fault can cut it without an answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope[_TRANSPORT] = getattr(getattr(send, "__self__", None), "transport", None)
        await super().__call__(scope, receive, send)


async def _cut(request: Request) -> Response:
    """Ends the connection at once; in process the caller meets the error httpx has for it."""
    transport = request.scope[_TRANSPORT]
    if transport is None:
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
    transport.abort()
    while (await request.receive())["type"] != "http.disconnect":
        pass
    return Response()


class _BotApi:
    def __init__(self, token: str, world: World, webhook: Webhook, flood: Flood, faults: Faults, calls: Calls) -> None:
        self._token = token
        self._world = world
        self._flood = flood
        self._faults = faults
        self._calls = calls
        self._methods = {name.lower(): (name, method) for name, method in methods(webhook).items()}

    async def call(self, request: Request) -> Response:
        """https://core.telegram.org/bots/api#making-requests"""
        token, _, written = str(request.path_params["rest"]).partition("/")
        name, method = self._methods.get(written.lower(), (written, None))
        try:
            async with reading.parameters(request) as parameters:
                call = self._calls.begin(name, parameters.integer("chat_id"), parameters.described())
                try:
                    if token != self._token:
                        raise Refused(401, "Unauthorized")
                    if method is None:
                        raise Refused(404, "Not Found")
                    metered = Flood.meters(name)
                    if metered and (wait := self._flood.still_closed(call.chat_id)) is not None:
                        call.inside_429 = True
                        raise too_many_requests(wait)
                    fault = await self._fault(call)
                    if fault is not None and not fault.after and (fault.drop or fault.answers):
                        return await self._trouble(request, call, fault)
                    if metered and (wait := self._flood.over(call.chat_id, _messages(name, parameters))):
                        raise too_many_requests(wait)
                    result = await method(self._world, parameters)
                    call.status, call.result = 200, None if name == "getUpdates" else result
                    if fault is not None and (fault.drop or fault.answers):
                        return await self._trouble(request, call, fault)
                    return reading.answer({"ok": True, "result": result})
                except Refused as refused:
                    call.status, call.description = refused.status, refused.description
                    raise
                finally:
                    self._calls.end(call)
                    self._world.changes.note(
                        "call", call_seq=call.seq, method=name, chat_id=call.chat_id, status=call.status
                    )
        except Refused as refused:
            return reading.answer(refused.payload(), refused.status)

    async def download(self, request: Request) -> Response:
        """https://core.telegram.org/bots/api#file ; faults and the record call it `download`."""
        token, _, place = str(request.path_params["rest"]).partition("/")
        call = self._calls.begin("download", None, {"file_path": place})
        try:
            stored = self._world.files.by_place(place)
            if token != self._token or stored is None:
                refused = Refused(401, "Unauthorized") if token != self._token else Refused(404, "Not Found")
                call.status, call.description = refused.status, refused.description
                return reading.answer(refused.payload(), refused.status)
            fault = await self._fault(call)
            if fault is not None and fault.drop == "after":
                call.fault, call.dropped = fault.id, "after"
                return _half(request, stored)
            if fault is not None and (fault.drop or fault.answers):
                return await self._trouble(request, call, fault)
            call.status = 200
            return FileResponse(stored.path, media_type="application/octet-stream")
        finally:
            self._calls.end(call)

    async def _fault(self, call: Call) -> Fault | None:
        fault = self._faults.hit(call.method, call.chat_id, call.params)
        if fault is not None:
            call.fault = fault.id
            if fault.delay_seconds:
                await self._world.clock.sleep(fault.delay_seconds)
        return fault

    async def _trouble(self, request: Request, call: Call, fault: Fault) -> Response:
        if fault.wedge_seconds:
            await self._world.clock.sleep(fault.wedge_seconds)
        if fault.drop is not None:
            call.status, call.dropped = None, fault.drop
            return await _cut(request)
        status = fault.status or 200
        call.status = status
        if fault.body is not None:
            return Response(fault.body, status_code=status, media_type="text/html")
        if fault.retry_after is not None and status == 429:
            self._flood.close(call.chat_id, fault.retry_after)
            refused = too_many_requests(fault.retry_after)
        else:
            refused = Refused(status, HTTPStatus(status).phrase)
        refused.description = fault.description or refused.description
        call.description = refused.description
        return reading.answer(refused.payload(), status)


def _messages(method: str, parameters: Parameters) -> int:
    """How many messages a call counts as: an album is as many as its parts."""
    if method != "sendMediaGroup":
        return 1
    parts = parameters.structure("media")
    return len(parts) if isinstance(parts, list) and parts else 1


def _half(request: Request, stored: Stored) -> Response:
    """Promises the whole file and is cut off in the middle."""

    async def pieces() -> AsyncIterator[bytes]:
        with stored.path.open("rb") as source:
            left = stored.size // 2
            while left > 0 and (piece := source.read(min(left, 1 << 16))):
                left -= len(piece)
                yield piece
        await _cut(request)

    return StreamingResponse(
        pieces(), media_type="application/octet-stream", headers={"content-length": str(stored.size)}
    )


def app(
    token: str,
    *,
    username: str = "support_desk_bot",
    first_name: str = "Support",
    clock: Clock | None = None,
    limits: Limits | None = None,
    repeat_seconds: float = 3.0,
    conflict_seconds: float = 3.0,
    callback_answer_seconds: float = 300.0,
    webhook_transport: httpx.AsyncBaseTransport | None = None,
    webhook_first_wait: float = 1.0,
) -> Starlette:
    """One bot's Telegram, as an ASGI application for a socket or for `httpx.ASGITransport`.

    `repeat_seconds`: polling the same offset again so soon is slowed down (0 switches that off). `conflict_seconds`:
    how long a repeated 409 is held back. `callback_answer_seconds`: how long a tap can be answered (Telegram does
    not publish the figure). `webhook_transport` lets webhooks reach an application in process.
    """
    clock = clock or Clock()
    bot_id = token.partition(":")[0]
    updates = UpdateQueue(clock, repeat_seconds=repeat_seconds, conflict_seconds=conflict_seconds)
    world = World(
        clock=clock,
        bot=User(id=int(bot_id) if bot_id.isdigit() else 1, first_name=first_name, username=username, is_bot=True),
        files=Files(),
        updates=updates,
        callback_answer_seconds=callback_answer_seconds,
    )
    flood, faults, calls = Flood(clock, limits or Limits()), Faults(), Calls(clock)
    webhook = Webhook(clock, updates, webhook_transport, webhook_first_wait)
    bot_api = _BotApi(token, world, webhook, flood, faults, calls)
    control = Control(world, webhook, flood, faults, calls)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        webhook.remove(drop=False)
        world.files.close()

    return _StandIn(
        routes=[
            *control.routes(),
            Route("/file/bot{rest:path}", bot_api.download, methods=["GET"]),
            Route("/bot{rest:path}", bot_api.call, methods=["GET", "POST"]),
        ],
        middleware=[Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])],
        exception_handlers={Misused: misused},
        lifespan=lifespan,
    )
