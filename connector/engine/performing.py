"""Carries orders out: side by side between lanes, one after the other within, and writes down what came of each."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from itertools import groupby
from operator import itemgetter

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from connector.domain.decide.delivery import is_answer
from connector.domain.effects import (
    AddComment,
    AnswerTap,
    AttachSla,
    CreateCard,
    DetachSla,
    Effect,
    MoveCard,
    React,
    Redact,
    ReplaceCard,
    SetFacts,
    Urgency,
)
from connector.domain.events import Refusal
from connector.domain.policy import Policy
from connector.domain.refs import Key, Ref
from connector.engine.budget import RIGHT_TO_ACT
from connector.engine.placing import Unplaced, place
from connector.engine.pulse import Pulse, line, lines, log_traceback
from connector.ports import Order, Rejected, Unavailable, WrongToken
from connector.store import claiming, settling
from connector.store.database import Database

LONGEST_ORDER = 900.0
"""Seconds after which an order is given up and tried again: a 50 MB file over a slow line still passes."""
BACKOFF = (0.5, 60.0)
"""First and longest wait between tries, seconds."""
RECOUNT = 0.5
"""Seconds between counts of what waits: whether to join messages need not be known to the order."""
BUG_TRIES = 5
"""An order that makes the adapter itself fail so often in one process is kept aside; outages do not count."""

Perform = Callable[[Order[Effect]], Awaitable[tuple[Ref, ...]]]


class Performer:
    """One per side. Once the side is `behind` seconds late, waiting messages of one ticket are joined.

    `backlog` tells how many seconds so many waiting orders will take; without it nothing is joined. `held` tells what
    an operator holds up.

    A claimed lane stays ours for `lease` seconds after the last heartbeat.
    """

    def __init__(
        self,
        database: Database,
        pulse: Pulse,
        side: str,
        perform: Perform,
        *,
        policy: Callable[[], Policy],
        capacity: int,
        lease: float,
        backlog: Callable[[int], float] | None = None,
        behind: float = 3.0,
        held: Callable[[], claiming.Held | None] = lambda: None,
    ) -> None:
        self._database = database
        self._pulse = pulse
        self._side = side
        self._perform = perform
        self._policy = policy
        self._capacity = capacity
        self._lease = lease
        self._backlog = backlog
        self._behind = behind
        self._held = held
        self._inflight: dict[tuple[str, int], tuple[claiming.Claim, asyncio.Task[None]]] = {}
        self._outcomes: list[tuple[claiming.Claim, settling.Outcome]] = []
        self._leases: dict[tuple[str, int], float] = {}
        self._failing: set[str] = set()
        self._probes = 0
        self._closed_until = 0.0
        self._broken: Counter[Key] = Counter()
        self._late = False
        self._recount_at = 0.0

    async def run(self) -> None:
        """Until the daemon stops; then waits for what is on the wire."""
        async with asyncio.TaskGroup() as group:
            settling = group.create_task(self._settle())
            heart = group.create_task(self._beat())
            await self._dispatch(group)
            await self._drain()
            heart.cancel()
            settling.cancel()

    async def _dispatch(self, group: asyncio.TaskGroup) -> None:
        loop = asyncio.get_running_loop()
        while not self._pulse.stopping.is_set():
            wait = self._closed_until - loop.time()
            free = (1 if len(self._failing) >= TROUBLED else self._capacity) - len(self._inflight)
            if self._side == "board" and self._policy().board is None:
                free = 0  # nobody knows yet where cards go; the words wait in the outbox
            if self._side in self._pulse.reachable:
                self._pulse.reachable.discard(self._side)
                await self._hurry()
                continue
            if wait > 0 or free <= 0:
                await self._pulse.wait(self._side, wait if wait > 0 else 1.0)
                continue
            try:
                claims, due, now = await self._claim(free)
            except SQLAlchemyError as trouble:
                self._pulse.sides["store"].bad(type(trouble).__name__)
                await self._pulse.rest(1.0)
                continue
            for claim in claims:
                task = group.create_task(self._carry_out(claim))
                self._inflight[_hold(claim)] = (claim, task)
            if len(claims) < free:
                seconds = 1.0 if due is None else min(1.0, max(0.005, due - now))
                await self._pulse.wait(self._side, seconds)

    async def _claim(self, free: int) -> tuple[list[claiming.Claim], float | None, float]:
        begun = asyncio.get_running_loop().time()

        def step(connection: Connection) -> tuple[list[claiming.Claim], float | None, float]:
            now = self._database.now(connection)
            if self._backlog is not None and begun >= self._recount_at:
                self._late = self._backlog(claiming.orders_waiting(connection, port=self._side)) > self._behind
                self._recount_at = begun + RECOUNT
            joining = self._policy().comment_limit if self._late else None
            claims = claiming.claim(
                connection,
                now,
                port=self._side,
                holder=self._pulse.holder,
                lease=self._lease,
                limit=free,
                joining=joining,
                held=self._held(),
            )
            return claims, None if claims else claiming.next_due(connection, port=self._side, after=now), now

        result = await self._database.run(step)
        for claim in result[0]:
            self._leases[_hold(claim)] = begun + self._lease
        return result

    async def _hurry(self) -> None:
        """The side can be read again after it could not: what waits out a backoff need not wait any longer."""
        self._closed_until = 0.0
        try:
            await self._database.run(
                lambda connection: claiming.hurry(connection, self._database.now(connection), port=self._side)
            )
        except SQLAlchemyError as trouble:
            self._pulse.sides["store"].bad(type(trouble).__name__)

    async def _carry_out(self, claim: claiming.Claim) -> None:
        order = claim.order
        started = time.perf_counter()
        RIGHT_TO_ACT.set(lambda: self._leases.get(_hold(claim), 0.0))
        outcome: settling.Outcome
        try:
            async with asyncio.timeout(LONGEST_ORDER):
                refs = await self._perform(self._bound(order))
            outcome = settling.Made(refs=refs)
            self._failing.clear()
        except Unavailable as trouble:
            outcome = settling.Later(
                reason=trouble.reason,
                wait=trouble.retry_after if trouble.retry_after is not None else _backoff(claim.tries),
                surely_not_done=trouble.surely_not_done,
            )
            if trouble.retry_after is None and not trouble.elsewhere:
                self._failed(claim.lane, trouble.reason)
        except TimeoutError:
            outcome = settling.Later(reason="took too long", wait=_backoff(claim.tries), surely_not_done=False)
        except Rejected as refused:
            outcome = settling.Refused(refusal=refused.refusal, reason=refused.reason)
            self._failing.clear()
        except Unplaced as unplaced:
            outcome = settling.Refused(refusal=Refusal.INVALID, reason=str(unplaced))
        except WrongToken as refused_token:
            outcome = settling.Later(reason=str(refused_token), wait=_backoff(claim.tries), surely_not_done=True)
            self._failed(claim.lane, str(refused_token))
        except Exception as bug:  # one order that breaks the adapter must not stop the others: rule 8
            reason = f"{type(bug).__name__} while performing"
            self._broken[order.key] += 1
            line(logging.ERROR, "order_broke", kind=type(order.effect).__name__, key=order.key, reason=reason)
            log_traceback(bug)
            outcome = (
                settling.Refused(refusal=Refusal.INVALID, reason=reason)
                if self._broken[order.key] >= BUG_TRIES
                else settling.Later(reason=reason, wait=_backoff(claim.tries), surely_not_done=False)
            )
        kind = type(order.effect).__name__
        self._pulse.metrics.perform.labels(kind).observe(time.perf_counter() - started)
        self._outcomes.append((claim, outcome))
        self._pulse.signal(f"settle:{self._side}")

    def _bound(self, order: Order[Effect]) -> Order[Effect]:
        """Cards are placed at the last moment, by the mapping in force."""
        match order.effect:
            case CreateCard() | MoveCard() | ReplaceCard() | SetFacts() | Redact() as effect:
                return replace(order, effect=place(effect, self._policy()))
            case _:
                return order

    def _failed(self, lane: str, reason: str) -> None:
        self._failing.add(lane)
        self._pulse.sides[self._side].bad(reason)
        if len(self._failing) < TROUBLED:
            self._probes = 0  # a single order that fails again and again holds up nobody else
            return
        # The whole side seems down: one order at a time tries the door, the others keep their place.
        pause = min(15.0, 0.5 * 2.0 ** min(self._probes, 6))
        self._probes += 1
        self._closed_until = asyncio.get_running_loop().time() + pause

    async def _settle(self) -> None:
        while True:
            if not self._outcomes:
                await self._pulse.wait(f"settle:{self._side}", None if not self._pulse.stopping.is_set() else 0.05)
                continue
            batch, self._outcomes = self._outcomes[:128], self._outcomes[128:]
            recovered = not self._failing and self._closed_until > 0
            try:
                settled = await self._database.run(
                    lambda connection: self._write_down(connection, batch, recovered)  # noqa: B023  # awaited at once
                )
            except SQLAlchemyError as trouble:
                self._outcomes = batch + self._outcomes
                self._pulse.sides["store"].bad(type(trouble).__name__)
                await asyncio.sleep(0.5)
                continue
            if recovered:
                self._closed_until = 0.0
            for claim, outcome in batch:
                self._inflight.pop(_hold(claim), None)
                self._leases.pop(_hold(claim), None)
                if not isinstance(outcome, settling.Later):
                    self._broken.pop(claim.order.key, None)
            self._count(batch, settled)
            self._report(batch, frozenset(settled.stale))
            self._pulse.signal("decide", self._side)

    def _write_down(
        self, connection: Connection, batch: list[tuple[claiming.Claim, settling.Outcome]], recovered: bool
    ) -> settling.Settled:
        now = self._database.now(connection)
        settled = settling.settle(connection, now, batch)
        if recovered:
            claiming.hurry(connection, now, port=self._side)
        return settled

    def _count(self, batch: list[tuple[claiming.Claim, settling.Outcome]], settled: settling.Settled) -> None:
        """How long people waited for what is done, and what became of the rest."""
        metrics, stale = self._pulse.metrics, frozenset(settled.stale)
        if settled.dead:
            metrics.dead.labels(self._side).inc(settled.dead)
        for claim, outcome in batch:
            effect = claim.order.effect
            if claim.order.key in stale:
                continue
            match outcome:
                case settling.Made():
                    waited = max(0.0, settled.at - claim.since)
                    if is_answer(effect):
                        metrics.replies.labels("delivered").inc()
                        metrics.replied.observe(waited)
                    elif self._side == "chat" and claim.order.urgency is Urgency.ACKNOWLEDGE:
                        metrics.acknowledged.observe(waited)
                    elif isinstance(effect, CreateCard) or (isinstance(effect, AddComment) and not effect.internal):
                        metrics.carded.observe(waited)
                case settling.Later():
                    metrics.retries.labels(self._side).inc()
                case settling.Refused(refusal=refusal):
                    if is_answer(effect):
                        metrics.replies.labels(refusal.value).inc()

    def _report(self, batch: list[tuple[claiming.Claim, settling.Outcome]], stale: Collection[Key]) -> None:
        told: list[tuple[int, dict[str, object]]] = []
        ended: Counter[tuple[str, str]] = Counter()
        for claim, outcome in batch:
            order = claim.order
            kind = type(order.effect).__name__
            result = "stale" if order.key in stale else type(outcome).__name__.lower()
            ended[kind, result] += 1
            facts: dict[str, object] = {
                "kind": kind, "key": order.key, "attempt": order.attempt, "outcome": result,
                "ticket": order.effect.ticket,
            }  # fmt: skip
            match outcome:
                case settling.Made():
                    self._pulse.sides[self._side].good()
                    told.append((logging.INFO, facts))
                case settling.Later(reason=reason, wait=wait):
                    told.append((logging.WARNING, facts | {"reason": reason, "wait": round(wait, 2)}))
                case settling.Refused(refusal=refusal, reason=reason):
                    match order.effect:
                        case React() | AnswerTap():
                            level = logging.INFO
                        case AttachSla() | DetachSla():
                            level = logging.WARNING  # as good as said beforehand of a card outside the service desk
                        case _:
                            level = logging.ERROR
                    told.append((level, facts | {"refusal": refusal, "reason": reason}))
        for (kind, result), count in ended.items():
            self._pulse.metrics.orders.labels(kind, result).inc(count)
        for level, alike in groupby(told, key=itemgetter(0)):
            lines(level, "order", [facts for _, facts in alike])

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._lease / 4)
            claims = [claim for claim, _ in self._inflight.values()]
            begun = asyncio.get_running_loop().time()
            try:
                ours = await self._database.run(
                    lambda connection: claiming.extend(
                        connection,
                        self._database.now(connection),
                        claims,  # noqa: B023  # awaited at once
                        holder=self._pulse.holder,
                        lease=self._lease,
                    )
                )
            except SQLAlchemyError as trouble:
                self._pulse.sides["store"].bad(type(trouble).__name__)
                continue
            for claim in ours:
                # Only what is still ours: after a freeze somebody else may have taken it over.
                self._leases[_hold(claim)] = begun + self._lease

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + STOP_WITHIN
        while (self._inflight or self._outcomes) and loop.time() < until:
            self._pulse.signal(f"settle:{self._side}")
            await asyncio.sleep(0.02)
        for _, task in self._inflight.values():
            task.cancel()


TROUBLED = 5
"""So many lanes that fail, none succeeding meanwhile, and the side counts as down."""
STOP_WITHIN = 8.0
"""Seconds orders on the wire get at a stop; those cut off stay counted, so the next start looks before it writes."""


def _hold(claim: claiming.Claim) -> tuple[str, int]:
    """One hold of a lane: after a freeze the same lane, even the same order, may be in our hands twice."""
    return claim.lane, claim.fence


def _backoff(tries: int) -> float:
    first, longest = BACKOFF
    return min(longest, first * 2.0 ** min(tries, 10)) * random.uniform(0.8, 1.2)
