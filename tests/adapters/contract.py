"""What every adapter must do, whatever tool it answers for: the promises of `connector.ports`, as tests."""

# A room's own test file subclasses `ChatContract` or `BoardContract` and gives the fixture `stand`: the adapter under
# test together with hands on the other side (a person in the chat, an agent at the board, the line in between).

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

import pytest

from connector.domain.card import DESCRIPTION_LENGTH, with_block
from connector.domain.effects import (
    AddComment,
    AddFiles,
    AddTag,
    AnswerTap,
    AssignCard,
    AttachSla,
    BoardEffect,
    Button,
    ChatEffect,
    CreateCard,
    DeleteMessage,
    DetachSla,
    EditComment,
    EditMessage,
    FieldValue,
    LinkCard,
    Meaning,
    MoveCard,
    React,
    Redact,
    RemoveTag,
    ReplaceCard,
    Section,
    SendFiles,
    SendMessage,
    SetBlock,
    SetDeadline,
    SetFacts,
    Spot,
    UnlinkCard,
    Urgency,
)
from connector.domain.events import (
    AgentCommented,
    AgentEdited,
    AgentRemoved,
    CardSeen,
    ClientBlocked,
    ClientEdited,
    ClientReturned,
    ClientTapped,
    ClientWrote,
    Event,
    Refusal,
)
from connector.domain.forgotten import bare
from connector.domain.refs import Key, Ref, TicketId
from connector.domain.signature import sign, unsigned
from connector.domain.words import File, FileKind, Text
from connector.ports import Board, Chat, Order, Rejected, Unavailable

READS = 6
"""Reads after which whatever is there must have been told."""
SLA = "0f8fad5b-d9cb-469f-a165-70867728950e"


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


class BoardStand(Protocol):
    """A board adapter, and an agent on the other side of it. Cards are named by the refs the adapter gave."""

    board: Board
    spot: Spot
    """Where new cards may be put."""
    work: Spot
    """Another column of the same board."""
    other: Spot
    """Column and lane of another board."""
    fields: tuple[str, str]
    """Two card fields that hold plain text."""
    people: tuple[tuple[str, str], tuple[str, str]]
    """Two users of the board, neither of them ours: their id, and how the adapter tells of them."""

    def reborn(self) -> Board:
        """The same account in a new process."""

    async def external_ids(self) -> list[str]:
        """The external ids of all cards there are, archived ones too."""

    async def comments(self, card: Ref) -> list[str]:
        """The texts of a card's comments as stored, signatures included, oldest first."""

    async def hidden(self, card: Ref) -> list[bool]:
        """Which of a card's comments are for agents' eyes only, oldest first."""

    async def files(self, card: Ref) -> list[str]:
        """The names of a card's files, those of comments included."""

    async def tags(self, card: Ref) -> list[str]:
        """The names of a card's labels."""

    async def parents(self, card: Ref) -> list[str]:
        """The ids, as the adapter tells them, of the cards that this one is a child of."""

    async def entrust(self, card: Ref) -> None:
        """The card becomes a request of the board's own service desk."""

    async def slas(self, card: Ref) -> list[str]:
        """The board's own agreements that the card is under, by their ids."""

    async def field(self, card: Ref, field: str) -> object:
        """What stands in a field of the card; None when nothing does."""

    async def column(self, card: Ref) -> str:
        """The id of the column the card stands in."""

    async def place(self, card: Ref) -> Spot:
        """Board, column and lane the card stands in."""

    async def due(self, card: Ref) -> datetime | None:
        """The card's deadline."""

    async def description(self, card: Ref) -> str | None:
        """The card's description as stored."""

    async def describe(self, card: Ref, text: str | None) -> None:
        """The agent writes another description."""

    async def holders(self, card: Ref) -> list[str]:
        """The ids of whoever is responsible for the card."""

    async def hand(self, card: Ref, user: str) -> None:
        """An agent makes that user responsible, and the tool tells of it as it does (a webhook)."""

    async def comment(self, card: Ref, text: str, *, internal: bool = False, ours: bool = False) -> None:
        """An agent comments; with `ours` through the very account the connector uses."""

    async def rewrite_comment(self, card: Ref, text: str) -> None:
        """The agent changes their latest comment on that card."""

    async def remove_comment(self, card: Ref) -> None:
        """The agent deletes their latest comment on that card, and the tool tells of it as it does (a webhook)."""

    async def move(self, card: Ref) -> None:
        """The agent moves the card into the column `work`."""

    async def archive(self, card: Ref) -> None:
        """The agent puts the card away."""

    async def destroy(self, card: Ref) -> None:
        """The agent removes the card, so that nothing can be written on it any more."""

    async def make(self, title: str) -> Ref:
        """A person makes a card of that title where `spot` is."""

    async def lose_comment(self, card: Ref, number: int) -> None:
        """The comment of that place in the list is no longer there; nobody is told."""

    async def lose_file(self, card: Ref, name: str) -> None:
        """The file of that name is no longer there, on the card or under a comment; nobody is told."""

    async def lose_next_answer(self) -> None:
        """The adapter's next write is done, but its answer never arrives."""

    async def lose_next_change(self) -> None:
        """The adapter's next change of a comment that is there is done, but its answer never arrives."""

    async def refuse_next(self, seconds: int) -> None:
        """The adapter's next write is refused: too many, come back after so many seconds."""

    def file(self, name: str) -> File:
        """A file of another tool that the adapter's spool can bring."""


