"""The company's own list in memory: it knows some account ids, and is sometimes away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from adapters.memory.weather import CALM, Weather
from connector.domain.effects import RegistryEffect, Verdict
from connector.domain.refs import Ref
from connector.ports import Order, Unavailable

PORT: Final = "memory-registry"


@dataclass(slots=True, kw_only=True)
class RegistryWorld:
    """The list as the company keeps it; nobody can ask it while it is `away`."""

    known: frozenset[str] = frozenset()
    away: bool = False


class MemoryRegistry:
    """A `connector.ports.Registry` over a `RegistryWorld`."""

    def __init__(self, world: RegistryWorld, *, weather: Weather = CALM) -> None:
        self._world = world
        self._weather = weather

    @property
    def name(self) -> str:
        """The `port` of every ref made here."""
        return PORT

    async def perform(self, order: Order[RegistryEffect]) -> tuple[Ref, ...]:
        """See `connector.ports.Registry`."""
        try:
            await self._weather.before("registry.look")
            if self._world.away:
                return (_told(Verdict.UNVERIFIED),)
            verdict = Verdict.KNOWN if order.effect.cabinet in self._world.known else Verdict.UNKNOWN
            await self._weather.after("registry.look")
        except Unavailable:
            return (_told(Verdict.UNVERIFIED),)
        return (_told(verdict),)

    async def aclose(self) -> None:
        """Nothing is held."""


def _told(verdict: Verdict) -> Ref:
    return Ref(port=PORT, id=verdict.value)
