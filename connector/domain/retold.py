"""A client's requests told once more from the journal: the same decisions on the same events, with all their stamps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from connector.domain.client import Client
from connector.domain.decide import decide
from connector.domain.events import (
    AgentAttached,
    AgentCommented,
    AgentEdited,
    AgentRemoved,
    CardSeen,
    ClientEdited,
    ClientWrote,
    Done,
    Event,
    Failed,
)
from connector.domain.policy import Policy
from connector.domain.refs import ClientId, Key, Ref, TicketId
from connector.domain.ticket import Stamp, Ticket, What

IN_SIGHT = 5
"""Closed requests that a decision sees; older ones only where an event names them."""


@dataclass(slots=True, kw_only=True)
class Retold:
    """What the events come to. `stamps` are complete; `tickets` have theirs as the decision keeps them, shortened.

    `failed` names events on which the decision fails now, though it did not then.
    """

    tickets: dict[TicketId, Ticket] = field(default_factory=dict)
    stamps: dict[TicketId, tuple[Stamp, ...]] = field(default_factory=dict)
    failed: list[Key] = field(default_factory=list)


def retold(
    client: ClientId,
    events: Iterable[Event],
    policy: Policy,
    numbers: Mapping[TicketId, int],
    threads: Mapping[str, TicketId],
) -> Retold:
    """Decides anew on the events of a client, in the order they were decided on.

    `numbers` are those the requests were given; `threads` tells to which request a message belongs (by its key). Of
    earlier requests of the cabinet nothing is known here: no clock depends on them.
    """
    found = Retold()
    now: Client | None = None
    for event in events:
        if now is None:
            chat = getattr(event, "chat", None)
            if not isinstance(chat, Ref):
                continue
            now = Client(id=client, chat=chat)
        seen = replace(now, tickets=_in_sight(found.tickets, event, threads), thread=_thread(event, threads))
        try:
            decision = decide(seen, event, policy)
            fresh = [each for each in decision.client.tickets if each.id not in found.tickets]
            if fresh:
                number = numbers.get(fresh[0].id, 0)
                decision = decide(replace(seen, next_number=number), event, policy)
        except Exception:  # a rule of today met a life of yesterday: told, and the story goes on without it
            found.failed.append(event.key)
            continue
        now = replace(decision.client, thread={}, next_number=0, past=(), past_more=0)
        for ticket in now.tickets:
            _follow(found, ticket, event)
            found.tickets[ticket.id] = ticket
    return found


def _follow(found: Retold, ticket: Ticket, event: Event) -> None:
    """Adds what was stamped by this event; where a settled round was dropped instead, its end is stamped here."""
    before = found.tickets[ticket.id].stamps if ticket.id in found.tickets else ()
    after = ticket.stamps
    if after is before or after == before:
        return
    whole = found.stamps.get(ticket.id, ())
    same = 0
    while same < min(len(before), len(after)) and before[same] == after[same]:
        same += 1
    if same == len(before):
        whole = (*whole, *after[same:])
    elif after and after[0].what is What.CARRIED and (not before or before[0] != after[0]):
        # A long list was shortened: what is new comes behind the last stamp it had.
        last = before[-1]
        place = max((number for number, stamp in enumerate(after) if stamp == last), default=len(after) - 1)
        whole = (*whole, *after[place + 1 :])
    else:
        at = max(event.at, before[-1].at)
        by = event.author.name if isinstance(event, AgentCommented) else ""
        whole = (*whole, Stamp(at=at, what=What.ANSWERED, by=by))
    found.stamps[ticket.id] = whole


def _in_sight(tickets: Mapping[TicketId, Ticket], event: Event, threads: Mapping[str, TicketId]) -> tuple[Ticket, ...]:
    closed = sorted((each for each in tickets.values() if not each.open), key=lambda each: each.number)
    named = set(_thread(event, threads).values())
    card: Ref | None = None
    match event:
        case AgentCommented() | AgentEdited() | AgentRemoved() | AgentAttached() | CardSeen():
            card = event.card
            if event.ticket is not None:
                named.add(TicketId(event.ticket.partition(".")[0]))
        case Done() | Failed() if event.effect.ticket is not None:
            named.add(event.effect.ticket)
        case _:
            pass
    far = {
        each.id
        for each in closed[: max(0, len(closed) - IN_SIGHT)]
        if each.id not in named and (card is None or card not in (each.card, each.former))
    }
    return tuple(each for each in sorted(tickets.values(), key=lambda each: each.number) if each.id not in far)


def _thread(event: Event, threads: Mapping[str, TicketId]) -> dict[str, TicketId]:
    match event:
        case ClientWrote():
            ref = event.reply_to
        case ClientEdited():
            ref = event.message
        case _:
            return {}
    return {ref.key: threads[ref.key]} if ref is not None and ref.key in threads else {}


def threads_asked(events: Iterable[Event]) -> set[Ref]:
    """The messages of which the decision wants to know the request they belong to."""
    found = set()
    for event in events:
        match event:
            case ClientWrote() if event.reply_to is not None:
                found.add(event.reply_to)
            case ClientEdited():
                found.add(event.message)
            case _:
                pass
    return found
