"""Known, load, decide, remember: the events of a client, one after the other, each with what follows from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, or_, select, text, tuple_, update

from connector.domain.client import Client
from connector.domain.decide import Decision
from connector.domain.effects import Effect, urgency_of
from connector.domain.events import (
    AgentAttached,
    AgentCommented,
    AgentEdited,
    AgentRemoved,
    CardSeen,
    ClientEdited,
    ClientWrote,
    Done,
    Event,
    Failed,
    TimePassed,
)
from connector.domain.refs import ClientId, Key, Ref, TicketId
from connector.domain.ticket import Ticket
from connector.store import codec
from connector.store.among import among
from connector.store.ingest import (
    EVENTS,
    insert_for,
    insert_new,
    note_own,
    storable,
    ticket_in,
    upsert,
    wake_lanes,
    write_rows,
)
from connector.store.routes import lane_of, port_of
from connector.store.tables import (
    Found,
    Noted,
    State,
    clients,
    counters,
    journal,
    lanes,
    made,
    outbox,
    tickets,
    undecided,
)

Decide = Callable[[Client, Event], Decision]

CLOSED_KEPT = 5
"""Closed tickets that stay in a client's sight; older ones are loaded only when an event names them."""
PER_TURN = 16
"""Events of one client decided in one transaction: a client who writes 200 lines does not hold up the others."""


@dataclass(slots=True, kw_only=True)
class Turn:
    """What one transaction of decisions did. `raised` names events whose decision failed, with the reason."""

    events: int = 0
    orders: int = 0
    more: bool = False
    raised: list[tuple[str, str]] = field(default_factory=list)
    decided: list[tuple[str, str]] = field(default_factory=list)
    """(kind, key) of each, for the log."""


_due = (
    select(lanes.c.key)
    .where(lanes.c.port == EVENTS, lanes.c.due.is_not(None))
    .order_by(lanes.c.urgency, lanes.c.due)
    .limit(bindparam("limit"))
)
_due_shared = _due.with_for_update(skip_locked=True)
_waiting = (
    select(journal.c.seq, journal.c.key, journal.c.client, journal.c.kind, journal.c.event)
    .where(undecided, among(journal.c.client, "clients"))
    .order_by(journal.c.seq)
    .limit(bindparam("limit"))
)
_clients = select(clients.c.id, clients.c.state, clients.c.wake).where(among(clients.c.id, "ids"))
_tickets = select(tickets.c.client, tickets.c.state).where(
    or_(
        # As the partial index has it: `live = 1`, as SQLAlchemy writes it for SQLite, would read every ticket.
        and_(among(tickets.c.client, "clients"), text("tickets.live")),
        among(tickets.c.id, "ids"),
    )
)
_by_card = select(tickets.c.client, tickets.c.state).where(
    tuple_(tickets.c.card_port, tickets.c.card).in_(bindparam("cards", expanding=True))
)
_thread_ref = select(made.c.port, made.c.id, made.c.ticket).where(
    tuple_(made.c.port, made.c.id).in_(bindparam("refs", expanding=True))
)
_thread_key = select(outbox.c.key, outbox.c.ticket).where(among(outbox.c.key, "keys"))
_mark_decided = (
    update(journal)
    .where(among(journal.c.seq, "rows"))
    .values(state=bindparam("to"), reason=bindparam("why"), policy=bindparam("under"))
)
_rest = update(lanes).where(among(lanes.c.key, "keys")).values(due=None)
_wakes = (
    select(clients.c.id, clients.c.wake)
    .where(clients.c.wake.is_not(None), clients.c.wake <= bindparam("now"))
    .order_by(clients.c.wake)
    .limit(bindparam("limit"))
)
_wakes_shared = _wakes.with_for_update(skip_locked=True)
_unwake = update(clients).where(among(clients.c.id, "ids")).values(wake=None)
_next_wake = select(clients.c.wake).where(clients.c.wake.is_not(None)).order_by(clients.c.wake).limit(1)


