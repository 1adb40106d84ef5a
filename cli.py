"""The command `connector`: what it is asked, what it answers, and with which exit code it ends."""

from __future__ import annotations

from typing import Annotated

import typer

from commands import agents, care, daemon, doctor, mapping, pausing, queue, rehearsal, show, sla, status, tail, why
from commands.answer import installed

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

for command in (
    daemon.run,
    mapping.check,
    mapping.names,
    doctor.doctor,
    status.status,
    tail.tail,
    show.show,
    why.why,
    pausing.pause,
    pausing.resume,
    care.backup,
    care.restore,
    care.migrate,
    agents.agents,
    rehearsal.demo,
    rehearsal.sandbox,
    rehearsal.bench,
):
    app.command()(command)


app.add_typer(queue.queue)
app.add_typer(sla.sla)


def main() -> None:
    """Entry point."""
    app()


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
