"""How long a message is on its way inside the daemon when nobody floods it."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Sequence

from bench import people
from bench.figures import Figure, Result, spread
from bench.place import Place
from bench.running import Engine, engine, policy_of

CLIENTS = 200
BARS = {"SQLite": 25.0, "PostgreSQL": 50.0}
"""Own time from arrival to effect at ten messages a second, p99, ms."""


def delay(place: Place) -> Result:
    """At 10 and at 100 messages a second: arrival → stored, → receipt performed, → comment performed."""
    policy = policy_of(place.mapping)
    stores = {"SQLite": place.sqlite("delay")}
    if place.postgres is not None:
        stores["PostgreSQL"] = place.postgres.database()
    figures: list[Figure] = []
    raw: dict[str, object] = {}

    async def run(store: str, url: str) -> None:
        async with engine(url, policy) as running:
            await running.meet(range(CLIENTS))
            # Statements are built at their first use.
            await at_rate(running, 20, range(CLIENTS), place.count(60))
            slow = await at_rate(running, 10, range(CLIENTS), place.count(300), turn=place.count(60))
            fast = await at_rate(running, 100, range(CLIENTS), place.count(3000), turn=place.count(360))
        raw[store] = {"at_10_per_second_ms": slow, "at_100_per_second_ms": fast}
        effect = max(slow["receipt"]["p99"], slow["comment"]["p99"])
        figures.extend(
            [
                Figure(name=f"{store}: 10/s, arrival → effect p50", value=slow["comment"]["p50"], unit="ms"),
                Figure(name=f"{store}: 10/s, arrival → effect p99", value=effect, unit="ms", at_most=BARS[store]),
                Figure(name=f"{store}: 100/s, arrival → stored p99", value=fast["stored"]["p99"], unit="ms",
                       at_most=20),
                Figure(name=f"{store}: 100/s, arrival → receipt p99", value=fast["receipt"]["p99"], unit="ms"),
                Figure(name=f"{store}: 100/s, arrival → comment p99", value=fast["comment"]["p99"], unit="ms"),
            ]
        )  # fmt: skip

    for store, url in stores.items():
        asyncio.run(run(store, url))
    return Result(figures=tuple(figures), raw=raw, skipped=() if place.postgres else (place.no_postgres,))


async def at_rate(
    running: Engine, rate: float, clients: Sequence[int], count: int, turn: int = 0
) -> dict[str, dict[str, float]]:
    """`count` messages at an even pace; the spread of each way in ms, measured from the moment each was due.

    Clients take turns from the first to the last of `clients`. `turn`: at least as many messages as each of them wrote
    before, so that their moments go on: what seems to come all at once gets one mark.
    """
    words = people.sentences()
    some = len(clients)
    letters = [people.wrote(clients[number % some], next(words), turn + number // some) for number in range(count)]
    gc.collect()
    gc.freeze()  # what the measurement itself keeps must not be gone through again and again by ours
    begun = time.perf_counter() + 0.05
    for number, letter in enumerate(letters):
        due = begun + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        running.chat.put([letter], at=due)
    await running.stored(running.chat, letters[-1].key)
    await running.settled()
    gc.unfreeze()
    ways: dict[str, list[float]] = {"stored": [], "receipt": [], "comment": []}
    chat, board = running.chat.moments, running.board.moments
    for letter in letters:
        due = chat.arrived[letter.key]
        ways["stored"].append((chat.stored[letter.key] - due) * 1000)
        ways["receipt"].append((chat.performed[f"{letter.key}/receipt"] - due) * 1000)
        ways["comment"].append((board.performed[f"say/{letter.key}"] - due) * 1000)
    return {way: spread(values) for way, values in ways.items()}
