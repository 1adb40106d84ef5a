"""Building a company from a seed: users, properties, spaces with boards, and perhaps cards."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.kaiten import building, cards, comments, properties, tags
from sandbox.kaiten.company import Company
from sandbox.kaiten.entities import Board, CardType
from sandbox.kaiten.problems import Problem, bad_request

Seed = Mapping[str, Any]
"""The shape is told in README.md; core12.json is one."""

CORE12 = Path(__file__).with_name("core12.json")


def load(path: Path) -> Seed:
    found = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        raise bad_request(f"{path.name}: a seed is a JSON object")
    return found


def build(company: Company, seed: Seed) -> None:
    """Raises Problem 400 that names what the seed lacks."""
    try:
        _build(company, seed)
    except KeyError as missing:
        raise bad_request(f"seed: {missing} is missing or unknown") from None
    except (AttributeError, TypeError, IndexError) as wrong:
        raise bad_request(f"seed: {wrong}") from None
    except Problem as problem:
        raise bad_request(f"seed: {problem}") from None


def _build(company: Company, seed: Seed) -> None:
    company.name = seed.get("company", company.name)
    for number, values in enumerate(seed.get("card_types", ()), start=2):
        company.card_types[number] = CardType(
            id=number, name=values["name"], letter=values["letter"], color=values.get("color", 1)
        )
    for values in seed.get("properties", ()):
        found = properties.add_property(company, values)
        for value in values.get("values", ()):
            properties.add_value(company, found.id, value)
    for values in seed.get("spaces", ()):
        space = building.add_space(company, values["title"], values.get("external_id"))
        for board in values.get("boards", ()):
            _board(company, space.id, board)
    space_ids = {space.title: space.id for space in company.spaces.values()}
    for values in seed["users"]:
        visible = values.get("spaces")
        building.add_user(
            company,
            values["name"],
            values["full_name"],
            values["token"],
            username=values.get("username"),
            email=values.get("email"),
            space_ids=None if visible is None else frozenset(space_ids[title] for title in visible),
        )
    for values in seed.get("cards", ()):
        _card(company, values)


def _board(company: Company, space_id: int, values: Mapping[str, Any]) -> None:
    by_name = {found.name: found.id for found in company.properties.values()}
    attached = tuple(
        {"key": f"id_{by_name[name]}", "required": False, "columnIds": [], "cardTypeIds": [], "laneIds": []}
        for name in values.get("properties", ())
    )
    board = building.add_board(company, space_id, {**values, "card_properties": attached or None})
    for column in values["columns"]:
        made = building.add_column(company, board.id, column)
        for inner in column.get("subcolumns", ()):
            building.add_column(company, board.id, {"type": column["type"], **inner}, made.id)
    for lane in values.get("lanes", ({"title": ""},)):
        building.add_lane(company, board.id, {"title": lane} if isinstance(lane, str) else lane)


def _card(company: Company, values: Mapping[str, Any]) -> None:
    """A card as an agent would have made it, with places and properties by name."""
    author = company.user_named(values["user"])
    board = board_named(company, values["board"])
    plain = {
        name: values[name]
        for name in ("title", "description", "asap", "due_date", "external_id", "size_text")
        if name in values
    }
    place = {"board_id": board.id}
    if "column" in values:
        place["column_id"] = column_named(company, board, values["column"])
    if "lane" in values:
        place["lane_id"] = lane_named(company, board, values["lane"])
    given = {"properties": {property_key(company, k): v for k, v in values.get("properties", {}).items()}}
    card = cards.create(company, author, {**plain, **place, **given}, source="app")
    for name in values.get("tags", ()):
        tags.attach(company, author, company.cards[card.id], name)
    for comment in values.get("comments", ()):
        comments.add(
            company,
            company.user_named(comment["user"]),
            company.cards[card.id],
            comment["text"],
            internal=comment.get("internal", False),
        )


def property_key(company: Company, name: str) -> str:
    for found in company.properties.values():
        if found.name == name:
            return f"id_{found.id}"
    raise bad_request(f"no property {name!r}")


def board_named(company: Company, name: object) -> Board:
    """By title or id."""
    for board in company.boards.values():
        if name in (board.id, board.title) and not board.deleted:
            return board
    raise bad_request(f"no board {name!r}; known: {', '.join(b.title for b in company.boards.values())}")


def column_named(company: Company, board: Board, name: object) -> int:
    """By title or id; a subcolumn too."""
    columns = [c for c in company.columns.values() if c.board_id == board.id and not c.deleted]
    for column in columns:
        if name in (column.id, column.title):
            return column.id
    known = ", ".join(column.title for column in columns)
    raise bad_request(f"board {board.title!r} has no column {name!r}; known: {known}")


def lane_named(company: Company, board: Board, name: object) -> int:
    lanes = company.board_lanes(board.id)
    for lane in lanes:
        if name in (lane.id, lane.title):
            return lane.id
    known = ", ".join(lane.title for lane in lanes)
    raise bad_request(f"board {board.title!r} has no lane {name!r}; known: {known}")
