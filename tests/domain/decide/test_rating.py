"""How a client rates a request that has ended."""

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.domain.effects import (
    AddComment,
    AddTag,
    AnswerTap,
    CreateCard,
    EditComment,
    EditMessage,
    RemoveTag,
    SendMessage,
    SetFacts,
    Urgency,
)
from connector.domain.events import Refusal
from connector.domain.policy import Mark, MarkStore, RatingRule
from connector.domain.refs import Ref, TicketId
from connector.domain.ticket import Outcome, Phase
from connector.domain.words import Text, Words
from tests.domain.sample import POLICY, Conversation, every, message, only, opened, photo, told

RULE = RatingRule(
    marks=(
        Mark(key="bad", emoji="😞", low=True),
        Mark(key="awful", emoji="🤬", low=True),
        Mark(key="ok", emoji="🙂"),
        Mark(key="top", emoji="🤩"),
    )
)
EVERY_TIME = replace(RULE, at_most_every=timedelta(0))


def closed(rule: RatingRule | None = RULE, **changes: object) -> Conversation:
    """A conversation whose only request an agent has just closed."""
    talk = opened(rating=rule, **changes)
    talk.see("c-done")
    return talk


def rate(talk: Conversation, mark: str) -> str:
    """Taps the mark; returns the notice."""
    return only(talk.tap(f"rate:{talk.ticket.id}:{mark}"), AnswerTap).notice


def question(talk: Conversation) -> SendMessage | None:
    return next((each for each in every(talk.effects, SendMessage) if each.key.startswith("rate/")), None)


# ---- asking


def test_after_the_closing_notice_the_client_is_asked_once_with_a_row_of_marks() -> None:
    talk = opened(rating=RULE)
    notice, asked = every(talk.see("c-done"), SendMessage)
    assert "№12" in notice.text.plain
    assert (asked.key, asked.urgency, asked.ticket) == (f"rate/{talk.ticket.id}", Urgency.REPLY, talk.ticket.id)
    assert [[button.label for button in row] for row in asked.buttons] == [["😞", "🤬", "🙂", "🤩"]]
    assert asked.buttons[0][2].data == f"rate:{talk.ticket.id}:ok"
    assert talk.client.rated_at == talk.now


def test_without_a_rule_nobody_is_asked() -> None:
    assert question(closed(rule=None)) is None


def test_who_says_that_it_helped_is_asked() -> None:
    talk = opened(rating=RULE)
    talk.tap(f"helped:{talk.ticket.id}")
    assert question(talk) is not None


def test_who_takes_a_request_back_is_not_asked() -> None:
    talk = opened(rating=RULE)
    talk.tap(f"withdraw!:{talk.ticket.id}")
    talk.see("c-done")
    assert talk.ticket.outcome is Outcome.WITHDRAWN
    assert question(talk) is None


def test_who_stopped_the_bot_is_not_asked() -> None:
    talk = opened(rating=RULE)
    talk.block()
    talk.see("c-done")
    assert question(talk) is None


def test_who_wants_nothing_the_bot_sends_of_itself_is_not_asked() -> None:
    talk = opened(rating=RULE)
    talk.tap("silent")
    talk.see("c-done")
    assert question(talk) is None


def test_a_request_closed_again_is_not_asked_about_again() -> None:
    talk = closed(rule=EVERY_TIME)
    talk.later(days=1)
    talk.write("Всё ещё не работает")
    talk.done(talk.effects[-1])
    talk.see("c-work")
    talk.later(days=30)
    before = len(talk.effects)
    talk.see("c-done")
    assert not any(each.key.startswith("rate/") for each in talk.effects[before:])


@pytest.mark.parametrize(("days", "asked"), [(0, False), (6.9, False), (7, True)])
def test_the_next_request_is_asked_about_when_enough_time_has_passed(days: float, asked: bool) -> None:
    talk = closed()
    talk.later(days=days)
    second = talk.open("money", "Не прошла оплата")
    effects = talk.see("c-done", ticket=second)
    assert any(each.key == f"rate/{second.id}" for each in effects) is asked


# ---- the mark


def test_a_tap_is_thanked_in_place_and_stands_on_the_card() -> None:
    talk = closed()
    effects = talk.tap(f"rate:{talk.ticket.id}:ok")
    edit = only(effects, EditMessage)
    assert edit.target == f"rate/{talk.ticket.id}"
    assert "🙂" in edit.text.plain
    assert len(edit.buttons[0]) == 4
    note = only(effects, AddComment)
    assert (note.internal, note.key) == (True, f"rate/{talk.ticket.id}/note")
    assert note.sections[0].text.plain == "Оценка клиента: 🙂"
    assert (talk.ticket.mark, talk.ticket.marked_at) == ("ok", talk.now)
    assert every(effects, SendMessage) == []


