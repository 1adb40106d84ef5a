"""A store of each kind, open and empty."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connector.store.database import Database, open_database
from tests.store.shelf import Shelf


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty database of each kind in turn, open."""
    database = open_database(database_url)
    try:
        yield database
    finally:
        database.close()


@pytest.fixture
def shelf(database: Database) -> Shelf:
    """The same with a clock that only the test moves."""
    return Shelf(database.engine)