# ---- what the chat promises


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
        cursor, [first] = await _read_until(stand.chat, 1, None)
        await stand.write("два")
        _, events = await _read_until(stand.chat, 1, cursor)
        assert first.key not in {event.key for event in events}

    async def test_what_was_never_confirmed_comes_again_under_the_same_key(self, stand: ChatStand) -> None:
        await stand.write("один")
        [first] = await _news(stand.chat, 1)
        [again] = await _news(stand.reborn(), 1)
        assert again.key == first.key

    async def test_a_cursor_of_an_earlier_life_costs_no_message(self, stand: ChatStand) -> None:
        await stand.write("один")
        cursor, _ = await _read_until(stand.chat, 1, None)
        reborn = stand.reborn()
        await stand.write("два")
        _, events = await _read_until(reborn, 1, cursor)
        assert "два" in {event.words.text.plain for event in events if isinstance(event, ClientWrote)}

    async def test_an_edit_names_the_message_as_it_was_named_when_written(self, stand: ChatStand) -> None:
        await stand.write("один")
        cursor, [wrote] = await _read_until(stand.chat, 1, None)
        await stand.rewrite("другой")
        _, [edited] = await _read_until(stand.chat, 1, cursor)
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


# ---- what the board promises


class BoardContract:
    """Every board adapter passes this."""

    async def test_a_card_is_made_with_the_tickets_id(self, stand: BoardStand) -> None:
        [card] = await stand.board.perform(_to_board(_creation(stand)))
        assert card.port == stand.board.name
        assert await stand.external_ids() == ["kc-1"]

    async def test_a_repeat_finds_the_card_instead_of_making_another(self, stand: BoardStand) -> None:
        [card] = await stand.board.perform(_to_board(_creation(stand)))
        assert await stand.reborn().perform(_to_board(_creation(stand), attempt=2)) == (card,)
        assert await stand.external_ids() == ["kc-1"]

    async def test_a_repeat_finds_an_archived_card_too(self, stand: BoardStand) -> None:
        card = await _card(stand)
        await stand.archive(card)
        assert await stand.board.perform(_to_board(_creation(stand), attempt=2)) == (card,)
        assert await stand.external_ids() == ["kc-1"]

    async def test_a_card_whose_answer_was_lost_is_found(self, stand: BoardStand) -> None:
        await stand.lose_next_answer()
        with pytest.raises(Unavailable) as trouble:
            await stand.board.perform(_to_board(_creation(stand)))
        assert not trouble.value.surely_not_done
        await stand.board.perform(_to_board(_creation(stand), attempt=2))
        assert await stand.external_ids() == ["kc-1"]

    async def test_a_first_attempt_of_another_card_makes_another_card(self, stand: BoardStand) -> None:
        await _card(stand)
        await stand.board.perform(_to_board(_creation(stand, "kc-1.2"), attempt=2))
        assert sorted(await stand.external_ids()) == ["kc-1", "kc-1.2"]

    async def test_too_many_calls_were_surely_not_done(self, stand: BoardStand) -> None:
        await stand.refuse_next(7)
        with pytest.raises(Unavailable) as trouble:
            await stand.board.perform(_to_board(_creation(stand)))
        assert trouble.value.surely_not_done
        assert trouble.value.retry_after == pytest.approx(7, abs=1)
        assert await stand.external_ids() == []

    async def test_a_comment_is_signed(self, stand: BoardStand) -> None:
        card = await _card(stand)
        [made] = await stand.board.perform(_to_board(_comment("say/1", "Привет"), card))
        [text] = await stand.comments(card)
        assert made.port == stand.board.name
        assert sign(Key("say/1")) in text
        assert "Привет" in text

    async def test_a_repeat_finds_the_comment_instead_of_writing_another(self, stand: BoardStand) -> None:
        card = await _card(stand)
        await stand.lose_next_answer()
        with pytest.raises(Unavailable):
            await stand.board.perform(_to_board(_comment("say/1", "Привет"), card))
        refs = await stand.reborn().perform(_to_board(_comment("say/1", "Привет"), card, attempt=2))
        assert len(refs) == 1
        assert len(await stand.comments(card)) == 1

    async def test_the_same_words_of_another_message_are_another_comment(self, stand: BoardStand) -> None:
        card = await _card(stand)
        for key in ("say/1", "say/2"):
            await stand.board.perform(_to_board(_comment(key, "Привет"), card, attempt=2))
        assert len(await stand.comments(card)) == 2

    async def test_joined_messages_stand_in_order_in_one_comment(self, stand: BoardStand) -> None:
        card = await _card(stand)
        refs = await stand.board.perform(_to_board(_comments("say/1", "say/2"), card))
        [text] = await stand.comments(card)
        assert len(refs) == 1
        assert text.index(sign(Key("say/1"))) < text.index(sign(Key("say/2")))

    async def test_a_repeat_writes_only_the_sections_that_are_not_there(self, stand: BoardStand) -> None:
        card = await _card(stand)
        await stand.board.perform(_to_board(_comment("say/1", "Привет"), card))
        await stand.board.perform(_to_board(_comments("say/1", "say/2"), card, attempt=2))
        told = "".join(await stand.comments(card))
        assert told.count(sign(Key("say/1"))) == 1
        assert told.count(sign(Key("say/2"))) == 1

    async def test_a_section_is_changed_where_it_stands_and_the_others_stay(self, stand: BoardStand) -> None:
        card = await _card(stand)
        made = await stand.board.perform(_to_board(_comments("say/1", "say/2", "say/3"), card))
        edit = _edit("say/2", "Передумал")
        for attempt in (1, 2):
            await stand.board.perform(_to_board(edit, card, attempt=attempt, made={Key("say/2"): made}))
        [text] = await stand.comments(card)
        places = [text.index(word) for word in ("words of say/1", "Передумал", "words of say/3")]
        assert places == sorted(places)
        assert "words of say/2" not in text

    async def test_a_section_that_is_not_there_is_added_once(self, stand: BoardStand) -> None:
        card = await _card(stand)
        for attempt in (1, 2):
            await stand.board.perform(_to_board(_edit("say/9", "Поздно"), card, attempt=attempt))
        [text] = await stand.comments(card)
        assert "Поздно" in text

    async def test_added_words_stand_below_those_of_their_section_once(self, stand: BoardStand) -> None:
        card = await _card(stand)
        made = await stand.board.perform(_to_board(_comments("say/1", "say/2"), card))
        addition = _edit("say/1", "И ещё", append=True)
        for attempt in (1, 2):
            await stand.board.perform(_to_board(addition, card, attempt=attempt, made={Key("say/1"): made}))
        [text] = await stand.comments(card)
        places = [text.index(word) for word in ("words of say/1", "И ещё", "words of say/2")]
        assert places == sorted(places)
        assert text.count("И ещё") == 1

    async def test_an_addition_whose_answer_was_lost_is_found(self, stand: BoardStand) -> None:
        card = await _card(stand)
        made = await stand.board.perform(_to_board(_comment("say/1", "Привет"), card))
        addition = _edit("say/1", "И ещё", append=True)
        await stand.lose_next_change()
        with pytest.raises(Unavailable) as trouble:
            await stand.board.perform(_to_board(addition, card, made={Key("say/1"): made}))
        assert not trouble.value.surely_not_done
        again = await stand.reborn().perform(_to_board(addition, card, attempt=2, made={Key("say/1"): made}))
        [text] = await stand.comments(card)
        assert again == made
        assert text.count("И ещё") == 1

    async def test_the_same_words_are_added_as_often_as_they_are_ordered(self, stand: BoardStand) -> None:
        card = await _card(stand)
        made = {Key("say/1"): await stand.board.perform(_to_board(_comment("say/1", "Привет"), card))}
        for order in ("edit/1", "edit/2", "edit/3"):
            effect = _edit("say/1", "И ещё", append=True, order=order)
            await stand.board.perform(_to_board(effect, card, attempt=2, made=made))
        [text] = await stand.comments(card)
        assert text.count("И ещё") == 3
        assert "Привет" in text

    async def test_a_section_that_was_added_to_can_still_be_replaced_whole(self, stand: BoardStand) -> None:
        card = await _card(stand)
        made = {Key("say/1"): await stand.board.perform(_to_board(_comments("say/1", "say/2"), card))}
        await stand.board.perform(_to_board(_edit("say/1", "И ещё", append=True), card, made=made))
        await stand.board.perform(_to_board(_edit("say/1", "Передумал", order="edit/2"), card, made=made))
        [text] = await stand.comments(card)
        assert "Передумал" in text
        assert "words of say/2" in text
        assert "И ещё" not in text
        assert "words of say/1" not in text

    async def test_an_addition_without_room_or_without_its_section_has_a_comment_of_its_own(
        self, stand: BoardStand
    ) -> None:
        card = await _card(stand)
        made = {Key("say/1"): await stand.board.perform(_to_board(_comment("say/1", "а" * 3900), card))}
        for key, word in (("say/1", "И ещё " * 50), ("say/9", "Поздно")):
            addition = _edit(key, word, append=True)
            for attempt in (1, 2):
                await stand.board.perform(_to_board(addition, card, attempt=attempt, made=made))
        first, second, third = await stand.comments(card)
        assert "а" * 3900 in first
        assert second.count("И ещё") == 50
        assert "Поздно" in third

    async def test_files_come_with_their_comment_once(self, stand: BoardStand) -> None:
        card = await _card(stand)
        effect = _comment("say/1", "Смотрите", (stand.file("a.pdf"), stand.file("b.pdf")))
        for attempt in (1, 2):
            await stand.board.perform(_to_board(effect, card, attempt=attempt))
        assert sorted(await stand.files(card)) == ["a.pdf", "b.pdf"]

    async def test_files_come_to_the_card_once(self, stand: BoardStand) -> None:
        card = await _card(stand)
        effect = AddFiles(key=Key("files"), ticket=TicketId("kc-1"), files=(stand.file("a.pdf"), stand.file("b.pdf")))
        for attempt in (1, 2):
            await stand.board.perform(_to_board(effect, card, attempt=attempt))
        assert sorted(await stand.files(card)) == ["a.pdf", "b.pdf"]

    async def test_a_label_is_put_once(self, stand: BoardStand) -> None:
        card = await _card(stand)
        effect = AddTag(key=Key("tag"), ticket=TicketId("kc-1"), name="СРОЧНО")
        for attempt in (1, 2):
            await stand.board.perform(_to_board(effect, card, attempt=attempt))
        assert await stand.tags(card) == ["СРОЧНО"]

    async def test_a_label_is_taken_off_however_often(self, stand: BoardStand) -> None:
        card = await _card(stand)
        for name in ("СРОЧНО", "vip"):
            await stand.board.perform(_to_board(AddTag(key=Key(name), ticket=TicketId("kc-1"), name=name), card))
        for attempt in (1, 2):
            effect = RemoveTag(key=Key("untag"), ticket=TicketId("kc-1"), name="СРОЧНО")
            assert await stand.board.perform(_to_board(effect, card, attempt=attempt)) == ()
        assert await stand.tags(card) == ["vip"]

    async def test_a_card_is_a_child_of_another_once_and_until_it_is_undone(self, stand: BoardStand) -> None:
        card = await _card(stand)
        [parent] = await stand.board.perform(_to_board(_creation(stand, "kc-2")))
        for attempt in (1, 2, 1):
            assert await stand.board.perform(_to_board(_link(parent), card, attempt=attempt)) == ()
        assert await stand.parents(card) == [parent.id]
        for attempt in (1, 2, 1):
            assert await stand.board.perform(_to_board(_unlink(parent), card, attempt=attempt)) == ()
        assert await stand.parents(card) == []

    async def test_a_bond_whose_answer_was_lost_is_made_once(self, stand: BoardStand) -> None:
        card = await _card(stand)
        [parent] = await stand.board.perform(_to_board(_creation(stand, "kc-2")))
        await stand.lose_next_answer()
        with pytest.raises(Unavailable):
            await stand.board.perform(_to_board(_link(parent), card))
        await stand.board.perform(_to_board(_link(parent), card, attempt=2))
        assert await stand.parents(card) == [parent.id]

    async def test_a_card_of_the_service_desk_is_under_an_agreement_once_and_until_it_is_undone(
        self, stand: BoardStand
    ) -> None:
        card = await _card(stand)
        await stand.entrust(card)
        for attempt in (1, 2):
            assert await stand.board.perform(_to_board(_attachment(), card, attempt=attempt)) == ()
        assert await stand.slas(card) == [SLA]
        for attempt in (1, 2, 1):
            assert await stand.board.perform(_to_board(_detachment(), card, attempt=attempt)) == ()
        assert await stand.slas(card) == []

    async def test_an_agreement_whose_answer_was_lost_is_on_the_card_once(self, stand: BoardStand) -> None:
        card = await _card(stand)
        await stand.entrust(card)
        await stand.lose_next_answer()
        with pytest.raises(Unavailable):
            await stand.board.perform(_to_board(_attachment(), card))
        await stand.board.perform(_to_board(_attachment(), card, attempt=2))
        assert await stand.slas(card) == [SLA]

    async def test_a_card_outside_the_service_desk_is_refused_an_agreement(self, stand: BoardStand) -> None:
        card = await _card(stand)
        for attempt in (1, 2):
            with pytest.raises(Rejected) as no:
                await stand.board.perform(_to_board(_attachment(), card, attempt=attempt))
            assert no.value.refusal is Refusal.INVALID
        assert await stand.slas(card) == []

    async def test_facts_fill_their_fields_and_leave_the_others(self, stand: BoardStand) -> None:
        card = await _card(stand)
        first, second = stand.fields
        await stand.board.perform(_to_board(_facts({first: "77", second: "+7999"}), card))
        for attempt in (1, 2):
            assert await stand.board.perform(_to_board(_facts({second: "+7000"}), card, attempt=attempt)) == ()
        assert [await stand.field(card, field) for field in stand.fields] == ["77", "+7000"]

    @pytest.mark.parametrize("nothing", [None, {}])
    async def test_facts_without_a_field_change_nothing(
        self, stand: BoardStand, nothing: dict[str, FieldValue] | None
    ) -> None:
        card = await _card(stand)
        cursor, _ = await _settled(stand.board, None)
        assert await stand.board.perform(_to_board(_facts(nothing), card)) == ()
        _, events = await _settled(stand.board, cursor)
        assert [event for event in events if isinstance(event, CardSeen)] == []

    async def test_labels_and_facts_of_a_card_that_is_gone_are_refused_for_ever(self, stand: BoardStand) -> None:
        card = await _card(stand)
        await stand.destroy(card)
        for effect in (
            RemoveTag(key=Key("untag"), ticket=TicketId("kc-1"), name="СРОЧНО"),
            _facts({stand.fields[0]: "77"}),
        ):
            with pytest.raises(Rejected) as refused:
                await stand.board.perform(_to_board(effect, card))
            assert refused.value.refusal is Refusal.GONE

    async def test_a_card_is_moved_however_often(self, stand: BoardStand) -> None:
        card = await _card(stand)
        effect = MoveCard(
            key=Key("move"), ticket=TicketId("kc-1"), meaning=Meaning.WORK, board=stand.spot.board, spot=stand.work
        )
        for attempt in (1, 2):
            await stand.board.perform(_to_board(effect, card, attempt=attempt))
        assert await stand.column(card) == stand.work.column

    async def test_a_card_is_put_elsewhere_on_its_board_with_another_deadline_however_often(
        self, stand: BoardStand
    ) -> None:
        card = await _card(stand)
        await stand.move(card)
        due = datetime(2030, 2, 3, 4, 30, tzinfo=UTC)
        effect = _replacement(Spot(board=stand.spot.board, lane=stand.work.lane), due)
        for attempt in (1, 2):
            assert await stand.board.perform(_to_board(effect, card, attempt=attempt)) == ()
        assert await stand.place(card) == stand.work
        assert await stand.due(card) == due

    async def test_a_card_is_put_on_another_board_with_what_stands_on_it(self, stand: BoardStand) -> None:
        card = await _card(stand)
        await stand.board.perform(_to_board(_comment("say/1", "Привет"), card))
        await stand.board.perform(_to_board(_replacement(stand.other, None), card))
        assert await stand.place(card) == stand.other
        assert await stand.due(card) is None
        assert len(await stand.comments(card)) == 1
        assert await stand.external_ids() == ["kc-1"]

    async def test_a_deadline_is_set_alone_and_told_with_the_card(self, stand: BoardStand) -> None:
        card = await _card(stand)
        place = await stand.place(card)
        for due in (datetime(2027, 3, 4, 5, 6, tzinfo=UTC), None):
            effect = SetDeadline(key=Key("deadline"), ticket=TicketId("kc-1"), due_at=due)
            for attempt in (1, 2):
                await stand.board.perform(_to_board(effect, card, attempt=attempt))
            assert await stand.due(card) == due
            _, events = await _read_until(stand.board, 1, None)
            assert [event.due_at for event in events if isinstance(event, CardSeen)] == [due]
        assert await stand.place(card) == place

    async def test_a_card_whose_place_nobody_knows_stays(self, stand: BoardStand) -> None:
        card = await _card(stand)
        with pytest.raises(Rejected):
            await stand.board.perform(_to_board(_replacement(None, None), card))
        assert await stand.column(card) == stand.spot.column

    async def test_a_block_is_added_and_changed_where_it_stands(self, stand: BoardStand) -> None:
        card = await _card(stand)
        for block in ("№ 1 · касса", "№ 2 · почта\n№ 1 · касса"):
            for attempt in (1, 2):
                assert await stand.board.perform(_to_board(_block(block), card, attempt=attempt)) == ()
            assert await stand.description(card) == with_block("Ничего не работает", block)

    async def test_what_people_wrote_around_a_block_stays_letter_for_letter(self, stand: BoardStand) -> None:
        card = await _card(stand)
        await stand.board.perform(_to_board(_block("№ 1"), card))
        there = await stand.description(card)
        assert there is not None
        around = f"*Важно:* звонить\r\n\n{there}\n\n> хвост  \n"
        await stand.describe(card, around)
        await stand.board.perform(_to_board(_block("№ 2"), card))
        assert await stand.description(card) == around.replace("№ 1", "№ 2")

    async def test_a_block_whose_marks_were_removed_stands_at_the_end_again(self, stand: BoardStand) -> None:
        card = await _card(stand)
        await stand.board.perform(_to_board(_block("№ 1"), card))
        await stand.describe(card, "Всё стёрли")
        await stand.board.perform(_to_board(_block("№ 1"), card))
        assert await stand.description(card) == with_block("Всё стёрли", "№ 1")

    async def test_a_block_fills_an_empty_description(self, stand: BoardStand) -> None:
        card = await _card(stand)
        await stand.describe(card, "")
        await stand.board.perform(_to_board(_block("№ 1"), card))
        assert await stand.description(card) == with_block("", "№ 1")

    async def test_an_empty_block_goes_with_its_marks(self, stand: BoardStand) -> None:
        card = await _card(stand)
        for block in ("№ 1", ""):
            await stand.board.perform(_to_board(_block(block), card))
        assert await stand.description(card) == "Ничего не работает"

    async def test_the_block_gives_way_where_people_wrote_much(self, stand: BoardStand) -> None:
        card = await _card(stand)
        people = "ы" * (DESCRIPTION_LENGTH - 100)
        await stand.describe(card, people)
        block = "\n".join(f"№ {number} · касса" for number in range(100))
        await stand.board.perform(_to_board(_block(block), card))
        shown = await stand.description(card)
        assert shown is not None
        assert shown.startswith(people)
        assert len(people) < len(shown) <= DESCRIPTION_LENGTH
        assert "№ 0 · касса" in shown
        assert "№ 99 · касса" not in shown

    async def test_a_block_that_is_there_changes_nothing(self, stand: BoardStand) -> None:
        card = await _card(stand)
        await stand.board.perform(_to_board(_block("№ 1"), card))
        cursor, _ = await _settled(stand.board, None)
        await stand.board.perform(_to_board(_block("№ 1"), card))
        _, events = await _settled(stand.board, cursor)
        assert [event for event in events if isinstance(event, CardSeen)] == []

    async def test_a_persons_words_go_from_a_card_however_often_and_those_of_agents_stay(
        self, stand: BoardStand
    ) -> None:
        card = await _card(stand)
        first, second = stand.fields
        for effect in (
            _comment("say/1", "Мой секрет", (stand.file("a.pdf"),)),
            _comments("say/2", "say/3"),
            AddFiles(key=Key("files"), ticket=TicketId("kc-1"), files=(stand.file("b.pdf"),)),
            AddTag(key=Key("tag"), ticket=TicketId("kc-1"), name="Кабинет 77"),
            AddTag(key=Key("other"), ticket=TicketId("kc-1"), name="СРОЧНО"),
            _facts({first: "77", second: "+7999"}),
        ):
            await stand.board.perform(_to_board(effect, card))
        await stand.comment(card, "Слова агента")
        await stand.comment(card, "Слова человека под нашей учётной записью", ours=True)
        for attempt in (1, 2):
            assert await stand.board.perform(_to_board(_redaction(fields=(first,)), card, attempt=attempt)) == ()
        texts = [unsigned(text).strip() for text in await stand.comments(card)]
        assert texts == ["Удалено", "Удалено", "Слова агента", "Слова человека под нашей учётной записью"]
        assert await stand.files(card) == []
        assert await stand.tags(card) == ["СРОЧНО"]
        assert [await stand.field(card, field) for field in stand.fields] == [None, "+7999"]
        assert await stand.description(card) == "Удалено"
        # Our hand is still known as ours.
        _, events = await _settled(stand.reborn(), None)
        said = [event.text.plain for event in events if isinstance(event, AgentCommented)]
        assert said == ["Слова агента", "Слова человека под нашей учётной записью"]

    async def test_only_lines_that_tell_of_somebody_go_where_they_are_named(self, stand: BoardStand) -> None:
        card = await _card(stand)
        for effect in (
            _comment("say/1", "Прежние:\n№1 «Сломался *терминал*» · решено\n№2 «Другое»"),
            _comment("say/2", "терминал"),
            _comment("say/3", "Сломался терминал"),
        ):
            await stand.board.perform(_to_board(effect, card))
        before = await stand.comments(card)
        described = await stand.description(card)
        for attempt in (1, 2):
            order = _to_board(_redaction(needles=(bare("Сломался терминал"),)), card, attempt=attempt)
            assert await stand.board.perform(order) == ()
        first, second, third = await stand.comments(card)
        assert "терминал" not in first
        assert "Прежние" in first
        assert "Другое" in first
        assert second == before[1]
        assert "Сломался" not in third
        assert await stand.description(card) == described

    async def test_words_go_from_a_former_card_and_from_an_archived_one_too(self, stand: BoardStand) -> None:
        former = await _card(stand)
        [card] = await stand.board.perform(_to_board(_creation(stand, "kc-1.2")))
        await stand.board.perform(_to_board(_redaction(at=former), card))
        assert await stand.description(former) == "Удалено"
        assert await stand.description(card) != "Удалено"
        await stand.archive(card)
        await stand.board.perform(_to_board(_redaction(), card))
        assert await stand.description(card) == "Удалено"

    async def test_one_person_has_a_card_however_often_it_is_given(self, stand: BoardStand) -> None:
        card = await _card(stand)
        first, second = (user for user, _ in stand.people)
        for user in (first, first, second):
            for attempt in (1, 2):
                assert await stand.board.perform(_to_board(_assignment(user), card, attempt=attempt)) == ()
            assert await stand.holders(card) == [user]

    async def test_who_has_a_card_is_told_though_nothing_else_changed(self, stand: BoardStand) -> None:
        card = await _card(stand)
        (first, anna), (second, igor) = stand.people
        cursor, events = await _settled(stand.board, None)
        assert [event.responsible for event in events if isinstance(event, CardSeen)][-1] is None
        for user, name in ((first, anna), (second, igor), (first, anna)):
            await stand.hand(card, user)
            cursor, events = await _settled(stand.board, cursor)
            assert [event.responsible for event in events if isinstance(event, CardSeen)] == [name]

    async def test_a_card_that_is_gone_takes_no_block_nor_person_nor_place(self, stand: BoardStand) -> None:
        card = await _card(stand)
        await stand.destroy(card)
        for effect in (_block("№ 1"), _assignment(stand.people[0][0]), _replacement(stand.other, None)):
            with pytest.raises(Rejected) as refused:
                await stand.board.perform(_to_board(effect, card))
            assert refused.value.refusal is Refusal.GONE

    async def test_a_note_whose_comment_was_deleted_is_written_for_agents_again(self, stand: BoardStand) -> None:
        card = await _card(stand)
        effect = replace(_edit("note/1", "доставлено"), internal=True)
        await stand.board.perform(_to_board(effect, card, made={}))
        assert await stand.hidden(card) == [True]

    async def test_a_card_that_is_gone_refuses_words_for_ever(self, stand: BoardStand) -> None:
        card = await _card(stand)
        await stand.destroy(card)
        with pytest.raises(Rejected) as refused:
            await stand.board.perform(_to_board(_comment("say/1", "Привет"), card))
        assert refused.value.refusal is Refusal.GONE

    async def test_a_repeat_finds_what_stands_on_a_card_that_was_put_away_meanwhile(self, stand: BoardStand) -> None:
        card = await _card(stand)
        await stand.lose_next_answer()
        with pytest.raises(Unavailable):
            await stand.board.perform(_to_board(_comment("say/1", "Привет"), card))
        await stand.archive(card)
        assert len(await stand.board.perform(_to_board(_comment("say/1", "Привет"), card, attempt=2))) == 1
        assert len(await stand.comments(card)) == 1

    async def test_an_agents_comment_is_told_once_and_ours_never(self, stand: BoardStand) -> None:
        card = await _card(stand)
        cursor, _ = await _settled(stand.board, None)
        await stand.board.perform(_to_board(_comment("say/1", "Привет"), card))
        await stand.comment(card, "Здравствуйте")
        cursor, events = await _settled(stand.board, cursor)
        [told] = [event for event in events if isinstance(event, AgentCommented)]
        assert told.text.plain == "Здравствуйте"
        assert told.card == card
        assert told.ticket == "kc-1"
        assert told.key == told.comment.key
        assert not told.internal
        _, events = await _settled(stand.board, cursor)
        assert [event for event in events if isinstance(event, AgentCommented)] == []

    async def test_what_was_told_keeps_its_key_in_another_process(self, stand: BoardStand) -> None:
        card = await _card(stand)
        await stand.comment(card, "Здравствуйте")
        told = [event for event in (await _settled(stand.board, None))[1] if isinstance(event, AgentCommented)]
        again = [event for event in (await _settled(stand.reborn(), None))[1] if isinstance(event, AgentCommented)]
        assert [event.key for event in told] == [event.key for event in again]
        assert len(told) == 1

    async def test_a_batch_whose_cursor_never_came_back_is_told_again(self, stand: BoardStand) -> None:
        card = await _card(stand)
        cursor, _ = await _settled(stand.board, None)
        await stand.comment(card, "Здравствуйте")
        _, events = await _settled(stand.board, cursor)
        _, again = await _settled(stand.reborn(), cursor)
        told = {event.key for event in events if isinstance(event, AgentCommented)}
        assert len(told) == 1
        assert told <= {event.key for event in again}

    async def test_a_note_for_agents_is_told_as_such(self, stand: BoardStand) -> None:
        card = await _card(stand)
        await stand.comment(card, "Не для клиента", internal=True)
        _, events = await _settled(stand.board, None)
        assert [event.internal for event in events if isinstance(event, AgentCommented)] == [True]

    async def test_a_person_who_uses_our_account_is_heard(self, stand: BoardStand) -> None:
        card = await _card(stand)
        await stand.board.perform(_to_board(_comment("say/1", "Привет"), card))
        await stand.comment(card, "Это пишет человек", ours=True)
        _, events = await _settled(stand.reborn(), None)
        assert [event.text.plain for event in events if isinstance(event, AgentCommented)] == ["Это пишет человек"]

    async def test_an_agent_who_copies_our_words_is_heard(self, stand: BoardStand) -> None:
        card = await _card(stand)
        await stand.board.perform(_to_board(_comment("say/1", "Привет"), card))
        [copied] = await stand.comments(card)
        await stand.comment(card, copied)
        _, events = await _settled(stand.board, None)
        [told] = [event for event in events if isinstance(event, AgentCommented)]
        assert "Привет" in told.text.plain
        assert sign(Key("say/1")) not in told.text.plain

    async def test_an_agents_change_of_words_is_told(self, stand: BoardStand) -> None:
        card = await _card(stand)
        await stand.comment(card, "Здравствуйте")
        cursor, _ = await _settled(stand.board, None)
        await stand.rewrite_comment(card, "Добрый день")
        _, events = await _settled(stand.board, cursor)
        assert [event.text.plain for event in events if isinstance(event, AgentEdited)] == ["Добрый день"]

    async def test_an_agents_removal_of_a_comment_is_told(self, stand: BoardStand) -> None:
        card = await _card(stand)
        await stand.comment(card, "Здравствуйте")
        cursor, events = await _settled(stand.board, None)
        [told] = [event for event in events if isinstance(event, AgentCommented)]
        await stand.remove_comment(card)
        _, events = await _settled(stand.board, cursor)
        assert [event.comment for event in events if isinstance(event, AgentRemoved)] == [told.comment]

    async def test_a_moved_card_is_seen_with_a_higher_version(self, stand: BoardStand) -> None:
        card = await _card(stand)
        cursor, events = await _settled(stand.board, None)
        before = max(event.version for event in events if isinstance(event, CardSeen))
        await stand.move(card)
        _, events = await _settled(stand.board, cursor)
        seen = [event for event in events if isinstance(event, CardSeen)][-1]
        assert seen.version > before
        assert (seen.card, seen.ticket, seen.board) == (card, "kc-1", stand.spot.board)
        assert seen.column == stand.work.column
        assert not seen.gone

    async def test_an_archived_card_is_seen_gone(self, stand: BoardStand) -> None:
        card = await _card(stand)
        cursor, _ = await _settled(stand.board, None)
        await stand.archive(card)
        _, events = await _settled(stand.board, cursor)
        assert [event.gone for event in events if isinstance(event, CardSeen)][-1:] == [True]

    async def test_the_ticket_of_a_further_card_is_told_as_the_card_carries_it(self, stand: BoardStand) -> None:
        await stand.board.perform(_to_board(_creation(stand, "kc-1.2")))
        _, events = await _settled(stand.board, None)
        assert {event.ticket for event in events if isinstance(event, CardSeen)} == {"kc-1.2"}


