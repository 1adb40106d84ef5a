"""The client's own list of requests: where each stands, which one is written to, how one is withdrawn."""

from __future__ import annotations

from dataclasses import replace

from connector.domain.decide.tickets import write_kept
from connector.domain.decide.turn import Turn, menu, paragraphs, ticket_button
from connector.domain.refs import TicketId


def show(turn: Turn) -> None:
    """The open requests with where they stand; with several, a button each to go on with it."""
    live = sorted((ticket for ticket in turn.client.tickets if ticket.open), key=lambda each: each.number)
    if not live:
        turn.tell("requests", turn.say("requests.none"), menu=menu(turn))
        return
    items = [
        turn.say(
            "requests.item",
            number=ticket.number,
            subject=ticket.subject,
            status=turn.say(f"phase.{ticket.phase}"),
        )
        for ticket in live[-20:]
    ]
    if len(live) == 1:
        turn.tell("requests", paragraphs(turn.say("requests.head"), *items), menu=menu(turn))
        return
    buttons = tuple((ticket_button(turn, ticket),) for ticket in live[-20:])
    parts = (turn.say("requests.head"), "\n".join(items), turn.say("requests.choose"))
    turn.tell("requests", paragraphs(*parts), buttons=buttons)


def tapped(turn: Turn, value: str) -> str:
    ticket = turn.ticket(TicketId(value))
    if ticket is None:
        return turn.say("tap.gone")
    if not ticket.open:
        return turn.say("tap.closed", number=ticket.number)
    turn.client = replace(turn.client, current=ticket.id)
    turn.tell(
        "current",
        turn.say("requests.current", number=ticket.number, subject=ticket.subject),
        ticket=ticket.id,
        menu=menu(turn),
    )
    write_kept(turn, ticket.id)
    return ""
