"""What Telegram refuses, the stand-in refuses in the same words."""

from __future__ import annotations

from typing import Any

import pytest
from telegram.constants import ReactionEmoji

from sandbox.telegram.editing import REACTIONS
from tests.sandbox.telegram.stand import ANNA, TOKEN, Stand

BUTTON_CASES: list[tuple[dict[str, Any], str]] = [
    ({"text": "A", "callback_data": ""}, "BUTTON_DATA_INVALID"),
    ({"text": "A", "callback_data": "я" * 33}, "BUTTON_DATA_INVALID"),
    ({"text": "A"}, "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"),
    ({"text": "A", "callback_data": "a", "url": "https://a.b"}, "can't parse inline keyboard button: exactly one "),
    ({"text": "A", "url": "nowhere"}, "inline keyboard button URL 'nowhere' is invalid: Wrong HTTP URL"),
    ({"text": "", "callback_data": "a"}, 'can\'t parse inline keyboard button: Field "text"'),
    ({"text": "A", "copy_text": {"text": ""}}, "BUTTON_COPY_TEXT_INVALID"),
]


async def test_a_wrong_token_is_401_and_an_unknown_method_404(stand: Stand) -> None:
    wrong = await stand.client.post("/bot1:wrong/getMe")
    unknown = await stand.client.get(f"/bot{TOKEN}/getNothing")
    assert (wrong.status_code, wrong.json()) == (
        401,
        {"ok": False, "error_code": 401, "description": "Unauthorized"},
    )
    assert (unknown.status_code, unknown.json()["description"]) == (404, "Not Found")


async def test_method_names_have_any_case_and_parameters_any_encoding(opened: Stand) -> None:
    address = f"/bot{TOKEN}/SENDmessage"
    values = {"chat_id": str(ANNA), "text": "привет"}
    answers = [
        await opened.client.get(address, params=values),
        await opened.client.post(address, data=values),
        await opened.client.post(address, json=values),
        await opened.client.post(address, data=values, files={"unused": b"x"}),
        await opened.client.post(address, params=values),
    ]
    assert [answer.json()["result"]["text"] for answer in answers] == ["привет"] * 5


@pytest.mark.parametrize(
    ("text", "description"),
    [
        ("", "Bad Request: message text is empty"),
        ("   \n", "Bad Request: text must be non-empty"),
        ("a" * 4097, "Bad Request: message is too long"),
        ("👍" * 2049, "Bad Request: message is too long"),
    ],
)
async def test_texts_have_their_limits(opened: Stand, text: str, description: str) -> None:
    assert await opened.refused("sendMessage", chat_id=ANNA, text=text) == (400, description)


async def test_the_limit_holds_after_markup_is_parsed(opened: Stand) -> None:
    text = "<b>" + "a" * 4096 + "</b>"
    sent = await opened.call("sendMessage", chat_id=ANNA, text=text, parse_mode="HTML")
    assert len(sent["text"]) == 4096
    file_id = (await opened.sends("document"), await opened.updates())[1][-1]["message"]["document"]["file_id"]
    too_long = await opened.refused("sendDocument", chat_id=ANNA, document=file_id, caption="a" * 1025)
    assert too_long == (400, "Bad Request: message caption is too long")
    assert (await opened.call("sendDocument", chat_id=ANNA, document=file_id, caption="a" * 1024))["document"]


async def test_a_chat_exists_only_after_its_person_wrote(stand: Stand) -> None:
    refusal = (400, "Bad Request: chat not found")
    assert await stand.refused("sendMessage", chat_id=ANNA, text="hi") == refusal
    assert await stand.refused("sendMessage", chat_id="@nobody", text="hi") == refusal
    assert await stand.refused("sendMessage", text="hi") == (400, "Bad Request: chat_id is empty")
    await stand.writes()
    assert (await stand.call("sendMessage", chat_id=str(ANNA), text="hi"))["message_id"] == 2


