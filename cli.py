"""The command `connector`: what it is asked, what it answers, and with which exit code it ends."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn
from urllib.parse import urlsplit

import typer

# What a command needs is imported when it runs: `--help` and the start of the daemon stay quick.
if TYPE_CHECKING:
    from connector.domain.layout import Layout
    from connector.settings import Settings
    from mappings.load import Loaded

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

    import composition
    from connector.engine.daemon import Unfit
    from connector.ports import WrongToken
    from connector.store.database import Busy

    settings, loaded = _load(config)
    try:
        asyncio.run(composition.run(settings, loaded))
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
    except composition.BadDatabase as bad:
        _fail(INVALID if bad.invalid else UNREACHABLE, str(bad))


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
    from composition import adapters
    from connector.ports import Unavailable, WrongToken
    from mappings.resolve import spaces

    async def ask() -> tuple[list[str | Layout], list[tuple[int, str]]]:
        assert loaded.mapping is not None
        answers: list[str | Layout] = []
        troubles: list[tuple[int, str]] = []
        chat, board, _ = adapters(settings, None)
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
