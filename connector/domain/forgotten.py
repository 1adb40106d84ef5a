"""What stays of a request whose client is forgotten, and which lines of other texts told of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from connector.domain.card import BLOCK_BEGIN, BLOCK_END
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
    """What a line that tells of one of these requests contains, as `bare` writes it: its number before its subject.

    The subject alone would not do: other people write the same words about matters of their own.
    """
    return tuple(f"{each.number}{bare(shorten(each.subject, TOLD))}" for each in tickets if bare(each.subject))


def subjects(tickets: Iterable[Ticket]) -> tuple[str, ...]:
    """Their subjects alone, for places where only we tell of requests; short ones stand in anybody's line."""
    found = (bare(shorten(each.subject, TOLD)) for each in tickets)
    return tuple(dict.fromkeys(each for each in found if len(each) >= SHORTEST))


def tells(line: str, sought: Collection[str]) -> bool:
    """Whether the line contains one of the needles; a number is found whole."""
    plain = bare(line)
    return any(_at_whole_number(plain, needle) for needle in sought)


def may_tell(text: str, sought: Collection[str]) -> bool:
    """Whether a line of the text may contain one of the needles: it may still be the end of a longer number.

    A look at many lines at once: there a number stands beside whatever the line before ends with.
    """
    plain = bare(text)
    return any(needle in plain for needle in sought)


def _at_whole_number(plain: str, needle: str) -> bool:
    at = plain.find(needle)
    while at >= 0:
        if not (needle[:1].isdecimal() and at and plain[at - 1].isdecimal()):
            return True
        at = plain.find(needle, at + 1)
    return False


def without(text: str, sought: Collection[str]) -> str:
    """The text without the lines that contain one of the needles."""
    if not may_tell(text, sought):
        return text
    return "\n".join(line for line in text.split("\n") if not tells(line, sought))


def without_in_block(description: str, sought: Collection[str]) -> str:
    """The description without such lines between the marks of our block; what people wrote around it stays."""
    begin = description.rfind(BLOCK_BEGIN)
    end = description.find(BLOCK_END, begin) if begin >= 0 else -1
    if end < 0:
        return description
    begin += len(BLOCK_BEGIN)
    return description[:begin] + without(description[begin:end], sought) + description[end:]


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
