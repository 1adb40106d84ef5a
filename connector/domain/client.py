"""Who a client is to us: profile, cabinets, place in the dialogue, and the requests they have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from connector.domain.around import Around
from connector.domain.desk import Desk
from connector.domain.effects import SendFiles, SendMessage
from connector.domain.incident import Incident, Recent
from connector.domain.person import Amendment
from connector.domain.refs import ClientId, Key, Ref, TicketId
from connector.domain.ticket import Past, Ticket
from connector.domain.words import Words


class Stage(StrEnum):
    """Where the dialogue stands: what the bot is waiting for."""

    NEW = "new"
    CABINET = "cabinet"
    TOPIC = "topic"
    WORDS = "words"
    READY = "ready"
    CHECKING = "checking"
    """An account id is being looked up in the company's list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A message written before its topic was chosen; it lands on the card as soon as there is one."""

    message: Ref
    at: datetime
    author: str
    words: Words
    album: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAlbum:
    """An album whose parts are still arriving; it is written down as one message when `until` has come."""

    id: str
    ticket: TicketId
    parts: tuple[Kept, ...]
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenAlbum:
    """An album already on the card: a late part joins it through `comment`, with the words and files it had."""

    id: str
    ticket: TicketId
    first: Kept
    comment: Key | None
    """The order that made its comment; None when the album opened the card."""
    until: datetime
    """After this nothing joins it any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message that stands on a card: what an edit of it is compared with, and where it is carried out."""

    message: Key
    ticket: TicketId
    order: Key | None
    """The order whose section it is; None when its words are the card's description."""
    at: datetime
    text: str
    """Fingerprint of its words."""
    files: str
    """Fingerprint of its files."""
    alone: bool = True
    """False when another part of the same album has words in the section too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """The unit of decision: everything about one chat that is remembered, loaded and saved together.

    `tickets` are the open ones plus the latest closed ones. Loaded for one event and never saved: `thread` tells which
    ticket a message belongs to that this event quotes; `past` are earlier requests; `recent` what a request that is
    being opened may belong together with. `next_number` (never saved) is the number a new ticket gets; 0 while none is
    reserved.

    With `incident` it is no chat but what the requests of many have in common, and its one ticket is that incident's:
    the card agents answer all of them on.
    """

    id: ClientId
    chat: Ref
    name: str = ""
    username: str | None = None
    language: str | None = None
    cabinets: tuple[str, ...] = ()
    cabinet: str | None = None
    stage: Stage = Stage.NEW
    topic: str | None = None
    """Chosen, while the words for it are awaited."""
    topic_group: str | None = None
    """The group whose topics were shown last."""
    kept: tuple[Kept, ...] = ()
    albums: tuple[OpenAlbum, ...] = ()
    written: tuple[WrittenAlbum, ...] = ()
    current: TicketId | None = None
    blocked: bool = False
    spoken: str | None = None
    """The language they chose; None while the chat tool's own is used."""
    group: str | None = None
    """The title of the group chat this client is; None for one person."""
    phone: str | None = None
    """Shared by themselves and their own."""
    unverified: tuple[str, ...] = ()
    """Cabinets that could not be looked up."""
    checking: str | None = None
    """The account id being looked up."""
    attempts: int = 0
    """Answers in a row that were no account id of the company's."""
    registered_at: datetime | None = None
    asked_at: datetime | None = None
    """When the question was asked that `kept` words or a chosen topic wait for."""
    reminded: bool = False
    """Whether they were reminded of that question."""
    heard: TicketId | None = None
    """The request whose agent spoke last; cleared by whatever tells which request the client talks about."""
    undecided: tuple[Kept, ...] = ()
    """Words that may belong to several open requests, until the client tells."""
    undecided_at: datetime | None = None
    """When the client was asked which."""
    burst: tuple[datetime, ...] = ()
    """The moments of the latest messages of a flood."""
    flood: Ref | None = None
    """The latest message that got no receipt of its own because there were so many."""
    rated_at: datetime | None = None
    """When they were last asked for a rating."""
    explaining: TicketId | None = None
    """The request whose low mark they were asked to explain."""
    fired: tuple[str, ...] = ()
    """Triggers that have run: "key", "key:ticket", or "key:ticket:start" of the silence it was about."""
    fired_at: datetime | None = None
    """When the bot last sent something of itself."""
    hushed_until: datetime | None = None
    """Until when what the bot would send of itself was put off, because its moment fell into quiet hours."""
    delayed_at: datetime | None = None
    """When they were last told that what they wrote reaches the agents late."""
    silent: bool = False
    """They want no messages that the bot sends of itself."""
    tickets: tuple[Ticket, ...] = ()
    said: tuple[Said, ...] = ()
    """The latest messages on cards, oldest first."""
    undelivered: tuple[SendMessage | SendFiles, ...] = ()
    """The latest answers that a client who blocked us has not got, oldest first."""
    incident: Incident | None = None
    same: tuple[ClientId, ...] = ()
    """Other chats of the same person; each is a conversation of its own."""
    shared: tuple[str, ...] = ()
    """Those of their cabinets that they have only because another chat of the same person has them."""
    amended: tuple[Amendment, ...] = ()
    """What operators changed of all this, oldest first."""
    past: tuple[Past, ...] = ()
    """Earlier requests of the client and of their cabinet, newest first; loaded where an event may need them."""
    past_more: int = 0
    """How many more there are."""
    desk: Desk | None = None
    """What agents see in this chat, where it is theirs; None in a chat of clients alone."""
    around: Around | None = None
    """What else the decision may see; loaded where an event needs it, and never saved."""
    recent: Recent | None = None
    thread: Mapping[str, TicketId] = field(default_factory=dict)
    next_number: int = 0

    @property
    def tongue(self) -> str | None:
        """The language to speak to them in."""
        return self.spoken or self.language
