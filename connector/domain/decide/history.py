"""Earlier requests of a client and their cabinet, as they stand on the cards of the present ones."""

from __future__ import annotations

from dataclasses import replace

from connector.domain import earlier
from connector.domain.decide.turn import Turn
from connector.domain.decide.writing import fingerprint
from connector.domain.effects import SetBlock
from connector.domain.events import HistoryChanged


def changed(turn: Turn, event: HistoryChanged) -> None:
    """Brings the block on every open card up to date, and on those the event names, each with one write at most.

    A lost card needs none: the one that takes its place is ordered with the block of then.
    """
    for ticket in turn.client.tickets:
        named = ticket.id in event.tickets
        if ticket.lost or not (ticket.open or named):
            continue
        block = earlier.block(turn.policy, turn.client, ticket)
        told = fingerprint(block) if block else ""
        if (block or named) and told != ticket.block:
            turn.keep(replace(ticket, block=told))
            turn.effects.append(SetBlock(key=turn.name(f"block/{ticket.id}"), ticket=ticket.id, block=block))
