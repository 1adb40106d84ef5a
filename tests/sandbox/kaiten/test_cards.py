"""What happens to a card when it is made, changed, moved, archived, deleted."""

from typing import Any

import pytest


async def test_a_new_card_lies_first_in_the_board_and_has_the_flat_shape(office: Any) -> None:
    card = await office.card(description="Текст клиента", external_id="tg:1:2", asap=True)
    assert card["column_id"] == office.column["Очередь"]
    assert card["lane_id"] == office.lane["Сверхсрочно"]
    assert (card["version"], card["state"], card["condition"], card["source"]) == (1, 1, 1, "api")
    assert (card["comments_total"], card["properties"], card["tag_ids"]) == (0, None, None)
    assert (card["external_id"], card["description"], card["asap"]) == ("tg:1:2", "Текст клиента", True)
    assert card["created"] == "2026-11-22T09:00:00.000Z"
    assert card["owner"]["full_name"] == "Telegram"
    assert (card["files"], card["checklists"], card["external_links"]) == ([], [], [])
    assert not {"board", "column", "lane", "members", "tags"} & card.keys()


async def test_fields_a_card_does_not_know_are_ignored_in_silence(office: Any) -> None:
    card = await office.card(tags=["vip"], members=[1060002], comments=["привет"], nonsense=1)
    whole = await office.read(card)
    assert (whole["tags"], whole["members"], whole["comments_total"]) == ([], [], 0)
    changed = await office.bot.patch(f"/cards/{card['id']}", json={"state": 3, "tags": ["vip"]})
    assert changed.status_code == 200
    assert (changed.json()["version"], changed.json()["updated"]) == (1, card["updated"])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "Card should have required property 'title'"),
        ({"title": "x"}, "Card should have required property 'board_id'"),
        ({"title": "", "board_id": 1}, "Card.title should NOT be shorter than 1 characters"),
        ({"title": "x" * 1025, "board_id": 1}, "Card.title should NOT be longer than 1024 characters"),
        ({"title": "x", "board_id": "1"}, "Card.board_id should be integer"),
        ({"title": "x", "board_id": 1, "asap": 1}, "Card.asap should be boolean"),
        ({"title": "x", "board_id": 1, "due_date": "soon"}, 'Card.due_date should match format "date-time"'),
        ({"title": "x", "board_id": 1, "properties": [1]}, "Card.properties should be object"),
    ],
)
async def test_a_wrong_field_is_a_400_that_names_it(office: Any, body: dict[str, Any], message: str) -> None:
    answer = await office.bot.post("/cards", json=body)
    assert (answer.status_code, answer.json()) == (400, {"message": message})


async def test_an_empty_change_is_refused_with_the_list_of_keys(office: Any) -> None:
    card = await office.card()
    answer = await office.bot.patch(f"/cards/{card['id']}", json={})
    assert answer.status_code == 400
    assert "'column_id'" in answer.json()["message"]
    assert "anyOf" in answer.json()["message"]


async def test_a_responsible_given_at_creation_is_a_member_of_type_2(office: Any) -> None:
    anna = (await office.anna.get("/users/current")).json()["id"]
    card = await office.read(await office.card(responsible_id=anna))
    assert [(member["user_id"], member["type"]) for member in card["members"]] == [(anna, 2)]


async def test_a_change_bumps_the_version_by_one_and_keeps_what_is_not_named(office: Any, clock: Any) -> None:
    card = await office.card(description="было")
    clock.pass_time(5)
    answer = await office.anna.patch(f"/cards/{card['id']}", json={"title": 7, "size_text": "2 SP"})
    changed = answer.json()
    assert (changed["title"], changed["description"], changed["version"]) == ("7", "было", 2)
    assert (changed["size"], changed["size_unit"]) == (2.0, "SP")
    assert changed["updated"] == "2026-11-22T09:00:05.000Z"
    assert changed["updater_id"] == (await office.anna.get("/users/current")).json()["id"]
    again = (await office.anna.patch(f"/cards/{card['id']}", json={"title": "7"})).json()
    assert again["version"] == 2


