"""After a restore: which orders a former life of the daemon may have carried out already, and what becomes of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from typing import assert_never

from connector.domain.client import Client
from connector.domain.effects import (
    AddComment,
    AddFiles,
    AddTag,
    AnswerTap,
    AssignCard,
    AttachSla,
    BindCard,
    CreateCard,
    DeleteMessage,
    DetachSla,
    EditComment,
    EditMessage,
    Effect,
    LinkCard,
    MoveCard,
    React,
    Redact,
    RemoveTag,
    ReplaceCard,
    SendFiles,
    SendMessage,
    SetBlock,
    SetDeadline,
    SetFacts,
    UnlinkCard,
    VerifyCabinet,
)
from connector.domain.refs import TicketId


class Standing(StrEnum):
    """What is done with an order that may have been carried out by a life we do not remember."""

    REPEAT = "repeat"
    """Done twice it is as if done once."""
    LOOK = "look"
    """Whether it was done can be seen on the board."""
    HOLD = "hold"
    """Nobody can tell: people decide."""


def standing(effect: Effect) -> Standing:
    """A message that went cannot be seen; a card that was moved may have been moved on by people since."""
    match effect:
        case SendMessage() | SendFiles() | MoveCard() | AssignCard() | ReplaceCard():
            return Standing.HOLD
        case CreateCard() | AddComment() | EditComment() | AddFiles():
            return Standing.LOOK
        case EditMessage() | DeleteMessage() | React() | AnswerTap() | VerifyCabinet():
            return Standing.REPEAT
        case AddTag() | RemoveTag() | SetFacts() | SetBlock() | SetDeadline() | BindCard() | Redact():
            return Standing.REPEAT
        case LinkCard() | UnlinkCard() | AttachSla() | DetachSla():
            return Standing.REPEAT
        case _:
            assert_never(effect)


def without_moves(client: Client, held: Sequence[Effect]) -> Client:
    """The client whose requests wait for none of the held moves: where a card stands, the board itself tells."""
    still = {effect.ticket for effect in held if isinstance(effect, MoveCard)}
    return replace(
        client, tickets=tuple(replace(each, moving=None) if each.id in still else each for each in client.tickets)
    )


def opened_before(client: Client, ticket: TicketId | None, moment: float) -> bool:
    """Whether a request may have been known to a life that ended at that moment (seconds since the epoch)."""
    found = next((each for each in client.tickets if each.id == ticket), None)
    return found is None or found.opened_at.timestamp() <= moment
