"""What a chat promises, as tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import pytest

from connector.domain.effects import (
    AnswerTap,
    Button,
    ChatEffect,
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
from connector.domain.words import File, Text
from connector.ports import Chat, Order, Rejected, Unavailable
from tests.adapters.contracts.reading import read_until


class ChatStand(Protocol):
    """A chat adapter, and one client's chat on the other side of it."""

    chat: Chat
    room: Ref
    """The client's chat, as the adapter calls it."""

    def reborn(self) -> Chat:
        """The same bot in a new process."""

    async def write(self, text: str) -> None:
        """The client writes."""

    async def rewrite(self, text: str) -> None:
        """The client changes their latest message."""

    async def answer(self, text: str) -> None:
        """The client answers the bot's latest message, picking no words of it."""

    async def write_in_group(self, title: str, text: str) -> None:
        """The client writes in a group of that title which the bot is in."""

    async def send_picture(self, content: bytes) -> None:
        """The client sends a picture."""

    async def tap(self, data: str) -> None:
        """The client taps the button that carries `data`."""

    async def block(self) -> None:
        """The client stops the bot."""

    async def let_in(self) -> None:
        """The client starts it again."""

    async def shown(self) -> list[str]:
        """The texts (or captions) of the bot's messages that can be read in the chat, oldest first."""

    async def marks(self) -> list[str]:
        """Every mark of the bot on the client's messages."""

    async def offered(self, language: str | None) -> list[tuple[str, str]]:
        """The commands that somebody with this language is offered; None: with one that has no list of its own."""

    async def lose_next_answer(self) -> None:
        """The bot's next call is done, but its answer never arrives."""

    async def refuse_next(self, seconds: int) -> None:
        """The bot's next call is refused: too many, come back after so many seconds."""

    def file(self, name: str) -> File:
        """A file of another tool that the adapter's spool can bring."""


