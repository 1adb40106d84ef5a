"""How everything stands: who is running, what waits, what is paused, what needs a person."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from commands.answer import answer
from commands.beside import visit
from commands.options import ConfigOption, JsonOption, load_configuration
from commands.telling import Colour, age, columns, painted, since, stamp

if TYPE_CHECKING:
    from datetime import datetime

    from connector.domain.pause import Pause
    from connector.store.looking import Overview

SHOWN = 5
"""Unanswered requests named one by one."""


def status(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """How everything stands: daemons, queues, what waits for an answer, what needs a person. Needs no daemon."""
    from connector.store.file_lock import daemon_on
    from connector.store.looking import overview
    from connector.store.pauses import paused

    settings = load_configuration(config, as_json=as_json)
    with visit(settings, as_json=as_json) as there:
        seen, pauses = there.do(lambda connection, now: (overview(connection, now), paused(connection)))
        shared = there.database.shared
    alone = daemon_on(settings.database_url.get_secret_value())
    if as_json:
        answer(_data(seen, pauses, alone, shared=shared))
        return
    for line in render(seen, pauses, alone, shared=shared):
        print(line)


def running(seen: Overview, alone: str | None) -> bool:
    """Whether a daemon is alive: by the file's lock, or by a right to read that has not run out."""
    return alone is not None or any(until > seen.now for _, _, until in seen.readers)


def _data(seen: Overview, pauses: tuple[Pause, ...], alone: str | None, *, shared: bool) -> dict[str, object]:
    readers = [{"side": side, "holder": holder, "until": until} for side, holder, until in seen.readers]
    return {
        **asdict(seen),
        "running": running(seen, alone),
        "holder": alone,
        "shared": shared,
        "readers": readers,
        "queues": [
            {**asdict(queue), "urgency": queue.urgency.name.lower(), "oldest_seconds": _seconds(seen, queue.oldest)}
            for queue in seen.queues
        ],
        "aside": dict(seen.aside),
        "dead": dict(seen.dead),
        "requests": [{"topic": topic, "phase": phase, "open": count} for topic, phase, count in seen.requests],
        "pauses": [{**asdict(each), "name": each.name} for each in pauses],
    }


def _seconds(seen: Overview, then: datetime) -> float:
    return round((seen.now - then).total_seconds(), 3)


def render(seen: Overview, pauses: tuple[Pause, ...], alone: str | None, *, shared: bool) -> list[str]:
    """The page for people; the same for the same figures."""
    return [
        *_daemons(seen, alone, shared=shared),
        *_pauses(seen, pauses),
        *_queues(seen),
        *_needing(seen),
        *_requests(seen),
    ]


def _daemons(seen: Overview, alone: str | None, *, shared: bool) -> list[str]:
    if alone is not None:
        lines = [f"daemon    {painted('running', Colour.GREEN)}: {alone}"]
    elif running(seen, alone):
        lines = [f"daemon    {painted('running', Colour.GREEN)}"]
    else:
        hint = "start it with `connector run`"
        lines = [f"daemon    {painted('not running', Colour.RED)}: nothing is read or carried out; {hint}"]
    if shared:
        for side, holder, until in seen.readers:
            left = f"for {age(until - seen.now)} more" if until > seen.now else f"until {since(until, seen.now)}"
            lines.append(f"reads     {side}: {holder}, {left}")
    lines.append(f"last      event {_when(seen, seen.last_event)}, order done {_when(seen, seen.last_order)}")
    return lines


def _when(seen: Overview, then: datetime | None) -> str:
    return "never" if then is None else since(then, seen.now)


def _pauses(seen: Overview, pauses: tuple[Pause, ...]) -> list[str]:
    return [
        f"{painted('paused', Colour.YELLOW)}    {said(each)} since {since(each.since, seen.now)}" for each in pauses
    ]


def said(pause: Pause) -> str:
    """`out to the board, topic cash`."""
    parts = [f"{'reading' if pause.direction == 'in' else 'orders to'} the {pause.side}"]
    if pause.board is not None:
        parts.append(f"board {pause.board}")
    if pause.topic is not None:
        parts.append(f"topic {pause.topic}")
    return ", ".join(parts)


def _queues(seen: Overview) -> list[str]:
    lines = [f"events    {seen.events} to decide" + _oldest(seen, seen.oldest_event)]
    if not seen.queues:
        return [*lines, "orders    none open"]
    rows = [("to", "class", "open", "on the wire", "backing off", "no card yet", "oldest")]
    rows += [
        (
            queue.port, queue.urgency.name.lower(), str(queue.orders), str(queue.carried_out), str(queue.backing_off),
            str(queue.cardless), age(seen.now - queue.oldest),
        )
        for queue in seen.queues
    ]  # fmt: skip
    return [*lines, "orders", *columns(rows)]


def _oldest(seen: Overview, then: datetime | None) -> str:
    return "" if then is None else f", the oldest for {age(seen.now - then)}"


def _needing(seen: Overview) -> list[str]:
    parts = [f"{count} {kind} dead" for kind, count in seen.dead]
    parts += [f"{count} events {state}" for state, count in seen.aside]
    if seen.stuck:
        parts.append(f"{seen.stuck} orders that fail again and again")
    if not parts:
        return ["attention nothing needs a person"]
    return [f"{painted('attention', Colour.RED)} {', '.join(parts)}: see `connector queue list`"]


def _requests(seen: Overview) -> list[str]:
    total = sum(count for _, _, count in seen.requests)
    lines = [f"requests  {total} open, {len(seen.unanswered)} wait for an answer"]
    by_topic: dict[str, list[str]] = {}
    for topic, phase, count in seen.requests:
        by_topic.setdefault(topic, []).append(f"{count} {phase}")
    lines += columns([(topic, ", ".join(phases)) for topic, phases in by_topic.items()])
    if seen.unanswered:
        lines.append("waiting longest")
        rows = [
            (f"#{each.number}", each.topic, age(seen.now - each.since), f"since {stamp(each.since)}")
            for each in seen.unanswered[:SHOWN]
        ]
        lines += columns(rows)
        if len(seen.unanswered) > SHOWN:
            lines.append(f"  and {len(seen.unanswered) - SHOWN} more")
    return lines
