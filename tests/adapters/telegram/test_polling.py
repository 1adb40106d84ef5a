"""Reading: what is confirmed when, and how trouble with the poll shows."""

import json
from typing import Any

import httpx
import pytest

from connector.domain.events import ClientWrote
from connector.ports import Unavailable, WrongToken
from tests.adapters.telegram.samples import DATE, GROUP, message, update
from tests.adapters.telegram.support import SECRET, TOKEN, Answer, OpenBudget, Script, Seen, bad, chat_on, ok


def text_update(number: int, text: str = "a") -> dict[str, Any]:
    return update("message", message(text=text) | {"message_id": number}, number)


def offsets(script: Script) -> list[Any]:
    return [seen.params.get("offset") for seen in script.seen]


async def test_the_poll_asks_for_four_kinds_and_waits() -> None:
    script = Script()
    batch = await chat_on(script, poll_seconds=11).read(None)
    assert (batch.arrivals, batch.cursor) == ((), None)
    assert script.seen[0].path == f"/bot{TOKEN}/getUpdates"
    assert script.seen[0].params == {
        "timeout": 11,
        "allowed_updates": ["message", "edited_message", "callback_query", "my_chat_member"],
    }


async def test_the_cursor_of_an_earlier_life_is_not_confirmed() -> None:
    script = Script().on("getUpdates", ok([text_update(10), text_update(11)]), ok([]))
    chat = chat_on(script)
    batch = await chat.read("999")
    assert [one.key for one in batch.arrivals] == ["telegram:4242/77/10", "telegram:4242/77/11"]
    assert batch.cursor == "12"
    again = await chat.read(batch.cursor)
    assert again.cursor == "12"
    assert offsets(script) == [None, 12]


async def test_a_first_read_of_nothing_does_not_bring_the_old_cursor_back() -> None:
    script = Script()
    chat = chat_on(script)
    assert (await chat.read("999")).cursor is None
    assert (await chat.read("999")).cursor is None
    assert offsets(script) == [None, None]


async def test_a_batch_that_was_not_stored_is_sent_again() -> None:
    script = Script().on("getUpdates", ok([text_update(10)]), ok([text_update(11)]), ok([text_update(11)]), ok([]))
    chat = chat_on(script)
    first = await chat.read(None)
    lost = await chat.read(first.cursor)
    again = await chat.read(first.cursor)
    assert [one.key for one in lost.arrivals] == [one.key for one in again.arrivals]
    await chat.read(again.cursor)
    assert offsets(script) == [None, 11, 11, 12]


async def test_ids_that_start_anew_lower_are_confirmed_as_they_are() -> None:
    script = Script().on("getUpdates", ok([text_update(900)]), ok([text_update(3)]), ok([]))
    chat = chat_on(script)
    await chat.read((await chat.read((await chat.read(None)).cursor)).cursor)
    assert offsets(script) == [None, 901, 4]


async def test_one_spoilt_update_costs_nothing_but_itself_and_is_confirmed() -> None:
    spoilt = [update("message", {"text": "?"}, 2), update("message", None, 3), "rubbish"]
    script = Script().on("getUpdates", ok([text_update(1), *spoilt, text_update(4), update("poll", {}, 5)]))
    batch = await chat_on(script).read(None)
    assert [one.event is not None for one in batch.arrivals] == [True, False, False, False, True]
    assert all(one.reason for one in batch.arrivals if one.event is None)
    assert all(json.loads(one.raw) is not None for one in batch.arrivals)
    assert batch.cursor == "6"


async def test_what_nobody_can_confirm_is_not_asked_for_without_a_pause() -> None:
    naps: list[float] = []
    script = Script().on("getUpdates", ok(["rubbish"]))
    batch = await chat_on(script, naps=naps).read(None)
    assert len(batch.arrivals) == 1
    assert naps == [1.0]


async def test_the_raw_update_never_holds_the_token() -> None:
    batch = await chat_on(Script().on("getUpdates", ok([text_update(1, f"мой токен {TOKEN}")]))).read(None)
    assert SECRET not in batch.arrivals[0].raw
    assert json.loads(batch.arrivals[0].raw)["message"]["text"] == "мой токен <token>"


