"""An order for a card is bound to its place by the mapping in force."""

from dataclasses import replace

import pytest

from connector.domain.effects import ReplaceCard, Spot
from connector.domain.refs import Key, TicketId
from connector.engine.placing import Unplaced, place
from tests.domain.decide.desk import BOARD
from tests.domain.sample import POLICY

POLICY_WITH_LINES = replace(
    POLICY,
    board=replace(BOARD, spots={**BOARD.spots, ("money", "today"): Spot(board="b2", column="c-new", lane="l-today")}),
)


def order(topic: str | None, board: str | None, service_class: str = "today") -> ReplaceCard:
    return ReplaceCard(
        key=Key("k"), ticket=TicketId("kc-1"), topic=topic, service_class=service_class, board=board, due_at=None
    )


def test_a_new_topic_is_another_board_and_the_column_new_cards_begin_in() -> None:
    placed = place(order("money", "b1"), POLICY_WITH_LINES)
    assert isinstance(placed, ReplaceCard)
    assert placed.spot == Spot(board="b2", column="c-new", lane="l-today")


def test_on_its_own_board_the_card_stays_in_its_column() -> None:
    placed = place(order("money", "b2"), POLICY_WITH_LINES)
    assert isinstance(placed, ReplaceCard)
    assert placed.spot == Spot(board="b2", lane="l-today")


def test_without_a_topic_the_card_stays_on_a_further_lines_board() -> None:
    placed = place(order(None, "b3", "urgent"), POLICY_WITH_LINES)
    assert isinstance(placed, ReplaceCard)
    assert placed.spot == Spot(board="b3", lane="l-urgent")


def test_what_the_mapping_has_no_place_for_is_refused() -> None:
    with pytest.raises(Unplaced, match="topic 'gone'"):
        place(order("gone", "b1"), POLICY_WITH_LINES)
    with pytest.raises(Unplaced, match="which board"):
        place(order(None, None), POLICY_WITH_LINES)
