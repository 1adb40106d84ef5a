"""Many new requests at once against a slow board: how close to the board's own limit the daemon comes."""

from __future__ import annotations

import re
import time

from bench.calls import TAGS, route
from bench.company import Company
from bench.figures import Figure, Result, spread
from bench.place import Place

PER_SECOND = 20
"""Requests a second while a burst lasts: quicker than any board here, slower than Telegram lets a bot answer."""
BURSTS = ((50, 50), (50, 5), (500, 50), (500, 5))
"""Requests, and calls a second the board allows."""


def bursts(place: Place) -> Result:
    """Clients are registered beforehand; every card needs one call and one for each tag."""
    figures: list[Figure] = []
    raw: dict[str, object] = {}
    for count, limit in dict.fromkeys((place.count(requests, least=5), limit) for requests, limit in BURSTS):
        name = f"{count} requests at {limit}/s"
        found, more = _burst(place, name, count, limit)
        figures += found
        raw[name] = more
    return Result(figures=tuple(figures), raw=raw)


def _burst(place: Place, name: str, count: int, limit: int) -> tuple[list[Figure], dict[str, object]]:
    with Company(place, re.sub(r"\W+", "-", name), settings={"CONNECTOR_BOARD__CALLS_PER_SECOND": "5"}) as company:
        chats = company.register(count)
        company.board("POST", "/sandbox/settings", json={"rate_limit": limit})
        company.start()
        company.quiet()
        before = company.rate()
        on_board, in_chat = len(company.board_calls()), company.chat("GET", "/sandbox/state")["calls"]
        begun = time.monotonic()
        sent = {}
        for number, chat in enumerate(chats):
            time.sleep(max(0.0, begun + number / PER_SECOND - time.monotonic()))
            sent[chat] = company.says(chat, f"Касса на посту {number} не печатает чеки")
        sending = time.monotonic() - begun
        needed = count * (1 + TAGS)

        def all_there() -> bool:
            cards = company.cards()
            return len(cards) >= count and sum(len(card["tags"]) for card in cards) >= count * TAGS

        company.until("all cards and tags", all_there, seconds=60 + 4 * needed / limit, every=0.5)
        company.quiet(2.0)  # a slow board is written to once a second
        on = company.board_calls(on_board)
        receipts = [call for call in company.chat_calls(in_chat) if call.method == "sendMessage"]
        state, chat_state = company.rate(), company.chat("GET", "/sandbox/state")
    writes = [call for call in on if call.method == "POST"]
    done = max(call.ended for call in writes) - begun
    during = [call for call in on if begun <= call.at <= begun + done]
    carded = max(call.ended for call in writes if call.path == "/cards") - begun
    waits = spread([min(call.at for call in receipts if call.chat == chat) - moment for chat, moment in sent.items()])
    refused = state["refused"] - before["refused"]
    inside = state["calls_inside_429_window"] - before["calls_inside_429_window"]
    routes: dict[str, int] = {}
    for call in on:
        routes[route(call)] = routes.get(route(call), 0) + 1
    bound = needed / limit
    figures = [
        Figure(name=f"{name}: time ÷ (needed calls ÷ limit)", value=done / bound, at_most=1.10),
        Figure(name=f"{name}: the same with the polls among the calls", value=done * limit / len(during)),
        Figure(name=f"{name}: until the last card and tag", value=done, unit="s"),
        Figure(name=f"{name}: receipt p50", value=waits["p50"], unit="s", at_most=1),
        Figure(name=f"{name}: receipt p95", value=waits["p95"], unit="s", at_most=1),
        Figure(name=f"{name}: answers 429 (board)", value=refused, at_most=0),
        Figure(name=f"{name}: calls inside a 429 (board)", value=inside, at_most=0),
        Figure(name=f"{name}: most calls in any second", value=busiest([call.at for call in on]), at_most=limit),
        Figure(name=f"{name}: answers 429 (chat)", value=chat_state["answered_429"], at_most=0),
    ]
    raw = {
        "requests": count, "limit": limit, "needed_calls": needed, "bound_seconds": bound, "seconds": done,
        "seconds_until_all_cards": carded, "seconds_sending": sending, "receipts_seconds": waits, "board_calls": routes,
        "board_calls_per_second": len(during) / done, "rate_before": before, "rate_after": state,
        "chat": {key: chat_state[key] for key in ("answered_429", "calls_inside_429", "max_calls_in_one_second")},
    }  # fmt: skip
    return figures, raw


def busiest(moments: list[float], window: float = 1.0) -> int:
    """The most of them in any window of so many seconds."""
    most, first = 0, 0
    ordered = sorted(moments)
    for last, moment in enumerate(ordered):
        while ordered[first] <= moment - window:
            first += 1
        most = max(most, last - first + 1)
    return most
