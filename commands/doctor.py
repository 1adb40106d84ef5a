"""Everything the connector leans on, looked at in turn: what is well, what is not, and what to do next."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from commands.answer import Exit, answer, installed
from commands.options import ConfigOption, JsonOption, load_configuration
from commands.telling import Colour, age, columns, painted, since

if TYPE_CHECKING:
    from adapters.kaiten.checkup import BoardCheckup, FileRoute
    from adapters.telegram.checkup import ChatCheckup
    from connector.domain.refs import Ref
    from connector.settings import Settings
    from connector.store.database import Database
    from connector.store.looking import Overview
    from mappings.load import Loaded

PYTHON = (3, 11)
TIGHT, FULL = 2**30, 100 * 2**20
"""Free bytes of disk below which there is a warning, and below which it will soon stop."""
ASKEW, WRONG = 5.0, 300.0
"""Seconds the clocks may be apart before there is a warning, and before times told to people are wrong."""
MANY = 100
"""Updates that wait at Telegram before it looks as if nobody takes them."""


class Level(StrEnum):
    """How it is."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"


LOOKED_AT = 3
"""Cards whose files tell which way ours take."""
_COLOURS = {Level.PASS: Colour.GREEN, Level.WARN: Colour.YELLOW, Level.FAIL: Colour.RED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line. `code` is what the command ends with when it fails."""

    level: Level
    what: str
    found: str
    remedy: str = ""
    code: Exit = Exit.FAILED


def doctor(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Look at everything the connector leans on, and say for each what to do next. Writes nothing anywhere.

    Ends with 0 when nothing fails, 4 when a service refuses, 5 when one cannot be reached, else 1.
    """
    settings = load_configuration(config, as_json=as_json)
    findings = [python(sys.version_info[:3]), *_database(settings), *_files(settings)]
    loaded, told = _mapping(settings)
    findings += told
    findings += asyncio.run(_services(settings, loaded))
    if as_json:
        answer(
            {
                "well": not _failed(findings),
                "lines": [
                    {"level": each.level.value, "what": each.what, "found": each.found, "remedy": each.remedy}
                    for each in findings
                ],
            }
        )
    else:
        for line in render(findings):
            print(line)
    if failed := _failed(findings):
        raise typer.Exit(max(failed))


def _failed(findings: list[Finding]) -> list[Exit]:
    return [each.code for each in findings if each.level is Level.FAIL]


def render(findings: list[Finding]) -> list[str]:
    """The lines for people; what to do stands under what is not well."""
    lines = columns([(each.level.value, each.what, each.found) for each in findings], indent="")
    told: list[str] = []
    for each, line in zip(findings, lines, strict=True):
        told.append(painted(line[:4], _COLOURS[each.level]) + line[4:])
        if each.remedy:
            told.append(f"      → {each.remedy}")
    return told


# ---- here


def python(version: tuple[int, ...]) -> Finding:
    """The interpreter."""
    text = ".".join(map(str, version))
    level = Level.PASS if version >= PYTHON else Level.FAIL
    remedy = "" if level is Level.PASS else "The connector needs Python 3.11 or newer."
    return Finding(level=level, what="python", found=f"{text}, connector {installed()}", remedy=remedy)


def _database(settings: Settings) -> list[Finding]:
    from sqlalchemy.exc import SQLAlchemyError

    from connector.store.database import Absent, visit_database
    from connector.store.file_lock import daemon_on
    from connector.store.looking import overview

    url = settings.database_url.get_secret_value()
    try:
        database = visit_database(url)
    except Absent as absent:
        return [Finding(level=Level.WARN, what="database", found=str(absent), remedy="Start the daemon once.")]
    except (SQLAlchemyError, OSError, ValueError) as trouble:
        found = f"cannot be opened: {type(trouble).__name__}"
        remedy = "Is CONNECTOR_DATABASE_URL right, the server up, the file readable by this user?"
        return [Finding(level=Level.FAIL, what="database", found=found, remedy=remedy, code=Exit.UNREACHABLE)]
    try:
        with database.engine.begin() as connection:
            seen = overview(connection, database.now(connection))
        return [*_store(database), daemons(seen, daemon_on(url)), attention(seen)]
    except SQLAlchemyError as trouble:
        found = f"cannot be read: {type(trouble).__name__}"
        remedy = "Look into the database's own log; `connector backup` first, if it still can."
        return [Finding(level=Level.FAIL, what="database", found=found, remedy=remedy, code=Exit.UNREACHABLE)]
    finally:
        database.close()


def _store(database: Database) -> list[Finding]:
    from sqlalchemy import text

    from connector.store import migrate

    schema = f"schema {migrate.HEAD}"
    with database.engine.begin() as connection:
        if database.shared:
            version = connection.execute(text("SHOW server_version")).scalar_one()
            replica = connection.execute(text("SELECT pg_is_in_recovery()")).scalar_one()
            granted = connection.execute(text("SELECT has_table_privilege('journal', 'INSERT')")).scalar_one()
            remedy = "" if granted and not replica else "Give the URL of the primary, with a user who may write."
            level = Level.FAIL if remedy else Level.PASS
            what = "" if level is Level.PASS else "; cannot be written"
            return [Finding(level=level, what="database", found=f"PostgreSQL {version}, {schema}{what}", remedy=remedy)]
        version = connection.execute(text("SELECT sqlite_version()")).scalar_one()
        mode = connection.execute(text("PRAGMA journal_mode")).scalar_one()
    path = Path(str(database.engine.url.database))
    found = f"SQLite {version}, {schema}, {mode}, {size(path.stat().st_size)} in {path}"
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        return [Finding(level=Level.PASS, what="database", found=found)]
    remedy = f"Give this user the right to write {path} and its folder."
    return [Finding(level=Level.FAIL, what="database", found=f"{found}; cannot be written", remedy=remedy)]


def daemons(seen: Overview, alone: str | None) -> Finding:
    """Who is at work. Where daemons share a database, each side has one that reads it."""
    readers = [f"{side} read by {holder}" for side, holder, until in seen.readers if until > seen.now]
    if alone is not None or readers:
        return Finding(level=Level.PASS, what="daemon", found=alone or ", ".join(readers))
    last = f"; the last event came {since(seen.last_event, seen.now)}" if seen.last_event else ""
    remedy = "Start it: `connector run`. Telegram keeps clients' words for 24 hours."
    return Finding(level=Level.WARN, what="daemon", found=f"none runs on this database{last}", remedy=remedy)


def attention(seen: Overview) -> Finding:
    """What waits for a person, or for too long."""
    dead = sum(count for _, count in (*seen.dead, *seen.aside)) + seen.stuck
    if dead:
        return Finding(
            level=Level.WARN, what="queue", found=f"{dead} orders and events need a person",
            remedy="See `connector queue list`.",
        )  # fmt: skip
    oldest = min((queue.oldest for queue in seen.queues), default=None)
    if oldest is not None and seen.now - oldest > timedelta(minutes=10):
        found = f"the oldest order waits for {age(seen.now - oldest)}"
        return Finding(level=Level.WARN, what="queue", found=found, remedy="See `connector status`.")
    return Finding(level=Level.PASS, what="queue", found="nothing waits for long")


def size(count: int) -> str:
    """Bytes for people."""
    return f"{count / 2**30:.1f} GB" if count >= 2**30 else f"{count / 2**20:.1f} MB"


def _files(settings: Settings) -> list[Finding]:
    from composition import files_folder

    folder = files_folder(settings)
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    writable = os.access(folder, os.W_OK)
    return [disk(folder, shutil.disk_usage(folder).free, writable=writable)]


def disk(folder: Path, free: int, *, writable: bool) -> Finding:
    """Where files on their way rest, beside the database where that is a file."""
    found = f"{size(free)} free in {folder}"
    if not writable:
        remedy = "Give this user the right to write there, or set CONNECTOR_STATE_DIR."
        return Finding(level=Level.FAIL, what="disk", found=f"{found}; cannot be written", remedy=remedy)
    if free < FULL:
        return Finding(
            level=Level.FAIL, what="disk", found=found, remedy="Make room: nothing can be acknowledged soon."
        )
    if free < TIGHT:
        return Finding(level=Level.WARN, what="disk", found=found, remedy="Make room before it is full.")
    return Finding(level=Level.PASS, what="disk", found=found)


def _mapping(settings: Settings) -> tuple[Loaded, list[Finding]]:
    from mappings.load import load
    from mappings.problems import Severity

    loaded = load(settings.mapping)
    errors = sum(problem.severity is Severity.ERROR for problem in loaded.problems)
    if loaded.mapping is None:
        found = f"{settings.mapping}: {errors} errors"
        remedy = "`connector check` names each with its line."
        return loaded, [Finding(level=Level.FAIL, what="mapping", found=found, remedy=remedy)]
    found = f"{settings.mapping}: version {loaded.mapping.version}"
    if loaded.problems:
        remedy = "`connector check` names each with its line."
        return loaded, [
            Finding(level=Level.WARN, what="mapping", found=f"{found}, {len(loaded.problems)} warnings", remedy=remedy)
        ]
    return loaded, [Finding(level=Level.PASS, what="mapping", found=found)]


# ---- there


async def _services(settings: Settings, loaded: Loaded) -> list[Finding]:
    from composition import adapters
    from connector.ports import Rejected, Unavailable, WrongToken
    from mappings.resolve import resolve, spaces

    findings: list[Finding] = []
    try:
        chat, board, _ = adapters(settings, None)
    except WrongToken as refused:
        return [_refused("telegram", str(refused), "CONNECTOR_TELEGRAM__TOKEN")]
    except ValueError as wrong:
        return [Finding(level=Level.FAIL, what="settings", found=str(wrong), remedy="See config.example.yaml.")]
    now = datetime.now(UTC)
    try:
        try:
            findings += chat_findings(await chat.checkup(), now, pushed=bool(settings.telegram.webhook_url))
        except (WrongToken, Rejected) as refused:
            findings.append(_refused("telegram", str(refused), "CONNECTOR_TELEGRAM__TOKEN"))
        except Unavailable as trouble:
            findings.append(_unreachable("telegram", settings.telegram.base_url, trouble.reason))
        try:
            layout = await board.layout(spaces(loaded.mapping)) if loaded.mapping is not None else None
            resolved, problems = resolve(loaded.mapping, layout) if loaded.mapping and layout else (None, ())
            boards = resolved.boards if resolved is not None else ()
            titles = {each.id: each.title for each in layout.boards} if layout is not None else {}
            named = dict(layout.spaces) if layout is not None else {}
            seen = await board.checkup(boards, tuple(named), _cards_with_files(settings))
            findings += board_findings(seen, titles, named)
            if layout is not None and loaded.mapping is not None:
                findings.append(fit(len(boards) if resolved is not None else None, len(problems)))
        except WrongToken as refused:
            findings.append(_refused(board.name, str(refused), "CONNECTOR_BOARD__TOKEN"))
        except Unavailable as trouble:
            findings.append(_unreachable(board.name, settings.board.base_url, trouble.reason))
    finally:
        await chat.aclose()
        await board.aclose()
    return findings


def _cards_with_files(settings: Settings) -> tuple[Ref, ...]:
    """The cards we brought files to last; none where the books cannot be read, which is told elsewhere."""
    from sqlalchemy.exc import SQLAlchemyError

    from connector.store.database import Absent, visit_database
    from connector.store.looking import cards_with_files

    try:
        database = visit_database(settings.database_url.get_secret_value())
    except (Absent, SQLAlchemyError, OSError, ValueError):
        return ()
    try:
        with database.engine.begin() as connection:
            return cards_with_files(connection, LOOKED_AT)
    except SQLAlchemyError:
        return ()
    finally:
        database.close()


def _refused(what: str, found: str, variable: str) -> Finding:
    remedy = f"Set the right token: {variable}."
    return Finding(level=Level.FAIL, what=what, found=found, remedy=remedy, code=Exit.REFUSED)


def _unreachable(what: str, address: str, reason: str) -> Finding:
    remedy = "Is the address right, and may this machine go there (proxy, firewall, DNS)? What waits is kept."
    found = f"{address} cannot be reached: {reason}"
    return Finding(level=Level.FAIL, what=what, found=found, remedy=remedy, code=Exit.UNREACHABLE)


def chat_findings(seen: ChatCheckup, now: datetime, *, pushed: bool) -> list[Finding]:
    """The bot, its updates, and Telegram's clock."""
    return [
        Finding(level=Level.PASS, what="telegram", found=f"the token is {seen.who}'s"),
        _updates(seen, now, pushed=pushed),
        _clients_files(seen),
        clock("telegram", seen.skew),
    ]


def _updates(seen: ChatCheckup, now: datetime, *, pushed: bool) -> Finding:
    waiting = f"{seen.pending} waiting"
    if seen.webhook and not pushed:
        found = f"pushed to {_host(seen.webhook)}, {waiting}, but the configuration asks for them"
        remedy = "Another program may use this token. The daemon takes the webhook away when it starts."
        return Finding(level=Level.WARN, what="updates", found=found, remedy=remedy)
    if pushed and not seen.webhook:
        remedy = "The daemon sets it when it starts: is it running?"
        return Finding(level=Level.WARN, what="updates", found=f"pushed nowhere yet, {waiting}", remedy=remedy)
    how = f"pushed to {_host(seen.webhook)}" if seen.webhook else "asked for"
    if (
        seen.webhook
        and seen.error is not None
        and seen.error_at is not None
        and now - seen.error_at < timedelta(days=1)
    ):
        found = f"{how}, {waiting}; last error {since(seen.error_at, now)}: {seen.error}"
        remedy = "Can that address be reached from outside, with a certificate Telegram accepts?"
        level = Level.FAIL if seen.pending else Level.WARN
        return Finding(level=level, what="updates", found=found, remedy=remedy)
    if seen.pending >= MANY:
        remedy = "Nobody takes them: is the daemon running (`connector status`), and is reading not paused?"
        return Finding(level=Level.WARN, what="updates", found=f"{how}, {waiting}", remedy=remedy)
    return Finding(level=Level.PASS, what="updates", found=f"{how}, {waiting}")


def _clients_files(seen: ChatCheckup) -> Finding:
    if not seen.files:
        return Finding(level=Level.PASS, what="files", found="clients' files can be asked for and fetched")
    remedy = "The address of the Bot API must serve /bot… and /file/bot… alike: is a proxy in between?"
    found = f"clients' files cannot be fetched: {seen.files}"
    return Finding(level=Level.FAIL, what="files", found=found, remedy=remedy, code=Exit.UNREACHABLE)


def _host(address: str) -> str:
    """Paths of webhooks may be secrets."""
    from urllib.parse import urlsplit

    return urlsplit(address).hostname or "an address"


def board_findings(seen: BoardCheckup, boards: dict[str, str], spaces: dict[str, str]) -> list[Finding]:
    """Our account on the board, its rights, its calls, and the board's clock."""
    findings = [Finding(level=Level.PASS, what="kaiten", found=f"the token is {seen.who}'s")]
    for board, trouble in seen.boards.items():
        if trouble:
            found = f"cards of {boards.get(board, board)} cannot be read: {trouble}"
            remedy = f"Give {seen.who} access to that board."
            findings.append(Finding(level=Level.FAIL, what="rights", found=found, remedy=remedy, code=Exit.REFUSED))
    findings += [_role(seen.who, spaces.get(space, space), role) for space, role in seen.spaces.items()]
    readable = sum(not trouble for trouble in seen.boards.values())
    if readable:
        findings.append(Finding(level=Level.PASS, what="rights", found=f"the cards of {readable} boards can be read"))
    if seen.limit is None and seen.remaining is None:
        found, level = "no headers tell them; the configured pace holds", Level.PASS
    else:
        left = "?" if seen.remaining is None else str(seen.remaining)
        low = seen.limit is not None and seen.remaining is not None and seen.remaining * 10 < seen.limit
        found, level = f"{left} of {seen.limit or '?'} left", Level.WARN if low else Level.PASS
    remedy = "Something else uses this token, or a burst is under way." if level is Level.WARN else ""
    findings.append(Finding(level=level, what="calls", found=found, remedy=remedy))
    findings.append(file_route(seen.files))
    findings.append(clock("kaiten", seen.skew))
    return findings


def file_route(seen: FileRoute | None) -> Finding:
    """The way files take to the board, as far as what stands there tells: trying it would leave a file on a card."""
    if seen is None:
        found = "none of ours stands on the cards looked at: which way they take shows with the first one"
        remedy = "Send the bot a picture in a chat of your own, then ask again."
        return Finding(level=Level.WARN, what="files", found=found, remedy=remedy)
    way = "restricted" if seen.restricted else "public"
    when = f" at {seen.at:%Y-%m-%d %H:%M} UTC" if seen.at is not None else ""
    found = f"the last of ours went the {way} way{when}"
    if seen.trouble:
        remedy = (
            "May this machine reach the addresses Kaiten gives files (proxy, firewall)? Agents' files come that way."
        )
        found = f"{found}, and cannot be fetched: {seen.trouble}"
        return Finding(level=Level.FAIL, what="files", found=found, remedy=remedy, code=Exit.UNREACHABLE)
    return Finding(level=Level.PASS, what="files", found=f"{found}, and can be fetched")


def _role(who: str, space: str, role: str) -> Finding:
    match role:
        case "writer" | "admin":
            return Finding(level=Level.PASS, what="rights", found=f"{role} in {space}")
        case "reader":
            remedy = f"Make {who} a writer of that space: cards and comments cannot be written."
            found = f"only a reader in {space}"
            return Finding(level=Level.FAIL, what="rights", found=found, remedy=remedy, code=Exit.REFUSED)
        case "member":
            return Finding(level=Level.PASS, what="rights", found=f"one of the people of {space}; the role is not told")
        case "stranger":
            remedy = f"Invite {who} into that space as a writer."
            return Finding(level=Level.WARN, what="rights", found=f"not among the people of {space}", remedy=remedy)
        case _:
            remedy = "Whether it may write shows with the first card."
            found = f"the people of {space} may not be listed with this token"
            return Finding(level=Level.WARN, what="rights", found=found, remedy=remedy)


def clock(whose: str, skew: float | None) -> Finding:
    """How far our clock is from theirs."""
    what = "clock"
    if skew is None:
        return Finding(level=Level.WARN, what=what, found=f"{whose} did not tell the time")
    found = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} {whose}"
    remedy = "Let this machine's clock be set by NTP (timedatectl set-ntp true)."
    if abs(skew) >= WRONG:
        return Finding(level=Level.FAIL, what=what, found=found, remedy=remedy)
    if abs(skew) >= ASKEW:
        return Finding(level=Level.WARN, what=what, found=found, remedy=remedy)
    return Finding(level=Level.PASS, what=what, found=f"agrees with {whose}")


def fit(boards: int | None, problems: int) -> Finding:
    """The mapping held against the live board; `boards` None where it does not fit."""
    remedy = "`connector check --live` names each with its line."
    if boards is None:
        return Finding(level=Level.FAIL, what="mapping", found="does not fit the live board", remedy=remedy)
    if problems:
        found = f"fits the live board ({boards} boards), {problems} warnings"
        return Finding(level=Level.WARN, what="mapping", found=found, remedy=remedy)
    return Finding(level=Level.PASS, what="mapping", found=f"fits the live board ({boards} boards)")
