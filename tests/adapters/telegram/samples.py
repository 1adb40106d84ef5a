"""Raw updates in the shape of the real ones, written for these tests."""

from __future__ import annotations

from typing import Any

from adapters.telegram.content import Me
from adapters.telegram.incoming import arrival
from adapters.telegram.updates import Payload, updates_in
from connector.domain.events import ClientEdited, ClientWrote
from connector.ports import Arrival
from tests.adapters.telegram.support import BOT, NOW, ok

ME = Me(id=BOT, username="desk_bot")
ANNA = {
    "id": 77,
    "is_bot": False,
    "first_name": "Анна",
    "last_name": "Ли",
    "username": "anna",
    "language_code": "ru",
}
PRIVATE = {"id": 77, "type": "private", "first_name": "Анна", "username": "anna"}
GROUP = {"id": -1001234567890, "type": "supergroup", "title": "Наша группа"}
DATE = 1763812800  # 2025-11-22 12:00:00 UTC

PHOTO = [
    {"file_id": "small", "file_unique_id": "u1", "width": 90, "height": 60, "file_size": 1000},
    {"file_id": "large", "file_unique_id": "u2", "width": 1280, "height": 853, "file_size": 200_000},
    {"file_id": "middle", "file_unique_id": "u3", "width": 320, "height": 213, "file_size": 20_000},
]
FILE = {"file_id": "BQACAgIAAxk-1_a", "file_unique_id": "u9", "file_size": 12345}


def message(*, chat: dict[str, Any] = PRIVATE, sender: dict[str, Any] | None = ANNA, **parts: Any) -> dict[str, Any]:
    """A message of the given parts; `sender=None` leaves `from` out."""
    written = {"message_id": 9, "date": DATE, "chat": chat, **parts}
    return written | ({} if sender is None else {"from": sender})


def update(kind: str = "message", content: Any = None, update_id: Any = 1) -> dict[str, Any]:
    return {"update_id": update_id, kind: content}


def payload(raw: Any) -> Payload:
    return updates_in(ok([raw]).content)[0]


def told(raw: Any, me: Me = ME) -> Arrival | None:
    """What the room makes of one update."""
    one = payload(raw)
    return arrival(one, me, received_at=NOW, raw=one.raw)


def wrote(me: Me = ME, **parts: Any) -> ClientWrote:
    """The event a message becomes."""
    found = told(update("message", message(**parts)), me)
    assert found is not None, "dropped"
    assert isinstance(found.event, ClientWrote), found.reason
    assert found.key == found.event.key == found.event.message.key
    return found.event


def edited(**parts: Any) -> ClientEdited:
    found = told(update("edited_message", message(**parts)))
    assert found is not None
    assert isinstance(found.event, ClientEdited), found.reason
    return found.event


def dropped(raw: Any) -> bool:
    return told(raw) is None


def unreadable(raw: Any) -> str:
    """The reason an update was kept aside for."""
    found = told(raw)
    assert found is not None, "dropped"
    assert found.event is None, found.event
    assert found.reason
    assert found.raw.isascii()
    return found.reason
