"""When the board is slow, a client's waiting messages go as one comment, and each stays itself in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.bars.crowd import Crowd, chat_of, mark
from tests.bars.crowd import company as company_of
from tests.process.company import Company, stop

pytestmark = pytest.mark.slow
LINES = 10


def _comments(company: Company) -> dict[int, list[dict[str, Any]]]:
    return {chat_of(card): card["comments"] for card in company.cards()}


def _in_comments(company: Company, chat: int, text: str) -> bool:
    return any(text in comment["text"] for comment in _comments(company).get(chat, ()))


def test_waiting_messages_become_one_comment_in_order_and_an_edit_changes_only_its_own(
    tmp_path: Path, tell: Callable[[str], None]
) -> None:
    with company_of(
        tmp_path,
        rate=2,
        labels=False,
        CONNECTOR_BOARD__CALLS_PER_SECOND="2",
        CONNECTOR_BOARD__POLL_SECONDS="20",
    ) as company:
        daemon = company.start()
        crowd = Crowd(company, 3)
        crowd.enter()
        ids = {}
        for number in range(LINES):
            for chat in crowd.chats:
                ids[chat, number] = crowd.write(chat)
        crowd.settle(60)
        found = crowd.found()
        before = _comments(company)
        comments = sum(map(len, before.values()))
        messages = len(crowd.chats) * (LINES - 1)  # the first of each is the card's description
        chat, joined = next(
            (chat, comment) for chat, all_ in before.items() for comment in all_ if comment["text"].count("[m-") >= 3
        )
        numbers = [int(number) for number in re.findall(rf"\[m-{chat}-(\d+)\]", joined["text"])]
        middle = numbers[1]
        company._chat(
            "PUT", f"/sandbox/chats/{chat}/messages/{ids[chat, middle]}", json={"text": f"{mark(chat, middle)} иначе"}
        )
        company.until("the edit", partial(_in_comments, company, chat, "иначе"))
        after = _comments(company)
        code = stop(daemon)
    changed = {
        comment["id"]: (comment["text"], later["text"])
        for owner, all_ in before.items()
        for comment, later in zip(all_, after[owner], strict=True)
        if comment["text"] != later["text"]
    }
    tell(
        f"board at 2/s, {len(crowd.chats)} clients x {LINES} lines: {messages} further messages in {comments} "
        f"comments, at most {max(len(_marks(comment)) for all_ in before.values() for comment in all_)} in one; {found}"
    )
    assert comments < messages / 2
    assert found.on_board == (0, 0, 0, 0)
    assert list(changed) == [joined["id"]]
    old, new = (_sections(text) for text in changed[joined["id"]])
    assert [index for index, (was, is_) in enumerate(zip(old, new, strict=True)) if was != is_] == [1]
    assert "иначе" in new[1]
    assert code == 0


def _marks(comment: dict[str, Any]) -> list[str]:
    return re.findall(r"\[m-\d+-\d+\]", comment["text"])


def _sections(text: str) -> list[str]:
    """The parts of a joined comment, cut before each one's mark of ours (U+2063), bold signs not counted."""
    return [part.rstrip("*\n") for part in text.split("\u2063")[1:]]
