"""The command `connector`: the only place where the parts are put together."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeVar
from urllib.parse import urlsplit

import typer

# What a command needs is imported when it runs: `--help` and the start of the daemon stay quick.
if TYPE_CHECKING:
    from pydantic import SecretStr

    from adapters.kaiten import KaitenBoard
    from adapters.telegram import TelegramChat
    from connector.domain.layout import Layout
    from connector.domain.policy import BoardPolicy, Policy
    from connector.engine.daemon import Daemon
    from connector.engine.pulse import Pulse
    from connector.settings import Settings
    from connector.store.database import Database
    from mappings.load import Loaded

T = TypeVar("T")

app = typer.Typer(
    name="connector",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=(
        "Links a company's Telegram support bot to its Kanban board: a client's words become a card and its comments, "
        "an agent's comment becomes an answer in the chat.\n\n"
        "Exit codes: 0 done · 1 failed · 2 wrong usage · 3 configuration or mapping invalid · "
        "4 a service refused (token, rights) · 5 a service cannot be reached · 75 another daemon has the database."
    ),
    epilog=(
        "Examples:\n\n"
        "  connector demo                              see it work, with nothing but this machine\n\n"
        "  connector check --config config.yaml        every problem of configuration and mapping at once\n\n"
        "  connector check --live --config config.yaml the same against the real bot and board\n\n"
        "  connector run --config config.yaml          the daemon; Ctrl-C or SIGTERM stops it properly"
    ),
)

INVALID, REFUSED, UNREACHABLE, BUSY = 3, 4, 5, 75

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", envvar="CONNECTOR_CONFIG", show_default=False,
        help="The configuration file [default: ./config.yaml if it is there, else the environment alone]",
    ),
]  # fmt: skip


def main() -> None:
    """Entry point."""
    app()


def _fail(code: int, *lines: str) -> NoReturn:
    for text in lines:
        print(text, file=sys.stderr)
    raise typer.Exit(code)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"connector {installed_version('kanban-connector')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


# ---- run


@app.command()
def run(config: ConfigOption = None) -> None:
    """Run the daemon in the foreground until SIGTERM or Ctrl-C."""
    from sqlalchemy.exc import SQLAlchemyError

    from connector.engine.daemon import Unfit
    from connector.ports import WrongToken
    from connector.store.database import Busy

    settings, loaded = _load(config)
    try:
        asyncio.run(_run(settings, loaded))
    except Busy as busy:
        _fail(BUSY, str(busy))
    except WrongToken as refused:
        remedy = "Set the right token: CONNECTOR_TELEGRAM__TOKEN, CONNECTOR_BOARD__TOKEN."
        _fail(REFUSED, f"{refused}. Nothing was started.", remedy)
    except Unfit as unfit:
        _fail(INVALID, str(unfit), "", "Nothing was started.")
    except SQLAlchemyError as trouble:
        reason = type(trouble).__name__
        _fail(UNREACHABLE, f"the database failed: {reason}. What was acknowledged is safe; start again.")
    except _BadDatabase as bad:
        _fail(INVALID if bad.invalid else UNREACHABLE, str(bad))


class _BadDatabase(Exception):
    def __init__(self, message: str, *, invalid: bool) -> None:
        super().__init__(message)
        self.invalid = invalid


async def _run(settings: Settings, loaded: Loaded) -> None:
    from connector.engine.daemon import Daemon, calm_collector
    from connector.engine.pulse import Pulse

    pulse = Pulse(holder=f"{socket.gethostname()}:{os.getpid()}:{os.urandom(3).hex()}")
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, pulse.stop)
    database = _open_database(settings)
    chat, board, backlog = _adapters(settings, database, lambda side: pulse.metrics.refusals.labels(side).inc())
    try:
        policy, settle = await _introduce(loaded, chat, board, pulse)
        daemon = Daemon(
            database=database, chat=chat, board=board, policy=policy, settle_board=settle, pulse=pulse,
            board_backlog=backlog, lease=settings.lease_seconds,
        )  # fmt: skip
        if policy.board is not None:
            daemon.settled(policy.board)
        calm_collector()
        async with _served(settings, daemon, board):
            await daemon.run()
    finally:
        await chat.aclose()
        await board.aclose()
        database.close()


def _open_database(settings: Settings) -> Database:
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError

    from connector.store.database import open_database

    try:
        return open_database(settings.database_url.get_secret_value())
    except (ArgumentError, NoSuchModuleError, ValueError):
        expected = "database_url: expected sqlite:///path/to/file.db or postgresql://user:password@host/name"
        raise _BadDatabase(expected, invalid=True) from None
    except OperationalError as trouble:
        reason = str(trouble.orig).strip().splitlines()[0] if trouble.orig else "no reason given"
        raise _BadDatabase(f"the database cannot be opened: {reason}", invalid=False) from None
    except (OSError, RuntimeError) as trouble:
        raise _BadDatabase(f"the database cannot be opened: {trouble}", invalid=False) from None


def _adapters(
    settings: Settings, database: Database | None, refused: Callable[[str], None] = lambda _: None
) -> tuple[TelegramChat, KaitenBoard, Callable[[int], float]]:
    """Both tools, each with the budget of its token, and how many seconds so many orders take the board.

    `refused` is told the side of each 429.
    """
    from adapters.kaiten import KaitenBoard
    from adapters.telegram import TelegramChat
    from connector.engine.budget import RateBudget
    from connector.engine.spool import DiskSpool
    from connector.store.shared_budget import sharing

    def share(side: str, token: SecretStr) -> Callable[[int, float, bool], Awaitable[float]] | None:
        fingerprint = hashlib.sha256(token.get_secret_value().encode()).hexdigest()[:12]
        return sharing(database, f"budget:{side}:{fingerprint}") if database is not None else None

    spool = DiskSpool(_files_folder(settings) if database is not None else Path(tempfile.mkdtemp()))
    telegram, kaiten = settings.telegram, settings.board
    chat_limit = telegram.calls_per_second
    chat_budget = RateBudget(
        limit=chat_limit,
        ceiling=chat_limit,
        pace=_chat_pace,
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


def _chat_pace(chat: str) -> tuple[float, float]:
    """About one message a second in a chat with a short burst; twenty a minute in a group (its id is negative)."""
    return (1 / 3, 10.0) if chat.startswith("-") else (1.0, 12.0)


def _files_folder(settings: Settings) -> Path:
    """Where files on their way rest: of this daemon alone."""
    from sqlalchemy import make_url

    if settings.state_dir is not None:
        return settings.state_dir / f"files-{os.getpid()}"
    url = make_url(settings.database_url.get_secret_value())
    if url.get_backend_name() == "sqlite" and url.database:
        return Path(f"{url.database}.files")
    return Path(tempfile.gettempdir()) / f"connector-files-{os.getpid()}"


START_PATIENCE = 8.0
"""Seconds each side gets at the start before the daemon goes on without it."""


async def _introduce(
    loaded: Loaded, chat: TelegramChat, board: KaitenBoard, pulse: Pulse
) -> tuple[Policy, Callable[[], Coroutine[None, None, BoardPolicy]]]:
    """Who we are to both services, and the mapping against the live board; a side that is down does not stop us."""
    from connector.engine.daemon import Unfit
    from connector.engine.pulse import line
    from connector.ports import Unavailable
    from mappings.load import render
    from mappings.resolve import resolve, spaces

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
    import uvicorn
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

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


def _load(config: Path | None) -> tuple[Settings, Loaded]:
    """Configuration and mapping, or every problem of both at once and exit 3."""
    from connector.logs import set_up
    from connector.settings import BadSettings, load_settings
    from mappings.load import load, render
    from mappings.problems import Severity

    if config is None and Path("config.yaml").is_file():
        config = Path("config.yaml")
    try:
        settings = load_settings(config)
    except BadSettings as bad:
        _fail(INVALID, *bad.problems, "", "Nothing was started.")
    secrets = [settings.telegram.token.get_secret_value(), settings.board.token.get_secret_value()]
    if settings.web.webhook_secret:
        secrets.append(settings.web.webhook_secret.get_secret_value())
    password = urlsplit(settings.database_url.get_secret_value()).password
    set_up([*secrets, *([password] if password else [])])
    loaded = load(settings.mapping)
    if loaded.problems:
        print(render(loaded.problems), file=sys.stderr)
    errors = [problem for problem in loaded.problems if problem.severity is Severity.ERROR]
    if errors:
        _fail(INVALID, "", f"{len(errors)} error(s) in {settings.mapping}. Nothing was started.")
    return settings, loaded


# ---- check


@app.command()
def check(
    config: ConfigOption = None,
    live: Annotated[bool, typer.Option("--live", help="Also ask the real bot and the real board.")] = False,
) -> None:
    """Report every problem of configuration and mapping at once; with --live against the real bot and board too."""
    from mappings.load import render
    from mappings.problems import Severity
    from mappings.resolve import resolve

    settings, loaded = _load(config)
    assert loaded.mapping is not None
    if not live:
        print(f"{settings.mapping}: sound (not yet compared with the live board: add --live)")
        return
    name, owner, layout = _ask_live(settings, loaded)
    print(f"bot: {name}")
    print(f"board: acting as {owner}")
    resolved, problems = resolve(loaded.mapping, layout)
    if problems:
        print(render(problems), file=sys.stderr)
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    if resolved is None:
        _fail(INVALID, "", f"{errors} error(s): {settings.mapping} does not fit the board.")
    print(f"{settings.mapping}: fits the board ({len(resolved.boards)} boards, version {loaded.mapping.version})")


def _ask_live(settings: Settings, loaded: Loaded) -> tuple[str, str, Layout]:
    """Who the bot is, who we are on the board, and what stands there; what either side refuses ends the command."""
    from connector.ports import Unavailable, WrongToken
    from mappings.resolve import spaces

    async def ask() -> tuple[list[str | Layout], list[tuple[int, str]]]:
        assert loaded.mapping is not None
        answers: list[str | Layout] = []
        troubles: list[tuple[int, str]] = []
        chat, board, _ = _adapters(settings, None)
        asked = (
            (f"telegram ({settings.telegram.base_url})", chat.identify()),
            (f"{settings.board.tool} ({settings.board.base_url})", board.identify()),
            (f"{settings.board.tool} ({settings.board.base_url})", board.layout(spaces(loaded.mapping))),
        )
        try:
            for who, question in asked:
                try:
                    answers.append(await question)
                except WrongToken as refused:
                    troubles.append((REFUSED, f"{refused}. Set the right token."))
                except Unavailable as trouble:
                    troubles.append((UNREACHABLE, f"{who} cannot be reached: {trouble.reason}"))
        finally:
            await chat.aclose()
            await board.aclose()
        return answers, troubles

    answers, troubles = asyncio.run(ask())
    if troubles:
        _fail(troubles[0][0], *dict.fromkeys(text for _, text in troubles))
    name, owner, layout = answers
    assert isinstance(name, str)
    assert isinstance(owner, str)
    assert not isinstance(layout, str)
    return name, owner, layout


@app.command()
def names(
    what: Annotated[str, typer.Argument(help="spaces, boards, columns, lanes, users, fields or tags")] = "boards",
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """List what the board has, with ids: everything a mapping may name."""
    kinds = ("spaces", "boards", "columns", "lanes", "users", "fields", "tags")
    if what not in kinds:
        _fail(2, f"{what}: expected one of {', '.join(kinds)}")
    settings, loaded = _load(config)
    _, _, layout = _ask_live(settings, loaded)
    if as_json:
        print(json.dumps({"ok": True, "data": asdict(layout)}, ensure_ascii=False))
        return
    for row in _rows(layout, what):
        print("\t".join(row))


def _rows(layout: Layout, what: str) -> list[tuple[str, ...]]:
    match what:
        case "spaces":
            return list(layout.spaces)
        case "boards":
            return [(board.id, board.title) for board in layout.boards]
        case "columns":
            return [(column.id, board.title, column.title) for board in layout.boards for column in board.columns]
        case "lanes":
            return [(lane.id, board.title, lane.title) for board in layout.boards for lane in board.lanes]
        case "users":
            return [(user.id, user.name, user.username or "") for user in layout.users]
        case "fields":
            return [
                (each.id, each.name, str(each.kind), ", ".join(title for _, title in each.options))
                for each in layout.fields
            ]
        case _:
            return [(tag,) for tag in layout.tags]


# ---- rehearsal


@app.command()
def demo(
    port: Annotated[int | None, typer.Option(help="Where the page is served [default: a free port]")] = None,
    mapping: Annotated[Path | None, typer.Option(help="Another mapping than the example's")] = None,
) -> None:
    """Play a short story on stand-ins of Telegram and Kaiten with the real daemon, then serve a page to try it."""
    from sandbox.demo import play

    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    raise typer.Exit(
        play(daemon=_ourselves("run"), mapping=mapping or _example_mapping(), interactive=interactive, port=port)
    )


@app.command()
def sandbox(
    telegram_port: Annotated[int, typer.Option(help="0: a free one")] = 8081,
    kaiten_port: Annotated[int, typer.Option(help="0: a free one")] = 8082,
) -> None:
    """Run the stand-ins of Telegram and Kaiten alone, to rehearse a mapping or to test against."""
    from sandbox.loopback import PortTaken
    from sandbox.serve import serve

    try:
        serve(telegram_port=telegram_port, kaiten_port=kaiten_port)
    except PortTaken as taken:
        _fail(1, str(taken))


@app.command()
def bench(
    out: Annotated[Path, typer.Option(help="Where the figures go as JSON")] = Path("bench.json"),
    quick: Annotated[bool, typer.Option("--quick", help="A tenth of the load: to see that it works")] = False,
    only: Annotated[str, typer.Option(help="Names of measures, by commas")] = "",
) -> None:
    """Measure: calls per message, bursts, latency, throughput, memory; prints a table and writes JSON."""
    from bench import MEASURES, measure

    wanted = [name.strip() for name in only.split(",") if name.strip()]
    if unknown := [name for name in wanted if name not in MEASURES]:
        _fail(2, f"there is no measure {', '.join(unknown)}; known: {', '.join(MEASURES)}")
    measure(daemon=_ourselves("run"), mapping=_example_mapping(), out=out, quick=quick, only=wanted)


def _ourselves(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "cli", *arguments]


def _example_mapping() -> Path:
    import mappings

    return Path(mappings.__file__).parent / "support.example.yaml"


if __name__ == "__main__":
    main()
