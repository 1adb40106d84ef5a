"""A client is forgotten beside the running daemon: no string of theirs remains, nobody else loses one."""

from __future__ import annotations

import json
import signal
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, select

from connector.store.tables import metadata
from tests.process.company import BOARD_TOKEN, Company, stop

GONE, STAYS = 720_001, 720_002
SHARED, OWN = "50550321", "70771588"
NAME, USERNAME = "Аделаида Забываева", "adelaida_za"
WORDS = (
    "Сломался терминал оплаты на мойке",
    "Уточнение про синий терминал",
    "Исправленное уточнение про зелёный терминал",
    "Подпись под снимком терминала",
    "Второй вопрос Забываевой про интеграцию",
    "И ещё подробность интеграции",
)
ANSWER = "Перезагрузите терминал дважды"
SECRETS = (*WORDS[:2], *WORDS[3:], NAME, "Аделаида", USERNAME, OWN, str(GONE), "зелёный терминал", "queue-photo")
OTHERS = ("Мой вопрос про карты лояльности", "Борис Оставайский")


def _forms(secret: str) -> list[bytes]:
    """As it may stand in a file: plain, or escaped as JSON does."""
    escaped = json.dumps(secret)[1:-1]
    return [secret.encode(), escaped.encode(), json.dumps(escaped)[1:-1].encode()]


def _on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("connector.db*") if path.is_file())


def _in_database(url: str) -> bytes:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        rows = [[tuple(row) for row in connection.execute(select(table))] for table in metadata.tables.values()]
    engine.dispose()
    return repr(rows).encode()


def _on_board(company: Company) -> str:
    """All cards whole, but for what agents wrote themselves."""
    cards = company.cards()
    for card in cards:
        card["comments"] = [each for each in card["comments"] if each["author"]["username"] != "anna"]
    whole = [
        company._board("GET", f"/api/latest/cards/{card['id']}") | {"comments": card["comments"], "seen": card}
        for card in cards
    ]
    return json.dumps(whole, ensure_ascii=False)


def _found(company: Company, words: str) -> list[Any]:
    headers = {"Authorization": f"Bearer {BOARD_TOKEN}"}
    answer = company.kaiten.get("/api/latest/cards", params={"query": words}, headers=headers)
    assert answer.is_success, answer.text
    found: list[Any] = answer.json()
    return found


def _live(company: Company) -> None:
    """Two people of one cabinet; the one who will be forgotten has another cabinet besides, and two requests."""
    person = {"id": GONE, "first_name": "Аделаида", "last_name": "Забываева", "username": USERNAME}
    company._chat("POST", "/sandbox/users", json={**person, "language_code": "ru"})
    company.client(STAYS, OTHERS[1])
    company.register(GONE, SHARED)
    company.says(GONE, WORDS[0])
    company.until("a card", lambda: len(company.cards()) == 1)
    first = company.cards()[0]["id"]
    edited = company.says(GONE, WORDS[1])
    company.sends(GONE, "photo", caption=WORDS[3])
    company.sends(GONE, "document", file_name="queue-photo.pdf", file_base64="cXVldWU=")
    company.until("the files", lambda: sum(len(each["files"]) for each in company.cards()[0]["comments"]) >= 2)
    company._chat("PUT", f"/sandbox/chats/{GONE}/messages/{edited}", json={"text": WORDS[2]})
    company.until("the edit", lambda: "зелёный" in _on_board(company))
    company.comments(first, "anna", ANSWER)
    company.until("the answer", lambda: any(ANSWER in (m["text"] or "") for m in company.from_bot(GONE)))
    company.comments(first, "anna", "#закрыть")
    company.until("closed", lambda: company.cards()[0]["column"] == "Готово")

    company.says(GONE, "/profile")
    label = company.until("the button", lambda: _button(company, "обавить"))
    before = len(company.from_bot(GONE))
    company.taps(GONE, label)
    company.until("the question", lambda: len(company.from_bot(GONE)) > before)
    company.says(GONE, OWN)
    company.until("the cabinet", lambda: any(OWN in (m["text"] or "") for m in company.from_bot(GONE)))
    company.choose(GONE, "Оборудование")
    company.says(GONE, WORDS[4])
    company.until("a second card", lambda: len(company.cards()) == 2)
    company.says(GONE, WORDS[5])

    company.register(STAYS, SHARED)
    company.says(STAYS, OTHERS[0])
    company.until("a third card", lambda: len(company.cards()) == 3)
    third = max(card["id"] for card in company.cards())
    company.until("the history", lambda: WORDS[0] in _card(company, third)["description"])
    company.comments(third, "anna", "#история")
    company.until(
        "the listed history", lambda: any(WORDS[0] in each["text"] for each in _card(company, third)["comments"])
    )
    company.until("all words", lambda: all(each in _on_board(company) for each in (WORDS[4], WORDS[5])))


