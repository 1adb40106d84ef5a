"""The clocks of a request beside the running daemon: shown on the card, explained, checked, and tried otherwise."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.commands.spoken import Answer, connector
from tests.process.company import Company, stop
from tests.process.test_operators import _settled

pytestmark = pytest.mark.slow
EXAMPLE = Path(__file__).resolve().parents[2] / "mappings" / "support.example.yaml"
TAGS = {"at_risk": "SLA под угрозой", "breached": "SLA нарушен", "first_reply_late": "Поздно"}


def _mapping(folder: Path, name: str, **terms: Any) -> Path:
    """The example's mapping with clocks that run day and night, and tags that tell of them."""
    yaml = YAML(typ="safe")
    content = yaml.load(EXAMPLE)
    for entry in content["classes"].values():
        entry.update({"clock": "calendar", **terms})
    content["sla"] = {"tags": TAGS, "at_risk": "50%"}
    content["declared_tags"] += list(TAGS.values())
    content["cabinet"].pop("picture", None)
    content["templates"] = {}
    with (folder / name).open("w", encoding="utf-8") as file:
        yaml.dump(content, file)
    return folder / name


def _ask(company: Company, *arguments: str) -> Answer:
    answer = connector(*arguments, environment=company.settings())
    assert answer.trouble is None, answer.trouble
    return answer


def _tags(company: Company) -> list[str]:
    return [tag["name"] for tag in company.cards()[0]["tags"]]


def test_a_late_answer_shows_on_the_card_and_every_second_of_it_can_be_explained(tmp_path: Path) -> None:
    mapping = _mapping(tmp_path, "mapping.yaml", first_reply="4s", next_reply="1h", resolution="5h")
    other = _mapping(tmp_path, "other.yaml", first_reply="1h", next_reply="1h", resolution="1s")
    with Company(tmp_path, mapping=mapping) as company:
        company.start()
        chat = company.client(7, "Ivan")
        company.register(chat, topic="Касса и оплата")
        company.says(chat, "Касса не печатает чек")
        [card] = company.until("the card", company.cards)
        company.until("the late answer is shown", lambda: {"SLA под угрозой", "Поздно"} <= set(_tags(company)))
        company.comments(card["id"], "anna", "Смотрим")
        company.until("the answer", lambda: any("Смотрим" in str(each) for each in company.from_bot(chat)))
        company.until("the breach is over", lambda: "SLA нарушен" not in _tags(company))
        company.moves(card["id"], "anna", lane="Больше двух дней")
        company.until("the class", lambda: _ask(company, "sla", "explain", "#1", "--json").data["class"] == "later")
        _settled(company)
        found = _ask(company, "sla", "explain", "#1", "--json").data
        page = _ask(company, "sla", "explain", f"card:{card['id']}").out
        audit = _ask(company, "sla", "audit", "--board", "--json")
        tried = [_ask(company, "sla", "what-if", "--mapping", str(other), "--since", "2020-01-01") for _ in range(2)]
        data = _ask(company, "sla", "what-if", "--mapping", str(other), "--json").data
    first = found["clocks"][0]
    assert (first["measure"], first["state"], first["target"]) == ("first_reply", "breached", 4.0)
    assert first["counted"] + sum(first["paused"].values()) == pytest.approx(first["elapsed"])
    assert [row["key"] for row in found["changes"]] == ["urgent", "later"]
    assert "first reply: breached" in page
    assert "on the board" in page
    assert (audit.code, audit.data["compared"], audit.data["timed"], audit.data["differences"]) == (0, 1, 0, [])
    assert tried[0].out == tried[1].out
    assert "1 requests" in tried[0].out
    (row,) = [each for each in data["changes"] if each["by"] == "topic"]
    assert (row["before"]["first_reply"], row["after"]["first_reply"]) == (1, 0)
    assert (row["before"]["resolution"], row["after"]["resolution"]) == (0, 1)


