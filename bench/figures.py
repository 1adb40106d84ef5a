"""What a measure found: figures, each beside its target where it has one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Raw = Mapping[str, object]
"""Everything a measure counted, ready to be written as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure; a target is a bound from above, from below, or (both the same) an exact number."""

    name: str
    value: float
    unit: str = ""
    at_most: float | None = None
    at_least: float | None = None

    @property
    def target(self) -> str:
        """The target for people; empty when there is none."""
        if self.at_most is not None and self.at_most == self.at_least:
            return f"{shown(self.at_most)}"
        bounds = (("≤", self.at_most), ("≥", self.at_least))
        return ", ".join(f"{sign} {shown(bound)}" for sign, bound in bounds if bound is not None)

    @property
    def met(self) -> bool | None:
        """Whether the target was met; None when there is none."""
        if self.at_most is None and self.at_least is None:
            return None
        over = self.at_most is not None and not self.value <= self.at_most
        under = self.at_least is not None and not self.value >= self.at_least
        return not (over or under)

    def plain(self) -> dict[str, object]:
        """Ready to be written as JSON."""
        return {
            "name": self.name, "value": self.value, "unit": self.unit, "at_most": self.at_most,
            "at_least": self.at_least, "met": self.met,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one measure found; `skipped` says why a part of it could not be measured here."""

    figures: tuple[Figure, ...]
    raw: Raw = field(default_factory=dict)
    skipped: tuple[str, ...] = ()


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` (0 to 1) of all values do not exceed. Raises ValueError without any value."""
    if not values:
        raise ValueError("no values to take a percentile of")
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def spread(values: Sequence[float]) -> dict[str, float]:
    """Count, p50, p95, p99 and the largest, in the unit of the values."""
    return {
        "count": len(values), "p50": percentile(values, 0.5), "p95": percentile(values, 0.95),
        "p99": percentile(values, 0.99), "max": max(values),
    }  # fmt: skip


def shown(value: float) -> str:
    """A number for people: three digits that mean something."""
    if value and abs(value) < 10 and value != int(value):
        return f"{value:.2f}"
    if abs(value) < 100 and value != int(value):
        return f"{value:.1f}"
    return f"{value:,.0f}"