async def test_the_state_follows_the_type_of_the_column(office: Any, clock: Any) -> None:
    card = await office.card(due_date="2026-11-22T09:01:00Z")
    path = f"/cards/{card['id']}"
    clock.pass_time(10)
    started = (await office.bot.patch(path, json={"column_id": office.column["В работе"]})).json()
    assert (started["state"], started["first_moved_to_in_progress_at"]) == (2, "2026-11-22T09:00:10.000Z")
    clock.pass_time(10)
    done = (await office.bot.patch(path, json={"column_id": office.column["Готово"]})).json()
    assert (done["state"], done["completed_at"], done["completed_on_time"]) == (3, "2026-11-22T09:00:20.000Z", True)
    assert done["last_moved_to_done_at"] == done["completed_at"]
    clock.pass_time(10)
    back = (await office.bot.patch(path, json={"column_id": office.column["В работе"]})).json()
    assert (back["state"], back["completed_at"]) == (2, None)
    assert back["first_moved_to_in_progress_at"] == "2026-11-22T09:00:10.000Z"
    assert back["last_moved_to_done_at"] == done["last_moved_to_done_at"]


async def test_changing_the_lane_leaves_the_column_clock_alone(office: Any, clock: Any) -> None:
    card = await office.card()
    clock.pass_time(3)
    lane_id = office.lane["Сделать сегодня"]
    moved = (await office.bot.patch(f"/cards/{card['id']}", json={"lane_id": lane_id})).json()
    assert (moved["lane_id"], moved["column_id"]) == (lane_id, card["column_id"])
    assert moved["lane_changed_at"] != card["lane_changed_at"]
    assert moved["column_changed_at"] == card["column_changed_at"]


async def test_a_column_with_subcolumns_takes_the_card_into_the_first_of_them(office: Any) -> None:
    board = (await office.boards())["Оборудование"]
    work = next(column for column in board["columns"] if column["title"] == "В работе")
    card = await office.card(board_id=board["id"], column_id=work["id"])
    whole = await office.read(card)
    assert whole["column_id"] == work["subcolumns"][0]["id"]
    assert whole["column"]["parent"]["id"] == work["id"]
    assert whole["state"] == 2
    stay = (await office.bot.get(f"/cards/{card['id']}/location-history")).json()[0]
    assert (stay["column_id"], stay["subcolumn_id"]) == (work["id"], whole["column_id"])


async def test_a_card_moves_to_another_board_but_not_into_a_foreign_column(office: Any) -> None:
    card = await office.card()
    other = (await office.boards())["Финансы"]
    column_id = other["columns"][1]["id"]
    refused = await office.bot.patch(f"/cards/{card['id']}", json={"column_id": column_id})
    assert refused.status_code == 400
    moved = await office.bot.patch(f"/cards/{card['id']}", json={"board_id": other["id"], "column_id": column_id})
    assert (moved.json()["board_id"], moved.json()["column_id"]) == (other["id"], column_id)
    assert moved.json()["lane_id"] == other["lanes"][0]["id"]


async def test_archiving_is_condition_2_and_comes_back(office: Any) -> None:
    card = await office.card()
    gone = (await office.bot.patch(f"/cards/{card['id']}", json={"condition": 2})).json()
    assert (gone["archived"], gone["condition"]) == (True, 2)
    back = (await office.bot.patch(f"/cards/{card['id']}", json={"condition": 1})).json()
    assert (back["archived"], back["version"]) == (False, 3)


async def test_deleting_is_soft_and_the_card_answers_like_one_that_never_was(office: Any) -> None:
    card = await office.card()
    assert (await office.bot.delete(f"/cards/{card['id']}")).json()["condition"] == 3
    for card_id in (card["id"], 1):
        answer = await office.bot.get(f"/cards/{card_id}")
        assert (answer.status_code, answer.content) == (403, b"")
    await office.control.post("/settings", json={"deleted_card_visible": True})
    assert (await office.bot.get(f"/cards/{card['id']}")).json()["condition"] == 3


