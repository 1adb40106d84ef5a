"""What a client sees and changes in their profile, and how they log out."""

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.domain.client import Stage
from connector.domain.effects import (
    AddComment,
    AnswerTap,
    ContactKey,
    CreateCard,
    Effect,
    SendMessage,
    Verdict,
    VerifyCabinet,
)
from connector.domain.policy import Occasion, Policy, Trigger
from tests.domain.registration import OWN, VERIFIED, WITH_CONTACT, registered, verdict
from tests.domain.sample import POLICY, WITH_CABINET, Conversation, every, only, opened, told

TRIGGERS = (Trigger(key="tips", occasion=Occasion.REGISTERED, after=timedelta(days=1), text={"ru": "Совет"}),)
FORGETTING = replace(WITH_CONTACT, forget_on_leaving=True)


def data(effects: tuple[Effect, ...]) -> list[str]:
    return [button.data for row in every(effects, SendMessage)[-1].buttons for button in row]


def kinds(effects: tuple[Effect, ...]) -> list[str]:
    return [each.partition(":")[0] for each in data(effects)]


@pytest.mark.parametrize("press", ["/profile", "👤 Профиль"])
def test_the_profile_tells_what_is_known(press: str) -> None:
    talk = registered(replace(WITH_CONTACT, triggers=TRIGGERS))
    talk.tap("cabinet:add")
    talk.write("22222")
    talk.write(words=OWN)
    talk.client = replace(talk.client, silent=True, unverified=("11111",))
    assert told(talk.write(press)).splitlines() == [
        "Ваш профиль: Иван Петров",
        "Кабинет 11111 (не проверен)",
        "Кабинет 22222 — текущий",
        "Чтобы перейти в другой кабинет, нажмите на него.",
        "Язык: Русский",
        "Телефон: +79001234567",
        "Напоминания и советы отключены.",
    ]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (POLICY, ["language"]),
        (WITH_CABINET, ["cabinet", "drop", "language", "leave"]),
        (WITH_CONTACT, ["cabinet", "drop", "language", "phone", "leave"]),
        (replace(WITH_CABINET, triggers=TRIGGERS), ["cabinet", "drop", "language", "silent", "leave"]),
        (replace(WITH_CABINET, texts={"ru": POLICY.texts["ru"]}), ["cabinet", "drop", "leave"]),
    ],
)
def test_the_profile_offers_only_what_there_is(policy: Policy, expected: list[str]) -> None:
    assert kinds(registered(policy).write("/profile")) == expected


def test_a_silent_client_is_offered_to_hear_again() -> None:
    talk = registered(replace(WITH_CABINET, triggers=TRIGGERS))
    talk.client = replace(talk.client, silent=True)
    assert "hear" in data(talk.write("/profile"))
    assert "silent" not in data(talk.write("/profile"))


def test_the_profile_of_a_group_bears_its_title_and_asks_for_no_phone() -> None:
    talk = Conversation(policy=WITH_CONTACT)
    effects = talk.write("/profile", group="Мойка 24")
    assert told(effects).startswith("Ваш профиль: Мойка 24\n")
    assert "phone" not in data(effects)


def test_every_button_fits_however_long_the_account_ids_are() -> None:
    rule = WITH_CABINET.cabinet
    assert rule is not None
    talk = Conversation(policy=replace(WITH_CABINET, cabinet=replace(rule, pattern=r"\w+")))
    talk.write(f"/start {'я1' * 60}")
    assert all(1 <= len(each.encode()) <= 64 for each in data(talk.write("/profile")))


def test_an_account_is_switched_and_dropped_by_one_tap_each() -> None:
    talk = registered(VERIFIED)
    talk.tap("cabinet:add")
    verdict(talk, talk.write("22222"), Verdict.UNVERIFIED)
    use, drop_first, drop_second = (each for each in data(talk.write("/profile")) if each.startswith(("use", "drop")))
    assert "Теперь ваш кабинет — 11111." in told(talk.tap(use))
    assert talk.client.cabinet == "11111"
    talk.tap(drop_second)
    assert (talk.client.cabinets, talk.client.unverified) == (("11111",), ())
    talk.tap(drop_first)
    assert not talk.client.cabinet
    assert not talk.client.cabinets
    assert only(talk.tap(drop_first), AnswerTap).notice


