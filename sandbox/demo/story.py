"""The story of the demo: one request of one client, from the first word to the end, each step seen by both sides."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol, TypeVar

from sandbox.demo.looks import Card, Said
from sandbox.demo.page import STATIC
from sandbox.demo.people import Agent, Client

T = TypeVar("T")

CABINET = "481516"
TOPIC = BOARD = "Касса и оплата"
LANE = "Сверхсрочно"
REQUEST = "На третьем посту касса не принимает карты: ошибка 17. Очередь из машин!"
PHOTO_CAPTION = "Вот что на экране"
ANSWER = "Мария, здравствуйте! Вижу терминал поста 3, перезагружаю его. Минуту."
ASIDE = "// Терминал той же партии, что и на прошлой неделе. Заказать замену?"
THANKS = "Заработало, спасибо!"
AGENT = "anna"

LIMIT = 30.0
"""Seconds each step may take; it usually takes less than one."""
_EVERY = 0.1
_SAMPLES = STATIC / "samples"


class NotSeen(Exception):
    """What was awaited did not come in time."""

    def __init__(self, awaited: str, seconds: float) -> None:
        super().__init__(awaited)
        self.awaited = awaited
        self.seconds = seconds


class Teller(Protocol):
    """Who tells the audience what happens."""

    async def chapter(self, title: str) -> None: ...
    async def client(self, name: str, text: str) -> None: ...
    async def agent(self, name: str, text: str) -> None: ...
    async def bot(self, said: Said) -> None: ...
    async def seen(self, what: str, seconds: float) -> None: ...


async def until(awaited: str, look: Callable[[], Awaitable[T | None]], limit: float = LIMIT) -> tuple[T, float]:
    """Looks again and again until there is something; also how many seconds that took. Raises NotSeen."""
    begun = time.monotonic()
    while True:
        found = await look()
        seconds = time.monotonic() - begun
        if found is not None:
            return found, seconds
        if seconds > limit:
            raise NotSeen(awaited, limit)
        await asyncio.sleep(_EVERY)


class Story:
    """Plays from `/start` to the card in its last column.

    `card` is the client's card as seen last, `begun` whether there is a chat yet.
    """

    def __init__(self, client: Client, agent: Agent, teller: Teller, *, limit: float = LIMIT) -> None:
        self._client = client
        self._agent = agent
        self._teller = teller
        self._limit = limit
        self._heard = 0
        self.begun = False
        self.card: Card | None = None

    async def play(self) -> Card:
        """Raises NotSeen at the first step that is not seen in time."""
        await self._introduction()
        card = await self._request()
        await self._files(card)
        await self._answer(card)
        return await self._end(card)

    async def _introduction(self) -> None:
        await self._teller.chapter("Клиент знакомится с ботом")
        await self._client.appear()
        self.begun = True
        await self._write("/start")
        await self._bot_says("приветствие бота", lambda said: bool(said.text))
        await self._write(CABINET)
        await self._bot_says(f"кнопка «{TOPIC}» в чате", lambda said: TOPIC in said.buttons)

    async def _request(self) -> Card:
        await self._teller.chapter("Вопрос становится карточкой")
        await self._teller.client(self._client.name, f"нажимает «{TOPIC}»")
        await self._client.tap(TOPIC)
        await self._bot_says("бот подтверждает тему", lambda said: bool(said.text))
        await self._write(REQUEST)

        async def look() -> Card | None:
            card = await self._look()
            return card if card is not None and _complete(card) else None

        awaited = (
            f"карточка на доске «{BOARD}» в дорожке «{LANE}» со сроком, метками, ответственным Telegram "
            f"и кабинетом {CABINET}"
        )
        card, seconds = await until(awaited, look, self._limit)
        await self._teller.seen(f"карточка {card.id}: {card.board} › {card.column} › {card.lane}", seconds)
        await self._bot_says("бот сообщает клиенту, что обращение принято", lambda said: bool(said.text))
        return card

    async def _files(self, card: Card) -> None:
        await self._teller.chapter("Фото и голос прикладываются к карточке")
        await self._teller.client(self._client.name, f"фото: {PHOTO_CAPTION}")
        await self._client.send("photo", "till.jpg", _sample("till.jpg"), "image/jpeg", caption=PHOTO_CAPTION)
        await self._on_card("фото в карточке", lambda seen: _has_file(seen, "image/"))
        await self._teller.client(self._client.name, "голосовое сообщение")
        await self._client.send("voice", "voice.oga", _sample("voice.oga"), "audio/ogg", duration="3")
        await self._on_card("голосовое сообщение в карточке", lambda seen: _has_file(seen, "audio/"))

    async def _answer(self, card: Card) -> None:
        await self._teller.chapter("Сотрудник берёт в работу и отвечает комментарием")
        await self._moves(card, "В работе")
        await self._teller.agent(self._agent.name, ASIDE)
        await self._agent.comment(card, ASIDE)
        await self._teller.agent(self._agent.name, ANSWER)
        await self._agent.comment(card, ANSWER)
        await self._bot_says("ответ сотрудника в чате", lambda said: ANSWER in said.text)
        await self._write(THANKS)
        await self._on_card(
            "слова клиента в комментарии карточки", lambda seen: any(THANKS in each.text for each in seen.comments)
        )

    async def _end(self, card: Card) -> Card:
        await self._teller.chapter("Готово")
        await self._moves(card, "Готово")
        if any(ASIDE.strip("/ ") in said.text for said in await self._client.sees()):
            raise NotSeen("пометка для коллег не должна попасть в чат, но попала", 0.0)
        return self.card or card

    async def _write(self, text: str) -> None:
        self._heard = await self._last()
        await self._teller.client(self._client.name, text)
        await self._client.write(text)

    async def _moves(self, card: Card, column: str) -> None:
        self._heard = await self._last()
        await self._teller.agent(self._agent.name, f"переносит карточку в «{column}»")
        await self._agent.move(card, column)
        await self._on_card(f"карточка в колонке «{column}»", lambda seen: seen.column == column)
        await self._bot_says(f"бот сообщает клиенту о переходе в «{column}»", lambda said: bool(said.text))

    async def _last(self) -> int:
        return max((said.id for said in await self._client.sees()), default=0)

    async def _bot_says(self, awaited: str, fits: Callable[[Said], bool]) -> None:
        """Until the bot has said something that fits since the client or the agent acted; tells all it said."""
        begun = self._heard

        async def look() -> list[Said] | None:
            fresh = [said for said in await self._client.sees() if said.id > begun and said.by_bot]
            return fresh if any(fits(said) for said in fresh) else None

        fresh, seconds = await until(awaited, look, self._limit)
        for said in fresh:
            await self._teller.bot(said)
        self._heard = max(said.id for said in fresh)
        await self._teller.seen(awaited, seconds)

    async def _on_card(self, awaited: str, fits: Callable[[Card], bool]) -> None:
        async def look() -> Card | None:
            card = await self._look()
            return card if card is not None and fits(card) else None

        _, seconds = await until(awaited, look, self._limit)
        await self._teller.seen(awaited, seconds)

    async def _look(self) -> Card | None:
        """The client's card, however it stands now."""
        number = ("Кабинет", CABINET)
        self.card = next((card for card in await self._agent.sees() if number in card.fields), None)
        return self.card


def _complete(card: Card) -> bool:
    return (
        card.board == BOARD
        and card.lane == LANE
        and card.due is not None
        and bool(card.tags)
        and "Telegram" in card.responsible
        and ("Источник", "Telegram") in card.fields
    )


def _has_file(card: Card, mime: str) -> bool:
    return any(file.mime.startswith(mime) for file in card.attached())


def _sample(name: str) -> bytes:
    return Path(_SAMPLES / name).read_bytes()
