"""Who a client is: chats of one person merged and split, a wrong cabinet taken off, and the last change undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from commands.answer import Exit, answer, confirm, fail
from commands.beside import Visit, visit
from commands.finding import request_meant
from commands.options import ConfigOption, JsonOption, YesOption, load_all, load_configuration
from commands.telling import stamp

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from connector.domain.refs import ClientId
    from connector.store.persons import Chat, Plan

app = typer.Typer(
    name="client",
    no_args_is_help=True,
    help="Who a client is: one person's chats merged and split, a wrong cabinet taken off; each with undo.",
)
WHO = "A chat or client id, an @username, #NUMBER or the card of one of their requests"
Who = Annotated[str, typer.Argument(help=WHO)]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only count what would change.")]


@app.command()
def merge(
    one: Annotated[str, typer.Argument(metavar="A", help=WHO)],
    other: Annotated[str, typer.Argument(metavar="B", help="The other chat of the same person, named alike")],
    config: ConfigOption = None,
    dry_run: DryRun = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Two chats are one person: each one's cards tell of the other's requests, and each has the cabinets of both.

    Each chat keeps its own conversation: answers go where they went, and nobody is told anything.
    """
    from connector.store import persons

    def planned(there: Visit) -> Callable[[Connection, float], Plan]:
        a, b = (_one(there, who, as_json=as_json) for who in (one, other))
        return lambda connection, now: persons.merge(connection, now, a, b)

    _carry_out(planned, config, dry_run=dry_run, yes=yes, as_json=as_json)


