"""What a restore leaves for the daemon to know: until when a life it does not remember has worked."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from connector.domain.client import Client
from connector.domain.effects import Effect
from connector.domain.events import AgentAttached, AgentCommented, AgentEdited, AgentRemoved, CardSeen, Event
from connector.domain.refs import Key
from connector.domain.restored import Standing, opened_before, standing
from connector.store.ingest import keep_mark, read_mark
from connector.store.tables import State

MARK = "former_life"
LATE = "late:"
"""How the key of a moment begins that came before the restore."""
LOOKING = 86_400.0
"""Seconds after the former life's end during which requests it knew are written on only after a look."""
HELD = "held after a restore: it may have been done before. Retry it if it was not, skip it if it was"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerLife:
    """`until`: its last moment, seconds since the epoch. What it did after the backup was made, nobody remembers."""

    until: float

    def caused_before(self, event: Event, received: float) -> bool:
        """Whether that life may have acted on the event.

        A chat sends again only what nobody confirmed; the board tells again what happened since the backup.
        """
        match event:
            case AgentCommented() | AgentEdited() | AgentRemoved() | AgentAttached() | CardSeen():
                return min(event.at.timestamp(), received) <= self.until
            case _:
                return event.key.startswith(LATE) or received <= self.until

    def order(self, client: Client, effect: Effect, *, before: bool, now: float) -> dict[str, object]:
        """What differs in the outbox for an order of a decision that this life may have made already."""
        known = before or (now < self.until + LOOKING and opened_before(client, effect.ticket, self.until))
        match standing(effect):
            case Standing.HOLD if before:
                return {"state": State.DEAD, "reason": HELD, "ended": now}
            case Standing.LOOK if known:
                return {"attempt": 1}
            case _:
                return {}

    def held(self, effects: Iterable[Effect]) -> list[Effect]:
        """Those among the effects of a decision it may have made already that wait for people."""
        return [effect for effect in effects if standing(effect) is Standing.HOLD]


def late(client: str, now: float) -> Key:
    """The key of a moment that had come before the restore."""
    return Key(f"{LATE}{client}:{now!r}")


def former_life(connection: Connection) -> FormerLife | None:
    """The life before the restore; None where nothing was restored."""
    found = read_mark(connection, MARK)
    return FormerLife(until=float(json.loads(found)["until"])) if found else None


def remember_life(connection: Connection, *, until: float, backup: float, restored: float) -> None:
    """Written by a restore: moments as seconds since the epoch."""
    keep_mark(connection, MARK, json.dumps({"until": until, "backup": backup, "restored": restored}))
