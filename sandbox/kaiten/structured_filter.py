"""The structured filter of card lists: base64 of two levels of and/or over conditions."""

import base64
import binascii
import json
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from sandbox.kaiten import schema
from sandbox.kaiten.company import Company
from sandbox.kaiten.entities import Card
from sandbox.kaiten.problems import bad_request

Test = Callable[[Card], bool]

DATES: dict[str, Callable[[Card], datetime | None]] = {
    "created": lambda card: card.created,
    "updated": lambda card: card.updated,
    "last_moved_at": lambda card: card.last_moved_at,
    "completed_at": lambda card: card.completed_at,
    "first_moved_to_in_progress_at": lambda card: card.first_moved_to_in_progress_at,
    "planned_start": lambda card: card.planned_start,
    "planned_end": lambda card: card.planned_end,
    "due_date": lambda card: card.due_date,
}

SETS: dict[str, Callable[[Card], Collection[object]]] = {
    "id": lambda card: (card.id,),
    "owner_id": lambda card: (card.owner_id,),
    "state": lambda card: (card.state,),
    "type_id": lambda card: (card.type_id,),
    "condition": lambda card: (card.condition,),
    "source": lambda card: (card.source,),
    "tag": lambda card: card.tag_ids,
    "responsible": lambda card: card.responsible_ids,
    "member": lambda card: tuple(member.user_id for member in card.members),
}


def parse(company: Company, encoded: str) -> Test:
    """The test a filter stands for; what cannot be read or is unknown is a 400."""
    try:
        # An unescaped "+" of the base64 alphabet reaches a server as a space; the real one cannot know it either.
        tree = json.loads(base64.b64decode(encoded, validate=True))
    except (binascii.Error, ValueError):
        raise bad_request("filter should be base64 encoded JSON") from None
    return _joined(tree, lambda group: _joined(group, lambda condition: _condition(company, condition)))


def _joined(node: Any, inner: Callable[[Any], Test]) -> Test:
    if not isinstance(node, dict) or node.get("key") not in ("and", "or") or not isinstance(node.get("value"), list):
        raise bad_request('filter should be {"key": "and" or "or", "value": [...]} on both outer levels')
    tests = [inner(part) for part in node["value"]]
    if node["key"] == "and":
        return lambda card: all(test(card) for test in tests)
    return lambda card: any(test(card) for test in tests)


def _condition(company: Company, condition: Any) -> Test:
    if not isinstance(condition, dict):
        raise bad_request("filter condition should be object")
    key, comparison, value = condition.get("key"), condition.get("comparison"), condition.get("value")
    if key == "custom_property":
        return _property_test(company, condition, comparison, value)
    if key in SETS:
        return _set_test(SETS[key], key, comparison, value)
    if key in DATES:
        return _date_test(company, DATES[key], key, comparison, value)
    if key == "asap" and comparison in ("true", "false"):
        return lambda card: card.asap == (comparison == "true")
    if key == "partial_path" and isinstance(value, dict) and comparison in ("eq", "ne"):
        return lambda card: _inside(company, card, value) == (comparison == "eq")
    raise bad_request(f"filter: unknown condition {key} {comparison}")


def _inside(company: Company, card: Card, place: dict[str, object]) -> bool:
    places = {
        "lane": (card.lane_id,),
        "column": (card.column_id, company.columns[card.column_id].column_id),
        "board": (card.board_id,),
        "space": (company.boards[card.board_id].space_id,),
    }
    return place.get("id") in places.get(str(place.get("type")), ())


def _set_test(of: Callable[[Card], Collection[object]], key: str, comparison: object, value: Any) -> Test:
    match comparison:
        case "eq":
            return lambda card: value in of(card)
        case "ne":
            return lambda card: value not in of(card)
        case "in" if isinstance(value, list):
            return lambda card: any(item in value for item in of(card))
        case "not_in" if isinstance(value, list):
            return lambda card: not any(item in value for item in of(card))
        case "known":
            return lambda card: bool(of(card))
        case "unknown":
            return lambda card: not of(card)
    raise bad_request(f"filter: {key} cannot be compared by {comparison}")


