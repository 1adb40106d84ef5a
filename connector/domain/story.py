"""The life of a request, or of a whole client: each event with the orders that came of it, in order of time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connector.domain.decide.writing import say_key
from connector.domain.effects import ChatEffect, CreateCard, Effect, RegistryEffect, Urgency, urgency_of
from connector.domain.events import (
    AgentAttached,
    AgentCommented,
    AgentEdited,
    AgentRemoved,
    CardSeen,
    ClientWrote,
    Delayed,
    Done,
    Failed,
    HistoryChanged,
    TermsChanged,
    TimePassed,
)
from connector.domain.record import NotedEvent, QueuedOrder
from connector.domain.refs import Key, Ref, TicketId
from connector.domain.ticket import Ticket

Made = Mapping[Key, tuple[tuple[Ref, ...], TicketId | None]]
"""What orders made, and for which request, by their key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An event and what came of it; without an event, orders whose cause is not remembered."""

    event: NotedEvent | None
    orders: tuple[QueuedOrder, ...]


def say_keys(events: Sequence[NotedEvent]) -> list[Key]:
    """The orders that would bring these clients' messages to a card: what they made is remembered for good."""
    return [say_key(noted.event.message) for noted in events if isinstance(noted.event, ClientWrote)]


def life(
    events: Sequence[NotedEvent], orders: Sequence[QueuedOrder], made: Made, ticket: Ticket | None = None
) -> tuple[Step, ...]:
    """One step for each event worth telling: of the ticket where one is given, else all.

    Orders that were swept long ago are told from what the journal and `made` keep of them.
    """
    everything = [*orders, *_swept(events, orders, made)]
    if ticket is not None:
        everything = [order for order in everything if order.ticket == ticket.id]
    by_seq = {noted.seq: noted for noted in events}
    by_key = {noted.key: noted for noted in events}
    caused: dict[int, list[QueuedOrder]] = defaultdict(list)
    for order in everything:
        cause = by_seq.get(order.cause or 0) or _cause(order, by_key)
        caused[cause.seq if cause is not None else 0].append(order)
    steps = [
        Step(event=noted, orders=tuple(caused[noted.seq]))
        for noted in events
        if noted.seq in caused or _worth_telling(noted, made, ticket)
    ]
    lost = tuple(caused.get(0, ()))
    return (*([Step(event=None, orders=lost)] if lost else []), *steps)


def _worth_telling(noted: NotedEvent, made: Made, ticket: Ticket | None) -> bool:
    event = noted.event
    if isinstance(event, Done | Failed | TimePassed | HistoryChanged | Delayed | TermsChanged) or noted.state == "own":
        return False  # told with their orders
    if ticket is None:
        return True
    match event:
        case AgentCommented() | AgentEdited() | AgentRemoved() | AgentAttached() | CardSeen():
            named = (event.ticket or "").partition(".")[0] == ticket.id
            return named or event.card in (ticket.card, ticket.former)
        case ClientWrote():
            return event.key == ticket.opened_by or made.get(say_key(event.message), ((), None))[1] == ticket.id
        case _:
            return False


def _cause(order: QueuedOrder, events: Mapping[Key, NotedEvent]) -> NotedEvent | None:
    """The event an order's key is made of: `<event>/<what>`, or with a word before it. A card's names its message."""
    if isinstance(order.effect, CreateCard) and order.effect.source is not None:
        return events.get(order.effect.source.key)
    for stem in (order.key, order.key.partition("/")[2]):
        while stem:
            if stem in events:
                return events[Key(stem)]
            stem = stem.rpartition("/")[0]
    return None


def _swept(events: Sequence[NotedEvent], orders: Sequence[QueuedOrder], made: Made) -> list[QueuedOrder]:
    known = {order.key for order in orders}
    found: list[QueuedOrder] = []
    for noted in events:
        match noted.event:
            case Done() | Failed() as ended if ended.effect.key not in known:
                known.add(ended.effect.key)
                state = "done" if isinstance(ended, Done) else "dead"
                reason = f"{ended.refusal.value}: {ended.reason}" if isinstance(ended, Failed) else None
                things = ended.made if isinstance(ended, Done) else ()
                found.append(_order(noted, ended.effect, state=state, reason=reason, made=things))
            case ClientWrote() as wrote if (key := say_key(wrote.message)) not in known and key in made:
                known.add(key)
                found.append(_brought(noted, key, made[key]))
            case _:
                pass
    return found


def _order(noted: NotedEvent, effect: Effect, *, state: str, reason: str | None, made: tuple[Ref, ...]) -> QueuedOrder:
    assert noted.client is not None
    port = "chat" if isinstance(effect, ChatEffect) else "registry" if isinstance(effect, RegistryEffect) else "board"
    return QueuedOrder(
        seq=0, key=effect.key, lane="", port=port, client=noted.client, ticket=effect.ticket,
        kind=type(effect).__name__, effect=effect, urgency=urgency_of(effect), state=state, reason=reason,
        ended=noted.at, made=made,
    )  # fmt: skip


def _brought(noted: NotedEvent, key: Key, made: tuple[tuple[Ref, ...], TicketId | None]) -> QueuedOrder:
    """Of an order whose end was worth no event only this is left: what it made."""
    assert noted.client is not None
    return QueuedOrder(
        seq=0, key=key, lane="", port="board", client=noted.client, ticket=made[1], kind="AddComment", effect=None,
        urgency=Urgency.CARD, state="done", cause=noted.seq, made=made[0],
    )  # fmt: skip
