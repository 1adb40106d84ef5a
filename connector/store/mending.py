"""What a person does about dead orders and events kept aside, beside the daemon: try again, or let be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, bindparam, func, literal_column, or_, select, text, update

from connector.domain.events import Event, Refusal
from connector.domain.record import NotedEvent, QueuedOrder
from connector.domain.refs import ClientId, Key
from connector.domain.ticket import Ticket
from connector.ports import Arrival, Order
from connector.store import codec
from connector.store.claiming import Claim
from connector.store.ingest import EVENTS, home_of, ingest, storable, wake_lanes
from connector.store.looking import STUCK, noted, orders_where
from connector.store.settling import Refused, settle
from connector.store.tables import ASIDE, Found, Noted, State, journal, lanes, made, outbox, tickets, unfinished

LET_BE = "let be by an operator"
WAITED = 60.0
"""Seconds an operator's own hold of a lane would last, were the command killed in the middle of it."""


class Mended(StrEnum):
    """What came of a try to mend; everything but AGAIN, READ and LEFT left all as it was."""

    AGAIN = "again"
    """It waits its turn anew."""
    READ = "read"
    """It was read anew, and is decided on."""
    LEFT = "left"
    """It is let be."""
    OVER = "over"
    """There was nothing to mend any more."""
    REPLACED = "replaced"
    """What it carries goes another way already: once more would be twice."""
    BUSY = "busy"
    """The daemon is trying it at this moment."""
    NEEDED = "needed"
    """Other orders need it: it cannot be let be."""
    UNREAD = "unread"
    """It still cannot be read, or still belongs to nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """A row of the journal with the JSON it came as."""

    noted: NotedEvent
    raw: str | None


# ---- looking


_need = or_(text("outbox.state = 3"), unfinished & (outbox.c.tries >= literal_column(str(STUCK))))
_aside = (
    select(journal)
    .where(text(ASIDE), journal.c.seq > bindparam("after"))
    .order_by(journal.c.seq)
    .limit(bindparam("limit"))
)


def orders_in_need(connection: Connection, *, after: int = 0, limit: int) -> tuple[QueuedOrder, ...]:
    """Dead orders, and those that fail again and again, in the order they were given."""
    return orders_where(connection, outbox.c.seq > after, _need, limit=limit)


def events_in_need(connection: Connection, *, after: int = 0, limit: int) -> tuple[Raw, ...]:
    """Events kept aside, in the order they came."""
    rows = connection.execute(_aside, {"after": after, "limit": limit})
    return tuple(Raw(noted=noted(row), raw=row.raw) for row in rows)


def in_need(connection: Connection) -> tuple[int, int]:
    """How many orders and how many events need a person."""
    orders = connection.execute(select(func.count()).select_from(outbox).where(_need)).scalar_one()
    return orders, connection.execute(select(func.count()).select_from(journal).where(text(ASIDE))).scalar_one()


def behind(connection: Connection, lane: str, seq: int) -> int:
    """How many open orders stand behind that one in its lane."""
    statement = select(func.count()).select_from(outbox).where(unfinished, outbox.c.lane == lane, outbox.c.seq > seq)
    return connection.execute(statement).scalar_one()


def order_of(connection: Connection, seq: int) -> QueuedOrder | None:
    """One order by its number."""
    return next(iter(orders_where(connection, outbox.c.seq == seq)), None)


def event_of(connection: Connection, seq: int) -> Raw | None:
    """One event by its number, kept aside or not."""
    row = connection.execute(select(journal).where(journal.c.seq == seq)).first()
    return None if row is None else Raw(noted=noted(row), raw=row.raw)


# ---- orders


def retry_order(connection: Connection, now: float, seq: int) -> Mended:
    """Puts a dead order back into its place in its lane, or lets one that backs off go at once.

    Its attempts stay counted, so it looks before it writes. What was told of its end is not told twice; that it
    succeeded is told. Refused where its words go another way by now.
    """
    row = _locked(connection, seq)
    if row is None:
        return Mended.OVER
    if row.state in (State.WAITING, State.STARTED):
        freed = connection.execute(
            update(lanes).where(lanes.c.key == row.lane, lanes.c.holder.is_(None), lanes.c.due > now).values(due=now)
        )
        return Mended.AGAIN if freed.rowcount else Mended.BUSY
    if row.state not in (State.DEAD, State.SKIPPED):
        return Mended.OVER
    if _goes_another_way(connection, row):
        return Mended.REPLACED
    connection.execute(
        update(outbox).where(outbox.c.seq == seq).values(state=State.WAITING, joined=None, ended=None, reason=None)
    )
    wake_lanes(connection, row.port, [(row.lane, now, row.urgency)])
    return Mended.AGAIN


def skip_order(connection: Connection, now: float, seq: int) -> Mended:
    """Lets an order be that is dead or stands in its lane's way: it stays known as skipped, with its reason.

    Of one that was still tried, its client's decision is told that it will not come, as of any that is refused.
    """
    row = _locked(connection, seq)
    if row is None or row.state in (State.DONE, State.SKIPPED):
        return Mended.OVER
    if row.kind == "CreateCard" and _is_open(connection, row.ticket):
        return Mended.NEEDED
    rows = [row]
    if row.state != State.DEAD:
        if row.joined is not None:
            # They went as one comment, and are tried as one: nobody knows which of them stand there.
            rows = list(connection.execute(select(outbox).where(unfinished, outbox.c.joined == row.joined)).all())
        if not _give_up(connection, now, rows):
            return Mended.BUSY
    for each in rows:
        reason = f"{each.reason or 'no reason given'}; {LET_BE}"
        connection.execute(
            update(outbox)
            .where(outbox.c.seq == each.seq, outbox.c.state == State.DEAD)
            .values(state=State.SKIPPED, reason=reason, ended=now)
        )
    return Mended.LEFT


def _locked(connection: Connection, seq: int) -> Found | None:
    statement = select(outbox).where(outbox.c.seq == seq)
    if connection.dialect.name == "postgresql":
        statement = statement.with_for_update()
    return connection.execute(statement).first()


def _give_up(connection: Connection, now: float, rows: list[Found]) -> bool:
    """Ends open orders as refused under a fence of our own; False while somebody carries their lane out."""
    head = rows[0]
    statement = select(lanes).where(lanes.c.key == head.lane)
    if connection.dialect.name == "postgresql":
        statement = statement.with_for_update()
    lane = connection.execute(statement).one()
    if lane.holder is not None and lane.due is not None and lane.due > now:
        return False
    fence = lane.fence + 1
    connection.execute(
        update(lanes).where(lanes.c.key == head.lane).values(fence=fence, holder="operator", due=now + WAITED)
    )
    refused = []
    for row in rows:
        effect = codec.read_effect(row.kind, row.effect)
        order = Order(key=Key(row.key), effect=effect, attempt=row.attempt, urgency=row.urgency)
        claim = Claim(
            lane=row.lane, fence=fence, seq=row.seq, port=row.port, client=ClientId(row.client), order=order,
            rows=(row.seq,), tries=row.tries, since=row.created,
        )  # fmt: skip
        refused.append((claim, Refused(refusal=Refusal.INVALID, reason=f"{row.reason or 'tried in vain'}; {LET_BE}")))
    settle(connection, now, refused)
    return True


def _goes_another_way(connection: Connection, row: Found) -> bool:
    """Whether the end of this order has led to another that carries the same words."""
    heirs = [f"{row.key}/words", f"{row.key}/again"]
    for table in (outbox, made):
        if connection.execute(select(table.c.key).where(table.c.key.in_(heirs)).limit(1)).first() is not None:
            return True
    if not row.key.startswith("reply/"):
        return False
    if (row.reason or "").startswith(f"{Refusal.BLOCKED}:"):
        return True  # kept with the client, and sent anew when they return
    ticket = _ticket(connection, row.ticket)
    comment = row.key.removeprefix("reply/").rpartition("/")[0]
    for reply in ticket.replies if ticket is not None else ():
        if reply.comment == comment:
            return row.key not in (*reply.texts, *reply.files)
    return False


def _ticket(connection: Connection, ticket: str | None) -> Ticket | None:
    state = connection.execute(select(tickets.c.state).where(tickets.c.id == ticket)).scalar()
    return None if state is None else codec.read_ticket(state)


def _is_open(connection: Connection, ticket: str | None) -> bool:
    found = _ticket(connection, ticket)
    return found is not None and found.open


# ---- events


def retry_event(connection: Connection, now: float, seq: int, arrival: Arrival | None = None) -> Mended:
    """Reads an event kept aside anew and lets it be decided on.

    `arrival` is what today's adapter makes of the raw payload, for one that could not be read at all; an event that
    was read is taken as it was stored.
    """
    row = _aside_row(connection, seq)
    if row is None:
        return Mended.OVER
    event = _stored(row)
    if event is None:
        event = arrival.event if arrival is not None else None
        if event is None:
            return Mended.UNREAD
    if event.key != row.key:
        if arrival is None:
            return Mended.UNREAD
        ingest(connection, now, [arrival])
        _set(connection, seq, Noted.SEEN_TO, f"{row.reason}; read anew as {event.key}")
        return Mended.READ
    home = row.client or home_of(connection, event)
    if home is None:
        return Mended.UNREAD
    connection.execute(
        update(journal)
        .where(journal.c.seq == seq)
        .values(
            state=Noted.NEW, reason=None, client=home, kind=codec.kind_of(event), at=event.at.timestamp(),
            event=codec.write_event(event),
        )
    )  # fmt: skip
    wake_lanes(connection, EVENTS, [(home, now, 0)])
    return Mended.READ


def skip_event(connection: Connection, seq: int) -> Mended:
    """Lets an event be that was kept aside; it stays in the journal, with its reason."""
    row = _aside_row(connection, seq)
    if row is None:
        return Mended.OVER
    _set(connection, seq, Noted.SEEN_TO, f"{row.reason}; {LET_BE}")
    return Mended.LEFT


def _aside_row(connection: Connection, seq: int) -> Found | None:
    statement = select(journal).where(text(ASIDE), journal.c.seq == seq)
    if connection.dialect.name == "postgresql":
        statement = statement.with_for_update()
    return connection.execute(statement).first()


def _stored(row: Found) -> Event | None:
    if row.event is None:
        return None
    try:
        return codec.read_event(row.kind, row.event)
    except (ValueError, KeyError, TypeError):
        return None


def _set(connection: Connection, seq: int, state: Noted, reason: str) -> None:
    connection.execute(update(journal).where(journal.c.seq == seq).values(state=state, reason=storable(reason)))
