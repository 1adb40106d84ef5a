"""A backup is whole, of one moment, and comes back the same on either kind of database."""

from __future__ import annotations

import gzip
import stat
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from connector.domain.client import Client
from connector.domain.decide import Decision
from connector.domain.effects import Meaning, MoveCard
from connector.domain.events import Agent, AgentCommented, ClientWrote, Event, HistoryChanged, TimePassed
from connector.domain.refs import Key, Ref
from connector.domain.ticket import Phase
from connector.domain.words import Text
from connector.store import archive, codec, migrate, restoring
from connector.store.database import Database, open_database, open_empty, visit_database
from connector.store.deciding import handle, tick
from connector.store.file_lock import Busy
from connector.store.former_life import FormerLife, former_life
from connector.store.ingest import keep_mark, read_mark
from connector.store.settling import Made
from connector.store.tables import State, clients, journal, leases, metadata, outbox, tickets
from tests.store.shelf import CARD, START, TICKET, Shelf, comment, creation, nothing, send, ticket, wrote
from tests.store.test_migrations import _of_version

MOMENT = datetime.fromtimestamp(START + 3600, UTC)
MOVE = MoveCard(key=Key("move"), ticket=TICKET, meaning=Meaning.WORK, board="b1")


@pytest.fixture
def other_url(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> str:
    """An empty database of the other kind than the one under test."""
    if database_url.startswith("sqlite"):
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path}/other.db"


@pytest.fixture
def filled(shelf: Shelf) -> Shelf:
    """Every state an order can be in, odd characters, a mark and a number."""
    shelf.order(creation(), comment("c1", "ё \u2028 \U0001f642 «\\»"), tickets=[ticket()], key="first")
    [made] = shelf.claim("board")
    shelf.settle(made, Made(refs=(CARD,)))
    shelf.order(send("answer"), replace(send("started"), chat=Ref(port="telegram", id="2")), key="second")
    shelf.order(MOVE, key="third", tickets=[replace(ticket(card=CARD, phase=Phase.QUEUE), moving=Phase.WORK)])
    shelf.do(lambda connection: keep_mark(connection, "cursor:board", '{"serial":7}'))
    shelf.note(wrote("waits"))
    return shelf


def _dump(engine: Any) -> dict[str, list[tuple[Any, ...]]]:
    with engine.connect() as connection:
        return {
            name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
            for name, table in metadata.tables.items()
            if name != "leases"
        }


def _restore(url: str, path: Path, worked_until: datetime | None) -> restoring.Restored:
    with open_empty(url) as connection:
        return restoring.restore(connection, archive.read_head(path), now=START + 7200, worked_until=worked_until)


def test_a_moved_database_is_the_same_on_the_other_kind(
    filled: Shelf, database: Database, other_url: str, tmp_path: Path
) -> None:
    made = archive.write_archive(database.engine, tmp_path / "a.backup", now=START, by="1")
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    done = _restore(other_url, made.path, None)
    assert done.rows == made.rows
    restored = open_database(other_url)
    try:
        before = _dump(database.engine)
        assert sum(map(len, before.values())) == sum(made.rows.values()) > 15
        assert _dump(restored.engine) == before
        # New rows are numbered behind the old ones.
        shelf = Shelf(restored.engine)
        shelf.note(wrote("new"))
        last = before["journal"][-1][0]
        assert shelf.journal()["telegram:1/new"].seq > last
    finally:
        restored.close()


