"""Tags: known by name, made when missing, hidden while no card carries them.

https://developers.kaiten.ru/tags
"""

from dataclasses import replace

from starlette.requests import Request

from sandbox.kaiten import cards, schema, shapes
from sandbox.kaiten.company import Company
from sandbox.kaiten.entities import Card, Tag, User
from sandbox.kaiten.http import api, json_body, page, path_card, path_number, query_number
from sandbox.kaiten.problems import not_found
from sandbox.kaiten.shapes import JsonObject

FIELDS = {"name": schema.text(128, shortest=1)}


def named(company: Company, name: str) -> Tag:
    """The tag of that name, made with a random colour when there is none."""
    folds = company.settings.tags_fold_case
    for tag in company.tags.values():
        if tag.name == name or (folds and tag.name.casefold() == name.casefold()):
            return tag
    now = company.now()
    tag = Tag(
        id=company.next_id("tag"),
        uid=company.uid(),
        name=name,
        color=company.random.randint(1, 17),
        created=now,
        updated=now,
    )
    company.tags[tag.id] = tag
    return tag


def attach(company: Company, user: User, card: Card, name: str) -> Tag:
    """Attaching twice changes nothing. The first time bumps the card's version, as a recorded timeline shows."""
    tag = named(company, name)
    if tag.id not in card.tag_ids:
        card = cards.commit(company, user, card, replace(card, tag_ids=(*card.tag_ids, tag.id)), event=False)
        shape: JsonObject = {**shapes.tag(tag), "card_id": card.id, "author": shapes.short_user(user)}
        del shape["uid"]
        company.publish("tag:add", card, shape)
    return tag


def detach(company: Company, user: User, card: Card, tag_id: int) -> None:
    if tag_id not in card.tag_ids:
        raise not_found()
    left = tuple(other for other in card.tag_ids if other != tag_id)
    card = cards.commit(company, user, card, replace(card, tag_ids=left), event=False)
    company.publish("tag:remove", card, {"id": tag_id, "card_id": card.id, "author": shapes.short_user(user)})


async def add_card_tag(company: Company, user: User, request: Request) -> object:
    card = path_card(company, user, request)
    values = schema.read(await json_body(request), FIELDS, "Tag", "name")
    return shapes.tag(attach(company, user, card, str(values["name"])))


async def list_card_tags(company: Company, user: User, request: Request) -> object:
    card = path_card(company, user, request)
    return [shapes.card_tag(company.tags[tag_id], card.id) for tag_id in card.tag_ids]


async def delete_card_tag(company: Company, user: User, request: Request) -> object:
    tag_id = path_number(request, "tag_id")
    detach(company, user, path_card(company, user, request), tag_id)
    return {"id": tag_id}


async def create_tag(company: Company, user: User, request: Request) -> object:
    values = schema.read(await json_body(request), FIELDS, "Tag", "name")
    return shapes.tag(named(company, str(values["name"])))


async def list_tags(company: Company, user: User, request: Request) -> object:
    space_id = query_number(request, "space_id", 0)
    used = {
        tag_id
        for card in company.cards.values()
        if card.condition != 3
        and company.sees_card(user, card)
        and space_id in (0, company.boards[card.board_id].space_id)
        for tag_id in card.tag_ids
    }
    wanted = request.query_params.get("query", "").lower()
    ids = request.query_params.get("ids")
    rows = [
        shapes.tag(tag)
        for tag in company.tags.values()
        if tag.id in used and wanted in tag.name.lower() and (ids is None or str(tag.id) in ids.split(","))
    ]
    return page(request, rows)


ROUTES = [
    api("GET", "/tags", list_tags),
    api("POST", "/tags", create_tag),
    api("GET", "/cards/{card_id}/tags", list_card_tags),
    api("POST", "/cards/{card_id}/tags", add_card_tag),
    api("DELETE", "/cards/{card_id}/tags/{tag_id}", delete_card_tag),
]
