"""Faults on order, in process and over a real connection."""

import asyncio
import time
from typing import Any

import httpx
import pytest


async def order(office: Any, **fault: Any) -> None:
    answer = await office.control.post("/faults", json=fault)
    assert answer.status_code == 200, answer.text


async def test_a_status_is_answered_the_ordered_times_and_nothing_happens(office: Any) -> None:
    await order(
        office,
        method="POST",
        path_regex="/cards$",
        times=2,
        status=503,
        body={"message": "later"},
        headers={"Retry-After": "3"},
    )
    body = {"title": "x", "board_id": office.board["id"]}
    for _ in range(2):
        answer = await office.bot.post("/cards", json=body)
        assert (answer.status_code, answer.json()) == (503, {"message": "later"})
        assert answer.headers["retry-after"] == "3"
    assert (await office.bot.get("/cards")).json() == []
    assert (await office.bot.post("/cards", json=body)).status_code == 200


async def test_a_status_can_come_although_the_call_was_carried_out(office: Any) -> None:
    await order(office, path_regex="/cards$", status=500, after_effect=True)
    body = {"title": "x", "board_id": office.board["id"]}
    assert (await office.bot.post("/cards", json=body)).status_code == 500
    assert len((await office.bot.get("/cards")).json()) == 1


@pytest.mark.parametrize(("moment", "cards"), [("before", 0), ("after", 1)])
async def test_a_dropped_connection_is_an_exception_in_process(office: Any, moment: str, cards: int) -> None:
    await order(office, method="POST", path_regex="/cards$", drop=moment)
    with pytest.raises(httpx.RemoteProtocolError):
        await office.bot.post("/cards", json={"title": "x", "board_id": office.board["id"]})
    assert len((await office.bot.get("/cards")).json()) == cards


async def test_a_truncated_body_is_a_whole_answer_of_broken_json(office: Any) -> None:
    await order(office, path_regex="/users/current", truncate_body=10)
    answer = await office.bot.get("/users/current")
    assert (answer.status_code, len(answer.content)) == (200, 10)


async def test_faults_can_be_seen_and_cleared(office: Any) -> None:
    await order(office, path_regex=".", status=500, times=None)
    (fault,) = (await office.control.get("/faults")).json()
    assert (fault["status"], fault["times"]) == (500, None)
    assert (await office.control.delete("/faults")).json() == []
    assert (await office.bot.get("/users/current")).status_code == 200


@pytest.mark.parametrize("wrong", [{"status": 500}, {"path_regex": "("}, {"path_regex": ".", "repeat": 2}])
async def test_a_fault_that_makes_no_sense_is_a_400(office: Any, wrong: dict[str, Any]) -> None:
    assert (await office.control.post("/faults", json=wrong)).status_code == 400


HEADERS = {"Authorization": "Bearer sandbox-bot-token"}


@pytest.mark.parametrize(("moment", "cards"), [("before", 0), ("after", 1)])
async def test_a_drop_closes_the_real_connection_without_an_answer(
    served: tuple[Any, str], moment: str, cards: int
) -> None:
    app, address = served
    board_id = next(iter(app.state.stand_in.company.boards))
    host, port = address.removeprefix("http://").split(":")
    async with httpx.AsyncClient(base_url=address) as client:
        await client.post("/sandbox/faults", json={"method": "POST", "path_regex": "/cards$", "drop": moment})
        content = f'{{"title":"x","board_id":{board_id}}}'.encode()
        request = (
            b"POST /api/latest/cards HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sandbox-bot-token\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(content), content)
        )
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(request)
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
        assert len((await client.get("/api/latest/cards", headers=HEADERS)).json()) == cards
        call = next(c for c in (await client.get("/sandbox/calls")).json() if c["method"] == "POST")
        assert call["status"] is None


async def test_a_drop_during_the_answer_leaves_it_incomplete(served: tuple[Any, str]) -> None:
    _, address = served
    async with httpx.AsyncClient(base_url=address, headers=HEADERS) as client:
        await client.post("/sandbox/faults", json={"path_regex": "/users", "drop": "during", "truncate_body": 20})
        with pytest.raises(httpx.RemoteProtocolError, match="complete message body"):
            await client.get("/api/latest/users/current")
        assert (await client.get("/api/latest/users/current")).status_code == 200


async def test_a_slow_answer_takes_the_time_of_its_bytes(served: tuple[Any, str]) -> None:
    _, address = served
    async with httpx.AsyncClient(base_url=address, headers=HEADERS) as client:
        quick = await client.get("/api/latest/users/current")
        speed = len(quick.content) * 5
        await client.post("/sandbox/faults", json={"path_regex": "/users", "slow_bytes": speed})
        started = time.monotonic()
        slow = await client.get("/api/latest/users/current")
        assert slow.content == quick.content
        assert time.monotonic() - started > 0.15


async def test_a_delay_makes_the_client_give_up_while_the_effect_stays(served: tuple[Any, str]) -> None:
    app, address = served
    board_id = next(iter(app.state.stand_in.company.boards))
    async with httpx.AsyncClient(base_url=address, headers=HEADERS) as client:
        await client.post("/sandbox/faults", json={"path_regex": "/cards$", "delay_after_seconds": 0.4})
        with pytest.raises(httpx.ReadTimeout):
            await client.post("/api/latest/cards", json={"title": "x", "board_id": board_id}, timeout=0.2)
        assert len((await client.get("/api/latest/cards")).json()) == 1
