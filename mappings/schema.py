"""What may stand in a mapping: every key with its meaning, as models that also make the JSON schema for editors."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from mappings.clock import Interval, Length, interval_of, length_of

EVERY = ""
"""The language under which a title written as plain text stands: it holds for every language."""


def _wrong(expected: str, remedy: str, code: str = "type") -> PydanticCustomError:
    return PydanticCustomError("mapping", "expected {expected}", {"expected": expected, "remedy": remedy, "code": code})


def _name(value: object) -> str | int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip():
        return value
    raise _wrong("a name as it stands on the board, or a numeric id", "write the name, in quotes if in doubt")


def _length(value: object) -> Length:
    length = length_of(value) if isinstance(value, str) else None
    if length is None:
        expected = "a length of time such as 30s, 5m, 5h, 1h 30m, 1d or 2w"
        raise _wrong(expected, "write number and unit: s, m (minutes), h, d or w", "duration")
    return length


def _interval(value: object) -> Interval:
    interval = interval_of(value) if isinstance(value, str) else None
    if interval is None:
        expected = 'an interval of one day such as "09:00-18:00"'
        remedy = "write from-to in 24-hour time; split a night shift at midnight (22:00-24:00, then 00:00-06:00)"
        raise _wrong(expected, remedy, "interval")
    return interval


def _date(value: object) -> date:
    try:
        if isinstance(value, str):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise _wrong("a date such as 2026-01-01", "write year-month-day", "date")


def _per_language(value: object) -> object:
    if isinstance(value, str):
        return {EVERY: value}
    if isinstance(value, dict):
        return value
    raise _wrong("a text, or one text per language", "write the text, in quotes if it looks like a number")


def _line(value: object) -> str:
    if isinstance(value, str) and value.strip():
        return value
    raise _wrong("a text", "write the text, in quotes if it looks like a number")


def _listed(value: object) -> object:
    return value if isinstance(value, list) else [value]


def _per_board(value: object) -> object:
    return value if isinstance(value, dict) else {EVERY: value}


_NAME: dict[str, Any] = {"type": ["string", "integer"], "minLength": 1}
_TEXT: dict[str, Any] = {"type": "string", "minLength": 1}


def _or_list(of: dict[str, Any]) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [of, {"type": "array", "items": of}]})


Name = Annotated[str | int, PlainValidator(_name), WithJsonSchema(_NAME)]
Names = Annotated[list[Name], BeforeValidator(_listed), _or_list(_NAME)]
Line = Annotated[str, PlainValidator(_line), WithJsonSchema(_TEXT)]
Titles = Annotated[
    dict[str, Line],
    BeforeValidator(_per_language),
    WithJsonSchema({"anyOf": [_TEXT, {"type": "object", "additionalProperties": _TEXT}]}),
]
LaneNames = Annotated[
    dict[str, Name],
    BeforeValidator(_per_board),
    WithJsonSchema({"anyOf": [_NAME, {"type": "object", "additionalProperties": _NAME}]}),
]
Time = Annotated[
    Length,
    PlainValidator(_length),
    WithJsonSchema({"type": "string", "pattern": r"^(\d+w)?\s*(\d+d)?\s*(\d+h)?\s*(\d+m)?\s*(\d+s)?$", "minLength": 2}),
]
_INTERVAL: dict[str, Any] = {"type": "string", "pattern": r"^\d{1,2}:\d{2}\s*[-–]\s*\d{1,2}:\d{2}$"}
Intervals = Annotated[
    list[Annotated[Interval, PlainValidator(_interval), WithJsonSchema(_INTERVAL)]],
    BeforeValidator(_listed),
    _or_list(_INTERVAL),
]
Day = Annotated[date, PlainValidator(_date), WithJsonSchema({"type": "string", "format": "date"})]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Board(_Part):
    """Where the boards are."""

    space: Names = Field(description="Title or id of the space that holds the boards; a list when there are several.")


class Topic(_Part):
    """What a client may choose in the menu."""

    title: Titles = Field(description="What the button says: one text, or one per language.")
    board: Name = Field(description="The board where cards of this topic are made.")
    column: Name | None = Field(
        None, description="The column where they start; by default the board's first column that means queue."
    )
    class_: Name | None = Field(
        None, alias="class", description="The service class a request begins with; may be left out when there is one."
    )
    tags: list[Line] = Field(default_factory=list, description="Tags put on every card of this topic.")
    hint: Titles | None = Field(None, description="Shown after the topic was chosen: what to write.")


class ServiceClass(_Part):
    """How fast a request must be served."""

    title: Titles = Field(description="What people call it: one text, or one per language.")
    lane: LaneNames | None = Field(
        None,
        description="The lane that stands for it, by the same name on each board, or one per board "
        '(board: lane, "*" for the other boards). May be left out when there is only one class.',
    )
    first_reply: Time | None = Field(None, description="Time until the first answer, such as 5m.")
    resolution: Time | None = Field(None, description="Time until it is done, such as 5h or 1d.")
    clock: Literal["working", "calendar"] | None = Field(
        None,
        description="How these times run: `working` counts only the hours under `hours` (1d is one working day), "
        "`calendar` runs day and night. Needed where a time is given.",
    )


class Hours(_Part):
    """When the team works."""

    zone: Line = Field(description="Time zone by its IANA name, such as Europe/Moscow.")
    week: dict[str, Intervals | None] = Field(
        description='Days (mon, mon-fri, "sat,sun") and their intervals, such as ["09:00-13:00", "14:00-18:00"].'
    )
    closed: list[Day] = Field(default_factory=list, description="Dates without work, such as 2026-01-01.")


class Cabinet(_Part):
    """The client's account id with the company; leave the whole part out when clients have none."""

    pattern: Line = Field(description="A regular expression that the whole id must match, such as [0-9]{4,8}.")
    hint: Titles | None = Field(None, description="Where a client finds the id: one text, or one per language.")
    picture: Line | None = Field(None, description="A picture that shows where; a path relative to this file.")
    tag: Line | None = Field(None, description="A tag put on the card, such as Cabinet {cabinet}.")


