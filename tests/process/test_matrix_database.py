"""Every fault of the database under the real daemon: only what is stored is confirmed, and it all goes on after."""

from __future__ import annotations

import errno
import shutil
import sqlite3
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import create_engine, text

from tests.bars.crowd import Crowd
from tests.bars.crowd import company as company_of
from tests.process.company import Company, free_port, stop

pytestmark = pytest.mark.slow

NO_ROW = {
    "401, 404, 429, HTML body, empty body on SQLite": "nobody answers there: it is a file",
    "403, 409, 500, cut before and after effect on SQLite": "a call either ends with an error of the disk (the rows "
    "disk full, read-only, wedged), or with the process: test_kill, test_power_cut",
    "404, HTML body, empty body on PostgreSQL": "its protocol knows none of these",
    "clock jump on PostgreSQL": "its own clock is the only one there; that of the daemon's machine is a row",
}
"""Fields of the matrix that make no sense, with the reason."""


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that spoils clock and disk."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no C compiler here (on Debian: apt-get install gcc libc6-dev)")
    library = tmp_path_factory.mktemp("shim") / "spoil.so"
    source = Path(__file__).with_name("spoil_shim.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(source)], check=True)
    return library


class Machine:
    """What the daemon believes of its clock and its disk."""

    def __init__(self, folder: Path, shim: Path) -> None:
        self._file = folder / "spoil"
        self._file.write_bytes(bytes(16))
        self.environment = {"LD_PRELOAD": str(shim), "SPOIL_FILE": str(self._file), "SPOIL_NAME": "connector.db"}

    @contextmanager
    def spoilt(self, *, ahead: int = 0, error: int = 0, slow: int = 0) -> Iterator[None]:
        """`ahead` stays: a clock that jumped does not jump back by itself."""
        self._write(ahead, error, slow)
        try:
            yield
        finally:
            self._write(ahead, 0, 0)

    def _write(self, ahead: int, error: int, slow: int) -> None:
        with self._file.open("r+b") as file:
            file.write(struct.pack("=qii", ahead, error, slow))


@contextmanager
def _locked(company: Company) -> Iterator[None]:
    """Somebody else writes into the file and does not end."""
    connection = sqlite3.connect(company.folder / "connector.db", isolation_level=None, timeout=20)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


def _spell(company: Company, crowd: Crowd, seconds: float) -> None:
    """People go on for a while; what they wrote is nobody's yet."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for chat in crowd.chats:
            crowd.write(chat)
        crowd.reply()
        time.sleep(0.3)


def test_whatever_the_disk_and_the_clock_do_under_sqlite_nothing_is_lost(
    tmp_path: Path, shim: Path, tell: Callable[[str], None]
) -> None:
    machine, port = Machine(tmp_path, shim), free_port()
    figures: dict[str, float] = {}
    with company_of(tmp_path, rate=100, labels=False) as company:
        company.environment |= {**machine.environment, "CONNECTOR_WEB__LISTEN": f"127.0.0.1:{port}"}
        daemon = company.start()
        crowd = Crowd(company, 3, first=680_000)
        crowd.enter()
        rows: dict[str, Callable[[], object]] = {
            "disk full": lambda: machine.spoilt(error=errno.ENOSPC),
            "read-only": lambda: machine.spoilt(error=errno.EROFS),
            "down": lambda: machine.spoilt(error=errno.EIO),
            "slow": lambda: machine.spoilt(slow=200),
            "wedged": lambda: _locked(company),
            "clock an hour ahead": lambda: machine.spoilt(ahead=3600),
            "clock an hour back": lambda: machine.spoilt(ahead=0),
            "clock a day back": lambda: machine.spoilt(ahead=-86400),
        }
        for name, spoilt in rows.items():
            # Something waits for its next try in the moment it begins.
            fault = {
                "method": "POST",
                "path_regex": "/(cards|comments)$",
                "status": 500,
                "headers": {"retry-after": "1"},
            }
            company._board("POST", "/sandbox/faults", json=fault)
            crowd.write(crowd.chats[0])
            company.until("the try that failed", lambda: not company._board("GET", "/sandbox/faults"))
            time.sleep(0.1)
            with spoilt():  # type: ignore[attr-defined]  # each is a context manager, told apart by its name
                _spell(company, crowd, 1.2)
                if name in ("disk full", "read-only"):
                    answer = httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=20)
                    assert (answer.status_code, answer.json()["sides"]["store"]) == (503, "not writable")
            begun = time.monotonic()
            crowd.settle(45)
            figures[name] = round(time.monotonic() - begun, 1)
        found = crowd.found()
        code = stop(daemon)
        # Started anew under a clock that is behind, it does not wait for it either.
        with machine.spoilt(ahead=-2 * 86400):
            for chat in crowd.chats:
                crowd.write(chat)
            daemon = company.start()
            crowd.settle(30)
            codes = (code, stop(daemon))
    tell(f"SQLite spoilt in {len(rows)} ways, seconds until all is well after each: {figures}; {found}")
    assert found.on_board == (0, 0, 0, 0)
    assert found.replies_lost == 0
    assert codes == (0, 0)


# ---- PostgreSQL


class Server:
    """The database as its administrator sees it."""

    def __init__(self, url: str) -> None:
        parsed = url.replace("postgresql://", "postgresql+psycopg://")
        self._engine = create_engine(parsed, isolation_level="AUTOCOMMIT")
        self.name = self._engine.url.database

    def tell(self, *statements: str) -> None:
        with self._engine.connect() as connection:
            connection.execute(text("SET default_transaction_read_only = off"))
            for statement in statements:
                connection.execute(text(statement))

    def close(self) -> None:
        self._engine.dispose()

    @property
    def end_sessions(self) -> str:
        return (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            f"WHERE datname = '{self.name}' AND pid <> pg_backend_pid()"
        )

    @contextmanager
    def refusing(self, table: str, code: str) -> Iterator[None]:
        """Whoever writes into the table is refused with that SQLSTATE."""
        self.tell(
            "CREATE OR REPLACE FUNCTION spoilt() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION 'refused by the test' USING ERRCODE = '{code}'; END $$",
            f"CREATE TRIGGER spoilt BEFORE INSERT OR UPDATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION spoilt()",
        )
        try:
            yield
        finally:
            self.tell(f"DROP TRIGGER spoilt ON {table}")

    @contextmanager
    def altered(self, change: str, back: str) -> Iterator[None]:
        """The database under another setting, for new sessions, which all are."""
        self.tell(change, self.end_sessions)
        try:
            yield
        finally:
            self.tell(back, self.end_sessions)

    @contextmanager
    def locked(self, table: str) -> Iterator[None]:
        """Nobody else gets at the table."""
        with self._engine.connect().execution_options(isolation_level="READ COMMITTED") as connection:
            connection.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
            yield
            connection.rollback()

    @contextmanager
    def cutting(self) -> Iterator[None]:
        """Every session is ended again and again, in the middle of whatever it does."""
        self.tell(*[f"{self.end_sessions}; SELECT pg_sleep(0.05)"] * 20)
        yield


@pytest.mark.postgres
def test_whatever_postgresql_does_nothing_is_lost(
    tmp_path: Path, postgres_url: str, shim: Path, tell: Callable[[str], None]
) -> None:
    machine, server = Machine(tmp_path, shim), Server(postgres_url)
    figures: dict[str, float] = {}
    database = f'ALTER DATABASE "{server.name}"'
    with company_of(tmp_path, rate=100, labels=False, database_url=postgres_url) as company:
        company.environment |= machine.environment
        daemons = [company.start(), company.start()]
        crowd = Crowd(company, 3, first=690_000)
        crowd.enter()
        read_only = "default_transaction_read_only"
        rows: dict[str, Callable[[], object]] = {
            # A superuser comes in all the same, so nobody is let in by setting a role that is not there.
            "down": lambda: server.altered(f"{database} SET role = 'nobody'", f"{database} RESET role"),
            "slow": lambda: server.locked("journal"),
            "wedged": lambda: server.locked("lanes"),
            "403 at the journal": lambda: server.refusing("journal", "42501"),
            "403 at the outbox": lambda: server.refusing("outbox", "42501"),
            "409": lambda: server.refusing("lanes", "40001"),
            "429": lambda: server.refusing("clients", "53300"),
            "500": lambda: server.refusing("journal", "XX000"),
            "disk full": lambda: server.refusing("outbox", "53100"),
            "read-only": lambda: server.altered(f"{database} SET {read_only} = on", f"{database} RESET {read_only}"),
            "cut before and after effect": server.cutting,
            "clock jump": lambda: machine.spoilt(ahead=-7200),
        }
        for name, spoilt in rows.items():
            with spoilt():  # type: ignore[attr-defined]  # each is a context manager, told apart by its name
                _spell(company, crowd, 1.0)
            begun = time.monotonic()
            crowd.settle(45)
            figures[name] = round(time.monotonic() - begun, 1)
        found = crowd.found()
        codes = [stop(daemon) for daemon in daemons]
    with server._engine.connect() as connection:
        aside = connection.execute(text("SELECT count(*) FROM journal WHERE state IN (2, 3)")).scalar_one()
    server.close()
    tell(f"PostgreSQL spoilt in {len(rows)} ways, seconds until all is well after each: {figures}; {found}")
    assert found.on_board == (0, 0, 0, 0)
    assert found.replies_lost == 0
    assert aside == 0  # no event was blamed for what the database did
    assert codes == [0, 0]
