"""Parent and child cards.

https://developers.kaiten.ru/card-children
"""

from dataclasses import replace

from starlette.requests import Request

from sandbox.kaiten import card_shapes
from sandbox.kaiten.company import Company
from sandbox.kaiten.entities import User
from sandbox.kaiten.http import api, json_body, page, path_card, path_number
from sandbox.kaiten.problems import bad_request, not_found


async def list_children(company: Company, user: User, request: Request) -> object:
    """Pages of at most 100, as announced for October 2026."""
    card = path_card(company, user, request)
    below = [company.cards[number] for number in card.child_ids]
    return page(request, [card_shapes.flat(company, child) for child in below if company.sees_card(user, child)])


async def add_child(company: Company, user: User, request: Request) -> object:
    """The version of either card stays (not known; taken like external links). Wrong keys do nothing, quietly."""
    card = path_card(company, user, request)
    number = (await json_body(request)).get("card_id")
    if not isinstance(number, int):
        return card_shapes.flat(company, card)
    child = company.card(number, user)
    if child.id == card.id or child.id in card.parent_ids:
        raise bad_request("Card can not be its own parent")
    if card.id in child.parent_ids:
        raise bad_request("Card is already added as child")
    child = replace(child, parent_ids=(*child.parent_ids, card.id))
    company.keep(child)
    company.keep(replace(card, child_ids=(*card.child_ids, child.id)))
    return card_shapes.flat(company, child)


async def remove_child(company: Company, user: User, request: Request) -> object:
    card = path_card(company, user, request)
    child = company.cards.get(path_number(request, "child_id"))
    if child is None or card.id not in child.parent_ids:
        raise not_found()
    company.keep(replace(child, parent_ids=tuple(each for each in child.parent_ids if each != card.id)))
    company.keep(replace(card, child_ids=tuple(each for each in card.child_ids if each != child.id)))
    return {"id": child.id}


ROUTES = [
    api("GET", "/cards/{card_id}/children", list_children),
    api("POST", "/cards/{card_id}/children", add_child),
    api("DELETE", "/cards/{card_id}/children/{child_id}", remove_child),
]
