"""The client's own list of requests: where each stands, which one is written to, how one is withdrawn."""

from __future__ import annotations

from dataclasses import replace

from connector.domain import card
from connector.domain.decide import choosing, rating
from connector.domain.decide.tickets import close, write_kept
from connector.domain.decide.turn import Buttons, Turn, menu, paragraphs
from connector.domain.effects import Button
from connector.domain.refs import TicketId
from connector.domain.say import moment
from connector.domain.text import shorten
from connector.domain.ticket import Outcome, Phase, Ticket

SHOWN = 20
"""Requests in one list."""
_LINE = 120


def show(turn: Turn) -> None:
    """The open requests: number, topic, status, promised time, unread answers; a button each to look at it."""
    live = sorted((ticket for ticket in turn.client.tickets if ticket.open), key=lambda each: each.number)[-SHOWN:]
    if not live:
        turn.tell("requests", turn.say("requests.none"), menu=menu(turn))
        return
    items = ["\n".join(_item(turn, ticket)) for ticket in live]
    buttons = tuple((_look_button(turn, ticket),) for ticket in live)
    several = turn.say("requests.choose") if len(live) > 1 else ""
    turn.tell("requests", paragraphs(turn.say("requests.head"), *items, several), buttons=buttons)


def _item(turn: Turn, ticket: Ticket) -> list[str]:
    first = turn.say(
        "requests.item", number=ticket.number, subject=ticket.subject, status=turn.say(f"phase.{ticket.phase}")
    )
    return [first, *_facts(turn, ticket)]


def _facts(turn: Turn, ticket: Ticket) -> list[str]:
    policy, tongue = turn.policy, turn.client.tongue
    lines = [turn.say("requests.topic", topic=card.topic_title(policy, tongue, ticket.topic))]
    if ticket.open and ticket.promised_at is not None:
        until = moment(policy, tongue, ticket.promised_at, turn.at, ticket.service_class)
        lines.append(turn.say("requests.promise", until=until))
    if ticket.unread:
        lines.append(turn.say("requests.unread", count=ticket.unread))
    return lines


def looked_at(turn: Turn, value: str) -> str:
    """The request with its latest lines; from now on the client writes to it. Returns the notice of the tap."""
    ticket = turn.ticket(TicketId(value))
    if ticket is None:
        return turn.say("tap.gone")
    if ticket.open:
        _make_current(turn, ticket)
    policy = turn.policy
    zone = card.zone_of(policy, ticket.service_class)
    lines = [
        turn.say(
            "request.agent" if line.ours else "request.client",
            time=card.clock(line.at, zone),
            text=shorten(line.text, _LINE),
        )
        for line in ticket.lines
    ]
    status = turn.say("request.status", status=turn.say(f"phase.{ticket.phase}"))
    head = "\n".join(
        [turn.say("request.head", number=ticket.number, subject=ticket.subject), status, *_facts(turn, ticket)]
    )
    going = turn.say("requests.current", number=ticket.number, subject=ticket.subject) if ticket.open else ""
    buttons: Buttons = ()
    if ticket.open:
        if ticket.phase is Phase.WAITING or any(line.ours for line in ticket.lines):
            buttons += ((Button(label=turn.say("button.helped"), data=f"helped:{ticket.id}"),),)
        buttons += ((Button(label=turn.say("button.withdraw"), data=f"withdraw:{ticket.id}"),),)
    buttons += ((Button(label=turn.say("button.back"), data="requests"),),)
    turn.keep(replace(turn.ticket(ticket.id) or ticket, unread=0))
    turn.tell("request", paragraphs(head, "\n".join(lines), going), ticket=ticket.id, buttons=buttons)
    if ticket.open:
        choosing.settle(turn, ticket.id)
        write_kept(turn, ticket.id)
    return ""


def chosen(turn: Turn, value: str) -> str:
    """The client says which request they mean: what waited for that goes there. Returns the notice of the tap."""
    ticket = turn.ticket(TicketId(value))
    if ticket is None:
        return turn.say("tap.gone")
    if not ticket.open:
        return turn.say("tap.closed", number=ticket.number)
    _make_current(turn, ticket)
    turn.tell(
        "current",
        turn.say("requests.current", number=ticket.number, subject=ticket.subject),
        ticket=ticket.id,
        menu=menu(turn),
    )
    choosing.settle(turn, ticket.id)
    write_kept(turn, ticket.id)
    return ""


def _make_current(turn: Turn, ticket: Ticket) -> None:
    turn.client = replace(turn.client, current=ticket.id, heard=None)


def _look_button(turn: Turn, ticket: Ticket) -> Button:
    label = turn.say("button.ticket", number=ticket.number, subject=shorten(ticket.subject, 30))
    return Button(label=label, data=f"open:{ticket.id}")


def withdrawing(turn: Turn, value: str) -> str:
    """Asks once more: withdrawing cannot be taken back by a tap. Returns the notice of the tap."""
    ticket = turn.ticket(TicketId(value))
    if ticket is None or not ticket.open:
        return turn.say("tap.closed", number=ticket.number) if ticket else turn.say("tap.gone")
    text = turn.say("withdraw.ask", number=ticket.number, subject=ticket.subject)
    sure = Button(label=turn.say("button.sure"), data=f"withdraw!:{ticket.id}")
    keep = Button(label=turn.say("button.keep"), data=f"open:{ticket.id}")
    turn.tell("withdraw", text, ticket=ticket.id, buttons=((sure, keep),))
    return ""


def ended(turn: Turn, value: str, outcome: Outcome) -> str:
    """The client withdraws the request, or says that it is solved. Returns the notice of the tap."""
    ticket = turn.ticket(TicketId(value))
    if ticket is None:
        return turn.say("tap.gone")
    if not ticket.open:
        return turn.say("tap.closed", number=ticket.number)
    name = "withdrawn" if outcome is Outcome.WITHDRAWN else "helped"
    close(turn, ticket.id, outcome, f"note.{name}")
    text = turn.say(f"ticket.{name}", number=ticket.number, subject=ticket.subject)
    turn.tell("ended", text, ticket=ticket.id, menu=menu(turn))
    rating.ask(turn, ticket)
    return ""
