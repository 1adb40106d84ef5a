"""How long one message is on its way through the whole process when nothing else happens."""

from __future__ import annotations

import time
from collections.abc import Callable

from bench.calls import route
from bench.company import Company
from bench.figures import Figure, Result, spread
from bench.place import Place

GAP = 0.4
"""Seconds between two messages."""
CALM = 1.2
"""Seconds between two comments of agents: the daemon looks at most twice a second, and this one is not to wait."""


def overhead(place: Place) -> Result:
    """Message → card and comment at the board's door, comment → message at the chat's door; stand-ins add no delay.

    Counted from before the person's act to the arrival of the call, so it holds the stand-ins' own handling of the
    act and of the long poll, or of the webhook.
    """
    count = place.count(60, least=5)
    with Company(place, "overhead") as company:
        chats = company.register(count)
        company.start()
        company.quiet()
        to_card = _ways(company, len(chats), lambda n: company.says(chats[n], f"Вопрос {n}"), "POST /cards", GAP)
        company.quiet()
        to_comment = _ways(
            company, len(chats), lambda n: company.says(chats[n], f"Ещё {n}"), "POST /cards/{id}/comments", GAP
        )
        company.quiet()
        cards = sorted(card["id"] for card in company.cards())
        to_client = _ways(company, len(cards), lambda n: _comment(company, cards[n], n), None, CALM)
    ways = (("message → card", to_card), ("message → comment", to_comment))
    figures = (
        *(Figure(name=f"{name} p50", value=found["p50"], unit="ms", at_most=50) for name, found in ways),
        *(Figure(name=f"{name} p95", value=found["p95"], unit="ms", at_most=150) for name, found in ways),
        Figure(name="agent's comment → client p50 (webhook)", value=to_client["p50"], unit="ms"),
        Figure(name="agent's comment → client p95 (webhook)", value=to_client["p95"], unit="ms"),
    )
    raw = {"message_to_card_ms": to_card, "message_to_comment_ms": to_comment, "comment_to_client_ms": to_client}
    return Result(figures=figures, raw=raw)


def _comment(company: Company, card: int, number: int) -> float:
    begun = time.monotonic()
    company.board("POST", f"/sandbox/cards/{card}/comments", json={"user": "anna", "text": f"Ответ {number}"})
    return begun


def _ways(
    company: Company, count: int, act: Callable[[int], float], wanted: str | None, gap: float
) -> dict[str, float]:
    """The spread in ms from each act to the call it leads to: that route at the board, or a message in the chat."""
    found = []
    for number in range(count):
        on_board, in_chat = len(company.board_calls()), company.chat("GET", "/sandbox/state")["calls"]

        def arrived(on_board: int = on_board, in_chat: int = in_chat) -> list[float]:
            if wanted is None:
                return [call.at for call in company.chat_calls(in_chat) if call.method == "sendMessage"]
            return [call.at for call in company.board_calls(on_board) if route(call) == wanted]

        begun = act(number)
        time.sleep(gap)  # nobody asks the stand-ins anything while the message is on its way
        found.append((company.until("the call", arrived)[0] - begun) * 1000)
    return spread(found)
