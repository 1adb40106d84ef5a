"""The tables: what is remembered, and the indexes that keep a million finished rows out of the way."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    Row,
    SmallInteger,
    Table,
    Text,
    literal_column,
    text,
)

# SQLite gives row numbers only to INTEGER PRIMARY KEY; PostgreSQL needs 64 bits.
_Sequence = BigInteger().with_variant(Integer(), "sqlite")

metadata = MetaData()

Found = Row[*tuple[Any, ...]]
"""A row as a query found it."""


class Noted(IntEnum):
    """What became of a journal row."""

    NEW = 0
    DECIDED = 1
    UNREADABLE = 2
    RAISED = 3
    STRAY = 4
    """Readable, but about a card whose ticket we do not know."""
    OWN = 5
    """Something we made ourselves: noted so that it is never taken for somebody else's."""
    SEEN_TO = 6
    """Was kept aside; an operator read it anew as another row, or let it be: the reason tells which."""


class State(IntEnum):
    """Where an order stands."""

    WAITING = 0
    STARTED = 1
    DONE = 2
    DEAD = 3
    SKIPPED = 4
    """Was dead, or stood in its lane's way; an operator let it be."""


# Moments are seconds since the epoch, UTC, as doubles: both databases compare them alike.

# Spelt out as the partial indexes have them: of a parameter SQLite would have to think anew at every execution.
ASIDE = "state IN (2, 3, 4)"
"""Journal rows kept aside."""
PASSING = (
    "state = 2 AND kind NOT IN ('CreateCard', 'AddTag', 'RemoveTag', 'SetFacts', 'SetBlock', 'SetDeadline', "
    "'AssignCard', 'MoveCard', 'ReplaceCard', 'BindCard', 'AttachSla', 'DetachSla')"
)
"""Finished orders that may be swept. What made a card as it is stays: `connector why` tells it years later."""

