"""Under another mapping each client with open requests is told once, however often the daemon starts."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import update

from connector.domain.incident import incident_id
from connector.domain.refs import TicketId
from connector.domain.ticket import Phase, Ticket
from connector.store.tables import tickets
from connector.store.terms import note_terms
from tests.store.shelf import Shelf, nothing, send
from tests.store.test_past import ended, request


def told(shelf: Shelf) -> list[str]:
    return sorted(row.client for row in shelf.journal().values() if row.kind == "TermsChanged")


def step(shelf: Shelf, version: str, most: int = 200) -> tuple[int, bool]:
    return shelf.do(lambda connection: note_terms(connection, shelf.now, version, most=most))


def fill(shelf: Shelf) -> None:
    parent = replace(request(5), client=incident_id(TicketId("kc-1")))
    known: list[Ticket] = [
        replace(request(1, "1"), phase=Phase.QUEUE), replace(request(2, "1"), phase=Phase.WORK), request(3, "2"),
        ended(request(4, "3")), parent, request(6, "4"),
    ]  # fmt: skip
    for number, ticket in enumerate(known):
        chat = ticket.client.partition(":")[2]
        shelf.order(send(f"m{number}", chat=chat), chat=chat, tickets=[ticket], key=f"k{number}")
    shelf.do(
        lambda connection: connection.execute(
            update(tickets).where(tickets.c.id == parent.id).values(client=parent.client)
        )
    )


def test_clients_with_open_requests_are_told_once_for_each_mapping(shelf: Shelf) -> None:
    fill(shelf)
    assert step(shelf, "one") == (3, False)
    assert told(shelf) == ["telegram:1", "telegram:2", "telegram:4"]
    assert shelf.decide(nothing).raised == []
    shelf.now += 60
    assert step(shelf, "one") == (0, False)
    assert step(shelf, "two") == (3, False)
    shelf.now += 60
    assert step(shelf, "one") == (3, False)
    assert len(told(shelf)) == 9


def test_a_daemon_that_was_stopped_goes_on_where_it_was(shelf: Shelf) -> None:
    fill(shelf)
    assert step(shelf, "one", 2) == (2, True)
    shelf.now += 60
    assert step(shelf, "one", 2) == (1, False)
    assert told(shelf) == ["telegram:1", "telegram:2", "telegram:4"]
