"""What single values of a mapping look like: names, texts, times, dates; each checked as it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, time
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainValidator, WithJsonSchema
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from mappings.clock import Interval, Length, interval_of, length_of, time_of

EVERY = ""
"""The language under which a title written as plain text stands: it holds for every language."""
NEVER = "never"
"""What may stand where a length of time may be left open."""
NONE = "none"
"""What may stand for a part that is not wanted although it is there by default."""
DEFAULT = "default"
"""What may stand for a part with all its defaults."""
MOST = 50
LEAST_ALIKE = 0.3
"""Below this any two sentences about the same thing would be alike."""


One = str | int | float | bool
"""One value of a card field, as written."""


def per_language(titles: dict[str, str] | None, languages: Iterable[str]) -> dict[str, str]:
    """One text for each of the languages."""
    if titles is None:
        return {}
    return {language: titles.get(language, titles.get(EVERY, "")) for language in languages}


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


def _length_or_never(value: object) -> Length | None:
    if isinstance(value, str) and value.strip().casefold() == NEVER:
        return None
    length = length_of(value) if isinstance(value, str) else None
    if length is None:
        expected = "a length of time such as 30s, 5m, 5h, 1h 30m, 1d or 2w, or never"
        raise _wrong(expected, "write number and unit (s, m for minutes, h, d or w), or never", "duration")
    return length


def _clock(value: object) -> time:
    moment = time_of(value) if isinstance(value, str) else None
    if moment is None:
        raise _wrong('a time of day such as "21:00"', "write hours and minutes, in 24-hour time", "time")
    return moment


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


def _leave(value: object) -> tuple[date, date]:
    first, dots, last = value.partition("..") if isinstance(value, str) else ("", "", "")
    try:
        begins = date.fromisoformat(first.strip())
        ends = date.fromisoformat(last.strip()) if dots else begins
    except ValueError:
        begins, ends = date.max, date.min
    if begins > ends:
        expected = "a date such as 2026-12-30, or dates from..to such as 2027-01-02..2027-01-08"
        raise _wrong(expected, "write year-month-day, the earlier date first", "date")
    return begins, ends


def _weight(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= MOST:
        return float(value)
    raise _wrong(f"a number above 0, {MOST} at most", "write such a number, without quotes")


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


def _count(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST:
        return value
    raise _wrong(f"a whole number from 1 to {MOST}", "write such a number, without quotes")


def _percent(value: object) -> int:
    text = value[:-1] if isinstance(value, str) and value.endswith("%") else ""
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 99:
        return int(text)
    raise _wrong("a share from 1% to 99%", "write it with the sign, such as 80%", "percent")


def _share(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and LEAST_ALIKE <= value <= 1:
        return float(value)
    raise _wrong(f"a number from {LEAST_ALIKE} to 1", "write such a number with a point, without quotes")


def _clients(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 2 <= value <= MOST:
        return value
    raise _wrong(f"a whole number from 2 to {MOST}", "write such a number, without quotes")


def _kept(value: object) -> int:
    text = value[:-1] if isinstance(value, str) and value.endswith("%") else ""
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 100:
        return int(text)
    raise _wrong("a share from 1% to 100%", "write it with the sign, such as 95%", "percent")


def _given(value: object) -> One | list[One]:
    if isinstance(value, list) and value:
        return [_one(each) for each in value]
    return _one(value)


def _one(value: object) -> One:
    if isinstance(value, bool | int | float) or (isinstance(value, str) and value.strip()):
        return value
    raise _wrong(
        "a text, a number, true or false; or a list of them, for a field that takes several",
        "write the value, in quotes if in doubt",
    )


def _listed(value: object) -> object:
    return value if isinstance(value, list) else [value]


def _per_board(value: object) -> object:
    return value if isinstance(value, dict) else {EVERY: value}


def _present(value: object) -> object:
    """A part of which only the key is written takes all its defaults."""
    return {} if value is None else value


def _or_default(value: object) -> object:
    return {} if _is_word(value, DEFAULT) else _present(value)


def _or_none(value: object) -> object:
    return None if _is_word(value, NONE) else _present(value)


def _is_word(value: object, word: str) -> bool:
    """Whether this word stands for a part; no other may."""
    if isinstance(value, str) and value.strip().casefold() != word:
        raise _wrong(f"a mapping, or {word}", f"write {word}, or `key: value` lines, indented below the key")
    return isinstance(value, str)


def or_word(word: str) -> Callable[[JsonDict], None]:
    """For the JSON schema of an optional part: this word may stand in its place."""

    def note(schema: JsonDict) -> None:
        kinds = schema.get("anyOf")
        if isinstance(kinds, list):
            kinds.append({"const": word})

    return note


_NAME: dict[str, Any] = {"type": ["string", "integer"], "minLength": 1}
_TEXT: dict[str, Any] = {"type": "string", "minLength": 1}


def _or_list(of: dict[str, Any]) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [of, {"type": "array", "items": of}]})


Name = Annotated[str | int, PlainValidator(_name), WithJsonSchema(_NAME)]
Names = Annotated[list[Name], BeforeValidator(_listed), _or_list(_NAME)]
Line = Annotated[str, PlainValidator(_line), WithJsonSchema(_TEXT)]
Lines = Annotated[list[Line], BeforeValidator(_listed), _or_list(_TEXT)]
Count = Annotated[int, PlainValidator(_count), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MOST})]
Kept = Annotated[int, PlainValidator(_kept), WithJsonSchema({"type": "string", "pattern": r"^([1-9][0-9]?|100)%$"})]
Percent = Annotated[int, PlainValidator(_percent), WithJsonSchema({"type": "string", "pattern": r"^[1-9][0-9]?%$"})]
Several = Annotated[int, PlainValidator(_clients), WithJsonSchema({"type": "integer", "minimum": 2, "maximum": MOST})]
Share = Annotated[
    float, PlainValidator(_share), WithJsonSchema({"type": "number", "minimum": LEAST_ALIKE, "maximum": 1})
]
_ONE = {"type": ["string", "number", "boolean"], "minLength": 1}
Given = Annotated[
    One | list[One],
    PlainValidator(_given),
    WithJsonSchema({"anyOf": [_ONE, {"type": "array", "items": _ONE, "minItems": 1}]}),
]
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
_LENGTH: dict[str, Any] = {
    "type": "string",
    "pattern": r"^(\d+w)?\s*(\d+d)?\s*(\d+h)?\s*(\d+m)?\s*(\d+s)?$",
    "minLength": 2,
}
Time = Annotated[Length, PlainValidator(_length), WithJsonSchema(_LENGTH)]
TimeOrNever = Annotated[
    Length | None, PlainValidator(_length_or_never), WithJsonSchema({"anyOf": [{"const": NEVER}, _LENGTH]})
]
Clock = Annotated[time, PlainValidator(_clock), WithJsonSchema({"type": "string", "pattern": r"^\d{1,2}:\d{2}$"})]
_INTERVAL: dict[str, Any] = {"type": "string", "pattern": r"^\d{1,2}:\d{2}\s*[-–]\s*\d{1,2}:\d{2}$"}
Intervals = Annotated[
    list[Annotated[Interval, PlainValidator(_interval), WithJsonSchema(_INTERVAL)]],
    BeforeValidator(_listed),
    _or_list(_INTERVAL),
]
Day = Annotated[date, PlainValidator(_date), WithJsonSchema({"type": "string", "format": "date"})]
_DATES: dict[str, Any] = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}(\.\.\d{4}-\d{2}-\d{2})?$"}
Leave = Annotated[
    list[Annotated[tuple[date, date], PlainValidator(_leave), WithJsonSchema(_DATES)]],
    BeforeValidator(_listed),
    _or_list(_DATES),
]
Weight = Annotated[
    float, PlainValidator(_weight), WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": MOST})
]
OrBare = BeforeValidator(_present)
"""For a part that may be written as its bare key."""
OrDefault = BeforeValidator(_or_default)
"""For a part that may be written as its bare key, or as `default`."""
OrNone = BeforeValidator(_or_none)
"""For a part that may be written as its bare key, or as `none` when it is not wanted."""
