"""The bond between one client's chat and one card, and what we must remember about both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connector.domain.events import CardSeen
from connector.domain.incident import Belonging
from connector.domain.ladder import Waiting
from connector.domain.refs import ClientId, Key, Ref, TicketId
from connector.domain.words import File, Text


class Phase(StrEnum):
    """Where a request stands, in the client's words."""

    OPENING = "opening"
    QUEUE = "queue"
    WORK = "work"
    WAITING = "waiting"
    DONE = "done"


class What(StrEnum):
    """What happened; `value` of the stamp says more."""

    ASKED = "asked"
    """The client wrote. Only words that change something are stamped: further ones do not move a clock."""
    OPENED = "opened"
    """The request was complete; `value` is its topic. Before that we waited for the client to say more."""
    ANSWERED = "answered"
    """A public answer of an agent; receipts and other messages of the bot are none."""
    PHASE = "phase"
    """`value` is a `Phase`; `opening` counts as `queue`."""
    CLASS = "class"
    """`value` is the key of the service class it is in from now on."""
    TOPIC = "topic"
    """`value` is the key of the topic it is under from now on."""
    BLOCKED = "blocked"
    RETURNED = "returned"
    PAUSED = "paused"
    """The card came into a column in which clocks stand still."""
    RESUMED = "resumed"
    CARRIED = "carried"
    """Stands for older stamps that were let go. `value` is a measure and the seconds it has used since `at`; a measure
    alone: it is settled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """One moment (aware). `by` names the agent who did it, where that is known."""

    at: datetime
    what: What
    value: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An agent's comment that the client may see, and the orders that brought it to the chat (none yet, perhaps)."""

    comment: Key
    texts: tuple[Key, ...] = ()
    """Orders that carry its words, in order; the first may be files with the words as caption."""
    files: tuple[Key, ...] = ()
    """Orders that carry its files."""
    gist: str = ""
    """What it says, in a line."""


class Promise(StrEnum):
    """What a promised time is for."""

    REPLY = "reply"
    RESOLVE = "resolve"


