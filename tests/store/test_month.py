"""A month of requests on a virtual clock: each clock shows its state in time, once, over any number of restarts."""

from __future__ import annotations

import math
import random
from bisect import bisect_left
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from connector.domain.decide import decide
from connector.domain.effects import AddTag, RemoveTag
from connector.domain.events import AgentCommented, CardSeen, ClientWrote, Event
from connector.domain.policy import Policy
from connector.domain.refs import Key, Ref, TicketId
from connector.domain.terms import Hours, ServiceClass, SlaRule
from connector.domain.words import Person, Text, Words
from connector.ports import Arrival
from connector.store import codec
from connector.store.database import Database, open_database
from connector.store.deciding import handle, next_wake, tick
from connector.store.ingest import ingest
from connector.store.tables import clients, journal, outbox
from tests.domain.sample import ANNA, POLICY

REQUESTS = 1221
"""Of a month; `--months 20` plays twenty times as many within it."""
MOSCOW = ZoneInfo("Europe/Moscow")
BEGIN = datetime(2024, 4, 1, tzinfo=UTC)
STEP = 30
"""Seconds of the table of working time; everything happens on a whole step, thresholds between them."""
STEPS = 45 * 86400 // STEP
DAY = ((time(9), time(13)), (time(14), time(18)))
OFFICE = Hours(zone=MOSCOW, week=(DAY,) * 5 + ((), ()), closed=frozenset({date(2024, 4, 9)}))
TARGETS = {"urgent": (5, 30, 300), "today": (30, 60, 480)}
"""Minutes until the first answer, the next one, and the end."""
RISK, BREACHED = "at risk", "breached"
TICK = 1.0
"""Seconds between two looks of the daemon."""


def policy() -> Policy:
    minutes = timedelta(minutes=1)
    return replace(
        POLICY,
        topics=POLICY.topics[:1],
        classes={
            key: ServiceClass(
                key=key, title={"ru": key}, first_reply=first * minutes, next_reply=following * minutes,
                resolution=end * minutes, hours=OFFICE,
            )
            for key, (first, following, end) in TARGETS.items()
        },
        sla=SlaRule(at_risk=0.8, at_risk_tag=RISK, breached_tag=BREACHED),
    )  # fmt: skip


# ---- the plan of the month


@dataclass(slots=True, kw_only=True)
class Life:
    """One request, in steps since the beginning: what happens to it, and when."""

    number: int
    asks: int
    slow: int | None
    answers: int | None
    waits: int | None
    asks_again: int | None
    answers_again: int | None
    ends: int | None

    @property
    def service_class(self) -> str:
        return "urgent" if self.slow is None else "today"


