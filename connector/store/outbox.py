"""Orders on their way out: claimed with a fence, counted before they are tried, settled with what came of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, tuple_, update

from connector.domain.card import join, joinable
from connector.domain.decide import listens
from connector.domain.effects import (
    AddComment,
    AnswerTap,
    CreateCard,
    DeleteMessage,
    EditComment,
    EditMessage,
    Effect,
    React,
    SendFiles,
    SendMessage,
    Urgency,
)
from connector.domain.events import Done, Failed, Refusal
from connector.domain.refs import ClientId, Key, Ref
from connector.domain.ticket import Ticket
from connector.ports import Order
from connector.store import codec
from connector.store.ingest import insert_new, note, note_own, storable
from connector.store.routes import BOARD
from connector.store.tables import Found, Noted, State, lanes, made, outbox, tickets

JOIN_AT_MOST = 40
"""Waiting messages of one ticket looked at when joining."""
DECIDED_WITHIN = 1.0
"""Seconds the decision gets to order a new card before an order that met a lost one is looked at again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """An order in our hands: carried out by whoever holds `lane` with `fence`, nobody else."""

    lane: str
    fence: int
    seq: int
    port: str
    client: ClientId
    order: Order[Effect]
    rows: tuple[int, ...]
    """The outbox rows it settles: more than one when waiting messages were joined."""
    tries: int
    """How often it was tried before, for the backoff; unlike `order.attempt` it counts what surely never happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """It was done; `refs` is what it made."""

    refs: tuple[Ref, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """Not now. The order waits until `wait` seconds from now; unless `surely_not_done`, the attempt counts."""

    reason: str
    wait: float
    surely_not_done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Never."""

    refusal: Refusal
    reason: str


Outcome = Made | Later | Refused


@dataclass(slots=True, kw_only=True)
class Settled:
    """What settling did: `stale` claims had lost their lane meanwhile and changed nothing."""

    stale: list[Key] = field(default_factory=list)


_due = (
    select(lanes.c.key, lanes.c.fence, lanes.c.urgency)
    .where(lanes.c.port == bindparam("port"), lanes.c.due <= bindparam("now"))
    .order_by(lanes.c.urgency, lanes.c.due)
    .limit(bindparam("limit"))
)
_due_shared = _due.with_for_update(skip_locked=True)
_columns = (
    outbox.c.seq, outbox.c.key, outbox.c.lane, outbox.c.client, outbox.c.ticket, outbox.c.kind, outbox.c.effect,
    outbox.c.attempt, outbox.c.tries, outbox.c.joined, outbox.c.urgency,
)  # fmt: skip
_open = outbox.c.state < State.DONE
_heads = select(*_columns).where(
    outbox.c.seq.in_(
        select(func.min(outbox.c.seq))
        .where(_open, outbox.c.lane.in_(bindparam("lanes", expanding=True)))
        .group_by(outbox.c.lane)
    )
)
_first_create = (
    select(*_columns)
    .where(_open, outbox.c.lane == bindparam("lane"), outbox.c.kind == "CreateCard")
    .order_by(outbox.c.seq)
    .limit(1)
)
_following = (
    select(*_columns)
    .where(_open, outbox.c.lane == bindparam("lane"), outbox.c.seq > bindparam("after"))
    .order_by(outbox.c.seq)
    .limit(JOIN_AT_MOST)
)
_joined = (
    select(*_columns)
    .where(_open, outbox.c.lane == bindparam("lane"), outbox.c.joined == bindparam("head"))
    .order_by(outbox.c.seq)
)
_cards = select(tickets.c.id, tickets.c.card_port, tickets.c.card).where(
    tickets.c.id.in_(bindparam("ids", expanding=True))
)
_states = select(tickets.c.state).where(tickets.c.id.in_(bindparam("ids", expanding=True)))
_made = (
    select(made.c.key, made.c.port, made.c.id)
    .where(made.c.key.in_(bindparam("keys", expanding=True)))
    .order_by(made.c.key, made.c.place)
)
_start = (
    update(outbox)
    .where(outbox.c.seq == bindparam("row"))
    .values(state=State.STARTED, attempt=outbox.c.attempt + 1, tries=outbox.c.tries + 1, joined=bindparam("group"))
)
_claim = (
    update(lanes)
    .where(lanes.c.key == bindparam("lane"))
    .values(due=bindparam("until"), holder=bindparam("by"), fence=lanes.c.fence + 1)
)
_hold = update(lanes).where(lanes.c.key.in_(bindparam("keys", expanding=True))).values(due=None, holder=None)
_fences = select(lanes.c.key, lanes.c.fence).where(lanes.c.key.in_(bindparam("keys", expanding=True)))
_release = (
    update(lanes)
    .where(lanes.c.key == bindparam("lane"))
    .values(due=bindparam("at"), holder=None, urgency=bindparam("class"))
)
_left = (
    select(outbox.c.lane, func.min(outbox.c.urgency).label("urgency"))
    .where(_open, outbox.c.lane.in_(bindparam("lanes", expanding=True)))
    .group_by(outbox.c.lane)
)
_end = (
    update(outbox)
    .where(outbox.c.seq == bindparam("row"))
    .values(state=bindparam("to"), reason=bindparam("why"), ended=bindparam("at"), joined=None)
)
_again = (
    update(outbox)
    .where(outbox.c.seq == bindparam("row"))
    .values(state=State.WAITING, attempt=bindparam("counted"), reason=bindparam("why"))
)
_apart = update(outbox).where(outbox.c.seq == bindparam("row")).values(state=State.WAITING, joined=None, attempt=0)


