"""Which language the bot speaks, and how a client chooses another."""

from dataclasses import replace

import pytest

from connector.domain.client import Stage
from connector.domain.effects import (
    CreateCard,
    SendFiles,
    SendMessage,
)
from connector.domain.words import Person
from tests.domain.sample import (
    IVAN,
    POLICY,
    WITH_CABINET,
    Conversation,
    every,
    only,
    told,
)

STRANGER = Person(ref=IVAN.ref, name="Іван", language="uk")


@pytest.mark.parametrize(("language", "greeting"), [("ru", "Здравствуйте"), ("en", "Hello"), ("en-GB", "Hello")])
def test_the_greeting_is_in_the_clients_language_without_a_question(language: str, greeting: str) -> None:
    talk = Conversation()
    said = only(talk.write("/start", author=replace(IVAN, language=language)), SendMessage)
    assert greeting in said.text.plain
    assert said.buttons == ()
    assert said.menu is not None


@pytest.mark.parametrize("language", [None, "uk", "zh-hans"])
def test_a_client_of_another_language_may_choose_one_by_its_own_name(language: str | None) -> None:
    talk = Conversation()
    said = only(talk.write("/start", author=replace(STRANGER, language=language)), SendMessage)
    assert "Здравствуйте" in said.text.plain
    (row,) = said.buttons
    assert [(button.label, button.data) for button in row] == [
        ("🌐 Русский", "language:ru"),
        ("🌐 English", "language:en"),
    ]


def test_with_one_language_there_is_nothing_to_choose() -> None:
    talk = Conversation(policy=replace(POLICY, texts={"ru": POLICY.texts["ru"]}))
    assert only(talk.write("/start", author=STRANGER), SendMessage).buttons == ()


def test_a_chosen_language_is_kept_whatever_the_chat_tool_says() -> None:
    talk = Conversation()
    talk.write("/start", author=STRANGER)
    changed = only(talk.tap("language:en"), SendMessage)
    assert "English" in changed.text.plain
    assert changed.menu == (("📋 My requests", "👤 Profile"), ("✏️ New request",))
    talk.write("Till is broken", author=replace(STRANGER, language="ru"))
    assert (talk.client.spoken, talk.client.language, talk.client.tongue) == ("en", "ru", "en")
    assert "Language: en" in only(talk.tap("topic:till"), CreateCard).description.replace("Язык", "Language")


def test_choosing_a_language_repeats_the_question_that_waits_and_not_the_greeting() -> None:
    talk = Conversation(policy=WITH_CABINET)
    talk.write("/start")
    effects = talk.tap("language:en")
    said = only(effects, SendMessage)
    assert "We will speak English" in said.text.plain
    assert "account number" in said.text.plain
    assert "Hello" not in said.text.plain
    assert every(effects, SendFiles) == []
    talk.write("12345")
    assert "1. Till" in told(talk.tap("language:ru")).replace("Касса", "Till")
    talk.tap("topic:howto")
    assert "Расскажите" not in told(talk.tap("language:en"))
    assert talk.client.stage is Stage.WORDS


def test_choosing_the_same_language_again_says_nothing_twice() -> None:
    talk = Conversation()
    talk.write("/start")
    talk.tap("language:en")
    assert every(talk.tap("language:en"), SendMessage) == []
    assert every(talk.tap("language:xx"), SendMessage) == []
    assert talk.client.spoken == "en"
