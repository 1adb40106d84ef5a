"""Requests that were somebody else's cards: written down once, without a word to anybody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection, select, tuple_

from connector.domain.bygone import Bygone, Fate
from connector.domain.effects import BindCard, Urgency
from connector.domain.refs import ClientId, Key, Ref
from connector.store import codec
from connector.store.among import among
from connector.store.ingest import insert_new, note, ticket_in, wake_lanes, write_rows
from connector.store.numbering import take_number
from connector.store.routes import BOARD, lane_of
from connector.store.tables import Noted, State, clients, outbox, tickets


def owners(connection: Connection) -> dict[str, list[ClientId]]:
    """Who has each account id."""
    found: dict[str, list[ClientId]] = defaultdict(list)
    for row in connection.execute(select(clients.c.id, clients.c.state).order_by(clients.c.id)):
        for cabinet in codec.read_client(row.state).cabinets:
            found[cabinet].append(ClientId(row.id))
    return found


def known_cards(connection: Connection, cards: Collection[Ref], ids: Mapping[Ref, Sequence[str]]) -> set[Ref]:
    """Those of the cards that are a request's already: by the card, or by the ids it has or would have."""
    pairs = [(card.port, card.id) for card in cards]
    by_card = select(tickets.c.card_port, tickets.c.card).where(tuple_(tickets.c.card_port, tickets.c.card).in_(pairs))
    found = {Ref(port=row.card_port, id=row.card) for row in connection.execute(by_card)} if pairs else set()
    by_id = select(tickets.c.id).where(among(tickets.c.id, "ids"))
    named = {card: {ticket_in(each) for each in ids[card]} - {""} for card in cards}
    known = set(connection.execute(by_id, {"ids": sorted(set().union(*named.values()))}).scalars())
    return found | {card for card in cards if named[card] & known}


def write_down(
    connection: Connection, now: float, bygones: Sequence[Bygone], comments: Mapping[Ref, Sequence[Ref]]
) -> int:
    """Notes these cards as requests, oldest first; returns how many are new.

    One that becomes ours is bound by an order of the lowest class; its `comments` till then are nobody's news.
    """
    fresh = [each for each in bygones if each.ticket is not None]
    there = select(tickets.c.id).where(among(tickets.c.id, "ids"))
    known = set(connection.execute(there, {"ids": [each.ticket.id for each in fresh if each.ticket]}).scalars())
    new = 0
    for each in sorted(fresh, key=lambda one: one.ticket.opened_at.timestamp() if one.ticket else 0.0):
        ticket = each.ticket
        if ticket is None or ticket.id in known:
            continue
        ticket = replace(ticket, number=take_number(connection))
        ours = each.fate is Fate.ADOPT
        row = {
            # A card that is not ours is not looked up by: only the history names it.
            "id": ticket.id, "client": ticket.client, "number": ticket.number, "cabinet": ticket.cabinet,
            "card_port": ticket.card.port if ours and ticket.card else None,
            "card": ticket.card.id if ours and ticket.card else None, "live": ours,
            "state": codec.write_ticket(ticket),
        }  # fmt: skip
        write_rows(connection, insert_new(connection, tickets, "id"), [row])
        new += 1
        if not ours or ticket.card is None:
            continue
        note(connection, [_own(ref, now) for ref in comments.get(ticket.card, ())])
        bind = BindCard(key=Key(f"bind/{ticket.id}"), ticket=ticket.id, external_id=ticket.external_id)
        lane = lane_of(BOARD, ticket.client, ticket.id)
        order = {
            "key": bind.key, "lane": lane, "port": BOARD, "client": ticket.client, "ticket": ticket.id,
            "kind": codec.kind_of(bind), "effect": codec.write_effect(bind), "urgency": int(Urgency.RESYNC),
            "state": State.WAITING, "attempt": 0, "tries": 0, "created": now,
        }  # fmt: skip
        write_rows(connection, insert_new(connection, outbox, "key"), [order])
        wake_lanes(connection, BOARD, [(lane, now, int(Urgency.RESYNC))])
    return new


def _own(ref: Ref, now: float) -> dict[str, object]:
    return {
        "key": ref.key, "client": None, "kind": "Own", "at": now, "received": now, "raw": None, "event": None,
        "state": Noted.OWN, "reason": "was there before the import",
    }  # fmt: skip
