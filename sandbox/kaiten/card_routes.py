"""The routes of cards.

https://developers.kaiten.ru/cards
"""

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from sandbox.kaiten import card_shapes, cards, listing, schema, shapes
from sandbox.kaiten.company import Company
from sandbox.kaiten.entities import Link, User
from sandbox.kaiten.http import api, json_body, page, path_card, path_number, path_text, query_flag
from sandbox.kaiten.problems import bad_request, not_found


async def create_card(company: Company, user: User, request: Request) -> object:
    return card_shapes.created(company, cards.create(company, user, await json_body(request)))


async def list_cards(company: Company, user: User, request: Request) -> object:
    query = dict(request.query_params)
    found = listing.find(company, user, query)
    if query.get("version") == "2":
        start = listing.number(query, "start_position", 0)
        shown = listing.cut(company, {**query, "offset": str(start)}, found)
    else:
        shown = listing.cut(company, query, found)
    rows = [
        card_shapes.item(
            company,
            card,
            description="description" in query.get("additional_card_fields", "").split(","),
            broken_api=_broken(company, request),
            relations=query.get("relations") != "none",
        )
        for card in shown
    ]
    if query.get("version") == "2":
        return {"result": rows, "position": str(start + len(rows))}
    return rows


async def get_card(company: Company, user: User, request: Request) -> object:
    if path_text(request, "card_id") == "removed":
        return Response(status_code=405)  # the recycle bin cannot be listed
    card = path_card(company, user, request)
    return card_shapes.whole(company, card, broken_api=_broken(company, request))


async def patch_card(company: Company, user: User, request: Request) -> object:
    card = path_card(company, user, request)
    body = await json_body(request)
    return card_shapes.flat(company, cards.patch(company, user, card, body))


async def delete_card(company: Company, user: User, request: Request) -> object:
    return card_shapes.flat(company, cards.delete(company, user, path_card(company, user, request)))


async def location_history(company: Company, user: User, request: Request) -> object:
    card = path_card(company, user, request)
    return [
        {
            "id": stay.id,
            "card_id": stay.card_id,
            "board_id": stay.board_id,
            "column_id": stay.column_id,
            "subcolumn_id": stay.subcolumn_id,
            "lane_id": stay.lane_id,
            "sprint_id": None,
            "author_id": stay.author_id,
            "author": shapes.user(company.users[stay.author_id]),
            "condition": stay.condition,
            "changed": shapes.instant(stay.changed),
        }
        for stay in company.history
        if stay.card_id == card.id
    ]


async def allowed_users(company: Company, user: User, request: Request) -> object:
    card = path_card(company, user, request)
    wanted = request.query_params.get("search", "").lower()
    rows = [
        shapes.user(person)
        for person in company.users.values()
        if company.sees_card(person, card) and wanted in f"{person.full_name} {person.username}".lower()
    ]
    return page(request, rows)


async def sla_measurements(company: Company, user: User, request: Request) -> object:
    """https://developers.kaiten.ru/cards : only a Service Desk request has these clocks; here none ever runs."""
    card = path_card(company, user, request)
    if card.service_id is None:
        raise bad_request("Only service desk request can have sla time data")
    if card.condition == 2:
        raise bad_request("Cant't provide sla time data for archived card")
    return {"calendars": [], "rulesTimeData": []}


async def list_links(company: Company, user: User, request: Request) -> object:
    card = path_card(company, user, request)
    return [shapes.link(link, card.id) for link in card.links]


async def create_link(company: Company, user: User, request: Request) -> object:
    """https://developers.kaiten.ru/card-external-links : the version stays (not known; taken like members)."""
    card = path_card(company, user, request)
    known = {
        "url": schema.text(16384, shortest=1),
        "description": schema.nullable(schema.text(512)),
    }
    values = schema.read(await json_body(request), known, "ExternalLink", "url")
    now = company.now()
    description = values.get("description")
    link = Link(
        id=company.next_id("link"),
        url=str(values["url"]),
        description=None if description is None else str(description),
        created=now,
        updated=now,
    )
    company.keep(replace(card, links=(*card.links, link)))
    return shapes.link(link, card.id)


async def delete_link(company: Company, user: User, request: Request) -> object:
    card = path_card(company, user, request)
    link_id = path_number(request, "link_id")
    left = tuple(link for link in card.links if link.id != link_id)
    if len(left) == len(card.links):
        raise not_found()
    company.keep(replace(card, links=left))
    return {"id": link_id}


def _broken(company: Company, request: Request) -> bool:
    return query_flag(request, "broken_api", default=company.settings.broken_api_default)


ROUTES = [
    api("GET", "/cards", list_cards),
    api("POST", "/cards", create_card),
    api("GET", "/cards/{card_id}", get_card),
    api("PATCH", "/cards/{card_id}", patch_card),
    api("DELETE", "/cards/{card_id}", delete_card),
    api("GET", "/cards/{card_id}/location-history", location_history),
    api("GET", "/cards/{card_id}/allowed-users", allowed_users),
    api("GET", "/cards/{card_id}/sla-rules-measurements", sla_measurements),
    api("GET", "/cards/{card_id}/external-links", list_links),
    api("POST", "/cards/{card_id}/external-links", create_link),
    api("DELETE", "/cards/{card_id}/external-links/{link_id}", delete_link),
]
