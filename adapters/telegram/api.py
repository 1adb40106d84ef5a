"""One call of the Bot API: within the budget, its outcome in the core's terms, the token out of every text."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final, TypeVar

import httpx
from telegram import Bot
from telegram.error import TelegramError

from adapters.telegram.answers import FLOOD_WAIT, Problem, verdict
from adapters.telegram.content import Me
from adapters.telegram.refs import PORT
from adapters.telegram.shape import maybe_text
from adapters.telegram.wire import Lost, Refused, Wire, scrubber
from connector.domain.effects import Urgency
from connector.ports import Budget, Rejected, Unavailable, WrongToken

T = TypeVar("T")

_TOKEN: Final = re.compile(r"(\d{1,19}):", re.ASCII)

# What python-telegram-bot raises on a result of a shape it does not know.
_SPOILT: Final = (TypeError, ValueError, LookupError, AttributeError)


def _bot_id(token: str) -> int:
    """The number before the colon; of a token of another form (a local server's), a number that stays the same."""
    shaped = _TOKEN.match(token)
    return int(shaped[1]) if shaped else int.from_bytes(hashlib.sha256(token.encode()).digest()[:6])


class BotApi:
    """The bot, and the way every request of it goes. Connects to nothing until the first call.

    Raises WrongToken at once when the token cannot be part of an address.
    """

    def __init__(
        self,
        *,
        token: str,
        base_url: str,
        budget: Budget,
        observe: Callable[[str, float], None] = lambda call, seconds: None,
        transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        if not token or any(sign.isspace() or sign == "/" for sign in token):
            raise WrongToken(PORT, "a bot token looks like 123456:letters; take it from @BotFather")
        self.scrub: Callable[[str], str] = scrubber(token)
        self.me = Me(id=_bot_id(token))
        self.method_url: str = f"{base_url}/bot{token}"
        self.file_url: str = f"{base_url}/file/bot{token}"
        self._budget = budget
        self._wire = Wire(observe=observe, transport=transport)
        self.bot = Bot(
            token,
            base_url=lambda _: self.method_url,
            base_file_url=lambda _: self.file_url,
            request=self._wire,
            get_updates_request=self._wire,
        )

    # https://core.telegram.org/bots/api#getme
    async def identify(self, urgency: Urgency) -> str:
        """Asks Telegram who the bot is, and remembers its username. Raises WrongToken, Unavailable."""
        try:
            user = await self._attempt(urgency, None, self.bot.get_me)
        except Refused as refused:
            told = self._told(refused.problem)
            if isinstance(told, Rejected):  # no server that knows getMe says so: someone in between does
                raise Unavailable(told.reason) from None
            raise told from None
        username = maybe_text(user.username)
        self.me = Me(id=self.me.id, username=username)
        return f"@{username}" if username else maybe_text(user.first_name) or str(self.me.id)

    async def call(self, urgency: Urgency, request: Callable[[], Awaitable[T]], *, subject: str | None = None) -> T:
        """One request. Raises Unavailable, Rejected, WrongToken."""
        try:
            return await self._attempt(urgency, subject, request)
        except Refused as refused:
            problem = refused.problem
        raise await self._outcome(urgency, problem)

    # https://core.telegram.org/bots/api#responseparameters
    async def in_chat(self, urgency: Urgency, chat_id: int, request: Callable[[int], Awaitable[T]]) -> T:
        """One request about a chat, counted as its; once more with the new id when the group became a supergroup."""
        try:
            return await self._attempt(urgency, str(chat_id), lambda: request(chat_id))
        except Refused as refused:
            problem = refused.problem
        moved = problem.migrate_to
        if moved is not None:
            return await self.call(urgency, lambda: request(moved), subject=str(moved))
        raise await self._outcome(urgency, problem)

    async def _attempt(self, urgency: Urgency, subject: str | None, request: Callable[[], Awaitable[T]]) -> T:
        """Raises Refused as Telegram said it, and Unavailable where Telegram said nothing we could read."""
        async with self._budget.call(urgency, subject):
            try:
                return await request()
            except Refused as refused:
                if refused.problem.status == 429:
                    self._budget.refused(refused.problem.retry_after or FLOOD_WAIT, subject)
                raise
            except Lost as lost:
                raise Unavailable(self.scrub(str(lost)), surely_not_done=lost.surely_not_done) from None
            except TelegramError as error:
                raise Unavailable(self.scrub(f"{type(error).__name__}: {error}")) from None
            except _SPOILT as error:
                raise Unavailable(self.scrub(f"an answer that could not be read: {type(error).__name__}")) from None

    def _told(self, problem: Problem) -> Unavailable | Rejected | WrongToken:
        """The problem in the core's terms, without the token."""
        return verdict(replace(problem, description=self.scrub(problem.description)))

    async def _outcome(self, urgency: Urgency, problem: Problem) -> Unavailable | Rejected | WrongToken:
        """As `_told`. A 404 is a wrong token or a method this server does not have: who we are tells which."""
        told = self._told(problem)
        if problem.status != 404 or not isinstance(told, WrongToken):
            return told
        try:
            await self.identify(urgency)
        except Unavailable as unavailable:
            return Unavailable(
                f"{told}; {unavailable.reason}", retry_after=unavailable.retry_after, surely_not_done=True
            )
        except WrongToken as wrong:
            return wrong
        return Rejected(self.scrub(f"{problem.says}: this server has no such method"))

    async def aclose(self) -> None:
        """Lets go of connections."""
        await self._wire.shutdown()
