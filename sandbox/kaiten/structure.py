"""The routes of spaces, boards, columns, subcolumns, lanes, card types and the tree.

https://developers.kaiten.ru/spaces
https://developers.kaiten.ru/boards
https://developers.kaiten.ru/columns
"""

from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.kaiten import building, place_shapes, schema, shapes
from sandbox.kaiten.company import Company
from sandbox.kaiten.entities import Board, Column, Lane, Space, User
from sandbox.kaiten.http import api, json_body, page, path_number, query_number
from sandbox.kaiten.problems import bad_request, forbidden, not_found
from sandbox.kaiten.schema import Fields
from sandbox.kaiten.shapes import JsonObject

SPACE: Fields = {
    "title": schema.text(256, shortest=1),
    "external_id": schema.nullable(schema.text(1024)),
    "sort_order": schema.positive,
}
BOARD: Fields = {
    "title": schema.text(128, shortest=1),
    "description": schema.nullable(schema.text(32768)),
    "external_id": schema.nullable(schema.text(1024)),
    "sort_order": schema.positive,
    "default_card_type_id": schema.integer(),
    "card_properties": schema.nullable(schema.mappings),
}
NEW_BOARD: Fields = {**BOARD, "columns": schema.mappings, "lanes": schema.mappings}
COLUMN: Fields = {
    "title": schema.text(128, shortest=1),
    "type": schema.one_of(1, 2, 3),
    "sort_order": schema.positive,
    "external_id": schema.nullable(schema.text(1024)),
    "wip_limit": schema.nullable(schema.integer()),
    "rules": schema.integer(least=0),
    "archive_after_days": schema.integer(least=-1),
    "pause_sla": schema.boolean,
}
LANE: Fields = {
    "title": schema.text(128),
    "sort_order": schema.positive,
    "external_id": schema.nullable(schema.text(1024)),
    "default_card_type_id": schema.nullable(schema.integer()),
    "wip_limit": schema.nullable(schema.integer()),
}
CHANGED_LANE: Fields = {**LANE, "condition": schema.one_of(1, 2)}


def _space(company: Company, user: User, request: Request) -> Space:
    return company.space(path_number(request, "space_id"), user)


def _board(company: Company, user: User, request: Request) -> Board:
    board = company.board(path_number(request, "board_id"), user)
    if "space_id" in request.path_params and board.space_id != path_number(request, "space_id"):
        raise forbidden()
    return board


def _column(company: Company, user: User, request: Request) -> Column:
    """A column of the board in the path, or a subcolumn of the column in the path."""
    column = company.column(path_number(request, "id"), user)
    parent = path_number(request, "column_id") if "column_id" in request.path_params else None
    if column.column_id != parent:
        raise not_found()
    if parent is None and column.board_id != _board(company, user, request).id:
        raise not_found()
    return column


def _lane(company: Company, user: User, request: Request) -> Lane:
    lane = company.lanes.get(path_number(request, "lane_id"))
    if lane is None or lane.condition == 3 or lane.board_id != _board(company, user, request).id:
        raise not_found()
    return lane


async def _must_force(request: Request, entity: str) -> None:
    if (await json_body(request)).get("force") is not True:
        raise bad_request(f"{entity} should be deleted with force")


async def list_spaces(company: Company, user: User, request: Request) -> object:
    rows = [
        {
            **place_shapes.space(space),
            "boards": [place_shapes.board(company, board) for board in company.space_boards(space.id)],
        }
        for space in company.spaces.values()
        if company.sees_space(user, space.id)
    ]
    return page(request, rows)


async def create_space(company: Company, user: User, request: Request) -> object:
    values: dict[str, Any] = schema.read(await json_body(request), SPACE, "Space", "title")
    return place_shapes.space(building.add_space(company, values["title"], values.get("external_id")))


async def get_space(company: Company, user: User, request: Request) -> object:
    return place_shapes.space(_space(company, user, request))


async def patch_space(company: Company, user: User, request: Request) -> object:
    space = _space(company, user, request)
    values: dict[str, Any] = schema.read(await json_body(request), SPACE, "Space")
    changed = replace(space, **values, updated=company.now())
    company.spaces[space.id] = changed
    _announce(company, user, "space:update", place_shapes.space(space), place_shapes.space(changed), space.id)
    return place_shapes.space(changed)


