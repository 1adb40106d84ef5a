"""How an agent's comment reaches the client: what of it is public, how it is dressed, in which messages it goes."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from connector.domain.card import card_title
from connector.domain.decide import receipts
from connector.domain.decide.turn import Turn
from connector.domain.decide.writing import LINES, took_part
from connector.domain.effects import Meaning, SendFiles, SendMessage, SetFacts, Urgency
from connector.domain.policy import Publicity, PublicRule
from connector.domain.refs import Key
from connector.domain.say import say, size
from connector.domain.text import cut, join, split, units
from connector.domain.ticket import Held, Line, Phase, Reply, Ticket
from connector.domain.words import File, Span, Style, Text, Words

REMEMBERED = 50
"""Comments and files of one ticket of which is known that they went to the client."""


def public(rule: PublicRule, text: Text, internal: bool, author: str, phase: Phase) -> Text | None:
    """What of a new comment the client may see; None when nothing. In doubt it stays with the agents.

    `author` is the name on the board, `phase` where the request stands as the comment is written; a card that was not
    seen yet stands in the queue.
    """
    match rule.rule:
        case Publicity.ONLY_PEOPLE:
            allowed = _name(author) in {_name(name) for name in rule.people}
        case Publicity.ONLY_COLUMNS:
            stands = Phase.QUEUE if phase is Phase.OPENING else phase
            allowed = Meaning(stands.value) in rule.columns
        case Publicity.ALL_BUT_MARKED | Publicity.ONLY_MARKED:
            allowed = True
    return shown(rule, text, internal) if allowed else None


def shown(rule: PublicRule, text: Text, internal: bool) -> Text | None:
    """What the client may see of a comment by an author and at a place where comments are public; None when nothing.

    A mark is recognised behind blank and invisible characters, in any case and width. Without a mark in the mapping,
    ONLY_MARKED shows nothing and the other rules hide nothing by mark.
    """
    if internal:
        return None
    mark = rule.mark.strip()
    if rule.rule is not Publicity.ONLY_MARKED:
        return None if begins(text.plain, mark) else text
    start = len(text.plain) - len(text.plain.lstrip())
    if not mark or not text.plain.startswith(mark, start):
        return None
    start += len(mark)
    start += len(text.plain[start:]) - len(text.plain[start:].lstrip())
    return cut(text, start, len(text.plain))


def begins(plain: str, mark: str) -> bool:
    """Whether the text begins with the mark for a human eye; nothing begins with a mark that nobody sees."""
    seen = visible(mark)
    return bool(seen) and (plain.startswith(mark) or visible(plain[: 256 + len(mark)]).startswith(seen))


def visible(plain: str) -> str:
    """The text as an eye tells it apart: compatibility forms and case folded, blanks and unseen characters left out."""
    return "".join(
        sign for sign in unicodedata.normalize("NFKC", plain).casefold() if unicodedata.category(sign)[0] not in "CZ"
    )


def _name(name: str) -> str:
    return " ".join(name.split()).casefold()


def deliver(turn: Turn, ticket: Ticket, answer: Held) -> Ticket:
    """Sends an agent's answer to the client; returns the ticket as kept, which remembers what carried it."""
    files = sendable(turn, ticket, answer.files)
    text = dress(turn, ticket, answer.author, answer.text)
    texts: tuple[Key, ...] = ()
    albums: tuple[Key, ...] = ()
    if answer.text.plain.strip() or files:
        texts, albums = send(turn, ticket, text, files, 0, f"reply/{answer.comment}")
        if ticket.answered_at is None and answer.author:
            ticket = replace(ticket, answered_by=answer.author)
            _tell_who(turn, ticket)
        ticket = took_part(spoken(turn, ticket, turn.at, answer.text, files), answer.author)
    gist = ticket.answer if texts or albums else ""
    ticket = remembered(ticket, Reply(comment=answer.comment, texts=texts, files=albums, gist=gist), answer.files)
    turn.keep(ticket)
    return ticket


