"""The written form of events, effects, clients and tickets: JSON that names its kind."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from operator import attrgetter
from typing import Any, get_args

from pydantic import TypeAdapter

from connector.domain.client import Client
from connector.domain.effects import Effect
from connector.domain.events import Done, Event, Failed
from connector.domain.incident import Opening
from connector.domain.layout import Layout
from connector.domain.refs import ClientId
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


class Lately:
    """What was written down a moment ago, by its text: reading that text gives the same, so it is not read again.

    Safe whoever else writes: the text says it all, and what is written here is frozen. Of the last `most` to
    2 x `most` texts each thing is kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._new: dict[str, Any] = {}
        self._old: dict[str, Any] = {}

    def keep(self, text: str, thing: object) -> str:
        """Remembers that this thing is written so; returns the text."""
        if len(self._new) >= self._most:
            self._old, self._new = self._new, {}
        self._new[text] = thing
        return text

    def get(self, kind: type, text: str) -> Any:
        """The thing of that kind that was written so, None when that is long ago."""
        found = self._new.get(text)
        if found is None:
            found = self._old.get(text)
        return found if type(found) is kind else None


KEPT = 500
"""Texts of each sort: what waits longer than so many others were written is read from its text again."""
_events, _effects, _clients, _tickets = Lately(KEPT), Lately(KEPT), Lately(KEPT), Lately(KEPT)


def kind_of(thing: Event | Effect) -> str:
    """The name under which it is stored."""
    return type(thing).__name__


def write_event(event: Event) -> str:
    """An event as JSON; its kind is stored beside it."""
    if isinstance(event, Done | Failed):
        bare = _adapter(type(event)).serializer.to_json(event, exclude={"effect"}).decode()
        text = f'{{"of":"{kind_of(event.effect)}","effect":{_bare(event.effect)},"event":{bare}}}'
    else:
        text = _bare(event)
    return _events.keep(text, event)


def _bare(thing: object) -> str:
    return _adapter(type(thing)).serializer.to_json(thing).decode()


def read_event(kind: str, text: str) -> Event:
    """Raises KeyError for a kind this version does not know, ValidationError for a shape it does not know."""
    known: Event | None = _events.get(_EVENTS[kind], text)
    if known is not None:
        return known
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
    return _effects.keep(_bare(effect), effect)


def read_effect(kind: str, text: str) -> Effect:
    """Raises as `read_event` does."""
    known: Effect | None = _effects.get(_EFFECTS[kind], text)
    if known is not None:
        return known
    effect: Effect = _adapter(_EFFECTS[kind]).validate_json(text)
    return effect


def write_client(client: Client) -> str:
    """A client without what other tables or single events provide."""
    text = _adapter(Client).serializer.to_json(client, exclude=_LOADED, exclude_defaults=True).decode()
    return _clients.keep(text, client)


_LOADED = {"tickets", "thread", "next_number", "past", "past_more", "around", "recent"}
_saved = attrgetter(*(each.name for each in fields(Client) if each.name not in _LOADED))


def written_alike(one: Client, other: Client) -> bool:
    """Whether `write_client` gives the same for both."""
    return bool(_saved(one) == _saved(other))


def read_client(text: str, *, tickets: tuple[Ticket, ...] = ()) -> Client:
    """The client as it was saved, with these tickets, which are stored apart."""
    client: Client = _clients.get(Client, text) or _adapter(Client).validate_json(text)
    if client.tickets == tickets and not client.thread and not client.next_number:
        return client
    return replace(client, tickets=tickets, thread={}, next_number=0)


def write_opening(opening: Opening) -> str:
    """An opening as JSON, without the incident, which is stored beside it."""
    return _adapter(Opening).serializer.to_json(opening, exclude={"incident"}, exclude_defaults=True).decode()


def read_opening(text: str, incident: str | None) -> Opening:
    """The opening as it was saved."""
    opening: Opening = _adapter(Opening).validate_json(text)
    return replace(opening, incident=ClientId(incident)) if incident is not None else opening


def write_ticket(ticket: Ticket) -> str:
    """A ticket as JSON."""
    return _tickets.keep(_adapter(Ticket).serializer.to_json(ticket, exclude_defaults=True).decode(), ticket)


def read_ticket(text: str) -> Ticket:
    """The ticket as it was saved; fields added since then take their defaults."""
    ticket: Ticket = _tickets.get(Ticket, text) or _adapter(Ticket).validate_json(text)
    return ticket


def write_layout(layout: Layout) -> str:
    """A layout as JSON."""
    return _bare(layout)


def read_layout(text: str) -> Layout | None:
    """The layout as it was kept; None when another version wrote it."""
    try:
        layout: Layout = _adapter(Layout).validate_json(text)
    except ValueError:
        return None
    return layout
