"""People write, edit, tap and leave, alone and in groups."""

from __future__ import annotations

from tests.sandbox.telegram.stand import ANNA, Stand

BORIS = 7002


async def test_both_sides_count_messages_together_and_the_transcript_has_them_in_order(opened: Stand) -> None:
    await opened.call("sendMessage", chat_id=ANNA, text="Hello", reply_parameters={"message_id": 1})
    await opened.sends("photo", caption="see *this*", reply_to=2)
    shown = await opened.transcript()
    assert [(m["message_id"], m["from"], m["kind"], m["text"]) for m in shown["messages"]] == [
        (1, "user", "text", "/start"),
        (2, "bot", "text", "Hello"),
        (3, "user", "photo", "see *this*"),
    ]
    assert [m["reply_to"] for m in shown["messages"]] == [None, 1, 2]
    assert shown["messages"][0]["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]
    assert (await opened.control("GET", "chats"))[0]["last"] == {
        "message_id": 3,
        "kind": "photo",
        "text": "see *this*",
    }


async def test_an_album_comes_in_parts_with_gaps(opened: Stand) -> None:
    parts = [{"caption": "two pictures"}, {}, {"kind": "video"}]
    sent = await opened.control("POST", f"chats/{ANNA}/albums", parts=parts, gaps=[0.2, 1.5])
    assert [part["message_id"] for part in sent] == [2, 3, 4]
    assert opened.hand.slept == [0.2, 1.5]
    messages = [update["message"] for update in await opened.updates()]
    assert len({message["media_group_id"] for message in messages}) == 1
    assert [message.get("caption") for message in messages] == ["two pictures", None, None]
    assert [message["date"] - messages[0]["date"] for message in messages] == [0, 0, 1]


async def test_forwards_quotes_and_foreign_fields_come_along(opened: Stand) -> None:
    await opened.writes("one", forward_from="Hidden")
    await opened.writes("two", forward_from=ANNA)
    channel = {"type": "channel", "chat": {"id": -9, "type": "channel", "title": "C"}, "message_id": 5}
    await opened.writes("three", forward_from=channel)
    await opened.writes("four", reply_to=1, quote="start", extra={"brand_new_field": {"x": 1}})
    one, two, three, four = [update["message"] for update in await opened.updates()]
    assert one["forward_origin"]["sender_user_name"] == "Hidden"
    assert two["forward_origin"]["sender_user"]["id"] == ANNA
    assert three["forward_origin"]["chat"]["id"] == -9
    assert four["quote"] == {"text": "start", "position": 1, "is_manual": True}
    assert four["brand_new_field"] == {"x": 1}


async def test_an_edit_is_the_whole_message_again_and_may_change_nothing(opened: Stand) -> None:
    opened.hand.seconds += 5
    await opened.control("PUT", f"chats/{ANNA}/messages/1", text="/start now")
    await opened.control("PUT", f"chats/{ANNA}/messages/1")
    first, second = [update["edited_message"] for update in await opened.updates()]
    assert (first["text"], first["edit_date"] - first["date"]) == ("/start now", 5)
    assert second["text"] == "/start now"
    assert (await opened.misuse("PUT", f"chats/{ANNA}/messages/9", text="x"))[0] == 404


async def test_bots_are_not_told_of_deleted_messages(opened: Stand) -> None:
    await opened.control("DELETE", f"chats/{ANNA}/messages/1")
    assert await opened.updates() == []
    refusal = await opened.refused("sendMessage", chat_id=ANNA, text="a", reply_parameters={"message_id": 1})
    assert refusal == (400, "Bad Request: message to be replied not found")
    assert (await opened.transcript())["messages"][0]["deleted"] is True


async def test_a_tap_finds_the_newest_button_that_is_really_there(opened: Stand) -> None:
    def rows(data: str) -> dict[str, object]:
        link = {"text": "Site", "url": "https://a.example"}
        return {"inline_keyboard": [[{"text": "Yes", "callback_data": data}, link]]}

    for data in ("old", "new"):
        await opened.call("sendMessage", chat_id=ANNA, text="?", reply_markup=rows(data))
    await opened.control("POST", f"chats/{ANNA}/taps", label="Yes")
    await opened.control("POST", f"chats/{ANNA}/taps", label="Yes", message_id=2)
    link = await opened.control("POST", f"chats/{ANNA}/taps", label="Site")
    assert link["button"]["url"] == "https://a.example"
    await opened.call("deleteMessage", chat_id=ANNA, message_id=3)
    await opened.call("editMessageReplyMarkup", chat_id=ANNA, message_id=2)
    status, error = await opened.misuse("POST", f"chats/{ANNA}/taps", label="Yes")
    assert (status, error) == (404, "no inline button with label 'Yes', data None; there are []")
    taps = [update["callback_query"] for update in await opened.updates()]
    assert [(tap["data"], tap["message"]["message_id"]) for tap in taps] == [("new", 3), ("old", 2)]
    assert taps[0]["chat_instance"] == taps[1]["chat_instance"]


async def test_a_blocked_bot_is_refused_until_it_is_let_in_again(opened: Stand) -> None:
    await opened.control("POST", f"chats/{ANNA}/block")
    refusal = (403, "Forbidden: bot was blocked by the user")
    assert await opened.refused("sendMessage", chat_id=ANNA, text="a") == refusal
    assert await opened.refused("sendChatAction", chat_id=ANNA, action="typing") == refusal
    assert (await opened.misuse("POST", f"chats/{ANNA}/messages", text="a"))[0] == 409
    await opened.control("POST", f"chats/{ANNA}/unblock")
    assert (await opened.call("sendMessage", chat_id=ANNA, text="a"))["message_id"] == 2
    statuses = [update["my_chat_member"]["new_chat_member"]["status"] for update in await opened.updates()]
    assert statuses == ["kicked", "member"]


async def test_a_deactivated_user_is_refused(opened: Stand) -> None:
    await opened.control("POST", f"users/{ANNA}/deactivate")
    refusal = await opened.refused("sendMessage", chat_id=ANNA, text="a")
    assert refusal == (403, "Forbidden: user is deactivated")


async def test_a_group_has_several_writers_becomes_a_supergroup_and_throws_the_bot_out(stand: Stand) -> None:
    await stand.control("POST", "users", id=BORIS, first_name="Boris")
    await stand.control("POST", "chats", id=-5, type="group", title="Agents", members=[ANNA, BORIS])
    for writer in (ANNA, BORIS):
        await stand.control("POST", "chats/-5/messages", text="hi", from_id=writer)
    assert (await stand.misuse("POST", "chats/-5/messages", text="hi", from_id=1))[0] == 400
    updates = await stand.updates()
    assert updates[0]["my_chat_member"]["new_chat_member"]["status"] == "member"
    assert "new_chat_members" in updates[1]["message"]
    assert [update["message"]["from"]["id"] for update in updates[2:]] == [ANNA, BORIS]
    keyboard = {"keyboard": [[{"text": "Number", "request_contact": True}]]}
    refusal = await stand.refused("sendMessage", chat_id=-5, text="a", reply_markup=keyboard)
    assert refusal == (400, "Bad Request: phone number can be requested in private chats only")
    not_ours = await stand.refused("deleteMessage", chat_id=-5, message_id=2)
    assert not_ours == (400, "Bad Request: message can't be deleted")
    await stand.control("POST", "chats/-5/migrate", new_id=-1005)
    answer = await stand.client.get(f"/bot{'4242:stand-in_TOKEN'}/sendMessage?chat_id=-5&text=a")
    assert answer.json() == {
        "ok": False,
        "error_code": 400,
        "description": "Bad Request: group chat was upgraded to a supergroup chat",
        "parameters": {"migrate_to_chat_id": -1005},
    }
    assert (await stand.call("sendMessage", chat_id=-1005, text="a"))["chat"]["type"] == "supergroup"
    await stand.control("POST", "chats/-1005/kick")
    refusal = await stand.refused("sendMessage", chat_id=-1005, text="a")
    assert refusal == (403, "Forbidden: bot was kicked from the supergroup chat")


async def test_a_selective_keyboard_shows_to_those_it_is_meant_for_and_a_press_answers_it(stand: Stand) -> None:
    await stand.control("POST", "users", id=BORIS, first_name="Boris", username="boris")
    await stand.control("POST", "chats", id=-5, type="group", title="Yard", members=[ANNA, BORIS])
    asked = await stand.control("POST", "chats/-5/messages", text="hi", from_id=ANNA)
    keyboard = {"keyboard": [["New"]], "selective": True}
    await stand.call("sendMessage", chat_id=-5, text="all of you", reply_markup=keyboard)
    assert (await stand.transcript(-5))["reply_keyboard"] is None
    reply = {"message_id": asked["message_id"]}
    said = await stand.call("sendMessage", chat_id=-5, text="well?", reply_markup=keyboard, reply_parameters=reply)
    assert (await stand.misuse("POST", "chats/-5/presses", label="New", from_id=BORIS))[0] == 404
    await stand.control("POST", "chats/-5/presses", label="New", from_id=ANNA)
    pressed = (await stand.updates())[-1]["message"]
    assert (pressed["text"], pressed["reply_to_message"]["message_id"]) == ("New", said["message_id"])
    await stand.call("sendMessage", chat_id=-5, text="@Boris, well?", reply_markup=keyboard)
    await stand.control("POST", "chats/-5/presses", label="New", from_id=BORIS)
    gone = {"remove_keyboard": True, "selective": True}
    await stand.call("sendMessage", chat_id=-5, text="@boris thanks", reply_markup=gone)
    assert (await stand.misuse("POST", "chats/-5/presses", label="New", from_id=BORIS))[0] == 404


async def test_a_shared_contact_is_a_persons_own_only_without_a_number_given(opened: Stand) -> None:
    await opened.control("POST", "users", id=ANNA, first_name="Anna", last_name="Lee")
    await opened.sends("contact")
    await opened.sends("contact", phone_number="+79991112233", first_name="Boris")
    own, other = [update["message"]["contact"] for update in await opened.updates()]
    assert own == {"phone_number": "+79990007001", "first_name": "Anna", "last_name": "Lee", "user_id": ANNA}
    assert other == {"phone_number": "+79991112233", "first_name": "Boris"}


async def test_reactions_of_people_are_told_only_when_asked_for(opened: Stand) -> None:
    path = f"chats/{ANNA}/messages/1/reactions"
    assert await opened.control("POST", path, emoji="👍") == {"update_id": None}
    await opened.call("getUpdates", allowed_updates=["message_reaction"])
    assert (await opened.control("POST", path, emoji=""))["update_id"] is not None
    told = (await opened.updates())[0]["message_reaction"]
    assert (told["old_reaction"], told["new_reaction"]) == ([{"type": "emoji", "emoji": "👍"}], [])


async def test_wrong_control_calls_say_what_is_wrong(stand: Stand) -> None:
    path = f"chats/{ANNA}/messages"
    assert await stand.misuse("POST", path, kind="text") == (400, "a text message needs text")
    assert (await stand.misuse("POST", path, text="a" * 4097))[0] == 400
    assert (await stand.misuse("POST", path, kind="thought"))[0] == 400
    assert (await stand.misuse("POST", path, text="a", reply_to=9))[0] == 404
    assert (await stand.misuse("POST", "chats/1/messages", text="a"))[0] == 404
    assert (await stand.misuse("GET", "chats/anna"))[0] == 404
    assert (await stand.misuse("POST", "users", id=-1, first_name="A"))[0] == 400
    assert (await stand.misuse("POST", f"chats/{ANNA}/block"))[0] == 409
    assert (await stand.misuse("POST", "duplicate", update_id=5))[0] == 404
