"""A store of each kind, open and empty."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connector.store.database import open_database
from tests.store.shelf import Shelf


@pytest.fixture
def shelf(database_url: str) -> Iterator[Shelf]:
    """An empty store with a clock of its own."""
    database = open_database(database_url)
    try:
        yield Shelf(database)
    finally:
        database.close()