def test_the_language_is_changed_by_one_tap() -> None:
    talk = registered()
    (tag,) = (each for each in data(talk.write("/profile")) if each.startswith("language"))
    assert tag == "language:en"
    talk.tap(tag)
    assert told(talk.write("/profile")).splitlines()[0] == "Your profile: Иван Петров"
    assert "language:ru" in data(talk.write("/profile"))


def test_the_phone_is_shared_by_a_key_that_a_tap_brings() -> None:
    talk = registered(WITH_CONTACT)
    said = only(talk.tap("phone"), SendMessage)
    assert said.menu is not None
    assert said.menu[0] == (ContactKey(label="📱 Отправить мой номер телефона"),)
    assert len(said.menu) == 3
    talk.write(words=OWN)
    assert "phone" not in data(talk.write("/profile"))
    assert only(talk.tap("phone"), AnswerTap).notice


# ---- logging out


def test_logging_out_is_asked_about_once() -> None:
    talk = registered()
    effects = talk.tap("leave")
    assert data(effects) == ["leave!", "keep"]
    assert talk.client.cabinet == "11111"
    assert "11111" in told(talk.tap("keep"))
    assert talk.client.cabinet == "11111"
    assert "Вы вышли" in told(talk.tap("leave!"))
    assert not talk.client.cabinet
    assert not talk.client.cabinets
    assert every(talk.tap("leave!"), SendMessage) == []
    assert every(talk.tap("leave"), SendMessage) == []


def test_after_logging_out_the_next_request_asks_for_the_account_again() -> None:
    talk = registered()
    talk.tap("leave!")
    assert talk.client.stage is Stage.NEW
    assert "номер вашего кабинета" in told(talk.write("Касса не работает"))
    talk.write("33333")
    assert only(talk.tap("topic:till"), CreateCard).facts["cabinet"] == "33333"


def test_open_requests_stay_with_the_chat_after_logging_out() -> None:
    talk = registered()
    ticket = talk.open()
    talk.tap("leave!")
    assert told(talk.comment("Починили")) == "Починили"
    assert only(talk.write("Спасибо"), AddComment).ticket == ticket.id
    assert "номер вашего кабинета" in told(talk.write("/new"))


@pytest.mark.parametrize("policy", [WITH_CABINET, FORGETTING])
@pytest.mark.parametrize("live", [False, True])
def test_words_that_wait_for_a_topic_outlive_logging_out(policy: Policy, live: bool) -> None:
    talk = registered(policy)
    if live:
        talk.open()
        talk.write("/new")
    talk.write("Не прошла оплата")
    talk.tap("leave!")
    assert [each.words.text.plain for each in talk.client.kept] == ["Не прошла оплата"]
    assert "номер вашего кабинета" in told(talk.write("И касса молчит"))
    talk.write("33333")
    effects = talk.tap("topic:money")
    assert only(effects, CreateCard).description.endswith("Не прошла оплата")
    assert only(effects, AddComment).sections[0].text.plain == "И касса молчит"


def test_logging_out_may_forget_who_they_are_as_well() -> None:
    talk = registered(FORGETTING)
    talk.write(words=OWN)
    talk.tap("language:en")
    talk.open()
    assert "forgotten your name" in told(talk.tap("leave!"))
    client = talk.client
    assert (client.name, client.username, client.phone, client.spoken, client.registered_at) == ("", None) + (None,) * 3
    assert len(client.tickets) == 1
    assert told(talk.comment("Починили")) == "Починили"
    talk.write("Спасибо")
    assert talk.client.name == "Иван Петров"


def test_without_that_rule_name_phone_and_language_stay() -> None:
    talk = registered(WITH_CONTACT)
    talk.write(words=OWN)
    talk.tap("language:en")
    before = talk.client
    talk.tap("leave!")
    after = talk.client
    kept = ("name", "username", "phone", "spoken", "registered_at")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]


def test_a_look_up_that_ends_after_logging_out_brings_nothing_back() -> None:
    talk = registered(VERIFIED)
    talk.tap("cabinet:add")
    effects = talk.write("22222")
    talk.tap("leave!")
    assert talk.done(only(effects, VerifyCabinet)) == ()
    assert talk.client.cabinets == ()


def test_without_account_ids_there_is_only_logging_out_of_what_was_told() -> None:
    talk = opened(contact=True, forget_on_leaving=True)
    assert "leave" not in data(talk.write("/profile"))
    talk.write(words=OWN)
    assert "leave" in data(talk.write("/profile"))
    talk.tap("leave!")
    assert talk.client.phone is None
    assert only(talk.write("Ещё деталь"), AddComment).ticket == talk.ticket.id
