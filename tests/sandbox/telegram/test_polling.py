"""getUpdates hands out, confirms and forgets as Telegram does."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.sandbox.telegram.stand import ANNA, TOKEN, Stand, standing


async def _texts(stand: Stand, **parameters: Any) -> list[str]:
    return [update["message"]["text"] for update in await stand.updates(**parameters)]


async def test_updates_stay_until_a_higher_offset_confirms_them(stand: Stand) -> None:
    for text in "abc":
        await stand.writes(text)
    first = await stand.updates()
    assert await stand.updates() == first
    ids = [update["update_id"] for update in first]
    assert ids == list(range(ids[0], ids[0] + 3))
    assert await _texts(stand, offset=ids[1]) == ["b", "c"]
    assert await _texts(stand, offset=0) == ["b", "c"]


async def test_a_negative_offset_keeps_only_the_last_ones(stand: Stand) -> None:
    for text in "abcd":
        await stand.writes(text)
    assert await _texts(stand, offset=-2) == ["c", "d"]
    assert await _texts(stand) == ["c", "d"]


async def test_an_offset_far_in_the_future_is_not_believed(stand: Stand) -> None:
    await stand.writes("a")
    last = (await stand.updates())[-1]["update_id"]
    assert await _texts(stand, offset=last + 1000) == ["a"]
    assert await _texts(stand, offset=last + 1) == []


@pytest.mark.parametrize(("limit", "count"), [(1, 1), (100, 100), (0, 100), (101, 100)])
async def test_at_most_a_hundred_updates_leave_at_once(stand: Stand, limit: int, count: int) -> None:
    for number in range(105):
        await stand.writes(str(number))
    assert len(await stand.updates(limit=limit)) == count


async def test_a_waiting_poll_is_answered_by_the_next_message(stand: Stand) -> None:
    waiting = asyncio.create_task(stand.updates(timeout=30))
    await asyncio.sleep(0.01)
    await stand.writes("here")
    assert [update["message"]["text"] for update in await asyncio.wait_for(waiting, 5)] == ["here"]


async def test_a_second_poller_ends_the_first_and_repeated_conflicts_are_held_back(stand: Stand) -> None:
    async def poll() -> tuple[int, str]:
        answer = await stand.client.post(f"/bot{TOKEN}/getUpdates", json={"timeout": 30})
        return answer.status_code, answer.json().get("description", "")

    conflict = (
        409,
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    )
    pollers = []
    for _ in range(3):
        pollers.append(asyncio.create_task(poll()))
        await asyncio.sleep(0.01)
    assert await pollers[0] == conflict
    assert await pollers[1] == conflict
    await stand.writes()
    assert (await pollers[2])[0] == 200
    assert 3.0 in stand.hand.slept
    assert (await stand.state())["conflicts"] == 2


async def test_a_poller_that_went_away_leaves_nothing_behind(stand: Stand) -> None:
    poller = asyncio.create_task(stand.updates(timeout=30))
    await asyncio.sleep(0.01)
    poller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await poller
    await stand.writes("kept")
    assert await _texts(stand) == ["kept"]


async def test_the_same_offset_at_once_again_gets_one_update_and_a_longer_wait() -> None:
    async with standing(repeat_seconds=3.0) as stand:
        for text in "ab":
            await stand.writes(text)
        assert await _texts(stand) == ["a", "b"]
        assert await _texts(stand) == ["a"]
        stand.hand.seconds += 4
        assert await _texts(stand) == ["a", "b"]


async def test_taps_are_gone_after_150_seconds_and_messages_after_a_day(opened: Stand) -> None:
    rows = [[{"text": "Yes", "callback_data": "y"}]]
    await opened.call("sendMessage", chat_id=ANNA, text="?", reply_markup={"inline_keyboard": rows})
    await opened.control("POST", f"chats/{ANNA}/taps", label="Yes")
    await opened.writes("still here")
    opened.hand.seconds += 149
    assert len(await opened.updates()) == 2
    opened.hand.seconds += 1
    assert await _texts(opened) == ["still here"]
    opened.hand.seconds += 86400
    assert await opened.updates() == []
    assert (await opened.state())["expired_updates"] == 2


async def test_allowed_updates_stick_and_are_applied_when_an_update_is_made(opened: Stand) -> None:
    await opened.call("getUpdates", allowed_updates=["message"])
    edited = await opened.control("PUT", f"chats/{ANNA}/messages/1", text="/start again")
    assert edited["update_id"] is None
    await opened.writes("new")
    assert await _texts(opened) == ["new"]
    await opened.call("getUpdates", allowed_updates=[])
    assert (await opened.control("PUT", f"chats/{ANNA}/messages/1", text="more"))["update_id"] is not None


async def test_a_duplicate_is_delivered_once_more_even_when_confirmed(opened: Stand) -> None:
    await opened.writes("twice")
    update = (await opened.updates())[0]
    await opened.updates(offset=update["update_id"] + 1)
    await opened.control("POST", "duplicate", update_id=update["update_id"])
    await opened.writes("once")
    both = await opened.updates(offset=update["update_id"] + 1)
    assert both[0] == update
    assert both[1]["message"]["text"] == "once"
    assert await _texts(opened, offset=update["update_id"] + 1) == ["once"]


@pytest.mark.parametrize("raw", [{"message": 5}, {"nonsense": {"deep": [None]}}, {"message": {"text": "\ud800"}}])
async def test_an_injected_update_without_an_id_gets_one_and_keeps_its_shape(stand: Stand, raw: Any) -> None:
    answer = await stand.client.post("/sandbox/updates", content=json.dumps(raw))
    update_id = answer.json()["update_id"]
    assert await stand.updates() == [{"update_id": update_id, **raw}]
    assert await stand.updates(offset=update_id + 1) == []


@pytest.mark.parametrize("raw", [[1, 2], "text", None, {"update_id": "seven"}, {"update_id": 3, "message": {}}])
async def test_an_injected_value_of_any_shape_is_handed_out_once(stand: Stand, raw: Any) -> None:
    answer = await stand.client.post("/sandbox/updates", content=json.dumps(raw))
    assert answer.json() == {"update_id": None}
    assert await stand.updates() == [raw]
    assert await stand.updates() == []


async def test_an_injected_id_ahead_moves_the_counter_as_after_a_silent_week(stand: Stand) -> None:
    await stand.control("POST", "updates", update_id=2_000_000_000, message={})
    await stand.writes("next")
    assert [update["update_id"] for update in await stand.updates()] == [2_000_000_000, 2_000_000_001]


async def test_expire_and_reset_empty_the_queue_but_never_reuse_an_id(stand: Stand) -> None:
    await stand.writes("old")
    first = (await stand.updates())[0]["update_id"]
    assert await stand.control("POST", "expire") == {"expired": [first]}
    await stand.control("POST", "reset")
    assert (await stand.state())["chats"] == 0
    await stand.control("POST", "users", id=ANNA, first_name="Anna")
    await stand.writes("new")
    assert [update["update_id"] for update in await stand.updates()] == [first + 1]
