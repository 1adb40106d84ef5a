"""Orders are taken oldest first within a lane, by one hand at a time, and counted before they are tried."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text, update

from connector.domain.effects import EditMessage, Urgency
from connector.domain.events import Refusal
from connector.domain.refs import Key, Ref
from connector.domain.ticket import Phase
from connector.domain.words import Text
from connector.store import claiming, settling
from connector.store.database import open_database
from connector.store.tables import State, lanes
from tests.store.shelf import CARD, TICKET, Shelf, comment, creation, nothing, send, ticket

MADE = settling.Made(refs=(Ref(port="telegram", id="1/7"),))
ON_CARD = settling.Made(refs=(Ref(port="kaiten", id="11/5"),))
GONE = settling.Refused(refusal=Refusal.GONE, reason="the card is gone")


def _later(wait: float = 1.0, *, sure: bool = False) -> settling.Later:
    return settling.Later(reason="down", wait=wait, surely_not_done=sure)


# ---- order


def test_within_a_lane_one_goes_after_the_other(shelf: Shelf) -> None:
    shelf.order(send("one"), send("two"))
    [first] = shelf.claim()
    assert first.order.key == "one"
    assert shelf.claim() == []
    shelf.settle(first, MADE)
    [second] = shelf.claim()
    assert second.order.key == "two"


def test_lanes_go_side_by_side(shelf: Shelf) -> None:
    shelf.order(send("one", chat="1"), chat="1")
    shelf.order(send("two", chat="2"), chat="2")
    assert {claim.order.key for claim in shelf.claim()} == {"one", "two"}


def test_the_most_urgent_lane_goes_first(shelf: Shelf) -> None:
    for chat, urgency in (("1", Urgency.LABEL), ("2", Urgency.ACKNOWLEDGE), ("3", Urgency.REPLY)):
        shelf.order(send(chat, chat=chat, urgency=urgency), chat=chat)
    assert [claim.order.key for claim in shelf.claim(limit=2)] == ["2", "3"]
    assert [claim.order.key for claim in shelf.claim()] == ["1"]


def test_an_order_that_waits_holds_up_only_its_lane(shelf: Shelf) -> None:
    shelf.order(send("one"), send("two"))
    [claim] = shelf.claim()
    shelf.settle(claim, _later(30))
    shelf.order(send("other", chat="2"), chat="2")
    assert [claim.order.key for claim in shelf.claim()] == ["other"]
    assert shelf.do(lambda c: claiming.next_due(c, port="chat", after=shelf.now)) == pytest.approx(shelf.now + 30)
    shelf.now += 31
    assert "one" in [claim.order.key for claim in shelf.claim()]


def test_when_the_side_answers_again_nobody_waits_on(shelf: Shelf) -> None:
    shelf.order(send("one"))
    shelf.settle(shelf.claim()[0], _later(30))
    shelf.do(lambda connection: claiming.hurry(connection, shelf.now, port="chat"))
    assert [claim.order.key for claim in shelf.claim()] == ["one"]


def test_whoever_hurries_lanes_waits_for_one_without_holding_another(postgres_url: str) -> None:
    database = open_database(postgres_url)
    try:
        _hurries_beside_another(Shelf(database.engine))
    finally:
        database.close()


def _hurries_beside_another(shelf: Shelf) -> None:
    for chat in ("2", "1"):  # the later key lies first in the table
        shelf.order(send(chat, chat=chat), chat=chat)
        shelf.settle(shelf.claim()[0], _later(30))
    first, second = (update(lanes).where(lanes.c.key == f"chat/telegram:{chat}").values(due=1.0) for chat in ("1", "2"))
    hurries = threading.Thread(
        target=lambda: shelf.do(lambda connection: claiming.hurry(connection, shelf.now, port="chat"))
    )
    with shelf.engine.begin() as connection:
        connection.execute(first)
        hurries.start()
        with shelf.engine.connect() as watching:
            waits = text("select count(*) from pg_locks where not granted and pid <> pg_backend_pid()")
            while not watching.execute(waits).scalar_one():
                watching.rollback()
        assert connection.execute(second).rowcount == 1
    hurries.join(timeout=10)
    assert not hurries.is_alive()
    assert len(shelf.claim()) == 2


# ---- attempts


def test_the_attempt_is_counted_before_it_is_made(shelf: Shelf) -> None:
    shelf.order(send("one"))
    [claim] = shelf.claim()
    assert claim.order.attempt == 1
    assert shelf.orders()["one"].attempt == 1
    shelf.do(lambda connection: claiming.release_all(connection, shelf.now))
    assert shelf.claim()[0].order.attempt == 2


@pytest.mark.parametrize(("sure", "attempt"), [(True, 1), (False, 2)])
def test_only_an_attempt_that_may_be_real_counts(shelf: Shelf, sure: bool, attempt: int) -> None:
    shelf.order(send("one"))
    shelf.settle(shelf.claim()[0], _later(sure=sure))
    shelf.now += 2
    [again] = shelf.claim()
    assert again.order.attempt == attempt
    assert again.tries == 1


def test_a_sure_failure_does_not_forgive_an_unsure_one(shelf: Shelf) -> None:
    shelf.order(send("one"))
    for sure in (False, True, True):
        shelf.settle(shelf.claim()[0], _later(sure=sure))
        shelf.now += 2
    assert shelf.claim()[0].order.attempt == 2


# ---- hands


def test_the_heartbeat_keeps_the_lane(shelf: Shelf) -> None:
    shelf.order(send("one"))
    claims = shelf.claim(holder="A")
    shelf.now += 50
    shelf.do(lambda connection: claiming.extend(connection, shelf.now, claims, holder="A", lease=60.0))
    shelf.now += 50
    assert shelf.claim(holder="B") == []
    shelf.do(lambda connection: claiming.extend(connection, shelf.now, claims, holder="B", lease=600.0))
    shelf.now += 61
    assert len(shelf.claim(holder="B")) == 1


def test_what_a_dead_process_held_is_due_at_once(shelf: Shelf) -> None:
    shelf.order(send("one"))
    shelf.claim()
    assert shelf.do(lambda connection: claiming.release_all(connection, shelf.now)) == 1
    assert shelf.do(lambda connection: claiming.waiting(connection, shelf.now, port="chat")) == 1


# ---- cards


def test_words_are_held_until_their_card_exists(shelf: Shelf) -> None:
    shelf.order(comment("early"), creation(), comment("late"), tickets=[ticket()])
    [first] = shelf.claim("board")
    assert first.order.key == f"card/{TICKET}"
    shelf.settle(first, settling.Made(refs=(CARD,)))
    assert shelf.claim("board") == []
    shelf.order(comment("more"), tickets=[ticket(card=CARD, phase=Phase.QUEUE)])
    [early] = shelf.claim("board")
    assert (early.order.key, early.order.card) == ("early", CARD)


def test_a_card_ordered_while_the_loss_was_on_its_way_is_made(shelf: Shelf) -> None:
    shelf.order(comment("one"), tickets=[ticket(card=CARD, phase=Phase.QUEUE)])
    [claim] = shelf.claim("board")
    shelf.order(creation("kc-1.2"), tickets=[ticket(phase=Phase.OPENING, former=CARD)])
    shelf.settle(claim, GONE)
    shelf.decide(nothing)
    shelf.now += 2
    assert [claim.order.key for claim in shelf.claim("board")] == ["card/kc-1.2"]


def test_what_waits_for_a_card_lost_meanwhile_is_told_once(shelf: Shelf) -> None:
    shelf.order(comment("one"), comment("two"), tickets=[ticket(card=None, phase=Phase.QUEUE, former=CARD)])
    for _ in range(2):
        assert shelf.claim("board") == []
        shelf.do(lambda connection: claiming.hurry(connection, shelf.now, port="board"))
        shelf.order(comment("one"), tickets=[], key=f"again {shelf.now}")
        shelf.now += 1
    failed = [key for key in shelf.journal() if key.startswith("failed:")]
    assert failed == ["failed:one:lost:1", "failed:two:lost:1"]


def test_what_may_have_reached_a_lost_card_is_looked_for_there(shelf: Shelf) -> None:
    shelf.order(comment("one"), tickets=[ticket(card=CARD, phase=Phase.QUEUE)])
    shelf.settle(shelf.claim("board")[0], _later())
    shelf.order(creation("kc-1.2"), tickets=[ticket(phase=Phase.OPENING, former=CARD)])
    shelf.now += 2
    [look] = shelf.claim("board")
    assert (look.order.key, look.order.card, look.order.attempt) == ("one", CARD, 2)
    shelf.settle(look, GONE)
    shelf.now += 2
    assert [claim.order.key for claim in shelf.claim("board")] == ["card/kc-1.2"]


# ---- joined comments


def _joined(shelf: Shelf) -> claiming.Claim:
    shelf.order(comment("one"), comment("two"), comment("three"), tickets=[ticket(card=CARD, phase=Phase.QUEUE)])
    [claim] = shelf.claim("board", joining=4096)
    return claim


def test_waiting_comments_of_one_ticket_go_as_one(shelf: Shelf) -> None:
    claim = _joined(shelf)
    assert [section.key for section in claim.order.effect.sections] == ["one", "two", "three"]  # type: ignore[union-attr]  # another kind fails the test here
    shelf.settle(claim, ON_CARD)
    assert {row.state for row in shelf.orders().values()} == {State.DONE}


def test_what_was_joined_once_is_joined_the_same_way_at_every_repeat(shelf: Shelf) -> None:
    shelf.settle(_joined(shelf), _later())
    shelf.order(comment("four"))
    shelf.now += 2
    [again] = shelf.claim("board", joining=4096)
    assert [section.key for section in again.order.effect.sections] == ["one", "two", "three"]  # type: ignore[union-attr]  # another kind fails the test here
    assert again.order.attempt == 2


def test_without_a_backlog_nothing_is_joined(shelf: Shelf) -> None:
    shelf.order(comment("one"), comment("two"), tickets=[ticket(card=CARD, phase=Phase.QUEUE)])
    [claim] = shelf.claim("board")
    assert [section.key for section in claim.order.effect.sections] == ["one"]  # type: ignore[union-attr]  # another kind fails the test here


# ---- what the ones before made


def test_what_an_order_made_is_known_to_those_that_name_it(shelf: Shelf) -> None:
    edit = EditMessage(
        key=Key("edit"), ticket=None, chat=send("one").chat, target=Key("one"), text=Text(plain="x"),
        urgency=Urgency.REPLY,
    )  # fmt: skip
    shelf.order(send("one"), edit)
    shelf.settle(shelf.claim()[0], MADE)
    assert shelf.claim()[0].order.made == {"one": MADE.refs}


def test_after_a_clock_was_put_back_a_restart_leaves_what_waits_as_long_as_it_still_had_to(shelf: Shelf) -> None:
    shelf.order(send("1"))
    (claim,) = shelf.claim()
    shelf.settle(claim, settling.Later(reason="429", wait=3600.0, surely_not_done=True))
    shelf.do(lambda connection: claiming.release_all(connection, shelf.now))
    assert shelf.claim() == []
    shelf.now -= 86_400.0
    shelf.do(lambda connection: claiming.release_all(connection, shelf.now))
    shelf.now += 3599.0
    assert shelf.claim() == []
    shelf.now += 2.0
    assert len(shelf.claim()) == 1
