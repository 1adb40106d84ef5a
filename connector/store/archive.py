"""A backup in one file that either kind of database can be restored from: gzip, one JSON value a line, sealed."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Column, Connection, Engine, MetaData, Table, inspect, select

from connector.store import migrate, tables

# The first line is the head {"archive", "format", "schema", "made", "by"}; then for each table {"table", "columns"}
# and its rows as arrays; the last line is the seal {"rows": {table: count}, "sha256": of all bytes before it}.

KIND = "kanban-connector"
FORMAT = 1
BATCH = 500
"""Rows in memory at a time."""
LEFT_OUT = ("leases",)
"""Rights of daemons that will be dead."""


class Damaged(Exception):
    """The file is no backup of ours, or not whole; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """What a backup holds: its schema, when it was made (seconds since the epoch), rows by table."""

    path: Path
    schema: str
    made: float
    by: str
    rows: dict[str, int]


class _Sealed:
    """Writes lines and keeps the sum of all bytes written."""

    def __init__(self, sink: IO[bytes]) -> None:
        self._sink = sink
        self.sum = hashlib.sha256()

    def write(self, value: object) -> None:
        line = json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
        self.sum.update(line)
        self._sink.write(line)


def write_archive(
    engine: Engine, path: Path, *, now: float, by: str, progress: Callable[[int], None] = lambda _: None
) -> Archive:
    """Writes every table as it was at one moment, whoever works on it meanwhile; puts the file in its place only when
    it is whole and was read again. Only its owner may read it. `progress` is told the rows written so far.

    Raises Damaged when what was written cannot be read back, OSError, RuntimeError where there is no schema.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with contextlib.suppress(FileNotFoundError):
        part.unlink()
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            with gzip.GzipFile(fileobj=file, mode="wb", mtime=0, filename="") as packed:
                _write(engine, packed, now=now, by=by, progress=progress)  # type: ignore[arg-type]  # a GzipFile writes bytes
            file.flush()
            os.fsync(file.fileno())
        found = read_head(part)
        os.replace(part, path)
        _sync(path.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return Archive(path=path, schema=found.schema, made=found.made, by=found.by, rows=found.rows)


def _write(engine: Engine, sink: IO[bytes], *, now: float, by: str, progress: Callable[[int], None]) -> None:
    sealed = _Sealed(sink)
    with engine.connect() as plain:
        # https://www.postgresql.org/docs/current/transaction-iso.html#XACT-REPEATABLE-READ
        # SQLite's readers see one moment anyway: https://www.sqlite.org/isolation.html
        level = "REPEATABLE READ" if engine.dialect.name == "postgresql" else None
        connection = plain.execution_options(isolation_level=level) if level else plain
        with connection.begin():
            schema = migrate.revision_of(connection)
            if schema is None:
                raise RuntimeError("there is nothing to back up: the database has no tables of the connector")
            sealed.write({"archive": KIND, "format": FORMAT, "schema": schema, "made": now, "by": by})
            counts: dict[str, int] = {}
            for table in tables_in(connection):
                sealed.write({"table": table.name, "columns": [column.name for column in table.columns]})
                counts[table.name] = 0
                found = connection.execution_options(yield_per=BATCH).execute(
                    select(table).order_by(*table.primary_key.columns)
                )
                for row in found:
                    sealed.write(list(row))
                    counts[table.name] += 1
                    if counts[table.name] % BATCH == 0:
                        progress(sum(counts.values()))
    seal = {"rows": counts, "sha256": sealed.sum.hexdigest()}
    sealed.write(seal)


def tables_in(connection: Connection) -> list[Table]:
    """Our tables as the database has them, by name: those of an older schema have the columns of then."""
    looked = inspect(connection)
    present = set(looked.get_table_names())
    found = []
    for name in sorted(tables.metadata.tables):
        if name not in present or name in LEFT_OUT:
            continue
        keys = set(looked.get_pk_constraint(name)["constrained_columns"])
        columns = [
            Column(each["name"], each["type"], primary_key=each["name"] in keys, autoincrement=False)
            for each in looked.get_columns(name)
        ]
        found.append(Table(name, MetaData(), *columns))
    return found


def read_head(path: Path) -> Archive:
    """Reads the whole file, so that nothing begins with a backup that is not whole. Raises Damaged, OSError."""
    reader = Reader(path)
    for _ in reader:
        pass
    return reader.archive


class Reader:
    """Goes through a backup: yields (table, columns, rows) with at most `BATCH` rows at a time.

    Raises Damaged where it is not what was written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._head: dict[str, Any] = {}
        self._rows: dict[str, int] = {}

    @property
    def archive(self) -> Archive:
        """What it holds; the counts are those read so far."""
        head = self._head
        return Archive(
            path=self.path, schema=head["schema"], made=head["made"], by=str(head.get("by", "")), rows=self._rows
        )

    def __iter__(self) -> Iterator[tuple[str, list[str], list[list[Any]]]]:
        try:
            with gzip.open(self.path, "rb") as lines:
                yield from self._parts(lines)  # type: ignore[arg-type]  # a GzipFile reads bytes
        except (EOFError, zlib.error, gzip.BadGzipFile) as trouble:
            raise Damaged(f"{self.path}: not whole, or no backup of the connector: {trouble}") from None

    def _parts(self, lines: IO[bytes]) -> Iterator[tuple[str, list[str], list[list[Any]]]]:
        seen = hashlib.sha256()
        name, columns, rows = "", list[str](), list[list[Any]]()
        self._rows = {}
        for line in lines:
            value = self._read(line)
            if isinstance(value, list):
                if len(value) != len(columns):
                    raise Damaged(f"{self.path}: a row of {name or 'no table'} has {len(value)} values")
                rows.append(value)
                self._rows[name] += 1
                if len(rows) == BATCH:
                    yield name, columns, rows
                    rows = []
            elif "archive" in value:
                self._begin(value)
            elif "table" in value:
                if rows:
                    yield name, columns, rows
                name, columns, rows = value["table"], value["columns"], []
                self._rows[name] = 0
            else:
                if rows:
                    yield name, columns, rows
                if value.get("sha256") != seen.hexdigest() or value.get("rows") != self._rows:
                    raise Damaged(f"{self.path}: its content is not what was written (wrong checksum)")
                if lines.read(1):
                    raise Damaged(f"{self.path}: something stands behind its end")
                return
            seen.update(line)
        raise Damaged(f"{self.path}: it breaks off: the end is missing")

    def _begin(self, head: dict[str, Any]) -> None:
        if head["archive"] != KIND or head.get("format") != FORMAT:
            raise Damaged(
                f"{self.path}: a backup of format {head.get('format')}; this connector reads format {FORMAT}: "
                "use the version that wrote it"
            )
        self._head = head

    def _read(self, line: bytes) -> Any:
        try:
            value = json.loads(line)
        except ValueError:
            raise Damaged(f"{self.path}: no backup of the connector, or damaged") from None
        if not isinstance(value, dict | list) or (not self._head and "archive" not in value):
            raise Damaged(f"{self.path}: no backup of the connector")
        return value


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
