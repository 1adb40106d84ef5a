"""Any sequence of acts on both sides, with webhooks lost, doubled and reordered: chat, card and store end alike."""

from __future__ import annotations

import random
import re
import sqlite3
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from connector.domain.ticket import Ticket
from connector.store import codec
from tests.process.company import Company
from tests.process.script import Scene
from tests.process.test_dialogue import example
from tests.process.two_sides import CREATION, STATUS, Story

ACTS = 16
EXPECTED = "blocked|Lane does not belong"
"""Dead orders nobody is to blame for: answers that go once more on the client's return, and an agent's order about a
card that somebody carried to another board in the same moment: the agent is told to do it by hand.
"""
LOOKS = 10
"""Lists of cards asked for: several looks at the board."""
MEANINGS = {"Очередь": "queue", "В работе": "work", "Ждём клиента": "waiting", "Готово": "done"}
FAULTY = {"webhook_loss": 0.3, "webhook_duplicates": 0.3, "webhook_reorder": True, "webhook_delay_seconds": 0.05}


@pytest.mark.slow
def test_both_sides_end_as_the_rules_say_whatever_was_done_and_told(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    seeds = request.config.getoption("--two-ways")
    path = example(tmp_path, {"undecided_after": "2s", "warn_before": "never"})
    with Company(folder=tmp_path, mapping=path) as company:
        company._board("POST", "/sandbox/settings", json=FAULTY)
        company.start()
        stories = [Story(scene=Scene(company), chance=random.Random(seed)) for seed in range(seeds)]
        for story in stories:
            company.says(story.scene.chat, f"/start {story.scene.cabinet}")
        for story in stories:
            _topic(story)
            story._says()
        for story in stories:
            company.until("the card", story.scene.cards)
        for _ in range(ACTS):
            for story in stories:
                story.act()
            time.sleep(0.3)
        for story in stories:
            story.come_back()
        for _ in range(6):
            _at_rest(company)
            waiting = [story for story in stories if _waits_for_topic(tmp_path, story)]
            if not waiting:
                break
            for story in waiting:
                _topic(story)
        lost = [each["outcome"] for each in company._board("GET", "/sandbox/webhooks")].count("lost")
        assert lost, "the faults of the webhooks were not on"
        wrongs = [wrong for story in stories for wrong in _wrongs(story, tmp_path)]
        assert not wrongs, "\n".join(wrongs)


def _topic(story: Story) -> None:
    def offered() -> bool:
        latest = story.company.from_bot(story.scene.chat)
        return any(
            "Касса и оплата" in button["text"] for m in latest[-4:] for row in m["buttons"] or [] for button in row
        )

    story.company.until("the topics", offered)
    story.company.taps(story.scene.chat, "Касса и оплата")


def _at_rest(company: Company) -> None:
    """Nothing waits in the daemon's store, and nothing comes while it looks at the board several times."""
    company._board("POST", "/sandbox/webhooks/idle")
    until = time.monotonic() + 120
    looks = _looks(company)
    while _looks(company) - looks < LOOKS:
        if _waiting(company.folder):
            looks = _looks(company)
        assert time.monotonic() < until, f"it never came to rest\n{company.log()[-3000:]}"
        time.sleep(0.2)


def _looks(company: Company) -> int:
    return sum(call["method"] == "GET" and call["path"].endswith("/cards") for call in company.board_calls())


def _waiting(folder: Path) -> int:
    """Events not decided and orders that may go soon; those of a closed request whose card is gone wait for words."""
    database = sqlite3.connect(folder / "connector.db")
    try:
        (events,) = database.execute("select count(*) from journal where state = 0").fetchone()
        (orders,) = database.execute(
            "select count(*) from outbox o join lanes l on l.key = o.lane where o.state in (0, 1) and l.due < ?",
            (time.time() + 2,),
        ).fetchone()
    finally:
        database.close()
    return int(events) + int(orders)


def _rows(folder: Path, statement: str, *values: object) -> list[Any]:
    database = sqlite3.connect(folder / "connector.db")
    try:
        return database.execute(statement, values).fetchall()
    finally:
        database.close()


def _client(story: Story) -> str:
    return f"telegram:{story.scene.chat}"


def _waits_for_topic(folder: Path, story: Story) -> bool:
    (row,) = _rows(folder, "select state from clients where id = ?", _client(story))
    return bool(codec.read_client(row[0]).kept)


def _wrongs(story: Story, folder: Path) -> list[str]:
    scene, company = story.scene, story.company
    spaces = company._board("GET", "/sandbox/board", params={"archived": "true"})["spaces"]
    lanes = {lane["id"]: lane["title"] for space in spaces for board in space["boards"] for lane in board["lanes"]}
    everything = [
        {**card, "board": board["id"], "column": _column(board, card)}
        for space in spaces
        for board in space["boards"]
        for card in board["cards"]
    ]
    state = "select state from tickets where client = ? order by number"
    tickets = [codec.read_ticket(row[0]) for row in _rows(folder, state, _client(story))]
    ids = {ticket.id for ticket in tickets}
    cards = [card for card in everything if (card["external_id"] or "").partition(".")[0] in ids]
    found = [*_words(story, cards), *_answers(story)]
    for ticket in tickets:
        card = next((card for card in cards if ticket.card is not None and str(card["id"]) == ticket.card.id), None)
        if card is not None and card["condition"] == 1:
            found += _card(ticket, card, lanes[card["lane_id"]], [each.number for each in tickets])
    writes = _writes(company, [card["id"] for card in cards])
    generations = sum(ticket.generation for ticket in tickets)
    allowed = story.allowed + generations * (CREATION + STATUS)
    if writes > allowed:
        found.append(f"{writes} writes, of {allowed} that its acts may cost")
    dead = _rows(folder, "select key, reason from outbox where client = ? and state = 3", _client(story))
    found += [f"dead: {key}: {reason}" for key, reason in dead if not re.search(EXPECTED, str(reason))]
    return [f"chat {scene.chat}: {each}; acts: {', '.join(story.done)}" for each in found]


def _column(board: dict[str, Any], card: dict[str, Any]) -> str:
    return str(next(column["title"] for column in board["columns"] if column["id"] == card["column_id"]))


def _words(story: Story, cards: list[dict[str, Any]]) -> list[str]:
    told = story.told(cards)
    wrongs = []
    for mark in story.words:
        if told[mark] != 1 and not (story.buried and told[mark] == 0):
            wrongs.append(f"{mark} of the client stands {told[mark]} times on cards")
    return wrongs


def _unheard(company: Company) -> set[int]:
    """Comments whose change or end no webhook told: Kaiten's lists show neither, so nobody can know of it yet."""
    told = company._board("GET", "/sandbox/webhooks")
    return {
        int((each["body"]["data"].get("old") or each["body"]["data"])["id"])
        for each in told
        if each["event"] in ("comment:update", "comment:remove") and each["outcome"] == "lost"
    }


def _answers(story: Story) -> list[str]:
    read, unheard = story.read(), _unheard(story.company) | story.unsure
    known = [mark for mark, (_, comment) in story.answers.items() if comment not in unheard]
    wrongs = [f"{mark} stands {read[mark]} times in the chat" for mark in known if read[mark] != 1]
    gone = [mark for mark, comment in story.gone_answers.items() if comment not in unheard]
    wrongs += [f"{mark} is still in the chat" for mark in gone if read[mark]]
    wrongs += [f"{mark} is not for the client" for mark in story.secrets if read[mark]]
    return wrongs + [f"the order {key} reached the client" for key in read if key.startswith("#")]


def _card(ticket: Ticket, card: dict[str, Any], lane: str, numbers: list[int]) -> list[str]:
    wrongs = []
    if MEANINGS[card["column"]] != ticket.phase.value:
        wrongs.append(f"№{ticket.number} is in {ticket.phase.value}, its card in {card['column']}")
    classes = {"Сверхсрочно": "urgent", "Сделать сегодня": "today", "Больше двух дней": "later"}
    if classes[lane] != ticket.service_class:
        wrongs.append(f"№{ticket.number} is {ticket.service_class}, its card in the lane {lane}")
    if ticket.open:
        due = datetime.fromisoformat(card["due_date"]) if card["due_date"] else None
        if due is None or ticket.due_at is None or abs((due - ticket.due_at).total_seconds()) > 60:
            wrongs.append(f"№{ticket.number} is due at {ticket.due_at}, its card at {due}")
        block = card["description"].partition("⟦▾▾▾⟧")[2]
        told = [int(number) for number in re.findall(r"^№(\d+) «", block, re.MULTILINE)]
        earlier = sorted((number for number in numbers if number < ticket.number), reverse=True)
        if told != earlier[:10]:
            wrongs.append(f"№{ticket.number} tells of {told}, earlier ones are {earlier}")
    notes = [c["text"].lstrip("\u200b\u200c\u200d\u2060\u2063") for c in card["comments"] if c["internal"]]
    statuses = [note for note in notes if note.startswith(("✓", "✗"))]
    if len(statuses) > 1:
        wrongs.append(f"№{ticket.number} has {len(statuses)} status comments")
    holders = [member["full_name"] for member in card["members"] if member["responsible"]]
    if ticket.responsible is not None and holders != [ticket.responsible]:
        wrongs.append(f"№{ticket.number} is {ticket.responsible}'s, its card {holders}'s")
    return wrongs


def _writes(company: Company, cards: list[int]) -> int:
    of = tuple(f"/cards/{card}" for card in cards)
    calls = [call for call in company.board_calls() if call["user"] == "bot" and call["method"] != "GET"]
    return sum(any(re.search(rf"{each}(/|$)", call["path"]) for each in of) for call in calls) + len(cards)