class ChatContract:
    """Every chat adapter passes this."""

    async def test_what_a_client_writes_is_told_with_the_key_of_the_message(self, stand: ChatStand) -> None:
        await stand.write("Не работает")
        [event] = await _news(stand.chat, 1)
        assert isinstance(event, ClientWrote)
        assert event.words.text.plain == "Не работает"
        assert event.chat == stand.room
        assert event.key == event.message.key
        assert event.at.tzinfo is not None

    async def test_the_order_of_writing_is_the_order_of_telling(self, stand: ChatStand) -> None:
        for text in ("один", "два", "три"):
            await stand.write(text)
        events = await _news(stand.chat, 3)
        assert [event.words.text.plain for event in events if isinstance(event, ClientWrote)] == ["один", "два", "три"]

    async def test_nothing_is_told_twice_once_its_cursor_came_back(self, stand: ChatStand) -> None:
        await stand.write("один")
        cursor, [first] = await read_until(stand.chat, 1, None)
        await stand.write("два")
        _, events = await read_until(stand.chat, 1, cursor)
        assert first.key not in {event.key for event in events}

    async def test_what_was_never_confirmed_comes_again_under_the_same_key(self, stand: ChatStand) -> None:
        await stand.write("один")
        [first] = await _news(stand.chat, 1)
        [again] = await _news(stand.reborn(), 1)
        assert again.key == first.key

    async def test_a_cursor_of_an_earlier_life_costs_no_message(self, stand: ChatStand) -> None:
        await stand.write("один")
        cursor, _ = await read_until(stand.chat, 1, None)
        reborn = stand.reborn()
        await stand.write("два")
        _, events = await read_until(reborn, 1, cursor)
        assert "два" in {event.words.text.plain for event in events if isinstance(event, ClientWrote)}

    async def test_an_edit_names_the_message_as_it_was_named_when_written(self, stand: ChatStand) -> None:
        await stand.write("один")
        cursor, [wrote] = await read_until(stand.chat, 1, None)
        await stand.rewrite("другой")
        _, [edited] = await read_until(stand.chat, 1, cursor)
        assert isinstance(wrote, ClientWrote)
        assert isinstance(edited, ClientEdited)
        assert edited.message == wrote.message
        assert edited.key != wrote.key
        assert edited.words.text.plain == "другой"

    async def test_an_answer_names_what_it_answers_and_tells_how_that_begins(self, stand: ChatStand) -> None:
        [asked] = await stand.chat.perform(_to_chat(_message(stand, "Какой\nпост? " + "и ещё " * 60)))
        await stand.answer("Третий")
        [event] = await _news(stand.chat, 1)
        assert isinstance(event, ClientWrote)
        assert event.reply_to == asked
        assert event.words.quote is not None
        assert event.words.quote.startswith("Какой пост? и ещё")
        assert event.words.quote.endswith("…")
        assert len(event.words.quote) <= 200

    async def test_a_group_is_told_by_its_title_and_a_private_chat_by_none(self, stand: ChatStand) -> None:
        await stand.write("один")
        await stand.write_in_group("Двор", "два")
        told = [event for event in await _news(stand.chat, 2) if isinstance(event, ClientWrote)]
        assert {event.words.text.plain: event.group for event in told} == {"один": None, "два": "Двор"}

    async def test_commands_are_offered_in_each_language_and_once_for_all_others(self, stand: ChatStand) -> None:
        ru, en = [("new", "Новое обращение"), ("list", "Мои обращения")], [("new", "New request")]
        for _ in range(2):
            await stand.chat.introduce({"ru": ru, "en": en}, "ru")
        assert await stand.offered("en") == en
        assert await stand.offered("ru") == await stand.offered(None) == ru
        await stand.chat.introduce({"ru": ru[:1], "en": en}, "en")
        assert await stand.offered("ru") == ru[:1]
        assert await stand.offered(None) == en

    async def test_commands_without_the_default_language_are_a_mistake(self, stand: ChatStand) -> None:
        with pytest.raises(ValueError, match="en"):
            await stand.chat.introduce({"ru": [("new", "Новое обращение")]}, "en")

    async def test_blocking_and_coming_back_are_told(self, stand: ChatStand) -> None:
        await stand.block()
        await stand.let_in()
        events = await _news(stand.chat, 2)
        assert [type(event) for event in events] == [ClientBlocked, ClientReturned]

    async def test_a_message_is_sent_and_named(self, stand: ChatStand) -> None:
        [made] = await stand.chat.perform(_to_chat(_message(stand, "Здравствуйте")))
        assert made.port == stand.chat.name
        assert await stand.shown() == ["Здравствуйте"]

    async def test_a_repeat_is_sent_again_since_nobody_can_look(self, stand: ChatStand) -> None:
        effect = _message(stand, "Здравствуйте")
        await stand.chat.perform(_to_chat(effect))
        await stand.chat.perform(_to_chat(effect, attempt=2))
        assert await stand.shown() == ["Здравствуйте", "Здравствуйте"]

    async def test_a_lost_answer_may_have_been_done_all_the_same(self, stand: ChatStand) -> None:
        await stand.lose_next_answer()
        with pytest.raises(Unavailable) as trouble:
            await stand.chat.perform(_to_chat(_message(stand, "Здравствуйте")))
        assert not trouble.value.surely_not_done
        assert await stand.shown() == ["Здравствуйте"]

    async def test_too_many_calls_were_surely_not_done(self, stand: ChatStand) -> None:
        await stand.refuse_next(7)
        with pytest.raises(Unavailable) as trouble:
            await stand.chat.perform(_to_chat(_message(stand, "Здравствуйте")))
        assert trouble.value.surely_not_done
        assert trouble.value.retry_after == pytest.approx(7, abs=1)
        assert await stand.shown() == []

    async def test_whoever_blocked_us_gets_nothing_for_ever(self, stand: ChatStand) -> None:
        await stand.block()
        with pytest.raises(Rejected) as refused:
            await stand.chat.perform(_to_chat(_message(stand, "Здравствуйте")))
        assert refused.value.refusal is Refusal.BLOCKED

    async def test_a_message_of_ours_is_edited_however_often(self, stand: ChatStand) -> None:
        effect = _message(stand, "один")
        made = {effect.key: await stand.chat.perform(_to_chat(effect))}
        edit = EditMessage(
            key=Key("edit"), ticket=None, chat=stand.room, target=effect.key, text=Text(plain="два"),
            urgency=Urgency.REPLY,
        )  # fmt: skip
        for attempt in (1, 2):
            await stand.chat.perform(_to_chat(edit, attempt=attempt, made=made))
        assert await stand.shown() == ["два"]

    async def test_an_edit_of_what_was_never_sent_does_nothing(self, stand: ChatStand) -> None:
        edit = EditMessage(
            key=Key("edit"), ticket=None, chat=stand.room, target=Key("never"), text=Text(plain="два"),
            urgency=Urgency.REPLY,
        )  # fmt: skip
        assert await stand.chat.perform(_to_chat(edit)) == ()
        assert await stand.shown() == []

    async def test_a_message_of_ours_is_taken_back_however_often(self, stand: ChatStand) -> None:
        effect = _message(stand, "один")
        made = {effect.key: await stand.chat.perform(_to_chat(effect))}
        delete = DeleteMessage(
            key=Key("delete"), ticket=None, chat=stand.room, target=effect.key, urgency=Urgency.REPLY
        )
        for attempt in (1, 2):
            await stand.chat.perform(_to_chat(delete, attempt=attempt, made=made))
        assert await stand.shown() == []

    async def test_a_mark_replaces_the_one_before(self, stand: ChatStand) -> None:
        await stand.write("один")
        [event] = await _news(stand.chat, 1)
        assert isinstance(event, ClientWrote)
        for emoji in ("👀", "👀", "👌"):
            mark = React(
                key=Key("mark"), ticket=None, chat=stand.room, message=event.message, emoji=emoji,
                urgency=Urgency.ACKNOWLEDGE,
            )  # fmt: skip
            await stand.chat.perform(_to_chat(mark))
        assert await stand.marks() == ["👌"]

    async def test_a_tap_comes_with_what_stood_on_the_button_and_is_answered_however_often(
        self, stand: ChatStand
    ) -> None:
        buttons = ((Button(label="Вопрос", data="topic:question"),),)
        await stand.chat.perform(_to_chat(_message(stand, "Тема?", buttons=buttons)))
        await stand.tap("topic:question")
        [event] = await _news(stand.chat, 1)
        assert isinstance(event, ClientTapped)
        assert event.data == "topic:question"
        assert event.chat == stand.room
        answer = AnswerTap(
            key=Key("tap"), ticket=None, chat=stand.room, tap=event.tap, notice="", urgency=Urgency.ACKNOWLEDGE
        )
        for attempt in (1, 2):
            assert await stand.chat.perform(_to_chat(answer, attempt=attempt)) == ()

    async def test_files_go_in_order_and_each_is_named(self, stand: ChatStand) -> None:
        effect = SendFiles(
            key=Key("files"), ticket=None, chat=stand.room, files=(stand.file("a.pdf"), stand.file("b.pdf")),
            caption=Text(plain="Документы"), urgency=Urgency.REPLY,
        )  # fmt: skip
        made = await stand.chat.perform(_to_chat(effect))
        assert len(set(made)) == 2
        assert (await stand.shown())[0] == "Документы"

    async def test_a_file_of_a_client_can_be_fetched(self, stand: ChatStand) -> None:
        await stand.send_picture(b"picture")
        [event] = await _news(stand.chat, 1)
        assert isinstance(event, ClientWrote)
        [file] = event.words.files
        assert b"".join([chunk async for chunk in stand.chat.fetch(file.ref)]) == b"picture"


def _to_chat(
    effect: ChatEffect, *, attempt: int = 1, made: dict[Key, tuple[Ref, ...]] | None = None
) -> Order[ChatEffect]:
    return Order(key=effect.key, effect=effect, attempt=attempt, urgency=effect.urgency, made=made or {})


def _message(stand: ChatStand, text: str, *, buttons: tuple[tuple[Button, ...], ...] = ()) -> SendMessage:
    return SendMessage(
        key=Key(f"send/{text}"), ticket=None, chat=stand.room, text=Text(plain=text), urgency=Urgency.REPLY,
        buttons=buttons,
    )  # fmt: skip


async def _news(port: Chat, count: int) -> Sequence[Event]:
    return (await read_until(port, count, None))[1]
