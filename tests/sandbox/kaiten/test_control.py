"""Acting as people, looking in, seeding anew."""

import base64
from typing import Any


async def test_an_agent_comments_with_a_file_and_the_author_is_the_agent(office: Any) -> None:
    card = await office.card()
    content = base64.b64encode(b"bytes").decode()
    answer = await office.control.post(
        f"/cards/{card['id']}/comments",
        json={
            "user": "anna",
            "text": "Готово",
            "internal": True,
            "files": [{"name": "a.png", "base64": content, "mime": "image/png"}],
        },
    )
    assert answer.json()["author"]["full_name"] == "Анна Смирнова"
    (comment,) = (await office.bot.get(f"/cards/{card['id']}/comments")).json()
    assert (comment["text"], comment["internal"]) == ("Готово", True)
    (file,) = (await office.read(card))["files"]
    assert (await office.bot.get(file["url"])).content == b"bytes"


async def test_an_agents_file_is_restricted_where_legacy_upload_is_off(office: Any) -> None:
    await office.control.post("/settings", json={"legacy_files": False})
    card = await office.card()
    body = {"user": "anna", "text": "Вот", "files": [{"name": "a", "base64": "eA=="}]}
    comment = (await office.control.post(f"/cards/{card['id']}/comments", json=body)).json()
    (file,) = (await office.read(card))["files"]
    assert (file["type"], file["comment_id"]) == (11, comment["id"])


async def test_comments_are_edited_and_deleted_as_their_author(office: Any) -> None:
    card = await office.card()
    path = f"/cards/{card['id']}/comments"
    made = (await office.control.post(path, json={"user": "anna", "text": "было"})).json()
    edited = await office.control.patch(f"{path}/{made['id']}", json={"user": "anna", "text": "стало"})
    assert (edited.json()["text"], edited.json()["edited"]) == ("стало", True)
    foreign = await office.control.request("DELETE", f"{path}/{made['id']}", json={"user": "igor"})
    assert foreign.status_code == 403
    gone = await office.control.request("DELETE", f"{path}/{made['id']}", json={"user": "anna"})
    assert gone.json() == {"id": made["id"]}


async def test_a_card_is_moved_by_titles_and_archived_and_deleted(office: Any) -> None:
    card = await office.card()
    path = f"/cards/{card['id']}"
    moved = await office.control.post(
        f"{path}/move", json={"user": "anna", "column": "В работе", "lane": "Больше двух дней"}
    )
    assert moved.json()["column_id"] == office.column["В работе"]
    assert moved.json()["lane_id"] == office.lane["Больше двух дней"]
    other = await office.control.post(f"{path}/move", json={"user": "anna", "board": "Оборудование", "column": "Чиним"})
    assert other.json()["state"] == 2
    wrong = await office.control.post(f"{path}/move", json={"user": "anna", "column": "Нет такой"})
    assert wrong.status_code == 400
    assert "Чиним" in wrong.json()["message"]
    archived = await office.control.post(f"{path}/archive", json={"user": "anna"})
    assert archived.json()["archived"] is True
    deleted = await office.control.post(f"{path}/delete", json={"user": "anna"})
    assert deleted.json()["condition"] == 3


async def test_a_person_makes_and_changes_cards_in_the_interface(office: Any) -> None:
    body = {"user": "igor", "board": "Финансы", "column": "В работе", "title": "Счёт"}
    card = (await office.control.post("/cards", json=body)).json()
    assert (card["source"], card["owner"]["full_name"], card["state"]) == ("app", "Игорь Павлов", 2)
    changed = await office.control.patch(f"/cards/{card['id']}", json={"user": "igor", "asap": True})
    assert changed.json()["asap"] is True
    path = f"/cards/{card['id']}/members"
    await office.control.post(path, json={"user": "igor", "member": "anna", "responsible": True})
    await office.control.post(f"/cards/{card['id']}/tags", json={"user": "igor", "name": "vip"})
    whole = await office.read(card)
    assert [member["type"] for member in whole["members"]] == [2]
    assert [tag["name"] for tag in whole["tags"]] == ["vip"]


async def test_an_unknown_person_is_named_with_the_known_ones(office: Any) -> None:
    card = await office.card()
    answer = await office.control.post(f"/cards/{card['id']}/archive", json={"user": "olga"})
    assert answer.status_code == 400
    assert "anna" in answer.json()["message"]
    assert (await office.control.post(f"/cards/{card['id']}/archive", json={})).status_code == 400


