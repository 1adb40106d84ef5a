"""Which cards a list shows."""

import base64
import json
from typing import Any

import pytest


async def ids(office: Any, **params: Any) -> list[int]:
    answer = await office.bot.get("/cards", params={"order_by": "id", **params})
    assert answer.status_code == 200, answer.text
    return [card["id"] for card in answer.json()]


async def test_an_item_has_no_description_unless_asked_and_tags_only_when_there_are_any(office: Any) -> None:
    card = await office.card(description="Текст")
    (item,) = (await office.bot.get("/cards")).json()
    assert "description" not in item
    assert "tags" not in item
    assert {"board", "column", "lane", "owner", "type", "members", "path_data"} <= item.keys()
    await office.bot.post(f"/cards/{card['id']}/tags", json={"name": "vip"})
    (item,) = (await office.bot.get("/cards", params={"additional_card_fields": "description"})).json()
    assert item["description"] == "Текст"
    assert [tag["name"] for tag in item["tags"]] == ["vip"]


async def test_unknown_parameters_widen_the_result_in_silence(office: Any) -> None:
    card = await office.card()
    assert await ids(office, lane_ids="1", search="nothing", id_1001="x") == [card["id"]]


async def test_a_page_is_never_longer_than_100(office: Any) -> None:
    cards = [(await office.card())["id"] for _ in range(103)]
    assert await ids(office, limit=1000) == cards[:100]
    assert await ids(office) == cards[:100]
    assert await ids(office, limit=1000, offset=100) == cards[100:]
    assert await ids(office, limit=2, offset=1) == cards[1:3]


async def test_date_bounds_are_inclusive(office: Any, clock: Any) -> None:
    first = await office.card()
    clock.pass_time(1.2345)
    second = await office.card()
    assert await ids(office, updated_after=second["updated"]) == [second["id"]]
    assert await ids(office, updated_before=first["updated"]) == [first["id"]]
    assert await ids(office, created_after=first["created"], created_before=first["created"]) == [first["id"]]


async def test_a_date_that_cannot_be_read_is_a_400(office: Any) -> None:
    answer = await office.bot.get("/cards?updated_after=2026-11-22T09:00:00+00:00")  # an unescaped plus
    assert answer.status_code == 400


async def test_filters_pick_what_they_name(office: Any) -> None:
    anna = (await office.anna.get("/users/current")).json()["id"]
    plain = await office.card()
    keyed = await office.card(external_id="tg:1", responsible_id=anna, lane_id=office.lane["Сделать сегодня"])
    urgent = await office.card(asap=True, column_id=office.column["Готово"], due_date="2026-11-21T00:00:00Z")
    tag = (await office.bot.post(f"/cards/{plain['id']}/tags", json={"name": "vip"})).json()
    assert await ids(office, external_id="tg:1") == [keyed["id"]]
    assert await ids(office, external_id="tg:") == []
    assert await ids(office, tag="vip") == [plain["id"]]
    assert await ids(office, tag_ids=str(tag["id"])) == [plain["id"]]
    assert await ids(office, member_ids=f"{anna},5") == [keyed["id"]]
    assert await ids(office, responsible_id=anna) == [keyed["id"]]
    assert await ids(office, states="3") == [urgent["id"]]
    assert await ids(office, states="1,3") == [plain["id"], keyed["id"], urgent["id"]]
    assert await ids(office, lane_id=office.lane["Сделать сегодня"]) == [keyed["id"]]
    assert await ids(office, asap="true") == [urgent["id"]]
    assert await ids(office, overdue="true") == [urgent["id"]]
    assert await ids(office, exclude_card_ids=f"{plain['id']},{urgent['id']}") == [keyed["id"]]
    assert await ids(office, board_id=office.board["id"], query="касса", tag="vip") == [plain["id"]]
    assert await ids(office, space_id=1) == []


async def test_the_archive_comes_only_when_asked_for_unless_switched(office: Any) -> None:
    live, archived = await office.card(), await office.card()
    deleted = await office.card()
    await office.bot.patch(f"/cards/{archived['id']}", json={"condition": 2})
    await office.bot.delete(f"/cards/{deleted['id']}")
    assert await ids(office) == [live["id"]]
    assert await ids(office, archived="true") == await ids(office, condition=2) == [archived["id"]]
    assert await ids(office, archived="false") == await ids(office, condition=1) == [live["id"]]
    await office.control.post("/settings", json={"archived_in_default_list": True})
    assert await ids(office) == [live["id"], archived["id"]]


