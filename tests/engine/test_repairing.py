"""What a comparison costs and when it says nothing, on a board in memory."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select

from adapters.memory.board import MemoryBoard
from adapters.memory.board_world import BoardWorld, Card
from adapters.memory.telling import card_ref
from connector.domain.client import Client
from connector.domain.policy import Policy
from connector.domain.refs import ClientId, Ref, TicketId
from connector.domain.ticket import Phase, Ticket
from connector.engine.pulse import Pulse
from connector.engine.repairing import Repairer
from connector.ports import Unavailable
from connector.store import codec, drifts, runs
from connector.store.database import Database, open_database
from connector.store.runs import Scope, Stage
from connector.store.tables import clients, looked, outbox, tickets
from tests.domain.sample import POLICY

AT = datetime(2026, 11, 1, tzinfo=UTC)
BOARD = replace(POLICY, board=replace(POLICY.board, boards=("b1",))) if POLICY.board is not None else POLICY


class Counting:
    """Counts the calls, and fails those of one kind from a certain one on."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.failing = ("", 0)

    async def before(self, call: str) -> None:
        self.calls[call] += 1
        kind, first = self.failing
        if call == kind and self.calls[call] >= first:
            raise Unavailable("the board is away")

    async def after(self, call: str) -> None:
        """Nothing."""


class Stand:
    """A board of so many cards, each with a closed request in the books."""

    def __init__(self, database: Database, count: int) -> None:
        self.database = database
        self.world = BoardWorld(lambda: AT)
        self.weather = Counting()
        self.board = MemoryBoard(self.world, weather=self.weather)
        rows, people = [], []
        for number in range(1, count + 1):
            ticket = self._ticket(number)
            people.append({"id": ticket.client, "state": codec.write_client(self._client(number))})
            rows.append(
                {
                    "id": ticket.id, "client": ticket.client, "number": number, "card_port": "memory-board",
                    "card": str(number), "live": True, "state": codec.write_ticket(ticket),
                }
            )  # fmt: skip
        with database.engine.begin() as connection:
            connection.execute(insert(clients), people)
            connection.execute(insert(tickets), rows)

    def _client(self, number: int) -> Client:
        return Client(id=ClientId(f"telegram:{number}"), chat=Ref(port="telegram", id=str(number)))

    def _ticket(self, number: int) -> Ticket:
        id_ = TicketId(f"kc-{number}")
        self.world.open(
            Card(
                id=number,
                external_id=id_,
                title="t",
                description="",
                board="b1",
                column="c-done",
                lane="l-today",
                at=AT,
            )
        )
        return Ticket(
            id=id_, number=number, client=ClientId(f"telegram:{number}"), topic="howto", service_class="today",
            cabinet=None, subject="s", opened_at=AT, phase=Phase.DONE, closed_at=AT, card=card_ref(number), board="b1",
            lane="l-today", seen=1,
        )  # fmt: skip

    async def sound(self) -> None:
        """Everything was compared before, and nothing has changed since."""
        found, _ = await self.database.run(
            lambda connection: runs.subjects(connection, Scope(), BOARD.version, after=0, limit=100_000)
        )
        marks = {sketch.card: sketch.mark async for page in self.board.survey(["b1"]) for sketch in page}
        with self.database.engine.begin() as connection:
            rows = [{"ticket": s.ticket, "mark": marks[s.card], "books": s.books, "at": 1.0} for s in found]
            connection.execute(insert(looked), rows)
        self.weather.calls.clear()

    async def compare(self, scope: Scope | None = None, name: str = "r1") -> runs.Run:
        """One run from its beginning, or from where it stands."""

        def policy() -> Policy:
            return BOARD

        def file(connection: Connection) -> runs.Run:
            runs.file_run(connection, time.time(), name, scope or Scope())
            found = runs.read_run(connection, name)
            assert found is not None
            return found

        repairer = Repairer(self.database, Pulse(holder="test"), self.board, policy=policy)
        await repairer.carry_out(await self.database.run(file))
        ended = await self.database.run(lambda connection: runs.read_run(connection, name))
        assert ended is not None
        return ended


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path / 'repairing.db'}")
    yield opened
    opened.close()


async def test_ten_thousand_unchanged_cards_cost_a_hundred_calls(database: Database) -> None:
    stand = Stand(database, 10_000)
    await stand.sound()
    run = await stand.compare()
    assert (run.stage, run.checked) == (Stage.DONE, 10_000)
    assert stand.weather.calls == {"board.survey": 100}


async def test_only_what_has_changed_is_read_whole(database: Database) -> None:
    stand = Stand(database, 250)
    await stand.sound()
    stand.world.move(stand.world.cards[77], column="c-work")
    run = await stand.compare(Scope(dry=True))
    assert stand.weather.calls == {"board.survey": 3, "board.inspect": 1}
    [drift] = await database.run(lambda connection: drifts.report(connection, run=run.id))
    assert (drift.number, drift.kind) == (77, "lane")


async def test_a_list_that_breaks_off_changes_nothing(database: Database) -> None:
    stand = Stand(database, 250)
    stand.weather.failing = ("board.survey", 2)
    run = await stand.compare()
    assert (run.stage, run.position, run.reason) == (Stage.FAILED, 0, "the board is away")
    assert stand.weather.calls["board.inspect"] == 0
    with database.engine.begin() as connection:
        assert connection.execute(select(outbox)).all() == []


async def test_lists_that_show_less_than_half_are_not_believed(database: Database) -> None:
    stand = Stand(database, 100)
    for number in range(1, 70):
        stand.world.cards[number].board = "elsewhere"
    run = await stand.compare()
    assert run.stage is Stage.FAILED
    assert "only 31 of 100" in (run.reason or "")


async def test_a_run_goes_on_after_the_card_it_failed_on(database: Database) -> None:
    stand = Stand(database, 30)
    stand.weather.failing = ("board.inspect", 11)
    run = await stand.compare()
    assert (run.stage, run.checked) == (Stage.FAILED, 10)
    stand.weather.failing = ("", 0)
    stand.weather.calls.clear()
    run = await stand.compare()
    assert (run.stage, run.checked, run.total) == (Stage.DONE, 30, 30)
    assert stand.weather.calls["board.inspect"] == 20


@pytest.mark.parametrize(
    ("scope", "numbers"),
    [
        (Scope(), [1, 2, 3]),
        (Scope(cards=("2",)), [2]),
        (Scope(cards=("kc-3", "1")), [1, 3]),
        (Scope(clients=("telegram:3",)), [3]),
        (Scope(cabinets=("77",)), []),
        (Scope(boards=("b1",)), [1, 2, 3]),
        (Scope(boards=("b2",)), []),
        (Scope(topics=("howto",)), [1, 2, 3]),
        (Scope(topics=("till",)), []),
        (Scope(since=AT.timestamp()), [1, 2, 3]),
        (Scope(since=AT.timestamp() + 1), []),
        (Scope(until=AT.timestamp()), []),
        (Scope(until=AT.timestamp() + 1), [1, 2, 3]),
        (Scope(items=("unknown",)), []),
    ],
)
async def test_a_scope_means_its_own_cards_alone(database: Database, scope: Scope, numbers: list[int]) -> None:
    Stand(database, 3)
    found, more = await database.run(
        lambda connection: runs.subjects(connection, scope, BOARD.version, after=0, limit=100)
    )
    assert [subject.number for subject in found] == numbers
    assert more is None