def reads_now(turn: Turn, ticket: Ticket, comment: Key, words: Text) -> Ticket:
    """The ticket after an answer was changed: lists and later cards tell of it as it reads now. Kept."""
    reply = answer_to(ticket, comment)
    if reply is None or not words.plain.strip():
        return ticket
    gist = card_title(turn.policy, Words(text=words), ticket.number)
    lines = list(ticket.lines)
    for at in reversed(range(len(lines))):
        if lines[at].ours and reply.gist and lines[at].text == reply.gist:
            lines[at] = replace(lines[at], text=gist)
            break
    ticket = remembered(replace(ticket, lines=tuple(lines)), replace(reply, gist=gist))
    ticket = replace(ticket, answer=_last_said(ticket))
    turn.keep(ticket)
    return ticket


def unsaid(ticket: Ticket, reply: Reply) -> Ticket:
    """The ticket without an answer that was taken back."""
    lines = list(ticket.lines)
    for at in reversed(range(len(lines))):
        if lines[at].ours and reply.gist and lines[at].text == reply.gist:
            del lines[at]
            break
    replies = tuple(each for each in ticket.replies if each.comment != reply.comment)
    ticket = replace(ticket, replies=replies, lines=tuple(lines))
    known = not reply.gist or ticket.answer != reply.gist
    return ticket if known else replace(ticket, answer=_last_said(ticket))


def _last_said(ticket: Ticket) -> str:
    return next((each.gist for each in reversed(ticket.replies) if each.gist), "")


def _tell_who(turn: Turn, ticket: Ticket) -> None:
    """Who answered first, where the mapping gives it a field."""
    board = turn.policy.board
    if board is not None and "agent" in board.fact_fields:
        facts = {"agent": ticket.answered_by}
        turn.effects.append(SetFacts(key=turn.name(f"agent/{ticket.id}"), ticket=ticket.id, facts=facts))


def follow(turn: Turn, ticket: Ticket, reply: Reply, author: str, late: Sequence[File]) -> Ticket:
    """Sends files that joined a comment after its answer went; returns the ticket as kept."""
    for file in sendable(turn, ticket, late):
        key = Key(f"reply/{file.ref.key}")
        caption = Text() if reply.texts or reply.files else dress(turn, ticket, author, Text())
        turn.effects.append(
            SendFiles(
                key=key, ticket=ticket.id, chat=turn.client.chat, files=(file,), urgency=Urgency.REPLY, caption=caption
            )
        )
        reply = replace(reply, files=(*reply.files, key))
        if ticket.answered_at is None:
            ticket = replace(ticket, answered_at=turn.at)
    ticket = remembered(ticket, reply, late)
    turn.keep(ticket)
    return ticket


def dress(turn: Turn, ticket: Ticket, author: str, text: Text) -> Text:
    """The words with what tells them apart: the request's number when it is not the one being talked about, a name."""
    pieces: list[Text | str] = []
    client = turn.client
    others = any(each.open and each.id != ticket.id for each in client.tickets)
    if others and ticket.id != client.current:
        pieces += [_bold(turn.say("reply.number", number=ticket.number)), "\n"]
    if turn.policy.sign_agents and author:
        name = turn.policy.aliases.get(author, author)
        pieces += [_bold(turn.say("reply.agent", name=name)), "\n"]
    if not text.plain.strip():
        return join(*pieces[:-1])
    return join(*pieces, text) if pieces else text


