"""A CSV file as the list of account ids, read again whenever it has changed."""

from __future__ import annotations

import asyncio
import codecs
import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from adapters.registry.verdicts import PORT, Trouble, told
from connector.domain.effects import RegistryEffect, Verdict
from connector.domain.refs import Ref
from connector.ports import Order

_DELIMITERS = ";,\t"
_DECLARED = re.compile(r"\Asep=.[ \t]*\r?\n", re.IGNORECASE)


class FileRegistry:
    """Ids stand in one column, under a header; compared without the blanks around them.

    Separated by semicolons, commas or tabs; UTF-8 or UTF-16 (with its mark), else Windows-1251. `column` is a name in
    the header; the first column when None. A file that cannot be read, or holds no id at all, verifies nothing.
    """

    def __init__(self, *, path: Path, column: str | None = None) -> None:
        self._path = path
        self._column = column
        self._ids: frozenset[str] = frozenset()
        self._seen: tuple[int, int] | None = None
        self._trouble = Trouble(f"the list of account ids {path}")
        self._turn = asyncio.Lock()

    @property
    def name(self) -> str:
        """The `port` of every ref this adapter makes."""
        return PORT

    async def perform(self, order: Order[RegistryEffect]) -> tuple[Ref, ...]:
        """Looks the account id up. Raises nothing."""
        async with self._turn:
            try:
                # A long list takes a while, and others are served meanwhile.
                await asyncio.to_thread(self._refresh)
            except (OSError, ValueError) as error:
                self._seen = None
                self._trouble.met(_why(error))
                return told(Verdict.UNVERIFIED)
            self._trouble.over()
            known = order.effect.cabinet.strip() in self._ids
        return told(Verdict.KNOWN if known else Verdict.UNKNOWN)

    async def aclose(self) -> None:
        """Nothing is held open."""

    def _refresh(self) -> None:
        """Reads the file if it is another than last time. Raises OSError, ValueError."""
        state = self._path.stat()
        seen = (state.st_mtime_ns, state.st_size)
        if seen != self._seen:
            self._ids = ids_in(self._path.read_bytes(), self._column)
            self._seen = seen


def ids_in(content: bytes, column: str | None) -> frozenset[str]:
    """The ids in a CSV file. Raises ValueError when there are none, no such column, or it is no CSV."""
    text = _decoded(content)
    if "\0" in text:
        raise ValueError("it is no text")
    # A spreadsheet may say in a first line of its own what separates the columns.
    text = _DECLARED.sub("", text.lstrip(), count=1)
    head = text.partition("\n")[0]
    if not head:
        raise ValueError("the file is empty")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=max(_DELIMITERS, key=head.count), strict=True)
    try:
        return _column(rows, column)
    except csv.Error as error:
        raise ValueError(f"line {rows.line_num} cannot be read as CSV ({error})") from None


def _column(rows: Iterator[list[str]], column: str | None) -> frozenset[str]:
    header = [name.strip().casefold() for name in next(rows)]
    at = 0
    if column is not None:
        if column.strip().casefold() not in header:
            raise ValueError(f"its first line names no column {column!r}")
        at = header.index(column.strip().casefold())
    ids = frozenset(row[at].strip() for row in rows if len(row) > at) - {""}
    if not ids:
        raise ValueError("there is no account id below its first line")
    return ids


def _decoded(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1251")


def _why(error: Exception) -> str:
    match error:
        case FileNotFoundError():
            return "there is no such file"
        case OSError():
            return f"it cannot be read ({error.strerror or type(error).__name__})"
        case UnicodeDecodeError():
            return "it is neither UTF-8 nor Windows-1251"
        case _:
            return str(error)
