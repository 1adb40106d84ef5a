"""Spaces, boards, columns, lanes, users."""

from typing import Any


async def test_the_company_of_the_seed_is_found_by_titles(office: Any) -> None:
    boards = await office.boards()
    assert list(boards) == ["Вопрос по продукту", "Касса и оплата", "Оборудование", "Финансы"]
    for board in boards.values():
        columns = [(column["title"], column["type"]) for column in board["columns"]]
        assert columns == [("Очередь", 1), ("В работе", 2), ("Ждём клиента", 2), ("Готово", 3)]
        lanes = [lane["title"] for lane in board["lanes"]]
        assert lanes == ["Сверхсрочно", "Сделать сегодня", "Больше двух дней"]
        assert len(board["card_properties"]) == 3
    nested = {title: [len(c["subcolumns"]) for c in board["columns"]] for title, board in boards.items()}
    assert nested["Оборудование"] == [0, 2, 0, 0]
    assert nested["Финансы"] == [0, 0, 0, 0]


async def test_boards_of_a_space_carry_short_columns_and_no_cards(office: Any) -> None:
    await office.card()
    board = (await office.bot.get(f"/spaces/{office.board['space_id']}/boards")).json()[0]
    assert "wip_limit" not in board["columns"][0]
    assert "cards" not in board
    (column, *_) = (await office.bot.get(f"/boards/{board['id']}/columns")).json()
    assert column["wip_limit"] is None
    assert column["archive_after_days"] == -1


async def test_a_board_is_made_with_its_columns_and_needs_force_to_go(office: Any) -> None:
    path = f"/spaces/{office.board['space_id']}/boards"
    body = {"title": "Новая", "columns": [{"title": "Все", "type": 1}], "lanes": [{"title": ""}]}
    board = (await office.bot.post(path, json=body)).json()
    assert [column["title"] for column in board["columns"]] == ["Все"]
    assert (await office.bot.post(path, json={"title": "x", "columns": []})).status_code == 400
    card = await office.card(board_id=board["id"])
    refused = await office.bot.request("DELETE", f"{path}/{board['id']}", json={})
    assert refused.json() == {"message": "Board should be deleted with force"}
    gone = await office.bot.request("DELETE", f"{path}/{board['id']}", json={"force": True})
    assert gone.json() == {"id": board["id"]}
    assert (await office.bot.get(f"/boards/{board['id']}")).status_code == 403
    assert (await office.bot.get(f"/cards/{card['id']}")).status_code == 403


async def test_lanes_are_archived_by_a_change_and_filtered_by_condition(office: Any) -> None:
    path = f"/boards/{office.board['id']}/lanes"
    lane = (await office.bot.post(path, json={"title": "Лишняя"})).json()
    await office.bot.patch(f"{path}/{lane['id']}", json={"condition": 2})
    live = (await office.bot.get(path, params={"condition": 1})).json()
    assert "Лишняя" not in [row["title"] for row in live]
    assert len((await office.bot.get(path)).json()) == len(live) + 1


async def test_subcolumns_have_their_own_route(office: Any) -> None:
    parent = office.column["В работе"]
    made = (await office.bot.post(f"/columns/{parent}/subcolumns", json={"title": "Ищем", "type": 2})).json()
    assert made["column_id"] == parent
    (listed,) = (await office.bot.get(f"/columns/{parent}/subcolumns")).json()
    assert listed["title"] == "Ищем"


async def test_a_user_sees_only_the_spaces_given_to_him(open_office: Any) -> None:
    board = {"title": "Доска", "columns": [{"title": "Все", "type": 1}]}
    office = await open_office(
        seed={
            "users": [
                {"name": "bot", "full_name": "Bot", "token": "sandbox-bot-token"},
                {"name": "anna", "full_name": "Anna", "token": "sandbox-anna-token", "spaces": []},
            ],
            "spaces": [{"title": "Поддержка", "boards": [board]}],
        }
    )
    card = await office.card()
    assert (await office.anna.get("/tree-entities")).json() == []
    assert (await office.anna.get(f"/boards/{office.board['id']}")).status_code == 403
    assert (await office.anna.get(f"/cards/{card['id']}")).status_code == 403
    assert (await office.anna.get("/cards")).json() == []


async def test_users_are_found_by_name(office: Any) -> None:
    (igor,) = (await office.bot.get("/users", params={"query": "павлов"})).json()
    assert igor["full_name"] == "Игорь Павлов"
    assert igor["id"] == igor["user_id"]