# ---- orders and readings


def _to_chat(
    effect: ChatEffect, *, attempt: int = 1, made: dict[Key, tuple[Ref, ...]] | None = None
) -> Order[ChatEffect]:
    return Order(key=effect.key, effect=effect, attempt=attempt, urgency=effect.urgency, made=made or {})


def _to_board(
    effect: BoardEffect,
    card: Ref | None = None,
    *,
    attempt: int = 1,
    made: dict[Key, tuple[Ref, ...]] | None = None,
) -> Order[BoardEffect]:
    return Order(key=effect.key, effect=effect, attempt=attempt, urgency=Urgency.CARD, card=card, made=made or {})


def _message(stand: ChatStand, text: str, *, buttons: tuple[tuple[Button, ...], ...] = ()) -> SendMessage:
    return SendMessage(
        key=Key(f"send/{text}"), ticket=None, chat=stand.room, text=Text(plain=text), urgency=Urgency.REPLY,
        buttons=buttons,
    )  # fmt: skip


def _creation(stand: BoardStand, external_id: str = "kc-1") -> CreateCard:
    return CreateCard(
        key=Key(f"card/{external_id}"), ticket=TicketId("kc-1"), external_id=external_id, topic="question",
        service_class="normal", title="Не работает", description="Ничего не работает",
        due_at=datetime(2030, 1, 1, 12, tzinfo=UTC), spot=stand.spot,
    )  # fmt: skip


