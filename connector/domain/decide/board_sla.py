"""The board tool's own agreement on a card: that of the request's class, where the mapping names one."""

from __future__ import annotations

from dataclasses import replace

from connector.domain.decide.turn import Turn
from connector.domain.effects import AttachSla, DetachSla
from connector.domain.incident import is_incident
from connector.domain.ticket import Ticket


def ordered(turn: Turn, ticket: Ticket) -> Ticket:
    """Puts the card that was just ordered under the agreement of its class. Returns the ticket as kept."""
    return _under(turn, replace(ticket, board_sla=None))


def follow(turn: Turn) -> None:
    """After everything else was decided: each open request's card goes under the agreement of the class it has now.

    What changed while the request was closed, or in the mapping, is written with what happens to it next.
    """
    for ticket in turn.client.tickets:
        if ticket.open and not ticket.lost and _wanted(turn, ticket) != ticket.board_sla:
            _under(turn, ticket)


def _wanted(turn: Turn, ticket: Ticket) -> str | None:
    if is_incident(ticket.client):
        return None
    service = turn.policy.classes.get(ticket.service_class)
    return service.board_sla if service is not None else None


def _under(turn: Turn, ticket: Ticket) -> Ticket:
    now, before = _wanted(turn, ticket), ticket.board_sla
    external = ticket.external_id
    if before is not None:
        turn.effects.append(DetachSla(key=turn.name(f"sla-off/{external}"), ticket=ticket.id, sla=before))
    if now is not None:
        turn.effects.append(AttachSla(key=turn.name(f"sla/{external}"), ticket=ticket.id, sla=now))
    ticket = replace(ticket, board_sla=now)
    turn.keep(ticket)
    return ticket