def send(
    turn: Turn, ticket: Ticket, text: Text, files: Sequence[File], first: int, stem: str
) -> tuple[tuple[Key, ...], tuple[Key, ...]]:
    """Orders the messages of one answer, numbered from `first`; returns the orders of its words and of its files.

    Words short enough for a caption go with the files, else before them.
    """
    limits, client = turn.policy.limits, turn.client
    texts: list[Key] = []
    albums: list[Key] = []
    caption = Text()
    number = first
    if files and units(text.plain) <= limits.caption:
        caption = text
    else:
        for part in split(text, limits.text):
            if not part.plain.strip():
                continue
            key = Key(f"{stem}/{number}")
            number += 1
            texts.append(key)
            turn.effects.append(
                SendMessage(key=key, ticket=ticket.id, chat=client.chat, text=part, urgency=Urgency.REPLY)
            )
    for at in range(0, len(files), limits.album):
        key = Key(f"{stem}/{number}")
        number += 1
        albums.append(key)
        if caption and at == 0:
            texts.append(key)
        turn.effects.append(
            SendFiles(
                key=key,
                ticket=ticket.id,
                chat=client.chat,
                files=tuple(files[at : at + limits.album]),
                urgency=Urgency.REPLY,
                caption=caption if at == 0 else Text(),
            )
        )
    return tuple(texts), tuple(albums)


def sendable(turn: Turn, ticket: Ticket, files: Sequence[File]) -> tuple[File, ...]:
    """The files the chat takes. Of the others the client learns name and size, and the agents that they did not go."""
    limit = turn.policy.limits.upload
    good = tuple(file for file in files if file.obtainable and (file.size is None or file.size <= limit))
    policy, tongue = turn.policy, turn.policy.default_language
    for number, file in enumerate(file for file in files if file not in good):
        told = size(policy, turn.client.tongue, file.size)
        turn.tell(
            f"too-big/{number}",
            turn.say("file.undeliverable", name=file.name, size=told),
            ticket=ticket.id,
            urgency=Urgency.REPLY,
        )
        turn.note(
            f"too-big-note/{number}",
            ticket.id,
            "note.file_too_big",
            name=file.name,
            size=size(policy, tongue, file.size),
            limit=size(policy, tongue, limit),
        )
    return good


def answer_to(ticket: Ticket, comment: Key) -> Reply | None:
    """What is known of the answer that a comment was; None when it never went, or long ago."""
    return next((each for each in ticket.replies if each.comment == comment), None)


def remembered(ticket: Ticket, reply: Reply, files: Sequence[File] = ()) -> Ticket:
    """The ticket knowing this answer, in the place of what it knew of the same comment."""
    known = any(each.comment == reply.comment for each in ticket.replies)
    replies = (
        tuple(reply if each.comment == reply.comment else each for each in ticket.replies)
        if known
        else (*ticket.replies, reply)[-REMEMBERED:]
    )
    relayed = (*ticket.relayed, *(file.ref.key for file in files))[-REMEMBERED:] if files else ticket.relayed
    return replace(ticket, replies=replies, relayed=relayed)


def note_failed(turn: Turn, ticket: Ticket, reason: str) -> None:
    """Tells the agents that an answer did not arrive, and why."""
    tongue = turn.policy.default_language
    told = say(turn.policy, tongue, f"reason.{reason}")
    turn.note("note", ticket.id, "note.reply_failed", reason=told)


def _bold(plain: str) -> Text:
    return Text(plain=plain, spans=(Span(start=0, length=len(plain), style=Style.BOLD),) if plain else ())


def spoken(turn: Turn, ticket: Ticket, at: datetime, words: Text, files: Sequence[File]) -> Ticket:
    """The ticket after an agent's answer: the client's list shows it, their message is marked as answered."""
    policy = turn.policy
    line = Line(at=at, ours=True, text=card_title(policy, Words(text=words, files=tuple(files)), ticket.number))
    ticket = receipts.answered(turn, ticket)
    if ticket.open:
        turn.client = replace(turn.client, heard=ticket.id)
    return replace(
        ticket,
        answered_at=ticket.answered_at or at,
        lines=(*ticket.lines, line)[-LINES:],
        answer=line.text,
        unread=ticket.unread + 1,
    )
