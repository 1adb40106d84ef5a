"""Agents in Telegram, through the real daemon over HTTP: a notice in the group, one tap takes, the answer ends it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from tests.process.company import Company
from tests.process.script import Hears, Scene
from tests.process.test_dialogue import CASHBOX, example

GROUP = -820_200
ANNA, IGOR, STRANGER = 820_201, 820_202, 820_203


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    folder = tmp_path_factory.mktemp("team")
    ladder = [
        {"wait": "untaken", "after": "1s", "tell": "team"},
        {"wait": "untaken", "after": "3s", "tell": "agents"},
        {"wait": "reply", "after": "4s", "tell": "holder"},
    ]
    changes = {
        "hours": {"zone": "Europe/Moscow", "week": {"mon-sun": "00:00-24:00"}},
        "escalation": {"ladders": {"*": ladder}},
        "people": {
            "anna": {"user": "Анна Смирнова", "team": "first", "duty": "always"},
            "igor": {"user": "Игорь Павлов", "team": "first", "duty": "always", "topics": ["finance"]},
        },
        "calendars": {"always": {"zone": "UTC", "week": {"mon-sun": "00:00-24:00"}}},
    }
    mapping = example(folder, changes)
    with Company(folder=folder, mapping=mapping) as company:
        company.start()
        for number, name in ((ANNA, "Анна"), (IGOR, "Игорь"), (STRANGER, "Чужой")):
            company.client(number, name)
        body = {"id": GROUP, "type": "supergroup", "title": "Первая линия", "members": [ANNA, IGOR, STRANGER]}
        company._chat("POST", "/sandbox/chats", json=body)
        company.until("the database", lambda: (folder / "connector.db").exists() and "board_settled" in company.log())
        for name, chat in (("anna", ANNA), ("igor", IGOR)):
            company.says(chat, code(company, name))
            company.until(f"{name} is linked", partial(shown, company, chat, "рабочий чат"))
        company.says(GROUP, code(company, "first"), from_id=ANNA)
        company.until("the group is linked", lambda: shown(company, GROUP, "привязан к команде"))
        yield company


def code(company: Company, name: str) -> str:
    """The command that links a chat, as the operator's command prints it."""
    printed = company.command("agents", "code", name).stdout
    found = re.match(r"/(agent|team) [A-Z0-9]{10}$", printed.splitlines()[0])
    assert found, printed
    return found[0]


def shown(company: Company, chat: int, words: str) -> list[dict[str, Any]]:
    return [message for message in company.from_bot(chat) if words in (message["text"] or "")]


def taps(company: Company, chat: int, person: int, message: int, label: str) -> None:
    body = {"label": label, "from_id": person, "message_id": message}
    company._chat("POST", f"/sandbox/chats/{chat}/taps", json=body)


def answers(company: Company) -> list[str]:
    """What was shown to those who tapped."""
    calls = company._chat("GET", "/sandbox/calls?method=answerCallbackQuery")
    return [str(call) for call in calls]


def test_a_notice_in_the_group_is_taken_by_one_tap_and_the_answer_ends_what_waits(company: Company) -> None:
    scene = Scene(company)
    scene.play(*CASHBOX)
    card = company.until("the card", scene.cards)[0]
    notice = company.until("a notice", lambda: shown(company, GROUP, "Касса не печатает"))[-1]
    company.until("each competent agent is told", lambda: shown(company, ANNA, "Касса не печатает"))
    assert not shown(company, IGOR, "Касса не печатает")
    labels = [button["text"] for row in notice["buttons"] for button in row]
    assert labels == ["Взять", "Карточка ↗", "Отложить"]
    assert str(card["id"]) in str(notice["buttons"])

    taps(company, GROUP, STRANGER, notice["message_id"], "Взять")
    company.until("the stranger is refused", lambda: any("привязанных" in each for each in answers(company)))
    taps(company, GROUP, IGOR, notice["message_id"], "Взять")
    taps(company, GROUP, ANNA, notice["message_id"], "Взять")
    company.until("the card is in work", lambda: scene.cards()[0]["column"] == "В работе")
    edited = company.until("the notice tells who", lambda: shown(company, GROUP, "взял(а) Игорь Павлов"))
    assert [message["message_id"] for message in edited] == [notice["message_id"]]
    assert not edited[0]["buttons"]
    company.until("the second is told who was first", lambda: any("Уже взял" in each for each in answers(company)))
    assert any("ваше" in each for each in answers(company))
    responsible = [each["full_name"] for each in scene.cards()[0]["members"] if each["responsible"]]
    assert responsible == ["Игорь Павлов"]
    scene.play(Hears("Взяли в работу"))

    waiting = company.until("whoever has it is told", lambda: shown(company, IGOR, "Ждёт ответа"))[-1]
    company.comments(card["id"], "igor", "Перезагрузите кассу")
    scene.play(Hears("Перезагрузите кассу"))
    ended = company.until("that notice is over", lambda: shown(company, IGOR, "клиенту ответили"))
    assert [message["message_id"] for message in ended] == [waiting["message_id"]]

    said = " ".join(message["text"] or "" for message in company.from_bot(scene.chat))
    assert not any(words in said for words in ("🔔", "Взять", "Игорь Павлов"))


def test_the_queue_shows_an_agent_what_they_can_take_and_a_tap_takes_it(company: Company) -> None:
    scene = Scene(company)
    scene.play(*CASHBOX)
    company.until("the card", scene.cards)
    company.says(IGOR, "/queue")
    company.until("nothing for Igor", lambda: shown(company, IGOR, "уже взяли"))
    company.says(ANNA, "/queue")
    queue = company.until("the queue", lambda: shown(company, ANNA, "Никто не взял: 1"))[-1]
    label = next(button["text"] for row in queue["buttons"] for button in row if "Взять" in button["text"])
    taps(company, ANNA, ANNA, queue["message_id"], label)
    company.until("the card is in work", lambda: scene.cards()[0]["column"] == "В работе")


def test_what_agents_write_in_their_chats_opens_nothing(company: Company) -> None:
    before = len(company.cards())
    company.says(ANNA, "Доброе утро!")
    company.until("a hint", lambda: shown(company, ANNA, "в поддержку отсюда ничего не уходит"))
    company.says(GROUP, "кто возьмёт?", from_id=IGOR)
    company.says(STRANGER, "/agent ABCDEFGHJK")
    company.until("a stranger's code is refused", lambda: shown(company, STRANGER, "Такого кода нет"))
    assert len(company.cards()) == before
