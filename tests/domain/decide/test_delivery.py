"""What agents see on the card of whether their answers arrived."""

import pytest

from connector.domain.decide import listens
from connector.domain.effects import (
    AddComment,
    AddTag,
    CreateCard,
    DeleteMessage,
    EditComment,
    EditMessage,
    Effect,
    React,
    RemoveTag,
    SendFiles,
    SendMessage,
)
from connector.domain.events import Refusal
from connector.domain.policy import AgentReceipt, ChatLimits
from tests.domain.sample import Conversation, every, only, opened, photo

TAG = AgentReceipt.TAG
NONE = AgentReceipt.NONE


def answer(talk: Conversation, number: int, text: str = "Готово") -> SendMessage:
    return only(talk.comment(text, number=number), SendMessage)


def status(effects: tuple[Effect, ...]) -> str:
    """What the status comment says after these effects."""
    order = effects[-1]
    if isinstance(order, AddComment):
        assert order.internal
        return order.sections[0].text.plain
    assert isinstance(order, EditComment)
    assert order.internal
    return order.section.text.plain


# ---- one comment


def test_the_first_answer_that_arrives_makes_the_status_comment_and_later_ones_edit_it() -> None:
    talk = opened()
    talk.later(minutes=3)
    made = talk.done(answer(talk, 1))
    key = only(made, AddComment).key
    assert key == f"status/{talk.ticket.id}"
    assert status(made) == "✓ Доставлено: 01.04 10:03 (ответов: 1)"
    talk.later(minutes=2)
    edit = only(talk.done(answer(talk, 2)), EditComment)
    assert (edit.target, edit.section.key, edit.internal) == (key, key, True)
    assert edit.section.text.plain == "✓ Доставлено: 01.04 10:05 (ответов: 2)"


def test_an_answer_in_parts_is_told_of_once_with_its_last_part() -> None:
    talk = opened(limits=ChatLimits(text=20, caption=5))
    files = tuple(photo(f"{number}.pdf", port="kaiten") for number in range(11))
    parts = [each for each in talk.comment("Первая часть. Вторая часть.", files=files) if not isinstance(each, React)]
    assert len(parts) == 4
    assert [len(talk.done(each)) for each in parts] == [0, 0, 0, 1]


def test_a_flurry_of_answers_costs_one_edit_a_minute() -> None:
    talk = opened()
    talk.done(answer(talk, 1))
    for number in (2, 3, 4):
        talk.later(seconds=5)
        assert talk.done(answer(talk, number)) == ()
    effects = talk.wake()
    assert status(effects).endswith("(ответов: 4)")
    assert len(effects) == 1
    assert talk.wake_at is None


def test_a_repeated_end_says_nothing_new() -> None:
    talk = opened()
    sent = answer(talk, 1)
    talk.done(sent)
    talk.later(hours=1)
    assert talk.done(sent) == ()


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        (Refusal.INVALID, "запрос не принят"),
        (Refusal.FORBIDDEN, "нет прав"),
        (Refusal.TOO_BIG, "слишком большой размер"),
    ],
)
def test_a_refused_answer_is_told_at_once_with_its_time_and_reason_and_without_a_note_besides(
    refusal: Refusal, reason: str
) -> None:
    talk = opened()
    talk.done(answer(talk, 1))
    talk.later(seconds=5)
    effects = talk.fail(answer(talk, 2), refusal)
    assert len(effects) == 1
    first, second = status(effects).split("\n")
    assert first == f"✗ Ответ не дошёл (01.04 10:00): {reason}."
    assert second.startswith("✓ Доставлено")
    assert second.endswith("(ответов: 1)")


def test_a_refusal_stays_on_the_card_when_later_answers_arrive() -> None:
    talk = opened()
    talk.fail(answer(talk, 1), Refusal.INVALID)
    talk.later(minutes=5)
    effects = talk.done(answer(talk, 2))
    assert "запрос не принят" in status(effects)
    assert "(ответов: 1)" in status(effects)


