"""What the core is told of cards and comments in memory: events, and what a look at a card shows."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from adapters.memory.board_world import BoardWorld, Card, Change, Comment
from connector.domain.events import (
    Agent,
    AgentAttached,
    AgentCommented,
    AgentEdited,
    AgentRemoved,
    BoardEvent,
    CardSeen,
)
from connector.domain.refs import Key, Ref, TicketId
from connector.domain.sheet import Note, Sketch
from connector.domain.signature import sign, signatures
from connector.domain.words import File, Text

PORT: Final = "memory-board"
"""The `port` of every ref of this board."""


def event_of(world: BoardWorld, change: Change) -> BoardEvent | None:
    """What a line of the log means now; None for our own deeds, foreign cards, and what is no longer there."""
    card = world.cards[change.card]
    if not card.external_id:
        return None
    ref, ticket = card_ref(card.id), TicketId(card.external_id)
    if change.kind == "card":
        return seen(card, change.at)
    comment = world.comments[change.comment or 0]
    place = comment_ref(comment)
    if mine(world, comment) or (comment.deleted and change.kind != "removal"):
        return None
    agent = Agent(ref=Ref(port=PORT, id=f"user/{comment.author}"), name=comment.name)
    text = Text(plain=comment.text)
    match change.kind:
        case "comment":
            return told(card, comment)
        case "edit":
            mark = sign(Key(comment.raw))[-16:].encode("utf-8").hex()
            return AgentEdited(
                key=Key(f"{place.key}:edit:{mark}"), at=change.at, card=ref, ticket=ticket, comment=place,
                author=agent, text=text, internal=comment.internal,
            )  # fmt: skip
        case "removal":
            return AgentRemoved(key=Key(f"{place.key}:removed"), at=change.at, card=ref, ticket=ticket, comment=place)
        case _ if change.file is not None:
            return AgentAttached(
                key=change.file.ref.key, at=change.at, card=ref, ticket=ticket, comment=place, author=agent,
                file=change.file, internal=comment.internal,
            )  # fmt: skip
        case _:
            return None


def seen(card: Card, at: datetime) -> CardSeen:
    """How the card looks, whoever is told of it."""
    ending = ":gone" if card.gone else ""
    # Who has the card is no part of its version, here as in a real tool.
    holder = f":by:{card.responsible}:{card.handed}" if card.handed else ""
    ref = card_ref(card.id)
    return CardSeen(
        key=Key(f"{ref.key}:v{card.version}{holder}{ending}"), at=at, card=ref,
        ticket=TicketId(card.external_id), version=card.version, board=card.board, column=card.column,
        lane=card.lane, responsible=card.responsible, due_at=card.due_at, gone=card.gone,
    )  # fmt: skip


def told(card: Card, comment: Comment) -> AgentCommented:
    """The comment as an agent's, with the words it has now."""
    place = comment_ref(comment)
    return AgentCommented(
        key=place.key, at=comment.at, card=card_ref(card.id), ticket=TicketId(card.external_id), comment=place,
        author=Agent(ref=Ref(port=PORT, id=f"user/{comment.author}"), name=comment.name),
        text=Text(plain=comment.text), files=tuple(comment.files), internal=comment.internal,
    )  # fmt: skip


def sketch(world: BoardWorld, card: Card) -> Sketch:
    """The card as a list shows it."""
    talk = [comment.at for comment in card.comments if not comment.deleted]
    parts = (card.version, card.external_id, card.archived, card.handed, len(talk), max(talk, default=None))
    return Sketch(
        card=card_ref(card.id), external_id=card.external_id, seen=seen(card, world.clock()),
        mark=sign(Key(repr(parts)))[-16:].encode().hex(), title=card.title, tags=tuple(card.tags),
        due_at=card.due_at, fields={name: str(value) for name, value in card.fields.items()}, created_at=card.at,
        changed_at=max([card.at, *talk]),
    )  # fmt: skip


def note(world: BoardWorld, card: Card, comment: Comment) -> Note:
    """A comment of the card as a look at the whole card shows it."""
    ours = mine(world, comment)
    return Note(
        ref=comment_ref(comment), ours=ours, text=comment.raw, signs=signatures(comment.raw) if ours else (),
        files=tuple(file.name for file in comment.files),
        told=told(card, comment) if not ours and card.external_id else None,
    )  # fmt: skip


def mine(world: BoardWorld, comment: Comment) -> bool:
    """Our account and our signature: the account alone may be a person's, the signature alone a copy."""
    return comment.author == world.account and bool(signatures(comment.raw))


def card_ref(card: int) -> Ref:
    """A card."""
    return Ref(port=PORT, id=str(card))


def file_ref(card: int, file: File) -> Ref:
    """A file on the card itself."""
    return Ref(port=PORT, id=f"{card}/file/{file.ref.id}")


def comment_ref(comment: Comment) -> Ref:
    """A comment."""
    return Ref(port=PORT, id=f"{comment.card}/{comment.id}")
