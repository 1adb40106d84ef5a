"""What happens when one of our own orders ended."""

import pytest

from connector.domain.decide import listens
from connector.domain.effects import (
    AddComment,
    AddFiles,
    AddTag,
    CreateCard,
    DeleteMessage,
    EditComment,
    EditMessage,
    MoveCard,
    React,
    Section,
    SendFiles,
    SendMessage,
    Urgency,
)
from connector.domain.events import Refusal
from connector.domain.refs import Key, Ref
from connector.domain.ticket import Phase
from connector.domain.words import Text
from tests.domain.sample import Conversation, every, message, only, opened, photo, told

CARD = Ref(port="kaiten", id="900")


def test_a_created_card_stands_in_the_queue_of_its_board() -> None:
    talk = Conversation()
    talk.tap("topic:till")
    order = only(talk.write("Касса не работает"), CreateCard)
    mark = only(talk.done(order, CARD), React)
    assert (mark.message, mark.emoji, mark.urgency) == (order.source, "✍", Urgency.LABEL)
    assert (talk.ticket.card, talk.ticket.board, talk.ticket.phase) == (CARD, "b1", Phase.QUEUE)


def test_a_card_that_was_seen_in_work_before_is_not_put_back() -> None:
    talk = Conversation()
    talk.tap("topic:till")
    order = only(talk.write("Касса не работает"), CreateCard)
    talk.see("c-work")
    talk.done(order, CARD)
    assert talk.ticket.phase is Phase.WORK


def test_the_late_end_of_a_former_cards_order_changes_nothing() -> None:
    talk = Conversation()
    talk.tap("topic:till")
    order = only(talk.write("Касса не работает"), CreateCard)
    talk.done(order, CARD)
    talk.see(gone=True)
    talk.write("Ау")
    before = talk.client
    talk.done(order, CARD)
    assert talk.client == before


def test_only_the_ends_that_matter_are_listened_to() -> None:
    talk = opened()
    talk.write("ещё", files=(photo("a.jpg"),))
    talk.see("c-done")
    talk.write("опять")
    assert {type(each) for each in talk.effects if listens(each)} == {MoveCard, AddComment}
    for effect in talk.effects:
        if not listens(effect):
            before = talk.client
            assert talk.done(effect) == ()
            assert talk.client == before


# ---- the chat refuses


@pytest.mark.parametrize("refusal", [Refusal.INVALID, Refusal.GONE, Refusal.TOO_BIG, Refusal.FORBIDDEN])
def test_an_answer_that_cannot_be_delivered_is_noted_on_the_card_with_the_reason(refusal: Refusal) -> None:
    talk = opened()
    note = only(talk.fail(only(talk.comment("Готово"), SendMessage), refusal), AddComment)
    assert note.internal
    assert note.ticket == talk.ticket.id
    assert talk.policy.texts["ru"][f"reason.{refusal}"] in note.sections[0].text.plain
    assert not talk.client.blocked


def test_an_answer_in_parts_that_meets_a_blocked_bot_is_noted_once() -> None:
    talk = opened()
    text = "ж" * 5000
    first, second = every(talk.comment(text), SendMessage)
    assert only(talk.fail(first, Refusal.BLOCKED), AddComment).internal
    assert talk.fail(second, Refusal.BLOCKED) == ()
    assert talk.client.blocked
    assert talk.client.undelivered == (first, second)


def test_our_own_line_that_meets_a_blocked_bot_is_not_kept_but_noted() -> None:
    talk = opened()
    line = only(talk.write("/help"), SendMessage)
    assert only(talk.fail(line, Refusal.BLOCKED), AddComment).internal
    assert talk.client.blocked
    assert talk.client.undelivered == ()


def test_our_own_line_that_fails_otherwise_is_not_worth_a_word() -> None:
    talk = opened()
    assert talk.fail(only(talk.write("/help"), SendMessage), Refusal.INVALID) == ()


def test_a_failed_mark_or_edit_is_not_worth_a_word() -> None:
    talk = opened()
    mark = only(talk.write("ещё"), React)
    talk.comment("Готов", number=1)
    edit = only(talk.edit_comment(1, "Готово"), EditMessage)
    for effect in (mark, edit):
        for refusal in Refusal:
            assert talk.fail(effect, refusal) == ()


def test_words_that_cannot_be_taken_back_any_more_are_told_on_the_card() -> None:
    talk = opened()
    talk.comment("Готов", number=1)
    deletion = only(talk.remove_comment(1), DeleteMessage)
    assert talk.fail(deletion, Refusal.GONE) == ()
    told = only(talk.fail(deletion, Refusal.INVALID), AddComment)
    assert told.internal
    assert "остался у клиента" in told.sections[0].text.plain


