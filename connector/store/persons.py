"""The operator's word on who a client is: planned on what is stored, noted for the daemon, and taken back."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import Connection, func, select, text, update

from connector.domain.client import Client
from connector.domain.events import AmendmentUndone, CabinetAmended, CareEvent, PersonAmended
from connector.domain.person import CHATS, Amendment
from connector.domain.refs import ClientId, Key, TicketId
from connector.domain.ticket import Ticket
from connector.store import codec
from connector.store.among import among
from connector.store.ingest import note_own
from connector.store.tables import Noted, clients, journal, tickets, undecided

KINDS = ("PersonAmended", "CabinetAmended", "AmendmentUndone")
LISTED = 500
"""Clients of one cabinet that are listed."""


class Refused(Exception):
    """It cannot be done; says why, and what to do instead."""


class Waiting(Exception):
    """An earlier change has not been decided on yet: what this one starts from is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What will be done, counted. `requests` change; the blocks of `cards` open cards are told anew."""

    what: str
    among: tuple[ClientId, ...]
    requests: int
    cards: int
    events: tuple[CareEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """A chat as the operator sees it. `shared` are cabinets it has from the person's other chats."""

    client: ClientId
    name: str
    username: str | None
    cabinets: tuple[str, ...]
    cabinet: str | None
    shared: tuple[str, ...]
    unverified: tuple[str, ...]
    same: tuple[ClientId, ...]
    requests: tuple[tuple[int, str | None, str], ...]
    """(number, cabinet, subject) of the open ones."""
    changes: tuple[tuple[datetime, str], ...]
    """What operators changed, the last one last: that one can be undone."""


# ---- looked at


def shown(connection: Connection, client: ClientId) -> tuple[Chat, ...]:
    """The client, then the other chats of the same person. Raises Refused for who is not known."""
    known = _known(connection, client)
    return tuple(_chat(connection, each) for each in (known, *_loaded(connection, known.same)))


def of_cabinet(connection: Connection, cabinet: str) -> tuple[Chat, ...]:
    """Everybody who has that cabinet, or a request that carries it."""
    written = json.dumps(cabinet, ensure_ascii=False)
    rows = connection.execute(
        select(clients.c.id, clients.c.state).where(clients.c.state.contains(written, autoescape=True))
    )
    found = {row.id for row in rows if cabinet in codec.read_client(row.state).cabinets}
    found |= set(connection.execute(select(tickets.c.client).where(tickets.c.cabinet == cabinet).distinct()).scalars())
    return tuple(_chat(connection, each) for each in _loaded(connection, sorted(found)[:LISTED]))


def _chat(connection: Connection, client: Client) -> Chat:
    return Chat(
        client=client.id,
        name=client.group or client.name,
        username=client.username,
        cabinets=client.cabinets,
        cabinet=client.cabinet,
        shared=client.shared,
        unverified=client.unverified,
        same=client.same,
        requests=tuple(
            (each.number, each.cabinet, each.subject) for each in _live(connection, [client.id]) if each.open
        ),
        changes=tuple((each.at, each.what) for each in client.amended),
    )


# ---- planned


def merge(connection: Connection, now: float, one: ClientId, other: ClientId) -> Plan:
    """The two are one person, and so is everybody who is the same person as one of them already."""
    a, b = _known(connection, one), _known(connection, other)
    if a.id == b.id:
        raise Refused(f"{a.id} is one chat; name two")
    if b.id in a.same:
        raise Refused(f"{a.id} and {b.id} are the same person already")
    for each in (a, b):
        if each.group is not None or each.desk is not None or each.incident is not None:
            raise Refused(f"{each.id} is no chat with one person: a group or a chat of agents cannot be merged")
    members = [a, *_loaded(connection, a.same), b, *_loaded(connection, b.same)]
    if len(members) > CHATS:
        raise Refused(f"that would be {len(members)} chats of one person; {CHATS} is the most")
    among_ = tuple(each.id for each in members)
    _settled(connection, among_)
    return _regrouped(connection, now, f"{a.id} and {b.id} merged", [members], among_)


def part(connection: Connection, now: float, client: ClientId, other: ClientId) -> Plan:
    """The client is somebody else than `other`, and leaves the person both are."""
    alone = _known(connection, client)
    if other not in alone.same:
        known = ", ".join(alone.same) or "none"
        raise Refused(f"{other} is no other chat of {client}'s person; there are: {known}")
    rest = _loaded(connection, alone.same)
    among_ = (alone.id, *(each.id for each in rest))
    _settled(connection, among_)
    return _regrouped(connection, now, f"{client} taken out", [[alone], rest], among_)


