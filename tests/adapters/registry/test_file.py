"""A CSV file as the list of account ids."""

import logging
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.registry import FileRegistry
from adapters.registry.file import ids_in
from connector.domain.effects import Verdict
from tests.adapters.registry.orders import verdict


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "кабинеты.csv"


@pytest.mark.parametrize(
    ("content", "column"),
    [
        (b"id\n12345\n67890\n", None),
        (b"id\r\n 12345 \r\n67890", None),
        ("\ufeffкабинет;название\n12345;Мойка\n67890;Касса\n".encode(), "Кабинет"),
        ('название,кабинет\n"Мойка, 24",12345\n"две\nстроки",67890\n'.encode(), "кабинет"),
        (b"name\tid\tcity\nA\t12345\tB\nC\t67890\tD\n", " ID "),
        ("кабинет;город\n12345;Омск\n67890;Тверь\n".encode("cp1251"), "кабинет"),
        ("кабинет\tгород\n12345\tОмск\n67890\tТверь\n".encode("utf-16"), "кабинет"),
        (b"sep=;\nid;x\n12345;1\n67890;2\n", "id"),
        (b"id;x\n12345;1\n\n;2\n67890\n", "id"),
    ],
    ids=["one column", "blanks", "bom", "quoted", "tabs", "cp1251", "utf-16", "sep", "gaps"],
)
async def test_ids_are_found_however_a_spreadsheet_writes_them(path: Path, content: bytes, column: str | None) -> None:
    path.write_bytes(content)
    registry = FileRegistry(path=path, column=column)
    assert await verdict(registry, "12345") is Verdict.KNOWN
    assert await verdict(registry, " 67890 ") is Verdict.KNOWN
    assert await verdict(registry, "1234") is Verdict.UNKNOWN
    assert await verdict(registry, "id") is Verdict.UNKNOWN
    await registry.aclose()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"id\n", "no account id"),
        (b"id\n\n ;\n", "no account id"),
        (b"name;id\nA;1\n", "no column 'cabinet'"),
        (b"cabinet\n\x98\xff\n", "neither UTF-8 nor Windows-1251"),
        (b'cabinet\n"12345\n67890\n', "line 3 cannot be read"),
        ("cabinet\n12345\n".encode("utf-16-le"), "no text"),
    ],
)
async def test_a_list_that_cannot_be_read_verifies_nothing_and_says_why_once(
    path: Path, content: bytes, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_bytes(content)
    registry = FileRegistry(path=path, column="cabinet" if b"id" not in content or b"name" in content else "id")
    for _ in range(3):
        assert await verdict(registry, "12345") is Verdict.UNVERIFIED
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert reason in record.getMessage()
    assert str(path) in record.getMessage()


async def test_a_missing_file_verifies_nothing_until_it_is_there(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    registry = FileRegistry(path=path)
    assert await verdict(registry, "12345") is Verdict.UNVERIFIED
    assert await verdict(registry, "12345") is Verdict.UNVERIFIED
    path.write_text("id\n12345\n")
    assert await verdict(registry, "12345") is Verdict.KNOWN
    path.unlink()
    assert await verdict(registry, "12345") is Verdict.UNVERIFIED
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO", "WARNING"]


async def test_a_directory_in_the_place_of_the_file_verifies_nothing(path: Path) -> None:
    path.mkdir()
    assert await verdict(FileRegistry(path=path), "12345") is Verdict.UNVERIFIED


async def test_a_changed_file_counts_at_once_and_an_unchanged_one_is_not_read_again(path: Path) -> None:
    path.write_text("id\n12345\n")
    registry = FileRegistry(path=path)
    assert await verdict(registry, "67890") is Verdict.UNKNOWN
    path.write_text("id\n12345\n67890\n")
    assert await verdict(registry, "67890") is Verdict.KNOWN
    state = path.stat()
    path.write_text("id\n12345\n00000\n")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert await verdict(registry, "67890") is Verdict.KNOWN
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns + 1))
    assert await verdict(registry, "67890") is Verdict.UNKNOWN


@given(
    st.lists(st.text(alphabet="0123456789АБab-/.", min_size=1, max_size=12), min_size=1, max_size=30),
    st.sampled_from(";,\t"),
    st.sampled_from(("utf-8", "utf-8-sig", "cp1251", "utf-16")),
    st.sampled_from(("\n", "\r\n")),
)
def test_every_id_of_the_column_is_found(ids: list[str], delimiter: str, encoding: str, end: str) -> None:
    rows = [f"город{delimiter}кабинет", *(f"Омск{delimiter}{each}" for each in ids)]
    assert ids_in(end.join(rows).encode(encoding), "кабинет") == frozenset(ids)
