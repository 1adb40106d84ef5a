"""A slice of the journal decided anew on an empty store with a clock of its own: what would have been done."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, select

from connector.domain.client import Client
from connector.domain.decide import Decision, decide, looks, looks_opening, wants_past
from connector.domain.events import Done, Event, Failed, HistoryChanged, OwnEvent
from connector.domain.policy import Policy
from connector.domain.refs import Key, Ref
from connector.ports import Arrival
from connector.store import claiming, codec, deciding, settling
from connector.store.database import Database
from connector.store.ingest import ingest, note_own
from connector.store.tables import Noted, journal, made, outbox, tickets

BATCH = 1_000
LATE = 5.0
"""Seconds after which a moment nobody recorded comes by itself: under another mapping there are other moments."""
FOR_EVER = 1e9
UNKNOWN = 1_000_000
"""Added to the numbers of requests that were never opened in fact."""
PORTS = ("chat", "board", "registry")
ROUNDS = 1_000
"""Turns of deciding and carrying out after one event, at most: more would be a circle."""

Written = tuple[str, str, str]
"""An order: its key, its kind, and its words as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One event as the journal has it."""

    seq: int
    received: float
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What is known of what happened: what orders made, and the numbers of requests."""

    made: Mapping[str, tuple[Ref, ...]]
    numbers: Mapping[str, int]


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of a replay: orders whose cause lies in the slice, in the order they were decided."""

    events: int = 0
    before: int = 0
    """Events before the slice, decided only to know how things stood."""
    unread: int = 0
    raised: list[tuple[str, str]] = field(default_factory=list)
    orders: list[Written] = field(default_factory=list)

    @property
    def hash(self) -> str:
        """The same for the same orders in the same order."""
        seen = hashlib.sha256()
        for order in self.orders:
            for part in order:
                seen.update(part.encode() + b"\0")
        return seen.hexdigest()

    @property
    def kinds(self) -> dict[str, int]:
        """How many orders of each kind."""
        return dict(sorted(Counter(kind for _, kind, _ in self.orders).items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """An order that one side alone has, or that says something else: `was` in fact, `would` in the replay."""

    key: str
    kind: str
    was: str | None
    would: str | None


def history(connection: Connection) -> History:
    """Read from the store whose journal is replayed."""
    things: dict[str, tuple[Ref, ...]] = defaultdict(tuple)
    for row in connection.execute(select(made.c.key, made.c.port, made.c.id).order_by(made.c.key, made.c.place)):
        things[row.key] += (Ref(port=row.port, id=row.id),)
    numbers = {row.id: row.number for row in connection.execute(select(tickets.c.id, tickets.c.number))}
    return History(made=dict(things), numbers=numbers)


def recorded(connection: Connection, *, until: float) -> Iterator[Recorded | None]:
    """The journal's readable events received before `until`, in order; None for one that cannot be read any more."""
    last = 0
    wanted = (Noted.NEW, Noted.DECIDED, Noted.RAISED, Noted.STRAY)
    while True:
        rows = connection.execute(
            select(journal.c.seq, journal.c.kind, journal.c.event, journal.c.received)
            .where(journal.c.seq > last, journal.c.received < until, journal.c.state.in_(wanted))
            .order_by(journal.c.seq)
            .limit(BATCH)
        ).all()
        for row in rows:
            yield _read(row.seq, row.kind, row.event, row.received)
        if len(rows) < BATCH:
            return
        last = rows[-1].seq


def _read(seq: int, kind: str, written: str | None, received: float) -> Recorded | None:
    if written is None:
        return None
    try:
        return Recorded(seq=seq, received=received, event=codec.read_event(kind, written))
    except (ValueError, KeyError, TypeError):
        return None


def orders_between(connection: Connection, begin: float, end: float) -> tuple[dict[str, tuple[str, str]], set[str]]:
    """What was ordered in fact for events received in that time: by key (kind, words), and the kinds there are."""
    rows = connection.execute(
        select(outbox.c.key, outbox.c.kind, outbox.c.effect)
        .join(journal, journal.c.seq == outbox.c.cause)
        .where(journal.c.received >= begin, journal.c.received < end)
        .order_by(outbox.c.seq)
    )
    found = {row.key: (row.kind, row.effect) for row in rows}
    return found, {kind for kind, _ in found.values()}


def differences(
    outcome: Outcome, was: Mapping[str, tuple[str, str]], things: Mapping[str, tuple[Ref, ...]]
) -> list[Difference]:
    """By key. An order that is no longer remembered, but made something, was carried out: it counts as the same."""
    would = {key: (kind, written) for key, kind, written in outcome.orders}
    found = []
    for key, (kind, written) in would.items():
        fact = was.get(key)
        if fact is None and key not in things:
            found.append(Difference(key=key, kind=kind, was=None, would=written))
        elif fact is not None and fact != (kind, written):
            found.append(Difference(key=key, kind=kind, was=fact[1], would=written))
    found += [
        Difference(key=key, kind=kind, was=written, would=None)
        for key, (kind, written) in was.items()
        if key not in would
    ]
    return found


def replay(
    database: Database,
    events: Iterable[Recorded | None],
    known: History,
    policy: Policy,
    *,
    begin: float,
    end: float,
    progress: Callable[[int], None] = lambda _: None,
) -> Outcome:
    """Decides the events in order on `database`, which must be empty. Nothing leaves this process.

    An order ends when the record says so, and as it says; one the record does not know ends at once. Moments come
    when they were recorded; those that nobody recorded, `LATE` seconds after they were due.
    """
    return _Replay(database, known, policy, begin=begin, end=end).run(events, progress)


