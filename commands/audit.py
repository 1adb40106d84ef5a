"""The proof that nothing is lost: every word and every answer reckoned, by the books and, if wanted, by the board."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from commands.answer import Exit, answer, fail
from commands.beside import visit
from commands.options import ConfigOption, JsonOption, load_all
from commands.telling import columns, moment_of, stamp

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from commands.beside import Visit
    from connector.domain.audit import Fate
    from connector.domain.events import AgentCommented, IncidentAnswered
    from connector.domain.policy import Policy
    from connector.domain.record import NotedEvent
    from connector.domain.sheet import Sheet
    from connector.domain.ticket import Ticket
    from connector.settings import Settings

PAGE = 2000
SHOWN = 100
"""Of each verdict so many are named on the page; --json names all."""
RECKONED = ("ClientWrote", "AgentCommented", "IncidentAnswered")
WANTED = ("lost", "doubled", "misordered", "waiting")


def audit(
    since: Annotated[str, typer.Option(help="From when: 6h, 7d ago, or 2026-11-22T10:00 (UTC)")] = "24h",
    live: Annotated[bool, typer.Option("--live", help="Look on the board too, a card at a time.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Reckon every message and every public answer: lost, doubled, misordered, still waiting. Changes nothing.

    By the books: each message of a client must have led to a section on a card (or to an answer of the bot), each
    public comment to messages in the chat. With --live each section must stand on its card, once and in its place.
    Ends with 6 when anything is amiss or waits for more than ten minutes, with 5 (and no claim) when the board could
    not be read whole.
    """
    try:
        start = moment_of(since, datetime.now(UTC))
    except ValueError as wrong:
        fail(Exit.USAGE, f"--since {wrong}", as_json=as_json)
    settings, loaded = load_all(config, as_json=as_json)
    policy = loaded.policy()
    with visit(settings, as_json=as_json) as there:
        by_client = _in_question(there, start)
        fates: list[Fate] = []
        tickets: dict[str, Ticket] = {}
        for client, events in by_client.items():
            found, theirs = there.do(lambda connection, now: reckoned(connection, now, client, events, policy))  # noqa: B023  # called at once
            fates += found
            tickets |= {ticket.id: ticket for ticket in theirs}
        looked = 0
        if live:
            fates, looked = _held_against_the_board(there, settings, fates, tickets, as_json=as_json)
        now = there.do(lambda _, seconds: datetime.fromtimestamp(seconds, UTC))
    _tell(fates, now, start, looked, as_json=as_json)


def _in_question(there: Visit, start: datetime) -> dict[str, list[NotedEvent]]:
    """The clients' messages and the agents' comments since then, by client."""
    from connector.store import looking

    found: dict[str, list[NotedEvent]] = defaultdict(list)
    seq = there.do(lambda connection, _: looking.first_event_since(connection, start.timestamp()))
    while page := there.do(lambda connection, _: looking.events_from(connection, seq, limit=PAGE, kinds=RECKONED)):  # noqa: B023  # called at once
        for noted in page:
            if noted.client is not None and noted.received >= start:
                found[noted.client].append(noted)
        seq = page[-1].seq + 1
    return found


def reckoned(
    connection: Connection, now: float, client: str, events: Sequence[NotedEvent], policy: Policy
) -> tuple[tuple[Fate, ...], tuple[Ticket, ...]]:
    """A fate for each of these events of the client, and the client's requests."""
    from connector.domain.audit import Books, answer_name, reckon
    from connector.domain.refs import ClientId
    from connector.domain.story import say_keys
    from connector.engine.daemon import KEPT_DAYS
    from connector.store import looking

    moment = datetime.fromtimestamp(now, UTC)
    theirs = looking.tickets_where(connection, client=client)
    answers = [f"reply/{answer_name(each)}/0" for each in _answers(events)]
    keys = [*say_keys(events), *answers, *(f"card/{each.id}" for each in theirs)]
    books = Books(
        client=looking.client_of_id(connection, client),
        tickets=theirs,
        events=events,
        orders=looking.orders_of(connection, ClientId(client)),
        made=looking.made_by(connection, keys),
        orders_since=moment - timedelta(days=KEPT_DAYS),
        now=moment,
    )
    return reckon(books, policy), theirs


def _answers(events: Sequence[NotedEvent]) -> list[AgentCommented | IncidentAnswered]:
    from connector.domain.events import AgentCommented, IncidentAnswered

    return [noted.event for noted in events if isinstance(noted.event, AgentCommented | IncidentAnswered)]


