"""Clients who write, as the events their messages become; every one of a company as large as needed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

from bench.tools import BOARD, CHAT, card_of
from connector.domain.events import CardSeen, ClientWrote
from connector.domain.refs import ClientId, Key, Ref, TicketId, client_of
from connector.domain.words import Person, Text, Words
from connector.ports import Arrival

BOT = "4200"
FIRST_CHAT = 7_000_000_000
_numbers = count(1)

ENTERING = ("/start", "123456", "1")
"""What brings a new client to where the next message opens a request: greeting, account id, first topic."""


def chat_of(number: int) -> Ref:
    """The chat of the `number`th client."""
    return Ref(port=CHAT, id=str(FIRST_CHAT + number))


def client(number: int) -> ClientId:
    """The `number`th client."""
    return client_of(chat_of(number))


PACE = 3.0
"""Seconds between two messages of one client: nobody types faster for long, and a flood gets fewer receipts."""


def wrote(number: int, words: str, turn: int = 0) -> Arrival:
    """The `number`th client writes a message, the `turn`th in a row."""
    chat = chat_of(number)
    serial = next(_numbers)
    message = Ref(port=CHAT, id=f"{BOT}/{chat.id}/{serial}")
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=PACE * turn)
    name = f"Клиент {number}"
    event = ClientWrote(
        key=message.key, at=at, chat=chat, message=message,
        author=Person(ref=Ref(port=CHAT, id=f"user/{chat.id}"), name=name, username=f"client{number}", language="ru"),
        words=Words(text=Text(plain=words)),
    )  # fmt: skip
    sender = {"id": int(chat.id), "is_bot": False, "first_name": name, "username": f"client{number}",
              "language_code": "ru"}  # fmt: skip
    update = {
        "update_id": 900_000_000 + serial,
        "message": {
            "message_id": serial, "date": int(at.timestamp()), "from": sender, "text": words,
            "chat": {"id": int(chat.id), "type": "private", "first_name": name, "username": f"client{number}"},
        },
    }  # fmt: skip
    return Arrival(key=event.key, raw=json.dumps(update), event=event)


def seen(ticket: str, *, board: str, column: str, version: int) -> Arrival:
    """The card of a ticket is looked at."""
    card = Ref(port=BOARD, id=card_of(ticket))
    event = CardSeen(
        key=Key(f"card-seen/{card.id}/{version}"),
        at=datetime.now(UTC), card=card, ticket=TicketId(ticket), version=version, board=board, column=column,
        lane=None,
    )  # fmt: skip
    return Arrival(key=event.key, raw=json.dumps({"id": card.id, "version": version}), event=event)


def sentences() -> Iterator[str]:
    """Words of the length people write."""
    for number in count(1):
        yield f"Касса на посту {number} не печатает чеки после обновления, клиенты ждут. Что делать?"
