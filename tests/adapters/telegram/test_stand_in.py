"""The whole room against the stand-in for Telegram, over a real socket."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from adapters.telegram import TelegramChat
from connector.domain.effects import (
    AnswerTap,
    Button,
    ContactKey,
    DeleteMessage,
    EditMessage,
    React,
    SendFiles,
    SendMessage,
    Urgency,
)
from connector.domain.events import (
    ClientBlocked,
    ClientEdited,
    ClientReturned,
    ClientTapped,
    ClientWrote,
    Event,
    Refusal,
)
from connector.domain.refs import Key, Ref
from connector.domain.words import FileKind, Span, Style, Text
from connector.ports import Batch, Chat, Rejected, Unavailable
from sandbox.telegram import app
from tests.adapters.telegram.support import BOT, CHAT, TOKEN, LocalSpool, OpenBudget, chat_on, order

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c02"
    "0000000b4944415478da6364f80f00010501012718e3660000000049454e44ae426082"
)


@dataclass
class Desk:
    """A bot on the stand-in, and the control API by which people write to it."""

    chat: TelegramChat
    people: httpx.AsyncClient
    budget: OpenBudget
    spool: LocalSpool
    url: str

    async def act(self, path: str, **what: Any) -> Any:
        answer = await self.people.post(f"/sandbox/{path}", json=what)
        assert answer.is_success, answer.text
        return answer.json()

    async def transcript(self) -> str:
        return repr((await self.people.get("/sandbox/chats/77")).json())

    async def calls(self, method: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.people.get("/sandbox/calls", params={"method": method})).json()
        return found


class Announced(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    stand_in = app(TOKEN, username="desk_bot", repeat_seconds=0, conflict_seconds=0)
    server = Announced(uvicorn.Config(stand_in, port=0, log_level="critical", ws="none"))
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
        await server.ready.wait()
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    budget, spool = OpenBudget(), LocalSpool(tmp_path)
    chat = chat_on(None, budget=budget, spool=spool, base_url=url, poll_seconds=1)
    async with httpx.AsyncClient(base_url=url) as people:
        made = Desk(chat=chat, people=people, budget=budget, spool=spool, url=url)
        await made.act("users", id=77, first_name="Анна", username="anna", language_code="ru")
        yield made
    await chat.aclose()
    server.should_exit = True
    await serving


def say(text: str, key: str = "o1", **more: Any) -> SendMessage:
    return SendMessage(key=Key(key), ticket=None, chat=CHAT, text=Text(plain=text), urgency=Urgency.REPLY, **more)


async def test_a_dialogue_there_and_back(desk: Desk) -> None:
    chat: Chat = desk.chat
    assert await chat.identify() == "@desk_bot"
    written = await desk.act(
        "chats/77/messages", text="👀 привет", entities=[{"type": "bold", "offset": 3, "length": 6}]
    )
    batch = await chat.read("31337")
    event = batch.arrivals[0].event
    assert isinstance(event, ClientWrote)
    assert event.message.id == f"{BOT}/77/{written['message_id']}"
    assert event.words.text.spans == (Span(start=2, length=6, style=Style.BOLD),)
    assert event.author.language == "ru"

    buttons = ((Button(label="Да", data="yes"),),)
    question = order(say("Закрыть?", buttons=buttons, reply_to=event.message))
    (ref,) = await chat.perform(question)
    await desk.act("chats/77/taps", label="Да")
    batch = await chat.read(batch.cursor)
    tap = batch.arrivals[0].event
    assert isinstance(tap, ClientTapped)
    assert (tap.data, tap.message, tap.chat) == ("yes", ref, CHAT)
    notice = AnswerTap(key=Key("o2"), ticket=None, chat=CHAT, tap=tap.tap, notice="Готово", urgency=Urgency.ACKNOWLEDGE)
    assert await chat.perform(order(notice)) == ()

    made = {Key("o1"): (ref,)}
    edit = EditMessage(
        key=Key("o3"),
        ticket=None,
        chat=CHAT,
        target=Key("o1"),
        text=Text(plain="Закрыто."),
        urgency=Urgency.REPLY,
    )
    for _ in range(2):
        assert await chat.perform(order(edit, made=made)) == ()
    assert "Закрыто." in await desk.transcript()
    seen = React(key=Key("o4"), ticket=None, chat=CHAT, message=event.message, emoji="👀", urgency=Urgency.LABEL)
    assert await chat.perform(order(seen)) == ()
    delete = DeleteMessage(key=Key("o5"), ticket=None, chat=CHAT, target=Key("o1"), urgency=Urgency.REPLY)
    for _ in range(2):
        assert await chat.perform(order(delete, made=made)) == ()
    assert {call["status"] for call in await desk.calls("setMessageReaction")} == {200}

    await desk.people.put(f"/sandbox/chats/77/messages/{written['message_id']}", json={"text": "пока"})
    edited = (await chat.read(batch.cursor)).arrivals[0].event
    assert isinstance(edited, ClientEdited)
    assert (edited.message, edited.words.text.plain) == (event.message, "пока")


@pytest.mark.parametrize("kind", ["photo", "video", "video_note", "animation", "audio", "voice", "sticker", "document"])
async def test_every_kind_of_file_comes_in_whole_and_goes_out_again(desk: Desk, kind: str) -> None:
    await desk.act("chats/77/messages", kind=kind)
    event = (await desk.chat.read(None)).arrivals[0].event
    assert isinstance(event, ClientWrote)
    (file,) = event.words.files
    assert event.words.oddity is None
    content = b"".join([chunk async for chunk in desk.chat.fetch(file.ref)])
    assert len(content) == file.size
    again = SendFiles(key=Key("o1"), ticket=None, chat=CHAT, files=(file,), urgency=Urgency.REPLY)
    assert len(await desk.chat.perform(order(again))) == 1
    stored = desk.spool.keep(file.name, content, file.kind, file.mime)
    uploaded = SendFiles(key=Key("o2"), ticket=None, chat=CHAT, files=(stored,), urgency=Urgency.REPLY)
    assert len(await desk.chat.perform(order(uploaded))) == 1


async def test_an_album_comes_in_as_parts_and_goes_out_as_one(desk: Desk) -> None:
    await desk.act("chats/77/albums", parts=[{"caption": "два"}, {}])
    cursor: str | None = None
    events: list[Event | None] = []
    while len(events) < 2:
        batch = await desk.chat.read(cursor)
        cursor = batch.cursor
        events += [one.event for one in batch.arrivals]
    assert len({event.album for event in events if isinstance(event, ClientWrote)}) == 1
    papers = [desk.spool.keep(f"{n}.pdf", b"%PDF-1.4", FileKind.DOCUMENT) for n in range(2)]
    pictures = [desk.spool.keep(f"{n}.png", PNG, FileKind.PHOTO) for n in range(3)]
    effect = SendFiles(
        key=Key("o1"),
        ticket=None,
        chat=CHAT,
        files=(*papers, *pictures),
        caption=Text(plain="вот"),
        urgency=Urgency.REPLY,
    )
    assert len(await desk.chat.perform(order(effect))) == 5
    assert [call["status"] for call in await desk.calls("sendMediaGroup")] == [200, 200]


async def test_blocking_and_coming_back(desk: Desk) -> None:
    await desk.act("chats/77/messages", text="a")
    await desk.act("chats/77/block")
    with pytest.raises(Rejected) as caught:
        await desk.chat.perform(order(say("?")))
    assert caught.value.refusal is Refusal.BLOCKED
    await desk.act("chats/77/unblock")
    cursor: str | None = None
    kinds: list[type] = []
    while len(kinds) < 3:
        batch = await desk.chat.read(cursor)
        cursor = batch.cursor
        kinds += [type(one.event) for one in batch.arrivals]
    assert kinds == [ClientWrote, ClientBlocked, ClientReturned]


async def test_a_spoilt_update_is_kept_aside_and_the_next_is_read(desk: Desk) -> None:
    await desk.people.post("/sandbox/updates", json={"message": {"message_id": "?", "chat": []}})
    await desk.act("chats/77/messages", text="a")
    found: list[Batch] = [await desk.chat.read(None)]
    while sum(len(batch.arrivals) for batch in found) < 2:
        found.append(await desk.chat.read(found[-1].cursor))
    arrivals = [one for batch in found for one in batch.arrivals]
    assert [one.event is None for one in arrivals] == [True, False]


async def test_what_was_not_confirmed_is_sent_again_to_the_next_process(desk: Desk) -> None:
    await desk.act("chats/77/messages", text="a")
    first = await desk.chat.read(None)
    successor = chat_on(None, base_url=desk.url, poll_seconds=1)
    again = await successor.read(first.cursor)
    assert [one.key for one in again.arrivals] == [one.key for one in first.arrivals]
    await successor.aclose()


@pytest.mark.parametrize(
    ("fault", "surely_not_done"),
    [
        ({"retry_after": 4}, True),
        ({"status": 502, "body": "<html>Bad Gateway</html>"}, False),
        ({"drop": "before"}, False),
        ({"drop": "after"}, False),
    ],
)
async def test_trouble_while_sending_is_not_now(desk: Desk, fault: dict[str, Any], surely_not_done: bool) -> None:
    await desk.act("chats/77/messages", text="a")
    await desk.act("faults", method="sendMessage", **fault)
    with pytest.raises(Unavailable) as caught:
        await desk.chat.perform(order(say("?")))
    assert caught.value.surely_not_done is surely_not_done
    assert caught.value.retry_after == fault.get("retry_after")


async def test_a_download_that_breaks_off_is_not_taken_for_the_whole_file(desk: Desk) -> None:
    await desk.act("chats/77/messages", kind="document")
    event = (await desk.chat.read(None)).arrivals[0].event
    assert isinstance(event, ClientWrote)
    await desk.act("faults", method="download", drop="after")
    with pytest.raises(Unavailable):
        _ = [chunk async for chunk in desk.chat.fetch(event.words.files[0].ref)]
    assert desk.budget.held == 0


async def test_a_poll_cut_off_or_hanging_is_not_now_and_the_next_one_works(desk: Desk) -> None:
    await desk.act("faults", method="getUpdates", drop="before")
    with pytest.raises(Unavailable):
        await desk.chat.read(None)
    await desk.act("chats/77/messages", text="a")
    assert len((await desk.chat.read(None)).arrivals) == 1


async def test_nobody_there_is_surely_not_done() -> None:
    chat = chat_on(None, base_url="http://127.0.0.1:9")
    with pytest.raises(Unavailable) as caught:
        await chat.perform(order(say("?")))
    assert caught.value.surely_not_done
    with pytest.raises(Unavailable):
        await chat.read(None)
    await chat.aclose()


async def test_a_group_is_served_when_it_calls_the_bot(desk: Desk) -> None:
    number = -1005
    await desk.act("chats", id=number, title="Двор", members=[77])
    cursor: str | None = None
    events: list[ClientWrote] = []
    await desk.act(f"chats/{number}/messages", from_id=77, text="@desk_bot помоги")
    for _ in range(5):
        batch = await desk.chat.read(cursor)
        cursor = batch.cursor
        events += [one.event for one in batch.arrivals if isinstance(one.event, ClientWrote)]
        if events:
            break
    (event,) = events
    assert event.addressed
    assert event.chat == Ref(port="telegram", id=str(number))


async def test_a_client_shares_their_own_number_by_a_key_of_the_menu(desk: Desk) -> None:
    await desk.act("chats/77/messages", text="a")
    batch = await desk.chat.read(None)
    await desk.chat.perform(order(say("Ваш номер?", menu=((ContactKey(label="Мой номер"), "Пропустить"),))))
    await desk.act("chats/77/presses", label="Мой номер")
    event = (await desk.chat.read(batch.cursor)).arrivals[0].event
    assert isinstance(event, ClientWrote)
    assert event.words.contact is not None
    assert event.words.contact.own
    assert event.words.contact.phone == "+79990000077"


async def test_a_menu_in_a_group_is_of_the_one_who_is_answered(desk: Desk) -> None:
    number = -1005
    await desk.act("users", id=78, first_name="Борис")
    await desk.act("chats", id=number, title="Двор", members=[77, 78])
    asked = await desk.act(f"chats/{number}/messages", from_id=77, text="@desk_bot помоги")
    group = Ref(port="telegram", id=str(number))
    answered = Ref(port="telegram", id=f"{BOT}/{number}/{asked['message_id']}")
    menu = (("Новое", ContactKey(label="Мой номер")),)
    for key, reply in (("o1", None), ("o2", answered)):
        await desk.chat.perform(order(replace(say("Что дальше?", key=key, menu=menu, reply_to=reply), chat=group)))
    refused = await desk.people.post(f"/sandbox/chats/{number}/presses", json={"label": "Новое", "from_id": 78})
    assert refused.status_code == 404
    await desk.act(f"chats/{number}/presses", label="Новое", from_id=77)
    cursor: str | None = None
    events: list[ClientWrote] = []
    while not events or events[-1].words.text.plain != "Новое":
        batch = await desk.chat.read(cursor)
        cursor = batch.cursor
        events += [one.event for one in batch.arrivals if isinstance(one.event, ClientWrote)]
    assert events[-1].addressed
    assert events[-1].words.quote == "Что дальше?"


@pytest.mark.parametrize("emoji", ["👀", "❤️", "✍️", "🤷‍♂️", "❤️‍🔥"])
async def test_a_mark_is_taken_in_any_spelling(desk: Desk, emoji: str) -> None:
    await desk.act("chats/77/messages", text="a")
    event = (await desk.chat.read(None)).arrivals[0].event
    assert isinstance(event, ClientWrote)
    mark = React(key=Key("o1"), ticket=None, chat=CHAT, message=event.message, emoji=emoji, urgency=Urgency.LABEL)
    assert await desk.chat.perform(order(mark)) == ()
    assert [call["status"] for call in await desk.calls("setMessageReaction")] == [200]
