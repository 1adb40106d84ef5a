"""Which daemon holds a SQLite file: a lock beside it, with the name of its holder inside."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from pathlib import Path
from typing import IO

from connector.store.engines import place_of


class Busy(Exception):
    """Another daemon holds this SQLite file; `holder` names it. A second one would poll the same bot and fail."""

    def __init__(self, path: Path, holder: str) -> None:
        super().__init__(
            f"{path} is in use by another connector daemon ({holder}). One SQLite file serves one daemon: stop that "
            "one first, or set CONNECTOR_DATABASE_URL to a PostgreSQL database, which any number of daemons can share."
        )
        self.holder = holder


def lock_file(path: Path) -> IO[str]:
    """Takes the lock of the SQLite database at `path` for as long as what it returns is open. Raises Busy.

    The system releases it when its holder dies, so it is never stale.
    """
    lock = Path(f"{path}.lock").open("a+", encoding="utf-8")  # noqa: SIM115  # held as long as the database is open
    os.chmod(lock.name, 0o600)
    try:
        _take(lock)
    except BlockingIOError:
        lock.seek(0)
        found = lock.read()
        lock.close()
        raise Busy(path, _holder(found)) from None
    lock.truncate(0)
    json.dump({"pid": os.getpid(), "host": socket.gethostname(), "since": time.strftime("%Y-%m-%d %H:%M:%S %z")}, lock)
    lock.flush()
    return lock


def _take(lock: IO[str]) -> None:
    """Raises BlockingIOError. Once more after a moment: a command that only looks tries the lock for an instant."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        time.sleep(0.05)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def daemon_on(url: str) -> str | None:
    """Which daemon holds this SQLite file; None when none does. On PostgreSQL only leases tell, so None too.

    Raises ValueError for a URL that names no database.
    """
    place = place_of(url)
    if not isinstance(place, Path):
        return None
    try:
        with Path(f"{place}.lock").open(encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _holder(lock.read())
    except OSError:
        return None
    return None


def _holder(written: str) -> str:
    try:
        found = json.loads(written)
        return f"pid {found['pid']} on {found['host']}, running since {found['since']}"
    except (ValueError, KeyError, TypeError):
        return "its holder has not written its name yet"
