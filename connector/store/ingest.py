"""The way in: what a tool told us is written down, once, before anybody confirms it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, func, literal_column, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.sql.dml import Insert
from sqlalchemy.sql.schema import Table

from connector.domain.events import (
    AgentAttached,
    AgentCommented,
    AgentEdited,
    AgentRemoved,
    CardSeen,
    ClientBlocked,
    ClientEdited,
    ClientReturned,
    ClientTapped,
    ClientWrote,
    Event,
    OwnEvent,
)
from connector.domain.refs import Key, client_of, ticket_on
from connector.ports import Arrival
from connector.store import codec
from connector.store.among import among
from connector.store.tables import Noted, journal, lanes, marks, tickets

EVENTS = ""
"""The `port` of lanes that hold events instead of orders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """What became of a batch: how many rows are new, known already, unreadable or stray.

    `homeless` are the keys of agents' comments on cards of ours that nobody knows any more, as after the restore of an
    older backup: words that reach no client until the card is taken back.
    """

    new: int = 0
    known: int = 0
    unreadable: int = 0
    stray: int = 0
    homeless: tuple[Key, ...] = ()


def insert_for(connection: Connection, table: Table) -> Any:
    """INSERT in the dialect at hand: both know ON CONFLICT, SQLAlchemy spells it per dialect."""
    return _insert(connection.dialect.name, table)


def insert_new(connection: Connection, table: Table, *by: str) -> Insert:
    """INSERT that leaves a row alone whose columns `by` are there already."""
    return _insert_new(connection.dialect.name, table, by)


def upsert(connection: Connection, table: Table, by: str, *columns: str) -> Insert:
    """INSERT that writes `columns` into the row whose column `by` is there already."""
    return _upsert(connection.dialect.name, table, by, columns)


def _insert(dialect: str, table: Table) -> Any:
    return (postgresql_insert if dialect == "postgresql" else sqlite_insert)(table)


# Built once: building such a statement costs several times what running it does.


@cache
def _insert_new(dialect: str, table: Table, by: tuple[str, ...]) -> Insert:
    built: Insert = _insert(dialect, table).on_conflict_do_nothing(index_elements=by)
    return built


@cache
def _upsert(dialect: str, table: Table, by: str, columns: tuple[str, ...]) -> Insert:
    statement = _insert(dialect, table)
    fresh = {name: statement.excluded[name] for name in columns}
    built: Insert = statement.on_conflict_do_update(index_elements=[by], set_=fresh)
    return built


