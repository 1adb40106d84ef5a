"""What a store of years costs: the same messages over an empty store and over one that is full of finished work."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from bench.company import Company
from bench.delay import at_rate
from bench.figures import Figure, Result
from bench.filling import fill, is_open
from bench.machine import resident_mb
from bench.place import Place
from bench.running import engine, policy_of
from connector.domain.policy import Policy

TICKETS = 100_000
RATE = 10
"""Messages a second while the way to the effect is measured."""


def age(place: Place) -> Result:
    """100,000 requests with about a million finished orders (SQLite): memory, start, and the way to the effect."""
    policy = policy_of(place.mapping)
    count, tickets = place.count(300), place.count(TICKETS, least=50)
    path = place.folder / "aged.db"
    empty = asyncio.run(_ways(f"sqlite:///{place.folder / 'fresh.db'}", policy, range(200), count, meet=True))
    begun = time.monotonic()
    rows = asyncio.run(fill(path, policy, tickets, place.folder))
    filling = time.monotonic() - begun
    numbers = [number for number in range(1, tickets + 1) if is_open(number)]
    step = max(1, len(numbers) // 200)
    full = asyncio.run(_ways(f"sqlite:///{path}", policy, numbers[::step], count, meet=False))
    with Company(place, "aged", settings={"CONNECTOR_DATABASE_URL": f"sqlite:///{path}"}) as company:
        start = company.start()
        time.sleep(max(2.0, 15 * place.scale))
        assert company.daemon is not None
        memory = resident_mb(company.daemon.pid)
    figures = (
        Figure(name="finished orders in the store", value=rows["outbox"]),
        Figure(name="tickets in the store", value=rows["tickets"]),
        Figure(name="size of the store", value=path.stat().st_size / 2**20, unit="MB"),
        Figure(name="memory of the idle daemon over it", value=memory, unit="MB", at_most=120),
        Figure(name="start over it", value=start, unit="s", at_most=1),
        Figure(name="event → effect p50, empty store", value=empty["comment"]["p50"], unit="ms"),
        Figure(name="event → effect p50, full store", value=full["comment"]["p50"], unit="ms"),
        Figure(name="event → effect p99, empty store", value=empty["comment"]["p99"], unit="ms", at_most=25),
        Figure(name="event → effect p99, full store", value=full["comment"]["p99"], unit="ms", at_most=25),
    )
    raw = {
        "rows": rows, "bytes": path.stat().st_size, "filling_seconds": filling, "resident_mb": memory,
        "start_seconds": start, "empty_store_ms": empty, "full_store_ms": full,
    }  # fmt: skip
    path.unlink()
    return Result(figures=figures, raw=raw)


async def _ways(
    url: str, policy: Policy, clients: Sequence[int], count: int, *, meet: bool
) -> dict[str, dict[str, float]]:
    async with engine(url, policy) as running:
        if meet:
            await running.meet(range(len(clients)))
        await at_rate(running, 20, clients, min(60, count))  # statements are built at their first use
        return await at_rate(running, RATE, clients, count)
