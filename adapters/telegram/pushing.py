"""Webhook mode: Telegram is told where to push updates, and asked now and then whether it gets rid of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from telegram import WebhookInfo

from adapters.telegram.api import BotApi
from adapters.telegram.incoming import KINDS
from adapters.telegram.shape import maybe_text, maybe_whole
from connector.domain.effects import Urgency
from connector.ports import Rejected, Unavailable

T = TypeVar("T")

_log = logging.getLogger(__name__)

EVERY: Final = 20.0
"""Seconds between two looks."""
CONNECTIONS: Final = 40
"""So many updates Telegram delivers at a time."""


class Pushing:
    """The address this bot's updates are pushed to. `pending` counts those Telegram has not got rid of."""

    def __init__(
        self,
        api: BotApi,
        *,
        url: str,
        secret: str,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.pending: int | None = None
        self._api = api
        self._url = url
        self._secret = secret
        self._sleep = sleep
        self._set = False
        self._told: str | None = None

    async def look(self) -> None:
        """Sets the address at the first call; later ones wait a while and set it again where somebody changed it.

        Raises Unavailable, WrongToken.
        """
        if not self._set:
            await self._announce()
        else:
            await self._sleep(EVERY)
        info = await _asked(self._api, lambda: self._api.bot.get_webhook_info())
        if info.url != self._url:
            _log.warning("webhook_changed", extra={"facts": [{"side": "chat", "remedy": "set again"}]})
            await self._announce()
        self._note(info)

    # https://core.telegram.org/bots/api#setwebhook
    async def _announce(self) -> None:
        # Always, not only where another address stands: Telegram does not show which secret it was given.
        await _asked(
            self._api,
            lambda: self._api.bot.set_webhook(
                self._url, secret_token=self._secret, allowed_updates=list(KINDS), max_connections=CONNECTIONS
            ),
        )
        self._set = True

    # https://core.telegram.org/bots/api#webhookinfo
    def _note(self, info: WebhookInfo) -> None:
        self.pending = maybe_whole(info.pending_update_count)
        error = maybe_text(info.last_error_message)
        if error and error != self._told:
            facts = {"side": "chat", "reason": self._api.scrub(error), "pending": self.pending}
            _log.warning("webhook_undelivered", extra={"facts": [facts]})
        self._told = error


# https://core.telegram.org/bots/api#deletewebhook
async def stop_pushing(api: BotApi) -> None:
    """Takes the address back, so that updates can be asked for; none of them is dropped. Raises as `BotApi.call`."""
    _log.warning("webhook_removed", extra={"facts": [{"side": "chat", "reason": "updates are asked for here"}]})
    await _asked(api, lambda: api.bot.delete_webhook(drop_pending_updates=False))


async def _asked(api: BotApi, request: Callable[[], Awaitable[T]]) -> T:
    """A refusal is for people to mend, and then to be tried again."""
    try:
        return await api.call(Urgency.CARD, request)
    except Rejected as refused:
        raise Unavailable(refused.reason) from None
