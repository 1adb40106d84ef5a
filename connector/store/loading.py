"""What waiting events are decided on: clients, their tickets in sight, and what older messages belong to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, and_, bindparam, or_, select, text, tuple_

from connector.domain.client import Client
from connector.domain.events import (
    AgentAttached,
    AgentCommented,
    AgentEdited,
    AgentRemoved,
    AmendmentUndone,
    CabinetAmended,
    CardSeen,
    ClientEdited,
    ClientWrote,
    Delayed,
    Done,
    Event,
    Failed,
    HistoryChanged,
    IncidentAnswered,
    IncidentEnded,
    IncidentTold,
    IncidentTookBack,
    SnoozeAsked,
    TakeAsked,
)
from connector.domain.refs import ClientId, Ref, TicketId
from connector.domain.ticket import Ticket
from connector.store import codec
from connector.store.among import among
from connector.store.ingest import ticket_in
from connector.store.tables import Found, clients, made, outbox, tickets

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


@dataclass(slots=True, kw_only=True)
class Loaded:
    """The clients of a transaction of decisions, with the tickets in their sight, as the database has them."""

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


def load(connection: Connection, queues: Mapping[str, Sequence[tuple[Found, Event | None]]]) -> Loaded:
    """What the waiting events of these clients are decided on, in a few statements for all of them."""
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
                case TakeAsked() | SnoozeAsked() | Delayed():
                    named.add(event.ticket)
                case IncidentTold() | IncidentAnswered() | IncidentTookBack() | IncidentEnded():
                    named.add(event.ticket)
                case Done() | Failed() if event.effect.ticket:
                    named.add(event.effect.ticket)
                case HistoryChanged() | CabinetAmended() | AmendmentUndone():
                    named.update(event.tickets)
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
    return Loaded(
        clients={row.id: (row.state, row.wake) for row in connection.execute(_clients, {"ids": ids})},
        tickets={client: list(by_id.values()) for client, by_id in found.items()},
        by_ref=by_ref,
        by_key=by_key,
    )
