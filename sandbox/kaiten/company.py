"""The state of one company: its things by id, who may see them, and the record of what happened to them."""

import random
import shutil
import tempfile
import uuid
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from sandbox.kaiten.entities import (
    Board,
    Card,
    CardType,
    Column,
    Comment,
    ExternalWebhook,
    IncomingWebhook,
    Lane,
    Property,
    SelectValue,
    Space,
    StoredFile,
    Tag,
    User,
)
from sandbox.kaiten.index import LaggingIndex
from sandbox.kaiten.problems import Problem, forbidden, not_found
from sandbox.kaiten.settings import Settings

Clock = Callable[[], datetime]
"""The present moment, aware."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that happened to a card or to the structure, in the shape of an outgoing webhook."""

    event: str
    space_id: int
    card_id: int | None
    data: dict[str, object]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """One line of a card's location history."""

    id: int
    card_id: int
    board_id: int
    column_id: int
    subcolumn_id: int | None
    lane_id: int
    author_id: int
    condition: int
    changed: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One row of the activity feeds."""

    id: int
    action: str
    card: Card
    author_id: int
    created: datetime
    details: dict[str, object] = field(default_factory=dict)


FIRST_IDS = {
    "user": 1060001,
    "space": 810001,
    "board": 1800001,
    "column": 6300001,
    "lane": 2290001,
    "property": 1001,
    "select_value": 5001,
    "tag": 1110001,
    "card": 70000101,
    "comment": 85000001,
    "file": 61000001,
}


class Company:
    """All state of the stand-in. Its methods find things and note what happened; the rules live beside it."""

    def __init__(self, *, clock: Clock, settings: Settings, randomness: random.Random) -> None:
        self._clock = clock
        self.settings = settings
        self.random = randomness
        self.name = "sandbox"
        self.base_url = "http://kaiten.invalid"  # of this server, without a slash at the end
        self.users: dict[int, User] = {}
        self.spaces: dict[int, Space] = {}
        self.boards: dict[int, Board] = {}
        self.columns: dict[int, Column] = {}
        self.lanes: dict[int, Lane] = {}
        self.card_types: dict[int, CardType] = {1: CardType(id=1, name="Card", letter="C", color=1)}
        self.properties: dict[int, Property] = {}
        self.select_values: dict[int, SelectValue] = {}
        self.tags: dict[int, Tag] = {}
        self.cards: dict[int, Card] = {}
        self.comments: dict[int, Comment] = {}
        self.files: dict[int | str, StoredFile] = {}
        self.external_webhooks: dict[int, ExternalWebhook] = {}
        self.incoming_webhooks: dict[str, IncomingWebhook] = {}
        self.history: list[Stay] = []
        self.activities: list[Activity] = []
        self.listeners: list[Callable[[Change], None]] = []
        self.index = LaggingIndex()
        self.files_directory = Path(tempfile.mkdtemp(prefix="kaiten-stand-in-"))
        self._counters: dict[str, count[int]] = {}
        self._discard = weakref.finalize(self, shutil.rmtree, self.files_directory, ignore_errors=True)

    def close(self) -> None:
        """Removes the stored files."""
        self._discard()

    def now(self) -> datetime:
        """In UTC, cut to whole milliseconds: the API shows no more, and comparisons must agree with it."""
        moment = self._clock().astimezone(UTC)
        return moment - timedelta(microseconds=moment.microsecond % 1000)

    def next_id(self, kind: str) -> int:
        if kind not in self._counters:
            self._counters[kind] = count(FIRST_IDS.get(kind, 1))
        return next(self._counters[kind])

    def uid(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    # Finding. What is not there and what may not be seen look alike.

    def user_by_token(self, token: str) -> User | None:
        return next((user for user in self.users.values() if user.token == token), None)

    def user_named(self, name: object) -> User:
        """By the seed's name, the username or the id; for the control calls."""
        for user in self.users.values():
            if name in (user.name, user.username, user.id):
                return user
        known = ", ".join(user.name for user in self.users.values())
        raise Problem(400, {"message": f"no user {name!r}; known: {known}"})

    def sees_space(self, user: User, space_id: int) -> bool:
        return user.space_ids is None or space_id in user.space_ids

    def space(self, space_id: int, user: User) -> Space:
        found = self.spaces.get(space_id)
        if found is None or not self.sees_space(user, space_id):
            raise forbidden()
        return found

    def board(self, board_id: int, user: User) -> Board:
        found = self.boards.get(board_id)
        if found is None or found.deleted or not self.sees_space(user, found.space_id):
            raise forbidden()
        return found

    def column(self, column_id: int, user: User) -> Column:
        found = self.columns.get(column_id)
        if found is None or found.deleted:
            raise not_found()
        self.board(found.board_id, user)
        return found

    def sees_card(self, user: User, card: Card) -> bool:
        if card.id in self.settings.hidden_card_ids:
            return False
        return self.sees_space(user, self.boards[card.board_id].space_id)

    def card(self, card_id: int, user: User) -> Card:
        found = self.cards.get(card_id)
        if found is None or not self.sees_card(user, found) or not self._still_there(found):
            raise self.no_card()
        return found

    def _still_there(self, card: Card) -> bool:
        return card.condition != 3 or self.settings.deleted_card_visible

    def no_card(self) -> Problem:
        """What a card that is missing or invisible answers with."""
        body = None if self.settings.missing_card_body == "empty" else {"message": "Card not found"}
        return Problem(self.settings.missing_card_status, body)

    def card_by_uid(self, uid: str, user: User) -> Card:
        for card in self.cards.values():
            if card.uid == uid:
                return self.card(card.id, user)
        raise self.no_card()

    def board_columns(self, board_id: int) -> list[Column]:
        """The columns themselves, in order, without subcolumns."""
        own = [c for c in self.columns.values() if c.board_id == board_id and not c.deleted]
        return sorted((c for c in own if c.column_id is None), key=lambda c: (c.sort_order, c.id))

    def subcolumns(self, column_id: int) -> list[Column]:
        own = (c for c in self.columns.values() if c.column_id == column_id and not c.deleted)
        return sorted(own, key=lambda column: (column.sort_order, column.id))

    def board_lanes(self, board_id: int) -> list[Lane]:
        own = (lane for lane in self.lanes.values() if lane.board_id == board_id and lane.condition != 3)
        return sorted(own, key=lambda lane: (lane.sort_order, lane.id))

    def space_boards(self, space_id: int) -> list[Board]:
        own = (b for b in self.boards.values() if b.space_id == space_id and not b.deleted)
        return sorted(own, key=lambda board: (board.sort_order, board.id))

    def card_comments(self, card_id: int) -> list[Comment]:
        """Oldest first, without the deleted."""
        return [c for c in self.comments.values() if c.card_id == card_id and not c.deleted]

    def card_files(self, card_id: int) -> list[StoredFile]:
        return [f for f in self.files.values() if f.card_id == card_id and not f.deleted]

    # Noting.

    def keep(self, card: Card) -> None:
        """Makes ``card`` the present state of the card."""
        self.cards[card.id] = card
        self.index.note(card, self.now(), self.settings.list_lag_seconds)

    def publish(self, event: str, card: Card | None, data: dict[str, object], space_id: int = 0) -> None:
        """Tells the listeners; of a card the space is known."""
        if card is not None:
            space_id = self.boards[card.board_id].space_id
        change = Change(
            event=event,
            space_id=space_id,
            card_id=None if card is None else card.id,
            data=data,
            at=self.now(),
        )
        for listener in self.listeners:
            listener(change)

    def record(self, action: str, card: Card, author: User, **details: object) -> None:
        """Adds a row to the activity feeds."""
        self.activities.append(
            Activity(
                id=self.next_id("activity"),
                action=action,
                card=card,
                author_id=author.id,
                created=self.now(),
                details=details,
            )
        )

    def settle(self, card: Card, author: User) -> None:
        """Adds a line to the location history: where the card is from now on."""
        column = self.columns[card.column_id]
        self.history.append(
            Stay(
                id=self.next_id("stay"),
                card_id=card.id,
                board_id=card.board_id,
                column_id=column.column_id or column.id,
                subcolumn_id=column.id if column.column_id else None,
                lane_id=card.lane_id,
                author_id=author.id,
                condition=card.condition,
                changed=self.now(),
            )
        )
