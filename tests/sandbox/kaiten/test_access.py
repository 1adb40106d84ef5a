"""Who may call, under which address, how often."""

from typing import Any

import httpx
import pytest


async def test_both_names_of_the_api_give_the_same_answer(office: Any) -> None:
    latest = await office.bot.get("http://kaiten.test/api/latest/users/current")
    version = await office.bot.get("http://kaiten.test/api/v1/users/current")
    assert latest.json() == version.json()
    assert latest.json()["full_name"] == "Telegram"


@pytest.mark.parametrize(("shape", "body"), [("string", "Unauthorized"), ("json", '{"message":"Unauthorized"}')])
async def test_a_wrong_token_is_refused_in_the_switched_shape(office: Any, shape: str, body: str) -> None:
    await office.control.post("/settings", json={"unauthorized_shape": shape})
    for headers in ({"Authorization": "Bearer wrong"}, {"Authorization": ""}):
        answer = await office.bot.get("/users/current", headers=headers)
        assert (answer.status_code, answer.text) == (401, body)


async def test_each_token_acts_as_its_own_user(office: Any) -> None:
    names = [(await client.get("/users/current")).json()["full_name"] for client in (office.anna, office.igor)]
    assert names == ["Анна Смирнова", "Игорь Павлов"]


async def test_every_answer_tells_the_rate_limit(office: Any) -> None:
    for answer in (
        await office.bot.get("/users/current"),
        await office.bot.get("/nothing"),
        await office.bot.get("/users/current", headers={"Authorization": "Bearer wrong"}),
    ):
        assert answer.headers["x-ratelimit-limit"] == "10000"
        assert int(answer.headers["x-ratelimit-remaining"]) < 10000
        assert int(answer.headers["x-ratelimit-reset"]) > 1_700_000_000


async def test_the_window_slides_and_is_kept_per_token(open_office: Any, clock: Any) -> None:
    office = await open_office()
    clock.pass_time(10)
    await office.control.post("/settings", json={"rate_limit": 2})

    async def ask(client: httpx.AsyncClient) -> int:
        return (await client.get("/users/current")).status_code

    assert await ask(office.bot) == 200
    clock.pass_time(0.6)
    assert [await ask(office.bot), await ask(office.bot)] == [200, 429]
    assert await ask(office.anna) == 200
    clock.pass_time(0.5)
    assert [await ask(office.bot), await ask(office.bot)] == [200, 429]


async def test_too_many_calls_get_html_and_the_seconds_to_wait(open_office: Any, clock: Any) -> None:
    office = await open_office()
    clock.pass_time(10)
    await office.control.post("/settings", json={"rate_limit": 1})
    await office.bot.get("/users/current")
    answer = await office.bot.get("/users/current")
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text == "Too many requests, please try again later."


async def test_the_state_tells_how_a_caller_kept_to_the_limit(open_office: Any, clock: Any) -> None:
    office = await open_office(rate_limit=1000)
    await office.control.post("/reset")
    await office.control.post("/settings", json={"rate_limit": 2})
    for _ in range(4):
        await office.bot.get("/users/current")
    clock.pass_time(2)
    await office.bot.get("/users/current")
    rate = (await office.control.get("/state")).json()["rate"]["bot"]
    assert rate == {"calls": 5, "refused": 2, "max_calls_in_any_window": 4, "calls_inside_429_window": 1}


async def test_a_path_that_is_not_there_is_404_and_a_wrong_method_405(office: Any) -> None:
    assert (await office.bot.get("/nothing")).status_code == 404
    assert (await office.bot.patch(f"/boards/{office.board['id']}", json={})).status_code == 405
    assert (await office.bot.get("/boards")).status_code == 405
    assert (await office.bot.get("/cards/removed")).status_code == 405
    assert (await office.bot.patch(f"/columns/{office.board['columns'][0]['id']}", json={})).status_code == 404
