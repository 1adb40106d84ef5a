"""One decision in the making: the client as they will be, and the effects so far."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from connector.domain.client import Client
from connector.domain.effects import AddComment, Button, Effect, Menu, Section, SendMessage, Urgency
from connector.domain.events import OwnEvent
from connector.domain.incident import Noticed
from connector.domain.ladder import Verdict
from connector.domain.policy import Policy
from connector.domain.refs import Key, Ref, TicketId
from connector.domain.say import say
from connector.domain.text import shorten, split
from connector.domain.ticket import Ticket
from connector.domain.words import Text

Buttons = tuple[tuple[Button, ...], ...]


@dataclass(slots=True, kw_only=True)
class Turn:
    """The sheet one decision is written on; it lives as long as the call of `decide` and is seen by nobody else.

    `key` and `at` are the event's.
    """

    client: Client
    policy: Policy
    key: Key
    at: datetime
    effects: list[Effect] = field(default_factory=list)
    tells: list[OwnEvent] = field(default_factory=list)
    noticed: Noticed | None = None
    verdicts: list[Verdict] = field(default_factory=list)

    def name(self, what: str) -> Key:
        """The key of an effect of this event."""
        return Key(f"{self.key}/{what}")

    def ticket(self, ticket: TicketId | None) -> Ticket | None:
        """The client's ticket of that id, as it stands now."""
        return next((each for each in self.client.tickets if each.id == ticket), None)

    def keep(self, ticket: Ticket) -> None:
        """Puts the ticket in the place of its former self, or at the end when it is new."""
        tickets = tuple(ticket if each.id == ticket.id else each for each in self.client.tickets)
        if all(each.id != ticket.id for each in self.client.tickets):
            tickets = (*tickets, ticket)
        self.client = replace(self.client, tickets=tickets)

    def say(self, name: str, /, **values: object) -> str:
        """A text in the client's language."""
        return say(self.policy, self.client.tongue, name, **values)

    def tell(
        self,
        what: str,
        text: str,
        *,
        ticket: TicketId | None = None,
        urgency: Urgency = Urgency.ACKNOWLEDGE,
        buttons: Buttons = (),
        menu: Menu | None = None,
        reply_to: Ref | None = None,
    ) -> None:
        """One message of our own to the client; what does not fit into one is left out."""
        if len(text) * 2 > self.policy.limits.text:
            text = split(Text(plain=text), self.policy.limits.text)[0].plain
        self.effects.append(
            SendMessage(
                key=self.name(what),
                ticket=ticket,
                chat=self.client.chat,
                text=Text(plain=text),
                urgency=urgency,
                buttons=buttons,
                menu=menu,
                reply_to=reply_to,
            )
        )

    def note(self, what: str, ticket: TicketId, name: str, /, **values: object) -> None:
        """A line on the card for agents' eyes only, in the default language."""
        key = self.name(what)
        line = say(self.policy, self.policy.default_language, name, **values)
        section = Section(key=key, head="", text=Text(plain=line))
        self.effects.append(AddComment(key=key, ticket=ticket, sections=(section,), internal=True))


def menu(turn: Turn) -> Menu:
    """The keyboard of the chat."""
    return ((turn.say("menu.requests"), turn.say("menu.profile")), (turn.say("menu.new"),))


def ticket_button(turn: Turn, ticket: Ticket) -> Button:
    label = turn.say("button.ticket", number=ticket.number, subject=shorten(ticket.subject, 30))
    return Button(label=label, data=f"ticket:{ticket.id}")


def paragraphs(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)
