"""What operators ask the store: how everything stands, and what happened to one client, request or card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, Table, case, func, select, text

from connector.domain.client import Client
from connector.domain.effects import Urgency
from connector.domain.events import Event
from connector.domain.incident import is_incident
from connector.domain.record import NotedEvent, QueuedOrder
from connector.domain.refs import ClientId, Key, Ref, TicketId
from connector.domain.ticket import Ticket
from connector.store import codec
from connector.store.among import among
from connector.store.tables import (
    ASIDE,
    PASSING,
    Found,
    Noted,
    State,
    clients,
    journal,
    lanes,
    leases,
    made,
    outbox,
    tickets,
    undecided,
    unfinished,
)

STUCK = 5
"""An order tried so often is shown among those that need a person, though it goes on trying."""
LATE_COMMIT = 60.0
"""Seconds by which rows may be older than those before them: a number is taken before the transaction ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """The open orders of one side and class. `backing_off` wait out a failure, `cardless` wait for their card."""

    port: str
    urgency: Urgency
    orders: int
    carried_out: int
    backing_off: int
    cardless: int
    oldest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """A request whose client wrote last."""

    number: int
    ticket: TicketId
    topic: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """How everything stands at `now`. `readers`: (side, holder, until) of who reads where several daemons share."""

    now: datetime
    readers: tuple[tuple[str, str, datetime], ...]
    queues: tuple[Queue, ...]
    events: int
    oldest_event: datetime | None
    aside: tuple[tuple[str, int], ...]
    dead: tuple[tuple[str, int], ...]
    stuck: int
    requests: tuple[tuple[str, str, int], ...]
    """(topic, phase, how many) of the open ones."""
    unanswered: tuple[Unanswered, ...]
    """Longest waiting first."""
    last_event: datetime | None
    last_order: datetime | None


def moment(seconds: float | None) -> datetime | None:
    """A stored moment."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def overview(connection: Connection, now: float) -> Overview:
    """Everything `connector status` shows, in a few statements."""
    waits = connection.execute(select(func.count(), func.min(journal.c.received)).where(undecided)).one()
    aside = connection.execute(
        select(journal.c.state, func.count()).where(text(ASIDE)).group_by(journal.c.state).order_by(journal.c.state)
    )
    dead = connection.execute(
        select(outbox.c.kind, func.count())
        .where(text("outbox.state = 3"))
        .group_by(outbox.c.kind)
        .order_by(outbox.c.kind)
    )
    open_tickets = open_requests(connection)
    counted = Counter((ticket.topic, ticket.phase.value) for ticket in open_tickets)
    unanswered = [
        Unanswered(number=each.number, ticket=each.id, topic=each.topic, since=each.client_at)
        for each in open_tickets
        if each.latest is not None and each.client_at is not None
    ]
    last_event = connection.execute(select(journal.c.received).order_by(journal.c.seq.desc()).limit(1)).scalar()
    last_order = connection.execute(
        select(outbox.c.ended).where(text(PASSING)).order_by(outbox.c.ended.desc()).limit(1)
    ).scalar()
    return Overview(
        now=_at(now),
        readers=tuple(
            (row.name.removeprefix("read:"), row.holder, _at(row.until))
            for row in connection.execute(select(leases).where(leases.c.name.like("read:%")).order_by(leases.c.name))
        ),
        queues=_queues(connection, now),
        events=waits[0],
        oldest_event=moment(waits[1]),
        aside=tuple((Noted(state).name.lower(), count) for state, count in aside),
        dead=tuple((kind, count) for kind, count in dead),
        stuck=connection.execute(
            select(func.count()).select_from(outbox).where(unfinished, outbox.c.tries >= STUCK)
        ).scalar_one(),
        requests=tuple((topic, phase, count) for (topic, phase), count in sorted(counted.items())),
        unanswered=tuple(sorted(unanswered, key=lambda each: (each.since, each.number))),
        last_event=moment(last_event),
        last_order=moment(last_order),
    )


def _queues(connection: Connection, now: float) -> tuple[Queue, ...]:
    held = case((lanes.c.holder.is_not(None), 1), else_=0)
    later = case((lanes.c.holder.is_(None) & (lanes.c.due > now), 1), else_=0)
    cardless = case((lanes.c.due.is_(None), 1), else_=0)
    rows = connection.execute(
        select(
            outbox.c.port, outbox.c.urgency, func.count().label("orders"), func.min(outbox.c.created).label("oldest"),
            func.sum(held).label("held"), func.sum(later).label("later"), func.sum(cardless).label("cardless"),
        )
        .join(lanes, lanes.c.key == outbox.c.lane)
        .where(unfinished)
        .group_by(outbox.c.port, outbox.c.urgency)
        .order_by(outbox.c.port, outbox.c.urgency)
    )  # fmt: skip
    return tuple(
        Queue(
            port=row.port, urgency=Urgency(row.urgency), orders=row.orders, carried_out=row.held,
            backing_off=row.later, cardless=row.cardless, oldest=_at(row.oldest),
        )
        for row in rows
    )  # fmt: skip


# ---- one request, one client


def live_tickets(connection: Connection) -> Iterator[Ticket]:
    """Every open request, and the latest closed ones of each client."""
    for row in connection.execute(select(tickets.c.state).where(text("tickets.live")).order_by(tickets.c.number)):
        yield codec.read_ticket(row.state)


def open_requests(connection: Connection) -> list[Ticket]:
    """What clients have open; an incident's own card is none of it."""
    return [ticket for ticket in live_tickets(connection) if ticket.open and not is_incident(ticket.client)]


