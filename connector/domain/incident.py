"""An incident: one fault that many clients write of at once, with a card of its own and an answer for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connector.domain.refs import ClientId, Key, Ref, TicketId
from connector.domain.words import File, Text

PORT = "incident"
"""The `port` of an incident's id, where a client has that of a chat: nobody can write there."""


class Standing(StrEnum):
    """What agents think of it."""

    SUSPECTED = "suspected"
    """Noticed, but nobody has said yet that it is one: its answers wait."""
    CONFIRMED = "confirmed"
    DISSOLVED = "dissolved"
    """The requests had nothing in common; they go on apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A request as it was opened: what others of the same topic are compared with for as long as a burst may last."""

    ticket: TicketId
    client: ClientId
    number: int
    topic: str
    service_class: str
    at: datetime
    name: str
    """The client's, as agents see it."""
    subject: str
    words: tuple[str, ...]
    """What it is alike by, see `likeness.stems`."""
    incident: ClientId | None = None
    """What it was found to belong to, or would have belonged to had it not been dissolved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kin:
    """A known incident of a topic: whoever is as alike to it as its founders are belongs to it too."""

    id: ClientId
    founders: tuple[tuple[str, ...], ...]
    """The words of the requests it was noticed by."""
    joinable: bool = True
    """False once it was dissolved: what is alike to it stays apart, and founds no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """What a request that is being opened may belong together with: of its topic only."""

    kin: tuple[Kin, ...] = ()
    openings: tuple[Opening, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """What opening a request leaves behind for those that are opened after it."""

    opening: Opening
    since: datetime
    """Requests opened before this are no part of the same burst."""
    founded: Kin | None = None
    """The incident that was noticed with this request."""
    members: tuple[TicketId, ...] = ()
    """Earlier requests that belong to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A request that belongs to an incident, as the incident knows it."""

    client: ClientId
    ticket: TicketId
    number: int
    name: str
    subject: str
    card: Ref | None = None
    open: bool = True
    arrived: int = 0
    """Answers of the incident that reached the client."""
    trouble: bool = False
    """Whether one did not."""
    told: str = ""
    """Fingerprint of what it knows of the incident; empty while it knows nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An agent's public comment on the incident's card, as it stands now.

    With `template` it is that canned reply, filled in for each client, with `text` behind it.
    """

    comment: Key
    author: str
    at: datetime
    text: Text
    files: tuple[File, ...] = ()
    template: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What is remembered of an incident beside its ticket, whose card is the one agents answer all on."""

    topic: str
    standing: Standing
    begun_at: datetime
    children: tuple[Child, ...] = ()
    """In the order they joined."""
    answers: tuple[Answer, ...] = ()
    """The latest ones, oldest first."""
    listed_at: datetime | None = None
    """When the list of its requests was last ordered onto its card."""
    until: datetime | None = None
    """When it ceases to be what later requests are held against; None while it lasts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Belonging:
    """What a request knows of the incident it belongs to."""

    id: ClientId
    number: int
    card: Ref | None = None
    said: str = ""
    """The latest answer it got from there, in a line."""


def is_incident(client: str) -> bool:
    """Whether the id is an incident's. Its card is agents' own: no client's request, so no figure counts it."""
    return client.startswith(f"{PORT}:")


def incident_id(first: TicketId) -> ClientId:
    """The id of the incident that was noticed with this request."""
    return ClientId(f"{PORT}:{first}")
