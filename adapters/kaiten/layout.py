"""What stands in a Kaiten company, read once: spaces, boards, columns, lanes, users, card fields and tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from adapters.kaiten.http import Refused, Trip
from adapters.kaiten.incoming import Json, entries, fields, whole, word
from connector.domain.layout import BoardLayout, CardField, Column, FieldKind, Lane, Layout, User

_STAGES = {1: "queue", 2: "work", 3: "done"}
_KINDS = {
    "string": FieldKind.STRING,
    "email": FieldKind.STRING,
    "phone": FieldKind.STRING,
    "url": FieldKind.STRING,
    "number": FieldKind.NUMBER,
    "checkbox": FieldKind.CHECKBOX,
    "date": FieldKind.DATE,
    "select": FieldKind.SELECT,
    "user": FieldKind.USER,
}
HIDDEN_SELECTS = 25
"""Of so many select fields that none of the boards shows, the options are read all the same."""


async def read_layout(trip: Trip, spaces: Sequence[str]) -> Layout:
    """The layout of the named spaces (titles or ids; none named = all that the token sees).

    Raises Unavailable, WrongToken, Refused. A space that is not found is simply not in the layout.
    """
    chosen = await _spaces(trip, spaces)
    boards: list[BoardLayout] = []
    attached: dict[str, list[str]] | None = {}
    for space, _ in chosen:
        # https://developers.kaiten.ru/space-boards/get-list-of-boards
        for payload in _in_order(await trip.listed(f"/spaces/{space}/boards")):
            board = await _board(trip, space, payload)
            boards.append(board)
            if "card_properties" not in payload:
                attached = None
            if attached is not None:
                for number in _attached(payload.get("card_properties")):
                    attached.setdefault(number, []).append(board.id)
    return Layout(
        spaces=tuple(chosen),
        boards=tuple(boards),
        users=await _users(trip, [space for space, _ in chosen]),
        fields=await _fields(trip, attached),
        tags=await _tags(trip),
    )


async def _spaces(trip: Trip, wanted: Sequence[str]) -> list[tuple[str, str]]:
    """(id, title) of the wanted spaces; the light tree first, the heavy list where it does not tell.

    https://developers.kaiten.ru/tree-entities/get-list-of-entities
    https://developers.kaiten.ru/spaces/retrieve-list-of-spaces
    """
    names = {name.strip().casefold() for name in wanted}
    if names and all(name.isdigit() for name in names):
        try:
            return [await _space(trip, name) for name in sorted(names)]
        except Refused:
            pass  # one of them is a title made of digits, or nothing at all
    try:
        tree = entries(await trip.listed("/tree-entities", limit=500))
    except Refused:
        tree = ()
    found = _chosen([entry for entry in tree if _is_space(entry)], names)
    if found and names <= {name for pair in found for name in (pair[0], pair[1].strip().casefold())}:
        return found
    return _chosen(entries(await trip.listed("/spaces")), names)


async def _space(trip: Trip, number: str) -> tuple[str, str]:
    """https://developers.kaiten.ru/spaces/retrieve-list-of-spaces"""
    payload = fields(await trip.get(f"/spaces/{number}")) or {}
    return number, word(payload.get("title")) or number


def _is_space(entry: Json) -> bool:
    kind = entry.get("entity_type", entry.get("type"))
    return whole(entry.get("id")) is not None and (kind is None or word(kind).casefold() in ("space", "1"))


def _chosen(payloads: Sequence[Json], names: set[str]) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for payload in payloads:
        number, title = word(payload.get("id")), word(payload.get("title"))
        if number and (not names or number in names or title.strip().casefold() in names):
            found[number] = title
    return list(found.items())


async def _board(trip: Trip, space: str, payload: Json) -> BoardLayout:
    """https://developers.kaiten.ru/columns/get-list-of-columns and https://developers.kaiten.ru/lanes/get-list-of-lanes"""
    number = word(payload.get("id"))
    columns: list[Column] = []
    for column in _in_order(await _own(trip, number, "columns", payload)):
        parent = _column(column, None)
        columns += [parent, *(_column(inner, parent) for inner in _in_order(column.get("subcolumns")))]
    lanes = tuple(
        Lane(id=word(lane.get("id")), title=word(lane.get("title")))
        for lane in _in_order(await _own(trip, number, "lanes", payload))
        if whole(lane.get("condition")) in (None, 1)
    )
    return BoardLayout(id=number, title=word(payload.get("title")), space=space, columns=tuple(columns), lanes=lanes)


