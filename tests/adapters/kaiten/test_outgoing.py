"""Cards and their fields shaped as Kaiten's JSON, without any call."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from adapters.kaiten.markdown import units
from adapters.kaiten.outgoing import card_body, properties_body
from connector.domain.effects import CreateCard, FieldValue, Spot
from connector.domain.layout import CardField, FieldKind
from connector.domain.refs import Key, TicketId


def card(**changes: object) -> CreateCard:
    plain = CreateCard(
        key=Key("create"),
        ticket=TicketId("t"),
        external_id="t.2",
        topic="a",
        service_class="b",
        title="Касса",
        description="Слова",
        due_at=None,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # fields by their names


def test_the_body_of_a_card_names_place_person_and_deadline() -> None:
    spot = Spot(board="1", column="2", lane="3", responsible="4", fields={"7": "77"})
    due = datetime(2026, 12, 1, 18, tzinfo=timezone(timedelta(hours=3)))
    assert card_body(card(due_at=due), spot, {}) == {
        "title": "Касса",
        "description": "Слова",
        "external_id": "t.2",
        "board_id": 1,
        "column_id": 2,
        "lane_id": 3,
        "responsible_id": 4,
        "due_date": "2026-12-01T15:00:00.000Z",
        "due_date_time_present": True,
        "properties": {"id_7": "77"},
    }


def test_titles_and_descriptions_are_cut_to_what_kaiten_takes() -> None:
    body = card_body(card(title="😀 слово\n" * 500, description="ы" * 40_000), Spot(board="1"), {})
    title, description = str(body["title"]), str(body["description"])
    assert units(title) <= 1024
    assert "\n" not in title
    assert units(description) <= 32768
    assert description.endswith("(текст сокращён: он длиннее, чем вмещает карточка)")


def test_a_card_without_a_title_is_called_by_its_external_id() -> None:
    assert card_body(card(title=" \n"), Spot(board="1"), {})["title"] == "t.2"


def known(kind: FieldKind) -> CardField:
    return CardField(id="7", name="поле", kind=kind, options=(("501", "Телефон"), ("502", "Почта")))


def test_a_value_that_fits_no_shape_is_left_out_rather_than_costing_the_card() -> None:
    body = card_body(card(), Spot(board="1", fields={"7": "факс", "8": "77"}), {"7": known(FieldKind.SELECT)})
    assert body["properties"] == {"id_8": "77"}


def test_facts_are_named_as_kaiten_names_fields_each_in_its_shape() -> None:
    values: dict[str, FieldValue] = {"7": "телефон", "id_8": "+7999", "9": 3.0}
    assert properties_body("t", values, {"7": known(FieldKind.SELECT)}) == {"id_7": [501], "id_8": "+7999", "id_9": 3}
    assert properties_body("t", {"7": "факс"}, {"7": known(FieldKind.SELECT)}) == {}
    # What is no longer known empties its field, whatever its shape.
    assert properties_body("t", {"7": "", "8": ""}, {"7": known(FieldKind.SELECT)}) == {"id_7": None, "id_8": None}


def test_what_a_field_cannot_hold_is_told_without_the_value(caplog: pytest.LogCaptureFixture) -> None:
    properties_body("t.1", {"7": "+79990001122"}, {"7": known(FieldKind.SELECT)})
    assert "card t.1: fields that stay as they are: поле (7): it has no such option" in caplog.text
    assert "9990001122" not in caplog.text
