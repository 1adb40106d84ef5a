"""Everything a remote side can do wrong, over real sockets: nothing is lost, nothing is twice on the board."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.bars.crowd import Crowd, chat_of, mark, words_on
from tests.bars.crowd import company as company_of
from tests.process.company import Company, stop

pytestmark = pytest.mark.slow

GRACE = 0.15
"""Seconds after an answer 429 in which a call may still arrive: it was on the wire before the answer was read."""

BOARD: dict[str, dict[str, Any]] = {
    "429": {"status": 429, "headers": {"retry-after": "1"}, "body": "Too many requests"},
    "500": {"status": 500},
    "500 after the effect": {"status": 500, "after_effect": True},
    "502 with HTML": {"status": 502, "body": "<html>Bad gateway</html>"},
    "timeout after the effect": {"drop": "after", "delay_after_seconds": 0.3},
    "reset before": {"drop": "before"},
    "reset after": {"drop": "after"},
    "body truncated": {"truncate_body": 12},
    "cut in the body": {"truncate_body": 12, "drop": "during"},
    "slow bytes": {"slow_bytes": 1500},
}
CHAT: dict[str, dict[str, Any]] = {
    "429": {"retry_after": 1},
    "500": {"status": 500},
    "502 with HTML": {"status": 502, "body": "<html>Bad gateway</html>"},
    "reset before": {"drop": "before"},
    "slow answer": {"delay_seconds": 1.0},
}
AMBIGUOUS: dict[str, dict[str, Any]] = {
    "500 after the effect": {"status": 500, "after": True},
    "timeout after the effect": {"wedge_seconds": 0.3, "drop": "after"},
    "body truncated": {"body": '{"ok":tr', "after": True},
}
"""A Telegram message cannot be looked up: after these it is sent again, twice rather than never."""


def _fault(company: Company, **fault: Any) -> None:
    company._board("POST", "/sandbox/faults", json=fault)


def _calls_inside(calls: list[dict[str, Any]], until: Callable[[dict[str, Any]], float]) -> int:
    """Calls that arrived after a 429 was answered and before its time was over."""
    windows = [(call["monotonic"] + (call["seconds"] or 0.0), until(call)) for call in calls if call["status"] == 429]
    return sum(begun + GRACE < call["monotonic"] < begun + wait for begun, wait in windows for call in calls)


def test_whatever_goes_wrong_at_the_board_no_word_is_lost_and_none_is_there_twice(
    tmp_path: Path, tell: Callable[[str], None]
) -> None:
    with company_of(tmp_path) as company:
        daemon = company.start()
        crowd = Crowd(company, len(BOARD))
        crowd.enter()
        # Every new card meets another fault: whoever comes first takes the first.
        for fault in BOARD.values():
            _fault(company, method="POST", path_regex="/cards$", **fault)
        for chat in crowd.chats:
            crowd.write(chat)
        crowd.settle()
        # Every card its own fault, at each kind of write and at reads.
        cards = {chat_of(card): card["id"] for card in company.cards()}
        for chat, fault in zip(crowd.chats, BOARD.values(), strict=True):
            _fault(company, method="POST", path_regex=f"/cards/{cards[chat]}/comments$", **fault)
            crowd.write(chat)
            crowd.write(chat)
        crowd.settle()
        for chat, fault in zip(crowd.chats, BOARD.values(), strict=True):
            _fault(company, method="PATCH", path_regex=f"/cards/{cards[chat]}/comments/", **fault)
            company._chat("PUT", f"/sandbox/chats/{chat}/messages/{_last(company, chat)}", json={"text": _edited(chat)})
        company.until("the edits", partial(_all_edited, company, crowd.chats))
        for name in ("429", "502 with HTML", "cut in the body"):
            _fault(company, method="GET", path_regex="/cards", **BOARD[name])
        for chat in crowd.chats[:3]:
            company.comments(cards[chat], "anna", f"[r-{chat}] ответ")
            crowd.told.append((chat, f"[r-{chat}] ответ"))
        company.until("the faults used up", lambda: not company._board("GET", "/sandbox/faults"))
        crowd.settle()
        found, calls = crowd.found(), company.board_calls()
        inside = _calls_inside(calls, lambda _: 1.0)
        refused = sum(call["status"] == 429 for call in calls)
        code = stop(daemon)
    tell(f"{len(BOARD)} kinds of fault at the board x 4 places: {refused} times 429, calls inside {inside}; {found}")
    assert found.on_board == (0, 0, 0, 0)
    assert (found.replies_lost, found.chat_doubles) == (0, 0)
    assert refused >= 3
    assert inside == 0
    assert code == 0


def _last(company: Company, chat: int) -> int:
    ids = [message["message_id"] for message in company.chat(chat)["messages"] if message["from"] != "bot"]
    return int(max(ids))


def _edited(chat: int) -> str:
    return f"{mark(chat, 2)} исправлено"


def _all_edited(company: Company, chats: list[int]) -> bool:
    everything = "\n".join(map(words_on, company.cards())).replace("\\", "")
    return all(_edited(chat) in everything for chat in chats)


def test_whatever_goes_wrong_at_telegram_no_message_is_lost_and_only_ambiguous_ones_come_twice(
    tmp_path: Path, tell: Callable[[str], None]
) -> None:
    faults = [*CHAT.values(), *AMBIGUOUS.values()]
    with company_of(tmp_path) as company:
        daemon = company.start()
        crowd = Crowd(company, len(faults))
        crowd.enter()
        for chat in crowd.chats:
            crowd.write(chat)
        crowd.settle()
        cards = {chat_of(card): card["id"] for card in company.cards()}
        for chat, fault in zip(crowd.chats, faults, strict=True):
            company._chat("POST", "/sandbox/faults", json={"method": "sendMessage", "chat_id": chat, **fault})
            for number in range(2):
                text = f"[r-{chat}-{number}] ответ"
                company.comments(cards[chat], "anna", text)
                crowd.told.append((chat, text))
        company.until("every reply", lambda: not crowd.unanswered())
        # The way in: an answer of updates that never arrives whole must come again.
        for fault in (CHAT["429"], {"drop": "after"}, AMBIGUOUS["body truncated"]):
            company._chat("POST", "/sandbox/faults", json={"method": "getUpdates", **fault})
        while _waiting(company):
            crowd.write(crowd.chats[0])
            time.sleep(0.3)
        # The way of a file: fetched in two goes, attached once.
        photographer = crowd.chats[1]
        company._chat("POST", "/sandbox/faults", json={"method": "download", "drop": "after"})
        _fault(company, method="POST", path_regex=f"/cards/{cards[photographer]}/(comments|files)", drop="after")
        company.sends(photographer, "photo", caption="[фото]")
        company.until("the picture", lambda: _files(company, cards[photographer]))
        crowd.settle()
        files = _files(company, cards[photographer])
        found = crowd.found()
        certain = sum(_doubles(company, chat) for chat in crowd.chats[: len(CHAT)])
        state = company._chat("GET", "/sandbox/state")
        order_kept = all(_in_order(company, chat) for chat in crowd.chats)
        code = stop(daemon)
    tell(
        f"{len(faults)} kinds of fault at Telegram x 2 places: calls inside a 429 {state['calls_inside_429']}, doubled "
        f"in chats {found.chat_doubles} (all after an ambiguous answer: {found.chat_doubles - certain}); {found}"
    )
    assert found.on_board == (0, 0, 0, 0)
    assert found.replies_lost == 0
    assert certain == 0
    assert found.chat_doubles <= len(AMBIGUOUS)
    assert state["calls_inside_429"] == 0
    assert order_kept
    assert len(files) == 1
    assert code == 0


def _waiting(company: Company) -> list[dict[str, Any]]:
    return [fault for fault in company._chat("GET", "/sandbox/faults") if fault["left"] > 0]


def _files(company: Company, card: int) -> list[str]:
    found = next(each for each in company.cards() if each["id"] == card)
    return [file["name"] for file in (*found["files"], *(f for c in found["comments"] for f in c["files"]))]


def _replies(company: Company, chat: int) -> list[str]:
    return [message["text"] for message in company.from_bot(chat) if "[r-" in (message["text"] or "")]


def _doubles(company: Company, chat: int) -> int:
    replies = _replies(company, chat)
    return len(replies) - len(set(replies))


def _in_order(company: Company, chat: int) -> bool:
    replies = list(dict.fromkeys(_replies(company, chat)))
    return replies == sorted(replies)
