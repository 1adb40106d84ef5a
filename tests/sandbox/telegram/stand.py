"""The stand-in as the tests hold it: a clock set by hand, a client for its control, a bot's calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from telegram import Bot
from telegram.request import HTTPXRequest

from sandbox.telegram import Clock, Limits, app

TOKEN = "4242:stand-in_TOKEN"
ANNA = 7001


@dataclass
class Hand:
    """A clock that only moves when told to, or when somebody sleeps by it."""

    seconds: float = 0.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime(2030, 1, 7, 9, 0, tzinfo=UTC) + timedelta(seconds=self.seconds)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds
        await asyncio.sleep(0)

    def clock(self) -> Clock:
        return Clock(now=self.now, monotonic=lambda: self.seconds, sleep=self.sleep)


@dataclass(kw_only=True)
class Stand:
    client: httpx.AsyncClient
    transport: httpx.ASGITransport
    hand: Hand

    async def call(self, method: str, /, **parameters: Any) -> Any:
        """A bot's call; its result. Fails the test when Telegram would refuse it."""
        answer = await self.client.post(f"/bot{TOKEN}/{method}", json=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    async def refused(self, method: str, /, **parameters: Any) -> tuple[int, str]:
        """A bot's call that must be refused: status and description."""
        answer = await self.client.post(f"/bot{TOKEN}/{method}", json=parameters)
        body = answer.json()
        assert body["ok"] is False
        assert body["error_code"] == answer.status_code
        return answer.status_code, body["description"]

    async def control(self, verb: str, path: str, /, **body: Any) -> Any:
        answer = await self.client.request(verb, f"/sandbox/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def misuse(self, verb: str, path: str, /, **body: Any) -> tuple[int, str]:
        answer = await self.client.request(verb, f"/sandbox/{path}", json=body)
        return answer.status_code, answer.json()["error"]

    async def writes(self, text: str = "hello", **more: Any) -> int:
        """Anna writes; the message's number."""
        sent = await self.control("POST", f"chats/{ANNA}/messages", kind="text", text=text, **more)
        return int(sent["message_id"])

    async def sends(self, kind: str, **more: Any) -> int:
        sent = await self.control("POST", f"chats/{ANNA}/messages", kind=kind, **more)
        return int(sent["message_id"])

    async def updates(self, **parameters: Any) -> list[Any]:
        return list(await self.call("getUpdates", **parameters))

    async def transcript(self, chat_id: int = ANNA) -> Any:
        return await self.control("GET", f"chats/{chat_id}")

    async def state(self) -> Any:
        return await self.control("GET", "state")

    def request(self) -> HTTPXRequest:
        return HTTPXRequest(httpx_kwargs={"transport": self.transport})

    @asynccontextmanager
    async def bot(self) -> AsyncIterator[Bot]:
        """The real python-telegram-bot, in process."""
        bot = Bot(
            TOKEN,
            base_url="http://telegram/bot",
            base_file_url="http://telegram/file/bot",
            request=self.request(),
            get_updates_request=self.request(),
        )
        async with bot:
            yield bot


@asynccontextmanager
async def standing(limits: Limits | None = None, **options: Any) -> AsyncIterator[Stand]:
    """A stand-in in process with Anna known to it, who has not written yet."""
    hand = Hand()
    made = app(
        TOKEN,
        clock=hand.clock(),
        limits=limits or Limits(overall_per_second=None),
        **{"repeat_seconds": 0.0, **options},
    )
    transport = httpx.ASGITransport(app=made)
    async with httpx.AsyncClient(transport=transport, base_url="http://telegram") as client:
        stand = Stand(client=client, transport=transport, hand=hand)
        await stand.control("POST", "users", id=ANNA, first_name="Anna", username="anna", language_code="ru")
        yield stand
