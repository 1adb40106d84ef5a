"""How long a side that cannot be read is left alone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from connector.engine.pulse import Pulse
from connector.engine.reading import Reader
from connector.ports import Batch, Unavailable, WrongToken
from connector.store.database import open_database
from tests.virtual_time import run


class Silent:
    """A side that cannot be read so many times, while orders to it fail all around."""

    def __init__(self, pulse: Pulse, trouble: Unavailable | WrongToken | IndexError, times: int) -> None:
        self._pulse = pulse
        self._trouble = trouble
        self._left = times
        self.asked: list[float] = []

    async def read(self, cursor: str | None) -> Batch:
        self.asked.append(asyncio.get_running_loop().time())
        if not self._left:
            self._pulse.stop()
            return Batch(arrivals=(), cursor=cursor)
        self._left -= 1
        for _ in range(20):
            self._pulse.sides["chat"].bad("an order failed")
        raise self._trouble


@pytest.mark.parametrize(
    ("trouble", "waits"),
    [
        (Unavailable("away"), [1, 2, 4]),
        (Unavailable("busy", retry_after=7.0), [7, 7, 7]),
        (WrongToken("Telegram", "no"), [2, 4, 8]),
        (IndexError("a fault of the adapter's own"), [2, 4, 8]),
    ],
)
def test_the_wait_grows_with_failed_reads_and_not_with_failed_orders(
    tmp_path: Path, trouble: Unavailable | WrongToken | IndexError, waits: list[int]
) -> None:
    pulse = Pulse(holder="test")
    side = Silent(pulse, trouble, len(waits))
    database = open_database(f"sqlite:///{tmp_path / 'reading.db'}")
    try:
        run(Reader(database, pulse, "chat", side, first_cursor=False, lease=20.0).run())
    finally:
        database.close()
    assert [round(later - asked) for asked, later in zip(side.asked, side.asked[1:], strict=False)] == waits
