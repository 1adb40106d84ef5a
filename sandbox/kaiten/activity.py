"""The activity feeds: who did what, newest first."""

from collections.abc import Callable

from starlette.requests import Request

from sandbox.kaiten import card_shapes, place_shapes, schema, shapes
from sandbox.kaiten.company import Activity, Company
from sandbox.kaiten.entities import User
from sandbox.kaiten.http import LARGEST_PAGE, api, path_card, path_number, query_number
from sandbox.kaiten.problems import bad_request
from sandbox.kaiten.shapes import JsonObject


def _row(company: Company, found: Activity) -> JsonObject:
    card = found.card
    column = company.columns[card.column_id]
    comment_id = found.details.get("comment_id")
    comment = company.comments.get(comment_id) if isinstance(comment_id, int) else None
    said = shapes.comment(company, comment) if comment else None
    parent = company.columns[column.column_id] if column.column_id else column
    return {
        "id": str(found.id),
        "created": shapes.instant(found.created),
        "action": found.action,
        "card_id": card.id,
        "card_version": card.version,
        "board_id": card.board_id,
        "column_id": parent.id,
        "subcolumn_id": column.id if column.column_id else None,
        "lane_id": card.lane_id,
        "comment_id": comment_id,
        "file_id": None,
        "tag_id": None,
        "user_id": found.details.get("user_id"),
        "author_id": found.author_id,
        "data": {"dump": {"column": place_shapes.short_column(parent), "comment": said}},
        "card": card_shapes.flat(company, card),
        "board": {"id": card.board_id, "title": company.boards[card.board_id].title},
        "column": place_shapes.short_column(parent),
        "lane": place_shapes.lane(company.lanes[card.lane_id]),
        "author": shapes.user(company.users[found.author_id]),
        "comment": said,
    }


def _feed(
    company: Company, user: User, request: Request, wanted: Callable[[Activity], bool], *, dates: bool
) -> list[JsonObject]:
    """Unlike the lists of cards, a feed refuses a limit above 100. ``dates``: whether the bounds count at all."""
    limit = query_number(request, "limit", LARGEST_PAGE)
    if not 1 <= limit <= LARGEST_PAGE:
        raise bad_request(f"limit should be <= {LARGEST_PAGE}")
    query = request.query_params
    actions = query["actions"].split(",") if "actions" in query else None
    rows = [
        found
        for found in reversed(company.activities)
        if wanted(found)
        and company.sees_card(user, company.cards[found.card.id])
        and (actions is None or found.action in actions)
        and ("author_id" not in query or str(found.author_id) == query["author_id"])
    ]
    for name in ("created_after", "created_before") if dates else ():
        if name in query:
            try:
                bound = schema.moment(query[name])
            except ValueError as wrong:
                raise bad_request(f"{name} {wrong}") from None
            after = name == "created_after"
            rows = [row for row in rows if (row.created >= bound if after else row.created <= bound)]
    if "cursor_id" in query and query["cursor_id"].isdecimal():
        rows = [row for row in rows if row.id < int(query["cursor_id"])]
    offset = query_number(request, "offset", 0)
    return [_row(company, found) for found in rows[offset : offset + limit]]


async def card_activity(company: Company, user: User, request: Request) -> object:
    card = path_card(company, user, request)
    return _feed(company, user, request, lambda found: found.card.id == card.id, dates=False)


async def space_activity(company: Company, user: User, request: Request) -> object:
    space = company.space(path_number(request, "space_id"), user)
    boards = {board.id for board in company.space_boards(space.id)}
    return _feed(company, user, request, lambda found: found.card.board_id in boards, dates=True)


async def company_activity(company: Company, user: User, request: Request) -> object:
    return _feed(company, user, request, lambda found: True, dates=True)


async def own_activities(company: Company, user: User, request: Request) -> object:
    """What concerns the caller; date bounds are taken and ignored, as measured."""
    return _feed(company, user, request, lambda found: found.author_id == user.id, dates=False)


ROUTES = [
    api("GET", "/cards/{card_id}/activity", card_activity),
    api("GET", "/spaces/{space_id}/activity", space_activity),
    api("GET", "/company/activity", company_activity),
    api("GET", "/users/current/activities", own_activities),
]
