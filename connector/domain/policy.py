"""What the mapping says, as the decision reads it: topics, classes, texts, and the board's ids once they are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from connector.domain.effects import Meaning, Spot

Texts = Mapping[str, str]
"""Message templates of one language by name, with `{placeholders}`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When a team works. `week` has seven entries, Monday first; each a tuple of (from, to) on that day.

    `closed` are dates without work. An empty `week` means round the clock.
    """

    zone: ZoneInfo
    week: tuple[tuple[tuple[time, time], ...], ...] = ()
    closed: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceClass:
    """How fast a request must be served; targets are working time of `hours`, or calendar time when it is None."""

    key: str
    title: Mapping[str, str]
    first_reply: timedelta | None
    resolution: timedelta | None
    hours: Hours | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What a client may choose. `title` and `hint` by language; `tags` are put on the card."""

    key: str
    title: Mapping[str, str]
    service_class: str
    tags: tuple[str, ...] = ()
    hint: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CabinetRule:
    """How a client's account id looks. `pattern` must match the whole of it; `tag` is a template with `{cabinet}`."""

    pattern: str
    hint: Mapping[str, str] = field(default_factory=dict)
    picture: str | None = None
    """Path of the hint picture, absolute."""
    tag: str | None = None


class Publicity(StrEnum):
    """Which comments of agents go to the client."""

    ALL_BUT_MARKED = "all_but_marked"
    ONLY_MARKED = "only_marked"


class Receipt(StrEnum):
    """How a further message is acknowledged in the chat."""

    REACTION = "reaction"
    TEXT = "text"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicRule:
    """What is public: a comment beginning with `mark` is the exception (or, with ONLY_MARKED, the rule).

    A comment the board tool itself calls internal is never public.
    """

    rule: Publicity = Publicity.ALL_BUT_MARKED
    mark: str = "//"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatLimits:
    """What the chat tool takes; text and captions are counted in UTF-16 units."""

    text: int = 4096
    caption: int = 1024
    upload: int = 50 * 1024 * 1024
    """Bytes."""
    download: int = 20 * 1024 * 1024
    """Bytes of a client's file that the tool still hands out."""
    album: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardPolicy:
    """The mapping's names of the board, turned into ids; there is none until the board was reached once.

    `spots`: (topic key, class key) → where a new card goes, with responsible and constant fields.
    `fact_fields`: fact name → (field id) for values that differ per card.
    `columns`: column id → meaning. `lanes`: (board id, lane id) → class key.
    `landing`: (board id, meaning) → column id.
    """

    spots: Mapping[tuple[str, str], Spot]
    fact_fields: Mapping[str, str]
    columns: Mapping[str, Meaning]
    lanes: Mapping[tuple[str, str], str]
    landing: Mapping[tuple[str, Meaning], str]
    boards: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The whole mapping as data. `version` is a short hash of its text; it is noted with what was decided under it."""

    version: str
    topics: tuple[Topic, ...]
    classes: Mapping[str, ServiceClass]
    cabinet: CabinetRule | None
    public: PublicRule
    texts: Mapping[str, Texts]
    default_language: str
    receipt: Receipt = Receipt.REACTION
    stored_emoji: str = "👀"
    reopen_within: timedelta = timedelta(days=3)
    album_wait: timedelta = timedelta(seconds=2)
    sign_agents: bool = False
    """Whether an answer carries the agent's name."""
    limits: ChatLimits = field(default_factory=ChatLimits)
    comment_limit: int = 4096
    board: BoardPolicy | None = None

    def topic(self, key: str) -> Topic | None:
        """The topic of that key, or None when the mapping no longer has it."""
        return next((topic for topic in self.topics if topic.key == key), None)
