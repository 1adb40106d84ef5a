"""A company's list of account ids, as spreadsheets save it."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

from mappings.problems import folded

LARGEST = 64 * 1024 * 1024
"""Bytes of a list: over a million lines."""
_DELIMITERS = ",;\t"
# A spreadsheet may say in a first line of its own what separates the columns.
_DECLARED = re.compile(r"\Asep=.[ \t]*\r?\n", re.IGNORECASE)


class Unreadable(ValueError):
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
    text = _DECLARED.sub("", _decoded(raw).lstrip(), count=1)
    head = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(_DELIMITERS, key=head.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
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


def listed_ids(file: Path, column: str | None) -> frozenset[str]:
    """Every account id of the list. Raises Unreadable, also when there is none."""
    ids = ids_of(read_table(file), column)
    if ids is None:
        raise Unreadable(f"its first line names no column {column!r}")
    if not ids:
        raise Unreadable("there is no account id in it")
    return frozenset(ids)


def _decoded(raw: bytes) -> str:
    wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if b"\0" in raw and not wide:
        raise Unreadable("no text: is it a spreadsheet in its own format, or UTF-16?")
    try:
        return raw.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        try:
            return raw.decode("cp1251")
        except UnicodeDecodeError:
            raise Unreadable("neither UTF-8 nor Windows-1251") from None
