"""What operators hold up, as the loops of this daemon know it: looked up anew every second or so."""

from __future__ import annotations

import logging
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from connector.domain.pause import Direction, Pause
from connector.domain.policy import Policy
from connector.domain.ticket import Ticket
from connector.engine.pulse import Pulse, line
from connector.store.claiming import Held
from connector.store.database import Database
from connector.store.pauses import paused

EVERY = 1.0
"""Seconds between looks: an operator's word is obeyed that soon."""


class Pauses:
    """Shared by the loops of one daemon; empty until the first look."""

    def __init__(self, database: Database, pulse: Pulse, policy: Callable[[], Policy]) -> None:
        self._database = database
        self._pulse = pulse
        self._policy = policy
        self._found: tuple[Pause, ...] = ()

    async def run(self) -> None:
        """Until the daemon stops."""
        while not self._pulse.stopping.is_set():
            await self.look()
            await self._pulse.rest(EVERY)

    async def look(self) -> None:
        """What is held up now. While the store cannot tell, what was held up stays so."""
        try:
            found = await self._database.run(paused)
        except SQLAlchemyError as trouble:
            self._pulse.sides["store"].bad(type(trouble).__name__)
            return
        if found == self._found:
            return
        for each in found:
            if each not in self._found:
                line(logging.WARNING, "paused", pause=each.name)
        for each in self._found:
            if each not in found:
                line(logging.WARNING, "resumed", pause=each.name)
        self._found = found
        self._pulse.signal("chat", "board")

    def reads_not(self, side: str) -> bool:
        """Whether nothing is to be read from that side."""
        return any(each.direction is Direction.IN and each.side == side for each in self._found)

    def held(self) -> Held | None:
        """Which orders are held up; None when none are."""
        out = tuple(each for each in self._found if each.direction is Direction.OUT)
        if not out:
            return None
        board = self._policy().board

        def _held(side: str, ticket: Ticket | None) -> bool:
            return any(each.side == side and each.covers(ticket, board) for each in out)

        return _held
