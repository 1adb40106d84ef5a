"""Whatever the weather, nobody's words are lost, doubled or out of order."""

from __future__ import annotations

import pytest

from tests.weather.rehearsal import rehearse

CHUNK = 25


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Seeds in chunks, so many as `--weather` asks for."""
    if "first" in metafunc.fixturenames:
        metafunc.parametrize("first", range(0, metafunc.config.getoption("--weather"), CHUNK))


@pytest.mark.slow
def test_nothing_is_lost_doubled_or_out_of_order(first: int) -> None:
    for seed in range(first, first + CHUNK):
        played = rehearse(seed)
        assert not played.wrongs, "\n".join([f"seed {seed}:", *played.wrongs, "", *played.story])