def claim(
    connection: Connection, now: float, *, port: str, holder: str, lease: float, limit: int, joining: int | None = None
) -> list[Claim]:
    """Takes the heads of up to `limit` due lanes of one side, most urgent first, and counts the attempt.

    A lane stays ours until `now + lease`. Where the ticket's card does not exist (yet, or any more), only the order
    that creates it is taken; the others are held until it does. `joining` (characters of one comment) lets consecutive
    waiting messages of one ticket go as one comment; what was joined once is joined the same way at every repeat,
    so that it can be found.
    """
    shared = connection.dialect.name == "postgresql"
    due = {
        row.key: row
        for row in connection.execute(_due_shared if shared else _due, {"port": port, "now": now, "limit": limit})
    }
    if not due:
        return []
    heads = {row.lane: row for row in connection.execute(_heads, {"lanes": list(due)})}
    idle = [lane for lane in due if lane not in heads]
    cards = _cards_of(connection, heads.values()) if port == BOARD else {}
    taken: dict[str, list[Found]] = {}
    cardless = {
        lane: head
        for lane, head in heads.items()
        if port == BOARD and head.kind != "CreateCard" and head.ticket not in cards
    }
    homeless = _tickets_of(connection, cardless.values())
    stranded: list[Found] = []
    for lane, head in heads.items():
        if lane in cardless and head.attempt > 0 and (known := homeless.get(head.ticket)) and known.former:
            # Nobody knows whether it reached the card that was lost: it looks there before it goes to another one.
            cards[head.ticket] = known.former
        elif lane in cardless:
            create = connection.execute(_first_create, {"lane": lane}).first()
            if create is None:
                idle.append(lane)
                stranded.append(head)
                continue
            head = create
        taken[lane] = [head, *_companions(connection, lane, head, joining=joining)]
    if idle:
        connection.execute(_hold, {"keys": idle})
    if stranded:
        _tell_lost(connection, now, stranded, homeless)
    if not taken:
        return []
    effects = {row.seq: codec.read_effect(row.kind, row.effect) for rows in taken.values() for row in rows}
    results = _made_by(connection, effects.values())
    connection.execute(
        _start,
        [{"row": row.seq, "group": rows[0].seq if len(rows) > 1 else None} for rows in taken.values() for row in rows],
    )
    connection.execute(_claim, [{"lane": lane, "until": now + lease, "by": holder} for lane in taken])
    claims = []
    for lane, rows in taken.items():
        head = rows[0]
        effect: Effect = effects[head.seq]
        if len(rows) > 1:
            comments = [found for row in rows if isinstance(found := effects[row.seq], AddComment)]
            effect = join(comments)
        order = Order(
            key=Key(head.key),
            effect=effect,
            attempt=max(row.attempt for row in rows) + 1,
            urgency=Urgency(min(due[lane].urgency, head.urgency)),
            card=cards.get(head.ticket),
            made={key: results[key] for key in _named(effect) if key in results},
        )
        claims.append(
            Claim(
                lane=lane, fence=due[lane].fence + 1, seq=head.seq, port=port, client=ClientId(head.client),
                order=order, rows=tuple(row.seq for row in rows), tries=head.tries,
            )
        )  # fmt: skip
    return claims


