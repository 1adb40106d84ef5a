"""Which mapping open requests were last reckoned by: under another one each of their clients is told, once."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, bindparam, func, literal_column, select, text

from connector.domain.events import TermsChanged
from connector.domain.refs import ClientId, Key
from connector.store.ingest import keep_mark, note_own, read_mark
from connector.store.tables import tickets

TERMS = "terms"
AT_ONCE = 200
"""Clients told in one transaction."""
_PHASE = {"sqlite": "json_extract(state, '$.phase')", "postgresql": "(state::json)->>'phase'"}


def note_terms(connection: Connection, now: float, version: str, *, most: int = AT_ONCE) -> tuple[int, bool]:
    """Tells the next clients with open requests that the mapping is another one; how many, and whether there are more.

    It goes on where a daemon that was stopped left off. Several daemons tell the same ones: each key is known once.
    """
    written = read_mark(connection, TERMS)
    known = json.loads(written) if written is not None else {}
    if known.get("version") != version:
        known = {"version": version, "begun": now, "after": ""}
    after = known["after"]
    if after is None:
        return 0, False
    phase: ColumnElement[str] = literal_column(_PHASE[connection.dialect.name])
    rows = connection.execute(
        select(tickets.c.client)
        .where(
            tickets.c.client > bindparam("after"), text("tickets.live"), func.coalesce(phase, "opening") != "done",
            tickets.c.client.not_like("incident:%"),
        )
        .group_by(tickets.c.client)
        .order_by(tickets.c.client)
        .limit(bindparam("most")),
        {"after": after, "most": most},
    ).scalars().all()  # fmt: skip
    at = datetime.fromtimestamp(now, UTC)
    note_own(
        connection,
        now,
        [
            TermsChanged(key=Key(f"terms:{version}:{known['begun']!r}:{client}"), at=at, client=ClientId(client))
            for client in rows
        ],
    )
    more = len(rows) == most
    keep_mark(connection, TERMS, json.dumps({**known, "after": rows[-1] if more else None}))
    return len(rows), more
