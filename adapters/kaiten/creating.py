"""A card made on Kaiten, and one that an earlier attempt made found again by its external id."""

from __future__ import annotations

import logging

from adapters.kaiten.http import PAGE, Refused, Trip, as_list
from adapters.kaiten.incoming import Card, read_card
from connector.ports import Unavailable

_DISPENSABLE = {"properties": "its fields", "responsible_id": "who is responsible"}
"""What a card can do without."""
_log = logging.getLogger(__name__)


# https://developers.kaiten.ru/cards/create-new-card
async def create(trip: Trip, body: dict[str, object]) -> Card:
    """Makes the card. Raises Unavailable, WrongToken, Refused.

    Kaiten checks fields strictly, and they may have been changed since the layout was read; whoever is to be
    responsible may have lost the right to see the board. A card without them is better than none.
    """
    try:
        made = await trip.write("POST", "/cards", json=body)
    except Refused as no:
        made = await _with_less(trip, body, no)
    card = read_card(made)
    if card is None:
        raise Unavailable("Kaiten did not say which card it made")
    return card


async def _with_less(trip: Trip, body: dict[str, object], no: Refused) -> object:
    """The answer to the first body that Kaiten takes; raises what it said of the whole when it takes none."""
    present = [name for name in _DISPENSABLE if name in body] if no.status in (400, 403) else []
    one_by_one = [(name,) for name in present]
    for left_out in one_by_one if len(present) < 2 else [*one_by_one, tuple(present)]:
        bare = {name: value for name, value in body.items() if name not in left_out}
        try:
            made = await trip.write("POST", "/cards", json=bare)
        except Refused:
            continue
        without = " and ".join(_DISPENSABLE[name] for name in left_out)
        _log.warning("card %s: made without %s: Kaiten answered %d", body["external_id"], without, no.status)
        return made
    raise no


async def find(trip: Trip, external_id: str) -> Card | None:
    """The oldest card with exactly this external id, the archive included. Raises Unavailable, WrongToken, Refused."""
    found = [card for archived in (False, True) for card in await _cards_with(trip, external_id, archived=archived)]
    return min(found, key=lambda card: (card.created is None, card.created, card.id), default=None)


# https://developers.kaiten.ru/cards/retrieve-card-list
async def _cards_with(trip: Trip, external_id: str, *, archived: bool) -> list[Card]:
    """No page says that Kaiten's filter is exact, so all that it gives are looked at."""
    query: dict[str, str | int | bool] = {
        "external_id": external_id,
        "archived": archived,
        "broken_api": False,
        "order_by": "created",
        "order_direction": "desc",
    }
    found: list[Card] = []
    offset = 0
    seen: set[int] = set()
    while True:
        page = as_list(await trip.get("/cards", {**query, "limit": PAGE, "offset": offset}))
        cards = [card for card in map(read_card, page) if card is not None]
        found += [card for card in cards if card.external_id == external_id and card.id not in seen]
        fresh = {card.id for card in cards} - seen
        seen |= fresh
        if found or trip.is_last("/cards", len(page)) or not fresh:
            return found
        offset += len(page)