def settle(connection: Connection, now: float, outcomes: Sequence[tuple[Claim, Outcome]]) -> Settled:
    """Writes down what came of orders, tells the clients' lanes, and starts or releases each order's lane.

    A claim whose fence was passed by somebody else changes nothing: whoever holds the lane now looks before writing.
    """
    settled = Settled()
    fences = _fences.with_for_update() if connection.dialect.name == "postgresql" else _fences
    found = {
        row.key: row.fence
        for row in connection.execute(fences, {"keys": sorted({claim.lane for claim, _ in outcomes})})
    }
    valid = []
    for claim_, outcome in outcomes:
        if found.get(claim_.lane) == claim_.fence:
            valid.append((claim_, outcome))
        else:
            settled.stale.append(claim_.order.key)
    at = datetime.fromtimestamp(now, UTC)
    ended: list[dict[str, Any]] = []
    again: list[dict[str, Any]] = []
    apart: list[dict[str, Any]] = []
    things: list[dict[str, Any]] = []
    own: list[dict[str, Any]] = []
    events: list[Done | Failed] = []
    wait: dict[str, float] = {}
    for claim_, outcome in valid:
        effect, key = claim_.order.effect, claim_.order.key
        wait[claim_.lane] = now
        match outcome:
            case Made(refs=refs):
                ended += [{"row": row, "to": State.DONE, "why": None, "at": now} for row in claim_.rows]
                things += _things(effect, key, refs)
                if isinstance(effect, AddComment | EditComment):
                    own += [_own(ref, now) for ref in refs]
                if listens(effect):
                    events.append(Done(key=Key(f"done:{key}"), at=at, client=claim_.client, effect=effect, made=refs))
            case Later(reason=reason, wait=seconds, surely_not_done=untouched):
                counted = claim_.order.attempt - 1 if untouched else claim_.order.attempt
                again += [{"row": row, "counted": counted, "why": storable(reason)} for row in claim_.rows]
                wait[claim_.lane] = now + seconds
            case Refused(refusal=Refusal.GONE, reason=reason) if claim_.port == BOARD and not isinstance(
                effect, CreateCard
            ):
                # The card is gone, the words are not: they wait for the card that the decision will order.
                again += [{"row": row, "counted": 0, "why": storable(reason)} for row in claim_.rows]
                wait[claim_.lane] = now + DECIDED_WITHIN
                events.append(_failed(claim_, Refusal.GONE, reason, at, suffix=f":{claim_.fence}"))
            case Refused(reason=reason) if isinstance(effect, React | AnswerTap):
                # A sign that could not be given is nobody's dead letter.
                ended.append({"row": claim_.seq, "to": State.DONE, "why": reason, "at": now})
            case Refused() if len(claim_.rows) > 1:
                apart += [{"row": row} for row in claim_.rows]
            case Refused(refusal=refusal, reason=reason):
                ended.append({"row": claim_.seq, "to": State.DEAD, "why": storable(f"{refusal}: {reason}"), "at": now})
                events.append(_failed(claim_, refusal, reason, at))
    for statement, rows in ((_end, ended), (_again, again), (_apart, apart)):
        if rows:
            connection.execute(statement, rows)
    if things:
        connection.execute(insert_new(connection, made, "key", "place"), things)
    note(connection, own)
    if wait:
        left = {row.lane: row.urgency for row in connection.execute(_left, {"lanes": list(wait)})}
        connection.execute(
            _release,
            [
                {"lane": lane, "at": moment if lane in left else None, "class": left.get(lane, int(Urgency.RESYNC))}
                for lane, moment in sorted(wait.items())
            ],
        )
    if events:
        note_own(connection, now, events)
    return settled


