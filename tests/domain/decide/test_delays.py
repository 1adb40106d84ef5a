"""What is said while one side does not answer: to the client once, to the agents on the card until it is over."""

import pytest

from connector.domain.effects import AddComment, AddTag, EditComment, Effect, RemoveTag, SendMessage
from connector.domain.events import Delayed
from connector.domain.policy import AgentReceipt, DelayRule
from connector.domain.refs import Key
from tests.domain.decide.test_delivery import answer, status
from tests.domain.sample import Conversation, every, only, opened, told


def waits(talk: Conversation, order: str, *, to_chat: bool) -> tuple[Effect, ...]:
    event = Delayed(
        key=Key(f"delayed:{order}"), at=talk.now, client=talk.client.id, ticket=talk.ticket.id, order=Key(order),
        since=talk.now, to_chat=to_chat,
    )  # fmt: skip
    return talk.feed(event)


def test_a_client_is_told_once_in_an_outage_however_much_they_write() -> None:
    talk = opened()
    assert "позже обычного" in told(waits(talk, "say/1", to_chat=False))
    talk.later(minutes=30)
    assert waits(talk, "say/2", to_chat=False) == ()
    talk.later(hours=6)
    assert "позже обычного" in told(waits(talk, "say/3", to_chat=False))


@pytest.mark.parametrize("why", ["never", "blocked"])
def test_nobody_is_told_where_the_mapping_says_never_or_nothing_arrives(why: str) -> None:
    talk = opened(**({"delays": DelayRule(tell_client_after=None)} if why == "never" else {}))
    if why == "blocked":
        talk.block()
    assert waits(talk, "say/1", to_chat=False) == ()


def test_an_answer_that_waits_stands_on_the_card_until_it_has_arrived() -> None:
    talk = opened()
    one, two = answer(talk, 1), answer(talk, 2)
    made = waits(talk, one.key, to_chat=True)
    assert status(made) == "⏳ Ждёт отправки с 01.04 10:00: чат не отвечает. Отправим, как только он ответит."
    talk.later(minutes=1)
    assert waits(talk, two.key, to_chat=True) == ()
    talk.done(one)
    assert "Ждёт" not in status(talk.done(two))


def test_an_answer_that_failed_for_good_waits_no_longer() -> None:
    talk = opened()
    one = answer(talk, 1)
    waits(talk, one.key, to_chat=True)
    said = status(talk.fail(one))
    assert "Ждёт" not in said
    assert "не дошёл" in said


def test_an_answer_taken_back_waits_no_longer() -> None:
    talk = opened()
    one = answer(talk, 1)
    waits(talk, one.key, to_chat=True)
    talk.remove_comment(1)
    assert talk.wake_at is not None
    assert status(talk.wake()) == "✓ Ничего не ждёт отправки."
    assert talk.wake_at is None


def test_with_tags_the_card_wears_one_meanwhile() -> None:
    talk = opened(agent_receipt=AgentReceipt.TAG)
    one = answer(talk, 1)
    assert only(waits(talk, one.key, to_chat=True), AddTag).name == "ждёт отправки"
    after = talk.done(one)
    assert (only(after, RemoveTag).name, only(after, AddTag).name) == ("ждёт отправки", "доставлено")


def test_without_receipts_one_note_tells_of_it() -> None:
    talk = opened(agent_receipt=AgentReceipt.NONE)
    one, two = answer(talk, 1), answer(talk, 2)
    note = only(waits(talk, one.key, to_chat=True), AddComment)
    assert note.internal
    assert waits(talk, two.key, to_chat=True) == ()
    assert every(talk.done(one), EditComment) == []
    assert every(talk.done(two), SendMessage) == []
    assert talk.ticket.waiting == ()
