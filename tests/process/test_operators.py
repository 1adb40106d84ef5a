"""An operator with a shell finds out what happened to a message beside the running daemon, and mends it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.commands.spoken import Answer, connector
from tests.process.company import BOARD_TOKEN, TELEGRAM_TOKEN, Company

pytestmark = pytest.mark.slow


def _ask(company: Company, *arguments: str) -> Answer:
    answer = connector(*arguments, environment=company.settings())
    assert answer.trouble is None, answer.trouble
    for secret in (TELEGRAM_TOKEN, TELEGRAM_TOKEN.partition(":")[2], BOARD_TOKEN):
        assert secret not in answer.out + answer.err
    return answer


def _data(company: Company, *arguments: str) -> Any:
    return _ask(company, *arguments, "--json").data


def _settled(company: Company) -> None:
    """Nothing waits any more."""
    company.until("all is done", lambda: _quiet(_data(company, "status")))


def _quiet(status: dict[str, Any]) -> bool:
    return not status["queues"] and not status["events"]


def test_one_request_is_told_from_the_update_to_the_answer_and_its_card_explains_itself(tmp_path: Path) -> None:
    with Company(tmp_path) as company:
        company.start()
        chat = company.client(7, "Ivan")
        company.register(chat, topic="Касса и оплата")
        company.says(chat, "Касса не печатает чек")
        [card] = company.until("the card", company.cards)
        company.says(chat, "Совсем")
        company.until("the comment", lambda: company.cards()[0]["comments"])
        company.comments(card["id"], "anna", "Перезагрузите кассу")
        company.until("the answer", lambda: any("Перезагрузите" in str(each) for each in company.from_bot(chat)))
        _settled(company)
        status = _ask(company, "status").out
        shown = _ask(company, "show", f"card:{card['id']}").out
        assert shown == _ask(company, "show", "#1").out
        reasons = _ask(company, "why", f"card:{card['id']}").out
        alike = _ask(company, "why", "#1", "--live").out
        # While the board is not read, only the live card tells what somebody did there.
        _ask(company, "pause", "--direction", "in")
        company.until("the daemon obeys", lambda: "paused" in company.log())
        time.sleep(2.5)
        company.moves(card["id"], "anna", lane="Больше двух дней")
        differs = _data(company, "why", "#1", "--live")["differs"]
        _ask(company, "resume", "--direction", "in")
        company.until("the move is seen", lambda: '"by": "hand"' in _ask(company, "why", "#1", "--json").out)
        by_hand = _ask(company, "why", "#1").out
        tail = _ask(company, "tail", "--since", "1h").out
        assert (_ask(company, "queue", "list").out, _ask(company, "queue", "list").code) == (
            "Nothing needs a person.\n",
            0,
        )
    assert "the live card is as we know it" in alike
    assert "lane" in {each["field"] for each in differs}
    assert "by hand on the board" in by_hand
    for expected in ("client wrote", "create card", f"kaiten:{card['id']}", "agent commented", "Перезагрузите кассу"):
        assert expected in shown
    for expected in ("topics.cash.board", "classes.urgent.lane", "cabinet.tag", "the same as now", "client wrote"):
        assert expected in reasons
    assert "add comment" in tail
    assert "печатает" not in tail
    assert "running: pid" in status


def test_dead_orders_and_spoilt_updates_are_shown_tried_again_and_let_be_beside_the_daemon(tmp_path: Path) -> None:
    with Company(tmp_path) as company:
        company.start()
        first, second = company.client(7), company.client(8)
        for chat in (first, second):
            company.register(chat)
            company.says(chat, f"Вопрос от {chat}")
        company.until("both cards", lambda: len(company.cards()) == 2)
        _settled(company)
        for card in company.cards():
            fault = {"method": "POST", "path_regex": f"/cards/{card['id']}/comments", "times": None, "status": 400}
            company._board("POST", "/sandbox/faults", json=fault)
            company.says(7 if "от 7" in card["title"] else 8, "Ещё слово")
        spoilt = {"message": {"message_id": 900, "date": "noon", "chat": {"id": 7, "type": "private"}}}
        company._chat("POST", "/sandbox/updates", json=spoilt)
        company.until("three that need a person", lambda: len(_data(company, "queue", "list")["items"]) == 3)
        listed = _ask(company, "queue", "list")
        items = {each["name"]: each for each in _data(company, "queue", "list")["items"]}
        assert listed.code == 6
        orders = sorted(name for name in items if name.startswith("o"))
        [event] = [name for name in items if name.startswith("e")]
        assert all(items[name]["first_try"] and "400" in items[name]["reason"] for name in orders)
        assert "invalid" in _ask(company, "queue", "show", orders[0]).out
        exported = _ask(company, "queue", "export").out.splitlines()
        assert len(exported) == 3
        assert "Ещё слово" not in "".join(exported)
        assert "Ещё слово" in _ask(company, "queue", "export", "--words").out
        # Somebody who is in nobody's way goes on meanwhile; then the cause is mended.
        company._board("DELETE", "/sandbox/faults")
        assert _ask(company, "queue", "retry", orders[0]).code == 0
        assert _ask(company, "queue", "skip", orders[1]).code == 2, "off a terminal harm needs --yes"
        assert _ask(company, "queue", "skip", orders[1], "--yes").code == 0
        assert _ask(company, "queue", "retry", event).code == 6
        assert _ask(company, "queue", "skip", event, "--yes").code == 0
        _settled(company)
        found = [sum("Ещё слово" in comment["text"] for comment in card["comments"]) for card in company.cards()]
        assert sorted(found) == [0, 1]
        assert _ask(company, "queue", "list").code == 0
        assert "skipped" in _ask(company, "queue", "show", orders[1]).out


def test_a_paused_board_holds_its_orders_while_clients_are_acknowledged_and_drains_in_order(tmp_path: Path) -> None:
    with Company(tmp_path) as company:
        company.start()
        held, free = company.client(7), company.client(8)
        company.register(held, topic="Касса и оплата")
        company.register(free)
        for chat in (held, free):
            company.says(chat, f"Вопрос от {chat}")
        company.until("both cards", lambda: len(company.cards()) == 2)
        _settled(company)
        name = next(card["board"] for card in company.cards() if "от 7" in card["title"])
        [pause, _] = _data(company, "pause", "--board", name)["pauses"]
        assert pause["board"].isdigit()
        company.until("the daemon obeys", lambda: '"paused"' in company.log() or "paused" in company.log())
        for number in range(5):
            company.says(held, f"Строка {number}")
            company.says(free, f"Строка {number}")

        def lines(chat: int) -> list[str]:
            [card] = [each for each in company.cards() if f"от {chat}" in each["title"]]
            return [each["text"] for each in card["comments"]]

        company.until("the others go on", lambda: len(lines(free)) == 5)
        marked = company.until(
            "acknowledged", lambda: sum(bool(each.get("reactions")) for each in company.chat(held)["messages"])
        )
        assert marked
        assert lines(held) == []
        assert "paused" in _ask(company, "status").out
        assert _ask(company, "resume", "--topic", "cash").code == 2
        assert _ask(company, "resume", "--all").code == 0
        company.until("what waited", lambda: len(lines(held)) == 5)
        assert [f"Строка {number}" in line for number, line in enumerate(lines(held))] == [True] * 5
        assert _data(company, "pause", "--list") == {"pauses": []}


def test_the_doctor_looks_at_both_services_and_changes_nothing(tmp_path: Path) -> None:
    with Company(tmp_path) as company:
        company.start()
        company.until("the daemon works", lambda: "board_settled" in company.log())
        new = _ask(company, "doctor")
        assert new.code == 0, new.out
        assert [line.split()[1] for line in new.out.splitlines() if line.startswith("warn")] == ["files"]
        company.client(810_301)
        company.register(810_301)
        company.says(810_301, "Не открывается отчёт")
        company.sends(810_301, "photo", caption="Вот так")
        company.until(
            "the picture", lambda: any(each["files"] for card in company.cards() for each in card["comments"])
        )
        company.until("the order is done", lambda: "queue     nothing" in _ask(company, "doctor").out)
        before = [call for call in company.board_calls() if call["method"] != "GET"]
        well = _ask(company, "doctor")
        assert well.code == 0, well.out
        lines = {line.split()[1]: line.split()[0] for line in well.out.splitlines() if not line.startswith(" ")}
        expected = "python database daemon queue disk mapping telegram updates clock kaiten rights calls files"
        assert set(lines) == set(expected.split())
        assert set(lines.values()) == {"pass"}
        assert [call for call in company.board_calls() if call["method"] != "GET"] == before
        refused = connector("doctor", "--json", environment={**company.settings(), "CONNECTOR_BOARD__TOKEN": "wrong"})
        assert refused.code == 4
        nowhere = {**company.settings(), "CONNECTOR_TELEGRAM__BASE_URL": "http://127.0.0.1:9"}
        gone = connector("doctor", environment=nowhere)
        assert gone.code == 5
        assert "cannot be reached" in gone.out
        assert TELEGRAM_TOKEN.partition(":")[2] not in gone.out + gone.err


def test_the_audit_says_nothing_is_amiss_until_something_is(tmp_path: Path) -> None:
    with Company(tmp_path) as company:
        company.start()
        chat = company.client(7)
        company.register(chat, topic="Касса и оплата")
        company.says(chat, "Касса не печатает")
        [card] = company.until("the card", company.cards)
        for number in range(4):
            company.says(chat, f"Строка {number}")
        company.until("the comments", lambda: len(company.cards()[0]["comments"]) == 4)
        company.comments(card["id"], "anna", "Смотрим")
        company.comments(card["id"], "anna", "// только для своих")
        company.until("the answer", lambda: any("Смотрим" in str(each) for each in company.from_bot(chat)))
        _settled(company)
        for options in ((), ("--live",)):
            clean = _ask(company, "audit", "--since", "1h", *options)
            assert clean.code == 0, clean.out
            assert "lost 0 · doubled 0 · misordered 0 · waiting 0" in clean.out
        counts = _data(company, "audit", "--live")["counts"]
        assert (counts["there"], counts["untold"]) == (6, 0)

        path = f"/api/latest/cards/{card['id']}/comments"
        raw = {
            number: each
            for each in company._board("GET", path)
            for number in range(4)
            if f"Строка {number}" in each["text"]
        }
        company._board("DELETE", f"{path}/{raw[0]['id']}")
        company._board("POST", path, json={"text": raw[1]["text"]})
        company._board("DELETE", f"{path}/{raw[2]['id']}")
        company._board("POST", path, json={"text": raw[2]["text"]})
        planted = _data(company, "audit", "--live")
        assert [planted["counts"][name] for name in ("lost", "doubled", "misordered")] == [1, 1, 1]
        keys = [planted[name][0]["key"] for name in ("lost", "doubled", "misordered")]
        first = int(keys[0].rpartition("/")[2])
        assert [int(key.rpartition("/")[2]) - first for key in keys] == [0, 1, 3]
        assert _ask(company, "audit", "--live").code == 6
        assert _ask(company, "audit").code == 0, "by the books alone nothing is amiss"
        fault = {"method": "GET", "path_regex": f"/cards/{card['id']}/comments", "times": None, "status": 500}
        company._board("POST", "/sandbox/faults", json=fault)
        unread = _ask(company, "audit", "--live")
        assert (unread.code, unread.out) == (5, "")
        assert "Nothing is claimed" in unread.err