def extend(connection: Connection, now: float, claims: Sequence[Claim], *, holder: str, lease: float) -> list[Claim]:
    """The heartbeat: what we are still busy with stays ours. Returns the claims that nobody took over meanwhile."""
    if not claims:
        return []
    kept = {
        (row.key, row.fence)
        for row in connection.execute(
            update(lanes)
            .where(
                tuple_(lanes.c.key, lanes.c.fence).in_([(claim.lane, claim.fence) for claim in claims]),
                lanes.c.holder == holder,
            )
            .values(due=now + lease)
            .returning(lanes.c.key, lanes.c.fence)
        )
    }
    return [claim for claim in claims if (claim.lane, claim.fence) in kept]


def next_due(connection: Connection, *, port: str, after: float) -> float | None:
    """When a lane of this side, not due at `after`, becomes due."""
    found: float | None = connection.execute(
        select(func.min(lanes.c.due)).where(lanes.c.port == port, lanes.c.due > after)
    ).scalar()
    return found


def waiting(connection: Connection, now: float, *, port: str) -> int:
    """How many lanes of this side could be served right now."""
    return int(
        connection.execute(
            select(func.count()).select_from(lanes).where(lanes.c.port == port, lanes.c.due <= now)
        ).scalar_one()
    )


def orders_waiting(connection: Connection, *, port: str, at_most: int = 1_000) -> int:
    """How many orders of this side are not done yet and wait for nothing but their turn, counted up to a limit."""
    return int(connection.execute(_orders_waiting, {"port": port, "at_most": at_most}).scalar_one())


_orders_waiting = select(func.count()).select_from(
    select(outbox.c.seq)
    .join(lanes, lanes.c.key == outbox.c.lane)
    .where(lanes.c.port == bindparam("port"), lanes.c.due.is_not(None), _open)
    .limit(bindparam("at_most"))
    .subquery()
)


def release_all(connection: Connection, now: float) -> int:
    """After a restart of the only daemon: what the dead process held is due at once. Returns how many lanes."""
    return connection.execute(update(lanes).where(lanes.c.holder.is_not(None)).values(due=now, holder=None)).rowcount


def revive_creations(connection: Connection, now: float) -> int:
    """Cards that could not be created get another chance (the mapping may have been mended). Returns how many."""
    dead = connection.execute(
        select(outbox.c.seq, outbox.c.lane).where(outbox.c.state == State.DEAD, outbox.c.kind == "CreateCard")
    ).all()
    for row in dead:
        connection.execute(update(outbox).where(outbox.c.seq == row.seq).values(state=State.WAITING))
        connection.execute(update(lanes).where(lanes.c.key == row.lane, lanes.c.holder.is_(None)).values(due=now))
    return len(dead)


def sweep(connection: Connection, before: float, limit: int = 500) -> int:
    """Deletes finished orders that ended before that moment, a small batch at a time. Returns how many went."""
    old = select(outbox.c.seq).where(outbox.c.state == State.DONE, outbox.c.ended < before).limit(limit)
    return connection.execute(delete(outbox).where(outbox.c.seq.in_(old))).rowcount


def _companions(connection: Connection, lane: str, head: Found, *, joining: int | None) -> list[Found]:
    if head.kind != "AddComment":
        return []
    if head.joined is not None:
        rows: Sequence[Found] = connection.execute(_joined, {"lane": lane, "head": head.joined}).all()
        return [row for row in rows if row.seq != head.seq]
    if joining is None or head.attempt > 0:
        return []
    run = [head]
    for row in connection.execute(_following, {"lane": lane, "after": head.seq}):
        if row.kind != "AddComment" or row.attempt > 0 or row.joined is not None:
            break
        run.append(row)
    comments = [found for row in run if isinstance(found := codec.read_effect(row.kind, row.effect), AddComment)]
    return run[1 : joinable(comments, joining)]