def write_rows(connection: Connection, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
    """These rows, which all name the same columns, by this INSERT; nothing where there are none.

    Spelt out once: per row SQLAlchemy would take longer to arrange the values than SQLite takes to write them.
    """
    if rows:
        sql, arranged = _spelt(connection.dialect, statement, tuple(rows[0]))
        connection.exec_driver_sql(sql, [arranged(row) for row in rows])


@lru_cache(maxsize=64)
def _spelt(dialect: Dialect, statement: Insert, columns: tuple[str, ...]) -> tuple[str, Callable[[Any], Any]]:
    """The statement for this dialect, and how a row becomes its parameters: by place on SQLite, else by name."""
    compiled = statement.compile(dialect=dialect, column_keys=list(columns))
    places = compiled.positiontup
    return str(compiled), dict if places is None else itemgetter(*places)


@cache
def _wake(dialect: str, *, events: bool) -> Insert:
    """A lane of events counts in its fence how often it was woken; that of orders, who holds it."""
    statement = _insert(dialect, lanes)
    new = statement.excluded
    lower = func.min if dialect == "sqlite" else func.least
    fresh: dict[str, Any] = {
        "due": func.coalesce(lanes.c.due, new.due), "urgency": lower(lanes.c.urgency, new.urgency)
    }  # fmt: skip
    if events:
        fresh["fence"] = lanes.c.fence + literal_column("1")
    built: Insert = statement.on_conflict_do_update(index_elements=["key"], set_=fresh)
    return built


_known = select(journal.c.key).where(among(journal.c.key, "keys"))
_by_ticket = select(tickets.c.id, tickets.c.client).where(among(tickets.c.id, "ids"))
_by_card = select(tickets.c.card_port, tickets.c.card, tickets.c.client).where(among(tickets.c.card, "ids"))


def ingest(
    connection: Connection, now: float, arrivals: Sequence[Arrival], *, cursor: tuple[str, str | None] | None = None
) -> Ingested:
    """Notes each arrival whose key is new, wakes its client's lane, and keeps the reader's cursor, all in one.

    What cannot be read, and what belongs to no ticket of ours, is kept aside with its reason.
    """
    fresh = {arrival.key: arrival for arrival in arrivals}
    known: set[str] = set()
    if fresh:
        known = set(connection.execute(_known, {"keys": list(fresh)}).scalars())
    new = [arrival for key, arrival in fresh.items() if key not in known]
    homes = _homes(connection, [arrival.event for arrival in new if arrival.event is not None])
    rows, awake, unreadable, stray = [], set(), 0, 0
    homeless = []
    for arrival in new:
        written, reason = _written(arrival)
        row: dict[str, Any] = {
            "key": arrival.key, "client": None, "kind": "", "at": now, "received": now, "raw": storable(arrival.raw),
            "event": None, "state": Noted.UNREADABLE, "reason": reason,
        }  # fmt: skip
        if arrival.event is None or written is None:
            unreadable += 1
        else:
            home = homes.get(arrival.event.key)
            row |= {
                "kind": codec.kind_of(arrival.event),
                "at": arrival.event.at.timestamp(),
                "event": written,
                "client": home,
                "state": Noted.NEW if home else Noted.STRAY,
                "reason": None if home else "no ticket of ours is bound to this card",
            }
            if home:
                awake.add(home)
            else:
                stray += 1
                if isinstance(arrival.event, AgentCommented) and ticket_on(arrival.event.ticket or ""):
                    homeless.append(arrival.key)
        rows.append(row)
    note(connection, rows)
    wake_lanes(connection, EVENTS, [(client, now, 0) for client in sorted(awake)])
    if cursor is not None and cursor[1] is not None:
        keep_mark(connection, cursor[0], cursor[1])
    return Ingested(
        new=len(new) - unreadable - stray, known=len(arrivals) - len(new), unreadable=unreadable, stray=stray,
        homeless=tuple(homeless),
    )  # fmt: skip


def _written(arrival: Arrival) -> tuple[str | None, str | None]:
    """The event as it is stored, or the reason why it cannot be: one spoilt arrival never costs the others."""
    if arrival.event is None:
        return None, storable(arrival.reason or "no reason given")
    try:
        return codec.write_event(arrival.event), None
    except ValueError as error:
        return None, storable(f"cannot be written down: {error}")


def storable(text: str) -> str:
    """The text without what a database refuses: lone surrogates are spelt out, NUL is taken away."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "")


def note(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Journal rows; one whose key is there already is left as it is."""
    write_rows(connection, insert_new(connection, journal, "key"), rows)


def note_own(connection: Connection, now: float, events: Iterable[OwnEvent], *, received: float | None = None) -> None:
    """Events of our own making enter by the same door. `received`: where they belong to an earlier time than now."""
    noted = now if received is None else received
    rows = [
        {
            "key": event.key, "client": event.client, "kind": codec.kind_of(event), "at": event.at.timestamp(),
            "received": noted, "raw": None, "event": codec.write_event(event), "state": Noted.NEW, "reason": None,
        }
        for event in events
    ]  # fmt: skip
    note(connection, rows)
    wake_lanes(connection, EVENTS, [(client, now, 0) for client in sorted({str(row["client"]) for row in rows})])


def wake_lanes(connection: Connection, port: str, wanted: Sequence[tuple[str, float, int]]) -> None:
    """Marks lanes (key, due, urgency) as having work. A lane that waits or is being served keeps its own moment.

    Whoever wakes lanes of several sides wakes those of events last, and everybody locks lanes in the order of their
    keys: so nobody waits in a circle.
    """
    write_rows(
        connection,
        _wake(connection.dialect.name, events=port == EVENTS),
        [{"key": key, "port": port, "due": due, "urgency": urgency, "fence": 0} for key, due, urgency in wanted],
    )


def keep_mark(connection: Connection, name: str, value: str) -> None:
    """A named value that outlives the process: a read cursor, the last known layout, a budget."""
    connection.execute(upsert(connection, marks, "name", "value"), {"name": name, "value": value})


def read_mark(connection: Connection, name: str) -> str | None:
    """The value kept under that name."""
    found: str | None = connection.execute(select(marks.c.value).where(marks.c.name == name)).scalar()
    return found


def _homes(connection: Connection, events: Sequence[Event]) -> dict[str, str]:
    """Which client each event belongs to, by event key; missing where nobody knows the card."""
    found: dict[str, str] = {}
    on_board: list[AgentCommented | AgentEdited | AgentRemoved | AgentAttached | CardSeen] = []
    for event in events:
        match event:
            case AgentCommented() | AgentEdited() | AgentRemoved() | AgentAttached() | CardSeen():
                on_board.append(event)
            case ClientWrote() | ClientEdited() | ClientTapped() | ClientBlocked() | ClientReturned():
                found[event.key] = client_of(event.chat)
            case _:
                found[event.key] = event.client
    if on_board:
        named = [ticket_in(event.ticket) for event in on_board if event.ticket]
        by_ticket = {row.id: row.client for row in connection.execute(_by_ticket, {"ids": named})} if named else {}
        cards = list({event.card.id for event in on_board})
        by_card = {(row.card_port, row.card): row.client for row in connection.execute(_by_card, {"ids": cards})}
        for event in on_board:
            client = by_ticket.get(ticket_in(event.ticket)) or by_card.get((event.card.port, event.card.id))
            if client:
                found[event.key] = client
    return found


def home_of(connection: Connection, event: Event) -> str | None:
    """Which client an event belongs to, by what is known now."""
    return _homes(connection, [event]).get(event.key)


def ticket_in(external_id: str | None) -> str:
    """The ticket a card's external id names: those of its further cards end in ".2", ".3"…"""
    return (external_id or "").partition(".")[0]
