"""Runs of comparison: what they are to look at, how far they have come, and what they found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from enum import IntEnum
from typing import Any

from sqlalchemy import Connection, and_, delete, func, or_, select, update

from connector.domain.drift import Difference, Direction, Kind, towards
from connector.domain.effects import Urgency
from connector.domain.events import HistoryChanged
from connector.domain.forgotten import NOBODY
from connector.domain.refs import ClientId, Ref, TicketId
from connector.domain.ticket import Ticket
from connector.ports import Arrival
from connector.store import codec
from connector.store.among import among
from connector.store.ingest import ingest, insert_new, note_own, upsert, wake_lanes, write_rows
from connector.store.routes import BOARD, lane_of
from connector.store.tables import Noted, State, clients, drifts, journal, looked, outbox, runs, tickets

FORGOTTEN = 30 * 86400.0
"""Seconds after which nobody counts any more how often something was mended."""


class Stage(IntEnum):
    """Where a run stands."""

    WAITING = 0
    RUNNING = 1
    STOPPING = 2
    """Somebody asked it to stop after the card in hand."""
    STOPPED = 3
    DONE = 4
    FAILED = 5
    """The board could not be read: nothing was inferred from what had been read till then."""


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
class Scope:
    """Which cards a run looks at, and what it may do. Nothing named: all of them.

    `since` and `until` (seconds since the epoch): requests that were open at some time between them. `items` are ids of
    differences that are mended though they are doubtful; `unsafe`: all such. `full`: every card is read whole, also
    those that look untouched. `heal`: the daemon's own run.
    """

    cards: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    cabinets: tuple[str, ...] = ()
    boards: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    since: float | None = None
    until: float | None = None
    direction: Direction = Direction.BOTH
    dry: bool = False
    unsafe: bool = False
    items: tuple[str, ...] = ()
    full: bool = False
    heal: bool = False

    @property
    def narrow(self) -> bool:
        """Whether single cards or people are named: then every one is read whole."""
        return bool(self.cards or self.clients or self.cabinets or self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as it stands; `position` is the number of the last request looked at."""

    id: str
    scope: Scope
    stage: Stage
    position: int
    total: int
    checked: int
    busy: int
    reason: str | None
    updated: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A request to be looked at. `books` is a fingerprint of what it says by now under the mapping in force."""

    number: int
    ticket: TicketId
    client: str
    card: Ref
    board: str | None
    books: str


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


_run = (runs.c.id, runs.c.scope, runs.c.stage, runs.c.position, runs.c.total, runs.c.checked, runs.c.busy,
        runs.c.reason, runs.c.updated)  # fmt: skip
_drift = tuple(drifts.c[each.name] for each in fields(Drift))


# ---- runs


def file_run(connection: Connection, now: float, run: str, scope: Scope) -> None:
    """A run to be carried out by whoever gets to it first."""
    row = {"id": run, "scope": json.dumps(asdict(scope)), "stage": Stage.WAITING, "position": 0, "total": 0,
           "checked": 0, "busy": 0, "created": now, "updated": now}  # fmt: skip
    write_rows(connection, insert_new(connection, runs, "id"), [row])


def read_run(connection: Connection, run: str) -> Run | None:
    """The run of that name."""
    row = connection.execute(select(*_run).where(runs.c.id == run)).first()
    return _as_run(row) if row is not None else None


def unfinished_run(connection: Connection) -> Run | None:
    """The latest run of a person's that did not come to its end."""
    ended = (Stage.DONE,)
    rows = connection.execute(select(*_run).where(runs.c.stage.not_in(ended)).order_by(runs.c.created.desc()))
    return next((found for found in map(_as_run, rows) if not found.scope.heal), None)


def next_run(connection: Connection, stale: float) -> Run | None:
    """The run to be carried out now: one that waits, or one whose bearer gave no sign since `stale`."""
    waits = runs.c.stage == Stage.WAITING
    orphan = and_(runs.c.stage.in_((Stage.RUNNING, Stage.STOPPING)), runs.c.updated < stale)
    row = connection.execute(select(*_run).where(or_(waits, orphan)).order_by(runs.c.created).limit(1)).first()
    return _as_run(row) if row is not None else None


def heal_run(connection: Connection) -> Run | None:
    """The daemon's own run that did not come to its end."""
    rows = connection.execute(select(*_run).where(runs.c.stage.not_in((Stage.DONE, Stage.FAILED))))
    return next((found for found in map(_as_run, rows) if found.scope.heal), None)


def change_run(connection: Connection, now: float, run: str, **values: object) -> None:
    """Writes these columns; always a sign of life."""
    connection.execute(update(runs).where(runs.c.id == run).values(updated=now, **values))


