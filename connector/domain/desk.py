"""A chat of agents: whose it is, and which notices stand in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from connector.domain.refs import ClientId, Key, Ref, TicketId


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """That something waits: one per wait and chat. `id` is the same for the whole of the wait.

    `line` says what waits, in the default language; `client` is whose request it is.
    """

    id: Key
    client: ClientId
    ticket: TicketId
    number: int
    line: str
    since: datetime
    card: Ref | None = None
    takes: bool = True
    """Whether the request can still be taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A notice as it stands in the chat: a message of its own, or (without `order`) a line of the digest."""

    notice: Notice
    order: Key | None = None
    hushed: str = ""
    """Who put it off, and until when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Exactly one of `agent` and `team` (keys of the mapping). `person` linked it by the code with that `digest`."""

    agent: str | None = None
    team: str | None = None
    person: Ref | None = None
    code: str = ""
    as_client: bool = False
    """Whether what is written here goes to the support as any client's words."""
    posted: tuple[Posted, ...] = ()
    digest: Key | None = None
    """The message that lists what is too much for messages of their own; None while there is none."""
