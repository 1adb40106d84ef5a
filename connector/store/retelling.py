"""What the journal holds of a client, so that it can be told once more, and the layout of the board last seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, bindparam, select, tuple_

from connector.domain.events import Event
from connector.domain.layout import Layout
from connector.domain.refs import ClientId, Ref, TicketId
from connector.domain.retold import threads_asked
from connector.domain.ticket import Ticket
from connector.store import codec
from connector.store.among import among
from connector.store.ingest import keep_mark, read_mark
from connector.store.tables import Noted, journal, made, outbox, tickets

LAYOUT = "layout"

_events = (
    select(journal.c.kind, journal.c.event, journal.c.policy)
    .where(journal.c.client == bindparam("client"), journal.c.state == int(Noted.DECIDED))
    .order_by(journal.c.seq)
)
_of_client = select(tickets.c.state).where(tickets.c.client == bindparam("client")).order_by(tickets.c.number)
_by_ref = select(made.c.port, made.c.id, made.c.ticket).where(
    tuple_(made.c.port, made.c.id).in_(bindparam("refs", expanding=True))
)
_by_key = select(outbox.c.key, outbox.c.ticket).where(among(outbox.c.key, "keys"))
AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Everything noted of a client that the decision was made on, in order, and their requests as they stand.

    `unreadable` counts events that this version cannot read; `versions` are those of the mappings it was decided under.
    """

    client: ClientId
    events: tuple[Event, ...]
    tickets: tuple[Ticket, ...]
    threads: dict[str, TicketId]
    unreadable: int
    versions: frozenset[str]


def record_of(connection: Connection, client: ClientId) -> Record:
    """What the journal holds of that client."""
    events: list[Event] = []
    unreadable = 0
    versions = set()
    for row in connection.execute(_events, {"client": client}):
        if row.policy:
            versions.add(row.policy)
        try:
            events.append(codec.read_event(row.kind, row.event))
        except (ValueError, KeyError, TypeError):
            unreadable += 1
    return Record(
        client=client,
        events=tuple(events),
        tickets=tuple(codec.read_ticket(row.state) for row in connection.execute(_of_client, {"client": client})),
        threads=_threads(connection, sorted(threads_asked(events), key=lambda ref: ref.key)),
        unreadable=unreadable,
        versions=frozenset(versions),
    )


def _threads(connection: Connection, refs: Sequence[Ref]) -> dict[str, TicketId]:
    found: dict[str, TicketId] = {}
    for first in range(0, len(refs), AT_ONCE):
        part = refs[first : first + AT_ONCE]
        for row in connection.execute(_by_key, {"keys": [f"say/{ref.key}" for ref in part]}):
            if row.ticket:
                found[row.key.removeprefix("say/")] = TicketId(row.ticket)
        for thing in connection.execute(_by_ref, {"refs": [(ref.port, ref.id) for ref in part]}):
            if thing.ticket:
                found[Ref(port=thing.port, id=thing.id).key] = TicketId(thing.ticket)
    return found


def clients_since(connection: Connection, seq: int) -> Iterator[ClientId]:
    """Clients of whom something was noted from that row of the journal on, each once, in the order of their names."""
    rows = select(journal.c.client).where(journal.c.seq >= seq, journal.c.client.is_not(None)).distinct()
    for client in connection.execute(rows.order_by(journal.c.client)).scalars():
        yield ClientId(client)


def keep_layout(connection: Connection, layout: Layout, *, of_people: str | None = None) -> None:
    """Remembers how the board looks, for commands that work without it; but not the labels that name somebody.

    `of_people`: how those are made, with `{cabinet}` in it.
    """
    if of_people is not None:
        before, _, after = of_people.partition("{cabinet}")
        named = tuple(tag for tag in layout.tags if tag.startswith(before) and tag.endswith(after))
        layout = replace(layout, tags=tuple(tag for tag in layout.tags if tag not in named))
    text = codec.write_layout(layout)
    if read_mark(connection, LAYOUT) != text:
        keep_mark(connection, LAYOUT, text)


def kept_layout(connection: Connection) -> Layout | None:
    """The board as the daemon last saw it; None where it never did, or where another version wrote it."""
    text = read_mark(connection, LAYOUT)
    return None if text is None else codec.read_layout(text)
