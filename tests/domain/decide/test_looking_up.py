"""How an account id is held against the company's own list."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.client import Stage
from connector.domain.effects import (
    AddComment,
    CreateCard,
    React,
    SendFiles,
    Verdict,
    VerifyCabinet,
)
from connector.domain.policy import Policy
from connector.domain.refs import Ref
from tests.domain.registration import LENIENT, VERIFIED, registered, verdict
from tests.domain.sample import (
    WITH_CABINET,
    Conversation,
    every,
    message,
    only,
    told,
)


def test_an_account_id_is_looked_up_before_it_is_believed() -> None:
    talk = Conversation(policy=VERIFIED)
    talk.write("/start")
    effects = talk.write("12345")
    assert only(effects, VerifyCabinet).cabinet == "12345"
    assert "проверяем кабинет 12345" in told(effects)
    assert (talk.client.stage, talk.client.cabinet, talk.client.checking) == (Stage.CHECKING, None, "12345")
    known = verdict(talk, effects, Verdict.KNOWN)
    assert "Кабинет 12345 запомнили." in told(known)
    assert "1. Касса" in told(known)
    assert (talk.client.cabinet, talk.client.checking, talk.client.unverified) == ("12345", None, ())
    assert talk.client.registered_at == talk.now


def test_words_written_meanwhile_are_kept_without_a_further_question() -> None:
    talk = Conversation(policy=VERIFIED)
    talk.write("/start")
    effects = talk.write("12345")
    for text in ("Касса не работает", "Совсем", "12"):
        assert [type(each) for each in talk.write(text)] == [React]
    assert talk.client.stage is Stage.CHECKING
    assert "сохранили" in told(verdict(talk, effects, Verdict.KNOWN))
    created = talk.tap("topic:till")
    assert only(created, CreateCard).description.endswith("Касса не работает")
    assert [each.sections[0].text.plain for each in every(created, AddComment)] == ["Совсем", "12"]


@pytest.mark.parametrize("text", ["/new", "/start"])
def test_a_wish_while_the_id_is_looked_up_is_answered_and_asks_for_no_other(text: str) -> None:
    talk = Conversation(policy=VERIFIED)
    talk.write("/start")
    effects = talk.write("12345")
    said = told(talk.write(text))
    assert "проверяем кабинет 12345" in said
    assert "Пришлите" not in said
    assert talk.client.stage is Stage.CHECKING
    verdict(talk, effects, Verdict.KNOWN)
    assert "1. Касса" in told(talk.effects)


def test_a_topic_tapped_meanwhile_is_not_asked_for_again() -> None:
    talk = Conversation(policy=VERIFIED)
    talk.write("/start")
    effects = talk.write("12345")
    talk.tap("topic:money")
    assert "номер счёта" in told(verdict(talk, effects, Verdict.KNOWN))
    assert talk.client.stage is Stage.WORDS


def test_an_account_id_that_the_list_does_not_have_is_asked_for_again() -> None:
    talk = Conversation(policy=VERIFIED)
    talk.write("/start")
    talk.write("Касса не работает")
    unknown = verdict(talk, talk.write("12345"), Verdict.UNKNOWN)
    assert "Кабинета 12345 у нас нет" in told(unknown)
    assert "договора" in told(unknown)
    assert every(unknown, SendFiles) == []
    assert (talk.client.stage, talk.client.cabinet, talk.client.checking) == (Stage.CABINET, None, None)
    assert len(every(verdict(talk, talk.write("12346"), Verdict.UNKNOWN), SendFiles)) == 1
    verdict(talk, talk.write("54321"), Verdict.KNOWN)
    assert only(talk.tap("topic:till"), CreateCard).facts["verified"] == "да"


@pytest.mark.parametrize(
    ("policy", "ending"),
    [
        (VERIFIED, Verdict.UNVERIFIED),
        (VERIFIED, None),
        (VERIFIED, "failed"),
        (VERIFIED, "nonsense"),
        (LENIENT, Verdict.UNKNOWN),
    ],
)
def test_an_id_that_could_not_be_looked_up_serves_and_is_marked_as_such(policy: Policy, ending: object) -> None:
    talk = Conversation(policy=policy)
    talk.write("/start")
    order = only(talk.write("12345"), VerifyCabinet)
    match ending:
        case "failed":
            effects = talk.fail(order)
        case None:
            effects = talk.done(order)
        case _:
            effects = talk.done(order, Ref(port="registry", id=str(ending)))
    assert "проверим его позже" in told(effects)
    assert (talk.client.cabinet, talk.client.unverified) == ("12345", ("12345",))
    talk.tap("topic:till")
    created = only(talk.write("Касса не работает"), CreateCard)
    assert "Кабинет: 12345 (не проверен)" in created.description
    assert created.description.count("Кабинет:") == 1
    assert created.facts["verified"] == "нет"
    assert created.facts["cabinet"] == "12345"


def test_an_unverified_id_given_again_is_looked_up_again_and_a_verified_one_is_not() -> None:
    talk = Conversation(policy=VERIFIED)
    verdict(talk, talk.write("/start 12345"), Verdict.UNVERIFIED)
    talk.tap("cabinet:add")
    verdict(talk, talk.write("12345"), Verdict.KNOWN)
    assert (talk.client.cabinets, talk.client.unverified) == (("12345",), ())
    talk.tap("cabinet:add")
    assert every(talk.write("12345"), VerifyCabinet) == []
    assert talk.client.stage is not Stage.CABINET


def test_of_several_ids_the_last_one_wins() -> None:
    talk = Conversation(policy=VERIFIED)
    talk.write("/start")
    first = talk.write("12345")
    second = talk.write("54321")
    assert told(second) == ""
    assert verdict(talk, first, Verdict.KNOWN) == ()
    assert talk.client.stage is Stage.CHECKING
    verdict(talk, second, Verdict.KNOWN)
    assert talk.client.cabinets == ("54321",)


def test_a_verdict_nobody_waits_for_changes_nothing() -> None:
    talk = Conversation(policy=VERIFIED)
    talk.write("/start")
    effects = talk.write("12345")
    verdict(talk, effects, Verdict.KNOWN)
    before = talk.client
    for said in Verdict:
        assert verdict(talk, effects, said) == ()
    assert talk.client == before


def test_another_account_is_looked_up_while_the_conversation_goes_on() -> None:
    talk = registered(VERIFIED)
    talk.open()
    talk.tap("cabinet:add")
    effects = talk.write("22222")
    assert only(talk.write("Ещё деталь"), AddComment).ticket == talk.ticket.id
    assert talk.client.cabinet == "11111"
    assert told(verdict(talk, effects, Verdict.KNOWN)) == "Спасибо! Кабинет 22222 запомнили."
    assert talk.client.cabinets == ("11111", "22222")
    assert only(talk.write("И ещё"), AddComment).ticket == talk.ticket.id


def test_another_account_that_the_list_does_not_have_leaves_the_first() -> None:
    talk = registered(VERIFIED)
    talk.open()
    talk.tap("cabinet:add")
    assert "у нас нет" in told(verdict(talk, talk.write("22222"), Verdict.UNKNOWN))
    assert talk.client.cabinets == ("11111",)
    assert only(talk.write("Ладно, касса так и молчит"), AddComment).ticket == talk.ticket.id


def test_a_link_to_another_account_is_looked_up_without_holding_anything_up() -> None:
    talk = registered(VERIFIED)
    talk.open()
    effects = talk.write("/start 22222")
    assert talk.client.stage is Stage.READY
    assert only(talk.write("Ещё деталь"), AddComment).ticket == talk.ticket.id
    verdict(talk, effects, Verdict.KNOWN)
    assert talk.client.cabinet == "22222"


def test_a_wrong_id_edited_into_a_right_one_is_looked_up_too() -> None:
    talk = Conversation(policy=VERIFIED)
    talk.write("/start")
    talk.write("1234", number="m")
    verdict(talk, talk.edit(message("m"), "12345"), Verdict.KNOWN)
    assert talk.client.cabinet == "12345"


# ---- whatever they write


@given(
    st.lists(
        st.sampled_from(
            (
                "12345",
                "54321",
                "слово",
                "мой кабинет 12345",
                "/start",
                "/start 54321",
                "/new",
                "tap:till",
                "tap:add",
                "leave",
                *Verdict,
            )
        ),
        max_size=14,
    ),
    st.sampled_from((WITH_CABINET, VERIFIED, LENIENT)),
)
def test_words_are_never_lost_and_the_account_is_one_that_was_given(steps: list[str], policy: Policy) -> None:
    talk = Conversation(policy=policy)
    written = 0
    for step in steps:
        orders = every(talk.effects, VerifyCabinet)
        match step:
            case "known" | "unknown" | "unverified":
                if orders:
                    verdict(talk, orders[-1:], Verdict(step))
            case "tap:till":
                talk.tap("topic:till")
            case "tap:add":
                talk.tap("cabinet:add")
            case "leave":
                talk.tap("leave!")
            case "слово":
                written += 1
                talk.write(f"слово-{'абвгдежзиклмно'[written - 1]}")
            case _:
                talk.write(step)
        client = talk.client
        assert client.cabinet is None or client.cabinet in client.cabinets
        assert set(client.unverified) <= set(client.cabinets) <= {"12345", "54321"}
        assert (client.stage is not Stage.CHECKING) or client.checking is not None
        places = [each.words.text.plain for each in client.kept]
        places += [each.description for each in every(talk.effects, CreateCard)]
        places += [section.text.plain for each in every(talk.effects, AddComment) for section in each.sections]
        for number in range(written):
            word = f"слово-{'абвгдежзиклмно'[number]}"
            assert sum(word in place for place in places) == 1, word
