"""Orders on their way out: heads of lanes taken with a fence, each attempt counted before it is made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, tuple_, update

from connector.domain.card import join, joinable
from connector.domain.effects import (
    AddComment,
    DeleteMessage,
    EditComment,
    EditMessage,
    Effect,
    SendFiles,
    SendMessage,
    Urgency,
)
from connector.domain.events import Failed, Refusal
from connector.domain.refs import ClientId, Key, Ref
from connector.domain.ticket import Ticket
from connector.ports import Order
from connector.store import codec
from connector.store.among import among
from connector.store.ingest import note_own
from connector.store.routes import BOARD, CHAT
from connector.store.tables import Found, State, journal, lanes, made, outbox, tickets, unfinished

JOIN_AT_MOST = 40
"""Waiting messages of one ticket looked at when joining."""
PAUSED_SECONDS = 10.0
"""How long a lane rests whose next order is held up by an operator; resuming wakes it at once."""

ACKNOWLEDGING = ("SendMessage", "React", "AnswerTap")
"""What may acknowledge a client though their chat is held up. Not an edit: it might come before what it edits."""

Held = Callable[[str, Ticket | None], bool]
"""Whether orders of a side (`chat`, `board`, `registry`) for that request are held up."""


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
    since: float
    """When what caused it came in."""


_due = (
    select(lanes.c.key, lanes.c.fence, lanes.c.urgency)
    .where(lanes.c.port == bindparam("port"), lanes.c.due <= bindparam("now"))
    .order_by(lanes.c.urgency, lanes.c.due)
    .limit(bindparam("limit"))
)
_due_shared = _due.with_for_update(skip_locked=True)
_since = func.coalesce(
    select(journal.c.received).where(journal.c.seq == outbox.c.cause).correlate(outbox).scalar_subquery(),
    outbox.c.created,
).label("since")
_columns = (
    outbox.c.seq, outbox.c.key, outbox.c.lane, outbox.c.client, outbox.c.ticket, outbox.c.kind, outbox.c.effect,
    outbox.c.attempt, outbox.c.tries, outbox.c.joined, outbox.c.urgency, _since,
)  # fmt: skip
# Lane by lane, so that the index tells each head at once: a lane may be thousands of orders long.
_head = select(func.min(outbox.c.seq)).where(unfinished, outbox.c.lane == lanes.c.key).correlate(lanes)
_heads = select(*_columns).where(outbox.c.seq.in_(select(_head.scalar_subquery()).where(among(lanes.c.key, "lanes"))))
_first_create = (
    select(*_columns)
    .where(unfinished, outbox.c.lane == bindparam("lane"), outbox.c.kind == "CreateCard")
    .order_by(outbox.c.seq)
    .limit(1)
)
_following = (
    select(*_columns)
    .where(unfinished, outbox.c.lane == bindparam("lane"), outbox.c.seq > bindparam("after"))
    .order_by(outbox.c.seq)
    .limit(JOIN_AT_MOST)
)
_joined = (
    select(*_columns)
    .where(unfinished, outbox.c.lane == bindparam("lane"), outbox.c.joined == bindparam("head"))
    .order_by(outbox.c.seq)
)
_cards = select(tickets.c.id, tickets.c.card_port, tickets.c.card).where(among(tickets.c.id, "ids"))
_states = select(tickets.c.state).where(among(tickets.c.id, "ids"))
_made = select(made.c.key, made.c.port, made.c.id).where(among(made.c.key, "keys")).order_by(made.c.key, made.c.place)
_start = (
    update(outbox)
    .where(among(outbox.c.seq, "rows"))
    .values(
        state=State.STARTED,
        attempt=outbox.c.attempt + 1,
        tries=outbox.c.tries + 1,
        joined=bindparam("group"),
        began=func.coalesce(outbox.c.began, bindparam("at")),
        tried=bindparam("at"),
    )
)
_claim = (
    update(lanes)
    .where(among(lanes.c.key, "keys"))
    .values(due=bindparam("until"), holder=bindparam("by"), fence=lanes.c.fence + 1)
)
_rest = update(lanes).where(among(lanes.c.key, "keys")).values(due=bindparam("at"), holder=None)
_acknowledging = (
    select(*_columns)
    .where(
        unfinished,
        outbox.c.lane == bindparam("lane"),
        outbox.c.urgency == int(Urgency.ACKNOWLEDGE),
        outbox.c.kind.in_(ACKNOWLEDGING),
    )
    .order_by(outbox.c.seq)
    .limit(1)
)
_hold = update(lanes).where(among(lanes.c.key, "keys")).values(due=None, holder=None)
_newest = select(journal.c.received).where(journal.c.seq == select(func.max(journal.c.seq)).scalar_subquery())
_orders_waiting = select(func.count()).select_from(
    select(outbox.c.seq)
    .join(lanes, lanes.c.key == outbox.c.lane)
    .where(lanes.c.port == bindparam("port"), lanes.c.due.is_not(None), unfinished)
    .limit(bindparam("at_most"))
    .subquery()
)


def claim(
    connection: Connection,
    now: float,
    *,
    port: str,
    holder: str,
    lease: float,
    limit: int,
    joining: int | None = None,
    held: Held | None = None,
) -> list[Claim]:
    """Takes the heads of up to `limit` due lanes of one side, most urgent first, and counts the attempt.

    A lane stays ours until `now + lease`. Where the ticket's card does not exist (yet, or any more), only the order
    that creates it is taken; the others are held until it does. `joining` (characters of one comment) lets consecutive
    waiting messages of one ticket go as one comment; what was joined once is joined the same way at every repeat,
    so that it can be found. What an operator holds up (`held`) keeps its place; in a chat acknowledgements go past it.
    """
    shared = connection.dialect.name == "postgresql"
    due = {
        row.key: row
        for row in connection.execute(_due_shared if shared else _due, {"port": port, "now": now, "limit": limit})
    }
    if not due:
        return []
    first = {row.lane: row for row in connection.execute(_heads, {"lanes": list(due)})}
    heads = {lane: first[lane] for lane in due if lane in first}  # whoever is to go first is begun with
    idle = [lane for lane in due if lane not in heads]
    if held is not None and heads:
        _set_apart_held(connection, now, port, heads, held)
        if not heads and len(due) == limit:
            # All of them were held up: whoever comes after them need not wait for that.
            return claim(
                connection, now, port=port, holder=holder, lease=lease, limit=limit, joining=joining, held=held
            )
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
    groups: dict[int | None, list[int]] = defaultdict(list)
    for rows in taken.values():
        groups[rows[0].seq if len(rows) > 1 else None] += [row.seq for row in rows]
    for group, members in groups.items():
        connection.execute(_start, {"rows": members, "group": group, "at": now})
    connection.execute(_claim, {"keys": list(taken), "until": now + lease, "by": holder})
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
                order=order, rows=tuple(row.seq for row in rows), tries=head.tries, since=head.since,
            )
        )  # fmt: skip
    return claims


def _set_apart_held(connection: Connection, now: float, port: str, heads: dict[str, Found], held: Held) -> None:
    """Takes out of `heads` what is held up; those lanes are looked at again after a while."""
    known = _tickets_of(connection, [head for head in heads.values() if head.ticket is not None])
    resting = []
    for lane, head in list(heads.items()):
        acknowledges = head.urgency == Urgency.ACKNOWLEDGE and head.kind in ACKNOWLEDGING
        if (port == CHAT and acknowledges) or not held(port, known.get(head.ticket)):
            continue
        passing = connection.execute(_acknowledging, {"lane": lane}).first() if port == CHAT else None
        if passing is None:
            del heads[lane]
            resting.append(lane)
        else:
            heads[lane] = passing
    if resting:
        connection.execute(_rest, {"keys": resting, "at": now + PAUSED_SECONDS})


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


def hurry(connection: Connection, now: float, *, port: str) -> None:
    """The side answers again: lanes that wait out a backoff need not wait any longer, and the oldest goes first."""
    resting = select(lanes.c.key).where(lanes.c.port == port, lanes.c.holder.is_(None), lanes.c.due.is_not(None))
    if connection.dialect.name == "postgresql":  # lanes are locked in one order everywhere: nobody waits in a circle
        resting = resting.order_by(lanes.c.key).with_for_update()
    oldest = select(func.min(outbox.c.created)).where(unfinished, outbox.c.lane == lanes.c.key).correlate(lanes)
    connection.execute(
        update(lanes).where(lanes.c.key.in_(resting)).values(due=func.coalesce(oldest.scalar_subquery(), now))
    )


def release_all(connection: Connection, now: float) -> int:
    """After a restart of the only daemon: what the dead process held is due at once. Returns how many lanes.

    Where the newest event was written later than now, the machine's clock was put back meanwhile: whatever waits then
    waits as long as it still had to.
    """
    newest: float | None = connection.execute(_newest).scalar()
    if newest is not None and newest > now:
        connection.execute(update(lanes).where(lanes.c.due > now).values(due=lanes.c.due - (newest - now)))
    return connection.execute(update(lanes).where(lanes.c.holder.is_not(None)).values(due=now, holder=None)).rowcount


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
