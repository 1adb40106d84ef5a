"""How a client's phone number is asked for, and where it goes."""

from dataclasses import replace

from connector.domain.effects import (
    AddComment,
    ContactKey,
    CreateCard,
    Effect,
    SendMessage,
    Verdict,
)
from connector.domain.words import Contact, Words
from tests.domain.registration import OWN, VERIFIED, WITH_CONTACT, registered, verdict
from tests.domain.sample import (
    WITH_CABINET,
    Conversation,
    every,
    only,
    opened,
    told,
)

FOREIGN = Words(contact=Contact(name="Пётр", phone="+79007654321"))


def contact_keys(effects: tuple[Effect, ...]) -> list[str]:
    menus = [each.menu for each in every(effects, SendMessage) if each.menu]
    return [key.label for menu in menus for row in menu for key in row if isinstance(key, ContactKey)]


def test_a_key_that_shares_the_phone_stands_under_the_question_for_the_account() -> None:
    assert contact_keys(Conversation(policy=WITH_CONTACT).write("/start")) == ["📱 Отправить мой номер телефона"]
    assert contact_keys(Conversation(policy=WITH_CABINET).write("/start")) == []


def test_a_shared_phone_is_remembered_thanked_for_and_the_question_goes_on() -> None:
    talk = Conversation(policy=WITH_CONTACT)
    talk.write("/start")
    effects = talk.write(words=OWN)
    said = only(effects, SendMessage)
    assert "+79001234567" in said.text.plain
    assert "номер вашего кабинета" in said.text.plain
    assert said.menu == ()
    assert len(effects) == 1
    assert (talk.client.phone, talk.client.kept) == ("+79001234567", ())
    saved = every(talk.write("12345"), SendMessage)[0]
    assert saved.menu is not None
    assert len(saved.menu) == 2
    talk.tap("topic:till")
    created = only(talk.write("Касса не работает"), CreateCard)
    assert "Телефон: +79001234567" in created.description
    assert created.facts["phone"] == "+79001234567"


def test_a_phone_shared_while_nothing_is_open_goes_onto_no_card() -> None:
    talk = registered(WITH_CONTACT)
    effects = talk.write(words=OWN)
    assert [type(each) for each in effects] == [SendMessage]
    assert talk.client.kept == ()
    assert talk.client.phone == "+79001234567"
    again = Words(contact=Contact(name="Иван", phone="+1", own=True))
    assert "+1" in told(talk.write(words=again))
    assert talk.client.phone == "+1"


def test_a_phone_shared_in_a_conversation_stands_on_the_card_as_well() -> None:
    talk = opened(contact=True)
    effects = talk.write(words=OWN)
    assert "Свой контакт: Иван, +79001234567" in only(effects, AddComment).sections[0].text.plain
    assert "запомнили" in told(effects)
    assert talk.client.phone == "+79001234567"


def test_a_phone_may_be_what_a_request_is_about() -> None:
    talk = registered(WITH_CONTACT)
    talk.tap("topic:howto")
    assert "Свой контакт" in only(talk.write(words=OWN), CreateCard).description


def test_somebody_elses_contact_is_said_to_be_and_kept() -> None:
    for words in (FOREIGN, replace(OWN, forwarded_from="Иван")):
        talk = Conversation(policy=WITH_CONTACT)
        talk.write("/start")
        assert "другого человека" in told(talk.write(words=words))
        assert talk.client.phone is None
        assert [each.words for each in talk.client.kept] == [words]


def test_somebody_elses_contact_is_a_message_like_any_other_later() -> None:
    talk = opened(contact=True)
    effects = talk.write(words=FOREIGN)
    assert told(effects) == ""
    assert "Пётр, +79007654321" in only(effects, AddComment).sections[0].text.plain


def test_without_the_rule_a_contact_is_only_a_message() -> None:
    talk = Conversation(policy=WITH_CABINET)
    talk.write("/start")
    talk.write(words=OWN)
    assert talk.client.phone is None
    assert len(talk.client.kept) == 1


def test_a_phone_shared_while_the_id_is_looked_up_waits_with_the_client() -> None:
    talk = Conversation(policy=replace(VERIFIED, contact=True))
    talk.write("/start")
    effects = talk.write("12345")
    assert "проверяем" in told(talk.write(words=OWN))
    verdict(talk, effects, Verdict.KNOWN)
    assert (talk.client.cabinet, talk.client.phone, talk.client.kept) == ("12345", "+79001234567", ())
