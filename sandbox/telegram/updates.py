"""The queue of updates one bot has not yet confirmed, handed out as getUpdates does.

https://core.telegram.org/bots/api#getupdates
"""

from __future__ import annotations

import asyncio
import copy
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.telegram.clock import Clock
from sandbox.telegram.refusals import Refused

KINDS = (
    "message", "edited_message", "channel_post", "edited_channel_post", "business_connection", "business_message",
    "edited_business_message", "deleted_business_messages", "guest_message", "message_reaction",
    "message_reaction_count", "inline_query", "chosen_inline_result", "callback_query", "shipping_query",
    "pre_checkout_query", "purchased_paid_media", "poll", "poll_answer", "my_chat_member", "chat_member",
    "chat_join_request", "chat_boost", "removed_chat_boost", "managed_bot",
)  # fmt: skip
NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
_LIFETIMES = {"callback_query": timedelta(seconds=150), "inline_query": timedelta(seconds=30)}
_DAY = timedelta(hours=24)
_TIMEOUT_LIMIT = 50
_LIMIT = 100
_FUTURE = 10  # an offset farther than this past the last id is not believed


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """`payload` is the whole update; `chat_id` 0 when it belongs to no chat."""

    update_id: int
    payload: Any
    chat_id: int
    expires: datetime


