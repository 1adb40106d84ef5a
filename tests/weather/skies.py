"""The weather over both tools: calls that fail, hang, lose their answer, or meet a side that is down for minutes."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

from adapters.memory import ChatWorld
from connector.ports import Rejected, Unavailable
from tests.weather.lives import Life

HARMLESS = ("chat.react", "chat.answer", "board.tag", "board.move")
"""What may be refused for ever without anybody's words being lost."""


class Skies:
    """One for the whole rehearsal. `ambiguous` counts, per order, the sendings of which nobody knows the end."""

    def __init__(self, chance: random.Random, chat: ChatWorld) -> None:
        self.chance = chance
        self.calm = False
        self.down: dict[str, float] = {"chat": 0.0, "board": 0.0, "registry": 0.0}
        self.roughness = chance.choice((0.0, 0.03, 0.1, 0.25))
        self.ambiguous: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.chat = chat

    def over(self, life: Life) -> Weather:
        """The same sky as one process meets it."""
        return Weather(self, life)


class Weather:
    """An `adapters.memory.Weather` for one process."""

    def __init__(self, skies: Skies, life: Life) -> None:
        self._skies = skies
        self._life = life

    async def before(self, call: str) -> None:
        """Latency, outages, refusals, failures that did nothing."""
        skies, chance = self._skies, self._skies.chance
        skies.calls[call] += 1
        await self._life.on_the_wire(f"before {call}")
        if skies.calm:
            return
        await asyncio.sleep(chance.uniform(0.01, 0.3))
        await self._life.on_the_wire(f"on the way to {call}")
        if skies.down[call.partition(".")[0]] > asyncio.get_running_loop().time():
            # Refused at the door, or swallowed without a word: the caller cannot always tell.
            raise Unavailable("the side is down", surely_not_done=chance.random() < 0.5)
        if chance.random() >= skies.roughness:
            return
        match chance.randrange(6):
            case 0:
                raise Unavailable("connection refused", surely_not_done=True)
            case 1:
                raise Unavailable("too many", retry_after=chance.choice((0.5, 3.0, 20.0)), surely_not_done=True)
            case 2:
                raise Unavailable("no answer, nothing done")
            case 3:
                await asyncio.sleep(chance.choice((1.0, 4.0, 9.0)))  # a call ends within half a lease
                await self._life.on_the_wire(f"in a slow {call}")
            case 4 if call in HARMLESS:
                raise Rejected("the tool does not like it")
            case 5 if chance.random() < 0.1:
                raise RuntimeError("the adapter itself is broken here")
            case _:
                pass

    async def after(self, call: str) -> None:
        """The effect is there; whether the news of it arrives is another matter."""
        skies, chance = self._skies, self._skies.chance
        sent = next(reversed(skies.chat.messages.values())).order if call == "chat.send" else None
        lost = not skies.calm and chance.random() < skies.roughness / 2
        if sent and (lost or self._life.frozen):
            skies.ambiguous[sent] += 1
        await self._life.on_the_wire(f"after {call}")
        if not skies.calm:
            await asyncio.sleep(chance.uniform(0.0, 0.1))
        await self._life.step(f"with the answer to {call}")
        if lost:
            raise Unavailable("the answer was lost")
