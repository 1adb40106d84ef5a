"""Whether the clocks kept with requests are those their journal gives, and near those the board counts itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.answer import Exit, answer, fail
from commands.beside import visit
from commands.options import ConfigOption, JsonOption, load_all
from commands.retelling import moment_now, policy_beside, request_with_clocks, told_of
from commands.telling import exact, stamp

if TYPE_CHECKING:
    from connector.domain.policy import Policy
    from connector.domain.retold import Retold
    from connector.domain.sheet import Timer
    from connector.domain.ticket import Stamp, Ticket
    from connector.settings import Settings
    from connector.store.retelling import Record


def audit(
    card: Annotated[str | None, typer.Argument(help="One request or card only [default: all open ones]")] = None,
    board: Annotated[
        bool, typer.Option("--board", help="Also with the board's own timers; a call for each card.")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare the clocks of requests with those their whole journal gives; exit 6 where any differ."""
    from connector.store.looking import open_requests

    settings, loaded = load_all(config, as_json=as_json)
    with visit(settings, as_json=as_json) as there:
        if card is not None:
            wanted = [request_with_clocks(there, card, as_json=as_json)]
        else:
            wanted = there.do(lambda connection, _: open_requests(connection))
        policy = policy_beside(there, settings, loaded, as_json=as_json)
        found: list[dict[str, Any]] = []
        older = 0
        clients = sorted({each.client for each in wanted})
        ids = {each.id for each in wanted}
        for client in clients:
            record, told = told_of(there, client, policy)
            for ticket in record.tickets:
                if ticket.id in ids:
                    older += is_older(ticket)
                    found += differences(ticket, record, told, policy)
        timed = 0
        if board:
            now = moment_now(there)
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
            here = f"{near} {exact(ours[near].total_seconds())}"
            rows.append(_row(ticket, f"timer {timer.rule}", here, exact(timer.counted.total_seconds()), ""))
    return rows


_ALIKE = timedelta(minutes=1)
"""The board counts on from time to time only."""


def _said(each: Stamp) -> str:
    return f"{stamp(each.at)} {each.what.value}" + (f" {each.value}" if each.value else "")


def _row(ticket: Ticket, what: str, stored: str, journal: str, note: str) -> dict[str, Any]:
    return {
        "number": ticket.number, "request": ticket.id, "what": what, "stored": stored, "journal": journal, "note": note,
    }  # fmt: skip
