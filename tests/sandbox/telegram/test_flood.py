"""Too many messages are answered 429, and whoever does not wait is counted."""

from __future__ import annotations

from typing import Any

from sandbox.telegram import Limits
from tests.sandbox.telegram.stand import ANNA, TOKEN, Stand, standing

BORIS = 7002


async def _send(stand: Stand, chat_id: int = ANNA, text: str = "hi") -> Any:
    answer = await stand.client.post(f"/bot{TOKEN}/sendMessage", json={"chat_id": chat_id, "text": text})
    return answer.json()


async def test_a_chat_takes_a_burst_and_then_one_message_a_second() -> None:
    async with standing(Limits(chat_burst=3, overall_per_second=None)) as stand:
        await stand.writes()
        assert [(await _send(stand))["ok"] for _ in range(3)] == [True] * 3
        refusal = await _send(stand)
        assert refusal == {
            "ok": False,
            "error_code": 429,
            "description": "Too Many Requests: retry after 1",
            "parameters": {"retry_after": 1},
        }
        stand.hand.seconds += 1
        assert [(await _send(stand))["ok"] for _ in range(2)] == [True, False]
        assert (await stand.state())["calls_inside_429"] == 0


async def test_a_call_inside_the_window_is_counted_and_only_of_that_chat() -> None:
    async with standing() as stand:
        await stand.control("POST", "users", id=BORIS, first_name="Boris")
        await stand.control("POST", f"chats/{BORIS}/messages", text="hi")
        await stand.writes()
        await stand.control("POST", "faults", method="sendMessage", chat_id=ANNA, retry_after=5)
        assert (await _send(stand))["parameters"] == {"retry_after": 5}
        stand.hand.seconds += 2
        assert (await _send(stand))["parameters"] == {"retry_after": 3}
        assert (await _send(stand, BORIS))["ok"] is True
        state = await stand.state()
        assert (state["calls_inside_429"], state["answered_429"]) == (1, 1)
        assert [call["inside_429"] for call in await stand.control("GET", "calls?method=sendmessage")] == [
            False, True, False,
        ]  # fmt: skip
        stand.hand.seconds += 3
        assert (await _send(stand))["ok"] is True


async def test_all_chats_together_get_thirty_a_second_by_default() -> None:
    async with standing(Limits()) as stand:
        await stand.writes()
        assert sum([(await _send(stand))["ok"] for _ in range(35)]) == 30
        state = await stand.state()
        assert (state["max_calls_in_one_second"], state["calls_inside_429"]) == (35, 4)


async def test_an_album_counts_as_its_parts_and_groups_have_a_limit_a_minute() -> None:
    async with standing(Limits(group_per_minute=4, overall_per_second=None)) as stand:
        await stand.control("POST", "chats", id=-5, type="group", title="G", members=[ANNA])
        await stand.writes()
        await stand.sends("document")
        file_id = (await stand.updates())[-1]["message"]["document"]["file_id"]
        album = [{"type": "document", "media": file_id}] * 3
        await stand.call("sendMediaGroup", chat_id=-5, media=album)
        assert (await stand.refused("sendMediaGroup", chat_id=-5, media=album))[0] == 429
        stand.hand.seconds += 60
        assert len(await stand.call("sendMediaGroup", chat_id=-5, media=album)) == 3


async def test_limits_can_be_changed_while_it_runs(opened: Stand) -> None:
    await opened.control("POST", "limits", chat_burst=1)
    assert [(await _send(opened))["ok"] for _ in range(2)] == [True, False]
    await opened.control("POST", "limits", chat_burst=None)
    opened.hand.seconds += 2
    assert [(await _send(opened))["ok"] for _ in range(2)] == [True, True]
    assert (await opened.misuse("POST", "limits", chat_burst=0))[0] == 400
    assert (await opened.misuse("POST", "limits", speed=1))[0] == 400


async def test_asking_and_typing_are_not_metered() -> None:
    async with standing(Limits(chat_burst=1)) as stand:
        await stand.writes()
        for _ in range(40):
            await stand.call("getMe")
            await stand.call("sendChatAction", chat_id=ANNA, action="typing")
        assert (await stand.state())["max_calls_in_one_second"] == 0
