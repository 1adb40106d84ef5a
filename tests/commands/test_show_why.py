"""The life of a request and the reasons of its card read the same for the same story."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from sqlalchemy import delete

from commands.show import head, render, step_data
from commands.why import explained
from commands.why import render as page
from connector.domain.record import NotedEvent, QueuedOrder
from connector.domain.story import Step, life, say_keys
from connector.domain.ticket import Ticket
from connector.store import looking
from connector.store.tables import outbox
from tests.commands.told import MAPPING, Told, loaded
from tests.store.shelf import Shelf


def _life(shelf: Shelf) -> tuple[Ticket, tuple[NotedEvent, ...], tuple[Step, ...]]:
    [ticket] = shelf.do(lambda connection: looking.tickets_where(connection, number=1))
    events = shelf.do(lambda connection: looking.events_of(connection, ticket.client))
    orders = shelf.do(lambda connection: looking.orders_of(connection, ticket.client))
    made = shelf.do(lambda connection: looking.made_by(connection, say_keys(events)))
    return ticket, events, life(events, orders, made, ticket)


def _told(shelf: Shelf) -> Told:
    told = Told(shelf=shelf)
    told.open()
    told.says("5", "Уже второй час")
    told.looks(2)
    told.answers(90, "Перезагрузите кассу")
    told.looks(3, lane="8")
    return told


def _golden(name: str, text: str) -> None:
    """Held against the page as it was read and found good."""
    assert text + "\n" == (Path(__file__).parent / "golden" / name).read_text(encoding="utf-8")


def test_a_request_is_told_from_its_first_words_to_the_answer(shelf: Shelf) -> None:
    _told(shelf)
    ticket, _, steps = _life(shelf)
    now = looking.moment(shelf.now)
    assert now is not None
    text = "\n".join([*head(ticket), *render(steps, now, words=False)])
    _golden("show.txt", text)


def test_the_reasons_of_a_card_name_rule_version_message_and_moment(shelf: Shelf) -> None:
    _told(shelf)
    ticket, events, steps = _life(shelf)
    text = _page(ticket, events, steps)
    _golden("why.txt", text)


def _page(ticket: Ticket, events: tuple[NotedEvent, ...], steps: tuple[Step, ...]) -> str:
    orders: tuple[QueuedOrder, ...] = tuple(order for step in steps for order in step.orders)
    mapping = loaded().mapping
    assert mapping is not None
    found = explained(ticket, events, orders, mapping)
    lines = "\n".join(page(found)).replace(str(MAPPING), "support.yaml").replace(mapping.version, "today's")
    return re.sub(" {2,}", "  ", lines)  # columns are as wide as this machine's paths are long


def test_what_was_swept_is_told_from_the_journal_and_what_was_made(shelf: Shelf) -> None:
    _told(shelf)
    _, _, before = _life(shelf)
    shelf.do(lambda connection: connection.execute(delete(outbox)))
    _, _, after = _life(shelf)

    def chains(steps: tuple[Step, ...]) -> set[tuple[str, str, str]]:
        kinds = ("CreateCard", "AddComment", "SendMessage")
        return {
            (step.event.key, order.kind, ref.key)
            for step in steps
            if step.event is not None
            for order in step.orders
            for ref in order.made
            if order.kind in kinds and (order.kind != "SendMessage" or order.key.startswith("reply/"))
            and not order.key.startswith("status/")
        }  # fmt: skip

    assert chains(after) == chains(before)
    assert len(chains(after)) == 3


def test_programs_get_no_words_unless_they_ask(shelf: Shelf) -> None:
    _told(shelf)
    _, _, steps = _life(shelf)

    def dumped(words: bool) -> str:
        data: Any = [step_data(step, words=words) for step in steps]
        return json.dumps(data, default=str, ensure_ascii=False)

    assert "печатает" not in dumped(False)
    assert "Касса не печатает чек" in dumped(True)
