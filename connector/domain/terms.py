"""What a request is owed: targets in working hours or in calendar time, and how its clocks run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When a team works. `week` has seven entries, Monday first; each a tuple of (from, to) on that day.

    `closed` are dates without work; `extra` are dates worked like the first working day of the week, whatever they are
    else. An empty `week` means round the clock.
    """

    zone: ZoneInfo
    week: tuple[tuple[tuple[time, time], ...], ...] = ()
    closed: frozenset[date] = frozenset()
    extra: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a request is owed; targets are working time of `hours`, or calendar time when it is None.

    `first_reply`: from the first word to the first answer; `next_reply`: from each later unanswered word to its answer;
    `resolution`: from the first word to the end. None: nothing is owed there.
    """

    first_reply: timedelta | None = None
    next_reply: timedelta | None = None
    resolution: timedelta | None = None
    hours: Hours | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialTerms:
    """Other terms for requests that meet every condition given; an empty condition asks for nothing."""

    terms: Terms
    topics: frozenset[str] = frozenset()
    cabinets: frozenset[str] = frozenset()
    clients: frozenset[str] = frozenset()
    """Their chats, by the chat tool's own ids."""

    def hold(self, topic: str, cabinet: str | None, client: str) -> bool:
        """Whether a request under that topic, for that cabinet, of that client (a `ClientId`) meets them all."""
        return (
            (not self.topics or topic in self.topics)
            and (not self.cabinets or cabinet in self.cabinets)
            and (not self.clients or client.partition(":")[2] in self.clients)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceClass:
    """How fast a request must be served; targets are working time of `hours`, or calendar time when it is None.

    `special` go before them: the first that holds, whole. `board_sla` is the id of the board tool's own agreement.
    """

    key: str
    title: Mapping[str, str]
    first_reply: timedelta | None
    resolution: timedelta | None
    hours: Hours | None = None
    next_reply: timedelta | None = None
    special: tuple[SpecialTerms, ...] = ()
    board_sla: str | None = None

    def terms(self, topic: str, cabinet: str | None, client: str) -> Terms:
        """What a request of this class is owed."""
        for special in self.special:
            if special.hold(topic, cabinet, client):
                return special.terms
        return Terms(
            first_reply=self.first_reply, next_reply=self.next_reply, resolution=self.resolution, hours=self.hours
        )


class Reopened(StrEnum):
    """What the clock of a request does that was closed and is open again."""

    CONTINUES = "continues"
    """The time it was closed does not count; what was used before does."""
    RESTARTS = "restarts"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaRule:
    """How clocks run besides the targets, and what of them stands on the card.

    `at_risk`: the share (0 to 1) of a target after which it is at risk. Tags are put on the card while they are true,
    None leaves that out: `class_tag` (a template with `{class}`) always, `first_reply_late` from the moment the first
    answer is late, `at_risk_tag` and `breached_tag` by the worst of the clocks that run.
    """

    at_risk: float = 0.8
    reopened: Reopened = Reopened.CONTINUES
    class_tag: str | None = None
    first_reply_late: str | None = None
    at_risk_tag: str | None = None
    breached_tag: str | None = None
