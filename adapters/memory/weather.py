"""What may go wrong with a call to a tool, decided by whoever rehearses."""

from __future__ import annotations

from collections import deque
from typing import Protocol

from connector.ports import Rejected, Unavailable, WrongToken

Trouble = Unavailable | Rejected | WrongToken


class Weather(Protocol):
    """Asked around every call to a tool; `call` names it ("chat.send", "board.create"). Either may take its time."""

    async def before(self, call: str) -> None:
        """Raising here: the call never took effect."""

    async def after(self, call: str) -> None:
        """Raising here: it took effect all the same, only its answer was lost."""


class Calm:
    """Nothing ever goes wrong."""

    async def before(self, call: str) -> None:
        """Nothing."""

    async def after(self, call: str) -> None:
        """Nothing."""


CALM = Calm()


class Script:
    """Troubles in the order they were announced, each for the next call whose name begins with the one given."""

    def __init__(self) -> None:
        self._undone: deque[tuple[str, Trouble]] = deque()
        self._done: deque[tuple[str, Trouble]] = deque()
        self.calls: list[str] = []

    def refuse(self, call: str, trouble: Trouble) -> None:
        """The next such call raises this and does nothing."""
        self._undone.append((call, trouble))

    def lose_answer(self, call: str) -> None:
        """The next such call is done, but nobody hears of it."""
        self._done.append((call, Unavailable(f"{call}: no answer came")))

    async def before(self, call: str) -> None:
        """See `Weather`."""
        self.calls.append(call)
        _strike(self._undone, call)

    async def after(self, call: str) -> None:
        """See `Weather`."""
        _strike(self._done, call)


def _strike(announced: deque[tuple[str, Trouble]], call: str) -> None:
    for place, (name, trouble) in enumerate(announced):
        if call.startswith(name):
            del announced[place]
            raise trouble
