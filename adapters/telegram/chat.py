"""Telegram as a chat: reads what clients write, carries out what is ordered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, assert_never

import httpx

from adapters.telegram.api import BotApi
from adapters.telegram.changing import answer_tap, delete, edit, react
from adapters.telegram.checkup import ChatCheckup, checkup
from adapters.telegram.files import Downloads
from adapters.telegram.incoming import arrival, in_group
from adapters.telegram.introducing import introduce
from adapters.telegram.outgoing import ALBUM_LIMIT, CAPTION_LIMIT, UPLOAD_LIMIT
from adapters.telegram.polling import LongPoll, PushedElsewhere
from adapters.telegram.pushing import Pushing, stop_pushing
from adapters.telegram.refs import PORT, chat_id_of
from adapters.telegram.sending import Sender
from adapters.telegram.updates import Payload, payload_in
from connector.domain.effects import (
    AnswerTap,
    ChatEffect,
    DeleteMessage,
    EditMessage,
    React,
    SendFiles,
    SendMessage,
    Urgency,
)
from connector.domain.events import Refusal
from connector.domain.policy import ChatLimits
from connector.domain.refs import Ref
from connector.ports import Arrival, Batch, Budget, Order, Rejected, Spool

_LIMITS: Final = ChatLimits(text=4096, caption=CAPTION_LIMIT, upload=UPLOAD_LIMIT, album=ALBUM_LIMIT)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class TelegramChat:
    """The chat of one bot; a `connector.ports.Chat`. Connects to nothing until it is asked to do something.

    `base_url` is that of the Bot API server, without the token. `poll_seconds` (0 to 50) is how long one `read` waits.
    `push_to` (address, secret): updates are not asked for but pushed there; whoever serves the address hands each to
    `receive`, and stores what comes back before it says yes. `observe` is told each call and its seconds.
    Raises WrongToken when the token is not shaped like one, ValueError for a `base_url` that is none.
    """

    def __init__(
        self,
        *,
        token: str,
        base_url: str = "https://api.telegram.org",
        budget: Budget,
        spool: Spool,
        poll_seconds: int = 25,
        push_to: tuple[str, str] | None = None,
        observe: Callable[[str, float], None] = lambda call, seconds: None,
        now: Callable[[], datetime] = _utc_now,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        base_url = _checked(base_url)
        self._now = now
        self._transport = transport
        self._api = BotApi(token=token, base_url=base_url, budget=budget, observe=observe, transport=transport)
        self._pushing = None
        if push_to is not None:
            self._pushing = Pushing(self._api, url=push_to[0], secret=push_to[1], sleep=sleep)
        self._poll = LongPoll(
            method_url=self._api.method_url,
            poll_seconds=poll_seconds,
            scrub=self._api.scrub,
            monotonic=monotonic,
            sleep=sleep,
            transport=transport,
        )
        self._downloads = Downloads(api=self._api, budget=budget, sleep=sleep, transport=transport)
        self._sender = Sender(api=self._api, spool=spool)

    @property
    def name(self) -> str:
        """The `port` of every ref made here."""
        return PORT

    @property
    def limits(self) -> ChatLimits:
        """What Telegram takes."""
        return _LIMITS

    @property
    def last_good_poll(self) -> float | None:
        """Monotonic time of the last successful poll; None before the first."""
        return self._poll.last_good

    @property
    def pending_updates(self) -> int | None:
        """Updates that Telegram could not push yet, as of the last look; None where they are asked for."""
        return self._pushing.pending if self._pushing is not None else None

    @property
    def poll_client_rebuilds(self) -> int:
        """How often the poll's client was built anew after polls in a row without success."""
        return self._poll.rebuilds

    async def identify(self) -> str:
        """The bot as people call it ("@support_bot"). Raises WrongToken, Unavailable."""
        return await self._api.identify(Urgency.CARD)

    async def checkup(self) -> ChatCheckup:
        """Who the bot is and how it stands with Telegram. Raises Unavailable, Rejected, WrongToken."""
        return await checkup(self._api, now=self._now, transport=self._transport)

    async def introduce(self, commands: Mapping[str, Sequence[tuple[str, str]]], default: str) -> None:
        """Puts the commands into the chat's own menu. Raises Unavailable, Rejected, WrongToken.

        Languages by their two-letter code; the default one is for all others, and must be among them (ValueError).
        """
        await introduce(self._api, commands, default)

    async def read(self, cursor: str | None) -> Batch:
        """What clients did; waits up to `poll_seconds` for something to happen. Raises Unavailable, WrongToken.

        Telegram forgets what a read confirms, so a cursor is handed in only after its batch is stored. The cursor of
        an earlier life of the process is not used: ids may have started anew, and Telegram sends the unconfirmed again.
        """
        if self._pushing is not None:
            await self._pushing.look()
            return Batch(arrivals=(), cursor=None)
        try:
            payloads, following = await self._poll.updates(cursor)
        except PushedElsewhere:
            await stop_pushing(self._api)
            payloads, following = await self._poll.updates(cursor)
        return Batch(arrivals=await self._told(payloads), cursor=following)

    async def receive(self, body: bytes) -> tuple[Arrival, ...]:
        """One pushed update: an arrival, or none where it means nothing to us. Raises Unavailable, WrongToken."""
        return await self._told((payload_in(body.decode("utf-8", "replace")),))

    async def _told(self, payloads: Sequence[Payload]) -> tuple[Arrival, ...]:
        if self._api.me.username is None and any(in_group(payload) for payload in payloads):
            await self._api.identify(Urgency.ACKNOWLEDGE)  # whom a group's message calls, only the name tells
        received_at = self._now()
        told = (
            arrival(payload, self._api.me, received_at=received_at, raw=self._api.scrub(payload.raw))
            for payload in payloads
        )
        return tuple(one for one in told if one is not None)

    async def reread(self, raw: str, received_at: datetime) -> Arrival | None:
        """An update that was kept aside, as it is read today; None when it means nothing to us.

        Raises Unavailable, WrongToken, where a message in a group needs the bot's name.
        """
        payload = payload_in(raw)
        if self._api.me.username is None and in_group(payload):
            await self._api.identify(Urgency.RESYNC)
        return arrival(payload, self._api.me, received_at=received_at, raw=raw)

    async def perform(self, order: Order[ChatEffect]) -> tuple[Ref, ...]:
        """Carries an order out; tells the messages it made. Raises Unavailable, Rejected, WrongToken.

        Telegram can neither be asked what was sent nor told to send once: with `attempt` above 1 a message may appear
        twice (see `Sender` for orders of several calls). Editing, deleting, marking and answering repeat harmlessly.
        """
        effect = order.effect
        match effect:
            case SendMessage():
                return await self._sender.message(order, effect, _chat_id(effect.chat))
            case SendFiles():
                return await self._sender.files(order, effect, _chat_id(effect.chat))
            case EditMessage():
                await edit(self._api, order, effect)
            case DeleteMessage():
                await delete(self._api, order, effect)
            case React():
                await react(self._api, order, effect)
            case AnswerTap():
                await answer_tap(self._api, order, effect)
            case _:
                assert_never(effect)
        return ()

    def fetch(self, file: Ref) -> AsyncIterator[bytes]:
        """A client's file in chunks of 64 KiB. Raises Unavailable, Rejected (TOO_BIG above 20 MB), WrongToken."""
        return self._downloads.chunks(file)

    async def aclose(self) -> None:
        """Lets go of connections."""
        await self._poll.aclose()
        await self._downloads.aclose()
        await self._api.aclose()


def _chat_id(chat: Ref) -> int:
    try:
        return chat_id_of(chat)
    except ValueError as error:
        raise Rejected(str(error), Refusal.GONE) from None


def _checked(base_url: str) -> str:
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as error:
        raise ValueError(f"the address of the Bot API server is none: {error}") from None
    if url.scheme not in ("http", "https") or not url.host or url.query:
        raise ValueError(f"the address of the Bot API server must look like https://host, not {base_url!r}")
    return base_url.rstrip("/")
