"""Why a card looks as it does: field by field the rule, the mapping's version, the message and the moment."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from commands.answer import Exit, answer, fail
from commands.beside import visit
from commands.options import ConfigOption, JsonOption, load_all
from commands.show import WordsOption, spoken
from commands.telling import Colour, columns, in_line, painted, stamp

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from connector.domain.origins import Origin
    from connector.domain.record import NotedEvent, QueuedOrder
    from connector.domain.refs import Ref
    from connector.domain.sheet import Sheet
    from connector.domain.ticket import Ticket
    from connector.settings import Settings
    from mappings.mapping import Mapping
    from mappings.rules import Rule


def why(
    card: Annotated[str, typer.Argument(help="The card: its number or address; or its request (#12, kc-…)")],
    live: Annotated[bool, typer.Option("--live", help="Also read the card now, and tell what differs.")] = False,
    words: WordsOption = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """For each field of a card: which line of the mapping, which message, which agent made it so, and when."""
    from commands.finding import request_meant
    from connector.domain.story import life, say_keys
    from connector.store import looking

    settings, loaded = load_all(config, as_json=as_json)
    assert loaded.mapping is not None
    with visit(settings, as_json=as_json) as there:
        ticket = request_meant(there, card, as_json=as_json)

        def read(connection: Connection, _: float) -> tuple[tuple[NotedEvent, ...], tuple[QueuedOrder, ...]]:
            events = looking.events_of(connection, ticket.client)
            made = looking.made_by(connection, say_keys(events))
            steps = life(events, looking.orders_of(connection, ticket.client), made, ticket)
            return events, tuple(order for step in steps for order in step.orders)

        events, orders = there.do(read)
    found = explained(ticket, events, orders, loaded.mapping, words=words)
    if live and ticket.card is not None:
        from connector.domain.origins import differences, origins

        sheet = _sheet(settings, ticket.card, as_json=as_json)
        found["differs"] = [asdict(each) for each in differences(origins(ticket, events, orders), sheet)]
    if as_json:
        answer(found)
        return
    for line in render(found):
        print(line)


def _sheet(settings: Settings, card: Ref, *, as_json: bool) -> Sheet | None:
    """The card as it stands now; a board that cannot be asked ends the command."""
    from composition import adapters
    from connector.ports import Unavailable, WrongToken

    async def ask() -> Sheet | None:
        chat, board, _ = adapters(settings, None)
        try:
            return await board.inspect(card)
        finally:
            await chat.aclose()
            await board.aclose()

    try:
        return asyncio.run(ask())
    except WrongToken as refused:
        fail(Exit.REFUSED, f"{refused}. Set the right token: CONNECTOR_BOARD__TOKEN.", as_json=as_json)
    except Unavailable as trouble:
        hint = "Without --live the books alone are asked."
        fail(Exit.UNREACHABLE, f"The card cannot be read: {trouble.reason}", as_json=as_json, hint=hint)


def explained(
    ticket: Ticket,
    events: tuple[NotedEvent, ...],
    orders: tuple[QueuedOrder, ...],
    mapping: Mapping,
    *,
    words: bool = False,
) -> dict[str, object]:
    """Everything there is to tell of the card, for programs and for the page."""
    from connector.domain.origins import opening, origins
    from connector.domain.record import said

    first = opening(ticket, events)
    told = origins(ticket, events, orders)
    rows = [_row(origin, mapping, words=words) for origin in told]
    created = next((origin.cause for origin in told if origin.field == "title"), None)
    return {
        "card": ticket.card.key if ticket.card else None,
        "request": ticket.id,
        "number": ticket.number,
        "mapping": {
            "now": mapping.version,
            "file": str(mapping.source.file),
            "decided": created.policy if created is not None else None,
        },
        "opened_by": None
        if first is None
        else {
            "message": first.key,
            "at": first.at,
            "words": in_line(said(first.event), whole=words) if first.event is not None else "",
        },
        "fields": [row for row in rows if row is not None],
    }


def _row(origin: Origin, mapping: Mapping, *, words: bool) -> dict[str, object] | None:
    from mappings.rules import rule_for

    rule = None
    if not origin.by_hand:
        rule = rule_for(mapping, origin.rule, topic=origin.topic, service_class=origin.service_class)
        if rule is None and origin.rule[:1] in (("fields",), ("source",)):
            return None  # the mapping gives it no place on the card
    order, cause = origin.order, origin.cause
    return {
        "field": origin.field,
        "value": in_line(_value(origin, rule), whole=words),
        "by": "hand" if origin.by_hand else "order",
        "rule": None if rule is None else rule.path,
        "place": None if rule is None else rule.place,
        "says": None if rule is None else in_line(rule.says, whole=words),
        "at": origin.at,
        "order": None if order is None else order.key,
        "state": None if order is None else order.state,
        "cause": None if cause is None else cause.key,
        "cause_kind": None if cause is None else spoken(cause.kind),
        "cause_at": None if cause is None else cause.at,
        "mapping": None if cause is None else cause.policy,
    }


def _value(origin: Origin, rule: Rule | None) -> str:
    """What stands there; of what the mapping names, its name beside the board tool's id."""
    if rule is None or origin.field not in ("board", "lane", "responsible", "source"):
        return origin.value or (rule.says if rule is not None else "")
    return f"{rule.says} ({origin.value})" if origin.value and origin.value != rule.says else rule.says


def render(found: dict[str, object]) -> list[str]:
    """The page for people."""
    versions, first, rows = found["mapping"], found["opened_by"], found["fields"]
    assert isinstance(versions, dict)
    assert isinstance(rows, list)
    lines = [f"card      {found['card'] or 'none yet'} of request #{found['number']} ({found['request']})"]
    decided = versions["decided"]
    if decided is None:
        lines.append(f"mapping   now {versions['now']}; under which the card was decided is not remembered")
    elif decided == versions["now"]:
        lines.append(f"mapping   {decided}, the same as now")
    else:
        changed = painted(f"decided under {decided}, now {versions['now']}", Colour.YELLOW)
        lines.append(f"mapping   {changed}: the places below are those of today's file")
    if isinstance(first, dict):
        lines.append(f'opened by "{first["words"]}" {first["message"]} {stamp(first["at"])}')
    lines += ["", *columns([_cells(row) for row in rows], indent="")]
    differs = found.get("differs")
    if isinstance(differs, list):
        lines += ["", "the live card differs:" if differs else "the live card is as we know it"]
        lines += columns([(each["field"], f"known: {each['known']}", f"there: {each['live']}") for each in differs])
    return lines


def _cells(row: dict[str, object]) -> tuple[str, ...]:
    at = row["at"]
    when = stamp(at) if isinstance(at, datetime) else "not yet carried out"
    if row["by"] == "hand":
        return (str(row["field"]), str(row["value"]), "by hand on the board", f"seen {when}")
    rule = str(row["rule"] or "an order of an agent or of the dialogue")
    place = f" ({row['place']})" if row["place"] else " (default)" if row["rule"] else ""
    cause_at = row["cause_at"]
    caused = f"; {row['cause_kind']} {row['cause']} {stamp(cause_at)}" if isinstance(cause_at, datetime) else ""
    return (str(row["field"]), str(row["value"]), f"{rule}{place}", f"{when}{caused}")
