"""The ladder of escalation: who is told after how long that something still waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from connector.domain.refs import ClientId, Key, TicketId
from connector.domain.terms import Hours


class Wait(StrEnum):
    """What a request waits for."""

    TAKER = "untaken"
    FIRST_REPLY = "first_reply"
    REPLY = "reply"
    """Any answer the client waits for, the first one too."""
    RESOLUTION = "resolution"
    PROMISE = "promise"
    """The time the client was told."""
    AGREEMENT = "agreement"
    """What the company has promised of such requests; no rung names it, the agreement says itself who is told."""


class Audience(StrEnum):
    """Who is told."""

    TEAM = "team"
    """The group chat of the team that serves the topic."""
    AGENTS = "agents"
    """Each competent agent on duty, in their own chat."""
    HOLDER = "holder"
    """Whoever has the request."""
    LEAD = "lead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One step: exactly one of `after` (time of the class's clock since the wait began) and `before` (calendar time
    before it is due).
    """

    wait: Wait
    audience: Audience
    after: timedelta | None = None
    before: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """`ladders` by service class. Above `digest_above` open notices a chat gets the others as lines of one message."""

    ladders: Mapping[str, tuple[Rung, ...]] = field(default_factory=dict)
    digest_above: int = 5
    snooze: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One wait of a ticket, from its beginning to its end.

    `at`: when the rung `rung` (of those for this wait) is due; None when none is left, or while the clock stands still.
    `told`: the chats that have the notice.
    """

    wait: Wait
    since: datetime
    rung: int = 0
    at: datetime | None = None
    told: tuple[ClientId, ...] = ()
    hushed_until: datetime | None = None
    agreement: str = ""
    """The key of the agreement that is waited by."""

    def id(self, ticket: TicketId) -> Key:
        """The name of its notice, the same in every chat."""
        what = f"{self.wait.value}:{self.agreement}" if self.agreement else self.wait.value
        return Key(f"wait/{ticket}/{what}/{self.since.timestamp():.3f}")


class Measured(StrEnum):
    """What an agreement is about."""

    FIRST_REPLY = "first_reply"
    NEXT_REPLY = "next_reply"
    RESOLUTION = "resolution"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """A promise about all requests that meet its conditions (an empty one asks for nothing), kept by `share` of them.

    `target` is working time of `hours`, or calendar time when that is None. `audience` hears of each that is broken.
    """

    key: str
    title: str
    measured: Measured
    target: timedelta
    hours: Hours | None = None
    share: float = 1.0
    topics: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()
    team: str | None = None
    audience: Audience | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether one request kept an agreement, told once: `at` is when that was known, `since` when it began to count."""

    agreement: str
    ticket: TicketId
    since: datetime
    at: datetime
    kept: bool