def test_parts_that_fail_alike_are_one_trouble() -> None:
    talk = opened(limits=ChatLimits(text=20))
    parts = every(talk.comment("Первая часть. Вторая часть."), SendMessage)
    assert len(talk.fail(parts[0], Refusal.INVALID)) == 1
    assert talk.fail(parts[1], Refusal.INVALID) == ()
    assert talk.done(parts[1]) == ()


def test_a_client_who_stopped_the_bot_is_told_once_and_the_end_of_it_at_once() -> None:
    talk = opened()
    first, second = answer(talk, 1), answer(talk, 2)
    effects = talk.fail(first, Refusal.BLOCKED)
    assert status(effects) == "✗ Ответ не дошёл: клиент остановил бота. Отправим снова, когда он вернётся."
    assert len(effects) == 1
    assert talk.fail(second, Refusal.BLOCKED) == ()
    talk.later(seconds=10)
    again = [each for each in every(talk.come_back(), SendMessage) if each.text.plain == "Готово"]
    assert status(talk.done(again[0])) == "✓ Доставлено: 01.04 10:00 (ответов: 1)"
    assert talk.done(again[1]) == ()
    assert status(talk.wake()) == "✓ Доставлено: 01.04 10:00 (ответов: 2)"


def test_a_delay_is_no_trouble_and_is_not_told() -> None:
    talk = opened()
    answer(talk, 1)
    talk.later(minutes=5)
    assert every(talk.effects, AddComment) == []
    assert talk.ticket.status == ""


def test_a_trouble_is_over_when_its_comment_was_taken_away() -> None:
    talk = opened()
    talk.fail(answer(talk, 1), Refusal.INVALID)
    talk.remove_comment(1)
    talk.later(minutes=5)
    assert status(talk.done(answer(talk, 2))).startswith("✓")


def test_a_file_that_joins_later_and_fails_is_told() -> None:
    talk = opened()
    talk.done(answer(talk, 1))
    late = only(talk.attach(1, photo("a.pdf", port="kaiten")), SendFiles)
    assert "слишком большой" in status(talk.fail(late, Refusal.TOO_BIG))
    assert talk.ticket.delivered == ()


def test_a_card_that_is_gone_is_told_nothing_and_its_successor_gets_a_status_of_its_own() -> None:
    talk = opened()
    talk.done(answer(talk, 1))
    sent = answer(talk, 2)
    talk.see(gone=True)
    talk.later(minutes=5)
    assert talk.done(sent) == ()
    order = only(talk.write("Ау"), CreateCard)
    talk.done(order, talk.card(talk.ticket))
    made = talk.done(answer(talk, 3))
    edit = only(made, EditComment)
    assert (edit.target, edit.key.endswith(f"status/{talk.ticket.id}.2")) == (f"status/{talk.ticket.id}", True)
    assert status(made).endswith("(ответов: 1)")


def test_the_count_is_bounded() -> None:
    talk = opened()
    for number in range(60):
        talk.later(minutes=2)
        last = talk.done(answer(talk, 1000 + number))
    assert status(last).endswith("(ответов: 50+)")


def test_our_own_lines_and_the_clients_messages_cost_the_card_nothing() -> None:
    talk = opened()
    effects = (*talk.write("/help"), *talk.write("Ещё деталь"))
    assert len(every(effects, AddComment)) == 1
    for effect in effects:
        if isinstance(effect, SendMessage):
            assert not listens(effect)
            assert talk.done(effect) == ()


@pytest.mark.parametrize("refusal", [Refusal.INVALID, Refusal.GONE, Refusal.TOO_BIG, Refusal.FORBIDDEN])
def test_words_go_without_a_file_that_the_chat_refuses(refusal: Refusal) -> None:
    talk = opened()
    files = (photo("пустой.txt", port="kaiten"),)
    effects = talk.fail(only(talk.comment("Смотрите вложение", number=1, files=files), SendFiles), refusal)
    words = only(effects, SendMessage)
    assert words.text.plain.endswith("Смотрите вложение")
    assert every(effects, SendFiles) == []
    assert "Файл к ответу не дошёл" in status(effects)
    talk.done(words)
    changed = only(talk.edit_comment(1, "Смотрите ниже"), EditMessage)
    assert changed.target == words.key
    assert changed.text.plain.endswith("Смотрите ниже")


