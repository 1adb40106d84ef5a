"""Every fault at every remote side, over sockets: what comes of it is what the table says, and no word is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.bars.crowd import Crowd, chat_of, words_on
from tests.bars.crowd import company as company_of
from tests.process.company import Company, stop

pytestmark = pytest.mark.slow


class Outcome(Enum):
    """What becomes of the words whose call met the fault."""

    ONCE = "arrives, once"
    AT_LEAST_ONCE = "arrives, perhaps twice: nobody can look whether it did"
    TOLD = "kept with its reason; whoever waits is told"
    ELSEWHERE = "arrives on a new card"
    BACK = "kept, and sent when the client is back"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A fault and its outcome; `times` calls in a row meet it."""

    fault: dict[str, Any]
    outcome: Outcome = Outcome.ONCE
    times: int = 1


HTML = "<html><body>Bad gateway</body></html>"
SKEWED = {"date": "Mon, 01 Jan 2024 00:00:00 GMT", "x-ratelimit-reset": "1704067202", "x-ratelimit-remaining": "0"}

KAITEN: dict[str, Row] = {
    "down": Row(fault={"drop": "before"}, times=4),
    "slow": Row(fault={"delay_seconds": 2.0}),
    "401": Row(fault={"status": 401, "body": "Unauthorized"}, times=2),
    "403": Row(fault={"status": 403, "body": {"message": "Forbidden"}}, outcome=Outcome.TOLD),
    "404": Row(fault={"status": 404, "body": {"message": "Not found"}}, outcome=Outcome.TOLD),
    "409": Row(fault={"status": 409, "body": {"message": "Conflict"}}, outcome=Outcome.TOLD),
    "429": Row(fault={"status": 429, "headers": {"retry-after": "1"}}),
    "500": Row(fault={"status": 500}, times=2),
    "HTML body": Row(fault={"status": 200, "body": HTML, "after_effect": True}),
    "empty body": Row(fault={"status": 200, "body": "", "after_effect": True}),
    "cut before effect": Row(fault={"drop": "before"}),
    "cut after effect": Row(fault={"drop": "after"}),
    "wedged": Row(fault={"delay_after_seconds": 20.0}),
    "clock jump": Row(fault={"status": 429, "headers": SKEWED}),
    "disk full": Row(fault={"status": 507}),
    "read-only": Row(fault={"status": 503, "headers": {"retry-after": "1"}}, times=2),
}
TELEGRAM: dict[str, Row] = {
    "down": Row(fault={"drop": "before"}, times=4, outcome=Outcome.AT_LEAST_ONCE),
    "slow": Row(fault={"delay_seconds": 2.0}),
    "401": Row(fault={"status": 401, "description": "Unauthorized"}, times=2),
    "403": Row(fault={"status": 403, "description": "Forbidden: bot was blocked by the user"}, outcome=Outcome.BACK),
    "404": Row(fault={"status": 404, "description": "Not Found"}, outcome=Outcome.TOLD),
    "409": Row(fault={"status": 409, "description": "Conflict: terminated by other getUpdates request"}),
    "429": Row(fault={"retry_after": 1}),
    "500": Row(fault={"status": 500}, times=2),
    "HTML body": Row(fault={"status": 502, "body": HTML}),
    "empty body": Row(fault={"status": 200, "body": "", "after": True}, outcome=Outcome.AT_LEAST_ONCE),
    "cut before effect": Row(fault={"drop": "before"}),
    "cut after effect": Row(fault={"drop": "after"}, outcome=Outcome.AT_LEAST_ONCE),
    "wedged": Row(fault={"wedge_seconds": 25.0, "drop": "after"}, outcome=Outcome.AT_LEAST_ONCE),
    "disk full": Row(fault={"status": 507}),
    "read-only": Row(fault={"status": 503}, times=2),
}
NO_ROW = {"clock jump at Telegram": "it names spans, never moments; what it dates is only shown, and comes in no order"}
"""Fields of the matrix that make no sense, with the reason."""


def test_the_matrix_is_whole() -> None:
    fields = {f"{name} at Telegram" for name in KAITEN}
    assert fields - {f"{name} at Telegram" for name in TELEGRAM} == set(NO_ROW)


def _fault(company: Company, **fault: Any) -> None:
    company._board("POST", "/sandbox/faults", json=fault)


