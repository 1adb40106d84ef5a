"""What can never be done blocks its own ticket at most; everybody else is served as if it were not there."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.bars.crowd import Crowd, chat_of, mark, words_on
from tests.bars.crowd import company as company_of
from tests.process.company import Company, stop

pytestmark = pytest.mark.slow


def _on_card(company: Company, chat: int, text: str) -> bool:
    return any(text in words_on(card) for card in company.cards() if chat_of(card) == chat)


def test_a_poison_order_and_a_card_that_cannot_be_made_block_only_their_own_ticket(
    tmp_path: Path, tell: Callable[[str], None]
) -> None:
    with company_of(tmp_path) as company:
        daemon = company.start()
        crowd = Crowd(company, 6)
        crowd.enter()
        cardless, poisoned, troubled, *others = crowd.chats
        # The first card is refused whole, and with less of it; whoever else asks for one gets it.
        refusal = {"method": "POST", "path_regex": "/cards$", "status": 400, "times": 4}
        company._board("POST", "/sandbox/faults", json=refusal)
        crowd.write(cardless)
        company.until("the refusal", lambda: not company._board("GET", "/sandbox/faults"))
        crowd.write(cardless)
        for chat in (poisoned, troubled, *others):
            crowd.write(chat)
        company.until("the cards of all others", lambda: len(company.cards()) == len(crowd.chats) - 1)
        cards = {chat_of(card): card["id"] for card in company.cards()}
        for chat, status in ((poisoned, 400), (troubled, 500)):
            fault = {"method": "POST", "path_regex": f"/cards/{cards[chat]}/comments", "times": None, "status": status}
            company._board("POST", "/sandbox/faults", json=fault)
            crowd.write(chat)
            crowd.write(chat)
        time.sleep(2.0)  # the troubled order has been tried some times by now
        slowest = 0.0
        for _ in range(3):
            for chat in others:
                begun = time.monotonic()
                number = crowd.written[chat]
                crowd.write(chat)
                company.until("a word of somebody else", partial(_on_card, company, chat, mark(chat, number)), 40)
                slowest = max(slowest, time.monotonic() - begun)
        without = len([card for card in company.cards() if chat_of(card) == cardless])
        dead = company.log().count('"refused"')
        # The causes are mended: after a restart the card is made with all its words, in order.
        company._board("DELETE", "/sandbox/faults")
        code = stop(daemon)
        company.start()
        company.until("the card that could not be made", partial(_on_card, company, cardless, mark(cardless, 1)))
        company.until("what was in trouble", partial(_on_card, company, troubled, mark(troubled, 2)), 70)
        # What was refused for good is tried again when an operator says so.
        retried = company.command("queue", "retry", "--all", "--yes")
        company.until("what was poison", partial(_on_card, company, poisoned, mark(poisoned, 2)))
        time.sleep(1.0)
        found = crowd.found()
    tell(
        f"poison (400 for ever), trouble (500 for ever) and an impossible card: {dead} orders refused, the others' "
        f"slowest word took {slowest:.2f} s; after the cause was mended and `queue retry` {found}"
    )
    assert without == 0
    assert slowest < 3.0
    assert code == 0
    assert retried.returncode == 0, retried.stderr
    assert found.on_board == (0, 0, 0, 0)
