"""A value in the shape that Kaiten wants for the kind of its field."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from math import isfinite

from adapters.kaiten.incoming import whole
from adapters.kaiten.markdown import clean
from connector.domain.effects import FieldValue
from connector.domain.layout import CardField, FieldKind

_YES = frozenset(("1", "+", "true", "yes", "y", "on", "да", "д", "истина", "✓", "✔", "✅"))
_NO = frozenset(("0", "-", "false", "no", "n", "off", "нет", "н", "ложь", "✗", "✘", "❌"))
_FIGURE = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?")
_DIGITS = 16
"""Longer ones do not come through a JSON number whole: an account id would become another."""
# Two kinds of signs, or one of them twice: the first kind groups the thousands.
_GROUPED = re.compile(
    r"[+-]?[0-9]{1,3}(?:(?:,[0-9]{3})+\.[0-9]+|(?:\.[0-9]{3})+,[0-9]+|(?:,[0-9]{3}){2,}|(?:\.[0-9]{3}){2,})"
)
_SPACES = re.compile(r"(?<=\d)[ \u00a0\u2009\u202f'](?=\d{3}(?!\d))")
_RUSSIAN_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:,?[ T](\d{1,2}):(\d{2}))?")
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class Unfit(ValueError):
    """The field cannot hold the value; says why without repeating it, for it may be a person's."""


def shaped(value: FieldValue, known: CardField | None) -> object:
    """The value in the shape of its field; of a field that the layout does not have, in the shape it looks like.

    Text is read as what the field holds: an option or a person by name, a number, a date, yes or no. Raises Unfit.
    https://developers.kaiten.ru/cards/create-new-card (properties)
    """
    match known.kind if known else _kind_by_look(value):
        case FieldKind.SELECT:
            return _chosen(value, known, "option", strict=True)
        case FieldKind.USER:
            return _chosen(value, known, "user", strict=False)
        case FieldKind.NUMBER:
            return figure(value)
        case FieldKind.CHECKBOX:
            return _yes(value)
        case FieldKind.DATE:
            return _day(value)
        case FieldKind.STRING:
            return _words(value)
        case FieldKind.OTHER:
            if isinstance(value, str | datetime):
                raise Unfit("a field of this kind takes no text")
            return list(value) if isinstance(value, tuple) else value


def _kind_by_look(value: FieldValue) -> FieldKind:
    match value:
        case bool():
            return FieldKind.CHECKBOX
        case int() | float():
            return FieldKind.NUMBER
        case datetime():
            return FieldKind.DATE
        case tuple():
            return FieldKind.SELECT
        case _:
            return FieldKind.STRING


def _chosen(value: FieldValue, known: CardField | None, what: str, *, strict: bool) -> list[int]:
    """Always a list of ids, even for one choice. Names are looked up; a tuple holds ids already.

    `strict`: an id that is none of the field's options is refused by Kaiten together with the whole card.
    """
    options = known.options if known else ()
    ids = {number for number, _ in options}
    chosen = []
    for choice in value if isinstance(value, tuple) else (_plain(value),):
        found = choice if choice in ids else _named(choice, options, what)
        if found is None and isinstance(value, tuple) and not (strict and options):
            found = choice
        number = whole(found)
        if number is None:
            raise Unfit(f"it has no such {what}")
        chosen.append(number)
    if not chosen:
        raise Unfit(f"no {what} is named")
    return chosen


def _named(choice: str, options: Sequence[tuple[str, str]], what: str) -> str | None:
    name = _folded(choice)
    found = {number for number, title in options if _folded(title) == name}
    if len(found) > 1:
        raise Unfit(f"more than one {what} has that name")
    return next(iter(found), None)


def _folded(name: str) -> str:
    return " ".join(name.casefold().removeprefix("@").replace("ё", "е").split())


def _plain(value: FieldValue) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def figure(value: FieldValue) -> int | float:
    """12, "12,5", "1 234,5", "1,234.50". Raises Unfit for anything that is no finite number."""
    if isinstance(value, bool | datetime | tuple):
        raise Unfit("it is not a number")
    if isinstance(value, str):
        plain = _SPACES.sub("", value.strip().replace("\u2212", "-"))
        if _GROUPED.fullmatch(plain):
            plain = plain.replace(next(sign for sign in plain if sign in ",."), "")
        if not _FIGURE.fullmatch(plain) or len(plain) > _DIGITS:
            raise Unfit("it is not a number")
        value = float(plain.replace(",", "."))
    if not isfinite(value):
        raise Unfit("it is not a number")
    return int(value) if float(value).is_integer() else value


def _yes(value: FieldValue) -> bool:
    if isinstance(value, bool):
        return value
    word = _plain(value).strip().casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise Unfit("it is neither yes nor no")


def _day(value: FieldValue) -> dict[str, object]:
    """A day, and the minute where one is told; the zone only where it is known."""
    if isinstance(value, datetime):
        return _moment(value)
    if not isinstance(value, str):
        raise Unfit("it is not a date")
    plain = value.strip()
    try:
        if _ISO_DAY.fullmatch(plain):
            return _date_only(date.fromisoformat(plain))
        if said := _RUSSIAN_DAY.fullmatch(plain):
            day = date(int(said[3]), int(said[2]), int(said[1]))
            if said[4] is None:
                return _date_only(day)
            return _moment(datetime(day.year, day.month, day.day, int(said[4]), int(said[5])))
        return _moment(datetime.fromisoformat(plain))
    except ValueError:
        raise Unfit("it is not a date such as 2026-01-31 or 31.01.2026") from None


def _date_only(day: date) -> dict[str, object]:
    return {"date": day.isoformat(), "time": None, "tzOffset": None}


def _moment(at: datetime) -> dict[str, object]:
    offset = at.utcoffset()
    return {
        "date": at.strftime("%Y-%m-%d"),
        "time": at.strftime("%H:%M"),
        "tzOffset": None if offset is None else int(offset.total_seconds() // 60),
    }


def _words(value: FieldValue) -> str:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    words = clean(", ".join(value) if isinstance(value, tuple) else _plain(value)).strip()
    if not words:
        raise Unfit("it is empty")
    return words
