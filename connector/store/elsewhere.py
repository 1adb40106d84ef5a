"""What stands of a client with others: in incidents, in agents' chats, and where agents had their talk shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from connector.domain.effects import AddComment, EditComment, EditMessage, Effect, Redact, Section, SendMessage, Urgency
from connector.domain.events import AgentCommented, HistoryChanged, NoticeEnded, RequestChanged, RequestsJoined
from connector.domain.forgotten import bare, needles, subjects, tells, without
from connector.domain.likeness import stems
from connector.domain.refs import ClientId, Key, TicketId
from connector.domain.ticket import Ticket
from connector.domain.words import Text
from connector.store import codec
from connector.store.among import among
from connector.store.ingest import note_own
from connector.store.rewording import reword_rows, rows_of
from connector.store.tables import Noted, clients, incidents, journal, links, made, openings, outbox, tickets

ThreadOf = Callable[[AgentCommented], int | None]

NAMELY = 8
"""Letters and digits a name has at least to be looked for alone: shorter ones are words of others' notices too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The words that stand in the place of theirs, and what the mapping calls things by."""

    notice: str
    title: str
    """With `{number}`."""
    incident: str = "{number} {subject}"
    """The title of an incident's card, with both."""
    cabinet_tag: str | None = None
    """With `{cabinet}`."""
    thread_of: ThreadOf = lambda _: None
    """The number of the request of which an agent's comment asked to see everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """What others may hold of them: requests, everything they were ever called, and all they wrote."""

    client: ClientId
    own: tuple[Ticket, ...]
    names: tuple[str, ...]
    """As `bare` writes them."""
    words: frozenset[str]
    """Stems of everything they wrote."""

    @property
    def ids(self) -> frozenset[TicketId]:
        """Their requests."""
        return frozenset(ticket.id for ticket in self.own)

    @property
    def sought(self) -> tuple[str, ...]:
        """Needles for lines that tell of one of the requests, or of the client beside its number."""
        listed = (f"{ticket.number}{name}" for ticket in self.own for name in self.names)
        return (*needles(self.own), *listed)

    @property
    def noticed(self) -> tuple[str, ...]:
        """Needles for places where only we tell of requests."""
        return (*subjects(self.own), *(name for name in self.names if len(name) >= NAMELY))


def theirs(connection: Connection, client: ClientId, own: Sequence[Ticket]) -> Theirs:
    """Read before anything of it is taken away."""
    names: dict[str, None] = {}
    words: set[str] = set()
    state = connection.execute(select(clients.c.state).where(clients.c.id == client)).scalar()
    if state is not None:
        known = codec.read_client(state)
        names |= dict.fromkeys(each for each in (known.name, known.username, known.phone, known.group) if each)
    for row in rows_of(connection, journal, journal.c.client == client):
        if row.event is None:
            continue
        event = json.loads(row.event)
        author = event.get("author")
        if row.kind.startswith("Client") and isinstance(author, dict):
            names |= dict.fromkeys(author[each] for each in ("name", "username") if author.get(each))
        if row.kind in ("ClientWrote", "ClientEdited"):
            words |= set(stems(event.get("words", {}).get("text", {}).get("plain", "")))
    plain = tuple(dict.fromkeys(bare(each) for each in names if bare(each)))
    return Theirs(client=client, own=tuple(own), names=plain, words=frozenset(words))


# ---- incidents


def incidents_of_all(connection: Connection) -> list[str]:
    """Every incident there is."""
    return list(connection.execute(select(incidents.c.id)).scalars())


def leave_incidents(
    connection: Connection, now: float, theirs: Theirs, nobody: ClientId, wording: Wording
) -> Iterator[Effect]:
    """Their requests are in no incident's list or memory; one that is called by their words is called anew."""
    connection.execute(delete(openings).where(among(openings.c.ticket, "ids")), {"ids": sorted(theirs.ids)})
    still = {codec.read_opening(row.state, None).words for row in connection.execute(select(openings.c.state))}
    rows = connection.execute(
        select(incidents.c.id, incidents.c.founders, clients.c.state, tickets.c.state.label("ticket"))
        .outerjoin(clients, clients.c.id == incidents.c.id)
        .outerjoin(tickets, tickets.c.client == incidents.c.id)
        .order_by(incidents.c.begun)
    ).all()
    for row in rows:
        founders = [tuple(each) for each in json.loads(row.founders)]
        kept = [each for each in founders if each in still or not (each and theirs.words.issuperset(each))]
        if kept != founders:
            written = json.dumps(kept, ensure_ascii=False)
            connection.execute(update(incidents).where(incidents.c.id == row.id).values(founders=written))
        _told_without(connection, row.id, theirs)
        if row.state is None or row.ticket is None:
            continue
        yield from _leave(connection, now, row, theirs, nobody, wording)


