"""A chat and a board that answer at once, so that what is measured is ours alone."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from connector.domain.effects import BoardEffect, ChatEffect, CreateCard
from connector.domain.layout import Layout
from connector.domain.policy import ChatLimits
from connector.domain.refs import Key, Ref
from connector.domain.sheet import Sheet, Sketch, Timer
from connector.ports import Arrival, Batch, Order, Rejected, Unavailable

CHAT, BOARD = "telegram", "kaiten"
UPDATES = 100
"""Updates in one answer of getUpdates, at most. https://core.telegram.org/bots/api#getupdates"""


@dataclass(slots=True)
class Moments:
    """When things happened, by key, on `time.perf_counter`: events arrived and were stored, orders were performed."""

    arrived: dict[str, float] = field(default_factory=dict)
    stored: dict[str, float] = field(default_factory=dict)
    performed: dict[str, float] = field(default_factory=dict)


class Tool:
    """What both have in common: arrivals wait until they are read, orders are done the moment they come."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.moments = Moments()
        self._waiting: deque[Arrival] = deque()
        self._something = asyncio.Event()
        self._unconfirmed: tuple[Arrival, ...] = ()
        self._reads = 0
        self.done = 0

    def put(self, arrivals: Iterable[Arrival], at: float | None = None) -> None:
        """They have arrived: `at` that moment, or now."""
        moment = time.perf_counter() if at is None else at
        for arrival in arrivals:
            self.moments.arrived[arrival.key] = moment
            self._waiting.append(arrival)
        self._something.set()

    async def identify(self) -> str:
        """Who we are."""
        return f"@{self.name}"

    async def read(self, cursor: str | None) -> Batch:
        """Up to a hundred of those that wait; that it is asked again means that the last ones are stored."""
        now = time.perf_counter()
        for arrival in self._unconfirmed:
            self.moments.stored[arrival.key] = now
        self._unconfirmed = ()
        while not self._waiting:
            self._something.clear()
            await self._something.wait()
        batch = tuple(self._waiting.popleft() for _ in range(min(UPDATES, len(self._waiting))))
        self._unconfirmed = batch
        self._reads += 1
        return Batch(arrivals=batch, cursor=str(self._reads))

    def _done(self, key: Key) -> Ref:
        self.moments.performed[key] = time.perf_counter()
        self.done += 1
        return Ref(port=self.name, id=f"made/{self.done}")

    def fetch(self, file: Ref) -> AsyncIterator[bytes]:
        """There are no files here."""
        raise Rejected(f"there is no file {file.id}")

    async def aclose(self) -> None:
        """Nothing to let go of."""


class InstantChat(Tool):
    """A `connector.ports.Chat` without a network."""

    limits = ChatLimits()

    def __init__(self) -> None:
        super().__init__(CHAT)

    async def perform(self, order: Order[ChatEffect]) -> tuple[Ref, ...]:
        """Done."""
        return (self._done(order.key),)

    async def introduce(self, commands: Mapping[str, Sequence[tuple[str, str]]], default: str) -> None:
        """Nobody reads the commands here."""


class InstantBoard(Tool):
    """A `connector.ports.Board` without a network."""

    def __init__(self) -> None:
        super().__init__(BOARD)

    async def perform(self, order: Order[BoardEffect]) -> tuple[Ref, ...]:
        """Done; a card's number is that of its ticket's client, so that it can be found again."""
        made = self._done(order.key)
        if isinstance(order.effect, CreateCard):
            return (Ref(port=BOARD, id=card_of(order.effect.ticket)),)
        return (made,)

    async def layout(self, spaces: Sequence[str]) -> Layout:
        """An empty board."""
        return Layout(spaces=(), boards=(), users=(), fields=())

    def watch(self, boards: Sequence[str]) -> None:
        """Nothing ever changes here by itself."""

    async def survey(
        self, boards: Sequence[str], *, archived: bool = False
    ) -> AsyncGenerator[tuple[Sketch, ...], None]:
        """Nothing is compared here."""
        yield ()

    async def timers(self, card: Ref) -> tuple[Timer, ...] | None:
        """No card has timers of its own here."""
        return None

    async def inspect(self, card: Ref, made: Collection[Ref] = ()) -> Sheet | None:
        """Nothing is compared here."""
        raise Unavailable("there is nothing to look at")

    def link(self, card: Ref) -> str | None:
        """Nobody looks at these cards."""
        return None

    def hint(self) -> None:
        """Nothing ever changes here by itself."""


def card_of(ticket: str) -> str:
    """The id of the card this board makes for a ticket."""
    return f"card-{ticket}"
