"""The clocks of requests, looked into: why one stands as it does, whether all are right, what other terms would do."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.answer import Exit, answer, fail
from commands.beside import Visit, visit
from commands.options import ConfigOption, JsonOption, load_all
from commands.telling import Colour, columns, in_line, moment_of, painted, stamp

if TYPE_CHECKING:
    from connector.domain.clock import Reading
    from connector.domain.policy import Policy
    from connector.domain.refs import ClientId
    from connector.domain.retold import Retold
    from connector.domain.sheet import Timer
    from connector.domain.ticket import Stamp, Ticket
    from connector.domain.what_if import Change
    from connector.settings import Settings
    from connector.store.retelling import Record
    from mappings.load import Loaded

sla = typer.Typer(name="sla", no_args_is_help=True, help="The clocks of requests: explained, checked, tried out.")

_MEASURES = {"first_reply": "first reply", "next_reply": "next reply", "resolution": "resolution"}
_REASONS = {
    None: "counts",
    "unopened": "the client had not said yet what it is about",
    "waiting": "waiting for the client",
    "column": "in a column that pauses",
    "blocked": "the client had stopped the bot",
    "closed": "closed",
    "off_hours": "outside working hours",
    "holiday": "a day without work",
}


@sla.command()
def explain(
    card: Annotated[str, typer.Argument(help="The card: its number or address; or its request (#12, kc-…)")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Every counted and every paused stretch of each clock of a request, with its reason, sums, target and verdict."""
    from commands.finding import request_meant

    settings, loaded = load_all(config, as_json=as_json)
    with visit(settings, as_json=as_json) as there:
        ticket = _with_clocks(request_meant(there, card, as_json=as_json), as_json=as_json)
        policy = policy_beside(there, settings, loaded, as_json=as_json)
        record, told = _told(there, ticket.client, policy)
        now = there.do(lambda _, at: at)
    found = explained(ticket, record, told, policy, _moment(now))
    if as_json:
        answer(found)
        return
    _print(found)


def _with_clocks(ticket: Ticket, *, as_json: bool) -> Ticket:
    from connector.domain.incident import is_incident

    if is_incident(ticket.client):
        fail(
            Exit.USAGE, f"#{ticket.number} is an incident's own card, no client's request: it has no clocks.",
            as_json=as_json, hint="Name one of its requests; `connector incidents` lists incidents.",
        )  # fmt: skip
    return ticket


def policy_beside(there: Visit, settings: Settings, loaded: Loaded, *, as_json: bool) -> Policy:
    """The mapping with the board's ids, by the layout the daemon last saw; asked of the board where it never did."""
    from commands.mapping import ask_live
    from connector.store.retelling import kept_layout
    from mappings.load import render
    from mappings.resolve import resolve

    assert loaded.mapping is not None
    layout = there.do(lambda connection, _: kept_layout(connection))
    if layout is None:
        _, _, layout = ask_live(settings, loaded, as_json=as_json)
    board, problems = resolve(loaded.mapping, layout)
    if board is None:
        fail(Exit.INVALID, render(problems), "", f"{settings.mapping} does not fit the board.", as_json=as_json)
    return loaded.policy(board)


def _told(there: Visit, client: ClientId, policy: Policy) -> tuple[Record, Retold]:
    from connector.domain.retold import retold
    from connector.store.retelling import record_of

    record = there.do(lambda connection, _: record_of(connection, client))
    numbers = {ticket.id: ticket.number for ticket in record.tickets}
    return record, retold(client, record.events, policy, numbers, record.threads)


def _moment(seconds: float) -> datetime:
    from datetime import UTC

    return datetime.fromtimestamp(seconds, UTC)


# ---- explain