class From(_Part):
    """How a card shows that it came through the bot."""

    responsible: Name | None = Field(
        None, description="User made responsible for new cards: name, username, e-mail or id."
    )
    field: Name | None = Field(None, description="Card field that names the source: a select, or plain text.")
    option: Name | None = Field(None, description="Its value for cards made by the bot.")


class Facts(_Part):
    """Which card field takes which fact; the fields must be of the kind text."""

    cabinet: Name | None = Field(None, description="The client's account id.")
    client: Name | None = Field(None, description="The client's name in the chat.")
    username: Name | None = Field(None, description="The client's username in the chat.")
    language: Name | None = Field(None, description="The client's language.")
    number: Name | None = Field(None, description="The number of the request.")
    topic: Name | None = Field(None, description="The title of the topic.")
    class_: Name | None = Field(None, alias="class", description="The title of the service class.")


class Public(_Part):
    """Which comments of agents go to the client."""

    rule: Literal["all_but_marked", "only_marked"] = Field(
        "all_but_marked",
        description="all_but_marked: every comment is an answer unless it begins with the mark; "
        "only_marked: only a comment that begins with the mark is one.",
    )
    mark: Line = Field("//", description="What a comment begins with.")


class Meanings(_Part):
    """Columns by what they mean."""

    queue: Names = Field(default_factory=list, description="Columns where requests wait to be taken.")
    work: Names = Field(default_factory=list, description="Columns where someone works on them.")
    waiting: Names = Field(default_factory=list, description="Columns where they wait for the client.")
    done: Names = Field(default_factory=list, description="Columns where they are finished.")


class Columns(Meanings):
    """What columns mean; one that is not named keeps the rough meaning the board tool gives it."""

    boards: dict[str, Meanings] = Field(
        default_factory=dict, description="Other meanings on one board: its title or id, then the same four keys."
    )


class Receipts(_Part):
    """How a client's further message is acknowledged."""

    style: Literal["reaction", "text", "none"] = Field(
        "reaction", description="A reaction, a line of text, or nothing."
    )
    emoji: Line = Field("👀", description="The reaction; the chat tool must allow it.")


class Content(_Part):
    """The mapping of a support bot to a board."""

    version: Literal[1] = Field(description="The version of this format: 1.")
    languages: list[Line] = Field(description="Languages the bot speaks, such as [ru, en].")
    default_language: Line | None = Field(
        None, description="The language for everybody else; by default the first of `languages`."
    )
    board: Board = Field(description="The space that holds the boards.")
    topics: dict[str, Topic] = Field(description="Topics by a short key, in the order of the menu.")
    classes: dict[str, ServiceClass] = Field(description="Service classes by a short key.")
    hours: Hours | None = Field(None, description="When the team works.")
    cabinet: Cabinet | None = Field(None, description="The client's account id with the company.")
    source: From | None = Field(None, description="How a card shows that it came through the bot.")
    fields: Facts = Field(default_factory=lambda: Facts(), description="Which card field takes which fact.")
    public: Public = Field(default_factory=lambda: Public(), description="Which comments go to the client.")
    columns: Columns = Field(default_factory=lambda: Columns(), description="What columns mean.")
    receipts: Receipts = Field(default_factory=lambda: Receipts(), description="How messages are acknowledged.")
    reopen_within: Time = Field(
        default_factory=lambda: Length(days=3),
        description="A client's message this soon after the end reopens the request; 3d by default.",
    )
    album_wait: Time = Field(
        default_factory=lambda: Length(rest=timedelta(seconds=2)),
        description="How long to wait for the other pictures of an album; 2s by default.",
    )
    sign_agents: bool = Field(False, description="Whether an answer carries the agent's name.")
    declared_tags: list[Line] = Field(
        default_factory=list, description="Tags that are meant although the board does not have them yet."
    )
    texts: dict[str, dict[str, Line]] = Field(
        default_factory=dict, description="Own wording: language, then the name of the text, then the text."
    )
    silence: list[Line] = Field(default_factory=list, description="Codes of warnings that are not to be shown.")


def json_schema() -> dict[str, Any]:
    """The JSON schema of a mapping, for editors (https://json-schema.org/draft/2020-12)."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Content.model_json_schema(by_alias=True)}
