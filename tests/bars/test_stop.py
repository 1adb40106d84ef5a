"""A daemon asked to stop under load finishes what is on the wire: a deploy doubles nothing, not even in chats."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.bars.crowd import Crowd
from tests.bars.crowd import company as company_of
from tests.process.company import Company, stop

STOPS = 5
pytestmark = pytest.mark.slow


def test_a_stop_under_load_doubles_nothing_and_ends_with_zero_within_ten_seconds(
    tmp_path: Path, soak: int, tell: Callable[[str], None]
) -> None:
    chance = random.Random(4)
    took: list[float] = []
    codes: list[int] = []
    with company_of(tmp_path, rate=100) as company:
        # Answers that are late: whenever the stop comes, calls are on the wire on both sides.
        for path in ("/comments$", "/cards$", "/tags$"):
            fault = {"method": "POST", "path_regex": path, "times": None, "delay_after_seconds": 0.3}
            company._board("POST", "/sandbox/faults", json=fault)
        company._chat("POST", "/sandbox/faults", json={"method": "sendMessage", "times": -1, "delay_seconds": 0.2})
        running = company.start()
        crowd = Crowd(company, 8)
        crowd.enter()
        for started in range(1, STOPS * soak + 1):
            with crowd.writing(0.1, replies=True):
                company.until("the daemon", partial(_started, company, started), 10)
                time.sleep(chance.uniform(0.3, 0.6))
                begun = time.monotonic()
                codes.append(stop(running, within=15))
                took.append(time.monotonic() - begun)
                running = company.start()
        crowd.settle()
        found = crowd.found()
        codes.append(stop(running, within=15))
    tell(
        f"SIGTERM under load {len(took)} times: slowest stop {max(took):.1f} s, "
        f"exit codes {sorted(set(codes))}; {found}"
    )
    assert set(codes) == {0}
    assert max(took) < 10
    assert found.on_board == (0, 0, 0, 0)
    assert (found.replies_lost, found.chat_doubles) == (0, 0)
    assert found.replies > 0


def _started(company: Company, times: int) -> bool:
    return company.log().count('"event": "started"') >= times
