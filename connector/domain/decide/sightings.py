"""Cards seen before the board was reached: what their columns mean is told as soon as somebody can."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from connector.domain.client import Client
from connector.domain.decide.board_changes import seen
from connector.domain.decide.turn import Turn
from connector.domain.policy import Policy

AGAIN = timedelta(seconds=15)
"""How long until such a card is looked at again: the board tells of a change once, and of it no more."""


def due(client: Client, policy: Policy) -> Iterator[datetime]:
    """When each of them is looked at again."""
    return (ticket.sighted.at + AGAIN for ticket in client.tickets if ticket.sighted is not None)


def passed(turn: Turn) -> None:
    """One card each time, so that what is told of it has a key of its own; the others are due at once again."""
    for ticket in turn.client.tickets:
        sighting = ticket.sighted
        if sighting is None or sighting.at + AGAIN > turn.at:
            continue
        if turn.policy.board is None:
            turn.keep(replace(ticket, sighted=replace(sighting, at=turn.at)))
            continue
        turn.keep(replace(ticket, sighted=None))
        seen(turn, sighting)
        return
