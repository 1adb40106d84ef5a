"""What happens when a client writes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.domain.client import Stage
from connector.domain.effects import (
    AddComment,
    AddFiles,
    AddTag,
    CreateCard,
    Meaning,
    MoveCard,
    React,
    SendMessage,
    Urgency,
)
from connector.domain.policy import Groups, Receipt
from connector.domain.refs import Ref
from connector.domain.ticket import Phase
from connector.domain.words import Person
from tests.domain.sample import (
    CABINET,
    POLICY,
    START,
    WITH_CABINET,
    Conversation,
    every,
    message,
    only,
    opened,
    photo,
    told,
)

# ---- a request opens


def test_the_receipt_comes_first_then_the_card_its_labels_and_the_files() -> None:
    talk = Conversation(policy=WITH_CABINET)
    talk.write("/start")
    talk.write("12345")
    talk.tap("topic:till")
    effects = talk.write("Касса не работает", files=(photo("a.jpg"),))
    assert [type(each) for each in effects] == [SendMessage, CreateCard, AddTag, AddTag, AddTag, AddFiles]
    receipt, order = only(effects, SendMessage), only(effects, CreateCard)
    assert receipt.urgency is Urgency.ACKNOWLEDGE
    assert receipt.menu is not None
    assert "№12" in receipt.text.plain
    assert "сегодня, 15:00 (UTC)" in receipt.text.plain
    assert [each.name for each in every(effects, AddTag)] == ["касса", "бот", "каб. 12345"]
    assert only(effects, AddFiles).key == f"say/{talk.events[-1].key}"
    ticket = talk.ticket
    assert order.key == f"card/{ticket.id}"
    assert order.external_id == ticket.id
    assert order.title == "Касса не работает"
    assert order.due_at == START + timedelta(hours=5)
    assert order.facts == {
        "cabinet": "12345", "client": "Иван Петров", "username": "ivan", "language": "ru", "number": "12",
        "opened": "01.04.2024 10:00", "topic": "Касса", "class": "Срочно",
    }  # fmt: skip
    assert "@ivan https://t.me/ivan" in order.description
    assert (ticket.phase, ticket.number, ticket.subject) == (Phase.OPENING, 12, "Касса не работает")
    assert talk.client.current == ticket.id


def test_a_ticket_is_named_after_the_event_that_opened_it() -> None:
    one, other = Conversation(), Conversation()
    assert one.open().id == other.open().id
    assert len(one.ticket.id) == len("kc-") + 20


def test_without_a_reserved_number_the_decision_is_made_with_zero() -> None:
    talk = Conversation(number=-1)
    talk.open()
    assert talk.ticket.number == 0


def test_a_first_contact_that_is_only_a_picture_lands_on_the_card() -> None:
    talk = Conversation()
    talk.write("", files=(photo("a.jpg"),))
    effects = talk.tap("topic:till")
    assert only(effects, CreateCard).title == "Фото"
    assert only(effects, AddFiles).files[0].name == "a.jpg"


# ---- a live request


def test_every_further_message_becomes_a_comment_without_any_button() -> None:
    talk = opened()
    effects = talk.write("И терминал тоже", number="m")
    comment = only(effects, AddComment)
    assert comment.key == comment.sections[0].key == f"say/{message('m').key}"
    assert comment.ticket == talk.ticket.id
    assert comment.sections[0].head == "Иван Петров · 10:00"
    assert not comment.internal
    mark = only(effects, React)
    assert (mark.emoji, mark.message, mark.urgency) == ("👀", message("m"), Urgency.ACKNOWLEDGE)


def test_the_receipt_may_be_a_text_or_nothing() -> None:
    text = only(opened(receipt=Receipt.TEXT).write("ещё", number="m"), SendMessage)
    assert text.reply_to == message("m")
    assert "№12" in text.text.plain
    assert [type(each) for each in opened(receipt=Receipt.NONE).write("ещё")] == [AddComment]


def test_a_message_goes_to_the_request_it_quotes_else_to_the_current_one() -> None:
    talk = opened()
    first = talk.ticket
    second = talk.open("money", "Не прошла оплата")
    assert only(talk.write("ещё"), AddComment).ticket == second.id
    quoted = Ref(port="telegram", id="77/500")
    effects = talk.write("про кассу", reply_to=quoted, thread={quoted.key: first.id})
    assert only(effects, AddComment).ticket == first.id
    # Whoever quotes one goes on talking about it.
    assert only(talk.write("ещё", reply_to=Ref(port="telegram", id="77/404")), AddComment).ticket == first.id


def test_an_answer_to_a_known_message_reaches_its_request_even_while_a_topic_is_asked() -> None:
    talk = opened()
    talk.write("/new")
    quoted = Ref(port="telegram", id="77/500")
    effects = talk.write("да", reply_to=quoted, thread={quoted.key: talk.ticket.id})
    assert only(effects, AddComment).ticket == talk.ticket.id
    assert talk.client.stage is Stage.TOPIC


def test_a_file_we_cannot_get_is_said_at_once_and_named_on_the_card() -> None:
    talk = opened()
    big = photo("video.mp4", size=120 * 1024 * 1024, obtainable=False)
    effects = talk.write("смотрите", files=(big, photo("a.jpg")))
    assert "video.mp4" in told(effects)
    assert "120 МБ" in told(effects)
    assert "20 МБ" in told(effects)
    section = only(effects, AddComment).sections[0]
    assert "video.mp4" in section.text.plain
    assert [file.name for file in section.files] == ["a.jpg"]


def test_a_message_longer_than_a_comment_goes_into_several() -> None:
    talk = opened()
    text = "Очень длинный рассказ о кассе. " * 130
    comments = every(talk.write(text, number="m"), AddComment)
    assert [each.key for each in comments] == [f"say/{message('m').key}", f"say/{message('m').key}/1"]
    assert "".join(each.sections[0].text.plain for each in comments) == text


# ---- a closed request


def closed(**delta: float) -> Conversation:
    talk = opened()
    talk.see("c-done")
    talk.later(**delta)
    talk.effects.clear()
    return talk


def test_words_soon_after_closing_reopen_the_same_card() -> None:
    talk = closed(days=2)
    effects = talk.write("Снова не работает")
    assert only(effects, AddComment).ticket == talk.ticket.id
    move = only(effects, MoveCard)
    assert (move.meaning, move.board) == (Meaning.QUEUE, "b1")
    assert "№12" in told(effects)
    assert (talk.ticket.phase, talk.ticket.closed_at) == (Phase.QUEUE, None)
    assert talk.client.current == talk.ticket.id


def test_words_long_after_closing_are_kept_and_the_topics_offered() -> None:
    talk = closed(days=4)
    effects = talk.write("Снова не работает")
    assert every(effects, AddComment) == []
    assert "сохранили" in told(effects)
    assert only(talk.tap("topic:till"), CreateCard).description.endswith("Снова не работает")


def test_of_several_closed_requests_the_latest_is_reopened() -> None:
    talk = opened()
    first = talk.ticket
    second = talk.open("money", "Не прошла оплата")
    talk.see("c-done", ticket=second)
    talk.later(hours=1)
    talk.see("c-done", ticket=first)
    assert only(talk.write("Опять"), AddComment).ticket == first.id


# ---- a lost card


def test_words_for_a_lost_card_order_a_linked_one() -> None:
    talk = opened()
    former = talk.ticket.card
    assert talk.see(gone=True) == ()
    assert talk.ticket.card is None
    effects = talk.write("Вы здесь?")
    order = only(effects, CreateCard)
    assert order.key == f"card/{talk.ticket.id}.2"
    assert order.external_id == f"{talk.ticket.id}.2"
    assert former is not None
    assert former.id in order.description
    assert "Продолжение" in order.title
    assert [type(each) for each in effects if isinstance(each, CreateCard | AddComment)] == [CreateCard, AddComment]
    assert every(talk.write("Ау"), CreateCard) == []
    talk.done(order, Ref(port="kaiten", id="card-new"))
    assert talk.ticket.card == Ref(port="kaiten", id="card-new")


def test_a_closed_request_whose_card_is_gone_gets_a_new_one_when_reopened() -> None:
    talk = closed(hours=1)
    talk.see("c-done", gone=True)
    effects = talk.write("Снова не работает")
    assert only(effects, CreateCard).external_id.endswith(".2")
    assert every(effects, MoveCard) == []
    assert talk.ticket.open
    assert every(talk.write("Ау"), CreateCard) == []


# ---- albums
# ---- groups


@pytest.mark.parametrize("rule", [Groups.ADDRESSED, Groups.NEVER])
def test_in_a_group_what_is_not_addressed_is_none_of_our_business(rule: Groups) -> None:
    talk = opened(chat_groups=rule)
    before = talk.client
    assert talk.write("Кто пойдёт обедать?", addressed=False, group="Мойка на Ленина") == ()
    assert talk.client == before
    assert bool(talk.write("Касса", group="Мойка на Ленина")) is (rule is Groups.ADDRESSED)


def test_in_a_group_our_own_question_may_be_answered_without_calling_us() -> None:
    talk = Conversation(policy=WITH_CABINET)
    talk.write("/start", group="Мойка")
    assert talk.write("да ну", addressed=False, group="Мойка") == ()
    talk.write("12345", addressed=False, group="Мойка")
    assert talk.client.cabinet == "12345"


def test_in_a_group_only_what_is_addressed_begins_a_request() -> None:
    talk = Conversation()
    before = talk.client
    assert talk.write("Кто пойдёт обедать?", addressed=False) == ()
    assert talk.client == before
    assert "сохранили" in told(talk.write("Касса не работает"))


def test_in_a_group_served_always_every_word_counts_under_its_writers_name() -> None:
    talk = opened(chat_groups=Groups.ALWAYS)
    maria = Person(ref=Ref(port="telegram", id="user-9"), name="Мария", username="maria", language="ru")
    comment = only(talk.write("У нас тоже", addressed=False, author=maria), AddComment)
    assert comment.sections[0].head.startswith("Мария · ")
    assert talk.client.name == "Иван Петров"


def test_a_client_who_changed_their_name_is_known_by_the_new_one() -> None:
    talk = opened()
    renamed = Person(ref=Ref(port="telegram", id="user-77"), name="Иван Сидоров", username="ivan", language="en")
    talk.write("это я", author=renamed)
    assert (talk.client.name, talk.client.language) == ("Иван Сидоров", "en")


def test_the_bot_speaks_the_clients_language() -> None:
    talk = Conversation()
    john = Person(ref=Ref(port="telegram", id="user-3"), name="John", language="en-GB")
    assert "Hello" in told(talk.write("/start", author=john))


def test_an_open_cabinet_question_does_not_swallow_words_of_a_client_who_only_wanted_to_add_one() -> None:
    talk = Conversation(policy=replace(POLICY, cabinet=CABINET))
    talk.write("/start")
    talk.write("12345")
    talk.open()
    assert "добавить" in told(talk.tap("cabinet:add"))
    assert only(talk.write("Касса опять молчит"), AddComment).ticket == talk.ticket.id
    talk.tap("cabinet:add")
    talk.write("54321")
    assert talk.client.cabinets == ("12345", "54321")
    assert talk.client.stage is Stage.READY
