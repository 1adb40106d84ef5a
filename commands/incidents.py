"""Incidents: which there are, and the operator's word on whether they are any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from commands.answer import Exit, answer, fail
from commands.beside import visit
from commands.options import ConfigOption, JsonOption, load_configuration

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from connector.store.incidents import Shown

app = typer.Typer(name="incidents", invoke_without_command=True, no_args_is_help=False)
IncidentNumber = Annotated[int, typer.Argument(help="The incident's number, as the list and its card show it")]


@app.callback()
def incidents(context: typer.Context, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List incidents: alike requests of many clients, answered on one card; or confirm or dissolve one."""
    if context.invoked_subcommand is not None:
        return
    from connector.store.incidents import listed

    settings = load_configuration(config, as_json=as_json)
    with visit(settings, as_json=as_json) as there:
        found = there.do(lambda connection, _: listed(connection))
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

    settings = load_configuration(config, as_json=as_json)
    settled = ("confirmed", "over", "dissolved") if confirming else ("dissolved",)

    def step(connection: Connection, now: float) -> tuple[Shown | None, list[Shown]]:
        every = listed(connection)
        found = next((each for each in every if each.number == number), None)
        if found is not None and found.standing not in settled:
            order(connection, now, found, confirm=confirming)
        return found, every

    with visit(settings, to_write=True, as_json=as_json) as there:
        found, every = there.do(step)
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
