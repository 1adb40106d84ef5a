"""Differences that a comparison found: remembered, mended by orders and events, settled or let be."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from enum import IntEnum

from sqlalchemy import Connection, delete, select, update

from connector.domain.drift import Difference, Kind, towards
from connector.domain.effects import Urgency
from connector.domain.events import HistoryChanged
from connector.domain.refs import ClientId
from connector.ports import Arrival
from connector.store import codec
from connector.store.among import among
from connector.store.ingest import ingest, insert_new, note_own, upsert, wake_lanes, write_rows
from connector.store.routes import BOARD, lane_of
from connector.store.runs import Run, Subject
from connector.store.tables import Noted, State, drifts, journal, outbox, runs

FORGOTTEN = 30 * 86400.0
"""Seconds after which nobody counts any more how often something was mended."""


class Found(IntEnum):
    """What became of a difference."""

    OPEN = 0
    FILED = 1
    """What mends it is on its way."""
    MENDED = 2
    LEFT = 3
    """An operator said that it may stay."""
    FAILED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A difference as it is remembered."""

    id: str
    run: str
    ticket: str
    number: int
    card: str
    kind: str
    what: str
    plan: str
    doubt: str
    state: Found
    times: int
    found: float


_drift = tuple(drifts.c[each.name] for each in fields(Drift))


def note_found(
    connection: Connection, now: float, run: Run, subject: Subject, differences: Sequence[Difference]
) -> list[Difference]:
    """Remembers what differs on this card and files what mends it, as far as the run may. Returns what was filed.

    What an operator let be stays so; what is no longer found is forgotten.
    """
    scope = run.scope
    differences = [each for each in differences if towards(scope.direction, each.kind)]
    of_ticket = select(drifts.c.id, drifts.c.state, drifts.c.times).where(drifts.c.ticket == subject.ticket)
    before = {row.id: row for row in connection.execute(of_ticket)}
    filed: list[Difference] = []
    for each in differences:
        known = before.get(each.id)
        left = known is not None and known.state == Found.LEFT
        named = each.id in scope.items
        wanted = named if scope.items else (each.safe or scope.unsafe) and not left
        mend = bool(each.orders or each.events) and not scope.dry and wanted
        times = known.times if known is not None else 0
        keys = [effect.key for effect in each.orders] + [event.key for event in each.events]
        row = {
            "id": each.id, "run": run.id, "ticket": subject.ticket, "number": subject.number, "card": subject.card.id,
            "kind": each.kind.value, "what": each.what, "plan": each.plan, "doubt": each.doubt, "found": now,
            "state": Found.FILED if mend else Found.LEFT if left else Found.OPEN,
            "times": times + 1 if mend else times, "mends": keys[0] if keys else None,
        }  # fmt: skip
        columns = [name for name in row if name != "id"]
        connection.execute(upsert(connection, drifts, "id", *columns), row)
        if mend:
            filed.append(each)
            _file(connection, now, subject, each)
    gone = [
        name
        for name, row in before.items()
        if name not in {each.id for each in differences} and row.state in (Found.OPEN, Found.LEFT, Found.FAILED)
    ]
    kinds = [kind.value for kind in Kind if towards(scope.direction, kind)]
    if gone:
        connection.execute(delete(drifts).where(drifts.c.id.in_(gone), drifts.c.kind.in_(kinds)))
    return filed


def _file(connection: Connection, now: float, subject: Subject, found: Difference) -> None:
    lane = lane_of(BOARD, ClientId(subject.client), subject.ticket)
    rows = [
        {
            # Counted as tried once: whoever carries it out looks first whether it is there already.
            "key": effect.key, "lane": lane, "port": BOARD, "client": subject.client, "ticket": subject.ticket,
            "kind": codec.kind_of(effect), "effect": codec.write_effect(effect), "urgency": int(Urgency.RESYNC),
            "state": State.WAITING, "attempt": 1, "tries": 0, "created": now,
        }
        for effect in found.orders
    ]  # fmt: skip
    if rows:
        write_rows(connection, insert_new(connection, outbox, "key"), rows)
        wake_lanes(connection, BOARD, [(lane, now, int(Urgency.RESYNC))])
    own = [event for event in found.events if isinstance(event, HistoryChanged)]
    if own:
        note_own(connection, now, own)
    told = [event for event in found.events if not isinstance(event, HistoryChanged)]
    if told:
        raw = json.dumps({"found_by": "comparison"})
        ingest(connection, now, [Arrival(key=event.key, raw=raw, event=event) for event in told])


def settle_found(connection: Connection, run: str) -> tuple[int, list[str]]:
    """Looks what became of what was filed. Returns how many are still on their way, and the kinds mended just now."""
    rows = connection.execute(
        select(drifts.c.id, drifts.c.mends, drifts.c.kind).where(drifts.c.run == run, drifts.c.state == Found.FILED)
    ).all()
    if not rows:
        return 0, []
    keys = [row.mends for row in rows]
    orders = {
        row.key: row.state
        for row in connection.execute(
            select(outbox.c.key, outbox.c.state).where(among(outbox.c.key, "keys")), {"keys": keys}
        )
    }
    events = {
        row.key: row.state
        for row in connection.execute(
            select(journal.c.key, journal.c.state).where(among(journal.c.key, "keys")), {"keys": keys}
        )
    }
    ended: dict[Found, list[str]] = {Found.MENDED: [], Found.FAILED: []}
    kinds, waiting = [], 0
    for row in rows:
        if row.mends in orders:
            over = orders[row.mends] >= State.DONE
            well = orders[row.mends] == State.DONE
        else:
            state = events.get(row.mends, Noted.DECIDED)
            over, well = state != Noted.NEW, state in (Noted.DECIDED, Noted.OWN)
        if not over:
            waiting += 1
            continue
        ended[Found.MENDED if well else Found.FAILED].append(row.id)
        if well:
            kinds.append(row.kind)
    for state, ids in ended.items():
        if ids:
            connection.execute(update(drifts).where(among(drifts.c.id, "ids")).values(state=state), {"ids": ids})
    return waiting, kinds


def report(
    connection: Connection, *, run: str | None = None, states: Collection[Found] = (Found.OPEN, Found.FAILED)
) -> list[Drift]:
    """Differences as they are remembered: of one run, or all of those states; by number."""
    wanted = select(*_drift).order_by(drifts.c.number, drifts.c.kind, drifts.c.id)
    if run is not None:
        wanted = wanted.where(drifts.c.run == run)
    else:
        wanted = wanted.where(drifts.c.state.in_([int(state) for state in states]))
    return [
        Drift(**{**row._mapping, "state": Found(row.state)})
        for row in connection.execute(wanted)
    ]  # fmt: skip


def let_be(connection: Connection, ids: Sequence[str]) -> list[str]:
    """These differences may stay as they are. Returns those that are known."""
    known = list(connection.execute(select(drifts.c.id).where(drifts.c.id.in_(ids))).scalars())
    connection.execute(update(drifts).where(drifts.c.id.in_(known)).values(state=Found.LEFT))
    return known


def forget_old(connection: Connection, now: float) -> None:
    """Runs and mended differences of long ago."""
    before = now - FORGOTTEN
    connection.execute(delete(runs).where(runs.c.updated < before))
    connection.execute(delete(drifts).where(drifts.c.state == Found.MENDED, drifts.c.found < before))
