"""The layout read from Kaiten's stand-in, and from answers that are less than complete."""

from __future__ import annotations

from typing import Any

import pytest
import respx

from adapters.kaiten import KaitenBoard
from adapters.kaiten.layout import HIDDEN_SELECTS
from connector.domain.layout import FieldKind
from connector.ports import Board, Unavailable, WrongToken

BASE = "https://company.kaiten.ru/api/latest"


async def test_the_layout_names_everything_a_mapping_may_name(kaiten: Any, board: KaitenBoard) -> None:
    layout = await board.layout(["  поддержка "])
    assert [title for _, title in layout.spaces] == ["Поддержка"]
    assert [known.title for known in layout.boards] == [
        "Вопрос по продукту",
        "Касса и оплата",
        "Оборудование",
        "Финансы",
    ]
    gear = layout.boards[2]
    names = {column.id: column.title for column in gear.columns}
    shown = [(column.title, column.stage, names.get(column.parent or "")) for column in gear.columns]
    assert shown == [
        ("Очередь", "queue", None),
        ("В работе", "work", None),
        ("Разбираемся", "work", "В работе"),
        ("Чиним", "work", "В работе"),
        ("Ждём клиента", "work", None),
        ("Готово", "done", None),
    ]
    assert [lane.title for lane in gear.lanes] == ["Сверхсрочно", "Сделать сегодня", "Больше двух дней"]
    assert {user.name for user in layout.users} == {"Telegram", "Анна Смирнова", "Игорь Павлов"}
    source = next(known for known in layout.fields if known.name == "Источник")
    assert source.kind is FieldKind.SELECT
    assert [title for _, title in source.options] == ["Telegram", "Телефон", "Почта"]
    assert source.boards == tuple(known.id for known in layout.boards)


async def test_a_space_can_be_named_by_its_id(kaiten: Any, board: KaitenBoard) -> None:
    (space,) = (await board.layout([])).spaces
    kaiten.calls()
    assert (await board.layout([space[0]])).spaces == (space,)
    assert "GET /spaces" not in kaiten.calls()


async def test_a_space_nobody_knows_is_not_in_the_layout(board: KaitenBoard) -> None:
    assert (await board.layout(["Нет такого"])).boards == ()
    assert (await board.layout(["999"])).boards == ()


async def test_the_heavy_list_serves_where_the_light_one_fails(kaiten: Any, board: KaitenBoard) -> None:
    kaiten.fault("/tree-entities$", status=404, times=None)
    assert len((await board.layout(["Поддержка"])).boards) == 4


async def test_a_layout_without_the_right_to_list_tags_still_works(kaiten: Any, board: KaitenBoard) -> None:
    kaiten.fault("/tags$", method="GET", status=403, times=None)
    assert (await board.layout([])).tags == ()


async def test_tags_in_use_are_named(kaiten: Any, board: KaitenBoard) -> None:
    made = kaiten.order("POST", "/cards", {"user": "anna", "board": "Финансы", "title": "x"})
    kaiten.order("POST", f"/cards/{made['id']}/tags", {"user": "anna", "name": "срочно"})
    assert (await board.layout([])).tags == ("срочно",)


async def test_a_layout_one_may_not_see_says_why(kaiten: Any, board: KaitenBoard) -> None:
    kaiten.fault("/boards$", status=403, times=None)
    with pytest.raises(Unavailable, match="needs the right to see it"):
        await board.layout([])


async def test_we_are_who_the_token_says(board: KaitenBoard) -> None:
    assert await board.identify() == "Telegram (@telegram_bot)"
    assert board.name == "kaiten"


async def test_a_wrong_token_is_told_at_once(kaiten: Any, board: KaitenBoard) -> None:
    kaiten.fault("/users/current$", status=401, body="Unauthorized")
    with pytest.raises(WrongToken):
        await board.identify()


