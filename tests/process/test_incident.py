"""A fault that many clients write of at once: noticed, answered once for all, seen through the daemon over HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tests.process.company import Company
from tests.process.test_dialogue import example

TOPIC = "Касса и оплата"
ALIKE = (
    "Касса не работает",
    "Здравствуйте! У нас касса не работает",
    "не работает касса на посту {n}, помогите!!!",
    "Кассы не работают, что делать?",
    "Добрый день. Касса не рабоатет с утра",
    "касса на мойке не работает",
    "Срочно! не работает касса, пост {n}",
)
APART = (
    "Как поменять тариф?",
    "Касса печатает чек дважды",
    "Клиенту не вернулись деньги за отменённую мойку",
    "Нужна консультация по подключению новой кассы",
    "Не могу войти в личный кабинет",
)
ANSWER = "Знаем о сбое касс, чиним. К полудню заработают"
FAST = {"CONNECTOR_BOARD__CALLS_PER_SECOND": "60", "CONNECTOR_BOARD__CALLS_CEILING": "60"}


def crowd(company: Company, count: int, first: int = 900_001) -> list[int]:
    """Clients who have chosen the topic and are asked for their words."""
    chats = [company.client(first + number) for number in range(count)]
    for chat in chats:
        company.says(chat, f"/start {chat}")
    for chat in chats:
        company.until("the topics", partial(company._button, chat, TOPIC), 60)
        company.taps(chat, TOPIC)
    for chat in chats:
        company.until("the question for words", partial(_heard, company, chat, "Что случилось"), 60)
    return chats


def _heard(company: Company, chat: int, words: str) -> list[dict[str, Any]]:
    return [each for each in company.from_bot(chat) if words in (each["text"] or "") and not each["deleted"]]


def _parents(company: Company) -> list[dict[str, Any]]:
    return [card for card in company.cards() if card["title"].startswith("Инцидент")]


def _bound(company: Company, parent: int) -> int:
    return sum(card["parents"] == [parent] for card in company.cards())


def connector(company: Company, *words: str) -> Any:
    """What a command says beside the running daemon."""
    return json.loads(company.command(*words, "--json").stdout)


def test_fifty_alike_and_five_others_make_one_incident_that_one_comment_answers(
    tmp_path: Path, tell: Callable[[str], None]
) -> None:
    mapping = example(tmp_path, {"incidents": {"at_least": 5}})
    with Company(folder=tmp_path, mapping=mapping, environment=FAST, kaiten_options={"rate_limit": 100}) as company:
        daemon = company.start()
        chats = crowd(company, 55)
        # Others among them, so that the burst is no clean block.
        unlike = dict(zip(chats[3::11], APART, strict=True))
        begun = time.monotonic()
        for number, chat in enumerate(chats):
            company.says(chat, unlike.get(chat) or ALIKE[number % len(ALIKE)].format(n=number))
        alike = [chat for chat in chats if chat not in unlike]
        company.until("all cards", lambda: len(company.cards()) >= 56, 120)
        written = time.monotonic() - begun
        [parent] = _parents(company)
        company.until("all of them bound to it", lambda: _bound(company, parent["id"]) == 50, 120)
        bound = time.monotonic() - begun

        asked = time.monotonic()
        company.comments(parent["id"], "anna", ANSWER)
        company.until("some answers", lambda: sum(bool(_heard(company, chat, ANSWER)) for chat in alike) >= 8, 60)
        daemon.kill()
        daemon.wait(timeout=10)
        company.start()
        company.until("everybody's answer", lambda: all(_heard(company, chat, ANSWER) for chat in alike), 120)
        answered = time.monotonic() - asked
        doubled = sum(len(_heard(company, chat, ANSWER)) - 1 for chat in alike)
        assert doubled <= 8, "only what was on the wire may come twice"

        late = crowd(company, 1, 990_001)[0]
        company.says(late, "касса не работает и у нас")
        company.until("the late one's answer", lambda: _heard(company, late, ANSWER), 30)

        company.until("the late one's bond", lambda: _bound(company, parent["id"]) == 51, 60)
        company.until(
            "what came of it on every card",
            lambda: sum(ANSWER in json.dumps(card["comments"], ensure_ascii=False) for card in company.cards()) == 52,
            120,
        )
        assert not any(_heard(company, chat, ANSWER) for chat in unlike)
        assert len(company.cards()) == 57
        assert len(_parents(company)) == 1
        [shown] = connector(company, "incidents")["data"]
        assert (shown["standing"], shown["requests"], shown["open"]) == ("confirmed", 51, 51)
        calls = company._chat("GET", "/sandbox/calls?since=0")
        assert len(calls) > 200
        assert not [call for call in calls if call["status"] == 429], "within the limits of Telegram"
    tell(
        f"50 alike + 5 others: 56 cards after {written:.0f} s, bound after {bound:.0f} s; one comment: 50 answered in "
        f"{answered:.0f} s with a kill in between, {doubled} of them twice; a late one at once"
    )


def test_an_incident_waits_for_its_confirmation_and_can_be_dissolved(tmp_path: Path) -> None:
    mapping = example(tmp_path, {"incidents": {"at_least": 3, "confirm": "by_agent"}})
    with Company(folder=tmp_path, mapping=mapping, environment=FAST, kaiten_options={"rate_limit": 100}) as company:
        company.start()
        chats = crowd(company, 3)
        for chat in chats:
            company.says(chat, "Касса не работает")
        parent = company.until("the incident", lambda: _parents(company))[0]
        company.comments(parent["id"], "anna", ANSWER)
        company.until("the question", lambda: "не подтверждён" in json.dumps(_parents(company), ensure_ascii=False))
        time.sleep(1.0)
        assert not any(_heard(company, chat, ANSWER) for chat in chats)

        [shown] = connector(company, "incidents")["data"]
        assert shown["standing"] == "suspected"
        assert connector(company, "incidents", "confirm", str(shown["number"]))["ok"]
        company.until("the answers", lambda: all(_heard(company, chat, ANSWER) for chat in chats))
        company.until("the bonds", lambda: _bound(company, parent["id"]) == 3)

        assert connector(company, "incidents", "dissolve", str(shown["number"]))["ok"]
        company.until("no bonds", lambda: _bound(company, parent["id"]) == 0)
        assert all(len(_heard(company, chat, ANSWER)) == 1 for chat in chats)
        assert connector(company, "incidents")["data"][0]["standing"] == "dissolved"
        assert not connector(company, "incidents", "confirm", "4711")["ok"]