def tick(connection: Connection, now: float, limit: int = 256) -> int:
    """Feeds TimePassed to clients whose moment has come; returns how many."""
    wakes = _wakes_shared if connection.dialect.name == "postgresql" else _wakes
    woken = connection.execute(wakes, {"now": now, "limit": limit}).all()
    if woken:
        connection.execute(_unwake, {"ids": [row.id for row in woken]})
        at = datetime.fromtimestamp(now, UTC)
        note_own(
            connection,
            now,
            [TimePassed(key=Key(f"tick:{row.id}:{now!r}"), at=at, client=ClientId(row.id)) for row in woken],
        )
    return len(woken)


def next_wake(connection: Connection) -> float | None:
    """The next moment a client asked to be looked at again."""
    found: float | None = connection.execute(_next_wake).scalar()
    return found


def set_aside_head(connection: Connection, reason: str) -> str | None:
    """Keeps aside the next event to be decided, because its outcome cannot even be written down; returns its key."""
    client = connection.execute(_due, {"limit": 1}).scalar()
    row = connection.execute(_waiting, {"clients": [client], "limit": 1}).first()
    if row is None:
        return None
    connection.execute(_mark_decided, {"rows": [row.seq], "to": Noted.RAISED, "why": reason, "under": None})
    return str(row.key)


def handle(connection: Connection, now: float, decide: Decide, *, policy_version: str, limit: int = 64) -> Turn:
    """Decides the waiting events of up to `limit` clients.

    An event whose decision raises is kept with its reason and the rest flows on; a client's events are decided in the
    order they were noted, each on what the one before left behind.
    """
    turn = Turn()
    # Alone with one client, one event at a time: whatever spoils the transaction is then known for certain.
    per_turn = PER_TURN if limit > 1 else 1
    shared = connection.dialect.name == "postgresql"
    keys = list(connection.execute(_due_shared if shared else _due, {"limit": limit}).scalars())
    if not keys:
        return turn
    rows: Sequence[Found] = connection.execute(_waiting, {"clients": keys, "limit": limit * per_turn}).all()
    queues: dict[str, list[tuple[Found, Event | None]]] = defaultdict(list)
    for row in rows:
        if len(queues[row.client]) < per_turn:
            queues[row.client].append((row, _read(row)))
    # Where the limit cut the rows off, nobody knows who has more of them: those lanes stay awake.
    complete = len(rows) < limit * per_turn
    idle = [key for key in keys if key not in queues] if complete else []
    finished = {key for key, queue in queues.items() if complete and len(queue) < per_turn}
    turn.more = len(keys) == limit or not complete or len(finished) < len(queues)
    loaded = _load(connection, queues)
    written = _Written(now=now, version=policy_version)
    for key, queue in queues.items():
        client = loaded.client(key, queue)
        if client is None:
            for row, _ in queue:
                written.settle(row, Noted.STRAY, "no client of ours")
            continue
        for row, event in queue:
            if event is None:
                written.settle(row, Noted.RAISED, "stored in a form this version cannot read")
                turn.raised.append((row.key, "stored in a form this version cannot read"))
                continue
            thread = loaded.thread(event)
            seen = client  # copied only where it must be: a client has many fields
            if client.next_number or client.thread != thread:
                seen = replace(client, thread=thread, next_number=0)
            try:
                decision = _decide(connection, decide, seen, event)
            except Exception as error:  # rule 8: kept raw with its reason, shown, replayable; the rest flows on
                reason = storable(f"{type(error).__name__}: {error}")
                written.settle(row, Noted.RAISED, reason)
                turn.raised.append((row.key, reason))
                continue
            written.settle(row, Noted.DECIDED, None)
            written.remember(client, decision)
            client = decision.client
            turn.events += 1
            turn.decided.append((row.kind, row.key))
    turn.orders = len(written.orders)
    written.save(connection, loaded)
    if idle or finished:
        connection.execute(_rest, {"keys": idle + sorted(finished)})
    return turn


def _decide(connection: Connection, decide: Decide, client: Client, event: Event) -> Decision:
    decision = decide(client, event)
    had = {ticket.id for ticket in client.tickets}
    if any(ticket.id not in had for ticket in decision.client.tickets):
        # A number is taken only by what opens a ticket; the decision is pure, so it is simply asked again.
        decision = decide(replace(client, next_number=_take_number(connection)), event)
    return decision


