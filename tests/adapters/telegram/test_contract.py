"""The Telegram adapter keeps the promises of the ports, over a socket against the stand-in."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from adapters.telegram import TelegramChat
from connector.domain.words import File, FileKind
from tests.adapters.contracts.chat import ChatContract
from tests.adapters.telegram.support import CHAT, TOKEN, chat_on
from tests.adapters.telegram.test_stand_in import Desk, desk

__all__ = ["desk"]


class _TelegramStand:
    room = CHAT

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.chat = desk.chat
        self.lives: list[TelegramChat] = []

    def reborn(self) -> TelegramChat:
        desk = self._desk
        again = chat_on(None, budget=desk.budget, spool=desk.spool, base_url=desk.url, poll_seconds=1)
        self.lives.append(again)
        return again

    async def write(self, text: str) -> None:
        self._last = (await self._desk.act("chats/77/messages", kind="text", text=text))["message_id"]

    async def rewrite(self, text: str) -> None:
        answer = await self._desk.people.put(f"/sandbox/chats/77/messages/{self._last}", json={"text": text})
        assert answer.is_success, answer.text

    async def answer(self, text: str) -> None:
        latest = [message["message_id"] for message in await self._messages() if message["from"] == "bot"][-1]
        await self._desk.act("chats/77/messages", kind="text", text=text, reply_to=latest)

    async def write_in_group(self, title: str, text: str) -> None:
        await self._desk.act("chats", id=-5, title=title, members=[77])
        await self._desk.act("chats/-5/messages", from_id=77, text=text)

    async def offered(self, language: str | None) -> list[tuple[str, str]]:
        told = {}
        for scope in ("all_private_chats", "all_group_chats"):
            asked = {"scope": {"type": scope}, **({"language_code": language} if language else {})}
            answer = await self._desk.people.post(f"/bot{TOKEN}/getMyCommands", json=asked)
            told[scope] = [(one["command"], one["description"]) for one in answer.json()["result"]]
        assert told["all_private_chats"] == told["all_group_chats"]
        return told["all_private_chats"]

    async def send_picture(self, content: bytes) -> None:
        written = base64.b64encode(content).decode()
        await self._desk.act("chats/77/messages", kind="document", file_base64=written, file_name="photo.jpg")

    async def tap(self, data: str) -> None:
        await self._desk.act("chats/77/taps", data=data)

    async def block(self) -> None:
        await self._desk.act("chats/77/block")

    async def let_in(self) -> None:
        await self._desk.act("chats/77/unblock")

    async def _messages(self) -> list[dict[str, Any]]:
        found = (await self._desk.people.get("/sandbox/chats/77")).json()
        return [message for message in cast(list[dict[str, Any]], found["messages"]) if not message["deleted"]]

    async def shown(self) -> list[str]:
        return [message["text"] or "" for message in await self._messages() if message["from"] == "bot"]

    async def marks(self) -> list[str]:
        return [mark for message in await self._messages() for mark in message["reactions"]["bot"]]

    async def lose_next_answer(self) -> None:
        await self._desk.act("faults", method="sendMessage", times=1, drop="after")

    async def refuse_next(self, seconds: int) -> None:
        await self._desk.act("faults", method="sendMessage", times=1, retry_after=seconds)

    def file(self, name: str) -> File:
        return self._desk.spool.keep(name, b"content", FileKind.DOCUMENT)


class TestTelegramChat(ChatContract):
    @pytest.fixture
    async def stand(self, desk: Desk) -> AsyncIterator[_TelegramStand]:
        await desk.act("chats/77/messages", kind="text", text="/start")
        stand = _TelegramStand(desk)
        batch = await desk.chat.read(None)
        await desk.chat.read(batch.cursor)
        yield stand
        for life in stand.lives:
            await life.aclose()
