"""One side is away for long: the other goes on, whoever waits is told, and what waited goes out in order afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from itertools import combinations
from pathlib import Path

import pytest

from tests.bars.crowd import Crowd, chat_of, words_on
from tests.bars.crowd import company as company_of
from tests.bars.test_faults import _calls_inside
from tests.process.company import Company, stop

pytestmark = pytest.mark.slow

TOLD = "технические неполадки"
MARKED = "Ждёт отправки"


def _company(folder: Path) -> Company:
    """Without labels, which would come first; ten and five minutes of a long outage are two seconds and one."""
    company = company_of(folder, rate=4, labels=False)
    company.environment["CONNECTOR_TELEGRAM__CALLS_PER_SECOND"] = "4"
    text = company.mapping.read_text(encoding="utf-8")
    text = text.replace("tell_client_after: 10m", "tell_client_after: 2s")
    company.mapping.write_text(text.replace("mark_card_after: 5m", "mark_card_after: 1s"), encoding="utf-8")
    return company


def _said(company: Company, chat: int, words: str) -> int:
    return sum(words in (message["text"] or "") for message in company.from_bot(chat))


def _acknowledged(company: Company, chat: int) -> bool:
    """Every message of the client bears a mark."""
    own = [each for each in company.chat(chat)["messages"] if each["from"] != "bot" and "[m-" in (each["text"] or "")]
    return bool(own) and all(each["reactions"] for each in own)


def _in_order(order: list[int], met: set[int]) -> bool:
    """But for two that were on the wire when the door opened, and those that were sent away once more."""
    rest = [each for each in order if each not in met]
    return any(list(kept) == sorted(kept) for kept in combinations(rest, max(0, len(rest) - 2)))


def test_while_the_board_is_away_clients_are_acknowledged_and_told_once_and_it_all_comes_in_order(
    tmp_path: Path, tell: Callable[[str], None]
) -> None:
    with _company(tmp_path) as company:
        daemon = company.start()
        crowd = Crowd(company, 9)
        crowd.enter()
        known, late = crowd.chats[:8], crowd.chats[8]
        for chat in known:
            crowd.write(chat)
        crowd.settle()
        cards = {chat_of(card): card["id"] for card in company.cards()}

        company._board("POST", "/sandbox/faults", json={"path_regex": ".*", "times": None, "drop": "before"})
        away = time.monotonic()
        for chat in [*known, late]:
            crowd.write(chat)
            time.sleep(0.15)
        company.until("a mark on every message", lambda: all(_acknowledged(company, chat) for chat in crowd.chats), 10)
        marked = time.monotonic() - away
        for chat in crowd.chats:
            company.until("the client is told", partial(_said, company, chat, TOLD), 15)
        for chat in reversed(known):
            crowd.write(chat)
        time.sleep(max(0.0, away + 8 - time.monotonic()))
        calls = len(company.board_calls())
        refused = {"method": "POST", "path_regex": "/cards", "status": 429, "headers": {"retry-after": "1"}}
        company._board("DELETE", "/sandbox/faults")
        company._board("POST", "/sandbox/faults", json={**refused, "body": "Too many requests"})
        crowd.settle(60)
        after = company.board_calls()[calls:]
        found = crowd.found()
        told = [_said(company, chat, TOLD) for chat in crowd.chats]
        code = stop(daemon)

    # Whoever wrote first is served first; one tried the door, and one met the 429.
    places = {str(cards[chat]): place for place, chat in enumerate(known)}
    named = [(part, call) for call in after for part in call["path"].split("/") if part in places]
    order = [places[card] for card in dict.fromkeys(card for card, _ in named)]
    met = {places[card] for card, call in named if call["status"] == 429}
    inside = _calls_inside(after, lambda _: 1.0)
    tell(
        f"board away 8 s: all marked after {marked:.1f} s, told {sum(told)} of {len(told)} once; afterwards "
        f"in the order {order}, calls inside a 429 {inside}; {found}"
    )
    assert found.on_board == (0, 0, 0, 0)
    assert told == [1] * len(crowd.chats)
    assert sorted(order) == list(range(len(known)))
    assert _in_order(order, met)
    assert inside == 0
    assert code == 0


def test_while_telegram_is_away_answers_wait_marked_on_the_card_and_then_come_in_order(
    tmp_path: Path, tell: Callable[[str], None]
) -> None:
    with _company(tmp_path) as company:
        daemon = company.start()
        crowd = Crowd(company, 6)
        crowd.enter()
        for chat in crowd.chats:
            crowd.write(chat)
        crowd.settle()
        cards = {chat_of(card): card["id"] for card in company.cards()}

        company._chat("POST", "/sandbox/faults", json={"method": "*", "times": -1, "drop": "before"})
        away = time.monotonic()
        for number in range(2):
            for chat in crowd.chats:
                reply = f"[r-{chat}-{number}] ответ"
                company.comments(cards[chat], "anna", reply)
                crowd.told.append((chat, reply))
                time.sleep(0.1)
        company.until("the cards say so", lambda: all(MARKED in words_on(card) for card in company.cards()), 20)
        time.sleep(max(0.0, away + 6 - time.monotonic()))
        seen = company._chat("GET", "/sandbox/calls")[-1]["seq"]
        company._chat("DELETE", "/sandbox/faults")
        company._chat("POST", "/sandbox/faults", json={"method": "sendMessage", "retry_after": 1})
        crowd.settle(60)
        company.until(
            "no card says so any more", lambda: not any(MARKED in words_on(card) for card in company.cards()), 20
        )
        state = company._chat("GET", "/sandbox/state")
        tried = [call for call in company._chat("GET", "/sandbox/calls?method=sendMessage") if call["seq"] > seen]
        found = crowd.found()
        edits = [sum("Доставлено" in comment["text"] for comment in card["comments"]) for card in company.cards()]
        code = stop(daemon)

    places = {chat: place for place, chat in enumerate(crowd.chats)}
    answers = [call for call in tried if "[r-" in str(call["params"].get("text"))]
    order = [places[chat] for chat in dict.fromkeys(int(call["chat_id"]) for call in answers)]
    met = {places[int(call["chat_id"])] for call in answers if call["status"] != 200}
    texts: dict[int, list[str]] = {}
    for call in (each for each in answers if each["status"] == 200):
        texts.setdefault(int(call["chat_id"]), []).append(str(call["params"]["text"]))
    tell(
        f"Telegram away 6 s: all {len(crowd.told)} answers marked on their cards; afterwards in the order {order}, "
        f"calls inside a 429 {state['calls_inside_429']}; {found}"
    )
    assert found.on_board == (0, 0, 0, 0)
    assert (found.replies_lost, found.chat_doubles) == (0, 0)
    assert all("-0]" in said[0] and "-1]" in said[-1] for said in texts.values())
    assert sorted(order) == list(range(len(crowd.chats)))
    assert _in_order(order, met)
    assert edits == [1] * len(cards)
    assert state["calls_inside_429"] == 0
    assert code == 0
