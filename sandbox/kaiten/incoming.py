"""Incoming webhooks: an address that makes a card, with tags, members and links, in one call."""

from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.kaiten import card_shapes, cards, members, schema, tags
from sandbox.kaiten.company import Company
from sandbox.kaiten.entities import IncomingWebhook, Link, User
from sandbox.kaiten.http import api, company_of, json_body, path_number, path_text, refusal
from sandbox.kaiten.problems import Problem, bad_request, not_found
from sandbox.kaiten.shapes import JsonObject

CONFIGURATION = {name: schema.integer() for name in ("board_id", "column_id", "lane_id", "owner_id", "type_id")}
CARD_FIELDS = ("title", "description", "asap", "due_date", "owner_id", "properties")


def _names(value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
        raise ValueError("should be array of strings")
    return value


def _ids(value: object) -> list[int]:
    if not isinstance(value, list) or not all(isinstance(number, int) for number in value):
        raise ValueError("should be array of integers")
    return value


EXTRAS = {"members": _ids, "tags": _names, "links": schema.mappings}


def _shape(company: Company, found: IncomingWebhook) -> JsonObject:
    return {
        "id": found.id,
        "url": f"{company.base_url}/hooks/v1/{found.secret}",
        "space_id": found.space_id,
        "board_id": found.board_id,
        "column_id": found.column_id,
        "lane_id": found.lane_id,
        "owner_id": found.owner_id,
        "type_id": found.type_id,
    }


async def create_webhook(company: Company, user: User, request: Request) -> object:
    space = company.space(path_number(request, "space_id"), user)
    needed = ("board_id", "column_id", "lane_id", "owner_id")
    values = schema.read(await json_body(request), CONFIGURATION, "Webhook", *needed)
    numbers = {name: value for name, value in values.items() if isinstance(value, int)}
    if company.board(numbers["board_id"], user).space_id != space.id:
        raise bad_request("Board does not belong to the space")
    found = IncomingWebhook(
        id=company.next_id("incoming_webhook"), space_id=space.id, secret=company.uid().replace("-", ""), **numbers
    )
    company.incoming_webhooks[found.secret] = found
    return _shape(company, found)


async def list_webhooks(company: Company, user: User, request: Request) -> object:
    space = company.space(path_number(request, "space_id"), user)
    return [_shape(company, w) for w in company.incoming_webhooks.values() if w.space_id == space.id]


async def receive(request: Request) -> Response:
    """The address is the secret: no token. The place of the card is fixed by the webhook."""
    company = company_of(request)
    try:
        return JSONResponse(await _make(company, request))
    except Problem as problem:
        return refusal(problem)


async def _make(company: Company, request: Request) -> JsonObject:
    webhook = company.incoming_webhooks.get(path_text(request, "secret"))
    if webhook is None:
        raise not_found()
    owner = company.users[webhook.owner_id]
    body = await json_body(request)
    extras: dict[str, Any] = schema.read(body, EXTRAS, "Card", "title")
    given = {name: body[name] for name in CARD_FIELDS if name in body}
    place = {name: getattr(webhook, name) for name in ("board_id", "column_id", "lane_id", "owner_id", "type_id")}
    card = cards.create(company, owner, {**place, **given}, source="webhook")
    for name in extras.get("tags", ()):
        tags.attach(company, owner, company.cards[card.id], name)
    for user_id in extras.get("members", ()):
        members.join(company, owner, company.cards[card.id], user_id)
    now = company.now()
    links = tuple(
        Link(
            id=company.next_id("link"),
            url=str(link.get("url")),
            description=str(link["description"]) if link.get("description") else None,
            created=now,
            updated=now,
        )
        for link in extras.get("links", ())
    )
    if links:
        company.keep(replace(company.cards[card.id], links=links))
    return card_shapes.created(company, company.cards[card.id])


ROUTES = [
    api("GET", "/spaces/{space_id}/webhooks", list_webhooks),
    api("POST", "/spaces/{space_id}/webhooks", create_webhook),
]
PUBLIC_ROUTES = [Route("/hooks/v1/{secret}", receive, methods=["POST"])]
