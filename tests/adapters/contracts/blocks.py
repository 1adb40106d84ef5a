"""What a board promises of the block of earlier requests in a description."""

from __future__ import annotations

from connector.domain.card import DESCRIPTION_LENGTH, with_block
from connector.domain.events import CardSeen
from tests.adapters.contracts.board_orders import new_card, set_block, to_board
from tests.adapters.contracts.board_stand import BoardStand
from tests.adapters.contracts.reading import settled


class BlockContract:
    """Every board adapter passes this: our block changes, and what people wrote around it stays."""

    async def test_a_block_is_added_and_changed_where_it_stands(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        for block in ("№ 1 · касса", "№ 2 · почта\n№ 1 · касса"):
            for attempt in (1, 2):
                assert await stand.board.perform(to_board(set_block(block), card, attempt=attempt)) == ()
            assert await stand.description(card) == with_block("Ничего не работает", block)

    async def test_what_people_wrote_around_a_block_stays_letter_for_letter(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        await stand.board.perform(to_board(set_block("№ 1"), card))
        there = await stand.description(card)
        assert there is not None
        around = f"*Важно:* звонить\r\n\n{there}\n\n> хвост  \n"
        await stand.describe(card, around)
        await stand.board.perform(to_board(set_block("№ 2"), card))
        assert await stand.description(card) == around.replace("№ 1", "№ 2")

    async def test_a_block_whose_marks_were_removed_stands_at_the_end_again(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        await stand.board.perform(to_board(set_block("№ 1"), card))
        await stand.describe(card, "Всё стёрли")
        await stand.board.perform(to_board(set_block("№ 1"), card))
        assert await stand.description(card) == with_block("Всё стёрли", "№ 1")

    async def test_a_block_fills_an_empty_description(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        await stand.describe(card, "")
        await stand.board.perform(to_board(set_block("№ 1"), card))
        assert await stand.description(card) == with_block("", "№ 1")

    async def test_an_empty_block_goes_with_its_marks(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        for block in ("№ 1", ""):
            await stand.board.perform(to_board(set_block(block), card))
        assert await stand.description(card) == "Ничего не работает"

    async def test_the_block_gives_way_where_people_wrote_much(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        people = "ы" * (DESCRIPTION_LENGTH - 100)
        await stand.describe(card, people)
        block = "\n".join(f"№ {number} · касса" for number in range(100))
        await stand.board.perform(to_board(set_block(block), card))
        shown = await stand.description(card)
        assert shown is not None
        assert shown.startswith(people)
        assert len(people) < len(shown) <= DESCRIPTION_LENGTH
        assert "№ 0 · касса" in shown
        assert "№ 99 · касса" not in shown

    async def test_a_block_that_is_there_changes_nothing(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        await stand.board.perform(to_board(set_block("№ 1"), card))
        cursor, _ = await settled(stand.board, None)
        await stand.board.perform(to_board(set_block("№ 1"), card))
        _, events = await settled(stand.board, cursor)
        assert [event for event in events if isinstance(event, CardSeen)] == []
