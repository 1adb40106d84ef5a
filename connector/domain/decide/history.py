"""Earlier requests of a client and their cabinet, as they stand on the cards of the present ones."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from connector.domain import earlier
from connector.domain.decide.turn import Turn
from connector.domain.decide.writing import fingerprint
from connector.domain.effects import SetBlock
from connector.domain.refs import TicketId


def changed(turn: Turn, named: Collection[TicketId] = ()) -> None:
    """Brings the block on every open card up to date, and on those named, each with one write at most.

    A lost card needs none: the one that takes its place is ordered with the block of then. Of those named the block
    is taken away where it has nothing to tell any more.
    """
    for ticket in turn.client.tickets:
        if ticket.lost or not (ticket.open or ticket.id in named):
            continue
        block = earlier.block(turn.policy, turn.client, ticket)
        told = fingerprint(block) if block else ""
        if told != ticket.block and (block or ticket.id in named):
            turn.keep(replace(ticket, block=told))
            turn.effects.append(SetBlock(key=turn.name(f"block/{ticket.id}"), ticket=ticket.id, block=block))
