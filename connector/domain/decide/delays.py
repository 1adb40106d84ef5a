"""When one side is away for long: the client hears that their words wait, the agents see that their answer does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from connector.domain.decide import delivery
from connector.domain.decide.turn import Turn
from connector.domain.effects import Urgency
from connector.domain.events import Delayed

AGAIN = timedelta(hours=6)
"""A client is not told of delays more often than this: once in an outage, whatever they write meanwhile."""


def delayed(turn: Turn, event: Delayed) -> None:
    """Tells whoever waits, as the mapping says; the order itself goes on waiting."""
    if event.to_chat:
        if turn.policy.delays.mark_card_after is not None:
            delivery.waits(turn, event.order, event.since)
        return
    client, ticket = turn.client, turn.ticket(event.ticket)
    if turn.policy.delays.tell_client_after is None or ticket is None or ticket.muted or client.blocked:
        return
    if client.delayed_at is not None and turn.at - client.delayed_at < AGAIN:
        return
    turn.client = replace(client, delayed_at=turn.at)
    text = turn.say("delay.words")
    turn.tell("delayed", text, ticket=ticket.id, urgency=Urgency.REPLY)