async def test_reading_takes_no_place_in_the_budget() -> None:
    budget = OpenBudget()
    await chat_on(Script(), budget=budget).read(None)
    assert budget.calls == []


async def test_a_message_in_a_group_makes_the_bot_ask_its_name_once() -> None:
    called = update(
        "message",
        message(chat=GROUP, text="@desk_bot", entities=[{"type": "mention", "offset": 0, "length": 9}]),
    )
    script = Script().on("getUpdates", ok([called]))
    chat = chat_on(script)
    for _ in range(2):
        event = (await chat.read(None)).arrivals[0].event
        assert isinstance(event, ClientWrote)
        assert event.addressed
    assert script.methods().count("getMe") == 1


async def test_an_edit_and_its_message_are_different_events() -> None:
    edit = update("edited_message", message(text="b", edit_date=DATE) | {"message_id": 1}, 2)
    batch = await chat_on(Script().on("getUpdates", ok([text_update(1), edit]))).read(None)
    assert len({one.key for one in batch.arrivals}) == 2


@pytest.mark.parametrize(
    ("answer", "expected", "retry_after"),
    [
        (bad(401, "Unauthorized"), WrongToken, None),
        (bad(404, "Not Found"), WrongToken, None),
        (bad(409, "Conflict: terminated by other getUpdates request"), Unavailable, 3.0),
        (bad(429, "Too Many Requests", retry_after=9), Unavailable, 9.0),
        (bad(400, "Bad Request: invalid"), Unavailable, None),
        (bad(500, "Internal"), Unavailable, None),
        (httpx.Response(502, text="<html>"), Unavailable, None),
        (httpx.Response(404, text="<html>"), Unavailable, None),
        (httpx.Response(200, text="<html>"), Unavailable, None),
        (httpx.Response(200, json={"ok": False, "error_code": 409, "description": "Conflict"}), Unavailable, 3.0),
        (httpx.Response(200, json={"ok": True, "result": {}}), Unavailable, None),
        (httpx.ReadTimeout("slow"), Unavailable, None),
        (httpx.ConnectError("refused"), Unavailable, None),
    ],
)
async def test_a_poll_that_fails_says_how(
    answer: Answer, expected: type[Unavailable | WrongToken], retry_after: float | None
) -> None:
    chat = chat_on(Script().on("getUpdates", answer))
    with pytest.raises(expected) as caught:
        await chat.read(None)
    if isinstance(caught.value, Unavailable):
        assert caught.value.retry_after == retry_after
    assert chat.last_good_poll is None
    assert SECRET not in str(caught.value)


async def test_the_last_good_poll_is_known() -> None:
    chat = chat_on(Script())
    assert chat.last_good_poll is None
    await chat.read(None)
    assert chat.last_good_poll == 1000.0


async def test_after_three_polls_without_success_the_client_is_built_anew() -> None:
    trouble: list[Answer] = [httpx.ReadTimeout("slow")] * 4
    chat = chat_on(Script().on("getUpdates", *trouble, ok([]), httpx.ReadTimeout("slow")))
    rebuilds = []
    for _ in range(4):
        with pytest.raises(Unavailable):
            await chat.read(None)
        rebuilds.append(chat.poll_client_rebuilds)
    assert rebuilds == [0, 0, 1, 1]
    await chat.read(None)
    with pytest.raises(Unavailable):
        await chat.read(None)
    assert chat.poll_client_rebuilds == 1
    await chat.aclose()


async def test_a_failed_poll_leaves_the_cursor_where_it_was() -> None:
    script = Script().on("getUpdates", ok([text_update(1)]), bad(500, "Internal"), ok([]))
    chat = chat_on(script)
    cursor = (await chat.read(None)).cursor
    with pytest.raises(Unavailable):
        await chat.read(cursor)
    await chat.read(cursor)
    assert offsets(script) == [None, 2, 2]


async def test_a_poll_whose_answer_trickles_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    monkeypatch.setattr("adapters.telegram.polling._SLACK", 0.05)

    class Trickle(Script):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await asyncio.sleep(60)
            return self.success(Seen("getUpdates", "", {}, b"", 0))

    chat = chat_on(Trickle(), poll_seconds=0)
    with pytest.raises(Unavailable, match="hangs"):
        await chat.read(None)
