"""Compares books and board, card after card, and files what mends the difference: on request, and slowly by itself."""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from connector.domain.drift import Difference, compare, out_of_sight
from connector.domain.policy import Policy
from connector.domain.refs import Ref
from connector.domain.sheet import Sheet, Sketch
from connector.engine.pulse import Pulse, line, log_traceback
from connector.ports import Board, Unavailable, WrongToken
from connector.store import codec, drifts, runs
from connector.store.books import Made, books_of, made_for, restless
from connector.store.database import Database
from connector.store.ingest import keep_mark, read_mark
from connector.store.leases import hold
from connector.store.runs import Run, Scope, Stage, Subject

LOOK = 1.0
"""Seconds between looks for a run that somebody filed."""
AT_ONCE = 500
"""Requests read from the store at a time."""
HEAL_PAUSE = 1.0
"""Seconds between two cards when nobody waits for the result."""
ORPHANED = 60.0
"""Seconds without a sign of life after which another daemon goes on with a run."""
PARTIAL = 20
"""More cards than this, and more than half of all, that the lists do not show: the lists are not whole."""
ROUNDS = 3
"""How often a card on which something was going on is looked at again."""
ENDED_WITHIN = 600.0
"""Seconds a run waits for what it filed; afterwards it goes on without the run."""
HEALED = "heal:last"


class Lost(Exception):
    """The run is no longer ours: somebody asked it to stop, or another daemon has it."""


@dataclass(slots=True)
class _Tally:
    checked: int
    busy: int = 0


