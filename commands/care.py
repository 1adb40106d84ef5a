"""Care for the database: back it up, restore it, bring it to this version."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.answer import Exit, answer, confirm, fail, installed
from commands.beside import open_beside, plain
from commands.options import ConfigOption, JsonOption, YesOption, database_url

if TYPE_CHECKING:
    from connector.store.archive import Archive


def backup(
    file: Annotated[Path, typer.Argument(help="Where to; a folder gets a file named by the moment")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write everything the connector remembers into one file, while the daemon goes on.

    Works for SQLite and PostgreSQL and needs none of their tools; `connector restore` takes the file into either.
    The file is as secret as the database: only its owner may read it.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from connector.store.archive import Damaged, write_archive

    url = database_url(config, as_json=as_json)
    now = time.time()
    if file.is_dir():
        file = file / f"connector-{datetime.fromtimestamp(now, UTC):%Y%m%d-%H%M%S}.backup"
    if _is_database(file, url):
        hint = "Name another file: a backup never stands in the place of what it is made of."
        fail(Exit.USAGE, f"{file} is the database itself; nothing was done", as_json=as_json, hint=hint)
    database = open_beside(url, any_schema=True, as_json=as_json)
    try:
        made = write_archive(database.engine, file, now=now, by=installed(), progress=_counted())
    except SQLAlchemyError as trouble:
        fail(Exit.UNREACHABLE, f"{_of_database(trouble)}. No backup was made.", as_json=as_json)
    except OSError as trouble:
        hint = "Name a file in a folder that is there, has room, and lets this user write."
        fail(Exit.FAILED, f"{file}: {trouble.strerror}; no backup was made", as_json=as_json, hint=hint)
    except (Damaged, RuntimeError) as trouble:
        fail(Exit.FAILED, f"no backup was made: {trouble}", as_json=as_json)
    finally:
        database.close()
    if as_json:
        answer(_told(made))
        return
    size = made.path.stat().st_size
    print(f"{made.path}: {sum(made.rows.values())} rows of schema {made.schema}, {size} bytes, read again: whole")
    _print_rows(made.rows)


def restore(
    file: Annotated[Path, typer.Argument(help="What `connector backup` wrote")],
    config: ConfigOption = None,
    worked_until: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"],
            help="The last moment the former daemon may have worked, without an offset in UTC [default: now]",
        ),
    ] = None,
    moved: Annotated[
        bool, typer.Option("--moved", help="The daemon was stopped before the backup and has not run since.")
    ] = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Fill the empty database of the configuration from a backup, made on SQLite or PostgreSQL alike.

    Nothing is done twice: what the former daemon may have done after the backup is looked for on the board; messages
    and moves that cannot be looked for are held among the dead orders for you to retry or to skip. With --moved
    everything goes on where it stood.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from connector.store.archive import Damaged, read_head
    from connector.store.database import open_empty
    from connector.store.file_lock import Busy
    from connector.store.migrate import NewerSchema
    from connector.store.restoring import NotEmpty
    from connector.store.restoring import restore as put_back

    if moved and worked_until is not None:
        fail(Exit.USAGE, "--moved says that nothing was done since: then there is no --worked-until", as_json=as_json)
    url = database_url(config, as_json=as_json)
    try:
        archive = read_head(file)
    except OSError as trouble:
        hint = "Name the file that `connector backup` wrote."
        fail(Exit.FAILED, f"{file}: {trouble.strerror}. Nothing was restored.", as_json=as_json, hint=hint)
    except Damaged as trouble:
        fail(Exit.FAILED, f"{trouble}. Nothing was restored.", as_json=as_json)
    if worked_until is not None and worked_until.tzinfo is None:
        worked_until = worked_until.replace(tzinfo=UTC)
    until = None if moved else worked_until or datetime.now(UTC)
    made = datetime.fromtimestamp(archive.made, UTC)
    if until is not None and until < made:
        fail(Exit.USAGE, f"the backup was made at {made:%Y-%m-%d %H:%M:%S} UTC: the daemon worked until then at least")
    count = sum(archive.rows.values())
    confirm(f"Restore {count} rows as of {made:%Y-%m-%d %H:%M:%S} UTC into the database of the configuration?", yes=yes)
    try:
        with open_empty(url) as connection:
            done = put_back(connection, archive, now=time.time(), worked_until=until, progress=_counted(count))
    except Busy as busy:
        fail(Exit.BUSY, str(busy), as_json=as_json)
    except (NotEmpty, NewerSchema, Damaged, OSError) as trouble:
        fail(Exit.FAILED, f"{trouble}. Nothing was restored.", as_json=as_json)
    except ValueError as wrong:
        fail(Exit.INVALID, f"database_url: {wrong}", as_json=as_json)
    except SQLAlchemyError as trouble:
        fail(Exit.UNREACHABLE, f"{_of_database(trouble)}. Nothing was restored.", as_json=as_json)
    held = sum(done.held.values())
    if as_json:
        answer({**_told(archive), "held": done.held, "looking": done.looking, "worked_until": until})
        return
    print(f"restored {sum(done.rows.values())} rows as of {made:%Y-%m-%d %H:%M:%S} UTC")
    _print_rows(done.rows)
    if until is None:
        print("Everything goes on where it stood.")
        return
    print(f"{done.looking} orders look before they write; {held} are held because nobody can look for them.")
    print("What the daemon meets from that time on, it holds likewise: see `connector queue list`, then retry or skip.")
    print("Clients' messages between the backup and the end are on their cards, but no longer known here: Telegram")
    print("does not send again what was confirmed. Agents' comments of that time are read again.")


def migrate(
    config: ConfigOption = None,
    folder: Annotated[
        Path | None, typer.Option(help="Where the backup of a PostgreSQL database goes [default: here]")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Bring the database to the tables of this version, after a backup; forward only. No daemon may run meanwhile.

    A SQLite file is copied beside itself: to go back, put the copy in its place and run the former version.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from connector.store.archive import Damaged, write_archive
    from connector.store.database import open_database
    from connector.store.file_lock import Busy
    from connector.store.migrate import HEAD, NewerSchema, revision

    url = database_url(config, as_json=as_json)
    copies: list[Path] = []
    visit = open_beside(url, any_schema=True, as_json=as_json)
    try:
        try:
            found = revision(visit.engine)
            if visit.shared and found != HEAD:
                name = f"connector-schema-{found}-{datetime.now(UTC):%Y%m%d-%H%M%S}.backup"
                made = write_archive(visit.engine, (folder or Path()) / name, now=time.time(), by=installed())
                copies.append(made.path)
        finally:
            visit.close()
        if found != HEAD:
            open_database(url, copied=copies.append).close()
    except Busy as busy:
        fail(Exit.BUSY, str(busy), as_json=as_json)
    except NewerSchema as newer:
        fail(Exit.FAILED, str(newer), as_json=as_json)
    except SQLAlchemyError as trouble:
        fail(Exit.UNREACHABLE, _of_database(trouble), as_json=as_json)
    except (OSError, Damaged, RuntimeError) as trouble:
        fail(Exit.FAILED, f"nothing was changed: {trouble}", as_json=as_json)
    if as_json:
        answer({"from": found, "to": HEAD, "backup": copies[0] if copies else None})
    elif found == HEAD:
        print(f"schema {HEAD}: nothing to do")
    else:
        print(f"schema {found} → {HEAD}; as it was: {copies[0]}")


def _counted(of: int = 0) -> Callable[[int], None]:
    """Rows, their rate and, where their number is known, the time left: to stderr of a terminal."""
    begun = time.monotonic()

    def tell(rows: int) -> None:
        rate = rows / max(time.monotonic() - begun, 0.001)
        left = f" of {of}, {max(of - rows, 0) / max(rate, 1):.0f} s left" if of else ""
        print(f"\r{rows} rows{left}, {rate:.0f}/s   ", end="\n" if of and rows >= of else "", file=sys.stderr)

    return tell if sys.stderr.isatty() else lambda _: None


def _is_database(file: Path, url: str) -> bool:
    """Whether the file is the SQLite database, or one that belongs to it (its log, its lock)."""
    from connector.store.engines import place_of

    place = place_of(url)
    if not isinstance(place, Path):
        return False
    return any(Path(f"{place}{ending}").resolve() == file.resolve() for ending in ("", "-wal", "-shm", ".lock"))


def _of_database(trouble: Exception) -> str:
    return f"the database failed: {plain(trouble)}"


def _told(archive: Archive) -> dict[str, object]:
    return {
        "file": archive.path, "schema": archive.schema, "made": datetime.fromtimestamp(archive.made, UTC),
        "by": archive.by, "rows": archive.rows,
    }  # fmt: skip


def _print_rows(rows: Mapping[str, int]) -> None:
    for name, count in sorted(rows.items()):
        print(f"  {name:<10} {count}")
