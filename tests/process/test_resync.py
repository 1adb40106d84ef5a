"""The board drifts from the books and is brought back: by the command, with and beside the real daemon over HTTP."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.process.company import Company
from tests.process.drifting import Drifting, plant


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Drifting]:
    """A company without webhooks, its daemon running, and hands on its board."""
    with Company(tmp_path, webhook=False, environment={"CONNECTOR_HEAL_SECONDS": "0"}) as company:
        company.start()
        yield Drifting(company)


def kinds(found: dict[str, Any]) -> Counter[str]:
    """How many differences of each kind."""
    return Counter(each["kind"] for each in found["differences"])


def states(found: dict[str, Any]) -> set[str]:
    """What became of them."""
    return {each["state"] for each in found["differences"]}


def looked_at(board: Drifting, card: int) -> None:
    """Waits until the daemon has seen the card where it stands."""
    board.company.until("the daemon has looked", lambda: f'"kaiten:{card}:v' in board.company.log())


def spoilt(board: Drifting) -> int:
    """A card that drifted in every way while no daemon ran; returns its number."""
    first = board.request(830_001, "Первая касса молчит")["id"]
    card = board.request(830_002, "Вторая касса молчит")["id"]
    board.further(830_002, card, "чек не выходит")
    board.further(830_002, card, "и экран погас")
    board.with_file(830_002, card, "касса.pdf")
    assert "Первая касса" in board.card(card)["description"]
    looked_at(board, first)
    looked_at(board, card)
    assert board.found("--dry-run")["differences"] == []
    board.halt()
    board.lose_comment(card, "чек не выходит")
    board.lose_file(card, "касса.pdf")
    board.lose_tag(card, "касса")
    own = board.card(card)["description"]
    board.change(card, description=own[: own.index("⟦")] + "пометка Анны", due_date=None)
    board.company.moves(card, "anna", column="В работе")
    board.company.comments(card, "anna", "Сейчас посмотрим")
    return int(card)


EVERY_KIND = {"comment": 1, "file": 1, "tag": 1, "history": 1, "deadline": 1, "lane": 1, "answer": 1}


def test_every_kind_of_drift_is_listed_mended_and_gone(board: Drifting) -> None:
    card = spoilt(board)
    before, calls = board.card(card), board.chat_calls()
    dry = board.found("--dry-run")
    assert kinds(dry) == EVERY_KIND
    assert states(dry) == {"would be mended"}
    assert board.card(card) == before
    mended = board.found()
    assert (kinds(mended), states(mended)) == (EVERY_KIND, {"mended"})
    assert set(board.chat_calls()[len(calls) :]) <= {
        "getFile",
        "download",
    }  # the lost file is fetched, and nothing is sent
    after = board.card(card)
    assert [tag["name"] for tag in after["tags"]].count("касса") == 1
    assert "Первая касса" in after["description"]
    assert "пометка Анны" in after["description"]
    assert (after["column"], after["due_date"]) == ("В работе", after["due_date"])
    assert after["due_date"] is not None
    texts = [comment["text"] for comment in after["comments"]]
    assert [sum(words in text for text in texts) for words in ("чек не выходит", "и экран погас")] == [1, 1]
    assert board.file(card, "касса.pdf") is not None
    again = board.found()
    assert again["differences"] == []
    board.company.start()
    board.company.until(
        "the answer", lambda: any("Сейчас посмотрим" in (m["text"] or "") for m in board.company.from_bot(830_002))
    )
    assert board.found("--full")["differences"] == []
    answers = [m for m in board.company.from_bot(830_002) if "Сейчас посмотрим" in (m["text"] or "")]
    assert len(answers) == 1


@pytest.fixture
def asleep(tmp_path: Path) -> Iterator[Drifting]:
    """A company whose daemon was not started yet."""
    with Company(tmp_path, webhook=False, environment={"CONNECTOR_HEAL_SECONDS": "0"}) as company:
        yield Drifting(company)


def lists(board: Drifting, since: int) -> list[str]:
    """The calls of the API since then, by method and path."""
    return [
        f"{call['method']} {call['path'].removeprefix('/api/latest')}" for call in board.company.board_calls()[since:]
    ]


def test_a_page_that_fails_changes_nothing(asleep: Drifting) -> None:
    cards = plant(asleep, 230)
    for card in cards[:5]:
        asleep.lose_comment(card, "слова")
    # The first page passes, the second fails as often as it is asked for.
    before, since = asleep.company.cards(), asleep.calls()
    asleep.company._board(
        "POST", "/sandbox/faults", json={"path_regex": "/cards$", "method": "GET", "delay_seconds": 0.01}
    )
    asleep.company._board(
        "POST", "/sandbox/faults", json={"path_regex": "/cards$", "method": "GET", "status": 500, "times": None}
    )
    done = asleep.run("resync", code=5)
    assert "Kaiten answered 500" in done.stderr
    assert done.stdout == ""
    assert asleep.company.cards() == before
    assert not any(call.startswith(("POST", "PATCH", "PUT", "DELETE")) for call in lists(asleep, since))
    asleep.company._board("DELETE", "/sandbox/faults")
    assert len(asleep.found("--continue")["differences"]) == 5
    assert asleep.found("--full")["differences"] == []


def test_comments_that_cannot_all_be_read_change_nothing(asleep: Drifting) -> None:
    [card] = plant(asleep, 1)
    asleep.lose_comment(card, "слова")
    before = asleep.company.cards()
    asleep.company._board(
        "POST", "/sandbox/faults", json={"path_regex": "/comments$", "method": "GET", "status": 500, "times": None}
    )
    asleep.run("resync", "--card", str(card), code=5)
    assert asleep.company.cards() == before
    asleep.company._board("DELETE", "/sandbox/faults")
    asleep.company._board(
        "POST", "/sandbox/faults", json={"path_regex": "/comments$", "method": "GET", "truncate_body": 1, "times": None}
    )
    asleep.run("resync", "--card", str(card), code=5)
    assert asleep.company.cards() == before


def test_an_unchanged_board_costs_one_call_for_a_hundred_cards(asleep: Drifting, tell: Any) -> None:
    plant(asleep, 1000)
    since = asleep.calls()
    assert asleep.found()["differences"] == []
    first = lists(asleep, since)
    since = asleep.calls()
    again = asleep.found()
    assert (again["cards"], again["differences"]) == (1000, [])
    calls = lists(asleep, since)
    assert calls.count("GET /cards") == 10
    start = [call for call in calls if call != "GET /cards"]
    assert not any(call.startswith("GET /cards") for call in start), (
        start
    )  # what stands on the boards, once per process
    tell(f"1,000 unchanged cards: 10 calls, and {len(start)} at the start; the first time {len(first)} in all")


def test_a_run_that_is_killed_goes_on_where_it_was(asleep: Drifting) -> None:
    cards = plant(asleep, 120)
    for card in cards[::2]:
        asleep.lose_comment(card, "слова")
    asleep.company._board("POST", "/sandbox/settings", json={"rate_limit": 40})
    running = asleep.begin("resync", "--json")
    asleep.company.until("half of the cards", lambda: missing(asleep, cards) <= 40, 60.0)
    running.kill()
    running.communicate(timeout=10)
    left = missing(asleep, cards)
    assert left > 5
    since = asleep.calls()
    asleep.company._board("POST", "/sandbox/settings", json={"rate_limit": 100_000})
    found = asleep.found("--continue")
    assert found["total"] == found["cards"] == 120
    assert missing(asleep, cards) == 0
    assert doubled(asleep, cards) == 0
    looked = {
        call.split("/")[2] for call in lists(asleep, since) if call.endswith("/comments") and call.startswith("GET")
    }
    assert len(looked) < 100  # those before are not looked at again
    assert asleep.found("--full")["differences"] == []


def test_ctrl_c_finishes_the_card_in_hand_and_says_how_to_go_on(asleep: Drifting) -> None:
    cards = plant(asleep, 80)
    for card in cards:
        asleep.lose_comment(card, "слова")
    asleep.company._board("POST", "/sandbox/settings", json={"rate_limit": 40})
    running = asleep.begin("resync")
    asleep.company.until("some of the cards", lambda: missing(asleep, cards) <= 60, 60.0)
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "connector resync --continue" in told
    asleep.company._board("POST", "/sandbox/settings", json={"rate_limit": 100_000})
    asleep.run("resync", "--continue")
    assert (missing(asleep, cards), doubled(asleep, cards)) == (0, 0)


def test_on_postgresql_a_running_daemon_mends_and_without_one_the_command(tmp_path: Path, postgres_url: str) -> None:
    environment = {"CONNECTOR_HEAL_SECONDS": "0"}
    with Company(tmp_path, webhook=False, database_url=postgres_url, environment=environment) as company:
        company.start()
        board = Drifting(company)
        card = board.request(830_009, "Касса молчит")["id"]
        board.further(830_009, card, "чек не выходит")
        looked_at(board, card)
        for daemon_runs in (True, False):
            if not daemon_runs:
                board.halt()
            board.lose_comment(card, "чек не выходит")
            board.lose_tag(card, "касса")
            found = board.found("--card", str(card))
            assert (kinds(found), states(found)) == ({"comment": 1, "tag": 1}, {"mended"})
            assert sum("чек не выходит" in comment["text"] for comment in board.card(card)["comments"]) == 1
        assert board.found("--full")["differences"] == []


def missing(board: Drifting, cards: list[int]) -> int:
    """How many planted cards lack their words."""
    return sum(not card["comments"] for card in board.company.cards() if card["id"] in cards)


def doubled(board: Drifting, cards: list[int]) -> int:
    """How many planted cards have their words twice."""
    return sum(len(card["comments"]) > 1 for card in board.company.cards() if card["id"] in cards)