def _held_against_the_board(
    there: Visit, settings: Settings, fates: list[Fate], tickets: dict[str, Ticket], *, as_json: bool
) -> tuple[list[Fate], int]:
    """Each card in question is read whole; where one cannot be, nothing at all is claimed."""
    from connector.domain.audit import compare
    from connector.ports import Unavailable, WrongToken
    from connector.store import looking

    mine: dict[str, list[Fate]] = defaultdict(list)
    rest: list[Fate] = []
    for fate in fates:
        ticket = tickets.get(fate.ticket or "")
        if ticket is not None and ticket.card is not None:
            mine[ticket.id].append(fate)
        else:
            rest.append(fate)
    try:
        sheets = asyncio.run(_sheets(settings, [tickets[each] for each in mine]))
    except WrongToken as refused:
        fail(Exit.REFUSED, f"{refused}. Nothing is claimed.", as_json=as_json)
    except Unavailable as trouble:
        reason = f"The board could not be read whole: {trouble.reason}."
        fail(Exit.UNREACHABLE, reason, as_json=as_json, hint="Nothing is claimed. Try again later.")
    for id_, found in mine.items():
        sheet = sheets[id_]
        keys = [note.told.key for note in sheet.notes if note.told is not None] if sheet is not None else []
        known = there.do(lambda connection, _: looking.known_events(connection, keys))  # noqa: B023  # called at once
        rest += compare(found, tickets[id_], sheet, known)
    return rest, len(sheets)


async def _sheets(settings: Settings, tickets: Sequence[Ticket]) -> dict[str, Sheet | None]:
    from composition import adapters

    chat, board, _ = adapters(settings, None)
    found: dict[str, Sheet | None] = {}
    try:
        for number, ticket in enumerate(tickets):
            assert ticket.card is not None
            found[ticket.id] = await board.inspect(ticket.card)
            if sys.stderr.isatty():
                print(f"\r{number + 1} of {len(tickets)} cards read", end="", file=sys.stderr)
    finally:
        await chat.aclose()
        await board.aclose()
    if sys.stderr.isatty() and tickets:
        print(file=sys.stderr)
    return found


def _tell(fates: list[Fate], now: datetime, start: datetime, looked: int, *, as_json: bool) -> None:
    from connector.domain.audit import Verdict, still_waiting

    counts = Counter(fate.verdict.value for fate in fates)
    late = [fate for fate in fates if still_waiting(fate, now)]
    amiss = [fate for fate in fates if fate.verdict in (Verdict.LOST, Verdict.DOUBLED, Verdict.MISORDERED)]
    if as_json:
        answer(
            {
                "since": start, "cards": looked, "counts": {each.value: counts[each.value] for each in Verdict},
                "still_waiting": len(late),
                **{name: [_data(each) for each in fates if each.verdict.value == name] for name in WANTED},
            }
        )  # fmt: skip
    else:
        for line in render(fates, now, start, looked):
            print(line)
    if amiss or late:
        raise typer.Exit(Exit.UNFINISHED)


def _data(fate: Fate) -> dict[str, object]:
    return {
        "key": fate.key, "what": "answer" if fate.answer else "message", "client": fate.client, "ticket": fate.ticket,
        "order": fate.order, "received": fate.at, "why": fate.why,
    }  # fmt: skip


def render(fates: Sequence[Fate], now: datetime, start: datetime, looked: int) -> list[str]:
    """The page for people: the figures, then whatever is amiss, by its key."""
    from connector.domain.audit import Verdict, still_waiting

    counts = Counter(fate.verdict for fate in fates)
    messages = sum(not fate.answer for fate in fates)
    board = f", {looked} cards read" if looked else ", by the books alone (add --live for the board)"
    late = sum(still_waiting(fate, now) for fate in fates)
    lines = [
        f"since {stamp(start)}: {messages} messages, {len(fates) - messages} answers{board}",
        f"lost {counts[Verdict.LOST]} · doubled {counts[Verdict.DOUBLED]} · misordered {counts[Verdict.MISORDERED]} · "
        f"waiting {counts[Verdict.WAITING]} ({late} for more than 10 minutes)",
        f"there {counts[Verdict.THERE]} · answered by the bot {counts[Verdict.ANSWERED]} · "
        f"let be {counts[Verdict.LET_BE]} · not claimed {counts[Verdict.UNTOLD]}",
    ]
    for verdict in (Verdict.LOST, Verdict.DOUBLED, Verdict.MISORDERED, Verdict.WAITING):
        found = [fate for fate in fates if fate.verdict is verdict]
        if found:
            lines.append(verdict.value)
            lines += columns(
                [(stamp(each.at), each.key, each.ticket or each.client, each.why) for each in found[:SHOWN]]
            )
        if len(found) > SHOWN:
            lines.append(f"  and {len(found) - SHOWN} more: --json names all")
    return lines
