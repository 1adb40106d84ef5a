"""How the places of a company look in JSON: spaces, boards, columns, lanes, card types, properties."""

from sandbox.kaiten.company import Company
from sandbox.kaiten.entities import Board, CardType, Column, Lane, Property, SelectValue, Space
from sandbox.kaiten.shapes import JsonObject, instant


def space(found: Space) -> JsonObject:
    return {
        "id": found.id,
        "uid": found.uid,
        "title": found.title,
        "created": instant(found.created),
        "updated": instant(found.updated),
        "archived": False,
        "access": "for_everyone",
        "for_everyone_access_role_id": "a431ed00-1b32-4cc7-92b6-85e4bc7de40e",
        "entity_type": "space",
        "parent_entity_uid": None,
        "company_id": 1,
        "sort_order": found.sort_order,
        "external_id": found.external_id,
        "settings": {},
    }


def board(company: Company, found: Board, *, full_columns: bool = False) -> JsonObject:
    columns = company.board_columns(found.id)
    return {
        "id": found.id,
        "uid": found.uid,
        "title": found.title,
        "created": instant(found.created),
        "updated": instant(found.updated),
        "default_card_type_id": found.default_card_type_id,
        "email_key": found.uid.replace("-", "")[:16],
        "external_id": found.external_id,
        "description": found.description,
        "cell_wip_limits": None,
        "default_tags": None,
        "move_parents_to_done": True,
        "first_image_is_cover": False,
        "reset_lane_spent_time": False,
        "automove_cards": False,
        "backward_moves_enabled": False,
        "hide_done_policies": False,
        "hide_done_policies_in_done_column": False,
        "auto_assign_enabled": True,
        "card_properties": None if found.card_properties is None else [dict(p) for p in found.card_properties],
        "space_id": found.space_id,
        "top": 0,
        "left": 0,
        "sort_order": found.sort_order,
        "type": 1,
        "columns": [column(company, c) if full_columns else short_column(c) for c in columns],
        "lanes": [lane(found_lane) for found_lane in company.board_lanes(found.id)],
    }


def short_column(found: Column) -> JsonObject:
    return {
        "id": found.id,
        "uid": found.uid,
        "title": found.title,
        "sort_order": found.sort_order,
        "col_count": 1,
        "type": found.type,
        "board_id": found.board_id,
        "column_id": found.column_id,
        "external_id": found.external_id,
        "rules": found.rules,
        "pause_sla": found.pause_sla,
    }


def column(company: Company, found: Column) -> JsonObject:
    shape: JsonObject = {
        **short_column(found),
        "wip_limit": found.wip_limit,
        "wip_limit_type": 1,
        "archive_after_days": found.archive_after_days,
        "last_moved_warning_after_minutes": -1,
        "default_tags": None,
        "card_hide_after_days": None,
        "created": instant(found.created),
        "updated": instant(found.updated),
    }
    if found.column_id is None:
        shape["subcolumns"] = [column(company, inner) for inner in company.subcolumns(found.id)]
    return shape


def lane(found: Lane) -> JsonObject:
    return {
        "id": found.id,
        "uid": found.uid,
        "title": found.title,
        "sort_order": found.sort_order,
        "row_count": 1,
        "wip_limit": found.wip_limit,
        "wip_limit_type": 1,
        "last_moved_warning_after_minutes": -1,
        "board_id": found.board_id,
        "default_card_type_id": found.default_card_type_id,
        "default_tags": None,
        "external_id": found.external_id,
        "condition": found.condition,
        "created": instant(found.created),
        "updated": instant(found.updated),
    }


def card_type(found: CardType) -> JsonObject:
    return {
        "id": found.id,
        "name": found.name,
        "color": found.color,
        "letter": found.letter,
        "archived": False,
    }


def custom_property(found: Property) -> JsonObject:
    return {
        "id": found.id,
        "uid": found.uid,
        "name": found.name,
        "type": found.type,
        "condition": found.condition,
        "show_on_facade": found.show_on_facade,
        "multiline": False,
        "multi_select": found.multi_select,
        "colorful": False,
        "values_creatable_by_users": False,
        "values_type": None,
        "vote_variant": None,
        "data": None,
        "protected": False,
        "fields_settings": None,
        "color": None,
        "external_id": None,
        "author_id": None,
        "company_id": 1,
        "is_used_as_progress": False,
        "created": instant(found.created),
        "updated": instant(found.updated),
    }


def select_value(found: SelectValue) -> JsonObject:
    return {
        "id": found.id,
        "uid": found.uid,
        "custom_property_id": found.property_id,
        "value": found.value,
        "color": found.color,
        "condition": found.condition,
        "deleted": found.deleted,
        "sort_order": found.sort_order,
        "external_id": None,
    }
