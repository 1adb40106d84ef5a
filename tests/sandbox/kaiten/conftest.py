"""A stand-in per test, spoken to in process or over a socket, on a clock the test moves."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette

import sandbox.kaiten

TOKENS = {name: f"sandbox-{name}-token" for name in ("bot", "anna", "igor")}


@dataclass(kw_only=True)
class Clock:
    """A moment and a count of seconds that pass only when told."""

    now: datetime = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    seconds: float = 100.0

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.seconds += seconds


@dataclass(kw_only=True)
class Office:
    """The stand-in with everybody who talks to it: the bot, two agents, and the control calls."""

    app: Starlette
    clock: Clock
    bot: httpx.AsyncClient
    anna: httpx.AsyncClient
    igor: httpx.AsyncClient
    control: httpx.AsyncClient
    board: dict[str, Any] = field(default_factory=dict)

    @property
    def column(self) -> dict[str, int]:
        return {column["title"]: column["id"] for column in self.board["columns"]}

    @property
    def lane(self) -> dict[str, int]:
        return {lane["title"]: lane["id"] for lane in self.board["lanes"]}

    async def boards(self) -> dict[str, dict[str, Any]]:
        """Boards of the first space, by title, with whole columns."""
        (space,) = (await self.bot.get("/tree-entities")).json()
        found = (await self.bot.get(f"/spaces/{space['id']}/boards")).json()
        return {board["title"]: (await self.bot.get(f"/boards/{board['id']}")).json() for board in found}

    async def card(self, **fields: Any) -> dict[str, Any]:
        """A card on the first board, made by the bot."""
        answer = await self.bot.post(
            "/cards", json={"title": "Не работает касса", "board_id": self.board["id"], **fields}
        )
        assert answer.status_code == 200, answer.text
        card: dict[str, Any] = answer.json()
        return card

    async def read(self, card: dict[str, Any]) -> dict[str, Any]:
        """The card as it is now."""
        answer = await self.bot.get(f"/cards/{card['id']}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def field_ids(self) -> dict[str, str]:
        """`id_<n>` of each custom property, by name."""
        found = (await self.bot.get("/company/custom-properties")).json()
        return {row["name"]: f"id_{row['id']}" for row in found}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def open_office(clock: Clock) -> AsyncIterator[Callable[..., Any]]:
    """Opens a stand-in in process; settings and options as for `sandbox.kaiten.app`."""
    async with AsyncExitStack() as stack:

        async def build(**options: Any) -> Office:
            app = sandbox.kaiten.app(clock=lambda: clock.now, monotonic=lambda: clock.seconds, **options)
            stack.callback(lambda: app.state.stand_in.company.close())
            transport = httpx.ASGITransport(app)
            clients = {
                name: await stack.enter_async_context(
                    httpx.AsyncClient(
                        transport=transport,
                        base_url="http://kaiten.test/api/latest",
                        headers={"Authorization": f"Bearer {token}"},
                    )
                )
                for name, token in TOKENS.items()
            }
            control = await stack.enter_async_context(
                httpx.AsyncClient(transport=transport, base_url="http://kaiten.test/sandbox")
            )
            office = Office(
                app=app,
                clock=clock,
                bot=clients["bot"],
                anna=clients["anna"],
                igor=clients["igor"],
                control=control,
            )
            boards = await office.boards()
            office.board = next(iter(boards.values()))
            return office

        yield build


@pytest.fixture
async def office(open_office: Callable[..., Any]) -> Office:
    found: Office = await open_office(rate_limit=10_000)
    return found


@asynccontextmanager
async def _served(app: Starlette) -> AsyncIterator[str]:
    config = uvicorn.Config(app, port=0, log_level="warning", ws="none", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await running


@pytest.fixture
def serve() -> Callable[[Starlette], AbstractAsyncContextManager[str]]:
    """Serves an application on a real socket; gives its address."""
    return _served


@pytest.fixture
async def served() -> AsyncIterator[tuple[Starlette, str]]:
    """The stand-in on a real socket: the application and its address."""
    app = sandbox.kaiten.app()
    async with _served(app) as address:
        yield app, address
    app.state.stand_in.company.close()
