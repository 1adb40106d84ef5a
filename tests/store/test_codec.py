"""What is at hand because it was written a moment ago is what reading its text would give."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

import pytest

from connector.domain.client import Client
from connector.domain.effects import Effect
from connector.domain.ticket import Ticket
from connector.store import codec
from connector.store.codec import Lately
from tests.store.shelf import comment, send, ticket
from tests.weather.rehearsal import rehearse


def _read(thing: object, text: str) -> object:
    match thing:
        case Client():
            return codec.read_client(text, tickets=thing.tickets)
        case Ticket():
            return codec.read_ticket(text)
        case _ if isinstance(thing, get_args(Effect)):
            return codec.read_effect(type(thing).__name__, text)
        case _:
            return codec.read_event(type(thing).__name__, text)


@pytest.fixture
def _own_log_level() -> Iterator[None]:
    log = logging.getLogger("connector")
    level = log.level
    yield
    log.setLevel(level)


@pytest.mark.slow
@pytest.mark.usefixtures("_own_log_level")
def test_whatever_whole_stories_write_is_read_as_it_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds: set[type] = set()
    different: list[tuple[object, object]] = []

    def keep(_: Lately, text: str, thing: object) -> str:
        kinds.add(type(thing))
        written = replace(thing, thread={}, next_number=0) if isinstance(thing, Client) else thing
        if (found := _read(thing, text)) != written:
            different.append((written, found))
        return text

    monkeypatch.setattr(Lately, "keep", keep)
    monkeypatch.setattr(Lately, "get", lambda *_: None)
    for seed in range(20):
        rehearse(seed)
    assert different == []
    assert {"Client", "Ticket", "ClientWrote", "AgentCommented", "Done", "AddComment", "CreateCard", "SendMessage"} <= {
        kind.__name__ for kind in kinds
    }


def test_what_was_written_a_moment_ago_is_not_read_again() -> None:
    effect = comment("one")
    assert codec.read_effect("AddComment", codec.write_effect(effect)) is effect


def test_what_was_written_long_ago_is_read() -> None:
    effect = comment("long ago")
    text = codec.write_effect(effect)
    for number in range(2 * codec.KEPT):
        codec.write_effect(send(f"since then {number}"))
    found = codec.read_effect("AddComment", text)
    assert found == effect
    assert found is not effect


def test_only_so_much_is_kept() -> None:
    lately = Lately(2)
    for text in "abcde":
        lately.keep(text, text)
    assert [text for text in "abcde" if lately.get(str, text)] == ["c", "d", "e"]


def test_a_text_does_not_stand_for_another_kind() -> None:
    lately = Lately(2)
    lately.keep("{}", ticket())
    assert lately.get(Client, "{}") is None
    assert isinstance(lately.get(Ticket, "{}"), Ticket)


def test_a_client_is_read_with_the_tickets_of_now() -> None:
    client = Client(id=ticket().client, chat=send("one").chat, tickets=(ticket(),), next_number=7)
    text = codec.write_client(client)
    assert codec.read_client(text) == replace(client, tickets=(), next_number=0)
    assert codec.read_client(text, tickets=(ticket(),)).tickets == (ticket(),)
