"""The outbox against a dict: whatever is ordered, claimed, lost, repeated or restarted, both tell the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import Engine

from connector.domain.events import Refusal
from connector.domain.refs import Ref
from connector.store import claiming, settling
from connector.store.database import open_database
from connector.store.tables import State
from tests.store.shelf import Shelf, send
from tests.weather.lives import fresh_disk, wipe

LEASE = 60.0
CHATS = ("1", "2", "3")
STEPS = 50


@dataclass
class Lane:
    """What the dict knows of a lane: open orders with their attempts, when it is due, who has it under which fence."""

    open: list[list[object]] = field(default_factory=list)
    due: float | None = None
    fence: int = 0


class Outbox(RuleBasedStateMachine):
    """Chats as lanes; claims are kept in hand, so that they are also settled late, after others took the lane."""

    disk: Engine
    played = 0

    def __init__(self) -> None:
        super().__init__()
        wipe(self.disk)
        type(self).played += 1
        self.shelf = Shelf(self.disk)
        self.lanes = {f"chat/telegram:{chat}": Lane() for chat in CHATS}
        self.held: list[claiming.Claim] = []
        self.count = 0

    @rule(chat=st.sampled_from(CHATS), number=st.integers(1, 3))
    def order(self, chat: str, number: int) -> None:
        keys = [f"o{self.count + each}" for each in range(number)]
        self.count += number
        self.shelf.order(*(send(key, chat=chat) for key in keys), chat=chat)
        lane = self.lanes[f"chat/telegram:{chat}"]
        lane.open += [[key, 0] for key in keys]
        lane.due = self.shelf.now if lane.due is None else lane.due

    @rule(limit=st.integers(1, 4), holder=st.sampled_from(("A", "B")))
    def claim(self, limit: int, holder: str) -> None:
        due = {key for key, lane in self.lanes.items() if lane.due is not None and lane.due <= self.shelf.now}
        claims = self.shelf.claim(limit=limit, holder=holder)
        assert len(claims) == min(limit, len(due))
        assert len({claim.lane for claim in claims}) == len(claims)
        for claim in claims:
            assert claim.lane in due
            lane = self.lanes[claim.lane]
            head = lane.open[0]
            assert isinstance(head[1], int)
            head[1] += 1
            lane.fence += 1
            lane.due = self.shelf.now + LEASE
            assert [claim.order.key, claim.order.attempt] == head
            assert claim.fence == lane.fence
        self.held += claims

    @precondition(lambda self: self.held)
    @rule(data=st.data(), end=st.sampled_from(("made", "refused", "sure", "unsure")), wait=st.integers(0, 90))
    def settle(self, data: st.DataObject, end: str, wait: int) -> None:
        claim = self.held.pop(data.draw(st.integers(0, len(self.held) - 1)))
        outcomes: dict[str, settling.Outcome] = {
            "made": settling.Made(refs=(Ref(port="telegram", id=f"{claim.lane}/{claim.order.key}"),)),
            "refused": settling.Refused(refusal=Refusal.INVALID, reason="no"),
            "sure": settling.Later(reason="down", wait=wait, surely_not_done=True),
            "unsure": settling.Later(reason="down", wait=wait, surely_not_done=False),
        }
        settled = self.shelf.settle(claim, outcomes[end])
        lane = self.lanes[claim.lane]
        assert settled.stale == ([] if lane.fence == claim.fence else [claim.order.key])
        if settled.stale:
            return
        if end in ("made", "refused"):
            lane.open.pop(0)
            lane.due = self.shelf.now if lane.open else None
        else:
            lane.due = self.shelf.now + wait
            if end == "sure":
                lane.open[0][1] = claim.order.attempt - 1

    @rule(seconds=st.integers(1, 100))
    def wait(self, seconds: int) -> None:
        self.shelf.now += seconds

    @rule()
    def restart(self) -> None:
        """Whatever was in hand is forgotten; what it held is due at once."""
        current = {claim.lane for claim in self.held if self.lanes[claim.lane].fence == claim.fence}
        self.held.clear()
        self.shelf.do(lambda connection: claiming.release_all(connection, self.shelf.now))
        for key in current:
            self.lanes[key].due = self.shelf.now

    @rule(before=st.integers(0, 100))
    def sweep(self, before: int) -> None:
        self.shelf.do(lambda connection: settling.sweep(connection, self.shelf.now - before))

    @invariant()
    def both_tell_the_same(self) -> None:
        told: dict[str, list[list[object]]] = {key: [] for key in self.lanes}
        for key, row in self.shelf.orders().items():
            if row.state < State.DONE:
                told[row.lane].append([key, row.attempt])
        assert told == {key: lane.open for key, lane in self.lanes.items()}


def _play(disk: Engine, examples: int) -> int:
    """How many examples were played."""

    class Machine(Outbox):
        """On this disk."""

    Machine.disk = disk
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples, stateful_step_count=STEPS, deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip

    return Machine.played


@cache
def _disk() -> Engine:
    return fresh_disk()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_outbox_is_its_model(request: pytest.FixtureRequest) -> None:
    """`--outbox N` plays so many examples of 50 steps; the bar before a release is 1,000."""
    examples: int = request.config.getoption("--outbox")
    assert _play(_disk(), examples) >= examples


@pytest.mark.slow
def test_the_outbox_is_its_model_on_postgresql(postgres_url: str) -> None:
    database = open_database(postgres_url)
    try:
        assert _play(database.engine, 5) >= 5
    finally:
        database.close()
