"""The rate budget of one remote token: who may call next, and when."""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field

from connector.domain.effects import Urgency
from connector.ports import Unavailable

RIGHT_TO_ACT: ContextVar[Callable[[], float | None] | None] = ContextVar("right_to_act", default=None)
"""Tells until when (loop time) the order being performed is ours: a daemon frozen past its lease must not write."""

Pace = Callable[[str], tuple[float, float]]
"""For a subject: (calls per second, burst)."""

BULK = Urgency.LABEL
"""This class and those after it pass one at a time, evenly spread (places taken together would come free together,
and a client's call would wait for a whole window), and leave the last of five or more places to clients for as long
as clients are about."""
CALM = 5.0
"""Seconds after which no client is about any more."""
LATE = 0.1
"""Seconds after which a place in the shared row is asked for again: it lasts a window from the asking."""
REPEATED = 3
"""So many refusals of single subjects within their waits stop everybody."""


@dataclass(order=True, slots=True)
class _Waiter:
    urgency: int
    turn: int
    subject: str | None = field(compare=False)
    granted: asyncio.Future[None] = field(compare=False)


@dataclass(slots=True)
class _Subject:
    allowance: float
    at: float
    paused_until: float = 0.0


class RateBudget:
    """At most `limit` calls in any `window` seconds, as the other side counts them; highest class first.

    A place is held during the call and cools for `window` seconds after the answer: whenever the other side counted
    the call, it was before the answer, so no window of its clock holds more than `limit`. Places are taken just in
    time, never reserved. `pace` limits single subjects (chats) besides. `share` (PostgreSQL) asks the row all daemons
    of the database share for a place, telling whether it is for bulk work, and returns the seconds to wait (0 =
    yours); one at a time asks, and what the row gives goes to whoever is most urgent by then.
    """

    def __init__(
        self,
        *,
        limit: int,
        window: float = 1.0,
        ceiling: int | None = None,
        pace: Pace | None = None,
        share: Callable[[int, float, bool], Awaitable[float]] | None = None,
        refused: Callable[[], None] = lambda: None,
    ) -> None:
        self.limit = limit
        self._on_refusal = refused
        self._ceiling = ceiling
        self._window = window
        self._pace = pace
        self._share = share
        self._busy = 0
        self._cooling: deque[float] = deque()
        self._waiters: list[_Waiter] = []
        self._turn = 0
        self._paused_until = 0.0
        self._subjects: dict[str, _Subject] = {}
        self._subject_refusals: deque[float] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._bulk_at = 0.0
        self._client_at = -CALM
        self._wanted: int | None = None
        self._asked = 0
        self._more_urgent = asyncio.Event()
        self._asking: asyncio.Task[None] | None = None

    @property
    def queued(self) -> int:
        """Calls waiting for a place."""
        return len(self._waiters)

    @property
    def left(self) -> int:
        """Places free right now."""
        self._thaw()
        return max(0, self.limit - self._busy - len(self._cooling))

    @asynccontextmanager
    async def call(self, urgency: Urgency, subject: str | None = None) -> AsyncIterator[None]:
        """See `connector.ports.Budget.call`."""
        await self._acquire(urgency, subject)
        try:
            right = RIGHT_TO_ACT.get()
            until = right() if right is not None else None
            if until is not None and asyncio.get_running_loop().time() > until:
                raise Unavailable("the lease on this order ended while it waited its turn", surely_not_done=True)
            yield
        finally:
            self._busy -= 1
            self._cooling.append(asyncio.get_running_loop().time() + self._window)
            self._grant()

    def learned(self, *, limit: int | None, remaining: int | None, reset_after: float | None) -> None:
        """See `connector.ports.Budget.learned`. An empty bucket that we did not empty is used by somebody else too."""
        if limit is not None and limit > 0:
            self.limit = limit if self._ceiling is None else min(limit, self._ceiling)
        if remaining == 0 and reset_after and self._busy + len(self._cooling) < self.limit:
            self._pause(min(reset_after, self._window))
        self._grant()

    def refused(self, retry_after: float, subject: str | None = None) -> None:
        """See `connector.ports.Budget.refused`."""
        now = asyncio.get_running_loop().time()
        self._on_refusal()
        if subject is None or self._pace is None:
            self._pause(retry_after)
            return
        self._of(subject, now).paused_until = now + retry_after
        self._subject_refusals.append(now + retry_after)
        while self._subject_refusals and self._subject_refusals[0] <= now:
            self._subject_refusals.popleft()
        if len(self._subject_refusals) >= REPEATED:
            self._pause(retry_after)
        self._arm()

    def _pause(self, seconds: float) -> None:
        self._paused_until = max(self._paused_until, asyncio.get_running_loop().time() + seconds)
        self._arm()

    async def _acquire(self, urgency: Urgency, subject: str | None) -> None:
        loop = asyncio.get_running_loop()
        waiter = _Waiter(int(urgency), self._turn, subject, loop.create_future())
        self._turn += 1
        heapq.heappush(self._waiters, waiter)
        self._grant()
        try:
            await waiter.granted
        except asyncio.CancelledError:
            if waiter.granted.done() and not waiter.granted.cancelled() and waiter.granted.exception() is None:
                self._busy -= 1  # granted in the very moment of the cancellation: give the place back unused
                self._grant()
            raise

    def _grant(self, *, given: bool = False) -> None:
        """Hands out the free places; where a row is shared, only the one it has `given`, and asks it for more."""
        now = asyncio.get_running_loop().time()
        self._thaw()
        passed: list[_Waiter] = []
        while self._waiters and self._busy + len(self._cooling) < self.limit and now >= self._paused_until:
            waiter = heapq.heappop(self._waiters)
            if waiter.granted.done():
                continue
            bulk = waiter.urgency >= BULK
            taken = self._busy + len(self._cooling)
            kept_free = now - self._client_at < CALM and taken + 1 == self.limit >= 5
            if bulk and (now < self._bulk_at or kept_free):
                passed.append(waiter)
                break  # those behind it are bulk too
            if waiter.subject is not None and self._ready_at(waiter.subject, now) > now:
                passed.append(waiter)
                continue
            if self._share is not None and not given:
                passed.append(waiter)
                self._ask(waiter.urgency)
                break
            given = False
            if waiter.subject is not None and self._pace is not None:
                self._of(waiter.subject, now).allowance -= 1.0
            if bulk:
                self._bulk_at = now + self._window / self.limit
            elif waiter.urgency != Urgency.REPLY:  # looking for changes is in that class, and goes on all day
                self._client_at = now
            self._busy += 1
            waiter.granted.set_result(None)
        for waiter in passed:
            heapq.heappush(self._waiters, waiter)
        self._arm()

    def _ask(self, urgency: int) -> None:
        """Has the shared row asked for a place for this class, at once if it is more urgent than the one asked for."""
        self._wanted = urgency
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask_row())
        elif urgency < self._asked:
            self._more_urgent.set()

    async def _ask_row(self) -> None:
        assert self._share is not None
        while self._wanted is not None:
            self._asked = self._wanted
            self._more_urgent.clear()
            begun = asyncio.get_running_loop().time()
            try:
                wait = await self._share(self.limit, self._window, self._asked >= BULK)
                if wait > 0:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(wait):  # the row wakes nobody
                            await self._more_urgent.wait()
            except Exception as trouble:  # it belongs to those who wait for the row's answer
                self._wanted = None
                for waiter in self._waiters:
                    if not waiter.granted.done():
                        waiter.granted.set_exception(trouble)
                return
            late = asyncio.get_running_loop().time() - begun > LATE  # its second may be over before the call arrives
            self._wanted = None
            self._grant(given=wait <= 0 and not late)

    def _thaw(self) -> None:
        now = asyncio.get_running_loop().time()
        while self._cooling and self._cooling[0] <= now:
            self._cooling.popleft()

    def _of(self, subject: str, now: float) -> _Subject:
        rate, burst = self._pace(subject) if self._pace is not None else (1.0, 1.0)
        found = self._subjects.get(subject)
        if found is None:
            if len(self._subjects) > 10_000:
                self._subjects = {
                    key: each for key, each in self._subjects.items() if each.paused_until > now or now - each.at < 60
                }
            found = self._subjects[subject] = _Subject(allowance=burst, at=now)
        found.allowance = min(burst, found.allowance + (now - found.at) * rate)
        found.at = now
        return found

    def _ready_at(self, subject: str, now: float) -> float:
        if self._pace is None:
            return now
        found = self._of(subject, now)
        ready = now if found.allowance >= 1.0 else now + (1.0 - found.allowance) / self._pace(subject)[0]
        return max(ready, found.paused_until)

    def _arm(self) -> None:
        """Wakes up when the next waiter may have a chance."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._waiters:
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self._paused_until > now:
            moments = [self._paused_until]
        else:
            moments = [self._cooling[0]] if self._cooling else []  # the end of a call will look again by itself
            if self._busy + len(self._cooling) < self.limit:
                for waiter in self._waiters:
                    ready = now if waiter.subject is None else self._ready_at(waiter.subject, now)
                    ready = max(ready, self._bulk_at) if waiter.urgency >= BULK else ready
                    if ready > now:  # the others wait for the row all daemons share, or for a place not kept free
                        moments.append(ready)
        if moments:
            self._timer = loop.call_at(max(min(moments), now + 0.001), self._grant)