def _take_number(connection: Connection) -> int:
    statement = insert_for(connection, counters)
    number: int = connection.execute(
        statement.on_conflict_do_update(index_elements=["name"], set_={"value": counters.c.value + 1}).returning(
            counters.c.value
        ),
        {"name": "ticket", "value": 1},
    ).scalar_one()
    return number


def _read(row: Found) -> Event | None:
    try:
        return codec.read_event(row.kind, row.event)
    except (ValueError, KeyError, TypeError):
        return None


@dataclass(slots=True, kw_only=True)
class _Loaded:
    clients: dict[str, tuple[str, float | None]]
    """Each as it is stored, and when it asked to be looked at again."""
    tickets: dict[str, list[Ticket]]
    by_ref: dict[tuple[str, str], TicketId]
    by_key: dict[str, TicketId]
    read: dict[str, Client] = field(default_factory=dict)
    """The clients so far asked for, as they are stored."""

    def client(self, key: str, queue: Sequence[tuple[Found, Event | None]]) -> Client | None:
        tickets = tuple(sorted(self.tickets.get(key, ()), key=lambda ticket: ticket.number))
        found = self.clients.get(key)
        if found is None:
            chat = next((event.chat for _, event in queue if event is not None and hasattr(event, "chat")), None)
            if not isinstance(chat, Ref):
                return None
            return Client(id=ClientId(key), chat=chat, tickets=tickets)
        self.read[key] = codec.read_client(found[0], tickets=tickets)
        return self.read[key]

    def has(self, key: str, client: Client, wake: float | None) -> bool:
        """Whether the client is stored just so: many an event changes only a ticket, or nothing."""
        return key in self.read and self.clients[key][1] == wake and codec.written_alike(self.read[key], client)

    def thread(self, event: Event) -> dict[str, TicketId]:
        ref = _recalled(event)
        if ref is None:
            return {}
        ticket = self.by_ref.get((ref.port, ref.id)) or self.by_key.get(f"say/{ref.key}")
        return {ref.key: ticket} if ticket else {}


def _recalled(event: Event) -> Ref | None:
    """An earlier message the event is about: its ticket may long be out of the client's sight."""
    match event:
        case ClientWrote():
            return event.reply_to
        case ClientEdited():
            return event.message
        case _:
            return None


def _load(connection: Connection, queues: dict[str, list[tuple[Found, Event | None]]]) -> _Loaded:
    ids = list(queues)
    named: set[str] = set()
    cards: set[tuple[str, str]] = set()
    quoted: set[Ref] = set()
    for queue in queues.values():
        for _, event in queue:
            match event:
                case AgentCommented() | AgentEdited() | AgentRemoved() | AgentAttached() | CardSeen():
                    cards.add((event.card.port, event.card.id))
                    if event.ticket:
                        named.add(ticket_in(event.ticket))
                case Done() | Failed() if event.effect.ticket:
                    named.add(event.effect.ticket)
                case _:
                    pass
            if event is not None and (ref := _recalled(event)) is not None:
                quoted.add(ref)
    by_ref: dict[tuple[str, str], TicketId] = {}
    by_key: dict[str, TicketId] = {}
    if quoted:
        pairs = [(ref.port, ref.id) for ref in quoted]
        for thing in connection.execute(_thread_ref, {"refs": pairs}):
            if thing.ticket:
                by_ref[(thing.port, thing.id)] = TicketId(thing.ticket)
        for order in connection.execute(_thread_key, {"keys": [f"say/{ref.key}" for ref in quoted]}):
            if order.ticket:
                by_key[order.key] = TicketId(order.ticket)
        named |= {*by_ref.values(), *by_key.values()}
    found: dict[str, dict[str, Ticket]] = defaultdict(dict)
    for row in connection.execute(_tickets, {"clients": ids, "ids": list(named)}):
        ticket = codec.read_ticket(row.state)
        found[row.client][ticket.id] = ticket
    if cards:
        for row in connection.execute(_by_card, {"cards": list(cards)}):
            ticket = codec.read_ticket(row.state)
            found[row.client].setdefault(ticket.id, ticket)
    return _Loaded(
        clients={row.id: (row.state, row.wake) for row in connection.execute(_clients, {"ids": ids})},
        tickets={client: list(by_id.values()) for client, by_id in found.items()},
        by_ref=by_ref,
        by_key=by_key,
    )


