"""What happens when a client edits what they wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from connector.domain import card
from connector.domain.client import Client, Kept, Said, Stage
from connector.domain.decide.albums import flush
from connector.domain.decide.registering import fits_cabinet, take_cabinet
from connector.domain.decide.turn import Turn
from connector.domain.decide.writing import fingerprints, say_key
from connector.domain.effects import AddComment, EditComment, Section
from connector.domain.events import ClientEdited
from connector.domain.policy import Edits
from connector.domain.refs import Key
from connector.domain.say import say
from connector.domain.text import join
from connector.domain.ticket import Ticket
from connector.domain.words import File, Text, Words


def edited(turn: Turn, event: ClientEdited) -> None:
    """The words change where they stand: still with us, or in their comment; a description gets a correction below.

    Nothing happens when the words are the same (a link preview, a moving location) or the message is on no card.
    """
    client = turn.client
    if _edited_unwritten(turn, event):
        return
    plain = event.words.text.plain.strip()
    if client.stage is Stage.CABINET and client.cabinet is None and fits_cabinet(turn.policy, plain):
        take_cabinet(turn, plain)
        return
    if turn.policy.edits is Edits.IGNORE:
        return
    key = event.message.key
    said = next((each for each in reversed(client.said) if each.message == key), None)
    ticket = _ticket_of(turn, key, said)
    if ticket is None:
        return
    if said is None:
        # Too long ago to be remembered: only its comment is known, by its key.
        order = None if ticket.opened_by == key else say_key(event.message)
        said = Said(message=key, ticket=ticket.id, order=order, at=event.at, text="", files="")
        files: tuple[File, ...] = ()
    else:
        now = fingerprints(event.words)
        if (said.text, said.files) == now:
            return
        files = card.obtainable(event.words) if said.files != now[1] else ()
        _remember_edit(turn, said, event.words, now)
    if said.order is not None and said.alone:
        _edit_section(turn, ticket, said, said.order, event, files)
    else:
        _correct(turn, ticket, event, files)


def _edit_section(
    turn: Turn, ticket: Ticket, said: Said, order: Key, event: ClientEdited, files: tuple[File, ...]
) -> None:
    policy = turn.policy
    zone = card.zone_of(policy, ticket.service_class)
    # Of an album the section shows more than this part's words: what cannot be had, where it was forwarded from.
    album = next((each for each in turn.client.written if each.comment == order), None)
    append = policy.edits is Edits.APPEND
    body = card.body(policy, album.first.words if album is not None and not append else event.words)
    if append and not body:
        body = Text(plain=say(policy, policy.default_language, "card.removed_words"))
    head = (
        say(policy, policy.default_language, "card.edited", time=card.clock(event.at, zone))
        if append
        else card.head(policy, ticket.service_class, event.author.name, said.at, event.at)
    )
    first, *rest = card.portions(body, head, policy.comment_limit)
    section = Section(key=order, head=head, text=first, files=files)
    turn.effects.append(
        EditComment(key=turn.name("edited"), ticket=ticket.id, target=order, section=section, append=append)
    )
    if rest:
        flush(turn)
        _add_sections(turn, ticket, head, rest, ())


def _correct(turn: Turn, ticket: Ticket, event: ClientEdited, files: tuple[File, ...]) -> None:
    policy = turn.policy
    tongue = policy.default_language
    flush(turn)
    body = card.body(policy, event.words) or Text(plain=say(policy, tongue, "card.removed_words"))
    text = join(say(policy, tongue, "card.correction"), " ", body)
    head = card.head(policy, ticket.service_class, event.author.name, event.at)
    _add_sections(turn, ticket, head, card.portions(text, head, policy.comment_limit), files)


def _add_sections(turn: Turn, ticket: Ticket, head: str, portions: Sequence[Text], files: tuple[File, ...]) -> None:
    for number, portion in enumerate(portions):
        key = turn.name(f"said/{number}")
        last = files if number == len(portions) - 1 else ()
        section = Section(key=key, head=head, text=portion, files=last)
        turn.effects.append(AddComment(key=key, ticket=ticket.id, sections=(section,)))


def _remember_edit(turn: Turn, said: Said, words: Words, now: tuple[str, str]) -> None:
    client = turn.client
    changed = replace(said, text=now[0], files=now[1])
    siblings = said.order is not None and bool(words.text)
    turn.client = replace(
        client,
        said=tuple(
            changed if each is said else replace(each, alone=False) if siblings and each.order == said.order else each
            for each in client.said
        ),
        written=tuple(
            replace(album, first=replace(album.first, words=replace(album.first.words, text=words.text)))
            if said.order is not None and album.comment == said.order and said.alone
            else album
            for album in client.written
        ),
    )


def _edited_unwritten(turn: Turn, event: ClientEdited) -> bool:
    """Whether the message was still with us, so that it could simply be replaced."""
    client = turn.client

    def replaced(parts: tuple[Kept, ...]) -> tuple[Kept, ...]:
        return tuple(replace(each, words=event.words) if each.message == event.message else each for each in parts)

    if any(each.message == event.message for each in client.undecided):
        turn.client = replace(client, undecided=replaced(client.undecided))
        return True
    if any(each.message == event.message for each in client.kept):
        turn.client = replace(client, kept=replaced(client.kept))
        return True
    for album in client.albums:
        if any(each.message == event.message for each in album.parts):
            other = replace(album, parts=replaced(album.parts))
            turn.client = replace(client, albums=tuple(other if each is album else each for each in client.albums))
            return True
    return False


def _ticket_of(turn: Turn, key: Key, said: Said | None) -> Ticket | None:
    client: Client = turn.client
    if said is not None:
        return turn.ticket(said.ticket)
    opened = next((ticket for ticket in client.tickets if ticket.opened_by == key), None)
    return opened or turn.ticket(client.thread.get(key))
