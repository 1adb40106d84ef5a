"""What becomes of a card after it was made: its fields, the block in its description, who has it, where it stands."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.kaiten.http import Refused, Trip
from adapters.kaiten.incoming import RESPONSIBLE, fields, whole, word
from adapters.kaiten.markdown import clean
from adapters.kaiten.outgoing import deadline_body, place_body, properties_body
from connector.domain.card import with_block, within
from connector.domain.effects import AssignCard, BindCard, MoveCard, ReplaceCard, SetBlock, SetDeadline, SetFacts
from connector.domain.layout import CardField
from connector.ports import Rejected


async def set_facts(trip: Trip, card: int, effect: SetFacts, known: Mapping[str, CardField]) -> None:
    """Kaiten changes only the fields that are named, and refuses a change that names none.

    https://developers.kaiten.ru/cards/update-card
    """
    properties = properties_body(effect.ticket, effect.fields or {}, known)
    if properties:
        await trip.write("PATCH", f"/cards/{card}", json={"properties": properties})


async def set_block(trip: Trip, card: int, effect: SetBlock) -> None:
    """Read and written in one breath: there is no way to write only if nobody else did meanwhile. What stands there
    already is not written again; where there is no room, it is the block that gives way.

    https://developers.kaiten.ru/cards/retrieve-card
    https://developers.kaiten.ru/cards/update-card
    """
    # Only this call tells the description: lists leave it out.
    there = word((fields(await trip.get(f"/cards/{card}", {"broken_api": False})) or {}).get("description"))
    block = clean(effect.block)
    meant = within(there, block) if block else with_block(there, block)
    if meant != there:
        await trip.write("PATCH", f"/cards/{card}", json={"description": meant})


async def assign(trip: Trip, card: int, effect: AssignCard) -> None:
    """Makes a member of the user, then the one who is responsible: `responsible_id` is taken only at creation.

    https://developers.kaiten.ru/card-members/add-user-to-card
    https://developers.kaiten.ru/card-members/update-member-role
    """
    user = whole(effect.user)
    if user is None:
        raise Rejected(f"Kaiten has no user {effect.user!r}: its ids are numbers")
    try:
        member = fields(await trip.write("POST", f"/cards/{card}/members", json={"user_id": user}))
        # Some say that the one call is enough; the answer tells.
        if member is not None and whole(member.get("type")) == RESPONSIBLE:
            return
    except Refused as no:
        # No page says how a member is refused who is one already: whether they are, the next call tells.
        if no.status not in (400, 409):
            raise
    await trip.write("PATCH", f"/cards/{card}/members/{user}", json={"type": RESPONSIBLE})


async def move(trip: Trip, card: int, effect: MoveCard) -> None:
    """https://developers.kaiten.ru/cards/update-card"""
    if effect.spot is None or effect.spot.column is None:
        raise Rejected(f"no column means {effect.meaning.value} on this board")
    await trip.write("PATCH", f"/cards/{card}", json=place_body(effect.spot))


async def replace(trip: Trip, card: int, effect: ReplaceCard) -> None:
    """Place and deadline in one call; on its own board the card stays in its column.

    https://developers.kaiten.ru/cards/update-card
    """
    spot = effect.spot
    if spot is None:
        raise Rejected("the card has no place on the board: the mapping names none")
    place = place_body(spot)
    if spot.board == effect.board:
        # The lane alone is sure to leave the column as it is; with the board named, no page promises that.
        del place["board_id"]
    due = {} if effect.keeps_due else deadline_body(effect.due_at)
    await trip.write("PATCH", f"/cards/{card}", json={**place, **due})


async def set_deadline(trip: Trip, card: int, effect: SetDeadline) -> None:
    """https://developers.kaiten.ru/cards/update-card"""
    await trip.write("PATCH", f"/cards/{card}", json=deadline_body(effect.due_at))


async def bind(trip: Trip, card: int, effect: BindCard) -> None:
    """Looks first: there is no way to write only where nothing stands, and another's id must not be lost.

    https://developers.kaiten.ru/cards/retrieve-card
    https://developers.kaiten.ru/cards/update-card
    """
    there = word((fields(await trip.get(f"/cards/{card}", {"broken_api": False})) or {}).get("external_id"))
    if there == effect.external_id:
        return
    if there:
        raise Rejected(f"card {card} carries another external id already: it belongs to something else")
    await trip.write("PATCH", f"/cards/{card}", json={"external_id": effect.external_id})