class _Written:
    """Everything the decisions of one transaction leave behind, written in as few statements as there are tables."""

    def __init__(self, *, now: float, version: str) -> None:
        self.now = now
        self.version = version
        self.rows: dict[tuple[Noted, str | None], list[int]] = defaultdict(list)
        self.orders: list[dict[str, Any]] = []
        self.clients: dict[str, Client] = {}
        self.wakes: dict[str, float | None] = {}
        self.due: dict[str, dict[str, int]] = defaultdict(dict)

    def settle(self, row: Found, state: Noted, reason: str | None) -> None:
        self.rows[state, reason].append(row.seq)

    def remember(self, before: Client, decision: Decision) -> None:
        client = decision.client
        wake = decision.wake_at.timestamp() if decision.wake_at else None
        self.clients[client.id] = client
        self.wakes[client.id] = wake
        for effect in decision.effects:
            self._order(client, effect)
        had = {ticket.id: ticket.card for ticket in before.tickets}
        for ticket in client.tickets:
            if ticket.card is not None and had.get(ticket.id) != ticket.card:
                # What was held back until the card exists may go now.
                self.due["board"][lane_of("board", client.id, ticket.id)] = 2

    def _order(self, client: Client, effect: Effect) -> None:
        port = port_of(effect)
        lane = lane_of(port, client.id, effect.ticket)
        urgency = urgency_of(effect)
        self.orders.append(
            {
                "key": effect.key, "lane": lane, "port": port, "client": client.id, "ticket": effect.ticket,
                "kind": codec.kind_of(effect), "effect": codec.write_effect(effect), "urgency": int(urgency),
                "state": State.WAITING, "attempt": 0, "tries": 0, "created": self.now,
            }
        )  # fmt: skip
        self.due[port][lane] = min(int(urgency), self.due[port].get(lane, 9))

    def save(self, connection: Connection, loaded: _Loaded) -> None:
        for (state, reason), rows in self.rows.items():
            connection.execute(_mark_decided, {"rows": rows, "to": state, "why": reason, "under": self.version})
        write_rows(
            connection,
            upsert(connection, clients, "id", "state", "wake"),
            [
                {"id": key, "state": codec.write_client(client), "wake": self.wakes[key]}
                for key, client in sorted(self.clients.items())
                if not loaded.has(key, client, self.wakes[key])
            ],
        )
        self._save_tickets(connection, loaded.tickets)
        write_rows(connection, insert_new(connection, outbox, "key"), self.orders)
        for port, wanted in sorted(self.due.items()):
            wake_lanes(connection, port, [(lane, self.now, urgency) for lane, urgency in sorted(wanted.items())])

    def _save_tickets(self, connection: Connection, before: dict[str, list[Ticket]]) -> None:
        rows = []
        for key, client in sorted(self.clients.items()):
            had = {ticket.id: ticket for ticket in before.get(key, ())}
            closed = sorted(
                (ticket for ticket in client.tickets if not ticket.open), key=lambda ticket: ticket.number, reverse=True
            )
            retired = {ticket.id for ticket in closed[CLOSED_KEPT:]}
            for ticket in client.tickets:
                if had.get(ticket.id) != ticket or ticket.id in retired:
                    rows.append(
                        {
                            "id": ticket.id, "client": client.id, "number": ticket.number,
                            "card_port": ticket.card.port if ticket.card else None,
                            "card": ticket.card.id if ticket.card else None,
                            "live": ticket.id not in retired, "state": codec.write_ticket(ticket),
                        }
                    )  # fmt: skip
        write_rows(connection, upsert(connection, tickets, "id", "card_port", "card", "live", "state"), rows)