def ask_to_stop(connection: Connection, now: float, run: str) -> None:
    """The card in hand is finished first; a run nobody has begun stops at once."""
    for was, will in ((Stage.WAITING, Stage.STOPPED), (Stage.RUNNING, Stage.STOPPING)):
        which = and_(runs.c.id == run, runs.c.stage == was)
        connection.execute(update(runs).where(which).values(updated=now, stage=will))


def forget_old(connection: Connection, now: float) -> None:
    """Runs and mended differences of long ago."""
    before = now - FORGOTTEN
    connection.execute(delete(runs).where(runs.c.updated < before))
    connection.execute(delete(drifts).where(drifts.c.state == Found.MENDED, drifts.c.found < before))


def _as_run(row: Any) -> Run:
    told: dict[str, Any] = json.loads(row.scope)
    told["direction"] = Direction(told["direction"])
    lists: dict[str, Any] = {name: tuple(each) if isinstance(each, list) else each for name, each in told.items()}
    return Run(
        id=row.id, scope=Scope(**lists), stage=Stage(row.stage), position=row.position, total=row.total,
        checked=row.checked, busy=row.busy, reason=row.reason, updated=row.updated,
    )  # fmt: skip


# ---- what to look at


def subjects(
    connection: Connection, scope: Scope, version: str, *, after: int, limit: int
) -> tuple[list[Subject], int | None]:
    """Requests of the scope whose number is higher than `after`, and where to go on (None: that was all).

    Looks through `limit` of those that have a card; `version` is the mapping's.
    """
    chosen = select(tickets.c.number, tickets.c.client, tickets.c.state).where(
        tickets.c.card.is_not(None),
        tickets.c.number > after,
        tickets.c.client.not_like(f"{NOBODY}%"),  # the books of those who were forgotten are empty on purpose
        tickets.c.client.in_(select(clients.c.id)),
    )
    for names, column in ((scope.clients, tickets.c.client), (scope.cabinets, tickets.c.cabinet)):
        if names:
            chosen = chosen.where(column.in_(names))
    if scope.cards:
        chosen = chosen.where(or_(tickets.c.card.in_(scope.cards), tickets.c.id.in_(scope.cards)))
    if scope.items:
        chosen = chosen.where(tickets.c.id.in_(select(drifts.c.ticket).where(drifts.c.id.in_(scope.items))))
    rows = connection.execute(chosen.order_by(tickets.c.number).limit(limit)).all()
    found = []
    for row in rows:
        ticket = codec.read_ticket(row.state)
        if ticket.card is not None and _meant(scope, ticket):
            mark = hashlib.blake2b(f"{version}\0{row.state}".encode(), digest_size=8).hexdigest()
            found.append(
                Subject(
                    number=row.number, ticket=ticket.id, client=row.client, card=ticket.card, board=ticket.board,
                    books=mark,
                )
            )  # fmt: skip
    return found, rows[-1].number if len(rows) == limit else None


def _meant(scope: Scope, ticket: Ticket) -> bool:
    if scope.topics and ticket.topic not in scope.topics:
        return False
    if scope.boards and ticket.board not in scope.boards:
        return False
    if scope.until is not None and ticket.opened_at.timestamp() >= scope.until:
        return False
    return scope.since is None or ticket.closed_at is None or ticket.closed_at.timestamp() >= scope.since


def marks_of(connection: Connection, ids: Collection[str]) -> dict[str, tuple[str, str]]:
    """(mark of the board, fingerprint of the books) with which each card was last looked at."""
    rows = connection.execute(
        select(looked.c.ticket, looked.c.mark, looked.c.books).where(among(looked.c.ticket, "ids")), {"ids": list(ids)}
    )
    return {row.ticket: (row.mark, row.books) for row in rows}


def note_look(connection: Connection, now: float, subject: Subject, mark: str) -> None:
    """The card needs no further look until the board or the books say something else."""
    row = {"ticket": subject.ticket, "mark": mark, "books": subject.books, "at": now}
    connection.execute(upsert(connection, looked, "ticket", "mark", "books", "at"), row)


# ---- what was found


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


def counts(connection: Connection) -> Mapping[str, int]:
    """How many differences are open, by kind."""
    rows = connection.execute(
        select(drifts.c.kind, func.count().label("many"))
        .where(drifts.c.state.in_((Found.OPEN, Found.FAILED)))
        .group_by(drifts.c.kind)
    )
    return {row.kind: row.many for row in rows}


def let_be(connection: Connection, ids: Sequence[str]) -> list[str]:
    """These differences may stay as they are. Returns those that are known."""
    known = list(connection.execute(select(drifts.c.id).where(drifts.c.id.in_(ids))).scalars())
    connection.execute(update(drifts).where(drifts.c.id.in_(known)).values(state=Found.LEFT))
    return known
