"""Binds an order to its place on the board by the mapping in force at the moment it is carried out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from connector.domain.effects import CreateCard, FieldValue, MoveCard, ReplaceCard, SetFacts, Spot
from connector.domain.policy import BoardPolicy, Policy


class Unplaced(Exception):
    """The mapping in force has no place for this."""


Placed = CreateCard | MoveCard | ReplaceCard | SetFacts


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
            return replace(effect, spot=replace(spot, fields={**spot.fields, **_fields(effect.facts, board)}))
        case SetFacts():
            return replace(effect, fields=_fields(effect.facts, board))
        case ReplaceCard():
            spot = board.spots.get((effect.topic, effect.service_class))
            if spot is None:
                raise Unplaced(f"the mapping has no place for topic {effect.topic!r} in class {effect.service_class!r}")
            if spot.board != effect.board:
                return replace(effect, spot=Spot(board=spot.board, column=spot.column, lane=spot.lane))
            return replace(effect, spot=Spot(board=spot.board, lane=spot.lane))
        case MoveCard():
            column = board.landing.get((effect.board, effect.meaning))
            if column is None:
                raise Unplaced(f"no column of that board means {effect.meaning.value!r} in the mapping")
            return replace(effect, spot=Spot(board=effect.board, column=column))


def _fields(facts: Mapping[str, str], board: BoardPolicy) -> dict[str, FieldValue]:
    return {board.fact_fields[name]: value for name, value in facts.items() if name in board.fact_fields}
