"""What the daemon serves: health, readiness, metrics and the webhooks of both sides, and nothing else."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import httpx
import pytest

from connector.engine.metrics import Metrics
from connector.web.app import LARGEST, TELEGRAM_SECRET, Hook, web_app
from connector.web.limits import BURST, PER_SECOND

KNOWN = {TELEGRAM_SECRET: "chat-secret"}


class _Scene:
    def __init__(self, *, seen: float | None = 0.0, writable: bool = True, safe: bool = True) -> None:
        self.received: list[tuple[str, bytes]] = []
        self.now = time.monotonic()
        self.counted: list[tuple[str, int]] = []
        now = self.now

        async def is_writable() -> bool:
            return writable

        def hook(side: str, path: str, secret: str, *, in_path: bool) -> Hook:
            async def take(body: bytes) -> bool:
                if safe:
                    self.received.append((side, body))
                return safe

            return Hook(side=side, path=path, secret=secret, take=take, in_path=in_path)

        application = web_app(
            registry=Metrics().registry,
            lately=lambda: {"chat": now, "board": None if seen is None else now - seen},
            writable=is_writable,
            oldest=lambda: {"chat": 0.0, "board": 12.34},
            hooks=(
                hook("board", "/hooks/kaiten", "the-secret", in_path=True),
                hook("chat", "/hooks/telegram", "chat-secret", in_path=False),
            ),
            counted=lambda side, status: self.counted.append((side, status)),
            clock=lambda: self.now,
        )
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://daemon")


async def test_the_board_hook_takes_what_comes_under_its_secret() -> None:
    scene = _Scene()
    assert (await scene.http.post("/hooks/kaiten/the-secret", content=b"{}")).status_code == 200
    assert scene.received == [("board", b"{}")]


async def test_telegrams_hook_takes_what_comes_with_the_secret_in_its_header() -> None:
    scene = _Scene()
    assert (await scene.http.post("/hooks/telegram", content=b"{}", headers=KNOWN)).status_code == 200
    assert scene.received == [("chat", b"{}")]


async def test_what_could_not_be_stored_is_not_confirmed_and_comes_again() -> None:
    scene = _Scene(safe=False)
    answer = await scene.http.post("/hooks/telegram", content=b"{}", headers=KNOWN)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert scene.counted == [("chat", 503)]


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", "/hooks/kaiten/another", {}),
        ("POST", "/hooks/another/the-secret", {}),
        ("POST", "/hooks/kaiten/", {}),
        ("POST", "/hooks/kaiten", {}),
        ("POST", "/hooks/kaiten", {TELEGRAM_SECRET: "the-secret"}),
        ("POST", "/hooks/kaiten/the-secret/", {}),
        ("POST", "/hooks/kaiten/чужой", {}),
        ("GET", "/hooks/kaiten/the-secret", {}),
        ("POST", "/hooks/telegram", {}),
        ("POST", "/hooks/telegram", {TELEGRAM_SECRET: "the-secret"}),
        ("POST", "/hooks/telegram/chat-secret", {}),
        ("POST", "/hooks/telegram/", KNOWN),
        ("GET", "/hooks/telegram", KNOWN),
        ("POST", "/healthz", {}),
        ("POST", "/metrics", {}),
        ("DELETE", "/readyz", {}),
        ("GET", "/", {}),
        ("GET", "/docs", {}),
        ("OPTIONS", "/", {}),
    ],
)
async def test_nothing_else_answers(method: str, path: str, headers: dict[str, str]) -> None:
    scene = _Scene()
    answer = await scene.http.request(method, path, content=b"{}", headers=headers)
    assert (answer.status_code, answer.content) == (404, b"")
    assert set(answer.headers) <= {"content-length"}
    assert scene.received == []


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_that_is_too_large_is_refused(declared: bool) -> None:
    scene = _Scene()
    body = b"x" * (LARGEST + 1)

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 65536):
            yield body[at : at + 65536]

    answer = await scene.http.post("/hooks/kaiten/the-secret", content=body if declared else pieces())
    assert answer.status_code == 413
    assert scene.received == []


async def test_a_flood_is_turned_away_for_a_moment_and_nothing_of_it_is_taken_for_safe() -> None:
    scene = _Scene()
    statuses = [
        (await scene.http.post("/hooks/telegram", content=b"{}", headers=KNOWN)).status_code
        for _ in range(int(BURST) + 3)
    ]
    assert statuses == [200] * int(BURST) + [429] * 3
    assert len(scene.received) == int(BURST)
    scene.now += 2 / PER_SECOND
    assert (await scene.http.post("/hooks/telegram", content=b"{}", headers=KNOWN)).status_code == 200
    # The board's own door stood open all the while.
    assert (await scene.http.post("/hooks/kaiten/the-secret", content=b"{}")).status_code == 200


async def test_ready_means_both_sides_were_seen_lately_and_the_store_takes_writes() -> None:
    answer = await _Scene().http.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["oldest_waiting_seconds"] == {"chat": 0.0, "board": 12.3}
    for scene in (_Scene(seen=None), _Scene(seen=1_000.0), _Scene(writable=False)):
        answer = await scene.http.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["ready"] is False


async def test_alive_and_metrics_are_answered() -> None:
    scene = _Scene()
    assert (await scene.http.get("/healthz")).text == "ok"
    assert (await scene.http.head("/healthz")).status_code == 200
    assert "connector_turn_seconds_bucket" in (await scene.http.get("/metrics")).text
