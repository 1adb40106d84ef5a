"""Puts the parts together: settings and a mapping become one running daemon."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import signal
import socket
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TypeVar

from pydantic import SecretStr
from sqlalchemy import make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError, SQLAlchemyError

from adapters.kaiten import KaitenBoard
from adapters.registry import FileRegistry, HttpRegistry
from adapters.telegram import TelegramChat
from adapters.telegram.pace import pace
from connector.domain.policy import BoardPolicy, Policy
from connector.engine.budget import RateBudget
from connector.engine.daemon import Daemon, Unfit, calm_collector
from connector.engine.pulse import Pulse, line
from connector.engine.spool import DiskSpool
from connector.ports import Registry, Unavailable
from connector.settings import Settings
from connector.store.database import Database, open_database
from connector.store.shared_budget import sharing
from mappings.id_list import listed_ids
from mappings.load import Loaded, render
from mappings.resolve import resolve, spaces

T = TypeVar("T")

START_PATIENCE = 8.0
"""Seconds each side gets at the start before the daemon goes on without it."""


class BadDatabase(Exception):
    """The database cannot be opened; `invalid` when its URL is to blame."""

    def __init__(self, message: str, *, invalid: bool) -> None:
        super().__init__(message)
        self.invalid = invalid


async def run(settings: Settings, loaded: Loaded) -> None:
    """The daemon, until SIGTERM or SIGINT. Raises BadDatabase, Busy, WrongToken, Unfit before anything is started."""
    pulse = Pulse(holder=f"{socket.gethostname()}:{os.getpid()}:{os.urandom(3).hex()}")
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, pulse.stop)
    database = _database(settings)
    chat, board, backlog = adapters(settings, database, lambda side: pulse.metrics.refusals.labels(side).inc())
    registry = _registry(settings, loaded)
    try:
        policy, settle = await _introduce(loaded, chat, board, pulse)
        daemon = Daemon(
            database=database, chat=chat, board=board, registry=registry, policy=policy, settle_board=settle,
            pulse=pulse, board_backlog=backlog, lease=settings.lease_seconds,
        )  # fmt: skip
        if policy.board is not None:
            daemon.settled(policy.board)
        calm_collector()
        async with _served(settings, daemon, board):
            await daemon.run()
    finally:
        await chat.aclose()
        await board.aclose()
        if registry is not None:
            await registry.aclose()
        database.close()


def _database(settings: Settings) -> Database:
    try:
        return open_database(
            settings.database_url.get_secret_value(),
            copied=lambda copy: line(logging.INFO, "copied_before_upgrade", copy=str(copy)),
        )
    except (ArgumentError, NoSuchModuleError, ValueError):
        expected = "database_url: expected sqlite:///path/to/file.db or postgresql://user:password@host/name"
        raise BadDatabase(expected, invalid=True) from None
    except OperationalError as trouble:
        reason = str(trouble.orig).strip().splitlines()[0] if trouble.orig else "no reason given"
        raise BadDatabase(f"the database cannot be opened: {reason}", invalid=False) from None
    except (OSError, RuntimeError) as trouble:
        raise BadDatabase(f"the database cannot be opened: {trouble}", invalid=False) from None


def adapters(
    settings: Settings, database: Database | None, refused: Callable[[str], None] = lambda _: None
) -> tuple[TelegramChat, KaitenBoard, Callable[[int], float]]:
    """Both tools, each with the budget of its token, and how many seconds so many orders take the board.

    `refused` is told the side of each 429. Without a database nothing is shared and nothing is kept.
    """

    def share(side: str, token: SecretStr) -> Callable[[int, float, bool], Awaitable[float]] | None:
        fingerprint = hashlib.sha256(token.get_secret_value().encode()).hexdigest()[:12]
        return sharing(database, f"budget:{side}:{fingerprint}") if database is not None else None

    spool = DiskSpool(_files_folder(settings) if database is not None else Path(tempfile.mkdtemp()))
    telegram, kaiten = settings.telegram, settings.board
    chat_limit = telegram.calls_per_second
    chat_budget = RateBudget(
        limit=chat_limit,
        ceiling=chat_limit,
        pace=pace,
        share=share("chat", telegram.token),
        refused=lambda: refused("chat"),
    )
    board_budget = RateBudget(
        limit=kaiten.calls_per_second,
        ceiling=kaiten.calls_ceiling,
        share=share("board", kaiten.token),
        refused=lambda: refused("board"),
    )
    chat = TelegramChat(
        token=telegram.token.get_secret_value(), base_url=telegram.base_url, budget=chat_budget, spool=spool
    )
    board = KaitenBoard(
        base_url=kaiten.base_url, token=kaiten.token.get_secret_value(), budget=board_budget, spool=spool,
        poll_seconds=kaiten.poll_seconds,
    )  # fmt: skip
    spool.serve({chat.name: chat.fetch, board.name: board.fetch})
    return chat, board, lambda orders: orders / max(1, board_budget.limit)


def _registry(settings: Settings, loaded: Loaded) -> Registry | None:
    """Where account ids are looked up, if the mapping says so."""
    place = loaded.mapping.registry if loaded.mapping is not None else None
    if place is None:
        return None
    if place.file is not None:
        column = place.column
        return FileRegistry(path=place.file, read=lambda file: listed_ids(file, column))
    token = settings.registry.token
    return HttpRegistry(
        url=place.url or "", token=token.get_secret_value() if token is not None else None, timeout=place.timeout
    )


def _files_folder(settings: Settings) -> Path:
    """Where files on their way rest: of this daemon alone."""
    if settings.state_dir is not None:
        return settings.state_dir / f"files-{os.getpid()}"
    url = make_url(settings.database_url.get_secret_value())
    if url.get_backend_name() == "sqlite" and url.database:
        return Path(f"{url.database}.files")
    return Path(tempfile.gettempdir()) / f"connector-files-{os.getpid()}"


async def _introduce(
    loaded: Loaded, chat: TelegramChat, board: KaitenBoard, pulse: Pulse
) -> tuple[Policy, Callable[[], Coroutine[None, None, BoardPolicy]]]:
    """Who we are to both services, and the mapping against the live board; a side that is down does not stop us."""

    async def settle() -> BoardPolicy:
        assert loaded.mapping is not None
        name = await board.identify()
        line(logging.INFO, "known_as", side="board", name=name)
        resolved, problems = resolve(loaded.mapping, await board.layout(spaces(loaded.mapping)))
        if resolved is None:
            raise Unfit("The mapping does not fit the board:\n\n" + render(problems))
        return resolved

    async def patiently(side: str, coroutine: Coroutine[None, None, T]) -> T | None:
        try:
            async with asyncio.timeout(START_PATIENCE):
                return await coroutine
        except (Unavailable, TimeoutError) as trouble:
            reason = str(trouble) or "no answer"
            line(logging.WARNING, "unavailable_at_start", side=side, reason=reason, consequence="its work waits")
            return None

    name, resolved = await asyncio.gather(patiently("chat", chat.identify()), patiently("board", settle()))
    if name:
        pulse.sides["chat"].good()
        line(logging.INFO, "known_as", side="chat", name=name)
    return loaded.policy(resolved, limits=chat.limits), settle


@asynccontextmanager
async def _served(settings: Settings, daemon: Daemon, board: KaitenBoard) -> AsyncIterator[None]:
    """The web server beside the daemon, for as long as it runs."""
    if not settings.web.listen:
        yield
        return
    # Imported where it is wanted: the start of a daemon without it stays quick.
    import uvicorn

    from connector.web.app import web_app

    class Server(uvicorn.Server):
        @contextmanager
        def capture_signals(self) -> Generator[None, None, None]:
            yield  # signals are the daemon's

    async def writable() -> bool:
        try:
            await daemon.database.run(lambda connection: connection.execute(text("SELECT 1")).scalar())
        except SQLAlchemyError:
            return False
        return True

    secret = settings.web.webhook_secret
    host, _, port = settings.web.listen.rpartition(":")
    application = web_app(
        registry=daemon.pulse.metrics.registry,
        lately=lambda: {name: daemon.pulse.sides[name].last_good for name in ("chat", "board")},
        writable=writable,
        board_hook=(board.name, secret.get_secret_value(), board.receive) if secret else None,
    )
    server = Server(
        uvicorn.Config(application, host=host, port=int(port), log_config=None, access_log=False, lifespan="off")
    )
    task = asyncio.create_task(server.serve())
    try:
        yield
    finally:
        server.should_exit = True
        await task
