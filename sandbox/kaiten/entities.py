"""The things a company is made of; each is frozen, so a change is a new value and the old one stays for comparison."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    id: int
    uid: str
    name: str  # how the seed and the control calls name this person
    full_name: str
    username: str
    email: str
    token: str
    created: datetime
    space_ids: frozenset[int] | None = None  # None: sees every space


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    id: int
    uid: str
    title: str
    sort_order: float
    created: datetime
    updated: datetime
    external_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    id: int
    uid: str
    space_id: int
    title: str
    sort_order: float
    created: datetime
    updated: datetime
    description: str | None = None
    external_id: str | None = None
    default_card_type_id: int = 1
    card_properties: tuple[Mapping[str, object], ...] | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column, or with ``column_id`` (its parent) a subcolumn. ``type``: 1 queue, 2 in progress, 3 done."""

    id: int
    uid: str
    board_id: int
    title: str
    type: int
    sort_order: float
    created: datetime
    updated: datetime
    column_id: int | None = None
    external_id: str | None = None
    wip_limit: int | None = None
    rules: int = 0
    archive_after_days: int = -1
    pause_sla: bool = False
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """``condition``: 1 live, 2 archived, 3 deleted."""

    id: int
    uid: str
    board_id: int
    title: str
    sort_order: float
    created: datetime
    updated: datetime
    external_id: str | None = None
    default_card_type_id: int | None = None
    wip_limit: int | None = None
    condition: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CardType:
    id: int
    name: str
    letter: str
    color: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """A custom property of the company; on a card its key is ``id_<id>``."""

    id: int
    uid: str
    name: str
    type: str
    created: datetime
    updated: datetime
    multi_select: bool = False
    show_on_facade: bool = True
    condition: str = "active"  # active, inactive, removed


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectValue:
    id: int
    uid: str
    property_id: int
    value: str
    sort_order: float
    color: int | None = None
    condition: str = "active"
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    id: int
    uid: str
    name: str
    color: int
    created: datetime
    updated: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """``type``: 1 member, 2 responsible."""

    user_id: int
    type: int
    created: datetime
    updated: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    id: int
    url: str
    description: str | None
    created: datetime
    updated: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    id: int
    uid: str
    card_id: int
    author_id: int
    text: str
    created: datetime
    updated: datetime
    type: int = 1
    internal: bool = False
    edited: bool = False
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file of a card. Legacy files have a number for an id and a public address, restricted ones a UUID."""

    id: int | str
    uid: str
    kind: Literal["legacy", "restricted"]
    card_id: int
    author_id: int
    name: str
    size: int  # bytes
    mime_type: str | None
    path: Path
    created: datetime
    updated: datetime
    comment_id: int | None = None
    for_comment: bool = False  # a restricted file of a comment that may not be posted yet
    property_id: int | None = None
    card_cover: bool = False
    deleted: bool = False

    @property
    def public_name(self) -> str:
        """Last part of the public address: nobody can guess it, anybody who has it can read the file."""
        return f"{self.uid}{Path(self.name).suffix}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """``state`` follows the type of the column; ``condition``: 1 live, 2 archived, 3 deleted."""

    id: int
    uid: str
    title: str
    board_id: int
    column_id: int
    lane_id: int
    owner_id: int
    updater_id: int
    sort_order: float
    state: int
    source: str
    created: datetime
    updated: datetime
    counters_recalculated_at: datetime
    last_moved_at: datetime
    lane_changed_at: datetime
    column_changed_at: datetime
    version: int = 1
    condition: int = 1
    type_id: int = 1
    description: str | None = None
    external_id: str | None = None
    asap: bool = False
    expires_later: bool = False
    due_date: datetime | None = None
    due_date_time_present: bool = False
    size_text: str | None = None
    service_id: int | None = None
    sd_new_comment: bool = False
    planned_start: datetime | None = None
    planned_end: datetime | None = None
    estimate_workload: float = 0
    first_moved_to_in_progress_at: datetime | None = None
    last_moved_to_done_at: datetime | None = None
    completed_at: datetime | None = None
    comments_total: int = 0
    comment_last_added_at: datetime | None = None
    properties: Mapping[str, object] = field(default_factory=dict)
    tag_ids: tuple[int, ...] = ()
    members: tuple[Member, ...] = ()
    links: tuple[Link, ...] = ()
    parent_ids: tuple[int, ...] = ()
    child_ids: tuple[int, ...] = ()
    sla_ids: tuple[str, ...] = ()

    @property
    def responsible_ids(self) -> tuple[int, ...]:
        return tuple(member.user_id for member in self.members if member.type == 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalWebhook:
    """The one address a space sends all its events to."""

    id: int
    space_id: int
    url: str
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingWebhook:
    """An address that makes cards in one place."""

    id: int
    space_id: int
    secret: str
    board_id: int
    column_id: int
    lane_id: int
    owner_id: int
    type_id: int = 1