def test_the_same_mark_again_changes_nothing_and_is_answered() -> None:
    talk = closed()
    rate(talk, "ok")
    before = talk.client
    effects = talk.tap(f"rate:{talk.ticket.id}:ok")
    assert "🙂" in only(effects, AnswerTap).notice
    assert len(effects) == 1
    assert talk.client == before


def test_another_mark_takes_the_place_of_the_first_in_the_same_comment() -> None:
    talk = closed()
    rate(talk, "ok")
    talk.later(hours=23)
    effects = talk.tap(f"rate:{talk.ticket.id}:top")
    assert every(effects, AddComment) == []
    edit = only(effects, EditComment)
    assert (edit.target, edit.section.key) == (f"rate/{talk.ticket.id}/note",) * 2
    assert edit.section.text.plain == "Оценка клиента: 🤩"
    assert talk.ticket.mark == "top"


def test_a_mark_can_no_longer_be_changed_later() -> None:
    talk = closed()
    rate(talk, "ok")
    talk.later(days=1, seconds=1)
    before = talk.client
    effects = talk.tap(f"rate:{talk.ticket.id}:top")
    assert only(effects, AnswerTap).notice == "Изменить оценку уже нельзя."
    assert len(effects) == 1
    assert talk.client == before


def test_a_mark_that_can_never_be_changed_is_thanked_without_buttons() -> None:
    talk = closed(rule=replace(RULE, change_within=timedelta(0)))
    assert only(talk.tap(f"rate:{talk.ticket.id}:ok"), EditMessage).buttons == ()


def test_the_first_mark_may_come_at_any_time() -> None:
    talk = closed()
    talk.later(days=40)
    assert rate(talk, "top") == ""
    assert talk.ticket.mark == "top"


@pytest.mark.parametrize("value", ["rate:kc-other:ok", "rate:{id}:no-such-mark", "rate:{id}", "rate:", "rate"])
def test_a_mark_that_means_nothing_is_answered(value: str) -> None:
    talk = closed()
    before = talk.client
    effects = talk.tap(value.replace("{id}", talk.ticket.id))
    assert only(effects, AnswerTap).notice
    assert len(effects) == 1
    assert talk.client == before


def test_nobody_rates_what_they_were_not_asked_about() -> None:
    talk = opened(rating=RULE)
    assert rate(talk, "ok")
    assert talk.ticket.mark is None


def test_as_a_label_the_mark_replaces_the_former_one() -> None:
    talk = closed(rule=replace(RULE, store=MarkStore.TAG, tag="оценка {mark}"))
    first = talk.tap(f"rate:{talk.ticket.id}:ok")
    assert only(first, AddTag).name == "оценка 🙂"
    assert not every(first, RemoveTag)
    assert not every(first, AddComment)
    second = talk.tap(f"rate:{talk.ticket.id}:top")
    assert (only(second, RemoveTag).name, only(second, AddTag).name) == ("оценка 🙂", "оценка 🤩")


def test_a_label_without_the_mark_stays_as_it_is() -> None:
    talk = closed(rule=replace(RULE, store=MarkStore.TAG, tag="оценён"))
    rate(talk, "ok")
    second = talk.tap(f"rate:{talk.ticket.id}:top")
    assert not every(second, RemoveTag)
    assert not every(second, AddTag)


def test_as_a_field_the_mark_is_a_fact() -> None:
    talk = closed(rule=replace(RULE, store=MarkStore.FIELD))
    assert only(talk.tap(f"rate:{talk.ticket.id}:top"), SetFacts).facts == {"rating": "🤩"}


def test_a_mark_for_a_request_whose_card_is_gone_is_kept_without_a_card() -> None:
    talk = closed()
    talk.see("c-done", gone=True)
    effects = talk.tap(f"rate:{talk.ticket.id}:bad")
    assert [type(each) for each in effects] == [AnswerTap, EditMessage]
    assert talk.ticket.mark == "bad"
    assert not talk.ticket.open


# ---- what was wrong


def test_after_a_low_mark_the_client_is_asked_what_was_wrong_and_their_words_stand_on_the_card() -> None:
    talk = closed()
    assert "исправить" in told(talk.tap(f"rate:{talk.ticket.id}:bad"))
    talk.later(minutes=50)
    effects = talk.write("Долго отвечали")
    note = only(effects, AddComment)
    assert note.internal
    assert note.sections[0].text.plain == "Оценка клиента: 😞. Что исправить: Долго отвечали"
    assert told(effects) == "Спасибо, передали руководителю."
    assert talk.ticket.phase is Phase.DONE
    assert len(talk.client.tickets) == 1
    assert talk.client.explaining is None


def test_only_one_message_is_taken_as_the_explanation() -> None:
    talk = closed()
    rate(talk, "bad")
    talk.write("Долго отвечали")
    talk.write("И касса снова не работает")
    assert talk.ticket.phase is Phase.QUEUE


