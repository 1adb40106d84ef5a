"""Known, load, decide, remember: the events of a client, one after the other, each with what follows from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, select, text, update

from connector.domain.around import UNSEEING, Look
from connector.domain.client import Client
from connector.domain.decide import Decision
from connector.domain.events import Event, HistoryChanged, IncidentEnded, IncidentTold, TimePassed
from connector.domain.forgotten import NOBODY
from connector.domain.refs import ClientId, Key
from connector.store import alike, codec
from connector.store.among import among
from connector.store.around import keep_link, look_around
from connector.store.former_life import FormerLife, late
from connector.store.ingest import EVENTS, note_own, storable
from connector.store.loading import Loaded, load
from connector.store.numbering import take_number
from connector.store.past import EVERY, FOR_ORDERS, with_past
from connector.store.tables import Found, Noted, clients, journal, lanes, undecided
from connector.store.writing_down import Written, mark_decided

Decide = Callable[[Client, Event], Decision]
WantsPast = Callable[[Event], bool]
Looks = Callable[[Client, Event], Look]

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
    select(lanes.c.key, lanes.c.fence)
    .where(lanes.c.port == EVENTS, lanes.c.due.is_not(None))
    .order_by(lanes.c.urgency, lanes.c.due)
    .limit(bindparam("limit"))
)
# A client is ours by an advisory lock, not by its row: that one is left to those who wake it meanwhile, who would
# otherwise wait for the whole turn, holding what the turn itself waits for in the end.
# https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADVISORY-LOCKS
_due_shared = text(
    "WITH ready AS MATERIALIZED (SELECT key, fence FROM lanes WHERE port = '' AND due IS NOT NULL"
    " ORDER BY urgency, due LIMIT 4 * :limit)"
    " SELECT key, fence FROM ready WHERE pg_try_advisory_xact_lock(hashtextextended(key, 0)) LIMIT :limit"
)
_waiting = (
    select(journal.c.seq, journal.c.key, journal.c.client, journal.c.kind, journal.c.event, journal.c.received)
    .where(undecided, among(journal.c.client, "clients"))
    .order_by(journal.c.seq)
    .limit(bindparam("limit"))
)
_woken = select(lanes.c.key, lanes.c.fence).where(among(lanes.c.key, "keys"))
# In the order in which everybody locks them.
_woken_shared = _woken.order_by(lanes.c.key).with_for_update()
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


def tick(connection: Connection, now: float, limit: int = 256, *, before: FormerLife | None = None) -> int:
    """Feeds TimePassed to clients whose moment has come; returns how many. `before` is the life before a restore."""
    wakes = _wakes_shared if connection.dialect.name == "postgresql" else _wakes
    woken = connection.execute(wakes, {"now": now, "limit": limit}).all()
    if woken:
        connection.execute(_unwake, {"ids": [row.id for row in woken]})
        at = datetime.fromtimestamp(now, UTC)
        note_own(
            connection,
            now,
            [
                TimePassed(
                    key=late(row.id, now) if before and row.wake <= before.until else Key(f"tick:{row.id}:{now!r}"),
                    at=at,
                    client=ClientId(row.id),
                )
                for row in woken
            ],
        )
    return len(woken)


def next_wake(connection: Connection) -> float | None:
    """The next moment a client asked to be looked at again."""
    found: float | None = connection.execute(_next_wake).scalar()
    return found


def set_aside_head(connection: Connection, reason: str) -> str | None:
    """Keeps aside the next event to be decided, because its outcome cannot even be written down; returns its key."""
    client: str | None = connection.execute(_due, {"limit": 1}).scalar()
    row = connection.execute(_waiting, {"clients": [client], "limit": 1}).first()
    if row is None:
        return None
    connection.execute(mark_decided, {"rows": [row.seq], "to": Noted.RAISED, "why": reason, "under": None})
    return str(row.key)


def _unseeing(client: Client, event: Event) -> Look:
    return UNSEEING


def _of_cards(event: Event) -> bool:
    return isinstance(event, HistoryChanged)


def handle(
    connection: Connection,
    now: float,
    decide: Decide,
    *,
    policy_version: str,
    limit: int = 64,
    wants_past: WantsPast = _of_cards,
    before: FormerLife | None = None,
    looks: Looks = _unseeing,
    opening: Look = UNSEEING,
) -> Turn:
    """Decides the waiting events of up to `limit` clients.

    `wants_past` tells for which events the client's earlier requests are loaded; what orders a card gets them anyway.
    `before` is the life before a restore: what it may have done is looked for, or held for people.
    `looks` tells what of other conversations is loaded for an event, `opening` what for one that opens a request.
    An event whose decision raises is kept with its reason and the rest flows on; a client's events are decided in the
    order they were noted, each on what the one before left behind.
    """
    turn = Turn()
    # Alone with one client, one event at a time: whatever spoils the transaction is then known for certain.
    per_turn = PER_TURN if limit > 1 else 1
    shared = connection.dialect.name == "postgresql"
    fences = {row.key: row.fence for row in connection.execute(_due_shared if shared else _due, {"limit": limit})}
    if not fences:
        return turn
    keys = list(fences)
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
    loaded = load(connection, queues)
    written = Written(now=now, version=policy_version, before=before)
    for key, queue in queues.items():
        client = loaded.client(key, queue)
        if client is None:
            state, reason = (Noted.STRAY, "no client of ours")
            if key.startswith(NOBODY):
                state, reason = (Noted.SEEN_TO, "forgotten")
            for row, _ in queue:
                written.settle(row, state, reason)
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
            if wants_past(event):
                written.save_tickets(connection, loaded)
                seen = _with_past(connection, seen, event)
            if (look := looks(seen, event)) != UNSEEING:
                written.save_tickets(connection, loaded)
                seen = replace(seen, around=look_around(connection, now, look))
            sight = _Sight(connection=connection, now=now, opening=opening, written=written, loaded=loaded)
            try:
                decision = _decide(sight, decide, seen, event)
            except Exception as error:  # rule 8: kept raw with its reason, shown, replayable; the rest flows on
                reason = storable(f"{type(error).__name__}: {error}")
                written.settle(row, Noted.RAISED, reason)
                turn.raised.append((row.key, reason))
                continue
            written.settle(row, Noted.DECIDED, None)
            after = decision.client
            if after.past or after.around is not None or after.recent is not None:
                after = replace(after, past=(), past_more=0, around=None, recent=None)
                decision = replace(decision, client=after)
            # At once: a code that linked one chat links no other in the same transaction, and whoever opens a request
            # later in it is held against this one.
            keep_link(connection, now, client, after)
            if decision.noticed is not None:
                alike.keep(connection, decision.noticed)
            if after.incident is not None:
                alike.stand(connection, client, after)
            client = written.remember(client, event, decision, row)
            turn.events += 1
            turn.decided.append((row.kind, row.key))
    turn.orders = len(written.orders)
    further = written.save(connection, loaded)
    turn.more = turn.more or bool(further)
    resting = {*idle, *finished}
    if resting or further:
        # All lanes of events at once, so that no two turns wait for each other. Whoever woke one of them since we
        # looked has raised its fence: what they wrote is still to be decided.
        keys = sorted({*resting, *(event.client for event in further)})
        woken = connection.execute(_woken_shared if shared else _woken, {"keys": keys}).all()
        rested = [row.key for row in woken if row.key in resting and row.fence == fences[row.key]]
        connection.execute(_rest, {"keys": rested})
    if further:
        note_own(connection, now, [each for each in further if each.key not in written.told_again])
        if before is not None and written.told_again:
            old = [each for each in further if each.key in written.told_again]
            note_own(connection, now, old, received=before.until)
    return turn


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sight:
    """Where a decision looks for more than it was given."""

    connection: Connection
    now: float
    opening: Look
    written: Written
    loaded: Loaded


def _decide(sight: _Sight, decide: Decide, client: Client, event: Event) -> Decision:
    """The decision on the event, asked again with the earlier requests where it orders a card."""
    connection = sight.connection
    decision = decide(client, event)
    cards = {ticket.id: ticket.generation for ticket in client.tickets}
    ordered = [ticket for ticket in decision.client.tickets if cards.get(ticket.id) != ticket.generation]
    if not ordered:
        return decision
    number = 0
    if any(ticket.id not in cards for ticket in ordered):
        # A number is taken only by what opens a ticket; the decision is pure, so it is simply asked again.
        number = take_number(connection)
    known = client
    if number and sight.opening != UNSEEING:
        # After the number, which one opening takes after the other: so each sees what the one before was given.
        sight.written.save_tickets(connection, sight.loaded)
        known = replace(known, around=look_around(connection, sight.now, sight.opening))
    if client.tickets or any(ticket.cabinet is not None for ticket in ordered):
        sight.written.save_tickets(connection, sight.loaded)
        asked = {(ticket.number or number, ticket.cabinet) for ticket in ordered}
        known = with_past(connection, known, asked, now=decision.client.tickets)
    if decision.noticed is not None:
        # After the number was taken: on PostgreSQL that makes openings wait for each other, so no two daemons found
        # the same incident.
        known = replace(known, recent=alike.recent(connection, decision.noticed))
    return decide(replace(known, next_number=number), event) if number or known.past else decision


def _with_past(connection: Connection, client: Client, event: Event) -> Client:
    if isinstance(event, HistoryChanged):
        return with_past(
            connection,
            client,
            {(each.number, each.cabinet) for each in client.tickets if each.open or each.id in event.tickets},
        )
    if isinstance(event, IncidentTold | IncidentEnded):
        return with_past(connection, client, {(each.number, each.cabinet) for each in client.tickets if each.open})
    cabinets = {each.cabinet for each in client.tickets}
    return with_past(connection, client, {(EVERY, cabinet) for cabinet in cabinets}, most=FOR_ORDERS)


def _read(row: Found) -> Event | None:
    try:
        return codec.read_event(row.kind, row.event)
    except (ValueError, KeyError, TypeError):
        return None
