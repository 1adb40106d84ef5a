"""How words get onto a card: the card itself, its comments, and what is remembered of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from connector.domain import card, earlier
from connector.domain.client import Kept, Said, WrittenAlbum
from connector.domain.decide import board_sla, deadlines, receipts
from connector.domain.decide.turn import Turn
from connector.domain.effects import AddComment, AddTag, CreateCard, LinkCard, Meaning, MoveCard, Section, SetBlock
from connector.domain.policy import Policy
from connector.domain.refs import Key, Ref, TicketId
from connector.domain.say import size
from connector.domain.ticket import Line, Phase, Ticket
from connector.domain.words import Words

LATE_PARTS = timedelta(minutes=10)
"""How long a part of an album may come after the album was written down."""
LINES = 5
"""Lines of a conversation that the client's own list shows."""
PEOPLE = 30
"""People of one request that are remembered by name: a big group's card need not name everybody."""
REMEMBERED = 20
"""Messages on cards of which edits are compared with what they were."""


def say_key(message: Ref) -> Key:
    """The order that brings a client's message to the card, and its section."""
    return Key(f"say/{message.key}")


def fingerprint(*parts: object) -> str:
    """A short, stable fingerprint of a few values."""
    return hashlib.blake2b("\0".join(map(str, parts)).encode("utf-8", "replace"), digest_size=6).hexdigest()


def fingerprints(words: Words) -> tuple[str, str]:
    """Of the words and of the files of a message. A moving location is no new word: it would never end."""
    files = fingerprint(*((file.kind, file.name, file.size) for file in words.files)) if words.files else ""
    return fingerprint(words.text.plain), files


def write(turn: Turn, ticket_id: TicketId, parts: Sequence[Kept]) -> None:
    """One message (or the parts of one album) as a comment on the ticket's card; a lost card is replaced first."""
    ticket = turn.ticket(ticket_id)
    if ticket is None:
        return
    if ticket.lost:
        ticket = replace_card(turn, ticket)
    policy = turn.policy
    message = card.merged(parts)
    key = say_key(message.message)
    head = card.head(policy, ticket.service_class, message.author, message.at)
    text = card.body(policy, message.words)
    portions = card.portions(text, head, policy.comment_limit)
    last = len(portions) - 1
    for number, portion in enumerate(portions):
        own = key if number == 0 else Key(f"{key}/{number}")
        files = card.obtainable(message.words) if number == last else ()
        shown = receipts.source(turn, message.message) if number == last else None
        section = Section(key=own, head=head, text=portion, files=files, source=shown)
        turn.effects.append(AddComment(key=own, ticket=ticket.id, sections=(section,)))
    remember(turn, ticket.id, parts, key)
    heard(turn, ticket, message)


def heard(turn: Turn, ticket: Ticket, message: Kept) -> None:
    """The client has spoken on a request: its answers are read, and this is what an agent will answer."""
    line = Line(at=message.at, ours=False, text=gist(turn.policy, message.words))
    ticket = took_part(ticket, message.author)
    turn.keep(
        replace(
            ticket,
            lines=(*ticket.lines, line)[-LINES:],
            unread=0,
            latest=message.message,
            client_at=max(message.at, ticket.client_at) if ticket.client_at else message.at,
        )
    )
    if turn.client.heard == ticket.id:
        turn.client = replace(turn.client, heard=None)


def took_part(ticket: Ticket, name: str) -> Ticket:
    """The ticket knowing that this person wrote on it."""
    if not name or name in ticket.people or len(ticket.people) >= PEOPLE:
        return ticket
    return replace(ticket, people=(*ticket.people, name))


def introduced(policy: Policy, ticket: Ticket, messages: Sequence[Sequence[Kept]]) -> Ticket:
    """A new ticket with what its first messages tell: who wrote them, and the labels the first one's words earn."""
    for author in dict.fromkeys(part.author for message in messages for part in message):
        ticket = took_part(ticket, author)
    return replace(ticket, labels=card.labels(policy, ticket, card.merged(messages[0]).words.text))


def gist(policy: Policy, words: Words) -> str:
    """What a message says, in a line for the client's own list."""
    return card.card_title(policy, words, 0)


