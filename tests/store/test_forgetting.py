"""Forgetting in the store: what goes, what stays of others, and how it is ended."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from connector.domain.effects import CreateCard, MoveCard, Redact
from connector.domain.events import Done, HistoryChanged, Refusal
from connector.domain.refs import ClientId, Key, Ref
from connector.domain.ticket import Phase
from connector.ports import Arrival
from connector.store import codec
from connector.store.elsewhere import Wording
from connector.store.forgetting import Undecided, finish, forget, forgettings, traces
from connector.store.ingest import ingest
from connector.store.settling import Made, Refused
from connector.store.tables import clients, journal, lanes, made, metadata, outbox, tickets
from tests.store.shelf import START, Shelf, creation, nothing, send, wrote
from tests.store.test_past import request

WORDING = Wording(notice="removed", title="No. {number}", cabinet_tag="Cabinet {cabinet}")
SECRET = "Сломался терминал оплаты"
CLIENT, OTHER = ClientId("telegram:71077"), ClientId("telegram:82088")


@pytest.fixture
def filled(shelf: Shelf) -> Shelf:
    """Two clients of one cabinet; the card of the later one tells of the earlier."""
    mine = replace(request(1, "71077", cabinet="70771"), subject=SECRET, phase=Phase.QUEUE, board="b1")
    theirs = replace(request(2, "82088", cabinet="70771"), subject="Моё дело", block="aa")
    hello = replace(send("hello 71077"), chat=Ref(port="telegram", id="71077"))
    shelf.order(hello, chat="71077", tickets=[mine], key="a")
    [claim] = shelf.claim()
    shelf.settle(claim, Made(refs=(Ref(port="telegram", id="1/71077/5"),)))
    told = f"Опишите\nПрежние:\n№1 «{SECRET}»\nещё"
    card = replace(creation("kc-2"), key=Key("card/kc-2"), ticket=theirs.id, description=told)
    shelf.order(card, chat="82088", tickets=[theirs], key="b")
    end = Done(key=Key("done:card/kc-2"), at=datetime.fromtimestamp(START, UTC), client=OTHER, effect=card)
    shelf.note(wrote("waits", chat="71077", text=SECRET))
    with shelf.engine.begin() as connection:
        connection.execute(update(outbox).where(outbox.c.key == card.key).values(state=2))
        unreadable = json.dumps({"message": {"chat": {"id": 71077}, "text": "непонятное"}})
        ingest(connection, START, [
            Arrival(key=end.key, raw=json.dumps({"description": told}), event=end),
            Arrival(key=Key("bad"), raw=unreadable, reason="unreadable"),
            Arrival(key=Key("bad2"), raw=unreadable.replace("71077", "710770"), reason="unreadable"),
        ])  # fmt: skip
        connection.execute(insert(made).values(key="card/kc-1", place=0, port="kaiten", id="900", ticket="kc-1"))
    return shelf


def _all(shelf: Shelf) -> str:
    with shelf.engine.begin() as connection:
        rows: list[Any] = []
        for table in metadata.tables.values():
            rows += [tuple(row) for row in connection.execute(select(table))]
    return repr(rows)


def _forget(shelf: Shelf) -> str:
    return shelf.do(lambda connection: forget(connection, shelf.now, CLIENT, "71077", WORDING))


def test_the_traces_are_counted_and_nothing_changes(filled: Shelf) -> None:
    before = _all(filled)
    found = filled.do(lambda connection: traces(connection, CLIENT))
    assert (found.events, found.orders, found.waiting, found.requests, found.cards, found.others) == (2, 1, 0, 1, 2, 1)
    assert _all(filled) == before


def test_no_string_of_theirs_is_left_and_others_keep_theirs(filled: Shelf) -> None:
    token = _forget(filled)
    # What to look for on others' cards is known until the board has followed.
    seen = _all(filled).replace("1сломалсятерминалоплаты", "")
    for secret in (SECRET, "терминал", "\\u0421\\u043b", "непонятное", "hello 71077"):
        assert secret not in seen, secret
    assert "telegram:71077" not in seen
    assert "71077/" not in seen
    assert "70771" in seen, "the cabinet is another's too"
    assert "710770" in seen, "another chat's payload stays"
    with filled.engine.begin() as connection:
        end = connection.execute(select(journal.c.event).where(journal.c.key == "done:card/kc-2")).scalar_one()
        read = codec.read_event("Done", end)
        assert isinstance(read, Done)
        assert isinstance(read.effect, CreateCard)
        assert read.effect.description == "Опишите\nПрежние:\nещё"
        rows = connection.execute(select(journal.c.kind, journal.c.event, journal.c.raw).where(
            journal.c.client == f"forgotten:{token}")).all()  # fmt: skip
        assert sorted(row.kind for row in rows) == ["ClientWrote", "ClientWrote"]
        assert {(row.event, row.raw) for row in rows} == {(None, None)}
        assert connection.execute(select(clients.c.id)).scalars().all() == [OTHER]
        left = codec.read_ticket(connection.execute(select(tickets.c.state).where(tickets.c.id == "kc-1")).scalar_one())
    assert (left.number, left.subject, left.cabinet) == (1, "", None)


def test_the_board_is_ordered_to_follow(filled: Shelf) -> None:
    token = _forget(filled)
    orders = [row for row in filled.orders().values() if row.client == f"forgotten:{token}"]
    effects = [codec.read_effect(row.kind, row.effect) for row in orders]
    whole = [each for each in effects if isinstance(each, Redact) and not each.needles]
    assert [each.at for each in whole if each.at] == [Ref(port="kaiten", id="900"), Ref(port="kaiten", id="1")]
    assert {(each.title, each.notice, each.tags) for each in whole} == {("No. 1", "removed", ("Cabinet 70771",))}
    [near] = [each for each in effects if isinstance(each, Redact) and each.needles]
    assert near.ticket == "kc-2"
    assert [type(each) for each in effects].count(MoveCard) == 1
    [told] = [row for row in filled.journal().values() if row.kind == "HistoryChanged"]
    event = codec.read_event(told.kind, told.event)
    assert isinstance(event, HistoryChanged)
    assert (event.client, event.tickets) == (OTHER, ("kc-2",))


def _carry_out(shelf: Shelf, refuse: bool = False) -> None:
    shelf.decide(nothing)
    while claims := shelf.claim("board"):
        for claim in claims:
            refused = Refused(refusal=Refusal.FORBIDDEN, reason="no rights")
            shelf.settle(claim, refused if refuse else Made(refs=()))


def test_it_is_ended_once_the_board_has_followed(filled: Shelf) -> None:
    token = _forget(filled)
    assert not filled.do(lambda connection: finish(connection, START, token))
    _carry_out(filled)
    assert filled.do(lambda connection: finish(connection, START, token))
    [told] = filled.do(forgettings)
    assert (told.done, told.left, told.cards, told.refused) == (True, 0, 3, ())
    seen = _all(filled)
    assert "needles" not in seen
    assert "71077" not in seen.replace("710770", "")
    with filled.engine.begin() as connection:
        assert set(connection.execute(select(lanes.c.key)).scalars()) <= {OTHER, f"chat/{OTHER}", "board/kc-2"}


def test_what_the_board_refuses_is_told_and_keeps_it_open(filled: Shelf) -> None:
    token = _forget(filled)
    _carry_out(filled, refuse=True)
    assert not filled.do(lambda connection: finish(connection, START, token))
    [told] = filled.do(forgettings)
    assert not told.done
    assert {ticket for ticket, _ in told.refused} == {"kc-1", "kc-2"}
    assert "no rights" in told.refused[0][1]


def test_nobody_is_forgotten_while_a_card_of_theirs_may_just_be_made(filled: Shelf) -> None:
    filled.order(replace(creation("kc-9"), key=Key("card/kc-9")), chat="71077", key="c")
    [_] = filled.claim("board")
    with pytest.raises(Undecided):
        _forget(filled)
    assert SECRET in _all(filled)


def test_an_order_on_the_wire_ends_without_a_trace(filled: Shelf) -> None:
    filled.order(replace(send("late"), chat=Ref(port="telegram", id="71077")), chat="71077", key="d")
    [claim] = filled.claim()
    _forget(filled)
    settled = filled.settle(claim, Made(refs=(Ref(port="telegram", id="1/71077/6"),)))
    assert settled.stale == ["late"]
    assert "71077/6" not in _all(filled)


def test_who_comes_back_is_somebody_new(filled: Shelf) -> None:
    _forget(filled)
    filled.note(wrote("again", chat="71077"))
    seen: list[Any] = []

    def decided(client: Any, event: Any) -> Any:
        if event.key.endswith("again"):
            seen.append(client)
        return nothing(client, event)

    assert filled.decide(decided).raised == []
    assert [(each.id, each.name, each.cabinets, each.tickets) for each in seen] == [(CLIENT, "", (), ())]