def test_a_backup_is_of_one_moment_while_the_daemon_writes(database: Database, tmp_path: Path) -> None:
    over = threading.Event()

    def write() -> None:
        number = 0
        while not over.is_set():
            number += 1
            # Each transaction leaves one event and one order.
            with database.engine.begin() as connection:
                connection.execute(insert(journal).values(key=f"e{number}", kind="k", at=0, received=0, state=1))
                connection.execute(
                    insert(outbox).values(
                        key=f"o{number}", lane="l", port="chat", client="c", kind="k", effect="{}", urgency=0,
                        state=2, attempt=0, tries=0, created=0,
                    )
                )  # fmt: skip

    writer = threading.Thread(target=write)
    writer.start()
    kind = database.engine.dialect.name
    visit = visit_database(database.engine.url.set(drivername=kind).render_as_string(hide_password=False))
    try:
        counts = []
        for number in range(5):
            made = archive.write_archive(visit.engine, tmp_path / f"{number}.backup", now=START, by="1")
            counts.append((made.rows["journal"], made.rows["outbox"]))
    finally:
        over.set()
        writer.join()
        visit.close()
    assert all(events == orders for events, orders in counts)
    assert counts[0] < counts[-1]


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A small backup."""
    database = open_database(f"sqlite:///{tmp_path}/small.db")
    Shelf(database.engine).note(wrote("x"))
    yield archive.write_archive(database.engine, tmp_path / "small.backup", now=START, by="1").path
    database.close()


def test_a_backup_cut_off_anywhere_is_refused(small: Path) -> None:
    whole = small.read_bytes()
    for length in range(len(whole)):
        small.write_bytes(whole[:length])
        with pytest.raises(archive.Damaged, match=small.name):
            archive.read_head(small)


def test_a_backup_with_other_content_is_refused(small: Path) -> None:
    lines = gzip.decompress(small.read_bytes())
    for wrong in (
        lines.replace(b"words", b"other"),
        lines.replace(b'"format":1', b'"format":2'),
        b"\n".join(lines.split(b"\n")[:-2]),
        b'{"some":"json"}\n',
        b"\xff\xfe no json",
        b"[1]\n",
    ):
        assert wrong != lines
        small.write_bytes(gzip.compress(wrong))
        with pytest.raises(archive.Damaged, match=small.name):
            archive.read_head(small)
    small.write_bytes(b"no gzip at all")
    with pytest.raises(archive.Damaged, match=small.name):
        archive.read_head(small)


def test_a_failed_backup_leaves_the_former_one(small: Path, tmp_path: Path) -> None:
    before = small.read_bytes()
    empty = open_database(f"sqlite:///{tmp_path}/empty.db")
    with empty.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE alembic_version")
    with pytest.raises(RuntimeError, match="nothing to back up"):
        archive.write_archive(empty.engine, small, now=START, by="1")
    empty.close()
    assert small.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []


def test_a_backup_goes_into_an_empty_database_only(filled: Shelf, database: Database, tmp_path: Path) -> None:
    made = archive.write_archive(database.engine, tmp_path / "a.backup", now=START, by="1")
    before = _dump(database.engine)
    with pytest.raises(restoring.NotEmpty), database.engine.begin() as connection:
        restoring.restore(connection, made, now=START, worked_until=None)
    assert _dump(database.engine) == before


def test_a_database_somebody_works_on_is_left_alone(small: Path, database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(insert(leases).values(name="read:chat", holder="A", until=START + 30))
    with pytest.raises(restoring.NotEmpty, match="daemon"), database.engine.begin() as connection:
        restoring.restore(connection, archive.read_head(small), now=START, worked_until=None)
    if not database.shared:
        with pytest.raises(Busy), open_empty(f"sqlite:///{database.engine.url.database}"):
            raise AssertionError("the lock was given twice")


@pytest.mark.parametrize("schema", [each for each in migrate.known() if each != migrate.HEAD])
def test_a_backup_of_an_older_schema_comes_up_to_date(schema: str, database_url: str, tmp_path: Path) -> None:
    known = replace(ticket(card=CARD, phase=Phase.DONE), cabinet="77")
    row = {"id": known.id, "client": known.client, "number": 1, "live": True, "state": codec.write_ticket(known)}
    _of_version(f"sqlite:///{tmp_path}/old.db", schema, [row])
    old = visit_database(f"sqlite:///{tmp_path}/old.db", any_schema=True)
    made = archive.write_archive(old.engine, tmp_path / "old.backup", now=START, by="0")
    old.close()
    assert made.schema == schema
    _restore(database_url, made.path, None)
    database = open_database(database_url)
    try:
        assert migrate.revision(database.engine) == migrate.HEAD
        with database.engine.begin() as connection:
            found = connection.execute(select(tickets.c.state)).scalars().all()
        assert [codec.read_ticket(state) for state in found] == [known]
    finally:
        database.close()


def test_a_backup_of_a_newer_schema_is_refused_and_says_what_to_do(small: Path, database: Database) -> None:
    newer = replace(archive.read_head(small), schema="9999")
    with pytest.raises(migrate.NewerSchema, match="9999"), database.engine.begin() as connection:
        restoring.restore(connection, newer, now=START, worked_until=None)


def test_what_waited_is_looked_for_or_held_after_a_restore(
    filled: Shelf, database: Database, other_url: str, tmp_path: Path
) -> None:
    made = archive.write_archive(database.engine, tmp_path / "a.backup", now=START, by="1")
    done = _restore(other_url, made.path, MOMENT)
    assert dict(done.held) == {"SendMessage": 2, "MoveCard": 1}
    assert done.looking == 1
    restored = open_database(other_url)
    try:
        shelf = Shelf(restored.engine, now=START + 7200)
        orders = shelf.orders()
        assert [orders[key].state for key in ("answer", "started", "move")] == [State.DEAD] * 3
        assert all("held after a restore" in orders[key].reason for key in ("answer", "move"))
        assert (orders["c1"].state, orders["c1"].attempt) == (State.WAITING, 1)
        [claim] = shelf.claim("board")
        assert (claim.order.key, claim.order.attempt) == ("c1", 2)
        assert shelf.claim("chat") == []
        with restored.engine.begin() as connection:
            assert codec.read_ticket(connection.execute(select(tickets.c.state)).scalar_one()).moving is None
            assert read_mark(connection, "cursor:board") == '{"serial":7}'
            life = former_life(connection)
        assert life == FormerLife(until=MOMENT.timestamp())
    finally:
        restored.close()


def _commented(key: str, at: float) -> AgentCommented:
    ref = Ref(port="kaiten", id=f"11/{key}")
    return AgentCommented(
        key=ref.key, at=datetime.fromtimestamp(at, UTC), card=CARD, ticket=TICKET, comment=ref,
        author=Agent(ref=Ref(port="kaiten", id="u"), name="Anna"), text=Text(plain="hello"),
    )  # fmt: skip


def test_what_follows_from_events_of_the_former_life_is_looked_for_or_held(shelf: Shelf) -> None:
    shelf.order(send("x"), tickets=[ticket(card=CARD, phase=Phase.QUEUE)], key="first")
    life = FormerLife(until=START + 100)
    shelf.note(wrote("undecided"), _commented("undecided", START))
    shelf.now = START + 200
    shelf.note(wrote("fresh", chat="2"), wrote("fresh"), _commented("old", START + 99), _commented("new", START + 101))
    with shelf.engine.begin() as connection:
        connection.execute(clients.update().where(clients.c.id == "telegram:1").values(wake=START + 50))
        assert tick(connection, shelf.now, before=life) == 1

    def decided(client: Client, event: Event) -> Decision:
        name = {ClientWrote: "wrote", AgentCommented: "said", TimePassed: "passed"}[type(event)]
        stem = f"{name}:{event.key.rpartition('/')[2]}:{client.id}"
        effects = (
            replace(send(f"send {stem}"), chat=client.chat),
            replace(comment(f"note {stem}")),
            replace(MOVE, key=Key(f"move {stem}")),
        )
        moving = tuple(replace(each, moving=Phase.WORK) for each in client.tickets)
        return Decision(client=replace(client, tickets=moving), effects=effects, wake_at=None)

    with shelf.engine.begin() as connection:
        turn = handle(connection, shelf.now, decided, policy_version="v", before=life)
        assert (turn.events, turn.raised) == (7, [])
    orders = {key: row for key, row in shelf.orders().items() if key != "x"}
    held = {key for key, row in orders.items() if row.state == State.DEAD}
    looking = {key for key, row in orders.items() if row.attempt == 1}
    old = ("wrote:undecided", "said:undecided", "said:old", "passed:")
    new = ("wrote:fresh", "said:new")
    assert held == {key for key in orders if any(part in key for part in old) and not key.startswith("note")}
    # A request the former life knew is looked at before anything is written on it, whatever it follows from.
    assert looking == {key for key in orders if key.startswith("note")}
    assert all(row.state == State.WAITING for key, row in orders.items() if any(part in key for part in new))
    assert len(held) == 8


def test_what_such_an_event_told_others_is_of_the_former_life_too(shelf: Shelf) -> None:
    shelf.order(send("x"), tickets=[ticket(card=CARD, phase=Phase.QUEUE)], key="first")
    life = FormerLife(until=START + 100)
    shelf.now = START + 200
    shelf.note(_commented("old", START + 99), _commented("new", START + 101))

    def decided(client: Client, event: Event) -> Decision:
        told = HistoryChanged(key=Key(f"told {event.key}"), at=event.at, client=client.id)
        return Decision(client=client, effects=(), wake_at=None, tells=() if "told" in event.key else (told,))

    with shelf.engine.begin() as connection:
        handle(connection, shelf.now, decided, policy_version="v", before=life)
    rows = shelf.journal()
    assert rows["told kaiten:11/old"].received == life.until
    assert rows["told kaiten:11/new"].received == shelf.now


def test_nothing_is_different_where_nothing_was_restored(shelf: Shelf) -> None:
    shelf.order(creation(), send("a"), MOVE, tickets=[ticket()])
    assert {row.state for row in shelf.orders().values()} == {State.WAITING}
    assert {row.attempt for row in shelf.orders().values()} == {0}
    assert shelf.do(former_life) is None
    assert nothing(Client(id="c", chat=CARD), wrote("x")).effects == ()  # type: ignore[arg-type]  # a plain word does for an id
