"""A database of an earlier version is brought up to date with everything in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, select, text
from sqlalchemy.engine import make_url

from connector.domain.incident import incident_id
from connector.domain.refs import TicketId
from connector.store import codec, migrate
from connector.store.database import open_database
from connector.store.tables import hands, incidents, made, metadata, openings, outbox, runs, tickets
from tests.store.test_past import CABINET, ended, request

_INSERT = text(
    "INSERT INTO tickets (id, client, number, card_port, card, live, state) "
    "VALUES (:id, :client, :number, NULL, NULL, :live, :state)"
)


def _of_version(url: str, revision: str, rows: list[dict[str, Any]]) -> None:
    """Makes a database as that version left it."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(parsed)
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        if rows:
            connection.execute(_INSERT, rows)
    engine.dispose()


def test_requests_of_the_first_version_are_found_by_their_cabinet(database_url: str) -> None:
    known = [
        request(1),
        ended(request(2, "2", cabinet=None)),
        ended(request(3, "3", cabinet="каб. «ё»")),
        *(replace(ended(request(number)), subject="x\0") for number in range(4, 2504)),
    ]
    rows = [
        {
            "id": each.id,
            "client": each.client,
            "number": each.number,
            "live": each.open,
            "state": codec.write_ticket(each),
        }
        for each in known
    ]
    _of_version(database_url, "0001", rows)
    database = open_database(database_url)
    try:
        with database.engine.begin() as connection:
            found = {row.number: row for row in connection.execute(select(tickets))}
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    finally:
        database.close()
    assert len(found) == len(known)
    assert [found[number].cabinet for number in (1, 2, 3, 4, 2503)] == [
        CABINET,
        None,
        "каб. «ё»",
        CABINET,
        CABINET,
    ]
    assert codec.read_ticket(found[2503].state) == known[-1]


def test_orders_of_the_second_version_go_on(database_url: str) -> None:
    _of_version(database_url, "0002", [])
    parsed = make_url(database_url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(parsed)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO outbox (key, lane, port, client, kind, effect, urgency, state, attempt, tries, created) "
                "VALUES ('say/1', 'board/kc-1', 'board', 'telegram:1', 'AddComment', '{}', 2, 3, 1, 1, 7.5)"
            )
        )
    engine.dispose()
    database = open_database(database_url)
    try:
        with database.engine.begin() as connection:
            (order,) = connection.execute(select(outbox)).all()
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    finally:
        database.close()
    assert (order.key, order.created, order.cause, order.began, order.tried) == ("say/1", 7.5, None, None, None)


def test_what_a_card_was_given_is_told_from_what_passes_after_the_third_version_too(database_url: str) -> None:
    _of_version(database_url, "0003", [])
    database = open_database(database_url)
    try:
        with database.engine.begin() as connection:
            found = inspect(connection).get_indexes("outbox")
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    finally:
        database.close()
    (ended,) = [index for index in found if index["name"] == "outbox_ended"]
    assert sum(str(kept).count("SetDeadline") for kept in ended["dialect_options"].values()) == 1


def test_agreements_of_the_board_are_told_from_what_passes_after_the_eighth_version_too(database_url: str) -> None:
    _of_version(database_url, "0008", [])
    database = open_database(database_url)
    try:
        with database.engine.begin() as connection:
            found = inspect(connection).get_indexes("outbox")
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    finally:
        database.close()
    (ended,) = [index for index in found if index["name"] == "outbox_ended"]
    assert sum(str(kept).count("'AttachSla'") for kept in ended["dialect_options"].values()) == 1


def test_what_the_fifth_version_made_is_found_by_its_request(database_url: str) -> None:
    _of_version(database_url, "0005", [])
    parsed = make_url(database_url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(parsed)
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO made (key, place, port, id, ticket) VALUES ('say/1', 0, 'kaiten', '1/2', 'kc-1')")
        )
    engine.dispose()
    database = open_database(database_url)
    try:
        with database.engine.begin() as connection:
            (thing,) = connection.execute(select(made).where(made.c.ticket == "kc-1")).all()
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []
            assert connection.execute(select(runs)).all() == []
    finally:
        database.close()
    assert (thing.key, thing.id) == ("say/1", "1/2")


def test_after_the_sixth_version_incidents_are_looked_for(database_url: str) -> None:
    _of_version(database_url, "0006", [])
    database = open_database(database_url)
    try:
        with database.engine.begin() as connection:
            assert connection.execute(select(openings)).all() == []
            assert connection.execute(select(incidents)).all() == []
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    finally:
        database.close()


def test_after_the_ninth_version_an_incidents_card_is_in_no_pool(database_url: str) -> None:
    theirs, parent = request(1), replace(request(2), client=incident_id(TicketId("kc-1")))
    rows = [
        {"id": each.id, "client": each.client, "number": each.number, "live": True, "state": codec.write_ticket(each)}
        for each in (theirs, parent)
    ]
    _of_version(database_url, "0009", rows)
    parsed = make_url(database_url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(parsed)
    with engine.begin() as connection:
        for each in (theirs, parent):
            connection.execute(
                text("INSERT INTO hands (ticket, number, class, holder) VALUES (:id, :number, 's', NULL)"),
                {"id": each.id, "number": each.number},
            )
    engine.dispose()
    database = open_database(database_url)
    try:
        with database.engine.begin() as connection:
            assert connection.execute(select(hands.c.ticket)).scalars().all() == [theirs.id]
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    finally:
        database.close()
