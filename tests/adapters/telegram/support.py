"""What the tests of this room share: an open budget, a spool of local files, a scripted Bot API."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx

from adapters.telegram import TelegramChat
from connector.domain.effects import ChatEffect, Urgency, urgency_of
from connector.domain.refs import Key, Ref
from connector.domain.words import File, FileKind
from connector.ports import Order, Unavailable

BOT = 4242
SECRET = "AAtest-secret_0123456789"
TOKEN = f"{BOT}:{SECRET}"
CHAT = Ref(port="telegram", id="77")
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass(slots=True)
class OpenBudget:
    """Lets everyone through at once and remembers who came."""

    calls: list[tuple[Urgency, str | None]] = field(default_factory=list)
    refusals: list[tuple[float, str | None]] = field(default_factory=list)
    held: int = 0
    closed: bool = False

    @asynccontextmanager
    async def call(self, urgency: Urgency, subject: str | None = None) -> AsyncIterator[None]:
        if self.closed:
            raise Unavailable("no right to act any more", surely_not_done=True)
        self.calls.append((urgency, subject))
        self.held += 1
        try:
            yield
        finally:
            self.held -= 1

    def learned(self, *, limit: int | None, remaining: int | None, reset_after: float | None) -> None:
        raise AssertionError("Telegram tells no such figures")

    def refused(self, retry_after: float, subject: str | None = None) -> None:
        self.refusals.append((retry_after, subject))


@dataclass(slots=True)
class LocalSpool:
    """Files of another tool that are on this disk already, by the id of their ref."""

    folder: Path
    opened: list[str] = field(default_factory=list)
    open_now: int = 0

    @asynccontextmanager
    async def open(self, file: File) -> AsyncIterator[Path]:
        self.opened.append(file.ref.id)
        self.open_now += 1
        try:
            yield self.folder / file.ref.id
        finally:
            self.open_now -= 1

    def keep(self, name: str, content: bytes, kind: FileKind, mime: str | None = None) -> File:
        """A file of a tool called board."""
        (self.folder / name).write_bytes(content)
        return File(ref=Ref(port="board", id=name), kind=kind, name=name, size=len(content), mime=mime)


@dataclass(slots=True)
class Seen:
    """One request as it arrived; `largest` is the size in bytes of the largest piece its body came in."""

    method: str
    path: str
    params: dict[str, Any]
    body: bytes
    largest: int


Answer = httpx.Response | Exception | Callable[[Seen], httpx.Response]


class Script(httpx.AsyncBaseTransport):
    """A Bot API that answers as written down for a method (the last answer stays), else with plain success."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.answers: dict[str, list[Answer]] = {}
        self.next_message = 500

    def on(self, method: str, *answers: Answer) -> Script:
        self.answers[method] = list(answers)
        return self

    def methods(self) -> list[str]:
        return [seen.method for seen in self.seen]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        pieces = [piece async for piece in request.stream]  # type: ignore[union-attr]  # what httpx sends is a stream of bytes
        body = b"".join(pieces)
        seen = Seen(
            method=request.url.path.rsplit("/", 1)[-1],
            path=request.url.path,
            params=_parameters(request, body),
            body=body,
            largest=max(map(len, pieces), default=0),
        )
        self.seen.append(seen)
        waiting = self.answers.get(seen.method)
        if not waiting:
            return self.success(seen)
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(seen) if callable(answer) else answer

    def success(self, seen: Seen) -> httpx.Response:
        match seen.method:
            case "getMe":
                return ok({"id": BOT, "is_bot": True, "first_name": "Desk", "username": "desk_bot"})
            case "getUpdates":
                return ok([])
            case "sendMediaGroup":
                return ok([self._message(seen) for _ in json.loads(seen.params["media"])])
            case method if method.startswith("send"):
                return ok(self._message(seen))
            case _:
                return ok(True)

    def _message(self, seen: Seen) -> dict[str, Any]:
        self.next_message += 1
        return {
            "message_id": self.next_message,
            "date": 1763812800,
            "chat": {"id": int(seen.params["chat_id"]), "type": "private", "first_name": "Anna"},
        }


def _parameters(request: httpx.Request, body: bytes) -> dict[str, Any]:
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/json"):
        found: dict[str, Any] = json.loads(body)
        return found
    if kind.startswith("application/x-www-form-urlencoded"):
        return {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
    if kind.startswith("multipart/form-data"):
        return _parts(body, kind.partition("boundary=")[2].encode())
    return {}


def _parts(body: bytes, boundary: bytes) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    for part in body.split(b"--" + boundary)[1:-1]:
        head, _, content = part.strip(b"\r\n").partition(b"\r\n\r\n")
        described = head.decode()
        name = described.partition('name="')[2].partition('"')[0]
        filename = described.partition('filename="')[2].partition('"')[0]
        parts[name] = (filename, content) if filename else content.decode()
    return parts


def ok(result: object) -> httpx.Response:
    return httpx.Response(200, content=json.dumps({"ok": True, "result": result}).encode("ascii"))


def bad(status: int, description: str, **parameters: object) -> httpx.Response:
    answer: dict[str, object] = {"ok": False, "error_code": status, "description": description}
    return httpx.Response(status, json=answer | ({"parameters": parameters} if parameters else {}))


def chat_on(
    script: httpx.AsyncBaseTransport | None,
    *,
    budget: OpenBudget | None = None,
    spool: LocalSpool | None = None,
    base_url: str = "https://tg.example",
    poll_seconds: int = 25,
    naps: list[float] | None = None,
    push_to: tuple[str, str] | None = None,
) -> TelegramChat:
    """A chat whose clock stands still and whose naps are only noted."""

    async def nap(seconds: float) -> None:
        if naps is not None:
            naps.append(seconds)

    return TelegramChat(
        token=TOKEN,
        base_url=base_url,
        budget=budget or OpenBudget(),
        spool=spool or LocalSpool(Path("nowhere")),
        poll_seconds=poll_seconds,
        push_to=push_to,
        now=lambda: NOW,
        monotonic=lambda: 1000.0,
        sleep=nap,
        transport=script,
    )


def order(
    effect: ChatEffect, *, attempt: int = 1, made: Mapping[Key, tuple[Ref, ...]] | None = None
) -> Order[ChatEffect]:
    return Order(key=effect.key, effect=effect, attempt=attempt, urgency=urgency_of(effect), made=made or {})


def message_ref(number: int, chat: int = 77, bot: int = BOT) -> Ref:
    return Ref(port="telegram", id=f"{bot}/{chat}/{number}")
