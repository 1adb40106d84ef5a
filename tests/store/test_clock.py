"""The clock that stored moments are in."""

import itertools

from connector.store.clock import SteadyClock


def test_it_follows_the_machines_clock_and_its_leaps_ahead() -> None:
    wall, passed = [1000.0], [0.0]
    clock = SteadyClock(lambda: wall[0], lambda: passed[0])
    for step in (0.5, 3600.0, 1.0):
        wall[0] += step
        passed[0] += 1.0
        assert clock() == wall[0]


def test_put_back_it_goes_on_slowly_until_the_machines_has_caught_up() -> None:
    wall, passed = [10_000.0], [0.0]
    clock = SteadyClock(lambda: wall[0], lambda: passed[0])
    wall[0] -= 100.0
    seen = [clock()]
    for _ in range(300):
        wall[0] += 1.0
        passed[0] += 1.0
        seen.append(clock())
    assert all(later - sooner in (0.5, 1.0) for sooner, later in itertools.pairwise(seen))
    assert seen[-1] == wall[0]
    assert seen[150] > wall[0] - 150
