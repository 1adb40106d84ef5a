"""What a board promises when a person is to be forgotten."""

from __future__ import annotations

from connector.domain.effects import AddFiles, AddTag, Redact
from connector.domain.events import AgentCommented
from connector.domain.forgotten import bare
from connector.domain.refs import Key, Ref
from connector.domain.signature import unsigned
from tests.adapters.contracts.board_orders import TICKET, comment, comments, creation, facts, new_card, to_board
from tests.adapters.contracts.board_stand import BoardStand
from tests.adapters.contracts.reading import settled


class RedactContract:
    """Every board adapter passes this: a person's words go from a card, and those of others stay."""

    async def test_a_persons_words_go_from_a_card_however_often_and_those_of_agents_stay(
        self, stand: BoardStand
    ) -> None:
        card = await new_card(stand)
        first, second = stand.fields
        for effect in (
            comment("say/1", "Мой секрет", (stand.file("a.pdf"),)),
            comments("say/2", "say/3"),
            AddFiles(key=Key("files"), ticket=TICKET, files=(stand.file("b.pdf"),)),
            AddTag(key=Key("tag"), ticket=TICKET, name="Кабинет 77"),
            AddTag(key=Key("other"), ticket=TICKET, name="СРОЧНО"),
            facts({first: "77", second: "+7999"}),
        ):
            await stand.board.perform(to_board(effect, card))
        await stand.comment(card, "Слова агента")
        await stand.comment(card, "Слова человека под нашей учётной записью", ours=True)
        for attempt in (1, 2):
            assert await stand.board.perform(to_board(_redaction(fields=(first,)), card, attempt=attempt)) == ()
        texts = [unsigned(text).strip() for text in await stand.comments(card)]
        assert texts == ["Удалено", "Удалено", "Слова агента", "Слова человека под нашей учётной записью"]
        assert await stand.files(card) == []
        assert await stand.tags(card) == ["СРОЧНО"]
        assert [await stand.field(card, field) for field in stand.fields] == [None, "+7999"]
        assert await stand.description(card) == "Удалено"
        # Our hand is still known as ours.
        _, events = await settled(stand.reborn(), None)
        said = [event.text.plain for event in events if isinstance(event, AgentCommented)]
        assert said == ["Слова агента", "Слова человека под нашей учётной записью"]

    async def test_only_lines_that_tell_of_somebody_go_where_they_are_named(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        for effect in (
            comment("say/1", "Прежние:\n№1 «Сломался *терминал*» · решено\n№2 «Другое»"),
            comment("say/2", "терминал"),
            comment("say/3", "Сломался терминал"),
        ):
            await stand.board.perform(to_board(effect, card))
        before = await stand.comments(card)
        described = await stand.description(card)
        for attempt in (1, 2):
            order = to_board(_redaction(needles=(bare("Сломался терминал"),)), card, attempt=attempt)
            assert await stand.board.perform(order) == ()
        first, second, third = await stand.comments(card)
        assert "терминал" not in first
        assert "Прежние" in first
        assert "Другое" in first
        assert second == before[1]
        assert "Сломался" not in third
        assert await stand.description(card) == described

    async def test_a_title_changes_only_where_it_tells_of_somebody(self, stand: BoardStand) -> None:
        card = await new_card(stand)
        before = await stand.title(card)
        for needle, left in (("ничтотакое", before), (bare(before), "№1")):
            assert await stand.board.perform(to_board(_redaction(needles=(needle,)), card)) == ()
            assert await stand.title(card) == left

    async def test_words_go_from_a_former_card_and_from_an_archived_one_too(self, stand: BoardStand) -> None:
        former = await new_card(stand)
        [card] = await stand.board.perform(to_board(creation(stand, "kc-1.2")))
        await stand.board.perform(to_board(_redaction(at=former), card))
        assert await stand.description(former) == "Удалено"
        assert await stand.description(card) != "Удалено"
        await stand.archive(card)
        await stand.board.perform(to_board(_redaction(), card))
        assert await stand.description(card) == "Удалено"


def _redaction(*, fields: tuple[str, ...] = (), needles: tuple[str, ...] = (), at: Ref | None = None) -> Redact:
    return Redact(
        key=Key("redact"), ticket=TICKET, notice="Удалено", title="№1", tags=("Кабинет 77",), fields=fields,
        needles=needles, at=at,
    )  # fmt: skip
