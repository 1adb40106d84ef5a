"""How a request's clocks are kept by what happens, and what of them stands on the card."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from connector.domain import clock
from connector.domain.clock import Measure, State
from connector.domain.effects import (
    AddTag,
    Effect,
    MoveCard,
    RemoveTag,
    SendMessage,
    SetDeadline,
    SetFacts,
    Urgency,
    urgency_of,
)
from connector.domain.events import TermsChanged
from connector.domain.policy import LeakGuard
from connector.domain.refs import Key
from connector.domain.terms import Reopened, SlaRule
from connector.domain.ticket import What
from tests.domain.decide.desk import BOARD, desk
from tests.domain.sample import POLICY, START, Conversation, every, only, opened

RULE = SlaRule(class_tag="SLA {class}", first_reply_late="поздно", at_risk_tag="риск", breached_tag="нарушен")
MINUTE = timedelta(minutes=1)


def tags(talk: Conversation) -> list[str]:
    """The tags of clocks that the card has by now."""
    there: list[str] = []
    for each in talk.effects:
        if isinstance(each, AddTag) and "/clock-on/" in each.key:
            there.append(each.name)
        if isinstance(each, RemoveTag) and "/clock-off/" in each.key:
            there = [name for name in there if name != each.name]
    return there


def reading(talk: Conversation, measure: Measure) -> clock.Reading:
    found = clock.readings(talk.policy, talk.ticket, talk.now)
    return next(each for each in found if each.measure is measure)


def test_a_clock_starts_with_the_words_and_no_receipt_of_ours_stops_it() -> None:
    talk = Conversation(policy=POLICY)
    talk.open()
    sent = every(talk.effects, SendMessage)
    assert sent
    for each in sent:
        talk.done(each)
    assert talk.ticket.reply_by == START + 5 * MINUTE
    talk.later(minutes=3)
    talk.write("Ау")
    assert talk.ticket.reply_by == START + 5 * MINUTE
    assert [each.what for each in talk.ticket.stamps].count(What.ASKED) == 1


def test_words_kept_before_the_topic_was_chosen_begin_it_and_the_choice_does_not_count() -> None:
    talk = Conversation(policy=POLICY)
    talk.write("Касса не работает")
    talk.later(minutes=20)
    talk.tap("topic:till")
    first = reading(talk, Measure.FIRST_REPLY)
    assert (first.begins, first.used, first.due) == (START, timedelta(0), START + 25 * MINUTE)


def test_an_answer_that_is_held_back_is_none_until_it_goes() -> None:
    talk = opened(guard=LeakGuard(internal=("Коллеги",)))
    talk.later(minutes=2)
    talk.comment("Коллеги, гляньте")
    assert talk.ticket.reply_by == START + 5 * MINUTE
    talk.later(minutes=1)
    talk.comment("#send")
    assert not talk.ticket.held
    assert reading(talk, Measure.FIRST_REPLY).used == 3 * MINUTE


def test_a_note_to_colleagues_is_no_answer() -> None:
    talk = opened()
    talk.comment("// спросим разработчиков")
    talk.comment("внутреннее", internal=True)
    assert talk.ticket.reply_by == START + 5 * MINUTE


def test_each_change_of_state_is_one_write() -> None:
    talk = Conversation(policy=replace(POLICY, sla=RULE))
    talk.open()
    assert tags(talk) == ["SLA Срочно"]
    assert talk.wake_at == START + 4 * MINUTE
    assert [type(each) for each in talk.wake()] == [AddTag]
    assert tags(talk) == ["SLA Срочно", "риск"]
    assert talk.wake_at is not None
    assert timedelta(0) < talk.wake_at - (START + 5 * MINUTE) <= timedelta(microseconds=1)
    assert {each.name for each in every(talk.wake(), AddTag)} == {"поздно", "нарушен"}
    talk.later(minutes=1)
    talk.comment("Смотрим")
    assert tags(talk) == ["SLA Срочно", "поздно"]
    assert talk.wake_at == START + timedelta(hours=4)  # of the end, four fifths are used then


def test_nothing_is_looked_at_where_nothing_is_shown() -> None:
    talk = opened()
    assert talk.ticket.clock_at is None
    assert talk.wake_at is None


def test_facts_of_clocks_stand_in_fields_and_a_new_card_has_them_at_once() -> None:
    assert POLICY.board is not None
    board = replace(POLICY.board, fact_fields={"sla": "f1", "first_reply": "f2"})
    talk = Conversation(policy=replace(POLICY, board=board))
    talk.open()
    assert every(talk.effects, SetFacts) == []
    assert dict(talk.ticket.clock_facts) == {"first_reply": "ждёт", "sla": "в срок"}
    assert only(talk.wake(), SetFacts).facts == {"sla": "под угрозой"}
    assert only(talk.wake(), SetFacts).facts == {"sla": "нарушен", "first_reply": "с опозданием"}
    assert only(talk.comment("Смотрим"), SetFacts).facts == {"sla": "в срок"}


def test_a_card_that_changes_its_lane_changes_class_deadline_and_tag_by_itself() -> None:
    talk = desk(sla=RULE)
    assert talk.ticket.due_at == START + timedelta(hours=5)
    talk.later(minutes=1)
    effects = talk.see("c-queue", lane="l-today")
    assert talk.ticket.service_class == "today"
    assert only(effects, SetDeadline).due_at == talk.ticket.due_at
    assert "SLA Сегодня" in tags(talk)
    assert "SLA Срочно" not in tags(talk)
    assert [each.value for each in talk.ticket.stamps if each.what is What.CLASS] == ["urgent", "today"]


def test_the_time_of_waiting_moves_the_deadline_on_the_card_once_it_is_over() -> None:
    talk = desk()
    talk.later(hours=1)
    assert every(talk.see("c-wait", lane="l-urgent"), SetDeadline) == []
    talk.later(hours=2)
    effects = talk.see("c-work", lane="l-urgent")
    assert talk.ticket.due_at == START + timedelta(hours=7)
    assert only(effects, SetDeadline).due_at == talk.ticket.due_at


def test_a_column_that_pauses_stops_every_clock() -> None:
    talk = desk(board=replace(BOARD, pausing=frozenset({"c-queue"})))
    assert (talk.ticket.paused_at, talk.ticket.reply_by) == (START, None)
    talk.later(hours=1)
    talk.see("c-work", lane="l-urgent")
    assert talk.ticket.paused_at is None
    assert talk.ticket.reply_by == START + timedelta(hours=1) + 5 * MINUTE


def test_a_client_who_stopped_the_bot_stops_the_clocks_of_all_their_requests() -> None:
    talk = opened()
    talk.open("howto", "Ещё вопрос")
    talk.block()
    assert [each.paused_at for each in talk.client.tickets] == [talk.now, talk.now]
    talk.later(hours=2)
    talk.come_back()
    assert all(each.paused_at is None for each in talk.client.tickets)
    assert talk.client.tickets[0].reply_by == START + timedelta(hours=2) + 5 * MINUTE


def test_a_request_opened_again_goes_on_or_begins_anew() -> None:
    for rule, due in ((Reopened.CONTINUES, 7), (Reopened.RESTARTS, 8)):
        talk = desk(sla=SlaRule(reopened=rule))
        talk.later(hours=1)
        talk.see("c-done", lane="l-urgent")
        talk.later(hours=2)
        effects = talk.write("Опять")
        talk.done(only(effects, MoveCard))
        assert talk.ticket.due_at == START + timedelta(hours=due)


def test_words_that_nobody_answered_wait_on_in_the_request_they_were_merged_into() -> None:
    talk = desk()
    talk.comment("Смотрим")
    first = talk.ticket
    assert first.reply_by is None
    talk.later(minutes=1)
    talk.open("howto", "И ещё")
    talk.later(minutes=1)
    talk.comment(f"#merge {first.number}")
    kept = next(each for each in talk.client.tickets if each.id == first.id)
    found = clock.reply_clock(clock.readings(talk.policy, kept, talk.now))
    assert found is not None
    assert (found.measure, found.begins) == (Measure.NEXT_REPLY, START + MINUTE)


def test_a_request_of_an_earlier_version_gets_its_stamps_from_what_it_remembers() -> None:
    talk = opened()
    talk.later(minutes=2)
    talk.comment("Смотрим")
    bare = replace(talk.ticket, stamps=(), reply_by=None)
    talk.client = replace(talk.client, tickets=(bare,))
    before = {each.measure: each.used for each in clock.readings(talk.policy, bare, talk.now)}
    assert before == {Measure.FIRST_REPLY: 2 * MINUTE, Measure.RESOLUTION: 2 * MINUTE}
    talk.later(minutes=1)
    talk.see("c-wait")
    found = reading(talk, Measure.RESOLUTION)
    assert (found.used, found.state) == (3 * MINUTE, State.PAUSED)
    assert reading(talk, Measure.FIRST_REPLY).used == 2 * MINUTE


def test_the_card_that_takes_the_place_of_a_lost_one_has_the_tags_too() -> None:
    talk = Conversation(policy=replace(POLICY, sla=RULE))
    talk.open()
    talk.see("c-queue", gone=True)
    talk.effects.clear()
    talk.write("Где вы?")
    assert talk.ticket.generation == 2
    assert tags(talk) == ["SLA Срочно"]


def test_a_long_talk_leaves_a_short_list() -> None:
    talk = opened()
    for number in range(50):
        talk.later(minutes=3)
        talk.write(f"Вопрос {number}")
        talk.later(minutes=3)
        talk.comment(f"Ответ {number}")
    assert len(talk.ticket.stamps) < 8


def test_under_another_mapping_an_open_request_is_owed_what_that_says() -> None:
    talk = desk()
    shown = talk.ticket.due_at
    assert shown is not None
    other = replace(
        talk.policy,
        classes={key: replace(each, resolution=timedelta(hours=9)) for key, each in talk.policy.classes.items()},
    )
    assert terms_changed(talk) == ()
    talk.policy = other
    effects = terms_changed(talk)
    assert only(effects, SetDeadline).due_at == talk.ticket.due_at == START + timedelta(hours=9)
    assert urgency_of(only(effects, SetDeadline)) is Urgency.RESYNC
    assert terms_changed(talk) == ()


def test_a_deadline_set_by_hand_stays_under_another_mapping() -> None:
    talk = desk()
    talk.see("c-queue", lane="l-urgent", by_hand=talk.now + timedelta(days=9))
    talk.policy = replace(
        talk.policy,
        classes={key: replace(each, resolution=timedelta(hours=9)) for key, each in talk.policy.classes.items()},
    )
    assert terms_changed(talk) == ()
    assert talk.ticket.due_at == START + timedelta(hours=9)


def test_a_closed_request_and_a_promise_stay_as_they_are_under_another_mapping() -> None:
    talk = desk()
    promised = talk.ticket.promised_at
    talk.policy = replace(
        talk.policy,
        classes={key: replace(each, resolution=timedelta(hours=9)) for key, each in talk.policy.classes.items()},
    )
    terms_changed(talk)
    assert talk.ticket.promised_at == promised
    talk.see("c-done")
    closed = talk.ticket
    talk.policy = POLICY
    assert terms_changed(talk) == ()
    assert talk.ticket == closed


def terms_changed(talk: Conversation) -> tuple[Effect, ...]:
    key = Key(f"terms:{len(talk.effects)}:{talk.policy.version}:{talk.ticket.due_at}")
    return talk.feed(TermsChanged(key=key, at=talk.now, client=talk.client.id))
