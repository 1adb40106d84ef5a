"""Agreements on cards, for requests of the Service Desk only."""

import uuid
from dataclasses import replace

from starlette.requests import Request

from sandbox.kaiten import card_shapes
from sandbox.kaiten.company import Company
from sandbox.kaiten.entities import Card, User
from sandbox.kaiten.http import api, json_body, path_card, path_text
from sandbox.kaiten.problems import bad_request, not_found

# The calls stand on no page of https://developers.kaiten.ru ; their shapes are those of the field `slas` of a card.


def _request_of_the_desk(company: Company, user: User, request: Request) -> Card:
    card = path_card(company, user, request)
    if card.service_id is None:
        raise bad_request("Only service desk request can have sla")
    return card


async def attach(company: Company, user: User, request: Request) -> object:
    """Any UUID is taken for an agreement of the company. A second time it stands there twice (not known)."""
    card = _request_of_the_desk(company, user, request)
    sla_id = (await json_body(request)).get("sla_id")
    try:
        known = str(uuid.UUID(str(sla_id)))
    except ValueError:
        raise bad_request("sla_id should be uuid") from None
    company.keep(replace(card, sla_ids=(*card.sla_ids, known)))
    return card_shapes.sla(card.id, known)


async def detach(company: Company, user: User, request: Request) -> object:
    card = _request_of_the_desk(company, user, request)
    sla_id = path_text(request, "sla_id")
    if sla_id not in card.sla_ids:
        raise not_found()
    company.keep(replace(card, sla_ids=tuple(each for each in card.sla_ids if each != sla_id)))
    return {"id": sla_id}


ROUTES = [
    api("POST", "/cards/{card_id}/slas", attach),
    api("DELETE", "/cards/{card_id}/slas/{sla_id}", detach),
]
