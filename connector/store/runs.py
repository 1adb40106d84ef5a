"""Runs of comparison: what they are to look at, and how far they have come."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import Any

from sqlalchemy import Connection, and_, or_, select, update

from connector.domain.drift import Direction
from connector.domain.forgotten import NOBODY
from connector.domain.refs import Ref, TicketId
from connector.domain.ticket import Ticket
from connector.store import codec
from connector.store.among import among
from connector.store.ingest import insert_new, upsert, write_rows
from connector.store.tables import clients, drifts, looked, runs, tickets


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


_run = (runs.c.id, runs.c.scope, runs.c.stage, runs.c.position, runs.c.total, runs.c.checked, runs.c.busy,
        runs.c.reason, runs.c.updated)  # fmt: skip


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
