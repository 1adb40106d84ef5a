"""Everything that happens, as frozen facts: occurrences are known by their key, observations by what they saw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connector.domain.desk import Notice
from connector.domain.effects import Effect
from connector.domain.incident import Answer, Belonging, Child
from connector.domain.refs import ClientId, Key, Ref, TicketId
from connector.domain.words import File, Person, Text, Words

# ---- in the chat


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientWrote:
    """A new message. `key` is `message.key`. `album`: parts of one album arrive as separate messages sharing it."""

    key: Key
    at: datetime
    chat: Ref
    message: Ref
    author: Person
    words: Words
    reply_to: Ref | None = None
    album: str | None = None
    addressed: bool = True
    """False in a group when the bot was neither mentioned nor replied to."""
    group: str | None = None
    """The title of the group chat it was written in; None in a chat with one person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientEdited:
    """A message changed; `message` is the ref it had when it was written, `words` are the new ones, whole."""

    key: Key
    at: datetime
    chat: Ref
    message: Ref
    author: Person
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientTapped:
    """A button under one of our messages was tapped; `data` is what we put on it."""

    key: Key
    at: datetime
    chat: Ref
    tap: Ref
    author: Person
    data: str
    message: Ref | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientBlocked:
    """The client stopped the bot: nothing can be delivered until they return."""

    key: Key
    at: datetime
    chat: Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientReturned:
    """The client unblocked the bot, or let it back into the group."""

    key: Key
    at: datetime
    chat: Ref


# ---- on the board


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """Who acted on the board."""

    ref: Ref
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentCommented:
    """A comment that we did not write. `key` is `comment.key`; `ticket` is the card's external id as found there."""

    key: Key
    at: datetime
    card: Ref
    ticket: TicketId | None
    comment: Ref
    author: Agent
    text: Text
    files: tuple[File, ...] = ()
    internal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentEdited:
    """A comment that we did not write has other text now."""

    key: Key
    at: datetime
    card: Ref
    ticket: TicketId | None
    comment: Ref
    author: Agent
    text: Text
    internal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRemoved:
    """A comment was deleted: told by the tool itself, never inferred from its absence."""

    key: Key
    at: datetime
    card: Ref
    ticket: TicketId | None
    comment: Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentAttached:
    """A file joined an agent's comment after the comment had been read. `key` is `file.ref.key`."""

    key: Key
    at: datetime
    card: Ref
    ticket: TicketId | None
    comment: Ref
    author: Agent
    file: File
    internal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSeen:
    """How a card looks now: an observation, compared with what the ticket remembers. Ids are the board tool's."""

    key: Key
    at: datetime
    card: Ref
    ticket: TicketId | None
    version: int
    board: str
    column: str
    lane: str | None
    responsible: str | None = None
    """Who is responsible for it, where the tool says so."""
    due_at: datetime | None = None
    """The deadline that stands on it."""
    gone: bool = False
    """Archived, deleted or out of our sight."""
    checked: bool = False
    """Looked at on purpose, to set the books right: it counts even where that version was seen before."""


