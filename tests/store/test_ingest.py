"""What a tool told is written down once, and never spoils the rest."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from connector.domain.events import AgentCommented
from connector.domain.refs import Key, Ref, TicketId
from connector.domain.words import Text
from connector.ports import Arrival
from connector.store.ingest import ingest, read_mark
from connector.store.tables import Noted
from tests.domain.sample import ANNA
from tests.store.shelf import CARD, Shelf, creation, nothing, seen, ticket, wrote


def test_the_same_key_is_noted_once(shelf: Shelf) -> None:
    assert shelf.note(wrote("a"), wrote("b")).new == 2
    again = shelf.note(wrote("b"), wrote("c"))
    assert (again.new, again.known) == (1, 1)
    assert len(shelf.journal()) == 3


def test_the_same_key_twice_in_one_batch_is_noted_once(shelf: Shelf) -> None:
    assert shelf.note(wrote("a"), wrote("a")).new == 1
    assert len(shelf.journal()) == 1


def test_what_was_decided_is_not_decided_again_when_it_comes_again(shelf: Shelf) -> None:
    shelf.note(wrote("a"))
    assert shelf.decide(nothing).events == 1
    shelf.note(wrote("a"))
    assert shelf.decide(nothing).events == 0


def test_batch_and_cursor_are_stored_together_or_not_at_all(shelf: Shelf) -> None:
    def fails(connection: Connection) -> None:
        ingest(connection, shelf.now, [Arrival(key=Key("k"), raw="{}", event=wrote("a"))], cursor=("cursor:chat", "7"))
        raise RuntimeError("the process ends here")

    with pytest.raises(RuntimeError):
        shelf.do(fails)
    assert shelf.journal() == {}
    assert shelf.do(lambda connection: read_mark(connection, "cursor:chat")) is None


def test_the_cursor_is_found_again(shelf: Shelf) -> None:
    for cursor in ("7", "8"):
        shelf.do(lambda connection, at=cursor: ingest(connection, shelf.now, [], cursor=("cursor:chat", at)))  # type: ignore[misc]  # mypy infers no lambda with a default
    assert shelf.do(lambda connection: read_mark(connection, "cursor:chat")) == "8"


def test_what_cannot_be_read_is_kept_with_its_reason(shelf: Shelf) -> None:
    arrival = Arrival(key=Key("x"), raw='{"odd": 1}', reason="no such field")
    assert shelf.do(lambda connection: ingest(connection, shelf.now, [arrival])).unreadable == 1
    row = shelf.journal()["x"]
    assert (row.state, row.reason, row.raw) == (Noted.UNREADABLE, "no such field", '{"odd": 1}')


def test_what_cannot_be_written_down_is_kept_aside_and_the_rest_flows_on(shelf: Shelf) -> None:
    spoilt, sound = wrote("a", text="lone \ud800 surrogate"), wrote("b")
    noted = shelf.note(spoilt, sound)
    assert (noted.new, noted.unreadable) == (1, 1)
    rows = shelf.journal()
    assert rows[spoilt.key].state == Noted.UNREADABLE
    assert "written down" in rows[spoilt.key].reason
    assert rows[sound.key].state == Noted.NEW


def test_a_reason_no_database_takes_is_spelt_out(shelf: Shelf) -> None:
    arrival = Arrival(key=Key("x"), raw="{}", reason="odd \udfff sign\0")
    shelf.do(lambda connection: ingest(connection, shelf.now, [arrival]))
    assert shelf.journal()["x"].reason == "odd \\udfff sign"


@pytest.mark.parametrize(
    ("external_id", "ours"), [(f"kc-{'0a' * 10}", True), (f"kc-{'0a' * 10}.2", True), ("order-17", False)]
)
def test_what_agents_say_on_a_forgotten_card_of_ours_is_told_apart_from_strays(
    shelf: Shelf, external_id: str, ours: bool
) -> None:
    comment = Ref(port="kaiten", id="77/5")
    words = AgentCommented(
        key=comment.key, at=wrote("a").at, card=Ref(port="kaiten", id="77"), ticket=TicketId(external_id),
        comment=comment, author=ANNA, text=Text(plain="Готово"),
    )  # fmt: skip
    stored = shelf.note(words)
    assert (stored.stray, stored.homeless) == (1, (comment.key,) if ours else ())


def test_a_card_of_nobody_is_a_stray(shelf: Shelf) -> None:
    assert shelf.note(seen(1, ticket=None)).stray == 1
    assert shelf.journal()[seen(1).key].state == Noted.STRAY


@pytest.mark.parametrize("external_id", ["kc-1", "kc-1.2"])
def test_a_card_belongs_to_the_ticket_it_names_even_before_we_know_the_card(shelf: Shelf, external_id: str) -> None:
    shelf.order(creation(), tickets=[ticket()])
    assert shelf.note(seen(1, ticket=external_id)).new == 1


def test_a_card_without_a_name_belongs_to_the_ticket_that_knows_it(shelf: Shelf) -> None:
    shelf.order(creation(), tickets=[ticket(card=CARD)])
    assert shelf.note(seen(1, ticket=None)).new == 1
