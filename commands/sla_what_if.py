"""What other hours, targets or lanes would have done to the requests there were."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.answer import Exit, answer, fail
from commands.beside import Visit, visit
from commands.options import ConfigOption, JsonOption, load_all
from commands.retelling import moment_now, policy_beside
from commands.telling import MEASURES, Colour, moment_of, painted, print_table, stamp

if TYPE_CHECKING:
    from connector.domain.policy import Policy
    from connector.domain.refs import ClientId
    from connector.domain.what_if import Change


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
            begins = moment_of(since, moment_now(there))
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
    names = ("by", "", "requests", *MEASURES.values())
    print_table(names, [_shown(each) for each in table])


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
        record = there.do(lambda connection, _, client=client: record_of(connection, client))  # type: ignore[misc]  # mypy infers no lambda with a default
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
