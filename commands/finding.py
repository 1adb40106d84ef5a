"""What an operator means by a word: a request by its id, number or card, or a client."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from commands.answer import Exit, fail

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from commands.beside import Visit
    from connector.domain.refs import ClientId
    from connector.domain.ticket import Ticket

EXPECTED = (
    "Expected a request (kc-…, #12), a card (its number, card:12 or its address) or a client (telegram:77); "
    "`connector tail --since 1h` shows those of the last hour."
)
_CARD = re.compile(r"(?:https?://\S*/|card:|[a-z]+:)(\d{1,18})/?(?:[?#]\S*)?")


def request_meant(there: Visit, what: str, *, as_json: bool) -> Ticket:
    """The one request, or the end of the command with 2."""
    from connector.store import looking

    word = storable(what)

    def look(connection: Connection, _: float) -> tuple[Ticket, ...]:
        if word.startswith("kc-"):
            return looking.tickets_where(connection, id=word.partition(".")[0])
        number = word.removeprefix("#")
        if number.isascii() and number.isdigit() and len(number) < 18:
            found = looking.tickets_where(connection, number=int(number))
            if found or word.startswith("#"):
                return found
        card = number if number.isascii() and number.isdigit() else ""
        if matched := _CARD.fullmatch(word):
            card = matched[1]
        if not card:
            return ()
        return looking.tickets_where(connection, card=card) or looking.ticket_of_former_card(connection, card)

    found = there.do(look)
    if not found:
        fail(Exit.USAGE, f"Nobody knows {what!r} here.", as_json=as_json, hint=EXPECTED)
    if len(found) > 1:
        names = ", ".join(f"#{each.number} ({each.id})" for each in found)
        fail(Exit.USAGE, f"{what!r} may be {names}.", as_json=as_json, hint="Name one of them.")
    if word.isdigit() and (found[0].card is None or found[0].card.id != word):
        print(f"(request #{word}; for the card of that number say card:{word})", file=sys.stderr)
    return found[0]


def storable(what: str) -> str:
    """As a database takes it: no shell keeps anybody from typing what is no text."""
    return what.encode("utf-8", "replace").decode().replace("\0", "").strip()


def client_meant(there: Visit, what: str) -> ClientId | None:
    """The client of that id, or None when the word means no client."""
    from connector.domain.refs import ClientId
    from connector.store import looking

    word = storable(what).removeprefix("client:")
    found = there.do(lambda connection, _: looking.client_of_id(connection, word))
    return ClientId(word) if found is not None else None