@pytest.mark.parametrize(
    ("entity", "description"),
    [
        ({"type": "bold", "offset": 0, "length": 99}, "entity beginning at UTF-16 offset 0 ends after the end"),
        ({"type": "bold", "offset": 1, "length": 2}, "entity beginning at UTF-16 offset 1 begins in a middle"),
        ({"type": "bold", "offset": 0, "length": 1}, "entity beginning at UTF-16 offset 0 ends in a middle"),
        ({"type": "shiny", "offset": 0, "length": 2}, "can't parse MessageEntity: Unsupported type"),
        ({"type": "bold", "offset": "0", "length": 2}, "can't parse MessageEntity"),
    ],
)
async def test_entities_that_do_not_fit_are_refused(opened: Stand, entity: dict[str, Any], description: str) -> None:
    status, said = await opened.refused("sendMessage", chat_id=ANNA, text="👍 ok", entities=[entity])
    assert (status, said.startswith(f"Bad Request: {description}")) == (400, True), said


async def test_empty_entities_are_dropped_and_entities_follow_trimmed_text(opened: Stand) -> None:
    entities = [{"type": "bold", "offset": 2, "length": 3}, {"type": "italic", "offset": 0, "length": 0}]
    sent = await opened.call("sendMessage", chat_id=ANNA, text="  👍a  ", entities=entities)
    assert sent["text"] == "👍a"
    assert sent["entities"] == [{"type": "bold", "offset": 0, "length": 3}]


@pytest.mark.parametrize(("button", "description"), BUTTON_CASES)
async def test_inline_buttons_are_checked(opened: Stand, button: dict[str, Any], description: str) -> None:
    status, said = await opened.refused(
        "sendMessage", chat_id=ANNA, text="?", reply_markup={"inline_keyboard": [[button]]}
    )
    assert (status, said.startswith(f"Bad Request: {description}")) == (400, True), said


async def test_callback_data_of_exactly_64_bytes_passes(opened: Stand) -> None:
    rows = {"inline_keyboard": [[{"text": "A", "callback_data": "я" * 32}]]}
    assert (await opened.call("sendMessage", chat_id=ANNA, text="?", reply_markup=rows))["reply_markup"] == rows


async def test_edits_are_refused_as_telegram_refuses_them(opened: Stand) -> None:
    sent = (await opened.call("sendMessage", chat_id=ANNA, text="same"))["message_id"]
    where = {"chat_id": ANNA, "message_id": sent}
    said = (await opened.refused("editMessageText", **where, text="same"))[1]
    assert said.startswith("Bad Request: message is not modified: specified new message content and reply markup")
    assert (await opened.refused("editMessageReplyMarkup", **where))[1].startswith("Bad Request: message is not mod")
    assert (await opened.refused("editMessageCaption", **where, caption="c"))[1] == (
        "Bad Request: there is no caption in the message to edit"
    )
    assert await opened.refused("editMessageText", chat_id=ANNA, message_id=1, text="mine") == (
        400,
        "Bad Request: message can't be edited",
    )
    missing = await opened.refused("editMessageText", chat_id=ANNA, message_id=77, text="x")
    assert missing == (400, "Bad Request: message to edit not found")


async def test_deletions_are_refused_when_missing_or_too_old(opened: Stand) -> None:
    missing = await opened.refused("deleteMessage", chat_id=ANNA, message_id=77)
    assert missing == (400, "Bad Request: message to delete not found")
    opened.hand.seconds += 48 * 3600
    old = await opened.refused("deleteMessage", chat_id=ANNA, message_id=1)
    assert old == (400, "Bad Request: message can't be deleted")


async def test_a_reply_to_nothing_is_refused_unless_it_may_go_without(opened: Stand) -> None:
    missing = {"message_id": 77}
    refusal = await opened.refused("sendMessage", chat_id=ANNA, text="a", reply_parameters=missing)
    assert refusal == (400, "Bad Request: message to be replied not found")
    missing["allow_sending_without_reply"] = True
    assert "reply_to_message" not in await opened.call("sendMessage", chat_id=ANNA, text="a", reply_parameters=missing)
    wrong = {"message_id": 1, "quote": "not said"}
    assert await opened.refused("sendMessage", chat_id=ANNA, text="a", reply_parameters=wrong) == (
        400,
        "Bad Request: QUOTE_TEXT_INVALID",
    )


async def test_only_the_fixed_reactions_pass(opened: Stand) -> None:
    reaction = [{"type": "emoji", "emoji": "✅"}]
    refusal = await opened.refused("setMessageReaction", chat_id=ANNA, message_id=1, reaction=reaction)
    assert refusal == (400, "Bad Request: REACTION_INVALID")
    coloured = [{"type": "emoji", "emoji": "❤\ufe0f"}]
    spelled = await opened.refused("setMessageReaction", chat_id=ANNA, message_id=1, reaction=coloured)
    assert spelled == (400, "Bad Request: REACTION_INVALID")
    missing = await opened.refused("setMessageReaction", chat_id=ANNA, message_id=77, reaction=[])
    assert missing == (400, "Bad Request: message to react not found")


