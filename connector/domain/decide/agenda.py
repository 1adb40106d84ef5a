"""What waits for time to pass: when to look at a client again, and what is done then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from connector.domain.client import Client
from connector.domain.decide import (
    albums,
    choosing,
    clocks,
    delivery,
    escalation,
    holding,
    promises,
    receipts,
    sightings,
    tickets,
    triggers,
)
from connector.domain.decide.turn import Turn
from connector.domain.policy import Policy

Due = Callable[[Client, Policy], Iterator[datetime]]
Passed = Callable[[Turn], None]

_ITEMS: tuple[tuple[Due, Passed], ...] = (
    (albums.due, albums.passed),
    (sightings.due, sightings.passed),
    (holding.due, holding.passed),
    (delivery.due, delivery.passed),
    (receipts.due, receipts.passed),
    (choosing.due, choosing.passed),
    (tickets.due, tickets.passed),
    (clocks.due, clocks.passed),
    (promises.due, promises.passed),
    (escalation.due, escalation.passed),
    (triggers.due, triggers.passed),
)
"""Each tells the moments it waits for, and acts when one has come; whoever acts makes sure the moment goes away."""


def next_moment(client: Client, policy: Policy) -> datetime | None:
    """The earliest moment anything of this client waits for; None while nothing waits for time to pass."""
    return min((moment for due, _ in _ITEMS for moment in due(client, policy)), default=None)


def passed(turn: Turn) -> None:
    """Does what is due, in a fixed order; what is not due yet is left alone."""
    for _, act in _ITEMS:
        act(turn)
