"""Everything the stand-in says has the shape that Telegram publishes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.telegram.shapes import faults_of
from tests.sandbox.telegram.stand import ANNA, Stand

KINDS = (
    "text", "photo", "video", "video_note", "animation", "audio", "voice", "document", "sticker", "location",
    "venue", "contact", "dice",
)  # fmt: skip
PLACE = {"latitude": 55.7, "longitude": 37.6}


@pytest.mark.parametrize(
    ("value", "kind", "fault"),
    [
        ({"file_id": "a"}, "File", "File.file_unique_id is missing"),
        ({"id": 1, "is_bot": 0, "first_name": "A"}, "User", "User.is_bot: 0 is no Boolean"),
        ({"id": 1, "is_bot": False, "first_name": "A", "shoe": 1}, "User", "User.shoe is unknown"),
    ],
)
def test_the_walker_sees_what_is_wrong(value: Any, kind: str, fault: str) -> None:
    assert faults_of(value, kind) == [fault]


@pytest.mark.parametrize("kind", KINDS)
async def test_whatever_a_person_sends_is_a_published_update(stand: Stand, kind: str) -> None:
    first = await stand.writes("/start see https://example.org #now @somebody")
    await stand.control(
        "POST", f"chats/{ANNA}/messages", kind=kind, text="привет", caption="подпись", **PLACE,
        reply_to=first, quote="see", forward_from="Hidden Person", media_group="5",
    )  # fmt: skip
    updates = await stand.updates()
    assert len(updates) == 2
    assert kind in updates[1]["message"]
    assert faults_of(updates, "Array of Update") == []


async def test_edits_taps_blocks_and_groups_are_published_updates(stand: Stand) -> None:
    first = await stand.writes()
    await stand.control("PUT", f"chats/{ANNA}/messages/{first}", text="better")
    rows = [[{"text": "Yes", "callback_data": "y"}]]
    await stand.call("sendMessage", chat_id=ANNA, text="?", reply_markup={"inline_keyboard": rows})
    await stand.control("POST", f"chats/{ANNA}/taps", label="Yes")
    await stand.control("POST", f"chats/{ANNA}/taps", label="Yes", inaccessible=True)
    await stand.control("POST", f"chats/{ANNA}/block")
    await stand.control("POST", f"chats/{ANNA}/unblock")
    await stand.call("getUpdates", allowed_updates=["message", "my_chat_member", "message_reaction"], offset=-20)
    await stand.control("POST", f"chats/{ANNA}/messages/{first}/reactions", emoji="👍")
    await stand.control("POST", "chats", id=-5, type="group", title="Agents", members=[ANNA], bot_is_admin=True)
    await stand.control("POST", "chats/-5/migrate")
    await stand.control("POST", "chats/-1000000000005/kick")
    updates = await stand.updates()
    kinds = [next(name for name in update if name != "update_id") for update in updates]
    assert kinds == [
        "message", "edited_message", "callback_query", "callback_query", "my_chat_member", "my_chat_member",
        "message_reaction", "my_chat_member", "message", "message", "message", "my_chat_member",
    ]  # fmt: skip
    assert faults_of(updates, "Array of Update") == []


async def test_what_a_bot_sends_comes_back_as_a_published_message(opened: Stand) -> None:
    photo = (await opened.sends("photo"), await opened.updates())[1][-1]["message"]["photo"][-1]["file_id"]
    said = await opened.call(
        "sendMessage", chat_id=ANNA, text="<b>bold</b>", parse_mode="HTML",
        reply_parameters={"message_id": 1, "quote": "start"}, protect_content=True,
    )  # fmt: skip
    answers = [
        said,
        await opened.call("sendPhoto", chat_id=ANNA, photo=photo, caption="c", has_spoiler=True),
        await opened.call("sendVenue", chat_id=ANNA, **PLACE, title="t", address="a"),
        await opened.call("sendContact", chat_id=ANNA, phone_number="+7", first_name="B"),
        await opened.call("forwardMessage", chat_id=ANNA, from_chat_id=ANNA, message_id=1),
        await opened.call("editMessageText", chat_id=ANNA, message_id=said["message_id"], text="new"),
    ]
    assert [fault for message in answers for fault in faults_of(message, "Message")] == []


async def test_the_smaller_answers_are_published_types(opened: Stand) -> None:
    file_id = (await opened.sends("voice"), await opened.updates())[1][-1]["message"]["voice"]["file_id"]
    asked = {
        "User": await opened.call("getMe"),
        "File": await opened.call("getFile", file_id=file_id),
        "WebhookInfo": await opened.call("getWebhookInfo"),
        "ChatFullInfo": await opened.call("getChat", chat_id=ANNA),
        "ChatMember": await opened.call("getChatMember", chat_id=ANNA, user_id=ANNA),
        "UserProfilePhotos": await opened.call("getUserProfilePhotos", user_id=ANNA),
        "MessageId": await opened.call("copyMessage", chat_id=ANNA, from_chat_id=ANNA, message_id=1),
    }
    assert {kind: faults_of(value, kind) for kind, value in asked.items()} == {kind: [] for kind in asked}
