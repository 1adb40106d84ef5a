"""The routes of users.

https://developers.kaiten.ru/users
"""

from starlette.requests import Request

from sandbox.kaiten import shapes
from sandbox.kaiten.company import Company
from sandbox.kaiten.entities import User
from sandbox.kaiten.http import api, page, path_number


async def current_user(company: Company, user: User, request: Request) -> object:
    return {**shapes.company_user(user), "telegram_id": None, "telegram_settings": None, "groups": []}


async def list_users(company: Company, user: User, request: Request) -> object:
    wanted = request.query_params.get("query", "").lower()
    ids = request.query_params.get("ids")
    uids = request.query_params.get("uids")
    rows = [
        shapes.company_user(person)
        for person in company.users.values()
        if any(wanted in text.lower() for text in (person.full_name, person.username, person.email))
        and (ids is None or str(person.id) in ids.split(","))
        and (uids is None or person.uid in uids.split(","))
    ]
    return page(request, rows)


async def space_users(company: Company, user: User, request: Request) -> object:
    space = company.space(path_number(request, "space_id"), user)
    rows = [
        {**shapes.user(person), "space_id": space.id, "role": 2}
        for person in company.users.values()
        if company.sees_space(person, space.id)
    ]
    return page(request, rows, most=500)


ROUTES = [
    api("GET", "/users/current", current_user),
    api("GET", "/users", list_users),
    api("GET", "/spaces/{space_id}/users", space_users),
]