def test_an_answer_that_quotes_the_question_is_the_explanation_too() -> None:
    talk = closed()
    rate(talk, "bad")
    asked = Ref(port="telegram", id="77/why")
    effects = talk.write("Долго", reply_to=asked, thread={asked.key: talk.ticket.id})
    assert only(effects, AddComment).internal


def test_an_explanation_brings_its_file_and_names_what_cannot_be_had() -> None:
    talk = closed()
    rate(talk, "bad")
    files = (photo("a.jpg"), photo("film.mp4", obtainable=False))
    effects = talk.write("Вот переписка", files=files)
    section = only(effects, AddComment).sections[0]
    assert [file.name for file in section.files] == ["a.jpg"]
    assert "film.mp4" in section.text.plain
    assert "film.mp4" in told(effects)


def test_a_long_explanation_is_noted_whole() -> None:
    talk = closed(comment_limit=500)
    rate(talk, "bad")
    words = "Долго отвечали. " * 60
    notes = every(talk.write(words), AddComment)
    assert len(notes) > 1
    assert "".join(note.sections[0].text.plain for note in notes).endswith(words)
    assert len({note.key for note in notes}) == len(notes)


def test_when_no_words_are_wanted_none_are_asked_for() -> None:
    talk = closed(rule=replace(RULE, ask_for_words=False))
    assert told(talk.tap(f"rate:{talk.ticket.id}:bad")) == ""
    talk.write("Долго отвечали")
    assert talk.ticket.open


def test_what_was_wrong_is_asked_once_however_often_the_mark_changes() -> None:
    talk = closed()
    asked = [told(talk.tap(f"rate:{talk.ticket.id}:{mark}")) for mark in ("ok", "bad", "awful", "ok", "bad")]
    assert [bool(text) for text in asked] == [False, True, False, False, False]


def test_who_thinks_better_of_it_owes_no_explanation() -> None:
    talk = closed()
    rate(talk, "bad")
    rate(talk, "top")
    talk.write("Касса опять не работает")
    assert talk.ticket.open


def test_an_explanation_is_noted_with_the_latest_mark() -> None:
    talk = closed()
    rate(talk, "bad")
    rate(talk, "awful")
    assert "🤬" in only(talk.write("Грубили"), AddComment).sections[0].text.plain


@pytest.mark.parametrize("turned_to", ["time", "command", "tap", "agent", "reopened", "quote", "another", "gone"])
def test_who_has_turned_to_something_else_does_not_explain_any_more(turned_to: str) -> None:
    talk = closed(rule=EVERY_TIME)
    first = talk.ticket
    other = talk.open("money", "Не прошла оплата") if turned_to in ("quote", "tap") else first
    talk.later(minutes=1)
    talk.tap(f"rate:{first.id}:bad")
    assert talk.client.explaining == first.id
    talk.later(minutes=1)
    reply_to: Ref | None = None
    thread: dict[str, TicketId] = {}
    match turned_to:
        case "time":
            talk.later(hours=1)
        case "command":
            talk.write("/requests")
        case "tap":
            talk.tap(f"ticket:{other.id}")
        case "agent":
            talk.comment("Какая у вас касса?")
        case "reopened":
            talk.see("c-work")
        case "quote":
            reply_to, thread = message(1), {message(1).key: other.id}
        case "another":
            talk.open("money", "Не прошла оплата")
        case _:
            talk.see("c-done", gone=True)
    effects = talk.write("Долго отвечали", reply_to=reply_to, thread=thread)
    assert not any(each.internal for each in every(effects, AddComment))
    assert any("Долго отвечали" in each.sections[0].text.plain for each in every(effects, AddComment))
    assert talk.client.explaining is None


@pytest.mark.parametrize(
    ("words", "album"),
    [
        (Words(files=(photo("a.jpg"),)), None),
        (Words(text=Text(plain="Вот"), files=(photo("a.jpg"),)), "album"),
        (Words(emoji="👍"), None),
    ],
)
def test_what_has_no_words_or_comes_in_parts_is_no_explanation(words: Words, album: str | None) -> None:
    talk = closed()
    rate(talk, "bad")
    talk.write(words=words, album=album)
    assert talk.ticket.open
    assert talk.client.explaining is None


def test_an_explanation_outlives_the_rule() -> None:
    talk = closed()
    rate(talk, "bad")
    talk.policy = replace(POLICY, rating=None)
    assert only(talk.write("Долго отвечали"), AddComment).internal


def test_an_explanation_whose_card_is_gone_gets_another_card() -> None:
    talk = closed()
    rate(talk, "bad")
    words = only(talk.write("Долго отвечали"), AddComment)
    order = only(talk.fail(words, Refusal.GONE), CreateCard)
    assert order.external_id == f"{talk.ticket.id}.2"
    assert talk.fail(words, Refusal.GONE) == ()
