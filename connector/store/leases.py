"""Rights that one daemon at a time has, for as long as it lives."""

from __future__ import annotations

from sqlalchemy import Connection, delete, or_, select

from connector.store.ingest import insert_for
from connector.store.tables import leases


def hold(connection: Connection, now: float, name: str, holder: str, seconds: float) -> bool:
    """Takes or renews the right; False while somebody else's has not run out."""
    statement = insert_for(connection, leases)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["name"],
            set_={"holder": statement.excluded.holder, "until": statement.excluded.until},
            where=or_(leases.c.holder == holder, leases.c.until < now),
        ),
        {"name": name, "holder": holder, "until": now + seconds},
    )
    return connection.execute(select(leases.c.holder).where(leases.c.name == name)).scalar() == holder


def let_go(connection: Connection, holder: str) -> None:
    """At a proper stop, so that the next daemon need not wait."""
    connection.execute(delete(leases).where(leases.c.holder == holder))


def anybody_reads(connection: Connection, now: float) -> bool:
    """Whether a daemon that shares the database is alive, as far as its right to read a side tells."""
    found = select(leases.c.holder).where(leases.c.name.startswith("read:"), leases.c.until > now).limit(1)
    return connection.execute(found).first() is not None
