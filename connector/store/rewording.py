"""Rows of others whose words tell of somebody who is forgotten: those lines go, the rest stays."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Table, select, update

from connector.domain.forgotten import may_tell, without
from connector.store.tables import clients, journal, outbox

BATCH = 500


def reword_rows(
    connection: Connection, client: str, sought: Collection[str], instead: Mapping[str, str] | None = None
) -> None:
    """The client's state, events and orders without lines that hold a needle (see `connector.domain.forgotten`).

    `instead`: what else is put in the place of what, wherever it stands.
    """
    swaps = dict(instead or {})
    if not sought and not swaps:
        return
    for table, columns in ((journal, ("raw", "event")), (outbox, ("effect",))):
        for row in rows_of(connection, table, table.c.client == client):
            changed = {}
            for column in columns:
                before = getattr(row, column)
                after = reworded(before, sought, swaps)
                if after != before:
                    changed[column] = after
            if changed:
                connection.execute(update(table).where(table.c.seq == row.seq).values(changed))
    state = connection.execute(select(clients.c.state).where(clients.c.id == client)).scalar()
    if (fresh := reworded(state, sought, swaps)) != state:
        connection.execute(update(clients).where(clients.c.id == client).values(state=fresh))


def reworded(written: str | None, sought: Collection[str], swaps: Mapping[str, str] | None = None) -> str | None:
    """A JSON text without such lines; None where it is no JSON and tells of them."""
    if not written:
        return written
    swaps = swaps or {}
    try:
        value = json.loads(written)
    except ValueError:
        held = unescaped(written)
        return None if may_tell(held, sought) or any(each in held for each in swaps) else written
    whole = json.dumps(value, ensure_ascii=False)
    if not may_tell(whole, sought) and not any(json.dumps(old, ensure_ascii=False)[1:-1] in whole for old in swaps):
        return written
    return json.dumps(_lines_off(value, sought, swaps), separators=(",", ":"))


def _lines_off(value: Any, sought: Collection[str], swaps: Mapping[str, str]) -> Any:
    match value:
        case str():
            for old, new in swaps.items():
                value = value.replace(old, new)
            return without(value, sought)
        case list():
            return [_lines_off(each, sought, swaps) for each in value]
        case dict():
            fresh = {name: _lines_off(each, sought, swaps) for name, each in value.items()}
            if fresh.get("plain") != value.get("plain") and "spans" in fresh:
                fresh["spans"] = []  # they would stand elsewhere now
            return fresh
        case _:
            return value


def rows_of(connection: Connection, table: Table, where: Any) -> Iterator[Any]:
    """The rows, in order, some at a time."""
    last = 0
    while True:
        rows = connection.execute(
            select(table).where(where, table.c.seq > last).order_by(table.c.seq).limit(BATCH)
        ).all()
        yield from rows
        if len(rows) < BATCH:
            return
        last = rows[-1].seq


def unescaped(written: str) -> str:
    """As people read it."""
    return re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), written)
