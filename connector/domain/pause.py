"""What an operator holds up for now: a direction, a side, a board or a topic; clients are received all the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connector.domain.policy import BoardPolicy
from connector.domain.ticket import Ticket


class Direction(StrEnum):
    """IN: what is read from a side. OUT: what is ordered there."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """One hold-up. `side` is `chat` or `board`; `board` (an id of the board tool) and `topic` narrow what goes out."""

    direction: Direction
    side: str
    since: datetime
    board: str | None = None
    topic: str | None = None

    @property
    def name(self) -> str:
        """The same for the same part, whenever it was paused."""
        return ":".join((self.direction.value, self.side, self.board or "", self.topic or ""))

    @property
    def narrow(self) -> bool:
        """Whether only some requests are meant."""
        return self.board is not None or self.topic is not None

    def covers(self, ticket: Ticket | None, board: BoardPolicy | None) -> bool:
        """Whether it holds up orders of that request; None are those of no request."""
        if not self.narrow:
            return True
        if ticket is None:
            return False
        if self.topic is not None and ticket.topic != self.topic:
            return False
        return self.board is None or self.board == _board_of(ticket, board)


def _board_of(ticket: Ticket, board: BoardPolicy | None) -> str | None:
    """Where it stands, or where its card will be made."""
    if ticket.board is not None or board is None:
        return ticket.board
    spot = board.spots.get((ticket.topic, ticket.service_class))
    return spot.board if spot is not None else None
