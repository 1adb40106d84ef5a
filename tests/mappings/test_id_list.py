"""Lists of account ids as people save them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mappings import Problem, load_text
from mappings.id_list import Unreadable, ids_of, read_table

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
        ("id\n1".encode("utf-16"), "UTF-16"),
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
