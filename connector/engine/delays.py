"""Notices orders that wait long for a side that does not answer; what to say about it is for the decision."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from connector.domain.policy import Policy
from connector.engine.pulse import Pulse
from connector.store.database import Database
from connector.store.delays import note_answers, note_words

EVERY = (0.2, 10.0)
"""Shortest and longest wait between looks, seconds; in between, a tenth of the shortest delay that is told."""


class Delays:
    """One per daemon; several note the same order once, for its event has one key."""

    def __init__(self, database: Database, pulse: Pulse, policy: Callable[[], Policy]) -> None:
        self._database = database
        self._pulse = pulse
        self._policy = policy

    async def run(self) -> None:
        """Until the daemon stops."""
        while not self._pulse.stopping.is_set():
            rule = self._policy().delays
            asked = [each for each in (rule.tell_client_after, rule.mark_card_after) if each is not None]
            await self._pulse.rest(min(EVERY[1], max(EVERY[0], min(asked, default=timedelta(hours=1)) / _TENTH)))
            # Whoever cannot be told now is told when they can, if it is still so then.
            if rule.tell_client_after is not None and self._pulse.sides["chat"].failing_since is None:
                await self._look(note_words, rule.tell_client_after)
            if rule.mark_card_after is not None:
                await self._look(note_answers, rule.mark_card_after)

    async def _look(self, note: Callable[[Connection, float, float], int], after: timedelta) -> None:
        def step(connection: Connection) -> int:
            now = self._database.now(connection)
            return note(connection, now, now - after.total_seconds())

        try:
            if await self._database.run(step):
                self._pulse.signal("decide")
        except SQLAlchemyError as trouble:
            self._pulse.sides["store"].bad(type(trouble).__name__)


_TENTH = timedelta(seconds=10)