def lives(count: int, seed: int) -> list[Life]:
    chance = random.Random(seed)
    found = []
    for number in range(count):
        at = asks = chance.randrange(30 * 86400 // STEP)
        slow = asks + 2 if chance.random() < 0.4 else None

        def later(minutes: float, share: float) -> int | None:
            nonlocal at
            if chance.random() > share:
                return None
            at += 4 + int(chance.expovariate(1 / (minutes * 60 / STEP)))
            return at

        answers = later(20, 0.9)
        waits = later(5, 0.4) if answers is not None else None
        again = later(200, 0.6) if answers is not None else None
        again_answered = later(60, 0.8) if again is not None else None
        ends = later(600, 0.9)
        found.append(
            Life(number=number, asks=asks, slow=slow, answers=answers, waits=waits, asks_again=again,
                 answers_again=again_answered, ends=ends)
        )  # fmt: skip
    return found


def happenings(life: Life) -> list[tuple[int, Event]]:
    """What the daemon reads of it. The ticket's id is that of the message that opens it."""
    chat = Ref(port="telegram", id=str(life.number))
    person = Person(ref=Ref(port="telegram", id=f"user/{life.number}"), name="Client")
    card = Ref(port="kaiten", id=f"card-{life.number}")
    ticket = _ticket_id(life)
    found: list[tuple[int, Event]] = []

    def says(step: int, name: str) -> None:
        message = Ref(port="telegram", id=f"{life.number}/{name}")
        words = Words(text=Text(plain="Касса не работает"))
        found.append(
            (step, ClientWrote(key=message.key, at=_at(step), chat=chat, message=message, author=person, words=words))
        )

    def looks(step: int, version: int, column: str, lane: str) -> None:
        key = Key(f"{card.key}/v{version}")
        found.append(
            (
                step,
                CardSeen(
                    key=key,
                    at=_at(step),
                    card=card,
                    ticket=ticket,
                    version=version,
                    board="b1",
                    column=column,
                    lane=lane,
                ),
            )
        )

    def answers(step: int, name: str) -> None:
        comment = Ref(port="kaiten", id=f"{life.number}/{name}")
        found.append(
            (
                step,
                AgentCommented(
                    key=comment.key,
                    at=_at(step),
                    card=card,
                    ticket=ticket,
                    comment=comment,
                    author=ANNA,
                    text=Text(plain="Смотрим"),
                ),
            )
        )

    lane = "l-urgent" if life.slow is None else "l-today"
    says(life.asks, "1")
    looks(life.asks + 1, 1, "c-queue", "l-urgent")
    if life.slow is not None:
        looks(life.slow, 2, "c-queue", lane)
    if life.answers is not None:
        answers(life.answers, "a1")
    if life.waits is not None:
        looks(life.waits, 3, "c-wait", lane)
    if life.asks_again is not None:
        says(life.asks_again, "2")
    if life.answers_again is not None:
        answers(life.answers_again, "a2")
    if life.ends is not None:
        looks(life.ends, 4, "c-done", lane)
    return found


def _ticket_id(life: Life) -> TicketId:
    import hashlib

    return TicketId("kc-" + hashlib.sha256(f"telegram:{life.number}/1".encode()).hexdigest()[:20])


def _at(step: int) -> datetime:
    return BEGIN + timedelta(seconds=step * STEP)


# ---- what must be seen of it, reckoned another way: from a table of every half minute of the month


def _works(step: int) -> bool:
    local = _at(step).astimezone(MOSCOW)
    if local.weekday() > 4 or local.date() == date(2024, 4, 9):
        return False
    return any(begins <= local.time() < ends for begins, ends in DAY)


WORKED = [0, *accumulate(int(_works(step)) for step in range(STEPS))]
"""How many working steps there were before each step."""


def _used_up(stretches: list[tuple[int, int]], seconds: float) -> float | None:
    """When so much working time of these stretches (in steps) was used, in seconds since the beginning."""
    left = seconds / STEP
    for begins, ends in stretches:
        there = WORKED[min(ends, STEPS)] - WORKED[begins]
        if there >= left:
            whole = math.ceil(left) - 1
            step = bisect_left(WORKED, WORKED[begins] + whole + 1, begins) - 1
            return (step + (left - whole)) * STEP
        left -= there
    return None


def expected(life: Life) -> list[tuple[float, str, bool]]:
    """Each time a tag is put on (or taken off), in seconds since the beginning, in order."""
    first, following, end = (60 * each for each in TARGETS[life.service_class])
    stops = life.ends if life.ends is not None else STEPS
    away: list[tuple[int, int]] = []
    if life.waits is not None:
        away.append((life.waits, life.asks_again if life.asks_again is not None else stops))
        if life.answers_again is not None:
            away.append((life.answers_again, stops))
    counted, at = [], life.asks
    for begins, ends in away:
        counted.append((at, begins))
        at = ends
    counted.append((at, stops))
    runs: list[tuple[list[tuple[int, int]], int, int, int]] = [(counted, end, life.asks, stops)]
    answered = life.answers if life.answers is not None else stops
    runs.append(([(life.asks, answered)], first, life.asks, answered))
    if life.asks_again is not None:
        answered = life.answers_again if life.answers_again is not None else stops
        runs.append(([(life.asks_again, answered)], following, life.asks_again, answered))
    risky, late = [], []
    for stretches, target, _, ends in runs:
        risk, due = _used_up(stretches, 0.8 * target), _used_up(stretches, target)
        if risk is not None and risk < ends * STEP:
            risky.append((risk, ends * STEP))
        if due is not None and due < ends * STEP:
            late.append((due, ends * STEP))
    changes = []
    for name, spans in ((RISK, risky), (BREACHED, late)):
        on = False
        for moment in sorted({edge for span in spans for edge in span}):
            if moment >= stops * STEP:
                break
            now = any(begins <= moment < ends for begins, ends in spans)
            if now is not on:
                changes.append((float(moment), name, now))
                on = now
    return sorted(changes)


# ---- the month as the daemon lives it


class Cut(Exception):
    """The power goes."""


class Month:
    """The store under the daemon's own step, with its clock handed in; now and then the power goes in its midst."""

    def __init__(self, path: Path, seed: int) -> None:
        self.url = f"sqlite:///{path}"
        self.chance = random.Random(seed)
        self.policy = policy()
        self.restarts = self.late = 0
        self.woken = 0
        self.now = 0.0
        self.database = self._opened()

    def _opened(self) -> Database:
        database = open_database(self.url)
        raw = database.engine.raw_connection()
        # What power cuts do to files is another test's matter.
        raw.cursor().execute("PRAGMA synchronous=OFF")
        raw.close()
        return database

    def again(self) -> None:
        """The process dies, and starts anew."""
        self.database.close()
        self.database = self._opened()
        self.restarts += 1

    def play(self, events: list[tuple[int, Event]]) -> None:
        """Lives until nothing more can come."""
        todo = sorted(events, key=lambda each: each[0])
        place = 0
        while True:
            with self.database.engine.begin() as connection:
                wake = next_wake(connection)
            coming = [_at(todo[place][0]).timestamp()] if place < len(todo) else []
            if wake is not None:
                # The daemon looks once a second.
                coming.append(math.ceil(wake / TICK) * TICK)
            if not coming or min(coming) > BEGIN.timestamp() + STEPS * STEP:
                return
            self.now = max(self.now, min(coming))
            arrivals = []
            while place < len(todo) and _at(todo[place][0]).timestamp() <= self.now:
                event = todo[place][1]
                arrivals.append(Arrival(key=event.key, raw="{}", event=event))
                place += 1
            with self.database.engine.begin() as connection:
                ingest(connection, self.now, arrivals)
            more = True
            while more:
                more = self._step()

    def _step(self) -> bool:
        cut = self.chance.random()
        try:
            with self.database.engine.begin() as connection:
                due = connection.execute(select(clients.c.wake).where(clients.c.wake <= self.now)).scalars().all()
                woken = tick(connection, self.now)
                if cut < 0.01:
                    raise Cut
                turn = handle(
                    connection, self.now, lambda client, event: decide(client, event, self.policy),
                    policy_version=self.policy.version,
                )  # fmt: skip
                assert turn.raised == []
                if cut < 0.02:
                    raise Cut
        except Cut:
            self.again()
            return True
        assert woken == len(due)
        self.late += sum(self.now - wake > TICK for wake in due if wake > BEGIN.timestamp())
        self.woken += woken
        if cut < 0.03:
            self.again()
        return turn.more or woken > 0


def _told(database: Database) -> dict[str, list[tuple[float, str, bool]]]:
    found: dict[str, list[tuple[float, str, bool]]] = defaultdict(list)
    with database.engine.begin() as connection:
        for row in connection.execute(
            select(outbox).where(outbox.c.kind.in_(("AddTag", "RemoveTag"))).order_by(outbox.c.seq)
        ):
            effect = codec.read_effect(row.kind, row.effect)
            assert isinstance(effect, AddTag | RemoveTag)
            if effect.name in (RISK, BREACHED):
                found[row.ticket].append((row.created - BEGIN.timestamp(), effect.name, row.kind == "AddTag"))
    return found


@pytest.mark.timeout(3600)
def test_every_clock_of_a_month_shows_its_state_within_a_tick_once_whatever_restarts_there_are(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    count = REQUESTS * int(request.config.getoption("--months"))
    plan = lives(count, seed=5)
    month = Month(tmp_path / "month.db", seed=6)
    try:
        month.play([each for life in plan for each in happenings(life)])
        told = _told(month.database)
        for life in plan:
            seen, wanted = sorted(told[_ticket_id(life)]), expected(life)
            assert [each[1:] for each in seen] == [each[1:] for each in wanted], (life, seen, wanted)
            for (at, *_), (due, *_) in zip(seen, wanted, strict=True):
                assert 0 <= at - due <= TICK, (life, seen, wanted)
        assert month.late == 0
        with month.database.engine.begin() as connection:
            rows = connection.execute(select(journal.c.key).where(journal.c.kind == "TimePassed")).scalars().all()
        assert len(rows) == len(set(rows)) == month.woken
    finally:
        month.database.close()
    changes = Counter(name for life in plan for _, name, on in expected(life) if on)
    assert changes[RISK] > count / 4
    assert changes[BREACHED] > count / 8
    assert month.restarts > 20
