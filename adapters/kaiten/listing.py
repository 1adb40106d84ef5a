"""Which cards changed and which were commented on: the lists of `GET /cards`, read so that none slips through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.kaiten.cursor import BEGINNING
from adapters.kaiten.http import PAGE, Params, Trip, as_list
from adapters.kaiten.incoming import fields, moment, whole, word
from adapters.kaiten.outgoing import timestamp

_INSTANT = timedelta(milliseconds=1)
_MARGIN = 20
"""Cards without comments that are read again before the first with one: others get their first comment meanwhile."""


@dataclass(slots=True)
class Lead:
    """How many cards without comments a server put before those with some, as last seen: a hint where to begin."""

    count: int = 0


def place_params(place: str) -> dict[str, str]:
    """The query of a place: "space:12" or "board:34"."""
    kind, _, number = place.partition(":")
    return {f"{kind}_id": number}


async def newest(trip: Trip, place: str, stamp: str, *, archived: bool) -> datetime:
    """The newest moment of this kind among the cards of a place; the beginning of time where there is none.

    https://developers.kaiten.ru/cards/retrieve-card-list
    """
    query = _query(place, stamp, "desc", archived=archived)
    moments = [_stamp(card, stamp) for card in as_list(await trip.get("/cards", {**query, "limit": 1}))]
    return max((at for at in moments if at is not None), default=BEGINNING)


async def updated_since(trip: Trip, place: str, since: datetime, *, archived: bool) -> list[object]:
    """Cards whose `updated` is not before `since`, oldest first where the server keeps order.

    Goes on from the last moment seen rather than by offset: a card that changes meanwhile moves to the end, and an
    offset would then step over its neighbour.
    https://developers.kaiten.ru/cards/retrieve-card-list
    """
    found: dict[str, object] = {}
    after, offset = since, 0
    while True:
        query: Params = {
            **_query(place, "updated", "asc", archived=archived),
            "updated_after": timestamp(after),
            "limit": PAGE,
            "offset": offset,
        }
        page = as_list(await trip.get("/cards", query))
        before = len(found)
        found.update((_identity(card), card) for card in page)
        if trip.is_last("/cards", len(page)):
            return list(found.values())
        moments = [at for card in page if (at := _stamp(card, "updated")) is not None]
        following = moments[-1] - _INSTANT if moments else after
        if len(moments) == len(page) and moments == sorted(moments) and following > after:
            after, offset = following, 0
        elif offset > 0 and len(found) == before:
            return list(found.values())  # the server ignores the offset: this is all it has
        else:
            offset += len(page)


async def commented_since(
    trip: Trip, place: str, since: datetime, *, archived: bool, thorough: bool = True, lead: Lead | None = None
) -> list[object]:
    """Cards whose last comment is not before `since`; stops early only when the server is seen to keep order.

    A card that may have comments and does not say when the last was added is always among them: who knows how many it
    had, or looks, can tell whether one was added.
    Where the first page holds nothing but cards without comments, the other end of the list tells whether there are
    any comments at all; a `thorough` look pages on even then (a server may put those cards first both ways). `lead` is
    kept from look to look: but for thorough ones, what was without comments is not read again each time.
    https://developers.kaiten.ru/cards/retrieve-card-list
    """
    lead = lead or Lead()
    found: dict[str, object] = {}
    offset = begun = 0 if thorough else max(lead.count - _MARGIN, 0)
    leading, count = True, 0
    order = _Descending()
    while True:
        query: Params = {
            **_query(place, "comment_last_added_at", "desc", archived=archived),
            "limit": PAGE,
            "offset": offset,
        }
        page = as_list(await trip.get("/cards", query))
        before = len(found)
        found.update((_identity(card), card) for card in page)
        moments = [_stamp(card, "comment_last_added_at") for card in page]
        talking = [at is not None or _may_talk(card) for at, card in zip(moments, page, strict=True)]
        if offset == begun > 0 and (not page or talking[0]):  # perhaps not all that was passed over is without comments
            offset = begun = 0
            found.clear()
            continue
        if leading and True in talking:
            leading, first = False, talking.index(True)
            count = offset + first if all(moments[first:]) else 0
        last = trip.is_last("/cards", len(page))
        silent = offset == 0 and not last and not any(talking)
        if silent and not thorough and not await _any_comment(trip, place, archived=archived):
            return []
        past = order.past(moments, since)
        if last or len(found) == before or past:
            lead.count = count if order.kept else 0
            return [
                card
                for card in found.values()
                if ((at := _stamp(card, "comment_last_added_at")) is not None and at >= since)
                or (at is None and _may_talk(card))
            ]
        offset += len(page)


async def _any_comment(trip: Trip, place: str, *, archived: bool) -> bool:
    """Whether the list, read from its other end, begins with a card that has comments."""
    query: Params = {**_query(place, "comment_last_added_at", "asc", archived=archived), "limit": 1}
    return any(_stamp(card, "comment_last_added_at") for card in as_list(await trip.get("/cards", query)))


async def all_live(trip: Trip, place: str) -> list[object]:
    """Every card of a place that is not in the archive."""
    return await trip.listed("/cards", _query(place, "created", "asc", archived=False))


class _Descending:
    """Judges pages ordered newest first, wherever the cards without a moment stand."""

    def __init__(self) -> None:
        self._ordered = True
        self._last: datetime | None = None

    @property
    def kept(self) -> bool:
        """Whether all seen so far was in order."""
        return self._ordered

    def past(self, moments: Sequence[datetime | None], since: datetime) -> bool:
        """Whether nothing newer than `since` can follow this page."""
        if not moments:
            return True
        for at in moments:
            if at is None:
                continue
            self._ordered = self._ordered and (self._last is None or at <= self._last)
            self._last = at
        if not self._ordered or self._last is None:
            return False
        # A card without comments after one with them: those without stand last.
        return self._last < since or moments[-1] is None


def _query(place: str, order: str, direction: str, *, archived: bool) -> dict[str, str | int | bool]:
    return {
        **place_params(place),
        "archived": archived,
        "broken_api": False,
        "order_by": order,
        "order_direction": direction,
    }


def _stamp(card: object, name: str) -> datetime | None:
    return moment((fields(card) or {}).get(name))


def _may_talk(card: object) -> bool:
    """Whether the card has comments, or says nothing of them at all."""
    told = fields(card) or {}
    total = whole(told.get("comments_total"))
    return total > 0 if total is not None else "comment_last_added_at" not in told


def _identity(card: object) -> str:
    known = fields(card)
    return f"{word(known.get('id'))}:{word(known.get('version'))}" if known and "id" in known else repr(card)


def latest(cards: Sequence[object], stamp: str, otherwise: datetime) -> datetime:
    """The newest moment of this kind in a list, or `otherwise` where that is newer."""
    return max(at for at in (otherwise, *(_stamp(card, stamp) for card in cards)) if at is not None)
