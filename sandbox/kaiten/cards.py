"""What happens to a card: it is made, changed, moved, archived and deleted.

https://developers.kaiten.ru/cards
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sandbox.kaiten import card_shapes, properties, schema, shapes
from sandbox.kaiten.company import Company
from sandbox.kaiten.entities import Card, Member, User
from sandbox.kaiten.problems import bad_request, forbidden
from sandbox.kaiten.schema import Fields

PLAIN: Fields = {
    "title": schema.text(1024, shortest=1, numbers=True),
    "description": schema.nullable(schema.text(32768)),
    "asap": schema.boolean,
    "expires_later": schema.boolean,
    "due_date": schema.nullable(schema.moment),
    "due_date_time_present": schema.boolean,
    "size_text": schema.nullable(schema.text(267)),
    "sort_order": schema.positive,
    "service_id": schema.nullable(schema.integer()),
    "external_id": schema.nullable(schema.text(1024, numbers=True)),
}
"""Fields that are kept as they come, in POST and in PATCH."""

PLACE: Fields = {
    "board_id": schema.integer(),
    "column_id": schema.integer(),
    "lane_id": schema.integer(),
    "type_id": schema.integer(),
    "owner_id": schema.integer(),
    "owner_email": schema.text(256),
    "text_format_type_id": schema.one_of(1, 2, 3),
    "properties": schema.nullable(schema.mapping),
}

CREATABLE: Fields = {**PLAIN, **PLACE, "position": schema.one_of(1, 2), "responsible_id": schema.integer()}

CHANGEABLE: Fields = {
    **PLAIN,
    **PLACE,
    "blocked": schema.one_of(False),
    "condition": schema.one_of(1, 2),
    "sd_new_comment": schema.boolean,
    "prev_card_id": schema.nullable(schema.integer()),
    "estimate_workload": schema.number,
    "ignore_planned_dates_recalculation": schema.boolean,
    "planned_start": schema.nullable(schema.moment),
    "planned_end": schema.nullable(schema.moment),
}

KEPT_ON_CHANGE = (*PLAIN, "sd_new_comment", "estimate_workload", "planned_start", "planned_end")


def create(company: Company, user: User, body: Mapping[str, object], *, source: str = "api") -> Card:
    """https://developers.kaiten.ru/cards/create-new-card

    Members, tags, files and comments in the body are ignored like any unknown field.
    """
    values: dict[str, Any] = schema.read(body, CREATABLE, "Card", "title", "board_id")
    board = company.board(values["board_id"], user)
    column_id, lane_id = _place(company, board.id, values.get("column_id"), values.get("lane_id"))
    type_id = values.get("type_id") or company.lanes[lane_id].default_card_type_id or board.default_card_type_id
    if type_id not in company.card_types:
        raise bad_request(f"Card type {type_id} does not exist")
    responsible_id = values.get("responsible_id")
    if responsible_id is not None:
        person_with_access(company, responsible_id, board.space_id)
    owner_id = _owner(company, values) or user.id
    given = properties.merged(company, {}, values.get("properties") or {})
    now = company.now()
    card = Card(
        id=company.next_id("card"),
        uid=company.uid(),
        board_id=board.id,
        column_id=column_id,
        lane_id=lane_id,
        owner_id=owner_id,
        updater_id=user.id,
        type_id=type_id,
        state=company.columns[column_id].type,
        source=source,
        created=now,
        updated=now,
        counters_recalculated_at=now,
        last_moved_at=now,
        lane_changed_at=now,
        column_changed_at=now,
        properties=given,
        **{
            "sort_order": _rank(company, column_id, lane_id, values.get("position", 2)),
            **{name: values[name] for name in PLAIN if name in values and name != "sort_order"},
            **({"sort_order": values["sort_order"]} if "sort_order" in values and "position" not in values else {}),
        },
    )
    card = _entered(card, now)
    if responsible_id is not None:
        card = replace(card, members=(Member(user_id=responsible_id, type=2, created=now, updated=now),))
    company.keep(card)
    company.settle(card, user)
    company.record("card_add", card, user)
    company.publish("card:add", card, {**_announced(company, card), "author": shapes.short_user(user)})
    for member in card.members:
        shape = {**shapes.member(company, card.id, member), "author": shapes.short_user(user)}
        company.publish("card_member:add", card, shape)
        company.record("card_assign_responsible", card, user, user_id=member.user_id)
    return card


def patch(company: Company, user: User, card: Card, body: Mapping[str, object]) -> Card:
    """https://developers.kaiten.ru/cards/update-card

    Only the given fields change; an unknown field alone is answered 200 and leaves version and updated alone.
    """
    if not body:
        keys = ", ".join(f"'{name}'" for name in sorted(CHANGEABLE))
        raise bad_request(f"Card should have one of the properties: {keys}; Card should match some schema in anyOf")
    values: dict[str, Any] = schema.read(body, CHANGEABLE, "Card")
    changes: dict[str, Any] = {name: values[name] for name in KEPT_ON_CHANGE if name in values}
    if owner_id := _owner(company, values):
        changes["owner_id"] = owner_id
    if "type_id" in values:
        if values["type_id"] not in company.card_types:
            raise bad_request(f"Card type {values['type_id']} does not exist")
        changes["type_id"] = values["type_id"]
    if "properties" in values:
        changes["properties"] = properties.merged(company, card.properties, values["properties"] or {})
    if "condition" in values:
        changes["condition"] = values["condition"]
    changed = replace(card, **changes)
    if {"board_id", "column_id", "lane_id"} & values.keys():
        changed = _moved(company, user, changed, values)
    return commit(company, user, card, changed)


def delete(company: Company, user: User, card: Card) -> Card:
    """https://developers.kaiten.ru/cards/delete-card : the card stays, with condition 3."""
    return commit(company, user, card, replace(card, condition=3))