async def _card(stand: BoardStand) -> Ref:
    [card] = await stand.board.perform(_to_board(_creation(stand)))
    return card


def _section(key: str, text: str, files: tuple[File, ...] = ()) -> Section:
    return Section(key=Key(key), head=f"Client · {key[-1]}", text=Text(plain=text), files=files)


def _comment(key: str, text: str, files: tuple[File, ...] = ()) -> AddComment:
    return AddComment(key=Key(key), ticket=TicketId("kc-1"), sections=(_section(key, text, files),))


def _comments(*keys: str) -> AddComment:
    sections = tuple(_section(key, f"words of {key}") for key in keys)
    return AddComment(key=Key(keys[0]), ticket=TicketId("kc-1"), sections=sections)


def _edit(key: str, text: str, *, append: bool = False, order: str = "edit") -> EditComment:
    return EditComment(
        key=Key(f"{order}/{key}"), ticket=TicketId("kc-1"), target=Key(key), section=_section(key, text), append=append
    )


def _facts(fields: dict[str, FieldValue] | None) -> SetFacts:
    return SetFacts(key=Key("facts"), ticket=TicketId("kc-1"), facts={"cabinet": "77"}, fields=fields)


def _redaction(*, fields: tuple[str, ...] = (), needles: tuple[str, ...] = (), at: Ref | None = None) -> Redact:
    return Redact(
        key=Key("redact"), ticket=TicketId("kc-1"), notice="Удалено", title="№1", tags=("Кабинет 77",), fields=fields,
        needles=needles, at=at,
    )  # fmt: skip