async def test_a_hidden_card_is_403_and_absent_from_lists(office: Any) -> None:
    card = await office.card()
    await office.control.post("/settings", json={"hidden_card_ids": [card["id"]]})
    assert (await office.bot.get(f"/cards/{card['id']}")).status_code == 403
    assert (await office.bot.patch(f"/cards/{card['id']}", json={})).status_code == 403
    assert (await office.bot.get("/cards")).json() == []
    await office.control.post("/settings", json={"missing_card_status": 404, "missing_card_body": "json"})
    answer = await office.bot.get(f"/cards/{card['id']}")
    assert (answer.status_code, answer.json()) == (404, {"message": "Card not found"})


async def test_a_uuid_in_place_of_the_number_is_404(office: Any) -> None:
    card = await office.card()
    assert (await office.bot.get(f"/cards/{card['uid']}")).status_code == 404


async def test_location_history_and_activity_tell_where_the_card_was(office: Any, clock: Any) -> None:
    card = await office.card()
    clock.pass_time(1)
    await office.anna.patch(f"/cards/{card['id']}", json={"column_id": office.column["В работе"]})
    await office.anna.post(f"/cards/{card['id']}/comments", json={"text": "Принято"})
    stays = (await office.bot.get(f"/cards/{card['id']}/location-history")).json()
    assert [stay["column_id"] for stay in stays] == [office.column["Очередь"], office.column["В работе"]]
    feed = (await office.bot.get(f"/cards/{card['id']}/activity")).json()
    assert [row["action"] for row in feed] == ["comment_add", "card_move", "card_add"]
    assert isinstance(feed[0]["id"], str)
    assert feed[0]["comment"]["text"] == "Принято"
    (space,) = (await office.bot.get("/tree-entities")).json()
    path = f"/spaces/{space['id']}/activity"
    later = await office.bot.get(path, params={"actions": "card_move,card_add", "created_after": stays[1]["changed"]})
    assert [row["action"] for row in later.json()] == ["card_move"]
    assert (await office.bot.get(path, params={"limit": 101})).status_code == 400


async def test_sla_measurements_are_only_for_service_desk_requests(office: Any) -> None:
    plain = await office.card()
    answer = await office.bot.get(f"/cards/{plain['id']}/sla-rules-measurements")
    assert answer.status_code == 400
    assert answer.json() == {"message": "Only service desk request can have sla time data"}


async def test_a_card_carries_links(office: Any) -> None:
    card = await office.card()
    path = f"/cards/{card['id']}/external-links"
    made = (await office.bot.post(path, json={"url": "http://a.test", "description": "Прошлая заявка"})).json()
    assert (await office.read(card))["external_links"] == [made]
    assert (await office.bot.post(path, json={"description": "?"})).status_code == 400
    assert (await office.bot.delete(f"{path}/{made['id']}")).json() == {"id": made["id"]}
    assert (await office.bot.get(path)).json() == []


async def test_agreements_are_only_on_service_desk_requests(office: Any) -> None:
    plain = await office.card()
    body = {"sla_id": "0f8fad5b-d9cb-469f-a165-70867728950e"}
    refused = await office.bot.post(f"/cards/{plain['id']}/slas", json=body)
    assert (refused.status_code, refused.json()) == (400, {"message": "Only service desk request can have sla"})
    desk = await office.card(service_id=1)
    odd = await office.bot.post(f"/cards/{desk['id']}/slas", json={"sla_id": "fast"})
    assert (odd.status_code, odd.json()) == (400, {"message": "sla_id should be uuid"})
    assert (await office.bot.post(f"/cards/{desk['id']}/slas", json=body)).status_code == 200
    shown = (await office.bot.get(f"/cards/{desk['id']}")).json()
    assert [each["sla_id"] for each in shown["slas"]] == [body["sla_id"]]
    path = f"/cards/{desk['id']}/slas/{body['sla_id']}"
    assert [(await office.bot.delete(path)).status_code for _ in range(2)] == [200, 404]
