"""Custom properties on cards, and their lists."""

from typing import Any

import pytest


async def make(office: Any, kind: str, **more: Any) -> str:
    answer = await office.bot.post("/company/custom-properties", json={"name": kind, "type": kind, **more})
    assert answer.status_code == 200
    return f"id_{answer.json()['id']}"


async def test_only_the_given_properties_change_and_null_clears_one(office: Any) -> None:
    fields = await office.field_ids()
    card = await office.card(properties={fields["Кабинет"]: "12", fields["Клиент"]: "Ольга"})
    path = f"/cards/{card['id']}"
    changed = (await office.bot.patch(path, json={"properties": {fields["Кабинет"]: "13"}})).json()
    assert changed["properties"] == {fields["Кабинет"]: "13", fields["Клиент"]: "Ольга"}
    both = {fields["Кабинет"]: None, fields["Клиент"]: None}
    cleared = (await office.bot.patch(path, json={"properties": both})).json()
    assert cleared["properties"] is None


async def test_an_unknown_property_is_a_400_and_changes_nothing(office: Any) -> None:
    for key in ("id_999999", "cabinet", "id_"):
        answer = await office.bot.post(
            "/cards", json={"title": "x", "board_id": office.board["id"], "properties": {key: "1"}}
        )
        assert answer.json() == {"message": "properties should NOT have additional properties"}
    assert (await office.bot.get("/cards")).json() == []


async def test_a_choice_is_an_array_of_known_value_ids(office: Any) -> None:
    source = (await office.field_ids())["Источник"]
    path = f"/company/custom-properties/{source.removeprefix('id_')}/select-values"
    telegram = (await office.bot.get(path)).json()[0]
    card = await office.card(properties={source: [telegram["id"]]})
    assert card["properties"] == {source: [telegram["id"]]}
    for wrong in (telegram["id"], "Telegram", [999], [telegram["id"], telegram["id"] + 1]):
        answer = await office.bot.patch(f"/cards/{card['id']}", json={"properties": {source: wrong}})
        assert answer.status_code == 400


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("string", "x", 1),
        ("number", 12.5, "12.5"),
        ("checkbox", True, "true"),
        ("date", {"date": "2026-11-22", "time": "14:30", "tzOffset": 180}, "2026-11-22"),
        ("user", [1060001], 1060001),
    ],
)
async def test_each_type_takes_its_own_shape(office: Any, kind: str, good: Any, bad: Any) -> None:
    key = await make(office, kind)
    assert (await office.card(properties={key: good}))["properties"] == {key: good}
    answer = await office.bot.post(
        "/cards", json={"title": "x", "board_id": office.board["id"], "properties": {key: bad}}
    )
    assert answer.status_code == 400


async def test_people_are_shown_as_ids_or_with_broken_api_as_uids(office: Any) -> None:
    key = await make(office, "user")
    anna = (await office.anna.get("/users/current")).json()
    card = await office.card(properties={key: [anna["uid"]]})
    path = f"/cards/{card['id']}"
    plain = (await office.bot.get(path, params={"broken_api": "false"})).json()
    broken = (await office.bot.get(path, params={"broken_api": "true"})).json()
    assert (plain["properties"], broken["properties"]) == ({key: [anna["id"]]}, {key: [anna["uid"]]})
    (item,) = (await office.bot.get("/cards", params={"broken_api": "true"})).json()
    assert item["properties"] == {key: [anna["uid"]]}


async def test_values_ignore_paging_and_show_the_removed_without_the_v2_flag(office: Any) -> None:
    source = (await office.field_ids())["Источник"].removeprefix("id_")
    path = f"/company/custom-properties/{source}/select-values"
    rows = (await office.bot.get(path, params={"limit": 1})).json()
    assert [row["value"] for row in rows] == ["Telegram", "Телефон", "Почта"]
    await office.bot.patch(f"{path}/{rows[0]['id']}", json={"deleted": True})
    assert len((await office.bot.get(path)).json()) == 3
    paged = (await office.bot.get(path, params={"v2_select_search": "true", "limit": 1})).json()
    assert [row["value"] for row in paged] == ["Телефон"]
    found = (await office.bot.get(path, params={"v2_select_search": "true", "query": "почт"})).json()
    assert [row["value"] for row in found] == ["Почта"]
    assert (await office.bot.post(path, json={"value": "Почта"})).status_code == 400


async def test_without_the_feature_properties_are_402(office: Any) -> None:
    cabinet = (await office.field_ids())["Кабинет"]
    await office.control.post("/settings", json={"missing_features": ["custom_properties"]})
    answer = await office.bot.post(
        "/cards", json={"title": "x", "board_id": office.board["id"], "properties": {cabinet: "1"}}
    )
    assert answer.status_code == 402
    assert "custom_properties" in answer.json()["message"]