@respx.mock
async def test_missing_and_odd_parts_of_a_layout_are_tolerated(board_at: Any, clock: Any) -> None:
    respx.get(f"{BASE}/tree-entities").respond(200, json=[{"uid": "u", "title": "Документ", "entity_type": "document"}])
    respx.get(f"{BASE}/spaces").respond(200, json=[{"id": "1", "title": "А"}, None])
    respx.get(f"{BASE}/spaces/1/boards").respond(200, json=[{"id": 2}, {"title": "без id"}])
    respx.get(f"{BASE}/boards/2/columns").respond(200, json=[{"id": 3, "title": None, "subcolumns": None}])
    respx.get(f"{BASE}/boards/2/lanes").respond(200, json=[{"id": 4, "title": "", "condition": 2}, {"id": 5}])
    respx.get(f"{BASE}/users").respond(200, json=[{"id": 6, "email": "a@b"}, {}])
    respx.get(f"{BASE}/company/custom-properties").respond(
        200,
        json=[
            {"id": 7, "type": "select", "name": "С"},
            {"id": 8, "type": "catalog"},
            {"id": 9, "condition": "removed"},
        ],
    )
    respx.get(f"{BASE}/company/custom-properties/7/select-values").respond(
        200, json=[{"id": 70, "value": "да"}, {"id": 71, "value": "нет", "deleted": True}]
    )
    respx.get(f"{BASE}/tags").respond(200)
    layout = await board_at(BASE, clock=clock).layout([])
    (only,) = layout.boards
    assert (only.id, only.title, [column.id for column in only.columns]) == ("2", "", ["3"])
    assert [lane.id for lane in only.lanes] == ["5"]
    assert [user.name for user in layout.users] == ["a@b"]
    assert [(known.kind, known.options, known.boards) for known in layout.fields] == [
        (FieldKind.SELECT, (("70", "да"),), None),
        (FieldKind.OTHER, (), None),
    ]


@respx.mock
async def test_a_select_that_no_board_shows_has_its_options_unless_there_are_very_many(
    board_at: Any, clock: Any
) -> None:
    respx.get(f"{BASE}/tree-entities").respond(200, json=[{"id": 1, "title": "А", "entity_type": "space"}])
    respx.get(f"{BASE}/spaces/1/boards").respond(200, json=[{"id": 2, "title": "Б", "card_properties": None}])
    respx.get(path__regex="/(columns|lanes|users|tags)$").respond(200, json=[])
    fields = [{"id": number, "type": "select", "name": f"С{number}"} for number in range(1, HIDDEN_SELECTS + 3)]
    respx.get(f"{BASE}/company/custom-properties").respond(200, json=fields)
    values = respx.get(path__regex="/select-values$").respond(200, json=[{"id": 70, "value": "Telegram"}])
    layout = await board_at(BASE, clock=clock).layout([])
    assert [known.options for known in layout.fields[:HIDDEN_SELECTS]] == [(("70", "Telegram"),)] * HIDDEN_SELECTS
    assert {known.boards for known in layout.fields} == {()}
    assert values.call_count == HIDDEN_SELECTS


def test_it_is_a_board(board_at: Any) -> None:
    made: Board = board_at(BASE)
    assert made.name == "kaiten"


async def test_what_a_tariff_or_a_right_leaves_out_leaves_the_rest_standing(kaiten: Any, board: KaitenBoard) -> None:
    for path, status in (
        ("/custom-properties$", 402),
        ("/users$", 403),
        ("/spaces/[0-9]+/users$", 403),
        ("/lanes$", 404),
        ("/columns$", 404),
    ):
        kaiten.fault(path, status=status, times=None)
    layout = await board.layout(["Поддержка"])
    assert (layout.users, layout.fields) == ((), ())
    assert {lane.title for found in layout.boards for lane in found.lanes} >= {"Сверхсрочно"}
    assert all(found.columns for found in layout.boards)


async def test_a_long_read_goes_on_after_each_pause_that_kaiten_asks_for(
    kaiten: Any, board_at: Any, clock: Any
) -> None:
    patient = board_at(kaiten.api, clock=clock)
    slow = {"method": "GET", "status": 429, "body": "<html>Too many</html>", "headers": {"Retry-After": "2"}}
    kaiten.fault("/boards", times=2, **slow)
    kaiten.fault("/custom-properties", times=2, **slow)
    assert len((await patient.layout(["Поддержка"])).boards) == 4
    assert clock.slept == [2.0] * 4
    kaiten.fault("/boards", times=1, **{**slow, "headers": {"Retry-After": "60"}})
    with pytest.raises(Unavailable) as caught:
        await patient.layout(["Поддержка"])
    assert caught.value.retry_after == 60.0


async def test_where_people_of_the_company_may_not_be_listed_those_of_the_space_are(
    kaiten: Any, board: KaitenBoard
) -> None:
    kaiten.fault("/latest/users$", status=403)
    layout = await board.layout(["Поддержка"])
    assert {user.name for user in layout.users} == {"Telegram", "Анна Смирнова", "Игорь Павлов"}
