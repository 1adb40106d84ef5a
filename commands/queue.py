"""What cannot go on by itself: dead orders and events kept aside, shown, tried again, let be, handed out."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.answer import Exit, answer, confirm, fail
from commands.beside import visit
from commands.options import ConfigOption, JsonOption, YesOption, load_configuration
from commands.show import WordsOption, event_data, order_data, spoken
from commands.telling import age, columns, in_line, stamp

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from commands.beside import Visit
    from connector.domain.record import QueuedOrder
    from connector.ports import Arrival
    from connector.settings import Settings
    from connector.store.mending import Mended, Raw

queue = typer.Typer(
    name="queue",
    no_args_is_help=True,
    help="Orders that cannot succeed and events that cannot be read: list, show, retry, skip, export.\n\n"
    "Each is named as the list names it: o12 is an order, e34 an event.",
)
LIMIT = 50
PAGE = 500
NamesArgument = Annotated[list[str] | None, typer.Argument(help="o12, e34, … as the list names them")]
EveryOption = Annotated[bool, typer.Option("--all", help="Everything the list shows.")]


# ---- looking


@queue.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, help="At most so many of each sort")] = LIMIT,
    after: Annotated[str, typer.Option(help="Go on after this one (o12 or e34)")] = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """What needs a person: why, since when, and what to do. Ends with 6 when there is any."""
    from connector.store import mending

    settings = load_configuration(config, as_json=as_json)
    kind, seq = _named(after, as_json=as_json) if after else ("", 0)

    def read(
        connection: Connection, now: float
    ) -> tuple[tuple[QueuedOrder, ...], tuple[Raw, ...], tuple[int, int], float]:
        orders = mending.orders_in_need(connection, after=seq if kind == "o" else 0, limit=limit) if kind != "e" else ()
        events = mending.events_in_need(connection, after=seq if kind == "e" else 0, limit=limit) if kind != "o" else ()
        return orders, events, mending.in_need(connection), now

    with visit(settings, as_json=as_json) as there:
        orders, events, total, now = there.do(read)
    if as_json:
        answer(
            {
                "orders": total[0], "events": total[1],
                "items": [*(order_facts(each) for each in orders), *(event_facts(each) for each in events)],
            }
        )  # fmt: skip
    else:
        for line in render(orders, events, total, now):
            print(line)
    if any(total):
        raise typer.Exit(Exit.UNFINISHED)


def render(orders: tuple[QueuedOrder, ...], events: tuple[Raw, ...], total: tuple[int, int], now: float) -> list[str]:
    """The list for people."""
    if not any(total):
        return ["Nothing needs a person."]
    moment = datetime.fromtimestamp(now).astimezone()
    lines: list[str] = []
    if total[0]:
        lines.append(f"{total[0]} orders")
        rows = [("", "order", "for", "since", "tries", "why")]
        rows += [
            (
                f"o{each.seq}", spoken(each.kind), each.ticket or each.client, f"{_since(each, moment)} ago",
                str(each.tries or 0), in_line(each.reason or "no reason given", whole=False),
            )
            for each in orders
        ]  # fmt: skip
        lines += columns(rows)
        lines += _more(len(orders), total[0], f"o{orders[-1].seq}" if orders else "")
    if total[1]:
        lines.append(f"{total[1]} events")
        rows = [("", "event", "from", "came", "", "why")]
        rows += [
            (
                f"e{each.noted.seq}", spoken(each.noted.kind), each.noted.client or "-",
                f"{age(moment - each.noted.received)} ago", each.noted.state,
                in_line(each.noted.reason or "no reason given", whole=False),
            )
            for each in events
        ]  # fmt: skip
        lines += columns(rows)
        lines += _more(len(events), total[1], f"e{events[-1].noted.seq}" if events else "")
    return [*lines, "See `connector queue show NAME`, then `queue retry NAME` or `queue skip NAME`."]


def _since(order: QueuedOrder, now: datetime) -> str:
    then = order.began or order.created
    return age(now - then) if then is not None else "long"


def _more(shown: int, total: int, last: str) -> list[str]:
    return [f"  … of {total}; go on with --after {last}"] if last and shown < total else []


@queue.command()
def show(
    name: Annotated[str, typer.Argument(help="o12 or e34, as the list names it")],
    words: WordsOption = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """One of them: its reason, first and last try, what stands behind it, and what to do."""
    settings = load_configuration(config, as_json=as_json)
    kind, seq = _named(name, as_json=as_json)
    with visit(settings, as_json=as_json) as there:
        order, event, behind = there.do(lambda connection, _: _found(connection, kind, seq))
    if order is not None:
        data = {**order_facts(order, words=words), "lane": order.lane, "behind": behind}
    elif event is not None:
        data = event_facts(event, words=words)
    else:
        fail(Exit.USAGE, f"There is no {name} any more.", as_json=as_json, hint="`connector queue list` shows what is.")
    if as_json:
        answer(data)
        return
    for line in columns([(key, _shown(value)) for key, value in data.items() if value not in (None, [], "")]):
        print(line)


def _found(connection: Connection, kind: str, seq: int) -> tuple[QueuedOrder | None, Raw | None, int]:
    from connector.store import mending

    if kind == "e":
        return None, mending.event_of(connection, seq), 0
    order = mending.order_of(connection, seq)
    return order, None, 0 if order is None else mending.behind(connection, order.lane, seq)


def _shown(value: object) -> str:
    return stamp(value) if isinstance(value, datetime) else ", ".join(value) if isinstance(value, list) else str(value)


def order_facts(order: QueuedOrder, *, words: bool = False) -> dict[str, object]:
    """A dead order for programs, with what to do."""
    return {"name": f"o{order.seq}", **order_data(order, words=words), "advice": order_advice(order)}


def event_facts(found: Raw, *, words: bool = False) -> dict[str, object]:
    """An event kept aside for programs, with what to do; the raw payload only where words were asked for."""
    data = {"name": f"e{found.noted.seq}", **event_data(found.noted, words=words), "advice": event_advice(found)}
    return {**data, "raw": found.raw} if words else data


def order_advice(order: QueuedOrder) -> str:
    """What a person can do about it."""
    if order.state == "skipped":
        return "It was let be. `queue retry` brings it back, should it be wanted after all."
    if not order.over:
        return "It goes on trying, and what follows in its lane waits. Mend the cause; or `queue skip` lets it be."
    refusal = (order.reason or "").partition(":")[0]
    match refusal, order.kind:
        case _, "CreateCard":
            return "Its request waits for the card. Mend the mapping or the board (`check --live`), then `queue retry`."
        case "gone", _:
            return "The chat or the card is gone: `queue skip` once you know where its words are."
        case "blocked", _:
            return "The client stopped the bot; answers are sent anew when they return. `queue skip` clears the list."
        case "too_big", _:
            return "A file is larger than the tool takes; what could go without it went. `queue skip` clears the list."
        case "forbidden", _:
            return "Give the token's user the right to do this (`connector doctor`), then `queue retry`."
        case _:
            return "Look at the reason; after mending `queue retry`, else tell the client otherwise and `queue skip`."


def event_advice(found: Raw) -> str:
    """What a person can do about it."""
    match found.noted.state:
        case "unreadable":
            return "Read by this version? `queue retry` reads it anew; after an update of the connector try again."
        case "raised":
            return (
                "The decision on it failed: a fault of the connector or of a text. Update, or mend it; `queue retry`."
            )
        case "stray":
            return (
                "Its card carries an id that nobody knows here. After a restore `connector import --board … --adopt` "
                "takes the card back; then `queue retry`, or `queue skip`."
            )
        case _:
            return "Nothing needs to be done."


# ---- mending


@queue.command()
def retry(
    names: NamesArgument = None,
    everything: EveryOption = False,
    yes: YesOption = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Try again, beside the running daemon: an order looks before it writes, an event is read with today's code."""
    _mend(names or [], config, everything=everything, yes=yes, as_json=as_json, verb="retry")


