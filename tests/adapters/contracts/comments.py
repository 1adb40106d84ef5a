"""What a board promises of our words on a card: signed, whole, once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.domain.effects import EditComment
from connector.domain.events import Refusal
from connector.domain.refs import Key
from connector.domain.signature import sign
from connector.ports import Rejected, Unavailable
from tests.adapters.contracts.board_orders import TICKET, comment, comments, new_card, section, to_board
from tests.adapters.contracts.board_stand import BoardStand


class CommentContract:
    """Every board adapter passes this: what we say on a card is signed and stands there once."""

    async def test_a_comment_is_signed(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        [made] = await stand.board.perform(to_board(comment("say/1", "Привет"), card))
        [text] = await stand.comments(card)
        assert made.port == stand.board.name
        assert sign(Key("say/1")) in text
        assert "Привет" in text

    async def test_a_repeat_finds_the_comment_instead_of_writing_another(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        await stand.lose_next_answer()
        with pytest.raises(Unavailable):
            await stand.board.perform(to_board(comment("say/1", "Привет"), card))
        refs = await stand.reborn().perform(to_board(comment("say/1", "Привет"), card, attempt=2))
        assert len(refs) == 1
        assert len(await stand.comments(card)) == 1

    async def test_the_same_words_of_another_message_are_another_comment(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        for key in ("say/1", "say/2"):
            await stand.board.perform(to_board(comment(key, "Привет"), card, attempt=2))
        assert len(await stand.comments(card)) == 2

    async def test_joined_messages_stand_in_order_in_one_comment(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        refs = await stand.board.perform(to_board(comments("say/1", "say/2"), card))
        [text] = await stand.comments(card)
        assert len(refs) == 1
        assert text.index(sign(Key("say/1"))) < text.index(sign(Key("say/2")))

    async def test_a_repeat_writes_only_the_sections_that_are_not_there(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        await stand.board.perform(to_board(comment("say/1", "Привет"), card))
        await stand.board.perform(to_board(comments("say/1", "say/2"), card, attempt=2))
        told = "".join(await stand.comments(card))
        assert told.count(sign(Key("say/1"))) == 1
        assert told.count(sign(Key("say/2"))) == 1

    async def test_a_section_is_changed_where_it_stands_and_the_others_stay(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        made = await stand.board.perform(to_board(comments("say/1", "say/2", "say/3"), card))
        edit = _edit("say/2", "Передумал")
        for attempt in (1, 2):
            await stand.board.perform(to_board(edit, card, attempt=attempt, made={Key("say/2"): made}))
        [text] = await stand.comments(card)
        places = [text.index(word) for word in ("words of say/1", "Передумал", "words of say/3")]
        assert places == sorted(places)
        assert "words of say/2" not in text

    async def test_a_section_that_is_not_there_is_added_once(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        for attempt in (1, 2):
            await stand.board.perform(to_board(_edit("say/9", "Поздно"), card, attempt=attempt))
        [text] = await stand.comments(card)
        assert "Поздно" in text

    async def test_added_words_stand_below_those_of_their_section_once(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        made = await stand.board.perform(to_board(comments("say/1", "say/2"), card))
        addition = _edit("say/1", "И ещё", append=True)
        for attempt in (1, 2):
            await stand.board.perform(to_board(addition, card, attempt=attempt, made={Key("say/1"): made}))
        [text] = await stand.comments(card)
        places = [text.index(word) for word in ("words of say/1", "И ещё", "words of say/2")]
        assert places == sorted(places)
        assert text.count("И ещё") == 1

    async def test_an_addition_whose_answer_was_lost_is_found(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        made = await stand.board.perform(to_board(comment("say/1", "Привет"), card))
        addition = _edit("say/1", "И ещё", append=True)
        await stand.lose_next_change()
        with pytest.raises(Unavailable) as trouble:
            await stand.board.perform(to_board(addition, card, made={Key("say/1"): made}))
        assert not trouble.value.surely_not_done
        again = await stand.reborn().perform(to_board(addition, card, attempt=2, made={Key("say/1"): made}))
        [text] = await stand.comments(card)
        assert again == made
        assert text.count("И ещё") == 1

    async def test_the_same_words_are_added_as_often_as_they_are_ordered(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        made = {Key("say/1"): await stand.board.perform(to_board(comment("say/1", "Привет"), card))}
        for order in ("edit/1", "edit/2", "edit/3"):
            effect = _edit("say/1", "И ещё", append=True, order=order)
            await stand.board.perform(to_board(effect, card, attempt=2, made=made))
        [text] = await stand.comments(card)
        assert text.count("И ещё") == 3
        assert "Привет" in text

    async def test_a_section_that_was_added_to_can_still_be_replaced_whole(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        made = {Key("say/1"): await stand.board.perform(to_board(comments("say/1", "say/2"), card))}
        await stand.board.perform(to_board(_edit("say/1", "И ещё", append=True), card, made=made))
        await stand.board.perform(to_board(_edit("say/1", "Передумал", order="edit/2"), card, made=made))
        [text] = await stand.comments(card)
        assert "Передумал" in text
        assert "words of say/2" in text
        assert "И ещё" not in text
        assert "words of say/1" not in text

    async def test_an_addition_without_room_or_without_its_section_has_a_comment_of_its_own(
        self, stand: BoardStand
    ) -> None:
        card = await new_card(stand)
        made = {Key("say/1"): await stand.board.perform(to_board(comment("say/1", "а" * 3900), card))}
        for key, word in (("say/1", "И ещё " * 50), ("say/9", "Поздно")):
            addition = _edit(key, word, append=True)
            for attempt in (1, 2):
                await stand.board.perform(to_board(addition, card, attempt=attempt, made=made))
        first, second, third = await stand.comments(card)
        assert "а" * 3900 in first
        assert second.count("И ещё") == 50
        assert "Поздно" in third

    async def test_files_come_with_their_comment_once(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        effect = comment("say/1", "Смотрите", (stand.file("a.pdf"), stand.file("b.pdf")))
        for attempt in (1, 2):
            await stand.board.perform(to_board(effect, card, attempt=attempt))
        assert sorted(await stand.files(card)) == ["a.pdf", "b.pdf"]

    async def test_a_note_whose_comment_was_deleted_is_written_for_agents_again(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        effect = replace(_edit("note/1", "доставлено"), internal=True)
        await stand.board.perform(to_board(effect, card, made={}))
        assert await stand.hidden(card) == [True]

    async def test_a_card_that_is_gone_refuses_words_for_ever(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        await stand.destroy(card)
        with pytest.raises(Rejected) as refused:
            await stand.board.perform(to_board(comment("say/1", "Привет"), card))
        assert refused.value.refusal is Refusal.GONE

    async def test_a_repeat_finds_what_stands_on_a_card_that_was_put_away_meanwhile(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        await stand.lose_next_answer()
        with pytest.raises(Unavailable):
            await stand.board.perform(to_board(comment("say/1", "Привет"), card))
        await stand.archive(card)
        assert len(await stand.board.perform(to_board(comment("say/1", "Привет"), card, attempt=2))) == 1
        assert len(await stand.comments(card)) == 1


def _edit(key: str, text: str, *, append: bool = False, order: str = "edit") -> EditComment:
    return EditComment(
        key=Key(f"{order}/{key}"), ticket=TICKET, target=Key(key), section=section(key, text), append=append
    )