def take_off(connection: Connection, now: float, client: ClientId, cabinet: str, instead: str | None) -> Plan:
    """The cabinet was never this person's, in whichever chat; `instead` takes its place, or nothing does."""
    known = _known(connection, client)
    if cabinet == instead:
        raise Refused(f"{cabinet} cannot take its own place")
    members = [known, *_loaded(connection, known.same)]
    carrying = {
        each.id: tuple(
            connection.execute(
                select(tickets.c.id)
                .where(tickets.c.client == each.id, tickets.c.cabinet == cabinet)
                .order_by(tickets.c.number)
            ).scalars()
        )
        for each in members
    }
    touched = [each for each in members if cabinet in each.cabinets or carrying[each.id]]
    if not touched:
        has = ", ".join(known.cabinets) or "none"
        raise Refused(f"{client} has no cabinet {cabinet}, and no request that carries it; theirs are: {has}")
    among_ = tuple(each.id for each in touched)
    _settled(connection, among_)
    what = f"cabinet {cabinet} taken off" if instead is None else f"cabinet {cabinet} replaced by {instead}"
    change, at = _change(connection, now, "cabinet"), _at(now)
    events = tuple(
        CabinetAmended(
            key=Key(f"{change}:{each.id}"), at=at, client=each.id, change=change, what=what, among=among_,
            cabinet=cabinet, instead=instead, tickets=tuple(TicketId(ticket) for ticket in carrying[each.id]),
        )
        for each in touched
    )  # fmt: skip
    near = _cabinet_cards(connection, {cabinet, *({instead} if instead else ())})
    return Plan(
        what=what,
        among=among_,
        requests=sum(map(len, carrying.values())),
        cards=len({each.id for each in (*_cards(connection, among_), *near)}),
        events=events,
    )


def undo(connection: Connection, now: float, client: ClientId) -> Plan:
    """The client's last change is taken back with everybody it concerned, unless one of them was changed since."""
    known = _known(connection, client)
    if not known.amended:
        _settled(connection, (client,))
        raise Refused(f"nothing was changed of {client} that could be undone")
    last = known.amended[-1]
    members = _loaded(connection, last.among)
    _settled(connection, last.among)
    for each in members:
        later = each.amended[-1] if each.amended else None
        if later is None or later.key != last.key:
            since = f": {later.what}" if later is not None else ""
            raise Refused(
                f"{each.id} was changed after “{last.what}”{since}. Undo that first: connector client undo {each.id}"
            )
    change, at = _change(connection, now, "undo"), _at(now)
    events = tuple(
        AmendmentUndone(
            key=Key(f"{change}:{each.id}"), at=at, client=each.id, change=last.key,
            tickets=tuple(touched.ticket for touched in each.amended[-1].tickets),
        )
        for each in members
    )  # fmt: skip
    return Plan(
        what=f"undone: {last.what}",
        among=last.among,
        requests=sum(len(each.amended[-1].tickets) for each in members),
        cards=len(_cards(connection, last.among)),
        events=events,
    )


def note(connection: Connection, now: float, plan: Plan) -> None:
    """Writes it down; the daemon does it at its next look, or when it runs again."""
    note_own(connection, now, plan.events)


def alone(connection: Connection) -> None:
    """Nobody else plans such a change until this transaction ends; call it before planning what is to be noted."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('persons', 0))"))


def _regrouped(
    connection: Connection, now: float, what: str, groups: Sequence[Sequence[Client]], among_: tuple[ClientId, ...]
) -> Plan:
    """Each group is one person from now on."""
    change, at = _change(connection, now, "person"), _at(now)
    events = []
    for group in groups:
        for each in group:
            others = [other for other in group if other.id != each.id]
            offered, unverified = _offered(others)
            events.append(
                PersonAmended(
                    key=Key(f"{change}:{each.id}"), at=at, client=each.id, change=change, what=what, among=among_,
                    same=tuple(other.id for other in others), offered=offered, unverified=unverified,
                )
            )  # fmt: skip
    requests = connection.execute(
        select(func.count()).select_from(tickets).where(among(tickets.c.client, "ids")), {"ids": list(among_)}
    ).scalar_one()
    cards = len(_cards(connection, among_))
    return Plan(what=what, among=among_, requests=requests, cards=cards, events=tuple(events))


def _offered(others: Sequence[Client]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The cabinets these chats have of their own, and those of them that nobody could look up."""
    own = [(each, cabinet) for each in others for cabinet in each.cabinets if cabinet not in each.shared]
    offered = tuple(dict.fromkeys(cabinet for _, cabinet in own))
    sure = {cabinet for each, cabinet in own if cabinet not in each.unverified}
    return offered, tuple(each for each in offered if each not in sure)


