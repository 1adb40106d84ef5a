"""The rate budget: never above the limit, most urgent first, just in time."""

from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.domain.effects import Urgency
from connector.engine.budget import RIGHT_TO_ACT, RateBudget
from connector.ports import Unavailable
from tests.virtual_time import run


def _most_in_a_window(moments: list[float], window: float = 1.0) -> int:
    moments = sorted(moments)
    return max((sum(first <= other < first + window for other in moments) for first in moments), default=0)


@settings(max_examples=60, deadline=None)
@given(
    limit=st.integers(1, 12),
    calls=st.integers(1, 60),
    seed=st.integers(0, 10_000),
)
def test_no_second_of_the_other_sides_clock_sees_more_calls_than_the_limit(limit: int, calls: int, seed: int) -> None:
    chance = random.Random(seed)
    counted: list[float] = []

    async def scene() -> None:
        budget = RateBudget(limit=limit)
        loop = asyncio.get_running_loop()

        async def call() -> None:
            await asyncio.sleep(chance.uniform(0, 5))
            async with budget.call(Urgency.CARD):
                await asyncio.sleep(chance.uniform(0, 0.4))  # on its way
                counted.append(loop.time())
                await asyncio.sleep(chance.uniform(0, 0.4))  # and the answer back

        await asyncio.gather(*(call() for _ in range(calls)))

    run(scene())
    assert len(counted) == calls
    assert _most_in_a_window(counted) <= limit


def test_a_full_queue_passes_at_nearly_the_limit() -> None:
    async def scene() -> float:
        budget = RateBudget(limit=5)
        loop = asyncio.get_running_loop()
        started = loop.time()

        async def call() -> None:
            async with budget.call(Urgency.CARD):
                await asyncio.sleep(0.01)

        await asyncio.gather(*(call() for _ in range(100)))
        return loop.time() - started

    assert run(scene()) <= 100 / 5 * 1.10


def test_the_most_urgent_class_goes_first_however_long_the_others_wait() -> None:
    async def scene() -> list[str]:
        budget = RateBudget(limit=1)
        order: list[str] = []

        async def call(name: str, urgency: Urgency) -> None:
            async with budget.call(urgency):
                order.append(name)

        bulk = [asyncio.create_task(call("resync", Urgency.RESYNC)) for _ in range(3)]
        await asyncio.sleep(0.5)
        late = [
            asyncio.create_task(call("label", Urgency.LABEL)),
            asyncio.create_task(call("acknowledge", Urgency.ACKNOWLEDGE)),
            asyncio.create_task(call("reply", Urgency.REPLY)),
        ]
        await asyncio.gather(*bulk, *late)
        return order

    assert run(scene()) == ["resync", "acknowledge", "reply", "label", "resync", "resync"]


def test_nothing_is_called_inside_a_refusals_wait() -> None:
    async def scene() -> tuple[float, float]:
        budget = RateBudget(limit=10)
        loop = asyncio.get_running_loop()
        async with budget.call(Urgency.CARD):
            budget.refused(7.0)
        refused = loop.time()
        async with budget.call(Urgency.ACKNOWLEDGE):
            return refused, loop.time()

    refused, called = run(scene())
    assert called >= refused + 7.0


def test_a_chats_refusal_stops_that_chat_alone_until_refusals_repeat() -> None:
    async def scene() -> tuple[float, float, float]:
        budget = RateBudget(limit=50, pace=lambda _: (10.0, 10.0))
        loop = asyncio.get_running_loop()
        start = loop.time()
        budget.refused(5.0, "a")
        async with budget.call(Urgency.REPLY, "b"):
            other = loop.time() - start
        async with budget.call(Urgency.REPLY, "a"):
            same = loop.time() - start
        now = loop.time()
        for chat in ("c", "d", "e"):
            budget.refused(4.0, chat)
        async with budget.call(Urgency.REPLY, "f"):
            everybody = loop.time() - now
        return other, same, everybody

    other, same, everybody = run(scene())
    assert other < 0.1
    assert same >= 5.0
    assert everybody >= 4.0


def test_a_chat_gets_a_short_burst_and_then_about_one_a_second_and_holds_nobody_up() -> None:
    async def scene() -> tuple[list[float], float]:
        budget = RateBudget(limit=50, pace=lambda _: (1.0, 3.0))
        loop = asyncio.get_running_loop()
        start = loop.time()
        moments: list[float] = []

        async def call(chat: str) -> float:
            async with budget.call(Urgency.REPLY, chat):
                moments.append(loop.time() - start) if chat == "busy" else None
                return loop.time() - start

        busy = [asyncio.create_task(call("busy")) for _ in range(8)]
        quiet = await call("quiet")
        await asyncio.gather(*busy)
        return moments, quiet

    moments, quiet = run(scene())
    assert quiet < 0.1
    assert [round(moment) for moment in moments] == [0, 0, 0, 1, 2, 3, 4, 5]


def test_the_limit_is_learned_from_the_answers_but_never_passes_the_ceiling() -> None:
    async def scene() -> tuple[int, int]:
        free, capped = RateBudget(limit=5), RateBudget(limit=5, ceiling=20)
        for budget in (free, capped):
            budget.learned(limit=50, remaining=49, reset_after=1.0)
        return free.limit, capped.limit

    assert run(scene()) == (50, 20)


def test_a_bucket_emptied_by_somebody_else_is_waited_for() -> None:
    async def scene() -> float:
        budget = RateBudget(limit=5)
        loop = asyncio.get_running_loop()
        budget.learned(limit=5, remaining=0, reset_after=0.8)
        start = loop.time()
        async with budget.call(Urgency.CARD):
            return loop.time() - start

    assert run(scene()) >= 0.79


def test_who_lost_the_right_to_act_while_waiting_does_not_call() -> None:
    async def scene() -> None:
        budget = RateBudget(limit=1)
        async with budget.call(Urgency.CARD):
            pass
        until = asyncio.get_running_loop().time() + 0.5
        RIGHT_TO_ACT.set(lambda: until)  # the only place is cold for a second
        with pytest.raises(Unavailable) as refused:
            async with budget.call(Urgency.CARD):
                raise AssertionError("called without the right to")
        assert refused.value.surely_not_done

    run(scene())


def test_a_call_that_is_cancelled_while_it_waits_leaves_its_place_to_others() -> None:
    async def scene() -> None:
        budget = RateBudget(limit=1)

        async def call() -> None:
            async with budget.call(Urgency.CARD):
                await asyncio.sleep(0.1)

        first = asyncio.create_task(call())
        waiting = [asyncio.create_task(call()) for _ in range(5)]
        await asyncio.sleep(0.05)
        for task in waiting:
            task.cancel()
        await first
        async with asyncio.timeout(3):
            await call()
        assert budget.queued == 0

    run(scene())
