"""Making the parts of a company: spaces, boards, columns, lanes, users."""

from collections.abc import Mapping
from typing import Any

from sandbox.kaiten.company import Company
from sandbox.kaiten.entities import Board, Column, Lane, Space, User


def add_user(
    company: Company,
    name: str,
    full_name: str,
    token: str,
    *,
    username: str | None = None,
    email: str | None = None,
    space_ids: frozenset[int] | None = None,
) -> User:
    user = User(
        id=company.next_id("user"),
        uid=company.uid(),
        name=name,
        full_name=full_name,
        username=username or name,
        email=email or f"{name}@example.com",
        token=token,
        created=company.now(),
        space_ids=space_ids,
    )
    company.users[user.id] = user
    return user


def add_space(company: Company, title: str, external_id: str | None = None) -> Space:
    now = company.now()
    space = Space(
        id=company.next_id("space"),
        uid=company.uid(),
        title=title,
        external_id=external_id,
        sort_order=len(company.spaces) + 1,
        created=now,
        updated=now,
    )
    company.spaces[space.id] = space
    return space


def add_board(company: Company, space_id: int, values: Mapping[str, Any]) -> Board:
    now = company.now()
    board = Board(
        id=company.next_id("board"),
        uid=company.uid(),
        space_id=space_id,
        title=values["title"],
        description=values.get("description"),
        external_id=values.get("external_id"),
        default_card_type_id=values.get("default_card_type_id", 1),
        card_properties=values.get("card_properties"),
        sort_order=values.get("sort_order", len(company.space_boards(space_id)) + 1),
        created=now,
        updated=now,
    )
    company.boards[board.id] = board
    return board


def add_column(company: Company, board_id: int, values: Mapping[str, Any], parent_id: int | None = None) -> Column:
    now = company.now()
    siblings = company.subcolumns(parent_id) if parent_id else company.board_columns(board_id)
    column = Column(
        id=company.next_id("column"),
        uid=company.uid(),
        board_id=board_id,
        column_id=parent_id,
        title=values["title"],
        type=values.get("type", 1),
        sort_order=values.get("sort_order", len(siblings) + 1),
        external_id=values.get("external_id"),
        wip_limit=values.get("wip_limit"),
        rules=values.get("rules", 0),
        archive_after_days=values.get("archive_after_days", -1),
        pause_sla=values.get("pause_sla", False),
        created=now,
        updated=now,
    )
    company.columns[column.id] = column
    return column


def add_lane(company: Company, board_id: int, values: Mapping[str, Any]) -> Lane:
    now = company.now()
    lane = Lane(
        id=company.next_id("lane"),
        uid=company.uid(),
        board_id=board_id,
        title=values["title"],
        sort_order=values.get("sort_order", len(company.board_lanes(board_id)) + 1),
        external_id=values.get("external_id"),
        default_card_type_id=values.get("default_card_type_id"),
        wip_limit=values.get("wip_limit"),
        created=now,
        updated=now,
    )
    company.lanes[lane.id] = lane
    return lane
