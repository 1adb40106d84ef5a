"""Earlier requests of a client and a cabinet: loaded for a card, and told to those whose cards show a changed one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select, text

from connector.domain.client import Client
from connector.domain.decide.writing import fingerprint
from connector.domain.earlier import past_of, told_elsewhere
from connector.domain.events import HistoryChanged
from connector.domain.refs import ClientId, Key, TicketId
from connector.domain.ticket import Past, Ticket
from connector.store import codec
from connector.store.among import among
from connector.store.numbering import COUNTER
from connector.store.tables import Found, counters, tickets

ON_CARDS = 50
"""Earlier requests loaded for a card: a mapping shows no more."""
FOR_ORDERS = 500
"""Earlier requests loaded when an agent asks for one of them."""
EVERY = 2**62
"""Higher than any number."""

_own = (
    select(tickets.c.client, tickets.c.state)
    .where(tickets.c.client == bindparam("client"), tickets.c.number < bindparam("below"))
    .order_by(tickets.c.number.desc())
    .limit(bindparam("most"))
)
_others = (
    select(tickets.c.client, tickets.c.state)
    .where(
        tickets.c.cabinet == bindparam("cabinet"),
        tickets.c.client != bindparam("client"),
        tickets.c.number < bindparam("below"),
    )
    .order_by(tickets.c.number.desc())
    .limit(bindparam("most"))
)
_others_of_person = _others.where(~among(tickets.c.client, "mine"))
_count_own = select(func.count()).where(tickets.c.client == bindparam("client"), tickets.c.number < bindparam("below"))
_count_others = select(func.count()).where(
    tickets.c.cabinet == bindparam("cabinet"),
    tickets.c.client != bindparam("client"),
    tickets.c.number < bindparam("below"),
)
_count_others_of_person = _count_others.where(~among(tickets.c.client, "mine"))
_of_chats = select(tickets.c.state).where(among(tickets.c.client, "chats"), text("tickets.live"))
# As the partial index has it, see `loading`.
_of_cabinet = select(tickets.c.client, tickets.c.state).where(
    tickets.c.cabinet == bindparam("cabinet"), text("tickets.live")
)
_opening = select(counters.c.value).where(counters.c.name == COUNTER).with_for_update()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A request of which other cards may tell something else now; `cause` is the event it was decided on."""

    before: Ticket
    after: Ticket
    cause: Key


def with_past(
    connection: Connection,
    client: Client,
    asked: Collection[tuple[int, str | None]],
    *,
    most: int = ON_CARDS,
    now: Iterable[Ticket] = (),
) -> Client:
    """The client with the requests that were opened before any of the `asked` (number, cabinet), newest first.

    Those are the client's own, from whichever chat of theirs, and what others wrote for that cabinet; `now` are
    requests as they are about to be saved. Of each asked one the newest `most` of each chat are found; `past_more`
    counts the rest where only one is asked.
    """
    fresh = {ticket.id: ticket for ticket in now}
    found: dict[str, Past] = {}
    total = 0
    for below, cabinet in sorted(set(asked), key=str):
        values = {"client": client.id, "below": below, "cabinet": cabinet, "most": most}
        looks = [(_own, _count_own, {**values, "client": chat}) for chat in (client.id, *client.same)]
        if cabinet is not None and client.same:
            looks.append((_others_of_person, _count_others_of_person, {**values, "mine": client.same}))
        elif cabinet is not None:
            looks.append((_others, _count_others, values))
        for statement, count, values in looks:
            rows: list[Found] = list(connection.execute(statement, values))
            total += len(rows) if len(rows) < most else int(connection.execute(count, values).scalar_one())
            for row in rows:
                stored = codec.read_ticket(row.state)
                ticket = fresh.get(stored.id, stored)
                found[ticket.id] = past_of(ticket, own=row.client == client.id or row.client in client.same)
    past = sorted(found.values(), key=lambda each: each.number, reverse=True)
    if len(asked) > 1:
        return replace(client, past=tuple(past), past_more=0)
    return replace(client, past=tuple(past[:most]), past_more=total - len(past[:most]))


def may_be_told(before: Ticket, after: Ticket) -> bool:
    """Whether a card may have to say something else now: another's about this request, or its own as it goes on."""
    return told_elsewhere(before) != told_elsewhere(after) or before.people != after.people


def told(
    connection: Connection, now: float, changes: Collection[Change], clients: dict[str, Client]
) -> list[HistoryChanged]:
    """One event for each client with an open request on whose card one of the changed ones stands.

    `clients` are those whose requests changed, with the tickets in their sight; everything is saved already.
    """
    joined = [change.after for change in changes if change.before.people != change.after.people]
    changes = [change for change in changes if told_elsewhere(change.before) != told_elsewhere(change.after)]
    cabinets = {
        each.cabinet for change in changes for each in (change.before, change.after) if each.cabinet is not None
    }
    chats = {chat for change in changes for chat in clients[change.after.client].same}
    if (cabinets or chats) and connection.dialect.name == "postgresql":
        # Whoever opens a request takes its number and then reads what was before: one after the other, so that of a
        # request that is opened while another ends, one side always knows of the other.
        connection.execute(_opening)
    near = {cabinet: _open_of(connection, _of_cabinet, {"cabinet": cabinet}) for cabinet in sorted(cabinets)}
    theirs: dict[ClientId, list[Ticket]] = {}
    for chat in sorted(chats):
        theirs[chat] = _open_of(connection, _of_chats, {"chats": [chat]})
    events: dict[ClientId, HistoryChanged] = {}
    emptied: dict[ClientId, set[TicketId]] = {}
    at = datetime.fromtimestamp(now, UTC)
    for change in changes:
        ticket = change.after
        client_now = clients[ticket.client]
        seen = [*client_now.tickets, *(each for chat in client_now.same for each in theirs[chat])]
        for cabinet in {change.before.cabinet, ticket.cabinet} - {None}:
            seen += near[cabinet or ""]
        telling = [other for other in seen if _tells_of(other, change)]
        reached = {other.client for other in telling}
        if change.before.cabinet != ticket.cabinet:
            # It may have been all their blocks told.
            for other in telling:
                emptied.setdefault(other.client, set()).add(other.id)
        mark = fingerprint(told_elsewhere(change.before), told_elsewhere(ticket), change.cause)
        for client in sorted(reached - events.keys()):
            key = Key(f"history:{client}:{ticket.id}:{mark}")
            events[client] = HistoryChanged(key=key, at=at, client=client)
    for ticket in joined:
        if clients[ticket.client].group is not None and ticket.open and not ticket.lost:
            key = Key(f"people:{ticket.id}:{fingerprint(*ticket.people)}")
            events.setdefault(ticket.client, HistoryChanged(key=key, at=at, client=ticket.client))
    return [
        replace(event, tickets=tuple(sorted(emptied[client]))) if client in emptied else event
        for client, event in events.items()
    ]


def _tells_of(other: Ticket, change: Change) -> bool:
    """A later request's card tells of this one; its own, when it goes on, may have missed what happened meanwhile."""
    if not other.open or other.lost:
        return False
    if other.id == change.after.id:
        return not change.before.open
    return other.number > change.after.number


def _open_of(connection: Connection, found: Select[Any], values: Mapping[str, object]) -> list[Ticket]:
    rows = connection.execute(found, values)
    return [ticket for ticket in (codec.read_ticket(row.state) for row in rows) if ticket.open]
