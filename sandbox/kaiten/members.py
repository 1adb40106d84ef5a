"""Members of a card, and who of them is responsible.

https://developers.kaiten.ru/card-members
"""

from dataclasses import replace

from starlette.requests import Request

from sandbox.kaiten import cards, schema, shapes
from sandbox.kaiten.company import Company
from sandbox.kaiten.entities import Card, Member, User
from sandbox.kaiten.http import api, json_body, path_card, path_number
from sandbox.kaiten.problems import not_found
from sandbox.kaiten.shapes import JsonObject


def join(company: Company, user: User, card: Card, user_id: int) -> Member:
    """Adds a plain member. The card's version stays; a second time changes nothing."""
    cards.person_with_access(company, user_id, company.boards[card.board_id].space_id)
    for member in card.members:
        if member.user_id == user_id:
            return member
    now = company.now()
    member = Member(user_id=user_id, type=1, created=now, updated=now)
    card = replace(card, members=(*card.members, member))
    company.keep(card)
    company.record("card_assign_member", card, user, user_id=user_id)
    shape: JsonObject = {**shapes.member(company, card.id, member), "author": shapes.short_user(user)}
    company.publish("card_member:add", card, shape)
    return member


def appoint(company: Company, user: User, card: Card, user_id: int, member_type: int) -> Member:
    """Makes a member responsible (2) or plain again (1). A card has one responsible (inferred): the former one
    becomes a plain member."""
    present = {member.user_id: member for member in card.members}
    if user_id not in present:
        raise not_found()
    before = present[user_id]
    if before.type == member_type:
        return before
    changed = replace(before, type=member_type, updated=company.now())
    members = tuple(
        changed if member.user_id == user_id else replace(member, type=1) if member_type == 2 else member
        for member in card.members
    )
    card = replace(card, members=members)
    company.keep(card)
    if member_type == 2:
        company.record("card_assign_responsible", card, user, user_id=user_id)
        old = {"card_id": card.id, "user_id": user_id, "type": before.type}
        data: JsonObject = {"old": old, "changes": {"type": 2}, "author": shapes.short_user(user)}
        company.publish("card_member:update", card, data)
    else:
        company.record("card_relieve_responsible", card, user, user_id=user_id)
    return changed


def leave(company: Company, user: User, card: Card, user_id: int) -> None:
    left = tuple(member for member in card.members if member.user_id != user_id)
    if len(left) == len(card.members):
        raise not_found()
    card = replace(card, members=left)
    company.keep(card)
    company.record("card_remove_member", card, user, user_id=user_id)
    data: JsonObject = {"card_id": card.id, "user_id": user_id, "author": shapes.short_user(user)}
    company.publish("card_member:remove", card, data)


async def list_members(company: Company, user: User, request: Request) -> object:
    card = path_card(company, user, request)
    return [shapes.member(company, card.id, member) for member in card.members]


async def add_member(company: Company, user: User, request: Request) -> object:
    """`type` in the body is not documented, so it is ignored: the answer always says 1 at first."""
    card = path_card(company, user, request)
    values = schema.read(await json_body(request), {"user_id": schema.integer()}, "Member", "user_id")
    member = join(company, user, card, int(str(values["user_id"])))
    return shapes.member(company, card.id, member)


async def patch_member(company: Company, user: User, request: Request) -> object:
    card = path_card(company, user, request)
    values = schema.read(await json_body(request), {"type": schema.one_of(1, 2)}, "Member", "type")
    member = appoint(company, user, card, path_number(request, "user_id"), 2 if values["type"] == 2 else 1)
    return {
        "card_id": card.id,
        "user_id": member.user_id,
        "type": member.type,
        "created": shapes.instant(member.created),
        "updated": shapes.instant(member.updated),
    }


async def delete_member(company: Company, user: User, request: Request) -> object:
    user_id = path_number(request, "user_id")
    leave(company, user, path_card(company, user, request), user_id)
    return {"id": user_id}


ROUTES = [
    api("GET", "/cards/{card_id}/members", list_members),
    api("POST", "/cards/{card_id}/members", add_member),
    api("PATCH", "/cards/{card_id}/members/{user_id}", patch_member),
    api("DELETE", "/cards/{card_id}/members/{user_id}", delete_member),
]
