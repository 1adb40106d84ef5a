"""What a database URL names."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import URL

from connector.store.engines import named, place_of


@pytest.mark.parametrize(
    "url", ["mysql://host/name", "sqlite://", "sqlite:///:memory:", "connector.db", "", "postgresql://host:x/name"]
)
def test_a_database_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="expected sqlite:///"):
        place_of(url)


def test_a_file_and_a_server_are_told_apart() -> None:
    assert place_of("sqlite:///folder/connector.db") == Path("folder/connector.db")
    assert isinstance(place_of("postgresql://connector@host/name"), URL)


def test_a_database_is_named_without_its_password() -> None:
    assert named("postgresql://someone:hidden-word@host/name") == "host/name"
    assert named("sqlite:///folder/connector.db") == "folder/connector.db"
