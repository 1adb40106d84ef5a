"""The databases that the fixtures promise are real, empty and gone after the test."""

from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, inspect, make_url, text

from tests.postgres import fresh_database


def engine_of(url: str) -> Engine:
    """A plain engine on the URL, as any client of the fixture would make."""
    return create_engine(url)


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_gets_an_empty_database_and_can_write_to_it(database_url: str, turn: int) -> None:
    engine = engine_of(database_url)
    try:
        assert inspect(engine).get_table_names() == []
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE note (words TEXT)"))
            connection.execute(text("INSERT INTO note VALUES ('Здравствуйте')"))
        with engine.connect() as connection:
            assert connection.execute(text("SELECT words FROM note")).scalar_one() == "Здравствуйте"
    finally:
        engine.dispose()


def test_the_id_of_the_parameter_names_the_database(database_url: str, request: pytest.FixtureRequest) -> None:
    assert make_url(database_url).get_backend_name() in request.node.name


def test_postgresql_locks_rows_as_the_real_one_does(postgres_url: str) -> None:
    engine = engine_of(postgres_url)
    claim = text("SELECT id FROM lane ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED")
    try:
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE lane (id INT PRIMARY KEY)"))
            connection.execute(text("INSERT INTO lane VALUES (1), (2)"))
        with engine.connect() as one, engine.connect() as other:
            assert one.execute(claim).scalar_one() == 1
            assert other.execute(claim).scalar_one() == 2
    finally:
        engine.dispose()


def test_a_database_is_dropped_although_someone_is_still_connected(postgres_server: Path) -> None:
    with fresh_database(postgres_server, "soon_gone"):
        left_open = psycopg.connect(host=str(postgres_server), user="postgres", dbname="soon_gone")
    with left_open, pytest.raises(psycopg.OperationalError):
        left_open.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(host=str(postgres_server), user="postgres", dbname="soon_gone")