class UpdateQueue:
    def __init__(self, clock: Clock, *, repeat_seconds: float, conflict_seconds: float) -> None:
        self._clock = clock
        self._repeat_seconds = repeat_seconds
        self._conflict_seconds = conflict_seconds
        self._next_id = random.randrange(10**8, 9 * 10**8)
        self._pending: list[Pending] = []
        self._again: list[Pending] = []
        self._past: dict[int, Pending] = {}
        self._waiting: asyncio.Future[str] | None = None
        self._previous: tuple[int, float] | None = None
        self._next_conflict = 0.0
        self.allowed: tuple[str, ...] | None = None
        self.webhook_active = False
        self.last_poll: float | None = None
        self.conflicts = 0
        self.expired = 0
        self.on_arrival: Callable[[Pending], None] | None = None

    # What enters

    def wants(self, kind: str) -> bool:
        if self.allowed is None:
            return kind not in NOT_BY_DEFAULT
        return kind in self.allowed

    def allow(self, kinds: object) -> None:
        """None keeps the last setting, an empty list is the default one, unknown names are ignored."""
        if isinstance(kinds, list):
            self.allowed = tuple(kind for kind in KINDS if kind in kinds) or None

    def add(self, kind: str, body: Any, *, chat_id: int, date: int | None = None) -> int | None:
        """The update's id; None when `allowed_updates` keeps it out, which happens now and not when polled."""
        if not self.wants(kind):
            return None
        now = self._clock.now()
        born = now if date is None else datetime.fromtimestamp(date, now.tzinfo)
        update_id = self._take_id()
        payload = {"update_id": update_id, kind: copy.deepcopy(body)}
        expires = born + _LIFETIMES.get(kind, _DAY)
        self._enter(Pending(update_id=update_id, payload=payload, chat_id=chat_id, expires=expires))
        return update_id

    def inject(self, raw: Any, *, as_is: bool = False) -> int | None:
        """Any JSON value at all. An object without `update_id` gets one unless `as_is`.

        An id of its own that lies ahead moves the counter there, as after a week of silence. Anything the queue
        cannot order (an old id, no id, no object) is handed out once, before the rest; its answer is None.
        """
        expires = self._clock.now() + _DAY
        chat_id = _chat_of(raw)
        if isinstance(raw, dict) and "update_id" not in raw and not as_is:
            raw = {"update_id": self._take_id(), **raw}
        elif isinstance(raw, dict) and type(raw.get("update_id")) is int and raw["update_id"] >= self._next_id:
            self._next_id = raw["update_id"] + 1
        else:
            self._enter_again(Pending(update_id=0, payload=raw, chat_id=chat_id, expires=expires))
            return None
        update_id = int(raw["update_id"])
        self._enter(Pending(update_id=update_id, payload=raw, chat_id=chat_id, expires=expires))
        return update_id

    def repeat(self, update_id: int) -> bool:
        """Hands an update out once more, confirmed or not; False when there never was one with this id."""
        past = self._past.get(update_id)
        if past is None:
            return False
        self._enter_again(past)
        return True

    def _take_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    def _enter(self, update: Pending) -> None:
        self._past[update.update_id] = update
        self._pending.append(update)
        self._arrived(update)

    def _enter_again(self, update: Pending) -> None:
        self._again.append(update)
        self._arrived(update)

    def _arrived(self, update: Pending) -> None:
        self._wake("update")
        if self.on_arrival is not None:
            self.on_arrival(update)

    # What leaves

    def pending(self) -> list[Pending]:
        """Everything still to be delivered, extra copies first; what is too old goes now."""
        now = self._clock.now()
        fresh = [update for update in self._pending if update.expires > now]
        self.expired += len(self._pending) - len(fresh)
        self._pending = fresh
        return [*self._again, *self._pending]

    def expire(self, update_ids: Iterable[int] | None, kind: str | None) -> list[int]:
        """Lets pending updates grow too old: those named, those of a kind, or all."""
        named = None if update_ids is None else set(update_ids)
        gone = [
            u
            for u in self._pending
            if (named is None or u.update_id in named)
            and (kind is None or (isinstance(u.payload, dict) and kind in u.payload))
        ]
        ids = [update.update_id for update in gone]
        leaving = set(ids)
        self._pending = [u for u in self._pending if u.update_id not in leaving]
        self.expired += len(ids)
        return ids

    def delivered(self, update: Pending) -> None:
        """A webhook took it."""
        for line in (self._again, self._pending):
            for place, other in enumerate(line):
                if other is update:
                    del line[place]
                    return

    def clear(self) -> None:
        self._pending.clear()
        self._again.clear()

    async def poll(self, *, offset: int, limit: int, timeout: int) -> list[Any]:  # noqa: ASYNC109 (Telegram's word)
        """Raises 409 while a webhook is set, or in the first of two callers once the second arrives."""
        if self.webhook_active:
            raise Refused(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        self._wake("other")
        timeout = max(0, min(timeout, _TIMEOUT_LIMIT))
        limit = limit if 1 <= limit <= _LIMIT else _LIMIT
        now = self._clock.monotonic()
        self.last_poll = now
        if self._repeat_seconds and self._previous is not None and self._previous[0] == offset:
            since = now - self._previous[1]
            if since < self._repeat_seconds:
                timeout = max(timeout, int(self._repeat_seconds))
            if since < 0.5:
                limit = 1
        self._previous = (offset, now)
        self._confirm(offset)
        answer = self._take(offset, limit)
        if not answer and timeout:
            await self._wait(timeout)
            answer = self._take(offset, limit)
        return answer

    def interrupt(self) -> None:
        """setWebhook ends the poll that is waiting."""
        self._wake("webhook")

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            self.pending()
            self._pending = self._pending[offset:]
        elif 0 < offset <= self._next_id + _FUTURE:
            self._pending = [update for update in self._pending if update.update_id >= offset]

    def _take(self, offset: int, limit: int) -> list[Any]:
        answer = self.pending()[:limit]
        del self._again[: len(answer)]
        return [copy.deepcopy(update.payload) for update in answer]

    async def _wait(self, timeout: int) -> None:  # noqa: ASYNC109  # Telegram's word
        waiting: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting = waiting
        try:
            why = await asyncio.wait_for(waiting, timeout)
        except TimeoutError:
            return
        finally:
            if self._waiting is waiting:
                self._waiting = None
            self.last_poll = self._clock.monotonic()
        if why == "update":
            await self._clock.sleep(0.002)  # the real server lingers as briefly: albums often arrive together
            return
        self.conflicts += 1
        now = self._clock.monotonic()
        if now < self._next_conflict:
            await self._clock.sleep(self._conflict_seconds)
        else:
            self._next_conflict = now + self._conflict_seconds
        other = "setWebhook request" if why == "webhook" else (
            "other getUpdates request; make sure that only one bot instance is running"
        )  # fmt: skip
        raise Refused(409, f"Conflict: terminated by {other}")

    def _wake(self, why: str) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(why)


def _chat_of(raw: Any) -> int:
    """The chat an injected update belongs to, 0 when it does not say."""
    bodies = [v for v in raw.values() if isinstance(v, dict)] if isinstance(raw, dict) else []
    for body in bodies:
        for holder in (body, body.get("message")):
            chat = holder.get("chat") if isinstance(holder, dict) else None
            if isinstance(chat, dict) and type(chat.get("id")) is int:
                return int(chat["id"])
    return 0