def explained(ticket: Ticket, record: Record, told: Retold, policy: Policy, now: datetime) -> dict[str, Any]:
    """Everything there is to tell of the clocks of a request, for programs and for the page."""
    from connector.domain import clock
    from connector.domain.say import title

    stamps = told.stamps.get(ticket.id)
    source = "journal" if stamps else "ticket"
    stamps = stamps or clock.stamps_of(ticket)
    rule, tongue = policy.sla, policy.default_language
    readings = sorted(
        clock.read(stamps, clock.owed(policy, ticket), now, reopened=rule.reopened, at_risk=rule.at_risk),
        key=lambda each: (each.begins, each.measure is clock.Measure.RESOLUTION),
    )
    terms = clock.terms_of(policy, ticket)
    zone = terms.hours.zone if terms is not None and terms.hours is not None else None

    def class_title(key: str) -> str:
        found = policy.classes.get(key)
        return title(found.title, policy, tongue) if found is not None else key

    return {
        "number": ticket.number,
        "request": ticket.id,
        "card": ticket.card.key if ticket.card else None,
        "subject": in_line(ticket.subject, whole=False),
        "phase": ticket.phase.value,
        "class": ticket.service_class,
        "class_title": class_title(ticket.service_class),
        "topic": ticket.topic,
        "read_at": now,
        "zone": str(zone) if zone is not None else "UTC",
        "source": source,
        "other_mappings": sorted(record.versions - {policy.version}),
        "deadline": ticket.due_at,
        "deadline_by_hand": ticket.due_by_hand,
        "changes": _changes(stamps, class_title),
        "clocks": [_clock(reading) for reading in readings],
    }


def _changes(stamps: Iterable[Stamp], class_title: Any) -> list[dict[str, Any]]:
    """Each class and topic it was in, since when, and who put it there."""
    from connector.domain.ticket import What

    found: list[dict[str, Any]] = []
    for each in stamps:
        if each.what in (What.CLASS, What.TOPIC):
            title = class_title(each.value) if each.what is What.CLASS else each.value
            first = not any(row["what"] == each.what.value for row in found) and each.what is What.CLASS
            by = each.by or ("as it was opened" if first else "on the board")
            found.append({"at": each.at, "what": each.what.value, "key": each.value, "title": title, "by": by})
    return found


def _clock(reading: Reading) -> dict[str, Any]:
    from connector.domain.clock import explained as stretches

    spans = [
        {"from": each.begins, "to": each.ends, "seconds": (each.ends - each.begins).total_seconds(),
         "pause": each.pause.value if each.pause else None}
        for each in stretches(reading)
    ]  # fmt: skip
    paused: dict[str, float] = {}
    for span in spans:
        if span["pause"]:
            paused[str(span["pause"])] = paused.get(str(span["pause"]), 0.0) + float(str(span["seconds"]))
    return {
        "measure": reading.measure.value,
        "class": reading.service_class,
        "target": reading.target.total_seconds() if reading.target is not None else None,
        "calendar": "working" if reading.hours is not None else "calendar",
        "begins": reading.begins,
        "ends": reading.ends,
        "state": reading.state.value,
        "since": reading.at,
        "due": reading.due,
        "at_risk": reading.at_risk,
        "counted": reading.used.total_seconds(),
        "paused": paused,
        "elapsed": ((reading.ends or max(reading.read_at, reading.begins)) - reading.begins).total_seconds(),
        "spans": spans,
    }


def _print(found: dict[str, Any]) -> None:
    for line in head(found):
        print(line)
    rich = sys.stdout.isatty()
    for clock in found["clocks"]:
        print()
        print(verdict(clock, found["zone"]))
        rows = spans(clock, found["zone"])
        if rich:
            _rich(("from", "to", "length", ""), rows)
        else:
            print("\n".join(columns([("from", "to", "length", ""), *rows])))
        print(sums(clock))


