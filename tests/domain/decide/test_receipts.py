"""How a client sees what became of their own message."""

from dataclasses import replace

import pytest

from connector.domain.decide.receipts import BURST_SIZE
from connector.domain.effects import AddComment, React, Urgency
from connector.domain.policy import Marks, Receipt
from tests.domain.sample import Conversation, every, message, only, opened, told


def test_a_message_is_marked_stored_then_on_the_card_then_answered() -> None:
    talk = opened()
    effects = talk.write("И терминал", number="m")
    comment = only(effects, AddComment)
    marks = [only(effects, React), only(talk.done(comment), React), only(talk.comment("Едем"), React)]
    assert [mark.emoji for mark in marks] == ["👀", "✍", "👌"]
    assert {mark.message for mark in marks} == {message("m")}
    assert [mark.urgency for mark in marks] == [Urgency.ACKNOWLEDGE, Urgency.LABEL, Urgency.LABEL]


def test_a_message_that_will_not_come_onto_the_card_is_marked_and_told() -> None:
    talk = opened()
    comment = only(talk.write("И терминал", number="m"), AddComment)
    effects = talk.fail(comment)
    assert (only(effects, React).emoji, only(effects, React).message) == ("🤷", message("m"))
    assert "не удалось передать" in told(effects)


def test_every_message_of_a_joined_comment_gets_its_mark() -> None:
    talk = opened()
    one = only(talk.write("раз", number="m1"), AddComment)
    other = only(talk.write("два", number="m2"), AddComment)
    joined = replace(one, sections=one.sections + other.sections)
    assert [mark.message for mark in every(talk.done(joined), React)] == [message("m1"), message("m2")]


def test_a_long_message_is_marked_when_its_last_part_stands_there() -> None:
    talk = opened(comment_limit=400)
    comments = every(talk.write("слово " * 200, number="m"), AddComment)
    assert len(comments) > 1
    assert [talk.done(each) == () for each in comments] == [True] * (len(comments) - 1) + [False]


@pytest.mark.parametrize("receipt", [Receipt.TEXT, Receipt.NONE])
def test_without_reactions_nothing_is_marked(receipt: Receipt) -> None:
    talk = opened(receipt=receipt)
    comment = only(talk.write("И терминал"), AddComment)
    assert talk.done(comment) == ()
    assert every(talk.comment("Едем"), React) == []


def test_steps_the_mapping_leaves_out_are_not_marked() -> None:
    talk = opened(marks=Marks(stored=None, on_card=None, answered="👌", failed=None))
    effects = talk.write("И терминал")
    assert every(effects, React) == []
    assert only(effects, AddComment).sections[0].source is None
    assert only(talk.comment("Едем"), React).emoji == "👌"


def test_in_a_flood_the_first_messages_and_the_last_are_marked_and_none_is_lost() -> None:
    talk = opened()
    effects = [effect for number in range(200) for effect in talk.write(f"{number}", number=f"f{number}")]
    assert [each.sections[0].text.plain for each in every(effects, AddComment)] == [str(n) for n in range(200)]
    assert [mark.message for mark in every(effects, React)] == [message(f"f{n}") for n in range(BURST_SIZE)]
    assert only(talk.wake(), React).message == message("f199")
    assert talk.wake_at is None or talk.wake_at > talk.now
    talk.later(minutes=1)
    assert only(talk.write("и ещё", number="last"), React).message == message("last")


def test_a_mark_of_the_flood_does_not_come_while_the_flood_goes_on() -> None:
    talk = opened()
    for number in range(20):
        talk.write(f"{number}", number=f"f{number}")
    talk.later(seconds=3)
    talk.write("ещё", number="x")
    talk.later(seconds=3)
    wait = talk.wake_at
    assert wait is not None
    assert wait > talk.now


def test_an_answer_to_a_request_without_new_words_marks_nothing() -> None:
    talk = Conversation()
    talk.open()
    talk.comment("Едем")
    assert every(talk.comment("Приехали"), React) == []
