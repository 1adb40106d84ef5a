"""Requests opened lately and the incidents there are: what a request that is being opened is held against."""

from __future__ import annotations

import json

from sqlalchemy import Connection, bindparam, delete, or_, select, update

from connector.domain.client import Client
from connector.domain.incident import Kin, Noticed, Recent, Standing
from connector.domain.refs import ClientId
from connector.store import codec
from connector.store.among import among
from connector.store.ingest import insert_new
from connector.store.tables import incidents, openings

MOST = 500
"""Openings of one topic that are compared: more than any burst that people are to notice."""

_kin = (
    select(incidents.c.id, incidents.c.founders, incidents.c.joinable)
    .where(
        incidents.c.topic == bindparam("topic"),
        or_(incidents.c.until.is_(None), incidents.c.until > bindparam("at")),
    )
    .order_by(incidents.c.begun.desc())
)
_openings = (
    select(openings.c.state, openings.c.incident)
    .where(openings.c.topic == bindparam("topic"), openings.c.at >= bindparam("since"))
    .order_by(openings.c.at.desc())
    .limit(MOST)
)
_join = update(openings).where(among(openings.c.ticket, "tickets")).values(incident=bindparam("to"))
_old = delete(openings).where(openings.c.topic == bindparam("topic"), openings.c.at < bindparam("before"))
_stand = (
    update(incidents)
    .where(incidents.c.id == bindparam("one"))
    .values(joinable=bindparam("joins"), until=bindparam("ends"))
)


def recent(connection: Connection, noticed: Noticed) -> Recent:
    """The incidents of the topic, newest first, and the requests of it that belong to the same stretch of time."""
    opening = noticed.opening
    kin = tuple(
        Kin(
            id=ClientId(row.id),
            founders=tuple(tuple(words) for words in json.loads(row.founders)),
            joinable=row.joinable,
        )
        for row in connection.execute(_kin, {"topic": opening.topic, "at": opening.at.timestamp()})
    )
    rows = connection.execute(_openings, {"topic": opening.topic, "since": noticed.since.timestamp()})
    return Recent(kin=kin, openings=tuple(codec.read_opening(row.state, row.incident) for row in rows))


def keep(connection: Connection, noticed: Noticed) -> None:
    """Writes down what the next request of the topic is held against, at once: it may be the next of this turn.

    What no burst reaches back to any more is forgotten.
    """
    opening, founded = noticed.opening, noticed.founded
    at = opening.at.timestamp()
    connection.execute(
        insert_new(connection, openings, "ticket"),
        {
            "ticket": opening.ticket, "topic": opening.topic, "at": at, "incident": opening.incident,
            "state": codec.write_opening(opening),
        },
    )  # fmt: skip
    if founded is not None:
        connection.execute(
            insert_new(connection, incidents, "id"),
            {
                "id": founded.id, "topic": opening.topic, "begun": at, "joinable": True, "until": None,
                "founders": json.dumps(founded.founders, ensure_ascii=False),
            },
        )  # fmt: skip
        connection.execute(_join, {"tickets": noticed.members, "to": founded.id})
    # Twice as far back: what a busy client wrote may be decided later than what others wrote after them.
    connection.execute(_old, {"topic": opening.topic, "before": 2 * noticed.since.timestamp() - at})


def stand(connection: Connection, before: Client, after: Client) -> None:
    """How an incident stands decides what later requests join."""
    if after.incident is None or _standing(before) == _standing(after):
        return
    joins, until = _standing(after)
    connection.execute(_stand, {"one": after.id, "joins": joins, "ends": until})


def _standing(client: Client) -> tuple[bool, float | None]:
    incident = client.incident
    if incident is None:
        return True, None
    until = incident.until.timestamp() if incident.until is not None else None
    return incident.standing is not Standing.DISSOLVED, until
