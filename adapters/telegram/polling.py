"""The long poll: raw updates, one confirmed batch after the other."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

import httpx

from adapters.telegram.answers import Problem, problem_in, verdict
from adapters.telegram.incoming import KINDS
from adapters.telegram.refs import PORT
from adapters.telegram.updates import Payload, next_offset, updates_in
from adapters.telegram.wire import client, named
from connector.ports import Unavailable, WrongToken

_SLACK: Final = 20.0
"""Seconds an answer may be overdue before the connection counts as wedged."""
_PATIENCE: Final = 3
"""Polls in a row without success before the client is built anew."""
_CLOSING: Final = 5.0
_STANDSTILL: Final = 1.0


class PushedElsewhere(Unavailable):
    """Updates cannot be asked for while they are pushed to an address."""


class LongPoll:
    """Asks for updates. `last_good` is the monotonic time of the last success, `rebuilds` counts new clients.

    Only a cursor that this object itself has given out is ever confirmed: one from an earlier life, or from another
    daemon, may point anywhere, since ids can start at random. Without one the server sends all that is unconfirmed.
    """

    def __init__(
        self,
        *,
        method_url: str,
        poll_seconds: int,
        scrub: Callable[[str], str],
        monotonic: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        self.last_good: float | None = None
        self.rebuilds = 0
        self._url = f"{method_url}/getUpdates"
        self._poll_seconds = poll_seconds
        self._scrub = scrub
        self._monotonic = monotonic
        self._sleep = sleep
        self._transport = transport
        self._client = self._new_client()
        self._failures = 0
        self._given: deque[str] = deque(maxlen=16)

    def _new_client(self) -> httpx.AsyncClient:
        return client(read_timeout=self._poll_seconds + _SLACK / 2, connections=1, transport=self._transport)

    async def updates(self, cursor: str | None) -> tuple[tuple[Payload, ...], str | None]:
        """Updates and the cursor that will confirm them. Raises Unavailable, WrongToken."""
        offset = cursor if cursor in self._given else None
        try:
            payloads = await self._ask(offset)
        except (Unavailable, WrongToken):
            self._failures += 1
            if self._failures >= _PATIENCE:
                await self._rebuild()
            raise
        self._failures = 0
        self.last_good = self._monotonic()
        following = next_offset(payloads)
        if following is None:
            if payloads:  # nothing in it can be confirmed: the server will send it again at once, for ever
                await self._sleep(_STANDSTILL)
            return payloads, offset
        given = str(following)
        if given not in self._given:
            self._given.append(given)
        return payloads, given

    # https://core.telegram.org/bots/api#getupdates
    async def _ask(self, offset: str | None) -> tuple[Payload, ...]:
        question: dict[str, object] = {"timeout": self._poll_seconds, "allowed_updates": list(KINDS)}
        if offset is not None:
            question["offset"] = int(offset)
        try:
            async with asyncio.timeout(self._poll_seconds + _SLACK):
                response = await self._client.post(self._url, json=question)
        except TimeoutError:
            raise Unavailable("getUpdates: the connection hangs") from None
        except httpx.HTTPError as error:
            raise Unavailable(f"getUpdates: {named(error)}") from None
        if not response.is_success:
            problem = problem_in("getUpdates", response.status_code, response.content)
            raise self._told(problem, response.status_code)
        try:
            return updates_in(response.content)
        except ValueError as error:
            problem = problem_in("getUpdates", response.status_code, response.content)
            if problem is not None and problem.genuine:
                raise self._told(problem, response.status_code) from None
            raise Unavailable(self._scrub(f"getUpdates: {error}")) from None

    def _told(self, problem: Problem | None, status: int) -> Unavailable | WrongToken:
        if problem is None:
            return Unavailable(f"getUpdates: {status}")
        told = verdict(problem)
        if problem.status == 409 and "webhook is active" in problem.description:
            return PushedElsewhere(self._scrub(problem.says))
        if isinstance(told, WrongToken):
            return WrongToken(PORT, self._scrub(problem.says))
        retry_after = told.retry_after if isinstance(told, Unavailable) else None
        return Unavailable(self._scrub(told.reason), retry_after=retry_after)

    async def _rebuild(self) -> None:
        """A fresh client: what hangs in the old one's connection goes with it."""
        old, self._client = self._client, self._new_client()
        self._failures = 0
        self.rebuilds += 1
        with contextlib.suppress(TimeoutError, httpx.HTTPError, OSError):
            async with asyncio.timeout(_CLOSING):
                await old.aclose()

    async def aclose(self) -> None:
        """Lets go of the connection."""
        await self._client.aclose()
