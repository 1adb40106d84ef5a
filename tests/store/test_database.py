"""One door to the database: all or nothing, one daemon on a file, tables as the migrations make them."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from connector.domain.client import Client
from connector.domain.decide import Decision
from connector.domain.events import Event
from connector.ports import Arrival
from connector.store import claiming, migrate
from connector.store.database import Absent, Database, open_database, visit_database
from connector.store.deciding import handle
from connector.store.ingest import ingest, keep_mark, read_mark
from connector.store.leases import hold, let_go
from connector.store.tables import metadata
from tests.store.shelf import Shelf, nothing, send, wrote


def test_the_migrations_make_exactly_the_tables_we_use(shelf: Shelf) -> None:
    def differences(connection: Connection) -> object:
        return compare_metadata(MigrationContext.configure(connection), metadata)

    assert shelf.do(differences) == []


def test_the_newest_migration_is_the_one_we_ask_for() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [migrate.HEAD]


def test_opening_again_changes_nothing(database_url: str) -> None:
    for turn in ("first", "second"):
        database = open_database(database_url)
        with database.engine.begin() as connection:
            assert read_mark(connection, "kept") == (None if turn == "first" else "here")
            keep_mark(connection, "kept", "here")
        database.close()


def test_a_database_of_a_newer_version_is_refused(database_url: str) -> None:
    database = open_database(database_url)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(RuntimeError, match="newer connector"):
        open_database(database_url)


async def test_a_step_that_fails_takes_nobody_with_it(database: Database, shelf: Shelf) -> None:
    def step(number: int, connection: Connection) -> int:
        keep_mark(connection, f"step {number}", "done")
        if number == 3:
            raise ZeroDivisionError
        return number

    steps = [database.run(lambda connection, number=number: step(number, connection)) for number in range(6)]  # type: ignore[misc]  # mypy infers no lambda with a default
    results = await asyncio.gather(*steps, return_exceptions=True)
    assert [result for result in results if isinstance(result, int)] == [0, 1, 2, 4, 5]
    assert isinstance(results[3], ZeroDivisionError)
    kept = shelf.do(lambda connection: [read_mark(connection, f"step {number}") for number in range(6)])
    assert [mark is not None for mark in kept] == [True, True, True, False, True, True]


async def test_whoever_stops_waiting_does_not_stop_the_step(database: Database) -> None:
    waiting = asyncio.ensure_future(database.run(lambda connection: keep_mark(connection, "kept", "here")))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert await database.run(lambda connection: read_mark(connection, "kept")) in ("here", None)


def test_a_lease_is_renewed_by_its_holder_and_taken_over_when_it_runs_out(shelf: Shelf) -> None:
    def take(holder: str) -> bool:
        return shelf.do(lambda connection: hold(connection, shelf.now, "read:chat", holder, 60.0))

    assert take("A")
    assert not take("B")
    shelf.now += 50
    assert take("A")
    shelf.now += 50
    assert not take("B")
    shelf.now += 20
    assert take("B")
    assert not take("A")


def test_a_lease_that_is_let_go_is_free_at_once(shelf: Shelf) -> None:
    shelf.do(lambda connection: hold(connection, shelf.now, "read:chat", "A", 60.0))
    shelf.do(lambda connection: let_go(connection, "A"))
    assert shelf.do(lambda connection: hold(connection, shelf.now, "read:chat", "B", 60.0))


# ---- several daemons on PostgreSQL


@pytest.fixture
def shared_database(postgres_url: str) -> Iterator[Database]:
    """A database that several daemons may work on."""
    database = open_database(postgres_url)
    try:
        yield database
    finally:
        database.close()


@pytest.fixture
def shared(shared_database: Database) -> Shelf:
    """The same with a clock that only the test moves."""
    return Shelf(shared_database.engine)


def _claim(shelf: Shelf, connection: Connection, holder: str, limit: int) -> list[claiming.Claim]:
    return claiming.claim(connection, shelf.now, port="chat", holder=holder, lease=60.0, limit=limit)


def test_two_daemons_never_take_the_same_lane(shared: Shelf) -> None:
    for chat in "123456":
        shared.order(send(chat, chat=chat), chat=chat)
    with shared.engine.begin() as one, shared.engine.begin() as other:
        mine = {claim.lane for claim in _claim(shared, one, "A", 4)}
        theirs = {claim.lane for claim in _claim(shared, other, "B", 4)}
    assert len(mine) == 4
    assert len(theirs) == 2
    assert not mine & theirs


def test_a_client_who_is_being_decided_on_is_woken_at_once_and_not_forgotten(shared: Shelf) -> None:
    # Whoever settles an order wakes its client while holding the order's lane: were that to wait for the turn, which
    # wakes lanes of orders itself, the two would wait for each other until the database ends one of them.
    shared.note(wrote("1"))

    def decide(client: Client, event: Event) -> Decision:
        if event.key == wrote("1").key:
            with shared.engine.begin() as other:
                other.execute(text("SET LOCAL lock_timeout = '2s'"))
                ingest(other, shared.now, [Arrival(key=wrote("2").key, raw="{}", event=wrote("2"))])
        return nothing(client, event)

    turn = shared.decide(decide)
    assert (turn.events, turn.raised) == (1, [])
    assert shared.decide(decide).events == 1
    assert shared.decide(decide).events == 0


def test_two_daemons_never_decide_for_the_same_client_at_once(shared: Shelf) -> None:
    shared.note(*(wrote("a", chat=chat) for chat in "1234"))
    with shared.engine.begin() as one, shared.engine.begin() as other:
        mine = handle(one, shared.now, nothing, policy_version="v", limit=3)
        theirs = handle(other, shared.now, nothing, policy_version="v", limit=3)
    assert (mine.events, theirs.events) == (3, 1)


async def test_daemons_that_open_together_make_the_tables_once(postgres_url: str) -> None:
    def opened() -> Database:
        return open_database(postgres_url)

    databases = await asyncio.gather(*(asyncio.to_thread(opened) for _ in range(4)))
    for database in databases:
        database.close()
    assert len(databases) == 4


def test_the_clock_is_the_databases_own(shared_database: Database, shared: Shelf) -> None:
    told = shared.do(shared_database.now)
    asked = shared.do(lambda connection: connection.execute(text("SELECT extract(epoch FROM now())")).scalar_one())
    assert told == pytest.approx(float(asked), abs=5.0)


def test_without_the_wheel_the_interpreters_own_sqlite_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pysqlite3.dbapi2", None)
    database = open_database(f"sqlite:///{tmp_path}/own.db")
    try:
        with database.engine.begin() as connection:
            found = connection.execute(text("SELECT sqlite_version()")).scalar_one()
            assert connection.execute(text("PRAGMA synchronous")).scalar_one() == 2  # FULL
        assert found == sqlite3.sqlite_version
    finally:
        database.close()


async def test_a_visitor_works_beside_the_daemon_without_its_lock(database_url: str) -> None:
    daemon = open_database(database_url)
    mending, looking = visit_database(database_url, to_write=True), visit_database(database_url)
    try:
        await daemon.run(lambda connection: keep_mark(connection, "one", "from the daemon"))
        assert await looking.run(lambda connection: read_mark(connection, "one")) == "from the daemon"
        await mending.run(lambda connection: keep_mark(connection, "two", "from the visitor"))
        assert await daemon.run(lambda connection: read_mark(connection, "two")) == "from the visitor"
        with pytest.raises(DBAPIError):
            await looking.run(lambda connection: keep_mark(connection, "three", "from one who only looks"))
    finally:
        for each in (looking, mending, daemon):
            each.close()


def test_a_visitor_makes_no_database(tmp_path: Path) -> None:
    with pytest.raises(Absent, match="no such file"):
        visit_database(f"sqlite:///{tmp_path / 'connector.db'}")
    assert not list(tmp_path.iterdir())
