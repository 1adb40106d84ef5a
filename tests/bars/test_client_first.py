"""However much bulk work waits for the board or the chat, a client's call hardly waits at all."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable

import pytest

from connector.domain.effects import Urgency
from connector.engine.budget import RateBudget
from connector.store.database import open_database
from connector.store.shared_budget import sharing
from tests.virtual_time import run

BULK = (Urgency.LABEL, Urgency.RESYNC)


def _percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


async def _saturated(
    budgets: list[RateBudget], *, clients_a_second: float, seconds: float, seed: int
) -> tuple[list[float], list[float], int]:
    """Bulk queues at every budget, clients at the last: (their waits, moments of all calls, bulk calls done)."""
    chance = random.Random(seed)
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    waits: list[float] = []
    moments: list[float] = []
    done = 0

    async def bulk(budget: RateBudget, urgency: Urgency) -> None:
        nonlocal done
        while True:
            async with budget.call(urgency):
                moments.append(loop.time())
                await asyncio.sleep(chance.uniform(0.05, 0.3))
                done += 1

    async def client(budget: RateBudget) -> None:
        begun = loop.time()
        async with budget.call(Urgency.ACKNOWLEDGE):
            waits.append(loop.time() - begun)
            moments.append(loop.time())
            await asyncio.sleep(chance.uniform(0.05, 0.3))

    async with asyncio.TaskGroup() as group:
        queued = [group.create_task(bulk(budget, BULK[number % 2])) for budget in budgets for number in range(60)]
        while loop.time() < end:
            await asyncio.sleep(chance.expovariate(clients_a_second))
            group.create_task(client(budgets[-1]))
        for task in queued:
            task.cancel()
    return waits, moments, done


@pytest.mark.parametrize(("side", "limit", "clients"), [("board", 5, 0.5), ("board", 50, 10.0), ("chat", 25, 5.0)])
def test_a_clients_acknowledgement_passes_by_saturating_bulk_work(
    side: str, limit: int, clients: float, soak: int, tell: Callable[[str], None]
) -> None:
    seconds = 600.0 * soak
    waits, _, done = run(_saturated([RateBudget(limit=limit)], clients_a_second=clients, seconds=seconds, seed=limit))
    p50, p99 = _percentile(waits, 0.5), _percentile(waits, 0.99)
    tell(
        f"{side} at {limit}/s, bulk without end ({done / seconds:.1f}/s of it done), {len(waits)} clients: "
        f"wait p50 {p50:.3f} s, p99 {p99:.3f} s, longest {max(waits):.3f} s"
    )
    assert p99 < 0.5
    assert done / seconds > 0.6 * limit - clients


@pytest.mark.postgres
@pytest.mark.slow
async def test_a_clients_acknowledgement_passes_by_the_bulk_work_of_other_daemons_too(
    postgres_url: str, soak: int, tell: Callable[[str], None]
) -> None:
    limit = 10
    databases = [open_database(postgres_url) for _ in range(4)]
    try:
        budgets = [RateBudget(limit=limit, share=sharing(database, "budget:board:test")) for database in databases]
        waits, moments, done = await _saturated(budgets, clients_a_second=1.5, seconds=5.0 * soak, seed=5)
    finally:
        for database in databases:
            database.close()
    moments.sort()
    closest = min(last - first for first, last in zip(moments, moments[limit:], strict=False))
    tell(
        f"4 daemons share {limit}/s, bulk at all of them ({done / 5 / soak:.1f}/s of it done), {len(waits)} clients at "
        f"one: longest wait {max(waits):.3f} s; {limit + 1} calls never within less than {closest:.2f} s"
    )
    assert _percentile(waits, 0.99) < 0.5
    assert closest >= 1.0
    assert all(first <= second for first, second in itertools.pairwise(moments))