def tickets_where(
    connection: Connection,
    *,
    id: str | None = None,
    number: int | None = None,
    card: str | None = None,
    client: str | None = None,
) -> tuple[Ticket, ...]:
    """Requests by their id, their number, the id of the card they have (whatever its port), or their client."""
    asked = [
        column == value
        for column, value in (
            (tickets.c.id, id), (tickets.c.number, number), (tickets.c.card, card), (tickets.c.client, client)
        )
        if value is not None
    ]  # fmt: skip
    rows = connection.execute(select(tickets.c.state).where(*asked).order_by(tickets.c.number))
    return tuple(codec.read_ticket(row.state) for row in rows)


def ticket_of_former_card(connection: Connection, card: str) -> tuple[Ticket, ...]:
    """Requests that an order of ours made this card for, though they have another one by now."""
    rows = connection.execute(
        select(made.c.ticket).where(made.c.id == card, made.c.ticket.is_not(None)).distinct()
    ).scalars()
    return tuple(ticket for each in rows for ticket in tickets_where(connection, id=each))


def cards_with_files(connection: Connection, most: int) -> tuple[Ref, ...]:
    """The cards to which we brought a file last, as far as the orders are still kept: the latest first."""
    brought = (
        select(outbox.c.ticket)
        .where(
            outbox.c.kind.in_(("AddComment", "AddFiles")), outbox.c.state == int(State.DONE),
            outbox.c.effect.contains('"files":[{'),
        )
        .order_by(outbox.c.seq.desc())
        .limit(most * 10)
    )  # fmt: skip
    found: dict[Ref, None] = {}
    for ticket in dict.fromkeys(connection.execute(brought).scalars()):
        found |= dict.fromkeys(each.card for each in tickets_where(connection, id=ticket) if each.card is not None)
    return tuple(found)[:most]


def client_of_id(connection: Connection, client: str) -> Client | None:
    """The client of that id, without tickets."""
    state = connection.execute(select(clients.c.state).where(clients.c.id == client)).scalar()
    return None if state is None else codec.read_client(state)


def events_of(connection: Connection, client: ClientId) -> tuple[NotedEvent, ...]:
    """Everything that happened to a client, in order."""
    rows = connection.execute(select(*_noted).where(journal.c.client == client).order_by(journal.c.seq))
    return tuple(noted(row) for row in rows)


def orders_of(connection: Connection, client: ClientId) -> tuple[QueuedOrder, ...]:
    """Every order for a client that is remembered, in order."""
    return orders_where(connection, outbox.c.client == client)


def made_by(connection: Connection, keys: Collection[str]) -> dict[Key, tuple[tuple[Ref, ...], TicketId | None]]:
    """What orders of these keys made, and for which request: remembered longer than the orders."""
    found: dict[Key, tuple[tuple[Ref, ...], TicketId | None]] = {}
    for row in connection.execute(_things, {"keys": list(keys)}) if keys else ():
        before = found.get(Key(row.key), ((), None))[0]
        found[Key(row.key)] = ((*before, Ref(port=row.port, id=row.id)), row.ticket)
    return found


def known_events(connection: Connection, keys: Collection[str]) -> set[str]:
    """Those of the keys that the journal has."""
    return set(connection.execute(_known, {"keys": list(keys)}).scalars()) if keys else set()


# ---- by time


def first_event_since(connection: Connection, at: float) -> int:
    """A row of the journal before which all rows are older than `at`; found by halving, since no index knows times."""
    return _first_since(connection, journal, "received", at)


