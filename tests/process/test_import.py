"""Cards that were there before us become the history of clients: shown first, taken in once, nobody is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.process.company import Company
from tests.process.drifting import Drifting

CHAT = 840_001


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Drifting]:
    """A company with cards that people made, and one client who has registered."""
    with Company(tmp_path, webhook=False, environment={"CONNECTOR_HEAL_SECONDS": "0"}) as company:
        company.start()
        hands = Drifting(company)
        hands.request(CHAT, "Наш первый вопрос", cabinet="123456")
        for title, column, cabinet in (
            ("Старый спор", "Готово", "123456"),
            ("Не пробивает чек", "В работе", "123456"),
            ("Чужой вопрос", "Очередь", "555555"),
            ("Без кабинета", "Очередь", None),
        ):
            made = company._board(
                "POST", "/sandbox/cards",
                json={"user": "anna", "title": title, "board": "Касса и оплата", "column": column},
            )  # fmt: skip
            if cabinet is not None:
                tag = {"user": "anna", "name": f"Кабинет {cabinet}"}
                company._board("POST", f"/sandbox/cards/{made['id']}/tags", json=tag)
            company.comments(made["id"], "anna", "старый ответ")
        yield hands


def imported(board: Drifting, *more: str) -> dict[str, Any]:
    """What the command tells."""
    told = json.loads(board.run("import", "--json", "--board", "Касса и оплата", *more).stdout)
    data: dict[str, Any] = told["data"]
    return data


def fates(told: dict[str, Any]) -> dict[str, str]:
    """What becomes of each card, by its title."""
    return {card["title"]: card["fate"] for card in told["cards"]}


HISTORY = {
    "Наш первый вопрос": "ours already",
    "Старый спор": "history",
    "Не пробивает чек": "history",
    "Чужой вопрос": "history",
    "Без кабинета": "no account id",
}


def writes(board: Drifting, since: int) -> list[str]:
    """What was written on the board since then."""
    calls = board.company.board_calls()[since:]
    return [f"{call['method']} {call['path']}" for call in calls if call["method"] != "GET"]


def test_history_is_shown_first_and_taken_in_once(board: Drifting) -> None:
    board.halt()
    since, chat = board.calls(), board.chat_calls()
    dry = imported(board)
    assert (fates(dry), dry["new"]) == (HISTORY, 0)
    done = imported(board, "--apply", "--yes")
    assert (fates(done), done["new"]) == (HISTORY, 3)
    again = imported(board, "--apply", "--yes")
    assert again["new"] == 0
    assert set(fates(again).values()) == {"ours already", "no account id"}
    assert (writes(board, since), board.chat_calls()) == ([], chat)
    # The next request of that cabinet tells of it.
    board.company.start()
    card = board.request(CHAT + 1, "Новый вопрос", cabinet="123456")
    assert "Старый спор" in card["description"]
    assert "Не пробивает чек" in card["description"]
    assert "Чужой вопрос" not in card["description"]
    assert board.found("--full")["differences"] == []


def test_an_open_card_of_a_client_becomes_ours_without_a_word(board: Drifting) -> None:
    said = len(board.company.from_bot(CHAT))
    told = imported(board, "--adopt", "--apply", "--yes")
    assert fates(told) == HISTORY | {"Не пробивает чек": "becomes ours"}
    card = board.company.until("the card is ours", lambda: adopted(board))
    assert len(board.company.from_bot(CHAT)) == said
    board.company.comments(card["id"], "anna", "Почините кассу сами")
    board.company.until(
        "the answer", lambda: "Почините кассу сами" in str([m["text"] for m in board.company.from_bot(CHAT)])
    )
    texts = str([message["text"] for message in board.company.from_bot(CHAT)])
    assert "старый ответ" not in texts
    assert imported(board, "--adopt", "--apply", "--yes")["new"] == 0


def adopted(board: Drifting) -> dict[str, Any] | None:
    """The open card, once it carries our id."""
    card = board.titled("Не пробивает чек")
    return card if card is not None and (card["external_id"] or "").startswith("kc-") else None