async def list_boards(company: Company, user: User, request: Request) -> object:
    space = _space(company, user, request)
    return [place_shapes.board(company, board) for board in company.space_boards(space.id)]


async def create_board(company: Company, user: User, request: Request) -> object:
    """Left out, columns and lanes are one of each; an empty array is refused."""
    space = _space(company, user, request)
    values: dict[str, Any] = schema.read(await json_body(request), NEW_BOARD, "Board", "title")
    for name in ("columns", "lanes"):
        if name in values and not values[name]:
            raise bad_request(f"Board.{name} should NOT have fewer than 1 items")
    columns = [schema.read(c, COLUMN, "Column", "title", "type") for c in values.pop("columns", ())]
    lanes = [schema.read(lane, LANE, "Lane", "title") for lane in values.pop("lanes", ())]
    board = building.add_board(company, space.id, values)
    for column in columns or [{"title": "Очередь", "type": 1}]:
        building.add_column(company, board.id, column)
    for lane in lanes or [{"title": ""}]:
        building.add_lane(company, board.id, lane)
    shape = place_shapes.board(company, board)
    company.publish("board:add", None, {**shape, "author": shapes.short_user(user)}, space.id)
    return shape


async def get_board(company: Company, user: User, request: Request) -> object:
    """No cards inside: they were taken out of this answer on 2026-11-01."""
    return place_shapes.board(company, _board(company, user, request), full_columns=True)


async def patch_board(company: Company, user: User, request: Request) -> object:
    board = _board(company, user, request)
    values: dict[str, Any] = schema.read(await json_body(request), BOARD, "Board")
    changed = replace(board, **values, updated=company.now())
    company.boards[board.id] = changed
    old, new = place_shapes.board(company, board), place_shapes.board(company, changed)
    _announce(company, user, "board:update", old, new, board.space_id)
    return new


async def delete_board(company: Company, user: User, request: Request) -> object:
    board = _board(company, user, request)
    await _must_force(request, "Board")
    company.boards[board.id] = replace(board, deleted=True)
    _bury(company, {card.id for card in company.cards.values() if card.board_id == board.id})
    return {"id": board.id}


async def list_columns(company: Company, user: User, request: Request) -> object:
    board = _board(company, user, request)
    return [place_shapes.column(company, column) for column in company.board_columns(board.id)]


async def create_column(company: Company, user: User, request: Request) -> object:
    board = _board(company, user, request)
    values = schema.read(await json_body(request), COLUMN, "Column", "title", "type")
    return place_shapes.column(company, building.add_column(company, board.id, values))


async def list_subcolumns(company: Company, user: User, request: Request) -> object:
    parent = company.column(path_number(request, "column_id"), user)
    return [place_shapes.column(company, column) for column in company.subcolumns(parent.id)]


async def create_subcolumn(company: Company, user: User, request: Request) -> object:
    parent = company.column(path_number(request, "column_id"), user)
    values = schema.read(await json_body(request), COLUMN, "Column", "title", "type")
    return place_shapes.column(company, building.add_column(company, parent.board_id, values, parent.id))


async def patch_column(company: Company, user: User, request: Request) -> object:
    column = _column(company, user, request)
    values: dict[str, Any] = schema.read(await json_body(request), COLUMN, "Column")
    company.columns[column.id] = replace(column, **values, updated=company.now())
    return place_shapes.column(company, company.columns[column.id])


async def delete_column(company: Company, user: User, request: Request) -> object:
    column = _column(company, user, request)
    await _must_force(request, "Column")
    gone = {column.id} | {inner.id for inner in company.subcolumns(column.id)}
    for column_id in gone:
        company.columns[column_id] = replace(company.columns[column_id], deleted=True)
    _bury(company, {card.id for card in company.cards.values() if card.column_id in gone})
    return {"id": column.id}


