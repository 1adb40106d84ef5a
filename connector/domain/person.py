"""What an operator changed of who a client is: chats of one person, cabinets; with all it takes to undo it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from connector.domain.refs import ClientId, Key, TicketId

T = TypeVar("T")
AMENDMENTS = 10
"""Changes of one client that are remembered: older ones can no longer be undone."""
CHATS = 10
"""Chats one person may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The part of a client that such a change touches."""

    cabinets: tuple[str, ...] = ()
    cabinet: str | None = None
    unverified: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    same: tuple[ClientId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """A request the change touched: its cabinet before and after, and how many earlier ones it was opened with."""

    ticket: TicketId
    before: str | None
    after: str | None
    earlier: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """One change. `key` is the same with all chats concerned, which are `among`; `what` says it in words."""

    key: Key
    at: datetime
    what: str
    among: tuple[ClientId, ...]
    before: Identity
    after: Identity
    tickets: tuple[Touched, ...] = ()

    @property
    def names(self) -> frozenset[ClientId]:
        """Every chat it tells of."""
        return frozenset((*self.among, *self.before.same, *self.after.same))


def undone(before: tuple[T, ...], after: tuple[T, ...], now: tuple[T, ...]) -> tuple[T, ...]:
    """What was before, with what came and without what went since the change that made `after` of it."""
    kept = [each for each in before if each in now or each not in after]
    return (*kept, *(each for each in now if each not in before and each not in after))


def in_place_of(names: Iterable[str], wrong: str, instead: str | None) -> tuple[str, ...]:
    """The names with `instead` where `wrong` stood, or nothing; each once."""
    found = (instead if each == wrong else each for each in names)
    return tuple(dict.fromkeys(each for each in found if each is not None))
