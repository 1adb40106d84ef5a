"""Which queue an order stands in: one lane per chat, one per ticket on the board."""

from __future__ import annotations

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
from connector.domain.refs import ClientId, TicketId

CHAT = "chat"
BOARD = "board"
REGISTRY = "registry"


def port_of(effect: Effect) -> str:
    """Which side carries the effect out: `chat`, `board` or `registry`."""
    match effect:
        case SendMessage() | SendFiles() | EditMessage() | DeleteMessage() | React() | AnswerTap():
            return CHAT
        case (
            CreateCard() | AddComment() | EditComment() | AddFiles() | AddTag() | RemoveTag() | SetFacts() | SetBlock()
        ):
            return BOARD
        case AssignCard() | MoveCard() | ReplaceCard() | SetDeadline() | BindCard() | Redact():
            return BOARD
        case LinkCard() | UnlinkCard() | AttachSla() | DetachSla():
            return BOARD
        case VerifyCabinet():
            return REGISTRY


def lane_of(port: str, client: ClientId, ticket: TicketId | None) -> str:
    """Orders of one lane keep their order; lanes run side by side. A chat is one sequence whatever its tickets."""
    return f"{port}/{ticket}" if port == BOARD and ticket else f"{port}/{client}"
