"""How the bot stands with Telegram, and what was kept aside read anew."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from connector.domain.events import ClientWrote
from connector.ports import Unavailable, WrongToken
from tests.adapters.telegram.support import BOT, NOW, TOKEN, Script, bad, chat_on, ok

ERROR_AT = datetime(2025, 11, 22, 11, 0, tzinfo=UTC)
INFO = {
    "url": f"https://bot.example/hooks/telegram?{TOKEN}",
    "has_custom_certificate": False,
    "pending_update_count": 7,
    "last_error_date": int(ERROR_AT.timestamp()),
    "last_error_message": f"Wrong response for {TOKEN}",
}


def _dated(info: dict[str, object], behind: timedelta) -> httpx.Response:
    told = format_datetime(NOW - behind, usegmt=True)
    return httpx.Response(200, json={"ok": True, "result": info}, headers={"Date": told})


async def test_a_checkup_tells_bot_updates_and_clock_and_never_the_token() -> None:
    script = Script().on("getWebhookInfo", _dated(INFO, timedelta(seconds=40)))
    seen = await chat_on(script).checkup()
    assert (seen.who, seen.pending, seen.error_at) == ("@desk_bot", 7, ERROR_AT)
    assert seen.skew is not None
    assert abs(seen.skew - 40) <= 1
    assert TOKEN not in repr(seen)
    assert script.methods()[:2] == ["getMe", "getWebhookInfo"]


async def test_both_steps_to_a_clients_file_are_tried_with_one_that_does_not_exist() -> None:
    info = ok({"url": "", "has_custom_certificate": False, "pending_update_count": 0})
    unknown, none = bad(400, "Bad Request: invalid file_id"), bad(404, "Not Found")

    def script(asked: httpx.Response, fetched: httpx.Response | Exception) -> Script:
        return Script().on("getWebhookInfo", info).on("getFile", asked).on("no-such-file", fetched)

    assert (await chat_on(script(unknown, none)).checkup()).files == ""
    for asked, fetched, word in (
        (bad(502, "Bad Gateway"), none, "getFile: "),
        (unknown, httpx.Response(404, text="<html>"), "the file server: an answer that is not"),
        (unknown, httpx.ConnectError(f"no way to {TOKEN}"), "the file server: "),
    ):
        found = (await chat_on(script(asked, fetched)).checkup()).files
        assert found.startswith(word)
        assert TOKEN not in found


async def test_a_server_without_clock_or_webhook_is_told_so() -> None:
    info = {"url": "", "has_custom_certificate": False, "pending_update_count": 0}
    seen = await chat_on(Script().on("getWebhookInfo", ok(info))).checkup()
    assert (seen.skew, seen.webhook, seen.error) == (None, "", None)


async def test_trouble_is_told_as_ever() -> None:
    with pytest.raises(Unavailable):
        await chat_on(Script().on("getWebhookInfo", httpx.ConnectError("gone"))).checkup()
    with pytest.raises(Unavailable):
        await chat_on(Script().on("getWebhookInfo", ok("odd"))).checkup()
    with pytest.raises(WrongToken):
        await chat_on(Script().on("getMe", bad(401, "Unauthorized"))).checkup()


async def test_an_update_kept_aside_is_read_as_today() -> None:
    person = {"id": 77, "is_bot": False, "first_name": "Anna"}
    message = {"message_id": 5, "date": 1763812800, "from": person, "text": "words"}
    private = {"update_id": 9, "message": {**message, "chat": {"id": 77, "type": "private", "first_name": "Anna"}}}
    script = Script()
    read = await chat_on(script).reread(json.dumps(private), NOW)
    assert read is not None
    assert isinstance(read.event, ClientWrote)
    assert (read.key, read.event.words.text.plain, script.methods()) == (f"telegram:{BOT}/77/5", "words", [])
    spoilt = await chat_on(script).reread('{"update_id": 9, "message": {"date": "noon"}}', NOW)
    assert spoilt is not None
    assert spoilt.event is None
    assert await chat_on(script).reread('{"update_id": 9, "poll": {}}', NOW) is None
    nonsense = await chat_on(script).reread("no JSON", NOW)
    assert nonsense is not None
    assert nonsense.event is None


async def test_of_a_group_it_must_be_known_whom_a_message_calls() -> None:
    person = {"id": 77, "is_bot": False, "first_name": "Anna"}
    chat = {"id": -5, "type": "group", "title": "Wash"}
    message = {"message_id": 5, "date": 1763812800, "from": person, "chat": chat, "text": "w"}
    script = Script()
    read = await chat_on(script).reread(json.dumps({"update_id": 9, "message": message}), NOW)
    assert read is not None
    assert script.methods() == ["getMe"]
