"""One HTTP request to Kaiten at a time: its place in the budget, its answer, and what a refusal means."""

from __future__ import annotations

import asyncio
import json as jsonlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import IO, Any, Protocol

import httpx
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from connector.domain.effects import Urgency
from connector.ports import Budget, Unavailable, WrongToken

PORT = "kaiten"
LEGACY_FILES_OFF = "PUBLIC_API_LEGACY_FILE_UPLOAD_DISABLED"
PAGE = 100
"""Entries in a page; Kaiten silently gives no more."""
_SURELY = 10
"""Entries that a page holds at least, however few a server gives at a time."""

Params = Mapping[str, str | int | bool]
Parts = Sequence[tuple[str, tuple[str, IO[bytes], str]]]
"""Multipart files: (part name, (file name, open file, media type))."""

_AWHILE = 5.0
"""Seconds: a pause up to this long is waited for in the midst of a read, so that a long one gets through at all."""
_PAUSES = 10
"""Such pauses in a row for one request."""
_QUICK = httpx.Timeout(15, connect=5, pool=10)
_UPLOAD = httpx.Timeout(60, connect=5, pool=10)
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Clock(Protocol):
    """Where the adapter takes the time from."""

    def now(self) -> datetime:
        """The present moment, aware."""

    def sleep(self, seconds: float) -> Awaitable[None]:
        """Returns after `seconds`."""


class WallClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Returns after `seconds`."""
        await asyncio.sleep(seconds)


class Refused(Exception):
    """Kaiten said no to this request: any 4xx but 401, 408 and 429. Nothing was changed by it."""

    def __init__(self, status: int, code: str | None, message: str, call: str) -> None:
        super().__init__(f"Kaiten answered {status} to {call}" + (f": {message}" if message else ""))
        self.status = status
        self.code = code
        self.call = call


class Wire:
    """The connection to one Kaiten company under one token. Connects with the first request, not before."""

    def __init__(
        self,
        *,
        base_url: str,
        token: str,
        budget: Budget,
        clock: Clock,
        observe: Callable[[str, float], None] = lambda call, seconds: None,
    ) -> None:
        try:
            url = httpx.URL(base_url.strip().rstrip("/"))
        except httpx.InvalidURL:
            url = httpx.URL()
        if url.scheme not in ("http", "https") or not url.host:
            raise ValueError(f"Kaiten's address must look like https://company.kaiten.ru/api/latest, not {base_url!r}")
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise ValueError("Kaiten's token must be one word of printable ASCII characters")
        self.host = url.host
        self.site = str(url).rpartition("/api/")[0] or str(url.join("/")).rstrip("/")
        """Where people open the tool in a browser."""
        self.clock = clock
        self._base = str(url)
        self._token = token
        self._budget = budget
        self._observe = observe
        self._largest: dict[str, int] = {}
        self.tls = httpx.create_ssl_context()
        self._client = httpx.AsyncClient(
            verify=self.tls,
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
            timeout=_QUICK,
            limits=httpx.Limits(max_connections=16, keepalive_expiry=3),
        )

    def trip(self, urgency: Urgency, *, patient: bool = False) -> Trip:
        """Requests that belong together; `patient` ones repeat a failed read a few times."""
        return Trip(self, urgency, patient=patient)

    async def exchange(
        self,
        urgency: Urgency,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        json: object = None,
        data: Mapping[str, str] | None = None,
        files: Parts | None = None,
    ) -> httpx.Response:
        """One request and its 2xx or 3xx answer. Raises Unavailable, WrongToken, Refused."""
        call = f"{method} {path}"
        query = {
            name: str(value).lower() if isinstance(value, bool) else value for name, value in (params or {}).items()
        }
        async with self._budget.call(urgency):
            begun = time.perf_counter()
            try:
                answer = await self._client.request(
                    method,
                    self._base + path,
                    params=query or None,
                    json=json,
                    data=data,
                    files=files,
                    timeout=_UPLOAD if files else _QUICK,
                )
            except _NEVER_SENT as error:
                reason = f"Kaiten cannot be reached for {call}: {_named(error)}"
                raise Unavailable(reason, surely_not_done=True) from None
            except httpx.HTTPError as error:
                raise Unavailable(f"no answer from Kaiten to {call}: {_named(error)}") from None
            finally:
                self._observe(f"{method} {_shape(path)}", time.perf_counter() - begun)
            self._learn(answer)
            if answer.status_code == 429:
                pause = self._pause(answer)
                self._budget.refused(pause)
                raise Unavailable(f"too many requests ({call})", retry_after=pause, surely_not_done=True)
        self._judge(answer, call)
        return answer

    def _judge(self, answer: httpx.Response, call: str) -> None:
        status = answer.status_code
        if status < 400:
            return
        code, message = _complaint(answer)
        message = message.replace(self._token, "***")
        if status == 401:
            raise WrongToken(PORT, message or "401")
        if status == 408 or status >= 500:
            raise Unavailable(
                f"Kaiten answered {status} to {call}", retry_after=_seconds(answer.headers.get("retry-after"))
            )
        raise Refused(status, code, message, call)

    def _learn(self, answer: httpx.Response) -> None:
        limit = _whole(answer.headers.get("x-ratelimit-limit"))
        remaining = _whole(answer.headers.get("x-ratelimit-remaining"))
        reset = self._reset_after(answer)
        if limit is not None or remaining is not None:
            self._budget.learned(limit=limit, remaining=remaining, reset_after=reset)

    def _reset_after(self, answer: httpx.Response) -> float | None:
        reset = _seconds(answer.headers.get("x-ratelimit-reset"))
        if reset is None or reset < 1_000_000:  # already a span, not a moment
            return reset
        try:  # the server's own clock, where it tells it: ours may differ
            now = parsedate_to_datetime(answer.headers["date"]).timestamp()
        except (KeyError, ValueError):
            now = self.clock.now().timestamp()
        return min(max(reset - now, 0.0), 3600.0)

    def _pause(self, answer: httpx.Response) -> float:
        pause = _seconds(answer.headers.get("retry-after"))
        if pause is None:
            pause = self._reset_after(answer)
        return pause if pause else 1.0

    def is_last(self, path: str, count: int) -> bool:
        """Whether a page of `count` entries is surely the last of its list: it is shorter than pages there can be.

        A server may give fewer at a time than it was asked for; how many, only its longest page tells.
        """
        place = _shape(path)
        largest = self._largest.get(place, _SURELY)
        self._largest[place] = max(largest, count)
        return count == 0 or count < largest

    async def aclose(self) -> None:
        """Lets go of connections."""
        await self._client.aclose()


class Trip:
    """The requests of one order or one look; `wrote` tells whether one of them may have changed something."""

    def __init__(self, wire: Wire, urgency: Urgency, *, patient: bool) -> None:
        self.wire = wire
        self.urgency = urgency
        self.wrote = False
        self._patient = patient

    async def get(self, path: str, params: Params | None = None) -> object:
        """The parsed answer to a GET; None for an empty one. Raises Unavailable, WrongToken, Refused."""
        if not self._patient:
            return _parsed(await self.wire.exchange(self.urgency, "GET", path, params=params), f"GET {path}")
        retrying = AsyncRetrying(
            stop=stop_after_attempt(3),
            wait=wait_random_exponential(multiplier=0.3, max=1),
            retry=retry_if_exception(lambda no: isinstance(no, Unavailable) and no.retry_after is None),
            sleep=self.wire.clock.sleep,
            reraise=True,
        )
        async for attempt in retrying:
            with attempt:
                return _parsed(await self._in_turn(path, params), f"GET {path}")
        raise AssertionError("a retry neither returned nor raised")  # pragma: no cover

    async def _in_turn(self, path: str, params: Params | None) -> httpx.Response:
        """The answer to a GET, after the pauses asked for: whoever reads much would else begin anew each time."""
        for _ in range(_PAUSES):
            try:
                return await self.wire.exchange(self.urgency, "GET", path, params=params)
            except Unavailable as no:
                if not no.surely_not_done or no.retry_after is None or no.retry_after > _AWHILE:
                    raise
                await self.wire.clock.sleep(no.retry_after)
        return await self.wire.exchange(self.urgency, "GET", path, params=params)

    async def write(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        data: Mapping[str, str] | None = None,
        files: Parts | None = None,
    ) -> object:
        """The parsed answer to a request that changes something. Never repeated here."""
        before, self.wrote = self.wrote, True
        try:
            answer = await self.wire.exchange(self.urgency, method, path, json=json, data=data, files=files)
        except Unavailable as no:
            self.wrote = before or not no.surely_not_done
            raise
        except (Refused, WrongToken):
            self.wrote = before
            raise
        return _parsed(answer, f"{method} {path}")

    async def listed(self, path: str, params: Params | None = None, *, limit: int = PAGE) -> list[object]:
        """A whole list, page by page; a server that ignores `offset` is noticed. Raises as `get`."""
        found: list[object] = []
        seen: set[str] = set()
        while True:
            page = as_list(await self.get(path, {**(params or {}), "limit": limit, "offset": len(found)}))
            fresh = {jsonlib.dumps(entry, sort_keys=True): entry for entry in page}
            for mark in seen & fresh.keys():
                del fresh[mark]
            seen |= fresh.keys()
            found += fresh.values()
            if self.is_last(path, len(page)) or not fresh:
                return found

    def is_last(self, path: str, count: int) -> bool:
        """Whether a page of `count` entries is surely the last of its list."""
        return self.wire.is_last(path, count)


def _shape(path: str) -> str:
    """The path without the ids in it, so that there are few of them."""
    return "/".join("{id}" if any(map(str.isdigit, part)) else part for part in path.split("/"))


def as_list(answer: object) -> list[object]:
    """A list answer; Kaiten's newer lists come wrapped in `result`."""
    if isinstance(answer, dict):
        answer = answer.get("result")
    return list(answer) if isinstance(answer, list) else []


def _parsed(answer: httpx.Response, call: str) -> object:
    if answer.status_code >= 300:
        raise Unavailable(f"Kaiten answered {call} with a redirect: check its address in the settings")
    if not answer.content.strip():
        return None
    try:
        parsed: object = answer.json()
    except ValueError:
        raise Unavailable(f"Kaiten's answer to {call} is cut short or is not JSON") from None
    return parsed


def _complaint(answer: httpx.Response) -> tuple[str | None, str]:
    """(code, message) of a refusal: an object, a bare string, HTML, or nothing at all."""
    try:
        body: Any = answer.json()
    except ValueError:
        plain = answer.text.strip()
        return None, "" if plain.startswith("<") else plain[:500]
    if isinstance(body, dict):
        code, message = body.get("code"), body.get("message")
        return (None if code is None else str(code)), str(message or "")[:500]
    return None, body[:500] if isinstance(body, str) else ""


def _named(error: httpx.HTTPError) -> str:
    return f"{type(error).__name__} {error}".strip()


def _whole(value: str | None) -> int | None:
    seconds = _seconds(value)
    return None if seconds is None else int(seconds)


def _seconds(value: str | None) -> float | None:
    try:
        seconds = float(value) if value is not None else None
    except ValueError:
        return None
    return seconds if seconds is not None and 0 <= seconds < 1e12 else None
