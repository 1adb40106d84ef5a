"""Which of several open requests a message belongs to: told by the conversation, else asked once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from connector.domain.client import Client, Kept
from connector.domain.decide.albums import flush, grouped
from connector.domain.decide.receipts import acknowledge
from connector.domain.decide.tickets import advance, live_ticket
from connector.domain.decide.turn import Turn, ticket_button
from connector.domain.decide.writing import write
from connector.domain.effects import Button, Urgency
from connector.domain.policy import Policy
from connector.domain.refs import TicketId
from connector.domain.ticket import Ticket


def unclear(client: Client) -> bool:
    """Whether nobody could tell: several are open, and the agent who spoke last spoke on another than the client did.

    A request just opened, chosen by a tap, or answered by quoting it, is the one the client talks about.
    """
    live = [ticket for ticket in client.tickets if ticket.open]
    if len(live) < 2:
        return False
    ids = {ticket.id for ticket in live}
    if client.current not in ids:
        return client.heard not in ids
    return client.heard in ids and client.heard != client.current


def ask(turn: Turn, message: Kept) -> None:
    """Keeps the message until the client says where it belongs; asked once, however many follow."""
    client = turn.client
    first = not client.undecided
    another = message.album is None or all(each.album != message.album for each in client.undecided)
    turn.client = replace(
        client,
        undecided=(*client.undecided, message),
        undecided_at=turn.at if first else client.undecided_at,
    )
    if first:
        live = sorted((each for each in client.tickets if each.open), key=lambda each: each.number)
        buttons = tuple((ticket_button(turn, ticket),) for ticket in live)
        buttons += ((Button(label=turn.say("button.new"), data="new"),),)
        turn.tell("choose", turn.say("choose.ask"), buttons=buttons, reply_to=message.message)
    if another:
        acknowledge(turn, message.message, None)


def numbered(client: Client, plain: str) -> Ticket | None:
    """The open request whose number is the whole message, with or without a sign before it."""
    number = plain.strip().lstrip("№#nN ").rstrip(".)")
    if not (number.isascii() and number.isdigit() and len(number) < 12):
        return None
    return next((ticket for ticket in client.tickets if ticket.open and ticket.number == int(number)), None)


def settle(turn: Turn, ticket: TicketId) -> None:
    """What waited for the choice goes to this request, in the order it was written."""
    waiting = turn.client.undecided
    turn.client = replace(turn.client, undecided=(), undecided_at=None, heard=None)
    if waiting:
        flush(turn)
    for message in grouped(waiting):
        write(turn, ticket, message)


def begin_new(turn: Turn) -> None:
    """Whoever asks for a new request while being asked which one they mean has told it: the words begin the new one."""
    client = turn.client
    turn.client = replace(
        client, kept=(*client.undecided, *client.kept), undecided=(), undecided_at=None, heard=None, topic=None
    )
    advance(turn)


def due(client: Client, policy: Policy) -> Iterator[datetime]:
    """When words have waited long enough for the client to say where they belong."""
    if client.undecided and client.undecided_at is not None:
        yield client.undecided_at + policy.undecided_after


def passed(turn: Turn) -> None:
    """Nobody's words wait for ever: they go where an agent spoke last, and both sides are told so."""
    if all(moment > turn.at for moment in due(turn.client, turn.policy)):
        return
    ticket = likely(turn)
    if ticket is None:
        # All are closed by now: the words begin a new request.
        turn.client = replace(
            turn.client, kept=(*turn.client.undecided, *turn.client.kept), undecided=(), undecided_at=None
        )
        advance(turn)
        return
    turn.client = replace(turn.client, current=ticket.id)
    settle(turn, ticket.id)
    turn.note("guessed-note", ticket.id, "note.guessed")
    text = turn.say("choose.guessed", number=ticket.number, subject=ticket.subject)
    turn.tell("guessed", text, ticket=ticket.id, urgency=Urgency.REPLY)


def likely(turn: Turn) -> Ticket | None:
    """The open request an agent spoke on last, else the one the client wrote to last."""
    ticket = turn.ticket(turn.client.heard)
    return ticket if ticket is not None and ticket.open else live_ticket(turn.client)
