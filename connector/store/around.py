"""What a decision sees of other conversations, and the chats that belong to agents and teams."""

from __future__ import annotations

import hashlib
import secrets
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, literal_column, select, text

from connector.domain.around import Around, Code, Link, Look, Sight
from connector.domain.client import Client
from connector.domain.events import Unlinked
from connector.domain.incident import is_incident
from connector.domain.refs import ClientId, Key, Ref, TicketId
from connector.domain.ticket import Ticket
from connector.store import codec
from connector.store.among import among
from connector.store.ingest import note_own, upsert, write_rows
from connector.store.tables import Found, codes, hands, links, tickets
from connector.store.threads import thread_of

IN_SIGHT = 200
"""Requests of the pool that a decision sees, the oldest first."""

_links = select(links).order_by(links.c.since.desc(), links.c.client)
_load = (
    select(hands.c.holder, hands.c["class"], func.count())
    .where(hands.c.holder.is_not(None))
    .group_by(hands.c.holder, hands.c["class"])
)
_pool = (
    select(tickets.c.state)
    .join(hands, hands.c.ticket == tickets.c.id)
    .where(hands.c.holder.is_(None))
    .order_by(hands.c.number)
    .limit(IN_SIGHT)
)
_let_go = delete(hands).where(among(hands.c.ticket, "ids"))
_code = select(codes).where(codes.c.digest == bindparam("digest"))
_homes = select(tickets.c.id, tickets.c.client).where(among(tickets.c.id, "ids"))
_unlink = delete(links).where(links.c.client == bindparam("by"))
_used = delete(codes).where(codes.c.digest == bindparam("of"))
_SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 10
"""Signs of a code: 50 bits."""
_LINK = ("agent", "team", "port", "chat", "person_port", "person", "since")


def digest_of(code: str) -> str:
    """How a code is stored: whoever reads the database cannot use it. Case and blanks do not count."""
    return hashlib.sha256("".join(code.split()).upper().encode("utf-8", "replace")).hexdigest()


def look_around(connection: Connection, now: float, look: Look) -> Around:
    """The parts that it asks for."""
    sight = look.sight
    return Around(
        links=all_links(connection) if Sight.LINKS in sight else (),
        load=_loads(connection) if Sight.LOAD in sight else {},
        pool=tuple(codec.read_ticket(state) for state in connection.execute(_pool).scalars())
        if Sight.POOL in sight
        else (),
        code=_read_code(connection, now, look.code) if Sight.CODE in sight else None,
        homes={
            TicketId(row.id): ClientId(row.client) for row in connection.execute(_homes, {"ids": sorted(look.named)})
        }
        if Sight.HOME in sight and look.named
        else {},
        promised=_promised(connection) if Sight.PROMISES in sight else (),
        thread=thread_of(connection, look.number) if Sight.THREAD in sight else None,
    )


def _promised(connection: Connection) -> tuple[Ticket, ...]:
    """Open requests whose client was told a time, the earliest first; read whole only as many as are in sight."""
    field = {"sqlite": "json_extract(state, '$.{}')", "postgresql": "(state::json)->>'{}'"}[connection.dialect.name]
    phase: ColumnElement[str] = literal_column(field.format("phase"))
    promised: ColumnElement[str] = literal_column(field.format("promised_at"))
    rows = connection.execute(
        select(tickets.c.state)
        .where(
            text("tickets.live"), func.coalesce(phase, "opening") != "done", promised.is_not(None),
            tickets.c.client.not_like("incident:%"),
        )
        .order_by(promised, tickets.c.number)
        .limit(IN_SIGHT)
    )  # fmt: skip
    return tuple(codec.read_ticket(row.state) for row in rows)


def all_links(connection: Connection) -> tuple[Link, ...]:
    """Every chat that belongs to an agent or a team, the one linked last first."""
    return tuple(_link(row) for row in connection.execute(_links))


def _link(row: Found) -> Link:
    person = Ref(port=row.person_port, id=row.person) if row.person is not None else None
    chat = Ref(port=row.port, id=row.chat)
    return Link(client=ClientId(row.client), chat=chat, agent=row.agent, team=row.team, person=person)


def _loads(connection: Connection) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for holder, service_class, count in connection.execute(_load):
        found[holder][service_class or ""] = count
    return dict(found)


def _read_code(connection: Connection, now: float, code: str) -> Code | None:
    statement = _code.with_for_update() if connection.dialect.name == "postgresql" else _code
    row = connection.execute(statement, {"digest": digest_of(code)}).first()
    if row is None or row.until < now:
        return None
    return Code(digest=row.digest, until=datetime.fromtimestamp(row.until, UTC), agent=row.agent, team=row.team)


def keep_code(
    connection: Connection, now: float, code: str, until: float, *, agent: str | None, team: str | None
) -> None:
    """A fresh code; those that are no longer of use are forgotten."""
    connection.execute(delete(codes).where(codes.c.until < now))
    connection.execute(insert(codes).values(digest=digest_of(code), agent=agent, team=team, until=until))


def in_hands(ticket: Ticket | None) -> dict[str, object] | None:
    """The row of an open request that somebody has or could take; None of any other, and of an incident's own card."""
    if ticket is None or not ticket.open or is_incident(ticket.client) or (ticket.taken is None and not ticket.pooled):
        return None
    return {"ticket": ticket.id, "number": ticket.number, "class": ticket.service_class, "holder": ticket.taken}


def keep_hands(connection: Connection, changed: Mapping[str, dict[str, object] | None]) -> None:
    """Writes down in whose hands these requests are now."""
    gone = sorted(key for key, row in changed.items() if row is None)
    if gone:
        connection.execute(_let_go, {"ids": gone})
    rows = [row for _, row in sorted(changed.items()) if row is not None]
    write_rows(connection, upsert(connection, hands, "ticket", "number", "class", "holder"), rows)


def keep_link(connection: Connection, now: float, before: Client, after: Client) -> None:
    """What changed of whose chat this is; the code it was linked by is used up."""
    old, new = before.desk, after.desk
    if old is new or (
        old is not None
        and new is not None
        and (old.agent, old.team, old.person, old.code) == (new.agent, new.team, new.person, new.code)
    ):
        return
    if new is None:
        connection.execute(_unlink, {"by": after.id})
        return
    connection.execute(_used, {"of": new.code})
    person = new.person
    connection.execute(
        upsert(connection, links, "client", *_LINK),
        {
            "client": after.id, "agent": new.agent, "team": new.team, "port": after.chat.port, "chat": after.chat.id,
            "person_port": person.port if person is not None else None,
            "person": person.id if person is not None else None, "since": now,
        },
    )  # fmt: skip


def fresh_code(connection: Connection, now: float, until: float, *, agent: str | None, team: str | None) -> str:
    """A code nobody can guess, kept until then: letters and digits that are not taken for one another."""
    code = "".join(secrets.choice(_SIGNS) for _ in range(CODE_LENGTH))
    keep_code(connection, now, code, until, agent=agent, team=team)
    return code


def unlink(connection: Connection, now: float, *, agent: str | None, team: str | None) -> int:
    """Tells each chat of that agent or team that it is theirs no longer; returns how many there are."""
    found = [link for link in all_links(connection) if (link.agent, link.team) == (agent, team)]
    at = datetime.fromtimestamp(now, UTC)
    note_own(
        connection,
        now,
        [Unlinked(key=Key(f"unlink:{link.client}:{now!r}"), at=at, client=link.client) for link in found],
    )
    return len(found)
