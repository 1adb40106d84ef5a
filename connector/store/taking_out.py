"""What is known of one client, in a form they can read: profile, requests, what was said, files by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from connector.domain.events import AgentCommented, AgentEdited, ClientEdited, ClientTapped, ClientWrote
from connector.domain.incident import is_incident
from connector.domain.record import told as told_by_order
from connector.domain.refs import ClientId, Ref
from connector.domain.words import File, Words
from connector.store.looking import client_of_id, events_of, orders_of, tickets_where
from connector.store.tables import clients, tickets

Link = Callable[[Ref], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """All of it, as plain values for JSON. Internal notes of agents are not in it."""

    profile: dict[str, Any]
    requests: list[dict[str, Any]]
    said: list[dict[str, Any]]
    files: list[dict[str, Any]] = field(default_factory=list)


def dossier(connection: Connection, client: ClientId, link: Link) -> Dossier:
    """Everything that is stored of the client; `link` tells where people see a card."""
    known = client_of_id(connection, client)
    profile: dict[str, Any] = {"client": client}
    if known is not None:
        profile |= {
            "chat": known.chat.id, "name": known.name, "username": known.username, "phone": known.phone,
            "language": known.tongue, "group": known.group, "cabinets": list(known.cabinets),
            "cabinet": known.cabinet, "registered_at": known.registered_at, "blocked": known.blocked,
            "other_chats": list(known.same),
            "wants_no_reminders": known.silent, "unfinished": [each.words.text.plain for each in known.kept],
        }  # fmt: skip
    requests = [
        {
            "number": each.number, "topic": each.topic, "class": each.service_class, "cabinet": each.cabinet,
            "subject": each.subject, "opened_at": each.opened_at, "answered_at": each.answered_at,
            "closed_at": each.closed_at, "outcome": each.outcome, "mark": each.mark, "labels": list(each.labels),
            "people": list(each.people), "card": link(each.card) if each.card else None,
        }
        for each in tickets_where(connection, client=client)
    ]  # fmt: skip
    said: list[dict[str, Any]] = []
    files: list[dict[str, Any]] = []
    for noted in events_of(connection, client):
        event = noted.event
        match event:
            case ClientWrote() | ClientEdited():
                what = "wrote" if isinstance(event, ClientWrote) else "edited"
                said.append(
                    {"at": event.at, "who": event.author.name, "what": what, "text": _text(event.words)}
                    | ({"files": [_file(each) for each in event.words.files]} if event.words.files else {})
                )
                files += [{"at": event.at, "from": "client", **_file(each)} for each in event.words.files]
            case ClientTapped():
                said.append({"at": event.at, "who": event.author.name, "what": "tapped", "text": event.data})
            case AgentCommented() | AgentEdited() if not event.internal:
                said.append({"at": event.at, "who": event.author.name, "what": "agent", "text": event.text.plain})
                if isinstance(event, AgentCommented):
                    files += [{"at": event.at, "from": "agent", **_file(each)} for each in event.files]
            case _:
                continue
    for order in orders_of(connection, client):
        if order.port == "chat" and order.effect is not None and (text := told_by_order(order.effect)):
            said.append({"at": order.created, "who": "bot", "what": type(order.effect).__name__, "text": text})
    said.sort(key=lambda each: str(each["at"].isoformat()))
    return Dossier(profile=profile, requests=requests, said=said, files=files)


def readable(found: Dossier) -> str:
    """The same as a text for people."""
    lines = ["PROFILE"]
    lines += [f"  {name}: {_shown(value)}" for name, value in found.profile.items() if value not in (None, [], "")]
    lines.append("\nREQUESTS")
    for each in found.requests:
        lines.append(f"  No. {each['number']}: {each['subject']}")
        lines += [f"    {name}: {_shown(value)}" for name, value in each.items() if value not in (None, [], "")]
    lines.append("\nWHAT WAS SAID")
    lines += [f"  {_shown(each['at'])}  {each['who']}: {each['text']}" for each in found.said]
    lines.append("\nFILES (they lie in Telegram and on the cards, not here)")
    lines += [f"  {_shown(each['at'])}  {each['from']}: {each['name']} {each['size'] or ''}" for each in found.files]
    return "\n".join(lines) + "\n"


def whom(connection: Connection, asked: str) -> list[ClientId]:
    """Clients meant by a client or chat id, an @username, or a request's number with # before it."""
    if asked.startswith(("#", "№")):
        number = asked[1:]
        plain = number.isascii() and number.isdigit() and len(number) < 18
        found = tickets_where(connection, number=int(number)) if plain else ()
        return list(dict.fromkeys(each.client for each in found if not is_incident(each.client)))
    if asked.startswith("@"):
        rows = connection.execute(select(clients.c.id, clients.c.state))
        name = asked[1:].casefold()
        return [ClientId(row.id) for row in rows if (json.loads(row.state).get("username") or "").casefold() == name]
    ids = {asked, *(f"{port}:{asked}" for port in ("telegram", "memory-chat"))}
    known = set(connection.execute(select(clients.c.id).where(clients.c.id.in_(ids))).scalars())
    known |= set(connection.execute(select(tickets.c.client).where(tickets.c.client.in_(ids)).distinct()).scalars())
    return [ClientId(each) for each in sorted(known)]


def _text(words: Words) -> str:
    parts = [words.text.plain]
    if words.location is not None:
        place = words.location
        told = (place.latitude, place.longitude, place.title, place.address)
        parts.append(f"[{', '.join(str(each) for each in told if each is not None)}]")
    if words.contact is not None:
        parts.append(f"[{words.contact.name} {words.contact.phone}]")
    parts += [f"[{each}]" for each in (words.emoji, words.oddity) if each]
    return " ".join(part for part in parts if part)


def _file(file: File) -> dict[str, Any]:
    return {"name": file.name, "kind": file.kind.value, "size": file.size}


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S %z}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
