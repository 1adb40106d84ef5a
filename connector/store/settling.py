"""What came of orders: written down under their fence, told to their clients, and swept when it is old."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, literal_column, select, text, update

from connector.domain.decide import listens
from connector.domain.effects import (
    AddComment,
    AnswerTap,
    AttachSla,
    BindCard,
    CreateCard,
    DetachSla,
    EditComment,
    Effect,
    LinkCard,
    React,
    SetBlock,
    SetDeadline,
    UnlinkCard,
    Urgency,
)
from connector.domain.events import Done, Failed, Refusal
from connector.domain.refs import Key, Ref
from connector.store.among import among
from connector.store.claiming import Claim
from connector.store.ingest import insert_new, note, note_own, storable, write_rows
from connector.store.routes import BOARD
from connector.store.tables import PASSING, Noted, State, lanes, made, outbox, unfinished

DECIDED_WITHIN = 1.0
"""Seconds the decision gets to order a new card before an order that met a lost one is looked at again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """It was done; `refs` is what it made."""

    refs: tuple[Ref, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """Not now. The order waits until `wait` seconds from now; unless `surely_not_done`, the attempt counts."""

    reason: str
    wait: float
    surely_not_done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Never."""

    refusal: Refusal
    reason: str


Outcome = Made | Later | Refused


@dataclass(slots=True, kw_only=True)
class Settled:
    """What settling did: `stale` claims had lost their lane meanwhile and changed nothing; `dead` were given up.

    `at` is the moment.
    """

    at: float
    stale: list[Key] = field(default_factory=list)
    dead: int = 0


_fences = select(lanes.c.key, lanes.c.fence).where(among(lanes.c.key, "keys"))
_fences_shared = _fences.order_by(lanes.c.key).with_for_update()
_release = (
    update(lanes).where(among(lanes.c.key, "keys")).values(due=bindparam("at"), holder=None, urgency=bindparam("class"))
)
# No open order is more urgent than its lane is said to be, so the first one as urgent tells; all are looked through
# only after the last of the most urgent is done: a lane may be thousands of orders long.
_open = select(outbox.c.urgency).where(unfinished, outbox.c.lane == lanes.c.key).correlate(lanes)
_left = select(
    lanes.c.key,
    func.coalesce(
        _open.where(outbox.c.urgency <= lanes.c.urgency).limit(literal_column("1")).scalar_subquery(),
        _open.with_only_columns(func.min(outbox.c.urgency)).scalar_subquery(),
    ).label("urgency"),
).where(among(lanes.c.key, "keys"))
_end = (
    update(outbox)
    .where(among(outbox.c.seq, "rows"))
    .values(state=bindparam("to"), reason=bindparam("why"), ended=bindparam("at"), joined=None)
)
_again = (
    update(outbox)
    .where(among(outbox.c.seq, "rows"))
    .values(state=State.WAITING, attempt=bindparam("counted"), reason=bindparam("why"))
)
_apart = update(outbox).where(among(outbox.c.seq, "rows")).values(state=State.WAITING, joined=None, attempt=0)


def settle(connection: Connection, now: float, outcomes: Sequence[tuple[Claim, Outcome]]) -> Settled:
    """Writes down what came of orders, tells the clients' lanes, and starts or releases each order's lane.

    A claim whose fence was passed by somebody else changes nothing: whoever holds the lane now looks before writing.
    """
    settled = Settled(at=now)
    fences = _fences_shared if connection.dialect.name == "postgresql" else _fences
    found = {
        row.key: row.fence
        for row in connection.execute(fences, {"keys": sorted({claim.lane for claim, _ in outcomes})})
    }
    came = _Came(now=now)
    for claim, outcome in outcomes:
        if found.get(claim.lane) == claim.fence:
            came.of(claim, outcome)
        else:
            settled.stale.append(claim.order.key)
    came.save(connection)
    settled.dead = sum(len(rows) for (state, _), rows in came.ended.items() if state is State.DEAD)
    return settled


class _Came:
    """All that came of the orders of one transaction, written in as few statements as there are ways to end."""

    def __init__(self, *, now: float) -> None:
        self.now = now
        self.at = datetime.fromtimestamp(now, UTC)
        self.ended: dict[tuple[State, str | None], list[int]] = defaultdict(list)
        self.again: dict[tuple[int, str], list[int]] = defaultdict(list)
        self.apart: list[int] = []
        self.things: list[dict[str, Any]] = []
        self.own: list[dict[str, Any]] = []
        self.events: list[Done | Failed] = []
        self.due: dict[str, float] = {}

    def of(self, claim: Claim, outcome: Outcome) -> None:
        """One order whose lane is still ours."""
        effect, key = claim.order.effect, claim.order.key
        self.due[claim.lane] = self.now
        match outcome:
            case Made(refs=refs):
                self.ended[State.DONE, None] += claim.rows
                self.things += _things(effect, key, refs)
                if isinstance(effect, AddComment | EditComment):
                    self.own += [_own(ref, self.now) for ref in refs]
                if listens(effect):
                    done = Done(key=Key(f"done:{key}"), at=self.at, client=claim.client, effect=effect, made=refs)
                    self.events.append(done)
            case Later(reason=reason, wait=seconds, surely_not_done=untouched):
                counted = claim.order.attempt - 1 if untouched else claim.order.attempt
                self.again[counted, storable(reason)] += claim.rows
                self.due[claim.lane] = self.now + seconds
            case Refused(reason=reason) if isinstance(effect, LinkCard | UnlinkCard | AttachSla | DetachSla):
                # Words on both cards tell of the bond too, and our own clocks run without the board's.
                self.ended[State.DONE, storable(reason)].append(claim.seq)
            case Refused(refusal=Refusal.GONE, reason=reason) if isinstance(effect, SetBlock | SetDeadline):
                # Whatever card takes its place is made with the block and the deadline of then.
                self.ended[State.DONE, storable(reason)].append(claim.seq)
            case Refused(refusal=Refusal.GONE, reason=reason) if claim.port == BOARD and not isinstance(
                effect, CreateCard | BindCard
            ):
                # The card is gone, the words are not: they wait for the card that the decision will order.
                self.again[0, storable(reason)] += claim.rows
                self.due[claim.lane] = self.now + DECIDED_WITHIN
                self.events.append(self._failed(claim, Refusal.GONE, reason, suffix=f":{claim.fence}"))
            case Refused(reason=reason) if isinstance(effect, React | AnswerTap):
                # A sign that could not be given is nobody's dead letter.
                self.ended[State.DONE, storable(reason)].append(claim.seq)
            case Refused() if len(claim.rows) > 1:
                self.apart += claim.rows
            case Refused(refusal=refusal, reason=reason):
                self.ended[State.DEAD, storable(f"{refusal}: {reason}")].append(claim.seq)
                self.events.append(self._failed(claim, refusal, reason))

    def _failed(self, claim: Claim, refusal: Refusal, reason: str, suffix: str = "") -> Failed:
        return Failed(
            key=Key(f"failed:{claim.order.key}{suffix}"), at=self.at, client=claim.client, effect=claim.order.effect,
            refusal=refusal, reason=storable(reason),
        )  # fmt: skip

    def save(self, connection: Connection) -> None:
        for (state, why), rows in self.ended.items():
            connection.execute(_end, {"rows": rows, "to": state, "why": why, "at": self.now})
        for (counted, reason), rows in self.again.items():
            connection.execute(_again, {"rows": rows, "counted": counted, "why": reason})
        if self.apart:
            connection.execute(_apart, {"rows": self.apart})
        write_rows(connection, insert_new(connection, made, "key", "place"), self.things)
        note(connection, self.own)
        if self.due:
            self._release(connection)
        if self.events:
            note_own(connection, self.now, self.events)

    def _release(self, connection: Connection) -> None:
        alike: dict[tuple[float | None, int], list[str]] = defaultdict(list)
        for row in connection.execute(_left, {"keys": list(self.due)}):
            if row.urgency is None:
                alike[None, int(Urgency.RESYNC)].append(row.key)
            else:
                alike[self.due[row.key], row.urgency].append(row.key)
        for (due, urgency), lanes_ in alike.items():
            connection.execute(_release, {"keys": lanes_, "at": due, "class": urgency})


def revive_creations(connection: Connection, now: float) -> int:
    """Cards that could not be created get another chance (the mapping may have been mended). Returns how many."""
    dead = connection.execute(
        select(outbox.c.seq, outbox.c.lane).where(outbox.c.state == State.DEAD, outbox.c.kind == "CreateCard")
    ).all()
    for row in dead:
        connection.execute(update(outbox).where(outbox.c.seq == row.seq).values(state=State.WAITING))
        connection.execute(update(lanes).where(lanes.c.key == row.lane, lanes.c.holder.is_(None)).values(due=now))
    return len(dead)


def sweep(connection: Connection, before: float, limit: int = 500) -> int:
    """Deletes finished orders that ended before that moment, a small batch at a time. Returns how many went.

    What made a card as it is stays for as long as anybody may ask why.
    """
    old = select(outbox.c.seq).where(text(PASSING), outbox.c.ended < before).limit(limit)
    return connection.execute(delete(outbox).where(outbox.c.seq.in_(old))).rowcount


def _things(effect: Effect, key: Key, refs: tuple[Ref, ...]) -> list[dict[str, Any]]:
    """A joined comment is what each of its messages made."""
    joined = isinstance(effect, AddComment) and len(effect.sections) > 1
    keys = [section.key for section in effect.sections] if isinstance(effect, AddComment) and joined else [key]
    return [
        {"key": each, "place": place, "port": ref.port, "id": ref.id, "ticket": effect.ticket}
        for each in keys
        for place, ref in enumerate(refs)
    ]


def _own(ref: Ref, now: float) -> dict[str, Any]:
    return {
        "key": ref.key, "client": None, "kind": "Own", "at": now, "received": now, "raw": None, "event": None,
        "state": Noted.OWN, "reason": None,
    }  # fmt: skip
