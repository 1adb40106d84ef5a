"""What every command is given: where the configuration is, and what stands in it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.answer import Exit, fail

# What a command needs is imported when it runs: `--help` and the start of the daemon stay quick.
if TYPE_CHECKING:
    from connector.settings import Settings
    from mappings.load import Loaded

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", envvar="CONNECTOR_CONFIG", show_default=False,
        help="The configuration file [default: ./config.yaml if it is there, else the environment alone]",
    ),
]  # fmt: skip
JsonOption = Annotated[bool, typer.Option("--json", help="For programs.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]


def load_all(config: Path | None, *, as_json: bool = False) -> tuple[Settings, Loaded]:
    """Configuration and mapping, or every problem of both at once and exit 3."""
    from mappings.load import load, render
    from mappings.problems import Severity

    settings = load_configuration(config, as_json=as_json)
    loaded = load(settings.mapping)
    errors = [problem for problem in loaded.problems if problem.severity is Severity.ERROR]
    if errors and as_json:
        fail(Exit.INVALID, render(loaded.problems), as_json=True, hint="Nothing was started.")
    if loaded.problems:
        print(render(loaded.problems), file=sys.stderr)
    if errors:
        fail(Exit.INVALID, "", f"{len(errors)} error(s) in {settings.mapping}. Nothing was started.")
    return settings, loaded


def load_configuration(config: Path | None, *, as_json: bool = False) -> Settings:
    """The configuration alone, for what needs no mapping; or every problem of it at once and exit 3."""
    from connector.logs import set_up
    from connector.settings import BadSettings, load_settings

    # Not Path.is_file(), which raises where this user may not look into the folder they stand in.
    if config is None and os.path.isfile("config.yaml"):
        config = Path("config.yaml")
    try:
        settings = load_settings(config)
    except BadSettings as bad:
        fail(Exit.INVALID, *bad.problems, as_json=as_json, hint="Nothing was started.")
    set_up(settings.secrets)
    return settings


def database_url(config: Path | None, *, as_json: bool = False) -> str:
    """Where the database is, for commands that need nothing else."""
    return load_configuration(config, as_json=as_json).database_url.get_secret_value()
