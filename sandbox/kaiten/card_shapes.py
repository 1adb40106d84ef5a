"""How a card looks in JSON: flat, newly created, whole, or as an item of a list."""

from sandbox.kaiten import place_shapes, shapes
from sandbox.kaiten.company import Company
from sandbox.kaiten.entities import Card
from sandbox.kaiten.shapes import JsonObject, instant


def flat(company: Company, card: Card, *, broken_api: bool = False) -> JsonObject:
    """The plain fields, equal in every answer. Fields the stand-in has no use for keep their empty value."""
    size, unit = shapes.size_parts(card.size_text)
    return {
        "id": card.id,
        "uid": card.uid,
        "created": instant(card.created),
        "updated": instant(card.updated),
        "archived": card.condition == 2,
        "title": card.title,
        "description": card.description,
        "asap": card.asap,
        "due_date": instant(card.due_date),
        "due_date_time_present": card.due_date_time_present,
        "sort_order": card.sort_order,
        "fifo_order": None,
        "state": card.state,
        "condition": card.condition,
        "expires_later": card.expires_later,
        "size": size,
        "size_unit": unit,
        "size_text": card.size_text,
        "board_id": card.board_id,
        "column_id": card.column_id,
        "lane_id": card.lane_id,
        "owner_id": card.owner_id,
        "updater_id": card.updater_id,
        "type_id": card.type_id,
        "version": card.version,
        "parents_count": len(card.parent_ids),
        "children_count": len(card.child_ids),
        "children_done": sum(company.cards[number].state == 3 for number in card.child_ids),
        "has_blocked_children": False,
        "goals_total": 0,
        "goals_done": 0,
        "time_spent_sum": 0,
        "time_blocked_sum": 0,
        "children_number_properties_sum": None,
        "parent_checklist_ids": None,
        "parents_ids": list(card.parent_ids) or None,
        "children_ids": list(card.child_ids) or None,
        "blocking_card": False,
        "blocked": False,
        "completed_on_time": _on_time(card),
        "completed_at": instant(card.completed_at),
        "last_moved_at": instant(card.last_moved_at),
        "lane_changed_at": instant(card.lane_changed_at),
        "column_changed_at": instant(card.column_changed_at),
        "first_moved_to_in_progress_at": instant(card.first_moved_to_in_progress_at),
        "last_moved_to_done_at": instant(card.last_moved_to_done_at),
        "sprint_id": None,
        "external_id": card.external_id,
        **({"comments_total": card.comments_total} if company.settings.comments_total_told else {}),
        **_last_comment(company, card),
        "properties": _properties(company, card, broken_api),
        "counters_recalculated_at": instant(card.counters_recalculated_at),
        "service_id": card.service_id,
        "sd_new_comment": card.sd_new_comment,
        "public": False,
        "share_id": None,
        "share_settings": None,
        "external_user_emails": None,
        "sd_external_recipients": None,
        "calculated_planned_start": None,
        "calculated_planned_end": None,
        "planned_start": instant(card.planned_start),
        "planned_end": instant(card.planned_end),
        "description_filled": bool(card.description),
        "estimate_workload": card.estimate_workload,
        "tag_ids": list(card.tag_ids) or None,
        "locked": None,
        "source": card.source,
        "key": None,
        "import_id": None,
        "fts_version": None,
    }


def _last_comment(company: Company, card: Card) -> JsonObject:
    told = company.settings.comment_last_added_at
    if told == "absent":
        return {}
    return {"comment_last_added_at": instant(card.comment_last_added_at) if told == "moment" else None}


def created(company: Company, card: Card) -> JsonObject:
    """The answer of POST /cards: no board, column, lane, members or tags inside."""
    return {
        **flat(company, card),
        "type": place_shapes.card_type(company.card_types[card.type_id]),
        "owner": shapes.user(company.users[card.owner_id]),
        "checklists": [],
        "external_links": [shapes.link(link, card.id) for link in card.links],
        "files": [],
    }


