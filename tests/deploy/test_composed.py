"""The compose files of deploy/ as they stand, brought up: words become a card, an answer comes back, a daemon dies."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.deploy.composed import DATABASE_PASSWORD, Composed
from tests.deploy.engine import Engine
from tests.process.company import BOARD_TOKEN, HOOK_SECRET, TELEGRAM_TOKEN

CLIENT = 800_001
CLIENTS, WORDS = 6, 8
SECRETS = (TELEGRAM_TOKEN, BOARD_TOKEN, HOOK_SECRET, DATABASE_PASSWORD)


def _told(company: Composed, chat: int) -> str:
    return "\n".join(message["text"] or "" for message in company.from_bot(chat))


def _healthy(company: Composed, count: int) -> bool:
    running = company.running()
    return len(running) == count and all(company.engine.health(each) == "healthy" for each in running)


def _written(company: Composed, card: dict[str, Any]) -> str:
    return "\n".join([card["description"] or "", *(comment["text"] for comment in card["comments"])])


def test_one_daemon_on_sqlite_carries_words_both_ways_and_remembers_when_it_is_made_anew(
    engine: Engine, image: str, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    with Composed(tmp_path, engine, image, "compose.sqlite.yaml") as company:
        company.until("it is healthy", lambda: _healthy(company, 1), 60)
        (daemon,) = company.containers()
        company.client(CLIENT, "Иван")
        company.register(CLIENT, topic="Касса и оплата")
        company.says(CLIENT, "Касса не печатает чеки")
        card = company.until("the card", company.cards)[0]
        company.comments(card["id"], "anna", "Перезапустите кассу.")
        company.until("the answer", lambda: "Перезапустите кассу." in _told(company, CLIENT))
        known = engine.looks(daemon)
        assert [secret for secret in SECRETS if secret in json.dumps(known)] == []
        assert known["HostConfig"]["ReadonlyRootfs"] is True
        status = json.loads(engine.run("exec", daemon, "connector", "status", "--json"))
        assert status["ok"] is True

        began = time.monotonic()
        company.compose("stop", "connector")
        stopped = time.monotonic() - began
        assert engine.looks(daemon)["State"]["ExitCode"] == 0
        # Not the stand-ins: what they hold would be gone with them.
        engine.run("rm", "--force", daemon)
        company.says(CLIENT, "Перезапустил, не помогло")
        company.up()
        company.until("it is healthy again", lambda: _healthy(company, 1), 60)
        assert company.containers() != [daemon]
        card = company.until(
            "words written while it was away",
            lambda: [c for c in company.cards() if "не помогло" in _written(company, c)],
        )[0]
        assert len(company.cards()) == 1, "it did not remember the request"
        company.comments(card["id"], "anna", "Посмотрим сами.")
        company.until("an answer after it", lambda: "Посмотрим сами." in _told(company, CLIENT))
        tell(
            f"compose.sqlite.yaml: both ways, made anew on the same volume; stopped within {stopped:.1f} s, exit code 0"
        )


def test_three_daemons_on_postgresql_lose_and_double_nothing_when_one_is_killed(
    engine: Engine, image: str, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    with Composed(tmp_path, engine, image, "compose.postgres.yaml") as company:
        company.until("all three are healthy", lambda: _healthy(company, 3), 120)
        chats = [CLIENT + number for number in range(CLIENTS)]
        for chat in chats:
            company.client(chat)
            company.register(chat, cabinet=str(100_000 + chat - CLIENT), topic="Касса и оплата")
            company.says(chat, f"Слово 0 клиента {chat}")
        company.until("a card each", lambda: len(company.cards()) == CLIENTS, 60)
        for word in range(1, WORDS):
            for chat in chats:
                company.says(chat, f"Слово {word} клиента {chat}")
            if word == WORDS // 2:
                killed = company.running()[0]
                engine.run("kill", "--signal", "KILL", killed)
                for card in company.cards():
                    company.comments(card["id"], "anna", f"Ответ на карточке {card['id']}")
        began = time.monotonic()
        expected = {f"Слово {word} клиента {chat}" for word in range(WORDS) for chat in chats}

        def on_board() -> str:
            return "\n".join(_written(company, card) for card in company.cards())

        company.until("every word on a card", lambda: all(each in on_board() for each in expected), 90)
        company.until(
            "every answer in its chat", lambda: all("Ответ на карточке" in _told(company, chat) for chat in chats), 90
        )
        took = time.monotonic() - began
        assert killed not in company.running()
        assert len(company.running()) == 2
        board = on_board()
        assert [each for each in expected if board.count(each) != 1] == []
        assert len(company.cards()) == CLIENTS
        answers = [_told(company, chat).count("Ответ на карточке") for chat in chats]
        # A send that was on the wire at the kill comes again: twice is better than never.
        assert min(answers) == 1
        doubled = sum(answers) - CLIENTS
        assert doubled <= 1
        engine.run("start", killed)
        company.until("the third is back", lambda: _healthy(company, 3), 60)
        tell(
            f"compose.postgres.yaml: {len(expected)} words of {CLIENTS} clients, one of three daemons killed: lost 0, "
            f"doubled on the board 0, answers doubled {doubled}; all there {took:.0f} s after the last word"
        )
