"""What a board promises of a card: made once, moved, labelled, bound, given to people."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connector.domain.effects import (
    AddFiles,
    AddTag,
    AssignCard,
    AttachSla,
    DetachSla,
    FieldValue,
    LinkCard,
    Meaning,
    MoveCard,
    RemoveTag,
    ReplaceCard,
    SetDeadline,
    Spot,
    UnlinkCard,
)
from connector.domain.events import CardSeen, Refusal
from connector.domain.refs import Key, Ref
from connector.ports import Rejected, Unavailable
from tests.adapters.contracts.board_orders import TICKET, comment, creation, facts, new_card, set_block, to_board
from tests.adapters.contracts.board_stand import BoardStand
from tests.adapters.contracts.reading import read_until, settled

SLA = "0f8fad5b-d9cb-469f-a165-70867728950e"
"""An agreement of the board tool's own."""


class CardContract:
    """Every board adapter passes this: a card is made once, and what is ordered of it stands on it."""

    async def test_a_card_is_made_with_the_tickets_id(self, stand: BoardStand) -> None:
        [card] = await stand.board.perform(to_board(creation(stand)))
        assert card.port == stand.board.name
        assert await stand.external_ids() == ["kc-1"]

    async def test_a_repeat_finds_the_card_instead_of_making_another(self, stand: BoardStand) -> None:
        [card] = await stand.board.perform(to_board(creation(stand)))
        assert await stand.reborn().perform(to_board(creation(stand), attempt=2)) == (card,)
        assert await stand.external_ids() == ["kc-1"]

    async def test_a_repeat_finds_an_archived_card_too(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        await stand.archive(card)
        assert await stand.board.perform(to_board(creation(stand), attempt=2)) == (card,)
        assert await stand.external_ids() == ["kc-1"]

    async def test_a_card_whose_answer_was_lost_is_found(self, stand: BoardStand) -> None:
        await stand.lose_next_answer()
        with pytest.raises(Unavailable) as trouble:
            await stand.board.perform(to_board(creation(stand)))
        assert not trouble.value.surely_not_done
        await stand.board.perform(to_board(creation(stand), attempt=2))
        assert await stand.external_ids() == ["kc-1"]

    async def test_a_first_attempt_of_another_card_makes_another_card(self, stand: BoardStand) -> None:
        await new_card(stand)
        await stand.board.perform(to_board(creation(stand, "kc-1.2"), attempt=2))
        assert sorted(await stand.external_ids()) == ["kc-1", "kc-1.2"]

    async def test_too_many_calls_were_surely_not_done(self, stand: BoardStand) -> None:
        await stand.refuse_next(7)
        with pytest.raises(Unavailable) as trouble:
            await stand.board.perform(to_board(creation(stand)))
        assert trouble.value.surely_not_done
        assert trouble.value.retry_after == pytest.approx(7, abs=1)
        assert await stand.external_ids() == []

    async def test_files_come_to_the_card_once(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        effect = AddFiles(key=Key("files"), ticket=TICKET, files=(stand.file("a.pdf"), stand.file("b.pdf")))
        for attempt in (1, 2):
            await stand.board.perform(to_board(effect, card, attempt=attempt))
        assert sorted(await stand.files(card)) == ["a.pdf", "b.pdf"]

    async def test_a_label_is_put_once(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        effect = AddTag(key=Key("tag"), ticket=TICKET, name="СРОЧНО")
        for attempt in (1, 2):
            await stand.board.perform(to_board(effect, card, attempt=attempt))
        assert await stand.tags(card) == ["СРОЧНО"]

    async def test_a_label_is_taken_off_however_often(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        for name in ("СРОЧНО", "vip"):
            await stand.board.perform(to_board(AddTag(key=Key(name), ticket=TICKET, name=name), card))
        for attempt in (1, 2):
            effect = RemoveTag(key=Key("untag"), ticket=TICKET, name="СРОЧНО")
            assert await stand.board.perform(to_board(effect, card, attempt=attempt)) == ()
        assert await stand.tags(card) == ["vip"]

    async def test_a_card_is_a_child_of_another_once_and_until_it_is_undone(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        [parent] = await stand.board.perform(to_board(creation(stand, "kc-2")))
        for attempt in (1, 2, 1):
            assert await stand.board.perform(to_board(_link(parent), card, attempt=attempt)) == ()
        assert await stand.parents(card) == [parent.id]
        for attempt in (1, 2, 1):
            assert await stand.board.perform(to_board(_unlink(parent), card, attempt=attempt)) == ()
        assert await stand.parents(card) == []

    async def test_a_bond_whose_answer_was_lost_is_made_once(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        [parent] = await stand.board.perform(to_board(creation(stand, "kc-2")))
        await stand.lose_next_answer()
        with pytest.raises(Unavailable):
            await stand.board.perform(to_board(_link(parent), card))
        await stand.board.perform(to_board(_link(parent), card, attempt=2))
        assert await stand.parents(card) == [parent.id]

    async def test_a_card_of_the_service_desk_is_under_an_agreement_once_and_until_it_is_undone(
        self, stand: BoardStand
    ) -> None:
        card = await new_card(stand)
        await stand.entrust(card)
        for attempt in (1, 2):
            assert await stand.board.perform(to_board(_attachment(), card, attempt=attempt)) == ()
        assert await stand.slas(card) == [SLA]
        for attempt in (1, 2, 1):
            assert await stand.board.perform(to_board(_detachment(), card, attempt=attempt)) == ()
        assert await stand.slas(card) == []

    async def test_an_agreement_whose_answer_was_lost_is_on_the_card_once(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        await stand.entrust(card)
        await stand.lose_next_answer()
        with pytest.raises(Unavailable):
            await stand.board.perform(to_board(_attachment(), card))
        await stand.board.perform(to_board(_attachment(), card, attempt=2))
        assert await stand.slas(card) == [SLA]

    async def test_a_card_outside_the_service_desk_is_refused_an_agreement(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        for attempt in (1, 2):
            with pytest.raises(Rejected) as no:
                await stand.board.perform(to_board(_attachment(), card, attempt=attempt))
            assert no.value.refusal is Refusal.INVALID
        assert await stand.slas(card) == []

    async def test_facts_fill_their_fields_and_leave_the_others(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        first, second = stand.fields
        await stand.board.perform(to_board(facts({first: "77", second: "+7999"}), card))
        for attempt in (1, 2):
            assert await stand.board.perform(to_board(facts({second: "+7000"}), card, attempt=attempt)) == ()
        assert [await stand.field(card, field) for field in stand.fields] == ["77", "+7000"]

    @pytest.mark.parametrize("nothing", [None, {}])
    async def test_facts_without_a_field_change_nothing(
        self, stand: BoardStand, nothing: dict[str, FieldValue] | None
    ) -> None:
        card = await new_card(stand)
        cursor, _ = await settled(stand.board, None)
        assert await stand.board.perform(to_board(facts(nothing), card)) == ()
        _, events = await settled(stand.board, cursor)
        assert [event for event in events if isinstance(event, CardSeen)] == []

    async def test_labels_and_facts_of_a_card_that_is_gone_are_refused_for_ever(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        await stand.destroy(card)
        for effect in (
            RemoveTag(key=Key("untag"), ticket=TICKET, name="СРОЧНО"),
            facts({stand.fields[0]: "77"}),
        ):
            with pytest.raises(Rejected) as refused:
                await stand.board.perform(to_board(effect, card))
            assert refused.value.refusal is Refusal.GONE

    async def test_a_card_is_moved_however_often(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        effect = MoveCard(key=Key("move"), ticket=TICKET, meaning=Meaning.WORK, board=stand.spot.board, spot=stand.work)
        for attempt in (1, 2):
            await stand.board.perform(to_board(effect, card, attempt=attempt))
        assert await stand.column(card) == stand.work.column

    async def test_a_card_is_put_elsewhere_on_its_board_with_another_deadline_however_often(
        self, stand: BoardStand
    ) -> None:
        card = await new_card(stand)
        await stand.move(card)
        due = datetime(2030, 2, 3, 4, 30, tzinfo=UTC)
        effect = _replacement(Spot(board=stand.spot.board, lane=stand.work.lane), due)
        for attempt in (1, 2):
            assert await stand.board.perform(to_board(effect, card, attempt=attempt)) == ()
        assert await stand.place(card) == stand.work
        assert await stand.due(card) == due

    async def test_a_card_is_put_elsewhere_with_the_deadline_that_an_agent_gave_it(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        before = await stand.due(card)
        await stand.board.perform(to_board(_replacement(stand.other, None, keeps_due=True), card))
        assert await stand.place(card) == stand.other
        assert await stand.due(card) == before
        assert before is not None

    async def test_a_card_is_put_on_another_board_with_what_stands_on_it(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        await stand.board.perform(to_board(comment("say/1", "Привет"), card))
        await stand.board.perform(to_board(_replacement(stand.other, None), card))
        assert await stand.place(card) == stand.other
        assert await stand.due(card) is None
        assert len(await stand.comments(card)) == 1
        assert await stand.external_ids() == ["kc-1"]

    async def test_a_deadline_is_set_alone_and_told_with_the_card(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        place = await stand.place(card)
        for due in (datetime(2027, 3, 4, 5, 6, tzinfo=UTC), None):
            effect = SetDeadline(key=Key("deadline"), ticket=TICKET, due_at=due)
            for attempt in (1, 2):
                await stand.board.perform(to_board(effect, card, attempt=attempt))
            assert await stand.due(card) == due
            _, events = await read_until(stand.board, 1, None)
            assert [event.due_at for event in events if isinstance(event, CardSeen)] == [due]
        assert await stand.place(card) == place

    async def test_a_card_whose_place_nobody_knows_stays(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        with pytest.raises(Rejected):
            await stand.board.perform(to_board(_replacement(None, None), card))
        assert await stand.column(card) == stand.spot.column

    async def test_one_person_has_a_card_however_often_it_is_given(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        first, second = (user for user, _ in stand.people)
        for user in (first, first, second):
            for attempt in (1, 2):
                assert await stand.board.perform(to_board(_assignment(user), card, attempt=attempt)) == ()
            assert await stand.holders(card) == [user]

    async def test_a_card_that_is_gone_takes_no_block_nor_person_nor_place(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        await stand.destroy(card)
        for effect in (set_block("№ 1"), _assignment(stand.people[0][0]), _replacement(stand.other, None)):
            with pytest.raises(Rejected) as refused:
                await stand.board.perform(to_board(effect, card))
            assert refused.value.refusal is Refusal.GONE


def _link(parent: Ref) -> LinkCard:
    return LinkCard(key=Key("link"), ticket=TICKET, parent=parent)


def _unlink(parent: Ref) -> UnlinkCard:
    return UnlinkCard(key=Key("unlink"), ticket=TICKET, parent=parent)


def _attachment() -> AttachSla:
    return AttachSla(key=Key("sla"), ticket=TICKET, sla=SLA)


def _detachment() -> DetachSla:
    return DetachSla(key=Key("sla-off"), ticket=TICKET, sla=SLA)


def _replacement(spot: Spot | None, due_at: datetime | None, *, keeps_due: bool = False) -> ReplaceCard:
    return ReplaceCard(
        key=Key("replace"), ticket=TICKET, topic="question", service_class="normal", board=None,
        due_at=due_at, spot=spot, keeps_due=keeps_due,
    )  # fmt: skip


def _assignment(user: str) -> AssignCard:
    return AssignCard(key=Key("assign"), ticket=TICKET, user=user)
