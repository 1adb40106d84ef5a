"""The journal decided anew: what would have been done, under this mapping or another."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.answer import Exit, answer, fail
from commands.beside import visit
from commands.options import ConfigOption, JsonOption, load_all

if TYPE_CHECKING:
    from connector.domain.policy import Policy
    from connector.engine.replaying import Difference, Outcome, Recorded
    from connector.settings import Settings
    from mappings.load import Loaded

FORMATS = ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"]
SHOWN = 20
WIDTH = 160


def replay(
    config: ConfigOption = None,
    begin: Annotated[
        datetime | None,
        typer.Option("--from", formats=FORMATS, help="Where the slice begins, in UTC unless it says"),
    ] = None,
    end: Annotated[datetime | None, typer.Option("--to", formats=FORMATS, help="Where it ends [default: now]")] = None,
    mapping: Annotated[Path | None, typer.Option(help="Another mapping than the configuration's")] = None,
    shown: Annotated[int, typer.Option(help="Differences that are printed")] = SHOWN,
    as_json: JsonOption = False,
) -> None:
    """Decide a slice of the journal anew, on an empty store of its own with a clock of its own; nothing is sent.

    Events before the slice are decided too, to know how things stood. Prints what would have been ordered, a hash (the
    same slice and mapping give the same), and what differs from what was ordered in fact. Asks the live board once,
    for the ids of what the mapping names.
    """
    from connector.engine.replaying import differences, history, orders_between, recorded
    from connector.engine.replaying import replay as decide_anew
    from connector.store.database import open_database

    settings, loaded = load_all(config, as_json=as_json)
    policy = _policy(settings, _other(mapping, as_json=as_json) if mapping else loaded, as_json=as_json)
    since = _utc(begin).timestamp() if begin else 0.0
    until = _utc(end).timestamp() if end else time.time()
    if since >= until:
        fail(Exit.USAGE, "--from must be before --to", as_json=as_json)
    with visit(settings, as_json=as_json) as there, tempfile.TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{folder}/replay.db", clock=lambda: until)
        try:
            known = there.do(lambda connection, now: history(connection))
            stream: list[Recorded | None] = there.do(lambda connection, now: list(recorded(connection, until=until)))
            outcome = decide_anew(
                database, stream, known, policy, begin=since, end=until, progress=lambda done: _tell(done, len(stream))
            )
            was, _ = there.do(lambda connection, now: orders_between(connection, since, until))
        finally:
            database.close()
    found = differences(outcome, was, known.made)
    if as_json:
        answer(_data(outcome, len(was), found))
        return
    for line in _lines(outcome, len(was), found, shown):
        print(line)


def _tell(done: int, of: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done} of {of} events", end="" if done < of else "\n", file=sys.stderr)


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _other(mapping: Path, *, as_json: bool) -> Loaded:
    from mappings.load import load, render
    from mappings.problems import Severity

    loaded = load(mapping)
    if any(problem.severity is Severity.ERROR for problem in loaded.problems):
        fail(Exit.INVALID, render(loaded.problems), as_json=as_json, hint="Nothing was decided.")
    return loaded


def _policy(settings: Settings, loaded: Loaded, *, as_json: bool) -> Policy:
    """The mapping with the ids of the live board."""
    from composition import adapters
    from connector.ports import Unavailable, WrongToken
    from mappings.load import render
    from mappings.resolve import resolve, spaces

    assert loaded.mapping is not None
    chat, board, _ = adapters(settings, None)

    async def ask() -> Policy:
        try:
            layout = await board.layout(spaces(loaded.mapping))  # type: ignore[arg-type]  # it is sound
        finally:
            await chat.aclose()
            await board.aclose()
        resolved, problems = resolve(loaded.mapping, layout)  # type: ignore[arg-type]  # load_all ended where there is no mapping
        if resolved is None:
            fail(Exit.INVALID, render(problems), as_json=as_json, hint="The mapping does not fit the board.")
        return loaded.policy(resolved, limits=chat.limits)

    try:
        return asyncio.run(ask())
    except WrongToken as refused:
        fail(Exit.REFUSED, str(refused), as_json=as_json)
    except Unavailable as away:
        fail(Exit.UNREACHABLE, f"the board cannot be asked for its layout: {away.reason}", as_json=as_json)


def _data(outcome: Outcome, was: int, found: list[Difference]) -> dict[str, object]:
    return {
        "events": outcome.events, "before": outcome.before, "unreadable": outcome.unread, "raised": outcome.raised,
        "orders": outcome.kinds, "remembered": was, "hash": outcome.hash,
        "differences": [asdict(each) for each in found],
    }  # fmt: skip


def _lines(outcome: Outcome, was: int, found: list[Difference], shown: int) -> Iterator[str]:
    yield f"{outcome.events} events decided anew ({outcome.before} before the slice, {outcome.unread} unreadable)"
    for key, reason in outcome.raised:
        yield f"  the decision failed: {key}: {reason}"
    yield f"orders: {len(outcome.orders)}; still remembered in fact: {was}"
    for kind, count in outcome.kinds.items():
        yield f"  {kind:<16} {count}"
    yield f"hash: {outcome.hash}"
    yield f"differences: {len(found)}"
    for each in found[:shown]:
        yield f"  {each.kind} {each.key}"
        yield f"    was:   {_short(each.was)}"
        yield f"    would: {_short(each.would)}"
    if len(found) > shown:
        yield f"  … and {len(found) - shown} more: --shown, or --json for all"


def _short(written: str | None) -> str:
    if written is None:
        return "nothing"
    return written if len(written) <= WIDTH else written[:WIDTH] + "…"
