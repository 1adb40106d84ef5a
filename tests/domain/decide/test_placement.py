"""Orders that put a request elsewhere on the board: to a person, into a class, under a topic."""

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.domain.effects import (
    AddTag,
    AssignCard,
    Meaning,
    MoveCard,
    RemoveTag,
    ReplaceCard,
    SetDeadline,
    SetFacts,
)
from connector.domain.policy import LabelRule
from connector.domain.ticket import Phase
from tests.domain.decide.desk import BOARD, desk, note
from tests.domain.sample import START, every, only, told

# ---- to a person


def test_taking_assigns_the_card_to_the_author_and_puts_it_in_work() -> None:
    talk = desk()
    effects = talk.comment("#take")
    assert only(effects, AssignCard).user == "5"
    move = only(effects, MoveCard)
    assert (move.meaning, move.board) == (Meaning.WORK, "b1")
    assert "Анна" in note(effects)
    assert "Взяли в работу" in told(effects)
    assert talk.see("c-queue", lane="l-urgent") == ()
    assert talk.done(move) == ()
    assert talk.see("c-work", lane="l-urgent") == ()
    assert (talk.ticket.phase, talk.ticket.moving) == (Phase.WORK, None)


def test_taking_a_card_in_work_or_where_no_column_means_it_only_assigns() -> None:
    talk = desk()
    talk.see("c-work")
    assert every(talk.comment("#take"), MoveCard) == []
    other = desk()
    other.see("c-queue", board="b3")
    effects = other.comment("#take")
    assert every(effects, MoveCard) == []
    assert only(effects, AssignCard).user == "5"


def test_an_author_whom_the_board_does_not_know_is_told_so() -> None:
    talk = desk(board=replace(BOARD, users={"игорь": "7"}))
    effects = talk.comment("#take")
    assert "Анна" in note(effects)
    assert len(effects) == 1


@pytest.mark.parametrize(
    ("who", "user"),
    [
        ("@igor", "7"),
        ("@ann", "5"),
        ("ИГОРЬ", "7"),
        ("@иг", "7"),
        ("анна", "5"),
        ("Анна С", "6"),
        ("анна сидорова", "6"),
    ],
)
def test_a_card_is_given_by_name_username_or_a_beginning(who: str, user: str) -> None:
    assert only(desk().comment(f"#assign {who}"), AssignCard).user == user


@pytest.mark.parametrize(("who", "words"), [("", "кому"), ("ан", "нескольким"), ("игрь", "игорь")])
def test_whom_nobody_can_tell_is_explained(who: str, words: str) -> None:
    effects = desk().comment(f"#assign {who}")
    assert every(effects, AssignCard) == []
    assert words in note(effects)


def test_an_order_the_board_refuses_is_told_to_the_agents() -> None:
    talk = desk()
    effects = talk.comment("#take")
    assert "вручную" in note(talk.fail(only(effects, AssignCard)))
    failed = talk.fail(only(effects, MoveCard))
    assert "вручную" in note(failed)
    assert talk.see("c-queue") == ()
    assert talk.ticket.phase is Phase.QUEUE


# ---- class and topic


def test_another_class_is_another_lane_and_another_deadline() -> None:
    talk = desk()
    effects = talk.comment("#class today")
    order = only(effects, ReplaceCard)
    assert (order.topic, order.service_class, order.board) == (None, "today", "b1")
    assert order.due_at == talk.ticket.due_at == START + timedelta(hours=24)
    assert talk.ticket.service_class == "today"
    assert "Сегодня" in note(effects)
    # What the board still shows of the old lane says nothing new; the new one agrees.
    talk.see("c-queue", lane="l-urgent")
    assert talk.ticket.service_class == "today"
    talk.see("c-queue", lane="l-today")
    assert talk.ticket.service_class == "today"


def test_a_class_is_known_by_its_title_too() -> None:
    assert only(desk().comment("#class СЕГОДНЯ"), ReplaceCard).service_class == "today"


@pytest.mark.parametrize(("words", "part"), [("", "Срочно"), ("tody", "today"), ("urgent", "уже")])
def test_a_class_that_makes_no_sense_is_explained(words: str, part: str) -> None:
    effects = desk().comment(f"#class {words}")
    assert part in note(effects)
    assert "#class" in note(effects)
    assert len(effects) == 1


def test_another_topic_moves_the_card_and_changes_its_tags_while_the_clock_stays() -> None:
    talk = desk(board=replace(BOARD, fact_fields={"topic": "f1", "class": "f2"}))
    due_at = talk.ticket.due_at
    effects = talk.comment("#topic оплата")
    order = only(effects, ReplaceCard)
    assert (order.topic, order.service_class, order.board, order.due_at) == ("money", "urgent", "b1", due_at)
    assert {each.name for each in every(effects, RemoveTag)} == {"касса", "бот"}
    assert every(effects, AddTag) == []
    assert only(effects, SetFacts).facts == {"topic": "Оплата"}
    assert (talk.ticket.topic, talk.ticket.due_at) == ("money", due_at)
    assert "Оплата" in note(effects)
    back = talk.comment("#topic till")
    assert {each.name for each in every(back, AddTag)} == {"касса", "бот"}


def test_a_tag_that_a_label_gave_stays_with_any_topic() -> None:
    talk = desk(labels=(LabelRule(tag="бот"),))
    assert {each.name for each in every(talk.comment("#topic money"), RemoveTag)} == {"касса"}


@pytest.mark.parametrize(("words", "part"), [("", "Касса"), ("mony", "money"), ("till", "уже")])
def test_a_topic_that_makes_no_sense_is_explained(words: str, part: str) -> None:
    effects = desk().comment(f"#topic {words}")
    assert part in note(effects)
    assert len(effects) == 1


@pytest.mark.parametrize("words", ["#class today", "#topic money"])
def test_a_deadline_set_by_hand_stays_under_another_class_or_topic_and_the_answer_says_so(words: str) -> None:
    talk = desk()
    theirs = talk.now + timedelta(days=9)
    talk.see("c-queue", lane="l-urgent", by_hand=theirs)
    effects = talk.comment(words)
    order = only(effects, ReplaceCard)
    assert order.keeps_due
    assert every(effects, SetDeadline) == []
    assert "вручную" in note(effects)
    assert "#class" in note(effects)
    assert not only(desk().comment(words), ReplaceCard).keeps_due


def test_a_deadline_set_by_hand_is_given_back_to_the_clock_by_naming_its_class_once_more() -> None:
    talk = desk()
    talk.see("c-queue", lane="l-urgent", by_hand=talk.now + timedelta(days=9))
    talk.comment("#class today")
    talk.see("c-queue", lane="l-today", by_hand=talk.now + timedelta(days=9))
    effects = talk.comment("#class today")
    assert only(effects, SetDeadline).due_at == talk.ticket.due_at == START + timedelta(hours=24)
    assert every(effects, ReplaceCard) == []
    assert "снова" in note(effects)
    # The card as it still looked before that order was carried out, then after it.
    talk.see("c-queue", lane="l-today", by_hand=talk.now + timedelta(days=9))
    talk.see("c-queue", lane="l-today")
    assert not talk.ticket.due_by_hand
    assert "уже" in note(talk.comment("#class today"))
    assert only(talk.comment("#class urgent"), ReplaceCard).due_at == START + timedelta(hours=5)


def test_what_is_closed_keeps_class_and_topic() -> None:
    talk = desk()
    talk.see("c-done")
    assert "уже закрыто" in note(talk.comment("#class today"))
    assert "уже закрыто" in note(talk.comment("#topic money"))
    assert "уже закрыто" in note(talk.comment("#close"))
