"""Custom properties: what a card may carry under `id_<n>`, and the routes that name them.

https://developers.kaiten.ru/custom-properties
"""

from collections.abc import Mapping
from dataclasses import replace

from starlette.requests import Request

from sandbox.kaiten import place_shapes, schema
from sandbox.kaiten.company import Company
from sandbox.kaiten.entities import Property, SelectValue, User
from sandbox.kaiten.http import api, json_body, page, path_number, query_flag, query_number
from sandbox.kaiten.problems import bad_request, not_found, tariff
from sandbox.kaiten.shapes import JsonObject

TYPES = (
    *("string", "number", "date", "email", "checkbox", "select", "formula", "url", "collective_score", "vote"),
    *("collective_vote", "catalog", "phone", "user", "attachment", "directory"),
)


def merged(company: Company, present: Mapping[str, object], given: Mapping[str, object]) -> dict[str, object]:
    """The properties of a card after a write: only the given keys change and null clears one.

    An unknown or removed property and a value of the wrong shape are a 400. A property that exists but is not
    attached to the card's board is taken, as the real API takes it.
    """
    if given and "custom_properties" in company.settings.missing_features:
        raise tariff("custom_properties")
    values = dict(present)
    for key, value in given.items():
        number = key.removeprefix("id_")
        known = company.properties.get(int(number)) if key.startswith("id_") and number.isdecimal() else None
        if known is None or known.condition != "active":
            raise bad_request("properties should NOT have additional properties")
        if value is None:
            values.pop(key, None)
        else:
            values[key] = _checked(company, known, value)
    return values


def _checked(company: Company, known: Property, value: object) -> object:
    where = f"properties.id_{known.id}"
    match known.type:
        case "string" | "email" | "phone" | "url" | "collective_score":
            ok = isinstance(value, str)
            wanted = "string"
        case "number" | "vote":
            ok = isinstance(value, int | float) and not isinstance(value, bool)
            wanted = "number"
        case "checkbox":
            ok = isinstance(value, bool)
            wanted = "boolean"
        case "date":
            return _date(where, value)
        case "select":
            return _choice(company, known, where, value)
        case "user":
            return _people(company, where, value)
        case "catalog" | "attachment" | "collective_vote" | "directory":
            ok = isinstance(value, list)
            wanted = "array"
        case _:
            raise bad_request(f"{where} is read only")
    if not ok:
        raise bad_request(f"{where} should be {wanted}")
    return value


def _date(where: str, value: object) -> object:
    if not isinstance(value, dict) or set(value) - {"date", "time", "tzOffset"} or "date" not in value:
        raise bad_request(f"{where} should be object with date, time and tzOffset")
    try:
        schema.day(value["date"])
    except ValueError as wrong:
        raise bad_request(f"{where}.date {wrong}") from None
    return {"date": value["date"], "time": value.get("time"), "tzOffset": value.get("tzOffset")}


def _choice(company: Company, known: Property, where: str, value: object) -> list[int]:
    """Always an array of value ids, also for a property of one choice."""
    if not isinstance(value, list):
        raise bad_request(f"{where} should be array")
    if len(value) > 1 and not known.multi_select:
        raise bad_request(f"{where} should NOT have more than 1 items")
    ids: list[int] = []
    for item in value:
        chosen = company.select_values.get(item) if isinstance(item, int) else None
        if chosen is None or chosen.property_id != known.id or chosen.deleted:
            raise bad_request(f"{where} has no value with id {item}")
        ids.append(chosen.id)
    return ids


def _people(company: Company, where: str, value: object) -> list[int]:
    """Ids or uid strings in, ids kept: `broken_api` decides how they are shown again."""
    if not isinstance(value, list):
        raise bad_request(f"{where} should be array")
    by_name = {person.uid: person.id for person in company.users.values()}
    ids = [by_name.get(item, -1) if isinstance(item, str) else item for item in value]
    if any(item not in company.users for item in ids):
        raise bad_request(f"{where} has an unknown user")
    return [item for item in ids if isinstance(item, int)]


async def list_properties(company: Company, user: User, request: Request) -> object:
    wanted = request.query_params.get("query", "").lower()
    types = request.query_params.get("types")
    conditions = request.query_params.get("conditions", "active,inactive").split(",")
    rows = [
        place_shapes.custom_property(found)
        for found in company.properties.values()
        if wanted in found.name.lower()
        and found.condition in conditions
        and (types is None or found.type in types.split(","))
    ]
    return page(request, rows, most=500)


async def create_property(company: Company, user: User, request: Request) -> object:
    known = {
        "name": schema.text(128, shortest=1),
        "type": schema.one_of(*TYPES),
        "multi_select": schema.boolean,
        "show_on_facade": schema.boolean,
    }
    values = schema.read(await json_body(request), known, "CustomProperty", "name", "type")
    return place_shapes.custom_property(add_property(company, values))


