"""Earlier requests are there when a card is ordered, and whoever shows a changed one is told."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, event, select

from connector.domain import earlier
from connector.domain.client import Client
from connector.domain.decide import Decision
from connector.domain.decide.writing import fingerprint
from connector.domain.events import CardSeen, Event, HistoryChanged
from connector.domain.refs import ClientId, Key, Ref, TicketId
from connector.domain.ticket import Outcome, Past, Phase, Ticket
from connector.store import codec
from connector.store.database import open_database
from connector.store.deciding import handle
from connector.store.past import EVERY, ON_CARDS, with_past
from connector.store.tables import clients, counters, journal, lanes, tickets
from tests.store.shelf import START, Shelf, nothing, seen, wrote

CABINET = "12345"


def request(number: int, chat: str = "1", **changes: Any) -> Ticket:
    """A request with its card."""
    ticket = Ticket(
        id=TicketId(f"kc-{number}"), number=number, client=ClientId(f"telegram:{chat}"), topic="t", service_class="s",
        cabinet=CABINET, subject="s", opened_at=datetime.fromtimestamp(START, UTC), phase=Phase.QUEUE,
        card=Ref(port="kaiten", id=str(number)),
    )  # fmt: skip
    return replace(ticket, **changes)


def ended(ticket: Ticket, **changes: Any) -> Ticket:
    """The same, solved."""
    at = ticket.opened_at + timedelta(hours=1)
    return replace(ticket, phase=Phase.DONE, closed_at=at, outcome=Outcome.DONE, **changes)


def become(shelf: Shelf, *now: Ticket, name: str) -> None:
    """The requests of each of these clients are from now on as given, by one event each."""
    chats = {ticket.client: ticket.client.partition(":")[2] for ticket in now}
    shelf.note(*(wrote(f"{name}/{chat}", chat=chat) for chat in chats.values()))

    def decided(client: Client, event: Event) -> Decision:
        if isinstance(event, HistoryChanged):
            return nothing(client, event)
        mine = {ticket.id: ticket for ticket in (*client.tickets, *now) if ticket.client == client.id}
        return Decision(client=replace(client, tickets=tuple(mine.values())), effects=(), wake_at=None)

    assert shelf.decide(decided).raised == []


def told(shelf: Shelf) -> list[str]:
    """To whom changes of histories were told so far."""
    return [row.client for row in shelf.journal().values() if row.kind == "HistoryChanged"]


def known_to(shelf: Shelf, chat: str, *asked: tuple[int, str | None]) -> Client:
    client = Client(id=ClientId(f"telegram:{chat}"), chat=Ref(port="telegram", id=chat))
    return shelf.do(lambda connection: with_past(connection, client, asked))


class Opening:
    """Opens a request of the cabinet for whoever writes, and remembers what the decision was given."""

    def __init__(self) -> None:
        self.given: list[tuple[int, tuple[Past, ...], int]] = []

    def __call__(self, client: Client, event: Event) -> Decision:
        number = client.next_number
        self.given.append((number, client.past, client.past_more))
        fresh = request(number, client.id.partition(":")[2], id=TicketId(f"kc-{event.key}"), card=None)
        return Decision(client=replace(client, tickets=(*client.tickets, fresh)), effects=(), wake_at=None)


def test_what_opens_a_request_is_decided_on_those_of_its_client_and_cabinet(shelf: Shelf) -> None:
    mine, theirs, foreign = ended(request(1), answer="да"), request(2, "2"), request(3, "3", cabinet="54321")
    elsewhere = ended(request(4, cabinet=None))
    become(shelf, mine, theirs, foreign, elsewhere, name="a")
    shelf.do(lambda connection: connection.execute(counters.update().values(value=4)))
    opening = Opening()
    shelf.note(wrote("b"), wrote("c"))
    shelf.decide(opening)
    (first, nobody, _), (number, past, more), (_, carried, _), (_, then, _) = opening.given
    assert (first, nobody, number, more) == (0, (), 5, 0)
    assert [(each.number, each.own) for each in past] == [(4, True), (2, False), (1, True)]
    assert past[2] == earlier.past_of(mine, own=True)
    assert carried == ()
    assert [each.number for each in then] == [5, 4, 2, 1]


def test_chats_of_one_cabinet_that_open_requests_together_know_of_each_other(shelf: Shelf) -> None:
    opening = Opening()
    shelf.note(wrote("a", chat="1"), wrote("b", chat="2"))
    shelf.decide(opening)
    assert [[each.number for each in past] for number, past, _ in opening.given if number] == [[], [1]]


def test_of_300_earlier_requests_the_newest_are_loaded_and_the_rest_is_counted(shelf: Shelf) -> None:
    become(shelf, *(ended(request(number)) for number in range(1, 201)), name="a")
    become(shelf, *(ended(request(number, "2")) for number in range(201, 301)), name="b")
    known = known_to(shelf, "1", (301, CABINET))
    assert [each.number for each in known.past] == list(range(300, 300 - ON_CARDS, -1))
    assert known.past_more == 300 - ON_CARDS
    alone = known_to(shelf, "1", (151, None))
    assert (alone.past[0].number, alone.past_more) == (150, 150 - ON_CARDS)


def test_several_requests_are_each_given_what_was_before_them(shelf: Shelf) -> None:
    become(shelf, *(ended(request(number)) for number in range(1, 121)), name="a")
    known = known_to(shelf, "1", (11, CABINET), (121, None))
    assert {each.number for each in known.past} == {*range(1, 11), *range(71, 121)}


@pytest.mark.parametrize(
    ("change", "tells"),
    [
        ({"lines": (), "unread": 3}, False),
        ({"phase": Phase.WORK}, False),
        ({"answer": "ждите"}, False),
        ({"topic": "other"}, True),
        ({"phase": Phase.DONE, "closed_at": datetime.fromtimestamp(START, UTC), "outcome": Outcome.HELPED}, True),
    ],
)
def test_a_change_is_told_only_where_cards_show_it(shelf: Shelf, change: dict[str, Any], tells: bool) -> None:
    become(shelf, request(1), request(2), request(3, "2"), request(4, "3", cabinet="54321"), name="a")
    become(shelf, replace(request(1), **change), name="b")
    assert sorted(told(shelf)) == (["telegram:1", "telegram:2"] if tells else [])


def test_an_ended_request_tells_of_its_mark_its_last_answer_and_that_it_goes_on(shelf: Shelf) -> None:
    become(shelf, ended(request(1)), request(2, "2"), name="a")
    for count, now in enumerate(
        (ended(request(1), mark="good"), ended(request(1), mark="good", answer="да"), request(1)), start=1
    ):
        become(shelf, now, name=f"b{count}")
        assert told(shelf).count("telegram:2") == count


def test_a_mark_that_is_taken_back_and_given_again_is_told_each_time(shelf: Shelf) -> None:
    become(shelf, ended(request(1)), request(2, "2"), name="a")
    for count in range(4):
        become(shelf, ended(request(1), mark="good" if count % 2 else "bad"), name=f"b{count}")
    assert told(shelf) == ["telegram:2"] * 4


def test_later_requests_and_those_without_a_card_are_told_nothing(shelf: Shelf) -> None:
    become(shelf, request(1), request(2, "2"), ended(request(3, "3")), request(4, "4", card=None), name="a")
    become(shelf, ended(request(2, "2")), name="b")
    assert told(shelf) == []


def test_a_request_that_goes_on_catches_up(shelf: Shelf) -> None:
    become(shelf, ended(request(2)), request(1, "2"), name="a")
    become(shelf, ended(request(1, "2")), name="b")
    assert told(shelf) == []
    become(shelf, request(2), name="c")
    assert told(shelf) == ["telegram:1"]


def test_who_was_told_is_decided_on_at_once_with_the_earlier_requests(shelf: Shelf) -> None:
    become(shelf, request(1), request(2), name="a")
    shelf.note(wrote("b"))
    found: list[tuple[Past, ...]] = []

    def end(client: Client, event: Event) -> Decision:
        if isinstance(event, HistoryChanged):
            found.append(client.past)
            return nothing(client, event)
        kept = tuple(ended(each) if each.number == 1 else each for each in client.tickets)
        return Decision(client=replace(client, tickets=kept), effects=(), wake_at=None)

    assert shelf.decide(end).more
    shelf.decide(end)
    assert [[(each.number, each.outcome) for each in past] for past in found] == [[(1, Outcome.DONE)]]
    # Nothing of it is kept.
    state = shelf.do(lambda connection: connection.execute(select(clients.c.state)).scalar_one())
    assert "past" not in json.loads(state)


def test_an_ordinary_message_costs_no_statement_more(shelf: Shelf) -> None:
    become(shelf, ended(request(1)), request(2), request(3, "2"), name="a")
    statements: list[str] = []

    @event.listens_for(shelf.engine, "before_cursor_execute")
    def count(_: Any, __: Any, statement: str, *___: Any) -> None:
        if "tickets" in statement:
            statements.append(statement.split()[0])

    become(shelf, replace(request(2), unread=1), name="b")
    event.remove(shelf.engine, "before_cursor_execute", count)
    assert statements == ["SELECT", "INSERT"]
    assert told(shelf) == []


def test_earlier_requests_are_found_by_an_index(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    plans: list[str] = []
    try:

        @event.listens_for(database.engine, "before_cursor_execute")
        def explain(connection: Any, _: Any, statement: str, parameters: Any, *__: Any) -> None:
            if statement.startswith("SELECT") and "FROM tickets" in statement:
                rows = connection.connection.dbapi_connection.cursor().execute(
                    "EXPLAIN QUERY PLAN " + statement, parameters
                )
                plans.append("; ".join(row[3] for row in rows))

        shelf = Shelf(database.engine)
        become(shelf, *(ended(request(number)) for number in range(1, ON_CARDS + 2)), request(99, "2"), name="a")
        known_to(shelf, "1", (99, CABINET))
        become(shelf, ended(request(ON_CARDS + 1), mark="good"), name="b")
    finally:
        database.close()
    used = " ".join(plans)
    assert all(name in used for name in ("tickets_client", "tickets_cabinet", "tickets_near", "tickets_live"))
    assert not [plan for plan in plans if "SCAN tickets" in plan]


def test_a_replaced_card_is_ordered_with_the_earlier_requests(shelf: Shelf) -> None:
    become(shelf, ended(request(1)), request(2), name="a")
    given: list[tuple[int, list[int]]] = []

    def again(client: Client, event: Event) -> Decision:
        given.append((client.next_number, [each.number for each in client.past]))
        kept = tuple(replace(each, generation=2) if each.number == 2 else each for each in client.tickets)
        return Decision(client=replace(client, tickets=kept), effects=(), wake_at=None)

    shelf.note(seen(1, ticket="kc-2"))
    shelf.decide(again)
    assert given == [(0, []), (0, [1])]


def test_an_order_of_an_agent_sees_every_other_request(shelf: Shelf) -> None:
    become(shelf, *(ended(request(number)) for number in range(1, 80)), request(80), request(81), name="a")
    found: list[int] = []

    def look(client: Client, event: Event) -> Decision:
        found.append(len(client.past))
        return nothing(client, event)

    shelf.note(seen(1, ticket="kc-80"))
    shelf.do(
        lambda connection: handle(
            connection, shelf.now, look, policy_version="v", wants_past=lambda event: isinstance(event, CardSeen)
        )
    )
    assert found == [81]
    assert EVERY > 2**61


# ---- whatever happens, in whatever order


STEPS = st.lists(
    st.tuples(st.sampled_from(["open", "end", "reopen", "mark", "answer", "talk"]), st.sampled_from("123")),
    min_size=1,
    max_size=12,
)


def _empty(engine: Engine) -> None:
    with engine.begin() as connection:
        for table in (journal, clients, tickets, lanes, counters):
            connection.execute(delete(table))


class Office:
    """Decides as simply as can be: keeps on each open request's card the numbers and ends of the earlier ones."""

    def __init__(self) -> None:
        self.cards: dict[TicketId, str] = {}
        self.writes: list[tuple[TicketId, Key]] = []
        self.wish = "talk"

    def __call__(self, client: Client, event: Event) -> Decision:
        if isinstance(event, HistoryChanged):
            kept = tuple(self._written(client, each, event.key) for each in client.tickets)
            return Decision(client=replace(client, tickets=kept), effects=(), wake_at=None)
        if self.wish == "open":
            fresh = request(client.next_number, client.id.partition(":")[2], id=TicketId(f"kc-{event.key}"))
            fresh = replace(fresh, block=fingerprint(_lines(client, fresh)))
            self.cards[fresh.id] = _lines(client, fresh)
            return Decision(client=replace(client, tickets=(*client.tickets, fresh)), effects=(), wake_at=None)
        kept = tuple(self._moved(each, event) if each is client.tickets[-1] else each for each in client.tickets)
        return Decision(client=replace(client, tickets=kept), effects=(), wake_at=None)

    def _written(self, client: Client, ticket: Ticket, key: Key) -> Ticket:
        lines = _lines(client, ticket)
        if not ticket.open or ticket.block == fingerprint(lines):
            return ticket
        self.cards[ticket.id] = lines
        self.writes.append((ticket.id, key))
        return replace(ticket, block=fingerprint(lines))

    def _moved(self, ticket: Ticket, event: Event) -> Ticket:
        match self.wish:
            case "end" if ticket.open:
                return ended(ticket)
            case "reopen":
                return replace(ticket, phase=Phase.QUEUE, closed_at=None, outcome=None)
            case "mark":
                return replace(ticket, mark=str(event.key))
            case "answer":
                return replace(ticket, answer=str(event.key))
            case _:
                return replace(ticket, unread=ticket.unread + 1)


def _lines(client: Client, ticket: Ticket) -> str:
    return "; ".join(
        f"{each.number} {each.closed_at} {each.mark} {each.answer if each.closed_at else ''}"
        for each in client.past
        if each.number < ticket.number
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, min_size=1, max_size=4))
def test_after_any_run_the_cards_tell_what_the_store_knows(shelf: Shelf, rounds: list[list[tuple[str, str]]]) -> None:
    _empty(shelf.engine)
    office, count = Office(), 0
    for steps in rounds:
        for wish, chat in steps:
            count += 1
            office.wish = wish
            shelf.note(wrote(str(count), chat=chat))
            shelf.decide(office)
        while (turn := shelf.decide(office)).more or turn.events:
            assert turn.raised == []
    assert len(office.writes) == len(set(office.writes))
    stored = shelf.do(lambda connection: [codec.read_ticket(row.state) for row in connection.execute(select(tickets))])
    for ticket in stored:
        if ticket.open:
            known = known_to(shelf, ticket.client.partition(":")[2], (ticket.number, ticket.cabinet))
            assert office.cards[ticket.id] == _lines(known, ticket)
