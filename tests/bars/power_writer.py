"""The process whose power is cut: opens the real store, ingests events, and marks each one it would acknowledge."""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
from datetime import UTC, datetime, timedelta
from functools import partial

from connector.domain.events import ClientWrote
from connector.domain.refs import Key, Ref
from connector.domain.words import Person, Text, Words
from connector.ports import Arrival
from connector.store.database import Database, open_database
from connector.store.ingest import ingest

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
WRITERS = 8
CLIENTS = 50


def key_of(number: int) -> Key:
    """The key of the event with that number: what a test looks for after the cut."""
    return Key(f"telegram:{number}")


def _arrival(number: int) -> Arrival:
    key = key_of(number)
    event = ClientWrote(
        key=key,
        at=START + timedelta(milliseconds=number),
        chat=Ref(port="telegram", id=str(number % CLIENTS)),
        message=Ref(port="telegram", id=str(number)),
        author=Person(ref=Ref(port="telegram", id=f"user-{number % CLIENTS}"), name="Клиент"),
        words=Words(text=Text(plain=f"Сообщение {number}: " + "касса не печатает чек " * (number % 40))),
    )
    return Arrival(key=key, raw="{}", event=event)


async def _write(database: Database, events: int) -> None:
    acknowledge = ctypes.CDLL(None).power_mark
    numbers = iter(range(1, events + 1))

    async def writer() -> None:
        for number in numbers:
            arrivals = [_arrival(number)]
            await database.run(partial(ingest, now=START.timestamp() + number, arrivals=arrivals))
            acknowledge(ctypes.c_long(number))

    await asyncio.gather(*(writer() for _ in range(WRITERS)))


def main(url: str, events: int, ending: str, synchronous: str) -> None:
    """Ends with a proper close, or ("cut") without one, as a process does whose machine went dark."""
    database = open_database(url)
    if synchronous != "as it is":
        # The counter-proof: what the store would do under another setting. Outside of any transaction.
        raw = database.engine.raw_connection()
        assert raw.driver_connection is not None
        raw.driver_connection.execute(f"PRAGMA synchronous={synchronous}")
        raw.close()
    asyncio.run(_write(database, events))
    if ending == "cut":
        os._exit(0)
    database.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4])
