"""How a client becomes known: their account id, the link that carries it, their group."""

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.effects import (
    AddComment,
    CreateCard,
    SendFiles,
    SendMessage,
)
from connector.domain.policy import CabinetRule
from connector.domain.refs import Ref
from connector.domain.words import Person, Text, Words
from tests.domain.registration import OWN, WITH_CONTACT, registered
from tests.domain.sample import (
    POLICY,
    START,
    WITH_CABINET,
    Conversation,
    every,
    only,
    opened,
    photo,
    told,
)

# ---- in a group


def test_a_group_is_known_by_its_title_and_its_first_writer() -> None:
    talk = Conversation()
    maria = Person(ref=Ref(port="telegram", id="user-9"), name="Мария", username="maria", language="en")
    talk.write("Касса не работает", group="Мойка 24")
    talk.write("У нас тоже", group="Мойка 24 на Мира", author=maria)
    order = only(talk.tap("topic:till"), CreateCard)
    assert (talk.client.group, talk.client.name, talk.client.language) == ("Мойка 24 на Мира", "Иван Петров", "ru")
    assert "Клиент: Иван Петров\nГруппа: Мойка 24 на Мира\n" in order.description
    assert order.facts["client"] == "Мойка 24 на Мира"


def test_in_a_group_nobody_is_asked_for_a_phone() -> None:
    talk = Conversation(policy=WITH_CONTACT)
    effects = talk.write("/start", group="Мойка 24")
    assert all(each.menu is None for each in every(effects, SendMessage))
    talk.write(words=OWN, group="Мойка 24")
    assert talk.client.phone is None
    assert len(talk.client.kept) == 1


# ---- the account id


def test_the_picture_comes_with_the_first_question_and_after_the_second_wrong_answer() -> None:
    talk = Conversation(policy=WITH_CABINET)
    pictures = [
        len(every(talk.write(text), SendFiles)) for text in ("/start", "/start", "1", "Касса молчит", "12", "123", "1x")
    ]
    assert pictures == [1, 0, 0, 0, 1, 0, 0]
    talk.write("12345")
    assert talk.client.attempts == 0
    assert len(every(talk.tap("cabinet:add"), SendFiles)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "12345",
        "  12345 ",
        "12345.",
        "№12345",
        "№ 12345",
        "12 345",
        "мой кабинет 12345",
        "Добрый день! Мой кабинет: 12345, спасибо",
        "(12345)",
        "12345 12345",
    ],
)
def test_an_account_id_is_found_among_the_words_of_an_answer(text: str) -> None:
    talk = Conversation(policy=WITH_CABINET)
    talk.write("/start")
    effects = talk.write(text)
    assert (talk.client.cabinet, talk.client.kept) == ("12345", ())
    assert "12345" in told(effects)


@pytest.mark.parametrize(
    "words",
    [
        Words(text=Text(plain="12345 или 54321")),
        Words(text=Text(plain="касса 123456 молчит")),
        Words(text=Text(plain="Касса на мойке выдаёт ошибку 12345 уже второй день")),
        Words(text=Text(plain="мой кабинет 12345"), files=(photo("a.jpg"),)),
        Words(text=Text(plain="кабинет 12345"), forwarded_from="Мария"),
    ],
)
def test_what_says_more_than_an_account_id_is_kept_whole(words: Words) -> None:
    talk = Conversation(policy=WITH_CABINET)
    talk.write("/start")
    effects = talk.write(words=words)
    assert talk.client.cabinet is None
    assert [each.words for each in talk.client.kept] == [words]
    assert "сохранили" in told(effects)
    talk.write("12345")
    assert words.text.plain in only(talk.tap("topic:till"), CreateCard).description


def test_a_pattern_may_hold_signs_that_are_trimmed_elsewhere() -> None:
    rule = CabinetRule(pattern=r"#\d+\.")
    talk = Conversation(policy=replace(POLICY, cabinet=rule))
    talk.write("/start")
    talk.write("это #12.")
    assert talk.client.cabinet == "#12."


def test_before_it_was_asked_for_an_account_id_is_only_taken_alone() -> None:
    talk = Conversation(policy=WITH_CABINET)
    talk.write("Ошибка 12345")
    assert (talk.client.cabinet, len(talk.client.kept)) == (None, 1)


def test_while_another_is_being_added_words_around_an_id_are_words_to_people() -> None:
    talk = registered()
    talk.open()
    talk.tap("cabinet:add")
    assert only(talk.write("Ошибка 12345"), AddComment).ticket == talk.ticket.id
    assert talk.client.cabinets == ("11111",)


def test_a_topic_chosen_before_another_id_was_added_still_waits_for_its_words() -> None:
    talk = registered()
    talk.tap("topic:money")
    talk.tap("cabinet:add")
    assert only(talk.write("Не прошла оплата"), CreateCard).topic == "money"


def test_registration_ends_when_the_account_id_is_known() -> None:
    talk = Conversation(policy=WITH_CABINET)
    talk.write("/start")
    assert talk.client.registered_at is None
    talk.later(minutes=5)
    talk.write("12345")
    registered_at = talk.client.registered_at
    assert registered_at == talk.now
    talk.later(days=1)
    talk.tap("cabinet:add")
    talk.write("54321")
    assert talk.client.registered_at == registered_at


@pytest.mark.parametrize("text", ["/start", "Касса не работает"])
def test_where_no_account_id_is_asked_for_registration_ends_with_the_first_message(text: str) -> None:
    talk = Conversation()
    talk.write(text)
    talk.later(days=1)
    talk.write("ещё")
    assert talk.client.registered_at == START


# ---- the link


def base64url(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize("code", ["12345", base64url("12345"), base64url(" 12345 ")])
@pytest.mark.parametrize("command", ["/start", "/start@support_bot"])
def test_a_link_may_carry_the_account_id(command: str, code: str) -> None:
    talk = Conversation(policy=WITH_CABINET)
    effects = talk.write(f"{command} {code}")
    assert talk.client.cabinet == "12345"
    assert "Здравствуйте" in told(effects)
    assert "Кабинет 12345 запомнили" in told(effects)
    assert "номер вашего кабинета" not in told(effects)
    assert talk.client.kept == ()


@pytest.mark.parametrize("code", ["", "from_site", "1234", "123456", base64url("1234"), "!!!", "12345 67890", "А"])
def test_a_link_with_another_code_is_like_none(code: str) -> None:
    plain, linked = (Conversation(policy=WITH_CABINET) for _ in range(2))
    assert plain.write("/start") == linked.write(f"/start {code}")
    assert plain.client == linked.client


@given(st.text(alphabet="ABCabc0129-_=+/ ", max_size=64))
def test_the_code_of_a_link_never_lands_on_a_card(code: str) -> None:
    talk = opened()
    talk.policy = WITH_CABINET
    effects = talk.write(f"/start {code}")
    assert not any(isinstance(each, AddComment | CreateCard) for each in effects)
    assert talk.client.kept == ()


def test_a_link_switches_a_known_client_to_its_account() -> None:
    talk = registered()
    talk.open()
    effects = talk.write("/start 22222")
    assert (talk.client.cabinet, talk.client.cabinets) == ("22222", ("11111", "22222"))
    assert told(effects) == "Спасибо! Кабинет 22222 запомнили."
    assert only(talk.write("Ещё деталь"), AddComment).ticket == talk.ticket.id
    talk.write("/start 11111")
    assert (talk.client.cabinet, talk.client.cabinets) == ("11111", ("11111", "22222"))
    assert "запомнили" not in told(talk.write("/start 11111"))