def test_a_request_of_the_service_desk_is_under_the_boards_own_agreement_and_a_plain_card_costs_nobody_a_word(
    tmp_path: Path,
) -> None:
    ids = {"urgent": "11111111-1111-4111-8111-111111111111", "later": "22222222-2222-4222-8222-222222222222"}
    mapping = _mapping(tmp_path, "mapping.yaml", first_reply="1h", resolution="5h")
    yaml = YAML(typ="safe")
    content = yaml.load(mapping)
    for name, sla in ids.items():
        content["classes"][name]["board_sla"] = sla
    with mapping.open("w", encoding="utf-8") as file:
        yaml.dump(content, file)
    with Company(tmp_path, mapping=mapping) as company:
        company.start()
        chat = company.client(7, "Ivan")
        company.register(chat, topic="Касса и оплата")
        company.says(chat, "Касса не печатает чек")
        [card] = company.until("the card", company.cards)

        def asked() -> list[tuple[str, int, str]]:
            calls = [each for each in company.board_calls() if "/slas" in each["path"]]
            return [(each["method"], each["status"], each["path"].rpartition("/")[2]) for each in calls]

        company.until("the refusal", lambda: asked() == [("POST", 400, "slas")])
        _settled(company)
        dead = _ask(company, "queue", "list", "--json").data
        plain = _ask(company, "why", "#1").out
        company.entrusts(card["id"], "anna")
        company.moves(card["id"], "anna", lane="Больше двух дней")
        company.until("the agreement", lambda: len(asked()) == 3)
        _settled(company)
        calls, why = asked(), _ask(company, "why", "#1").out
        comments = company.cards()[0]["comments"]
    assert calls[1:] == [("DELETE", 404, ids["urgent"]), ("POST", 200, "slas")]
    assert (dead["orders"], dead["items"]) == (0, [])
    assert ids["urgent"] not in plain
    assert ids["later"] in why
    assert "classes.later.board_sla" in why
    assert not [each for each in comments if "sla" in each["text"].casefold()]


def test_a_mapping_that_cannot_be_used_is_told_before_anything_is_read(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("version: 1\n", encoding="utf-8")
    with Company(tmp_path) as company:
        answer = connector("sla", "what-if", "--mapping", str(broken), environment=company.settings())
    assert answer.code == 3
    assert "missing-key" in answer.err


def test_another_mapping_reaches_open_requests_at_the_start_and_a_date_set_by_hand_stays(tmp_path: Path) -> None:
    before = _mapping(tmp_path, "mapping.yaml", first_reply="1h", next_reply="1h", resolution="5h")
    with Company(tmp_path, mapping=before, webhook=False) as company:
        company.start()
        for chat, words in ((7, "Касса не печатает"), (8, "Другой вопрос")):
            company.client(chat)
            company.register(chat, str(chat) * 6, topic="Касса и оплата")
            company.says(chat, words)
        company.until("the cards", lambda: len(company.cards()) == 2)
        first, second = sorted(company.cards(), key=lambda card: int(card["id"]))
        theirs = "2031-01-01T10:00:00.000Z"
        company._board("PATCH", f"/sandbox/cards/{second['id']}", json={"user": "anna", "due_date": theirs})
        company.until("it is seen", lambda: f"kaiten:{second['id']}:v" in company.log())
        _settled(company)
        assert stop(company.daemons[-1]) == 0
        company.mapping = _mapping(tmp_path, "other.yaml", first_reply="1h", next_reply="1h", resolution="9h")
        company.start()

        def due(card: int) -> datetime:
            shown = next(each for each in company.cards() if each["id"] == card)
            return datetime.fromisoformat(str(shown["due_date"]))

        former = datetime.fromisoformat(str(first["due_date"]))
        company.until("the new date", lambda: due(first["id"]) - former == timedelta(hours=4))
        _settled(company)
        assert due(second["id"]) == datetime.fromisoformat(theirs)
        company.until("it is told", lambda: company.log().count("reckoned_anew") == 1)
