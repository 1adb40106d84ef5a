"""Albums: parts that arrive as messages of their own and stand on the card as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from connector.domain import card
from connector.domain.client import Client, Kept, OpenAlbum, Said, WrittenAlbum
from connector.domain.decide.turn import Turn
from connector.domain.decide.writing import REMEMBERED, fingerprints, say_key, tell_unobtainable, write
from connector.domain.effects import AddFiles, EditComment, Section
from connector.domain.policy import Policy
from connector.domain.refs import Key, TicketId


def collect(turn: Turn, ticket: TicketId, part: Kept) -> None:
    """Puts a part of an album aside until the others have come."""
    wait, client = turn.policy.album_wait, turn.client
    found = next((album for album in client.albums if album.id == part.album), None)
    if found is None:
        album = OpenAlbum(id=part.album or "", ticket=ticket, parts=(part,), until=part.at + wait)
        turn.client = replace(client, albums=(*client.albums, album))
        return
    until = max(found.until, min(part.at + wait, found.parts[0].at + 5 * wait))
    longer = replace(found, parts=(*found.parts, part), until=until)
    turn.client = replace(client, albums=tuple(longer if album is found else album for album in client.albums))


def flush(turn: Turn, due_only: bool = False) -> None:
    """Writes down the albums that were still collecting: all of them, or those whose moment has come.

    An album that began earlier goes with a due one, so that sections keep the order of the messages.
    """
    albums = turn.client.albums
    if not albums:
        return
    count = len(albums)
    if due_only:
        count = max((place for place, album in enumerate(albums, 1) if album.until <= turn.at), default=0)
        if not count:
            return
    turn.client = replace(turn.client, albums=albums[count:])
    for album in albums[:count]:
        write(turn, album.ticket, album.parts)


def due(client: Client, policy: Policy) -> Iterator[datetime]:
    """When the last part of each album has surely come."""
    return (album.until for album in client.albums)


def passed(turn: Turn) -> None:
    """Albums whose last part has surely come are written down."""
    flush(turn, due_only=True)


def joins(turn: Turn, part: Kept) -> bool:
    """Whether the part joined an album that is still collecting, or one already written down."""
    client = turn.client
    for album in client.albums:
        if album.id == part.album:
            collect(turn, album.ticket, part)
            tell_unobtainable(turn, part.words, album.ticket)
            return True
    for written in client.written:
        if written.id == part.album and written.until > turn.at:
            return _joins_written(turn, written, part)
    return False


def _joins_written(turn: Turn, album: WrittenAlbum, part: Kept) -> bool:
    """A late part joins the comment its album made, or the card that its album opened."""
    ticket = turn.ticket(album.ticket)
    if ticket is None or ticket.lost:
        return False
    policy = turn.policy
    files = card.obtainable(part.words)
    together = card.merged((album.first, part))
    head = card.head(policy, ticket.service_class, album.first.author, album.first.at)
    text = card.body(policy, together.words)
    if album.comment is not None and len(card.portions(text, head, policy.comment_limit)) == 1:
        section = Section(key=album.comment, head=head, text=text, files=files)
        turn.effects.append(EditComment(key=turn.name("late"), ticket=ticket.id, target=album.comment, section=section))
        _remember_late(turn, replace(album, first=together), part, album.comment)
    elif files == part.words.files and files and not part.words.text:
        turn.effects.append(AddFiles(key=say_key(part.message), ticket=ticket.id, files=files))
        _remember_late(turn, album, part, None)
    else:
        flush(turn)
        write(turn, ticket.id, (replace(part, album=None),))
    tell_unobtainable(turn, part.words, ticket.id)
    return True


def _remember_late(turn: Turn, album: WrittenAlbum, part: Kept, order: Key | None) -> None:
    """What the album and its section are now; two captions in one section make neither of them its text."""
    client = turn.client
    text, files = fingerprints(part.words)
    alone = album.first.words.text.plain in ("", part.words.text.plain)
    mine = Said(
        message=part.message.key,
        ticket=album.ticket,
        order=order,
        at=part.at,
        text=text,
        files=files,
        alone=alone,
    )
    said = tuple(
        replace(each, alone=False) if part.words.text and each.order == order else each for each in client.said
    )
    turn.client = replace(
        client,
        said=(*said, mine)[-REMEMBERED:],
        written=tuple(album if each.id == album.id else each for each in client.written),
    )


def grouped(kept: Sequence[Kept]) -> list[list[Kept]]:
    """Kept messages in order; the parts of an album together in the place of its first."""
    groups: list[list[Kept]] = []
    albums: dict[str, list[Kept]] = {}
    for message in kept:
        if message.album is not None and message.album in albums:
            albums[message.album].append(message)
            continue
        groups.append([message])
        if message.album is not None:
            albums[message.album] = groups[-1]
    return groups
