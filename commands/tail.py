"""What happens, as it happens: events and orders, one line each, without what people wrote."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from commands.answer import Exit, fail
from commands.beside import visit
from commands.options import ConfigOption, JsonOption, load_configuration
from commands.show import WordsOption, ending, event_data, order_data, spoken
from commands.telling import clock, in_line, moment_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from commands.beside import Visit
    from connector.domain.record import NotedEvent, QueuedOrder

PAGE = 1000
LOOK_EVERY = 0.5
"""Seconds between looks while following."""


def tail(
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    since: Annotated[str, typer.Option(help="From when: 10m, 2h, 1d ago, or 2026-11-22T10:00 (UTC)")] = "10m",
    limit: Annotated[int, typer.Option(min=1, help="At most so many lines of the past, the latest")] = 1000,
    words: WordsOption = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Events and orders as they go, a line each; --json gives JSON lines. Without --words nothing people wrote."""
    try:
        start = moment_of(since, datetime.now(UTC))
    except ValueError as wrong:
        fail(Exit.USAGE, f"--since {wrong}", as_json=as_json)
    settings = load_configuration(config, as_json=as_json)
    with visit(settings, as_json=as_json) as there:
        reel = Reel(there, start.timestamp())
        past = list(reel.past())
        for found in past[-limit:]:
            _tell(found, words=words, as_json=as_json)
        if not follow:
            return
        try:
            while True:
                for found in reel.news():
                    _tell(found, words=words, as_json=as_json)
                time.sleep(LOOK_EVERY)
        except KeyboardInterrupt:
            raise typer.Exit(Exit.INTERRUPTED) from None


class Reel:
    """Reads on from where it stands. An order is told when it ends, or is dead, or was tried once more in vain."""

    def __init__(self, there: Visit, start: float) -> None:
        from connector.store import looking

        def begin(connection: Connection, _: float) -> tuple[int, int]:
            return looking.first_event_since(connection, start), looking.first_order_since(connection, start)

        self._there = there
        self._start = datetime.fromtimestamp(start, UTC)
        self._event, self._order = there.do(begin)
        self._open: dict[int, int] = {}
        """Orders that are not over, and how often they had been tried."""

    def past(self) -> Iterator[NotedEvent | QueuedOrder]:
        """Everything since the start, by time; orders as they stand now."""
        from connector.store import looking

        events: list[NotedEvent] = []
        while page := self._there.do(lambda connection, _: looking.events_from(connection, self._event, limit=PAGE)):
            events += [each for each in page if each.state != "own"]
            self._event = page[-1].seq + 1
        orders: list[QueuedOrder] = []
        while some := self._there.do(lambda connection, _: looking.orders_from(connection, self._order, limit=PAGE)):
            orders += some
            self._order = some[-1].seq + 1
        self._open = {order.seq: order.tries or 0 for order in orders if not order.over}
        found: list[NotedEvent | QueuedOrder] = [*events, *orders]
        yield from (each for each in sorted(found, key=_time) if _time(each) >= self._start)

    def news(self) -> Iterator[NotedEvent | QueuedOrder]:
        """What has come since the last look."""
        from connector.store import looking

        events = self._there.do(lambda connection, _: looking.events_from(connection, self._event, limit=PAGE))
        if events:
            self._event = events[-1].seq + 1
        fresh = self._there.do(lambda connection, _: looking.orders_from(connection, self._order, limit=PAGE))
        if fresh:
            self._order = fresh[-1].seq + 1
        watched = self._there.do(lambda connection, _: looking.orders_by_seq(connection, list(self._open)))
        told: list[NotedEvent | QueuedOrder] = [each for each in events if each.state != "own"]
        for order in (*watched, *fresh):
            tries = order.tries or 0
            if order.over or (order.reason and self._open.get(order.seq, 0) != tries and not order.held):
                told.append(order)
            if order.over:
                self._open.pop(order.seq, None)
            elif not order.held or order.seq not in self._open:
                self._open[order.seq] = tries
        yield from sorted(told, key=_time)


def _time(found: NotedEvent | QueuedOrder) -> datetime:
    from connector.domain.record import NotedEvent

    if isinstance(found, NotedEvent):
        return found.received
    return found.ended or found.tried or found.created or datetime.fromtimestamp(0, UTC)


def _tell(found: NotedEvent | QueuedOrder, *, words: bool, as_json: bool) -> None:
    import json

    from connector.domain.record import NotedEvent

    if as_json:
        data = event_data(found, words=words) if isinstance(found, NotedEvent) else order_data(found, words=words)
        print(json.dumps(data, ensure_ascii=False, default=_iso), flush=True)
        return
    print(line(found, words=words), flush=True)


def _iso(thing: object) -> str:
    return thing.isoformat() if isinstance(thing, datetime) else str(thing)


def line(found: NotedEvent | QueuedOrder, *, words: bool) -> str:
    """One line of the tail."""
    from connector.domain.record import NotedEvent, said, told

    if isinstance(found, NotedEvent):
        state = "" if found.state == "decided" else f" {found.state}"
        text = said(found.event) if found.event is not None else ""
        reason = f": {found.reason}" if found.reason else ""
        head = f"{clock(found.received)} event {spoken(found.kind):16} {found.client or '-'} {found.key}{state}{reason}"
    else:
        text = told(found.effect) if found.effect is not None else ""
        made = "".join(f" {ref.key}" for ref in found.made)
        ticket = f" {found.ticket}" if found.ticket else ""
        end = ending(found, _time(found))
        head = f"{clock(_time(found))} order {spoken(found.kind):16} {found.client}{ticket} {found.key} {end}{made}"
    return f'{head} "{in_line(text, whole=True)}"' if words and text else head
