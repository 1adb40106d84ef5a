"""What a decision may see of other conversations, loaded for the few events that need it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Flag, auto

from connector.domain.events import AgentAttached, AgentCommented, AgentEdited, AgentRemoved, ClientEdited, ClientWrote
from connector.domain.refs import ClientId, Key, Ref, TicketId
from connector.domain.ticket import Ticket


class Sight(Flag):
    """Parts of what is around; loaded only when asked for."""

    NOTHING = 0
    LINKS = auto()
    LOAD = auto()
    POOL = auto()
    CODE = auto()
    HOME = auto()
    THREAD = auto()
    PROMISES = auto()


Spoken = ClientWrote | ClientEdited | AgentCommented | AgentEdited | AgentRemoved | AgentAttached
"""What people say on a request, and what becomes of their words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """All that was said on the request of that number, oldest first. `public` are the comments the client got."""

    number: int
    said: tuple[Spoken, ...]
    public: frozenset[Key] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A chat that belongs to an agent or a team of the mapping. `person` is who linked it."""

    client: ClientId
    chat: Ref
    agent: str | None = None
    team: str | None = None
    person: Ref | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A code that links one chat, once, until `until`; `digest` is how it is stored."""

    digest: str
    until: datetime
    agent: str | None = None
    team: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """The parts that were asked for.

    `load`: agent's key → service class → open requests in their hands. `pool`: open requests in nobody's hands, by
    number. `homes`: whose a request is, of those that were named. `thread`: what was said on the request asked for.
    `promised`: open requests whose client was told a time, the earliest first.
    """

    links: tuple[Link, ...] = ()
    load: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    pool: tuple[Ticket, ...] = ()
    code: Code | None = None
    homes: Mapping[TicketId, ClientId] = field(default_factory=dict)
    thread: Thread | None = None
    promised: tuple[Ticket, ...] = ()

    def agent_of(self, person: Ref) -> str | None:
        """The key of the agent that this person of the chat tool is."""
        return next((link.agent for link in self.links if link.agent is not None and link.person == person), None)

    def desk_of(self, *, agent: str | None = None, team: str | None = None) -> Link | None:
        """The chat of that agent or team; the one linked last."""
        found = (each for each in self.links if (each.agent, each.team) == (agent, team))
        return next(found, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a decision wants to see: the parts, the code as somebody wrote it, the requests whose home is asked, the
    number of the one whose thread is.
    """

    sight: Sight = Sight.NOTHING
    code: str = ""
    named: tuple[TicketId, ...] = ()
    number: int = 0


UNSEEING = Look()