async def test_cards_are_ordered_by_the_last_comment_with_the_uncommented_where_set(office: Any, clock: Any) -> None:
    silent, early, late = await office.card(), await office.card(), await office.card()
    for card in (early, late):
        clock.pass_time(1)
        await office.anna.post(f"/cards/{card['id']}/comments", json={"text": "?"})
    order = {"order_by": "comment_last_added_at", "order_direction": "desc"}
    assert await ids(office, **order) == [late["id"], early["id"], silent["id"]]
    await office.control.post("/settings", json={"nulls_in_descending_order": "first"})
    assert await ids(office, **order) == [silent["id"], late["id"], early["id"]]


async def test_several_orders_apply_one_behind_the_other(office: Any, clock: Any) -> None:
    made = [await office.card(title=title) for title in ("б", "а", "б")]
    found = await ids(office, order_by="title,id", order_direction="desc,asc")
    assert found == [made[0]["id"], made[2]["id"], made[1]["id"]]


async def test_the_list_can_lag_behind_the_cards(office: Any, clock: Any) -> None:
    old = await office.card(title="было")
    await office.control.post("/settings", json={"list_lag_seconds": 5})
    young = await office.card(external_id="k")
    await office.bot.patch(f"/cards/{old['id']}", json={"title": "стало"})
    (seen,) = (await office.bot.get("/cards")).json()
    assert seen["title"] == "было"
    assert (await office.read(young))["external_id"] == "k"
    clock.pass_time(5)
    assert await ids(office, external_id="k") == [young["id"]]
    assert {card["title"] for card in (await office.bot.get("/cards")).json()} == {"стало", young["title"]}


async def test_version_2_wraps_the_page_and_tells_where_to_go_on(office: Any) -> None:
    made = [(await office.card())["id"] for _ in range(3)]
    found: list[int] = []
    position = "0"
    for _ in range(2):
        params = {"version": 2, "limit": 2, "start_position": position, "order_by": "id"}
        page = (await office.bot.get("/cards", params=params)).json()
        found += [card["id"] for card in page["result"]]
        position = page["position"]
    assert found == made


def encoded(*conditions: dict[str, Any], joined: str = "and") -> str:
    tree = {"key": "and", "value": [{"key": joined, "value": list(conditions)}]}
    return base64.b64encode(json.dumps(tree).encode()).decode()


async def test_the_structured_filter_finds_by_text_and_choice_of_a_property(office: Any) -> None:
    fields = await office.field_ids()
    source = int(fields["Источник"].removeprefix("id_"))
    path = f"/company/custom-properties/{source}/select-values"
    values = {row["value"]: row["id"] for row in (await office.bot.get(path)).json()}
    one = await office.card(properties={fields["Кабинет"]: "1234", fields["Источник"]: [values["Telegram"]]})
    other = await office.card(properties={fields["Кабинет"]: "12"})
    cabinet = {
        "key": "custom_property",
        "id": int(fields["Кабинет"].removeprefix("id_")),
        "type": "string",
        "comparison": "eq",
        "value": "12",
    }
    chosen = {
        "key": "custom_property",
        "id": source,
        "type": "select",
        "comparison": "eq",
        "value": values["Telegram"],
    }
    assert await ids(office, filter=encoded(cabinet)) == [other["id"]]
    begins = {**cabinet, "comparison": "starts_with"}
    assert await ids(office, filter=encoded(begins)) == [one["id"], other["id"]]
    assert await ids(office, filter=encoded(chosen)) == [one["id"]]
    assert await ids(office, filter=encoded(chosen, cabinet)) == []
    assert await ids(office, filter=encoded(chosen, cabinet, joined="or")) == [one["id"], other["id"]]
    unknown = {**chosen, "comparison": "unknown", "value": None}
    assert await ids(office, filter=encoded(unknown)) == [other["id"]]


@pytest.mark.parametrize(
    "broken",
    ["%%%", base64.b64encode(b"{").decode(), base64.b64encode(b"{}").decode(), encoded({"key": "colour"})],
)
async def test_a_broken_filter_is_a_400(office: Any, broken: str) -> None:
    assert (await office.bot.get("/cards", params={"filter": broken})).status_code == 400
