"""Orders as the core gives them to a board, for its contract."""

from __future__ import annotations

from datetime import UTC, datetime

from connector.domain.effects import (
    AddComment,
    BoardEffect,
    CreateCard,
    FieldValue,
    Section,
    SetBlock,
    SetFacts,
    Urgency,
)
from connector.domain.refs import Key, Ref, TicketId
from connector.domain.words import File, Text
from connector.ports import Order
from tests.adapters.contracts.board_stand import BoardStand

TICKET = TicketId("kc-1")


def to_board(
    effect: BoardEffect,
    card: Ref | None = None,
    *,
    attempt: int = 1,
    made: dict[Key, tuple[Ref, ...]] | None = None,
) -> Order[BoardEffect]:
    return Order(key=effect.key, effect=effect, attempt=attempt, urgency=Urgency.CARD, card=card, made=made or {})


def creation(stand: BoardStand, external_id: str = "kc-1") -> CreateCard:
    return CreateCard(
        key=Key(f"card/{external_id}"), ticket=TICKET, external_id=external_id, topic="question",
        service_class="normal", title="Не работает", description="Ничего не работает",
        due_at=datetime(2030, 1, 1, 12, tzinfo=UTC), spot=stand.spot,
    )  # fmt: skip


async def new_card(stand: BoardStand) -> Ref:
    [card] = await stand.board.perform(to_board(creation(stand)))
    return card


def section(key: str, text: str, files: tuple[File, ...] = ()) -> Section:
    return Section(key=Key(key), head=f"Client · {key[-1]}", text=Text(plain=text), files=files)


def comment(key: str, text: str, files: tuple[File, ...] = ()) -> AddComment:
    return AddComment(key=Key(key), ticket=TICKET, sections=(section(key, text, files),))


def comments(*keys: str) -> AddComment:
    sections = tuple(section(key, f"words of {key}") for key in keys)
    return AddComment(key=Key(keys[0]), ticket=TICKET, sections=sections)


def facts(fields: dict[str, FieldValue] | None) -> SetFacts:
    return SetFacts(key=Key("facts"), ticket=TICKET, facts={"cabinet": "77"}, fields=fields)


def set_block(block: str) -> SetBlock:
    return SetBlock(key=Key("block"), ticket=TICKET, block=block)
