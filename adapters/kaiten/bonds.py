"""Parent and child cards: the bond between an incident's card and those of its requests."""

from __future__ import annotations

from adapters.kaiten.http import Refused, Trip
from adapters.kaiten.incoming import entries, ref_numbers, whole
from connector.domain.effects import LinkCard, UnlinkCard
from connector.domain.refs import Ref
from connector.ports import Rejected


# https://developers.kaiten.ru/card-children/add-card-children
# https://developers.kaiten.ru/card-children/retrieve-list-of-children
async def link(trip: Trip, card: int, effect: LinkCard, attempt: int) -> None:
    """Makes the card a child; a repeat looks first whether it is one.

    A card that is a child already is as good as linked, however Kaiten says so. Raises Unavailable, WrongToken,
    Refused, Rejected.
    """
    parent = _number(effect.parent)
    if attempt > 1 and await _is_child(trip, parent, card):
        return
    try:
        await trip.write("POST", f"/cards/{parent}/children", json={"card_id": card})
    except Refused as no:
        if no.status not in (400, 409) or not await _is_child(trip, parent, card):
            raise


# https://developers.kaiten.ru/card-children/remove-card-children
async def unlink(trip: Trip, card: int, effect: UnlinkCard) -> None:
    """A card that is no child, or no longer, is as good as taken off. Raises Unavailable, WrongToken, Refused."""
    try:
        await trip.write("DELETE", f"/cards/{_number(effect.parent)}/children/{card}")
    except Refused as no:
        if no.status != 404:
            raise


async def _is_child(trip: Trip, parent: int, card: int) -> bool:
    return any(whole(each.get("id")) == card for each in entries(await trip.listed(f"/cards/{parent}/children")))


def _number(card: Ref) -> int:
    try:
        number, _ = ref_numbers(card)
    except ValueError as error:
        raise Rejected(str(error)) from error
    return number
