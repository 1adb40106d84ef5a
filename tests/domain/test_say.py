"""Texts by language, and the shipped ones."""

import string
from dataclasses import replace
from datetime import timedelta

import pytest

from connector.domain.say import moment, say, size, title
from connector.domain.texts import TEXTS
from tests.domain.sample import POLICY, START, texts


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_shipped_texts_are_complete_and_use_only_what_they_are_given(language: str) -> None:
    shipped = texts(language)
    assert set(shipped) == set(TEXTS)
    for name, text in shipped.items():
        used = {each for _, each, _, _ in string.Formatter().parse(text) if each is not None}
        assert used <= TEXTS[name], name
        assert text.strip() == text
        assert text


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_shipped_texts_leave_out_nothing_that_matters(language: str) -> None:
    shipped = texts(language)
    for name, allowed in TEXTS.items():
        used = {each for _, each, _, _ in string.Formatter().parse(shipped[name]) if each is not None}
        assert used == allowed, name


def test_a_language_falls_back_from_tag_to_base_to_default() -> None:
    policy = replace(POLICY, texts={**POLICY.texts, "en-gb": {"menu.new": "New enquiry"}})
    assert say(policy, "en-GB", "menu.new") == "New enquiry"
    assert say(policy, "en-GB", "menu.profile") == texts("en")["menu.profile"]
    assert say(policy, "de", "menu.profile") == texts("ru")["menu.profile"]
    assert say(policy, None, "menu.profile") == texts("ru")["menu.profile"]


def test_a_text_that_no_language_has_is_named() -> None:
    with pytest.raises(LookupError, match=r"menu\.new"):
        say(replace(POLICY, texts={"ru": {}}), "en", "menu.new")


def test_braces_in_what_people_wrote_stay_braces() -> None:
    assert "{number}" in say(POLICY, "ru", "status.work", number=7, subject="{number}")


def test_a_title_is_found_in_any_language_sooner_than_none() -> None:
    assert title({"en": "Till"}, POLICY, "de") == "Till"
    assert title({}, POLICY, "de") == ""


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 Б"),
        (1023, "1023 Б"),
        (1024, "1 КБ"),
        (1500, "1.5 КБ"),
        (20 * 1024 * 1024, "20 МБ"),
        (1024**3 - 1, "1 ГБ"),
        (None, "размер неизвестен"),
    ],
)
def test_sizes_are_said_as_people_say_them(count: int | None, shown: str) -> None:
    assert size(POLICY, "ru", count) == shown


def test_a_promise_is_named_by_its_day_in_the_zone_of_the_hours() -> None:
    assert moment(POLICY, "ru", START, START, "today") == "сегодня, 13:00 (MSK)"
    assert moment(POLICY, "ru", START + timedelta(hours=12), START, "today") == "завтра, 01:00 (MSK)"
    assert moment(POLICY, "ru", START + timedelta(days=4), START, "urgent") == "05.04, 10:00 (UTC)"
