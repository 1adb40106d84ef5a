"""What the journal tells of clocks is what requests themselves remember of them, whatever happened."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from connector.domain import clock
from connector.domain.decide import clocks
from connector.domain.refs import TicketId
from connector.domain.retold import Retold, retold
from connector.domain.stamps import standing
from connector.domain.terms import SlaRule
from connector.domain.ticket import What
from tests.domain.decide.test_invariants import AnyConversation
from tests.domain.sample import Conversation, message, opened

RULE = SlaRule(class_tag="SLA {class}", first_reply_late="поздно", at_risk_tag="риск", breached_tag="нарушен")


def told(talk: Conversation) -> Retold:
    numbers = {ticket.id: ticket.number for ticket in talk.client.tickets}
    threads: dict[str, TicketId] = {message(f"about-{ticket.id}").key: ticket.id for ticket in talk.client.tickets}
    return retold(talk.client.id, talk.events, talk.policy, numbers, threads)


class AnyLife(AnyConversation):
    """The same conversations, with clocks that show on the card."""

    def begin_clocks(self) -> None:
        policy = self.talk.policy
        if policy.sla != RULE and not self.talk.events:
            assert policy.board is not None
            board = replace(policy.board, pausing=frozenset({"c-unknown"}))
            self.talk.policy = replace(policy, sla=RULE, board=board)

    @precondition(lambda self: self.talk.client.tickets and not self.talk.client.kept)
    @rule(data=st.data())
    def answers_a_message(self, data: st.DataObject) -> None:
        ticket = data.draw(st.sampled_from(self.talk.client.tickets))
        quoted = message(f"about-{ticket.id}")
        self.follow(self.talk.write(self.text(), reply_to=quoted, thread={quoted.key: ticket.id}))

    @precondition(lambda self: self.talk.client.tickets)
    @rule(data=st.data(), lane=st.sampled_from(("l-urgent", "l-today")))
    def drags_a_card(self, data: st.DataObject, lane: str) -> None:
        ticket = data.draw(st.sampled_from(self.talk.client.tickets))
        self.follow(self.talk.see("c-work", ticket=ticket, lane=lane))

    @invariant()
    def a_request_stands_as_its_stamps_say(self) -> None:
        self.begin_clocks()
        for ticket in self.talk.client.tickets:
            now = standing(ticket.stamps)
            assert ticket.stamps[0].what is What.ASKED
            assert now.opened
            assert (now.service_class, now.topic) == (ticket.service_class, ticket.topic)
            assert (now.phase.value == "done") is not ticket.open
            assert now.blocked == self.talk.client.blocked or not ticket.open
            assert [each.at for each in ticket.stamps] == sorted(each.at for each in ticket.stamps)
            assert len(ticket.stamps) <= clock.MOST
            assert (ticket.paused_at is None) == (now.pause is None or not ticket.open)
            again = clocks.due(self.talk.client, self.talk.policy)
            assert all(each is not None for each in again)

    def teardown(self) -> None:
        if not hasattr(self, "talk"):
            return
        found = told(self.talk)
        assert found.failed == []
        now = self.talk.now
        for ticket in self.talk.client.tickets:
            assert found.tickets[ticket.id].stamps == ticket.stamps
            assert found.tickets[ticket.id].due_at == ticket.due_at
            kept = clock.readings(self.talk.policy, ticket, now)
            owed = clock.owed(self.talk.policy, ticket)
            whole = clock.read(found.stamps[ticket.id], owed, now)
            assert [each for each in whole if each.ends is None] == [each for each in kept if each.ends is None]


AnyLife.TestCase.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
TestAnyLife = AnyLife.TestCase


def test_a_policy_of_other_hours_tells_the_same_life_with_other_classes() -> None:
    talk = opened()
    talk.later(minutes=3)
    talk.comment("Смотрим")
    talk.see("c-work", lane="l-today")
    policy = talk.policy
    assert policy.board is not None
    elsewhere = replace(policy, board=replace(policy.board, lanes={("b1", "l-today"): "urgent"}))
    numbers = {talk.ticket.id: talk.ticket.number}
    now = retold(talk.client.id, talk.events, policy, numbers, {}).tickets[talk.ticket.id]
    then = retold(talk.client.id, talk.events, elsewhere, numbers, {}).tickets[talk.ticket.id]
    assert (now.service_class, then.service_class) == ("today", "urgent")
    assert [each.at for each in now.stamps if each.what is What.ANSWERED] == [
        each.at for each in then.stamps if each.what is What.ANSWERED
    ]
