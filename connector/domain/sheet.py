"""How a card looks on the board: as a list shows it, and whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connector.domain.events import AgentCommented, AgentEdited, CardSeen
from connector.domain.refs import Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """A card as a list shows it, whoever made it.

    `mark` is a fingerprint of everything the list shows that may tell of a change: while it stays, nothing that lists
    tell of has changed. `changed_at` is the latest change or comment, by the tool's own clock. `fields` are values by
    the ids of their fields, as text.
    """

    card: Ref
    external_id: str
    seen: CardSeen
    mark: str
    title: str
    tags: tuple[str, ...] = ()
    due_at: datetime | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    created_at: datetime | None = None
    closed_at: datetime | None = None
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A comment on a card. `signs` are the signatures in one of ours; `told` is how one of an agent's is told, as it
    reads now, and `changed` how its change is told, where it was ever changed."""

    ref: Ref
    ours: bool
    text: str
    signs: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    """The names of the files under it."""
    told: AgentCommented | None = None
    changed: AgentEdited | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A card whole, all of it read: what is not here is not there.

    `lacking` are those of the things asked for that were made on this card and are there no longer.
    """

    sketch: Sketch
    description: str
    notes: tuple[Note, ...]
    """Oldest first."""
    files: tuple[str, ...]
    """The names of the files on the card itself."""
    lacking: frozenset[Ref]
    removed: frozenset[Ref] = frozenset()
    """Comments the tool itself shows as deleted."""
    whole: bool = True
    """Whether the tool counts no more comments than it showed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """What the board tool itself has counted for a card by one of its own service rules."""

    rule: str
    counted: timedelta
    ended: bool
