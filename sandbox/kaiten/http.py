"""From a request to a call of the rules and back: who asks, the body, the numbers in the query, the answer."""

import json
from collections.abc import Awaitable, Callable
from typing import cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.kaiten.company import Company
from sandbox.kaiten.entities import Card, User
from sandbox.kaiten.problems import Problem, bad_request, not_found
from sandbox.kaiten.shapes import JsonObject

Endpoint = Callable[[Company, User, Request], Awaitable[object]]
"""Gives a JSON value, or a ready Response; raises Problem."""

LARGEST_PAGE = 100


def api(method: str, path: str, endpoint: Endpoint) -> Route:
    """A route behind the token check. Every success is a 200, as documented."""

    async def answer(request: Request) -> Response:
        company = company_of(request)
        await whole_body(request)
        try:
            found = await endpoint(company, authorised(company, request), request)
        except Problem as problem:
            return refusal(problem)
        return found if isinstance(found, Response) else JSONResponse(found)

    return Route(path, answer, methods=[method])


def company_of(request: Request) -> Company:
    """The company of this server; where no address was given to it, it answers under the one it was reached at."""
    company = cast(Company, request.app.state.stand_in.company)
    if request.app.state.stand_in.base_url is None:
        company.base_url = str(request.base_url).rstrip("/")
    return company


def authorised(company: Company, request: Request) -> User:
    """The owner of the Bearer token, or a 401 in the switched shape."""
    user = company.user_by_token(bearer(request.headers.get("authorization", "")))
    if user is None:
        shape = company.settings.unauthorized_shape
        raise Problem(401, "Unauthorized" if shape == "string" else {"message": "Unauthorized"})
    return user


def bearer(header: str) -> str:
    """The token of an Authorization header; empty when there is none."""
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def refusal(problem: Problem) -> Response:
    match problem.body:
        case None:
            return Response(status_code=problem.status, headers=problem.headers)
        case str() as text:
            return Response(text, problem.status, problem.headers, media_type="text/html")
        case body:
            return JSONResponse(body, problem.status, problem.headers)


async def whole_body(request: Request) -> None:
    """Waits for a JSON body before any rule looks at a card: while it is on its way others change that card, and what
    they did must not be written over. A multipart body is read by its route, which looks at the card after it."""
    if not multipart(request):
        await request.body()


def multipart(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("multipart/")


async def json_body(request: Request) -> JsonObject:
    """The object in the body; an empty body is an empty object."""
    raw = await request.body()
    if not raw:
        return {}
    try:
        body = json.loads(raw)
    except ValueError:
        raise bad_request("Unexpected token in JSON") from None
    if not isinstance(body, dict):
        raise bad_request("body should be object")
    return body


def path_number(request: Request, name: str) -> int:
    """A numeric id in the path. A UUID in its place is a path that does not exist."""
    text = str(request.path_params[name])
    if not text.isdecimal():
        raise not_found()
    return int(text)


def path_text(request: Request, name: str) -> str:
    return str(request.path_params[name])


def path_card(company: Company, user: User, request: Request) -> Card:
    return company.card(path_number(request, "card_id"), user)


def query_number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.isdecimal():
        raise bad_request(f"{name} should be integer")
    return int(text)


def query_flag(request: Request, name: str, *, default: bool = False) -> bool:
    text = request.query_params.get(name)
    if text is None:
        return default
    if text not in ("true", "false", "1", "0"):
        raise bad_request(f"{name} should be boolean")
    return text in ("true", "1")


def page(
    request: Request, rows: list[JsonObject], *, default: int = LARGEST_PAGE, most: int = LARGEST_PAGE
) -> list[JsonObject]:
    """The asked page; a larger ``limit`` than ``most`` is cut without a word."""
    limit = min(query_number(request, "limit", default), most)
    offset = query_number(request, "offset", 0)
    return rows[offset : offset + limit]
