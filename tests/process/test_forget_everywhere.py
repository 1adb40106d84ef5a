"""Words given in every way a client can give them, spread by incidents, notices and histories: none is left."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, select

from connector.store.tables import metadata
from tests.process.company import Company
from tests.process.test_dialogue import example
from tests.process.test_forget import _forms, _on_board
from tests.process.test_incident import FAST
from tests.process.test_team_chat import code

GONE, SECOND, THIRD, LATER, ANNA, GROUP = 730_001, 730_002, 730_003, 730_004, 730_010, -730_100
CABINET = "73073173"
TOPIC = "Касса и оплата"
FORMER, USERNAME = "Вевельяна", "zhigmonta_p"
FIRST = "Касса не работает хвамли"
PLANTED = {
    "first words": "хвамли",
    "a later message": "брындюзя",
    "an edited message": "кочедыжник",
    "what it was before": "шлёндровка",
    "a caption": "пупырчатина",
    "a file's name": "fizzlewump",
    "a shared contact": "Гобзиковский",
    "its number": "5550173",
    "a place": "Мухосрановск",
    "a quote": "трынтравость",
    "a second request": "ёкарнабаба",
    "what was bad": "жмыхандрит",
    "a former name": FORMER,
    "a first name": "Жигмонта",
    "a surname": "Перепелкинская",
    "a username": USERNAME,
    "a cabinet": CABINET,
    "the chat": str(GONE),
}
OTHERS = ("Касса не работает дундукская", "Касса не работает ербыльская")


def _stored(url: str) -> str:
    """Every row of every table."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        rows = {name: connection.execute(select(table)).all() for name, table in metadata.tables.items()}
    engine.dispose()
    return "\n".join(f"{name} {tuple(row)!r}" for name, found in rows.items() for row in found)


def _with(company: Company, words: str) -> list[dict[str, Any]]:
    return [card for card in company.cards() if words in card["title"]]


def _heard(company: Company, chat: int, words: str) -> list[dict[str, Any]]:
    return [each for each in company.from_bot(chat) if words in (each["text"] or "") and not each["deleted"]]


def _known(company: Company, number: int, first: str, last: str = "") -> None:
    person = {"id": number, "first_name": first, "last_name": last, "username": USERNAME, "language_code": "ru"}
    company._chat("POST", "/sandbox/users", json={name: value for name, value in person.items() if value})


def _lives(company: Company) -> None:
    """The client founds an incident with two others, says whatever can be said, and opens a second request."""
    company.client(ANNA, "Анна")
    group = {"id": GROUP, "type": "supergroup", "title": "Первая линия", "members": [ANNA]}
    company._chat("POST", "/sandbox/chats", json=group)
    company.until("the board is known", lambda: "board_settled" in company.log())
    company.says(GROUP, code(company, "first"), from_id=ANNA)
    company.until("the group is linked", lambda: _heard(company, GROUP, "привязан"))
    _known(company, GONE, FORMER)
    company.says(GONE, "/start")
    company.until("the question for the cabinet", lambda: company.from_bot(GONE))
    _known(company, GONE, "Жигмонта", "Перепелкинская")
    company.says(GONE, CABINET)
    company.choose(GONE, TOPIC)
    company.says(GONE, FIRST)
    [card] = company.until("a card", lambda: _with(company, PLANTED["first words"]))
    for chat, words in zip((SECOND, THIRD), OTHERS, strict=True):
        company.client(chat)
        company.register(chat, str(chat), TOPIC)
        company.says(chat, words)
    parent = company.until("the incident", lambda: _with(company, "Инцидент"))[0]
    assert PLANTED["first words"] in parent["title"]
    company.until("its list", lambda: "Жигмонта" in _card(company, parent["id"])["description"])
    company.until("a notice in the team's group", lambda: _heard(company, GROUP, PLANTED["first words"]))

    later = company.says(GONE, PLANTED["a later message"])
    edited = company.says(GONE, PLANTED["what it was before"])
    company.sends(GONE, "photo", caption=PLANTED["a caption"])
    company.sends(GONE, "document", file_name=PLANTED["a file's name"] + ".pdf", file_base64="cXVldWU=")
    company.sends(GONE, "contact", first_name=PLANTED["a shared contact"], phone_number=PLANTED["its number"])
    company.sends(GONE, "venue", latitude=55.5, longitude=37.5, title=PLANTED["a place"], address="дом 1")
    company.says(GONE, PLANTED["a quote"], reply_to=later)
    company._chat("PUT", f"/sandbox/chats/{GONE}/messages/{edited}", json={"text": PLANTED["an edited message"]})
    company.comments(parent["id"], "anna", "Чиним кассы")
    company.until("the answer for all", lambda: all(_heard(company, each, "Чиним") for each in (GONE, SECOND, THIRD)))
    company.until("the edit", lambda: PLANTED["an edited message"] in _on_board(company))
    company.comments(card["id"], "anna", "#закрыть")
    bad = company.until("the question how it was", lambda: _low_mark(company))
    company.taps(GONE, bad)
    company.until("the question what was wrong", lambda: _heard(company, GONE, "исправить"))
    company.says(GONE, PLANTED["what was bad"])
    company.until("the bad words", lambda: PLANTED["what was bad"] in _on_board(company))
    company.choose(GONE, "Оборудование")
    company.says(GONE, f"Ещё {PLANTED['a second request']}")
    company.until("a second card", lambda: _with(company, PLANTED["a second request"]))
    company.client(LATER)
    company.register(LATER, CABINET, "Оборудование")
    company.says(LATER, "Свой вопрос")
    [near] = company.until("a card of the same cabinet", lambda: _with(company, "Свой вопрос"))
    company.comments(near["id"], "anna", "#история 1")
    company.until(
        "the history there", lambda: PLANTED["a later message"] in str(_card(company, near["id"])["comments"])
    )
    company.comments(near["id"], "anna", "#история")


