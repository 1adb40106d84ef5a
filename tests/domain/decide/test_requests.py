"""The client's own list of requests."""

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.domain.effects import AddComment, AnswerTap, Meaning, MoveCard, SendMessage
from connector.domain.ticket import Outcome, Phase
from tests.domain.sample import POLICY, Conversation, every, only, opened, told


def done_column(talk: Conversation) -> None:
    assert POLICY.board is not None
    landing = {**POLICY.board.landing, ("b1", Meaning.DONE): "c-done"}
    talk.policy = replace(talk.policy, board=replace(POLICY.board, landing=landing))


def test_the_list_tells_number_topic_status_and_unread_answers() -> None:
    talk = opened()
    talk.see("c-work")
    talk.comment("Едем")
    talk.comment("Будем через час")
    shown = told(talk.write("/requests"))
    assert "№12 «Касса не работает» — в работе" in shown
    assert "Тема: Касса" in shown
    assert "Новых ответов: 2" in shown


def test_looking_at_a_request_makes_it_current_and_shows_what_was_said() -> None:
    talk = opened()
    first = talk.ticket
    talk.comment("Перезагрузите её", ticket=first)
    talk.later(minutes=1)
    talk.open("money", "Не прошла оплата")
    view = only(talk.tap(f"open:{first.id}"), SendMessage)
    assert "Вы: Касса не работает" in view.text.plain
    assert "Мы: Перезагрузите её" in view.text.plain
    assert talk.client.current == first.id
    assert only(talk.write("Не помогло"), AddComment).ticket == first.id


def test_looking_at_a_request_reads_its_answers() -> None:
    talk = opened()
    talk.comment("Едем")
    talk.tap(f"open:{talk.ticket.id}")
    assert "Новых ответов" not in told(talk.write("/requests"))


def test_an_internal_note_is_no_line_of_the_clients_list() -> None:
    talk = opened()
    talk.comment("// тот ещё клиент")
    assert "тот ещё" not in told(talk.tap(f"open:{talk.ticket.id}"))
    assert talk.ticket.unread == 0


def test_withdrawing_asks_once_more_and_then_closes_the_card() -> None:
    talk = opened()
    done_column(talk)
    question = only(talk.tap(f"withdraw:{talk.ticket.id}"), SendMessage)
    sure, keep = question.buttons[0]
    assert talk.ticket.open
    assert "№12" in told(talk.tap(keep.data))
    assert talk.ticket.open
    effects = talk.tap(sure.data)
    assert only(effects, MoveCard).meaning is Meaning.DONE
    assert only(effects, AddComment).internal
    assert "отозвали" in told(effects)
    assert (talk.ticket.phase, talk.ticket.outcome, talk.client.current) == (Phase.DONE, Outcome.WITHDRAWN, None)


def test_a_second_tap_on_withdraw_changes_nothing() -> None:
    talk = opened()
    talk.tap(f"withdraw!:{talk.ticket.id}")
    again = talk.tap(f"withdraw!:{talk.ticket.id}")
    assert [type(each) for each in again] == [AnswerTap]
    assert "уже закрыто" in only(again, AnswerTap).notice


def test_it_helped_closes_the_request_and_says_so_on_the_card() -> None:
    talk = opened()
    talk.comment("Перезагрузите кассу")
    view = only(talk.tap(f"open:{talk.ticket.id}"), SendMessage)
    helped = next(button.data for row in view.buttons for button in row if button.data.startswith("helped:"))
    effects = talk.tap(helped)
    assert "решён" in only(effects, AddComment).sections[0].text.plain
    assert talk.ticket.outcome is Outcome.HELPED


def test_it_helped_is_not_offered_before_anybody_answered() -> None:
    talk = opened()
    view = only(talk.tap(f"open:{talk.ticket.id}"), SendMessage)
    assert not any(button.data.startswith("helped:") for row in view.buttons for button in row)


def test_a_withdrawn_request_is_reopened_by_words_as_any_other() -> None:
    talk = opened()
    done_column(talk)
    talk.tap(f"withdraw!:{talk.ticket.id}")
    talk.done(only(talk.effects, MoveCard))
    talk.later(hours=1)
    assert "Снова открыли" in told(talk.write("Всё-таки приезжайте"))
    assert (talk.ticket.open, talk.ticket.outcome) == (True, None)


def test_withdrawing_before_the_card_exists_moves_it_once_it_does() -> None:
    talk = Conversation()
    done_column(talk)
    talk.tap("topic:till")
    talk.write("Касса не работает")
    move = only(talk.tap(f"withdraw!:{talk.ticket.id}"), MoveCard)
    assert (move.board, move.meaning) == ("b1", Meaning.DONE)


def test_the_board_showing_the_card_where_it_was_does_not_reopen_it_while_our_move_is_under_way() -> None:
    talk = opened()
    done_column(talk)
    talk.see("c-work", version=100)
    talk.tap(f"withdraw!:{talk.ticket.id}")
    assert told(talk.see("c-work", version=101)) == ""
    assert not talk.ticket.open


@pytest.mark.parametrize(
    "data", ["open:kc-404", "ticket:kc-404", "withdraw:kc-404", "withdraw!:kc-404", "helped:kc-404"]
)
def test_a_tap_on_a_request_we_do_not_know_is_answered(data: str) -> None:
    effects = opened().tap(data)
    assert [type(each) for each in effects] == [AnswerTap]
    assert only(effects, AnswerTap).notice


def test_the_promised_time_stands_in_the_list() -> None:
    talk = opened()
    ticket = replace(talk.ticket, promised_at=talk.now + timedelta(hours=5))
    talk.client = replace(talk.client, tickets=(ticket,))
    assert "Срок: сегодня, 15:00" in told(talk.write("/requests"))


def test_another_persons_request_cannot_be_opened_by_its_button() -> None:
    stranger = Conversation()
    effects = stranger.tap(f"open:{opened().ticket.id}")
    assert every(effects, SendMessage) == []