def whole(company: Company, card: Card, *, broken_api: bool) -> JsonObject:
    """The answer of GET /cards/{id}."""
    return {
        **flat(company, card, broken_api=broken_api),
        **_place(company, card),
        "type": place_shapes.card_type(company.card_types[card.type_id]),
        "owner": shapes.user(company.users[card.owner_id]),
        "members": [shapes.member(company, card.id, member) for member in card.members],
        "tags": [shapes.card_tag(company.tags[tag_id], card.id) for tag_id in card.tag_ids],
        "checklists": [],
        "files": [shapes.file(company, file) for file in company.card_files(card.id)],
        "children": [flat(company, company.cards[number]) for number in card.child_ids],
        "parents": [flat(company, company.cards[number]) for number in card.parent_ids],
        "blocking_blockers": [],
        "external_links": [shapes.link(link, card.id) for link in card.links],
        "slas": [sla(card.id, number) for number in card.sla_ids],
        "email": f"{card.id}@{company.name}.invalid",
        "blocked_at": None,
        "blocker_id": None,
        "blocker": None,
        "block_reason": None,
        "cardRole": 2,
        "card_permissions": {},
        "in_workflow": False,
        "iteration": None,
        "blocked_by_card_ids": [],
        "blocks_card_ids": [],
        "relates_card_ids": [],
    }


def sla(card_id: int, sla_id: str) -> JsonObject:
    """An agreement as a card shows it; here none has rules."""
    return {"id": sla_id, "name": "SLA", "status": "active", "card_id": card_id, "sla_id": sla_id, "rules": []}


def item(company: Company, card: Card, *, description: bool, broken_api: bool, relations: bool = True) -> JsonObject:
    """One card of a list: no description unless asked for, tags only where there are any."""
    shape = flat(company, card, broken_api=broken_api)
    if not description:
        del shape["description"]
    if relations:
        shape |= _place(company, card)
        shape["type"] = place_shapes.card_type(company.card_types[card.type_id])
        shape["owner"] = shapes.user(company.users[card.owner_id])
        shape["members"] = [shapes.member(company, card.id, member) for member in card.members]
        if card.tag_ids:
            shape["tags"] = [shapes.card_tag(company.tags[tag_id], card.id) for tag_id in card.tag_ids]
    return shape


def _place(company: Company, card: Card) -> JsonObject:
    board = company.boards[card.board_id]
    column = company.columns[card.column_id]
    lane = company.lanes[card.lane_id]
    space = company.spaces[board.space_id]
    inside = place_shapes.short_column(column)
    if column.column_id is not None:
        inside["parent"] = place_shapes.short_column(company.columns[column.column_id])
    return {
        "board": {
            "id": board.id,
            "uid": board.uid,
            "title": board.title,
            "external_id": board.external_id,
            "card_properties": None if board.card_properties is None else [dict(p) for p in board.card_properties],
        },
        "column": inside,
        "lane": {
            "id": lane.id,
            "title": lane.title,
            "sort_order": lane.sort_order,
            "board_id": lane.board_id,
            "condition": lane.condition,
            "external_id": lane.external_id,
            "default_card_type_id": lane.default_card_type_id,
        },
        "path_data": {
            "space": {"id": space.id, "title": space.title},
            "board": {"id": board.id, "title": board.title},
            "column": {"id": column.id, "title": column.title},
            "lane": {"id": lane.id, "title": lane.title},
        },
    }


def _on_time(card: Card) -> bool | None:
    if card.completed_at is None or card.due_date is None:
        return None
    return card.completed_at <= card.due_date


def _properties(company: Company, card: Card, broken_api: bool) -> JsonObject | None:
    """Whole or null; people are shown as ids, or with ``broken_api`` as uid strings."""
    shown: JsonObject = {}
    for key, value in card.properties.items():
        known = company.properties.get(int(key.removeprefix("id_")))
        if broken_api and known is not None and known.type == "user" and isinstance(value, list):
            value = [company.users[user_id].uid for user_id in value]
        shown[key] = value
    return shown or None
