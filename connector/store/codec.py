"""The written form of events, effects, clients and tickets: JSON that names its kind."""

from __future__ import annotations

import json
from typing import Any, get_args

from pydantic import TypeAdapter

from connector.domain.client import Client
from connector.domain.effects import Effect
from connector.domain.events import Done, Event, Failed
from connector.domain.ticket import Ticket

_EFFECTS: dict[str, type] = {kind.__name__: kind for kind in get_args(Effect)}
_EVENTS: dict[str, type] = {kind.__name__: kind for kind in get_args(Event)}


_adapters: dict[type, TypeAdapter[Any]] = {}


def _adapter(kind: type) -> TypeAdapter[Any]:
    """Built at first use, which keeps the start short."""
    found = _adapters.get(kind)
    if found is None:
        found = _adapters[kind] = TypeAdapter(kind)
    return found


def kind_of(thing: Event | Effect) -> str:
    """The name under which it is stored."""
    return type(thing).__name__


def write_event(event: Event) -> str:
    """An event as JSON; its kind is stored beside it."""
    if isinstance(event, Done | Failed):
        bare = _adapter(type(event)).dump_json(event, exclude={"effect"}).decode()
        return f'{{"of":"{kind_of(event.effect)}","effect":{write_effect(event.effect)},"event":{bare}}}'
    return _adapter(type(event)).dump_json(event).decode()


def read_event(kind: str, text: str) -> Event:
    """Raises KeyError for a kind this version does not know, ValidationError for a shape it does not know."""
    if kind in ("Done", "Failed"):
        # The effect names its kind, as everywhere: a union would have to be guessed by its fields.
        parts = json.loads(text)
        effect = _adapter(_EFFECTS[parts["of"]]).validate_python(parts["effect"])
        ended: Event = _adapter(_EVENTS[kind]).validate_python({**parts["event"], "effect": effect})
        return ended
    event: Event = _adapter(_EVENTS[kind]).validate_json(text)
    return event


def write_effect(effect: Effect) -> str:
    """An effect as JSON; its kind is stored beside it."""
    return _adapter(type(effect)).dump_json(effect).decode()


def read_effect(kind: str, text: str) -> Effect:
    """Raises as `read_event` does."""
    effect: Effect = _adapter(_EFFECTS[kind]).validate_json(text)
    return effect


def write_client(client: Client) -> str:
    """A client without what other tables or single events provide."""
    return _adapter(Client).dump_json(client, exclude=_LOADED, exclude_defaults=True).decode()


_LOADED = {"tickets", "thread", "next_number"}


def read_client(text: str) -> Client:
    """The client as it was saved; tickets are loaded apart."""
    client: Client = _adapter(Client).validate_json(text)
    return client


def write_ticket(ticket: Ticket) -> str:
    """A ticket as JSON."""
    return _adapter(Ticket).dump_json(ticket, exclude_defaults=True).decode()


def read_ticket(text: str) -> Ticket:
    """The ticket as it was saved; fields added since then take their defaults."""
    ticket: Ticket = _adapter(Ticket).validate_json(text)
    return ticket
