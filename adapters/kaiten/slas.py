"""Kaiten's own agreements on a card, which only requests of its Service Desk can be under."""

from __future__ import annotations

from adapters.kaiten.http import Refused, Trip
from adapters.kaiten.incoming import entries, fields, word
from connector.domain.effects import AttachSla, DetachSla


# Neither call stands on a page of https://developers.kaiten.ru : whatever Kaiten answers may be its last word.
async def attach(trip: Trip, card: int, effect: AttachSla, attempt: int) -> None:
    """A repeat looks first whether the card has it: nobody knows what a second one does.

    Raises Unavailable, WrongToken, Refused.
    """
    if attempt > 1 and await _is_on(trip, card, effect.sla):
        return
    await trip.write("POST", f"/cards/{card}/slas", json={"sla_id": effect.sla})


async def detach(trip: Trip, card: int, effect: DetachSla, attempt: int) -> None:
    """A card without it, or no longer with it, is as good as freed of it. Raises Unavailable, WrongToken, Refused."""
    if attempt > 1 and not await _is_on(trip, card, effect.sla):
        return
    try:
        await trip.write("DELETE", f"/cards/{card}/slas/{effect.sla}")
    except Refused as no:
        if no.status != 404:
            raise


async def _is_on(trip: Trip, card: int, sla: str) -> bool:
    """https://developers.kaiten.ru/cards/retrieve-card : whether `slas` of the card has it, under either of its ids."""
    there = fields(await trip.get(f"/cards/{card}", {"broken_api": False})) or {}
    return any(sla in (word(each.get("sla_id")), word(each.get("id"))) for each in entries(there.get("slas")))
