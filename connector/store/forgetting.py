"""A client is forgotten: at once here, and by orders on the board; what is left are figures without a name."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Text, and_, cast, delete, func, insert, literal, or_, select, text, update

from connector.domain.effects import Effect, Meaning, MoveCard, Redact, urgency_of
from connector.domain.events import HistoryChanged
from connector.domain.forgotten import NOBODY, left_of, needles, subjects, tells
from connector.domain.refs import ClientId, Key, Ref, TicketId
from connector.domain.ticket import Ticket
from connector.store import codec, elsewhere
from connector.store.among import among
from connector.store.elsewhere import Wording
from connector.store.ingest import EVENTS, keep_mark, note_own, wake_lanes
from connector.store.persons import company_of, leave
from connector.store.retelling import keep_layout, kept_layout
from connector.store.rewording import BATCH, reword_rows, rows_of, unescaped
from connector.store.routes import BOARD, CHAT, REGISTRY, lane_of, port_of
from connector.store.tables import (
    Noted,
    State,
    clients,
    drifts,
    hands,
    journal,
    lanes,
    links,
    looked,
    made,
    marks,
    outbox,
    runs,
    tickets,
    unfinished,
)

MARK = "forget:"
FACTS = ("cabinet", "verified", "client", "username", "phone", "language")
"""What a mapping may put into fields of a card and tells of the person."""
ON_THE_WIRE = 60.0
"""Seconds an order of theirs that is on its way gets to end before the card is looked through."""


class Undecided(Exception):
    """Nobody knows yet whether a card of theirs was made: then it could not be found afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """What is known of a client, counted."""

    client: ClientId
    events: int
    orders: int
    waiting: int
    requests: int
    cards: int
    others: int
    """Cards of other clients that tell of their requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgetting:
    """How far it has come. `token` stands for the client from now on."""

    token: str
    asked: datetime
    cards: int
    left: int
    refused: tuple[tuple[str, str], ...]
    """(ticket, reason) of cards that could not be changed: for people."""
    done: bool


def traces(connection: Connection, client: ClientId) -> Traces:
    """What forgetting this client would take away; nothing is changed."""
    own = _tickets(connection, client)
    orders = select(func.count()).select_from(outbox).where(outbox.c.client == client)
    return Traces(
        client=client,
        events=connection.execute(
            select(func.count()).select_from(journal).where(journal.c.client == client)
        ).scalar_one(),
        orders=connection.execute(orders).scalar_one(),
        waiting=connection.execute(orders.where(unfinished)).scalar_one(),
        requests=len(own),
        cards=sum(len(_cards(connection, ticket)) for ticket in own),
        others=len(_near(connection, client, own, company_of(connection, client))),
    )


def forget(connection: Connection, now: float, client: ClientId, chat: str, wording: Wording) -> str:
    """Takes away what is stored of the client, in this transaction, and orders the board to follow.

    `chat` is the id of their chat, as it stands in raw payloads. Returns the token that stands for them from now on.
    Whoever writes again afterwards is somebody new. Raises Undecided; then nothing was done.
    """
    company = company_of(connection, client)
    if connection.dialect.name == "postgresql":  # nobody decides on them meanwhile
        for each in sorted({client, *company, *elsewhere.desks(connection), *elsewhere.incidents_of_all(connection)}):
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:client, 0))"), {"client": each})
    unknown = select(outbox.c.seq).where(
        outbox.c.client == client, unfinished, outbox.c.kind == "CreateCard", outbox.c.attempt > 0
    )
    if connection.execute(unknown.limit(1)).first() is not None:
        raise Undecided("a card of theirs is being made just now: try again when the board has answered")
    own = _tickets(connection, client)
    near = _near(connection, client, own, company)
    sought = needles(own)
    theirs = elsewhere.theirs(connection, client, own)
    cards = {ticket.id: _cards(connection, ticket) for ticket in own}
    shown = elsewhere.threads_shown(connection, near, own, wording.thread_of)
    token = secrets.token_hex(8)
    nobody = ClientId(f"{NOBODY}{token}")
    _drop_orders(connection, now, client, chat, own)
    further = [
        *elsewhere.leave_incidents(connection, now, theirs, nobody, wording),
        *elsewhere.quiet_desks(connection, now, theirs, nobody, wording),
        *elsewhere.take_threads_off(connection, shown, nobody, wording),
    ]
    connection.execute(delete(clients).where(clients.c.id == client))
    leave(connection, client, company)
    _blank(connection, journal.c.client == client, nobody)
    _strangers(connection, {chat, *(ticket.id for ticket in own)}, subjects(own))
    for ticket in own:
        left = left_of(ticket, nobody, datetime.fromtimestamp(now, UTC))
        connection.execute(
            update(tickets)
            .where(tickets.c.id == ticket.id)
            .values(
                client=nobody, cabinet=None, live=False, state=codec.write_ticket(left),
                card_port=left.card.port if left.card else None, card=left.card.id if left.card else None,
            )
        )  # fmt: skip
    connection.execute(delete(hands).where(among(hands.c.ticket, "ids")), {"ids": list(cards)})
    _drop_comparisons(connection, client, chat, own, near)
    for neighbour in sorted({ticket.client for ticket in near}):
        reword_rows(connection, neighbour, sought)
    connection.execute(delete(links).where(links.c.client == client))
    if (layout := kept_layout(connection)) is not None:
        keep_layout(connection, layout, of_people=wording.cabinet_tag)
    ordered = 0
    for ticket in own:
        ordered += _order_cards(connection, now, nobody, ticket, cards[ticket.id], wording)
    ordered += _order_near(connection, now, nobody, near, sought, wording)
    for effect in further:
        _order(connection, now, nobody, effect)
    told = {"asked": now, "cards": ordered}
    keep_mark(connection, f"{MARK}{token}", json.dumps(told))
    return token


def forgettings(connection: Connection) -> list[Forgetting]:
    """Every forgetting that was asked for, oldest first."""
    found = []
    for row in connection.execute(select(marks).where(marks.c.name.like(f"{MARK}%"))):
        token, told = row.name.removeprefix(MARK), json.loads(row.value)
        mine = outbox.c.client == f"{NOBODY}{token}"
        left = connection.execute(select(func.count()).select_from(outbox).where(mine, unfinished)).scalar_one()
        dead = connection.execute(
            select(outbox.c.ticket, outbox.c.reason)
            .where(mine, outbox.c.state == State.DEAD, outbox.c.port == BOARD)
            .order_by(outbox.c.seq)
        )
        found.append(
            Forgetting(
                token=token, asked=datetime.fromtimestamp(told["asked"], UTC), cards=told["cards"], left=left,
                refused=tuple((each.ticket, each.reason or "") for each in dead), done=bool(told.get("done")),
            )
        )  # fmt: skip
    return sorted(found, key=lambda each: each.asked)


def finish(connection: Connection, now: float, token: str) -> bool:
    """Takes away what the board told meanwhile, once no order is left. False while some still wait or were refused."""
    nobody = ClientId(f"{NOBODY}{token}")
    mine = outbox.c.client == nobody
    # A notice in a chat that the bot may write in no longer is nobody's to change.
    refused = and_(outbox.c.state == State.DEAD, outbox.c.port == BOARD)
    open_ = select(outbox.c.seq).where(mine, or_(unfinished, refused)).limit(1)
    told = connection.execute(
        select(journal.c.seq).where(journal.c.key.like(f"history:%:{nobody}"), journal.c.state == Noted.NEW).limit(1)
    )
    blocks = select(outbox.c.seq).where(outbox.c.key.like(f"history:%:{nobody}/%"), unfinished).limit(1)
    if connection.execute(open_).first() or told.first() or connection.execute(blocks).first():
        return False
    _blank(connection, journal.c.client == nobody, nobody)
    ids = connection.execute(select(tickets.c.id).where(tickets.c.client == nobody)).scalars().all()
    connection.execute(delete(outbox).where(mine))
    gone = [str(nobody), lane_of(CHAT, nobody, None), *(f"{BOARD}/{each}" for each in ids)]
    connection.execute(delete(lanes).where(among(lanes.c.key, "keys")), {"keys": gone})
    _idle_lanes(connection)
    found = connection.execute(select(marks.c.value).where(marks.c.name == f"{MARK}{token}")).scalar_one()
    keep_mark(connection, f"{MARK}{token}", json.dumps({**json.loads(found), "done": now}))
    return True


def _idle_lanes(connection: Connection) -> None:
    """Lanes of nobody we know, that nobody holds and nothing waits in: their names tell whose they were."""
    known = set(connection.execute(select(clients.c.id)).scalars())
    idle = select(lanes.c.key).where(
        lanes.c.holder.is_(None), lanes.c.due.is_(None), lanes.c.port.in_((EVENTS, CHAT, REGISTRY))
    )
    gone = [key for key in connection.execute(idle).scalars() if key.partition("/")[2] not in known | {""}]
    gone += [key for key in connection.execute(idle).scalars() if "/" not in key and key not in known]
    for part in _parts(sorted(set(gone))):
        connection.execute(delete(lanes).where(among(lanes.c.key, "keys")), {"keys": part})


# ---- what is theirs


def _tickets(connection: Connection, client: ClientId) -> list[Ticket]:
    rows = connection.execute(select(tickets.c.state).where(tickets.c.client == client).order_by(tickets.c.number))
    return [codec.read_ticket(row.state) for row in rows]


def _cards(connection: Connection, ticket: Ticket) -> list[Ref]:
    """Every card the request has had."""
    rows = connection.execute(
        select(made.c.port, made.c.id).where(made.c.ticket == ticket.id, made.c.key.like("card/%"))
    )
    found = [Ref(port=row.port, id=row.id) for row in rows]
    return list(dict.fromkeys([*found, *(ref for ref in (ticket.former, ticket.card) if ref is not None)]))


def _near(connection: Connection, client: ClientId, own: Sequence[Ticket], company: Sequence[ClientId]) -> list[Ticket]:
    """Later requests of others for the same cabinets, and of other chats of the person: their cards tell of these."""
    cabinets = {ticket.cabinet for ticket in own if ticket.cabinet is not None}
    if not cabinets and not company:
        return []
    rows = connection.execute(
        select(tickets.c.state)
        .where(
            or_(among(tickets.c.cabinet, "cabinets"), among(tickets.c.client, "company")), tickets.c.client != client
        )
        .order_by(tickets.c.number),
        {"cabinets": sorted(cabinets), "company": list(company)},
    )
    return [ticket for ticket in (codec.read_ticket(row.state) for row in rows) if ticket.card is not None]


# ---- taken away here


def _drop_orders(connection: Connection, now: float, client: ClientId, chat: str, own: Sequence[Ticket]) -> None:
    """Their orders, what those made, and their lanes. What is on the wire ends without a trace: its fence is passed."""
    ids = [ticket.id for ticket in own]
    keys = connection.execute(select(outbox.c.key).where(outbox.c.client == client)).scalars().all()
    for part in _parts(keys):
        connection.execute(delete(made).where(among(made.c.key, "keys")), {"keys": part})
    connection.execute(delete(made).where(among(made.c.ticket, "ids")), {"ids": ids})
    named = select(made.c.key, made.c.id).where(or_(made.c.key.contains(chat), made.c.id.contains(chat)))
    word = _word(chat)
    theirs = {row.key for row in connection.execute(named) if word.search(row.key) or word.search(row.id)}
    for part in _parts(sorted(theirs)):
        connection.execute(delete(made).where(among(made.c.key, "keys")), {"keys": part})
    begun = select(outbox.c.lane).where(outbox.c.client == client, outbox.c.state == State.STARTED).distinct()
    busy = connection.execute(begun).scalars().all()  # an agent's chat may be among them
    connection.execute(delete(outbox).where(outbox.c.client == client))
    gone = [client, *(lane_of(port, client, None) for port in (CHAT, REGISTRY, BOARD))]
    connection.execute(delete(lanes).where(among(lanes.c.key, "keys"), lanes.c.holder.is_(None)), {"keys": gone})
    kept = [*gone, *busy, *(lane_of(BOARD, client, each) for each in ids)]
    connection.execute(
        update(lanes)
        .where(among(lanes.c.key, "keys"), lanes.c.holder.is_not(None))
        .values(fence=lanes.c.fence + 1, holder=None, due=now + ON_THE_WIRE),
        {"keys": kept},
    )


def _drop_comparisons(
    connection: Connection, client: ClientId, chat: str, own: Sequence[Ticket], near: Sequence[Ticket]
) -> None:
    """What was found to differ on their cards tells what should stand there; for others it is found again."""
    ids = [ticket.id for ticket in (*own, *near)]
    for table in (drifts, looked):
        connection.execute(delete(table).where(among(table.c.ticket, "ids")), {"ids": ids})
    named = [_word(each) for each in {client, chat, *(ticket.cabinet for ticket in own)} if each]
    scopes = connection.execute(select(runs.c.id, runs.c.scope)).all()
    gone = [row.id for row in scopes if any(name.search(unescaped(row.scope)) for name in named)]
    connection.execute(delete(runs).where(among(runs.c.id, "ids")), {"ids": gone})


def _blank(connection: Connection, where: Any, nobody: ClientId) -> None:
    """Journal rows keep their kind, their moments and their place, and nothing else."""
    connection.execute(
        update(journal)
        .where(where)
        .values(
            key=literal(f"{nobody}:") + cast(journal.c.seq, Text),
            client=nobody, raw=None, event=None, reason="forgotten",
        )
    )  # fmt: skip
    aside = (Noted.NEW, Noted.UNREADABLE, Noted.RAISED, Noted.STRAY)
    connection.execute(
        update(journal).where(journal.c.client == nobody, journal.c.state.in_(aside)).values(state=Noted.SEEN_TO)
    )


def _strangers(connection: Connection, names: Collection[str], sought: Collection[str]) -> None:
    """Rows of nobody: payloads that could not be read, and cards told of before they were known."""
    patterns = [_word(name) for name in names]
    for row in rows_of(connection, journal, and_(journal.c.client.is_(None), journal.c.raw.is_not(None))):
        held = f"{row.raw}\n{row.event or ''}\n{row.reason or ''}"
        if any(pattern.search(held) for pattern in patterns) or tells(unescaped(held), sought):
            connection.execute(
                update(journal)
                .where(journal.c.seq == row.seq)
                .values(key=f"{NOBODY}{row.seq}", raw=None, event=None, reason="forgotten", state=Noted.SEEN_TO)
            )


def _word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![0-9A-Za-z]){re.escape(name)}(?![0-9A-Za-z])")


def _parts(keys: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(keys), BATCH):
        yield list(keys[start : start + BATCH])


# ---- ordered on the board


def _order_cards(
    connection: Connection, now: float, nobody: ClientId, ticket: Ticket, cards: Sequence[Ref], wording: Wording
) -> int:
    tags = list(ticket.labels)
    if ticket.cabinet is not None and wording.cabinet_tag:
        tags.append(wording.cabinet_tag.replace("{cabinet}", ticket.cabinet))
    for place, card in enumerate(cards):
        _order(
            connection, now, nobody,
            Redact(
                key=Key(f"{nobody}/{ticket.id}/{place}"), ticket=ticket.id, at=card, tags=tuple(tags), facts=FACTS,
                notice=wording.notice, title=wording.title.replace("{number}", str(ticket.number)),
            ),
        )  # fmt: skip
    if ticket.open and ticket.card is not None and ticket.board is not None:
        done = MoveCard(
            key=Key(f"{nobody}/{ticket.id}/done"), ticket=ticket.id, meaning=Meaning.DONE, board=ticket.board
        )
        _order(connection, now, nobody, done)
    return len(cards)


def _order_near(
    connection: Connection, now: float, nobody: ClientId, near: Sequence[Ticket], sought: tuple[str, ...],
    wording: Wording,
) -> int:  # fmt: skip
    """Cards of others: the block is told anew by their own client's decision, notes of ours lose their lines."""
    by_client: dict[ClientId, list[TicketId]] = {}
    for ticket in near:
        by_client.setdefault(ticket.client, []).append(ticket.id)
    at = datetime.fromtimestamp(now, UTC)
    note_own(
        connection, now,
        [
            HistoryChanged(key=Key(f"history:{client}:{nobody}"), at=at, client=client, tickets=tuple(ids))
            for client, ids in sorted(by_client.items())
        ],
    )  # fmt: skip
    if not sought:
        return 0
    for ticket in near:
        _order(
            connection, now, nobody,
            Redact(
                key=Key(f"{nobody}/near/{ticket.id}"), ticket=ticket.id, at=ticket.card, needles=sought,
                notice=wording.notice,
            ),
        )  # fmt: skip
    return len(near)


def _order(connection: Connection, now: float, nobody: ClientId, effect: Effect) -> None:
    port = port_of(effect)
    lane, urgency = lane_of(port, nobody, effect.ticket), int(urgency_of(effect))
    connection.execute(
        insert(outbox).values(
            key=effect.key, lane=lane, port=port, client=nobody, ticket=effect.ticket, kind=codec.kind_of(effect),
            effect=codec.write_effect(effect), urgency=urgency, state=State.WAITING, attempt=0, tries=0, created=now,
        )
    )  # fmt: skip
    wake_lanes(connection, port, [(lane, now, urgency)])
