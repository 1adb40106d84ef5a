"""The list of what needs a person, and the line of each thing that happened, read the same for the same store."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from commands.beside import Visit
from commands.queue import order_advice, render
from commands.tail import Reel, line
from connector.domain.effects import Urgency
from connector.domain.events import Refusal
from connector.domain.refs import Key, Ref
from connector.domain.ticket import Phase
from connector.ports import Arrival
from connector.store import mending, settling
from connector.store.database import Database
from connector.store.ingest import ingest
from tests.store.shelf import CARD, START, Shelf, comment, send, ticket, wrote

MADE = settling.Made(refs=(Ref(port="telegram", id="1/7"),))

LIST = """\
2 orders
      order         for         since      tries  why
  o1  add comment   kc-1        2 min ago  1      invalid: no such card type
  o2  send message  telegram:2  2 min ago  5      busy
1 events
      event       from  came             why
  e3  unreadable  -     0 s ago  unreadable  a message that is none
See `connector queue show NAME`, then `queue retry NAME` or `queue skip NAME`."""


def _trouble(shelf: Shelf) -> None:
    shelf.order(comment("one"), tickets=[ticket(card=CARD, phase=Phase.QUEUE)])
    shelf.settle(shelf.claim("board")[0], settling.Refused(refusal=Refusal.INVALID, reason="no such card type"))
    shelf.order(send("two", chat="2", urgency=Urgency.REPLY), chat="2")
    for _ in range(5):
        shelf.settle(shelf.claim()[0], settling.Later(reason="busy", wait=20, surely_not_done=False))
        shelf.now += 30
    spoilt = Arrival(key=Key("telegram:1/update/9"), raw="{}", reason="a message that is none")
    shelf.do(lambda connection: ingest(connection, shelf.now, [spoilt]))


def _squeezed(text: str) -> list[list[str]]:
    return [row.split() for row in text.splitlines()]


def test_the_list_says_why_and_since_when_and_what_to_do(shelf: Shelf) -> None:
    _trouble(shelf)
    orders = shelf.do(lambda connection: mending.orders_in_need(connection, limit=9))
    events = shelf.do(lambda connection: mending.events_in_need(connection, limit=9))
    total = shelf.do(mending.in_need)
    number = events[0].noted.seq
    page = "\n".join(render(orders, events, total, shelf.now)).replace(f"e{number} ", "e3 ")
    assert _squeezed(page) == _squeezed(LIST)
    assert [order_advice(each).partition(".")[0] for each in orders] == [
        "Look at the reason; after mending `queue retry`, else tell the client otherwise and `queue skip`",
        "It goes on trying, and what follows in its lane waits",
    ]
    few = render(orders[:1], events, total, shelf.now)
    assert "  … of 2; go on with --after o1" in few
    assert render((), (), (0, 0), shelf.now) == ["Nothing needs a person."]


@pytest.fixture
def there(database: Database) -> Visit:
    """The same store, visited."""
    return Visit(database)


def test_the_tail_tells_each_event_and_each_end_once_without_words(
    shelf: Shelf, there: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(there.database, "now", lambda _: shelf.now)
    assert isinstance(shelf.engine, Engine)
    shelf.note(wrote("old", text="secret words"))
    shelf.now += 600
    shelf.order(send("one"), send("two"), key="cause")
    shelf.settle(shelf.claim()[0], MADE)
    reel = Reel(there, START + 300)
    past = [line(each, words=False) for each in reel.past()]
    assert [row.split(" ", 1)[1] for row in past] == [
        "event client wrote     telegram:1 telegram:1/cause",
        "order send message     telegram:1 one done in 0.0 s telegram:1/7",
        "order send message     telegram:1 two waits its turn",
    ]
    assert list(reel.news()) == []
    shelf.now += 1
    shelf.settle(shelf.claim()[0], settling.Later(reason="busy", wait=5, surely_not_done=False))
    [failed] = reel.news()
    assert "two again in" in line(failed, words=False)
    assert list(reel.news()) == []
    shelf.now += 9
    shelf.settle(shelf.claim()[0], MADE)
    shelf.note(wrote("new", text="other words"))
    told = sorted(line(each, words=True).split(" ", 1)[1] for each in reel.news())
    assert told == [
        'event client wrote     telegram:1 telegram:1/new new "other words"',
        'order send message     telegram:1 two done in 10.0 s, 2 tries telegram:1/7 "two"',
    ]
    assert list(reel.news()) == []
