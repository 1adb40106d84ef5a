"""Lists of account ids as people save them."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings import Problem, load_text
from mappings.id_list import Unreadable, ids_of, listed_ids, read_table

ROWS = [["Компания", "Кабинет"], ["Мойка, «Волна»", "0123"], ["Чистый кузов", "555"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_list_is_read_however_it_was_saved(tmp_path: Path, encoding: str, delimiter: str, end: str) -> None:
    file = tmp_path / "ids.csv"
    lines = [delimiter.join(f'"{cell}"' for cell in row) for row in ROWS]
    file.write_bytes(end.join(["", *lines, ""]).encode(encoding))
    rows = read_table(file)
    assert rows == ROWS
    assert ids_of(rows, " КАБИНЕТ ") == ["0123", "555"]
    assert ids_of(rows, None) == ["Компания", "Мойка, «Волна»", "Чистый кузов"]
    assert ids_of(rows, "Телефон") is None


def test_a_list_of_one_column_needs_no_head(tmp_path: Path) -> None:
    file = tmp_path / "ids.csv"
    file.write_text("0123\n\n 555 \n", encoding="utf-8")
    assert ids_of(read_table(file), None) == ["0123", "555"]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"PK\x03\x04\0\0", "spreadsheet"),
        (b"\xff\x98", "neither UTF-8 nor Windows-1251"),
    ],
)
def test_what_is_no_table_says_what_it_is(tmp_path: Path, raw: bytes, said: str) -> None:
    file = tmp_path / "ids.csv"
    file.write_bytes(raw)
    with pytest.raises(Unreadable, match=said):
        read_table(file)


def test_a_file_that_is_gone_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="No such file"):
        read_table(tmp_path / "ids.csv")


def test_an_empty_list_has_no_ids() -> None:
    assert ids_of([], None) == []
    assert ids_of([], "id") is None


BASE = """version: 1
languages: [ru]
board: {space: Поддержка}
topics: {a: {title: А, board: А}}
classes: {normal: {title: Обычный}}
cabinet: {pattern: "[0-9]{4}", verify: %s}
"""


def problems(folder: Path, verify: str) -> tuple[Problem, ...]:
    return load_text(BASE % verify, folder / "mapping.yaml").problems


def test_a_sound_list_is_no_problem(tmp_path: Path) -> None:
    (tmp_path / "ids.csv").write_text("id,name\n0123,x\n", encoding="utf-8")
    assert problems(tmp_path, "{file: ids.csv}") == ()
    assert problems(tmp_path, "{file: ids.csv, column: ID}") == ()
    assert problems(tmp_path, "{url: 'http://127.0.0.1/{cabinet}'}") == ()
    assert problems(tmp_path, "{url: 'https://example.com/?token={cabinet}'}") == ()


@pytest.mark.parametrize(
    ("verify", "code"),
    [
        ("{file: none.csv}", "cabinet-list"),
        ("{file: ids.csv, column: idd}", "cabinet-list"),
        ("{file: ids.csv, column: name}", "list-mismatch"),
        ("{file: .}", "cabinet-list"),
        ("{url: 'ftp://example.com/{cabinet}'}", "verify-url"),
        ("{url: 'https://example.com:x/{cabinet}'}", "verify-url"),
        ("{url: 'https://[::1/{cabinet}'}", "verify-url"),
        ("{url: 'https:///{cabinet}'}", "verify-url"),
        ("{url: 'https://example.com/{cabinet'}", "verify-url"),
        ("{url: 'http://127.0.0.1.example.com/{cabinet}'}", "plain-http"),
        ("{url: 'https://u:p@example.com/{cabinet}'}", "secret"),
        ("{flie: ids.csv}", "unknown-key"),
        ("{file: 7}", "type"),
    ],
)
def test_a_list_that_cannot_serve_is_one_problem(tmp_path: Path, verify: str, code: str) -> None:
    (tmp_path / "ids.csv").write_text("id,name\n0123,x\n", encoding="utf-8")
    assert [problem.code for problem in problems(tmp_path, verify)] == [code]


@pytest.mark.parametrize(
    ("content", "column"),
    [
        (b"12345\n67890\n", None),
        (b"\r\n 12345 \r\n67890", None),
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
def test_ids_are_found_however_a_spreadsheet_writes_them(tmp_path: Path, content: bytes, column: str | None) -> None:
    file = tmp_path / "кабинеты.csv"
    file.write_bytes(content)
    assert listed_ids(file, column) == {"12345", "67890"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no column"),
        (b"id\n", "no account id"),
        (b"name;cabinet\nA;1\n", "no column 'id'"),
        (b"id\n\x98\xff\n", "neither UTF-8 nor Windows-1251"),
        (b'id\n"12345\n67890\n', "unexpected end of data"),
        ("id\n12345\n".encode("utf-16-le"), "no text"),
    ],
)
def test_a_list_without_ids_is_refused_with_the_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "ids.csv"
    file.write_bytes(content)
    with pytest.raises(Unreadable, match=reason):
        listed_ids(file, "id")


@given(
    st.lists(st.text(alphabet="0123456789АБab-/.", min_size=1, max_size=12), min_size=1, max_size=30),
    st.sampled_from(";,\t"),
    st.sampled_from(("utf-8", "utf-8-sig", "cp1251", "utf-16")),
    st.sampled_from(("\n", "\r\n")),
)
def test_every_id_of_the_column_is_found(ids: list[str], delimiter: str, encoding: str, end: str) -> None:
    rows = [f"город{delimiter}кабинет", *(f"Омск{delimiter}{each}" for each in ids)]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "ids.csv"
        file.write_bytes(end.join(rows).encode(encoding))
        assert listed_ids(file, "кабинет") == frozenset(ids)
