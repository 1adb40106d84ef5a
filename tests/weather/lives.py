"""The lives of a daemon: each runs the real loops over a database and two tools in memory until it is struck down."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import StaticPool

from connector.store.database import Database
from connector.store.tables import metadata

T = TypeVar("T")
CLAIMED = "between claiming and doing"
"""The step at which a freeze hurts most."""
Tell = Callable[[str], None]


class Life:
    """One process. It dies at a step drawn beforehand, or freezes there for a while; whatever it then does is nothing.

    Every step at which the world outside can tell the difference passes through `step`: before and after each
    transaction, before and after each call to a tool.
    """

    def __init__(self, name: str, chance: random.Random, tell: Tell) -> None:
        self.name = name
        self.alive = True
        self.died = asyncio.Event()
        self.frozen_until = 0.0
        self.on_fate: Callable[[], None] = lambda: None
        self._chance = chance
        self._tell = tell
        self._left: int | None = None
        self._freeze: float | None = None
        self._only = ""

    def doom(self, steps: int, *, freeze: float | None = None, only: str = "") -> None:
        """After so many steps (`only` of that name) it dies, or is frozen for so many seconds."""
        self._left, self._freeze, self._only = steps, freeze, only

    def spare(self) -> None:
        """Nothing happens to it any more."""
        self._left = None

    @property
    def frozen(self) -> bool:
        """Whether it stands still right now."""
        return self.frozen_until > asyncio.get_running_loop().time()

    async def step(self, where: str) -> None:
        """One step; a frozen process comes to it later, a dead one never."""
        self._count_down(where)
        while self.alive and self.frozen:  # noqa: ASYNC110  # frozen means polled: nothing can wake it
            await asyncio.sleep(1.0)  # whoever calms the weather thaws it sooner
        await self.on_the_wire(where)

    async def on_the_wire(self, where: str) -> None:
        """A step that the network takes by itself, also for a frozen process; never for a dead one."""
        if self._freeze is None:
            self._count_down(where)
        if not self.alive:
            await asyncio.get_running_loop().create_future()

    def _count_down(self, where: str) -> None:
        if self.alive and self._left is not None and where.startswith(self._only):
            self._left -= 1
            if self._left < 0:
                self._strike(where)

    def _strike(self, where: str) -> None:
        self._left = None
        self.on_fate()
        if self._freeze is not None:
            self._tell(f"{self.name} freezes for {self._freeze:.0f} s {where}")
            self.frozen_until = asyncio.get_running_loop().time() + self._freeze
            return
        self._tell(f"{self.name} dies {where}")
        self.die()

    def die(self) -> None:
        """As by SIGKILL: nothing in it runs on."""
        self.alive = False
        self.died.set()


class RehearsedDatabase(Database):
    """The real steps on a database that outlives the lives; each runs at once, on the loop's own clock."""

    def __init__(self, engine: Engine, life: Life, clock: Callable[[], float], *, shared: bool) -> None:
        # Deliberately not the parent's: no threads and no file lock, for a thread does not live in virtual time.
        self.engine = engine
        self.shared = shared
        self._clock = clock
        self._life = life
        self.troubled: Callable[[], bool] = lambda: False

    async def run(self, step: Callable[[Connection], T]) -> T:
        """See `Database.run`."""
        await asyncio.sleep(0)
        await self._life.step("before a transaction")
        if self.troubled():
            raise OperationalError("step", None, Exception("the disk is full"))
        with self.engine.begin() as connection:
            result = step(connection)
        if isinstance(result, tuple) and result and isinstance(result[0], list) and result[0]:
            await self._life.step(CLAIMED)
        await self._life.step("after a transaction")
        return result

    def close(self) -> None:
        """The engine stays: it is the disk."""


def fresh_disk(url: str | None = None) -> Engine:
    """An empty database with the tables of today (a test of the store holds them to the migrations).

    `url` is PostgreSQL's; without it an SQLite in memory.
    """
    if url is not None:
        engine = create_engine(url)
        metadata.create_all(engine)
        return engine
    from pysqlite3 import dbapi2

    engine = create_engine(
        "sqlite+pysqlite://",
        module=dbapi2,
        poolclass=StaticPool,
        connect_args={"check_same_thread": False, "isolation_level": None},
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    metadata.create_all(engine)
    return engine


def wipe(engine: Engine) -> None:
    """Empties every table: much quicker than making them anew."""
    with engine.begin() as connection:
        for table in metadata.tables.values():
            connection.execute(table.delete())
