"""Comparing what we know with what the board shows, and mending the difference."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from commands.answer import Exit, answer, fail
from commands.beside import Visit, visit
from commands.options import ConfigOption, JsonOption, load_all, load_configuration
from commands.pausing import board_id, check_topic
from commands.telling import columns, moment_of

if TYPE_CHECKING:
    from pathlib import Path

    from connector.settings import Settings
    from connector.store.drifts import Drift
    from connector.store.runs import Run, Scope
    from mappings.load import Loaded

PATIENCE = 20.0
"""Seconds without a sign of life of a run before its daemon is looked for."""
TICK = 0.25
EVERY = 5.0
"""Seconds between lines about the progress where there is no terminal."""


class Way(StrEnum):
    """Which differences."""

    IN = "in"
    OUT = "out"
    BOTH = "both"


CardOption = Annotated[
    list[str] | None, typer.Option("--card", help="The number of a card on the board, or a request's id; repeatable")
]
ClientOption = Annotated[
    list[str] | None, typer.Option("--client", help="A client's chat: telegram:77, or 77; repeatable")
]
CabinetOption = Annotated[list[str] | None, typer.Option("--cabinet", help="A client's account id; repeatable")]
BoardOption = Annotated[list[str] | None, typer.Option("--board", help="A board's title or id; repeatable")]
TopicOption = Annotated[list[str] | None, typer.Option("--topic", help="A topic's key in the mapping; repeatable")]
SinceOption = Annotated[
    str | None, typer.Option("--since", help="Requests that were open since then: 6h, 2d, 2026-11-22T10:00")
]
UntilOption = Annotated[str | None, typer.Option("--until", help="Requests opened before then")]


def resync(
    card: CardOption = None,
    client: ClientOption = None,
    cabinet: CabinetOption = None,
    board: BoardOption = None,
    topic: TopicOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    direction: Annotated[Way, typer.Option(help="in: what only the board knows; out: what only we know")] = Way.BOTH,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what differs and what would be done.")] = False,
    repair_unsafe: Annotated[
        bool, typer.Option("--repair-unsafe", help="Mend also what is only listed otherwise.")
    ] = False,
    item: Annotated[
        list[str] | None, typer.Option("--item", help="Mend this difference alone, by its id in the list; repeatable")
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Read every card whole, also those that look untouched.")
    ] = False,
    go_on: Annotated[bool, typer.Option("--continue", help="Go on with the latest run that was interrupted.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare journal and board card by card, say what differs, and mend it.

    Agents' moves are taken into the books; missing words and files of clients, labels, deadline and earlier requests
    are put on the card again. What somebody may have meant is only listed, with a plan. A running daemon does the work
    within its own rate limit, behind everything else; without one this command does it. Ctrl-C finishes the card in
    hand.

    Examples: `connector resync --dry-run` · `connector resync --card 70000101` · `connector resync --since 2d`
    """
    from connector.store import drifts, runs
    from connector.store.file_lock import daemon_on

    settings, loaded = load_all(config, as_json=as_json)
    wanted = None
    if not go_on:
        wanted = _scope(
            card, client, cabinet, board, topic, since, until, direction,
            dry=dry_run, unsafe=repair_unsafe, items=item, full=full, config=config, as_json=as_json,
        )  # fmt: skip
    progress = Progress()
    with visit(settings, to_write=True, as_json=as_json) as there:
        run = _filed(there, wanted, as_json=as_json)
        if _daemon_runs(there, daemon_on(settings.database_url.get_secret_value())):
            ended = _follow(there, settings, run, progress)
        else:
            ended = None
    if ended is None:
        _by_ourselves(settings, loaded, run, progress, as_json=as_json)
    progress.over()
    with visit(settings, as_json=as_json) as there:
        ended = there.do(lambda connection, _: runs.read_run(connection, run))
        found = there.do(lambda connection, _: drifts.report(connection, run=run))
    assert ended is not None
    _tell(ended, found, as_json=as_json)


