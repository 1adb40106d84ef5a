"""Finds what has waited long for a side that does not answer, and notes it once for each order."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import Connection, Text, bindparam, cast, func, literal, or_, select

from connector.domain.events import Delayed
from connector.domain.refs import ClientId, Key, TicketId
from connector.store.ingest import note_own
from connector.store.routes import BOARD, CHAT
from connector.store.tables import Found, journal, lanes, outbox, unfinished

AT_ONCE = 200
"""Orders noted in one transaction; the next look finds the rest."""

_waiting = outbox.alias("waiting")
# One for each request: its first words that are not on the card. Labels and notes of ours are nobody's words.
_words = or_(_waiting.c.kind == "CreateCard", _waiting.c.key.like("say/%"))
_first_words = (
    select(func.min(_waiting.c.seq))
    .where(_waiting.c.lane == lanes.c.key, _waiting.c.state < literal(2, literal_execute=True), _words)
    .correlate(lanes)
    .scalar_subquery()
)
_noted = select(journal.c.seq).where(journal.c.key == cast(literal("delayed:"), Text) + outbox.c.key).exists()
_long = (lanes.c.port == bindparam("port"), lanes.c.due.is_not(None), outbox.c.created <= bindparam("before"), ~_noted)
_columns = (outbox.c.key, outbox.c.client, outbox.c.ticket, outbox.c.created)
_on_board = (select(*_columns).select_from(lanes).join(outbox, outbox.c.seq == _first_words).where(*_long)).limit(
    AT_ONCE
)
_in_chat = (
    select(*_columns)
    .select_from(lanes)
    .join(outbox, outbox.c.lane == lanes.c.key)
    .where(*_long, unfinished, outbox.c.key.like("reply/%"))
    .limit(AT_ONCE)
)


def note_words(connection: Connection, now: float, before: float) -> int:
    """Notes requests whose client's words, ordered before that moment, are not on the card. Returns how many."""
    rows = connection.execute(_on_board, {"port": BOARD, "before": before}).all()
    return _note(connection, now, rows, to_chat=False)


def note_answers(connection: Connection, now: float, before: float) -> int:
    """Notes answers, ordered before that moment, that are not in the chat. Returns how many."""
    rows = connection.execute(_in_chat, {"port": CHAT, "before": before}).all()
    return _note(connection, now, rows, to_chat=True)


def _note(connection: Connection, now: float, rows: Iterable[Found], *, to_chat: bool) -> int:
    at = datetime.fromtimestamp(now, UTC)
    events = [
        Delayed(
            key=Key(f"delayed:{row.key}"), at=at, client=ClientId(row.client), ticket=TicketId(row.ticket),
            order=Key(row.key), since=datetime.fromtimestamp(row.created, UTC), to_chat=to_chat,
        )
        for row in rows
        if row.ticket is not None
    ]  # fmt: skip
    if events:
        note_own(connection, now, events)
    return len(events)