def add_property(company: Company, values: Mapping[str, object]) -> Property:
    """``values``: name, type and perhaps multi_select, show_on_facade; already checked."""
    now = company.now()
    found = Property(
        id=company.next_id("property"),
        uid=company.uid(),
        name=str(values["name"]),
        type=str(values["type"]),
        multi_select=bool(values.get("multi_select", False)),
        show_on_facade=bool(values.get("show_on_facade", True)),
        created=now,
        updated=now,
    )
    company.properties[found.id] = found
    return found


def add_value(company: Company, property_id: int, value: str, color: int | None = None) -> SelectValue:
    """Raises Problem 400 when the property has that value already."""
    present = [v for v in company.select_values.values() if v.property_id == property_id and not v.deleted]
    if any(other.value == value for other in present):
        raise bad_request(f"Select value '{value}' already exists")
    found = SelectValue(
        id=company.next_id("select_value"),
        uid=company.uid(),
        property_id=property_id,
        value=value,
        color=color,
        sort_order=len(present) + 1,
    )
    company.select_values[found.id] = found
    return found


def _property(company: Company, request: Request) -> Property:
    found = company.properties.get(path_number(request, "property_id"))
    if found is None:
        raise not_found()
    return found


async def get_property(company: Company, user: User, request: Request) -> object:
    return place_shapes.custom_property(_property(company, request))


async def patch_property(company: Company, user: User, request: Request) -> object:
    found = _property(company, request)
    known = {
        "name": schema.text(128, shortest=1),
        "condition": schema.one_of("active", "inactive"),
        "show_on_facade": schema.boolean,
    }
    values = schema.read(await json_body(request), known, "CustomProperty")
    found = replace(
        found,
        name=str(values.get("name", found.name)),
        condition=str(values.get("condition", found.condition)),
        show_on_facade=bool(values.get("show_on_facade", found.show_on_facade)),
        updated=company.now(),
    )
    company.properties[found.id] = found
    return place_shapes.custom_property(found)


async def delete_property(company: Company, user: User, request: Request) -> object:
    found = replace(_property(company, request), condition="removed", updated=company.now())
    company.properties[found.id] = found
    return place_shapes.custom_property(found)


async def list_values(company: Company, user: User, request: Request) -> object:
    """Without `v2_select_search=true` the whole list comes, the removed values too, whatever the page asked for."""
    found = _property(company, request)
    own = [value for value in company.select_values.values() if value.property_id == found.id]
    own.sort(key=lambda value: value.sort_order)
    if not query_flag(request, "v2_select_search"):
        return [place_shapes.select_value(value) for value in own]
    wanted = request.query_params.get("query", "").lower()
    conditions = request.query_params.get("conditions", "active").split(",")
    rows: list[JsonObject] = [
        place_shapes.select_value(value)
        for value in own
        if not value.deleted and value.condition in conditions and wanted in value.value.lower()
    ]
    return (
        page(request, rows, most=500) if "limit" in request.query_params else rows[query_number(request, "offset", 0) :]
    )


async def create_value(company: Company, user: User, request: Request) -> object:
    found = _property(company, request)
    known = {"value": schema.text(128, shortest=1), "color": schema.nullable(schema.integer())}
    values = schema.read(await json_body(request), known, "SelectValue", "value")
    color = values.get("color")
    return place_shapes.select_value(
        add_value(company, found.id, str(values["value"]), color if isinstance(color, int) else None)
    )


async def patch_value(company: Company, user: User, request: Request) -> object:
    found = company.select_values.get(path_number(request, "value_id"))
    if found is None or found.property_id != _property(company, request).id:
        raise not_found()
    known = {
        "value": schema.text(128, shortest=1),
        "condition": schema.one_of("active", "inactive"),
        "deleted": schema.boolean,
    }
    values = schema.read(await json_body(request), known, "SelectValue")
    found = replace(
        found,
        value=str(values.get("value", found.value)),
        condition=str(values.get("condition", found.condition)),
        deleted=bool(values.get("deleted", found.deleted)),
    )
    company.select_values[found.id] = found
    return place_shapes.select_value(found)


ROOT = "/company/custom-properties"
ROUTES = [
    api("GET", ROOT, list_properties),
    api("POST", ROOT, create_property),
    api("GET", ROOT + "/{property_id}", get_property),
    api("PATCH", ROOT + "/{property_id}", patch_property),
    api("DELETE", ROOT + "/{property_id}", delete_property),
    api("GET", ROOT + "/{property_id}/select-values", list_values),
    api("POST", ROOT + "/{property_id}/select-values", create_value),
    api("PATCH", ROOT + "/{property_id}/select-values/{value_id}", patch_value),
]
