"""What an operator holds up keeps its place; everybody else is served, and clients are acknowledged."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from connector.domain.effects import Spot, Urgency
from connector.domain.pause import Direction, Pause
from connector.domain.policy import BoardPolicy
from connector.domain.refs import ClientId, Ref, TicketId
from connector.domain.ticket import Phase, Ticket
from connector.store import claiming, settling
from connector.store.pauses import pause, paused, resume
from tests.store.shelf import CARD, START, TICKET, Shelf, comment, send, ticket

MADE = settling.Made(refs=(Ref(port="telegram", id="1/7"),))
SINCE = datetime.fromtimestamp(START, UTC)
EVERYTHING = Pause(direction=Direction.OUT, side="chat", since=SINCE)


def _claim(shelf: Shelf, held: claiming.Held | None, port: str = "chat", limit: int = 10) -> list[str]:
    claims = shelf.do(
        lambda connection: claiming.claim(
            connection, shelf.now, port=port, holder="A", lease=60.0, limit=limit, held=held
        )
    )
    for claim in claims:
        shelf.settle(claim, MADE)
    return [claim.order.key for claim in claims]


def _all(side: str, _: Ticket | None) -> bool:
    return side == "chat"


def test_acknowledgements_go_past_what_is_held_up_and_the_rest_keeps_its_order(shelf: Shelf) -> None:
    shelf.order(send("one"), send("two"), send("seen", urgency=Urgency.ACKNOWLEDGE), send("three"))
    assert _claim(shelf, _all) == ["seen"]
    assert _claim(shelf, _all) == []
    shelf.order(send("four"))
    shelf.do(lambda connection: resume(connection, shelf.now, EVERYTHING.name))
    assert [_claim(shelf, None) for _ in range(4)] == [["one"], ["two"], ["three"], ["four"]]


def test_a_held_up_lane_is_looked_at_again_even_if_nobody_wakes_it(shelf: Shelf) -> None:
    shelf.order(send("one"))
    assert _claim(shelf, _all) == []
    assert _claim(shelf, None) == []
    shelf.now += claiming.PAUSED_SECONDS
    assert _claim(shelf, None) == ["one"]


def test_whoever_comes_after_many_that_are_held_up_does_not_wait(shelf: Shelf) -> None:
    for chat in range(9):
        shelf.order(send(f"held {chat}", chat=str(chat)), chat=str(chat))
    shelf.order(comment("free"), tickets=[ticket(card=CARD, phase=Phase.QUEUE)])
    shelf.order(send("last", chat="x", urgency=Urgency.LABEL), chat="x")

    def held(_: str, __: Ticket | None) -> bool:
        return len(asked) < 9 and not asked.append(True)  # type: ignore[func-returns-value]  # append returns None, which is what is wanted

    asked: list[bool] = []
    assert _claim(shelf, held, limit=2) == ["last"]


def test_only_requests_of_that_topic_and_board_are_held_up(shelf: Shelf) -> None:
    here, there = ticket(card=CARD, phase=Phase.QUEUE), Ref(port="kaiten", id="12")
    other = replace(here, id=TicketId("kc-2"), number=2, topic="else", card=there)
    shelf.order(comment("one"), replace(comment("two"), ticket=other.id), tickets=[here, other])
    only = Pause(direction=Direction.OUT, side="board", topic="t", since=SINCE)
    assert _claim(shelf, lambda _, found: only.covers(found, None), "board") == ["two"]


def test_a_board_is_known_before_the_card_is_there() -> None:
    spots = {("t", "s"): Spot(board="b1")}
    board = BoardPolicy(spots=spots, fact_fields={}, columns={}, lanes={}, landing={}, boards=("b1",))
    wanted = Pause(direction=Direction.OUT, side="board", board="b1", since=SINCE)
    opening = ticket()
    assert wanted.covers(opening, board)
    assert not wanted.covers(opening, None)
    assert not wanted.covers(None, board)
    assert not wanted.covers(replace(opening, board="b2"), board)
    assert opening.client == ClientId("telegram:1")
    assert opening.id == TICKET


def test_a_pause_is_kept_once_and_is_there_for_every_daemon(shelf: Shelf) -> None:
    narrow = Pause(direction=Direction.OUT, side="board", board="17", topic="cash", since=SINCE)
    assert shelf.do(lambda connection: pause(connection, EVERYTHING))
    assert not shelf.do(lambda connection: pause(connection, replace(EVERYTHING, since=datetime.now(UTC))))
    assert shelf.do(lambda connection: pause(connection, narrow))
    assert shelf.do(paused) == (narrow, EVERYTHING)
    assert shelf.do(lambda connection: resume(connection, shelf.now, narrow.name))
    assert not shelf.do(lambda connection: resume(connection, shelf.now, narrow.name))
    assert shelf.do(paused) == (EVERYTHING,)