def _low_mark(company: Company) -> str | None:
    labels = [button["text"] for each in company.from_bot(GONE) for row in each["buttons"] or [] for button in row]
    return next((label for label in labels if "😞" in label), None)


def _card(company: Company, number: int) -> dict[str, Any]:
    return next(card for card in company.cards() if card["id"] == number)


def _places(secret: str, stored: str) -> list[str]:
    """Where it stands, with the row around it."""
    forms = {form.decode() for form in _forms(secret)}
    return [line[:60] + " … " + line[max(0, line.find(form) - 160) : line.find(form) + 90]
            for line in stored.split("\n") for form in forms if form in line]  # fmt: skip


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def company(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Company]:
    always = {"zone": "Europe/Moscow", "week": {"mon-sun": "00:00-24:00"}}
    changes = {
        "hours": always,
        "incidents": {"at_least": 3},
        "escalation": {"ladders": {"*": [{"wait": "first_reply", "after": "1s", "tell": "team"}]}},
        "agreements": {
            "soon": {"title": "Сразу", "measure": "first_reply", "target": "1s", "tell": "team", "clock": "calendar"}
        },
    }
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    mapping = example(tmp_path, changes)
    with Company(
        folder=tmp_path, mapping=mapping, database_url=url, environment=FAST, kaiten_options={"rate_limit": 60}
    ) as company:
        yield company


def test_no_word_of_theirs_is_left_anywhere(company: Company, tell: Callable[[str], None]) -> None:
    company.start()
    url = company.settings()["CONNECTOR_DATABASE_URL"]
    _lives(company)
    before, board = _stored(url), _on_board(company)
    assert [what for what, secret in PLANTED.items() if not _places(secret, before)] == []
    elsewhere = ("the chat", "what it was before", "a former name")
    assert [what for what, secret in PLANTED.items() if secret not in board and what not in elsewhere] == []

    done = company.command("forget", str(GONE), "--yes", "--json")
    assert done.returncode == 0, done.stderr + done.stdout + company.log()[-2000:]
    company.until("the list is told anew", lambda: "Жигмонта" not in _on_board(company))
    after, board = _stored(url), _on_board(company)
    # The cabinet is somebody else's too.
    gone = {what: secret for what, secret in PLANTED.items() if what != "a cabinet"}
    assert {what: found for what, secret in gone.items() if (found := _places(secret, after))} == {}
    assert [what for what, secret in gone.items() if secret in board] == []
    group = json.dumps(company.from_bot(GROUP), ensure_ascii=False)
    assert [what for what, secret in PLANTED.items() if secret in group] == []

    [parent] = _with(company, "Инцидент")
    assert "дундукская" in parent["title"]
    for words in (*OTHERS, "Свой вопрос"):
        assert _places(words, after)
        assert words in board
    company.comments(parent["id"], "anna", "Касса снова жива")
    company.until("the others are answered", partial(_heard, company, SECOND, "снова жива"))
    size = f"{len(after) // 1024} KiB of store, {len(board) // 1024} KiB of board"
    tell(f"{len(PLANTED)} ways to say something: none left in {size}, or in the agents' chat")
