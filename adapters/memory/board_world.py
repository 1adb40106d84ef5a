"""What exists on the board, and what agents do there: the truth that a rehearsal is checked against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from adapters.memory.bell import Bell
from connector.domain.effects import FieldValue
from connector.domain.signature import unsigned
from connector.domain.words import File

Clock = Callable[[], datetime]


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
