"""Incidents: which there are, and the operator's word on whether they are any."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from commands.answer import Exit, answer, fail
from commands.options import ConfigOption, JsonOption, load_all

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from connector.settings import Settings
    from connector.store.incidents import Shown

T = TypeVar("T")
app = typer.Typer(name="incidents", invoke_without_command=True, no_args_is_help=False)
IncidentNumber = Annotated[int, typer.Argument(help="The incident's number, as the list and its card show it")]


@app.callback()
def incidents(context: typer.Context, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List incidents: alike requests of many clients, answered on one card; or confirm or dissolve one."""
    if context.invoked_subcommand is not None:
        return
    from connector.store.incidents import listed

    settings, _ = load_all(config)
    found = _visited(settings, lambda connection, _: listed(connection), to_write=False, as_json=as_json)
    if as_json:
        answer([each.as_data() for each in found])
        return
    if not found:
        print("There are no incidents.")
    for each in found:
        print(
            f"{each.number}\t{each.standing}\t{each.topic}\t{each.subject}\t"
            f"since {each.begun_at:%Y-%m-%d %H:%M %Z}\trequests: {each.requests}, open: {each.open}\t"
            f"answers: {each.answers}, reached: {each.reached}"
        )


@app.command()
def confirm(number: IncidentNumber, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """It is one incident: its requests are told, and the answers that waited on its card go to all of their clients."""
    _order(number, True, config, as_json)


@app.command()
def dissolve(number: IncidentNumber, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """It is none: its requests go on apart, and its card goes to the done ones."""
    _order(number, False, config, as_json)


def _order(number: int, confirming: bool, config: ConfigOption, as_json: bool) -> None:
    from connector.store.incidents import listed, order

    settings, _ = load_all(config)
    settled = ("confirmed", "over", "dissolved") if confirming else ("dissolved",)

    def step(connection: Connection, now: float) -> tuple[Shown | None, list[Shown]]:
        every = listed(connection)
        found = next((each for each in every if each.number == number), None)
        if found is not None and found.standing not in settled:
            order(connection, now, found, confirm=confirming)
        return found, every

    found, every = _visited(settings, step, to_write=True, as_json=as_json)
    if found is None:
        known = ", ".join(str(each.number) for each in every) or "none"
        fail(Exit.USAGE, f"there is no incident {number}; there are: {known}", as_json=as_json)
    if found.standing in settled:
        fail(Exit.FAILED, f"incident {number} is {found.standing} already; nothing was done", as_json=as_json)
    if as_json:
        answer({"number": number, "ordered": "confirm" if confirming else "dissolve", "requests": found.requests})
    else:
        done = "confirmed" if confirming else "dissolved"
        print(f"incident {number} is {done} as soon as the daemon gets to it ({found.requests} requests)")


def _visited(settings: Settings, step: Callable[[Connection, float], T], *, to_write: bool, as_json: bool) -> T:
    """What the step finds in the database that the daemon may be working on."""
    from sqlalchemy.exc import SQLAlchemyError

    from connector.store.database import Absent, visit_database

    try:
        database = visit_database(settings.database_url.get_secret_value(), to_write=to_write)
    except Absent as absent:
        fail(Exit.FAILED, str(absent), as_json=as_json)
    except ValueError as bad:
        fail(Exit.INVALID, str(bad), as_json=as_json)
    except SQLAlchemyError as trouble:
        fail(Exit.UNREACHABLE, f"the database cannot be opened: {type(trouble).__name__}", as_json=as_json)
    try:
        return asyncio.run(database.run(lambda connection: step(connection, database.now(connection))))
    except SQLAlchemyError as trouble:
        fail(Exit.UNREACHABLE, f"the database failed: {type(trouble).__name__}", as_json=as_json)
    finally:
        database.close()