def _block(block: str) -> SetBlock:
    return SetBlock(key=Key("block"), ticket=TicketId("kc-1"), block=block)


def _assignment(user: str) -> AssignCard:
    return AssignCard(key=Key("assign"), ticket=TicketId("kc-1"), user=user)


def _link(parent: Ref) -> LinkCard:
    return LinkCard(key=Key("link"), ticket=TicketId("kc-1"), parent=parent)


def _unlink(parent: Ref) -> UnlinkCard:
    return UnlinkCard(key=Key("unlink"), ticket=TicketId("kc-1"), parent=parent)


def _attachment() -> AttachSla:
    return AttachSla(key=Key("sla"), ticket=TicketId("kc-1"), sla=SLA)


def _detachment() -> DetachSla:
    return DetachSla(key=Key("sla-off"), ticket=TicketId("kc-1"), sla=SLA)


def _replacement(spot: Spot | None, due_at: datetime | None) -> ReplaceCard:
    return ReplaceCard(
        key=Key("replace"), ticket=TicketId("kc-1"), topic="question", service_class="normal", board=None,
        due_at=due_at, spot=spot,
    )  # fmt: skip


def some_file(port: str, name: str) -> File:
    """A small document of another tool."""
    return File(ref=Ref(port=port, id=name), kind=FileKind.DOCUMENT, name=name, size=7)


async def _read_until(port: Chat | Board, count: int, cursor: str | None) -> tuple[str | None, list[Event]]:
    """Reads, handing back each cursor, until so many events were told."""
    events: list[Event] = []
    for _ in range(READS):
        batch = await port.read(cursor)
        cursor = batch.cursor
        events += [arrival.event for arrival in batch.arrivals if arrival.event is not None]
        if len(events) >= count:
            break
    return cursor, events


async def _news(port: Chat, count: int) -> Sequence[Event]:
    return (await _read_until(port, count, None))[1]


async def _settled(board: Board, cursor: str | None) -> tuple[str | None, list[Event]]:
    """Everything the board has to tell after the cursor."""
    return await _read_until(board, 1_000_000, cursor)
