"""Which of several open requests a message belongs to."""

from datetime import timedelta

from connector.domain.effects import AddComment, CreateCard, React, SendMessage
from connector.domain.ticket import Ticket
from connector.domain.words import Text, Words
from tests.domain.sample import Conversation, every, message, only, opened, photo, told


def two() -> tuple[Conversation, Ticket, Ticket]:
    """A conversation with two open requests, the second one current."""
    talk = opened()
    first = talk.ticket
    talk.later(minutes=10)
    second = talk.open("money", "Не прошла оплата")
    talk.effects.clear()
    return talk, first, second


def test_words_after_opening_a_second_request_belong_to_it() -> None:
    talk, _, second = two()
    assert only(talk.write("Чек приложу"), AddComment).ticket == second.id


def test_words_after_an_answer_in_the_current_request_need_no_question() -> None:
    talk, _, second = two()
    talk.comment("Пришлите чек", ticket=second)
    assert only(talk.write("Вот он"), AddComment).ticket == second.id


def test_words_after_an_answer_in_another_request_are_asked_about_once_and_go_together() -> None:
    talk, first, second = two()
    talk.comment("Перезагрузите кассу", ticket=first)
    question = only(talk.write("Сделал"), SendMessage)
    assert [row[0].data for row in question.buttons] == [f"ticket:{first.id}", f"ticket:{second.id}", "new"]
    assert question.reply_to == message(talk.counter)
    assert told(talk.write("Теперь печатает")) == ""
    assert every(talk.effects, AddComment) == []
    effects = talk.tap(f"ticket:{first.id}")
    assert [each.sections[0].text.plain for each in every(effects, AddComment)] == ["Сделал", "Теперь печатает"]
    assert {each.ticket for each in every(effects, AddComment)} == {first.id}
    # The answer holds for what follows.
    assert only(talk.write("Спасибо"), AddComment).ticket == first.id


def test_the_question_is_asked_again_only_when_an_agent_speaks_elsewhere_again() -> None:
    talk, first, second = two()
    talk.comment("Перезагрузите кассу", ticket=first)
    talk.write("Сделал")
    talk.tap(f"ticket:{second.id}")
    assert only(talk.write("И ещё"), AddComment).ticket == second.id
    talk.comment("Ну как касса?", ticket=first)
    assert "К какому" in told(talk.write("Хорошо"))


def test_the_number_of_the_request_answers_the_question_too() -> None:
    talk, first, _ = two()
    talk.comment("Перезагрузите кассу", ticket=first)
    talk.write("Сделал")
    assert only(talk.write(f"№{first.number}"), AddComment).ticket == first.id


def test_quoting_a_message_answers_the_question() -> None:
    talk, first, _ = two()
    talk.comment("Перезагрузите кассу", ticket=first)
    talk.write("Сделал")
    quoted = message("q")
    effects = talk.write("вот это", reply_to=quoted, thread={quoted.key: first.id})
    assert [each.sections[0].text.plain for each in every(effects, AddComment)] == ["Сделал", "вот это"]


def test_the_words_may_begin_a_new_request_instead() -> None:
    talk, first, _ = two()
    talk.comment("Перезагрузите кассу", ticket=first)
    talk.write("Нужен новый договор")
    assert "Осталось выбрать тему" in told(talk.tap("new"))
    card = only(talk.tap("topic:howto"), CreateCard)
    assert "Нужен новый договор" in card.description


def test_an_album_waits_for_the_answer_whole() -> None:
    talk, first, _ = two()
    talk.comment("Пришлите фото", ticket=first)
    marks = [
        *every(talk.write(files=(photo("a.jpg"),), album="g"), React),
        *every(talk.write(files=(photo("b.jpg"),), album="g"), React),
    ]
    assert len(marks) == 1
    comment = only(talk.tap(f"ticket:{first.id}"), AddComment)
    assert [file.name for file in comment.sections[0].files] == ["a.jpg", "b.jpg"]
    # A part that comes late joins it.
    talk.write(files=(photo("c.jpg"),), album="g")
    assert every(talk.effects, AddComment) == [comment]


