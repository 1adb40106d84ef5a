"""What is mended without asking, and what only a person can decide."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector.domain.client import Client
from connector.domain.drift import Books, Difference, Direction, Kind, Written, compare, out_of_sight, towards
from connector.domain.effects import AddComment, Section
from connector.domain.events import AgentCommented, AgentEdited, AgentRemoved, CardSeen
from connector.domain.policy import Policy
from connector.domain.refs import Key, Ref, TicketId
from connector.domain.sheet import Note, Sheet, Sketch
from connector.domain.signature import sign
from connector.domain.ticket import Phase, Reply, Ticket
from connector.domain.words import Text
from tests.domain.sample import ANNA, CHAT, POLICY, START

CARD = Ref(port="kaiten", id="7")
SAID = Ref(port="kaiten", id="7/1")
NOW = START + timedelta(hours=3)
DUE = datetime(2024, 4, 1, 15, tzinfo=UTC)
SECTION = Section(key=Key("say/1"), head="Иван", text=Text(plain="слова"))
CLIENT = Client(id=Ticket.__name__, chat=CHAT)  # type: ignore[arg-type]  # any name will do
TICKET = Ticket(
    id=TicketId("kc-1"), number=5, client=CLIENT.id, topic="till", service_class="urgent", cabinet=None, subject="s",
    opened_at=START, phase=Phase.QUEUE, card=CARD, board="b1", lane="l-urgent", seen=3, due_at=DUE, deadlines=(DUE,),
)  # fmt: skip
SEEN = CardSeen(
    key=Key("kaiten:7:v3"), at=START, card=CARD, ticket=TICKET.id, version=3, board="b1", column="c-queue",
    lane="l-urgent",
)  # fmt: skip
SKETCH = Sketch(
    card=CARD, external_id="kc-1", seen=SEEN, mark="m", title="s", tags=("касса", "бот"), due_at=DUE, changed_at=START
)
NOTE = Note(ref=SAID, ours=True, text="слова", signs=(sign(SECTION.key),))
SHEET = Sheet(sketch=SKETCH, description="", notes=(NOTE,), files=(), lacking=frozenset())
BOOKS = Books(
    client=CLIENT, ticket=TICKET, written=(Written(key=SECTION.key, refs=(SAID,), section=SECTION),),
    opened_under="test",
)  # fmt: skip
LOST = replace(SHEET, notes=(), lacking=frozenset({SAID}))


def found(books: Books = BOOKS, sheet: Sheet = SHEET, policy: Policy = POLICY, **more: timedelta) -> list[Difference]:
    return list(compare(books, sheet, policy, now=NOW, run="r", link=lambda _: None, **more))


def one(books: Books = BOOKS, sheet: Sheet = SHEET, policy: Policy = POLICY) -> Difference:
    [difference] = found(books, sheet, policy)
    return difference


def answer(hours: float, *, internal: bool = False) -> Sheet:
    comment = Ref(port="kaiten", id="7/2")
    told = AgentCommented(
        key=comment.key, at=NOW - timedelta(hours=hours), card=CARD, ticket=TICKET.id, comment=comment, author=ANNA,
        text=Text(plain="ответ"), internal=internal,
    )  # fmt: skip
    return replace(SHEET, notes=(NOTE, Note(ref=comment, ours=False, text="ответ", told=told)))


def test_a_sound_card_differs_in_nothing() -> None:
    assert found() == []


def test_lost_words_are_written_again_under_their_own_signature() -> None:
    lost = one(sheet=LOST)
    assert (lost.kind, lost.safe) == (Kind.COMMENT, True)
    [order] = lost.orders
    assert isinstance(order, AddComment)
    assert order.sections == (SECTION,)
    assert order.key != SECTION.key
    assert one(sheet=LOST).id == lost.id


@pytest.mark.parametrize(
    ("books", "sheet"),
    [
        (replace(BOOKS, removed=frozenset({Key("kaiten:7/1:removed")})), LOST),
        (BOOKS, replace(LOST, removed=frozenset({SAID}))),
        (replace(BOOKS, written=(replace(BOOKS.written[0], internal=True),)), LOST),
        (replace(BOOKS, written=(replace(BOOKS.written[0], section=None),)), LOST),
        (replace(BOOKS, mended=Counter({one(sheet=LOST).id: 2})), LOST),
    ],
    ids=["a webhook told", "the tool shows it", "a note of ours", "words not kept", "it came back twice"],
)
def test_what_somebody_may_have_meant_is_only_listed(books: Books, sheet: Sheet) -> None:
    lost = one(books, sheet)
    assert lost.kind is Kind.COMMENT
    assert lost.doubt
    assert lost.plan


def test_words_that_moved_into_another_comment_are_not_lost() -> None:
    moved = replace(NOTE, ref=Ref(port="kaiten", id="7/9"))
    assert found(sheet=replace(LOST, notes=(moved,))) == []


def test_a_deadline_of_ours_is_set_again_and_an_agents_is_left() -> None:
    without = one(sheet=replace(SHEET, sketch=replace(SKETCH, due_at=None)))
    assert (without.kind, without.safe) == (Kind.DEADLINE, True)
    by_hand = one(sheet=replace(SHEET, sketch=replace(SKETCH, due_at=DUE + timedelta(days=4))))
    assert by_hand.doubt
    earlier = DUE + timedelta(days=1)
    books = replace(BOOKS, dues=frozenset({earlier}))
    assert one(books, replace(SHEET, sketch=replace(SKETCH, due_at=earlier))).safe
    taken_away = replace(BOOKS, ticket=replace(TICKET, due_by_hand=True))
    assert one(taken_away, replace(SHEET, sketch=replace(SKETCH, due_at=None))).doubt


def test_a_label_is_put_again_when_it_surely_was_there() -> None:
    sheet = replace(SHEET, sketch=replace(SKETCH, tags=("бот", "важно")))
    assert one(sheet=sheet).safe
    old = replace(BOOKS, opened_under="another mapping")
    assert one(old, sheet).doubt
    assert one(replace(old, tagged=frozenset({"касса"})), sheet).safe


def test_the_books_follow_the_board() -> None:
    moved = replace(SHEET, sketch=replace(SKETCH, seen=replace(SEEN, version=4, column="c-work", lane="l-today")))
    difference = one(sheet=moved)
    assert (difference.kind, difference.safe, difference.orders) == (Kind.LANE, True, ())
    [event] = difference.events
    assert isinstance(event, CardSeen)
    assert event.checked
    assert event.key != SEEN.key
    assert found(replace(BOOKS, ticket=replace(TICKET, moving=Phase.DONE)), moved) == []
    assert found(sheet=moved, grace=timedelta(hours=4)) == []


def test_an_answer_never_taken_in_goes_its_way_unless_it_is_old() -> None:
    assert one(sheet=answer(1)).safe
    assert one(sheet=answer(30)).doubt
    assert found(sheet=answer(1, internal=True)) == []
    assert found(replace(BOOKS, known=frozenset({Key("kaiten:7/2")})), answer(1)) == []
    assert found(sheet=answer(1), grace=timedelta(hours=2)) == []


def test_a_card_put_away_is_noted_and_nothing_is_written_on_it() -> None:
    gone = replace(LOST, sketch=replace(SKETCH, seen=replace(SEEN, gone=True), tags=()))
    assert [each.kind for each in found(sheet=gone)] == [Kind.LANE]
    assert out_of_sight(TICKET, CARD, now=NOW, run="r").doubt


def test_a_direction_means_its_own_kinds_alone() -> None:
    inward = {kind for kind in Kind if towards(Direction.IN, kind)}
    assert inward == {Kind.LANE, Kind.ANSWER}
    assert {kind for kind in Kind if towards(Direction.OUT, kind)} == set(Kind) - inward
    assert all(towards(Direction.BOTH, kind) for kind in Kind)


ANSWERED = replace(
    BOOKS, ticket=replace(TICKET, replies=(Reply(comment=Key("kaiten:7/2"), texts=(Key("reply/1/0"),)),))
)


def test_an_answer_whose_comment_was_deleted_is_taken_back() -> None:
    assert found(ANSWERED, answer(1), grace=timedelta(hours=2)) == []
    gone = one(ANSWERED)
    assert (gone.kind, gone.safe, gone.orders) == (Kind.ANSWER, True, ())
    [event] = gone.events
    assert isinstance(event, AgentRemoved)
    assert (event.key, event.comment, event.ticket) == ("kaiten:7/2:removed", Ref(port="kaiten", id="7/2"), "kc-1")
    assert found(replace(ANSWERED, removed=frozenset({event.key}))) == []
    # Of another card, and of an incident's: nothing is said of those here.
    for elsewhere in ("kaiten:8/2", "kaiten:7/2@kc-1"):
        reply = Reply(comment=Key(elsewhere), texts=(Key("reply/1/0"),))
        assert found(replace(BOOKS, ticket=replace(TICKET, replies=(reply,)))) == []
    assert [
        each.kind for each in found(ANSWERED, replace(SHEET, sketch=replace(SKETCH, seen=replace(SEEN, gone=True))))
    ] == [Kind.LANE]


def test_while_the_board_counts_more_comments_than_it_showed_a_person_decides() -> None:
    assert "counts more" in one(ANSWERED, replace(SHEET, whole=False)).doubt
    shown = replace(SHEET, whole=False, removed=frozenset({Ref(port="kaiten", id="7/2")}))
    assert one(ANSWERED, shown).safe


def test_a_change_of_a_comment_that_nobody_told_is_taken_in() -> None:
    note = answer(1).notes[-1]
    assert note.told is not None
    told = note.told
    changed = AgentEdited(
        key=Key(f"{told.key}:edit:1"), at=told.at, card=CARD, ticket=TICKET.id, comment=told.comment, author=ANNA,
        text=Text(plain="Иначе"),
    )  # fmt: skip
    sheet = replace(SHEET, notes=(*SHEET.notes, replace(note, told=replace(told, text=changed.text), changed=changed)))
    known = replace(BOOKS, known=frozenset({told.key}), first={told.key: (told.text, False)})
    difference = one(known, sheet)
    assert (difference.safe, difference.events) == (True, (changed,))
    assert found(known, sheet, grace=timedelta(hours=2)) == []
    assert found(replace(known, known=frozenset({told.key, changed.key})), sheet) == []
    # It was read for the first time as it stands now.
    assert found(replace(known, first={told.key: (changed.text, False)}), sheet) == []
