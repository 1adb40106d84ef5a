"""A whole company for tests: both stand-ins on sockets, the real daemon as a process, and people who act."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import uvicorn
from starlette.applications import Starlette

import sandbox.kaiten
import sandbox.telegram
from tests.secret_scan import BOARD_TOKEN as BOARD_TOKEN
from tests.secret_scan import HOOK_SECRET as HOOK_SECRET
from tests.secret_scan import TELEGRAM_TOKEN as TELEGRAM_TOKEN

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class _Quiet(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Served:
    """ASGI applications on real sockets, in a thread with a loop of its own."""

    def __init__(self, **applications: Starlette) -> None:
        self.ports = {name: free_port() for name in applications}
        self._servers = [
            _Quiet(
                uvicorn.Config(
                    application, host="127.0.0.1", port=self.ports[name], log_config=None, access_log=False,
                    lifespan="off", timeout_graceful_shutdown=1,
                )
            )
            for name, application in applications.items()
        ]  # fmt: skip
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        until = time.monotonic() + 10
        while not all(server.started for server in self._servers):
            assert time.monotonic() < until, "the stand-ins did not start"
            time.sleep(0.01)

    def _run(self) -> None:
        async def serve() -> None:
            await asyncio.gather(*(server.serve() for server in self._servers))

        asyncio.run(serve())

    def close(self) -> None:
        for server in self._servers:
            server.should_exit = True
            server.force_exit = True
        self._thread.join(timeout=5)


@dataclass
class Company:
    """Two stand-ins and as many daemons as started. Use as a context manager."""

    folder: Path
    mapping: Path = ROOT / "mappings" / "support.example.yaml"
    database_url: str | None = None
    environment: dict[str, str] = field(default_factory=dict)
    telegram_options: dict[str, Any] = field(default_factory=dict)
    kaiten_options: dict[str, Any] = field(default_factory=dict)
    webhook: bool = True
    daemons: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._served = Served(
            telegram=sandbox.telegram.app(TELEGRAM_TOKEN, **self.telegram_options),
            kaiten=sandbox.kaiten.app(**self.kaiten_options),
        )
        self.telegram = httpx.Client(base_url=f"http://127.0.0.1:{self._served.ports['telegram']}", timeout=30)
        self.kaiten = httpx.Client(base_url=f"http://127.0.0.1:{self._served.ports['kaiten']}", timeout=30)
        self.web_port = free_port()
        if self.webhook:
            hook = f"http://127.0.0.1:{self.web_port}/hooks/kaiten/{HOOK_SECRET}"
            space = self._board("GET", "/api/latest/spaces")[0]["id"]
            self._board("POST", f"/api/latest/spaces/{space}/external-webhooks", json={"url": hook})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for daemon in self.daemons:
            if daemon.poll() is None:
                daemon.kill()
            daemon.wait(timeout=10)
        self.telegram.close()
        self.kaiten.close()
        self._served.close()

    # ---- the daemon

    def settings(self) -> dict[str, str]:
        """What the daemon is told, by environment alone."""
        return {
            "CONNECTOR_DATABASE_URL": self.database_url or f"sqlite:///{self.folder}/connector.db",
            "CONNECTOR_MAPPING": str(self.mapping),
            "CONNECTOR_TELEGRAM__TOKEN": TELEGRAM_TOKEN,
            "CONNECTOR_TELEGRAM__BASE_URL": str(self.telegram.base_url).rstrip("/"),
            "CONNECTOR_BOARD__TOOL": "kaiten",
            "CONNECTOR_BOARD__BASE_URL": f"{str(self.kaiten.base_url).rstrip('/')}/api/latest",
            "CONNECTOR_BOARD__TOKEN": BOARD_TOKEN,
            "CONNECTOR_BOARD__POLL_SECONDS": "1",
            "CONNECTOR_WEB__LISTEN": f"127.0.0.1:{self.web_port}" if self.webhook else "",
            "CONNECTOR_WEB__WEBHOOK_SECRET": HOOK_SECRET,
            **self.environment,
        }

    def start(self, **environment: str) -> subprocess.Popen[bytes]:
        """Starts a daemon; its log is appended to `daemon.log`."""
        bare = {name: value for name, value in os.environ.items() if not name.startswith("CONNECTOR_")}
        with (self.folder / "daemon.log").open("ab") as log:
            daemon = subprocess.Popen(
                [sys.executable, "-m", "cli", "run"], cwd=ROOT, env={**bare, **self.settings(), **environment},
                stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        self.daemons.append(daemon)
        return daemon

    def command(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """A command of an operator's beside the daemon, in its configuration, to its end."""
        bare = {name: value for name, value in os.environ.items() if not name.startswith("CONNECTOR_")}
        return subprocess.run(
            [sys.executable, "-m", "cli", *arguments], cwd=ROOT, env={**bare, **self.settings(), **environment},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    def log(self) -> str:
        """Everything the daemons said."""
        path = self.folder / "daemon.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def until(self, what: str, found: Callable[[], object], seconds: float = 20.0) -> Any:
        """Waits for something to be truthy; fails with the name of what was awaited and the end of the log."""
        until = time.monotonic() + seconds
        while True:
            seen = found()
            if seen:
                return seen
            if time.monotonic() > until:
                raise AssertionError(f"not seen within {seconds} s: {what}\n{self.log()[-4000:]}")
            time.sleep(0.02)

    # ---- clients

    def client(self, number: int, name: str | None = None, language: str = "ru") -> int:
        """A person with Telegram; returns the chat id."""
        person = {"id": number, "first_name": name or f"Клиент {number}", "language_code": language}
        self._chat("POST", "/sandbox/users", json=person)
        return number

    def says(self, chat: int, text: str, **more: Any) -> int:
        """A text message; returns its id."""
        return self.sends(chat, "text", text=text, **more)

    def sends(self, chat: int, kind: str, **more: Any) -> int:
        """A message of any kind; returns its id."""
        body = {"kind": kind, **more}
        return int(self._chat("POST", f"/sandbox/chats/{chat}/messages", json=body)["message_id"])

    def taps(self, chat: int, label: str) -> None:
        """A tap on the newest button of that label."""
        self._chat("POST", f"/sandbox/chats/{chat}/taps", json={"label": label})

    def chat(self, chat: int) -> dict[str, Any]:
        """The transcript."""
        found: dict[str, Any] = self._chat("GET", f"/sandbox/chats/{chat}")
        return found

    def from_bot(self, chat: int) -> list[dict[str, Any]]:
        """What the bot sent there."""
        return [message for message in self.chat(chat)["messages"] if message["from"] == "bot"]

    def register(self, chat: int, cabinet: str = "123456", topic: str = "Вопрос по продукту") -> None:
        """From /start to the chosen topic, waiting for the bot as a person does."""
        self.says(chat, "/start")
        self.until("the bot asks for the cabinet", lambda: self.from_bot(chat))
        self.says(chat, cabinet)
        self.choose(chat, topic)

    def choose(self, chat: int, topic: str) -> None:
        """Opens the topics if they are not shown, and taps one."""
        if not self._button(chat, topic):
            with contextlib.suppress(AssertionError):
                self.until("the topics", lambda: self._button(chat, topic), 1.0)
        if not self._button(chat, topic):
            self.says(chat, "/new")
            self.until("the topics", lambda: self._button(chat, topic))
        before = len(self.from_bot(chat))
        self.taps(chat, topic)
        self.until("an answer to the tap", lambda: len(self.from_bot(chat)) > before)

    def _button(self, chat: int, label: str) -> bool:
        return any(
            button.get("text") == label
            for message in self.from_bot(chat)
            for row in message.get("buttons") or []
            for button in row
        )

    # ---- the board

    def cards(self) -> list[dict[str, Any]]:
        """Every card that is not archived, with comments and files, as the page of the demo sees it."""
        return [
            {
                **card,
                "board": board["title"],
                "column": next(each["title"] for each in board["columns"] if each["id"] == card["column_id"]),
            }
            for space in self._board("GET", "/sandbox/board")["spaces"]
            for board in space["boards"]
            for card in board["cards"]
        ]

    def comments(self, card: int, user: str, text: str, **more: Any) -> dict[str, Any]:
        """An agent comments."""
        body = {"user": user, "text": text, **more}
        found: dict[str, Any] = self._board("POST", f"/sandbox/cards/{card}/comments", json=body)
        return found

    def moves(self, card: int, user: str, **where: Any) -> None:
        """An agent moves a card: `column`, `lane`, `board` by title."""
        self._board("POST", f"/sandbox/cards/{card}/move", json={"user": user, **where})

    def entrusts(self, card: int, user: str) -> None:
        """The card becomes a request of the board's own service desk."""
        self._board("PATCH", f"/sandbox/cards/{card}", json={"user": user, "service_id": 1})

    def board_calls(self) -> list[dict[str, Any]]:
        """Every call of the API."""
        found: list[dict[str, Any]] = self._board("GET", "/sandbox/calls")
        return found

    def _chat(self, method: str, path: str, **more: Any) -> Any:
        return self._asked(self.telegram, method, path, **more)

    def _board(self, method: str, path: str, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {BOARD_TOKEN}"} if path.startswith("/api") else {}
        return self._asked(self.kaiten, method, path, headers=headers, **more)

    @staticmethod
    def _asked(side: httpx.Client, method: str, path: str, **more: Any) -> Any:
        answer = side.request(method, path, **more)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


def stop(daemon: subprocess.Popen[bytes], with_signal: signal.Signals = signal.SIGTERM, within: float = 10.0) -> int:
    """Asks the daemon to stop; returns its exit code. Raises subprocess.TimeoutExpired when it takes longer."""
    daemon.send_signal(with_signal)
    return daemon.wait(timeout=within)