def _rich(names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table()
    for number, name in enumerate(names):
        table.add_column(name, justify="right" if number and name not in ("", "to") else "left")
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def head(found: dict[str, Any]) -> list[str]:
    """What request it is, and who put it into which class when."""
    card = found["card"] or "no card yet"
    lines = [
        f"request   #{found['number']} ({found['request']}), {card}: {found['subject']}",
        f"class     {found['class_title']} ({found['class']}), topic {found['topic']}, {found['phase']}",
    ]
    deadline = _local(found["deadline"], found["zone"]) if found["deadline"] else "none"
    by_hand = painted("; the card shows one set by hand", Colour.YELLOW) if found["deadline_by_hand"] else ""
    lines.append(f"deadline  {deadline}{by_hand}")
    lines.append(f"read at   {_local(found['read_at'], found['zone'])}, times in {found['zone']}")
    if found["source"] != "journal":
        lines.append(
            painted("source    what the request itself remembers: the journal holds no more of it", Colour.YELLOW)
        )
    if found["other_mappings"]:
        lines.append(f"mapping   decided under {', '.join(found['other_mappings'])} too: told as today's mapping would")
    for row in found["changes"]:
        lines.append(f"{row['what']:<9} {_local(row['at'], found['zone'])} {row['title']}, {row['by']}")
    return lines


def verdict(clock: dict[str, Any], zone: str) -> str:
    """How one clock stands, in a line."""
    name = _MEASURES[clock["measure"]]
    target = f"of {_exact(clock['target'])}" if clock["target"] is not None else "without a target"
    counted = f"{_exact(clock['counted'])} {target} ({clock['calendar']} time)"
    state, colour = clock["state"], {"met": Colour.GREEN, "breached": Colour.RED}.get(clock["state"])
    if clock["at_risk"]:
        state, colour = "at risk", Colour.YELLOW
    told = painted(state, colour) if colour else state
    due = f", due {_local(clock['due'], zone)}" if clock["due"] is not None else ""
    ends = f" to {_local(clock['ends'], zone)}" if clock["ends"] is not None else ""
    return f"{name}: {told}, {counted}{due}; from {_local(clock['begins'], zone)}{ends}"


def spans(clock: dict[str, Any], zone: str) -> list[tuple[str, str, str, str]]:
    """Each stretch: from, to, how long, and whether it counts or why not."""
    return [
        (_local(row["from"], zone), _local(row["to"], zone), _exact(row["seconds"]), _REASONS[row["pause"]])
        for row in clock["spans"]
    ]


def sums(clock: dict[str, Any]) -> str:
    """What counted and what did not, and that both are all the time there was."""
    paused = sum(clock["paused"].values())
    reasons = ", ".join(f"{_REASONS[reason]} {_exact(seconds)}" for reason, seconds in clock["paused"].items())
    tail = f" ({reasons})" if reasons else ""
    return f"  counted {_exact(clock['counted'])} + paused {_exact(paused)}{tail} = {_exact(clock['elapsed'])}"


def _exact(seconds: float) -> str:
    """`26:05:00`, with a fraction only where there is one."""
    whole, rest = divmod(seconds, 1)
    minutes, second = divmod(int(whole), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" + (f"{rest:.3f}"[1:] if rest >= 0.0005 else "")


def _local(at: datetime, zone: str) -> str:
    from zoneinfo import ZoneInfo

    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"


# ---- audit


@sla.command()
def audit(
    card: Annotated[str | None, typer.Argument(help="One request or card only [default: all open ones]")] = None,
    board: Annotated[
        bool, typer.Option("--board", help="Also with the board's own timers; a call for each card.")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare the clocks of requests with those their whole journal gives; exit 6 where any differ."""
    from commands.finding import request_meant
    from connector.store.looking import open_requests

    settings, loaded = load_all(config, as_json=as_json)
    with visit(settings, as_json=as_json) as there:
        if card is not None:
            wanted = [_with_clocks(request_meant(there, card, as_json=as_json), as_json=as_json)]
        else:
            wanted = there.do(lambda connection, _: open_requests(connection))
        policy = policy_beside(there, settings, loaded, as_json=as_json)
        found: list[dict[str, Any]] = []
        older = 0
        clients = sorted({each.client for each in wanted})
        ids = {each.id for each in wanted}
        for client in clients:
            record, told = _told(there, client, policy)
            for ticket in record.tickets:
                if ticket.id in ids:
                    older += is_older(ticket)
                    found += differences(ticket, record, told, policy)
        timed = 0
        if board:
            now = _moment(there.do(lambda _, at: at))
            measured = asyncio.run(_measured(settings, wanted, as_json=as_json))
            timed = len(measured)
            for ticket, timers in measured:
                found += timer_differences(ticket, timers, policy, now)
    if as_json:
        answer({"compared": len(wanted), "older": older, "timed": timed, "differences": found})
    else:
        for row in found:
            whose = "the board" if row["what"].startswith("timer") else "the journal"
            print(f"#{row['number']} {row['what']}: {row['stored']} here, {row['journal']} by {whose}{row['note']}")
        if board:
            print(f"{timed} of the cards have timers of the board's own")
        note = f", {older} of them opened before clocks were kept" if older else ""
        print(f"{len(wanted)} compared{note}: {len(found)} difference(s)")
    if found:
        raise typer.Exit(Exit.UNFINISHED)


def is_older(ticket: Ticket) -> bool:
    """Whether its stamps were made of its other fields: then the journal may know more of it, and nothing is wrong."""
    from connector.domain.clock import RECONSTRUCTED

    return not ticket.stamps or any(each.by == RECONSTRUCTED for each in ticket.stamps)


def differences(ticket: Ticket, record: Record, told: Retold, policy: Policy) -> list[dict[str, Any]]:
    """Where the stamps kept with a request are not those that its events give."""
    if is_older(ticket):
        return []
    note = ""
    if record.versions - {policy.version}:
        note = " (decided under other mappings too)"
    if record.unreadable:
        note += f" ({record.unreadable} events cannot be read)"
    again = told.tickets.get(ticket.id)
    if again is None:
        return [_row(ticket, "request", "opened", "never opened", note)]
    rows = []
    kept, whole = [_said(each) for each in ticket.stamps], [_said(each) for each in again.stamps]
    if kept != whole:
        lacking = [each for each in whole if each not in kept]
        extra = [each for each in kept if each not in whole]
        rows.append(_row(ticket, "stamps", "; ".join(extra) or "-", "; ".join(lacking) or "-", note))
    elif ticket.open and again.due_at != ticket.due_at:
        rows.append(_row(ticket, "deadline", stamp(ticket.due_at), stamp(again.due_at), note))
    return rows


async def _measured(
    settings: Settings, wanted: Iterable[Ticket], *, as_json: bool
) -> list[tuple[Ticket, tuple[Timer, ...]]]:
    """The board's own timers of these requests, where it has any."""
    from composition import adapters
    from connector.ports import Unavailable, WrongToken

    chat, board, _ = adapters(settings, None)
    found = []
    try:
        for ticket in wanted:
            timers = await board.timers(ticket.card) if ticket.card is not None else None
            if timers:
                found.append((ticket, timers))
    except WrongToken as refused:
        fail(Exit.REFUSED, f"{refused}. Set the right token.", as_json=as_json)
    except Unavailable as trouble:
        fail(Exit.UNREACHABLE, f"the board cannot be reached: {trouble.reason}", as_json=as_json)
    finally:
        await chat.aclose()
        await board.aclose()
    return found


def timer_differences(ticket: Ticket, timers: Iterable[Timer], policy: Policy, now: datetime) -> list[dict[str, Any]]:
    """Timers of the board that are more than a minute away from each of our clocks: which of them a rule means, the
    board does not tell."""
    from connector.domain import clock

    ours = {each.measure.value: each.used for each in clock.readings(policy, ticket, now)}
    rows = []
    for timer in timers:
        near = min(ours, key=lambda name: abs(ours[name] - timer.counted), default=None)
        if near is not None and abs(ours[near] - timer.counted) > _ALIKE:
            here = f"{near} {_exact(ours[near].total_seconds())}"
            rows.append(_row(ticket, f"timer {timer.rule}", here, _exact(timer.counted.total_seconds()), ""))
    return rows


_ALIKE = timedelta(minutes=1)
"""The board counts on from time to time only."""


def _said(each: Stamp) -> str:
    return f"{stamp(each.at)} {each.what.value}" + (f" {each.value}" if each.value else "")


def _row(ticket: Ticket, what: str, stored: str, journal: str, note: str) -> dict[str, Any]:
    return {
        "number": ticket.number, "request": ticket.id, "what": what, "stored": stored, "journal": journal, "note": note,
    }  # fmt: skip


# ---- what-if


@sla.command("what-if")
def what_if(
    mapping: Annotated[Path, typer.Option("--mapping", "-m", help="The mapping with the other terms")],
    since: Annotated[str, typer.Option(help="Requests opened since then: 30d, or 2026-11-01")] = "30d",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """How many targets would have been breached under other hours, targets or lanes; nothing is changed."""
    from connector.store.looking import first_event_since
    from connector.store.retelling import clients_since
    from mappings.load import load, render
    from mappings.problems import Severity

    settings, loaded = load_all(config, as_json=as_json)
    other = load(mapping)
    if any(problem.severity is Severity.ERROR for problem in other.problems):
        fail(Exit.INVALID, render(other.problems), "", f"{mapping} cannot be used.", as_json=as_json)
    with visit(settings, as_json=as_json) as there:
        try:
            begins = moment_of(since, _moment(there.do(lambda _, at: at)))
        except ValueError as wrong:
            fail(Exit.USAGE, str(wrong), as_json=as_json)
        now = policy_beside(there, settings, loaded, as_json=as_json)
        then = policy_beside(there, settings, other, as_json=as_json)
        first = there.do(lambda connection, _: first_event_since(connection, begins.timestamp()))
        clients = there.do(lambda connection, _: tuple(clients_since(connection, first)))
        table, count, at = tried(there, clients, begins, now, then)
    if as_json:
        answer({"since": begins, "read_at": at, "requests": count, "mapping": now.version, "other": then.version,
                "changes": [_changed(each) for each in table]})  # fmt: skip
        return
    print(f"{count} requests opened since {stamp(begins)}, read as of {stamp(at)}")
    print(f"breaches under {settings.mapping} ({now.version}) → under {mapping} ({then.version})")
    names = ("by", "", "requests", *_MEASURES.values())
    rows = [_shown(each) for each in table]
    if sys.stdout.isatty():
        _rich(names, rows)
    else:
        print("\n".join(columns([names, *rows])))


def tried(
    there: Visit, clients: Iterable[ClientId], since: datetime, now: Policy, then: Policy
) -> tuple[tuple[Change, ...], int, datetime | None]:
    """The changes, the number of requests, and the moment at which those that are open were read: the last event's."""
    from connector.domain import what_if as tell
    from connector.domain.incident import is_incident
    from connector.domain.retold import retold
    from connector.store.retelling import record_of

    elsewhere = tell.under(now, then)
    lives = []
    at: datetime | None = None
    for client in clients:
        if is_incident(client):
            continue
        record = there.do(lambda connection, _, client=client: record_of(connection, client))  # type: ignore[misc]
        numbers = {ticket.id: ticket.number for ticket in record.tickets}
        one = retold(client, record.events, now, numbers, record.threads)
        two = retold(client, record.events, elsewhere, numbers, record.threads)
        at = max([*([at] if at else []), *(event.at for event in record.events)], default=None)
        lives += [
            (ticket, one.stamps[key], two.tickets[key], two.stamps[key])
            for key, ticket in one.tickets.items()
            if ticket.opened_at >= since and key in two.tickets
        ]
    if at is None:
        return (), 0, None
    pairs = [
        (tell.outcome(ticket, stamps, now, at), tell.outcome(other, others, elsewhere, at))
        for ticket, stamps, other, others in lives
    ]
    return tell.changes(pairs), len(pairs), at


def _changed(change: Change) -> dict[str, Any]:
    return {
        "by": change.by, "key": change.key, "requests": change.requests,
        "before": {measure.value: count for measure, count in change.before.items()},
        "after": {measure.value: count for measure, count in change.after.items()},
    }  # fmt: skip


def _shown(change: Change) -> tuple[str, ...]:
    cells = []
    for measure, before in change.before.items():
        after = change.after[measure]
        colour = Colour.RED if after > before else Colour.GREEN if after < before else Colour.DIM
        difference = painted(f" ({after - before:+d})", colour) if after != before and not sys.stdout.isatty() else ""
        cells.append(f"{before} → {after}{difference}")
    return (change.by, change.key, str(change.requests), *cells)