def order_card(turn: Turn, ticket: Ticket, title: str, description: str, source: Ref | None = None) -> Ticket:
    """Orders the card of the ticket's generation, with the block of earlier requests, and its labels.

    Returns the ticket as kept, which remembers what the block says.
    """
    policy, client = turn.policy, turn.client
    external = ticket.external_id
    ticket = replace(ticket, earlier=len(client.past) + client.past_more)
    block, former = earlier.block(policy, client, ticket), ticket.block
    ticket = deadlines.given(replace(ticket, block=fingerprint(block) if block else ""))
    turn.keep(ticket)
    turn.effects.append(
        CreateCard(
            key=Key(f"card/{external}"),
            ticket=ticket.id,
            external_id=external,
            topic=ticket.topic,
            service_class=ticket.service_class,
            title=title,
            description=card.within(description, block),
            due_at=ticket.due_at,
            facts=card.facts(policy, client, ticket),
            source=source,
            responsible=_responsible(policy, ticket),
        )
    )
    prefix = "tag" if ticket.generation == 1 else f"{external}/tag"
    for number, name in enumerate(card_tags(policy, ticket)):
        turn.effects.append(AddTag(key=turn.name(f"{prefix}/{number}"), ticket=ticket.id, name=name))
    ticket = board_sla.ordered(turn, ticket)
    if block and former:
        # An older block may still be on its way to the card that was lost: it must not be the last one here.
        turn.effects.append(SetBlock(key=turn.name(f"{external}/block"), ticket=ticket.id, block=block))
    return ticket


def _responsible(policy: Policy, ticket: Ticket) -> str | None:
    """The board's user who has it already."""
    return policy.board.agents.get(ticket.taken) if policy.board is not None and ticket.taken is not None else None


def card_tags(policy: Policy, ticket: Ticket) -> tuple[str, ...]:
    """The labels its card gets: of its topic, of its cabinet, and those its first words earned it."""
    topic = policy.topic(ticket.topic)
    tags = list(topic.tags) if topic is not None else []
    if ticket.cabinet and policy.cabinet is not None and policy.cabinet.tag:
        tags.append(policy.cabinet.tag.replace("{cabinet}", ticket.cabinet))
    return tuple(dict.fromkeys((*tags, *ticket.labels)))


def replace_card(turn: Turn, ticket: Ticket) -> Ticket:
    """Orders a new card for a ticket whose card is gone, linked to the former one; returns the ticket as kept."""
    ticket = replace(
        ticket,
        card=None,
        former=ticket.card or ticket.former,
        generation=ticket.generation + 1,
        phase=Phase.OPENING,
        phase_at=turn.at,
        promised_at=ticket.promised_at if ticket.open else None,
        closed_at=None,
        outcome=None,
        board=None,
        lane=None,
        seen=0,
        deadlines=(),
        due_by_hand=False,
        moving=None,
        delivered=(),
        delivered_at=None,
        status="",
        status_at=None,
        status_behind=False,
    )
    turn.keep(ticket)
    title, description = card.continuation(turn.policy, turn.client, ticket, ticket.former)
    ticket = order_card(turn, ticket, title, description)
    if ticket.incident is not None and ticket.incident.card is not None:
        link = turn.name(f"{ticket.external_id}/link")
        turn.effects.append(LinkCard(key=link, ticket=ticket.id, parent=ticket.incident.card))
    return ticket


def reopen(turn: Turn, ticket_id: TicketId) -> None:
    """A closed request goes on: back into the queue on the card it had, on a new one when that is gone."""
    ticket = turn.ticket(ticket_id)
    if ticket is None:
        return
    if ticket.lost:
        replace_card(turn, ticket)
    elif not ticket.open:
        back = replace(ticket, phase=Phase.QUEUE, phase_at=turn.at, closed_at=None, outcome=None, promised_at=None)
        if ticket.board is not None:
            back = replace(back, moving=Phase.QUEUE)
            turn.effects.append(
                MoveCard(key=turn.name("move"), ticket=ticket.id, meaning=Meaning.QUEUE, board=ticket.board)
            )
        turn.keep(back)
    turn.client = replace(turn.client, current=ticket.id)


def remember(turn: Turn, ticket: TicketId, parts: Sequence[Kept], order: Key | None) -> None:
    """Keeps what an edit, or a late part of an album, will be held against."""
    fresh = []
    for part in parts:
        text, files = fingerprints(part.words)
        fresh.append(
            Said(
                message=part.message.key,
                ticket=ticket,
                order=order,
                at=part.at,
                text=text,
                files=files,
                alone=not any(other.words.text for other in parts if other is not part),
            )
        )
    client = turn.client
    written = client.written
    if parts[0].album is not None:
        album = WrittenAlbum(
            id=parts[0].album,
            ticket=ticket,
            first=card.merged(parts),
            comment=order,
            until=turn.at + LATE_PARTS,
        )
        written = (*written, album)
    turn.client = replace(client, said=(*client.said, *fresh)[-REMEMBERED:], written=written)


def tell_unobtainable(turn: Turn, words: Words, ticket: TicketId | None) -> None:
    """Says at once which files we cannot get, and what to do instead."""
    for number, file in enumerate(file for file in words.files if not file.obtainable):
        policy, language = turn.policy, turn.client.tongue
        text = turn.say(
            "file.unobtainable",
            name=file.name,
            size=size(policy, language, file.size),
            limit=size(policy, language, policy.limits.download),
        )
        turn.tell(f"unobtainable/{number}", text, ticket=ticket)
