"""What the tests of this room share: a clock, a budget and a spool, and Kaiten's stand-in behind a real socket."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import uvicorn

from adapters.kaiten import KaitenBoard
from connector.domain.effects import Urgency
from connector.domain.refs import Ref
from connector.domain.words import File, FileKind
from connector.ports import Rejected, Unavailable
from sandbox.kaiten import app

TOKEN = "sandbox-bot-token"


class OpenBudget:
    """A budget that lets everything pass and notes what it was told."""

    def __init__(self) -> None:
        self.calls: list[Urgency] = []
        self.holding = 0
        self.facts: list[tuple[int | None, int | None, float | None]] = []
        self.refusals: list[float] = []

    @asynccontextmanager
    async def call(self, urgency: Urgency, subject: str | None = None) -> AsyncIterator[None]:
        self.calls.append(urgency)
        self.holding += 1
        try:
            yield
        finally:
            self.holding -= 1

    def learned(self, *, limit: int | None, remaining: int | None, reset_after: float | None) -> None:
        self.facts.append((limit, remaining, reset_after))

    def refused(self, retry_after: float, subject: str | None = None) -> None:
        self.refusals.append(retry_after)


class FolderSpool:
    """Files that lie in a folder by the id of their ref; a file without bytes is refused by its source."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._paths: dict[str, Path] = {}
        self.opened: list[str] = []
        self.down = False

    def put(
        self, name: str, content: bytes | None, *, kind: FileKind = FileKind.DOCUMENT, obtainable: bool = True
    ) -> File:
        number = f"f{len(self._paths)}-{name}"
        path = self._folder / f"{len(self._paths)}.bin"
        self._paths[number] = path
        if content is not None:
            path.write_bytes(content)
        size = None if content is None else len(content)
        return File(ref=Ref(port="telegram", id=number), kind=kind, name=name, size=size, obtainable=obtainable)

    @asynccontextmanager
    async def open(self, file: File) -> AsyncIterator[Path]:
        self.opened.append(file.name)
        if self.down:
            raise Unavailable("the source is away", surely_not_done=True, elsewhere=True)
        path = self._paths[file.ref.id]
        if not path.exists():
            raise Rejected(f"{file.name} cannot be had")
        yield path


class SteppingClock:
    """Time that passes only while someone sleeps."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 22, 9, tzinfo=UTC)
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._now += timedelta(seconds=seconds)


@dataclass(slots=True)
class Kaiten:
    """The stand-in, with what tests do to it from outside."""

    url: str
    client: httpx.Client
    since: int = 0
    extra: dict[str, object] = field(default_factory=dict)

    @property
    def api(self) -> str:
        return f"{self.url}/api/latest"

    def order(self, method: str, path: str, body: object = None) -> object:
        answer = self.client.request(method, f"/sandbox{path}", json=body)
        assert answer.status_code < 300, answer.text
        parsed: object = answer.json()
        return parsed

    def settings(self, **changes: object) -> None:
        self.order("POST", "/settings", changes)

    def fault(self, path_regex: str, **fault: object) -> None:
        self.order("POST", "/faults", {"path_regex": path_regex, **fault})

    def say(self, card: int, text: str, user: str = "anna", **more: object) -> int:
        made = self.order("POST", f"/cards/{card}/comments", {"user": user, "text": text, **more})
        assert isinstance(made, dict)
        return int(made["id"])

    def calls(self) -> list[str]:
        """ "METHOD path" of every call of the API since last asked."""
        found = self.order("GET", f"/calls?since={self.since}")
        assert isinstance(found, list)
        self.since += len(found)
        return [f"{call['method']} {call['path'].removeprefix('/api/latest')}" for call in found]

    def get(self, path: str, **query: str) -> object:
        answer = self.client.get(f"/api/latest{path}", params=query, headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200, answer.text
        parsed: object = answer.json()
        return parsed

    def remove(self, path: str) -> None:
        answer = self.client.delete(f"/api/latest{path}", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200, answer.text

    def comments(self, card: int) -> list[dict[str, object]]:
        found = self.get(f"/cards/{card}/comments")
        assert isinstance(found, list)
        return found

    def files(self, card: int) -> list[dict[str, object]]:
        found = self.get(f"/cards/{card}")
        assert isinstance(found, dict)
        return list(found["files"])

    def cards(self) -> list[dict[str, object]]:
        found = self.get("/cards")
        assert isinstance(found, list)
        return found


@pytest.fixture(scope="session")
def stand_in() -> Iterator[str]:
    """The address of one stand-in for all tests."""
    # With the protocol told, so that answers are not held back for the next acknowledgement.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app(), log_level="error", lifespan="off", ws="none", timeout_keep_alive=30))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    until = time.monotonic() + 10
    while not server.started:
        assert time.monotonic() < until, "the stand-in did not start"
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    listening.close()


@pytest.fixture
def kaiten(stand_in: str) -> Iterator[Kaiten]:
    """The stand-in as it is at first."""
    with httpx.Client(base_url=stand_in, verify=False) as client:
        fresh = Kaiten(url=stand_in, client=client)
        fresh.order("POST", "/reset")
        fresh.order("DELETE", "/faults")
        fresh.settings(rate_limit=100_000, nulls_in_descending_order="last")  # the budget of these tests is open
        fresh.calls()
        yield fresh


@pytest.fixture
def budget() -> OpenBudget:
    return OpenBudget()


@pytest.fixture
def spool(tmp_path: Path) -> FolderSpool:
    return FolderSpool(tmp_path)


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


BoardAt = Callable[..., KaitenBoard]


@pytest.fixture
async def board_at(budget: OpenBudget, spool: FolderSpool) -> AsyncIterator[BoardAt]:
    """Boards at an address, closed after the test."""
    made: list[KaitenBoard] = []

    def make(base_url: str, **more: object) -> KaitenBoard:
        options: dict[str, object] = {"poll_seconds": 0.02, "look_pause": 0.01, **more}
        board = KaitenBoard(base_url=base_url, token=TOKEN, budget=budget, spool=spool, **options)  # type: ignore[arg-type]  # fields by their names
        made.append(board)
        return board

    yield make
    for board in made:
        await board.aclose()


@pytest.fixture
async def board(kaiten: Kaiten, board_at: BoardAt) -> KaitenBoard:
    """A board that knows the stand-in's layout and watches all its boards."""
    ready = board_at(kaiten.api)
    await ready.identify()
    layout = await ready.layout([])
    ready.watch([known.id for known in layout.boards])
    kaiten.calls()
    return ready
