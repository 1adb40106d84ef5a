"""The daemon brings a drifting board back by itself, and a command beside it while clients go on writing."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.process.company import Company, free_port
from tests.process.drifting import Drifting, plant


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Drifting]:
    """A company whose daemon compares every two seconds, once it runs, and serves its figures."""
    environment = {"CONNECTOR_HEAL_SECONDS": "2", "CONNECTOR_WEB__LISTEN": f"127.0.0.1:{free_port()}"}
    with Company(tmp_path, webhook=False, environment=environment) as company:
        yield Drifting(company)


def test_drift_in_five_of_a_hundred_cards_heals_and_no_other_is_touched(
    board: Drifting, tell: Callable[[str], None]
) -> None:
    cards = plant(board, 100)
    assert board.found()["differences"] == []
    spoilt = random.Random(7).sample(cards, 7)
    lost, moved, noted = spoilt[:4], spoilt[4], spoilt[5:]
    for card in lost:
        board.lose_comment(card, "слова")
    board.company.moves(moved, "anna", lane="Больше двух дней")
    for card in noted:
        board.company._board("POST", f"/sandbox/cards/{card}/tags", json={"user": "anna", "name": "важно"})
        board.change(card, description="заметка Анны", due_date="2030-01-01T10:00:00.000Z")
    before = {card["id"]: card for card in board.company.cards()}
    board.company.start()
    began = time.monotonic()
    board.company.until("all of it healed", lambda: all(board.card(card)["comments"] for card in lost), 60.0)
    healed = time.monotonic() - began
    time.sleep(3.0)  # another comparison or two: nothing more is done
    for shown in board.company.cards():
        if shown["id"] in lost:
            assert [comment["text"].count("слова") for comment in shown["comments"]] == [1]
        else:
            assert shown == before[shown["id"]]
    figures = httpx.get(f"http://{board.company.environment['CONNECTOR_WEB__LISTEN']}/metrics").text
    assert 'connector_drift_fixed_total{kind="comment"} 4.0' in figures
    assert json.loads(board.run("drift", "--json").stdout)["data"]["differences"] == []
    tell(f"drift in 5 of 100 cards healed {healed:.1f} s after the start, none of the others touched")


def test_a_note_somebody_took_away_is_listed_with_a_plan_and_mended_on_a_word(tmp_path: Path) -> None:
    with Company(tmp_path, webhook=False, environment={"CONNECTOR_HEAL_SECONDS": "0"}) as company:
        company.start()
        board = Drifting(company)
        card = board.request(850_001, "Касса молчит")["id"]
        company.comments(card, "anna", "Перезагрузите")
        company.until("the status note", lambda: len(board.card(card)["comments"]) == 2)
        note = next(each["text"] for each in board.card(card)["comments"] if each["author"]["username"] != "anna")
        board.lose_comment(card, note)
        found = board.found("--full", code=6)
        [left] = found["differences"]
        assert (left["kind"], left["state"]) == ("comment", "left alone")
        assert left["doubt"]
        assert "write it again" in board.run("drift").stdout
        assert len(board.card(card)["comments"]) == 1
        assert board.found("--item", left["id"])["counts"] == {"mended": 1}
        assert len(board.card(card)["comments"]) == 2
        board.lose_comment(card, note)
        board.found("--full", code=6)
        board.run("drift", "--leave", left["id"])
        assert board.found("--full")["counts"] == {"may stay": 1}


def test_beside_a_busy_daemon_nothing_is_doubled_and_agents_edits_stay(board: Drifting) -> None:
    board.company.environment["CONNECTOR_HEAL_SECONDS"] = "0"
    company = board.company
    company.start()
    cards = {chat: board.request(chat, f"Вопрос {chat}")["id"] for chat in (851_001, 851_002, 851_003)}
    for chat, card in cards.items():
        board.further(chat, card, "первое дополнение")
    quiet = cards[851_003]
    board.lose_comment(quiet, "первое дополнение")
    board.lose_tag(quiet, "касса")
    company._board("POST", f"/sandbox/cards/{quiet}/tags", json={"user": "anna", "name": "важно"})
    company.moves(quiet, "anna", column="В работе")
    told: list[tuple[int, str]] = []
    stop = threading.Event()

    def write() -> None:
        while not stop.wait(0.4):
            chat = (851_001, 851_002)[len(told) % 2]
            told.append((chat, f"строка {len(told):03}"))
            company.says(chat, told[-1][1])

    writing = threading.Thread(target=write)
    writing.start()
    try:
        found = board.found("--full", code=None)
    finally:
        stop.set()
        writing.join()
    assert {each["state"] for each in found["differences"]} <= {"mended"}
    assert {each["kind"] for each in found["differences"]} >= {"comment", "tag"}
    company.until(
        "all lines", lambda: all(line in json.dumps(board.card(cards[chat]), ensure_ascii=False) for chat, line in told)
    )
    for chat, line in told:
        assert sum(comment["text"].count(line) for comment in board.card(cards[chat])["comments"]) == 1
    after = board.card(quiet)
    assert [tag["name"] for tag in after["tags"]].count("касса") == 1
    assert "важно" in [tag["name"] for tag in after["tags"]]
    assert after["column"] == "В работе"
    assert sum(comment["text"].count("первое дополнение") for comment in after["comments"]) == 1
    assert {comment["text"] for comment in after["comments"] if comment["internal"]} == set()


def test_what_agents_took_back_or_changed_unheard_is_taken_back_and_changed_in_the_chat(board: Drifting) -> None:
    """No webhook tells of it, and no list shows it: only the comparison does."""
    board.company.environment["CONNECTOR_HEAL_SECONDS"] = "0"
    company = board.company
    company.start()
    chat = 852_001
    card = board.request(chat, "Касса молчит")["id"]
    company.comments(card, "anna", "Перезагрузите")
    company.comments(card, "anna", "Пароль от чужой кассы")
    company.until("both answers", lambda: len(_shown(company, chat, "Перезагрузите", "Пароль")) == 2)
    company.until("the status note", lambda: len(board.card(card)["comments"]) == 3)
    kept, gone = (board.comment(card, words)["id"] for words in ("Перезагрузите", "Пароль"))
    company.daemons[-1].kill()
    company.daemons[-1].wait()
    path = f"/sandbox/cards/{card}/comments"
    company._board("DELETE", f"{path}/{gone}", json={"user": "anna"})
    company._board("PATCH", f"{path}/{kept}", json={"user": "anna", "text": "Выключите"})
    company.start()
    company.until("the daemon works", lambda: company.log().count("board_settled") == 2)

    def followed() -> bool:
        # What was changed only just is left to be read; the next comparison finds it.
        assert {each["kind"] for each in board.found("--full", code=None)["differences"]} <= {"answer"}
        return bool(_shown(company, chat, "Выключите")) and not _shown(company, chat, "Пароль")

    company.until("the chat has followed", followed, 90.0)
    assert not _shown(company, chat, "Перезагрузите")
    assert board.found("--full")["differences"] == []


def _shown(company: Company, chat: int, *words: str) -> list[str]:
    said = [message["text"] or "" for message in company.from_bot(chat) if not message["deleted"]]
    return [text for text in said if any(each in text for each in words)]
