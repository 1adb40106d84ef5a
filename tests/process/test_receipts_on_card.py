"""What an agent sees on the card when Telegram refuses an answer or asks to wait: forced over HTTP."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.process.company import Company
from tests.process.script import Corrects, Hears, Scene
from tests.process.test_dialogue import CASHBOX, example

ANSWER = "Едем к вам"
DELIVERED = "✓ Доставлено: "
LOST = "✗ Ответ не дошёл"


@dataclass(frozen=True, kw_only=True)
class Case:
    """How Telegram answers the send, and what the card says for it, in `tags` and `notes`, after so many writes.

    `mended`: the agent corrects the comment, and the answer arrives after all.
    """

    fault: dict[str, Any]
    receipts: str = "comment"
    notes: tuple[str, ...] = ()
    tags: frozenset[str] = frozenset()
    writes: int = 1
    arrives: bool = False
    wait: float = 0.0
    mended: bool = False


def refused(status: int, description: str, **more: Any) -> dict[str, Any]:
    """The Bot API's own refusal."""
    return {"status": status, "description": description, "times": 1, **more}


STOPPED = refused(403, "Forbidden: bot was blocked by the user")
CASES: dict[str, Case] = {
    "403: the client stopped the bot": Case(
        fault=STOPPED,
        notes=(f"{LOST}: клиент остановил бота",),
        tags=frozenset({"бот остановлен"}),
        writes=2,
    ),
    "403: the chat may not be written to": Case(
        fault=refused(403, "Forbidden: bot can't initiate conversation with a user"),
        notes=(f"{LOST} (", "): нет прав."),
        mended=True,
    ),
    "400: the message was not accepted": Case(
        fault=refused(400, "Bad Request: message is too long"),
        notes=(f"{LOST} (", "): запрос не принят."),
        mended=True,
    ),
    "400: the chat is gone": Case(
        fault=refused(400, "Bad Request: chat not found"), notes=(f"{LOST} (", "): больше не существует.")
    ),
    "400: the formatting alone was refused": Case(
        fault=refused(400, "Bad Request: can't parse entities: byte offset 5"), notes=(DELIVERED,), arrives=True
    ),
    "429: waited out": Case(
        fault={"retry_after": 2, "times": 2}, notes=(DELIVERED, "(ответов: 1)"), arrives=True, wait=4.0
    ),
    "500 and a cut line: tried again": Case(
        fault=refused(500, "Internal Server Error", times=2), notes=(DELIVERED, "(ответов: 1)"), arrives=True
    ),
    "413: too big": Case(
        fault=refused(413, "Request Entity Too Large"), notes=(f"{LOST} (", "): слишком большой размер.")
    ),
    "with tags, 403": Case(
        fault=STOPPED, receipts="tag", tags=frozenset({"не доставлено", "бот остановлен"}), writes=3,
        notes=("клиент остановил бота",),
    ),
    "with tags, 400": Case(
        fault=refused(400, "Bad Request: message is too long"), receipts="tag", tags=frozenset({"не доставлено"}),
        writes=2, notes=("запрос не принят",),
    ),
    "with tags, 429": Case(
        fault={"retry_after": 2, "times": 1}, receipts="tag", tags=frozenset({"доставлено"}), arrives=True, wait=2.0
    ),
    "with nothing but failures, 400": Case(
        fault=refused(400, "Bad Request: message is too long"), receipts="none", notes=("запрос не принят",)
    ),
    "with nothing but failures, 429": Case(
        fault={"retry_after": 2, "times": 1}, receipts="none", arrives=True, wait=2.0, writes=0
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES, ids=str)
def test_the_card_tells_what_became_of_an_answer(tmp_path: Path, name: str) -> None:
    case = CASES[name]
    changes = {"agent_receipts": case.receipts, "declared_tags": ["доставлено", "не доставлено", "бот остановлен"]}
    with Company(folder=tmp_path, mapping=example(tmp_path, changes)) as company:
        company.start()
        scene = Scene(company)
        scene.play(*CASHBOX)
        card = company.until(
            "the card with its tags", lambda: (one := scene.cards()[0]) and len(one["tags"]) >= 2 and one
        )
        plain = {tag["name"] for tag in card["tags"]}
        company._chat("POST", "/sandbox/faults", json={"method": "sendMessage", "contains": ANSWER, **case.fault})
        before = _writes(company)
        begin = time.monotonic()
        company.comments(card["id"], "anna", f"**{ANSWER}**")

        def stands() -> bool:
            return _tags(scene) - plain == case.tags and all(note in _notes(scene) for note in case.notes)

        if case.arrives:
            company.until("the answer", lambda: _arrived(scene))
            assert time.monotonic() - begin >= case.wait
        company.until(f"{case.notes} and {set(case.tags)} on the card", stands)
        time.sleep(1.0)
        assert stands()
        assert _arrived(scene) == case.arrives
        # So many writes, and the right words: nothing wrong can have stood there meanwhile.
        assert _writes(company) - before == case.writes
        assert ("✗" in _notes(scene)) == any("✗" in note for note in case.notes)
        if case.mended:
            scene.play(Corrects(f"{ANSWER} утром"), Hears(f"{ANSWER} утром"))
            company.until("the end of the trouble", lambda: DELIVERED in _notes(scene) and "✗" not in _notes(scene))
            assert _writes(company) - before == case.writes + 1


def _notes(scene: Scene) -> str:
    return "\n".join(comment["text"] for comment in scene.cards()[0]["comments"] if comment["internal"])


def _tags(scene: Scene) -> set[str]:
    return {tag["name"] for tag in scene.cards()[0]["tags"]}


def _arrived(scene: Scene) -> bool:
    return sum(ANSWER in (message["text"] or "") for message in scene.company.from_bot(scene.chat)) == 1


def _writes(company: Company) -> int:
    return sum(call["user"] == "bot" and call["method"] != "GET" for call in company.board_calls())