# ---- the board refuses


def test_words_for_a_card_that_is_gone_order_one_new_card_and_are_not_repeated() -> None:
    talk = opened()
    former = talk.ticket.card
    assert former is not None
    comment = only(talk.write("ещё"), AddComment)
    effects = talk.fail(comment, Refusal.GONE)
    order = only(effects, CreateCard)
    assert every(effects, AddComment) == []
    assert order.external_id == f"{talk.ticket.id}.2"
    assert former.id in order.description
    assert "Касса не работает" in order.title
    assert talk.fail(comment, Refusal.GONE) == ()
    talk.done(order, CARD)
    assert talk.ticket.card == CARD
    talk.see(gone=True)
    assert only(talk.fail(comment, Refusal.GONE), CreateCard).external_id.endswith(".3")
    assert len({each.key for each in talk.effects}) == len(talk.effects)


def test_a_note_for_a_closed_request_whose_card_is_gone_orders_no_card() -> None:
    talk = opened()
    answer = only(talk.comment("Готово"), SendMessage)
    note = only(talk.fail(answer, Refusal.INVALID), AddComment)
    talk.see("c-done")
    assert talk.fail(note, Refusal.GONE) == ()
    assert talk.ticket.card is None
    assert not talk.ticket.open


def test_what_a_client_would_have_us_do_better_finds_a_card_like_all_their_words() -> None:
    talk = opened()
    talk.see("c-done")
    words = Key("telegram:1/7/words/0")
    note = AddComment(
        key=words,
        ticket=talk.ticket.id,
        sections=(Section(key=words, head="", text=Text(plain="долго")),),
        internal=True,
    )
    assert only(talk.fail(note, Refusal.GONE), CreateCard).external_id == f"{talk.ticket.id}.2"


def test_a_card_that_cannot_be_created_waits_for_the_operator() -> None:
    talk = Conversation()
    talk.tap("topic:till")
    order = only(talk.write("Касса не работает"), CreateCard)
    for refusal in Refusal:
        effects = talk.fail(order, refusal)
        assert [type(each) for each in effects] == [React, SendMessage]
        assert (only(effects, React).emoji, only(effects, React).message) == ("🤷", order.source)
        assert only(effects, SendMessage).reply_to == order.source
    assert talk.ticket.phase is Phase.OPENING


def test_an_edit_that_finds_no_comment_becomes_one() -> None:
    talk = opened()
    talk.write("И терминл", number="m")
    edit = only(talk.edit(message("m"), "И терминал"), EditComment)
    again = only(talk.fail(edit, Refusal.INVALID), AddComment)
    assert again.sections[0].text.plain == "И терминал"
    assert again.key == again.sections[0].key != edit.key


def test_files_the_board_does_not_take_are_named_and_the_words_arrive() -> None:
    talk = opened()
    comment = only(talk.write("смотрите", files=(photo("a.jpg"),)), AddComment)
    again = only(talk.fail(comment, Refusal.TOO_BIG), AddComment)
    assert again.sections[0].text.plain.startswith("смотрите\n")
    assert "a.jpg" in again.sections[0].text.plain
    assert again.sections[0].files == ()
    # Words that will not come onto the card are never lost silently.
    assert "не удалось передать" in told(talk.fail(again, Refusal.TOO_BIG))
    files = AddFiles(key=comment.key, ticket=talk.ticket.id, files=(photo("b.jpg"),))
    assert "b.jpg" in only(talk.fail(files, Refusal.TOO_BIG), AddComment).sections[0].text.plain


def test_a_move_that_fails_is_left_to_the_agents() -> None:
    talk = opened()
    talk.see("c-done")
    move = only(talk.write("опять"), MoveCard)
    note = only(talk.fail(move, Refusal.FORBIDDEN), AddComment)
    assert note.internal
    assert talk.ticket.moving is None


def test_a_refused_label_is_not_worth_a_word() -> None:
    talk = Conversation()
    talk.tap("topic:till")
    tag = every(talk.write("Касса не работает"), AddTag)[0]
    assert talk.fail(tag, Refusal.FORBIDDEN) == ()


def test_a_refused_file_answer_is_noted() -> None:
    talk = opened()
    files = only(talk.comment("", files=(photo("a.pdf", port="kaiten"),)), SendFiles)
    assert only(talk.fail(files, Refusal.TOO_BIG), AddComment).internal
