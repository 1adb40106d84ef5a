"""What is done to messages that are there: edits, taking back, marks, answered taps."""

import json
from typing import Any

import httpx
import pytest

from connector.domain.effects import AnswerTap, Button, DeleteMessage, EditMessage, React, Urgency
from connector.domain.events import Refusal
from connector.domain.refs import Key, Ref
from connector.domain.words import Span, Style, Text
from connector.ports import Rejected, Unavailable
from tests.adapters.telegram.support import BOT, CHAT, OpenBudget, Script, bad, chat_on, message_ref, ok, order

MADE = {Key("first"): (message_ref(5), message_ref(6))}
NOT_MODIFIED = bad(400, "Bad Request: message is not modified: specified new message content and reply markup are…")


def edit(plain: str = "новое", **more: Any) -> EditMessage:
    return EditMessage(
        key=Key("o1"), ticket=None, chat=CHAT, target=Key("first"), text=Text(plain=plain), urgency=Urgency.LABEL,
        **more,
    )  # fmt: skip


def delete() -> DeleteMessage:
    return DeleteMessage(key=Key("o2"), ticket=None, chat=CHAT, target=Key("first"), urgency=Urgency.REPLY)


def react(emoji: str | None, message: Ref | None = None) -> React:
    return React(
        key=Key("o3"), ticket=None, chat=CHAT, message=message or message_ref(9), emoji=emoji, urgency=Urgency.LABEL
    )


def answer_tap(notice: str = "", tap: str = f"{BOT}/tap/438") -> AnswerTap:
    ref = Ref(port="telegram", id=tap)
    return AnswerTap(key=Key("o4"), ticket=None, chat=CHAT, tap=ref, notice=notice, urgency=Urgency.ACKNOWLEDGE)


async def test_an_edit_changes_the_first_message_made() -> None:
    script, budget = Script(), OpenBudget()
    effect = edit(buttons=((Button(label="Да", data="y"),),))
    assert await chat_on(script, budget=budget).perform(order(effect, made=MADE)) == ()
    (seen,) = script.seen
    assert (seen.method, seen.params["chat_id"], seen.params["message_id"]) == ("editMessageText", "77", "5")
    assert seen.params["text"] == "новое"
    assert json.loads(seen.params["reply_markup"])["inline_keyboard"][0][0]["callback_data"] == "y"
    assert budget.calls == [(Urgency.LABEL, "77")]


async def test_what_was_never_made_is_neither_changed_nor_taken_back() -> None:
    script = Script()
    chat = chat_on(script)
    assert await chat.perform(order(edit())) == ()
    assert await chat.perform(order(delete())) == ()
    assert script.seen == []


async def test_an_edit_that_changes_nothing_is_done() -> None:
    assert await chat_on(Script().on("editMessageText", NOT_MODIFIED)).perform(order(edit(), made=MADE)) == ()


@pytest.mark.parametrize(
    ("description", "refusal"),
    [
        ("Bad Request: message to edit not found", Refusal.GONE),
        ("Bad Request: message can't be edited", Refusal.INVALID),
    ],
)
async def test_what_cannot_be_edited_is_refused(description: str, refusal: Refusal) -> None:
    with pytest.raises(Rejected) as caught:
        await chat_on(Script().on("editMessageText", bad(400, description))).perform(order(edit(), made=MADE))
    assert caught.value.refusal is refusal


async def test_the_words_of_a_file_are_its_caption() -> None:
    script = Script().on("editMessageText", bad(400, "Bad Request: there is no text in the message to edit"))
    script.on("editMessageCaption", NOT_MODIFIED)
    await chat_on(script).perform(order(edit(), made=MADE))
    assert script.methods() == ["editMessageText", "editMessageCaption"]
    assert script.seen[1].params["caption"] == "новое"


async def test_an_edits_formatting_that_is_refused_is_left_out() -> None:
    text = Text(plain="abc", spans=(Span(start=0, length=1, style=Style.CODE),))
    script = Script().on("editMessageText", bad(400, "Bad Request: can't parse entities"), ok(True))
    effect = EditMessage(key=Key("o1"), ticket=None, chat=CHAT, target=Key("first"), text=text, urgency=Urgency.REPLY)
    await chat_on(script).perform(order(effect, made=MADE))
    assert ["entities" in seen.params for seen in script.seen] == [True, False]


