"""The demo as its tests hold it: the page alone, served from a thread, and the whole of it in a process."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from sandbox import kaiten, telegram
from sandbox.demo.page import page_app
from sandbox.loopback import address, listener, served

TOKEN = "4242:stand-in_TOKEN"
MARIA = 700100

ROOT = Path(__file__).parents[3]
MAPPING = ROOT / "mappings/support.example.yaml"
DAEMON = [sys.executable, "-m", "cli", "run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    url: str
    http: httpx.Client

    def bot(self, method: str, **parameters: Any) -> Any:
        """A bot's call, through the page's own address."""
        answer = self.http.post(f"/telegram/bot{TOKEN}/{method}", json=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    def chat(self, user_id: int) -> list[dict[str, Any]]:
        return list(self.http.get(f"/telegram/sandbox/chats/{user_id}").json()["messages"])

    def add_client(self, user_id: int = MARIA, first_name: str = "Мария") -> None:
        self.http.post("/telegram/sandbox/users", json={"id": user_id, "first_name": first_name}).raise_for_status()

    def write(self, text: str, user_id: int = MARIA) -> int:
        answer = self.http.post(f"/telegram/sandbox/chats/{user_id}/messages", json={"text": text})
        return int(answer.raise_for_status().json()["message_id"])

    def add_card(self, title: str, **fields: Any) -> int:
        body = {"user": "bot", "board": "Касса и оплата", "lane": "Сверхсрочно", "title": title, **fields}
        return int(self.http.post("/kaiten/sandbox/cards", json=body).raise_for_status().json()["id"])

    def comment(self, card: int, text: str, **fields: Any) -> None:
        body = {"user": "anna", "text": text, **fields}
        self.http.post(f"/kaiten/sandbox/cards/{card}/comments", json=body).raise_for_status()

    def card(self, card: int) -> dict[str, Any]:
        """The card, with its board and the title of its column and lane."""
        for space in self.http.get("/kaiten/sandbox/board").json()["spaces"]:
            for board in space["boards"]:
                for found in board["cards"]:
                    if found["id"] == card:
                        columns = {column["id"]: column["title"] for column in board["columns"]}
                        lanes = {lane["id"]: lane["title"] for lane in board["lanes"]}
                        return {
                            **found,
                            "board": board["title"],
                            "column": columns[found["column_id"]],
                            "lane": lanes[found["lane_id"]],
                        }
        raise AssertionError(f"no card {card}")


@contextmanager
def page_served() -> Iterator[Page]:
    with listener() as bound, _thread(bound), httpx.Client(base_url=address(bound), trust_env=False) as http:
        yield Page(url=address(bound), http=http)


@contextmanager
def _thread(bound: socket.socket) -> Iterator[None]:
    up = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        application = page_app(telegram.app(TOKEN, first_name="Поддержка"), kaiten.app(base_url=address(bound)))
        async with served((application, bound)):
            up.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert up.wait(10)
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """A demo whose story is over: where its page is, and what it has told so far."""

    process: subprocess.Popen[str]
    url: str
    told: str


def demo(*daemon: str, interactive: bool = False) -> list[str]:
    """The argument list of a process that plays."""
    call = f"play(daemon={list(daemon)!r}, mapping=Path({str(MAPPING)!r}), interactive={interactive}, speed=100.0)"
    script = f"import sys; from pathlib import Path; from sandbox.demo import play; sys.exit({call})"
    return [sys.executable, "-c", script]


@contextmanager
def playing(temporary: Path) -> Iterator[Performance]:
    """The real daemon between the stand-ins, with the page served; its files lie in `temporary`."""
    variables = {**os.environ, "TMPDIR": str(temporary), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        demo(*DAEMON, interactive=True),
        cwd=ROOT,
        env=variables,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdout is not None
        try:
            told = ""
            while "Ctrl-C" not in told:
                line = process.stdout.readline()
                assert line, told
                told += line
            found = re.search(r"http://127\.0\.0\.1:\d+", told)
            assert found is not None, told
            yield Performance(process=process, url=found.group(), told=told)
        finally:
            if process.poll() is None:
                process.terminate()
                process.communicate(timeout=20)
