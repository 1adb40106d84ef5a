"""What the demo sees of the chat and of the board, read from the stand-ins' control APIs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message of a chat; `buttons` are the labels under it, `reactions` those of the bot."""

    id: int
    by_bot: bool
    kind: str
    text: str
    buttons: tuple[str, ...]
    reactions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    name: str
    mime: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    author: str
    text: str
    internal: bool
    files: tuple[Attached, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card with everything in it, places by their titles."""

    id: int
    title: str
    description: str
    board: str
    column: str
    lane: str
    due: datetime | None
    tags: tuple[str, ...]
    fields: tuple[tuple[str, str], ...]
    responsible: tuple[str, ...]
    comments: tuple[Comment, ...]
    files: tuple[Attached, ...]

    def attached(self) -> Iterator[Attached]:
        """All files: the card's own and those of its comments."""
        yield from self.files
        for comment in self.comments:
            yield from comment.files


def chat(payload: Any) -> tuple[Said, ...]:
    """From `GET /sandbox/chats/{id}` of the Telegram stand-in; deleted messages are left out."""
    return tuple(
        Said(
            id=each["message_id"],
            by_bot=each["from"] == "bot",
            kind=each["kind"],
            text=each["text"] or "",
            buttons=tuple(button["text"] for row in each["buttons"] for button in row),
            reactions=tuple(each["reactions"]["bot"]),
        )
        for each in payload["messages"]
        if not each["deleted"]
    )


def cards(payload: Any) -> tuple[Card, ...]:
    """From `GET /sandbox/board` of the Kaiten stand-in."""
    return tuple(
        _card(board, each) for space in payload["spaces"] for board in space["boards"] for each in board["cards"]
    )


def _card(board: Any, payload: Any) -> Card:
    columns = {
        column["id"]: column["title"]
        for outer in board["columns"]
        for column in (outer, *outer["subcolumns"])
    }  # fmt: skip
    lanes = {lane["id"]: lane["title"] for lane in board["lanes"]}
    return Card(
        id=payload["id"],
        title=payload["title"],
        description=payload["description"] or "",
        board=board["title"],
        column=columns[payload["subcolumn_id"] or payload["column_id"]],
        lane=lanes[payload["lane_id"]],
        due=datetime.fromisoformat(payload["due_date"]) if payload["due_date"] else None,
        tags=tuple(tag["name"] for tag in payload["tags"]),
        fields=tuple((name, _shown(value)) for name, value in payload["properties"].items()),
        responsible=tuple(member["full_name"] for member in payload["members"] if member["responsible"]),
        comments=tuple(
            Comment(
                author=comment["author"]["full_name"],
                text=comment["text"],
                internal=comment["internal"],
                files=tuple(_file(file) for file in comment["files"]),
            )
            for comment in payload["comments"]
        ),
        files=tuple(_file(file) for file in payload["files"]),
    )


def _file(payload: Any) -> Attached:
    return Attached(name=payload["name"], mime=payload["mime_type"] or "")


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
