"""Orders as Kaiten's JSON: the body of a new card, where it stands, and what stands in its fields."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from adapters.kaiten.incoming import whole
from adapters.kaiten.markdown import clean, shortened
from connector.domain.effects import CreateCard, FieldValue, Spot
from connector.domain.layout import CardField, FieldKind

TITLE_LIMIT = 1024
DESCRIPTION_LIMIT = 32768

WORDS = {
    "cut": "\n… (текст сокращён: он длиннее, чем вмещает карточка)",
    "more": "…",
}
"""What the adapter itself has to say to agents on a card."""

_log = logging.getLogger(__name__)


def card_body(effect: CreateCard, spot: Spot, known: Mapping[str, CardField]) -> dict[str, object]:
    """The body of a new card; `known` are the card fields of the layout by id.

    https://developers.kaiten.ru/cards/create-new-card
    """
    title = " ".join(effect.title.split()) or effect.external_id
    body: dict[str, object] = {
        "title": shortened(clean(title), TITLE_LIMIT, WORDS["more"]),
        "description": shortened(clean(effect.description), DESCRIPTION_LIMIT, WORDS["cut"]),
        "external_id": effect.external_id,
        **place_body(spot),
    }
    if spot.responsible is not None:
        body["responsible_id"] = _id(spot.responsible)
    if effect.due_at is not None:
        body["due_date"] = timestamp(effect.due_at)
        body["due_date_time_present"] = True
    properties = properties_body(effect.external_id, spot.fields, known)
    if properties:
        body["properties"] = properties
    return body


def properties_body(card: str, values: Mapping[str, FieldValue], known: Mapping[str, CardField]) -> dict[str, object]:
    """The values by Kaiten's names of their fields, each in its shape; `card` is named where one cannot be shaped.

    Fields that are not named here keep what they have.
    """
    properties = {}
    for name, value in values.items():
        number = name.removeprefix("id_")
        shaped = property_value(value, known.get(number))
        if shaped is None:  # a wrong shape would cost all of them
            _log.warning("card %s: field %s cannot hold the value meant for it and stays as it is", card, number)
        else:
            properties[f"id_{number}"] = shaped
    return properties


def place_body(spot: Spot) -> dict[str, object]:
    """Board, column and lane, as far as they are told."""
    place = {"board_id": spot.board, "column_id": spot.column, "lane_id": spot.lane}
    return {name: _id(value) for name, value in place.items() if value is not None}


def property_value(value: FieldValue, known: CardField | None) -> object:
    """The value in the shape Kaiten wants for the field's kind; None where it has none.

    https://developers.kaiten.ru/cards/create-new-card (properties)
    """
    match known.kind if known else _kind_by_look(value):
        case FieldKind.SELECT | FieldKind.USER:
            return _choices(value, known.options if known else ())
        case FieldKind.NUMBER:
            return _figure(value)
        case FieldKind.CHECKBOX:
            return value if isinstance(value, bool) else str(value).strip().casefold() in ("1", "true", "yes", "да")
        case FieldKind.DATE:
            return _date(value)
        case FieldKind.STRING:
            if isinstance(value, datetime):
                return value.isoformat(sep=" ", timespec="minutes")
            if isinstance(value, float) and value.is_integer():
                return str(int(value))
            return clean(", ".join(value) if isinstance(value, tuple) else str(value)) or None
        case FieldKind.OTHER:
            return (
                list(value) if isinstance(value, tuple) else timestamp(value) if isinstance(value, datetime) else value
            )


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


def _choices(value: FieldValue, options: Sequence[tuple[str, str]]) -> object:
    """Always a list of ids, even for one choice; a title is looked up."""
    by_title = {title.strip().casefold(): number for number, title in options}
    chosen = []
    for choice in value if isinstance(value, tuple) else (str(value),):
        number = whole(by_title.get(choice.strip().casefold(), choice))
        if number is None:
            return None
        chosen.append(number)
    return chosen or None


def _figure(value: FieldValue) -> object:
    if isinstance(value, datetime | tuple):
        return None
    try:
        figure = float(value)
    except ValueError:
        return None
    return int(figure) if figure.is_integer() else figure


def _date(value: FieldValue) -> object:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    offset = value.utcoffset()
    return {
        "date": value.strftime("%Y-%m-%d"),
        "time": value.strftime("%H:%M"),
        "tzOffset": None if offset is None else int(offset.total_seconds() // 60),
    }


def timestamp(at: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, as Kaiten writes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _id(value: str) -> int | str:
    number = whole(value)
    return value if number is None else number