class Repairer:
    """One per daemon; on PostgreSQL one daemon at a time compares.

    `heal_every` (seconds, 0: never) is how often everything is compared without being asked. What the board has known
    for less than `grace` seconds is left to the daemon that reads it anyhow.
    """

    def __init__(
        self,
        database: Database,
        pulse: Pulse,
        board: Board,
        *,
        policy: Callable[[], Policy],
        heal_every: float = 0.0,
        grace: float = 0.0,
        lease: float = 30.0,
        paused: Callable[[], bool] = lambda: False,
    ) -> None:
        self._database = database
        self._pulse = pulse
        self._board = board
        self._policy = policy
        self._heal_every = heal_every
        self._grace = timedelta(seconds=grace)
        self._lease = lease
        self._paused = paused
        self._began = False

    async def run(self) -> None:
        """Until the daemon stops: runs as they are filed, and its own when their time has come."""
        while not self._pulse.stopping.is_set():
            found = None
            if self._policy().board is not None and not self._paused():
                try:
                    found = await self._database.run(self._next)
                except SQLAlchemyError as trouble:
                    self._pulse.sides["store"].bad(type(trouble).__name__)
            if found is None:
                await self._pulse.rest(LOOK)
            else:
                await self.carry_out(found)

    def _next(self, connection: Connection) -> Run | None:
        now = self._database.now(connection)
        if self._database.shared and not hold(connection, now, "compare", self._pulse.holder, self._lease):
            return None
        # Of the only daemon whatever run is under way belongs to a process that is no more.
        stale = now - ORPHANED if self._database.shared or self._began else now + 1
        self._began = True
        found = runs.next_run(connection, stale)
        if found is not None or not self._heal_every:
            return found
        last = read_mark(connection, HEALED)
        if last is None:
            keep_mark(connection, HEALED, repr(now))
        if last is None or now - float(last) < self._heal_every:
            return None
        keep_mark(connection, HEALED, repr(now))
        drifts.forget_old(connection, now)
        waiting = runs.heal_run(connection)
        if waiting is None:
            name = new_name()
            runs.file_run(connection, now, name, Scope(heal=True))
            waiting = runs.read_run(connection, name)
        return waiting

    async def carry_out(self, run: Run) -> None:
        """The run from where it stands. Whatever ends it stands in its row: done, stopped, failed with the reason.

        Nothing is inferred from a list that was not read to its end: then nothing changes.
        """
        tally = _Tally(checked=run.checked)
        try:
            await self._begin(run)
            subjects = await self._subjects(run)
            await self._write(run, total=run.checked + len(subjects))
            sketches = await self._survey(run, subjects)
            await self._look(run, subjects, sketches, tally)
            await self._await_ends(run)
            await self._write(run, stage=Stage.DONE, checked=tally.checked, busy=tally.busy, reason=None)
            line(logging.INFO, "compared", run=run.id, cards=tally.checked, busy=tally.busy, heal=run.scope.heal)
        except Lost as lost:
            line(logging.INFO, "comparison_stopped", run=run.id, reason=str(lost))
        except (Unavailable, WrongToken) as trouble:
            reason = str(trouble)
            line(logging.WARNING, "comparison_failed", run=run.id, reason=reason)
            await self._tell_failure(run, reason)
        except SQLAlchemyError as trouble:
            self._pulse.sides["store"].bad(type(trouble).__name__)
            await self._pulse.rest(1.0)

    # ---- the parts of a run

    async def _begin(self, run: Run) -> None:
        def step(connection: Connection) -> bool:
            now = self._database.now(connection)
            known = runs.read_run(connection, run.id)
            if known is not None and known.stage is Stage.STOPPING:
                runs.change_run(connection, now, run.id, stage=Stage.STOPPED)
                return False
            runs.change_run(connection, now, run.id, stage=Stage.RUNNING, reason=None)
            return True

        if not await self._database.run(step):
            raise Lost("asked to stop")

    async def _subjects(self, run: Run) -> list[Subject]:
        version = self._policy().version
        found: list[Subject] = []
        after: int | None = run.position
        while after is not None:
            start = after
            more, after = await self._database.run(
                lambda connection: runs.subjects(connection, run.scope, version, after=start, limit=AT_ONCE)  # noqa: B023  # awaited at once
            )
            found += more
        return found

    async def _survey(self, run: Run, subjects: Sequence[Subject]) -> dict[Ref, Sketch]:
        """The cards as lists show them; the lists are read to their end, or until every card was seen."""
        board = self._policy().board
        if run.scope.narrow or not subjects or board is None:
            return {}
        wanted = {subject.card for subject in subjects}
        known = {subject.board for subject in subjects}
        places = sorted({place for place in known if place is not None}) if None not in known else list(board.boards)
        found: dict[Ref, Sketch] = {}
        async with aclosing(self._board.survey(places)) as pages:
            async for page in pages:
                found.update((sketch.card, sketch) for sketch in page if sketch.card in wanted)
                await self._still_ours(run)
                if len(found) == len(wanted):
                    break
        absent = len(wanted) - len(found)
        if absent > PARTIAL and absent > len(wanted) / 2:
            raise Unavailable(f"the board's lists show only {len(found)} of {len(wanted)} cards: they are not whole")
        return found

    async def _look(self, run: Run, subjects: Sequence[Subject], sketches: dict[Ref, Sketch], tally: _Tally) -> None:
        unrest: list[Subject] = []
        for start in range(0, len(subjects), AT_ONCE):
            some = subjects[start : start + AT_ONCE]
            ids = [subject.ticket for subject in some]
            marks = await self._database.run(lambda connection: runs.marks_of(connection, ids))  # noqa: B023  # awaited at once
            for subject in some:
                sketch = sketches.get(subject.card)
                same = sketch is not None and marks.get(subject.ticket) == (sketch.mark, subject.books)
                if not same or run.scope.full:
                    if not await self._one(run, subject):
                        unrest.append(subject)
                    await self._write(run, position=subject.number, checked=tally.checked + 1)
                    await self._still_ours(run)
                    if run.scope.heal:
                        await self._pulse.rest(HEAL_PAUSE)
                tally.checked += 1
            await self._write(run, position=some[-1].number, checked=tally.checked)
            await self._still_ours(run)
        for _ in range(ROUNDS):
            if not unrest:
                break
            await self._pulse.rest(1.0)
            await self._still_ours(run)
            unrest = [subject for subject in unrest if not await self._one(run, subject)]
        tally.busy = len(unrest)

    async def _one(self, run: Run, subject: Subject) -> bool:
        """Compares one card; False when something was going on there meanwhile, so that nothing can be said."""

        def ask(connection: Connection) -> tuple[float, Made | None]:
            now = self._database.now(connection)
            made = made_for(connection, subject.ticket)
            quiet = made is not None and not restless(connection, subject.client, subject.ticket, now)
            return now, made if quiet else None

        begun, made = await self._database.run(ask)
        if made is None or made.card != subject.card:
            return False
        sheet = await self._board.inspect(subject.card, made.refs)

        def conclude(connection: Connection) -> list[Difference] | None:
            again = made_for(connection, subject.ticket)
            if again is None or again.state != made.state:
                return None
            if restless(connection, subject.client, subject.ticket, begun):
                return None
            return self._conclude(connection, run, subject, made, sheet)

        try:
            found = await self._database.run(conclude)
        except SQLAlchemyError:
            raise
        except Exception as bug:  # one card that cannot be compared must not stop the others: rule 8
            line(logging.ERROR, "not_compared", ticket=subject.ticket, reason=type(bug).__name__)
            log_traceback(bug)
            return False
        if found is None:
            return False
        for kind, many in Counter(each.kind for each in found).items():
            self._pulse.metrics.drift_found.labels(kind.value).inc(many)
        self._pulse.signal("decide", "board")
        return True

    def _conclude(
        self, connection: Connection, run: Run, subject: Subject, made: Made, sheet: Sheet | None
    ) -> list[Difference]:
        now = self._database.now(connection)
        at = datetime.fromtimestamp(now, UTC)
        if sheet is None:
            ticket = codec.read_ticket(made.state)
            differences: Sequence[Difference] = [out_of_sight(ticket, subject.card, now=at, run=run.id)]
        else:
            policy = self._policy()
            differences = compare(
                books_of(connection, subject.ticket, sheet, policy), sheet, policy,
                now=at, run=run.id, link=self._board.link, grace=self._grace,
            )  # fmt: skip
        noted = drifts.note_found(connection, now, run, subject, differences)
        settled = sheet is not None and all(each.doubt for each in differences)
        fresh = sheet is not None and (sheet.sketch.changed_at or at) > at - self._grace
        if settled and sheet is not None and not fresh and not noted:
            runs.note_look(connection, now, subject, sheet.sketch.mark)
        return list(differences)

    async def _await_ends(self, run: Run) -> None:
        """Until what was filed is over: then the run can say what it mended."""
        waited = 0.0
        while True:
            left, mended = await self._database.run(lambda connection: drifts.settle_found(connection, run.id))
            for kind in mended:
                self._pulse.metrics.drift_fixed.labels(kind).inc()
            if not left or waited >= ENDED_WITHIN:
                return
            await self._write(run)
            await self._still_ours(run)
            await self._pulse.rest(0.2 if waited < 2 else 1.0)
            waited += 0.2 if waited < 2 else 1.0

    # ---- its row

    async def _write(self, run: Run, **values: object) -> None:
        await self._database.run(
            lambda connection: runs.change_run(connection, self._database.now(connection), run.id, **values)
        )

    async def _still_ours(self, run: Run) -> None:
        """Raises Lost when somebody asked the run to stop, when the daemon stops, or another one compares."""

        def step(connection: Connection) -> str:
            now = self._database.now(connection)
            known = runs.read_run(connection, run.id)
            if known is None or known.stage is Stage.STOPPED:
                return "asked to stop"
            if known.stage is Stage.STOPPING:
                runs.change_run(connection, now, run.id, stage=Stage.STOPPED)
                return "asked to stop"
            if self._pulse.stopping.is_set():
                runs.change_run(connection, now, run.id, stage=Stage.WAITING)
                return "the daemon stops: it goes on at the next start"
            if self._database.shared and not hold(connection, now, "compare", self._pulse.holder, self._lease):
                return "another daemon compares"
            return ""

        reason = await self._database.run(step)
        if reason:
            raise Lost(reason)

    async def _tell_failure(self, run: Run, reason: str) -> None:
        try:
            await self._write(run, stage=Stage.FAILED, reason=reason)
        except SQLAlchemyError as trouble:
            self._pulse.sides["store"].bad(type(trouble).__name__)


def new_name() -> str:
    """The name of a run: short enough to be typed."""
    return uuid.uuid4().hex[:10]
