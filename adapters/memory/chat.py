"""The chat side in memory: one bot whose messages, like Telegram's, can neither be looked up nor sent only once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final, assert_never

from adapters.memory.chat_world import ChatWorld, Message, Update
from adapters.memory.weather import CALM, Weather
from connector.domain.effects import (
    AnswerTap,
    ChatEffect,
    DeleteMessage,
    EditMessage,
    React,
    SendFiles,
    SendMessage,
)
from connector.domain.events import (
    ChatEvent,
    ClientBlocked,
    ClientEdited,
    ClientReturned,
    ClientTapped,
    ClientWrote,
    Refusal,
)
from connector.domain.policy import ChatLimits
from connector.domain.refs import Key, Ref
from connector.domain.text import shorten, units
from connector.domain.words import Person, Text, Words
from connector.ports import Arrival, Batch, Budget, Order, Rejected, Spool

PORT: Final = "memory-chat"
_LIMITS: Final = ChatLimits()
_AT_ONCE = 100
"""Updates one read brings at most."""
_QUOTE_LIMIT = 200
"""Characters of an answered message that are told with the answer."""


class MemoryChat:
    """A `connector.ports.Chat` over a `ChatWorld`; several may speak for the same bot, one after the other.

    `poll_seconds` is how long a read waits for something to happen.
    """

    def __init__(
        self,
        world: ChatWorld,
        *,
        weather: Weather = CALM,
        budget: Budget | None = None,
        spool: Spool | None = None,
        poll_seconds: float = 25.0,
    ) -> None:
        self._world = world
        self._weather = weather
        self._budget = budget
        self._spool = spool
        self._poll_seconds = poll_seconds
        self._given: set[str] = set()

    @property
    def name(self) -> str:
        """The `port` of every ref made here."""
        return PORT

    @property
    def limits(self) -> ChatLimits:
        """What it takes."""
        return _LIMITS

    async def identify(self) -> str:
        """See `connector.ports.Port`."""
        async with self._call("chat.identify"):
            return "@memory_bot"

    async def introduce(self, commands: Mapping[str, Sequence[tuple[str, str]]], default: str) -> None:
        """See `connector.ports.Chat`."""
        if default not in commands:
            raise ValueError(f"there are no commands in the default language {default!r}")
        wanted: dict[str | None, tuple[tuple[str, str], ...]] = {None: tuple(commands[default])}
        wanted |= {language: tuple(told) for language, told in commands.items()}
        async with self._call("chat.look"):
            standing = self._world.commands
        if standing != wanted:
            async with self._call("chat.introduce"):
                self._world.commands = wanted

    async def read(self, cursor: str | None) -> Batch:
        """What clients did; what the cursor covers is forgotten. A cursor of another life confirms nothing."""
        async with self._call("chat.read"):
            if cursor in self._given and cursor is not None:
                self._world.confirm(int(cursor))
            if not self._world.updates:
                await self._world.arrived.wait(self._poll_seconds)
            updates = self._world.updates[:_AT_ONCE]
            if updates:
                cursor = str(max(update.id for update in updates) + 1)
                self._given.add(cursor)
            batch = Batch(arrivals=tuple(self._arrival(update) for update in updates), cursor=cursor)
        return batch

    async def perform(self, order: Order[ChatEffect]) -> tuple[Ref, ...]:
        """Does it at once, whatever the attempt: nothing tells whether an earlier one succeeded."""
        effect = order.effect
        chat = effect.chat.id
        match effect:
            case SendMessage():
                async with self._call("chat.send", order):
                    self._fits(effect.text, _LIMITS.text)
                    message = self._world.put(self._open(chat), effect.text.plain, (), order.key)
                    message.buttons = effect.buttons
                    if effect.menu is not None:
                        self._world.menus[chat] = effect.menu
                    message.reply_to = self._quoted(order, effect.reply_to)
                return (message_ref(message),)
            case SendFiles():
                return await self._send_files(order, effect)
            case EditMessage():
                for message in self._targets(order, effect.target)[:1]:
                    async with self._call("chat.edit", order):
                        self._fits(effect.text, _LIMITS.caption if message.files else _LIMITS.text)
                        self._open(chat)
                        message.text, message.buttons = effect.text.plain, effect.buttons
                        message.edits += 1
            case DeleteMessage():
                for message in self._targets(order, effect.target):
                    async with self._call("chat.delete", order):
                        message.deleted = True
            case React():
                async with self._call("chat.react", order):
                    self._open(chat)
                    self._message(effect.message).mark = effect.emoji
            case AnswerTap():
                async with self._call("chat.answer", order):
                    self._world.taps[effect.tap.id.removeprefix("tap/")] = effect.notice
            case _:
                assert_never(effect)
        return ()

    async def fetch(self, file: Ref) -> AsyncIterator[bytes]:
        """See `connector.ports.Port`."""
        content = self._world.contents.get(file.id)
        if content is None:
            raise Rejected(f"there is no file {file.id}", Refusal.GONE)
        yield content

    async def aclose(self) -> None:
        """Nothing is held."""

    @asynccontextmanager
    async def _call(self, name: str, order: Order[ChatEffect] | None = None) -> AsyncIterator[None]:
        """One call to the tool: its place in the budget, and the weather around it."""
        if self._budget is None or order is None:
            await self._weather.before(name)
            yield
        else:
            async with self._budget.call(order.urgency, order.effect.chat.id):
                await self._weather.before(name)
                yield
        await self._weather.after(name)

    async def _send_files(self, order: Order[ChatEffect], effect: SendFiles) -> tuple[Ref, ...]:
        if not effect.files or len(effect.files) > _LIMITS.album:
            raise Rejected(f"{len(effect.files)} files in one album")
        for file in effect.files:
            if (file.size or 0) > _LIMITS.upload:
                raise Rejected(f"{file.name} is too big", Refusal.TOO_BIG)
            if self._spool is not None and file.ref.port != PORT:
                async with self._spool.open(file) as path:
                    self._world.contents[file.ref.id] = path.read_bytes()
        made = []
        async with self._call("chat.send", order):
            self._fits(effect.caption, _LIMITS.caption, needed=False)
            for place, file in enumerate(effect.files):
                caption = effect.caption.plain if place == 0 else ""
                message = self._world.put(self._open(effect.chat.id), caption, (file,), order.key)
                message.reply_to = self._quoted(order, effect.reply_to)
                made.append(message_ref(message))
        return tuple(made)

    def _open(self, chat: str) -> str:
        if chat in self._world.blocked:
            raise Rejected("the client has blocked the bot", Refusal.BLOCKED)
        return chat

    def _fits(self, text: Text, limit: int, *, needed: bool = True) -> None:
        if needed and not text.plain.strip():
            raise Rejected("a message without text")
        if units(text.plain) > limit:
            raise Rejected(f"the text is longer than {limit}")

    def _message(self, ref: Ref) -> Message:
        found = self._world.messages.get(int(ref.id.rpartition("/")[2])) if ref.port == PORT else None
        if found is None or found.deleted:
            raise Rejected(f"there is no message {ref.id}", Refusal.GONE)
        return found

    def _targets(self, order: Order[ChatEffect], target: Key) -> list[Message]:
        refs = order.made.get(target, ())
        found = [self._world.messages.get(int(ref.id.rpartition("/")[2])) for ref in refs]
        return [message for message in found if message is not None and not message.deleted]

    def _quoted(self, order: Order[ChatEffect], reply_to: Ref | Key | None) -> int | None:
        ref = (
            reply_to
            if isinstance(reply_to, Ref) or reply_to is None
            else next(iter(order.made.get(reply_to, ())), None)
        )
        return None if ref is None or ref.port != PORT else int(ref.id.rpartition("/")[2])

    def _arrival(self, update: Update) -> Arrival:
        message = self._world.messages.get(update.message or 0)
        raw = json.dumps({"kind": update.kind, "chat": update.chat, "stamp": update.stamp, "data": update.data})
        quoted = self._world.messages.get(message.reply_to or 0) if message is not None else None
        event = _event(update, message, quoted)
        if event is None:
            return Arrival(key=Key(f"{PORT}:unreadable:{update.stamp}"), raw=raw, reason=f"unreadable: {update.data}")
        return Arrival(key=event.key, raw=raw, event=event)


def chat_ref(chat: str) -> Ref:
    """A chat."""
    return Ref(port=PORT, id=chat)


def message_ref(message: Message) -> Ref:
    """A message."""
    return Ref(port=PORT, id=f"{message.chat}/{message.id}")


def _event(update: Update, message: Message | None, quoted: Message | None) -> ChatEvent | None:
    chat = chat_ref(update.chat)
    author = Person(ref=Ref(port=PORT, id=f"user/{update.chat}"), name=message.author if message else "")
    quote = shorten(quoted.text, _QUOTE_LIMIT) or None if quoted is not None else None
    words = Words(text=Text(plain=update.text), files=update.files, quote=quote)
    stamped = Key(f"{PORT}:{update.chat}/{update.kind}/{update.stamp}")
    if update.kind == "blocked":
        return ClientBlocked(key=stamped, at=update.at, chat=chat)
    if update.kind == "returned":
        return ClientReturned(key=stamped, at=update.at, chat=chat)
    if message is None or update.kind == "hostile":
        return None
    ref = message_ref(message)
    match update.kind:
        case "wrote":
            answered = Ref(port=PORT, id=f"{update.chat}/{message.reply_to}") if message.reply_to else None
            return ClientWrote(
                key=ref.key, at=update.at, chat=chat, message=ref, author=author, words=words, reply_to=answered,
                album=message.album, addressed=message.addressed, group=message.group,
            )  # fmt: skip
        case "edited":
            return ClientEdited(key=stamped, at=update.at, chat=chat, message=ref, author=author, words=words)
        case "tapped":
            tap = Ref(port=PORT, id=f"tap/{update.stamp}")
            tapper = Person(ref=author.ref, name="Client")
            return ClientTapped(
                key=tap.key, at=update.at, chat=chat, tap=tap, author=tapper, data=update.data, message=ref
            )
        case _:
            return None
