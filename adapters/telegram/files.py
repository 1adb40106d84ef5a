"""The bytes of files that clients sent, in chunks."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final
from urllib.parse import quote

import httpx
import telegram
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_fixed

from adapters.telegram.answers import FLOOD_WAIT, is_perhaps_passing, problem_in, verdict
from adapters.telegram.api import BotApi
from adapters.telegram.content import DOWNLOAD_LIMIT
from adapters.telegram.refs import PORT, file_id_of
from adapters.telegram.shape import maybe_text, maybe_whole
from adapters.telegram.wire import client, named, was_never_sent
from connector.domain.effects import Urgency
from connector.domain.events import Refusal
from connector.domain.refs import Ref
from connector.ports import Budget, Rejected, Unavailable, WrongToken

_CHUNK: Final = 64 * 1024
_ERROR_BODY: Final = 16 * 1024
_READ_TIMEOUT: Final = 60.0
FETCHING: Final = Urgency.ACKNOWLEDGE
"""A file waits its turn among the signs that its messages were seen, not behind all of them: words wait for it."""


class Downloads:
    """Fetches files through a client of its own, so that a slow one holds up no message."""

    def __init__(
        self,
        *,
        api: BotApi,
        budget: Budget,
        sleep: Callable[[float], Awaitable[None]],
        transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        self._api = api
        self._budget = budget
        self._sleep = sleep
        self._client = client(read_timeout=_READ_TIMEOUT, connections=16, transport=transport)

    async def chunks(self, ref: Ref) -> AsyncIterator[bytes]:
        """The file, 64 KiB at a time. Raises Rejected (TOO_BIG above 20 MB, GONE, INVALID), Unavailable, WrongToken."""
        try:
            file_id = file_id_of(ref, self._api.me.id)
        except ValueError as error:
            raise Rejected(str(error)) from None
        path = await self._path(file_id)
        response = await self._opened(path)
        taken = 0
        try:
            async for chunk in response.aiter_bytes(_CHUNK):
                taken += len(chunk)
                if taken > DOWNLOAD_LIMIT:
                    raise Rejected("the file is larger than 20 MB", Refusal.TOO_BIG)
                yield chunk
        except httpx.HTTPError as error:
            raise Unavailable(f"download broke off after {taken} bytes: {named(error)}") from None
        finally:
            with contextlib.suppress(httpx.HTTPError):
                await response.aclose()

    # https://core.telegram.org/bots/api#getfile
    async def _path(self, file_id: str) -> str:
        """Where the file lies on the file server; asks thrice when its storage seems out of reach."""
        return await AsyncRetrying(
            retry=retry_if_exception(lambda error: isinstance(error, Rejected) and is_perhaps_passing(error)),
            stop=stop_after_attempt(3),
            wait=wait_fixed(1),
            sleep=self._sleep,
            reraise=True,
        )(self._path_told, file_id)

    # https://core.telegram.org/bots/api#file
    async def _path_told(self, file_id: str) -> str:
        """The path is optional in the answer: without it nothing can be fetched, and words must not wait for that."""
        file: telegram.File = await self._api.call(FETCHING, lambda: self._api.bot.get_file(file_id))
        if (maybe_whole(file.file_size) or 0) > DOWNLOAD_LIMIT:
            raise Rejected("the file is larger than 20 MB", Refusal.TOO_BIG)
        path = maybe_text(file.file_path)
        if path is None:
            raise Rejected("getFile: the answer names no path, the file is temporarily unavailable", Refusal.GONE)
        return path.removeprefix(f"{self._api.file_url}/")

    # https://core.telegram.org/bots/api#getfile
    async def _opened(self, path: str) -> httpx.Response:
        """The answer whose body is the file. The budget's place is given back before the body is read."""
        request = self._client.build_request("GET", f"{self._api.file_url}/{quote(path.lstrip('/'))}")
        async with self._budget.call(FETCHING):
            try:
                response = await self._client.send(request, stream=True)
            except httpx.HTTPError as error:
                raise Unavailable(f"download: {named(error)}", surely_not_done=was_never_sent(error)) from None
        if response.status_code == 200:
            return response
        raise await self._refusal(response)

    async def _refusal(self, response: httpx.Response) -> Unavailable | Rejected | WrongToken:
        body = b""
        with contextlib.suppress(httpx.HTTPError):
            async for chunk in response.aiter_bytes(_ERROR_BODY):
                body = chunk
                break
            await response.aclose()
        problem = problem_in("download", response.status_code, body)
        if problem is None:
            return Unavailable(f"download: {response.status_code}")
        if problem.status == 429:
            self._budget.refused(problem.retry_after or FLOOD_WAIT)
        if problem.status == 404 and problem.genuine:
            return Rejected(self._api.scrub(problem.says), Refusal.GONE)
        told = verdict(problem)
        match told:
            case WrongToken():
                return WrongToken(PORT, self._api.scrub(problem.says))
            case Rejected():
                return Rejected(self._api.scrub(told.reason), told.refusal)
            case Unavailable():
                return Unavailable(
                    self._api.scrub(told.reason),
                    retry_after=told.retry_after,
                    surely_not_done=told.surely_not_done,
                )

    async def aclose(self) -> None:
        """Lets go of connections."""
        await self._client.aclose()