def first_order_since(connection: Connection, at: float) -> int:
    """The same in the outbox, by when orders were given."""
    return _first_since(connection, outbox, "created", at)


def _first_since(connection: Connection, table: Table, column: str, at: float) -> int:
    ends = connection.execute(select(func.min(table.c.seq), func.max(table.c.seq))).one()
    if ends[0] is None:
        return 0
    low, high = int(ends[0]), int(ends[1]) + 1
    following = select(table.c.seq, table.c[column]).order_by(table.c.seq).limit(1)
    while low < high:
        middle = (low + high) // 2
        row = connection.execute(following.where(table.c.seq >= middle)).first()
        if row is None or row[1] >= at - LATE_COMMIT:
            high = middle
        else:
            low = int(row[0]) + 1
    return low


def events_from(
    connection: Connection, seq: int, *, limit: int, kinds: Sequence[str] = (), raw: bool = False
) -> tuple[NotedEvent, ...]:
    """The journal from that row on; `kinds` are those wanted, all when none are named."""
    asked = [journal.c.seq >= seq, *([journal.c.kind.in_(kinds)] if kinds else [])]
    rows = connection.execute(select(*_noted).where(*asked).order_by(journal.c.seq).limit(limit))
    return tuple(noted(row) for row in rows)


def orders_from(connection: Connection, seq: int, *, limit: int) -> tuple[QueuedOrder, ...]:
    """The outbox from that row on."""
    return orders_where(connection, outbox.c.seq >= seq, limit=limit)


def orders_by_seq(connection: Connection, rows: Collection[int]) -> tuple[QueuedOrder, ...]:
    """These rows of the outbox, as they stand; those swept are missing."""
    return orders_where(connection, among(outbox.c.seq, "rows"), values={"rows": sorted(rows)}) if rows else ()


# ---- rows as what they say

_noted = (
    journal.c.seq, journal.c.key, journal.c.client, journal.c.kind, journal.c.at, journal.c.received, journal.c.state,
    journal.c.reason, journal.c.policy, journal.c.event,
)  # fmt: skip


def noted(row: Found) -> NotedEvent:
    """A row of the journal; an event that this version cannot read is None."""
    return NotedEvent(
        seq=row.seq, key=Key(row.key), client=None if row.client is None else ClientId(row.client), kind=row.kind,
        at=_at(row.at), received=_at(row.received), state=Noted(row.state).name.lower(), reason=row.reason,
        policy=row.policy, event=_read(lambda: codec.read_event(row.kind, row.event)) if row.event else None,
    )  # fmt: skip


def _read(read: Callable[[], Event]) -> Event | None:
    try:
        return read()
    except (ValueError, KeyError, TypeError):
        return None


_known = select(journal.c.key).where(among(journal.c.key, "keys"))
_things = select(made).where(among(made.c.key, "keys")).order_by(made.c.key, made.c.place)


def orders_where(
    connection: Connection,
    *asked: ColumnElement[bool],
    limit: int | None = None,
    values: Mapping[str, Sequence[int]] | None = None,
) -> tuple[QueuedOrder, ...]:
    """Orders that meet the conditions, in the order they were given, with what they made and how their lane stands."""
    statement = (
        select(outbox, lanes.c.due, lanes.c.holder)
        .join(lanes, lanes.c.key == outbox.c.lane, isouter=True)
        .where(*asked)
        .order_by(outbox.c.seq)
        .limit(limit)
    )
    rows = connection.execute(statement, values or {}).all()
    results = made_by(connection, [row.key for row in rows])
    return tuple(queued(row, results.get(Key(row.key), ((), None))[0]) for row in rows)


def queued(row: Found, things: tuple[Ref, ...]) -> QueuedOrder:
    """A row of the outbox beside its lane, and what it made."""
    try:
        effect = codec.read_effect(row.kind, row.effect)
    except (ValueError, KeyError, TypeError):
        effect = None
    return QueuedOrder(
        seq=row.seq, key=Key(row.key), lane=row.lane, port=row.port, client=ClientId(row.client), ticket=row.ticket,
        kind=row.kind, effect=effect, urgency=Urgency(row.urgency), state=State(row.state).name.lower(),
        tries=row.tries, reason=row.reason, created=_at(row.created), began=moment(row.began),
        tried=moment(row.tried), ended=moment(row.ended), cause=row.cause, made=things,
        due=moment(row.due), held=row.holder is not None,
    )  # fmt: skip