def test_the_list_of_reactions_is_the_published_one() -> None:
    assert {emoji.value.replace("\ufe0f", "") for emoji in ReactionEmoji} == REACTIONS


async def test_an_old_or_unknown_tap_cannot_be_answered(opened: Stand) -> None:
    too_old = (400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
    assert await opened.refused("answerCallbackQuery", callback_query_id="5") == too_old
    rows = {"inline_keyboard": [[{"text": "A", "callback_data": "a"}]]}
    await opened.call("sendMessage", chat_id=ANNA, text="?", reply_markup=rows)
    tap = await opened.control("POST", f"chats/{ANNA}/taps", label="A")
    await opened.control("POST", "expire", kind="callback_query")
    assert await opened.updates() == []
    assert await opened.refused("answerCallbackQuery", callback_query_id=tap["callback_query_id"]) == too_old


async def test_a_topic_that_does_not_exist_is_refused(opened: Stand) -> None:
    refusal = await opened.refused("sendMessage", chat_id=ANNA, text="a", message_thread_id=1)
    assert refusal == (400, "Bad Request: message thread not found")


@pytest.mark.parametrize(
    ("method", "parameters", "description"),
    [
        ("sendChatAction", {"action": "dancing"}, "wrong parameter action in request"),
        ("sendLocation", {"latitude": 91, "longitude": 0}, "wrong location specified"),
        ("sendContact", {"first_name": "A"}, "PHONE_NUMBER_INVALID"),
        ("sendMessage", {"text": "a", "parse_mode": "BBCode"}, "unsupported parse_mode"),
        ("sendMessage", {"text": "a", "reply_markup": "{"}, "can't parse reply markup JSON object"),
        ("sendMessage", {"text": "a", "reply_markup": {"what": 1}}, "object expected as reply markup"),
        ("sendPhoto", {"photo": "unknown"}, "wrong file identifier/HTTP URL specified"),
        ("sendPhoto", {"photo": "https://a.example/b.jpg"}, "failed to get HTTP URL content"),
        ("sendPhoto", {}, "there is no photo in the request"),
        ("getFile", {"file_id": "x"}, "wrong file_id or the file is temporarily unavailable"),
        ("setMyCommands", {"commands": [{"command": "No Good", "description": "a"}]}, "BOT_COMMAND_INVALID"),
    ],
)
async def test_other_refusals(opened: Stand, method: str, parameters: dict[str, Any], description: str) -> None:
    assert await opened.refused(method, chat_id=ANNA, **parameters) == (400, f"Bad Request: {description}")


@pytest.mark.parametrize(
    ("parameters", "description"),
    [
        ({"commands": [{"command": "a", "description": "b"}] * 101}, "BOT_COMMANDS_TOO_MUCH"),
        ({"commands": [{"command": "Новое", "description": "b"}]}, "BOT_COMMAND_INVALID"),
        ({"commands": [{"command": " / ", "description": "b"}]}, "command must be non-empty"),
        ({"commands": [{"command": "a" * 33, "description": "b"}]}, "command length must not exceed 32"),
        ({"commands": [{"command": "a", "description": " "}]}, "command description must be non-empty"),
        (
            {"commands": [{"command": "a", "description": "b" * 257}]},
            "command description length must not exceed 256",
        ),
        ({"commands": [], "language_code": "pt-BR"}, "invalid language code specified"),
        ({"commands": [], "language_code": "RU"}, "invalid language code specified"),
        ({"commands": [], "scope": {"type": "everybody"}}, "can't parse BotCommandScope: unsupported type specified"),
        ({"commands": [], "scope": ["all"]}, "can't parse BotCommandScope: expected an Object"),
        ({"commands": [], "scope": {"type": "chat", "chat_id": 5}}, "chat not found"),
        (
            {"commands": [], "scope": {"type": "chat_administrators", "chat_id": ANNA}},
            "can't use specified scope in private chats",
        ),
    ],
)
async def test_commands_have_their_limits(opened: Stand, parameters: dict[str, Any], description: str) -> None:
    assert await opened.refused("setMyCommands", **parameters) == (400, f"Bad Request: {description}")
