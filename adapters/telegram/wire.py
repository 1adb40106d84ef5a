"""The HTTP side of this room: clients that keep the token to themselves and say what became of a request."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

import httpx
from telegram.error import TelegramError
from telegram.request import HTTPXRequest

from adapters.telegram.answers import Problem, problem_in

_NEVER_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)

# Seconds. A quiet bot keeps its connection between two replies instead of shaking hands for each.
CONNECT_TIMEOUT: Final = 5.0
READ_TIMEOUT: Final = 20.0
MEDIA_TIMEOUT: Final = 90.0
_KEEPALIVE: Final = 55.0


class Refused(TelegramError):
    """The Bot API answered, and not with success."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.says)
        self.problem = problem


class Lost(TelegramError):
    """No answer came. `surely_not_done`: the request never left."""

    def __init__(self, reason: str, *, surely_not_done: bool) -> None:
        super().__init__(reason)
        self.surely_not_done = surely_not_done


def scrubber(token: str) -> Callable[[str], str]:
    """Takes the token, and its secret half, out of a text."""
    secret = token.partition(":")[2]
    hidden = {token, quote(token, safe=""), *([secret] if len(secret) >= 8 else [])}
    ordered = sorted(hidden, key=len, reverse=True)

    def scrub(text: str) -> str:
        for piece in ordered:
            text = text.replace(piece, "<token>")
        return text

    return scrub


def quiet() -> None:
    """Both libraries write whole addresses, the token among them, into the log at their lower levels."""
    for name in ("httpx", "httpcore", "telegram"):
        logger = logging.getLogger(name)
        if logger.level < logging.WARNING:
            logger.setLevel(logging.WARNING)


def limits(connections: int) -> httpx.Limits:
    """The pool of one client."""
    return httpx.Limits(max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=_KEEPALIVE)


def client(*, read_timeout: float, connections: int, transport: httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
    """A client for what python-telegram-bot is not used for: polling and downloads. Connects to nothing yet."""
    quiet()
    return httpx.AsyncClient(
        timeout=httpx.Timeout(read_timeout, connect=CONNECT_TIMEOUT, pool=CONNECT_TIMEOUT),
        limits=limits(connections),
        transport=transport,
        follow_redirects=False,
    )


def named(error: BaseException) -> str:
    """An exception without its text, which may hold an address."""
    return type(error).__name__


def was_never_sent(error: BaseException | None) -> bool:
    """Whether a request that failed like this cannot have reached Telegram."""
    return isinstance(error, _NEVER_SENT)


class Wire(HTTPXRequest):
    """python-telegram-bot's way to the network, with every outcome told as success, `Refused` or `Lost`."""

    def __init__(
        self,
        *,
        observe: Callable[[str, float], None] = lambda call, seconds: None,
        transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        quiet()
        self._observe = observe
        kwargs: dict[str, Any] = {"limits": limits(64)}
        if transport is not None:
            kwargs["transport"] = transport
        super().__init__(
            read_timeout=READ_TIMEOUT,
            write_timeout=READ_TIMEOUT,
            connect_timeout=CONNECT_TIMEOUT,
            pool_timeout=CONNECT_TIMEOUT,
            media_write_timeout=MEDIA_TIMEOUT,
            httpx_kwargs=kwargs,
        )

    # `Any`: the timeouts' types are private to python-telegram-bot, and only passed on.
    async def do_request(self, url: str, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """Raises Refused, Lost."""
        name = url.rsplit("/", 1)[-1]
        begun = time.perf_counter()
        try:
            status, body = await super().do_request(url, *args, **kwargs)
        except TelegramError as error:
            cause = error.__cause__
            raise Lost(f"{name}: {named(cause or error)}", surely_not_done=was_never_sent(cause)) from None
        except OSError as error:  # the file to be sent could not be read: Telegram got no whole request
            raise Lost(f"{name}: {named(error)} while reading the file", surely_not_done=True) from None
        finally:
            self._observe(name, time.perf_counter() - begun)
        problem = problem_in(name, status, body)
        if problem is not None:
            raise Refused(problem)
        return status, _essence(name, body)


# https://core.telegram.org/bots/api#message
def _essence(method: str, body: bytes) -> bytes:
    """A success without those parts of sent messages that nobody reads.

    Were they handed on, some novelty in them could make the parser stumble, and a sent message would look unsent.
    """
    result = json.loads(body)["result"]
    if isinstance(result, dict) and "message_id" in result:
        result = _bare(result)
    elif isinstance(result, list) and method == "sendMediaGroup":
        result = [_bare(item) if isinstance(item, dict) else item for item in result]
    return json.dumps({"ok": True, "result": result}).encode("ascii")


def _bare(message: dict[str, object]) -> dict[str, object]:
    chat = message.get("chat")
    chat_id = chat.get("id") if isinstance(chat, dict) else 0
    return {
        "message_id": message.get("message_id"),
        "date": 0,
        "chat": {"id": chat_id, "type": "private"},
    }
