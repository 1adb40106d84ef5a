"""A file as the list of account ids."""

import logging
import os
from pathlib import Path

import pytest

from adapters.registry import FileRegistry
from connector.domain.effects import Verdict
from tests.adapters.registry.orders import verdict


def lines(path: Path) -> frozenset[str]:
    """An id on each line."""
    ids = frozenset(path.read_text(encoding="utf-8").split())
    if not ids:
        raise ValueError("the list is empty")
    return ids


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "кабинеты.csv"


async def test_a_missing_file_verifies_nothing_until_it_is_there(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    registry = FileRegistry(path=path, read=lines)
    assert await verdict(registry, "12345") is Verdict.UNVERIFIED
    assert await verdict(registry, "12345") is Verdict.UNVERIFIED
    path.write_text("id\n12345\n")
    assert await verdict(registry, "12345") is Verdict.KNOWN
    path.unlink()
    assert await verdict(registry, "12345") is Verdict.UNVERIFIED
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO", "WARNING"]


async def test_a_directory_in_the_place_of_the_file_verifies_nothing(path: Path) -> None:
    path.mkdir()
    assert await verdict(FileRegistry(path=path, read=lines), "12345") is Verdict.UNVERIFIED


async def test_a_changed_file_counts_at_once_and_an_unchanged_one_is_not_read_again(path: Path) -> None:
    path.write_text("id\n12345\n")
    registry = FileRegistry(path=path, read=lines)
    assert await verdict(registry, "67890") is Verdict.UNKNOWN
    path.write_text("id\n12345\n67890\n")
    assert await verdict(registry, "67890") is Verdict.KNOWN
    state = path.stat()
    path.write_text("id\n12345\n00000\n")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert await verdict(registry, "67890") is Verdict.KNOWN
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns + 1))
    assert await verdict(registry, "67890") is Verdict.UNKNOWN


async def test_a_list_that_cannot_be_read_verifies_nothing_and_says_why_once(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_bytes(b"")
    registry = FileRegistry(path=path, read=lines)
    for _ in range(3):
        assert await verdict(registry, "12345") is Verdict.UNVERIFIED
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "the list is empty" in record.getMessage()
    assert str(path) in record.getMessage()