@app.command()
def split(
    who: Who,
    other: Annotated[str, typer.Option("--from", help="Another chat of the person they are taken out of.")] = "",
    cabinet: Annotated[str, typer.Option(help="A cabinet that was never theirs.")] = "",
    to: Annotated[str, typer.Option(help="With --cabinet: the right one, in its place.")] = "",
    config: ConfigOption = None,
    dry_run: DryRun = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Take a chat out of a person (--from), or a wrong cabinet off one (--cabinet, --to for the right one).

    With the cabinet their requests lose it too, their open cards its label and field, and the open cards of that
    cabinet's people no longer tell of them.
    """
    from connector.store import persons

    if bool(other) == bool(cabinet):
        fail(Exit.USAGE, "name either --from OTHER or --cabinet NUMBER", as_json=as_json)
    if to and not cabinet:
        fail(Exit.USAGE, "--to goes with --cabinet", as_json=as_json)

    def planned(there: Visit) -> Callable[[Connection, float], Plan]:
        client = _one(there, who, as_json=as_json)
        if cabinet:
            return lambda connection, now: persons.take_off(connection, now, client, cabinet, to or None)
        rest = _one(there, other, as_json=as_json)
        return lambda connection, now: persons.part(connection, now, client, rest)

    _carry_out(planned, config, dry_run=dry_run, yes=yes, as_json=as_json, fits=to)


@app.command()
def undo(
    who: Who,
    config: ConfigOption = None,
    dry_run: DryRun = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Take back the last merge or split of this client, with everybody it concerned."""
    from connector.store import persons

    def planned(there: Visit) -> Callable[[Connection, float], Plan]:
        client = _one(there, who, as_json=as_json)
        return lambda connection, now: persons.undo(connection, now, client)

    _carry_out(planned, config, dry_run=dry_run, yes=yes, as_json=as_json)


@app.command()
def show(who: Who, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Who they are: the chats of the person, their cabinets and open requests, and what operators changed."""
    from connector.store import persons

    with visit(load_configuration(config, as_json=as_json), as_json=as_json) as there:
        client = _one(there, who, as_json=as_json)
        try:
            found = there.do(lambda connection, now: persons.shown(connection, client))
        except persons.Refused as refused:
            fail(Exit.FAILED, str(refused), as_json=as_json)
    if as_json:
        answer([asdict(each) for each in found])
        return
    for each in found:
        _print(each)


@app.command("list")
def list_(
    cabinet: Annotated[str, typer.Option(help="Whose they are.")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List everybody who has a cabinet, or a request that carries it."""
    from connector.store import persons

    with visit(load_configuration(config, as_json=as_json), as_json=as_json) as there:
        found = there.do(lambda connection, now: persons.of_cabinet(connection, cabinet))
    if as_json:
        answer([asdict(each) for each in found])
        return
    if not found:
        print(f"Nobody has the cabinet {cabinet}.")
    for each in found:
        has = "theirs" if cabinet in each.cabinets else "only on requests"
        numbers = ", ".join(f"#{number}" for number, on, _ in each.requests if on == cabinet) or "none"
        print(f"{each.client}\t{each.name}\t{has}\topen: {numbers}")


def _carry_out(
    planned: Callable[[Visit], Callable[[Connection, float], Plan]],
    config: ConfigOption,
    *,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    fits: str = "",
) -> None:
    from connector.store import persons

    settings, loaded = load_all(config, as_json=as_json)
    if fits:
        from connector.domain.decide.registering import fits_cabinet
        from connector.domain.policy import ChatLimits

        if not fits_cabinet(loaded.policy(None, limits=ChatLimits()), fits):
            fail(Exit.USAGE, f"--to {fits}: the mapping knows no such form of a cabinet", as_json=as_json)
    with visit(settings, to_write=not dry_run, as_json=as_json) as there:
        plan = planned(there)

        def noted(connection: Connection, now: float) -> Plan:
            persons.alone(connection)
            found = plan(connection, now)
            persons.note(connection, now, found)
            return found

        try:
            found = there.do(plan)
            count = (
                f"{found.what} ({', '.join(found.among)}): {found.requests} requests, {found.cards} open cards to look "
                "through"
            )
            if not dry_run:
                confirm(f"{count}. Do it?", yes=yes, as_json=as_json)
                found = there.do(noted)
        except persons.Waiting as waiting:
            fail(Exit.BUSY, f"{waiting}. Nothing was done.", as_json=as_json)
        except persons.Refused as refused:
            fail(Exit.FAILED, f"{refused}. Nothing was done.", as_json=as_json)
    if as_json:
        told = {"what": found.what, "clients": found.among, "requests": found.requests, "cards": found.cards}
        answer({**told, "done": not dry_run})
    elif dry_run:
        print(f"{count}. Nothing was done.")
    else:
        print(f"{count}. The daemon does it at its next look; `connector client undo` takes it back.")


def _one(there: Visit, who: str, *, as_json: bool) -> ClientId:
    from connector.store.taking_out import whom

    named = who.encode("utf-8", "replace").decode().replace("\0", "").strip()
    found = there.do(lambda connection, now: whom(connection, named))
    if not found and (named.startswith(("kc-", "card:", "http")) or named.isdecimal()):
        return request_meant(there, named, as_json=as_json).client
    if not found:
        fail(Exit.USAGE, f"{who}: nobody of that name is known here", as_json=as_json, hint=f"Expected: {WHO}.")
    if len(found) > 1:
        fail(Exit.USAGE, f"{who}: several are meant: {', '.join(found)}", as_json=as_json)
    return found[0]


def _print(chat: Chat) -> None:
    username = f" @{chat.username}" if chat.username else ""
    print(f"{chat.client}  {chat.name}{username}")
    cabinets = [
        each
        + (" (current)" if each == chat.cabinet else "")
        + (" (of another chat)" if each in chat.shared else "")
        + (" (not verified)" if each in chat.unverified else "")
        for each in chat.cabinets
    ]
    print(f"  cabinets  {', '.join(cabinets) or 'none'}")
    if chat.same:
        print(f"  same as   {', '.join(chat.same)}")
    for number, cabinet, subject in chat.requests:
        print(f"  open      #{number}{f' cabinet {cabinet}' if cabinet else ''}: {subject}")
    for at, what in chat.changes:
        print(f"  changed   {stamp(at)} {what}")
