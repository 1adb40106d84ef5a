"""Messages and files leaving: what is asked of Telegram, and what happens when half of it fails."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from connector.domain.effects import Button, ContactKey, SendFiles, SendMessage, Urgency
from connector.domain.events import Refusal
from connector.domain.refs import Key, Ref
from connector.domain.words import File, FileKind, Span, Style, Text
from connector.ports import Rejected, Unavailable
from tests.adapters.telegram.support import (
    BOT,
    CHAT,
    TOKEN,
    LocalSpool,
    OpenBudget,
    Script,
    bad,
    chat_on,
    message_ref,
    order,
)

JPEG = b"\xff\xd8\xff\xe0" + b"picture" * 20
OPUS = b"OggS" + b"\0" * 24 + b"OpusHead" + b"\0" * 28
BOLD = Text(plain="👀 привет", spans=(Span(start=2, length=6, style=Style.BOLD),))


def say(text: Text, **more: Any) -> SendMessage:
    return SendMessage(key=Key("o1"), ticket=None, chat=CHAT, text=text, urgency=Urgency.REPLY, **more)


def send(*files: File, caption: Text | None = None, **more: Any) -> SendFiles:
    return SendFiles(
        key=Key("o2"),
        ticket=None,
        chat=CHAT,
        files=files,
        caption=caption or Text(),
        urgency=Urgency.REPLY,
        **more,
    )


@pytest.fixture
def spool(tmp_path: Path) -> LocalSpool:
    return LocalSpool(tmp_path)


# Messages


async def test_a_message_goes_with_entities_and_without_a_parse_mode() -> None:
    script, budget = Script(), OpenBudget()
    made = await chat_on(script, budget=budget).perform(order(say(BOLD)))
    (seen,) = script.seen
    assert made == (message_ref(501),)
    assert seen.path == f"/bot{TOKEN}/sendMessage"
    assert seen.params.keys() == {"chat_id", "text", "entities", "link_preview_options"}
    assert (seen.params["chat_id"], seen.params["text"]) == ("77", "👀 привет")
    assert json.loads(seen.params["link_preview_options"]) == {"is_disabled": True}
    assert json.loads(seen.params["entities"]) == [{"type": "bold", "offset": 3, "length": 6}]
    assert budget.calls == [(Urgency.REPLY, "77")]


async def test_buttons_and_menu_go_with_the_message() -> None:
    script = Script()
    chat = chat_on(script)
    await chat.perform(order(say(BOLD, buttons=((Button(label="Да", data="y"),),))))
    await chat.perform(order(say(BOLD, menu=(("Новое",),))))
    inline, menu = (json.loads(seen.params["reply_markup"]) for seen in script.seen)
    assert inline["inline_keyboard"] == [[{"text": "Да", "callback_data": "y"}]]
    assert menu["is_persistent"]
    assert menu["resize_keyboard"]


async def test_in_a_group_the_menu_goes_only_with_an_answer() -> None:
    script, group = Script(), Ref(port="telegram", id="-1005")
    chat = chat_on(script)
    menu = (("Новое", ContactKey(label="Мой номер")),)
    await chat.perform(order(replace(say(BOLD, menu=menu), chat=group)))
    await chat.perform(order(replace(say(BOLD, menu=menu, reply_to=message_ref(9)), chat=group)))
    await chat.perform(order(replace(say(BOLD, menu=menu, reply_to=message_ref(9, chat=-1005)), chat=group)))
    plain, elsewhere, answer = script.seen
    assert "reply_markup" not in plain.params
    assert "reply_markup" not in elsewhere.params
    markup = json.loads(answer.params["reply_markup"])
    assert (markup["keyboard"], markup["selective"]) == ([[{"text": "Новое"}]], True)


async def test_when_the_formatting_is_refused_the_bare_text_goes() -> None:
    script = Script().on("sendMessage", bad(400, "Bad Request: can't parse entities"), script_success)
    assert await chat_on(script).perform(order(say(BOLD))) == (message_ref(600),)
    assert ["entities" in seen.params for seen in script.seen] == [True, False]


def script_success(seen: Any) -> httpx.Response:
    return httpx.Response(200, json={"ok": True, "result": {"message_id": 600, "chat": {"id": 77}}})


@pytest.mark.parametrize("answer", [bad(400, "Bad Request: message is too long"), bad(413, "Request Entity Too Large")])
async def test_another_refusal_is_not_tried_again_without_formatting(answer: httpx.Response) -> None:
    script = Script().on("sendMessage", answer)
    with pytest.raises(Rejected):
        await chat_on(script).perform(order(say(BOLD)))
    assert len(script.seen) == 1


@pytest.mark.parametrize("plain", ["", "  \n "])
async def test_an_empty_message_is_refused_without_asking(plain: str) -> None:
    script = Script()
    with pytest.raises(Rejected, match="without text"):
        await chat_on(script).perform(order(say(Text(plain=plain))))
    assert script.seen == []


async def test_what_no_request_can_carry_is_replaced() -> None:
    script = Script()
    await chat_on(script).perform(order(say(Text(plain="a\ud800\x00b"))))
    assert script.seen[0].params["text"] == "a��b"


async def test_an_answer_quotes_a_clients_message_or_one_of_ours() -> None:
    script = Script()
    chat = chat_on(script)
    await chat.perform(order(say(BOLD, reply_to=message_ref(9))))
    await chat.perform(order(say(BOLD, reply_to=Key("earlier")), made={Key("earlier"): (message_ref(5),)}))
    quoted = [json.loads(seen.params["reply_parameters"]) for seen in script.seen]
    assert [(one["message_id"], one["allow_sending_without_reply"]) for one in quoted] == [(9, True), (5, True)]


@pytest.mark.parametrize(
    "reply_to", [Key("never sent"), message_ref(9, bot=1), message_ref(9, chat=5), Ref(port="board", id="5")]
)
async def test_what_cannot_be_quoted_is_left_out(reply_to: Ref | Key) -> None:
    script = Script()
    await chat_on(script).perform(order(say(BOLD, reply_to=reply_to)))
    assert "reply_parameters" not in script.seen[0].params


async def test_a_group_that_became_a_supergroup_is_followed_once() -> None:
    moved = bad(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-1005)
    script, budget = Script(), OpenBudget()
    script.on("sendMessage", moved, script.success)
    made = await chat_on(script, budget=budget).perform(order(say(BOLD)))
    assert made == (message_ref(501, chat=-1005),)
    assert [seen.params["chat_id"] for seen in script.seen] == ["77", "-1005"]
    assert budget.calls == [(Urgency.REPLY, "77"), (Urgency.REPLY, "-1005")]


async def test_a_group_that_moves_for_ever_is_given_up() -> None:
    moved = bad(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1005)
    with pytest.raises(Rejected):
        await chat_on(Script().on("sendMessage", moved)).perform(order(say(BOLD)))


@pytest.mark.parametrize("chat", [Ref(port="board", id="7"), Ref(port="telegram", id="x"), Ref(port="telegram", id="")])
async def test_a_chat_that_is_none_of_ours_is_refused(chat: Ref) -> None:
    with pytest.raises(Rejected):
        await chat_on(Script()).perform(order(replace(say(BOLD), chat=chat)))


# Files


async def test_one_file_goes_by_its_kind_with_its_words_under_it(spool: LocalSpool) -> None:
    script, budget = Script(), OpenBudget()
    picture = spool.keep("фото 1.jpg", JPEG, FileKind.PHOTO)
    made = await chat_on(script, budget=budget, spool=spool).perform(
        order(send(picture, caption=BOLD, reply_to=message_ref(9)))
    )
    (seen,) = script.seen
    assert made == (message_ref(501),)
    assert seen.method == "sendPhoto"
    assert seen.params["photo"] == ("фото 1.jpg", JPEG)
    assert seen.params["caption"] == "👀 привет"
    assert json.loads(seen.params["caption_entities"]) == [{"type": "bold", "offset": 3, "length": 6}]
    assert json.loads(seen.params["reply_parameters"])["message_id"] == 9
    assert budget.calls == [(Urgency.REPLY, "77")]
    assert (budget.held, spool.open_now) == (0, 0)


@pytest.mark.parametrize(
    ("name", "content", "kind", "method", "field"),
    [
        ("a.ogg", OPUS, FileKind.VOICE, "sendVoice", "voice"),
        ("a.mp3", b"ID3", FileKind.AUDIO, "sendAudio", "audio"),
        ("a.mp4", b"\0\0\0\x18ftypmp42", FileKind.VIDEO, "sendVideo", "video"),
        ("a.mp4", b"\0\0\0\x18ftypmp42", FileKind.ROUND_VIDEO, "sendVideoNote", "video_note"),
        ("a.gif", b"GIF89a", FileKind.ANIMATION, "sendAnimation", "animation"),
        ("a.webp", b"RIFF", FileKind.STICKER, "sendSticker", "sticker"),
        ("a.pdf", b"%PDF", FileKind.DOCUMENT, "sendDocument", "document"),
    ],
)
async def test_each_kind_has_its_method(
    spool: LocalSpool, name: str, content: bytes, kind: FileKind, method: str, field: str
) -> None:
    script = Script()
    await chat_on(script, spool=spool).perform(order(send(spool.keep(name, content, kind))))
    assert script.methods() == [method]
    assert script.seen[0].params[field] == (name, content)


async def test_a_file_is_read_in_pieces_while_it_is_sent(spool: LocalSpool) -> None:
    script = Script()
    content = bytes(range(256)) * 4096 * 3
    await chat_on(script, spool=spool).perform(order(send(spool.keep("a.bin", content, FileKind.DOCUMENT))))
    assert script.seen[0].params["document"] == ("a.bin", content)
    assert script.seen[0].largest <= 64 * 1024


async def test_several_files_go_as_albums_in_order_with_the_words_under_the_first(spool: LocalSpool) -> None:
    script = Script()
    pictures = [spool.keep(f"{number}.jpg", JPEG, FileKind.PHOTO) for number in range(2)]
    papers = [spool.keep(f"{number}.pdf", b"%PDF", FileKind.DOCUMENT) for number in range(3)]
    made = await chat_on(script, spool=spool).perform(order(send(*pictures, *papers, caption=BOLD)))
    assert made == tuple(message_ref(number) for number in range(501, 506))
    assert script.methods() == ["sendMediaGroup", "sendMediaGroup"]
    first, second = (json.loads(seen.params["media"]) for seen in script.seen)
    assert [one["type"] for one in first] == ["photo", "photo"]
    assert [one.get("caption") for one in first] == ["👀 привет", None]
    assert first[0]["caption_entities"] == [{"type": "bold", "offset": 3, "length": 6}]
    assert [one["type"] for one in second] == ["document"] * 3
    assert not any("caption" in one for one in second)
    part = script.seen[0].params[first[1]["media"].removeprefix("attach://")]
    assert part == ("1.jpg", JPEG)


@pytest.mark.parametrize("telegrams", [False, True])
async def test_words_that_do_not_fit_under_a_file_go_before_it(spool: LocalSpool, telegrams: bool) -> None:
    script = Script()
    sticker = File(ref=Ref(port="telegram", id=f"{BOT}/file/CAA"), kind=FileKind.STICKER, name="a.webp")
    file = sticker if telegrams else spool.keep("a.jpg", JPEG, FileKind.PHOTO)
    caption = Text(plain="a" if telegrams else "👀" * 513)
    made = await chat_on(script, spool=spool).perform(order(send(file, caption=caption, reply_to=message_ref(9))))
    assert made == (message_ref(501), message_ref(502))
    assert script.methods() == ["sendMessage", "sendSticker" if telegrams else "sendPhoto"]
    assert ["reply_parameters" in seen.params for seen in script.seen] == [True, False]
    assert "caption" not in script.seen[1].params


async def test_a_caption_of_1024_units_still_fits(spool: LocalSpool) -> None:
    script = Script()
    file = spool.keep("a.jpg", JPEG, FileKind.PHOTO)
    await chat_on(script, spool=spool).perform(order(send(file, caption=Text(plain="👀" * 512))))
    assert script.methods() == ["sendPhoto"]


async def test_a_file_that_is_in_telegram_already_is_not_sent_there_again(spool: LocalSpool) -> None:
    script = Script()
    there = [
        File(ref=Ref(port="telegram", id=f"{BOT}/file/AgAC{n}"), kind=FileKind.PHOTO, name="a.jpg") for n in range(2)
    ]
    chat = chat_on(script, spool=spool)
    await chat.perform(order(send(there[0])))
    await chat.perform(order(send(*there)))
    assert script.seen[0].params["photo"] == "AgAC0"
    assert [one["media"] for one in json.loads(script.seen[1].params["media"])] == ["AgAC0", "AgAC1"]
    assert spool.opened == []


async def test_a_file_of_another_bot_is_refused(spool: LocalSpool) -> None:
    foreign = File(ref=Ref(port="telegram", id="1/file/AgAC"), kind=FileKind.PHOTO, name="a.jpg")
    with pytest.raises(Rejected):
        await chat_on(Script(), spool=spool).perform(order(send(foreign)))


async def test_what_is_too_large_is_refused_before_anything_is_sent(spool: LocalSpool) -> None:
    script = Script()
    small = spool.keep("a.pdf", b"%PDF", FileKind.DOCUMENT)
    told = replace(small, size=50 * 1024 * 1024 + 1)
    with pytest.raises(Rejected) as caught:
        await chat_on(script, spool=spool).perform(order(send(small, told)))
    assert caught.value.refusal is Refusal.TOO_BIG
    untold = replace(spool.keep("b.pdf", b"", FileKind.DOCUMENT), size=None)
    with (spool.folder / "b.pdf").open("r+b") as handle:
        handle.truncate(50 * 1024 * 1024 + 1)
    with pytest.raises(Rejected) as caught:
        await chat_on(script, spool=spool).perform(order(send(small, untold)))
    assert caught.value.refusal is Refusal.TOO_BIG
    assert (script.seen, spool.open_now) == ([], 0)


async def test_no_files_at_all_is_refused() -> None:
    with pytest.raises(Rejected):
        await chat_on(Script()).perform(order(send(caption=BOLD)))


async def test_a_picture_telegram_cannot_show_goes_as_a_document(spool: LocalSpool) -> None:
    script = Script().on("sendPhoto", bad(400, "Bad Request: PHOTO_INVALID_DIMENSIONS"))
    file = spool.keep("long.jpg", JPEG, FileKind.PHOTO)
    made = await chat_on(script, spool=spool).perform(order(send(file, caption=BOLD)))
    assert made == (message_ref(501),)
    assert script.methods() == ["sendPhoto", "sendDocument"]
    assert script.seen[1].params["document"] == ("long.jpg", JPEG)
    assert script.seen[1].params["caption"] == BOLD.plain


async def test_a_captions_formatting_that_is_refused_is_left_out(spool: LocalSpool) -> None:
    script = Script()
    script.on("sendPhoto", bad(400, "Bad Request: can't parse entities"), script.success)
    file = spool.keep("a.jpg", JPEG, FileKind.PHOTO)
    await chat_on(script, spool=spool).perform(order(send(file, caption=BOLD)))
    assert ["caption_entities" in seen.params for seen in script.seen] == [True, False]
    assert script.seen[1].params["photo"] == ("a.jpg", JPEG)


async def test_an_order_half_done_goes_on_where_it_stopped(spool: LocalSpool) -> None:
    script = Script()
    script.on("sendDocument", bad(429, "Too Many Requests", retry_after=3), httpx.ReadTimeout("slow"), script.success)
    files = [spool.keep("a.jpg", JPEG, FileKind.PHOTO), spool.keep("a.pdf", b"%PDF", FileKind.DOCUMENT)]
    chat = chat_on(script, spool=spool)
    effect = send(*files, caption=BOLD)
    for attempt in (1, 2):
        with pytest.raises(Unavailable):
            await chat.perform(order(effect, attempt=attempt))
    made = await chat.perform(order(effect, attempt=3))
    assert made == (message_ref(501), message_ref(502))
    assert script.methods() == ["sendPhoto", "sendDocument", "sendDocument", "sendDocument"]
    assert not any("caption" in seen.params for seen in script.seen[1:])


async def test_after_a_restart_a_half_done_order_is_sent_whole_again(spool: LocalSpool) -> None:
    script = Script()
    script.on("sendDocument", bad(429, "Too Many Requests", retry_after=3), script.success)
    files = [spool.keep("a.jpg", JPEG, FileKind.PHOTO), spool.keep("a.pdf", b"%PDF", FileKind.DOCUMENT)]
    with pytest.raises(Unavailable):
        await chat_on(script, spool=spool).perform(order(send(*files)))
    await chat_on(script, spool=spool).perform(order(send(*files), attempt=2))
    assert script.methods() == ["sendPhoto", "sendDocument", "sendPhoto", "sendDocument"]


async def test_a_finished_or_refused_order_is_forgotten(spool: LocalSpool) -> None:
    script = Script()
    script.on("sendDocument", bad(400, "Bad Request: wrong type"), script.success)
    files = [spool.keep("a.jpg", JPEG, FileKind.PHOTO), spool.keep("a.pdf", b"%PDF", FileKind.DOCUMENT)]
    chat = chat_on(script, spool=spool)
    with pytest.raises(Rejected):
        await chat.perform(order(send(*files)))
    for _ in range(2):
        await chat.perform(order(send(*files)))
    assert script.methods() == ["sendPhoto", "sendDocument"] * 3


async def test_a_file_that_vanished_is_surely_not_sent(spool: LocalSpool) -> None:
    file = spool.keep("a.pdf", b"%PDF", FileKind.DOCUMENT)
    (spool.folder / "a.pdf").unlink()
    with pytest.raises(Unavailable) as caught:
        await chat_on(Script(), spool=spool).perform(order(send(file)))
    assert caught.value.surely_not_done
