"""What stands on the board tool: boards, columns, lanes, users and fields, with the ids behind their names."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FieldKind(StrEnum):
    """The shape of a card field's value."""

    STRING = "string"
    NUMBER = "number"
    CHECKBOX = "checkbox"
    DATE = "date"
    SELECT = "select"
    USER = "user"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column or subcolumn; `stage` is the tool's own rough meaning (queue, work, done) where it has one."""

    id: str
    title: str
    stage: str | None = None
    parent: str | None = None
    pauses: bool = False
    """Whether the tool's own service timers stand still in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A horizontal lane of one board."""

    id: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardLayout:
    """One board, in the order people see it."""

    id: str
    title: str
    space: str
    columns: tuple[Column, ...]
    lanes: tuple[Lane, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Someone who can act on the board."""

    id: str
    name: str
    username: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardField:
    """A field cards can have; `options`: (id, title) of a select; `boards`: ids it is attached to, None = unknown."""

    id: str
    name: str
    kind: FieldKind
    options: tuple[tuple[str, str], ...] = ()
    boards: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Everything a mapping may name. `tags` are the names in use (a tool may hide unused ones)."""

    spaces: tuple[tuple[str, str], ...]
    """(id, title) pairs."""
    boards: tuple[BoardLayout, ...]
    users: tuple[User, ...]
    fields: tuple[CardField, ...]
    tags: tuple[str, ...] = ()
