"""Updates pushed to the real daemon over sockets: stored before they are confirmed, by whichever daemon gets them."""

from __future__ import annotations

import json
import random
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine, text

from connector.web.app import TELEGRAM_SECRET
from tests.bars.crowd import Crowd
from tests.bars.crowd import company as company_of
from tests.process.balancer import Balancer
from tests.process.company import Company, free_port, stop
from tests.secret_scan import PUSH_SECRET

SECRET = PUSH_SECRET


def _pushed_to(company: Company, port: int) -> Company:
    company.environment |= _pushed(port)
    return company


def _pushed(port: int) -> dict[str, str]:
    return {
        "CONNECTOR_TELEGRAM__WEBHOOK_URL": f"http://127.0.0.1:{port}/hooks/telegram",
        "CONNECTOR_TELEGRAM__WEBHOOK_SECRET": SECRET,
        "CONNECTOR_WEB__LISTEN": f"127.0.0.1:{port}",
    }


def _calls(company: Company, method: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = company._chat("GET", f"/sandbox/calls?method={method}")
    return found


def _rows(url: str, query: str) -> list[Any]:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    try:
        with engine.connect() as connection:
            return list(connection.execute(text(query)).all())
    finally:
        engine.dispose()


def test_a_bot_goes_over_to_webhooks_and_back_without_losing_a_word(tmp_path: Path) -> None:
    port = free_port()
    with company_of(tmp_path) as company:
        crowd = Crowd(company, 3)
        daemon = company.start()
        crowd.enter()
        for chat in crowd.chats:
            crowd.write(chat)
        assert stop(daemon) == 0
        for chat in crowd.chats:
            crowd.write(chat)
        daemon = company.start(**_pushed(port))
        crowd.settle()
        polls = len(_calls(company, "getUpdates"))
        for _ in range(3):
            for chat in crowd.chats:
                crowd.write(chat)
        crowd.settle()
        webhook = company._chat("GET", "/sandbox/state")["webhook"]
        assert webhook["url"].endswith(f":{port}/hooks/telegram")
        assert set(webhook["allowed_updates"]) == {"message", "edited_message", "callback_query", "my_chat_member"}
        assert len(_calls(company, "getUpdates")) == polls
        assert stop(daemon) == 0
        for chat in crowd.chats:
            crowd.write(chat)
        daemon = company.start()
        crowd.settle()
        assert company._chat("GET", "/sandbox/state")["webhook"]["url"] == ""
        found = crowd.found()
        assert stop(daemon) == 0
    assert found.on_board == (0, 0, 0, 0)


def test_what_is_pushed_while_the_daemon_is_killed_again_and_again_arrives_once(
    tmp_path: Path, tell: Callable[[str], None]
) -> None:
    port, chance, kills = free_port(), random.Random(5), 5
    with _pushed_to(company_of(tmp_path), port) as company:
        crowd = Crowd(company, 5)
        daemon = company.start()
        crowd.enter()
        with crowd.writing(0.03):
            for _ in range(kills):
                time.sleep(chance.uniform(0.2, 1.0))
                daemon.send_signal(signal.SIGKILL)
                daemon.wait()
                daemon = company.start()
        crowd.settle(60)
        found = crowd.found()
        company.until(
            "nothing left at Telegram", lambda: company._chat("GET", "/sandbox/state")["pending_updates"] == 0
        )
        assert stop(daemon) == 0
    tell(f"webhook mode, {kills} kills: {found}")
    assert found.on_board == (0, 0, 0, 0)


@pytest.mark.postgres
def _serves(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
    except httpx.TransportError:
        return False


def test_any_of_several_daemons_takes_an_update_and_the_same_one_twice_is_known(
    tmp_path: Path, postgres_url: str, tell: Callable[[str], None]
) -> None:
    ports = (free_port(), free_port())
    with (
        Balancer(*ports) as balancer,
        _pushed_to(company_of(tmp_path, database_url=postgres_url), balancer.port) as company,
    ):
        crowd = Crowd(company, 6)
        daemons = [company.start(CONNECTOR_WEB__LISTEN=f"127.0.0.1:{port}") for port in ports]
        for port in ports:
            company.until("both daemons serve", partial(_serves, port), 30)
        crowd.enter()
        with crowd.writing(0.05):
            time.sleep(1.0)
            daemons[0].kill()
            daemons[0].wait()
            time.sleep(1.0)
            daemons[0] = company.start(CONNECTOR_WEB__LISTEN=f"127.0.0.1:{ports[0]}")
            company.until("it serves again", partial(_serves, ports[0]), 30)
            time.sleep(0.5)
        crowd.settle(60)
        again = _rows(postgres_url, "SELECT raw FROM journal WHERE kind = 'ClientWrote' ORDER BY seq DESC LIMIT 5")
        for (raw,) in again:
            for port in ports:
                answer = httpx.post(
                    f"http://127.0.0.1:{port}/hooks/telegram", content=raw, headers={TELEGRAM_SECRET: SECRET}
                )
                assert answer.status_code == 200
        time.sleep(1.0)
        found = crowd.found()
        assert [stop(daemon) for daemon in daemons] == [0, 0]
        served = sorted(balancer.served.values())
    tell(f"webhooks to two daemons, one killed ({served} connections): {found}")
    assert found.on_board == (0, 0, 0, 0)
    assert served[0] > 0


def test_what_cannot_be_read_is_kept_aside_and_strangers_learn_nothing(tmp_path: Path) -> None:
    port = free_port()
    with _pushed_to(company_of(tmp_path), port) as company, httpx.Client(base_url=f"http://127.0.0.1:{port}") as web:
        daemon = company.start()
        company.until("the webhook", lambda: company._chat("GET", "/sandbox/state")["webhook"]["url"])
        bodies = [
            b"",
            b"[",
            b"[]",
            b"null",
            b'{"update_id": 7}',
            b"\xff\x00",
            b'{"update_id": 8, "message": {"chat": 1}}',
            b'{"a":' * 5000,
            json.dumps({"update_id": 9, "message": {"text": "x" * 900_000}}).encode(),
        ]
        for body in bodies:
            answer = web.post("/hooks/telegram", content=body, headers={TELEGRAM_SECRET: SECRET})
            assert (answer.status_code, answer.content) == (200, b""), body[:20]
        refused = [
            web.post("/hooks/telegram", content=b"{}"),
            web.post("/hooks/telegram", content=b"{}", headers={TELEGRAM_SECRET: "another"}),
            web.post("/hooks/kaiten/another", content=b"{}"),
            web.get("/"),
        ]
        assert {(each.status_code, each.content) for each in refused} == {(404, b"")}
        assert not any("server" in each.headers for each in refused)
        assert web.get("/readyz").json()["oldest_waiting_seconds"].keys() == {"chat", "board", "registry"}
        crowd = Crowd(company, 1)
        crowd.enter()
        crowd.write(crowd.chats[0])
        crowd.settle()
        assert stop(daemon) == 0
    kept = _rows(f"sqlite:///{tmp_path}/connector.db", "SELECT raw, reason FROM journal WHERE state = 2")
    # An update of a kind we do not know is no fault of anybody's: it means nothing to us.
    assert len(kept) == len(bodies) - 1
    assert all(reason for _, reason in kept)
    assert SECRET not in company.log()
