"""What the store holds when a story is over, read once: the events in the order they were decided, and every order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Engine, Row, select

from connector.domain.client import Client
from connector.domain.effects import Effect
from connector.domain.events import Event
from connector.domain.refs import Ref, TicketId
from connector.domain.ticket import Ticket
from connector.store import codec
from connector.store.tables import Noted, State, clients, journal, lanes, made, outbox, tickets

E = TypeVar("E", bound=Effect)
Found = Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """An order: its effect, whose it is, and what became of it."""

    seq: int
    key: str
    client: str
    ticket: TicketId | None
    effect: Effect
    state: State
    reason: str | None
    created: float
    ended: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """A decided event and when it was noted."""

    seq: int
    client: str
    event: Event
    received: float


class Ledger:
    """Everything the store remembers; `noted` are the rows of the journal, `held` the lanes somebody still holds."""

    def __init__(self, disk: Engine) -> None:
        with disk.begin() as connection:
            self.noted: list[Found] = list(connection.execute(select(journal).order_by(journal.c.seq)))
            self.held: list[Found] = list(connection.execute(select(lanes).where(lanes.c.holder.is_not(None))))
            self.tickets: dict[TicketId, Ticket] = {
                TicketId(row.id): codec.read_ticket(row.state) for row in connection.execute(select(tickets))
            }
            self.clients: list[Client] = [
                codec.read_client(row.state) for row in connection.execute(select(clients).order_by(clients.c.id))
            ]
            self.orders: dict[str, Ordered] = {
                row.key: Ordered(
                    seq=row.seq, key=row.key, client=row.client, ticket=row.ticket,
                    effect=codec.read_effect(row.kind, row.effect), state=State(row.state), reason=row.reason,
                    created=row.created, ended=row.ended,
                )
                for row in connection.execute(select(outbox).order_by(outbox.c.seq))
            }  # fmt: skip
            self.made: dict[Ref, str] = {
                Ref(port=row.port, id=row.id): row.key for row in connection.execute(select(made))
            }

    def home(self, ticket: TicketId) -> str:
        """The chat of the ticket's client."""
        found = self.tickets.get(ticket)
        return found.client.partition(":")[2] if found else "nobody"

    def continued(self, ticket: TicketId) -> set[TicketId]:
        """The request and those it goes on as: agents merge requests."""
        found: set[TicketId] = set()
        while ticket not in found:
            found.add(ticket)
            known = self.tickets.get(ticket)
            ticket = known.merged_into if known is not None and known.merged_into is not None else ticket
        return found

    def events(self) -> dict[str, list[Happened]]:
        """Of each client, in the order they were decided in."""
        found: dict[str, list[Happened]] = defaultdict(list)
        for row in self.noted:
            if row.state == Noted.DECIDED:
                event = codec.read_event(row.kind, row.event)
                found[row.client].append(
                    Happened(seq=row.seq, client=row.client, event=event, received=row.received)
                )  # fmt: skip
        return found

    def given(self, kind: type[E]) -> Iterator[tuple[Ordered, E]]:
        """The orders of that kind with their effects, oldest first."""
        return ((order, order.effect) for order in self.orders.values() if isinstance(order.effect, kind))
