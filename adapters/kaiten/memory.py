"""What this process has read, told and written, so as to ask and tell once; losing it costs a read, never an event."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from adapters.kaiten.incoming import Card
from connector.domain.refs import Key

K = TypeVar("K")
V = TypeVar("V")
_ROOM = 50_000
"""Entries of each kind; the oldest make way."""
_UNSURE = 8
"""Comments of a card of which it is not known whether they were added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How a card's comments stood when we last knew all of them."""

    total: int | None
    last: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pointer:
    """A webhook's word about a card: `removed` are the comments it said were deleted."""

    removed: set[int] = field(default_factory=set)


@dataclass(slots=True, kw_only=True)
class Draft:
    """What one read has told; it counts only once the engine has stored the read's batch."""

    told: dict[Key, None] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)
    cards: dict[int, Card] = field(default_factory=dict)
    marks: dict[int, Mark] = field(default_factory=dict)
    answered: dict[int, Pointer] = field(default_factory=dict)
    """Cards a webhook pointed at, looked at in this read."""


class Memory:
    """One process's memory of one Kaiten company.

    Reads write into a draft first: when the next read comes with the cursor handed out, the batch was stored and the
    draft is kept; with any other cursor it is thrown away and the same is told again.
    """

    def __init__(self) -> None:
        self.uids: dict[int, str] = {}
        self.ours: dict[int, None] = {}
        self.dropped: dict[int, None] = {}
        self.unsure: dict[int, tuple[str, ...]] = {}
        self._kept = Draft()
        self._draft = Draft()
        self._handed_out: str | None = None
        self._writing: dict[int, int] = {}

    # ---- reading

    def settle(self, cursor: str | None) -> dict[int, Pointer]:
        """Begins a read; returns what webhooks pointed at and is now dealt with."""
        draft, self._draft = self._draft, Draft()
        if cursor is None or cursor != self._handed_out:
            return {}
        self._handed_out = None
        _merge(self._kept.told, draft.told)
        _merge(self._kept.texts, draft.texts)
        _merge(self._kept.cards, draft.cards)
        _merge(self._kept.marks, draft.marks)
        return draft.answered

    def hand_out(self, cursor: str) -> None:
        """Ends a read that succeeded."""
        self._handed_out = cursor

    def first_time(self, key: Key) -> bool:
        """Whether this was not told yet; from now on it was."""
        if key in self._kept.told or key in self._draft.told:
            return False
        self._draft.told[key] = None
        return True

    def text_of(self, comment: int) -> str | None:
        """The fingerprint of an agent's comment as it was told; None if it was not."""
        return self._draft.texts.get(comment) or self._kept.texts.get(comment)

    def note_text(self, comment: int, fingerprint: str) -> None:
        """Notes an agent's comment as told."""
        self._draft.texts[comment] = fingerprint

    def card(self, card: int) -> Card | None:
        """How one of our cards looked last."""
        return self._draft.cards.get(card) or self._kept.cards.get(card)

    def note_card(self, card: Card) -> None:
        """Notes how one of our cards looks."""
        self._draft.cards[card.id] = card
        if card.uid:
            self.uids[card.id] = card.uid

    def live_cards(self) -> set[int]:
        """Our cards that were on the board when last seen."""
        seen = {**self._kept.cards, **self._draft.cards}
        return {number for number, card in seen.items() if not card.gone}

    def mark(self, card: int) -> Mark | None:
        """How the card's comments stood; None if unknown."""
        return self._draft.marks.get(card) or self._kept.marks.get(card)

    def note_mark(self, card: int, mark: Mark) -> None:
        """Notes how the card's comments stand."""
        self._draft.marks[card] = mark

    def answered(self, card: int, pointer: Pointer) -> None:
        """Notes that a webhook's card was looked at."""
        self._draft.answered[card] = pointer

    # ---- writing

    def created(self, card: Card) -> None:
        """We made this card: nobody has commented on it yet."""
        if card.uid:
            self.uids[card.id] = card.uid
        _merge(self._kept.marks, {card.id: Mark(total=card.comments or 0, last=card.commented_at)})

    def wrote_comment(self, card: int, comment: int, at: datetime) -> None:
        """We added this comment: what the card's counters will say is known, if it was known before."""
        _merge(self.ours, {comment: None})
        # Each from its own base: the draft may be thrown away together with what it has read.
        for marks in (self._kept.marks, self._draft.marks):
            mark = marks.get(card)
            if mark is not None and mark.total is not None and (mark.last is None or mark.last < at):
                marks[card] = Mark(total=mark.total + 1, last=at)

    def recognise(self, comment: int) -> None:
        """This comment is ours, whichever process wrote it."""
        _merge(self.ours, {comment: None})

    def may_be_there(self, card: int, text: str) -> None:
        """No answer told whether this comment was added."""
        known = self.unsure.get(card, ())
        if text not in known:
            _merge(self.unsure, {card: (*known, text)[-_UNSURE:]})

    def drop(self, comment: int) -> None:
        """We are about to delete this comment of ours ourselves."""
        _merge(self.dropped, {comment: None})

    def forget_marks(self, card: int) -> None:
        """The card's counters will change in a way we cannot foresee."""
        self._draft.marks.pop(card, None)
        self._kept.marks.pop(card, None)

    def writing(self, card: int) -> bool:
        """Whether a comment of ours is on its way to this card at the moment."""
        return card in self._writing

    @contextmanager
    def write(self, card: int) -> Iterator[None]:
        """While a comment of ours is on its way."""
        self._writing[card] = self._writing.get(card, 0) + 1
        try:
            yield
        finally:
            self._writing[card] -= 1
            if not self._writing[card]:
                del self._writing[card]


def _merge(kept: dict[K, V], fresh: dict[K, V]) -> None:
    kept.update(fresh)
    while len(kept) > _ROOM:
        del kept[next(iter(kept))]
