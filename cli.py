"""The command `connector`: what it is asked, what it answers, and with which exit code it ends."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from commands import (
    agents,
    agreements,
    audit,
    care,
    daemon,
    doctor,
    forgetting,
    health,
    importing,
    incidents,
    mapping,
    pausing,
    persons,
    queue,
    rehearsal,
    repair,
    replaying,
    show,
    sla,
    status,
    tail,
    why,
)
from commands.answer import Exit, installed

app = typer.Typer(
    name="connector",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=(
        "Links a company's Telegram support bot to its Kanban board: a client's words become a card and its comments, "
        "an agent's comment becomes an answer in the chat.\n\n"
        "Exit codes: 0 done · 1 failed · 2 wrong usage · 3 configuration or mapping invalid · "
        "4 a service refused (token, rights) · 5 a service cannot be reached, or what came of it is unknown · "
        "6 done, but something was found that needs a person · 75 busy, try again · 130 interrupted.\n\n"
        "With --json the answer on stdout is one object: ok, version, and data or error (type, message, hint)."
    ),
    epilog=(
        "Examples:\n\n"
        "  connector demo                              see it work, with nothing but this machine\n\n"
        "  connector check --config config.yaml        every problem of configuration and mapping at once\n\n"
        "  connector check --live --config config.yaml the same against the real bot and board\n\n"
        "  connector run --config config.yaml          the daemon; Ctrl-C or SIGTERM stops it properly\n\n"
        "  connector status                            how everything stands, beside the daemon\n\n"
        "  connector show #12                          what happened to a request; why #12: what made its card so\n\n"
        "  connector --install-completion              completion for this shell"
    ),
)

for command in (
    daemon.run,
    mapping.check,
    mapping.names,
    doctor.doctor,
    health.health,
    status.status,
    tail.tail,
    show.show,
    why.why,
    audit.audit,
    pausing.pause,
    pausing.resume,
    care.backup,
    care.restore,
    care.migrate,
    agents.agents,
    agreements.agreements,
    forgetting.forget,
    forgetting.export,
    replaying.replay,
    rehearsal.demo,
    rehearsal.sandbox,
    rehearsal.bench,
    repair.resync,
    repair.drift,
):
    app.command()(command)
app.command("import")(importing.import_)


app.add_typer(queue.queue)
app.add_typer(sla.sla)
app.add_typer(incidents.app)
app.add_typer(persons.app)


def main() -> None:
    """Entry point. Ctrl-C ends with 130; a fault of ours is told by its place, without anybody's words."""
    try:
        app()
    except SystemExit as end:
        abort = end.__context__
        if isinstance(abort, typer.Abort) and isinstance(abort.__cause__, KeyboardInterrupt):
            sys.exit(Exit.INTERRUPTED)
        raise
    except Exception as fault:  # the last stop before a user: they get one line to report, never a traceback
        told = f"connector {installed()}: a fault of its own, {' and '.join(map(_place, _single(fault)))}"
        print(told, "Nothing that was acknowledged is lost. Please report this line.", sep="\n", file=sys.stderr)
        sys.exit(Exit.FAILED)


def _single(fault: BaseException) -> list[BaseException]:
    """The faults themselves, where tasks that ran together failed together."""
    if isinstance(fault, BaseExceptionGroup):
        return [each for one in fault.exceptions for each in _single(one)]
    return [fault]


def _place(fault: BaseException) -> str:
    """What it is and where, by file and line; none of its own words, which may be somebody's."""
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(fault.__traceback__)]
    return f"{type(fault).__name__}, at {' > '.join(places[-6:])}"


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"connector {installed()}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


if __name__ == "__main__":
    main()