async def _own(trip: Trip, board: str, what: str, payload: Json) -> object:
    """The board's columns or lanes; where the list is refused, the short form that came with the board."""
    try:
        return await trip.get(f"/boards/{board}/{what}", {"condition": 1} if what == "lanes" else None)
    except Refused:
        if entries(payload.get(what)):
            return payload[what]
        raise


def _column(payload: Json, parent: Column | None) -> Column:
    stage = _STAGES.get(whole(payload.get("type")) or 0)
    return Column(
        id=word(payload.get("id")),
        title=word(payload.get("title")),
        stage=stage or (parent.stage if parent else None),
        parent=parent.id if parent else None,
        pauses=payload.get("pause_sla") is True or (parent is not None and parent.pauses),
    )


def _in_order(answer: object) -> list[Json]:
    """The objects of a list as people see them."""
    payloads = [entry for entry in entries(answer) if word(entry.get("id"))]
    return sorted(payloads, key=lambda entry: _place(entry.get("sort_order")))


def _place(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _attached(properties: object) -> set[str]:
    """Ids of the fields a board shows; documents show one object as well as a list."""
    listed = entries(properties) or tuple(filter(None, (fields(properties),)))
    return {key.removeprefix("id_") for entry in listed if (key := word(entry.get("key"))).startswith("id_")}


async def _users(trip: Trip, spaces: Sequence[str]) -> tuple[User, ...]:
    """Those of the spaces where the token may not list the company's; nobody where it may not list these either.

    https://developers.kaiten.ru/users/retrieve-list-of-users
    https://developers.kaiten.ru/space-users/retrieve-list-of-users
    """
    try:
        listed = await trip.listed("/users")
    except Refused:
        listed = []
        for space in spaces:
            with suppress(Refused):
                listed += await trip.listed(f"/spaces/{space}/users")
    found = {
        number: User(
            id=number,
            name=word(user.get("full_name")) or word(user.get("username")) or word(user.get("email")),
            username=word(user.get("username")) or None,
            email=word(user.get("email")) or None,
        )
        for user in entries(listed)
        if (number := word(user.get("id")))
    }
    return tuple(found.values())


async def _fields(trip: Trip, attached: Mapping[str, Sequence[str]] | None) -> tuple[CardField, ...]:
    """None where the tariff has none. https://developers.kaiten.ru/custom-properties/get-list-of-properties"""
    found, hidden = [], 0
    try:
        listed = await trip.listed("/company/custom-properties", limit=500)
    except Refused:
        return ()
    for payload in entries(listed):
        number = word(payload.get("id"))
        if not number or payload.get("condition", "active") != "active":
            continue
        kind = _KINDS.get(word(payload.get("type")), FieldKind.OTHER)
        boards = None if attached is None else tuple(attached.get(number, ()))
        options: tuple[tuple[str, str], ...] = ()
        if kind is FieldKind.SELECT:
            # One call per select. A mapping may name one that no board shows, but a company may have hundreds.
            hidden += boards == ()
            if boards != () or hidden <= HIDDEN_SELECTS:
                options = await _options(trip, number)
        found.append(CardField(id=number, name=word(payload.get("name")), kind=kind, options=options, boards=boards))
    return tuple(found)


async def _options(trip: Trip, number: str) -> tuple[tuple[str, str], ...]:
    """https://developers.kaiten.ru/custom-properties/get-list-of-properties"""
    path = f"/company/custom-properties/{number}/select-values"
    return tuple(
        (word(value.get("id")), word(value.get("value")))
        for value in entries(await trip.listed(path, {"v2_select_search": True}))
        if word(value.get("id")) and value.get("deleted") is not True and value.get("condition", "active") == "active"
    )


async def _tags(trip: Trip) -> tuple[str, ...]:
    """https://developers.kaiten.ru/tags/retrieve-list-of-tags"""
    try:
        names = (word(tag.get("name")) for tag in entries(await trip.listed("/tags")))
        return tuple(dict.fromkeys(name for name in names if name))
    except Refused:  # tags are a comfort: boards without the right to list them still work
        return ()
