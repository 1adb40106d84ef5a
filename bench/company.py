"""A company to measure: stand-ins in one process, the real daemon in another, and people who act over HTTP."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from bench.place import Place
from bench.running import Stuck

T = TypeVar("T")
TELEGRAM_TOKEN = "4200:sandbox-telegram-token"
BOARD_TOKEN = "sandbox-bot-token"
HOOK_SECRET = "hook-secret-of-the-bench"
FIRST_CHAT = 700_000
PREFIX = "CONNECTOR_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One API call as a stand-in saw it; `at` and `ended` are seconds of the machine's monotonic clock."""

    seq: int
    method: str
    path: str
    query: Mapping[str, str]
    at: float
    ended: float
    status: int | None
    chat: int | None = None
    text: str = ""


@dataclass
class Company:
    """Use as a context manager. `settings` are added to the daemon's environment, `webhook` tells it of changes."""

    place: Place
    name: str
    settings: Mapping[str, str] = field(default_factory=dict)
    webhook: bool = True
    poll_seconds: float = 3.0
    daemon: subprocess.Popen[bytes] | None = None
    _read: int = 0

    def __enter__(self) -> Self:
        self.folder = self.place.folder / self.name
        self.folder.mkdir()
        self._stand_ins = subprocess.Popen(
            [sys.executable, "-m", "bench.stand_ins", TELEGRAM_TOKEN],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=_root(), env=_bare_environment(),
        )  # fmt: skip
        assert self._stand_ins.stdout is not None
        told = self._stand_ins.stdout.readline()
        if not told:
            raise Stuck("the stand-ins did not start")
        addresses = json.loads(told)
        self.telegram = httpx.Client(base_url=addresses["telegram"], timeout=60)
        self.kaiten = httpx.Client(base_url=addresses["kaiten"], timeout=60)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._web = f"127.0.0.1:{probe.getsockname()[1]}"
        if self.webhook:
            space = self.board("GET", "/api/latest/spaces")[0]["id"]
            hook = {"url": f"http://{self._web}/hooks/kaiten/{HOOK_SECRET}"}
            self.board("POST", f"/api/latest/spaces/{space}/external-webhooks", json=hook)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self.telegram.close()
        self.kaiten.close()
        for pipe in (self._stand_ins.stdin, self._stand_ins.stdout):
            assert pipe is not None
            pipe.close()
        try:
            self._stand_ins.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._stand_ins.kill()
            self._stand_ins.wait()

    # ---- the daemon

    def start(self, **more: str) -> float:
        """Starts the daemon; returns the seconds until it said that it has started. Raises Stuck."""
        web = {"CONNECTOR_WEB__LISTEN": self._web, "CONNECTOR_WEB__WEBHOOK_SECRET": HOOK_SECRET} if self.webhook else {}
        environment = {
            "CONNECTOR_DATABASE_URL": f"sqlite:///{self.folder}/connector.db",
            "CONNECTOR_MAPPING": str(self.place.mapping),
            "CONNECTOR_TELEGRAM__TOKEN": TELEGRAM_TOKEN,
            "CONNECTOR_TELEGRAM__BASE_URL": str(self.telegram.base_url).rstrip("/"),
            "CONNECTOR_BOARD__BASE_URL": f"{str(self.kaiten.base_url).rstrip('/')}/api/latest",
            "CONNECTOR_BOARD__TOKEN": BOARD_TOKEN,
            "CONNECTOR_BOARD__POLL_SECONDS": str(self.poll_seconds),
            **web,
            **self.settings,
            **more,
        }
        log = self.folder / "daemon.log"
        begins = log.stat().st_size if log.exists() else 0
        begun = time.perf_counter()
        with log.open("ab") as sink:
            self.daemon = subprocess.Popen(
                [*self.place.daemon], cwd=self.folder, env={**_bare_environment(), **environment},
                stdin=subprocess.DEVNULL, stdout=sink, stderr=sink,
            )  # fmt: skip
        self.until("the daemon has started", lambda: b'"started"' in log.read_bytes()[begins:], every=0.005)
        return time.perf_counter() - begun

    def stop(self) -> None:
        """Asks the daemon to stop, then makes it."""
        if self.daemon is None:
            return
        self.daemon.terminate()
        try:
            self.daemon.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            self.daemon.wait()
        self.daemon = None

    def until(self, what: str, found: Callable[[], T], seconds: float = 60.0, every: float = 0.02) -> T:
        """Waits for something to be truthy. Raises Stuck with the end of the log."""
        until = time.monotonic() + seconds
        while True:
            if seen := found():
                return seen
            ended = self.daemon.poll() if self.daemon is not None else None
            if time.monotonic() > until or ended is not None:
                said = "" if ended is None else f"; the daemon ended with {ended}"
                raise Stuck(f"not seen within {seconds:.0f} s: {what}{said}\n{self.log()[-3000:]}")
            time.sleep(every)

    def log(self) -> str:
        """Everything the daemon said."""
        path = self.folder / "daemon.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    # ---- people

    def says(self, chat: int, text: str) -> float:
        """A client writes; returns the moment before, on the monotonic clock both stand-ins use."""
        begun = time.monotonic()
        self.chat("POST", f"/sandbox/chats/{chat}/messages", json={"kind": "text", "text": text})
        return begun

    def register(self, count: int) -> list[int]:
        """So many clients who need only write to open a request; waits until the bot has nothing more to say.

        Works with a daemon of its own, which may write as fast as it likes.
        """
        chats = [FIRST_CHAT + number for number in range(count)]
        self.chat("POST", "/sandbox/limits", json={"overall_per_second": None})
        self.start(CONNECTOR_TELEGRAM__CALLS_PER_SECOND="1000")
        for chat in chats:
            person = {"id": chat, "first_name": f"Клиент {chat}", "language_code": "ru"}
            self.chat("POST", "/sandbox/users", json=person)
        for words in ("/start", "123456", "1"):
            for chat in chats:
                self.says(chat, words)
        self.quiet()
        self.stop()
        self.chat("POST", "/sandbox/limits", json={"overall_per_second": 30})
        return chats

    def quiet(self, for_seconds: float = 1.2, seconds: float = 600.0) -> None:
        """Waits until neither side has been written to for a while. Raises Stuck."""
        writes, since = -1, time.monotonic()
        until = since + seconds
        while time.monotonic() - since < for_seconds:
            state = self.chat("GET", "/sandbox/state")
            counts = self.board("GET", "/sandbox/state")["counts"]
            now = state["calls"] + counts["changes"] + 1_000_000 * state["pending_updates"]
            if now != writes:
                writes, since = now, time.monotonic()
            if time.monotonic() > until:
                raise Stuck(f"it does not come to rest within {seconds:.0f} s\n{self.log()[-3000:]}")
            time.sleep(0.1)

    # ---- what the stand-ins saw

    def chat_calls(self, since: int = 0) -> list[Call]:
        """Calls of the Bot API after the `since`th, without the long polls."""
        found = self.chat("GET", f"/sandbox/calls?since={since}")
        return [
            Call(
                seq=call["seq"], method=call["method"], path="", query={}, at=call["monotonic"],
                ended=call["monotonic"] + (call["took_seconds"] or 0.0), status=call["status"],
                chat=call["chat_id"], text=str(call["params"].get("text", "")),
            )
            for call in found
            if call["method"] != "getUpdates"
        ]  # fmt: skip

    def board_calls(self, since: int = 0) -> list[Call]:
        """Calls of Kaiten's API by the daemon after the `since`th."""
        return [
            Call(
                seq=call["seq"], method=call["method"], path=call["path"].removeprefix("/api/latest"),
                query=call["query"], at=call["monotonic"], ended=call["monotonic"] + (call["seconds"] or 0.0),
                status=call["status"],
            )
            for call in self.board("GET", f"/sandbox/calls?since={since}")
        ]  # fmt: skip

    def rate(self) -> dict[str, Any]:
        """How the daemon kept to the board's limit, since the stand-ins started."""
        found: dict[str, Any] = self.board("GET", "/sandbox/state")["rate"].get("bot", {})
        return found

    def cards(self) -> list[dict[str, Any]]:
        """Every card on the board."""
        shown = self.board("GET", "/sandbox/board")
        return [card for space in shown["spaces"] for board in space["boards"] for card in board["cards"]]

    def chat(self, method: str, path: str, **more: Any) -> Any:
        """The control API of the Telegram stand-in."""
        return _asked(self.telegram, method, path, **more)

    def board(self, method: str, path: str, **more: Any) -> Any:
        """The control API of the Kaiten stand-in, or the API itself as the bot."""
        headers = {"Authorization": f"Bearer {BOARD_TOKEN}"} if path.startswith("/api") else {}
        return _asked(self.kaiten, method, path, headers=headers, **more)


def _asked(side: httpx.Client, method: str, path: str, **more: Any) -> Any:
    answer = side.request(method, path, **more)
    if not answer.is_success:
        raise Stuck(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
    return answer.json() if answer.content else None


def _bare_environment() -> dict[str, str]:
    """Ours without the connector's own settings: a real token must never come into a measurement."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}


def _root() -> Path:
    return Path(__file__).resolve().parents[1]
