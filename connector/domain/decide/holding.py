"""Answers that do not go to the client at once: for an agent's word, or for the time in which they can be changed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from connector.domain.client import Client
from connector.domain.decide import spreading, taking
from connector.domain.decide.amending import rewrite
from connector.domain.decide.replies import answer_to, begins, deliver, dress, follow, reads_now
from connector.domain.decide.templates import LOCAL
from connector.domain.decide.turn import Turn
from connector.domain.policy import Command, CommandRule, LeakGuard, Policy
from connector.domain.refs import Key
from connector.domain.ticket import Held, Reply, Ticket
from connector.domain.words import File, Text


def answer(turn: Turn, ticket: Ticket, answer: Held) -> Ticket:
    """An agent's public comment goes to the client: at once, when its time has come, or when an agent says so.

    Where its answer is with the client already, that one is changed. Returns the ticket as kept.
    """
    doubt = suspected(turn.policy.guard, answer.text, answer.files)
    if doubt is not None:
        ask(turn, ticket, doubt)
        return _hold(turn, ticket, replace(answer, until=None))
    until = _until(turn, ticket, answer)
    if until is not None:
        return _hold(turn, ticket, replace(answer, until=until))
    return given(turn, ticket, answer)


def changed(turn: Turn, ticket: Ticket, before: Held, words: Text) -> Ticket:
    """A comment that waits has other words now: they are what will go. Returns the ticket as kept."""
    after = replace(before, text=words)
    doubt = suspected(turn.policy.guard, words, before.files)
    if before.until is None and doubt is None:
        return answer(turn, dropped(turn, ticket, before.comment), after)
    if before.until is not None and doubt is not None:
        ask(turn, ticket, doubt)
        after = replace(after, until=None)
    return _put(turn, ticket, after)


def joined(turn: Turn, ticket: Ticket, before: Held, file: File) -> Ticket:
    """A file joined a comment that waits: it waits too. Returns the ticket as kept."""
    if any(each.ref == file.ref for each in before.files):
        return ticket
    after = replace(before, files=(*before.files, file))
    doubt = suspected(turn.policy.guard, Text(), (file,))
    if before.until is not None and doubt is not None:
        ask(turn, ticket, doubt)
        after = replace(after, until=None)
    return _put(turn, ticket, after)


def late(turn: Turn, ticket: Ticket, reply: Reply, author: str, file: File) -> Ticket:
    """A file joined a comment whose answer went: it follows, at once or when an agent says so. The ticket as kept."""
    doubt = suspected(turn.policy.guard, Text(), (file,))
    if doubt is None:
        return follow(turn, ticket, reply, author, (file,))
    ask(turn, ticket, doubt)
    waits = Held(comment=file.ref.key, author=author, at=turn.at, text=Text(), files=(file,), joins=reply.comment)
    return _hold(turn, ticket, waits)


def dropped(turn: Turn, ticket: Ticket, comment: Key) -> Ticket:
    """The comment waits no longer, nor do its files, and they do not go. Returns the ticket as kept."""
    left = tuple(each for each in ticket.held if comment not in (each.comment, each.joins))
    if left == ticket.held:
        return ticket
    ticket = replace(ticket, held=left)
    turn.keep(ticket)
    return ticket


def held(ticket: Ticket, comment: Key) -> Held | None:
    """The comment, while it waits."""
    return next((each for each in ticket.held if each.comment == comment), None)


def release(turn: Turn, ticket: Ticket) -> Ticket | None:
    """An agent has said that what the guard held is meant for the client. Returns the ticket as kept.

    What was written after an answer that still waits for its time goes with that one. None when nothing was held.
    """
    approved = [each for each in ticket.held if each.until is None]
    for each in approved:
        before = ticket.held[: ticket.held.index(each)]
        until = max((other.until for other in before if other.until is not None), default=None)
        ticket = _put(turn, ticket, replace(each, until=until)) if until else _sent_apart(turn, ticket, each)
    return ticket if approved else None


def due(client: Client, policy: Policy) -> Iterator[datetime]:
    """When the next answer of each request may no longer be changed."""
    for ticket in client.tickets:
        first = _first(ticket)
        if first is not None and first.until is not None:
            yield first.until


def passed(turn: Turn) -> None:
    """Sends what has waited long enough, in the order of the comments."""
    for ticket in turn.client.tickets:
        first = _first(ticket)
        while first is not None and first.until is not None and first.until <= turn.at:
            ticket = _sent_apart(turn, ticket, first)
            first = _first(ticket)


def _first(ticket: Ticket) -> Held | None:
    """The one that goes next by itself; none of one request overtakes it."""
    return next((each for each in ticket.held if each.until is not None), None)


def _until(turn: Turn, ticket: Ticket, answer: Held) -> datetime | None:
    """When the answer may go, not before those written earlier; None when at once. What was sent is changed at once."""
    if answer_to(ticket, answer.comment) is not None:
        return None
    waiting = [each.until for each in ticket.held if each.until is not None]
    if turn.policy.send_after:
        waiting.append(turn.at + turn.policy.send_after)
    return max(waiting, default=None)


def _hold(turn: Turn, ticket: Ticket, answer: Held) -> Ticket:
    ticket = replace(ticket, held=(*ticket.held, answer))
    turn.keep(ticket)
    return ticket


def _put(turn: Turn, ticket: Ticket, answer: Held) -> Ticket:
    ticket = replace(ticket, held=tuple(answer if each.comment == answer.comment else each for each in ticket.held))
    turn.keep(ticket)
    return ticket


def _sent_apart(turn: Turn, ticket: Ticket, answer: Held) -> Ticket:
    """Sends one of perhaps several answers of a turn: what each orders is named by its comment, too."""
    own = replace(turn, key=turn.name(answer.comment))
    ticket = given(own, dropped(own, ticket, answer.comment), answer)
    turn.client = own.client
    return ticket


def given(turn: Turn, ticket: Ticket, answer: Held) -> Ticket:
    """An answer that need not wait goes to the client, or what they have of it is changed. Returns the ticket as kept.

    On an incident's card it goes to the clients of all its requests.
    """
    if turn.client.incident is not None:
        return spreading.answer(turn, ticket, answer)
    if answer.joins is not None:
        joined_to = answer_to(ticket, answer.joins) or Reply(comment=answer.joins)
        return follow(turn, ticket, joined_to, answer.author, answer.files)
    reply = answer_to(ticket, answer.comment)
    if reply is None:
        ticket = taking.spoke(turn.policy, deliver(turn, ticket, answer), answer.author)
        turn.keep(ticket)
        return ticket
    rewrite(turn, ticket, reply, dress(turn, ticket, answer.author, answer.text))
    ticket = reads_now(turn, turn.ticket(ticket.id) or ticket, answer.comment, answer.text)
    reply = answer_to(ticket, answer.comment) or reply
    return follow(turn, ticket, reply, answer.author, answer.files) if answer.files else ticket


# ---- the leak guard


def suspected(guard: LeakGuard, text: Text, files: Sequence[File] = ()) -> str | None:
    """Why a comment may not be meant for the client: it begins as an "internal" note, or it, or the name of a "file"
    of an agent's, holds a "secret". What the mapping itself sends along is meant.
    """
    if any(begins(text.plain, beginning.strip()) for beginning in guard.internal):
        return "internal"
    if guard.secrets:
        # Nor does a link hide anything behind innocent words.
        places = _readings(text.plain) | {span.url or "" for span in text.spans}
        if any(_compiled(pattern).search(place) for pattern in guard.secrets for place in places):
            return "secret"
    names = {name for file in files if file.ref.port != LOCAL for name in _readings(file.name)}
    if any(_compiled(pattern).search(name) for pattern in (*guard.files, *guard.secrets) for name in names):
        return "file"
    return None


def _readings(plain: str) -> set[str]:
    """The text as it is, and as an eye sees it: signs that nobody sees hide nothing."""
    clear = "".join(sign for sign in plain if unicodedata.category(sign) != "Cf")
    return {plain, clear, unicodedata.normalize("NFKC", clear)}


def ask(turn: Turn, ticket: Ticket, doubt: str) -> None:
    """Asks on the card whether the comment just written is for the client; what is doubtful in it is not repeated."""
    turn.note("held", ticket.id, f"note.held_{doubt}", command=_command(turn.policy.commands))


def _command(rule: CommandRule) -> str:
    word = next((word for word, command in rule.words.items() if command is Command.SEND), Command.SEND.value)
    return f"{rule.prefix}{word}"


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