def test_a_file_that_the_chat_refuses_keeps_no_other_from_the_client() -> None:
    talk = opened()
    files = tuple(photo(name, port="kaiten") for name in ("раз.jpg", "два.txt", "три.jpg"))
    effects = talk.fail(only(talk.comment("Три файла", number=1, files=files), SendFiles), Refusal.INVALID)
    words, alone = only(effects, SendMessage), every(effects, SendFiles)
    assert words.text.plain.endswith("Три файла")
    assert [each.files for each in alone] == [(file,) for file in files]
    assert not any(each.caption for each in alone)
    assert len(effects) == 4
    assert (talk.done(words), talk.done(alone[0])) == ((), ())
    told = talk.fail(alone[1], Refusal.INVALID)
    assert every(told, SendMessage) == []
    assert "Файл к ответу не дошёл" in status(told)
    assert talk.done(alone[2]) == ()
    taken = every(talk.remove_comment(1), DeleteMessage)
    assert {each.target for each in taken} == {each.key for each in effects}


def test_files_without_words_are_not_replaced_by_the_agents_name_alone() -> None:
    talk = opened(sign_agents=True)
    sent = only(talk.comment(number=1, files=(photo("a.txt", port="kaiten"),)), SendFiles)
    assert sent.caption.plain == "Анна:"
    effects = talk.fail(sent, Refusal.INVALID)
    assert every(effects, SendMessage) == []
    assert "не дошёл" in status(effects)


def test_only_the_ends_of_answers_are_listened_to() -> None:
    talk = opened()
    sent = answer(talk, 1)
    assert listens(sent)
    made = only(talk.done(sent), AddComment)
    assert not listens(made)


# ---- a label


def test_a_label_changes_only_when_what_it_says_does() -> None:
    talk = opened(agent_receipt=TAG)
    assert only(talk.done(answer(talk, 1)), AddTag).name == "доставлено"
    talk.later(minutes=5)
    assert talk.done(answer(talk, 2)) == ()
    effects = talk.fail(answer(talk, 3), Refusal.INVALID)
    assert (only(effects, RemoveTag).name, only(effects, AddTag).name) == ("доставлено", "не доставлено")
    assert "запрос не принят" in only(effects, AddComment).sections[0].text.plain
    effects = talk.fail(answer(talk, 4), Refusal.BLOCKED)
    assert "остановил бота" in only(effects, AddComment).sections[0].text.plain
    assert every(effects, AddTag) == []


# ---- nothing but trouble


def test_without_receipts_only_trouble_is_noted() -> None:
    talk = opened(agent_receipt=NONE)
    assert talk.done(answer(talk, 1)) == ()
    note = only(talk.fail(answer(talk, 2), Refusal.INVALID), AddComment)
    assert "не дошёл до клиента: запрос не принят" in note.sections[0].text.plain
    assert "Отправим снова" in only(talk.fail(answer(talk, 3), Refusal.BLOCKED), AddComment).sections[0].text.plain
    assert talk.wake_at is None


@pytest.mark.parametrize("receipts", [AgentReceipt.COMMENT, NONE])
def test_an_answer_the_chat_refused_is_sent_anew_when_its_comment_is_corrected(receipts: AgentReceipt) -> None:
    talk = opened(agent_receipt=receipts)
    sent = answer(talk, 1, "Слишком длинно")
    talk.fail(sent, Refusal.INVALID)
    again = only(talk.edit_comment(1, "Короче"), SendMessage)
    assert (again.text.plain, again.key != sent.key) == ("Короче", True)
    told = talk.done(again)
    assert (status(told) if receipts is AgentReceipt.COMMENT else told) == (
        "✓ Доставлено: 01.04 10:00 (ответов: 1)" if receipts is AgentReceipt.COMMENT else ()
    )
