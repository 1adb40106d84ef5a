"""Looks at the store every few seconds, and spends no more than a hundredth of the time on it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from connector.domain.clock import Reading, State, readings
from connector.domain.policy import Policy
from connector.engine.metrics import CLASSES, SIDES
from connector.engine.pulse import Pulse
from connector.store import claiming, measuring, verdicts
from connector.store.database import Database

EVERY = 5.0
"""Seconds between two looks, more where a look takes long."""
SHARE = 0.01
"""Of the time that looking may take."""
OTHER = "other"
"""The label of topics the mapping no longer has."""


STANDING = ("at_risk", "breached")
"""What is told of the clocks of requests."""

Applied = Callable[[], None]
"""What is done with a look once it has succeeded."""


def _nothing() -> None:
    """The look itself has shown it."""


class Gauges:
    """Keeps the gauges that only the store knows; `oldest` tells each side's oldest waiting order, in seconds."""

    def __init__(
        self,
        database: Database,
        pulse: Pulse,
        policy: Callable[[], Policy],
        *,
        pending: Callable[[], int | None] = lambda: None,
    ) -> None:
        self.oldest: dict[str, float] = dict.fromkeys(SIDES, 0.0)
        self._database = database
        self._pulse = pulse
        self._policy = policy
        self._pending = pending
        self._after = ""
        self._unanswered: Counter[str] = Counter()
        self._clocks_after = ""
        self._clocks: Counter[str] = Counter()
        for name, side in pulse.sides.items():
            pulse.metrics.side_up.labels(name).set_function(side.up)
            pulse.metrics.side_age.labels(name).set_function(side.silent_for)

    async def run(self) -> None:
        """Until the daemon stops."""
        while not self._pulse.stopping.is_set():
            took = 0.0
            for look in (self._queues, self._lag, self._unanswered_page, self._clocks_page, self._agreements):
                begun = time.perf_counter()
                try:
                    (await self._database.run(look))()  # a step may be taken twice, what it found counts once
                except SQLAlchemyError as trouble:  # whoever needs the store to go on tells of it too
                    self._pulse.sides["store"].bad(type(trouble).__name__)
                    break
                took += time.perf_counter() - begun
            self._pulse.metrics.pending.set(self._pending() or 0)
            await self._pulse.rest(max(EVERY, took / SHARE))

    def _queues(self, connection: Connection) -> Applied:
        now, metrics = self._database.now(connection), self._pulse.metrics
        found = {(each.port, each.urgency): each for each in measuring.queues(connection)}
        for side in SIDES:
            metrics.queue.labels(side).set(claiming.waiting(connection, now, port=side))
            ages = [max(0.0, now - each.oldest) for (port, _), each in found.items() if port == side]
            self.oldest[side] = max(ages, default=0.0)
            for urgency, name in CLASSES.items():
                queue = found.get((side, int(urgency)))
                metrics.waiting.labels(side, name).set(queue.orders if queue else 0)
                metrics.oldest.labels(side, name).set(max(0.0, now - queue.oldest) if queue else 0.0)
        return _nothing

    def _lag(self, connection: Connection) -> Applied:
        count, oldest = measuring.lag(connection)
        self._pulse.metrics.undecided.set(count)
        self._pulse.metrics.lag.set(0.0 if oldest is None else max(0.0, self._database.now(connection) - oldest))
        return _nothing

    def _agreements(self, connection: Connection) -> Applied:
        agreements = self._policy().agreements
        found = verdicts.totals(connection) if agreements else {}
        for key, agreement in agreements.items():
            self._pulse.metrics.agreed.labels(key).set(agreement.share)
            for kept, outcome in ((True, "kept"), (False, "broken")):
                self._pulse.metrics.agreements.labels(key, outcome).set(found.get((key, kept), 0))
        return _nothing

    def _unanswered_page(self, connection: Connection) -> Applied:
        """A page of the requests; the gauge changes when all have been seen."""
        page = measuring.unanswered(connection, self._after)

        def applied() -> None:
            self._unanswered.update(page.topics)
            self._after = page.after or ""
            if page.after is not None:
                return
            known = {topic.key for topic in self._policy().topics}
            counts: Counter[str] = Counter()
            for topic, count in self._unanswered.items():
                counts[topic if topic in known else OTHER] += count
            for topic in (*known, OTHER):
                self._pulse.metrics.unanswered.labels(topic).set(counts[topic])
            self._unanswered = Counter()

        return applied

    def _clocks_page(self, connection: Connection) -> Applied:
        """The clocks of a page of the requests, read as the decision reads them."""
        now = datetime.fromtimestamp(self._database.now(connection), UTC)
        policy = self._policy()
        tickets, after = measuring.live_tickets(connection, self._clocks_after)
        standing = Counter(_standing(readings(policy, ticket, now)) for ticket in tickets if ticket.open)

        def applied() -> None:
            self._clocks.update(standing)
            self._clocks_after = after or ""
            if after is None:
                for state in STANDING:
                    self._pulse.metrics.sla.labels(state).set(self._clocks[state])
                self._clocks = Counter()

        return applied


def _standing(found: Sequence[Reading]) -> str:
    """The worst of the clocks that are on."""
    on = [each for each in found if each.ends is None]
    if any(each.state is State.BREACHED for each in on):
        return "breached"
    return "at_risk" if any(each.at_risk for each in on) else "well"
