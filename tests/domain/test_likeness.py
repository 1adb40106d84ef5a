"""Complaints about one fault are alike whatever their wording; complaints about others are not."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.likeness import MOST, alike, stems

ENOUGH = 0.6
"""What the mapping asks for by default."""
ONE_FAULT = (
    "Касса не работает",
    "Здравствуйте! У нас касса не работает",
    "не работает касса на посту 3, помогите!!!",
    "Кассы не работают, что делать?",
    "Добрый день. Касса не рабоатет с утра",
    "КАССА НА МОЙКЕ НЕ РАБОТАЕТ",
    "Срочно! не работает касса, пост 4",
    "Касса зависла, не работает",
)
ONE_FAULT_IN_ENGLISH = (
    "The till is not working",
    "Hello, our till does not work",
    "till not working at bay 3, please help",
    "Tills are not working today!",
)
# All of one topic, and many about the till: what five clients may well ask within ten minutes without any fault.
DIFFERENT = (
    "Касса не работает",
    "Как поменять тариф кассы?",
    "Касса печатает чек дважды",
    "Касса не печатает чек",
    "Касса работает медленно",
    "Где скачать акт сверки за март?",
    "Не приходит счёт на оплату",
    "Оплата картой не проходит",
    "Терминал не видит карту",
    "Как сменить пароль в кабинете?",
    "Не могу войти в личный кабинет",
    "Не работает пылесос на посту 2",
    "Пена не идёт на третьем посту",
    "Верните деньги за мойку, списали дважды",
    "Нужна консультация по подключению новой кассы",
    "Закончилась чековая лента",
    "Здравствуйте!",
    "Подскажите, пожалуйста",
    "Как настроить скидки постоянным клиентам?",
    "Смените, пожалуйста, реквизиты на чеке",
    "Когда приедет техник?",
    "Не открывается смена",
    "Не закрывается смена",
    "Приложение вылетает при запуске",
    "Не пришёл ключ фискального накопителя",
    "The till prints every receipt twice",
    "How do I change the tariff of the till?",
    "My card was declined but charged",
    "The vacuum cleaner at bay 2 is broken",
    "Please send last month's invoice",
)


@pytest.mark.parametrize("words", [ONE_FAULT, ONE_FAULT_IN_ENGLISH])
def test_complaints_about_one_fault_are_alike_in_whatever_words(words: tuple[str, ...]) -> None:
    for one, other in itertools.combinations(words, 2):
        assert alike(stems(one), stems(other)) >= ENOUGH, (one, other)


def test_complaints_about_different_things_are_not() -> None:
    for one, other in itertools.combinations(DIFFERENT, 2):
        assert alike(stems(one), stems(other)) < ENOUGH, (one, other)


def test_the_contrary_is_not_alike() -> None:
    assert alike(stems("Касса работает"), stems("Касса не работает")) == 0


def test_a_greeting_is_no_complaint() -> None:
    assert stems("Здравствуйте! Подскажите, пожалуйста, 12345") == ()
    assert alike((), ()) == 0


def test_a_single_word_in_common_says_nothing_unless_it_is_all_that_is_said() -> None:
    assert alike(stems("касса"), stems("Касса!!!")) == 1
    assert alike(stems("касса"), stems("сломалась касса")) == 0


def test_a_slip_of_the_pen_does_not_count_but_another_word_does() -> None:
    assert alike(stems("оборудование сломалось"), stems("оборудовние сломалось")) == 1
    assert alike(stems("деньги не приходят"), stems("деньги не проходят")) < ENOUGH


TEXTS = st.text(alphabet="абвгдеёж кртзяь-!1 the", max_size=200)


@given(one=TEXTS, other=TEXTS)
def test_likeness_is_a_share_and_whole_with_oneself(one: str, other: str) -> None:
    a, b = stems(one), stems(other)
    found = alike(a, b)
    assert 0 <= found <= 1
    assert len(a) <= MOST
    assert alike(a, a) == (1 if a else 0)


@given(text=TEXTS)
def test_case_figures_and_punctuation_do_not_count(text: str) -> None:
    assert stems(text.upper().replace(" ", "  ") + " 42 !") == stems(text)


def test_five_hundred_are_compared_within_a_moment() -> None:
    new, known = stems(ONE_FAULT[0]), [stems(text) for text in DIFFERENT * 17]
    begun = time.perf_counter()
    for each in known:
        alike(each, new)
    assert time.perf_counter() - begun < 0.5
