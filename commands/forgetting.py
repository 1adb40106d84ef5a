"""One client's data: taken out for them, or taken away for good."""

from __future__ import annotations

import json
import os
import sys
import time
import zipfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.answer import Exit, answer, confirm, fail, installed
from commands.beside import Visit, visit
from commands.finding import storable
from commands.options import ConfigOption, JsonOption, YesOption, load_all, load_configuration

if TYPE_CHECKING:
    from connector.domain.refs import ClientId
    from connector.store.elsewhere import Wording
    from connector.store.forgetting import Forgetting
    from mappings.load import Loaded

LOOK_SECONDS = 0.5
"""Between two looks at how far the daemon is: it works in a process of its own and can only be seen in the database. A
person does not feel half a second, and the daemon does not feel two short steps in one."""

Who = Annotated[str, typer.Argument(help="A chat or client id, an @username, or #NUMBER of one of their requests")]


def forget(
    who: Who = "",
    config: ConfigOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would go.")] = False,
    status: Annotated[bool, typer.Option("--status", help="How far earlier ones are; ends those that can.")] = False,
    wait: Annotated[float, typer.Option(help="Seconds to wait for the board.")] = 60.0,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Take away everything of one client: in the database at once, on the board by the daemon's hand.

    On their cards title, description, fields, labels, files and our comments go; on cards of others the lines about
    them. What agents wrote stays, and so do figures without a name. Telegram lets no bot delete what is in a chat:
    there the client clears the history. Backups made before still hold it all: delete those too.
    """
    from connector.store.forgetting import Undecided, traces
    from connector.store.forgetting import forget as take_away
    from connector.store.looking import client_of_id

    if status:
        _status(config, as_json=as_json)
        return
    if not who:
        fail(Exit.USAGE, "whom? Name a chat id, an @username or #NUMBER; or ask for --status", as_json=as_json)
    settings, loaded = load_all(config, as_json=as_json)
    with visit(settings, to_write=not dry_run, as_json=as_json) as there:
        client = _one(there, who, as_json=as_json)
        found = there.do(lambda connection, now: traces(connection, client))
        known = there.do(lambda connection, now: client_of_id(connection, client))
        count = (
            f"{found.events} events, {found.orders} orders ({found.waiting} still waiting), {found.requests} requests; "
            f"on the board {found.cards} cards of theirs and lines on {found.others} cards of others"
        )
        if dry_run:
            if as_json:
                answer(asdict(found))
            else:
                print(f"{client}: {count}. Nothing was done.")
            return
        confirm(f"Take away for good: {count}?", yes=yes)
        chat = known.chat.id if known is not None else client.partition(":")[2]
        try:
            token = there.do(lambda connection, now: take_away(connection, now, client, chat, _wording(loaded)))
        except Undecided as undecided:
            fail(Exit.BUSY, f"{undecided}. Nothing was done.", as_json=as_json)
        ended = _wait(there, token, wait)
        if ended.done:
            _scrub(there)
    if as_json:
        answer(asdict(ended))
    else:
        _print(ended)
    if not ended.done:
        raise typer.Exit(Exit.UNFINISHED)


def export(
    who: Who,
    file: Annotated[Path, typer.Argument(help="The ZIP to write, or a folder for it")] = Path(),
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write what is known of one client into a ZIP: profile, requests, what was said, names of files.

    `client.txt` is for reading, `client.json` for programs. Agents' internal notes are not in it; neither are bytes of
    files, which lie in Telegram and on the cards.
    """
    from composition import adapters
    from connector.store.taking_out import dossier, readable

    settings = load_configuration(config, as_json=as_json)
    _, board, _ = adapters(settings, None)
    with visit(settings, as_json=as_json) as there:
        client = _one(there, who, as_json=as_json)
        found = there.do(lambda connection, now: dossier(connection, client, board.link))
    if file.is_dir():
        file = file / f"client-{datetime.now(UTC):%Y%m%d-%H%M%S}.zip"
    whole = {"version": installed(), "made": datetime.now(UTC), **asdict(found)}
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as sink, zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("client.json", json.dumps(whole, ensure_ascii=False, indent=2, default=str))
            packed.writestr("client.txt", readable(found))
    except OSError as trouble:
        fail(Exit.FAILED, f"{file}: {trouble.strerror}; nothing was written", as_json=as_json)
    counts = {"requests": len(found.requests), "said": len(found.said), "files": len(found.files)}
    if as_json:
        answer({"file": file, "client": client, **counts})
    else:
        print(f"{file}: {counts['requests']} requests, {counts['said']} messages, {counts['files']} files named")


def _one(there: Visit, who: str, *, as_json: bool) -> ClientId:
    from connector.store.taking_out import whom

    found = there.do(lambda connection, now: whom(connection, storable(who)))
    if not found:
        hint = "Expected a chat or client id (77, telegram:77), an @username, or #NUMBER of one of their requests."
        fail(Exit.FAILED, f"Nobody knows {who!r} here.", as_json=as_json, hint=hint)
    if len(found) > 1:
        fail(Exit.USAGE, f"{who}: several are meant: {', '.join(found)}", as_json=as_json)
    return found[0]


def _wording(loaded: Loaded) -> Wording:
    from connector.domain.decide.commands import thread_wanted
    from connector.domain.policy import ChatLimits
    from connector.domain.say import say
    from connector.store.elsewhere import Wording

    policy = loaded.policy(None, limits=ChatLimits())
    tongue = policy.default_language
    return Wording(
        notice=say(policy, tongue, "card.forgotten"),
        title=say(policy, tongue, "card.forgotten_title", number="{number}"),
        incident=say(policy, tongue, "card.incident", number="{number}", subject="{subject}"),
        thread_of=lambda event: thread_wanted(policy, event),
        cabinet_tag=policy.cabinet.tag if policy.cabinet is not None else None,
    )


def _wait(there: Visit, token: str, seconds: float) -> Forgetting:
    """Until the board has followed, or the time is over; a bar on a terminal shows how far it is."""
    from connector.store.forgetting import finish, forgettings

    until = time.monotonic() + seconds
    while True:
        there.do(lambda connection, now: finish(connection, now, token))
        found = there.do(lambda connection, now: next(each for each in forgettings(connection) if each.token == token))
        if sys.stderr.isatty():
            print(f"\rboard: {found.cards - found.left} of {found.cards} cards", end="", file=sys.stderr)
        if found.done or found.refused or time.monotonic() > until:
            if sys.stderr.isatty():
                print(file=sys.stderr)
            return found
        time.sleep(LOOK_SECONDS)


def _status(config: Path | None, *, as_json: bool) -> None:
    from connector.store.forgetting import finish, forgettings

    settings = load_configuration(config, as_json=as_json)
    with visit(settings, to_write=True, as_json=as_json) as there:
        ended = False
        for each in there.do(lambda connection, now: forgettings(connection)):
            if not each.done:
                ended |= there.do(lambda connection, now: finish(connection, now, each.token))  # noqa: B023  # called at once
        if ended:
            _scrub(there)
        found = there.do(lambda connection, now: forgettings(connection))
    if as_json:
        answer([asdict(each) for each in found])
    else:
        for each in found:
            _print(each)
        if not found:
            print("nobody was forgotten")
    if any(not each.done for each in found):
        raise typer.Exit(Exit.UNFINISHED)


def _print(found: Forgetting) -> None:
    head = f"{found.asked:%Y-%m-%d %H:%M} {found.token}:"
    if found.done:
        print(f"{head} gone; {found.cards} cards were cleared")
        return
    print(f"{head} gone from the database; on the board {found.left} of {found.cards} cards still wait for the daemon")
    for ticket, reason in found.refused:
        print(f"  the board refuses the card of {ticket}: {reason}. Clear it by hand, then skip the order")
    print("  run `connector forget --status` later: it ends what the board has followed")


def _scrub(there: Visit) -> None:
    """Freed pages still hold what was deleted: the database is written anew. The daemon waits meanwhile."""
    from connector.store.vacuum import write_anew

    write_anew(there.database.engine)
