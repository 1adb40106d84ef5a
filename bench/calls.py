"""How many API calls a ticket and a message cost."""

from __future__ import annotations

import re
import time
from collections import Counter

from bench.company import Call, Company
from bench.figures import Figure, Result
from bench.place import Place

TAGS = 2
"""Tags the example mapping puts on a card of its first topic: the topic's own and the account id."""


def calls(place: Place) -> Result:
    """A new request and a further message, one by one, first without any polling so that every call is theirs."""
    with Company(place, "calls", webhook=False, poll_seconds=3600) as company:
        (chat,) = company.register(1)
        company.start()
        company.quiet()
        opening = _cost(company, chat, "Касса не печатает чеки после обновления")
        further = [_cost(company, chat, f"И ещё: пост {number} тоже стоит") for number in range(place.count(5))]
    with Company(place, "polls") as company:
        company.start()
        company.quiet()
        since = len(company.board_calls())
        seconds = max(4.0, 60 * place.scale)
        time.sleep(seconds)
        polls = company.board_calls(since)
    last = further[-1]
    figures = (
        Figure(name="new request: cards created", value=opening["board"]["POST /cards"], at_most=1, at_least=1),
        Figure(name="new request: tags attached", value=opening["board"]["POST /cards/{id}/tags"], at_most=TAGS,
               at_least=TAGS),
        Figure(name="new request: Kaiten calls in all", value=opening["board"].total(), at_most=1 + TAGS),
        Figure(name="new request: Telegram calls (the receipt)", value=opening["chat"].total(), at_most=1),
        Figure(name="further message: comments added", value=last["board"]["POST /cards/{id}/comments"], at_most=1,
               at_least=1),
        Figure(name="further message: Kaiten calls in all, most of all",
               value=max(each["board"].total() for each in further), at_most=1),
        Figure(name="further message: Telegram calls, most of all (the receipt)",
               value=max(each["chat"].total() for each in further), at_most=1),
        Figure(name="idle, polling every 3 s: Kaiten calls a minute", value=len(polls) * 60 / seconds, unit="1/min"),
    )  # fmt: skip
    raw = {
        "new_request": opening,
        "further_messages": further,
        "idle": {"seconds": seconds, "calls": Counter(map(route, polls))},
    }
    return Result(figures=figures, raw=raw)


def _cost(company: Company, chat: int, words: str) -> dict[str, Counter[str]]:
    """Every call that one message led to."""
    on_board, in_chat = len(company.board_calls()), company.chat("GET", "/sandbox/state")["calls"]
    company.says(chat, words)
    company.quiet()
    return {
        "board": Counter(map(route, company.board_calls(on_board))),
        "chat": Counter(call.method for call in company.chat_calls(in_chat)),
    }


def route(call: Call) -> str:
    """Method and path without numbers; a look-up by external id is called by that name."""
    path = re.sub(r"/\d+(?=/|$)", "/{id}", call.path)
    sought = " (look-up)" if "external_id" in call.query else ""
    return f"{call.method} {path}{sought}"
