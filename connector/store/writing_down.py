"""What decisions leave behind, written down in as few statements as there are tables."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import Connection, bindparam, update

from connector.domain.client import Client
from connector.domain.decide import Decision
from connector.domain.effects import ChatEffect, Effect, urgency_of
from connector.domain.events import Event, OwnEvent
from connector.domain.ladder import Verdict
from connector.domain.refs import Key, client_of
from connector.domain.restored import without_moves
from connector.domain.ticket import Ticket
from connector.store import codec
from connector.store.among import among
from connector.store.around import in_hands, keep_hands
from connector.store.former_life import FormerLife
from connector.store.ingest import insert_new, upsert, wake_lanes, write_rows
from connector.store.loading import Loaded
from connector.store.past import Change, may_be_told, told
from connector.store.routes import lane_of, port_of
from connector.store.tables import Found, Noted, State, clients, journal, outbox, tickets
from connector.store.verdicts import keep_verdicts

CLOSED_KEPT = 5
"""Closed tickets that stay in a client's sight; older ones are loaded only when an event names them."""

mark_decided = (
    update(journal)
    .where(among(journal.c.seq, "rows"))
    .values(state=bindparam("to"), reason=bindparam("why"), policy=bindparam("under"))
)


class Written:
    """Everything the decisions of one transaction leave behind, written in as few statements as there are tables."""

    def __init__(self, *, now: float, version: str, before: FormerLife | None = None) -> None:
        self.now = now
        self.before = before
        self.version = version
        self.rows: dict[tuple[Noted, str | None], list[int]] = defaultdict(list)
        self.orders: list[dict[str, Any]] = []
        self.clients: dict[str, Client] = {}
        self.wakes: dict[str, float | None] = {}
        self.due: dict[str, dict[str, int]] = defaultdict(dict)
        self._causes: dict[str, Key] = {}
        self._unsaved: set[str] = set()
        """Clients whose tickets may differ from what the database has."""
        self.told_again: set[Key] = set()
        """Events still to be noted that the life before a restore may have acted on already."""
        self._saved: dict[str, Ticket] = {}
        """Tickets as they were saved within this transaction."""
        self._changes: list[Change] = []
        self._tells: list[OwnEvent] = []
        self._verdicts: list[Verdict] = []
        self._hands: dict[str, dict[str, object] | None] = {}
        """Tickets that somebody else has now, or that nobody needs to have any more."""

    def settle(self, row: Found, state: Noted, reason: str | None) -> None:
        self.rows[state, reason].append(row.seq)

    def remember(self, before: Client, event: Event, decision: Decision, row: Found) -> Client:
        """`row` is the event's in the journal. Returns the client as they are from now on."""
        client = decision.client
        again = self.before is not None and self.before.caused_before(event, row.received)
        if self.before is not None and again:
            client = without_moves(client, self.before.held(decision.effects))
        wake = decision.wake_at.timestamp() if decision.wake_at else None
        self.clients[client.id] = client
        self.wakes[client.id] = wake
        self._causes[client.id] = event.key
        self._unsaved.add(client.id)
        for effect in decision.effects:
            self._order(client, effect, row.seq, again=again)
        self._tells += decision.tells
        if again:
            self.told_again |= {each.key for each in decision.tells}
        self._verdicts += decision.verdicts
        had = {ticket.id: ticket.card for ticket in before.tickets}
        for ticket in client.tickets:
            if ticket.card is not None and had.get(ticket.id) != ticket.card:
                # What was held back until the card exists may go now.
                self.due["board"][lane_of("board", client.id, ticket.id)] = 2
        return client

    def _order(self, client: Client, effect: Effect, cause: int, *, again: bool) -> None:
        port = port_of(effect)
        # A chat is one sequence, whoever's request it is that something is said of there.
        whose = client_of(effect.chat) if isinstance(effect, ChatEffect) else client.id
        lane = lane_of(port, whose, effect.ticket)
        urgency = urgency_of(effect)
        start: dict[str, Any] = {"state": State.WAITING, "attempt": 0, "reason": None, "ended": None}
        if self.before is not None:
            start |= self.before.order(client, effect, before=again, now=self.now)
        self.orders.append(
            {
                **start,
                "key": effect.key, "lane": lane, "port": port, "client": client.id, "ticket": effect.ticket,
                "kind": codec.kind_of(effect), "effect": codec.write_effect(effect), "urgency": int(urgency),
                "tries": 0, "created": self.now, "cause": cause,
            }
        )  # fmt: skip
        self.due[port][lane] = min(int(urgency), self.due[port].get(lane, 9))

    def save(self, connection: Connection, loaded: Loaded) -> list[OwnEvent]:
        """Returns the events still to be noted: of cards on which something else stands now, and what was told."""
        for (state, reason), rows in self.rows.items():
            connection.execute(mark_decided, {"rows": rows, "to": state, "why": reason, "under": self.version})
        write_rows(
            connection,
            upsert(connection, clients, "id", "state", "wake"),
            [
                {"id": key, "state": codec.write_client(client), "wake": self.wakes[key]}
                for key, client in sorted(self.clients.items())
                if not loaded.has(key, client, self.wakes[key])
            ],
        )
        self.save_tickets(connection, loaded)
        write_rows(connection, insert_new(connection, outbox, "key"), self.orders)
        for port, wanted in sorted(self.due.items()):
            wake_lanes(connection, port, [(lane, self.now, urgency) for lane, urgency in sorted(wanted.items())])
        changed = told(connection, self.now, self._changes, self.clients) if self._changes else []
        if self._verdicts:
            keep_verdicts(connection, self._verdicts)
        return [*changed, *self._tells]

    def save_tickets(self, connection: Connection, loaded: Loaded) -> None:
        """The tickets as they are by now; before the end only where a decision must see those of other clients."""
        rows = []
        for key in sorted(self._unsaved):
            client = self.clients[key]
            had = {ticket.id: ticket for ticket in loaded.tickets.get(key, ())}
            closed = sorted(
                (ticket for ticket in client.tickets if not ticket.open), key=lambda ticket: ticket.number, reverse=True
            )
            retired = {ticket.id for ticket in closed[CLOSED_KEPT:]}
            for ticket in client.tickets:
                before = self._saved.get(ticket.id) or had.get(ticket.id)
                if before == ticket and ticket.id not in retired:
                    continue
                if before is not None and may_be_told(before, ticket):
                    self._changes.append(Change(before=before, after=ticket, cause=self._causes[key]))
                self._saved[ticket.id] = ticket
                if in_hands(before) != (now_in := in_hands(ticket)):
                    self._hands[ticket.id] = now_in
                rows.append(
                    {
                        "id": ticket.id, "client": client.id, "number": ticket.number, "cabinet": ticket.cabinet,
                        "card_port": ticket.card.port if ticket.card else None,
                        "card": ticket.card.id if ticket.card else None,
                        "live": ticket.id not in retired, "state": codec.write_ticket(ticket),
                    }
                )  # fmt: skip
        self._unsaved.clear()
        if self._hands:
            keep_hands(connection, self._hands)
            self._hands = {}
        write_rows(connection, upsert(connection, tickets, "id", "cabinet", "card_port", "card", "live", "state"), rows)
