"""A company's list of account ids, as spreadsheets save it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from mappings.problems import folded

LARGEST = 64 * 1024 * 1024
"""Bytes of a list: over a million lines."""
_DELIMITERS = ",;\t"


class Unreadable(Exception):
    """This file is no table; the message says what it is instead."""


def read_table(file: Path) -> list[list[str]]:
    """The rows that hold anything. The delimiter is whichever of `,` `;` and tab the first line has most of.

    Raises Unreadable.
    """
    try:
        size = file.stat().st_size
        if size > LARGEST:
            raise Unreadable(f"a file of {size} bytes; at most {LARGEST} are read")
        raw = file.read_bytes()
    except OSError as error:
        raise Unreadable(error.strerror or "it cannot be read") from error
    if b"\0" in raw:
        raise Unreadable("no text: is it a spreadsheet in its own format, or UTF-16?")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = raw.decode("cp1251")
        except UnicodeDecodeError:
            raise Unreadable("neither UTF-8 nor Windows-1251") from None
    head = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(_DELIMITERS, key=head.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise Unreadable(str(error)) from error
    return [row for row in rows if any(cell.strip() for cell in row)]


def ids_of(rows: Sequence[Sequence[str]], column: str | None) -> list[str] | None:
    """The account ids of a table: below the head of that name, or the whole first column; None without such a head."""
    place, below = 0, rows
    if column is not None:
        heads = [folded(cell) for cell in rows[0]] if rows else []
        if folded(column) not in heads:
            return None
        place, below = heads.index(folded(column)), rows[1:]
    return [row[place].strip() for row in below if len(row) > place and row[place].strip()]