def test_an_edit_before_the_answer_changes_the_waiting_words() -> None:
    talk, first, _ = two()
    talk.comment("Перезагрузите кассу", ticket=first)
    talk.write("Сделл", number="m")
    assert talk.edit(message("m"), "Сделал") == ()
    assert only(talk.tap(f"ticket:{first.id}"), AddComment).sections[0].text.plain == "Сделал"


def test_without_an_answer_the_words_go_where_the_agent_spoke_and_both_sides_are_told() -> None:
    talk, first, _ = two()
    talk.comment("Перезагрузите кассу", ticket=first)
    asked_at = talk.now
    talk.write("Сделал")
    assert talk.wake_at is not None
    assert timedelta(minutes=4) < talk.wake_at - asked_at < timedelta(minutes=6)
    effects = talk.wake()
    public = [each for each in every(effects, AddComment) if not each.internal]
    assert [(each.ticket, each.sections[0].text.plain) for each in public] == [(first.id, "Сделал")]
    assert any(each.internal and each.ticket == first.id for each in every(effects, AddComment))
    assert f"№{first.number}" in told(effects)
    assert talk.client.undecided == ()


def test_words_whose_requests_are_all_closed_by_then_begin_a_new_one() -> None:
    talk, first, second = two()
    talk.comment("Перезагрузите кассу", ticket=first)
    talk.write("Сделал")
    talk.see("c-done", ticket=first)
    talk.see("c-done", ticket=second)
    assert "выбрать тему" in told(talk.wake())
    assert [each.words.text.plain for each in talk.client.kept] == ["Сделал"]


def test_a_current_request_that_was_closed_leaves_the_other_ones_to_be_asked_about() -> None:
    talk, _, second = two()
    third = talk.open("howto", "Как вернуть деньги?")
    talk.see("c-done", ticket=third)
    assert "К какому" in told(talk.write("Ещё вопрос"))
    assert only(talk.tap(f"ticket:{second.id}"), AddComment).ticket == second.id


def test_a_quoted_answer_is_known_by_its_words_where_its_message_is_not() -> None:
    talk, first, second = two()
    talk.comment("Перезагрузите кассу", ticket=first)
    talk.comment("Какой период?", ticket=second)
    quoting = Words(text=Text(plain="сделал"), quote="Анна: Перезагрузите кассу")
    assert only(talk.write(words=quoting, reply_to=message("unknown")), AddComment).ticket == first.id


def test_words_quoted_from_two_requests_tell_nothing() -> None:
    talk, first, second = two()
    talk.comment("Готово", ticket=second)
    talk.comment("Готово", ticket=first)
    quoting = Words(text=Text(plain="спасибо"), quote="Готово")
    assert "К какому" in told(talk.write(words=quoting, reply_to=message("unknown")))


def test_a_request_opened_by_typing_takes_along_what_was_asked_about_before_its_own_words() -> None:
    talk, first, _ = two()
    talk.comment("Перезагрузите кассу", ticket=first)
    assert "К какому" in told(talk.write("Нужен новый договор"))
    talk.tap("group:")  # the menu of topics, from an older message
    talk.write("Срочно")
    effects = talk.write("Как сделать")
    assert "Нужен новый договор" in only(effects, CreateCard).description
    assert [each.sections[0].text.plain for each in every(effects, AddComment)] == ["Срочно"]
    assert talk.wake_at is None
    # The new request is the one being talked about: nothing is asked, nothing is guessed.
    assert only(talk.write("Пришлите образец"), AddComment).ticket == talk.client.tickets[-1].id


def test_words_keep_their_order_when_a_new_request_is_asked_for_while_both_wait() -> None:
    talk, first, _ = two()
    talk.comment("Перезагрузите кассу", ticket=first)
    talk.write("Нужен новый договор")
    talk.tap("group:")
    talk.write("Срочно")
    effects = talk.tap("topic:howto")
    assert "Нужен новый договор" in only(effects, CreateCard).description
    assert [each.sections[0].text.plain for each in every(effects, AddComment)] == ["Срочно"]