journal = Table(
    "journal",
    metadata,
    Column("seq", _Sequence, primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False, unique=True),
    Column("client", Text),
    Column("kind", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("received", Double, nullable=False),
    Column("raw", Text),
    Column("event", Text),
    Column("state", SmallInteger, nullable=False),
    Column("reason", Text),
    Column("policy", Text),
    Index("journal_waiting", "client", "seq", sqlite_where=text("state = 0"), postgresql_where=text("state = 0")),
    Index("journal_client", "client", "seq"),
    Index("journal_aside", "seq", sqlite_where=text(ASIDE), postgresql_where=text(ASIDE)),
)

clients = Table(
    "clients",
    metadata,
    Column("id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("wake", Double),
    Index("clients_wake", "wake", sqlite_where=text("wake IS NOT NULL"), postgresql_where=text("wake IS NOT NULL")),
)

tickets = Table(
    "tickets",
    metadata,
    Column("id", Text, primary_key=True),
    Column("client", Text, nullable=False),
    Column("number", BigInteger, nullable=False, unique=True),
    Column("cabinet", Text),
    Column("card_port", Text),
    Column("card", Text),
    Column("live", Boolean, nullable=False),
    Column("state", Text, nullable=False),
    Index("tickets_live", "client", sqlite_where=text("live"), postgresql_where=text("live")),
    Index("tickets_card", "card", "card_port"),
    Index("tickets_client", "client", "number"),
    Index(
        "tickets_cabinet",
        "cabinet",
        "number",
        "client",
        sqlite_where=text("cabinet IS NOT NULL"),
        postgresql_where=text("cabinet IS NOT NULL"),
    ),
    Index(
        "tickets_near",
        "cabinet",
        sqlite_where=text("live AND cabinet IS NOT NULL"),
        postgresql_where=text("live AND cabinet IS NOT NULL"),
    ),
)

openings = Table(
    "openings",
    metadata,
    Column("ticket", Text, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("state", Text, nullable=False),
    Column("incident", Text),
    Index("openings_lately", "topic", "at"),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("begun", Double, nullable=False),
    Column("founders", Text, nullable=False),
    Column("joinable", Boolean, nullable=False),
    Column("until", Double),
    Index("incidents_topic", "topic", "begun"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("seq", _Sequence, primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False, unique=True),
    Column("lane", Text, nullable=False),
    Column("port", Text, nullable=False),
    Column("client", Text, nullable=False),
    Column("ticket", Text),
    Column("kind", Text, nullable=False),
    Column("effect", Text, nullable=False),
    Column("urgency", SmallInteger, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("joined", BigInteger),
    Column("reason", Text),
    Column("created", Double, nullable=False),
    Column("ended", Double),
    Column("cause", BigInteger),
    Column("began", Double),
    Column("tried", Double),
    Index("outbox_open", "lane", "seq", sqlite_where=text("state < 2"), postgresql_where=text("state < 2")),
    Index("outbox_dead", "seq", sqlite_where=text("state = 3"), postgresql_where=text("state = 3")),
    Index("outbox_ended", "ended", sqlite_where=text(PASSING), postgresql_where=text(PASSING)),
    Index("outbox_client", "client", "seq"),
)
"""`cause` is the journal's row that was decided on; `began` and `tried` are when it was tried first and last."""

unfinished = outbox.c.state < literal_column(str(int(State.DONE)))
"""Orders that are not over."""
undecided = journal.c.state == literal_column(str(int(Noted.NEW)))
"""Events nobody decided on."""

made = Table(
    "made",
    metadata,
    Column("key", Text, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("port", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("ticket", Text),
    Index("made_ref", "id", "port"),
    Index(
        "made_ticket",
        "ticket",
        sqlite_where=text("ticket IS NOT NULL"),
        postgresql_where=text("ticket IS NOT NULL"),
    ),
)

lanes = Table(
    "lanes",
    metadata,
    Column("key", Text, primary_key=True),
    Column("port", Text, nullable=False),
    Column("due", Double),
    Column("urgency", SmallInteger, nullable=False),
    Column("holder", Text),
    Column("fence", BigInteger, nullable=False),
    Index(
        "lanes_due",
        "port",
        "urgency",
        "due",
        sqlite_where=text("due IS NOT NULL"),
        postgresql_where=text("due IS NOT NULL"),
    ),
)

marks = Table(
    "marks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

# Beside the tickets, and written only when it changes: an ordinary message must not pay for it.
hands = Table(
    "hands",
    metadata,
    Column("ticket", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("class", Text, nullable=False),
    Column("holder", Text),
    Index("hands_holder", "holder", "class", "number"),
)
"""Open requests that somebody has, or (without `holder`) that wait for somebody to take them."""

links = Table(
    "links",
    metadata,
    Column("client", Text, primary_key=True),
    Column("agent", Text),
    Column("team", Text),
    Column("port", Text, nullable=False),
    Column("chat", Text, nullable=False),
    Column("person_port", Text),
    Column("person", Text),
    Column("since", Double, nullable=False),
)

codes = Table(
    "codes",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("agent", Text),
    Column("team", Text),
    Column("until", Double, nullable=False),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("agreement", Text, primary_key=True),
    Column("ticket", Text, primary_key=True),
    Column("since", Double, primary_key=True),
    Column("at", Double, nullable=False),
    Column("kept", Boolean, nullable=False),
    Index("verdicts_at", "agreement", "at"),
)

counters = Table(
    "counters",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until", Double, nullable=False),
)

pauses = Table(
    "pauses",
    metadata,
    Column("name", Text, primary_key=True),
    Column("direction", Text, nullable=False),
    Column("side", Text, nullable=False),
    Column("board", Text),
    Column("topic", Text),
    Column("since", Double, nullable=False),
)
"""What an operator holds up for now."""

runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("scope", Text, nullable=False),
    Column("stage", SmallInteger, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("total", Integer, nullable=False),
    Column("checked", Integer, nullable=False),
    Column("busy", Integer, nullable=False),
    Column("reason", Text),
    Column("created", Double, nullable=False),
    Column("updated", Double, nullable=False),
)
"""Comparisons of the books with the board: what each is to look at, and how far it has come."""

drifts = Table(
    "drifts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("run", Text, nullable=False),
    Column("ticket", Text, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("card", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("plan", Text, nullable=False),
    Column("doubt", Text, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("times", Integer, nullable=False),
    Column("mends", Text),
    Column("found", Double, nullable=False),
    Index("drifts_ticket", "ticket"),
    Index("drifts_run", "run"),
)
"""What was found to differ. `mends` is the key of the order or event that mends it, `times` how often that was."""

looked = Table(
    "looked",
    metadata,
    Column("ticket", Text, primary_key=True),
    Column("mark", Text, nullable=False),
    Column("books", Text, nullable=False),
    Column("at", Double, nullable=False),
)
"""How board and books looked when a card was last compared: while both stay so, it needs no further look."""
