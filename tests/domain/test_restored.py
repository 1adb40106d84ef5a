"""After a restore each kind of order is repeated, looked for, or held."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from connector.domain.effects import Effect, Meaning, MoveCard
from connector.domain.refs import Key, TicketId
from connector.domain.restored import Standing, opened_before, standing, without_moves
from connector.domain.ticket import Phase
from tests.domain.sample import START, opened


@pytest.mark.parametrize("kind", get_args(Effect))
def test_every_order_has_a_standing(kind: type) -> None:
    assert isinstance(standing(object.__new__(kind)), Standing)


def test_what_clients_read_and_what_moves_cards_is_held() -> None:
    held = {kind.__name__ for kind in get_args(Effect) if standing(object.__new__(kind)) is Standing.HOLD}
    assert held == {"SendMessage", "SendFiles", "MoveCard", "AssignCard", "ReplaceCard"}


def test_a_request_does_not_wait_for_a_held_move() -> None:
    talk = opened()
    client = replace(talk.client, tickets=(replace(talk.ticket, moving=Phase.DONE),))
    move = MoveCard(key=Key("m"), ticket=talk.ticket.id, meaning=Meaning.DONE, board="b")
    assert without_moves(client, [move]).tickets[0].moving is None
    assert without_moves(client, [replace(move, ticket=TicketId("other"))]) == client


def test_requests_opened_later_are_of_this_life() -> None:
    client = opened().client
    ticket = client.tickets[0]
    moment = ticket.opened_at.timestamp()
    assert opened_before(client, ticket.id, moment)
    assert not opened_before(client, ticket.id, moment - 1)
    assert opened_before(client, TicketId("unknown"), START.timestamp() - 9e9)
