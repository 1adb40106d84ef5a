"""How a client sees what became of their own message: a quiet mark on it, or a short line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from connector.domain.client import Client
from connector.domain.decide.turn import Turn
from connector.domain.effects import React, Urgency
from connector.domain.policy import Policy, Receipt
from connector.domain.refs import Ref, TicketId
from connector.domain.ticket import Ticket

BURST = timedelta(seconds=10)
"""Within this, more than `BURST_SIZE` messages are a flood: the later ones share one mark."""
BURST_SIZE = 5
CALM = timedelta(seconds=5)
"""After a flood, the latest message gets its mark once nothing more has come for this long."""


def acknowledge(turn: Turn, message: Ref, ticket: Ticket | None) -> None:
    """Shows the client that their message is stored, in the way the mapping says.

    In a flood only the first few messages are marked, and the last one when it is over: a chat takes about one call a
    second, and marks that come minutes late tell nobody anything.
    """
    policy = turn.policy
    if policy.receipt is Receipt.NONE:
        return
    client = turn.client
    recent = (*(at for at in client.burst if turn.at - at < BURST), turn.at)
    flooding = len(recent) > BURST_SIZE
    turn.client = replace(client, burst=recent[-BURST_SIZE - 1 :], flood=message if flooding else None)
    if flooding:
        return
    if policy.receipt is Receipt.REACTION:
        _mark(turn, "receipt", message, ticket.id if ticket else None, policy.marks.stored, Urgency.ACKNOWLEDGE)
    elif ticket is not None:
        text = turn.say("ticket.received", number=ticket.number)
        turn.tell("receipt", text, ticket=ticket.id, reply_to=message)


def source(turn: Turn, message: Ref) -> Ref | None:
    """The message, where reaching the card (or failing to) will be shown on it; None where nobody needs to be told."""
    policy = turn.policy
    if policy.receipt is not Receipt.REACTION or turn.client.flood == message:
        return None
    return message if policy.marks.on_card or policy.marks.failed else None


def on_card(turn: Turn, sources: Sequence[Ref | None], ticket: TicketId) -> None:
    """The messages stand on the card."""
    for number, message in enumerate(sources):
        if message is not None and turn.policy.marks.on_card is not None:
            _mark(turn, f"on-card/{number}", message, ticket, turn.policy.marks.on_card, Urgency.LABEL)


def answered(turn: Turn, ticket: Ticket) -> Ticket:
    """An agent has answered: the client's latest message shows it. Returns the ticket as it is from now on."""
    emoji = turn.policy.marks.answered
    if ticket.latest is not None and emoji is not None and turn.policy.receipt is Receipt.REACTION:
        _mark(turn, "answered", ticket.latest, ticket.id, emoji, Urgency.LABEL)
    return replace(ticket, latest=None)


def failed(turn: Turn, sources: Sequence[Ref | None], ticket: TicketId) -> None:
    """The messages will not come onto the card by themselves: never silently."""
    found = [message for message in sources if message is not None]
    for number, message in enumerate(found):
        if turn.policy.marks.failed is not None:
            _mark(turn, f"failed/{number}", message, ticket, turn.policy.marks.failed, Urgency.ACKNOWLEDGE)
    reply_to = found[-1] if found else None
    turn.tell("failed", turn.say("ticket.failed"), ticket=ticket, reply_to=reply_to)


def due(client: Client, policy: Policy) -> Iterator[datetime]:
    """When a flood is surely over."""
    if client.flood is not None and client.burst:
        yield client.burst[-1] + CALM


def passed(turn: Turn) -> None:
    """The last message of a flood gets the mark that stands for all of them."""
    client = turn.client
    if client.flood is None or not client.burst or client.burst[-1] + CALM > turn.at:
        return
    turn.client = replace(client, flood=None)
    if turn.policy.receipt is Receipt.REACTION:
        _mark(turn, "receipt", client.flood, None, turn.policy.marks.stored, Urgency.ACKNOWLEDGE)


def _mark(turn: Turn, what: str, message: Ref, ticket: TicketId | None, emoji: str | None, urgency: Urgency) -> None:
    if emoji is not None:
        turn.effects.append(
            React(
                key=turn.name(what), ticket=ticket, chat=turn.client.chat, message=message, emoji=emoji, urgency=urgency
            )
        )
