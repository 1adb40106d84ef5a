"""Everything that was said on one request, read back from the journal."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select

from connector.domain.around import Spoken, Thread
from connector.domain.events import AgentAttached, AgentCommented, AgentEdited, AgentRemoved, ClientEdited, ClientWrote
from connector.domain.refs import Key
from connector.domain.ticket import Ticket
from connector.store import codec
from connector.store.among import among
from connector.store.tables import Found, journal, made, tickets

MOST = 5000
"""Rows of the journal that are read for one request; of a longer talk the beginning is told."""
BEFORE = 7 * 24 * 3600.0
"""Seconds before the opening in which its first words may have been written: they wait for cabinet and topic."""
_KINDS = tuple(
    kind.__name__ for kind in (ClientWrote, ClientEdited, AgentCommented, AgentEdited, AgentRemoved, AgentAttached)
)
_ticket = select(tickets.c.state).where(tickets.c.number == bindparam("number"))
_rows = (
    select(journal.c.kind, journal.c.event)
    .where(
        journal.c.client == bindparam("client"),
        journal.c.at >= bindparam("since"),
        journal.c.kind.in_(_KINDS),
        journal.c.event.is_not(None),
    )
    .order_by(journal.c.seq)
    .limit(MOST)
)
_made = select(made.c.key).where(among(made.c.key, "keys"), made.c.ticket == bindparam("ticket"))


def thread_of(connection: Connection, number: int) -> Thread | None:
    """What was said on the request of that number, oldest first; None where there is no such."""
    state = connection.execute(_ticket, {"number": number}).scalar()
    if state is None:
        return None
    ticket = codec.read_ticket(state)
    since = ticket.opened_at.timestamp() - BEFORE
    rows = connection.execute(_rows, {"client": ticket.client, "since": since}).all()
    events = [event for row in rows if (event := _read(row)) is not None]
    said = tuple(_of(connection, ticket, events))
    return Thread(number=number, said=said, public=_public(connection, ticket, events))


def _read(row: Found) -> Spoken | None:
    """None of what was written in a form this version cannot read."""
    try:
        event = codec.read_event(row.kind, row.event)
    except (ValueError, KeyError, TypeError):
        return None
    return event if isinstance(event, Spoken) else None


def _of(connection: Connection, ticket: Ticket, events: Sequence[Spoken]) -> list[Spoken]:
    """Those that belong to the request: a client's messages by what they were made into, comments by their card."""
    wrote = [event for event in events if isinstance(event, ClientWrote)]
    said = _known(connection, ticket, [f"say/{event.message.key}" for event in wrote])
    own = {each.message.key for each in wrote if f"say/{each.message.key}" in said or each.key == ticket.opened_by}
    albums = {each.album for each in wrote if each.album is not None and each.message.key in own}
    own |= {each.message.key for each in wrote if each.album in albums}
    found: list[Spoken] = []
    for event in events:
        if isinstance(event, ClientWrote | ClientEdited):
            if event.message.key in own:
                found.append(event)
        elif (event.ticket or "").partition(".")[0] == ticket.id or event.card in (ticket.card, ticket.former):
            found.append(event)
    return found


def _public(connection: Connection, ticket: Ticket, events: Sequence[Spoken]) -> frozenset[Key]:
    """The comments whose words went to the client."""
    comments = {event.comment.key for event in events if isinstance(event, AgentCommented)}
    sent = _known(connection, ticket, [f"reply/{key}/0" for key in sorted(comments)])
    remembered = {reply.comment for reply in ticket.replies if reply.texts or reply.files}
    return frozenset(key for key in comments if f"reply/{key}/0" in sent or key in remembered)


def _known(connection: Connection, ticket: Ticket, keys: Sequence[str]) -> set[str]:
    known: set[str] = set()
    for at in range(0, len(keys), 500):
        part = {"keys": list(keys[at : at + 500]), "ticket": ticket.id}
        known.update(connection.execute(_made, part).scalars())
    return known
