"""What the daemon serves: health, readiness, metrics and the board's hook, and nothing else."""

from __future__ import annotations

import time

import httpx
import pytest

from connector.engine.pulse import Metrics
from connector.web.app import LARGEST, web_app


class _Scene:
    def __init__(self, *, seen: float | None = 0.0, writable: bool = True) -> None:
        self.received: list[bytes] = []
        now = time.monotonic()

        async def is_writable() -> bool:
            return writable

        application = web_app(
            registry=Metrics().registry,
            lately=lambda: {"chat": now, "board": None if seen is None else now - seen},
            writable=is_writable,
            board_hook=("kaiten", "the-secret", self.received.append),
        )
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://daemon")


async def test_the_board_hook_takes_what_comes_under_its_secret() -> None:
    scene = _Scene()
    assert (await scene.http.post("/hooks/kaiten/the-secret", content=b"{}")).status_code == 200
    assert scene.received == [b"{}"]


@pytest.mark.parametrize(
    "path", ["/hooks/kaiten/another", "/hooks/another/the-secret", "/hooks/kaiten/", "/hooks/kaiten", "/", "/docs"]
)
async def test_nothing_else_answers(path: str) -> None:
    scene = _Scene()
    assert (await scene.http.post(path, content=b"{}")).status_code in (404, 405)
    assert scene.received == []


async def test_a_body_that_is_too_large_is_refused() -> None:
    scene = _Scene()
    answer = await scene.http.post("/hooks/kaiten/the-secret", content=b"x" * (LARGEST + 1))
    assert answer.status_code == 413
    assert scene.received == []


async def test_ready_means_both_sides_were_seen_lately_and_the_store_takes_writes() -> None:
    assert (await _Scene().http.get("/readyz")).status_code == 200
    for scene in (_Scene(seen=None), _Scene(seen=1_000.0), _Scene(writable=False)):
        answer = await scene.http.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["ready"] is False


async def test_alive_and_metrics_are_answered() -> None:
    scene = _Scene()
    assert (await scene.http.get("/healthz")).text == "ok"
    assert "connector_turn_seconds_bucket" in (await scene.http.get("/metrics")).text
