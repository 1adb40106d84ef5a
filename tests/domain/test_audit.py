"""Nothing is called lost without a reason in the books, and nothing lost is called anything else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector.domain.audit import Books, Fate, Verdict, compare, reckon, still_waiting
from connector.domain.client import Client, Kept
from connector.domain.effects import SendMessage, Urgency
from connector.domain.events import Agent, AgentCommented, CardSeen, ClientWrote
from connector.domain.record import NotedEvent, QueuedOrder
from connector.domain.refs import ClientId, Key, Ref, TicketId
from connector.domain.sheet import Note, Sheet, Sketch
from connector.domain.signature import sign
from connector.domain.ticket import Held, Phase, Ticket
from connector.domain.words import Person, Text, Words
from tests.domain.sample import POLICY

AT = datetime(2030, 3, 17, 12, 0, tzinfo=UTC)
CLIENT = ClientId("telegram:1")
CHAT = Ref(port="telegram", id="1")
CARD = Ref(port="kaiten", id="11")
TICKET = Ticket(
    id=TicketId("kc-1"), number=1, client=CLIENT, topic="t", service_class="s", cabinet=None, subject="s",
    opened_at=AT, card=CARD, phase=Phase.WORK,
)  # fmt: skip


def _wrote(seq: int, state: str = "decided", album: str | None = None) -> NotedEvent:
    message = Ref(port="telegram", id=f"1/{seq}")
    event = ClientWrote(
        key=message.key, at=AT, chat=CHAT, message=message, author=Person(ref=CHAT, name="C"),
        words=Words(text=Text(plain="words")), album=album,
    )  # fmt: skip
    return _noted(seq, event, state)


def _commented(seq: int, text: str = "answer", *, internal: bool = False) -> NotedEvent:
    comment = Ref(port="kaiten", id=f"11/{seq}")
    event = AgentCommented(
        key=comment.key, at=AT, card=CARD, ticket=TICKET.id, comment=comment, author=Agent(ref=CHAT, name="A"),
        text=Text(plain=text), internal=internal,
    )  # fmt: skip
    return _noted(seq, event, "decided")


def _noted(seq: int, event: ClientWrote | AgentCommented, state: str) -> NotedEvent:
    return NotedEvent(
        seq=seq, key=event.key, client=CLIENT, kind=type(event).__name__, at=AT, received=AT, state=state,
        reason="why" if state == "raised" else None, policy="v", event=event,
    )  # fmt: skip


def _order(key: str, seq: int, state: str = "done", *, cause: int = 0, kind: str = "AddComment") -> QueuedOrder:
    return QueuedOrder(
        seq=seq, key=Key(key), lane="board/kc-1", port="board", client=CLIENT, ticket=TICKET.id, kind=kind, effect=None,
        urgency=Urgency.CARD, state=state, created=AT, ended=AT + timedelta(seconds=seq) if state == "done" else None,
        cause=cause or None, reason="no" if state == "dead" else None,
    )  # fmt: skip


def _say(seq: int, state: str = "done", *, order: int = 0) -> QueuedOrder:
    return _order(f"say/telegram:1/{seq}", order or seq, state, cause=seq)


def _reckoned(events: Sequence[NotedEvent], orders: Sequence[QueuedOrder] = (), **books: object) -> list[Fate]:
    whole = Books(
        client=Client(id=CLIENT, chat=CHAT), tickets=(TICKET,), events=events, orders=orders, made={},
        orders_since=AT - timedelta(days=7), now=AT,
    )  # fmt: skip
    return list(reckon(replace(whole, **books), POLICY))  # type: ignore[arg-type]  # fields by their names


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        ("done", Verdict.THERE),
        ("waiting", Verdict.WAITING),
        ("started", Verdict.WAITING),
        ("dead", Verdict.LOST),
        ("skipped", Verdict.LET_BE),
    ],
)
def test_a_word_fares_like_the_order_that_carries_it(state: str, verdict: Verdict) -> None:
    [fate] = _reckoned([_wrote(1)], [_say(1, state)])
    assert fate.verdict is verdict


@pytest.mark.parametrize(("state", "verdict"), [("new", Verdict.WAITING), ("raised", Verdict.LOST)])
def test_a_word_nobody_could_decide_on_is_not_called_delivered(state: str, verdict: Verdict) -> None:
    [fate] = _reckoned([_wrote(1, state)])
    assert fate.verdict is verdict


def test_a_word_without_any_order_is_lost_unless_it_waits_or_was_answered() -> None:
    kept = Kept(message=Ref(port="telegram", id="1/2"), at=AT, author="C", words=Words())
    fates = _reckoned(
        [_wrote(1), _wrote(2), _wrote(3), _wrote(4)],
        [_order("telegram:1/3/help", 3, cause=3, kind="SendMessage"), _order("r", 4, cause=4, kind="React")],
        client=Client(id=CLIENT, chat=CHAT, kept=(kept,)),
    )
    expected = [Verdict.LOST, Verdict.WAITING, Verdict.ANSWERED, Verdict.LOST]
    assert [fate.verdict for fate in fates] == expected


def test_of_what_was_swept_only_the_made_thing_is_believed() -> None:
    made = {Key("say/telegram:1/1"): ((CARD,), TICKET.id)}
    fates = _reckoned([_wrote(1), _wrote(2)], made=made, orders_since=AT + timedelta(days=1))
    assert [fate.verdict for fate in fates] == [Verdict.THERE, Verdict.UNTOLD]


def test_the_first_words_are_the_card_and_an_album_is_one_section() -> None:
    opened = replace(TICKET, opened_by=Key("telegram:1/1"))
    fates = _reckoned(
        [_wrote(1), _wrote(2, album="a"), _wrote(3, album="a")], [_order("card/kc-1", 1), _say(2)], tickets=(opened,)
    )
    assert [(fate.verdict, fate.order) for fate in fates[:2]] == [
        (Verdict.THERE, "card/kc-1"),
        (Verdict.THERE, "say/telegram:1/2"),
    ]
    assert fates[2].verdict is Verdict.THERE


def test_what_came_after_its_followers_is_misordered() -> None:
    late = replace(_say(1), ended=AT + timedelta(seconds=9))
    fates = _reckoned([_wrote(1), _wrote(2), _wrote(3)], [late, _say(2), _say(3)])
    assert [fate.verdict for fate in fates] == [Verdict.MISORDERED, Verdict.THERE, Verdict.THERE]


def test_an_answer_must_have_gone_unless_it_is_held_or_for_agents_eyes() -> None:
    held = Held(comment=Key("kaiten:11/3"), author="A", at=AT, text=Text(plain="answer"))
    fates = _reckoned(
        [_commented(1), _commented(2, internal=True), _commented(3), _commented(4), _commented(5, "#take")],
        [_order("reply/kaiten:11/4/0", 4, cause=4, kind="SendMessage")],
        tickets=(replace(TICKET, held=(held,)),),
    )
    assert [(fate.key, fate.verdict) for fate in fates] == [
        ("kaiten:11/1", Verdict.LOST),
        ("kaiten:11/3", Verdict.WAITING),
        ("kaiten:11/4", Verdict.THERE),
    ]


def test_an_answer_of_a_client_who_left_waits_for_their_return() -> None:
    carried = _order("reply/kaiten:11/1/0", 1, "dead", cause=1, kind="SendMessage")
    effect = SendMessage(key=carried.key, ticket=TICKET.id, chat=CHAT, text=Text(), urgency=Urgency.REPLY)
    gone = Client(id=CLIENT, chat=CHAT, blocked=True, undelivered=(effect,))
    dead = replace(carried, effect=effect, reason="blocked: the bot was blocked")
    [waiting] = _reckoned([_commented(1)], [dead], client=gone)
    [forgotten] = _reckoned([_commented(1)], [dead], client=replace(gone, undelivered=()))
    [lost] = _reckoned([_commented(1)], [carried])
    assert (waiting.verdict, lost.verdict) == (Verdict.WAITING, Verdict.LOST)
    assert forgotten.verdict is Verdict.LOST
    anew = _order("reply/telegram:1/9/0", 9, kind="SendMessage")
    anew = replace(anew, effect=replace(effect, key=anew.key))
    [returned] = _reckoned([_commented(1)], [dead, anew])
    assert returned.verdict is Verdict.THERE


def _sheet(*sections: Sequence[int], theirs: Sequence[int] = ()) -> Sheet:
    seen = CardSeen(key=Key("v"), at=AT, card=CARD, ticket=TICKET.id, version=1, board="b", column="c", lane=None)
    notes = [
        Note(
            ref=Ref(port="kaiten", id=f"11/{100 + number}"), ours=True, text="",
            signs=tuple(sign(Key(f"say/telegram:1/{each}")) for each in section),
        )
        for number, section in enumerate(sections)
    ]  # fmt: skip
    told = [_commented(number).event for number in theirs]
    notes += [Note(ref=CARD, ours=False, text="", told=each) for each in told if isinstance(each, AgentCommented)]
    return Sheet(
        sketch=Sketch(card=CARD, external_id="kc-1", seen=seen, mark="m", title="t"), description="",
        notes=tuple(notes), files=(), lacking=frozenset(),
    )  # fmt: skip


def test_the_board_shows_what_is_gone_twice_or_in_another_place() -> None:
    fates = _reckoned([_wrote(each) for each in range(1, 6)], [_say(each) for each in range(1, 6)])
    seen = compare(fates, TICKET, _sheet([2], [4], [2], [3], [5]), ())
    assert [fate.verdict for fate in seen] == [
        Verdict.LOST,
        Verdict.DOUBLED,
        Verdict.THERE,
        Verdict.MISORDERED,
        Verdict.THERE,
    ]


def test_an_edit_added_below_is_no_double() -> None:
    fates = _reckoned([_wrote(1)], [_say(1)])
    assert [each.verdict for each in compare(fates, TICKET, _sheet([1, 1]), ())] == [Verdict.THERE]


def test_nothing_is_claimed_of_a_card_that_is_gone_or_of_signs_that_are_stripped() -> None:
    fates = _reckoned([_wrote(1)], [_say(1)])
    stripped = _sheet([])
    assert [each.verdict for each in compare(fates, TICKET, None, ())] == [Verdict.UNTOLD]
    assert [each.verdict for each in compare(fates, TICKET, stripped, ())] == [Verdict.THERE]


def test_a_comment_on_the_card_that_was_never_read_is_noticed() -> None:
    [fate] = compare((), TICKET, _sheet(theirs=[7, 8]), {"kaiten:11/8"})
    assert (fate.key, fate.verdict) == ("kaiten:11/7", Verdict.WAITING)
    assert not still_waiting(fate, AT + timedelta(minutes=9))
    assert still_waiting(fate, AT + timedelta(minutes=11))
