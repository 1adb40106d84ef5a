"""Incidents: when alike requests are one, what agents say of it, and who gets which answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connector.domain.effects import (
    AddComment,
    CreateCard,
    Meaning,
    MoveCard,
    SendFiles,
    SendMessage,
    SetBlock,
    UnlinkCard,
    Urgency,
    urgency_of,
)
from connector.domain.events import Failed, IncidentAnswered, Refusal
from connector.domain.incident import PORT, Standing
from connector.domain.policy import AgentReceipt, Confirmation, LeakGuard, Template
from connector.domain.refs import Key
from connector.domain.ticket import Outcome
from tests.domain.decide.outage import RULE, WITH_INCIDENTS, Outage
from tests.domain.sample import POLICY, every, photo


def outage(policy: Any = WITH_INCIDENTS, **rule: Any) -> Outage:
    """A company that looks for incidents, three alike by default."""
    return Outage(policy=replace(policy, incidents=replace(RULE, **rule)))


# ---- noticing


def test_alike_requests_of_enough_clients_are_one_incident_with_a_card_of_its_own() -> None:
    town = outage()
    requests = [town.opens(1), town.opens(2, "У нас касса не работает")]
    assert town.homes == []
    requests.append(town.opens(3, "не работает касса, помогите"))
    town.settle()
    assert town.children() == [each.id for each in requests]
    assert town.stands() is Standing.CONFIRMED
    card = next(each for each in every(town.effects, CreateCard) if each.ticket == town.parent.id)
    assert (card.title, card.topic, card.service_class) == ("Инцидент №4: Касса не работает", "till", "urgent")
    assert "Клиент 2" in card.description


def test_each_request_keeps_its_card_and_is_bound_to_the_incidents() -> None:
    town = outage()
    requests = town.burst(3)
    parent = town.parent.card
    assert parent is not None
    assert town.links() == {(each.id, parent.id) for each in requests}
    for each in requests:
        known = town.ticket(each).incident
        assert known is not None
        assert (known.id, known.number, known.card) == (town.home, town.parent.number, parent)
        assert "Входит в инцидент №4" in town.block(each)
        assert town.ticket(each).card is not None


def test_other_words_another_topic_and_another_hour_are_no_part_of_it() -> None:
    town = outage()
    town.opens(1)
    town.opens(2, "Как поменять тариф кассы?")
    town.opens(3, topic="howto")
    town.now += timedelta(minutes=11)
    town.opens(4)
    town.opens(5)
    town.settle()
    assert town.homes == []


def test_one_client_who_writes_the_same_again_and_again_is_no_incident() -> None:
    town = outage()
    for _ in range(4):
        town.opens(1)
    town.settle()
    assert town.homes == []


def test_without_the_part_in_the_mapping_nobody_looks_for_any() -> None:
    town = Outage(policy=POLICY)
    town.burst(6)
    assert town.homes == []
    assert town.openings == {}


def test_only_in_the_topics_that_the_mapping_names() -> None:
    town = outage(topics=frozenset({"howto"}))
    town.burst(3)
    assert town.homes == []
    for chat in (1, 2, 3):
        town.opens(chat, topic="howto")
    town.settle()
    assert len(town.homes) == 1


@pytest.mark.parametrize(("wordless", "found"), [(False, 0), (True, 1)])
def test_requests_without_words_are_alike_only_where_the_mapping_says_so(wordless: bool, found: int) -> None:
    town = outage(wordless=wordless)
    town.burst(3, "Здравствуйте!")
    assert len(town.homes) == found


def test_a_later_request_joins_and_gets_the_last_answer_at_once() -> None:
    town = outage()
    town.burst(3)
    town.comments("Смотрим")
    town.comments("К полудню починим")
    town.settle()
    town.now += timedelta(hours=2)
    late = town.opens(9, "касса не работает с утра")
    other = town.opens(10, "Как поменять тариф кассы?")
    town.settle()
    assert town.children()[-1] == late.id
    assert town.reads(late) == ["К полудню починим"]
    assert town.reads(other) == []
    assert town.ticket(late).answered_at == town.now


def test_what_is_alike_to_one_odd_founder_only_does_not_join() -> None:
    town = outage(alike=0.5)
    town.opens(1, "касса зависла совсем, терминал пишет ошибку связи")
    town.opens(2, "касса зависла")
    town.opens(3, "касса зависла совсем")
    town.settle()
    stranger = town.opens(4, "терминал пишет ошибку связи")
    town.settle()
    assert stranger.id not in town.children()


def test_two_faults_at_once_are_two_incidents() -> None:
    town = outage()
    town.burst(3)
    pumps = town.burst(3, "Не идёт пена из пистолета")
    assert len(town.homes) == 2
    assert town.children() == [each.id for each in pumps]


# ---- answering all


def test_a_comment_on_its_card_answers_every_request_as_one_of_its_own() -> None:
    town = outage()
    requests = town.burst(4)
    apart = town.opens(50, "Как поменять тариф кассы?")
    town.comments("Чиним, к 12 заработает")
    town.settle()
    for each in requests:
        now = town.ticket(each)
        assert town.reads(each) == ["Чиним, к 12 заработает"]
        assert (now.answered_at, now.unread, now.answer) == (town.now, 1, "Чиним, к 12 заработает")
        assert "Анна" in now.people
        assert any("Доставлено" in note and "Чиним, к 12" in note for note in town.notes(each))
    assert town.reads(apart) == []
    assert town.chats.get(town.home, {}) == {}


def test_fifty_answers_cost_a_send_and_a_card_write_each() -> None:
    town = outage()
    town.burst(50)
    town.later(60)
    before = len(town.effects)
    town.comments("Чиним")
    town.settle()
    made = town.effects[before:]
    assert len(every(made, SendMessage)) == 50
    assert len(every(made, AddComment)) == 50
    assert len([each for each in made if urgency_of(each) is Urgency.RESYNC]) <= 1


def test_the_list_is_written_seldom_however_many_join() -> None:
    town = outage()
    for chat in range(60):
        town.opens(chat)
        town.settle()
        town.later(1)
    town.later(20)
    blocks = [each for each in every(town.effects, SetBlock) if each.ticket == town.parent.id]
    assert len(blocks) <= 6
    assert "Обращений: 60, из них открыто: 60." in blocks[-1].block
    assert blocks[-1].block.count("⟦→kaiten:card-") == 60


def test_a_changed_comment_changes_all_answers_and_a_deleted_one_takes_them_back() -> None:
    town = outage()
    requests = town.burst(3)
    number = town.comments("К 12")
    town.settle()
    town.edits(number, "К 13")
    town.settle()
    late = town.opens(70)
    town.settle()
    assert [town.reads(each) for each in (*requests, late)] == [["К 13"]] * 4
    town.removes(number)
    latest = town.opens(71)
    town.settle()
    assert [town.reads(each) for each in (*requests, late, latest)] == [[]] * 5


def test_whoever_withdrew_gets_no_answer_but_what_they_got_before_is_changed() -> None:
    town = outage()
    gone, withdraws, stays = town.burst(3)
    town.withdraws(gone)
    town.settle()
    number = town.comments("К 12")
    town.settle()
    town.withdraws(withdraws)
    town.edits(number, "К 13")
    town.comments("Заработало")
    town.settle()
    assert town.reads(gone) == []
    assert town.reads(withdraws) == ["К 13"]
    assert town.reads(stays) == ["К 13", "Заработало"]


def test_internal_and_marked_comments_stay_on_the_board() -> None:
    town = outage()
    requests = town.burst(3)
    town.comments("спросить у завода", internal=True)
    town.comments("// спросить у завода")
    town.settle()
    assert [town.reads(each) for each in requests] == [[]] * 3


def test_the_leak_guard_holds_an_answer_for_all() -> None:
    town = outage(replace(POLICY, guard=LeakGuard(secrets=(r"пароль",))))
    requests = town.burst(3)
    town.comments("пароль 123")
    town.settle()
    assert [town.reads(each) for each in requests] == [[]] * 3
    town.comments("#send")
    town.settle()
    assert [town.reads(each) for each in requests] == [["пароль 123"]] * 3


def test_an_answer_for_all_can_be_changed_before_it_goes() -> None:
    town = outage(replace(POLICY, send_after=timedelta(seconds=20)))
    requests = town.burst(3)
    number = town.comments("К 12")
    town.later(10)
    town.edits(number, "К 13")
    town.settle()
    assert [town.reads(each) for each in requests] == [[]] * 3
    town.later(15)
    town.settle()
    assert [town.reads(each) for each in requests] == [["К 13"]] * 3


def test_a_file_goes_to_all_also_when_it_comes_after_its_comment() -> None:
    town = outage()
    requests = town.burst(3)
    number = town.comments("Схема", files=(photo("a", port="kaiten"),))
    town.settle()
    town.attaches(number, photo("b", port="kaiten"))
    town.settle()
    sent = every(town.effects, SendFiles)
    assert [[file.name for file in each.files] for each in sent] == [["a"]] * 3 + [["b"]] * 3
    late = town.opens(80)
    town.settle()
    assert [file.name for file in every(town.effects, SendFiles)[-1].files] == ["a", "b"]
    assert len(town.reads(late)) == 1
    assert len(requests) == 3


def test_a_canned_reply_is_filled_in_for_each_client() -> None:
    town = outage(replace(POLICY, templates={"hi": Template(key="hi", text={"ru": "{client}, чиним №{number}."})}))
    requests = town.burst(3)
    number = town.comments("#tpl hi")
    town.settle()
    names = [town.clients[each.client].name for each in requests]
    assert [town.reads(each) for each in requests] == [
        [f"{name}, чиним №{each.number}."] for name, each in zip(names, requests, strict=True)
    ]
    town.edits(number, "#tpl hi Ждите")
    town.settle()
    assert town.reads(requests[0]) == [f"{names[0]}, чиним №1.\n\nЖдите"]


def test_without_a_status_comment_a_note_tells_what_was_answered() -> None:
    town = outage(replace(POLICY, agent_receipt=AgentReceipt.NONE))
    requests = town.burst(3)
    town.comments("Чиним")
    town.settle()
    assert [town.notes(each) for each in requests] == [["Ответ инцидента №4: «Чиним»"]] * 3


def test_its_card_tells_whom_the_answer_has_not_reached() -> None:
    town = outage()
    requests = town.burst(3)
    town.later(20)
    town.comments("Чиним")
    answers = [each for each in town.queue if isinstance(each, IncidentAnswered)]
    assert len(answers) == 3
    town.settle()
    send = next(each for each in every(town.effects, SendMessage) if each.ticket == requests[1].id and "/" in each.key)
    lost = next(each for each in reversed(every(town.effects, SendMessage)) if each.ticket == requests[1].id)
    assert send is not None
    failed = Failed(
        key=Key("failed:1"), at=town.now, client=requests[1].client, effect=lost, refusal=Refusal.FORBIDDEN, reason="no"
    )
    town.feed(failed, requests[1].client)
    town.settle()
    town.later(20)
    assert f"Не дошёл: №{requests[1].number}." in town.block(town.parent)
    assert "Ответ дошёл до клиентов: 2." in town.block(town.parent)


# ---- suspected, confirmed, dissolved


def test_until_an_agent_confirms_it_nobody_is_told_or_answered() -> None:
    town = outage(confirm=Confirmation.BY_AGENT)
    requests = town.burst(3)
    assert town.stands() is Standing.SUSPECTED
    assert "Это один инцидент?" in town.notes(town.parent)[0]
    number = town.comments("К 12")
    town.comments("Чиним")
    town.edits(number, "К 13")
    late = town.opens(60)
    town.settle()
    assert town.links() == set()
    assert [town.reads(each) for each in (*requests, late)] == [[]] * 4
    town.comments("#incident да")
    town.settle()
    assert town.stands() is Standing.CONFIRMED
    assert len(town.links()) == 4
    assert [town.reads(each) for each in (*requests, late)] == [["К 13", "Чиним"]] * 4


def test_the_operator_confirms_and_dissolves_it_too() -> None:
    town = outage(confirm=Confirmation.BY_AGENT)
    requests = town.burst(3)
    town.orders(True)
    town.settle()
    assert town.stands() is Standing.CONFIRMED
    town.orders(True)
    assert town.notes(town.parent)[-1] == "Инцидент уже подтверждён."
    town.orders(False)
    town.settle()
    assert town.stands() is Standing.DISSOLVED
    assert town.links() == set()
    assert all(town.ticket(each).incident is None for each in requests)


def test_dissolved_its_requests_go_on_apart_and_are_told() -> None:
    town = outage()
    requests = town.burst(3)
    town.comments("#incident нет")
    town.settle()
    assert town.stands() is Standing.DISSOLVED
    assert not town.parent.open
    assert town.links() == set()
    for each in requests:
        assert town.ticket(each).open
        assert town.block(each) == ""
        assert "больше не входит в инцидент" in town.notes(each)[-1]
    town.comments("Никому")
    town.settle()
    assert [town.reads(each) for each in requests] == [[]] * 3
    assert "Никому не отправлено" in town.notes(town.parent)[-1]


def test_what_was_dissolved_does_not_come_back_with_the_rest_of_the_burst() -> None:
    town = outage()
    town.burst(3)
    town.comments("#incident no")
    town.settle()
    rest = town.burst(4)
    assert len(town.homes) == 1
    assert all(town.ticket(each).incident is None for each in rest)
    town.now += timedelta(minutes=11)
    town.burst(3)
    assert len(town.homes) == 2


def test_one_request_can_be_taken_out() -> None:
    town = outage()
    stays, leaves, other = town.burst(3)
    town.comments("#incident no", town.ticket(leaves))
    town.settle()
    assert town.children() == [stays.id, other.id]
    assert town.ticket(leaves).incident is None
    assert leaves.id in {each.ticket for each in every(town.effects, UnlinkCard)}
    town.comments("Чиним")
    town.settle()
    assert [town.reads(each) for each in (stays, leaves, other)] == [["Чиним"], [], ["Чиним"]]


def test_words_about_incidents_where_they_make_no_sense_are_explained() -> None:
    town = outage()
    [request, *_] = town.burst(3)
    apart = town.opens(70, "Как поменять тариф кассы?")
    town.settle()
    town.comments("#incident no", town.ticket(apart))
    assert "ни в какой инцидент" in town.notes(apart)[-1]
    town.comments("#incident yes", town.ticket(request))
    assert "только отделить" in town.notes(request)[-1]
    for words in ("#incident maybe", "#merge 3", "#split", "#topic money", "#history", "#mute"):
        town.comments(words)
        assert "Как писать" in town.notes(town.parent)[-1]
    town.settle()
    assert town.stands() is Standing.CONFIRMED


# ---- its end


def test_closing_its_card_closes_none_of_its_requests_by_itself() -> None:
    town = outage()
    requests = town.burst(3)
    town.moves("c-done")
    town.settle()
    assert not town.parent.open
    assert all(town.ticket(each).open for each in requests)


def test_closing_its_card_closes_its_requests_where_the_mapping_says_so() -> None:
    policy = POLICY
    assert policy.board is not None
    board = replace(policy.board, landing={("b1", Meaning.DONE): "c-done"})
    town = outage(replace(policy, board=board), close_children=True)
    requests = town.burst(3)
    town.moves("c-done")
    town.settle()
    for each in requests:
        assert town.ticket(each).outcome is Outcome.DONE
        assert f"Закрыто вместе с инцидентом №{town.parent.number}." in town.notes(each)
    assert {each.ticket for each in every(town.effects, MoveCard)} == {each.id for each in requests}
    told = [each for each in every(town.effects, SendMessage) if each.key.endswith("/status")]
    assert {each.chat.port for each in told} == {"telegram"}
    assert len(told) == 3


def test_after_its_end_alike_requests_are_a_new_one() -> None:
    town = outage()
    town.burst(3)
    town.moves("c-done")
    town.settle()
    assert len(town.burst(3)) == 3
    assert len(town.homes) == 2


def test_a_lost_card_of_it_is_replaced_and_its_requests_are_bound_to_the_new_one() -> None:
    town = outage()
    requests = town.burst(3)
    first = town.parent.card
    block = next(each for each in every(town.effects, CreateCard) if each.ticket == town.parent.id)
    lost = SetBlock(key=Key("x"), ticket=block.ticket, block="x")
    town.feed(
        Failed(key=Key("f"), at=town.now, client=town.home, effect=lost, refusal=Refusal.GONE, reason="gone"), town.home
    )
    town.settle()
    assert town.parent.card is not None
    assert town.parent.card != first
    assert {(each.id, town.parent.card.id) for each in requests} <= town.links()


def test_nothing_is_ever_sent_to_a_chat_of_its_own() -> None:
    town = outage(replace(POLICY, rating=None))
    town.burst(3)
    for words in ("Чиним", "#take", "#close", "#class today"):
        town.comments(words)
        town.settle()
    town.moves("c-work")
    town.moves("c-done")
    town.settle()
    assert [each for each in every(town.effects, SendMessage) if each.chat.port == PORT] == []