@queue.command()
def skip(
    names: NamesArgument = None,
    everything: EveryOption = False,
    yes: YesOption = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let be: what it carries will not come. It stays known, with its reason."""
    _mend(names or [], config, everything=everything, yes=yes, as_json=as_json, verb="skip")


def _mend(names: list[str], config: Path | None, *, everything: bool, yes: bool, as_json: bool, verb: str) -> None:
    from connector.store import mending

    if bool(names) is everything:
        fail(Exit.USAGE, "Name what is meant, or say --all.", as_json=as_json, hint="`connector queue list` names all.")
    settings = load_configuration(config, as_json=as_json)
    wanted = [_named(name, as_json=as_json) for name in dict.fromkeys(names)]
    with visit(settings, to_write=True, as_json=as_json) as there:
        if everything:
            wanted = _all_of(there)
        count = {kind: sum(each == kind for each, _ in wanted) for kind in "oe"}
        question = f"{verb} {count['o']} orders and {count['e']} events?"
        if wanted and (verb == "skip" or everything):
            confirm(question, yes=yes, as_json=as_json)
        outcomes: list[tuple[str, Mended]] = []
        for kind, seq in wanted:
            if verb == "skip":
                step = (
                    mending.skip_order
                    if kind == "o"
                    else lambda connection, _, seq: mending.skip_event(connection, seq)
                )
                outcome = there.do(lambda connection, now: step(connection, now, seq))  # noqa: B023  # called at once
            elif kind == "o":
                outcome = there.do(lambda connection, now: mending.retry_order(connection, now, seq))  # noqa: B023  # called at once
            else:
                outcome = _read_anew(there, settings, seq)
            outcomes.append((f"{kind}{seq}", outcome))
    _report(outcomes, as_json=as_json)


def _all_of(there: Visit) -> list[tuple[str, int]]:
    from connector.store import mending

    found: list[tuple[str, int]] = []
    last = 0
    while orders := there.do(lambda connection, _: mending.orders_in_need(connection, after=last, limit=PAGE)):  # noqa: B023  # called at once
        found += [("o", order.seq) for order in orders]
        last = orders[-1].seq
    last = 0
    while events := there.do(lambda connection, _: mending.events_in_need(connection, after=last, limit=PAGE)):  # noqa: B023  # called at once
        found += [("e", event.noted.seq) for event in events]
        last = events[-1].noted.seq
    return found


def _read_anew(there: Visit, settings: Settings, seq: int) -> Mended:
    from connector.store import mending

    found = there.do(lambda connection, _: mending.event_of(connection, seq))
    arrival = None
    if found is not None and found.raw is not None and found.noted.event is None:
        arrival = asyncio.run(_translated(settings, found))
    return there.do(lambda connection, now: mending.retry_event(connection, now, seq, arrival))


async def _translated(settings: Settings, found: Raw) -> Arrival | None:
    """The raw payload as today's adapter reads it."""
    from composition import adapters
    from connector.ports import Unavailable, WrongToken

    chat, board, _ = adapters(settings, None)
    try:
        tool = chat if found.noted.key.startswith(f"{chat.name}:") else board
        return await tool.reread(found.raw or "", found.noted.received)
    except (Unavailable, WrongToken):
        return None
    finally:
        await chat.aclose()
        await board.aclose()


def _report(outcomes: list[tuple[str, Mended]], *, as_json: bool) -> None:
    from connector.store.mending import Mended

    good = (Mended.AGAIN, Mended.READ, Mended.LEFT)
    said = {
        Mended.AGAIN: "waits its turn anew",
        Mended.READ: "was read anew and is decided on",
        Mended.LEFT: "is let be",
        Mended.OVER: "is no longer among them: nothing was done",
        Mended.REPLACED: "was left alone: its words go another way already, once more would be twice",
        Mended.BUSY: "was left alone: the daemon is at it this moment; try again",
        Mended.NEEDED: "was left alone: its open request waits for this card; mend the cause, then retry",
        Mended.UNREAD: "was left alone: it still cannot be read, or belongs to nobody known here",
    }
    if as_json:
        answer([{"name": name, "outcome": outcome.value, "done": outcome in good} for name, outcome in outcomes])
    for name, outcome in () if as_json else outcomes:
        print(f"{name} {said[outcome]}", file=sys.stdout if outcome in good else sys.stderr)
    if not outcomes and not as_json:
        print("Nothing needs a person.")
    if any(outcome is Mended.BUSY for _, outcome in outcomes):
        raise typer.Exit(Exit.BUSY)
    if any(outcome not in good for _, outcome in outcomes):
        raise typer.Exit(Exit.UNFINISHED)


@queue.command()
def export(
    out: Annotated[
        Path | None, typer.Option(help="A file, made readable for its owner alone [default: stdout]")
    ] = None,
    words: WordsOption = False,
    config: ConfigOption = None,
) -> None:
    """Everything the list shows as JSON lines; with --words also the words and raw payloads, for a closer look."""
    from connector.store import mending

    settings = load_configuration(config)
    with visit(settings) as there:
        wanted = _all_of(there)
        lines = []
        for kind, seq in wanted:
            if kind == "o":
                order = there.do(lambda connection, _: mending.order_of(connection, seq))  # noqa: B023  # called at once
                lines.append(order_facts(order, words=words) if order is not None else None)
            else:
                event = there.do(lambda connection, _: mending.event_of(connection, seq))  # noqa: B023  # called at once
                lines.append(event_facts(event, words=words) if event is not None else None)
    text = "".join(json.dumps(each, ensure_ascii=False, default=_plain) + "\n" for each in lines if each is not None)
    if out is None:
        sys.stdout.write(text)
        return
    try:
        out.touch(mode=0o600)
        out.write_text(text, encoding="utf-8")
    except OSError as trouble:
        fail(Exit.FAILED, f"{out}: cannot be written: {trouble.strerror}")
    print(f"{len(lines)} written to {out}", file=sys.stderr)


def _plain(thing: object) -> str:
    return thing.isoformat() if isinstance(thing, datetime) else str(thing)


def _named(name: str, *, as_json: bool) -> tuple[str, int]:
    kind, number = name[:1], name[1:]
    if kind not in ("o", "e") or not (number.isascii() and number.isdigit() and len(number) < 18):
        hint = "Names look like o12 (an order) or e34 (an event); `connector queue list` shows them."
        fail(Exit.USAGE, f"{name!r} names nothing here.", as_json=as_json, hint=hint)
    return kind, int(number)
