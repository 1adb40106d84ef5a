"""Puts the parts together: settings and a mapping become one running daemon."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import logging
import os
import signal
import socket
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import SecretStr
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from adapters.kaiten import KaitenBoard
from adapters.registry import FileRegistry, HttpRegistry
from adapters.telegram import TelegramChat
from adapters.telegram.pace import pace
from connector.domain.layout import Layout
from connector.domain.policy import BoardPolicy, Policy
from connector.engine.budget import RateBudget
from connector.engine.daemon import Daemon, Unfit, calm_collector
from connector.engine.intake import take_in
from connector.engine.metrics import Metrics
from connector.engine.pulse import Pulse, line
from connector.engine.spool import DiskSpool
from connector.engine.supervising import Supervisor
from connector.ports import Registry, Unavailable, WrongToken
from connector.settings import PUSHED_TO, Settings
from connector.store import runs
from connector.store.database import Database, open_database, visit_database
from connector.store.engines import named, place_of
from connector.store.file_lock import daemon_on
from connector.store.measuring import prove_writable
from connector.store.retelling import keep_layout
from connector.store.runs import Run
from connector.store.shared_budget import sharing
from mappings.id_list import listed_ids
from mappings.load import Loaded, render
from mappings.resolve import resolve, spaces

if TYPE_CHECKING:
    from connector.web.app import Hook

T = TypeVar("T")

GRACE_POLLS = 5
"""Looks at the board during which a change there is on its way to us, no difference."""
START_PATIENCE = 8.0
"""Seconds each side gets at the start before the daemon goes on without it."""


class BadDatabase(Exception):
    """The database cannot be opened; `invalid` when its URL is to blame."""

    def __init__(self, message: str, *, invalid: bool) -> None:
        super().__init__(message)
        self.invalid = invalid


class CannotServe(Exception):
    """The address of `web.listen` is taken, or is none of this machine."""


async def run(settings: Settings, loaded: Loaded) -> None:
    """The daemon, until SIGTERM or SIGINT.

    Raises BadDatabase, Busy, CannotServe, WrongToken, Unfit before anything is started.
    """
    pulse = Pulse(holder=f"{socket.gethostname()}:{os.getpid()}:{os.urandom(3).hex()}")
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, pulse.stop)
    database = _database(settings)
    chat, board, backlog = adapters(settings, database, pulse.metrics)
    registry = _registry(settings, loaded)
    try:
        policy, settle = await _introduce(loaded, chat, board, pulse, database)
        daemon = Daemon(
            database=database, chat=chat, board=board, registry=registry, policy=policy, settle_board=settle,
            pulse=pulse, board_backlog=backlog, lease=settings.lease_seconds, pending=lambda: chat.pending_updates,
            heal_every=settings.heal_seconds, grace=GRACE_POLLS * settings.board.poll_seconds,
        )  # fmt: skip
        if policy.board is not None:
            daemon.settled(policy.board)
        calm_collector()
        async with _served(settings, daemon, chat, board), _supervised(pulse):
            await daemon.run()
    finally:
        await chat.aclose()
        await board.aclose()
        if registry is not None:
            await registry.aclose()
        database.close()


async def compare(settings: Settings, loaded: Loaded, run: str, shown: Callable[[Run], None]) -> None:
    """That run of comparison while no daemon runs; `shown` is told how far it is. The chat is neither read nor told.

    SIGINT or SIGTERM stops it after the card in hand. Raises BadDatabase, Busy, WrongToken, Unavailable, Unfit.
    """
    assert loaded.mapping is not None
    pulse = Pulse(holder=f"{socket.gethostname()}:{os.getpid()}:{os.urandom(3).hex()}")
    asked = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, asked.set)
    database = _database(settings)
    chat, board, _ = adapters(settings, database)

    async def told() -> Run:
        found = await database.run(lambda connection: runs.read_run(connection, run))
        assert found is not None
        return found

    try:
        await board.identify()
        resolved, problems = resolve(loaded.mapping, await board.layout(spaces(loaded.mapping)))
        if resolved is None:
            raise Unfit("The mapping does not fit the board:\n\n" + render(problems))
        daemon = Daemon(
            database=database, chat=chat, board=board, policy=loaded.policy(resolved, limits=chat.limits),
            settle_board=_settled_already, pulse=pulse, lease=settings.lease_seconds,
        )  # fmt: skip
        working = asyncio.create_task(daemon.compare(await told()))
        while not working.done():
            await asyncio.wait((working,), timeout=0.2)
            if asked.is_set():
                await database.run(lambda connection: runs.ask_to_stop(connection, database.now(connection), run))
            shown(await told())
        await working
    except (Unavailable, WrongToken, Unfit) as trouble:
        reason = str(trouble)
        await database.run(
            lambda connection: runs.change_run(
                connection, database.now(connection), run, stage=runs.Stage.FAILED, reason=reason
            )
        )
        raise
    finally:
        await chat.aclose()
        await board.aclose()
        database.close()


@asynccontextmanager
async def looking(settings: Settings, loaded: Loaded) -> AsyncIterator[tuple[KaitenBoard, Policy, Layout]]:
    """The board for a command that only reads it, the mapping settled on it, and its layout.

    Beside a daemon on SQLite, which knows nothing of it, it makes one call a second. Raises WrongToken, Unavailable,
    Unfit.
    """
    assert loaded.mapping is not None
    url = settings.database_url.get_secret_value()
    if daemon_on(url) is not None:
        slow = settings.board.model_copy(update={"calls_per_second": 1, "calls_ceiling": 1})
        settings = settings.model_copy(update={"board": slow})
    shared = isinstance(place_of(url), URL)
    database = visit_database(url, to_write=True) if shared else None
    chat, board, _ = adapters(settings, database)
    try:
        await board.identify()
        layout = await board.layout(spaces(loaded.mapping))
        resolved, problems = resolve(loaded.mapping, layout)
        if resolved is None:
            raise Unfit("The mapping does not fit the board:\n\n" + render(problems))
        yield board, loaded.policy(resolved, limits=chat.limits), layout
    finally:
        await chat.aclose()
        await board.aclose()
        if database is not None:
            database.close()


async def _settled_already() -> BoardPolicy:
    raise AssertionError("the board was settled before")


def _database(settings: Settings) -> Database:
    try:
        return open_database(
            settings.database_url.get_secret_value(),
            copied=lambda copy: line(logging.INFO, "copied_before_upgrade", copy=str(copy)),
        )
    except ValueError as wrong:
        raise BadDatabase(f"database_url: {wrong}", invalid=True) from None
    except DBAPIError as trouble:
        reason = str(trouble.orig).strip().splitlines()[0] if trouble.orig else "no reason given"
        raise BadDatabase(f"{_named(settings)} cannot be opened: {reason}", invalid=False) from None
    except (OSError, RuntimeError) as trouble:
        raise BadDatabase(f"{_named(settings)} cannot be opened: {trouble}", invalid=False) from None


def _named(settings: Settings) -> str:
    return f"the database {named(settings.database_url.get_secret_value())}"


def adapters(
    settings: Settings, database: Database | None, metrics: Metrics | None = None
) -> tuple[TelegramChat, KaitenBoard, Callable[[int], float]]:
    """Both tools, each with the budget of its token, and how many seconds so many orders take the board.

    `metrics` are told each call, each 429 and what is left of the budgets. Without a database nothing is shared and
    nothing is kept. Raises Unfit where files cannot rest on their way.
    """
    metrics = metrics or Metrics()

    def share(side: str, token: SecretStr) -> Callable[[int, float, bool], Awaitable[float]] | None:
        fingerprint = hashlib.sha256(token.get_secret_value().encode()).hexdigest()[:12]
        return sharing(database, f"budget:{side}:{fingerprint}") if database is not None else None

    spool = _spool(files_folder(settings) if database is not None else Path(tempfile.mkdtemp()))
    telegram, kaiten = settings.telegram, settings.board
    chat_limit = telegram.calls_per_second
    chat_budget = RateBudget(
        limit=chat_limit,
        ceiling=chat_limit,
        pace=pace,
        share=share("chat", telegram.token),
        refused=metrics.refusals.labels("chat").inc,
    )
    board_budget = RateBudget(
        limit=kaiten.calls_per_second,
        ceiling=kaiten.calls_ceiling,
        share=share("board", kaiten.token),
        refused=metrics.refusals.labels("board").inc,
    )
    metrics.budget.labels("chat").set_function(lambda: chat_budget.left)
    metrics.budget.labels("board").set_function(lambda: board_budget.left)
    secret = telegram.webhook_secret
    chat = TelegramChat(
        token=telegram.token.get_secret_value(), base_url=telegram.base_url, budget=chat_budget, spool=spool,
        push_to=(telegram.webhook_url, secret.get_secret_value()) if telegram.webhook_url and secret else None,
        observe=metrics.observer("chat"),
    )  # fmt: skip
    board = KaitenBoard(
        base_url=kaiten.base_url, token=kaiten.token.get_secret_value(), budget=board_budget, spool=spool,
        poll_seconds=kaiten.poll_seconds, observe=metrics.observer("board"),
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


def _spool(folder: Path) -> DiskSpool:
    try:
        return DiskSpool(folder)
    except OSError as trouble:
        if trouble.errno not in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
            raise
        remedy = "Set CONNECTOR_STATE_DIR to a folder that this user may write in."
        raise Unfit(f"{folder}, where files rest on their way, cannot be made: {trouble.strerror}. {remedy}") from None


def files_folder(settings: Settings) -> Path:
    """Where files on their way rest: of this daemon alone."""
    place = place_of(settings.database_url.get_secret_value())
    if settings.state_dir is not None:
        # Where one daemon alone can be, the next one finds what a killed one left, and empties it.
        return settings.state_dir / ("files" if isinstance(place, Path) else f"files-{os.getpid()}")
    if isinstance(place, Path):
        return Path(f"{place}.files")
    return Path(tempfile.gettempdir()) / f"connector-files-{os.getpid()}"


async def _introduce(
    loaded: Loaded, chat: TelegramChat, board: KaitenBoard, pulse: Pulse, database: Database
) -> tuple[Policy, Callable[[], Coroutine[None, None, BoardPolicy]]]:
    """Who we are to both services, and the mapping against the live board; a side that is down does not stop us."""

    async def settle() -> BoardPolicy:
        assert loaded.mapping is not None
        name = await board.identify()
        line(logging.INFO, "known_as", side="board", name=name)
        layout = await board.layout(spaces(loaded.mapping))
        resolved, problems = resolve(loaded.mapping, layout)
        if resolved is None:
            raise Unfit("The mapping does not fit the board:\n\n" + render(problems))
        cabinet = loaded.mapping.content.cabinet
        tag = cabinet.tag if cabinet is not None else None
        await database.run(lambda connection: keep_layout(connection, layout, of_people=tag))
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
async def _supervised(pulse: Pulse) -> AsyncIterator[None]:
    """Tells the service manager, where there is one: both sides were asked by now, and whoever listens is listening."""
    supervisor = Supervisor()
    supervisor.tell("READY=1")
    watching = asyncio.create_task(supervisor.watch(pulse))
    try:
        yield
    finally:
        pulse.stop()
        await watching


@asynccontextmanager
async def _served(settings: Settings, daemon: Daemon, chat: TelegramChat, board: KaitenBoard) -> AsyncIterator[None]:
    """The web server beside the daemon, for as long as it runs. Raises CannotServe."""
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
            await daemon.database.run(lambda connection: prove_writable(connection, daemon.database.now(connection)))
        except SQLAlchemyError:
            return False
        return True

    host, _, port = settings.web.listen.rpartition(":")
    metrics = daemon.pulse.metrics
    application = web_app(
        registry=metrics.registry,
        lately=lambda: {name: daemon.pulse.sides[name].last_good for name in ("chat", "board")},
        writable=writable,
        oldest=lambda: daemon.gauges.oldest,
        hooks=tuple(_hooks(settings, daemon, chat, board)),
        counted=lambda side, status: metrics.hooks.labels(side, str(status)).inc(),
    )
    server = Server(
        uvicorn.Config(
            application, host=host.strip("[]"), port=int(port), log_config=None, access_log=False, lifespan="off",
            server_header=False, limit_concurrency=256, timeout_graceful_shutdown=3,
        )
    )  # fmt: skip
    listening = _listening(host.strip("[]"), int(port))
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield
    finally:
        server.should_exit = True
        await task


def _listening(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=256
        )
    except OSError as trouble:
        raise CannotServe(f"web.listen: {host}:{port} cannot be listened on: {trouble.strerror or trouble}") from None


def _hooks(settings: Settings, daemon: Daemon, chat: TelegramChat, board: KaitenBoard) -> Iterator[Hook]:
    from connector.web.app import Hook

    async def hinted(body: bytes) -> bool:
        board.receive(body)  # a hint only; the poll is the truth
        return True

    async def pushed(body: bytes) -> bool:
        if daemon.pauses.reads_not("chat"):
            return False  # it stays with Telegram until the pause is over
        try:
            await take_in(daemon.database, daemon.pulse, "chat", await chat.receive(body))
        except (Unavailable, WrongToken, SQLAlchemyError):
            return False
        return True

    board_secret, chat_secret = settings.web.webhook_secret, settings.telegram.webhook_secret
    if board_secret is not None:
        path = f"/hooks/{board.name}"
        yield Hook(side="board", path=path, secret=board_secret.get_secret_value(), take=hinted, in_path=True)
    if settings.telegram.webhook_url and chat_secret is not None:
        secret = chat_secret.get_secret_value()
        yield Hook(side="chat", path=PUSHED_TO, secret=secret, take=pushed, in_path=False)
