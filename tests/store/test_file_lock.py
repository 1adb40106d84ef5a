"""One SQLite file serves one daemon."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.store.database import open_database
from connector.store.file_lock import Busy, daemon_on


def test_a_second_daemon_on_one_file_is_refused_and_told_who_has_it(sqlite_url: str) -> None:
    first = open_database(sqlite_url)
    try:
        with pytest.raises(Busy, match=r"pid \d+ on .+ running since"):
            open_database(sqlite_url)
    finally:
        first.close()
    open_database(sqlite_url).close()


def test_who_holds_a_file_is_told_without_holding_it(sqlite_url: str) -> None:
    assert daemon_on(sqlite_url) is None
    daemon = open_database(sqlite_url)
    try:
        assert "running since" in str(daemon_on(sqlite_url))
    finally:
        daemon.close()
    assert daemon_on(sqlite_url) is None


def test_a_holder_that_has_not_written_its_name_is_a_holder_all_the_same(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/connector.db"
    daemon = open_database(url)
    try:
        (tmp_path / "connector.db.lock").write_text("")
        assert daemon_on(url) == "its holder has not written its name yet"
    finally:
        daemon.close()
