"""Chats of one person and wrong cabinets in the store: what cards tell afterwards, and that undo leaves no trace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, select

from connector.domain.client import Client
from connector.domain.decide import Decision, decide
from connector.domain.effects import ChatEffect, SetBlock
from connector.domain.events import Event, HistoryChanged
from connector.domain.policy import HistoryRule
from connector.domain.refs import ClientId, Key
from connector.domain.ticket import Stamp, Ticket, What
from connector.store import codec, persons
from connector.store.elsewhere import Wording
from connector.store.forgetting import forget, traces
from connector.store.ingest import note_own
from connector.store.past import EVERY, with_past
from connector.store.persons import Plan, Refused, Waiting
from connector.store.tables import clients, journal, outbox, tickets
from tests.domain.sample import WITH_CABINET
from tests.store.shelf import Shelf, wrote
from tests.store.test_past import ended, request

POLICY = replace(WITH_CABINET, history=HistoryRule(shown=5))
A, B, C = (ClientId(f"telegram:{number}") for number in (7101, 7202, 7303))
Planned = Callable[[Connection, float], Plan]


@pytest.fixture
def filled(shelf: Shelf) -> Shelf:
    """A and B have a cabinet each, and requests of it; C shares that of B. All blocks are up to date."""
    found = (
        ended(request(1, "7101", cabinet="11111", subject="Чек A", board="b1", topic="till"), answer="да"),
        request(2, "7202", cabinet="22222", subject="Касса B", board="b1", topic="till"),
        request(3, "7303", cabinet="22222", subject="Карты C", board="b1", topic="till"),
        request(4, "7101", cabinet="11111", subject="Оплата A", board="b1", topic="till"),
    )
    counted = [replace(each, stamps=_stamps(each)) for each in found]
    for client, cabinet in ((A, "11111"), (B, "22222"), (C, "22222")):
        _put(shelf, client, cabinet, [ticket for ticket in counted if ticket.client == client])
    at = datetime.fromtimestamp(shelf.now, UTC)
    told = [HistoryChanged(key=Key(f"told {client}"), at=at, client=client) for client in (A, B, C)]
    shelf.do(lambda connection: note_own(connection, shelf.now, told))
    _settle(shelf)
    return shelf


def _stamps(ticket: Ticket) -> tuple[Stamp, ...]:
    """Its clocks are counted already."""
    at = ticket.opened_at
    fresh = (Stamp(at=at, what=What.ASKED), Stamp(at=at, what=What.OPENED, value=ticket.topic))
    return (*fresh, Stamp(at=at, what=What.CLASS, value=ticket.service_class))


def _put(shelf: Shelf, client: ClientId, cabinet: str, mine: list[Ticket]) -> None:
    shelf.note(wrote(f"put {client}", chat=client.partition(":")[2]))

    def decided(before: Client, event: Event) -> Decision:
        if before.id != client:
            return _real(before, event)
        after = replace(before, name=f"Имя {client}", cabinets=(cabinet,), cabinet=cabinet, tickets=tuple(mine))
        return Decision(client=after, effects=(), wake_at=None)

    assert shelf.decide(decided).raised == []


def _real(client: Client, event: Event) -> Decision:
    return decide(client, event, POLICY)


def _settle(shelf: Shelf) -> None:
    """Decides until nothing waits."""
    for _ in range(10):
        turn = shelf.decide(_real)
        assert turn.raised == []
        if not turn.events:
            return
    raise AssertionError("it goes on for ever")


def _do(shelf: Shelf, plan: Planned) -> Plan:
    """Plans and notes as the command does."""

    def step(connection: Connection) -> Plan:
        persons.alone(connection)
        found = plan(connection, shelf.now)
        persons.note(connection, shelf.now, found)
        return found

    return shelf.do(step)


def _merge(shelf: Shelf, one: ClientId = A, other: ClientId = B) -> None:
    _do(shelf, lambda connection, now: persons.merge(connection, now, one, other))
    _settle(shelf)


def _take(shelf: Shelf, client: ClientId, cabinet: str, instead: str | None = None) -> None:
    _do(shelf, lambda connection, now: persons.take_off(connection, now, client, cabinet, instead))
    _settle(shelf)


def _undo(shelf: Shelf, client: ClientId) -> None:
    _do(shelf, lambda connection, now: persons.undo(connection, now, client))
    _settle(shelf)


def _rows(shelf: Shelf) -> list[Any]:
    """What is stored of clients and requests, whole."""
    with shelf.engine.begin() as connection:
        return [
            tuple(row)
            for table, key in ((clients, clients.c.id), (tickets, tickets.c.id))
            for row in connection.execute(select(table).order_by(key))
        ]


def _blocks(shelf: Shelf) -> dict[str | None, str]:
    """The latest block of each card."""
    found: dict[str | None, str] = {}
    for row in shelf.orders().values():
        effect = codec.read_effect(row.kind, row.effect)
        if isinstance(effect, SetBlock):
            found[effect.ticket] = effect.block
    return found


def _client(shelf: Shelf, client: ClientId) -> Client:
    with shelf.engine.begin() as connection:
        return codec.read_client(connection.execute(select(clients.c.state).where(clients.c.id == client)).scalar_one())


def _said(shelf: Shelf) -> list[str]:
    """Everything that would go to a chat."""
    kinds = {kind.__name__ for kind in ChatEffect.__args__}
    return [row.kind for row in shelf.orders().values() if row.kind in kinds]


def test_cards_of_merged_chats_tell_of_each_others_requests_as_of_their_own(filled: Shelf) -> None:
    _merge(filled)
    blocks = _blocks(filled)
    assert "Чек A" in blocks["kc-2"]
    assert "другой чат" not in blocks["kc-2"]
    assert "Касса B" in blocks["kc-4"]
    assert "Карты C" not in blocks["kc-4"], "C is somebody else, of another cabinet"
    both = _client(filled, A), _client(filled, B)
    assert [(set(each.cabinets), each.cabinet) for each in both] == [
        ({"11111", "22222"}, "11111"), ({"11111", "22222"}, "22222"),
    ]  # fmt: skip
    assert _said(filled) == []


def test_earlier_requests_of_all_chats_are_found_once_and_counted_once(filled: Shelf) -> None:
    _merge(filled)
    client = _client(filled, B)
    found = filled.do(lambda connection: with_past(connection, client, [(EVERY, "22222")]))
    assert [(each.number, each.own) for each in found.past] == [(4, True), (3, False), (2, True), (1, True)]
    few = filled.do(lambda connection: with_past(connection, client, [(EVERY, "22222")], most=1))
    assert (len(few.past), few.past_more) == (1, 3)


def test_what_ends_in_one_chat_is_told_on_the_cards_of_the_other(filled: Shelf) -> None:
    _merge(filled)

    def end(client: Client, event: Event) -> Decision:
        if event.key != "telegram:7202/end":
            return _real(client, event)
        done = tuple(ended(each, answer="перезапустите") for each in client.tickets)
        return Decision(client=replace(client, tickets=done), effects=(), wake_at=None)

    filled.note(wrote("end", chat="7202"))
    filled.decide(end)
    _settle(filled)
    assert "перезапустите" in _blocks(filled)["kc-4"]


def test_a_merge_and_its_undo_leave_every_row_as_it_was(filled: Shelf) -> None:
    before = _rows(filled)
    _merge(filled)
    assert _rows(filled) != before
    _undo(filled, B)
    assert _rows(filled) == before
    blocks = _blocks(filled)
    assert "Чек A" not in blocks["kc-2"]
    assert "Чек A" in blocks["kc-4"]
    assert _said(filled) == []


def test_changes_are_undone_in_the_order_they_came(filled: Shelf) -> None:
    rows = [_rows(filled)]
    _merge(filled)
    rows.append(_rows(filled))
    _do(filled, lambda connection, now: persons.part(connection, now, A, B))
    _settle(filled)
    rows.append(_rows(filled))
    _merge(filled, A, C)
    last = _rows(filled)
    # What B took part in last was before what A took part in last.
    with pytest.raises(Refused, match=f"connector client undo {A}"):
        _undo(filled, B)
    assert _rows(filled) == last
    for client in (C, B, A):
        _undo(filled, client)
        assert _rows(filled) == rows.pop()
    with pytest.raises(Refused, match="nothing was changed"):
        _undo(filled, A)


def test_two_merges_and_a_cabinet_are_undone_one_after_the_other(filled: Shelf) -> None:
    rows = [_rows(filled)]
    _merge(filled)
    rows.append(_rows(filled))
    _merge(filled, B, C)
    rows.append(_rows(filled))
    _take(filled, C, "11111", "33333")
    assert [set(_client(filled, each).cabinets) for each in (A, B, C)] == [{"22222", "33333"}] * 3
    for client in (B, C, A):
        _undo(filled, client)
        assert _rows(filled) == rows.pop()


def test_a_chat_taken_out_again_is_alone_and_the_others_stay_together(filled: Shelf) -> None:
    _merge(filled)
    _merge(filled, B, C)
    before = _rows(filled)
    _do(filled, lambda connection, now: persons.part(connection, now, B, A))
    _settle(filled)
    same = {each: _client(filled, each).same for each in (A, B, C)}
    assert same == {A: (C,), B: (), C: (A,)}
    assert _client(filled, B).cabinets == ("22222",)
    assert set(_client(filled, A).cabinets) == {"11111", "22222"}, "C has it too"
    assert "Чек A" not in _blocks(filled)["kc-2"]
    _undo(filled, B)
    assert _rows(filled) == before


@pytest.mark.parametrize("instead", [None, "11111"])
def test_a_wrong_cabinet_is_on_no_row_and_in_no_others_block(filled: Shelf, instead: str | None) -> None:
    before = _rows(filled)
    _take(filled, B, "22222", instead)
    ticket = codec.read_ticket(
        filled.do(lambda connection: connection.execute(select(tickets.c.state).where(tickets.c.id == "kc-2"))
                  .scalar_one())
    )  # fmt: skip
    column = filled.do(lambda connection: connection.execute(select(tickets.c.cabinet).where(tickets.c.id == "kc-2"))
                       .scalar_one())  # fmt: skip
    assert (ticket.cabinet, column) == (instead, instead)
    blocks = _blocks(filled)
    # Nothing else was told on C's card: then the whole block goes.
    assert blocks["kc-3"] == ""
    assert ("Чек A" in blocks.get("kc-2", "")) == (instead is not None)
    if instead:
        assert "Касса B" in blocks["kc-4"]
    assert _said(filled) == []
    _undo(filled, B)
    assert _rows(filled) == before
    assert "Касса B" in _blocks(filled)["kc-3"]


def test_nothing_is_planned_on_a_change_that_still_waits(filled: Shelf) -> None:
    _do(filled, lambda connection, now: persons.merge(connection, now, A, B))
    with pytest.raises(Waiting, match="waits for the daemon"):
        _do(filled, lambda connection, now: persons.merge(connection, now, B, C))
    with pytest.raises(Waiting):
        _undo(filled, A)
    _settle(filled)
    _merge(filled, B, C)
    assert len(_client(filled, C).same) == 2


def test_what_makes_no_sense_is_refused_and_changes_nothing(filled: Shelf) -> None:
    _merge(filled)
    before = _rows(filled)
    for plan, told in (
        (lambda connection, now: persons.merge(connection, now, A, A), "one chat"),
        (lambda connection, now: persons.merge(connection, now, A, B), "already"),
        (lambda connection, now: persons.merge(connection, now, A, ClientId("telegram:9")), "nobody"),
        (lambda connection, now: persons.part(connection, now, A, C), "no other chat"),
        (lambda connection, now: persons.take_off(connection, now, C, "11111", None), "theirs are: 22222"),
        (lambda connection, now: persons.take_off(connection, now, C, "22222", "22222"), "its own place"),
    ):
        with pytest.raises(Refused, match=told):
            _do(filled, plan)
    assert _rows(filled) == before


def test_groups_are_not_merged(filled: Shelf) -> None:
    group = replace(_client(filled, C), group="Мойка")
    filled.do(
        lambda connection: connection.execute(
            clients.update().where(clients.c.id == C).values(state=codec.write_client(group))
        )
    )
    with pytest.raises(Refused, match="a group"):
        _merge(filled, A, C)


def test_who_they_are_is_shown_and_listed_by_cabinet(filled: Shelf) -> None:
    _merge(filled)
    first, second = filled.do(lambda connection: persons.shown(connection, A))
    assert (first.client, first.same, first.shared) == (A, (B,), ("22222",))
    assert second.requests == ((2, "22222", "Касса B"),)
    assert [what for _, what in first.changes] == [f"{A} and {B} merged"]
    listed = filled.do(lambda connection: persons.of_cabinet(connection, "22222"))
    assert [each.client for each in listed] == [A, B, C]
    assert filled.do(lambda connection: persons.of_cabinet(connection, "222")) == ()


@pytest.mark.parametrize("undone", [False, True])
def test_a_forgotten_chat_is_named_nowhere_any_more(filled: Shelf, undone: bool) -> None:
    _merge(filled)
    if undone:
        _undo(filled, A)
    else:
        assert filled.do(lambda connection: traces(connection, A)).others == 1
    wording = Wording(notice="removed", title="No. {number}", cabinet_tag="Cabinet {cabinet}")
    filled.do(lambda connection: forget(connection, filled.now, A, "7101", wording))
    _settle(filled)
    with filled.engine.begin() as connection:
        rows = repr([tuple(row) for table in (clients, tickets, journal) for row in connection.execute(select(table))])
        orders = repr([tuple(row) for row in connection.execute(select(outbox).where(outbox.c.client == B))])
    for secret in ("7101", "11111", "Чек A"):
        assert secret not in rows
    assert "Чек A" not in orders
    left = _client(filled, B)
    assert (left.same, left.cabinets, left.cabinet, left.amended) == ((), ("22222",), "22222", ())
