"""How the bot begins: greeting, account id, menu, topics."""

from dataclasses import replace

import pytest

from connector.domain.client import Stage
from connector.domain.effects import AddComment, CreateCard, React, SendFiles, SendMessage
from connector.domain.refs import Ref
from connector.domain.words import Contact, Location, Text, Words
from tests.domain.sample import POLICY, WITH_CABINET, Conversation, every, only, opened, photo, told

# ---- the beginning


def test_start_greets_and_shows_the_menu() -> None:
    talk = Conversation()
    for text in ("/start", "/start from_site", "/START@support_bot"):
        greeting = only(talk.write(text), SendMessage)
        assert greeting.menu is not None
        assert [len(row) for row in greeting.menu] == [2, 1]
        assert talk.client.stage is Stage.READY
    assert talk.client.kept == ()


def test_start_asks_for_the_cabinet_with_hint_and_picture() -> None:
    talk = Conversation(policy=WITH_CABINET)
    effects = talk.write("/start")
    assert "Он на первой странице договора." in told(effects)
    picture = only(effects, SendFiles).files[0]
    assert picture.ref == Ref(port="local", id="/etc/connector/hint.png")
    assert picture.name == "hint.png"
    assert all(effect.menu is None for effect in every(effects, SendMessage))
    assert talk.client.stage is Stage.CABINET


def test_a_cabinet_that_fits_is_remembered_for_ever_and_confirmed() -> None:
    talk = Conversation(policy=WITH_CABINET)
    talk.write("/start")
    effects = talk.write(" 12345 ")
    assert (talk.client.cabinet, talk.client.cabinets) == ("12345", ("12345",))
    assert "12345" in told(effects)
    assert every(effects, SendMessage)[0].menu is not None
    assert "12345" not in told(talk.write("/start"))
    assert talk.client.stage is not Stage.CABINET


def test_an_attempt_that_does_not_fit_is_explained_and_not_kept() -> None:
    talk = Conversation(policy=WITH_CABINET)
    talk.write("/start")
    effects = talk.write("№12a45")
    assert "№12a45" in told(effects)
    assert "договора" in told(effects)
    assert talk.client.kept == ()
    assert talk.client.cabinet is None


def test_other_words_are_kept_and_answered_once_with_what_is_still_needed() -> None:
    talk = Conversation(policy=WITH_CABINET)
    talk.write("/start")
    first, second = talk.write("Касса не работает"), talk.write("", files=(photo("a.jpg"),))
    assert "сохранили" in told(first)
    assert every(second, SendMessage) == []
    assert [only(effects, React).emoji for effects in (first, second)] == ["👀", "👀"]
    assert len(talk.client.kept) == 2


def test_words_before_the_cabinet_and_the_topic_land_on_the_card_without_being_repeated() -> None:
    talk = Conversation(policy=WITH_CABINET)
    talk.write("Касса не работает")
    talk.write("Совсем")
    assert "1. Касса" in told(talk.write("12345"))
    effects = talk.tap("topic:till")
    order = only(effects, CreateCard)
    assert order.description.endswith("Касса не работает")
    assert "Кабинет: 12345" in order.description
    assert [each.sections[0].text.plain for each in every(effects, AddComment)] == ["Совсем"]
    assert talk.client.kept == ()
    assert talk.client.stage is Stage.READY


def test_a_first_message_that_is_the_cabinet_is_taken_as_one() -> None:
    talk = Conversation(policy=WITH_CABINET)
    talk.write("12345")
    assert talk.client.cabinet == "12345"
    assert talk.client.kept == ()


# ---- the menu


@pytest.mark.parametrize("press", ["📋 Мои обращения", "мои  ОБРАЩЕНИЯ", "📋 My requests", "/requests", "/requests@b"])
def test_the_menu_is_understood_in_any_language_with_or_without_its_emoji(press: str) -> None:
    talk = opened()
    effects = talk.write(press)
    assert "№12" in told(effects)
    assert "Касса не работает" in told(effects)
    assert every(effects, AddComment) == []


def test_a_forwarded_or_illustrated_menu_text_is_words() -> None:
    talk = opened()
    assert only(talk.write("Профиль", files=(photo("a.jpg"),)), AddComment)
    forwarded = Words(text=Text(plain="Профиль"), forwarded_from="Мария")
    assert only(talk.write(words=forwarded), AddComment)


def test_an_unknown_command_is_words() -> None:
    assert only(opened().write("/etc/passwd"), AddComment).sections[0].text.plain == "/etc/passwd"


def test_several_requests_have_a_button_each() -> None:
    talk = opened()
    talk.open("money", "Не прошла оплата")
    shown = only(talk.write("/requests"), SendMessage)
    assert [row[0].data for row in shown.buttons] == [f"open:{each.id}" for each in talk.client.tickets]


def test_without_requests_the_list_says_so() -> None:
    assert "нет" in told(Conversation().write("/requests"))


def test_help_explains_and_changes_nothing() -> None:
    talk = Conversation()
    assert "/new" in told(talk.write("/help"))
    assert talk.client.stage is Stage.NEW


# ---- topics


def test_create_offers_the_topics_two_in_a_row_and_as_a_numbered_list() -> None:
    talk = Conversation()
    offer = only(talk.write("✏️ Новое обращение"), SendMessage)
    assert [[button.data for button in row] for row in offer.buttons] == [
        ["topic:till", "topic:howto"],
        ["topic:money"],
    ]
    assert "2. Как сделать" in offer.text.plain
    assert talk.client.stage is Stage.TOPIC


@pytest.mark.parametrize("typed", ["3", "3.", "оплата", "Payment", " ОПЛАТА! "])
def test_a_topic_may_be_typed(typed: str) -> None:
    talk = Conversation()
    talk.write("/new")
    assert "номер счёта" in told(talk.write(typed))
    assert (talk.client.stage, talk.client.topic) == (Stage.WORDS, "money")


def test_after_the_topic_the_next_message_of_any_kind_opens_the_request() -> None:
    for words in (
        Words(text=Text(plain="Помогите")),
        Words(files=(photo("a.jpg"),)),
        Words(location=Location(latitude=1.0, longitude=2.0)),
        Words(contact=Contact(name="Пётр", phone="+7")),
        Words(oddity="poll"),
    ):
        talk = Conversation()
        talk.write("/new")
        talk.write("1")
        assert only(talk.write(words=words), CreateCard).topic == "till"


def test_with_a_single_topic_nothing_needs_choosing() -> None:
    talk = Conversation(policy=replace(POLICY, topics=POLICY.topics[:1]))
    assert only(talk.write("Касса не работает"), CreateCard).topic == "till"
