"""The public holidays of a country, or of a part of it, as dates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache


@cache
def countries() -> dict[str, tuple[str, ...]]:
    """ISO 3166-1 code, of two letters or three, of each known country → the codes of its parts (mostly ISO 3166-2)."""
    import holidays  # only here and below: who names no country need not wait for it

    return {code: tuple(parts) for code, parts in holidays.list_supported_countries(include_aliases=True).items()}


def country_and_part(code: str) -> tuple[str, str | None] | None:
    """`de-by` → `DE` and `BY`, `DE` → `DE` and None; None when the public holidays of such a place are not known."""
    country, dash, part = code.strip().partition("-")
    parts = countries().get(country.upper())
    if parts is None:
        return None
    known = {name.casefold(): name for name in parts}
    if not dash:
        return country.upper(), None
    return (country.upper(), known[part.casefold()]) if part.casefold() in known else None


def public_holidays(code: str, years: Iterable[int]) -> frozenset[date]:
    """The days off of those years, those moved by decree among them as far as they are published.

    LookupError for a place that is not known.
    """
    import holidays

    place = country_and_part(code)
    if place is None:
        raise LookupError(code)
    country, part = place
    return frozenset(holidays.country_holidays(country, subdiv=part, years=years))
