"""Feeds waiting events and passed moments to the decision, turn after turn."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError, SQLAlchemyError, StatementError

from connector.domain.client import Client
from connector.domain.decide import Decision, decide, looks, looks_opening, wants_past
from connector.domain.events import ClientTapped, Event
from connector.domain.policy import Policy
from connector.engine.pulse import Pulse, line, lines
from connector.store import deciding
from connector.store.database import Database
from connector.store.former_life import FormerLife, former_life

IDLE_SHARED = 0.5
"""Seconds between looks on PostgreSQL: another daemon may have written events we heard nothing of."""
LONGEST = 1.0
"""Seconds between looks otherwise: the store itself may have noted events nobody signalled."""


class Decider:
    """One per daemon; on PostgreSQL the daemons divide the clients among themselves by row locks."""

    def __init__(self, database: Database, pulse: Pulse, policy: Callable[[], Policy]) -> None:
        self._database = database
        self._pulse = pulse
        self._policy = policy
        self._before: FormerLife | None = None

    async def run(self) -> None:
        """Until the daemon stops."""
        self._before = await self._database.run(former_life)
        limit = 64
        while not self._pulse.stopping.is_set():
            self._pulse.turned = time.monotonic()
            try:
                wake, turn, now = await self._turn(limit)
            except (OperationalError, InterfaceError, InternalError) as trouble:
                await self._unavailable(trouble)  # the database's trouble: no event is to blame
                continue
            except (StatementError, ValueError, OverflowError) as trouble:
                if isinstance(trouble, DBAPIError) and _of_the_database(trouble):
                    await self._unavailable(trouble)
                elif limit > 1:
                    limit = 1  # one client spoils the transaction of all: find it
                else:
                    await self._set_aside(trouble)
                    limit = 64
                continue
            except SQLAlchemyError as trouble:
                await self._unavailable(trouble)
                continue
            limit = 64
            self._report(turn)
            if turn.orders:
                self._pulse.signal("chat", "board", "registry")
            if wake is not None and wake <= now:
                await self._tick()
                continue
            if turn.more:
                continue
            seconds = LONGEST if wake is None else max(0.0, min(LONGEST, wake - now))
            await self._pulse.wait("decide", min(seconds, IDLE_SHARED) if self._database.shared else seconds)

    async def _turn(self, limit: int) -> tuple[float | None, deciding.Turn, float]:
        policy = self._policy()
        started = time.perf_counter()
        marks: list[str] = []

        def decided(client: Client, event: Event) -> Decision:
            decision = decide(client, event, policy)
            if isinstance(event, ClientTapped):
                marks.extend(_given(client, decision.client))
            return decision

        def step(connection: Connection) -> tuple[float | None, deciding.Turn, float]:
            marks.clear()  # a step that lost a conflict is taken again
            now = self._database.now(connection)
            turn = deciding.handle(
                connection,
                now,
                decided,
                policy_version=policy.version,
                limit=limit,
                wants_past=lambda event: wants_past(event, policy),
                before=self._before,
                looks=lambda client, event: looks(client, event, policy),
                opening=looks_opening(policy),
            )
            return deciding.next_wake(connection), turn, now

        result = await self._database.run(step)
        if result[1].events:
            self._pulse.metrics.turn.observe(time.perf_counter() - started)
        for mark in marks:
            self._pulse.metrics.ratings.labels(mark).inc()
        return result

    async def _tick(self) -> None:
        """A step of its own: the clients it wakes are nobody's while their moments are fed to them."""
        try:
            await self._database.run(
                lambda connection: deciding.tick(connection, self._database.now(connection), before=self._before)
            )
        except SQLAlchemyError as trouble:
            await self._unavailable(trouble)

    def _report(self, turn: deciding.Turn) -> None:
        lines(logging.INFO, "event", [{"kind": kind, "key": key} for kind, key in turn.decided])
        for key, reason in turn.raised:
            self._pulse.metrics.aside.labels("raised").inc()
            line(logging.ERROR, "decision_failed", key=key, reason=reason)

    async def _set_aside(self, trouble: StatementError | ValueError | OverflowError) -> None:
        cause = trouble.orig or trouble if isinstance(trouble, StatementError) else trouble
        reason = f"cannot be written down: {type(cause).__name__}"
        try:
            key = await self._database.run(lambda connection: deciding.set_aside_head(connection, reason))
        except SQLAlchemyError as another:
            await self._unavailable(another)
            return
        self._pulse.metrics.aside.labels("raised").inc()
        line(logging.ERROR, "decision_failed", key=key, reason=reason)

    async def _unavailable(self, trouble: SQLAlchemyError) -> None:
        self._pulse.sides["store"].bad(type(trouble).__name__)
        await self._pulse.rest(1.0)


def _given(before: Client, after: Client) -> list[str]:
    """The marks a tap gave."""
    had = {ticket.id: ticket.mark for ticket in before.tickets}
    return [each.mark for each in after.tickets if each.mark is not None and had.get(each.id) != each.mark]


# https://www.postgresql.org/docs/current/errcodes-appendix.html
def _of_the_database(trouble: DBAPIError) -> bool:
    """Whether PostgreSQL refused for reasons of its own (rights, space, a table), not for what was to be written."""
    state = getattr(trouble.orig, "sqlstate", None)
    return isinstance(state, str) and state[:2] not in ("22", "23")
