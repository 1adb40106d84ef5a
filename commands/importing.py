"""Cards that were on the board before us, taken in as earlier requests."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from commands.answer import Exit, answer, confirm, fail
from commands.beside import visit
from commands.options import ConfigOption, JsonOption, YesOption, load_all
from commands.pausing import check_topic
from commands.telling import columns, in_line

if TYPE_CHECKING:
    from connector.domain.bygone import Bygone, Clue
    from connector.domain.layout import CardField, Layout
    from connector.domain.refs import ClientId, Ref
    from connector.domain.sheet import Sketch
    from connector.settings import Settings
    from mappings.load import Loaded

AT_ONCE = 100
"""Cards written down in one transaction."""


def import_(
    board: Annotated[list[str], typer.Option("--board", help="A board's title or id; repeatable")],
    clue: Annotated[
        list[str] | None,
        typer.Option(
            "--cabinet-from",
            help="Where the account id stands: field:NAME, tag:REGEX or title:REGEX, of which the first group counts; "
            "repeatable [default: the field and the tag of the mapping]",
            show_default=False,
        ),
    ] = None,
    topic: Annotated[str | None, typer.Option("--topic", help="Their topic [default: by board and tags]")] = None,
    archived: Annotated[bool, typer.Option("--archived", help="Also what was put away.")] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Do it; without this only the table is shown.")] = False,
    adopt: Annotated[
        bool,
        typer.Option("--adopt", help="Open cards of a client we know become ours: answers there reach the client."),
    ] = False,
    yes: YesOption = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take cards that people or a former bot made into the history: clients are known by their account id.

    Nobody is sent anything, and nothing is written on the board; with --adopt open cards get our id. First it shows a
    table of what would become of each card; --apply does it. What was taken in once is not taken in again.

    Example: `connector import --board Финансы --cabinet-from 'title:кабинет (\\d+)'`
    """
    from connector.domain.bygone import Fate

    settings, loaded = load_all(config, as_json=as_json)
    if topic is not None:
        check_topic(topic, config, as_json=as_json)
    found, comments = _scanned(
        settings, loaded, board, clue or [], topic, archived=archived, adopt=adopt, as_json=as_json
    )
    counted = Counter(each.fate for each in found)
    new = 0
    if apply and (counted[Fate.HISTORY] or counted[Fate.ADOPT]):
        question = f"Take in {counted[Fate.HISTORY]} cards as history, make {counted[Fate.ADOPT]} ours?"
        confirm(question, yes=yes)
        new = _write_down(settings, found, comments, as_json=as_json)
    if as_json:
        cards = [_data(each) for each in found]
        answer({"applied": apply, "new": new, "counts": {str(k): v for k, v in counted.items()}, "cards": cards})
        return
    for line in columns([_row(each) for each in found], indent=""):
        print(line)
    told = ", ".join(f"{count} {fate}" for fate, count in sorted(counted.items())) or "none"
    print(f"{len(found)} cards: {told}")
    print(f"{new} taken in" if apply else "Nothing was done. Do it with: --apply")


def _scanned(
    settings: Settings,
    loaded: Loaded,
    named: Sequence[str],
    clue: Sequence[str],
    topic: str | None,
    *,
    archived: bool,
    adopt: bool,
    as_json: bool,
) -> tuple[list[Bygone], dict[Ref, list[Ref]]]:
    import composition
    from connector.domain.bygone import Fate, bygone, clues, ticket_of
    from connector.engine.daemon import Unfit
    from connector.ports import Unavailable, WrongToken
    from connector.store import bygones

    now = datetime.now(UTC)

    async def scan() -> tuple[list[Bygone], dict[Ref, list[Ref]]]:
        async with composition.looking(settings, loaded) as (tool, policy, layout):
            assert policy.board is not None
            boards = _boards(named, layout, as_json=as_json)
            wanted = _clues(clue, layout.fields, as_json=as_json) or clues(policy)
            if not wanted:
                hint = "Say where it stands: --cabinet-from field:NAME, tag:REGEX or title:REGEX"
                fail(Exit.USAGE, "The mapping puts the account id nowhere on a card.", as_json=as_json, hint=hint)
            sketches: dict[Ref, Sketch] = {}
            for shelf in (False, True) if archived else (False,):
                async for page in tool.survey(boards, archived=shelf):
                    sketches.update((each.card, each) for each in page if each.seen.board in boards)
            with visit(settings, as_json=as_json) as there:
                owners = there.do(lambda connection, _: bygones.owners(connection))
                ids = {card: (ticket_of(card), each.external_id) for card, each in sketches.items()}
                known: set[Ref] = set()
                cards = list(sketches)
                for start in range(0, len(cards), AT_ONCE):
                    some = cards[start : start + AT_ONCE]
                    known |= there.do(lambda connection, _: bygones.known_cards(connection, some, ids))  # noqa: B023  # called at once
            found = [
                bygone(
                    sketch, policy, policy.board, found=wanted, clients=owners, known=card in known, adopt=adopt,
                    now=now, topic=topic,
                )
                for card, sketch in sketches.items()
            ]  # fmt: skip
            comments: dict[Ref, list[Ref]] = {}
            for each in found:
                if each.fate is Fate.ADOPT:
                    sheet = await tool.inspect(each.sketch.card)
                    comments[each.sketch.card] = [note.ref for note in sheet.notes] if sheet is not None else []
            return found, comments

    try:
        return asyncio.run(scan())
    except WrongToken as refused:
        fail(Exit.REFUSED, f"{refused}. Nothing was done.", as_json=as_json, hint="Set the right token.")
    except Unavailable as away:
        fail(Exit.UNREACHABLE, f"{away.reason}. Nothing was done.", as_json=as_json)
    except Unfit as unfit:
        fail(Exit.INVALID, str(unfit), as_json=as_json)