def _settled(connection: Connection, among_: Collection[ClientId]) -> None:
    """Raises Waiting while the daemon has not got to an earlier change of one of them."""
    waits = select(journal.c.client).where(undecided, among(journal.c.client, "ids"), journal.c.kind.in_(KINDS))
    found = connection.execute(waits.limit(1), {"ids": list(among_)}).scalar()
    if found is not None:
        raise Waiting(f"an earlier change of {found} waits for the daemon: try again when it has got to it")


def _change(connection: Connection, now: float, word: str) -> Key:
    """A name for the change that no other has, though two come within one tick of the clock."""
    last = connection.execute(select(func.max(journal.c.seq))).scalar() or 0
    return Key(f"client:{word}:{now!r}:{last}")


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _known(connection: Connection, client: ClientId) -> Client:
    found = _loaded(connection, [client])
    if not found:
        raise Refused(f"{client}: nobody of that name is known here")
    return found[0]


def _loaded(connection: Connection, ids: Sequence[str]) -> list[Client]:
    """Those of them that are known, in that order, without their requests."""
    rows = connection.execute(select(clients.c.id, clients.c.state).where(among(clients.c.id, "ids")), {"ids": ids})
    found = {row.id: codec.read_client(row.state) for row in rows}
    return [found[each] for each in ids if each in found]


def _live(connection: Connection, ids: Sequence[ClientId]) -> list[Ticket]:
    rows = connection.execute(
        select(tickets.c.state).where(among(tickets.c.client, "ids"), text("tickets.live")).order_by(tickets.c.number),
        {"ids": ids},
    )
    return [codec.read_ticket(row.state) for row in rows]


def _cards(connection: Connection, ids: Sequence[ClientId]) -> list[Ticket]:
    return [each for each in _live(connection, ids) if each.open and not each.lost]


def _cabinet_cards(connection: Connection, cabinets: Collection[str]) -> list[Ticket]:
    rows = connection.execute(
        select(tickets.c.state).where(among(tickets.c.cabinet, "cabinets"), text("tickets.live")),
        {"cabinets": sorted(cabinets)},
    )
    return [each for each in (codec.read_ticket(row.state) for row in rows) if each.open and not each.lost]


# ---- when one of them is forgotten


def company_of(connection: Connection, client: ClientId) -> tuple[ClientId, ...]:
    """Others whose stored state or journal names this client as a chat of the same person, now or once."""
    found = set(connection.execute(
        select(journal.c.client).where(
            journal.c.kind.in_(KINDS), journal.c.client != client,
            journal.c.event.contains(json.dumps(client), autoescape=True),
        )
    ).scalars())  # fmt: skip
    known = _loaded(connection, [client])
    if known:
        found |= {*known[0].same, *(each for change in known[0].amended for each in change.names)} - {client}
    return tuple(ClientId(each) for each in sorted(found))


def leave(connection: Connection, client: ClientId, company: Sequence[ClientId]) -> None:
    """Nothing stored of the company names this client any more; cabinets they had from there alone go too."""
    rows = connection.execute(
        select(journal.c.seq, journal.c.state).where(
            among(journal.c.client, "ids"), journal.c.kind.in_(KINDS),
            journal.c.event.contains(json.dumps(client), autoescape=True),
        ),
        {"ids": list(company)},
    ).all()  # fmt: skip
    for row in rows:
        state = Noted.SEEN_TO if row.state == Noted.NEW else row.state
        connection.execute(
            update(journal).where(journal.c.seq == row.seq).values(event=None, reason="forgotten", state=state)
        )
    for each in _loaded(connection, company):
        same = tuple(other for other in each.same if other != client)
        offered, _ = _offered(_loaded(connection, same))
        own = tuple(cabinet for cabinet in each.cabinets if cabinet not in each.shared)
        shared = tuple(cabinet for cabinet in each.shared if cabinet in offered)
        cabinets = tuple(cabinet for cabinet in each.cabinets if cabinet in own or cabinet in shared)
        left = replace(
            each,
            same=same,
            shared=shared,
            cabinets=cabinets,
            cabinet=each.cabinet if each.cabinet in cabinets else (cabinets[-1] if cabinets else None),
            unverified=tuple(cabinet for cabinet in each.unverified if cabinet in cabinets),
            amended=_without(each.amended, client),
        )
        connection.execute(update(clients).where(clients.c.id == each.id).values(state=codec.write_client(left)))


def _without(amended: tuple[Amendment, ...], client: ClientId) -> tuple[Amendment, ...]:
    """Those after the last one that names the client: earlier ones cannot be undone without it."""
    named = [place for place, each in enumerate(amended) if client in each.names]
    return amended[named[-1] + 1 :] if named else amended
