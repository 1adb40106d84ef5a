"""How a command ends: its exit code, its complaint for people, and the envelope it answers programs with."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from enum import IntEnum
from importlib.metadata import version as installed_version
from typing import NoReturn

import typer


class Exit(IntEnum):
    """What the shell is told; README and `--help` name them."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    INVALID = 3
    REFUSED = 4
    UNREACHABLE = 5
    UNFINISHED = 6
    """Done, but something was found that needs a person: dead letters, losses, differences left alone."""
    BUSY = 75
    INTERRUPTED = 130


def installed() -> str:
    """The version of this connector."""
    return installed_version("kanban-connector")


def fail(code: Exit, *lines: str, as_json: bool = False, hint: str = "") -> NoReturn:
    """Ends the command: the lines go to stderr, or as an error into the envelope on stdout."""
    if as_json:
        message = "\n".join(line for line in lines if line)
        error = {"type": code.name.lower(), "message": message, "hint": hint}
        print(_written({"ok": False, "version": installed(), "error": error}))
    else:
        for line in (*lines, *([hint] if hint else [])):
            print(line, file=sys.stderr)
    raise typer.Exit(code)


def answer(data: object) -> None:
    """The envelope a program gets on stdout; moments are written in ISO 8601 with their offset."""
    print(_written({"ok": True, "version": installed(), "data": data}))


def _written(envelope: dict[str, object]) -> str:
    return json.dumps(envelope, ensure_ascii=False, default=_plain)


def _plain(thing: object) -> object:
    match thing:
        case datetime():
            return thing.isoformat()
        case set() | frozenset():
            return sorted(thing, key=str)
        case _:
            return str(thing)


def confirm(question: str, *, yes: bool, as_json: bool = False) -> None:
    """Asks before harm; the question states counts. Off a terminal only `--yes` answers it."""
    if yes:
        return
    if not sys.stdin.isatty():
        hint = "Nothing was done: there is no terminal to ask on. Add --yes to do it."
        fail(Exit.USAGE, question, hint=hint, as_json=as_json)
    if not typer.confirm(question, err=True):
        fail(Exit.FAILED, "Nothing was done.", as_json=as_json)