async def list_lanes(company: Company, user: User, request: Request) -> object:
    board = _board(company, user, request)
    condition = query_number(request, "condition", 0)
    lanes = company.board_lanes(board.id)
    return [place_shapes.lane(lane) for lane in lanes if condition in (0, lane.condition)]


async def create_lane(company: Company, user: User, request: Request) -> object:
    board = _board(company, user, request)
    values = schema.read(await json_body(request), LANE, "Lane", "title")
    return place_shapes.lane(building.add_lane(company, board.id, values))


async def patch_lane(company: Company, user: User, request: Request) -> object:
    lane = _lane(company, user, request)
    values: dict[str, Any] = schema.read(await json_body(request), CHANGED_LANE, "Lane")
    company.lanes[lane.id] = replace(lane, **values, updated=company.now())
    return place_shapes.lane(company.lanes[lane.id])


async def delete_lane(company: Company, user: User, request: Request) -> object:
    lane = _lane(company, user, request)
    await _must_force(request, "Lane")
    company.lanes[lane.id] = replace(lane, condition=3)
    _bury(company, {card.id for card in company.cards.values() if card.lane_id == lane.id})
    return {"id": lane.id}


async def list_card_types(company: Company, user: User, request: Request) -> object:
    return page(request, [place_shapes.card_type(found) for found in company.card_types.values()])


async def list_tree(company: Company, user: User, request: Request) -> object:
    rows: list[JsonObject] = [
        {
            "id": space.id,
            "uid": space.uid,
            "title": space.title,
            "entity_type": "space",
            "parent_entity_uid": None,
            "sort_order": space.sort_order,
            "path": space.uid,
        }
        for space in company.spaces.values()
        if company.sees_space(user, space.id) and "parent_entity_uid" not in request.query_params
    ]
    return page(request, rows, default=500, most=500)


async def no_such_method(company: Company, user: User, request: Request) -> object:
    return Response(status_code=405)


def _bury(company: Company, card_ids: set[int]) -> None:
    """Cards of a deleted place are deleted with it."""
    for card_id in card_ids:
        company.keep(replace(company.cards[card_id], condition=3))


def _announce(company: Company, user: User, event: str, old: JsonObject, new: JsonObject, space_id: int) -> None:
    changes = {name: value for name, value in new.items() if value != old[name]}
    data: JsonObject = {"old": old, "changes": changes, "author": shapes.short_user(user)}
    company.publish(event, None, data, space_id)


SPACE_BOARDS = "/spaces/{space_id}/boards"
COLUMNS = "/boards/{board_id}/columns"
SUBCOLUMNS = "/columns/{column_id}/subcolumns"
LANES = "/boards/{board_id}/lanes"
ROUTES = [
    api("GET", "/spaces", list_spaces),
    api("POST", "/spaces", create_space),
    api("GET", "/spaces/{space_id}", get_space),
    api("PATCH", "/spaces/{space_id}", patch_space),
    api("GET", SPACE_BOARDS, list_boards),
    api("POST", SPACE_BOARDS, create_board),
    api("GET", SPACE_BOARDS + "/{board_id}", get_board),
    api("PATCH", SPACE_BOARDS + "/{board_id}", patch_board),
    api("DELETE", SPACE_BOARDS + "/{board_id}", delete_board),
    api("GET", "/boards", no_such_method),
    api("GET", "/boards/{board_id}", get_board),
    api("GET", COLUMNS, list_columns),
    api("POST", COLUMNS, create_column),
    api("PATCH", COLUMNS + "/{id}", patch_column),
    api("DELETE", COLUMNS + "/{id}", delete_column),
    api("GET", SUBCOLUMNS, list_subcolumns),
    api("POST", SUBCOLUMNS, create_subcolumn),
    api("PATCH", SUBCOLUMNS + "/{id}", patch_column),
    api("DELETE", SUBCOLUMNS + "/{id}", delete_column),
    api("GET", LANES, list_lanes),
    api("POST", LANES, create_lane),
    api("PATCH", LANES + "/{lane_id}", patch_lane),
    api("DELETE", LANES + "/{lane_id}", delete_lane),
    api("GET", "/card-types", list_card_types),
    api("GET", "/tree-entities", list_tree),
]
