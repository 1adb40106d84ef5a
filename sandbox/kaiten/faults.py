"""Faults on order: a call may be refused, delayed, cut short, dribbled, or lose its connection."""

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.kaiten import schema
from sandbox.kaiten.problems import bad_request
from sandbox.kaiten.shapes import JsonObject
from sandbox.kaiten.wire import hang_up


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens to the next ``times`` calls that match. README.md tells how the parts combine."""

    id: int
    path_regex: str
    method: str | None = None
    times: int | None = 1  # None: until deleted
    status: int | None = None
    body: object = None
    headers: Mapping[str, str] | None = None
    after_effect: bool = False  # a status is answered although the call was carried out
    delay_seconds: float = 0
    delay_after_seconds: float = 0
    drop: Literal["before", "after", "during"] | None = None
    truncate_body: int | None = None  # bytes
    slow_bytes: int | None = None  # bytes a second

    def matches(self, method: str, path: str) -> bool:
        return self.method in (None, method) and re.search(self.path_regex, path) is not None

    def shape(self) -> JsonObject:
        return {name: getattr(self, name) for name in self.__slots__}


FIELDS: schema.Fields = {
    "path_regex": schema.text(1000),
    "method": schema.nullable(schema.one_of("GET", "POST", "PUT", "PATCH", "DELETE")),
    "times": schema.nullable(schema.integer(least=1)),
    "status": schema.nullable(schema.integer(least=200)),
    "body": lambda value: value,
    "headers": schema.mapping,
    "after_effect": schema.boolean,
    "delay_seconds": schema.number,
    "delay_after_seconds": schema.number,
    "drop": schema.nullable(schema.one_of("before", "after", "during")),
    "truncate_body": schema.nullable(schema.integer(least=0)),
    "slow_bytes": schema.nullable(schema.integer(least=1)),
}


class Faults:
    """The ordered faults; the first that matches a call is used up by it."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []
        self._last_id = 0

    def order(self, body: Mapping[str, object]) -> Fault:
        if unknown := set(body) - set(FIELDS):
            raise bad_request(f"a fault has no {', '.join(sorted(unknown))}; known: {', '.join(FIELDS)}")
        values: dict[str, Any] = schema.read(body, FIELDS, "Fault", "path_regex")
        try:
            re.compile(values["path_regex"])
        except re.error as wrong:
            raise bad_request(f"Fault.path_regex is no regular expression: {wrong}") from None
        self._last_id += 1
        fault = Fault(id=self._last_id, **values)
        self.waiting.append(fault)
        return fault

    def take(self, method: str, path: str) -> Fault | None:
        for position, fault in enumerate(self.waiting):
            if fault.matches(method, path):
                if fault.times == 1:
                    del self.waiting[position]
                elif fault.times is not None:
                    self.waiting[position] = replace(fault, times=fault.times - 1)
                return fault
        return None


class Faulty:
    """ASGI middleware over everything but the control paths."""

    def __init__(self, app: ASGIApp, faults: Callable[[], Faults]) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = None
        if scope["type"] == "http" and not scope["path"].startswith("/sandbox"):
            fault = self._faults().take(scope["method"], scope["path"])
        if fault is None:
            await self._app(scope, receive, send)
        else:
            await self._spoil(fault, scope, receive, send)

    async def _spoil(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(fault.delay_seconds)
        if fault.drop == "before":
            await hang_up(receive)
            return
        answer = _Answer()
        if fault.status is None or fault.after_effect:
            await self._app(scope, receive, answer.keep)
        if fault.status is not None:
            answer = _Answer()
            await _ordered_answer(fault)(scope, receive, answer.keep)
        await asyncio.sleep(fault.delay_after_seconds)
        if fault.drop == "after":
            await hang_up(receive)
            return
        await answer.send(fault, receive, send)


class _Answer:
    """A whole answer held back, to be sent spoiled."""

    def __init__(self) -> None:
        self._start: Message = {}
        self._body = b""

    async def keep(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
        elif message["type"] == "http.response.body":
            self._body += message.get("body", b"")

    async def send(self, fault: Fault, receive: Receive, send: Send) -> None:
        body = self._body if fault.truncate_body is None else self._body[: fault.truncate_body]
        if fault.drop != "during":
            # A body cut short comes as a whole answer: broken JSON, not a broken connection.
            MutableHeaders(scope=self._start)["content-length"] = str(len(body))
        await send(self._start)
        step = max(1, (fault.slow_bytes or 0) // 10)
        if fault.slow_bytes:
            for at in range(0, len(body), step):
                await send({"type": "http.response.body", "body": body[at : at + step], "more_body": True})
                await asyncio.sleep(step / fault.slow_bytes)
            body = b""
        if fault.drop == "during":
            await send({"type": "http.response.body", "body": body, "more_body": True})
            await hang_up(receive, "peer closed connection without sending complete message body")
            return
        await send({"type": "http.response.body", "body": body, "more_body": False})


def _ordered_answer(fault: Fault) -> Response:
    status = fault.status or 200
    headers = {name.lower(): str(value) for name, value in (fault.headers or {}).items()}
    match fault.body:
        case None:
            return Response(status_code=status, headers=headers)
        case str() as text:
            return Response(text, status, headers, media_type=None if "content-type" in headers else "text/html")
        case body:
            return Response(json.dumps(body, ensure_ascii=False), status, headers, media_type="application/json")
