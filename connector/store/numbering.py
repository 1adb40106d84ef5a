"""The numbers of requests: each is given once, and no two daemons give the same."""

from __future__ import annotations

from sqlalchemy import Connection

from connector.store.ingest import insert_for
from connector.store.tables import counters

COUNTER = "ticket"
"""The row of `counters` that holds the last number given."""


def take_number(connection: Connection) -> int:
    """The next number, from 1 on. On PostgreSQL whoever takes one too waits for the end of this transaction."""
    statement = insert_for(connection, counters)
    number: int = connection.execute(
        statement.on_conflict_do_update(index_elements=["name"], set_={"value": counters.c.value + 1}).returning(
            counters.c.value
        ),
        {"name": COUNTER, "value": 1},
    ).scalar_one()
    return number
