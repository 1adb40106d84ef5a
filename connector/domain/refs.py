"""Names of things: sealed references into other people's tools, and our own keys."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import NewType

Key = NewType("Key", str)
"""The name of one event or one order, the same for ever."""

ClientId = NewType("ClientId", str)
"""One chat with one client; made from the chat's ref, so that it can be found without a look-up."""

TicketId = NewType("TicketId", str)
"""One request. It is what a card carries as its external id, so it must never occur twice in the world."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """A thing in someone else's tool; only the adapter named by `port` may take `id` apart."""

    port: str
    id: str

    @property
    def key(self) -> Key:
        """The key of the event "this thing was seen for the first time"."""
        return Key(f"{self.port}:{self.id}")


def client_of(chat: Ref) -> ClientId:
    """The client who writes in this chat: one chat is one client, a group chat too."""
    return ClientId(f"{chat.port}:{chat.id}")


def ticket_named(what: str) -> TicketId:
    """The id of the request that comes of this: the same whoever reckons it, and however often."""
    return TicketId("kc-" + hashlib.sha256(what.encode()).hexdigest()[:20])


_OURS = re.compile(r"(kc-[0-9a-f]{20})(?:\.([1-9][0-9]{0,8}))?")


def ticket_on(external_id: str) -> tuple[TicketId, int] | None:
    """The request a card names by its external id, and which of its cards this is; None for anybody else's id."""
    found = _OURS.fullmatch(external_id)
    return (TicketId(found[1]), int(found[2] or 1)) if found else None
