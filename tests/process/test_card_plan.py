"""The card of every topic of the example mapping is the card its YAML plans, field by field, and costs what it must."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.process.card_plan import Asker, Earlier, Leaf, leaves, plan, shown
from tests.process.company import Company
from tests.process.test_dialogue import example

WORDS = "верните деньги: {topic}, по-русски говорю"
CABINET = "640064"
ASKERS = {
    710_001: Asker(name="Клиент 710001", username="ivan_petrov", language="ru", cabinet=CABINET),
    710_002: Asker(name="Клиент 710002", username=None, language="en", cabinet=CABINET),
}


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    return found


def _choose(company: Company, chat: int, leaf: Leaf) -> None:
    for title in leaf.path[ASKERS[chat].language]:
        company.until(f"the button {title}", partial(_offered, company, chat, title))
        before = len(company.from_bot(chat))
        company.taps(chat, title)
        company.until(f"an answer to {title}", partial(_more_than, company, chat, before))


def _more_than(company: Company, chat: int, before: int) -> bool:
    return len(company.from_bot(chat)) > before


def _offers(company: Company, chat: int) -> bool:
    return bool(company.from_bot(chat)[-1]["buttons"])


def _offered(company: Company, chat: int, title: str) -> bool:
    latest = company.from_bot(chat)[-1]
    return any(button["text"] == title for row in latest["buttons"] or [] for button in row)


def _opens(company: Company, chat: int, leaf: Leaf, words: str) -> tuple[dict[str, Any], datetime]:
    """The client opens a request; its card, and when the words were written."""
    company.says(chat, "/new")
    _choose(company, chat, leaf)
    message = company.says(chat, words)
    card = company.until(
        f"the card of {leaf.key}",
        lambda: next((card for card in company.cards() if f"\n\n{words}" in card["description"]), None),
    )
    written = next(each for each in company.chat(chat)["messages"] if each["message_id"] == message)["date"]
    return dict(card), datetime.fromisoformat(written)


def _lanes(company: Company) -> dict[int, str]:
    spaces = company._board("GET", "/sandbox/board")["spaces"]
    return {lane["id"]: lane["title"] for space in spaces for board in space["boards"] for lane in board["lanes"]}


def _queues(company: Company) -> dict[str, str]:
    """Board → the first column of the kind that Kaiten calls a queue."""
    spaces = company._board("GET", "/sandbox/board")["spaces"]
    return {
        board["title"]: next(column["title"] for column in board["columns"] if column["type"] == 1)
        for space in spaces
        for board in space["boards"]
    }


def _stored(folder: Path) -> dict[int, tuple[str, str]]:
    """Number → the id and the card of each request, as the daemon's own database has them."""
    database = sqlite3.connect(folder / "connector.db")
    try:
        rows = database.execute("select number, id, card from tickets").fetchall()
    finally:
        database.close()
    return {number: (ticket, card) for number, ticket, card in rows}


def _closes(company: Company, card: int, chat: int, answer: str) -> datetime:
    """An agent answers and ends the request, and the client is pleased; when it ended."""
    company.comments(card, "anna", answer)
    company.until("the answer", lambda: any(answer in (m["text"] or "") for m in company.from_bot(chat)))
    company.moves(card, "anna", column="Готово")
    company.until("the question how it was", lambda: _offered(company, chat, "🤩"))
    company.taps(chat, "🤩")
    return datetime.fromisoformat(next(each for each in company.cards() if each["id"] == card)["last_moved_at"])


@pytest.mark.slow
def test_the_card_of_every_topic_equals_its_plan_and_costs_one_call_and_one_per_tag(tmp_path: Path) -> None:
    path = example(tmp_path, {"history": {"shown": 4}})
    mapping = _read(path)
    topics = leaves(mapping)
    assert [leaf.key for leaf in topics] == ["product", "cash", "hardware", "finance", "acts", "contract"]
    with Company(folder=tmp_path, mapping=path) as company:
        company.start()
        queues, lanes = _queues(company), _lanes(company)
        site = str(company.kaiten.base_url).rstrip("/")
        told: list[tuple[int, Earlier]] = []
        planned: dict[int, dict[str, Any]] = {}
        for chat, asker in ASKERS.items():
            person = {"id": chat, "first_name": asker.name, "language_code": asker.language}
            company._chat("POST", "/sandbox/users", json={**person, "username": asker.username})
            company.says(chat, "/start")
            company.until("the bot asks for the cabinet", partial(company.from_bot, chat))
            company.says(chat, CABINET)
            company.until("the topics", partial(_offers, company, chat))
            for leaf in topics if asker.language == "ru" else topics[-3:]:
                words = f"{WORDS.format(topic=leaf.title)} №{len(told) + 1}"
                card, written = _opens(company, chat, leaf, words)
                number = len(told) + 1
                earlier = [replace(each, own=owner == chat) for owner, each in reversed(told)]
                planned[card["id"]] = plan(mapping, leaf, asker, number, words, written, earlier, queues)
                past = Earlier(
                    number=number,
                    subject=words,
                    topic=leaf.title,
                    opened=written,
                    link=f"{site}/{card['id']}",
                    own=True,
                )
                if leaf.key == "cash":  # the end, the answer and the mark of one request stand on all later cards
                    closed = _closes(company, card["id"], chat, "Деньги вернули на карту")
                    past = replace(past, closed=closed, answer="Деньги вернули на карту", emoji="🤩")
                    planned[card["id"]]["column"] = "Готово"
                told.append((chat, past))

        for card_id, expected in planned.items():
            tags = len(expected["tags"])

            def there(card_id: int = card_id, tags: int = tags) -> bool:
                return len(next(each for each in company.cards() if each["id"] == card_id)["tags"]) == tags

            company.until(f"the tags {expected['tags']}", there)
        stored = _stored(tmp_path)
        cards = {card["id"]: card for card in company.cards()}
        assert cards.keys() == planned.keys()
        for number, (card_id, expected) in enumerate(planned.items(), start=1):
            card = cards[card_id]
            assert shown(card, lanes[card["lane_id"]]) == expected, card["title"]
            ticket, of_ticket = stored[number]
            assert card["external_id"] == ticket
            assert of_ticket == str(card_id)
        _costs(company, planned)


def _costs(company: Company, planned: dict[int, dict[str, Any]]) -> None:
    """One call makes a card, block, deadline, fields and responsible with it; each tag is one more; nothing else."""
    writes = [call for call in company.board_calls() if call["user"] == "bot" and call["method"] != "GET"]
    assert all(call["status"] == 200 for call in writes), writes
    assert sum(call["path"].endswith("/cards") for call in writes) == len(planned)
    for card_id, expected in planned.items():
        own = [call for call in writes if re.search(rf"/cards/{card_id}(/|$)", call["path"])]
        tags = [call for call in own if call["path"].endswith("/tags")]
        assert len(tags) == len(expected["tags"])
        if expected["column"] != "Готово":
            assert own == tags, own