def _leave(
    connection: Connection, now: float, row: Any, theirs: Theirs, nobody: ClientId, wording: Wording
) -> Iterator[Effect]:
    known, parent = codec.read_client(row.state), codec.read_ticket(row.ticket)
    incident = known.incident
    if incident is None:
        return
    children = tuple(child for child in incident.children if child.ticket not in theirs.ids)
    left = len(children) != len(incident.children)
    called = parent.subject in {ticket.subject for ticket in theirs.own} and parent.subject not in {
        child.subject for child in children
    }
    if not left and not called:
        return
    connection.execute(
        update(clients)
        .where(clients.c.id == row.id)
        .values(state=codec.write_client(replace(known, incident=replace(incident, children=children))))
    )
    swaps, sought = {}, theirs.sought
    if called:
        subject = children[0].subject if children else "—"
        swaps = {parent.subject: subject}
        # A long title was cut short: then the line goes.
        sought = (*sought, *needles([parent]))
        fresh = replace(parent, subject=subject)
        connection.execute(update(tickets).where(tickets.c.id == parent.id).values(state=codec.write_ticket(fresh)))
    reword_rows(connection, row.id, sought, swaps)
    at = datetime.fromtimestamp(now, UTC)
    again = HistoryChanged(key=Key(f"history:{row.id}:{nobody}"), at=at, client=ClientId(row.id), tickets=(parent.id,))
    note_own(connection, now, [again])
    card = parent.card or parent.former
    if card is not None:
        title = wording.incident.format(number=parent.number, subject=swaps[parent.subject]) if called else ""
        yield Redact(
            key=Key(f"{nobody}/incident/{parent.id}"), ticket=parent.id, at=card, needles=sought,
            notice=wording.notice, title=title,
        )  # fmt: skip


def _told_without(connection: Connection, incident: str, theirs: Theirs) -> None:
    """What the incident was told of their requests, or is still to decide on."""
    mine = journal.c.client == incident
    for row in rows_of(connection, journal, mine & journal.c.event.contains(theirs.client)):
        try:
            event = codec.read_event(row.kind, row.event)
        except (ValueError, KeyError, TypeError):
            event = None
        written, state = None, Noted.SEEN_TO if row.state == Noted.NEW else row.state
        if isinstance(event, RequestsJoined):
            children = tuple(child for child in event.children if child.ticket not in theirs.ids)
            if children:
                written, state = codec.write_event(replace(event, children=children)), row.state
        elif not isinstance(event, RequestChanged):
            continue
        connection.execute(
            update(journal)
            .where(journal.c.seq == row.seq)
            .values(event=written, raw=None, state=state, reason=None if written else "forgotten")
        )


# ---- agents' chats


def desks(connection: Connection) -> list[str]:
    """Every chat in which notices of requests stand, or stood before it was unlinked."""
    told = select(journal.c.client).where(journal.c.kind.in_(("NoticeRaised", "Unlinked"))).distinct()
    found = {*connection.execute(select(links.c.client)).scalars(), *connection.execute(told).scalars()}
    return sorted(each for each in found if each)