def _date_test(
    company: Company, of: Callable[[Card], datetime | None], key: str, comparison: object, value: Any
) -> Test:
    today = company.now().replace(hour=0, minute=0, second=0, microsecond=0)
    days = {"today": (0, 1), "yesterday": (-1, 0), "prev_seven_days": (-7, 0)}
    match comparison:
        case "gt":
            start = _moment(key, value)
            return lambda card: (at := of(card)) is not None and at > start
        case "lt":
            end = _moment(key, value)
            return lambda card: (at := of(card)) is not None and at < end
        case "eq" if isinstance(value, dict):
            first, last = _moment(key, value.get("from")), _moment(key, value.get("to"))
            return lambda card: (at := of(card)) is not None and first <= at <= last
        case str() if comparison in days:
            since, until = (today + timedelta(days=shift) for shift in days[comparison])
            return lambda card: (at := of(card)) is not None and since <= at < until
    raise bad_request(f"filter: {key} cannot be compared by {comparison}")


def _moment(key: str, value: object) -> datetime:
    try:
        found = schema.moment(value)
    except ValueError as wrong:
        raise bad_request(f"filter: {key} {wrong}") from None
    assert isinstance(found, datetime)
    return found


def _property_test(company: Company, condition: dict[str, Any], comparison: object, value: Any) -> Test:
    known = company.properties.get(condition.get("id", -1))
    if known is None:
        raise bad_request(f"filter: no custom property {condition.get('id')}")
    if condition.get("type") != known.type:
        raise bad_request(f"filter: custom property {known.id} is of type {known.type}")
    name = f"id_{known.id}"

    def of(card: Card) -> Any:
        return card.properties.get(name)

    if comparison in ("known", "unknown"):
        return lambda card: (of(card) is not None) == (comparison == "known")
    match known.type:
        case "string" | "email" | "url" | "phone" if isinstance(value, str):
            return _text_test(of, comparison, value)
        case "number" | "formula" if isinstance(value, str):
            return _number_test(of, comparison, value)
        case "select" | "catalog" if comparison in ("eq", "ne") and isinstance(value, int):
            return lambda card: (value in (of(card) or ())) == (comparison == "eq")
        case "user" if comparison in ("eq", "ne") and isinstance(value, str):
            return lambda card: (value in {str(item) for item in of(card) or ()}) == (comparison == "eq")
        case "checkbox" if comparison in ("true", "false"):
            return lambda card: bool(of(card)) == (comparison == "true")
        case "date" if comparison == "eq" and isinstance(value, dict):
            return lambda card: of(card) is not None and value["from"][:10] <= of(card)["date"] <= value["to"][:10]
        case "date" if comparison in ("gt", "lt") and isinstance(value, str):
            greater = comparison == "gt"
            return lambda card: (
                of(card) is not None and (of(card)["date"] > value[:10] if greater else of(card)["date"] < value[:10])
            )
    raise bad_request(f"filter: a {known.type} property cannot be compared by {comparison} with {value!r}")


def _text_test(of: Callable[[Card], Any], comparison: object, value: str) -> Test:
    tests: dict[str, Callable[[str | None], bool]] = {
        "eq": lambda text: text == value,
        "ne": lambda text: text != value,
        "starts_with": lambda text: (text or "").startswith(value),
        "ends_with": lambda text: (text or "").endswith(value),
        "contains": lambda text: value in (text or ""),
        "not_contains": lambda text: value not in (text or ""),
    }
    if comparison not in tests:
        raise bad_request(f"filter: a text property cannot be compared by {comparison}")
    test = tests[str(comparison)]
    return lambda card: test(of(card))


def _number_test(of: Callable[[Card], Any], comparison: object, value: str) -> Test:
    try:
        wanted = float(value)
    except ValueError:
        raise bad_request(f"filter: {value!r} is not a number") from None
    match comparison:
        case "eq":
            return lambda card: of(card) == wanted
        case "ne":
            return lambda card: of(card) != wanted
        case "gt":
            return lambda card: of(card) is not None and of(card) > wanted
        case "lt":
            return lambda card: of(card) is not None and of(card) < wanted
    raise bad_request(f"filter: a number property cannot be compared by {comparison}")
