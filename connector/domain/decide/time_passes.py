"""What happens because time has passed."""

from __future__ import annotations

from connector.domain.decide.albums import flush
from connector.domain.decide.turn import Turn


def passed(turn: Turn) -> None:
    """Albums whose last part has surely come are written down."""
    flush(turn, due_only=True)
