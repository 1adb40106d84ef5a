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
