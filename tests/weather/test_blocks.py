"""Whatever the weather, the card of an open request tells of the earlier ones what the store knows."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from connector.domain import earlier
from connector.domain.card import BLOCK_BEGIN, BLOCK_END, linked, with_block
from connector.domain.ticket import Ticket
from connector.store import codec
from connector.store.past import with_past
from connector.store.tables import clients, tickets
from tests.weather.rehearsal import Rehearsal, rehearse


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [range(at, at + 5) for at in range(100, 140, 5)], ids=str)
def test_the_block_on_every_open_card_is_what_the_store_knows(seeds: range) -> None:
    compared = 0
    for seed in seeds:
        rehearsal = rehearse(seed)
        for ticket, meant in _meant(rehearsal):
            found = [card for card in rehearsal.board.cards.values() if card.external_id == ticket.external_id]
            assert [_block(card.description) for card in found] == [meant], f"seed {seed}, №{ticket.number}"
            compared += bool(meant)
    assert compared > 0


def _meant(rehearsal: Rehearsal) -> list[tuple[Ticket, str]]:
    """Open requests whose card is there, each with the block it should carry."""
    found = []
    with rehearsal.disk.begin() as connection:
        everybody = {row.id: codec.read_client(row.state) for row in connection.execute(select(clients))}
        for ticket in [codec.read_ticket(row.state) for row in connection.execute(select(tickets))]:
            if ticket.open and ticket.card is not None:
                known = with_past(connection, everybody[ticket.client], {(ticket.number, ticket.cabinet)})
                assert ticket.earlier == len(known.past) + known.past_more, f"№{ticket.number}"
                block = earlier.block(rehearsal.policy, known, ticket)
                found.append((ticket, linked(block, lambda card: None)))
    return found


def _block(description: str) -> str:
    """What stands between the marks."""
    if BLOCK_BEGIN not in description:
        return ""
    inside = description.partition(f"{BLOCK_BEGIN}\n")[2].partition(f"\n{BLOCK_END}")[0]
    assert with_block(description, inside) == description
    return inside
