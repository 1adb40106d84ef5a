"""How everything stands is told by the same page for the same figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from commands.status import render, running
from connector.domain.effects import Urgency
from connector.domain.events import Refusal
from connector.domain.pause import Direction, Pause
from connector.domain.refs import ClientId, Key, Ref, TicketId
from connector.domain.ticket import Phase
from connector.ports import Arrival
from connector.store import settling
from connector.store.ingest import ingest
from connector.store.leases import hold
from connector.store.looking import overview
from tests.store.shelf import CARD, START, Shelf, comment, send, ticket, wrote

BEGUN = datetime.fromtimestamp(START, UTC)


def _busy(shelf: Shelf) -> None:
    """A client who waits, an order that is dead, one that backs off, one without its card, an unreadable update."""
    waiting = ticket(card=CARD, phase=Phase.WORK)
    waiting = replace(waiting, latest=Ref(port="telegram", id="1/5"), client_at=BEGUN - timedelta(minutes=5))
    other = replace(
        waiting, id=TicketId("kc-2"), number=2, client=ClientId("telegram:2"), topic="cash", card=None, latest=None
    )
    shelf.order(send("dead", chat="1"), comment("slow"), tickets=[waiting])
    shelf.settle(shelf.claim()[0], settling.Refused(refusal=Refusal.INVALID, reason="no"))
    [slow] = shelf.claim("board")
    shelf.settle(slow, settling.Later(reason="busy", wait=30, surely_not_done=False))
    shelf.order(replace(comment("cardless"), ticket=TicketId("kc-2")), chat="2", tickets=[other])
    shelf.claim("board")
    shelf.order(send("mark", chat="3", urgency=Urgency.LABEL), chat="3")
    shelf.note(wrote("last"))
    spoilt = Arrival(key=Key("telegram:1/update/9"), raw="{}", reason="a message that is none")
    shelf.do(lambda connection: ingest(connection, shelf.now, [spoilt]))


GOLDEN = """\
daemon    running: pid 7 on host
last      event 2030-03-17 17:46:40Z (1 h 1 min ago), order done never
paused    orders to the board, topic cash since 2030-03-17 17:46:40Z (1 h 1 min ago)
events    1 to decide, the oldest for 1 h 1 min
orders
  to     class  open  on the wire  backing off  no card yet  oldest
  board  card   2     0            0            1            1 h 1 min
  chat   label  1     0            0            0            1 h 1 min
attention 1 SendMessage dead, 1 events unreadable: see `connector queue list`
requests  2 open, 1 wait for an answer
  cash  1 work
  t     1 work
waiting longest
  #1  t  1 h 6 min  since 2030-03-17 17:41:40Z
"""


def test_the_page_names_whatever_waits_and_whatever_needs_a_person(shelf: Shelf) -> None:
    _busy(shelf)
    seen = shelf.do(lambda connection: overview(connection, START + 3700))
    pause = Pause(direction=Direction.OUT, side="board", topic="cash", since=BEGUN)
    assert "\n".join(render(seen, (pause,), "pid 7 on host", shared=False)) + "\n" == GOLDEN


def test_an_empty_store_has_nothing_to_tell(shelf: Shelf) -> None:
    seen = shelf.do(lambda connection: overview(connection, START))
    assert render(seen, (), None, shared=False) == [
        "daemon    not running: nothing is read or carried out; start it with `connector run`",
        "last      event never, order done never",
        "events    0 to decide",
        "orders    none open",
        "attention nothing needs a person",
        "requests  0 open, 0 wait for an answer",
    ]


def test_where_daemons_share_a_database_the_rights_to_read_tell_who_is_alive(shelf: Shelf) -> None:
    shelf.do(lambda connection: hold(connection, START, "read:chat", "host:1", 30))
    alive = shelf.do(lambda connection: overview(connection, START + 10))
    gone = shelf.do(lambda connection: overview(connection, START + 70))
    assert (running(alive, None), running(gone, None)) == (True, False)
    assert "reads     chat: host:1, for 20 s more" in render(alive, (), None, shared=True)
    assert "reads     chat: host:1, until 2030-03-17 17:47:10Z (40 s ago)" in render(gone, (), None, shared=True)