def _button(company: Company, part: str) -> str | None:
    buttons = [
        button["text"]
        for message in company.from_bot(GONE)
        for row in message["buttons"] or []
        for button in row
        if part in button["text"]
    ]
    return buttons[-1] if buttons else None


def _card(company: Company, number: int) -> dict[str, Any]:
    return next(card for card in company.cards() if card["id"] == number)


def _judge(company: Company, stored: Callable[[], bytes]) -> str:
    board, kept = _on_board(company), stored()
    found = [(secret, kept.find(form)) for secret in SECRETS for form in _forms(secret) if form in kept]
    assert [(secret, kept[max(0, at - 200) : at + 100]) for secret, at in found] == [], "in the store"
    leaks = [secret for secret in SECRETS if secret in board]
    assert leaks == [], "on the board"
    assert [secret for secret in WORDS if _found(company, secret)] == []
    assert all(any(form in kept for form in _forms(words)) for words in OTHERS)
    assert all(words in board for words in (*OTHERS, SHARED))
    assert _found(company, OTHERS[0])
    return f"{len(SECRETS)} strings sought in {len(kept) // 1024} KiB of store and {len(board) // 1024} KiB of board"


def test_nothing_of_a_forgotten_client_remains(tmp_path: Path, tell: Callable[[str], None]) -> None:
    with Company(folder=tmp_path, webhook=False, kaiten_options={"rate_limit": 60}) as company:
        daemon = company.start()
        _live(company)
        assert [each for each in SECRETS if not any(form in _on_disk(tmp_path) for form in _forms(each))] == []

        taken = company.command("export", f"@{USERNAME}", str(tmp_path / "out.zip"))
        assert taken.returncode == 0, taken.stderr
        with zipfile.ZipFile(tmp_path / "out.zip") as packed:
            text = packed.read("client.txt").decode()
            assert json.loads(packed.read("client.json"))["profile"]["cabinets"] == [SHARED, OWN]
        assert all(words in text for words in (*WORDS, NAME, ANSWER, "queue-photo.pdf"))
        assert OTHERS[0] not in text
        (tmp_path / "out.zip").unlink()

        counted = company.command("forget", str(GONE), "--dry-run", "--json")
        assert counted.returncode == 0, counted.stderr
        assert json.loads(counted.stdout)["data"]["cards"] == 2
        asked = company.command("forget", str(GONE))
        assert asked.returncode == 2, "off a terminal it must be told --yes"
        assert "2 requests" in asked.stderr

        # The board goes down half way; what is left is ended later.
        company._board(
            "POST", "/sandbox/faults", json={"path_regex": "comments", "method": "PATCH", "status": 503, "times": None}
        )
        begun = company.command("forget", str(GONE), "--yes", "--wait", "3", "--json")
        assert begun.returncode == 6, begun.stderr
        assert json.loads(begun.stdout)["data"]["left"] > 0
        daemon.send_signal(signal.SIGKILL)
        daemon.wait()
        company.kaiten.delete("/sandbox/faults").raise_for_status()
        daemon = company.start()
        company.until("the end", lambda: company.command("forget", "--status").returncode == 0, 60)
        figures = _judge(company, lambda: _on_disk(tmp_path))
        tell(f"forgotten on SQLite, the daemon killed and the board down half way: {figures}, none found")

        # The other tools go on with what is left.
        for look in (("status",), ("audit", "--since", "1d"), ("queue", "list"), ("replay",), ("resync", "--dry-run")):
            seen = company.command(*look)
            assert (seen.returncode, seen.stderr[-300:] if seen.returncode else "") == (0, ""), look

        # Who comes back is somebody new, and nobody else is disturbed.
        company.register(GONE, "60660")
        company.says(GONE, "Я здесь впервые")
        company.until("a new card", lambda: any("впервые" in card["title"] for card in company.cards()))
        card = next(card for card in company.cards() if OTHERS[0] in card["title"])
        company.comments(card["id"], "anna", "Ответ Борису")
        company.until("the answer", lambda: any("Ответ Борису" in (m["text"] or "") for m in company.from_bot(STAYS)))
        assert stop(daemon) == 0


@pytest.mark.postgres
def test_nothing_of_a_forgotten_client_remains_on_postgresql(
    tmp_path: Path, postgres_url: str, tell: Callable[[str], None]
) -> None:
    with Company(
        folder=tmp_path, database_url=postgres_url, webhook=False, kaiten_options={"rate_limit": 60}
    ) as company:
        company.start()
        _live(company)
        done = company.command("forget", f"telegram:{GONE}", "--yes", "--json")
        assert done.returncode == 0, done.stderr + done.stdout
        tell(f"forgotten on PostgreSQL: {_judge(company, lambda: _in_database(postgres_url))}, none found")
