"""What exists on both sides, and what clients and agents do there: the truth that a rehearsal is checked against."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from connector.domain.effects import Button, FieldValue, Menu
from connector.domain.refs import Key
from connector.domain.signature import unsigned
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


@dataclass(slots=True, kw_only=True)
class Comment:
    """A comment as stored: `raw` with the signatures in it. `author` is an account's id."""

    id: int
    card: int
    at: datetime
    author: str
    name: str
    raw: str
    internal: bool = False
    files: list[File] = field(default_factory=list)
    deleted: bool = False

    @property
    def text(self) -> str:
        """What people read."""
        return unsigned(self.raw)


@dataclass(slots=True, kw_only=True)
class Card:
    """A card as stored; `files` are those on the card itself."""

    id: int
    external_id: str
    title: str
    description: str
    board: str
    column: str
    lane: str | None
    at: datetime
    due_at: datetime | None = None
    responsible: str | None = None
    handed: int = 0
    """How often somebody else became responsible: nothing of the card's version."""
    fields: dict[str, FieldValue] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    parents: set[str] = field(default_factory=set)
    service_desk: bool = False
    """Whether it is a request of the board's own service desk."""
    slas: list[str] = field(default_factory=list)
    version: int = 1
    archived: bool = False
    deleted: bool = False

    @property
    def gone(self) -> bool:
        """Nobody can write on it any more."""
        return self.archived or self.deleted


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of the board's log: `kind` is card, comment, edit, removal or file."""

    kind: str
    card: int
    at: datetime
    version: int = 0
    comment: int | None = None
    file: File | None = None


class BoardWorld:
    """One board tool. `account` is the account our token belongs to; a person may use it too."""

    def __init__(self, clock: Clock, *, account: str = "connector", column: str = "inbox") -> None:
        self.clock = clock
        self.account = account
        self.column = column
        self.cards: dict[int, Card] = {}
        self.comments: dict[int, Comment] = {}
        self.changes: list[Change] = []
        self.contents: dict[str, bytes] = {}
        self.changed = Bell()
        self._next = 0

    def number(self) -> int:
        """A new id."""
        self._next += 1
        return self._next

    def open(self, card: Card) -> Card:
        """A card appears."""
        self.cards[card.id] = card
        self._log("card", card, version=card.version)
        return card

    def comment(
        self,
        card: Card,
        text: str,
        *,
        author: str = "agent",
        name: str = "Agent",
        internal: bool = False,
        files: tuple[File, ...] = (),
    ) -> Comment:
        """Somebody comments. The card's version stays, as it does where comments do not count as changes."""
        made = Comment(
            id=self.number(), card=card.id, at=self.clock(), author=author, name=name, raw=text, internal=internal,
            files=list(files),
        )  # fmt: skip
        self.comments[made.id] = made
        card.comments.append(made)
        self._log("comment", card, comment=made.id)
        return made

    def rewrite(self, comment: Comment, text: str) -> None:
        """A comment has another text now."""
        comment.raw = text
        self._log("edit", self.cards[comment.card], comment=comment.id)

    def retell(self, comment: Comment) -> None:
        """The tool tells of a comment once more, as overlapping polls do."""
        self._log("comment", self.cards[comment.card], comment=comment.id)

    def remove(self, comment: Comment) -> None:
        """A comment is deleted."""
        comment.deleted = True
        self._log("removal", self.cards[comment.card], comment=comment.id)

    def attach(self, comment: Comment, file: File) -> None:
        """A file joins a comment."""
        comment.files.append(file)
        self._log("file", self.cards[comment.card], comment=comment.id, file=file)

    def move(self, card: Card, *, column: str | None = None, lane: str | None = None, board: str | None = None) -> None:
        """A card stands elsewhere; where it stands there already, nothing has changed."""
        place = (board or card.board, column or card.column, lane or card.lane)
        if place != (card.board, card.column, card.lane):
            card.board, card.column, card.lane = place
            self.touch(card)

    def describe(self, card: Card, description: str) -> None:
        """A card's description reads so now."""
        if description != card.description:
            card.description = description
            self.touch(card)

    def schedule(self, card: Card, due_at: datetime | None) -> None:
        """A card has another deadline, or none any more."""
        if due_at != card.due_at:
            card.due_at = due_at
            self.touch(card)

    def assign(self, card: Card, user: str) -> None:
        """Somebody becomes responsible. The card's version stays, as it does where members do not count as changes."""
        if user != card.responsible:
            card.responsible = user
            card.handed += 1
            self._log("card", card, version=card.version)

    def archive(self, card: Card) -> None:
        """A card is put away."""
        if not card.gone:
            card.archived = True
            self.touch(card)

    def delete(self, card: Card) -> None:
        """A card is deleted."""
        if not card.deleted:
            card.deleted = True
            self.touch(card)

    def touch(self, card: Card) -> None:
        """A card has changed."""
        card.version += 1
        self._log("card", card, version=card.version)

    def _log(
        self, kind: str, card: Card, *, version: int = 0, comment: int | None = None, file: File | None = None
    ) -> None:
        change = Change(kind=kind, card=card.id, at=self.clock(), version=version, comment=comment, file=file)
        self.changes.append(change)
        self.changed.ring()


class Bell:
    """Wakes whoever waits for something to happen."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        """Something has happened."""
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    async def wait(self, seconds: float) -> None:
        """Until it rings, `seconds` at most."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await asyncio.wait((future,), timeout=seconds)
        finally:
            self._waiting.discard(future)
