"""Incidents as the operator sees them, and what the operator says of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, select

from connector.domain.events import IncidentOrdered
from connector.domain.refs import ClientId, Key
from connector.store import codec
from connector.store.among import among
from connector.store.ingest import note_own
from connector.store.tables import clients, incidents, tickets

_states = (
    select(clients.c.id, clients.c.state, tickets.c.state.label("ticket"))
    .join(tickets, tickets.c.client == clients.c.id)
    .where(among(clients.c.id, "ids"))
)
_ids = select(incidents.c.id).order_by(incidents.c.begun.desc()).limit(bindparam("most"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One incident: `standing` is suspected, confirmed, dissolved, or over once its card was closed."""

    id: ClientId
    number: int
    standing: str
    topic: str
    subject: str
    begun_at: datetime
    requests: int
    open: int
    answers: int
    reached: int
    """Clients whom an answer has reached."""
    card: str | None

    def as_data(self) -> Mapping[str, object]:
        """For programs."""
        return asdict(self)


def listed(connection: Connection, most: int = 100) -> list[Shown]:
    """The latest incidents, newest first."""
    ids = list(connection.execute(_ids, {"most": most}).scalars())
    found = []
    for row in connection.execute(_states, {"ids": ids}):
        incident = codec.read_client(row.state).incident
        ticket = codec.read_ticket(row.ticket)
        if incident is None:
            continue
        over = incident.standing.value == "confirmed" and not ticket.open
        found.append(
            Shown(
                id=ClientId(row.id),
                number=ticket.number,
                standing="over" if over else incident.standing.value,
                topic=incident.topic,
                subject=ticket.subject,
                begun_at=incident.begun_at,
                requests=len(incident.children),
                open=sum(child.open for child in incident.children),
                answers=len(incident.answers),
                reached=sum(child.arrived > 0 for child in incident.children),
                card=ticket.card.id if ticket.card is not None else None,
            )
        )
    return sorted(found, key=lambda each: each.number, reverse=True)


def order(connection: Connection, now: float, incident: Shown, *, confirm: bool) -> None:
    """Notes what the operator says; the daemon does it at its next look."""
    what = "confirm" if confirm else "dissolve"
    key = Key(f"operator:{what}:{incident.id}:{now!r}")
    at = datetime.fromtimestamp(now, UTC)
    note_own(connection, now, [IncidentOrdered(key=key, at=at, client=incident.id, confirm=confirm)])
