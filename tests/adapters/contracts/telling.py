"""What a board promises to tell of agents and cards."""

from __future__ import annotations

from connector.domain.events import AgentCommented, AgentEdited, AgentRemoved, CardSeen
from connector.domain.refs import Key
from connector.domain.signature import sign
from tests.adapters.contracts.board_orders import comment, creation, new_card, to_board
from tests.adapters.contracts.board_stand import BoardStand
from tests.adapters.contracts.reading import settled


class TellingContract:
    """Every board adapter passes this: what agents do is told once and what we do never."""

    async def test_who_has_a_card_is_told_though_nothing_else_changed(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        (first, anna), (second, igor) = stand.people
        cursor, events = await settled(stand.board, None)
        assert [event.responsible for event in events if isinstance(event, CardSeen)][-1] is None
        for user, name in ((first, anna), (second, igor), (first, anna)):
            await stand.hand(card, user)
            cursor, events = await settled(stand.board, cursor)
            assert [event.responsible for event in events if isinstance(event, CardSeen)] == [name]

    async def test_an_agents_comment_is_told_once_and_ours_never(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        cursor, _ = await settled(stand.board, None)
        await stand.board.perform(to_board(comment("say/1", "Привет"), card))
        await stand.comment(card, "Здравствуйте")
        cursor, events = await settled(stand.board, cursor)
        [told] = [event for event in events if isinstance(event, AgentCommented)]
        assert told.text.plain == "Здравствуйте"
        assert told.card == card
        assert told.ticket == "kc-1"
        assert told.key == told.comment.key
        assert not told.internal
        _, events = await settled(stand.board, cursor)
        assert [event for event in events if isinstance(event, AgentCommented)] == []

    async def test_what_was_told_keeps_its_key_in_another_process(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        await stand.comment(card, "Здравствуйте")
        told = [event for event in (await settled(stand.board, None))[1] if isinstance(event, AgentCommented)]
        again = [event for event in (await settled(stand.reborn(), None))[1] if isinstance(event, AgentCommented)]
        assert [event.key for event in told] == [event.key for event in again]
        assert len(told) == 1

    async def test_a_batch_whose_cursor_never_came_back_is_told_again(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        cursor, _ = await settled(stand.board, None)
        await stand.comment(card, "Здравствуйте")
        _, events = await settled(stand.board, cursor)
        _, again = await settled(stand.reborn(), cursor)
        told = {event.key for event in events if isinstance(event, AgentCommented)}
        assert len(told) == 1
        assert told <= {event.key for event in again}

    async def test_a_note_for_agents_is_told_as_such(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        await stand.comment(card, "Не для клиента", internal=True)
        _, events = await settled(stand.board, None)
        assert [event.internal for event in events if isinstance(event, AgentCommented)] == [True]

    async def test_a_person_who_uses_our_account_is_heard(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        await stand.board.perform(to_board(comment("say/1", "Привет"), card))
        await stand.comment(card, "Это пишет человек", ours=True)
        _, events = await settled(stand.reborn(), None)
        assert [event.text.plain for event in events if isinstance(event, AgentCommented)] == ["Это пишет человек"]

    async def test_an_agent_who_copies_our_words_is_heard(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        await stand.board.perform(to_board(comment("say/1", "Привет"), card))
        [copied] = await stand.comments(card)
        await stand.comment(card, copied)
        _, events = await settled(stand.board, None)
        [told] = [event for event in events if isinstance(event, AgentCommented)]
        assert "Привет" in told.text.plain
        assert sign(Key("say/1")) not in told.text.plain

    async def test_an_agents_change_of_words_is_told(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        await stand.comment(card, "Здравствуйте")
        cursor, _ = await settled(stand.board, None)
        await stand.rewrite_comment(card, "Добрый день")
        _, events = await settled(stand.board, cursor)
        assert [event.text.plain for event in events if isinstance(event, AgentEdited)] == ["Добрый день"]

    async def test_an_agents_removal_of_a_comment_is_told(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        await stand.comment(card, "Здравствуйте")
        cursor, events = await settled(stand.board, None)
        [told] = [event for event in events if isinstance(event, AgentCommented)]
        await stand.remove_comment(card)
        _, events = await settled(stand.board, cursor)
        assert [event.comment for event in events if isinstance(event, AgentRemoved)] == [told.comment]

    async def test_a_moved_card_is_seen_with_a_higher_version(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        cursor, events = await settled(stand.board, None)
        before = max(event.version for event in events if isinstance(event, CardSeen))
        await stand.move(card)
        _, events = await settled(stand.board, cursor)
        seen = [event for event in events if isinstance(event, CardSeen)][-1]
        assert seen.version > before
        assert (seen.card, seen.ticket, seen.board) == (card, "kc-1", stand.spot.board)
        assert seen.column == stand.work.column
        assert not seen.gone

    async def test_an_archived_card_is_seen_gone(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        cursor, _ = await settled(stand.board, None)
        await stand.archive(card)
        _, events = await settled(stand.board, cursor)
        assert [event.gone for event in events if isinstance(event, CardSeen)][-1:] == [True]

    async def test_the_ticket_of_a_further_card_is_told_as_the_card_carries_it(self, stand: BoardStand) -> None:
        await stand.board.perform(to_board(creation(stand, "kc-1.2")))
        _, events = await settled(stand.board, None)
        assert {event.ticket for event in events if isinstance(event, CardSeen)} == {"kc-1.2"}