class Outcome(StrEnum):
    """How a request ended."""

    DONE = "done"
    HELPED = "helped"
    """The client said so."""
    WITHDRAWN = "withdrawn"
    SILENT = "silent"
    """Closed because the client no longer answered."""
    MERGED = "merged"
    """It goes on as another request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Something said on a request, for the client's own list: `ours` when an agent said it."""

    at: datetime
    ours: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An agent's public comment that has not gone to the client yet.

    `until`: goes then by itself (the safe-send window); None: only when an agent says so (the leak guard).
    """

    comment: Key
    author: str
    at: datetime
    text: Text
    files: tuple[File, ...] = ()
    until: datetime | None = None
    joins: Key | None = None
    """The comment that this file joined after its answer went; None of a comment itself."""
    template: str | None = None
    """On an incident's card: the canned reply that is filled in for each client; `text` follows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """An order of an answer that did not arrive, and why (a `Refusal`). It counts while its answer is of that order."""

    order: Key
    at: datetime
    refusal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """An earlier request, as a later card and its client's list tell of it."""

    id: TicketId
    number: int
    topic: str
    subject: str
    opened_at: datetime
    closed_at: datetime | None = None
    outcome: Outcome | None = None
    mark: str | None = None
    answer: str = ""
    """The last answer in a line."""
    card: Ref | None = None
    cabinet: str | None = None
    own: bool = True
    """False when another chat of the same cabinet wrote it."""
    taken: str | None = None
    """Who had it: the key of an agent, or a name on the board."""


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
    deadlines: tuple[datetime | None, ...] = ()
    """The latest deadlines ordered for its card; any other that stands there is an agent's."""
    due_by_hand: bool = False
    """Whether its card shows a deadline of an agent's, as last seen."""
    phase: Phase = Phase.OPENING
    closed_at: datetime | None = None
    card: Ref | None = None
    generation: int = 1
    board: str | None = None
    lane: str | None = None
    seen: int = 0
    answered_at: datetime | None = None
    """The first public answer of an agent."""
    answered_by: str = ""
    """Who gave it, by their name on the board."""
    opened_by: Key | None = None
    """The key of the message whose words are the card's description."""
    former: Ref | None = None
    """The card it had before this one was lost."""
    moving: Phase | None = None
    """Where an order of ours is taking the card; until it ends, the card's old column says nothing new."""
    sighted: CardSeen | None = None
    """How its card looked while nobody could tell what the board's columns mean."""
    replies: tuple[Reply, ...] = ()
    """The latest comments that went to the client."""
    relayed: tuple[Key, ...] = ()
    """The keys of the latest files that went to the client."""
    lines: tuple[Line, ...] = ()
    """The latest things said, oldest first, shortened."""
    unread: int = 0
    """Answers since the client last wrote here or looked at it."""
    latest: Ref | None = None
    """The client's latest message on it, while no agent has answered since."""
    client_at: datetime | None = None
    """When the client last wrote."""
    phase_at: datetime | None = None
    """Since when it stands in its phase."""
    promised_at: datetime | None = None
    """The time the client was told."""
    promise: Promise = Promise.RESOLVE
    """What was promised for that time."""
    warned: bool = False
    """Whether they were told that it slips."""
    away_until: datetime | None = None
    """The opening time they were last told of, so that one closed stretch is told once."""
    outcome: Outcome | None = None
    """How it ended; None while it is open."""
    asked_rating: bool = False
    mark: str | None = None
    """The key of the mark it got."""
    marked_at: datetime | None = None
    """When it got that mark."""
    held: tuple[Held, ...] = ()
    """Answers on their way, oldest first."""
    delivered: tuple[Key, ...] = ()
    """The latest comments whose answer has arrived since the status comment was made."""
    delivered_at: datetime | None = None
    """When the latest of them arrived."""
    troubles: tuple[Trouble, ...] = ()
    """What did not arrive of the answers it remembers, oldest first."""
    waiting: tuple[Key, ...] = ()
    """Comments whose answers wait for the chat tool, as the card says; empty while they go as usual."""
    waiting_since: datetime | None = None
    """When the first of them was ordered."""
    status: str = ""
    """What the status comment (or tag) on the card says; empty while there is none."""
    status_at: datetime | None = None
    """When that was ordered."""
    status_behind: bool = False
    """Whether more has arrived since, which it will say when it is written next."""
    block: str = ""
    """Fingerprint of the block of earlier requests on its card."""
    earlier: int = 0
    """How many earlier requests its client and cabinet had when its card was ordered."""
    answer: str = ""
    """The latest answer in a line."""
    labels: tuple[str, ...] = ()
    """Tags its first words earned it."""
    people: tuple[str, ...] = ()
    """Who has written on it, clients and agents, in the order of their first words."""
    responsible: str | None = None
    """Who is responsible on the board, as last seen."""
    taken: str | None = None
    """Who has it in hand: the key of an agent of the mapping, of others the name on the board; None in the pool."""
    waits: tuple[Waiting, ...] = ()
    """What it waits for, as far as a ladder watches it."""
    muted: bool = False
    """The client is told nothing of changes on the board; answers still go."""
    merged_into: TicketId | None = None
    incident: Belonging | None = None
    """The incident it belongs to."""
    asked_why: bool = False
    """Whether the client was asked what was wrong."""
    stamps: tuple[Stamp, ...] = ()
    """What its clocks are computed from, oldest first; see `connector.domain.clock`."""
    reply_by: datetime | None = None
    """By when the client is owed the answer they wait for; None while they wait for none, or the clock stands still."""
    paused_at: datetime | None = None
    """Since when its clocks stand still; None while they run (outside working hours too) and once it is closed."""
    clock_at: datetime | None = None
    """When the state of one of its clocks changes next, if nothing happens before."""
    clock_tags: tuple[str, ...] = ()
    """The tags that tell of its clocks, as last ordered for its card."""
    clock_facts: tuple[tuple[str, str], ...] = ()
    """The same for the facts that tell of them."""
    board_sla: str | None = None
    """The board's own agreement that was last ordered for its card."""

    @property
    def open(self) -> bool:
        """Whether it still waits for something."""
        return self.phase is not Phase.DONE

    @property
    def pooled(self) -> bool:
        """Whether it waits for somebody to take it."""
        return self.taken is None and self.phase in (Phase.OPENING, Phase.QUEUE)

    @property
    def lost(self) -> bool:
        """Whether its card is gone and no new one has been ordered."""
        return self.card is None and self.phase is not Phase.OPENING

    @property
    def external_id(self) -> str:
        """What its present card carries: the ticket's id, from the second card on with a dot and the generation."""
        return self.id if self.generation == 1 else f"{self.id}.{self.generation}"
