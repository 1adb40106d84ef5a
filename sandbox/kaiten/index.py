"""The search index lists may be served from: it can lag behind the cards themselves."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from sandbox.kaiten.entities import Card

ALWAYS = datetime.min.replace(tzinfo=UTC)


class LaggingIndex:
    """Remembers how each card looked as long as the lag asks for it; without a lag it remembers nothing."""

    def __init__(self) -> None:
        self._states: dict[int, list[tuple[datetime, Card]]] = {}

    def start(self, cards: Iterable[Card]) -> None:
        """From now on the lag counts: what is there is taken as long known."""
        self._states = {card.id: [(ALWAYS, card)] for card in cards}

    def note(self, card: Card, now: datetime, lag_seconds: float) -> None:
        if lag_seconds <= 0:
            self._states.clear()
            return
        states = self._states.setdefault(card.id, [])
        states.append((now, card))
        visible = now - timedelta(seconds=lag_seconds)
        while len(states) > 1 and states[1][0] <= visible:
            del states[0]

    def view(self, cards: Mapping[int, Card], now: datetime, lag_seconds: float) -> list[Card]:
        """The cards as a list sees them: as they were ``lag_seconds`` ago, the younger not at all."""
        if lag_seconds <= 0:
            return list(cards.values())
        visible = now - timedelta(seconds=lag_seconds)
        seen: list[Card] = []
        for states in self._states.values():
            known = [card for at, card in states if at <= visible]
            seen.extend(known[-1:])
        return seen
