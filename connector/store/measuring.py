"""How things stand, for whoever watches: a few small questions that cost the same with a million finished rows."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, bindparam, func, literal_column, select, text

from connector.domain.incident import PORT
from connector.domain.ticket import Ticket
from connector.store import codec
from connector.store.ingest import keep_mark
from connector.store.tables import journal, outbox, tickets, undecided, unfinished

COUNTED = 20_000
"""Open orders that are looked at; with more, the figures are those of the first so many."""
READ = 100
"""Requests read whole in one go, which takes some thirty times as long for each."""
PAGE = 2_000
"""Clients' requests looked at in one go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What waits on one side in one class; `oldest` is the moment the oldest was ordered."""

    port: str
    urgency: int
    orders: int
    oldest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Unanswered requests of some clients, by topic; `after` is where the next page begins, None at the end."""

    topics: dict[str, int]
    after: str | None


_open = select(outbox.c.port, outbox.c.urgency, outbox.c.created).where(unfinished).limit(bindparam("most")).subquery()
_queues = select(_open.c.port, _open.c.urgency, func.count(), func.min(_open.c.created)).group_by(
    _open.c.port, _open.c.urgency
)
_lag = select(func.count(), func.min(journal.c.received)).where(undecided)
# An incident's own card is no client's request.
_of_a_client = tickets.c.client.not_like(f"{PORT}:%")
# As the partial index has it, see `loading`.
_next = (
    select(tickets.c.client)
    .where(tickets.c.client > bindparam("after"), text("tickets.live"), _of_a_client)
    .order_by(tickets.c.client)
    .limit(bindparam("most"))
    .subquery()
)
_last = select(func.max(_next.c.client), func.count())
# A ticket that waits for an agent has a client's message nobody answered, and is not over; see `domain.ticket`.
_FIELD = {"sqlite": "json_extract(state, '$.{}')", "postgresql": "(state::json)->>'{}'"}


def queues(connection: Connection, *, most: int = COUNTED) -> list[Queue]:
    """Orders that are not over, by side and class."""
    rows = connection.execute(_queues, {"most": most})
    return [Queue(port=port, urgency=urgency, orders=count, oldest=oldest) for port, urgency, count, oldest in rows]


def lag(connection: Connection) -> tuple[int, float | None]:
    """How many events wait for a decision, and since when the oldest does."""
    count, oldest = connection.execute(_lag).one()
    return int(count), oldest


def unanswered(connection: Connection, after: str, *, most: int = PAGE) -> Page:
    """Open requests whose client spoke last, of clients whose id follows `after`."""
    last, count = connection.execute(_last, {"after": after, "most": most}).one()
    if last is None:
        return Page(topics={}, after=None)
    field = _FIELD[connection.dialect.name]
    topic: ColumnElement[str] = literal_column(field.format("topic"))
    phase: ColumnElement[str] = literal_column(field.format("phase"))
    latest: ColumnElement[str] = literal_column(field.format("latest"))
    found = connection.execute(
        select(topic, func.count())
        .select_from(tickets)
        .where(
            tickets.c.client > after, tickets.c.client <= last, text("tickets.live"), _of_a_client,
            latest.is_not(None), func.coalesce(phase, "opening") != "done",
        )
        .group_by(topic)
    )  # fmt: skip
    topics = {str(name): int(requests) for name, requests in found}
    return Page(topics=topics, after=last if count == most else None)


def live_tickets(connection: Connection, after: str, *, most: int = READ) -> tuple[tuple[Ticket, ...], str | None]:
    """The requests in sight of clients whose id follows `after`, read whole, and where the next page begins."""
    last, count = connection.execute(_last, {"after": after, "most": most}).one()
    if last is None:
        return (), None
    rows = connection.execute(
        select(tickets.c.state).where(
            tickets.c.client > after, tickets.c.client <= last, text("tickets.live"), _of_a_client
        )
    )
    return tuple(codec.read_ticket(row.state) for row in rows), last if count == most else None


def prove_writable(connection: Connection, now: float) -> None:
    """Writes a mark: raises SQLAlchemyError where the store takes nothing."""
    keep_mark(connection, "alive", repr(now))