def test_whatever_kaiten_does_the_words_arrive_or_somebody_is_told(tmp_path: Path, tell: Callable[[str], None]) -> None:
    with company_of(tmp_path, rate=100, labels=False) as company:
        daemon = company.start()
        crowd = Crowd(company, len(KAITEN), first=640_000)
        crowd.enter()
        for chat in crowd.chats:
            crowd.write(chat)
        crowd.settle(60)
        cards = {chat_of(card): card["id"] for card in company.cards()}
        rows = dict(zip(crowd.chats, KAITEN.items(), strict=True))
        for chat, (_, row) in rows.items():
            path = f"/cards/{cards[chat]}/comments$"
            _fault(company, method="POST", path_regex=path, times=row.times, **row.fault)
            crowd.write(chat)
        arriving = [chat for chat, (_, row) in rows.items() if row.outcome is not Outcome.TOLD]
        company.until("the words", lambda: not [m for m in crowd.missing() if any(str(c) in m for c in arriving)], 60)
        told = [chat for chat in crowd.chats if chat not in arriving]
        company.until("word of those refused", lambda: all(_hears_of_failure(company, chat) for chat in told), 30)
        # What was refused does not hold up what follows.
        for chat in crowd.chats:
            crowd.write(chat)
        company.until("the next words", partial(_all_there, company, crowd), 60)
        outcomes = {name: _times(company, chat, f"[m-{chat}-1]") for chat, (name, _) in rows.items()}
        code = stop(daemon)
    tell(f"Kaiten: {len(KAITEN)} kinds of fault, times the words are on a card: {outcomes}")
    assert outcomes == {name: int(row.outcome is not Outcome.TOLD) for name, row in KAITEN.items()}
    assert _dead(company) == len(told)
    assert code == 0


def _hears_of_failure(company: Company, chat: int) -> bool:
    return any("не удалось передать" in (message["text"] or "") for message in company.from_bot(chat))


def _all_there(company: Company, crowd: Crowd) -> bool:
    return all(_times(company, chat, f"[m-{chat}-2]") == 1 for chat in crowd.chats)


def _times(company: Company, chat: int, mark: str) -> int:
    return sum(words_on(card).count(mark) for card in company.cards() if chat_of(card) == chat)


def _dead(company: Company) -> int:
    from sqlalchemy import create_engine, text

    engine = create_engine(f"sqlite:///{company.folder}/connector.db")
    try:
        with engine.connect() as connection:
            return int(connection.execute(text("SELECT count(*) FROM outbox WHERE state = 3")).scalar_one())
    finally:
        engine.dispose()


def test_whatever_telegram_does_the_answers_arrive_or_somebody_is_told(
    tmp_path: Path, tell: Callable[[str], None]
) -> None:
    with company_of(tmp_path, rate=100, labels=False) as company:
        daemon = company.start()
        crowd = Crowd(company, len(TELEGRAM), first=660_000)
        crowd.enter()
        for chat in crowd.chats:
            crowd.write(chat)
        crowd.settle(60)
        cards = {chat_of(card): card["id"] for card in company.cards()}
        rows = dict(zip(crowd.chats, TELEGRAM.items(), strict=True))
        for chat, (_, row) in rows.items():
            fault = {"method": "sendMessage", "chat_id": chat, "times": row.times, **row.fault}
            company._chat("POST", "/sandbox/faults", json=fault)
            for number in (1, 2):
                company.comments(cards[chat], "anna", f"[r-{chat}-{number}] ответ")
        for chat, (name, row) in rows.items():
            match row.outcome:
                case Outcome.TOLD:
                    company.until(f"{name}: the card tells", partial(_card_tells, company, chat), 60)
                case Outcome.BACK:
                    company.until(f"{name}: the card tells", partial(_card_tells, company, chat), 60)
                    crowd.write(chat)
            if row.outcome is not Outcome.TOLD:
                company.until(f"{name}: the answer", partial(_heard, company, chat, 1), 60)
            company.until(f"{name}: the next answer", partial(_heard, company, chat, 2), 60)
        heard = {name: _heard(company, chat, 1) for chat, (name, _) in rows.items()}
        code = stop(daemon)
    tell(f"Telegram: {len(TELEGRAM)} kinds of fault, times the answer is in the chat: {heard}")
    for name, row in TELEGRAM.items():
        match row.outcome:
            case Outcome.TOLD:
                assert heard[name] == 0, name
            case Outcome.AT_LEAST_ONCE:
                assert heard[name] in (1, 2), name
            case _:
                assert heard[name] == 1, name
    assert code == 0


def _card_tells(company: Company, chat: int) -> bool:
    return any("Ответ не дошёл" in words_on(card) for card in company.cards() if chat_of(card) == chat)


def _heard(company: Company, chat: int, number: int) -> int:
    return sum(f"[r-{chat}-{number}]" in (message["text"] or "") for message in company.from_bot(chat))