def drift(
    leave: Annotated[
        list[str] | None, typer.Option("--leave", help="This difference may stay, by its id; repeatable")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what was mended or may stay.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """What was found to differ and was not mended: what, on which card, why not, and what would be done.

    `connector resync --item ID` mends one of them, `--leave ID` lets it be.
    """
    from connector.store import drifts
    from connector.store.drifts import Found

    settings = load_configuration(config, as_json=as_json)
    if leave:
        with visit(settings, to_write=True, as_json=as_json) as there:
            known = there.do(lambda connection, _: drifts.let_be(connection, leave))
        if unknown := sorted(set(leave) - set(known)):
            fail(
                Exit.USAGE,
                f"There is no difference {', '.join(unknown)}.",
                as_json=as_json,
                hint="See: connector drift",
            )
    states = tuple(Found) if everything else (Found.OPEN, Found.FILED, Found.FAILED)
    with visit(settings, as_json=as_json) as there:
        found = there.do(lambda connection, _: drifts.report(connection, states=states))
    if as_json:
        answer({"differences": [_data(each) for each in found]})
        return
    for line in _lines(found, dry=False):
        print(line)
    if not found:
        print("Nothing is known to differ.")


# ---- what is asked for


def _scope(
    card: list[str] | None,
    client: list[str] | None,
    cabinet: list[str] | None,
    board: list[str] | None,
    topic: list[str] | None,
    since: str | None,
    until: str | None,
    direction: Way,
    *,
    dry: bool,
    unsafe: bool,
    items: list[str] | None,
    full: bool,
    config: Path | None,
    as_json: bool,
) -> Scope:
    from connector.domain.drift import Direction
    from connector.store.runs import Scope

    for key in topic or ():
        check_topic(key, config, as_json=as_json)
    now = datetime.now(UTC)
    try:
        moments = [moment_of(text, now).timestamp() if text else None for text in (since, until)]
    except ValueError as wrong:
        fail(Exit.USAGE, str(wrong), as_json=as_json)
    return Scope(
        cards=tuple(card or ()),
        clients=tuple(each if ":" in each else f"telegram:{each}" for each in client or ()),
        cabinets=tuple(cabinet or ()),
        boards=tuple(board_id(each, config, as_json=as_json) for each in board or ()),
        topics=tuple(topic or ()),
        since=moments[0],
        until=moments[1],
        direction=Direction(direction.value),
        dry=dry,
        unsafe=unsafe,
        items=tuple(items or ()),
        full=full,
    )


def _filed(there: Visit, wanted: Scope | None, *, as_json: bool) -> str:
    """The name of the run: a new one, or the one to go on with."""
    from connector.engine.repairing import new_name
    from connector.store import runs
    from connector.store.runs import Stage

    if wanted is not None:
        name = new_name()
        there.do(lambda connection, now: runs.file_run(connection, now, name, wanted))
        return name
    found = there.do(lambda connection, _: runs.unfinished_run(connection))
    if found is None:
        fail(Exit.USAGE, "No run was interrupted: there is nothing to go on with.", as_json=as_json)
    if found.stage in (Stage.STOPPED, Stage.STOPPING, Stage.FAILED):
        there.do(lambda connection, now: runs.change_run(connection, now, found.id, stage=Stage.WAITING))
    return found.id


# ---- while it goes on


@dataclass(slots=True)
class Progress:
    """How far a run is, on stderr: a bar on a terminal, a line now and then elsewhere."""

    began: float = 0.0
    first: int = 0
    told: float = 0.0
    shown: bool = False

    def show(self, run: Run) -> None:
        """Says it, if something is to be said."""
        now = time.monotonic()
        if not run.total:
            return
        if not self.began:
            self.began, self.first, self.told = now, run.checked, now
        line = self._line(run, now - self.began)
        if sys.stderr.isatty():
            print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
            self.shown = True
        elif now - self.told >= EVERY:
            print(line, file=sys.stderr, flush=True)
            self.told = now

    def over(self) -> None:
        """Leaves the line to the result."""
        if self.shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def _line(self, run: Run, passed: float) -> str:
        width = 24
        filled = width * run.checked // run.total
        rate = (run.checked - self.first) / passed if passed > 0.5 else 0.0
        left = f"{(run.total - run.checked) / rate:.0f} s left" if rate else "…"
        bar = "#" * filled + "-" * (width - filled)
        return f"[{bar}] {run.checked}/{run.total} cards · {rate:.1f}/s · {left}"


def _daemon_runs(there: Visit, alone: str | None) -> bool:
    from connector.store.leases import anybody_reads

    if not there.database.shared:
        return alone is not None
    return there.do(anybody_reads)


def _follow(there: Visit, settings: Settings, run: str, progress: Progress) -> Run | None:
    """Watches the daemon at it. None when the daemon is gone, so that somebody else must do it."""
    from connector.store import runs
    from connector.store.file_lock import daemon_on
    from connector.store.runs import Stage

    asked = False
    seen = time.monotonic()
    last = 0.0
    while True:
        try:
            found = there.do(lambda connection, _: runs.read_run(connection, run))
            assert found is not None
            progress.show(found)
            if found.stage in (Stage.STOPPED, Stage.DONE, Stage.FAILED):
                return found
            if found.updated != last:
                seen, last = time.monotonic(), found.updated
            elif time.monotonic() - seen > PATIENCE:
                if not _daemon_runs(there, daemon_on(settings.database_url.get_secret_value())):
                    return None
                seen = time.monotonic()
            time.sleep(TICK)
        except KeyboardInterrupt:
            if asked:
                progress.over()
                fail(Exit.INTERRUPTED, "Not waited for: the daemon finishes the card in hand.", hint=_GO_ON)
            asked = True
            print("\nStopping after the card in hand…", file=sys.stderr)
            there.do(lambda connection, now: runs.ask_to_stop(connection, now, run))


_GO_ON = "Go on with: connector resync --continue"


def _by_ourselves(settings: Settings, loaded: Loaded, run: str, progress: Progress, *, as_json: bool) -> None:
    import composition
    from connector.engine.daemon import Unfit
    from connector.ports import Unavailable, WrongToken
    from connector.store.file_lock import Busy

    try:
        asyncio.run(composition.compare(settings, loaded, run, progress.show))
    except Busy as busy:
        fail(Exit.BUSY, str(busy), as_json=as_json, hint=f"The daemon has begun meanwhile. {_GO_ON}")
    except WrongToken as refused:
        fail(Exit.REFUSED, f"{refused}. Nothing was changed.", as_json=as_json, hint="Set the right token.")
    except Unavailable as away:
        fail(Exit.UNREACHABLE, f"{away.reason}. Nothing was changed.", as_json=as_json, hint=_GO_ON)
    except Unfit as unfit:
        fail(Exit.INVALID, str(unfit), as_json=as_json)
    except composition.BadDatabase as bad:
        fail(Exit.INVALID if bad.invalid else Exit.UNREACHABLE, str(bad), as_json=as_json)


# ---- the result


def _tell(run: Run, found: list[Drift], *, as_json: bool) -> None:
    from connector.store.runs import Stage

    dry = run.scope.dry
    states = Counter(_state(each, dry=dry) for each in found)
    if run.stage is Stage.FAILED:
        refused = "refused the token" in (run.reason or "")
        fail(
            Exit.REFUSED if refused else Exit.UNREACHABLE,
            f"{run.reason}. The comparison ended after {run.checked} of {run.total} cards; nothing was inferred from "
            "what could not be read.",
            as_json=as_json, hint=_GO_ON,
        )  # fmt: skip
    if as_json:
        answer(
            {
                "run": run.id, "stage": run.stage.name.lower(), "dry_run": dry, "cards": run.checked,
                "total": run.total, "busy": run.busy, "counts": dict(states),
                "differences": [{**_data(each), "state": _state(each, dry=dry)} for each in found],
            }
        )  # fmt: skip
    else:
        for line in _lines(found, dry=dry):
            print(line)
        told = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
        print(f"{run.checked} cards compared, {len(found)} differences" + (f": {told}" if told else ""))
        if run.busy:
            print(f"On {run.busy} cards something was going on all the time: look again later.")
    if run.stage is Stage.STOPPED:
        print(f"Interrupted after {run.checked} of {run.total} cards. {_GO_ON}", file=sys.stderr)
        raise typer.Exit(Exit.INTERRUPTED)
    if not dry and (states["left alone"] or states["failed"] or states["on its way"]):
        raise typer.Exit(Exit.UNFINISHED)


def _state(drift: Drift, *, dry: bool) -> str:
    from connector.store.drifts import Found

    match drift.state:
        case Found.OPEN:
            return "left alone" if drift.doubt or not dry else "would be mended"
        case Found.FILED:
            return "on its way"
        case Found.MENDED:
            return "mended"
        case Found.LEFT:
            return "may stay"
        case Found.FAILED:
            return "failed"


def _lines(found: list[Drift], *, dry: bool) -> list[str]:
    rows = []
    for each in found:
        more = f" ({each.doubt}; plan: {each.plan})" if each.doubt else f" → {each.plan}" if dry else ""
        rows.append((each.id, f"No. {each.number}", f"card {each.card}", each.kind, _state(each, dry=dry),
                     each.what + more))  # fmt: skip
    return columns(rows, indent="")


def _data(drift: Drift) -> dict[str, object]:
    told = asdict(drift)
    return {**told, "state": drift.state.name.lower(), "found": datetime.fromtimestamp(drift.found, UTC)}
