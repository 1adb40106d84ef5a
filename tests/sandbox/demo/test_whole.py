"""The whole of it: two people at the page, the real daemon between them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.sandbox.demo.stand import playing
from tests.sandbox.demo.window import click, errors, one

if TYPE_CHECKING:
    from selenium.webdriver import Chrome


@pytest.mark.browser
@pytest.mark.slow
def test_what_a_client_types_becomes_a_card_and_what_an_agent_answers_comes_back(
    browser: Chrome, tmp_path: Path
) -> None:
    with playing(tmp_path) as performance:
        browser.get(performance.url)
        one(browser, "#clients", "Мария Орлова")
        click(browser, "#clients .add")
        click(browser, "#begin")
        one(browser, ".message.bots .text", "номер вашего кабинета")
        one(browser, "#text").send_keys("55555\n")
        click(browser, ".inline button", "Оборудование")
        one(browser, ".message.bots .text", "Тема: Оборудование")
        one(browser, "#text").send_keys("Помпа гудит на посту 2\n")
        one(browser, "[role=tab][aria-selected=true]", "Оборудование")
        click(browser, ".lane[aria-label='Сделать сегодня'] .tile", "Помпа гудит на посту 2")
        one(browser, ".facts", "55555")
        one(browser, ".timer .due span")
        one(browser, ".comment-form textarea").send_keys("Механик уже едет\n")
        one(browser, ".message.bots .text", "Механик уже едет")
        click(browser, ".steps button", "Чиним")
        one(browser, ".message.bots .text", "Взяли в работу")
        one(browser, "#text").send_keys("Жду\n")
        one(browser, ".comment .said", "Жду")
        one(browser, ".message.own .reactions", "✍")
        assert errors(browser) == []


@pytest.mark.browser
@pytest.mark.slow
def test_a_new_client_does_everything_by_hand_and_reads_nothing_twice(browser: Chrome, tmp_path: Path) -> None:
    with playing(tmp_path) as performance:
        browser.set_window_size(1500, 950)
        browser.get(performance.url)
        one(browser, "#clients", "Мария Орлова")
        click(browser, "#clients .add")
        click(browser, "#begin")
        one(browser, ".message.bots .text", "номер вашего кабинета")
        one(browser, "#text").send_keys("Здравствуйте, у нас не открывается отчёт\n")
        one(browser, ".message.own .reactions", "👀")
        one(browser, "#text").send_keys("мой кабинет 55555\n")
        one(browser, ".message.bots .text", "Осталось выбрать тему")
        click(browser, ".inline button", "Документы")
        one(browser, ".message.bots .text", "Уточните, пожалуйста")
        click(browser, ".inline button", "Назад")
        click(browser, ".inline button", "Вопрос по продукту")
        one(browser, ".message.bots .text", "Приняли ваше обращение")
        one(browser, ".message.own .reactions", "✍")
        click(browser, ".tile", "у нас не открывается отчёт")
        one(browser, ".comment-form textarea").send_keys("Какой отчёт: за **март** или за апрель?\n")
        one(browser, ".message.bots .text", "Какой отчёт: за март или за апрель?")
        one(browser, ".message.own .reactions", "👌")
        click(browser, ".keyboard button", "Мои обращения")
        one(browser, ".message.bots .text", "Новых ответов: 1")
        click(browser, ".inline button", "№2")
        one(browser, ".message.bots .text", "Мы: Какой отчёт")
        one(browser, "#text").send_keys("За март\n")
        one(browser, ".comment .said", "За март")
        click(browser, ".keyboard button", "Профиль")
        one(browser, ".message.bots .text", "Кабинет 55555")
        click(browser, ".steps button", "Готово")
        one(browser, ".message.bots .text", "закрыто")
        one(browser, ".message.bots .text", "Оцените")
        click(browser, ".inline button", "😞")
        one(browser, ".message.bots .text", "Что нам исправить")
        one(browser, "#text").send_keys("Долго ждали\n")
        one(browser, ".comment", "Долго ждали")
        assert errors(browser) == []
