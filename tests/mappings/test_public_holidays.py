"""Public holidays by the code of a place."""

from __future__ import annotations

from datetime import date

import pytest

from mappings.public_holidays import country_and_part, public_holidays


@pytest.mark.parametrize(
    ("code", "place"),
    [
        ("RU", ("RU", None)),
        (" ru ", ("RU", None)),
        ("DE-BY", ("DE", "BY")),
        ("de-by", ("DE", "BY")),
        ("KZ", ("KZ", None)),
        ("", None),
        ("XX", None),
        ("RU-MOW", None),
        ("DE-", None),
        ("Russia", None),
    ],
)
def test_a_place_is_known_or_not(code: str, place: tuple[str, str | None] | None) -> None:
    assert country_and_part(code) == place


def test_days_moved_by_decree_are_off() -> None:
    days = public_holidays("RU", [2026])
    assert {date(2026, 1, 9), date(2026, 12, 31), date(2026, 6, 12)} <= days
    assert {day.year for day in days} == {2026}


def test_an_unknown_place_has_none() -> None:
    with pytest.raises(LookupError):
        public_holidays("XX", [2026])