class _Replay:
    def __init__(self, database: Database, known: History, policy: Policy, *, begin: float, end: float) -> None:
        self._database = database
        self._known = known
        self._policy = policy
        self._begin = begin
        self._end = end
        self._now = 0.0
        self._ends: dict[Key, deque[Done | Failed]] = defaultdict(deque)
        self._held: dict[Key, claiming.Claim] = {}
        self._outcome = Outcome()
        self._seen = 0

    def run(self, events: Iterable[Recorded | None], progress: Callable[[int], None]) -> Outcome:
        stream = []
        for each in events:
            if each is None:
                self._outcome.unread += 1
                continue
            stream.append(each)
            if isinstance(each.event, Done | Failed):
                self._ends[each.event.effect.key].append(each.event)
        with self._database.engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.rollback()
                connection.connection.driver_connection.execute("PRAGMA synchronous=OFF")  # type: ignore[union-attr]  # a connection in use has its driver's
        for count, each in enumerate(stream):
            self._moments(each.received)
            self._now = max(self._now, each.received)
            self._feed(each.event)
            self._settle_down()
            if each.received >= self._begin:
                self._outcome.events += 1
            else:
                self._outcome.before += 1
            if count % BATCH == 0:
                progress(count)
        if stream:
            self._moments(self._end)
        self._collect()
        return self._outcome

    def _feed(self, event: Event) -> None:
        match event:
            case HistoryChanged() if not event.tickets:
                return  # the store tells it anew
            case Done() | Failed():
                self._ended(event)
            case _ if isinstance(event, OwnEvent):
                # What the store tells anew has the same key.
                with self._database.engine.begin() as connection:
                    note_own(connection, self._now, [event])
            case _:
                with self._database.engine.begin() as connection:
                    ingest(connection, self._now, [Arrival(key=event.key, raw="{}", event=event)])

    def _moments(self, until: float) -> None:
        """What was due and never recorded."""
        for _ in range(ROUNDS):
            with self._database.engine.begin() as connection:
                wake = deciding.next_wake(connection)
            if wake is None or wake + LATE >= until:
                return
            self._now = max(self._now, wake)
            with self._database.engine.begin() as connection:
                deciding.tick(connection, self._now)
            self._settle_down()

    def _settle_down(self) -> None:
        """Decides and carries out until nothing moves."""
        for _ in range(ROUNDS):
            with self._database.engine.begin() as connection:
                turn = deciding.handle(
                    connection, self._now, self._decide, policy_version=self._policy.version,
                    wants_past=lambda event: wants_past(event, self._policy),
                    looks=lambda client, event: looks(client, event, self._policy),
                    opening=looks_opening(self._policy),
                )  # fmt: skip
                self._outcome.raised += turn.raised
                moved = turn.more or bool(turn.events)
                for port in PORTS:
                    moved |= self._carry_out(connection, port)
            if not moved:
                return

    def _carry_out(self, connection: Connection, port: str) -> bool:
        claims = claiming.claim(connection, self._now, port=port, holder="replay", lease=FOR_EVER, limit=64)
        ended: list[tuple[claiming.Claim, settling.Outcome]] = []
        for claim in claims:
            if self._ends[claim.order.key]:
                self._held[claim.order.key] = claim
            else:
                ended.append((claim, settling.Made(refs=self._refs(claim, port))))
        if ended:
            settling.settle(connection, self._now, ended)
        return bool(claims)

    def _refs(self, claim: claiming.Claim, port: str) -> tuple[Ref, ...]:
        found = self._known.made.get(claim.order.key)
        if found is not None:
            return found
        return (Ref(port=port, id=f"replay/{claim.order.key}"),) if claim.order.attempt else ()

    def _ended(self, event: Done | Failed) -> None:
        key = event.effect.key
        waiting = self._ends[key]
        if waiting and waiting[0].key == event.key:
            waiting.popleft()
        claim = self._held.pop(key, None)
        if claim is None:
            return
        outcome: settling.Outcome
        match event:
            case Done():
                outcome = settling.Made(refs=event.made)
            case Failed():
                outcome = settling.Refused(refusal=event.refusal, reason=event.reason)
        with self._database.engine.begin() as connection:
            settling.settle(connection, self._now, [(claim, outcome)])

    def _decide(self, client: Client, event: Event) -> Decision:
        """The decision, with the number a request has in fact."""
        decision = decide(client, event, self._policy)
        number = client.next_number
        fresh = [ticket for ticket in decision.client.tickets if number and ticket.number == number]
        if not fresh:
            return decision
        fact = self._known.numbers.get(fresh[0].id, UNKNOWN + number)
        return decide(replace(client, next_number=fact), event, self._policy)

    def _collect(self) -> None:
        with self._database.engine.begin() as connection:
            rows = connection.execute(
                select(outbox.c.key, outbox.c.kind, outbox.c.effect, journal.c.received)
                .join(journal, journal.c.seq == outbox.c.cause)
                .where(journal.c.received >= self._begin, journal.c.received < self._end)
                .order_by(outbox.c.seq)
            )
            self._outcome.orders = [(row.key, row.kind, row.effect) for row in rows]
