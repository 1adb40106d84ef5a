"""A store under test with what is put into it: events by their name, effects by their key, decisions to order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy import Connection, Engine, select

from connector.domain.client import Client
from connector.domain.decide import Decision
from connector.domain.effects import (
    AddComment,
    CreateCard,
    Effect,
    Section,
    SendMessage,
    Spot,
    Urgency,
)
from connector.domain.events import CardSeen, ClientWrote, Event
from connector.domain.refs import ClientId, Key, Ref, TicketId
from connector.domain.ticket import Phase, Ticket
from connector.domain.words import Person, Text, Words
from connector.ports import Arrival
from connector.store import claiming, settling
from connector.store.deciding import Turn, handle
from connector.store.ingest import Ingested, ingest
from connector.store.tables import Found, journal
from connector.store.tables import outbox as orders

T = TypeVar("T")
START = 1_900_000_000.0
"""Seconds since the epoch at which every test begins."""
TICKET = TicketId("kc-1")
CARD = Ref(port="kaiten", id="11")
PLACE = Spot(board="b1")


@dataclass(slots=True)
class Shelf:
    """One database with a clock that only the test moves."""

    engine: Engine
    now: float = START

    def do(self, step: Callable[[Connection], T]) -> T:
        """One transaction."""
        with self.engine.begin() as connection:
            return step(connection)

    def note(self, *events: Event) -> Ingested:
        """What a read brought."""
        arrivals = [Arrival(key=event.key, raw="{}", event=event) for event in events]
        return self.do(lambda connection: ingest(connection, self.now, arrivals))

    def decide(self, decide: Callable[[Client, Event], Decision], limit: int = 64) -> Turn:
        """One turn of decisions."""
        return self.do(lambda connection: handle(connection, self.now, decide, policy_version="v", limit=limit))

    def order(self, *effects: Effect, chat: str = "1", tickets: Sequence[Ticket] = (), key: str = "") -> None:
        """Puts these orders into the outbox by way of one event and its decision."""
        cause = wrote(key or f"for {effects[0].key}", chat=chat)
        self.note(cause)

        def decided(client: Client, event: Event) -> Decision:
            if event.key != cause.key:
                return nothing(client, event)
            known = {ticket.id: ticket for ticket in (*client.tickets, *tickets)}
            changed = replace(client, tickets=tuple(known.values()))
            return Decision(client=changed, effects=tuple(effects), wake_at=None)

        assert self.decide(decided).raised == []

    def claim(
        self, port: str = "chat", *, limit: int = 10, holder: str = "A", joining: int | None = None
    ) -> list[claiming.Claim]:
        """Takes what is due."""
        return self.do(
            lambda connection: claiming.claim(
                connection, self.now, port=port, holder=holder, lease=60.0, limit=limit, joining=joining
            )
        )

    def settle(self, claim: claiming.Claim, outcome: settling.Outcome) -> settling.Settled:
        """Writes down what came of it."""
        return self.do(lambda connection: settling.settle(connection, self.now, [(claim, outcome)]))

    def journal(self) -> dict[str, Found]:
        """Every row of the journal by its key."""
        return self.do(lambda connection: {row.key: row for row in connection.execute(select(journal))})

    def orders(self) -> dict[str, Found]:
        """Every order by its key, oldest first."""
        found = select(orders).order_by(orders.c.seq)
        return self.do(lambda connection: {row.key: row for row in connection.execute(found)})


def wrote(name: str, *, chat: str = "1", text: str = "words") -> ClientWrote:
    """A client's message."""
    message = Ref(port="telegram", id=f"{chat}/{name}")
    return ClientWrote(
        key=message.key, at=_at(START), chat=Ref(port="telegram", id=chat), message=message,
        author=Person(ref=Ref(port="telegram", id=f"user/{chat}"), name="Client"), words=Words(text=Text(plain=text)),
    )  # fmt: skip


def seen(version: int, *, ticket: str | None = TICKET, card: Ref = CARD) -> CardSeen:
    """How a card looks."""
    return CardSeen(
        key=Key(f"{card.key}:v{version}"), at=_at(START), card=card, ticket=TicketId(ticket) if ticket else None,
        version=version, board="b1", column="c1", lane=None,
    )  # fmt: skip


def send(key: str, *, chat: str = "1", urgency: Urgency = Urgency.REPLY) -> SendMessage:
    """A message to be sent."""
    return SendMessage(
        key=Key(key), ticket=None, chat=Ref(port="telegram", id=chat), text=Text(plain=key), urgency=urgency
    )


def creation(external_id: str = TICKET) -> CreateCard:
    """A card to be made."""
    return CreateCard(
        key=Key(f"card/{external_id}"), ticket=TICKET, external_id=external_id, topic="t", service_class="s",
        title="title", description="", due_at=None, spot=PLACE,
    )  # fmt: skip


def comment(key: str, text: str = "words") -> AddComment:
    """A comment to be written."""
    section = Section(key=Key(key), head="head", text=Text(plain=text))
    return AddComment(key=Key(key), ticket=TICKET, sections=(section,))


def ticket(*, card: Ref | None = None, phase: Phase = Phase.OPENING, former: Ref | None = None) -> Ticket:
    """The ticket the board's orders are about."""
    return Ticket(
        id=TICKET, number=1, client=ClientId("telegram:1"), topic="t", service_class="s", cabinet=None, subject="s",
        opened_at=_at(START), card=card, phase=phase, former=former,
    )  # fmt: skip


def nothing(client: Client, event: Event) -> Decision:
    """The decision that nothing follows."""
    return Decision(client=client, effects=(), wake_at=None)


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
