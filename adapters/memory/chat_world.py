"""What exists in the chats, and what clients do there: the truth that a rehearsal is checked against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from adapters.memory.bell import Bell
from connector.domain.effects import Button, Menu
from connector.domain.refs import Key
from connector.domain.words import File

Clock = Callable[[], datetime]


@dataclass(slots=True, kw_only=True)
class Message:
    """A message in a chat. `order` is the order of ours that sent it, None for a client's."""

    id: int
    chat: str
    at: datetime
    author: str
    text: str = ""
    files: tuple[File, ...] = ()
    album: str | None = None
    addressed: bool = True
    group: str | None = None
    reply_to: int | None = None
    order: Key | None = None
    buttons: tuple[tuple[Button, ...], ...] = ()
    mark: str | None = None
    edits: int = 0
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """Something the bot is told: `kind` is wrote, edited, tapped, blocked, returned or hostile.

    `stamp` tells two updates about one message apart; `data` is a tap's, or what a hostile update says.
    """

    id: int
    kind: str
    chat: str
    at: datetime
    stamp: int
    message: int | None = None
    data: str = ""
    text: str = ""
    files: tuple[File, ...] = ()


class ChatWorld:
    """The chats of one bot. `updates` are those nobody has confirmed yet, oldest first."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.messages: dict[int, Message] = {}
        self.updates: list[Update] = []
        self.blocked: set[str] = set()
        self.taps: dict[str, str | None] = {}
        """Taps by id, with the notice they were answered with."""
        self.contents: dict[str, bytes] = {}
        self.menus: dict[str, Menu] = {}
        """The keyboard of each chat, as it was sent last."""
        self.commands: dict[str | None, tuple[tuple[str, str], ...]] = {}
        """What the bot offers, by language; None for every other one."""
        self.arrived = Bell()
        self._next_message = 0
        self._next_update = 100
        self._stamp = 0

    def write(
        self,
        chat: str,
        text: str = "",
        *,
        files: tuple[File, ...] = (),
        author: str = "Client",
        album: str | None = None,
        reply_to: int | None = None,
        addressed: bool = True,
        group: str | None = None,
    ) -> Message:
        """A client writes."""
        message = self._message(chat, author, text, files)
        message.album, message.reply_to, message.addressed, message.group = album, reply_to, addressed, group
        self._tell("wrote", chat, message=message.id, text=text, files=files)
        return message

    def edit(self, message: Message, text: str) -> None:
        """A client changes a message of theirs."""
        message.text = text
        message.edits += 1
        self._tell("edited", message.chat, message=message.id, text=text, files=message.files)

    def tap(self, message: Message, data: str) -> str:
        """A client taps a button; returns the tap's id."""
        self._tell("tapped", message.chat, message=message.id, data=data)
        tap = str(self._stamp)
        self.taps[tap] = None
        return tap

    def block(self, chat: str) -> None:
        """A client stops the bot."""
        self.blocked.add(chat)
        self._tell("blocked", chat)

    def let_in(self, chat: str) -> None:
        """A client starts the bot again."""
        self.blocked.discard(chat)
        self._tell("returned", chat)

    def send_hostile(self, chat: str, what: str) -> None:
        """Something arrives that no adapter can read."""
        self._tell("hostile", chat, data=what)

    def repeat(self, update: Update) -> None:
        """The server tells something again that was confirmed already."""
        self._deliver(update)

    def renumber(self, first: int) -> None:
        """From now on updates are numbered from here, as after a week of silence."""
        self._next_update = first

    def confirm(self, before: int) -> None:
        """Updates with a smaller id are forgotten."""
        self.updates = [update for update in self.updates if update.id >= before]

    def put(self, chat: str, text: str, files: tuple[File, ...], order: Key) -> Message:
        """The bot's message appears."""
        message = self._message(chat, "bot", text, files)
        message.order = order
        return message

    def shown(self, chat: str) -> list[Message]:
        """What can be read in a chat, oldest first."""
        return [message for message in self.messages.values() if message.chat == chat and not message.deleted]

    def _message(self, chat: str, author: str, text: str, files: tuple[File, ...]) -> Message:
        self._next_message += 1
        message = Message(
            id=self._next_message, chat=chat, at=self.clock(), author=author, text=text, files=files
        )  # fmt: skip
        self.messages[message.id] = message
        return message

    def _tell(
        self,
        kind: str,
        chat: str,
        *,
        message: int | None = None,
        data: str = "",
        text: str = "",
        files: tuple[File, ...] = (),
    ) -> None:
        self._stamp += 1
        self._deliver(
            Update(
                id=0, kind=kind, chat=chat, at=self.clock(), stamp=self._stamp, message=message, data=data,
                text=text, files=files,
            )
        )  # fmt: skip

    def _deliver(self, update: Update) -> None:
        self._next_update += 1
        self.updates.append(
            Update(
                id=self._next_update, kind=update.kind, chat=update.chat, at=update.at, stamp=update.stamp,
                message=update.message, data=update.data, text=update.text, files=update.files,
            )
        )  # fmt: skip
        self.arrived.ring()