def commit(company: Company, user: User, before: Card, after: Card, *, event: bool = True) -> Card:
    """Makes a changed card the present one: the version grows by 1; nothing changed leaves everything alone.

    With ``event`` off no `card:update` is sent: the change has an event of its own.
    """
    if after == before:
        return before
    now = company.now()
    after = replace(
        after,
        version=before.version + 1,
        updated=now,
        counters_recalculated_at=now,
        updater_id=user.id,
    )
    company.keep(after)
    if (after.board_id, after.column_id, after.lane_id, after.condition) != (
        *(before.board_id, before.column_id, before.lane_id),
        before.condition,
    ):
        company.settle(after, user)
    for action in _actions(before, after) if event else ():
        company.record(action, after, user)
    if event:
        old = card_shapes.flat(company, before)
        new = card_shapes.flat(company, after)
        changes = {name: value for name, value in new.items() if value != old[name]}
        company.publish("card:update", after, {"old": old, "changes": changes, "author": shapes.short_user(user)})
    return after


def person_with_access(company: Company, user_id: int, space_id: int) -> User:
    """The user, who must be able to see the card."""
    person = company.users.get(user_id)
    if person is None or not company.sees_space(person, space_id):
        raise forbidden()
    return person


def _actions(before: Card, after: Card) -> list[str]:
    actions: list[str] = []
    if before.board_id != after.board_id:
        actions += ["card_leave_board", "card_join_board"]
    elif (before.column_id, before.lane_id) != (after.column_id, after.lane_id):
        actions.append("card_move")
    if before.condition != after.condition:
        actions += {1: ["card_revive"], 2: ["card_archive"]}.get(after.condition, [])
    return actions or ["card_change"]


def _place(company: Company, board_id: int, column_id: int | None, lane_id: int | None) -> tuple[int, int]:
    """Column and lane of a board, the first where none is given. A column with subcolumns gives its first one."""
    columns, lanes = company.board_columns(board_id), company.board_lanes(board_id)
    if column_id is None:
        column_id = columns[0].id
    column = company.columns.get(column_id)
    if column is None or column.board_id != board_id or column.deleted:
        raise bad_request("Column does not belong to the board")
    if lane_id is None:
        lane_id = lanes[0].id
    elif lane_id not in {lane.id for lane in lanes}:
        raise bad_request("Lane does not belong to the board")
    inner = company.subcolumns(column_id)
    return (inner[0].id if inner else column_id), lane_id


def _moved(company: Company, user: User, card: Card, values: Mapping[str, Any]) -> Card:
    board_id = values.get("board_id", card.board_id)
    if board_id != card.board_id:
        company.board(board_id, user)
    same_board = board_id == card.board_id
    column_id, lane_id = _place(
        company,
        board_id,
        values.get("column_id", card.column_id if same_board else None),
        values.get("lane_id", card.lane_id if same_board else None),
    )
    if "column_id" not in values and same_board:
        column_id = card.column_id
    if (board_id, column_id, lane_id) == (card.board_id, card.column_id, card.lane_id):
        return card
    now = company.now()
    moved = replace(
        card,
        board_id=board_id,
        column_id=column_id,
        lane_id=lane_id,
        last_moved_at=now,
        column_changed_at=now if column_id != card.column_id else card.column_changed_at,
        lane_changed_at=now if lane_id != card.lane_id else card.lane_changed_at,
        sort_order=values.get("sort_order", _rank(company, column_id, lane_id, 2)),
        state=company.columns[column_id].type,
    )
    return _entered(moved, now, before=card)


def _entered(card: Card, now: datetime, before: Card | None = None) -> Card:
    """The marks of a first start and of a finish. That completed_at empties on leaving "done" is inferred."""
    if before is not None and before.state == card.state:
        return card
    if card.state == 2 and card.first_moved_to_in_progress_at is None:
        card = replace(card, first_moved_to_in_progress_at=now)
    if card.state == 3:
        return replace(card, last_moved_to_done_at=now, completed_at=now)
    return replace(card, completed_at=None)


def _rank(company: Company, column_id: int, lane_id: int, position: int) -> float:
    """A sort order before (1) or behind (2) everything in the cell."""
    cell = [
        card.sort_order
        for card in company.cards.values()
        if card.column_id == column_id and card.lane_id == lane_id and card.condition != 3
    ]
    if not cell:
        return 1
    return min(cell) / 2 if position == 1 else max(cell) + 1


def _owner(company: Company, values: Mapping[str, Any]) -> int | None:
    if "owner_id" in values:
        if values["owner_id"] not in company.users:
            raise bad_request("Card owner does not exist")
        return int(values["owner_id"])
    if "owner_email" in values:
        for person in company.users.values():
            if person.email == values["owner_email"]:
                return person.id
        raise bad_request("owner_email is not an e-mail of a company user")
    return None


def _announced(company: Company, card: Card) -> dict[str, object]:
    """The card of `card:add`: as created, without its uid."""
    shape = card_shapes.created(company, card)
    del shape["uid"]
    return shape
