"""The board's own agreement: on the card from the first, and changed with the class; nothing where none is named."""

from __future__ import annotations

from dataclasses import replace

from connector.domain.effects import AddTag, AttachSla, CreateCard, DetachSla, Effect, Urgency, urgency_of
from connector.domain.events import Refusal
from connector.domain.policy import Policy
from connector.domain.refs import Ref
from tests.domain.decide.desk import desk
from tests.domain.sample import POLICY, Conversation, only, opened

FAST, SLOW = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


def named(urgent: str | None = FAST, today: str | None = None) -> Policy:
    classes = {
        "urgent": replace(POLICY.classes["urgent"], board_sla=urgent),
        "today": replace(POLICY.classes["today"], board_sla=today),
    }
    return replace(POLICY, classes=classes)


def changes(effects: tuple[Effect, ...]) -> list[tuple[type[Effect], str]]:
    return [(type(each), each.sla) for each in effects if isinstance(each, AttachSla | DetachSla)]


def begun(policy: Policy) -> Conversation:
    talk = Conversation(policy=policy)
    talk.open()
    return talk


def test_it_is_ordered_with_the_card_behind_its_tags_and_of_no_more_haste() -> None:
    talk = begun(named())
    kinds = [type(each) for each in talk.effects if isinstance(each, CreateCard | AddTag | AttachSla)]
    assert kinds == [CreateCard, AddTag, AddTag, AttachSla]
    attached = only(talk.effects, AttachSla)
    assert (attached.sla, attached.ticket, urgency_of(attached)) == (FAST, talk.ticket.id, Urgency.LABEL)


def test_where_the_mapping_names_none_nothing_is_ordered() -> None:
    talk = opened()
    talk.see("c-queue", lane="l-today")
    talk.see("c-queue", lane="l-urgent")
    assert changes(tuple(talk.effects)) == []


def test_a_card_dragged_into_another_lane_changes_it_once_and_back() -> None:
    talk = opened(classes=named(today=SLOW).classes)
    assert changes(talk.see("c-queue", lane="l-today")) == [(DetachSla, FAST), (AttachSla, SLOW)]
    assert changes(talk.write("Ау")) == []
    assert changes(talk.see("c-work", lane="l-today")) == []
    assert changes(talk.see("c-work", lane="l-urgent")) == [(DetachSla, SLOW), (AttachSla, FAST)]


def test_a_class_without_one_only_takes_it_off_and_one_with_it_only_puts_it_on() -> None:
    talk = opened(classes=named().classes)
    assert changes(talk.see("c-queue", lane="l-today")) == [(DetachSla, FAST)]
    assert changes(talk.see("c-queue", lane="l-urgent")) == [(AttachSla, FAST)]


def test_an_agents_order_for_another_class_changes_it_too() -> None:
    talk = desk(classes=named(today=SLOW).classes)
    assert changes(talk.comment("#class today")) == [(DetachSla, FAST), (AttachSla, SLOW)]


def test_classes_of_one_agreement_change_nothing() -> None:
    talk = opened(classes=named(today=FAST).classes)
    assert changes(talk.see("c-queue", lane="l-today")) == []


def test_a_closed_request_keeps_what_it_had_until_it_is_opened_again() -> None:
    talk = opened(classes=named(today=SLOW).classes)
    talk.see("c-done", lane="l-urgent")
    assert changes(talk.see("c-done", lane="l-today")) == []
    assert changes(talk.see("c-queue", lane="l-today")) == [(DetachSla, FAST), (AttachSla, SLOW)]


def test_a_mapping_that_names_another_since_is_followed_with_what_happens_next() -> None:
    talk = opened(classes=named().classes)
    talk.policy = replace(talk.policy, classes=named(urgent=SLOW).classes)
    assert changes(talk.write("Ау")) == [(DetachSla, FAST), (AttachSla, SLOW)]
    assert changes(talk.write("Ну?")) == []


def test_the_card_that_takes_the_place_of_a_lost_one_is_under_it_too() -> None:
    talk = opened(classes=named().classes)
    talk.see("c-queue", lane="l-urgent", gone=True)
    effects = talk.write("Ау")
    assert only(effects, CreateCard).external_id.endswith(".2")
    assert changes(effects) == [(AttachSla, FAST)]


def test_neither_end_of_the_order_is_anything_to_speak_of() -> None:
    talk = opened(classes=named().classes)
    attached = only(begun(named()).effects, AttachSla)
    before = talk.client
    assert talk.done(attached, Ref(port="kaiten", id="1")) == ()
    assert talk.fail(attached, Refusal.FORBIDDEN) == ()
    assert talk.fail(attached, Refusal.GONE) == ()
    assert talk.client == before
