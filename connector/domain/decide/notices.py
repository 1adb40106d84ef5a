"""What the client is told when their request stands somewhere else."""

from __future__ import annotations

from dataclasses import replace

from connector.domain.decide import rating
from connector.domain.decide.turn import Turn
from connector.domain.effects import Meaning, Urgency
from connector.domain.ticket import Phase, Ticket

_TOLD = {
    Phase.QUEUE: "status.queue",
    Phase.WORK: "status.work",
    Phase.WAITING: "status.waiting",
    Phase.DONE: "status.done",
}


def tell_phase(turn: Turn, before: Ticket, ticket: Ticket, *, rate: bool = True) -> None:
    """Tells the changes the mapping names, of a request that is not muted; one that has ended may be rated.

    `ticket` is what was kept, `before` the same before it. What is open or not decides what the client writes to.
    """
    client = turn.client
    placed = before.phase is Phase.OPENING and ticket.phase is Phase.QUEUE
    changed = ticket.phase is not before.phase and not placed
    told = changed and Meaning(ticket.phase.value) in turn.policy.notices
    name = _TOLD.get(ticket.phase) if told else None
    if ticket.open and not before.open:
        name = "status.reopened"
        if client.current is None:
            turn.client = replace(client, current=ticket.id)
    elif not ticket.open and client.current == ticket.id:
        turn.client = replace(client, current=None)
    if name is not None and not ticket.muted:
        text = turn.say(name, number=ticket.number, subject=ticket.subject)
        turn.tell("status", text, ticket=ticket.id, urgency=Urgency.REPLY)
    if before.open and not ticket.open and rate and not ticket.muted:
        rating.ask(turn, ticket)
