"""One event is one decision, in order, on what the one before left behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import select, update

from connector.domain.client import Client
from connector.domain.decide import Decision
from connector.domain.events import ClientEdited, ClientWrote, Event, TimePassed
from connector.domain.refs import Ref
from connector.store import settling
from connector.store.deciding import PER_TURN, next_wake, set_aside_head, tick
from connector.store.tables import Noted, clients, journal
from tests.store.shelf import TICKET, Shelf, creation, nothing, send, ticket, wrote


def test_each_event_is_decided_on_what_the_one_before_left(shelf: Shelf) -> None:
    names: list[str] = []

    def remember(client: Client, event: Event) -> Decision:
        names.append(client.name)
        return Decision(client=replace(client, name=client.name + event.key[-1]), effects=(), wake_at=None)

    shelf.note(wrote("a"), wrote("b"))
    shelf.decide(remember)
    shelf.note(wrote("c"))
    shelf.decide(remember)
    assert names == ["", "a", "ab"]


def test_a_decision_and_its_orders_are_one(shelf: Shelf) -> None:
    shelf.order(send("one"), send("two"))
    assert list(shelf.orders()) == ["one", "two"]
    assert {row.state for row in shelf.journal().values()} == {Noted.DECIDED}


def test_an_order_of_the_same_key_is_queued_once(shelf: Shelf) -> None:
    shelf.order(send("one"), key="a")
    shelf.order(send("one"), key="b")
    assert list(shelf.orders()) == ["one"]


def test_an_event_whose_decision_raises_is_kept_and_the_rest_flows_on(shelf: Shelf) -> None:
    def fussy(client: Client, event: Event) -> Decision:
        if event.key.endswith("b"):
            raise ZeroDivisionError("b\0 is too much")
        return nothing(client, event)

    shelf.note(wrote("a"), wrote("b"), wrote("c"))
    turn = shelf.decide(fussy)
    assert turn.events == 2
    row = shelf.journal()[wrote("b").key]
    assert (row.state, row.reason) == (Noted.RAISED, "ZeroDivisionError: b is too much")


def test_an_event_stored_in_a_form_nobody_knows_is_kept_and_the_rest_flows_on(shelf: Shelf) -> None:
    shelf.note(wrote("a"), wrote("b"))
    shelf.do(lambda c: c.execute(update(journal).where(journal.c.key == wrote("a").key).values(kind="Unheard")))
    assert shelf.decide(nothing).events == 1
    assert shelf.journal()[wrote("a").key].state == Noted.RAISED


def test_a_client_who_writes_much_does_not_put_the_others_to_sleep(shelf: Shelf) -> None:
    many = 2 * PER_TURN + 3
    shelf.note(*(wrote(f"a{number}") for number in range(many)))
    shelf.note(wrote("b", chat="2"), wrote("c", chat="3"))
    decided = 0
    while (turn := shelf.decide(nothing, limit=2)).more or turn.events:
        decided += turn.events
    assert decided == many + 2


def test_alone_only_the_event_to_blame_is_set_aside(shelf: Shelf) -> None:
    shelf.note(wrote("a"), wrote("b"), wrote("c"))
    assert shelf.decide(nothing, limit=1).events == 1
    assert shelf.do(lambda connection: set_aside_head(connection, "spoilt")) == wrote("b").key
    assert shelf.decide(nothing).events == 1
    assert {key: row.state for key, row in shelf.journal().items()} == {
        wrote("a").key: Noted.DECIDED,
        wrote("b").key: Noted.RAISED,
        wrote("c").key: Noted.DECIDED,
    }


def test_a_number_is_taken_only_by_what_opens_a_ticket(shelf: Shelf) -> None:
    numbers: list[int] = []

    def opening(client: Client, event: Event) -> Decision:
        numbers.append(client.next_number)
        if not event.key.endswith("opens"):
            return nothing(client, event)
        opened = replace(ticket(), number=client.next_number)
        return Decision(client=replace(client, tickets=(opened,)), effects=(creation(),), wake_at=None)

    shelf.note(wrote("a"), wrote("opens"), wrote("b"))
    shelf.decide(opening)
    assert numbers == [0, 0, 1, 0]


def test_a_moment_that_was_asked_for_comes_once(shelf: Shelf) -> None:
    moment = shelf.now + 5
    shelf.note(wrote("a"))
    shelf.decide(_waking(moment))
    assert shelf.do(next_wake) == moment
    assert shelf.do(lambda connection: tick(connection, moment - 1)) == 0
    assert shelf.do(lambda connection: tick(connection, moment)) == 1
    assert shelf.do(lambda connection: tick(connection, moment + 1)) == 0
    watched = Watching()
    shelf.decide(watched)
    assert [type(event) for event in watched.events] == [TimePassed]
    assert shelf.do(next_wake) is None


def test_the_same_moment_asked_for_again_comes_again(shelf: Shelf) -> None:
    """Messages of one second that were late in coming wait for the same moment, one after the other."""
    moment = shelf.now - 5
    for name in ("a", "b"):
        shelf.note(wrote(name))
        shelf.decide(_waking(moment))
        shelf.now += 1
        assert shelf.do(lambda connection: tick(connection, shelf.now)) == 1
        assert shelf.decide(nothing).events == 1


def test_a_message_knows_the_ticket_of_what_it_quotes(shelf: Shelf) -> None:
    shelf.order(replace(send("one"), ticket=TICKET), tickets=[ticket()])
    [claim] = shelf.claim()
    answer = Ref(port="telegram", id="1/99")
    shelf.settle(claim, settling.Made(refs=(answer,)))
    watched = Watching()
    shelf.note(replace(wrote("b"), reply_to=answer))
    shelf.decide(watched)
    assert watched.threads == [{answer.key: TICKET}]


def test_clients_are_kept_apart(shelf: Shelf) -> None:
    shelf.note(wrote("a", chat="1"), wrote("a", chat="2"))
    assert shelf.decide(nothing).events == 2
    found = shelf.do(lambda connection: list(connection.execute(select(clients.c.id)).scalars()))
    assert sorted(found) == ["telegram:1", "telegram:2"]


def test_an_edit_knows_the_ticket_of_a_message_long_written(shelf: Shelf) -> None:
    message = wrote("old").message
    shelf.order(replace(send(f"say/{message.key}"), ticket=TICKET), tickets=[ticket()])
    watched = Watching()
    original: ClientWrote = wrote("old")
    shelf.note(
        ClientEdited(
            key=wrote("edit").key, at=datetime.fromtimestamp(shelf.now, UTC), chat=original.chat, message=message,
            author=original.author, words=original.words,
        )
    )  # fmt: skip
    shelf.decide(watched)
    assert watched.threads == [{message.key: TICKET}]


def _waking(moment: float) -> Callable[[Client, Event], Decision]:
    def decide(client: Client, event: Event) -> Decision:
        return Decision(client=client, effects=(), wake_at=datetime.fromtimestamp(moment, UTC))

    return decide


class Watching:
    """Decides nothing, and remembers what it was asked."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.threads: list[dict[str, str]] = []

    def __call__(self, client: Client, event: Event) -> Decision:
        self.events.append(event)
        self.threads.append(dict(client.thread))
        return nothing(client, event)