def _tickets_of(connection: Connection, heads: Collection[Found]) -> dict[str, Ticket]:
    if not heads:
        return {}
    rows = connection.execute(_states, {"ids": [head.ticket for head in heads]})
    return {ticket.id: ticket for ticket in (codec.read_ticket(row.state) for row in rows)}


def _tell_lost(connection: Connection, now: float, heads: Sequence[Found], known: Mapping[str, Ticket]) -> None:
    """Orders whose card was lost before they were carried out end like those that met the loss themselves.

    Each is told once per card: the decision orders a new card where one of them is worth it.
    """
    at = datetime.fromtimestamp(now, UTC)
    events = []
    for head in heads:
        ticket = known.get(head.ticket)
        if ticket is not None and ticket.lost:
            generation = ticket.generation
            for row in connection.execute(_following, {"lane": head.lane, "after": head.seq - 1}):
                events.append(
                    Failed(
                        key=Key(f"failed:{row.key}:lost:{generation}"), at=at, client=ClientId(row.client),
                        effect=codec.read_effect(row.kind, row.effect), refusal=Refusal.GONE, reason="the card is gone",
                    )
                )  # fmt: skip
    if events:
        note_own(connection, now, events)


def _cards_of(connection: Connection, heads: Any) -> dict[str, Ref]:
    ids = [head.ticket for head in heads if head.ticket]
    return {
        row.id: Ref(port=row.card_port, id=row.card)
        for row in connection.execute(_cards, {"ids": ids})
        if row.card is not None
    }


def _named(effect: Effect) -> tuple[Key, ...]:
    """The orders whose results this effect needs."""
    match effect:
        case EditMessage() | DeleteMessage() | EditComment():
            return (effect.target,)
        case SendMessage(reply_to=str() as key) | SendFiles(reply_to=str() as key):
            return (Key(key),)
        case _:
            return ()


def _made_by(connection: Connection, effects: Any) -> Mapping[Key, tuple[Ref, ...]]:
    keys = [key for effect in effects for key in _named(effect)]
    found: dict[Key, tuple[Ref, ...]] = defaultdict(tuple)
    if keys:
        for row in connection.execute(_made, {"keys": keys}):
            found[Key(row.key)] += (Ref(port=row.port, id=row.id),)
    return found


def _things(effect: Effect, key: Key, refs: tuple[Ref, ...]) -> list[dict[str, Any]]:
    """A joined comment is what each of its messages made."""
    joined = isinstance(effect, AddComment) and len(effect.sections) > 1
    keys = [section.key for section in effect.sections] if isinstance(effect, AddComment) and joined else [key]
    return [
        {"key": each, "place": place, "port": ref.port, "id": ref.id, "ticket": effect.ticket}
        for each in keys
        for place, ref in enumerate(refs)
    ]


def _own(ref: Ref, now: float) -> dict[str, Any]:
    return {
        "key": ref.key, "client": None, "kind": "Own", "at": now, "received": now, "raw": None, "event": None,
        "state": Noted.OWN, "reason": None,
    }  # fmt: skip


def _failed(claim_: Claim, refusal: Refusal, reason: str, at: datetime, suffix: str = "") -> Failed:
    key = claim_.order.key
    return Failed(
        key=Key(f"failed:{key}{suffix}"), at=at, client=claim_.client, effect=claim_.order.effect, refusal=refusal,
        reason=storable(reason),
    )  # fmt: skip


def hurry(connection: Connection, now: float, *, port: str) -> None:
    """The side answers again: lanes that wait out a backoff need not wait any longer."""
    connection.execute(
        update(lanes).where(lanes.c.port == port, lanes.c.holder.is_(None), lanes.c.due > now).values(due=now)
    )
