"""Whatever the weather, nobody's words are lost, doubled or out of order."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.weather.lives import fresh_disk
from tests.weather.rehearsal import Rehearsal, rehearse

CHUNK = 25


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Seeds in chunks, so many as `--weather` asks for."""
    if "first" in metafunc.fixturenames:
        metafunc.parametrize("first", range(0, metafunc.config.getoption("--weather"), CHUNK))


@pytest.mark.slow
def test_nothing_is_lost_doubled_or_out_of_order(first: int) -> None:
    judged = Counter[str]()
    for seed in range(first, first + CHUNK):
        played = rehearse(seed)
        assert not played.wrongs, _told(played)
        judged += played.judged
    # Of most words somebody outside can tell where they belong; else the stories would prove little.
    assert judged["talked"] > CHUNK
    assert judged["answered"]
    assert judged["ordered"]


@pytest.mark.slow
def test_nor_on_postgresql(postgres_url: str, request: pytest.FixtureRequest) -> None:
    disk = fresh_disk(postgres_url)
    try:
        for seed in range(request.config.getoption("--weather-postgres")):
            played = rehearse(seed, disk=disk)
            assert not played.wrongs, _told(played)
    finally:
        disk.dispose()


def _told(played: Rehearsal) -> str:
    return "\n".join([f"seed {played.seed}:", *played.wrongs, "", *played.story])
