"""Troubles come when, where and as often as they were asked for."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from telegram.error import NetworkError

from tests.sandbox.telegram.stand import ANNA, TOKEN, Stand


async def _bot_said(stand: Stand) -> list[str]:
    return [m["text"] for m in (await stand.transcript())["messages"] if m["from"] == "bot"]


async def _send(stand: Stand, text: str = "hi") -> httpx.Response:
    return await stand.client.post(f"/bot{TOKEN}/sendMessage", json={"chat_id": ANNA, "text": text})


@pytest.mark.parametrize(
    ("fault", "status", "description"),
    [
        ({"status": 500}, 500, "Internal Server Error"),
        ({"status": 403, "description": "Forbidden: user is deactivated"}, 403, "Forbidden: user is deactivated"),
        ({"status": 401}, 401, "Unauthorized"),
        ({"retry_after": 9}, 429, "Too Many Requests: retry after 9"),
    ],
)
async def test_a_fault_answers_in_place_of_the_method(
    opened: Stand, fault: dict[str, Any], status: int, description: str
) -> None:
    await opened.control("POST", "faults", method="sendmessage", **fault)
    answer = await _send(opened)
    assert answer.status_code == status
    assert answer.json()["description"] == description
    assert await _bot_said(opened) == []


async def test_faults_are_used_up_fit_their_words_and_may_wait_for_their_turn(opened: Stand) -> None:
    await opened.control("POST", "faults", contains="bad word", times=2, skip=1, status=500)
    said = ["a bad word", "fine", "a bad word", "a bad word", "a bad word"]
    assert [(await _send(opened, text)).status_code for text in said] == [200, 200, 500, 500, 200]
    await opened.control("POST", "faults", status=502, times=-1)
    assert [(await _send(opened)).status_code for _ in range(3)] == [502] * 3
    await opened.control("DELETE", "faults")
    assert (await _send(opened)).status_code == 200


async def test_a_gateway_may_answer_in_html_even_after_the_message_went_out(opened: Stand) -> None:
    await opened.control("POST", "faults", status=504, body="<h1>Gateway</h1>", after=True)
    answer = await _send(opened, "went out")
    assert (answer.status_code, answer.text) == (504, "<h1>Gateway</h1>")
    assert answer.headers["content-type"].startswith("text/html")
    assert await _bot_said(opened) == ["went out"]


@pytest.mark.parametrize(("drop", "said"), [("before", []), ("after", ["hi"])])
async def test_a_cut_connection_is_a_network_error_in_process_too(opened: Stand, drop: str, said: list[str]) -> None:
    await opened.control("POST", "faults", method="sendMessage", drop=drop)
    async with opened.bot() as bot:
        with pytest.raises(NetworkError):
            await bot.send_message(ANNA, "hi")
    assert await _bot_said(opened) == said
    call = (await opened.control("GET", "calls?method=sendMessage"))[0]
    assert (call["status"], call["dropped"]) == (None, drop)


async def test_a_delay_holds_the_answer_back_but_nothing_else(opened: Stand) -> None:
    await opened.control("POST", "faults", method="sendMessage", delay_seconds=4)
    assert (await _send(opened)).status_code == 200
    assert opened.hand.slept == [4]
    assert (await opened.control("GET", "calls?method=sendMessage"))[0]["took_seconds"] == 4


async def test_a_wedged_call_says_nothing_for_long_and_is_then_cut(opened: Stand) -> None:
    await opened.control("POST", "faults", method="sendMessage", wedge_seconds=60)
    with pytest.raises(httpx.RemoteProtocolError):
        await _send(opened)
    assert opened.hand.slept == [60]
    assert await _bot_said(opened) == []


async def test_downloads_can_go_wrong_too(opened: Stand) -> None:
    await opened.sends("photo")
    photo = (await opened.updates())[-1]["message"]["photo"][-1]
    place = (await opened.call("getFile", file_id=photo["file_id"]))["file_path"]
    await opened.control("POST", "faults", method="download", status=502)
    await opened.control("POST", "faults", method="download", drop="after")
    address = f"/file/bot{TOKEN}/{place}"
    assert (await opened.client.get(address)).status_code == 502
    with pytest.raises(httpx.RemoteProtocolError):
        await opened.client.get(address)
    assert len((await opened.client.get(address)).content) == photo["file_size"]


@pytest.mark.parametrize("fault", [{}, {"drop": "sideways"}, {"status": 500, "colour": "red"}])
async def test_a_fault_that_makes_no_sense_is_refused(opened: Stand, fault: dict[str, Any]) -> None:
    status, error = await opened.misuse("POST", "faults", **fault)
    assert status == 400
    assert error


async def test_calls_are_recorded_in_order_with_opened_parameters_and_no_token(opened: Stand) -> None:
    before = (await opened.state())["calls"]
    rows = '{"inline_keyboard": [[{"text": "A", "callback_data": "a"}]]}'
    form = {"chat_id": str(ANNA), "text": "hi", "reply_markup": rows}
    await opened.client.post(f"/bot{TOKEN}/sendMessage", data=form)
    files = {"document": ("note.txt", b"12345", "text/plain")}
    await opened.client.post(f"/bot{TOKEN}/sendDocument", data={"chat_id": str(ANNA)}, files=files)
    answer = await opened.client.get("/sandbox/calls", params={"since": before})
    first, second = answer.json()
    assert first["params"]["reply_markup"]["inline_keyboard"][0][0]["callback_data"] == "a"
    assert first["result"]["message_id"] == 2
    assert second["params"]["document"] == {"file": "note.txt", "size": 5, "mime": "text/plain"}
    assert (first["seq"], second["seq"], second["status"]) == (before + 1, before + 2, 200)
    assert TOKEN not in answer.text
