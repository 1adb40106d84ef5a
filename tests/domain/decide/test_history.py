"""Earlier requests stand on the card of a later one, and are kept as they are now."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.domain import earlier
from connector.domain.card import BLOCK_BEGIN, linked
from connector.domain.decide import decide, listens, wants_past
from connector.domain.effects import AddTag, CreateCard, SetBlock, Urgency, urgency_of
from connector.domain.events import AgentCommented, ClientWrote, HistoryChanged
from connector.domain.policy import HistoryRule, LabelRule, Mark, Policy, RatingRule
from connector.domain.refs import Key, Ref, TicketId
from connector.domain.ticket import Outcome, Past, Phase
from connector.domain.words import Person
from tests.domain.sample import POLICY, START, Conversation, every, message, only, opened

RATED = replace(POLICY, rating=RatingRule(marks=(Mark(key="good", emoji="👍"), Mark(key="bad", emoji="👎", low=True))))
DAY = timedelta(days=1)


def past(number: int, **changes: object) -> Past:
    """An earlier request, solved a day after it was opened."""
    return replace(
        Past(
            id=TicketId(f"kc-{number}"), number=number, topic="till", subject="Чек", opened_at=START - 9 * DAY,
            closed_at=START - 8 * DAY, outcome=Outcome.DONE,
        ),
        **changes,  # type: ignore[arg-type]  # fields by their names
    )  # fmt: skip


def block_of(policy: Policy, *known: Past, more: int = 0) -> list[str]:
    """The lines of the block on the card of request 12 of cabinet 12345."""
    talk = opened()
    client = replace(talk.client, past=known, past_more=more)
    ticket = replace(talk.ticket, cabinet="12345", earlier=len(known) + more)
    return earlier.block(policy, client, ticket).split("\n")


def changed(talk: Conversation, name: str = "1") -> list[SetBlock]:
    event = HistoryChanged(key=Key(f"history:{name}"), at=talk.now, client=talk.client.id)
    return every(talk.feed(event), SetBlock)


def test_each_earlier_request_is_a_line_with_its_end_its_mark_and_its_last_answer() -> None:
    assert block_of(
        RATED,
        past(9, mark="good", answer="Перезапустите кассу"),
        past(8, topic="money", closed_at=None, outcome=None, own=False, cabinet="12345", answer="ждём"),
        past(7, topic="gone", outcome=Outcome.WITHDRAWN, mark="of old"),
    ) == [
        "Прежние обращения:",
        "№9 «Чек» · Касса · 23.03.2024 – 24.03.2024 · решено 👍",
        "→ Перезапустите кассу",
        "№8 «Чек» · Оплата · с 23.03.2024 · открыто (другой чат кабинета)",
        "№7 «Чек» · gone · 23.03.2024 – 24.03.2024 · отозвано клиентом",
    ]


@pytest.mark.parametrize("outcome", [None, *Outcome])
def test_every_end_has_its_word(outcome: Outcome | None) -> None:
    line = block_of(POLICY, past(9, outcome=outcome))[1]
    assert line.rpartition(" · ")[2] not in ("", str(outcome))


def test_only_so_many_are_shown_and_the_rest_is_counted() -> None:
    lines = block_of(replace(POLICY, history=HistoryRule(shown=2)), past(9), past(8), past(7), more=297)
    assert [line[:2] for line in lines[1:3]] == ["№9", "№8"]
    assert lines[3:] == ["…и ещё: 298"]


def test_a_long_answer_is_one_line_of_120_characters_and_holds_no_mark_of_the_block() -> None:
    line = block_of(POLICY, past(9, answer=f"{BLOCK_BEGIN} " + "слово\n" * 90))[2]
    assert len(line) <= 122
    assert BLOCK_BEGIN not in line


def test_the_address_of_a_card_is_filled_in_where_the_board_knows_it() -> None:
    text = "\n".join(block_of(POLICY, past(9, card=Ref(port="kaiten", id="70/5")), past(8)))
    assert linked(text, lambda card: f"https://x.kaiten.ru/{card.id}").split("\n")[1:] == [
        "№9 «Чек» · Касса · 23.03.2024 – 24.03.2024 · решено https://x.kaiten.ru/70/5",
        "№8 «Чек» · Касса · 23.03.2024 – 24.03.2024 · решено",
    ]
    assert "⟦" not in linked(text, lambda card: None)


def test_nobody_makes_up_a_link_by_an_answer() -> None:
    forged = block_of(POLICY, past(9, answer="см. ⟦→kaiten:1⟧"))
    assert linked("\n".join(forged), lambda card: "https://x") == "\n".join(forged)


def test_a_request_knows_only_what_was_before_it_and_of_its_own_cabinet() -> None:
    others = (past(14), past(9, own=False, cabinet="54321"), past(8, own=False), past(7, cabinet="54321"))
    lines = block_of(POLICY, *others)
    assert [line[:2] for line in lines if line.startswith("№")] == ["№7"]


def test_the_block_is_part_of_the_new_card_and_needs_no_call() -> None:
    talk = Conversation(client=replace(opened().client, tickets=(), past=(past(9),)))
    talk.tap("topic:till")
    order = only(talk.write("Снова касса"), CreateCard)
    assert "Снова касса\n\n" + BLOCK_BEGIN in order.description
    assert "№9 «Чек» · Касса" in order.description
    assert every(talk.effects, SetBlock) == []
    assert changed(talk) == []


def test_nothing_stands_on_the_card_of_who_was_never_here_or_where_the_mapping_wants_none() -> None:
    for policy, known in ((POLICY, ()), (replace(POLICY, history=None), (past(9),))):
        talk = Conversation(policy=policy, client=replace(opened().client, tickets=(), past=known))
        talk.tap("topic:till")
        assert BLOCK_BEGIN not in only(talk.write("Касса"), CreateCard).description
        assert changed(talk) == []


def test_what_changed_is_written_once_per_card_in_the_lowest_class() -> None:
    talk = opened()
    talk.client = replace(talk.client, past=(past(9),))
    (order,) = changed(talk)
    assert order.ticket == talk.ticket.id
    assert "№9" in order.block
    assert urgency_of(order) is Urgency.RESYNC
    assert not listens(order)
    assert changed(talk, "2") == []
    talk.client = replace(talk.client, past=(past(9, mark="good"),))
    talk.policy = RATED
    assert len(changed(talk, "3")) == 1


def test_cards_that_are_lost_or_closed_are_left_alone() -> None:
    for change in ({"card": None}, {"phase": Phase.DONE}):
        talk = opened()
        talk.client = replace(talk.client, past=(past(9),), tickets=(replace(talk.ticket, **change),))
        assert changed(talk) == []


def test_a_card_that_takes_the_place_of_a_lost_one_has_the_block_of_now() -> None:
    talk = opened()
    talk.client = replace(talk.client, past=(past(9),))
    changed(talk)
    talk.see(gone=True)
    talk.client = replace(talk.client, past=(past(9, outcome=Outcome.HELPED),))
    effects = talk.write("Ещё вопрос")
    order = only(effects, CreateCard)
    assert "подтвердил клиент" in order.description
    # The former block may still wait for a card: the present one must have the last word.
    assert effects.index(only(effects, SetBlock)) > effects.index(order)


def test_labels_stay_with_the_request_when_its_card_is_replaced() -> None:
    policy = replace(POLICY, labels=(LabelRule(tag="принтер", words=("чек",)), LabelRule(tag="касса")))
    talk = Conversation(policy=policy)
    talk.tap("topic:till")
    effects = talk.write("Не работает. " * 20 + "Нет чека")
    assert [each.name for each in every(effects, AddTag)] == ["касса", "бот", "принтер"]
    talk.done(only(effects, CreateCard), talk.card(talk.ticket))
    talk.see(gone=True)
    assert [each.name for each in every(talk.write("ау"), AddTag)] == ["касса", "бот", "принтер"]


def test_the_card_of_a_group_names_everybody_who_wrote() -> None:
    talk = Conversation(policy=replace(POLICY, receipt=POLICY.receipt))
    maria = Person(ref=message("user-2"), name="Мария")
    talk.write("Касса", group="Мойка 24")
    talk.write("и у меня", group="Мойка 24", author=maria)
    order = only(talk.tap("topic:till"), CreateCard)
    assert f"{BLOCK_BEGIN}\nУчастники: Иван Петров, Мария\n" in order.description
    talk.done(order, talk.card(talk.ticket))
    talk.comment("Смотрим")
    assert talk.ticket.people == ("Иван Петров", "Мария", "Анна")
    assert talk.ticket.answer == "Смотрим"
    changed = HistoryChanged(key=Key("people:1"), at=talk.now, client=talk.client.id)
    block = only(talk.feed(changed), SetBlock)
    assert block.block == "Участники: Иван Петров, Мария, Анна"
    assert urgency_of(block) is Urgency.RESYNC
    assert talk.feed(replace(changed, key=Key("people:2"))) == ()


def test_earlier_requests_are_loaded_for_changes_and_for_orders_that_ask_for_them_alone() -> None:
    talk = opened()
    talk.comment("#history 3")
    asked = talk.events[-1]
    assert isinstance(asked, AgentCommented)
    assert wants_past(asked, POLICY)
    assert not wants_past(replace(asked, text=replace(asked.text, plain="Перезапустите")), POLICY)
    assert wants_past(HistoryChanged(key=Key("h"), at=START, client=talk.client.id), POLICY)
    assert not any(wants_past(event, POLICY) for event in talk.events if isinstance(event, ClientWrote))


def test_the_same_change_gives_the_same_order() -> None:
    talk = opened()
    client = replace(talk.client, past=(past(9),))
    event = HistoryChanged(key=Key("history:1"), at=START, client=client.id)
    assert decide(client, event, POLICY) == decide(client, event, POLICY)


def test_the_last_answer_is_told_as_it_reads_after_it_was_changed_or_taken_back() -> None:
    talk = opened()
    talk.comment("Первый ответ", number=1)
    talk.comment("Второй отвт", number=2)
    before = earlier.told_elsewhere(replace(talk.ticket, phase=Phase.DONE))
    talk.edit_comment(2, "Второй ответ")
    assert earlier.told_elsewhere(replace(talk.ticket, phase=Phase.DONE)) != before
    assert earlier.past_of(talk.ticket, own=True).answer == "Второй ответ"
    assert [line.text for line in talk.ticket.lines if line.ours] == ["Первый ответ", "Второй ответ"]
    talk.edit_comment(1, "Первый, исправленный")
    assert earlier.past_of(talk.ticket, own=True).answer == "Второй ответ"
    talk.remove_comment(2)
    assert earlier.past_of(talk.ticket, own=True).answer == "Первый, исправленный"
    talk.edit_comment(1, "// уже не для клиента")
    assert earlier.past_of(talk.ticket, own=True).answer == ""
    assert [line for line in talk.ticket.lines if line.ours] == []
