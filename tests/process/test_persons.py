"""The operator says who a client is, beside the running daemon: cards follow, nobody is told, undo brings it back."""

from __future__ import annotations

import json
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

from tests.process.company import Company
from tests.process.test_dialogue import example

ONE, TWO, LODGER = 730_001, 730_002, 730_003
MINE, THEIRS = "70771588", "50550321"
FIRST, SECOND, LODGERS, THIRD = "Сломался терминал", "Потерялась карта", "Вопрос жильца про чеки", "Снова терминал"


def _command(company: Company, *words: str) -> dict[str, Any]:
    done = company.command("client", *words, "--json")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _card(company: Company, title: str) -> dict[str, Any]:
    [found] = [card for card in company.cards() if title in card["title"]]
    return found


def _tags(company: Company, title: str) -> set[str]:
    return {tag["name"] for tag in _card(company, title)["tags"]}


def _titled(company: Company, title: str) -> bool:
    return any(title in card["title"] for card in company.cards())


def _fields(company: Company, title: str) -> str:
    return json.dumps(_card(company, title)["properties"])


def _block(company: Company, title: str) -> str:
    return str(_card(company, title)["description"])


def _said(company: Company) -> Counter[str]:
    return Counter(f"{chat}: {message['text']}" for chat in (ONE, TWO, LODGER) for message in company.from_bot(chat))


def test_merged_chats_a_wrong_cabinet_and_the_way_back(tmp_path: Path) -> None:
    with Company(folder=tmp_path, mapping=example(tmp_path)) as company:
        daemon = company.start()
        for chat, cabinet, words in ((ONE, MINE, FIRST), (TWO, THEIRS, SECOND), (LODGER, THEIRS, LODGERS)):
            company.client(chat)
            company.register(chat, cabinet)
            company.says(chat, words)
            company.until("its card", partial(_titled, company, words))
        company.until("the tags", lambda: f"Кабинет {THEIRS}" in _tags(company, LODGERS))
        company.until("the history", lambda: SECOND in _block(company, LODGERS))
        said = _said(company)

        # A wrong cabinet is counted first, then taken off.
        counted = _command(company, "split", str(TWO), "--cabinet", THEIRS, "--to", "60660432", "--dry-run")
        assert (counted["data"]["requests"], counted["data"]["done"]) == (1, False)
        assert not _command(company, "split", str(TWO), "--cabinet", THEIRS, "--to", "нет", "--yes")["ok"]
        assert not _command(company, "split", str(TWO), "--cabinet", "4711", "--yes")["ok"]
        assert _command(company, "split", str(TWO), "--cabinet", THEIRS, "--to", "60660432", "--yes")["ok"]
        company.until("the other tag", lambda: "Кабинет 60660432" in _tags(company, SECOND))
        company.until("no wrong tag", lambda: f"Кабинет {THEIRS}" not in _tags(company, SECOND))
        company.until("no line on the lodger's card", lambda: SECOND not in _block(company, LODGERS))
        company.until("the note", lambda: "60660432" in json.dumps(_card(company, SECOND)["comments"]))
        assert [each["client"] for each in _command(company, "list", "--cabinet", THEIRS)["data"]] == [
            f"telegram:{LODGER}"
        ]
        assert _command(company, "undo", f"@nobody-{TWO}", "--yes")["ok"] is False

        # Without a daemon it waits, and nothing further is planned on it.
        daemon.kill()
        daemon.wait(timeout=10)
        assert _command(company, "undo", str(TWO), "--yes")["ok"]
        waits = _command(company, "merge", str(ONE), str(TWO), "--yes")
        assert (waits["ok"], waits["error"]["type"]) == (False, "busy")
        company.start()
        company.until("the former tag", lambda: f"Кабинет {THEIRS}" in _tags(company, SECOND))
        company.until("the line again", lambda: SECOND in _block(company, LODGERS))
        company.until("no other tag", lambda: "Кабинет 60660432" not in _tags(company, SECOND))

        number = _command(company, "show", str(ONE))["data"][0]["requests"][0][0]
        assert _command(company, "merge", f"#{number}", str(TWO), "--yes")["ok"]
        company.until("A's request on B's card", lambda: FIRST in _block(company, SECOND))
        merged = _command(company, "show", str(TWO))["data"]
        assert [each["client"] for each in merged] == [f"telegram:{TWO}", f"telegram:{ONE}"]
        assert set(merged[0]["cabinets"]) == {MINE, THEIRS}
        assert _said(company) == said, "nobody was told anything"

        company.choose(TWO, "Оборудование")
        company.says(TWO, THIRD)
        company.until("a new card", lambda: any(THIRD in card["title"] for card in company.cards()))
        block = _block(company, THIRD)
        assert FIRST in block
        assert SECOND in block
        company.until("its tag", lambda: f"Кабинет {THEIRS}" in _tags(company, THIRD))
        assert f"Кабинет {MINE}" not in _tags(company, THIRD), "the current cabinet stays the chat's own"
        to_one = {words: count for words, count in _said(company).items() if not words.startswith(str(TWO))}
        assert to_one == {words: count for words, count in said.items() if not words.startswith(str(TWO))}

        assert _command(company, "undo", str(ONE), "--yes")["ok"]
        company.until("each alone", lambda: FIRST not in _block(company, THIRD) + _block(company, SECOND))
        assert SECOND in _block(company, THIRD)
        assert [each["client"] for each in _command(company, "show", str(TWO))["data"]] == [f"telegram:{TWO}"]

        # The wrong cabinet is all the lodger's card knew of these two; no other takes its place.
        said = _said(company)
        assert THEIRS in _fields(company, SECOND)
        assert _command(company, "split", f"telegram:{TWO}", "--cabinet", THEIRS, "--yes")["data"]["requests"] == 2
        company.until("no tags", lambda: f"Кабинет {THEIRS}" not in _tags(company, SECOND) | _tags(company, THIRD))
        company.until("empty fields", lambda: THEIRS not in _fields(company, SECOND) + _fields(company, THIRD))
        company.until("no line on the lodger's card", lambda: SECOND not in _block(company, LODGERS))
        company.until("no lodger's line here", lambda: LODGERS not in _block(company, THIRD))
        assert f"Кабинет {THEIRS}" in _tags(company, LODGERS)
        assert _said(company) == said, "nobody was told anything"
        assert _command(company, "show", str(TWO))["data"][0]["cabinets"] == []
