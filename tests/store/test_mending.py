"""Dead orders and events kept aside are tried again or let be, in their place, and never twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.domain.client import Client
from connector.domain.decide import Decision
from connector.domain.effects import Urgency
from connector.domain.events import Event, Refusal
from connector.domain.refs import Key, Ref
from connector.domain.ticket import Phase, Reply
from connector.ports import Arrival
from connector.store import mending, settling
from connector.store.ingest import ingest
from connector.store.mending import Mended
from connector.store.tables import Noted, State
from tests.store.shelf import CARD, TICKET, Shelf, comment, creation, nothing, seen, send, ticket, wrote

MADE = settling.Made(refs=(Ref(port="telegram", id="1/7"),))
NO = settling.Refused(refusal=Refusal.INVALID, reason="no")
LATER = settling.Later(reason="busy", wait=30, surely_not_done=False)


def _retry(shelf: Shelf, key: str) -> Mended:
    seq = shelf.orders()[key].seq
    return shelf.do(lambda connection: mending.retry_order(connection, shelf.now, seq))


def _skip(shelf: Shelf, key: str) -> Mended:
    seq = shelf.orders()[key].seq
    return shelf.do(lambda connection: mending.skip_order(connection, shelf.now, seq))


def _need(shelf: Shelf) -> list[str]:
    return [each.key for each in shelf.do(lambda connection: mending.orders_in_need(connection, limit=10))]


def _reread(shelf: Shelf, key: str, arrival: Arrival | None = None) -> Mended:
    seq = shelf.journal()[key].seq
    return shelf.do(lambda connection: mending.retry_event(connection, shelf.now, seq, arrival))


def _tried_in_vain(shelf: Shelf, port: str = "chat", joining: int | None = None) -> None:
    for _ in range(5):
        for claim in shelf.claim(port, joining=joining):
            shelf.settle(claim, LATER)
        shelf.now += 31


def test_a_dead_order_goes_again_before_what_still_waits_and_looks_before_it_writes(shelf: Shelf) -> None:
    shelf.order(send("one"), send("two"))
    shelf.settle(shelf.claim()[0], NO)
    assert _need(shelf) == ["one"]
    assert _retry(shelf, "one") is Mended.AGAIN
    [again] = shelf.claim()
    assert (again.order.key, again.order.attempt) == ("one", 2)
    shelf.settle(again, MADE)
    assert [shelf.orders()[key].state for key in ("one", "two")] == [State.DONE, State.WAITING]
    assert _retry(shelf, "one") is Mended.OVER
    assert _need(shelf) == []


def test_an_end_in_vain_is_told_once_however_often_it_is_tried(shelf: Shelf) -> None:
    shelf.order(send("one"))
    for _ in range(3):
        shelf.settle(shelf.claim()[0], NO)
        assert _retry(shelf, "one") is Mended.AGAIN
    assert [key for key in shelf.journal() if key.startswith("failed:")] == ["failed:one"]


def test_a_retry_does_not_disturb_a_lane_that_is_being_served(shelf: Shelf) -> None:
    shelf.order(send("one"), send("two"))
    shelf.settle(shelf.claim()[0], NO)
    [serving] = shelf.claim()
    assert _retry(shelf, "one") is Mended.AGAIN
    assert shelf.claim() == []
    assert shelf.settle(serving, MADE).stale == []
    assert [claim.order.key for claim in shelf.claim()] == ["one"]


def test_an_order_that_backs_off_goes_at_once(shelf: Shelf) -> None:
    shelf.order(send("one"))
    shelf.settle(shelf.claim()[0], LATER)
    assert shelf.claim() == []
    assert _retry(shelf, "one") is Mended.AGAIN
    [claim] = shelf.claim()
    assert claim.order.key == "one"
    assert _retry(shelf, "one") is Mended.BUSY


@pytest.mark.parametrize("heir", ["one/words", "one/again"])
def test_words_that_went_another_way_are_not_sent_twice(shelf: Shelf, heir: str) -> None:
    shelf.order(comment("one"), tickets=[ticket(card=CARD, phase=Phase.QUEUE)])
    shelf.settle(shelf.claim("board")[0], NO)
    shelf.order(comment(heir))
    assert _retry(shelf, "one") is Mended.REPLACED
    shelf.settle(shelf.claim("board")[0], settling.Made(refs=(Ref(port="kaiten", id="11/5"),)))
    shelf.do(lambda connection: settling.sweep(connection, shelf.now + 1))
    assert _retry(shelf, "one") is Mended.REPLACED


def test_an_answer_that_waits_for_the_client_to_return_is_left_to_that(shelf: Shelf) -> None:
    shelf.order(send("reply/kaiten:11/5/0"))
    shelf.settle(shelf.claim()[0], settling.Refused(refusal=Refusal.BLOCKED, reason="the bot was blocked"))
    assert _retry(shelf, "reply/kaiten:11/5/0") is Mended.REPLACED


def test_an_answer_that_was_sent_anew_is_not_sent_twice(shelf: Shelf) -> None:
    known = ticket(card=CARD, phase=Phase.WORK)
    keys = [Key("reply/kaiten:11/5/0"), Key("reply/kaiten:11/6/0")]
    known = replace(
        known,
        replies=(
            Reply(comment=Key("kaiten:11/5"), texts=(Key("reply/kaiten:11/5:edit:x/0"),)),
            Reply(comment=Key("kaiten:11/6"), texts=(keys[1],)),
        ),
    )
    shelf.order(*(replace(send(key), ticket=TICKET) for key in keys), tickets=[known])
    for _ in keys:
        shelf.settle(shelf.claim()[0], NO)
    assert [_retry(shelf, key) for key in keys] == [Mended.REPLACED, Mended.AGAIN]


def test_a_dead_order_that_is_let_be_needs_nobody_and_can_be_brought_back(shelf: Shelf) -> None:
    shelf.order(send("one"))
    shelf.settle(shelf.claim()[0], NO)
    assert _skip(shelf, "one") is Mended.LEFT
    row = shelf.orders()["one"]
    assert (row.state, row.reason) == (State.SKIPPED, "invalid: no; let be by an operator")
    assert _need(shelf) == []
    assert _skip(shelf, "one") is Mended.OVER
    assert _retry(shelf, "one") is Mended.AGAIN
    assert [claim.order.key for claim in shelf.claim()] == ["one"]


def test_what_stands_in_its_lanes_way_is_let_be_and_told_like_any_that_is_refused(shelf: Shelf) -> None:
    shelf.order(send("one"), send("two"))
    _tried_in_vain(shelf)
    assert _need(shelf) == ["one"]
    assert _skip(shelf, "one") is Mended.LEFT
    assert shelf.orders()["one"].state == State.SKIPPED
    assert shelf.journal()["failed:one"].state == Noted.NEW
    assert [claim.order.key for claim in shelf.claim()] == ["two"]


def test_what_is_on_the_wire_is_not_let_be_under_it(shelf: Shelf) -> None:
    shelf.order(send("one"), send("two"))
    _tried_in_vain(shelf)
    [flying] = shelf.claim()
    assert _skip(shelf, "one") is Mended.BUSY
    assert shelf.settle(flying, MADE).stale == []
    assert shelf.orders()["one"].state == State.DONE


def test_a_daemon_that_froze_over_it_changes_nothing_when_it_wakes(shelf: Shelf) -> None:
    shelf.order(send("one"), send("two"))
    _tried_in_vain(shelf)
    [frozen] = shelf.claim()
    shelf.now += 61
    assert _skip(shelf, "one") is Mended.LEFT
    assert shelf.settle(frozen, MADE).stale == ["one"]
    assert shelf.orders()["one"].state == State.SKIPPED


def test_messages_that_were_tried_as_one_comment_are_let_be_as_one(shelf: Shelf) -> None:
    shelf.order(comment("one"), comment("two"), tickets=[ticket(card=CARD, phase=Phase.QUEUE)])
    _tried_in_vain(shelf, "board", joining=4096)
    assert _skip(shelf, "two") is Mended.LEFT
    assert [shelf.orders()[key].state for key in ("one", "two")] == [State.SKIPPED, State.SKIPPED]
    shelf.order(comment("three"))
    assert [claim.order.key for claim in shelf.claim("board")] == ["three"]


def test_a_card_that_its_open_request_waits_for_is_not_let_be(shelf: Shelf) -> None:
    shelf.order(creation(), tickets=[ticket()])
    shelf.settle(shelf.claim("board")[0], NO)
    assert _skip(shelf, f"card/{TICKET}") is Mended.NEEDED
    shelf.order(tickets=[ticket(phase=Phase.DONE)], key="closed")
    assert _skip(shelf, f"card/{TICKET}") is Mended.LEFT
    assert shelf.do(lambda connection: settling.revive_creations(connection, shelf.now)) == 0


def test_an_event_whose_decision_failed_is_decided_with_todays_code(shelf: Shelf) -> None:
    shelf.note(wrote("one"))

    def fails(client: Client, event: Event) -> Decision:
        raise LookupError("no such text")

    shelf.decide(fails)
    [found] = shelf.do(lambda connection: mending.events_in_need(connection, limit=9))
    assert (found.noted.state, found.noted.reason) == ("raised", "LookupError: no such text")
    assert _reread(shelf, found.noted.key) is Mended.READ
    assert shelf.decide(nothing).events == 1
    assert shelf.journal()[found.noted.key].state == Noted.DECIDED
    assert _reread(shelf, found.noted.key) is Mended.OVER


def test_an_unreadable_update_is_taken_as_what_it_means_today(shelf: Shelf) -> None:
    spoilt = Arrival(key=Key("telegram:1/update/9"), raw='{"update_id": 9}', reason="a message that is none")
    shelf.do(lambda connection: ingest(connection, shelf.now, [spoilt]))
    assert _reread(shelf, spoilt.key) is Mended.UNREAD
    assert _reread(shelf, spoilt.key, spoilt) is Mended.UNREAD
    read = wrote("nine")
    assert _reread(shelf, spoilt.key, Arrival(key=read.key, raw=spoilt.raw, event=read)) is Mended.READ
    rows = shelf.journal()
    assert rows[spoilt.key].state == Noted.SEEN_TO
    assert rows[spoilt.key].reason == f"a message that is none; read anew as {read.key}"
    assert shelf.decide(nothing).decided == [("ClientWrote", read.key)]
    assert shelf.do(mending.in_need) == (0, 0)


def test_a_stray_event_finds_its_home_once_its_request_is_known(shelf: Shelf) -> None:
    shelf.note(seen(3))
    key = seen(3).key
    assert _reread(shelf, key) is Mended.UNREAD
    shelf.order(tickets=[ticket(card=CARD, phase=Phase.QUEUE)], key="known")
    assert _reread(shelf, key) is Mended.READ
    assert shelf.decide(nothing).decided == [("CardSeen", key)]


def test_an_event_that_is_let_be_stays_in_the_journal(shelf: Shelf) -> None:
    shelf.note(seen(3, ticket="kc-unknown", card=Ref(port="kaiten", id="99")))
    row = shelf.journal()["kaiten:99:v3"]
    assert shelf.do(lambda connection: mending.skip_event(connection, row.seq)) is Mended.LEFT
    assert shelf.do(lambda connection: mending.skip_event(connection, row.seq)) is Mended.OVER
    assert shelf.journal()["kaiten:99:v3"].reason == "no ticket of ours is bound to this card; let be by an operator"
    assert shelf.do(lambda connection: mending.events_in_need(connection, limit=9)) == ()


def test_long_lists_go_on_where_they_ended(shelf: Shelf) -> None:
    for number in range(5):
        shelf.order(send(f"{number}", chat=f"c{number}", urgency=Urgency.LABEL), chat=f"c{number}")
    for claim in shelf.claim(limit=5):
        shelf.settle(claim, NO)
    found: list[str] = []
    after = 0
    while page := shelf.do(lambda connection: mending.orders_in_need(connection, after=after, limit=2)):  # noqa: B023  # called at once
        found += [each.key for each in page]
        after = page[-1].seq
    assert found == ["0", "1", "2", "3", "4"]
    assert shelf.do(mending.in_need) == (5, 0)
