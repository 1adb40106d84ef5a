"""What was said on a request, told to agents line by line: both sides, as it reads after every edit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from connector.domain import card
from connector.domain.around import Thread
from connector.domain.decide.ordering import phrase, read
from connector.domain.decide.turn import Turn
from connector.domain.events import AgentAttached, AgentCommented, AgentEdited, AgentRemoved, ClientEdited, ClientWrote
from connector.domain.policy import Command
from connector.domain.refs import Key
from connector.domain.ticket import Ticket
from connector.domain.words import File


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    at: datetime
    who: str
    """The text that tells whose words they are."""
    name: str
    text: str
    files: tuple[File, ...] = ()


def told(turn: Turn, ticket: Ticket, thread: Thread) -> list[str]:
    """The lines of the thread on the card of `ticket`. What was deleted is gone; orders to the bot are no words."""
    said: dict[Key, _Said] = {}
    for event in thread.said:
        match event:
            case ClientWrote():
                said[event.message.key] = _Said(
                    at=event.at, who="order.line_client", name=event.author.name,
                    text=card.body(turn.policy, event.words).plain, files=card.obtainable(event.words),
                )  # fmt: skip
            case ClientEdited():
                text = card.body(turn.policy, event.words).plain
                if (known := said.get(event.message.key)) is not None:
                    said[event.message.key] = replace(known, text=text, files=card.obtainable(event.words))
            case AgentCommented():
                order = read(turn.policy.commands, event.text)
                if order is None or order.command is Command.TEMPLATE:
                    who = "order.line_agent" if event.comment.key in thread.public else "order.line_note"
                    said[event.comment.key] = _Said(
                        at=event.at, who=who, name=event.author.name, text=event.text.plain, files=event.files
                    )
            case AgentEdited():
                if (known := said.get(event.comment.key)) is not None:
                    said[event.comment.key] = replace(known, text=event.text.plain)
            case AgentAttached():
                if (known := said.get(event.comment.key)) is not None:
                    said[event.comment.key] = replace(known, files=(*known.files, event.file))
            case AgentRemoved():
                said.pop(event.comment.key, None)
            case _:
                assert_never(event)
    return [_line(turn, ticket, each) for each in sorted(said.values(), key=lambda each: each.at)]


def _line(turn: Turn, ticket: Ticket, said: _Said) -> str:
    zone = card.zone_of(turn.policy, ticket.service_class)
    time = f"{said.at.astimezone(zone):%d.%m} {card.clock(said.at, zone)}"
    files = ", ".join(f"[{file.name}]" for file in said.files)
    return phrase(turn, said.who, time=time, name=said.name, text=" ".join(part for part in (said.text, files) if part))
