"""How far we have read: the adapter's cursor, one position for each place it watches."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from adapters.kaiten.incoming import fields, moment, whole
from adapters.kaiten.outgoing import timestamp

OVERLAP = timedelta(seconds=5)
"""Read again at the border: changes may become visible a little out of order."""
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """The newest moments seen in one place, in Kaiten's own time: cards by change and by comment, on the board and
    in the archive. `shelf_comments` is where `comments` stood at the last look into the archive."""

    cards: datetime
    comments: datetime
    shelf_cards: datetime
    shelf_comments: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Two cursors for each place, since comments leave a card's `updated` alone. `serial` grows with every batch that
    brought something, so that a batch that was stored can be told from one that was not."""

    serial: int = 0
    places: Mapping[str, Position] = field(default_factory=dict)

    @property
    def floor(self) -> datetime:
        """No comment older than this is unread anywhere."""
        moments = [min(place.comments, place.shelf_comments) for place in self.places.values()]
        return min(moments, default=BEGINNING) - OVERLAP

    def dump(self) -> str:
        """As the engine keeps it."""
        places = {
            name: {
                "cards": timestamp(place.cards),
                "comments": timestamp(place.comments),
                "shelf_cards": timestamp(place.shelf_cards),
                "shelf_comments": timestamp(place.shelf_comments),
            }
            for name, place in self.places.items()
        }
        return json.dumps({"serial": self.serial, "places": places}, separators=(",", ":"))


def load_cursor(stored: str | None) -> Cursor:
    """The cursor the engine kept. Raises ValueError for anything else than one of ours."""
    if stored is None:
        return Cursor()
    body = fields(json.loads(stored))
    places = fields(body.get("places")) if body else None
    if body is None or places is None:
        raise ValueError("the stored cursor of Kaiten is not one")
    found = {}
    for name, place in places.items():
        told = fields(place) or {}
        cards, comments = moment(told.get("cards")), moment(told.get("comments"))
        shelf_cards, shelf_comments = moment(told.get("shelf_cards")), moment(told.get("shelf_comments"))
        if cards and comments and shelf_cards and shelf_comments:
            found[name] = Position(
                cards=cards, comments=comments, shelf_cards=shelf_cards, shelf_comments=shelf_comments
            )
    return Cursor(serial=whole(body.get("serial")) or 0, places=found)
