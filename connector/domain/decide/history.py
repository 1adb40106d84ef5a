"""Earlier requests of a client and their cabinet, as they stand on the cards of the present ones."""

from __future__ import annotations

from connector.domain.decide.turn import Turn


def changed(turn: Turn) -> None:
    """Brings the block on every open card up to date, each with one write at most."""
