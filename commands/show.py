"""The whole life of one request, or of one client, from the first update to the last answer."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from commands.answer import answer
from commands.beside import visit
from commands.options import ConfigOption, JsonOption, load_configuration
from commands.telling import Colour, age, clock, columns, in_line, painted, stamp

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from connector.domain.record import NotedEvent, QueuedOrder
    from connector.domain.story import Step
    from connector.domain.ticket import Ticket

WordsOption = Annotated[bool, typer.Option("--words", help="What people wrote, whole.")]


def show(
    what: Annotated[str, typer.Argument(help="A request (kc-…, #12), a card (12, card:12, its address) or a client")],
    words: WordsOption = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """What happened to a request or a client: every event, every order that came of it, what it made, and why not."""
    from commands.finding import client_meant, request_meant
    from connector.domain.refs import ClientId
    from connector.domain.story import life, say_keys
    from connector.store import looking

    settings = load_configuration(config, as_json=as_json)
    with visit(settings, as_json=as_json) as there:
        client = client_meant(there, what)
        ticket = None if client is not None else request_meant(there, what, as_json=as_json)
        whose: ClientId = client if client is not None else ticket.client  # type: ignore[union-attr]  # one of the two was found

        def read(connection: Connection, now: float) -> tuple[tuple[Step, ...], tuple[Ticket, ...], float]:
            events, orders = looking.events_of(connection, whose), looking.orders_of(connection, whose)
            made = looking.made_by(connection, say_keys(events))
            theirs = looking.tickets_where(connection, client=whose)
            return life(events, orders, made, ticket), theirs, now

        steps, theirs, now = there.do(read)
    moment = looking.moment(now)
    assert moment is not None
    if as_json:
        answer(
            {
                "client": whose,
                "request": None if ticket is None else facts(ticket),
                "requests": [facts(each) for each in theirs],
                "steps": [step_data(step, words=words) for step in steps],
            }
        )
        return
    heading = [f"client    {whose}", *_theirs(theirs)] if ticket is None else head(ticket)
    for line in [*heading, *render(steps, moment, words=words)]:
        print(line)


def facts(ticket: Ticket) -> dict[str, object]:
    """A request for programs, without words."""
    return {
        "id": ticket.id, "number": ticket.number, "client": ticket.client, "topic": ticket.topic,
        "class": ticket.service_class, "cabinet": ticket.cabinet, "phase": ticket.phase.value,
        "outcome": ticket.outcome.value if ticket.outcome else None, "opened_at": ticket.opened_at,
        "closed_at": ticket.closed_at, "due_at": ticket.due_at, "answered_at": ticket.answered_at,
        "card": ticket.card.key if ticket.card else None, "former": ticket.former.key if ticket.former else None,
        "board": ticket.board, "lane": ticket.lane, "responsible": ticket.responsible,
    }  # fmt: skip


def head(ticket: Ticket) -> list[str]:
    """What the request is, before what happened to it."""
    card = ticket.card.key if ticket.card else "none yet" if not ticket.lost else "gone; a new one comes with new words"
    before = f" (before: {ticket.former.key})" if ticket.former else ""
    cabinet = f", cabinet {ticket.cabinet}" if ticket.cabinet else ""
    ended = f", {ticket.outcome.value} {stamp(ticket.closed_at)}" if ticket.outcome else ""
    return [
        f"request   #{ticket.number} {ticket.id}: {in_line(ticket.subject, whole=False)}",
        f"client    {ticket.client}{cabinet}",
        f"card      {card}{before}, board {ticket.board or '-'}, lane {ticket.lane or '-'}",
        f"stands    {ticket.phase.value}{ended}; topic {ticket.topic}, class {ticket.service_class}",
        f"times     opened {stamp(ticket.opened_at)}, due {stamp(ticket.due_at)}, answered {stamp(ticket.answered_at)}",
        "",
    ]


def _theirs(tickets: tuple[Ticket, ...]) -> list[str]:
    rows = [
        (f"#{each.number}", each.id, each.phase.value, each.topic, each.card.key if each.card else "-")
        for each in tickets
    ]
    return [f"requests  {len(tickets)}", *columns(rows), ""]


def render(steps: tuple[Step, ...], now: datetime, *, words: bool) -> list[str]:
    """The steps, a line for each event and each order, under the day they were noted on."""
    lines: list[str] = []
    day = ""
    for step in steps:
        noted = step.event
        if noted is None:
            lines.append("orders whose cause is not remembered")
        else:
            if f"{noted.received:%Y-%m-%d}" != day:
                day = f"{noted.received:%Y-%m-%d}"
                lines.append(day)
            lines.append(event_line(noted, words=words))
        lines += columns([order_cells(order, now, words=words) for order in step.orders], indent="    ")
    return lines or ["nothing is remembered"]


def event_line(noted: NotedEvent, *, words: bool) -> str:
    """`10:41:34.120Z client wrote "…" telegram:4200/7/12 (mapping 3fa2…)`."""
    from connector.domain.record import said

    text = in_line(said(noted.event), whole=words) if noted.event is not None else ""
    quoted = f' "{text}"' if text else ""
    policy = f" (mapping {noted.policy})" if noted.policy else ""
    state = "" if noted.state in ("decided", "own") else f" [{_state(noted)}]"
    return f"{clock(noted.received)} {spoken(noted.kind)}{quoted} {noted.key}{policy}{state}"


def _state(noted: NotedEvent) -> str:
    reason = f": {noted.reason}" if noted.reason else ""
    word = "to be decided" if noted.state == "new" else noted.state.replace("_", " ")
    return painted(f"{word}{reason}", Colour.YELLOW)


def spoken(kind: str) -> str:
    """`ClientWrote` as `client wrote`; the ends of our own orders as such."""
    if kind in ("Done", "Failed"):
        return f"order {kind.lower()}"
    return re.sub(r"(?<!^)([A-Z])", r" \1", kind).lower() or "unreadable"


def order_cells(order: QueuedOrder, now: datetime, *, words: bool) -> tuple[str, ...]:
    """To where, what, how it ended, what it made, and what it said."""
    from connector.domain.record import told

    text = in_line(told(order.effect), whole=words) if order.effect is not None else ""
    made = " ".join(ref.key for ref in order.made)
    return (f"→ {order.port}", spoken(order.kind), ending(order, now), made, f'"{text}"' if text else "")


def ending(order: QueuedOrder, now: datetime) -> str:
    """How far an order has come, in words."""
    tries = f", {order.tries} tries" if order.tries is not None and order.tries > 1 else ""
    reason = f": {order.reason}" if order.reason else ""
    match order.state:
        case "done":
            took = f" in {_seconds(order.ended - order.created)}" if order.ended and order.created else ""
            return f"done{took}{tries}{reason}"
        case "dead":
            return painted(f"dead{tries}{reason}", Colour.RED)
        case "skipped":
            return painted(f"skipped{reason}", Colour.YELLOW)
        case "started" if order.held:
            return f"on the wire{tries}"
        case _ if order.due is None and not order.held:
            return painted("waits for its card", Colour.YELLOW)
        case _ if order.due is not None and order.due > now:
            return painted(f"again in {age(order.due - now)}{tries}{reason}", Colour.YELLOW)
        case _:
            return f"waits its turn{tries}{reason}"


def _seconds(length: object) -> str:
    from datetime import timedelta

    assert isinstance(length, timedelta)
    seconds = length.total_seconds()
    return f"{seconds:.1f} s" if seconds < 60 else age(length)


def step_data(step: Step, *, words: bool) -> dict[str, object]:
    """A step for programs; words only where they were asked for."""
    return {
        "event": None if step.event is None else event_data(step.event, words=words),
        "orders": [order_data(order, words=words) for order in step.orders],
    }


def event_data(noted: NotedEvent, *, words: bool) -> dict[str, object]:
    """An event for programs."""
    from connector.domain.record import said

    found: dict[str, object] = {
        "seq": noted.seq, "key": noted.key, "kind": noted.kind, "client": noted.client, "at": noted.at,
        "received": noted.received, "state": noted.state, "reason": noted.reason, "mapping": noted.policy,
    }  # fmt: skip
    return {**found, "words": said(noted.event)} if words and noted.event is not None else found


def order_data(order: QueuedOrder, *, words: bool) -> dict[str, object]:
    """An order for programs."""
    from connector.domain.record import told

    found: dict[str, object] = {
        "seq": order.seq, "key": order.key, "to": order.port, "kind": order.kind, "client": order.client,
        "ticket": order.ticket, "class": order.urgency.name.lower(), "state": order.state, "tries": order.tries,
        "reason": order.reason, "created": order.created, "first_try": order.began, "last_try": order.tried,
        "ended": order.ended, "cause": order.cause, "made": [ref.key for ref in order.made],
    }  # fmt: skip
    return {**found, "words": told(order.effect)} if words and order.effect is not None else found
