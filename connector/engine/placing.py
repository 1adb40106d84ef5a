"""Binds an order to its place on the board by the mapping in force at the moment it is carried out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from connector.domain import card
from connector.domain.effects import (
    BoardEffect,
    Button,
    ChatEffect,
    CreateCard,
    EditMessage,
    FieldValue,
    MoveCard,
    Redact,
    ReplaceCard,
    SendMessage,
    SetBlock,
    SetFacts,
    Spot,
)
from connector.domain.policy import BoardPolicy, Policy
from connector.domain.refs import Ref


def linked(effect: BoardEffect, link: Callable[[Ref], str | None]) -> BoardEffect:
    """The effect with the addresses of the cards its words name."""
    match effect:
        case CreateCard():
            return replace(effect, description=card.linked(effect.description, link))
        case SetBlock():
            return replace(effect, block=card.linked(effect.block, link))
        case _:
            return effect


def opened(effect: ChatEffect, link: Callable[[Ref], str | None]) -> ChatEffect:
    """The message with the addresses of the cards its buttons open; a card without an address loses its button."""
    if not isinstance(effect, SendMessage | EditMessage):
        return effect
    if all(button.card is None for row in effect.buttons for button in row):
        return effect
    return replace(effect, buttons=tuple(tuple(_addressed(row, link)) for row in effect.buttons))


def _addressed(row: tuple[Button, ...], link: Callable[[Ref], str | None]) -> Iterator[Button]:
    for button in row:
        if button.card is None:
            yield button
        elif (url := link(button.card)) is not None:
            yield replace(button, url=url)


class Unplaced(Exception):
    """The mapping in force has no place for this."""


Placed = CreateCard | MoveCard | ReplaceCard | SetFacts | Redact


def place(effect: Placed, policy: Policy) -> Placed:
    """The effect with its spot. Raises Unplaced when the mapping no longer has the topic, class or column."""
    board = policy.board
    if board is None:
        raise Unplaced("the board has not been reached yet")
    match effect:
        case CreateCard():
            spot = board.spots.get((effect.topic, effect.service_class))
            if spot is None:
                raise Unplaced(
                    f"the mapping has no place for topic {effect.topic!r} in class {effect.service_class!r}: "
                    "put the topic back, or move its requests by hand"
                )
            fields = {**spot.fields, **_fields(effect.facts, board)}
            responsible = effect.responsible or spot.responsible
            return replace(effect, spot=replace(spot, fields=fields, responsible=responsible))
        case SetFacts():
            return replace(effect, fields=_fields(effect.facts, board))
        case Redact():
            known = board.fact_fields
            return replace(effect, fields=tuple(known[name] for name in effect.facts if name in known))
        case ReplaceCard():
            return replace(effect, spot=_elsewhere(effect, board))
        case MoveCard():
            column = board.landing.get((effect.board, effect.meaning))
            if column is None:
                raise Unplaced(f"no column of that board means {effect.meaning.value!r} in the mapping")
            return replace(effect, spot=Spot(board=effect.board, column=column))


def _elsewhere(effect: ReplaceCard, board: BoardPolicy) -> Spot:
    own, service_class = effect.board, effect.service_class
    if effect.topic is None:
        if own is None:
            raise Unplaced("it is not known which board the card stands on")
        return Spot(board=own, lane=board.classes.get((own, service_class)))
    spot = board.spots.get((effect.topic, service_class))
    if spot is None:
        raise Unplaced(f"the mapping has no place for topic {effect.topic!r} in class {service_class!r}")
    return Spot(board=spot.board, column=spot.column if spot.board != own else None, lane=spot.lane)


def _fields(facts: Mapping[str, str], board: BoardPolicy) -> dict[str, FieldValue]:
    return {board.fact_fields[name]: value for name, value in facts.items() if name in board.fact_fields}
