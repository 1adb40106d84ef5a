"""Orders as Kaiten's JSON: the body of a new card, where it stands, and what stands in its fields."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from adapters.kaiten.field_values import Unfit, shaped
from adapters.kaiten.incoming import whole
from adapters.kaiten.markdown import clean, shortened
from connector.domain.effects import CreateCard, FieldValue, Spot
from connector.domain.layout import CardField, User

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
        body |= deadline_body(effect.due_at)
    properties = properties_body(effect.external_id, spot.fields, known)
    if properties:
        body["properties"] = properties
    return body


def properties_body(card: str, values: Mapping[str, FieldValue], known: Mapping[str, CardField]) -> dict[str, object]:
    """The values by Kaiten's names of their fields, each in its shape; `card` is named where one cannot be shaped.

    Fields that are not named here keep what they have; what does not fit its field is left out with a warning.
    An empty text empties the field.
    """
    properties: dict[str, object] = {}
    unfit = []
    for name, value in values.items():
        number = name.removeprefix("id_")
        field = known.get(number)
        try:
            properties[f"id_{number}"] = None if value == "" else shaped(value, field)
        except Unfit as no:  # a wrong shape would cost all of them
            unfit.append(f"{field.name if field else 'field'} ({number}): {no}")
    if unfit:
        _log.warning("card %s: fields that stay as they are: %s", card, "; ".join(unfit))
    return properties


def named_people(users: Iterable[User]) -> tuple[tuple[str, str], ...]:
    """(id, name) of everybody by each name they have: what a field for people can be told by."""
    return tuple(
        (user.id, name) for user in users for name in dict.fromkeys((user.name, user.username, user.email)) if name
    )


def deadline_body(at: datetime | None) -> dict[str, object]:
    """The deadline to the minute, or none at all."""
    if at is None:
        return {"due_date": None, "due_date_time_present": False}
    return {"due_date": timestamp(at), "due_date_time_present": True}


def place_body(spot: Spot) -> dict[str, object]:
    """Board, column and lane, as far as they are told."""
    place = {"board_id": spot.board, "column_id": spot.column, "lane_id": spot.lane}
    return {name: _id(value) for name, value in place.items() if value is not None}


def timestamp(at: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, as Kaiten writes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _id(value: str) -> int | str:
    number = whole(value)
    return value if number is None else number
