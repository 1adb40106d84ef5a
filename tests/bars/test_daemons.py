"""Several daemons on one database: one dies for good, one is frozen past its lease, all start at once, all share."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.bars.crowd import Crowd, holder_of, lanes_held
from tests.bars.crowd import company as company_of
from tests.process.company import Company, stop

LEASE = 3
pytestmark = [pytest.mark.postgres, pytest.mark.slow]


def _company(folder: Path, url: str, *, rate: int, lease: int = LEASE) -> Company:
    return company_of(
        folder,
        rate=rate,
        labels=False,
        database_url=url,
        CONNECTOR_LEASE_SECONDS=str(lease),
        CONNECTOR_BOARD__CALLS_PER_SECOND=str(min(rate, 20)),
    )


def _slow_comments(company: Company, seconds: float) -> None:
    """Each comment is there at once and answered late: at any moment some are on the wire."""
    fault = {"method": "POST", "path_regex": "/comments$", "times": None, "delay_after_seconds": seconds}
    company._board("POST", "/sandbox/faults", json=fault)


def _reader(company: Company) -> subprocess.Popen[bytes]:
    """The daemon that reads Telegram: the one whose loss costs most."""
    pid = company.until("somebody who reads", lambda: holder_of(company, "read:chat"))
    return next(daemon for daemon in company.daemons if daemon.pid == pid)


def _rate(company: Company) -> dict[str, Any]:
    rates: dict[str, dict[str, Any]] = company._board("GET", "/sandbox/state")["rate"]
    return max(rates.values(), key=lambda rate: int(rate["calls"]))


def test_the_work_of_a_daemon_that_died_for_good_is_done_within_its_lease_and_five_seconds(
    tmp_path: Path, postgres_url: str, tell: Callable[[str], None]
) -> None:
    with _company(tmp_path, postgres_url, rate=200) as company:
        company.start()
        company.start()
        crowd = Crowd(company, 8)
        crowd.enter()
        _slow_comments(company, 0.4)
        with crowd.writing(0.03, replies=True):
            time.sleep(1.5)
            dead = _reader(company)
            dead.send_signal(signal.SIGKILL)
        died = time.monotonic()
        held, left = lanes_held(company, dead.pid), len(crowd.missing())
        crowd.company.until("the work of the dead", lambda: not crowd.missing() and not crowd.unanswered(), 30)
        took = time.monotonic() - died
        time.sleep(0.5)
        found = crowd.found()
    tell(
        f"dead daemon never returns (lease {LEASE} s): it held {held} queues, {left} messages were not done; "
        f"all done after {took:.1f} s; {found}"
    )
    assert held > 0
    assert left > 0
    assert took <= LEASE + 5
    assert found.on_board == (0, 0, 0, 0)
    assert found.replies_lost == 0


def test_a_daemon_frozen_past_its_lease_changes_nothing_that_others_took_over(
    tmp_path: Path, postgres_url: str, soak: int, tell: Callable[[str], None]
) -> None:
    lease, held = 2, 0
    with _company(tmp_path, postgres_url, rate=15, lease=lease) as company:
        company.start()
        company.start()
        crowd = Crowd(company, 10)
        crowd.enter()
        for _ in range(soak):
            # More than the board takes: when it freezes, the daemon has orders in hand that wait for their turn.
            with crowd.writing(0.05, replies=True):
                time.sleep(1.5)
                frozen = _reader(company)
                frozen.send_signal(signal.SIGSTOP)
                held += lanes_held(company, frozen.pid)
            time.sleep(2 * lease)
            with crowd.writing(0.1):
                frozen.send_signal(signal.SIGCONT)
                time.sleep(0.7)
        crowd.settle(60)
        found = crowd.found()
        stale, doubles = company.log().count('"stale"'), found.chat_doubles
        codes = [stop(daemon) for daemon in company.daemons]
    tell(
        f"frozen for {2 * lease} s with a lease of {lease} s, {soak} time(s): it held {held} queues, {stale} stale "
        f"outcomes stopped by the fence; {found}"
    )
    assert held > 0
    assert stale > 0
    assert found.on_board == (0, 0, 0, 0)
    assert found.replies_lost == 0
    assert doubles <= 10 * soak  # a message that was on the wire when it froze
    assert codes == [0, 0]


def test_no_second_at_the_board_sees_more_calls_than_the_limit_with_four_daemons(
    tmp_path: Path, postgres_url: str, soak: int, tell: Callable[[str], None]
) -> None:
    limit = 10
    with _company(tmp_path, postgres_url, rate=limit) as company:
        for _ in range(4):
            company.start()
        crowd = Crowd(company, 5)
        crowd.enter()
        started, before = time.monotonic(), _rate(company)["calls"]
        with crowd.writing(0.05):
            time.sleep(1.5 * soak)
        crowd.settle(60)
        took = time.monotonic() - started
        rate, found = _rate(company), crowd.found()
    tell(
        f"4 daemons, limit {limit}/s: {rate['calls']} calls, {(rate['calls'] - before) / took:.1f}/s under load, "
        f"most in any second {rate['max_calls_in_any_window']}, 429: {rate['refused']}; {found}"
    )
    assert rate["max_calls_in_any_window"] <= limit
    assert rate["refused"] == 0
    assert found.on_board == (0, 0, 0, 0)


def test_daemons_started_at_the_same_moment_on_an_empty_database_all_start(
    tmp_path: Path, postgres_url: str, tell: Callable[[str], None]
) -> None:
    with _company(tmp_path, postgres_url, rate=200) as company:
        begun = time.monotonic()
        daemons = [company.start() for _ in range(2)]
        company.until("both started", lambda: company.log().count('"started"') == 2, 30)
        took = time.monotonic() - begun
        codes = [stop(daemon) for daemon in daemons]
    tell(f"2 daemons at once on an empty PostgreSQL: both started after {took:.1f} s, exit codes {codes}")
    assert codes == [0, 0]
