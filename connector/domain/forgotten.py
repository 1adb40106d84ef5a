"""What stays of a request whose client is forgotten, and which lines of other texts told of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from connector.domain.refs import ClientId
from connector.domain.text import shorten
from connector.domain.ticket import Outcome, Phase, Ticket

NOBODY = "forgotten:"
"""How the ids of those begin who are figures without a name by now."""
SHORTEST = 5
"""Letters and digits a needle has at least: fewer stand in anybody's line."""
TOLD = 40
"""Characters of a subject or an answer that a line of history surely shows."""


def bare(text: str) -> str:
    """Its letters and digits alone: what a board's markup and our shortening leave of a text."""
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def needles(tickets: Iterable[Ticket]) -> tuple[str, ...]:
    """What a line that tells of one of these requests contains, as `bare` writes it."""
    found: dict[str, None] = {}
    for ticket in tickets:
        told = (ticket.subject, ticket.answer, *(line.text for line in ticket.lines if line.ours))
        for text in told:
            needle = bare(shorten(text, TOLD))
            if len(needle) >= SHORTEST:
                found[needle] = None
    return tuple(found)


def tells(line: str, sought: Collection[str]) -> bool:
    """Whether the line contains one of the needles."""
    plain = bare(line)
    return any(needle in plain for needle in sought)


def without(text: str, sought: Collection[str]) -> str:
    """The text without the lines that contain one of the needles."""
    if not tells(text, sought):
        return text
    return "\n".join(line for line in text.split("\n") if not tells(line, sought))


def left_of(ticket: Ticket, client: ClientId, at: datetime) -> Ticket:
    """The request as a figure: when, what about, how fast, how it ended; no word of anybody's. It is over.

    Named one by one: what a later version remembers besides is forgotten unless it is named here.
    """
    return Ticket(
        id=ticket.id,
        number=ticket.number,
        client=client,
        topic=ticket.topic,
        service_class=ticket.service_class,
        cabinet=None,
        subject="",
        opened_at=ticket.opened_at,
        due_at=ticket.due_at,
        phase=Phase.DONE,
        closed_at=ticket.closed_at or at,
        card=ticket.card or ticket.former,
        generation=ticket.generation,
        board=ticket.board,
        lane=ticket.lane,
        seen=ticket.seen,
        answered_at=ticket.answered_at,
        client_at=ticket.client_at,
        phase_at=ticket.phase_at,
        promised_at=ticket.promised_at,
        promise=ticket.promise,
        outcome=ticket.outcome or Outcome.WITHDRAWN,
        mark=ticket.mark,
        marked_at=ticket.marked_at,
        muted=True,
        stamps=ticket.stamps,
        reply_by=ticket.reply_by,
        deadlines=ticket.deadlines,
    )
