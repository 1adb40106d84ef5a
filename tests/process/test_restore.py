"""The restore drill: what was done after the backup is not done again, and the talk goes on."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.process.company import Company, stop

ALBUM = {"media_group_id": "900"}


def _board(company: Company) -> Counter[str]:
    """Everything on the board, by what people see of it."""
    seen: Counter[str] = Counter()
    for card in company.cards():
        seen[f"card {card['title']}"] += 1
        for comment in card["comments"]:
            seen[f"comment {card['title']}: {comment['text']}"] += 1
            for file in comment["files"]:
                seen[f"file {card['title']}: {file['name']}"] += 1
    return seen


def _said(company: Company, chats: list[int]) -> Counter[str]:
    return Counter(
        f"{chat}: {message['kind']} {message['text']}" for chat in chats for message in company.from_bot(chat)
    )


def _settled(company: Company, chats: list[int], look: Callable[[], Any]) -> Any:
    """What is seen once nothing has changed for three seconds."""
    before, since, until = look(), time.monotonic(), time.monotonic() + 60
    while time.monotonic() - since < 3.0:
        assert time.monotonic() < until, "it never settles"
        time.sleep(0.2)
        now = look()
        if now != before:
            before, since = now, time.monotonic()
    return before


def _drill(company: Company, target: str, *, gone: Callable[[], None]) -> str:
    chats = [company.client(700_001), company.client(700_002), company.client(700_003)]
    first, second, third = chats
    daemon = company.start()
    for chat in (first, second):
        company.register(chat, str(chat))
        company.says(chat, f"Не работает касса {chat}")
    company.until("two cards", lambda: len(company.cards()) == 2)
    cards = {chat: card for card in company.cards() for chat in chats if str(chat) in card["title"]}
    company.comments(cards[first]["id"], "anna", "Смотрим")
    company.until("the answer", lambda: any("Смотрим" in (m["text"] or "") for m in company.from_bot(first)))

    # Words on their way while the backup is made.
    for number in range(8):
        company.says(first, f"Ещё слово {number}")
    company.sends(second, "photo", caption="Фото", extra=ALBUM)
    company.sends(second, "photo", extra=ALBUM)
    made = company.command("backup", str(company.folder / "drill.backup"), "--json")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["data"]["rows"]["tickets"] == 2

    # What is done after it.
    company.says(first, "После копии")
    company.sends(second, "document")
    company.comments(cards[first]["id"], "anna", "Ответ после копии")
    company.comments(cards[second]["id"], "igor", "Другой ответ после копии")
    company.moves(cards[second]["id"], "anna", column="В работе")
    company.register(third, str(third))
    company.says(third, "Новый клиент после копии")
    company.until("three cards", lambda: len(company.cards()) == 3)
    company.comments(cards[first]["id"], "anna", "#закрыть")
    look: Callable[[], tuple[Counter[str], Counter[str]]] = lambda: (_board(company), _said(company, chats))  # noqa: E731  # short enough to stand in its line
    board, said = _settled(company, chats, look)
    assert sum("Ещё слово" in text for text in board) == 8, board
    assert max(board.values()) == 1, board.most_common(3)
    daemon.send_signal(signal.SIGKILL)
    daemon.wait()
    gone()

    restored = company.command(
        "restore", str(company.folder / "drill.backup"), "--yes", "--json", CONNECTOR_DATABASE_URL=target
    )
    assert restored.returncode == 0, restored.stderr
    daemon = company.start(CONNECTOR_DATABASE_URL=target)
    company.until("the new daemon reads", lambda: company.log().count('"started"') >= 2 or "started" in company.log())
    time.sleep(4.0)
    board_after, said_after = _settled(company, chats, look)
    doubled_board = {text: count for text, count in board_after.items() if count > 1}
    doubled_said = said_after - said
    assert board - board_after == Counter()
    assert doubled_board == {}
    assert board_after == board, board_after - board
    assert doubled_said == Counter()

    # The talk goes on.
    company.comments(cards[second]["id"], "anna", "Ответ новой жизни")
    company.until("the answer", lambda: any("новой жизни" in (m["text"] or "") for m in company.from_bot(second)))
    company.says(second, "Слово новой жизни")
    company.until("the words", lambda: sum("Слово новой жизни" in text for text in _board(company)) == 1)
    orphans = _taken_back(company, third, CONNECTOR_DATABASE_URL=target)
    assert stop(daemon) == 0
    return (
        f"restore drill: {sum(board.values())} things on the board, {sum(said.values())} messages of the bot, "
        f"{json.loads(restored.stdout)['data']['looking']} orders on their way in the backup: 0 doubled, 0 lost; "
        f"{orphans} request opened after the backup taken back with the answer given since"
    )


def _taken_back(company: Company, chat: int, **environment: str) -> int:
    """The request that was opened after the backup: its card is adopted, and what agents wrote on it is delivered."""
    [card] = [card for card in company.cards() if "Новый клиент" in card["title"]]
    company.comments(card["id"], "anna", "Ответ на забытое")

    def kept_aside() -> list[dict[str, Any]]:
        listed = json.loads(company.command("queue", "list", "--json", **environment).stdout)["data"]
        return [each for each in listed["items"] if each.get("kind") == "AgentCommented"]

    company.until("the answer is kept aside", kept_aside)
    said = len(company.from_bot(chat))
    company.says(chat, f"/start {chat}")
    company.until("the bot knows the account again", lambda: len(company.from_bot(chat)) > said)
    taken = company.command(
        "import", "--board", "Вопрос по продукту", "--adopt", "--apply", "--yes", "--json", **environment
    )
    told = json.loads(taken.stdout)["data"]
    assert [each["card"] for each in told["cards"] if each["fate"] == "becomes ours"] == [str(card["id"])], told
    keys = [each["name"] for each in kept_aside()]
    retried = company.command("queue", "retry", *keys, "--yes", **environment)
    assert retried.returncode == 0, retried.stderr

    def heard() -> list[dict[str, Any]]:
        return [each for each in company.from_bot(chat) if "Ответ на забытое" in (each["text"] or "")]

    company.until("the answer", heard)
    assert len(heard()) == 1
    assert len([each for each in company.cards() if each["external_id"] == card["external_id"]]) == 1
    return int(told["new"])


def test_a_restored_daemon_does_nothing_twice_on_sqlite(tmp_path: Path, tell: Callable[[str], None]) -> None:
    with Company(folder=tmp_path, webhook=False, kaiten_options={"rate_limit": 6}) as company:
        database = tmp_path / "connector.db"

        def gone() -> None:
            for path in tmp_path.glob("connector.db*"):
                if path.is_file():
                    path.unlink()

        tell("SQLite, " + _drill(company, f"sqlite:///{database}", gone=gone))


@pytest.mark.postgres
def test_a_restored_daemon_does_nothing_twice_on_another_database(
    tmp_path: Path, postgres_url: str, tell: Callable[[str], None]
) -> None:
    with Company(folder=tmp_path, webhook=False, kaiten_options={"rate_limit": 6}) as company:
        tell("from SQLite to PostgreSQL, " + _drill(company, postgres_url, gone=lambda: None))
