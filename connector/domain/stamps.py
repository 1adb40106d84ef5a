"""How a request stands after what was stamped on it, and which stamps an event adds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connector.domain.ticket import Phase, Stamp, What


class Pause(StrEnum):
    """Why time does not count."""

    UNOPENED = "unopened"
    """The client had not yet said what the request is about."""
    WAITING = "waiting"
    """It is the client's turn."""
    COLUMN = "column"
    """The card stands where clocks stand still."""
    BLOCKED = "blocked"
    """The client has stopped the bot: nothing can reach them."""
    CLOSED = "closed"
    OFF_HOURS = "off_hours"
    HOLIDAY = "holiday"


@dataclass(slots=True, kw_only=True)
class Standing:
    """How things stand after some stamps."""

    asked: bool = False
    """Whether the client has ever written on it."""
    opened: bool = False
    pending: bool = False
    """Whether words of the client wait for an answer."""
    spoke: bool = False
    """Whether the client has spoken since we began to wait for them, or answered them."""
    phase: Phase = Phase.QUEUE
    service_class: str = ""
    topic: str = ""
    blocked: bool = False
    paused: bool = False

    def apply(self, stamp: Stamp) -> None:
        """Goes on by one stamp."""
        match stamp.what:
            case What.ASKED:
                self.asked = self.pending = self.spoke = True
            case What.OPENED:
                self.opened, self.topic = True, stamp.value or self.topic
            case What.ANSWERED:
                self.pending = self.spoke = False
            case What.PHASE:
                self.phase = Phase(stamp.value)
                if self.phase is Phase.DONE:
                    self.pending = False
                if self.phase in (Phase.DONE, Phase.WAITING):
                    self.spoke = False
            case What.CLASS:
                self.service_class = stamp.value
            case What.TOPIC:
                self.topic = stamp.value
            case What.BLOCKED | What.RETURNED:
                self.blocked = stamp.what is What.BLOCKED
            case What.PAUSED | What.RESUMED:
                self.paused = stamp.what is What.PAUSED
            case What.CARRIED:
                self.asked = True
                measure, _, seconds = stamp.value.partition(" ")
                if seconds and measure != "resolution":
                    self.pending = self.spoke = True

    @property
    def waiting(self) -> bool:
        """Whether it is the client's turn: their words end that, whatever column the card is still in."""
        return self.phase is Phase.WAITING and not self.spoke

    @property
    def pause(self) -> Pause | None:
        """Why clocks stand still, whatever the hour; None while they do not."""
        if self.phase is Phase.DONE:
            return Pause.CLOSED
        if not self.opened:
            return Pause.UNOPENED
        if self.blocked:
            return Pause.BLOCKED
        if self.paused:
            return Pause.COLUMN
        return Pause.WAITING if self.waiting else None


def standing(stamps: Iterable[Stamp]) -> Standing:
    """How things stand after these stamps."""
    found = Standing()
    for stamp in stamps:
        found.apply(stamp)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """How a request is now: what its stamps must come to. `asked` and `answered`: whether that has just happened."""

    at: datetime
    asked: datetime | None
    answered: bool
    phase: Phase
    service_class: str
    topic: str
    blocked: bool
    paused: bool
    by: str = ""


def stamped(stamps: tuple[Stamp, ...], present: Present) -> tuple[Stamp, ...]:
    """The stamps with what is new in `present`; the very same tuple where nothing is.

    A later round of words and answer that left no trace in any pause is settled as soon as it is answered, and its
    stamps are dropped; so a long talk makes no long list.
    """
    now = standing(stamps)
    # What was read late does not go back behind what was stamped before.
    at = max(present.at, stamps[-1].at) if stamps else present.at
    phase = Phase.QUEUE if present.phase is Phase.OPENING else present.phase
    fresh: list[Stamp] = []
    if not now.opened:
        if not now.asked:
            fresh.append(Stamp(at=min(present.asked or at, at), what=What.ASKED))
        fresh.append(Stamp(at=at, what=What.OPENED, value=present.topic))
    elif present.topic != now.topic:
        fresh.append(Stamp(at=at, what=What.TOPIC, value=present.topic, by=present.by))
    if present.service_class != now.service_class:
        by = present.by if now.opened else ""
        fresh.append(Stamp(at=at, what=What.CLASS, value=present.service_class, by=by))
    if phase is not now.phase:
        fresh.append(Stamp(at=at, what=What.PHASE, value=phase.value, by=present.by))
        now.apply(fresh[-1])
    if present.asked is not None and now.opened and phase is not Phase.DONE and (not now.pending or now.waiting):
        said = max(present.asked, stamps[-1].at)
        fresh.append(Stamp(at=said, what=What.ASKED))
        now.apply(fresh[-1])
    if present.answered and (now.pending or now.spoke):
        dropped = _without_round(stamps, now) if not fresh else None
        if dropped is not None:
            stamps = dropped
        else:
            fresh.append(Stamp(at=at, what=What.ANSWERED, by=present.by))
    if present.blocked != now.blocked:
        fresh.append(Stamp(at=at, what=What.BLOCKED if present.blocked else What.RETURNED))
    if present.paused != now.paused:
        fresh.append(Stamp(at=at, what=What.PAUSED if present.paused else What.RESUMED))
    return (*stamps, *fresh) if fresh else stamps


def _without_round(stamps: tuple[Stamp, ...], now: Standing) -> tuple[Stamp, ...] | None:
    """The stamps without the words that are answered now, where they were not the first and ended no wait for us."""
    if now.phase is Phase.WAITING:
        return None
    place = max((number for number, stamp in enumerate(stamps) if stamp.what is What.ASKED), default=0)
    before = standing(stamps[:place])
    first = all(stamp.what not in (What.ANSWERED, What.CARRIED) for stamp in stamps[:place])
    if first or before.pending or before.waiting:
        return None
    return (*stamps[:place], *stamps[place + 1 :])
