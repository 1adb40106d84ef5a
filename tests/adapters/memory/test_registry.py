"""The list in memory always answers; in doubt it says so."""

from __future__ import annotations

import pytest

from adapters.memory import MemoryRegistry, RegistryWorld, Script
from connector.domain.effects import Urgency, Verdict, VerifyCabinet
from connector.domain.refs import Key
from connector.ports import Order, Unavailable


async def _verdict(registry: MemoryRegistry, cabinet: str) -> str:
    effect = VerifyCabinet(key=Key("look"), cabinet=cabinet)
    (ref,) = await registry.perform(
        Order(key=effect.key, effect=effect, attempt=1, urgency=Urgency.ACKNOWLEDGE)
    )  # fmt: skip
    assert ref.port == registry.name
    return ref.id


@pytest.mark.parametrize(("cabinet", "verdict"), [("12345", Verdict.KNOWN), ("99999", Verdict.UNKNOWN)])
async def test_it_knows_what_the_company_knows(cabinet: str, verdict: Verdict) -> None:
    registry = MemoryRegistry(RegistryWorld(known=frozenset({"12345"})))
    assert await _verdict(registry, cabinet) == verdict


async def test_while_it_is_away_nothing_is_verified() -> None:
    world = RegistryWorld(known=frozenset({"12345"}), away=True)
    registry = MemoryRegistry(world)
    assert await _verdict(registry, "12345") == Verdict.UNVERIFIED
    world.away = False
    assert await _verdict(registry, "12345") == Verdict.KNOWN


async def test_a_look_up_that_fails_or_whose_answer_is_lost_is_no_verdict() -> None:
    weather = Script()
    registry = MemoryRegistry(RegistryWorld(known=frozenset({"12345"})), weather=weather)
    weather.refuse("registry.look", Unavailable("no answer"))
    assert await _verdict(registry, "12345") == Verdict.UNVERIFIED
    weather.lose_answer("registry.look")
    assert await _verdict(registry, "12345") == Verdict.UNVERIFIED
    assert await _verdict(registry, "12345") == Verdict.KNOWN