async def test_the_board_view_has_everything_the_page_needs(office: Any) -> None:
    fields = await office.field_ids()
    values = (
        await office.bot.get(f"/company/custom-properties/{fields['Источник'].removeprefix('id_')}/select-values")
    ).json()
    card = await office.card(
        external_id="t-1",
        description="Текст",
        due_date="2026-11-22T12:00:00Z",
        properties={fields["Кабинет"]: "1234", fields["Источник"]: [values[0]["id"]]},
    )
    await office.bot.post(f"/cards/{card['id']}/tags", json={"name": "vip"})
    body = {"user": "anna", "text": "Вот", "files": [{"name": "a.png", "base64": "eA==", "mime": "image/png"}]}
    await office.control.post(f"/cards/{card['id']}/comments", json=body)
    archived = await office.card()
    await office.bot.patch(f"/cards/{archived['id']}", json={"condition": 2})
    view = (await office.control.get("/board")).json()
    board = view["spaces"][0]["boards"][0]
    assert board["columns"][0]["title"] == "Очередь"
    (shown,) = board["cards"]
    assert shown["properties"] == {"Кабинет": "1234", "Источник": ["Telegram"]}
    assert (shown["external_id"], shown["due_date"]) == ("t-1", "2026-11-22T12:00:00.000Z")
    assert [tag["name"] for tag in shown["tags"]] == ["vip"]
    (comment,) = shown["comments"]
    assert comment["author"]["full_name"] == "Анна Смирнова"
    assert (await office.control.get(comment["files"][0]["url"])).content == b"x"
    assert shown["files"] == []
    assert "token" not in str(view)
    both = (await office.control.get("/board", params={"archived": "true"})).json()
    assert len(both["spaces"][0]["boards"][0]["cards"]) == 2


async def test_calls_are_logged_with_their_user_and_without_the_token(office: Any) -> None:
    before = len((await office.control.get("/calls")).json())
    await office.anna.get("/cards", params={"limit": 5})
    await office.bot.get("/users/current", headers={"Authorization": "Bearer wrong"})
    calls = (await office.control.get("/calls", params={"since": before})).json()
    assert [(call["method"], call["path"], call["status"], call["user"]) for call in calls] == [
        ("GET", "/api/latest/cards", 200, "anna"),
        ("GET", "/api/latest/users/current", 401, None),
    ]
    assert calls[0]["query"] == {"limit": "5"}
    assert calls[0]["seq"] == before + 1
    assert calls[0]["utc"].endswith("+00:00")
    assert "sandbox-anna-token" not in str(calls)


async def test_a_reset_gives_the_seed_back_and_forgets_the_rest(office: Any) -> None:
    await office.card()
    await office.control.post("/settings", json={"legacy_files": False})
    await office.control.post("/faults", json={"path_regex": ".", "status": 500})
    state = (await office.control.post("/reset")).json()
    assert state["counts"]["cards"] == 0
    assert state["settings"]["legacy_files"] is True
    assert state["faults"] == []
    assert (await office.boards()).keys() == {"Вопрос по продукту", "Касса и оплата", "Оборудование", "Финансы"}


async def test_another_company_can_be_seeded_with_cards(office: Any) -> None:
    seed = {
        "company": "tiny",
        "users": [{"name": "bot", "full_name": "Bot", "token": "sandbox-bot-token"}],
        "properties": [{"name": "Кабинет", "type": "string"}],
        "spaces": [
            {
                "title": "Одно",
                "boards": [{"title": "Доска", "columns": [{"title": "Все", "type": 1}], "properties": ["Кабинет"]}],
            }
        ],
        "cards": [
            {
                "user": "bot",
                "board": "Доска",
                "title": "Старая",
                "properties": {"Кабинет": "7"},
                "tags": ["vip"],
                "comments": [{"user": "bot", "text": "Здравствуйте"}],
            }
        ],
    }
    assert (await office.control.post("/seed", json=seed)).json()["company"] == "tiny"
    (card,) = (await office.bot.get("/cards")).json()
    assert (card["title"], card["comments_total"], card["tags"][0]["name"]) == ("Старая", 1, "vip")


async def test_a_broken_seed_is_told_and_changes_nothing(office: Any) -> None:
    await office.card()
    for broken in ({}, {"users": [], "spaces": [{"title": "x", "boards": [{"title": "y"}]}]}):
        answer = await office.control.post("/seed", json=broken)
        assert answer.status_code == 400
        assert answer.json()["message"].startswith("seed: ")
    assert len((await office.bot.get("/cards")).json()) == 1


async def test_a_wrong_setting_is_told_and_changes_nothing(office: Any) -> None:
    for patch in ({"rate": 1}, {"rate_limit": "5"}, {"unauthorized_shape": "xml"}, {"legacy_files": 1}):
        answer = await office.control.post("/settings", json=patch)
        assert answer.status_code == 400
        assert repr(next(iter(patch))) in answer.json()["message"]
    assert (await office.control.get("/settings")).json()["rate_limit"] == 10_000