async def test_an_edit_to_nothing_is_refused() -> None:
    with pytest.raises(Rejected):
        await chat_on(Script()).perform(order(edit(" "), made=MADE))


async def test_everything_the_target_made_is_taken_back() -> None:
    script = Script()
    await chat_on(script).perform(order(delete(), made=MADE))
    assert [(seen.method, seen.params["message_id"]) for seen in script.seen] == [
        ("deleteMessage", "5"),
        ("deleteMessage", "6"),
    ]


async def test_what_is_gone_already_needs_no_taking_back() -> None:
    script = Script().on("deleteMessage", bad(400, "Bad Request: message to delete not found"))
    assert await chat_on(script).perform(order(delete(), made=MADE)) == ()


async def test_what_may_not_be_taken_back_does_not_keep_the_rest() -> None:
    script = Script().on("deleteMessage", bad(400, "Bad Request: message can't be deleted"), ok(True))
    with pytest.raises(Rejected, match="can't be deleted"):
        await chat_on(script).perform(order(delete(), made=MADE))
    assert len(script.seen) == 2


async def test_messages_of_another_bot_are_out_of_reach() -> None:
    made = {Key("first"): (message_ref(5, bot=1),)}
    for effect in (edit(), delete(), react("👀", message_ref(5, bot=1)), answer_tap(tap="1/tap/4")):
        with pytest.raises(Rejected) as caught:
            await chat_on(Script()).perform(order(effect, made=made))
        assert caught.value.refusal is Refusal.GONE


async def test_a_mark_is_put_and_taken_away_without_the_chats_budget() -> None:
    script, budget = Script(), OpenBudget()
    chat = chat_on(script, budget=budget)
    await chat.perform(order(react("❤️")))
    await chat.perform(order(react(None)))
    assert script.methods() == ["setMessageReaction"] * 2
    assert json.loads(script.seen[0].params["reaction"]) == [{"type": "emoji", "emoji": "❤"}]
    assert json.loads(script.seen[1].params["reaction"]) == []
    assert script.seen[0].params["message_id"] == "9"
    assert budget.calls == [(Urgency.LABEL, None)] * 2


async def test_a_mark_is_spelled_as_in_telegrams_list() -> None:
    script = Script()
    await chat_on(script).perform(order(react("🤷‍♂️")))
    assert json.loads(script.seen[0].params["reaction"]) == [{"type": "emoji", "emoji": "🤷‍♂"}]


async def test_a_mark_telegram_does_not_know_is_refused_without_asking() -> None:
    script = Script()
    with pytest.raises(Rejected, match="reactions"):
        await chat_on(script).perform(order(react("✅")))
    assert script.seen == []


@pytest.mark.parametrize("answer", [bad(404, "Not Found"), bad(400, "Bad Request: REACTION_INVALID")])
async def test_a_mark_that_is_not_taken_is_refused(answer: httpx.Response) -> None:
    with pytest.raises(Rejected):
        await chat_on(Script().on("setMessageReaction", answer)).perform(order(react("👀")))


async def test_a_tap_is_answered_with_a_notice_that_fits() -> None:
    script, budget = Script(), OpenBudget()
    chat = chat_on(script, budget=budget)
    await chat.perform(order(answer_tap()))
    await chat.perform(order(answer_tap("я" * 300)))
    assert script.seen[0].params == {"callback_query_id": "438"}
    assert script.seen[1].params["text"] == "я" * 200
    assert budget.calls == [(Urgency.ACKNOWLEDGE, None)] * 2


async def test_a_tap_that_waited_too_long_is_done() -> None:
    old = bad(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
    assert await chat_on(Script().on("answerCallbackQuery", old)).perform(order(answer_tap())) == ()


async def test_a_change_out_of_reach_is_tried_later() -> None:
    for effect in (edit(), delete(), react("👀"), answer_tap()):
        script = Script()
        for method in ("editMessageText", "deleteMessage", "setMessageReaction", "answerCallbackQuery"):
            script.on(method, httpx.ReadTimeout("slow"))
        with pytest.raises(Unavailable):
            await chat_on(script).perform(order(effect, made=MADE))
