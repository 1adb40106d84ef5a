"""Labels of a card, known by their names: put on and taken off."""

from __future__ import annotations

from adapters.kaiten.http import Refused, Trip
from adapters.kaiten.incoming import entries, whole, word
from adapters.kaiten.markdown import clean, shortened

TAG_LIMIT = 128


# https://developers.kaiten.ru/card-tags/add-tag
async def put_tag(trip: Trip, card: int, name: str) -> None:
    """A tag that is already there stays one tag. Raises Unavailable, WrongToken, Refused."""
    try:
        await trip.write("POST", f"/cards/{card}/tags", json={"name": _shown(name)})
    except Refused as no:
        if no.status != 409:
            raise


# https://developers.kaiten.ru/card-tags/retrieve-list-of-tags
# https://developers.kaiten.ru/card-tags/remove-tag
async def take_tag(trip: Trip, card: int, name: str) -> None:
    """A tag that is not on the card, or no longer, is as good as taken off. Raises Unavailable, WrongToken, Refused.

    Kaiten may have put an older tag in its place whose name differs in case alone.
    """
    there = entries(await trip.listed(f"/cards/{card}/tags"))
    meant = [tag for tag in there if word(tag.get("name")) == _shown(name)] or [
        tag for tag in there if word(tag.get("name")).strip().casefold() == _shown(name).casefold()
    ]
    for tag in meant:
        number = whole(tag.get("tag_id")) or whole(tag.get("id"))
        if number is None:
            continue
        try:
            await trip.write("DELETE", f"/cards/{card}/tags/{number}")
        except Refused as no:
            if no.status != 404:
                raise


def _shown(name: str) -> str:
    """The name as it stands on the board."""
    return shortened(clean(name).strip(), TAG_LIMIT, "…")