def _boards(named: Sequence[str], layout: Layout, *, as_json: bool) -> list[str]:
    found = []
    for name in named:
        meant = [each.id for each in layout.boards if name.strip().casefold() in (each.title.casefold(), each.id)]
        if len(meant) != 1:
            known = ", ".join(f"{each.title} ({each.id})" for each in layout.boards)
            fail(Exit.USAGE, f"{len(meant)} boards are called {name!r}.", as_json=as_json, hint=f"There are: {known}")
        found += meant
    return found


def _clues(given: Sequence[str], known: Sequence[CardField], *, as_json: bool) -> list[Clue]:
    from connector.domain.bygone import Clue, Where

    found = []
    for text in given:
        where, colon, rest = text.partition(":")
        if not colon or where not in tuple(Where) or not rest:
            expected = "expected field:NAME, tag:REGEX or title:REGEX"
            fail(Exit.USAGE, f"--cabinet-from {text}: {expected}", as_json=as_json)
        if where == Where.FIELD:
            named = [each for each in known if rest.casefold() in (each.name.casefold(), each.id)]
            if len(named) != 1:
                hint = f"There are: {', '.join(each.name for each in known)}"
                fail(Exit.USAGE, f"{len(named)} fields are called {rest!r}.", as_json=as_json, hint=hint)
            found.append(Clue(where=Where.FIELD, pattern=re.compile(r".+"), name=named[0].id))
            continue
        try:
            found.append(Clue(where=Where(where), pattern=re.compile(rest, re.IGNORECASE)))
        except re.error as wrong:
            fail(Exit.USAGE, f"--cabinet-from {text}: no regular expression: {wrong}", as_json=as_json)
    return found


def _write_down(settings: Settings, found: Sequence[Bygone], comments: dict[Ref, list[Ref]], *, as_json: bool) -> int:
    from connector.store import bygones

    wanted = [each for each in found if each.ticket is not None]
    new = 0
    with visit(settings, to_write=True, as_json=as_json) as there:
        for start in range(0, len(wanted), AT_ONCE):
            some = wanted[start : start + AT_ONCE]
            new += there.do(lambda connection, now: bygones.write_down(connection, now, some, comments))  # noqa: B023  # called at once
    return new


def _row(each: Bygone) -> tuple[str, ...]:
    ticket = each.ticket
    if ticket is None:
        return (each.sketch.card.id, str(each.fate), "-", "-", "-", "-", in_line(each.sketch.title, whole=False))
    closed = f"{ticket.closed_at:%Y-%m-%d}" if ticket.closed_at else str(ticket.phase)
    fate = f"{each.fate} ({each.why})" if each.why else str(each.fate)
    return (each.sketch.card.id, fate, ticket.cabinet or "-", _client(ticket.client), ticket.topic or "-",
            f"{ticket.opened_at:%Y-%m-%d}…{closed}", in_line(each.sketch.title, whole=False))  # fmt: skip


def _client(client: ClientId) -> str:
    from connector.domain.bygone import PLACEHOLDER

    return "nobody yet" if client.startswith(f"{PLACEHOLDER}:") else client


def _data(each: Bygone) -> dict[str, object]:
    ticket = each.ticket
    told: dict[str, object] = {
        "card": each.sketch.card.id, "title": each.sketch.title, "fate": str(each.fate), "why": each.why,
        "cabinet": each.cabinet,
    }  # fmt: skip
    if ticket is not None:
        told |= {
            "ticket": ticket.id, "client": _client(ticket.client), "topic": ticket.topic, "phase": str(ticket.phase),
            "opened": ticket.opened_at, "closed": ticket.closed_at,
        }  # fmt: skip
    return told
