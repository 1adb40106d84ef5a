"""What we know of one card, gathered from the journal, the orders and what they made."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select, text

from connector.domain import rebuilt
from connector.domain.client import Client
from connector.domain.drift import REPAIR, Books, Written, removal
from connector.domain.effects import (
    AddComment,
    AddFiles,
    AddTag,
    CreateCard,
    EditComment,
    RemoveTag,
    ReplaceCard,
    Section,
    SetDeadline,
)
from connector.domain.events import AgentCommented, ClientEdited, ClientWrote
from connector.domain.policy import Policy
from connector.domain.refs import Key, Ref, TicketId
from connector.domain.sheet import Sheet
from connector.domain.ticket import Ticket
from connector.domain.words import File, Text
from connector.store import codec
from connector.store.among import among
from connector.store.past import with_past
from connector.store.routes import BOARD
from connector.store.tables import State, clients, drifts, journal, made, outbox, tickets, undecided, unfinished

ALBUM = 400
"""Journal rows after an album's first part among which the others are looked for."""
_SAY = "say/"

_ticket = select(tickets.c.client, tickets.c.state).where(tickets.c.id == bindparam("id"))
_client = select(clients.c.state).where(clients.c.id == bindparam("id"))
# As the partial index has it, see `loading`.
_live = select(tickets.c.state).where(tickets.c.client == bindparam("id"), text("tickets.live"))
_made = (
    select(made.c.key, made.c.port, made.c.id)
    .where(made.c.ticket == bindparam("id"))
    .order_by(made.c.key, made.c.place)
)
_orders = (
    select(outbox.c.key, outbox.c.kind, outbox.c.effect)
    .where(
        outbox.c.client == bindparam("client"), outbox.c.ticket == bindparam("id"), outbox.c.port == BOARD,
        outbox.c.state == State.DONE,
    )
    .order_by(outbox.c.seq)
)  # fmt: skip
_restless = (
    select(func.count())
    .select_from(outbox)
    .where(
        outbox.c.client == bindparam("client"), outbox.c.ticket == bindparam("id"), outbox.c.port == BOARD,
        unfinished | (outbox.c.ended >= bindparam("since")),
    )
)  # fmt: skip
_events = select(func.count()).where(undecided, journal.c.client == bindparam("client"))
_noted = select(journal.c.key).where(among(journal.c.key, "keys"))
_by_key = select(journal.c.seq, journal.c.key, journal.c.kind, journal.c.event, journal.c.policy).where(
    among(journal.c.key, "keys")
)
_edits = (
    select(journal.c.kind, journal.c.event)
    .where(journal.c.client == bindparam("client"), journal.c.kind == "ClientEdited")
    .order_by(journal.c.seq)
)
_neighbours = (
    select(journal.c.kind, journal.c.event)
    .where(
        journal.c.client == bindparam("client"), journal.c.kind == "ClientWrote",
        journal.c.seq.between(bindparam("first"), bindparam("last")),
    )
    .order_by(journal.c.seq)
)  # fmt: skip
_mended = select(drifts.c.id, drifts.c.times).where(drifts.c.ticket == bindparam("id"))
_comments = ("AddComment", "EditComment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a ticket's orders made by now; `state` is the ticket as it is stored, for telling whether it changed."""

    card: Ref | None
    refs: tuple[Ref, ...]
    state: str


def made_for(connection: Connection, ticket: TicketId) -> Made | None:
    """What to ask the board for; None where there is no such ticket."""
    row = connection.execute(_ticket, {"id": ticket}).first()
    if row is None:
        return None
    refs = tuple(Ref(port=each.port, id=each.id) for each in connection.execute(_made, {"id": ticket}))
    return Made(card=codec.read_ticket(row.state).card, refs=tuple(dict.fromkeys(refs)), state=row.state)


def restless(connection: Connection, client: str, ticket: TicketId, since: float) -> bool:
    """Whether something is on its way to the card, has reached it since then, or waits to be decided."""
    orders = connection.execute(_restless, {"client": client, "id": ticket, "since": since}).scalar_one()
    return bool(orders or connection.execute(_events, {"client": client}).scalar_one())


def books_of(connection: Connection, ticket_id: TicketId, sheet: Sheet, policy: Policy) -> Books:
    """Everything the card is compared with. Raises LookupError where there is no such ticket."""
    row = connection.execute(_ticket, {"id": ticket_id}).first()
    if row is None:
        raise LookupError(ticket_id)
    ticket = codec.read_ticket(row.state)
    client = _read_client(connection, row.client, ticket)
    orders = [
        (Key(each.key), codec.read_effect(each.kind, each.effect))
        for each in connection.execute(_orders, {"client": row.client, "id": ticket_id})
    ]
    tagged: set[str] = set()
    dues: set[datetime] = set()
    said: dict[Key, Section] = {}
    hidden: dict[Key, bool] = {}
    of_order: dict[Key, Key] = {}
    files: dict[Key, AddFiles] = {}
    for key, effect in orders:
        match effect:
            case AddTag():
                tagged.add(effect.name)
            case RemoveTag():
                tagged.discard(effect.name)
            case CreateCard() | ReplaceCard() | SetDeadline() if effect.due_at is not None:
                dues.add(effect.due_at)
            case AddComment():
                for section in effect.sections:
                    said[section.key], hidden[section.key] = section, effect.internal
                of_order[key] = effect.sections[0].key
            case EditComment():
                of_order[key] = effect.section.key
                if not effect.append and effect.section.key in said:
                    before = said[effect.section.key]
                    whole = (*before.files, *(file for file in effect.section.files if file not in before.files))
                    said[effect.section.key] = replace(effect.section, files=whole)
            case AddFiles():
                files[key] = effect
            case _:
                pass
    things: dict[Key, list[Ref]] = defaultdict(list)
    for each in connection.execute(_made, {"id": ticket_id}):
        things[Key(each.key)].append(Ref(port=each.port, id=each.id))
    lasting, on_card, opened_under = _from_journal(connection, policy, ticket, row.client, things)
    written = []
    for key, refs in things.items():
        if key.startswith(REPAIR) or (files.get(key) is None and refs[0].port != sheet.sketch.card.port):
            continue
        name = key if key in lasting or key in said else of_order.get(key, key)
        latest = lasting.get(name) or said.get(name)
        written.append(
            Written(
                key=key, refs=tuple(refs), section=replace(latest, source=None) if latest is not None else None,
                files=files[key].files if key in files else on_card.get(key, ()),
                internal=hidden.get(name, not name.startswith(_SAY)),
            )
        )  # fmt: skip
    return Books(
        client=client, ticket=ticket, written=tuple(written), tagged=frozenset(tagged), dues=frozenset(dues),
        opened_under=opened_under,
        known=_known(connection, [each.key for note in sheet.notes for each in (note.told, note.changed) if each]),
        removed=_known(connection, [removal(ref) for ref in (*sheet.lacking, *_comments_of(ticket))]),
        first=_first(connection, [note.told.key for note in sheet.notes if note.told and note.changed]),
        mended=Counter({each.id: each.times for each in connection.execute(_mended, {"id": ticket_id})}),
    )  # fmt: skip


def _read_client(connection: Connection, client_id: str, ticket: Ticket) -> Client:
    state = connection.execute(_client, {"id": client_id}).scalar()
    if state is None:
        raise LookupError(client_id)
    live = {
        each.id: each for each in (codec.read_ticket(row.state) for row in connection.execute(_live, {"id": client_id}))
    }
    client = codec.read_client(state, tickets=tuple({**live, ticket.id: ticket}.values()))
    asked = {(each.number, each.cabinet) for each in client.tickets if each.open} or {(ticket.number, ticket.cabinet)}
    return with_past(connection, client, asked)


def _comments_of(ticket: Ticket) -> list[Ref]:
    """The comments whose words the client may have."""
    named = (reply.comment.partition(":") for reply in ticket.replies)
    return [Ref(port=port, id=number) for port, _, number in named]


def _first(connection: Connection, keys: Sequence[Key]) -> dict[Key, tuple[Text, bool]]:
    """How these comments read when they were taken in, and whether they were for agents' eyes only."""
    found: dict[Key, tuple[Text, bool]] = {}
    for row in connection.execute(_by_key, {"keys": sorted(keys)}) if keys else ():
        event = codec.read_event(row.kind, row.event) if row.event is not None else None
        if isinstance(event, AgentCommented):
            found[event.key] = (event.text, event.internal)
    return found


def _known(connection: Connection, keys: Sequence[Key]) -> frozenset[Key]:
    return frozenset(Key(key) for key in connection.execute(_noted, {"keys": keys}).scalars()) if keys else frozenset()


def _from_journal(
    connection: Connection, policy: Policy, ticket: Ticket, client: str, things: Mapping[Key, Sequence[Ref]]
) -> tuple[dict[Key, Section], dict[Key, tuple[File, ...]], str | None]:
    """What the client's own words say on the card: sections by key, the files on the card itself, and under which
    mapping the request was opened. Orders are swept, the journal is not."""
    asked = {key.removeprefix(_SAY) for key in things if key.startswith(_SAY)}
    asked |= {name.rpartition("/")[0] for name in asked}
    opened = [ticket.opened_by] if ticket.opened_by is not None else []
    rows = connection.execute(_by_key, {"keys": sorted({*asked, *opened})}).all()
    under = next((row.policy for row in rows if row.key == ticket.opened_by), None)
    edits: list[ClientEdited] | None = None
    sections: dict[Key, Section] = {}
    on_card: dict[Key, tuple[File, ...]] = {}
    for row in rows:
        if row.kind != "ClientWrote":
            continue
        first = codec.read_event(row.kind, row.event)
        assert isinstance(first, ClientWrote)
        parts = [first]
        if first.album is not None:
            around = {"client": client, "first": row.seq, "last": row.seq + ALBUM}
            found = [codec.read_event(each.kind, each.event) for each in connection.execute(_neighbours, around)]
            parts = [each for each in found if isinstance(each, ClientWrote) and each.album == first.album]
        if row.key == ticket.opened_by:
            on_card[Key(f"{_SAY}{row.key}")] = rebuilt.files(parts)
            continue
        if edits is None:
            told = (codec.read_event(each.kind, each.event) for each in connection.execute(_edits, {"client": client}))
            edits = [each for each in told if isinstance(each, ClientEdited)]
        sections |= rebuilt.sections(policy, ticket, parts, edits)
    return sections, on_card, under
