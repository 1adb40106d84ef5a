"""Who and what there is: users, chats and the messages in them, in memory."""

from __future__ import annotations

import asyncio
import copy
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.telegram.clock import Clock
from sandbox.telegram.files import Files
from sandbox.telegram.parameters import Parameters
from sandbox.telegram.refusals import Refused, bad_request
from sandbox.telegram.updates import UpdateQueue

Payload = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class User:
    id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None
    is_bot: bool = False
    deactivated: bool = False

    def payload(self) -> Payload:
        """https://core.telegram.org/bots/api#user"""
        shown: Payload = {"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name}
        for name in ("last_name", "username", "language_code"):
            if (value := getattr(self, name)) is not None:
                shown[name] = value
        return shown


@dataclass(slots=True, kw_only=True)
class Message:
    """`payload` is the Message object of the Bot API; the rest is what only the stand-in knows."""

    payload: Payload
    by_bot: bool
    had_reply_keyboard: bool = False
    deleted: bool = False
    bot_reactions: list[str] = field(default_factory=list)
    user_reactions: list[str] = field(default_factory=list)

    @property
    def id(self) -> int:
        return int(self.payload["message_id"])

    def quoted(self) -> Payload:
        """As it stands inside another message: without its own `reply_to_message`."""
        return {k: copy.deepcopy(v) for k, v in self.payload.items() if k not in ("reply_to_message", "quote")}


@dataclass(slots=True, kw_only=True)
class Tap:
    """A press of an inline button; `answer` is what answerCallbackQuery said."""

    id: str
    user_id: int
    message_id: int
    label: str
    data: str
    at: datetime
    update_id: int | None
    answer: Payload | None = None
    expired: bool = False


@dataclass(slots=True, kw_only=True)
class Chat:
    """`user` is set in private chats; `opened` once the bot may write."""

    id: int
    type: str
    title: str | None = None
    user: User | None = None
    members: dict[int, User] = field(default_factory=dict)
    opened: bool = False
    blocked: bool = False
    kicked: bool = False
    bot_is_admin: bool = False
    migrated_to: int | None = None
    last_message_id: int = 0
    messages: dict[int, Message] = field(default_factory=dict)
    reply_keyboard: Payload | None = None
    keyboard_of: int | None = None
    """The message the reply keyboard came with."""
    keyboard_for: frozenset[int] | None = None
    """The users a selective keyboard shows to; None: to everybody."""
    action: Payload | None = None
    taps: list[Tap] = field(default_factory=list)
    instance: str = field(default_factory=lambda: str(secrets.randbits(63)))

    def payload(self) -> Payload:
        """https://core.telegram.org/bots/api#chat"""
        shown: Payload = {"id": self.id, "type": self.type}
        if self.user is None:
            return {**shown, "title": self.title or "Group"}
        for name in ("first_name", "last_name", "username"):
            if (value := getattr(self.user, name)) is not None:
                shown[name] = value
        return shown

    def message(self, message_id: int | None) -> Message | None:
        """None when there never was such a message or it was deleted."""
        found = self.messages.get(message_id or 0)
        return found if found is not None and not found.deleted else None


class Changes:
    """Tells everyone who listens what has just changed, one small object per change."""

    def __init__(self) -> None:
        self.last = 0
        self._listeners: set[asyncio.Queue[Payload]] = set()

    def note(self, change: str, **about: Any) -> None:
        self.last += 1
        for listener in self._listeners:
            if listener.full():  # a page that does not read loses the oldest: it reloads the transcript anyway
                listener.get_nowait()
            listener.put_nowait({"seq": self.last, "change": change, **about})

    @contextmanager
    def listened(self) -> Iterator[asyncio.Queue[Payload]]:
        listener: asyncio.Queue[Payload] = asyncio.Queue(maxsize=1000)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)


@dataclass(slots=True, kw_only=True)
class World:
    clock: Clock
    bot: User
    files: Files
    updates: UpdateQueue
    callback_answer_seconds: float
    changes: Changes = field(default_factory=Changes)
    users: dict[int, User] = field(default_factory=dict)
    chats: dict[int, Chat] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)

    def chat_for_bot(self, parameters: Parameters) -> Chat:
        """The chat a bot may write to.

        Raises 400 when it does not exist (nobody wrote to the bot there) or became a supergroup, 403 when the bot
        was blocked or removed. https://core.telegram.org/bots/api#responseparameters
        """
        chat = self.known_chat(parameters)
        if chat.migrated_to is not None:
            raise Refused(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                {"migrate_to_chat_id": chat.migrated_to},
            )
        if chat.user is not None and chat.user.deactivated:
            raise Refused(403, "Forbidden: user is deactivated")
        if chat.blocked:
            raise Refused(403, "Forbidden: bot was blocked by the user")
        if chat.kicked:
            raise Refused(403, f"Forbidden: bot was kicked from the {chat.type} chat")
        if parameters.integer("message_thread_id"):
            raise bad_request("message thread not found")
        return chat

    def known_chat(self, parameters: Parameters, name: str = "chat_id") -> Chat:
        written = parameters.text(name)
        if not written:
            raise bad_request(f"{name} is empty")
        chat = self.chats.get(parameters.integer(name) or 0)
        if chat is None or not chat.opened:
            raise bad_request("chat not found")
        return chat

    def post(self, chat: Chat, sender: User, content: Payload, *, by_bot: bool, date: int | None = None) -> Message:
        """Adds a message under the chat's next number, which both sides count together."""
        chat.last_message_id += 1
        payload: Payload = {
            "message_id": chat.last_message_id,
            "from": sender.payload(),
            "chat": chat.payload(),
            "date": self.clock.unix() if date is None else date,
            **content,
        }
        message = Message(payload=payload, by_bot=by_bot)
        chat.messages[message.id] = message
        if by_bot:
            chat.action = None
        self.changes.note("message", chat_id=chat.id, message_id=message.id, by_bot=by_bot)
        return message

    def shown(self, message: Message) -> Payload:
        """A copy fit to leave: later edits do not reach into what was sent."""
        return copy.deepcopy(message.payload)