# ---- the clock, and what we notice ourselves


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePassed:
    """The moment a client asked to be looked at again has come."""

    key: Key
    at: datetime
    client: ClientId


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryChanged:
    """An earlier request of this client, or of their cabinet, ended, was answered last, or was rated; or somebody new
    wrote on a request of their group.

    `tickets`: those whose cards must be told whatever became of them: one they name was forgotten, or is no longer
    theirs to tell of.
    """

    key: Key
    at: datetime
    client: ClientId
    tickets: tuple[TicketId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsChanged:
    """The daemon began to work with another mapping: what open requests are owed is reckoned anew."""

    key: Key
    at: datetime
    client: ClientId


@dataclass(frozen=True, slots=True, kw_only=True)
class Delayed:
    """An order of this request has waited long for a side that does not answer; told once for each order.

    `to_chat`: it is an answer on its way to the chat; otherwise it carries the client's words to the board.
    """

    key: Key
    at: datetime
    client: ClientId
    ticket: TicketId
    order: Key
    since: datetime
    to_chat: bool


# ---- between a request and the chats of agents; `client` is whom it is told


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRaised:
    """Something waits, or waits longer: the chat shows the notice, in the place of what it showed of the same wait."""

    key: Key
    at: datetime
    client: ClientId
    notice: Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeEnded:
    """The wait is over; `words` say how."""

    key: Key
    at: datetime
    client: ClientId
    notice: Key
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeAsked:
    """An agent of the mapping wants a request; whoever is first has it. `tap` in `chat` waits for the answer."""

    key: Key
    at: datetime
    client: ClientId
    ticket: TicketId
    agent: str
    chat: Ref
    tap: Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class SnoozeAsked:
    """No further rung of a request's ladders before `until`."""

    key: Key
    at: datetime
    client: ClientId
    ticket: TicketId
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlinked:
    """The operator takes the chat away from its agent or team."""

    key: Key
    at: datetime
    client: ClientId


# ---- between an incident and its requests; `client` is whom it is told


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestsJoined:
    """Requests belong to this incident; the first such event is the beginning of it."""

    key: Key
    at: datetime
    client: ClientId
    topic: str
    service_class: str
    children: tuple[Child, ...]

    @property
    def chat(self) -> Ref:
        """Where a client has a chat."""
        port, _, number = self.client.partition(":")
        return Ref(port=port, id=number)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestChanged:
    """How a request of the incident stands now; `left`: it belongs there no longer."""

    key: Key
    at: datetime
    client: ClientId
    ticket: TicketId
    by: ClientId
    """Whose request it is."""
    card: Ref | None
    open: bool
    arrived: int = 0
    trouble: bool = False
    left: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentOrdered:
    """The operator says of an incident whether it is one."""

    key: Key
    at: datetime
    client: ClientId
    confirm: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentTold:
    """The client's request belongs to this incident."""

    key: Key
    at: datetime
    client: ClientId
    ticket: TicketId
    incident: Belonging


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentAnswered:
    """An answer for all requests of the incident. `changed`: only for those who have it; its files are further ones."""

    key: Key
    at: datetime
    client: ClientId
    ticket: TicketId
    incident: Belonging
    answer: Answer
    changed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentTookBack:
    """The answer that this comment was is taken back."""

    key: Key
    at: datetime
    client: ClientId
    ticket: TicketId
    comment: Key


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentEnded:
    """The client's request goes on by itself; `solved`: the incident's end is its own end too."""

    key: Key
    at: datetime
    client: ClientId
    ticket: TicketId
    number: int
    solved: bool = False


# ---- the operator's word on who a client is


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAmended:
    """From now on `same` are the other chats of this client's person (none: they are alone).

    `offered` are the cabinets of those, of which `unverified` could not be looked up. `change` is the same for all
    chats concerned, which are `among`; `what` says it in words.
    """

    key: Key
    at: datetime
    client: ClientId
    change: Key
    what: str
    among: tuple[ClientId, ...]
    same: tuple[ClientId, ...] = ()
    offered: tuple[str, ...] = ()
    unverified: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CabinetAmended:
    """A cabinet was never this client's: `instead` takes its place, or nothing. `tickets` are those that carry it."""

    key: Key
    at: datetime
    client: ClientId
    change: Key
    what: str
    among: tuple[ClientId, ...]
    cabinet: str
    instead: str | None = None
    tickets: tuple[TicketId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendmentUndone:
    """That change is taken back, where it is this client's last one; `tickets` are those it touched."""

    key: Key
    at: datetime
    client: ClientId
    change: Key
    tickets: tuple[TicketId, ...] = ()


# ---- what came of our orders


class Refusal(StrEnum):
    """Why something will never succeed, however often it is tried."""

    INVALID = "invalid"
    GONE = "gone"
    """The card, message or file is no longer there."""
    BLOCKED = "blocked"
    """The client stopped the bot."""
    TOO_BIG = "too_big"
    FORBIDDEN = "forbidden"
    """We may not: a missing right, the company's tariff, an address that leads where it must not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """An order succeeded; `made` is what it made, as the tool calls it."""

    key: Key
    at: datetime
    client: ClientId
    effect: Effect
    made: tuple[Ref, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """An order will never succeed."""

    key: Key
    at: datetime
    client: ClientId
    effect: Effect
    refusal: Refusal
    reason: str


# ---- all of them

ChatEvent = ClientWrote | ClientEdited | ClientTapped | ClientBlocked | ClientReturned
BoardEvent = AgentCommented | AgentEdited | AgentRemoved | AgentAttached | CardSeen
DeskEvent = NoticeRaised | NoticeEnded | TakeAsked | SnoozeAsked | Unlinked
ToIncident = RequestsJoined | RequestChanged | IncidentOrdered
FromIncident = IncidentTold | IncidentAnswered | IncidentTookBack | IncidentEnded
CareEvent = PersonAmended | CabinetAmended | AmendmentUndone
OwnEvent = (
    TimePassed
    | HistoryChanged
    | TermsChanged
    | Delayed
    | Done
    | Failed
    | DeskEvent
    | ToIncident
    | FromIncident
    | CareEvent
)
Event = ChatEvent | BoardEvent | OwnEvent
