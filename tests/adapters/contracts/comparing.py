"""What every board adapter must do when cards are looked at for comparison, as tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connector.domain.effects import AddFiles, AddTag, BindCard, SetDeadline
from connector.domain.events import AgentCommented
from connector.domain.refs import Key, Ref
from connector.domain.sheet import Sheet, Sketch
from connector.domain.signature import sign
from connector.ports import Rejected
from tests.adapters.contracts.board_orders import TICKET, comment, comments, creation, new_card, to_board
from tests.adapters.contracts.board_stand import BoardStand
from tests.adapters.contracts.reading import settled


async def _surveyed(stand: BoardStand, *, archived: bool = False) -> dict[Ref, Sketch]:
    return {
        sketch.card: sketch
        async for page in stand.board.survey([stand.spot.board], archived=archived)
        for sketch in page
    }


async def _seen(stand: BoardStand, card: Ref, made: tuple[Ref, ...] = ()) -> Sheet:
    sheet = await stand.board.inspect(card, made)
    assert sheet is not None
    return sheet


class ComparedContract:
    """Every board adapter passes this."""

    async def test_a_survey_shows_every_card_whoever_made_it(self, stand: BoardStand) -> None:
        ours, theirs = await new_card(stand), await stand.make("Их карточка")
        found = await _surveyed(stand)
        assert (found[ours].external_id, found[theirs].external_id) == ("kc-1", "")
        assert found[theirs].title == "Их карточка"
        seen = found[ours].seen
        assert (seen.board, seen.column, seen.lane) == (stand.spot.board, stand.spot.column, stand.spot.lane)
        assert found[ours].due_at == await stand.due(ours)

    async def test_a_survey_is_complete_over_many_pages(self, stand: BoardStand) -> None:
        made = {await stand.make(f"карточка {number}") for number in range(203)}
        pages = [page async for page in stand.board.survey([stand.spot.board])]
        assert made <= {sketch.card for page in pages for sketch in page}
        assert len(pages) >= 3
        assert sum(map(len, pages)) == len({sketch.card for page in pages for sketch in page})

    async def test_what_was_put_away_is_surveyed_by_itself(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        await stand.archive(card)
        assert card not in await _surveyed(stand)
        assert (await _surveyed(stand, archived=True))[card].seen.gone

    async def test_the_mark_of_a_card_stays_until_something_changes(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        marks = [(await _surveyed(stand))[card].mark for _ in range(2)]
        assert marks[0] == marks[1]
        await stand.comment(card, "ответ")
        marks.append((await _surveyed(stand))[card].mark)
        await stand.lose_comment(card, 0)
        marks.append((await _surveyed(stand))[card].mark)
        assert marks[2] != marks[3]
        await stand.move(card)
        marks.append((await _surveyed(stand))[card].mark)
        await stand.board.perform(to_board(AddTag(key=Key("t"), ticket=TICKET, name="vip"), card))
        marks.append((await _surveyed(stand))[card].mark)
        assert len(set(marks[1:])) == 4 + (marks[3] != marks[1])

    async def test_the_mark_is_the_same_seen_whole_and_in_another_process(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        await stand.board.perform(to_board(AddTag(key=Key("t"), ticket=TICKET, name="vip"), card))
        await stand.comment(card, "ответ")
        listed = (await _surveyed(stand))[card]
        assert (await _seen(stand, card)).sketch.mark == listed.mark
        again = await stand.reborn().inspect(card)
        assert again is not None
        assert again.sketch.mark == listed.mark
        assert listed.tags == ("vip",)

    async def test_a_card_whole_shows_our_words_by_their_signatures(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        await stand.board.perform(to_board(comments("say/1", "say/2"), card))
        await stand.comment(card, "чужие слова")
        ours, theirs = (await _seen(stand, card)).notes
        assert ours.ours
        assert set(ours.signs) == {sign(Key("say/1")), sign(Key("say/2"))}
        assert ours.told is None
        assert not theirs.ours
        assert theirs.signs == ()

    async def test_an_agents_comment_is_shown_as_it_is_told(self, stand: BoardStand) -> None:
        cursor, _ = await settled(stand.board, None)
        card = await new_card(stand)
        await stand.comment(card, "ответ", internal=True)
        _, events = await settled(stand.board, cursor)
        [told] = [event for event in events if isinstance(event, AgentCommented)]
        [note] = (await _seen(stand, card)).notes
        assert note.told == told

    async def test_what_was_made_and_is_gone_is_lacking(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        other = (await stand.board.perform(to_board(creation(stand, "kc-2"))))[0]
        made: tuple[Ref, ...] = ()
        for key in ("say/1", "say/2"):
            made += await stand.board.perform(to_board(comment(key, f"слова {key}"), card))
        foreign = await stand.board.perform(to_board(comment("say/3", "слова"), other))
        assert (await _seen(stand, card, (*made, *foreign))).lacking == frozenset()
        await stand.lose_comment(card, 0)
        await stand.lose_comment(other, 0)
        sheet = await _seen(stand, card, (*made, *foreign))
        assert sheet.lacking == {made[0]}
        assert [sign(Key("say/2")) in note.signs for note in sheet.notes] == [True]

    async def test_files_are_shown_where_they_hang_and_lacking_when_gone(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        with_files = comment("say/1", "слова", (stand.file("a.txt"), stand.file("b.txt")))
        await stand.board.perform(to_board(with_files, card))
        files = AddFiles(key=Key("files"), ticket=TICKET, files=(stand.file("c.txt"), stand.file("d.txt")))
        made = await stand.board.perform(to_board(files, card))
        assert len(made) == 2
        before = await _seen(stand, card, made)
        assert before.notes[0].files == ("a.txt", "b.txt")
        assert sorted(before.files) == ["c.txt", "d.txt"]
        assert before.lacking == frozenset()
        await stand.lose_file(card, "b.txt")
        await stand.lose_file(card, "d.txt")
        after = await _seen(stand, card, made)
        assert after.notes[0].files == ("a.txt",)
        assert after.files == ("c.txt",)
        assert after.lacking == {made[1]}

    async def test_a_card_that_is_gone_is_none_or_shown_as_gone(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        await stand.destroy(card)
        sheet = await stand.board.inspect(card)
        assert sheet is None or sheet.sketch.seen.gone

    async def test_a_deadline_is_set_and_taken_away(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        at = datetime(2031, 2, 3, 4, 5, tzinfo=UTC)
        for due in (at, None):
            effect = SetDeadline(key=Key("due"), ticket=TICKET, due_at=due)
            assert await stand.board.perform(to_board(effect, card)) == ()
            assert await stand.due(card) == due

    async def test_a_card_of_somebody_is_made_ours_once(self, stand: BoardStand) -> None:
        card = await stand.make("Их карточка")
        bind = BindCard(key=Key("bind"), ticket=TICKET, external_id="kc-1")
        for attempt in (1, 2):
            await stand.board.perform(to_board(bind, card, attempt=attempt))
        assert (await _surveyed(stand))[card].external_id == "kc-1"
        with pytest.raises(Rejected):
            await stand.board.perform(to_board(replace(bind, external_id="kc-2"), card))
        assert (await _surveyed(stand))[card].external_id == "kc-1"
