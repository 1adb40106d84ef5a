"""Layouts to resolve against: the demo's own boards as its stand-in seeds them, and small changes of these."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from connector.domain.layout import BoardLayout, CardField, Column, FieldKind, Lane, Layout, User

ROOT = Path(__file__).parents[2]
_SEED = ROOT / "sandbox" / "kaiten" / "core12.json"
_STAGES = {1: "queue", 2: "work", 3: "done"}
_KINDS = {"string": FieldKind.STRING, "select": FieldKind.SELECT}


def core12() -> Layout:
    """What an adapter reads from the demo's stand-in; ids are numbers in the order of the seed."""
    seed: dict[str, Any] = json.loads(_SEED.read_text(encoding="utf-8"))
    numbers = iter(range(101, 1000))

    def next_id() -> str:
        return str(next(numbers))

    def columns(given: list[dict[str, Any]], parent: str | None = None) -> list[Column]:
        read: list[Column] = []
        for entry in given:
            column = Column(id=next_id(), title=entry["title"], stage=_STAGES.get(entry.get("type", 2)), parent=parent)
            read += [column, *columns(entry.get("subcolumns", []), column.id)]
        return read

    fields = tuple(
        CardField(
            id=next_id(),
            name=entry["name"],
            kind=_KINDS[entry["type"]],
            options=tuple((next_id(), title) for title in entry.get("values", ())),
        )
        for entry in seed["properties"]
    )
    users = tuple(
        User(id=next_id(), name=entry["full_name"], username=entry.get("username")) for entry in seed["users"]
    )
    spaces, boards = [], []
    for space in seed["spaces"]:
        spaces.append((next_id(), space["title"]))
        for board in space["boards"]:
            boards.append(
                BoardLayout(
                    id=next_id(),
                    title=board["title"],
                    space=spaces[-1][0],
                    columns=tuple(columns(board["columns"])),
                    lanes=tuple(Lane(id=next_id(), title=title) for title in board["lanes"]),
                )
            )
    return Layout(spaces=tuple(spaces), boards=tuple(boards), users=users, fields=fields)


def board(layout: Layout, title: str) -> BoardLayout:
    """The board of that title."""
    return next(board for board in layout.boards if board.title == title)


def column(board: BoardLayout, title: str) -> str:
    """The id of the board's column of that title."""
    return next(column.id for column in board.columns if column.title == title)


def lane(board: BoardLayout, title: str) -> str:
    """The id of the board's lane of that title."""
    return next(lane.id for lane in board.lanes if lane.title == title)


def changed(layout: Layout, title: str, **changes: Any) -> Layout:
    """The layout with one board changed."""
    boards = tuple(replace(board, **changes) if board.title == title else board for board in layout.boards)
    return replace(layout, boards=boards)
