"""The bond between one client's chat and one card, and what we must remember about both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connector.domain.refs import ClientId, Key, Ref, TicketId


class Phase(StrEnum):
    """Where a request stands, in the client's words."""

    OPENING = "opening"
    QUEUE = "queue"
    WORK = "work"
    WAITING = "waiting"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An agent's comment that the client may see, and the orders that brought it to the chat (none yet, perhaps)."""

    comment: Key
    texts: tuple[Key, ...] = ()
    """Orders that carry its words, in order; the first may be files with the words as caption."""
    files: tuple[Key, ...] = ()
    """Orders that carry its files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One request. `number` is what people call it; `card` is None until the card exists, or after it was lost.

    `generation` counts the cards it has had (1 at first); `seen` is the version of the card last looked at.
    """

    id: TicketId
    number: int
    client: ClientId
    topic: str
    service_class: str
    cabinet: str | None
    subject: str
    opened_at: datetime
    due_at: datetime | None = None
    phase: Phase = Phase.OPENING
    closed_at: datetime | None = None
    card: Ref | None = None
    generation: int = 1
    board: str | None = None
    lane: str | None = None
    seen: int = 0
    answered_at: datetime | None = None
    """The first public answer of an agent."""
    opened_by: Key | None = None
    """The key of the message whose words are the card's description."""
    former: Ref | None = None
    """The card it had before this one was lost."""
    moving: Phase | None = None
    """Where an order of ours is taking the card; until it ends, the card's old column says nothing new."""
    replies: tuple[Reply, ...] = ()
    """The latest comments that went to the client."""
    relayed: tuple[Key, ...] = ()
    """The keys of the latest files that went to the client."""

    @property
    def open(self) -> bool:
        """Whether it still waits for something."""
        return self.phase is not Phase.DONE

    @property
    def lost(self) -> bool:
        """Whether its card is gone and no new one has been ordered."""
        return self.card is None and self.phase is not Phase.OPENING

    @property
    def external_id(self) -> str:
        """What its present card carries: the ticket's id, from the second card on with a dot and the generation."""
        return self.id if self.generation == 1 else f"{self.id}.{self.generation}"