def quiet_desks(
    connection: Connection, now: float, theirs: Theirs, nobody: ClientId, wording: Wording
) -> Iterator[Effect]:
    """Notices about their requests say so no more, in the chats too; what was still waited for is over."""
    at = datetime.fromtimestamp(now, UTC)
    over = {(desk, waiting.id(ticket.id)) for ticket in theirs.own for waiting in ticket.waits for desk in waiting.told}
    for desk in desks(connection):
        shown = _shown(connection, desk)
        reword_rows(connection, desk, theirs.noticed, {json.dumps(theirs.client)[1:-1]: nobody})
        ends = [notice for each, notice in sorted(over) if each == desk]
        note_own(
            connection,
            now,
            [
                NoticeEnded(
                    key=Key(f"{notice}/forgotten@{desk}"), at=at, client=ClientId(desk), notice=notice,
                    words=wording.notice,
                )
                for notice in ends
            ],
        )  # fmt: skip
        ended = {f"{notice}@{desk}" for notice in ends}
        for number, (order, (sent, text)) in enumerate(sorted(shown.items())):
            if order in ended or not tells(text, theirs.noticed):
                continue
            left = without(text, theirs.noticed).strip() or wording.notice
            yield EditMessage(
                key=Key(f"{nobody}/desk/{desk}/{number}"), ticket=None, chat=sent.chat, target=Key(order),
                text=Text(plain=left), urgency=Urgency.LABEL,
            )  # fmt: skip


def _shown(connection: Connection, desk: str) -> dict[str, tuple[SendMessage, str]]:
    """Messages of the chat as far as their orders are still known, by order, with their present words."""
    found: dict[str, tuple[SendMessage, str]] = {}
    wanted = (outbox.c.client == desk) & outbox.c.kind.in_(("SendMessage", "EditMessage"))
    for row in rows_of(connection, outbox, wanted):
        effect = codec.read_effect(row.kind, row.effect)
        if isinstance(effect, SendMessage):
            found[effect.key] = (effect, effect.text.plain)
        elif isinstance(effect, EditMessage) and effect.target in found:
            found[effect.target] = (found[effect.target][0], effect.text.plain)
    return found


# ---- where agents had everything shown


def threads_shown(
    connection: Connection,
    near: Sequence[Ticket],
    own: Sequence[Ticket],
    thread_of: ThreadOf,
) -> list[tuple[TicketId, Key]]:
    """(request, order) of notes on others' cards in which all that was said on one of these requests stands."""
    numbers = {ticket.number for ticket in own}
    by_card = {ref: ticket for ticket in near for ref in (ticket.card, ticket.former) if ref is not None}
    found: list[tuple[TicketId, Key]] = []
    for client in sorted({ticket.client for ticket in near}):
        asked = (journal.c.client == client) & (journal.c.kind == "AgentCommented") & journal.c.event.is_not(None)
        for row in rows_of(connection, journal, asked):
            event = codec.read_event(row.kind, row.event)
            assert isinstance(event, AgentCommented)
            ticket = by_card.get(event.card)
            if ticket is None or thread_of(event) not in numbers:
                continue
            stem = f"{event.key}/answer"
            kept = connection.execute(select(made.c.key).where(made.c.ticket == ticket.id)).scalars()
            orders = connection.execute(select(outbox.c.key).where(outbox.c.ticket == ticket.id)).scalars()
            found += [
                (ticket.id, Key(key)) for key in sorted({*kept, *orders}) if key == stem or key.startswith(f"{stem}/")
            ]
    return found


def take_threads_off(
    connection: Connection, shown: Collection[tuple[TicketId, Key]], nobody: ClientId, wording: Wording
) -> Iterator[Effect]:
    """Those notes say that they were removed."""
    gone = Text(plain=wording.notice)
    for number, (ticket, key) in enumerate(shown):
        row = connection.execute(
            select(outbox.c.seq, outbox.c.kind, outbox.c.effect).where(outbox.c.key == key)
        ).first()
        if row is not None:
            effect = codec.read_effect(row.kind, row.effect)
            assert isinstance(effect, AddComment)
            empty = replace(effect, sections=tuple(replace(each, text=gone, files=()) for each in effect.sections))
            connection.execute(update(outbox).where(outbox.c.seq == row.seq).values(effect=codec.write_effect(empty)))
        section = Section(key=key, head="", text=gone)
        yield EditComment(
            key=Key(f"{nobody}/thread/{number}"), ticket=ticket, target=key, section=section, internal=True
        )
