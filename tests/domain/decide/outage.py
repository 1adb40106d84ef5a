"""A morning on which something breaks: many clients, the incident they make, and what each of them reads."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from connector.domain.client import Client
from connector.domain.decide import decide
from connector.domain.effects import (
    AddComment,
    CreateCard,
    DeleteMessage,
    EditMessage,
    Effect,
    LinkCard,
    SendFiles,
    SendMessage,
    SetBlock,
    UnlinkCard,
)
from connector.domain.events import (
    AgentAttached,
    AgentCommented,
    AgentEdited,
    AgentRemoved,
    CardSeen,
    ClientTapped,
    ClientWrote,
    Done,
    Event,
    IncidentOrdered,
    TimePassed,
)
from connector.domain.incident import Kin, Opening, Recent, Standing, is_incident
from connector.domain.policy import IncidentRule, Policy
from connector.domain.refs import ClientId, Key, Ref, TicketId
from connector.domain.ticket import Ticket
from connector.domain.words import File, Person, Text, Words
from tests.domain.sample import ANNA, POLICY, START

RULE = IncidentRule(at_least=3)
WITH_INCIDENTS = replace(POLICY, incidents=RULE)


@dataclass
class Outage:
    """Feeds events to the decision for any number of clients; what they tell each other waits in `queue`.

    Orders are carried out at once: cards get their numbers, messages stand in the chats.
    """

    policy: Policy = WITH_INCIDENTS
    now: datetime = START
    clients: dict[str, Client] = field(default_factory=dict)
    queue: deque[Event] = field(default_factory=deque)
    openings: dict[str, Opening] = field(default_factory=dict)
    kin: list[Kin] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    chats: dict[str, dict[Key, str]] = field(default_factory=dict)
    """What stands in each chat by the order that sent it: answers only."""
    numbers: int = 0
    counter: int = 0
    seen: set[Key] = field(default_factory=set)
    wakes: dict[str, datetime | None] = field(default_factory=dict)

    # ---- the machinery

    def feed(self, event: Event, home: ClientId) -> None:
        """One event of one actor, as the store would handle it: an event known already changes nothing."""
        if event.key in self.seen:
            return
        self.seen.add(event.key)
        port, _, number = home.partition(":")
        client = self.clients.get(home) or Client(id=home, chat=Ref(port=port, id=number))
        decision = decide(client, event, self.policy)
        had = {ticket.id for ticket in client.tickets}
        if any(ticket.id not in had for ticket in decision.client.tickets):
            self.numbers += 1
            fresh = replace(client, next_number=self.numbers)
            if decision.noticed is not None:
                topic = decision.noticed.opening.topic
                lately = [each for each in self.openings.values() if each.topic == topic]
                recent = Recent(kin=self._kin(), openings=tuple(lately))
                fresh = replace(fresh, recent=recent)
            decision = decide(fresh, event, self.policy)
            if decision.noticed is not None:
                self.openings[decision.noticed.opening.ticket] = decision.noticed.opening
                if decision.noticed.founded is not None:
                    self.kin.append(decision.noticed.founded)
                    for member in decision.noticed.members:
                        self.openings[member] = replace(self.openings[member], incident=decision.noticed.founded.id)
        self.clients[home] = replace(decision.client, next_number=0, recent=None)
        self.wakes[home] = decision.wake_at
        self.queue += decision.tells
        for effect in decision.effects:
            self._carry_out(effect, home)

    def _kin(self) -> tuple[Kin, ...]:
        found = []
        for kin in self.kin:
            incident = self.clients[kin.id].incident if kin.id in self.clients else None
            if incident is None or incident.until is None or incident.until > self.now:
                dissolved = incident is not None and incident.standing is Standing.DISSOLVED
                found.append(replace(kin, joinable=not dissolved))
        return tuple(reversed(found))

    def _carry_out(self, effect: Effect, home: ClientId) -> None:
        self.effects.append(effect)
        chat = self.chats.setdefault(home, {})
        match effect:
            case CreateCard():
                made = (Ref(port="kaiten", id=f"card-{effect.external_id}"),)
                self.queue.append(
                    Done(key=Key(f"done:{effect.key}"), at=self.now, client=home, effect=effect, made=made)
                )
            case SendMessage() | SendFiles() if effect.key.startswith("reply/"):
                assert effect.key not in chat, "an order's key is used twice"
                text = effect.text if isinstance(effect, SendMessage) else effect.caption
                chat[effect.key] = text.plain
                self.queue.append(Done(key=Key(f"done:{effect.key}"), at=self.now, client=home, effect=effect))
            case EditMessage():
                if effect.target in chat:
                    chat[effect.target] = effect.text.plain
            case DeleteMessage():
                chat.pop(effect.target, None)
            case _:
                pass

    def settle(self, chance: random.Random | None = None) -> None:
        """Until nothing waits; with `chance` the actors take turns at random, each in the order of what it is told."""
        while self.queue:
            event = self.queue[0]
            if chance is not None:
                event = chance.choice(list({_home(each): each for each in reversed(self.queue)}.values()))
            self.queue.remove(event)
            self.feed(event, _home(event))

    def step(self, chance: random.Random) -> None:
        """Some actor takes the first event that waits for it."""
        if self.queue:
            event = chance.choice(list({_home(each): each for each in reversed(self.queue)}.values()))
            self.queue.remove(event)
            self.feed(event, _home(event))

    def later(self, seconds: float) -> None:
        """Time passes, and whoever wanted to be looked at again is."""
        self.now += timedelta(seconds=seconds)
        for home, wake in list(self.wakes.items()):
            if wake is not None and wake <= self.now:
                key = Key(f"tick:{home}:{self.now.timestamp()}")
                self.feed(TimePassed(key=key, at=self.now, client=ClientId(home)), ClientId(home))

    def _next(self) -> int:
        self.counter += 1
        return self.counter

    # ---- people

    def opens(self, chat: int, text: str = "Касса не работает", topic: str = "till") -> Ticket:
        """A client opens a request."""
        home, ref = ClientId(f"telegram:{chat}"), Ref(port="telegram", id=str(chat))
        author = Person(ref=Ref(port="telegram", id=f"user-{chat}"), name=f"Клиент {chat}", language="ru")
        tap = Ref(port="telegram", id=f"tap-{self._next()}")
        self.feed(ClientTapped(key=tap.key, at=self.now, chat=ref, tap=tap, author=author, data=f"topic:{topic}"), home)
        message = Ref(port="telegram", id=f"{chat}/{self._next()}")
        self.feed(
            ClientWrote(
                key=message.key, at=self.now, chat=ref, message=message, author=author,
                words=Words(text=Text(plain=text)),
            ),
            home,
        )  # fmt: skip
        return self.clients[home].tickets[-1]

    def withdraws(self, ticket: Ticket) -> None:
        """The client withdraws a request."""
        number = ticket.client.partition(":")[2]
        tap = Ref(port="telegram", id=f"tap-{self._next()}")
        self.feed(
            ClientTapped(
                key=tap.key, at=self.now, chat=Ref(port="telegram", id=number), tap=tap,
                author=Person(ref=Ref(port="telegram", id=f"user-{number}"), name=f"Клиент {number}"),
                data=f"withdraw!:{ticket.id}",
            ),
            ticket.client,
        )  # fmt: skip

    def burst(self, count: int, text: str = "Касса не работает") -> list[Ticket]:
        """So many clients write the same, and everybody hears of everything."""
        first = 100 + self.counter
        opened = [self.opens(first + number, text) for number in range(count)]
        self.settle()
        return opened

    def comments(
        self, text: str, on: Ticket | None = None, *, internal: bool = False, files: tuple[File, ...] = ()
    ) -> int:
        """An agent comments, on the incident's card by default; returns the number of the comment."""
        ticket, number = on or self.parent, self._next()
        ref = Ref(port="kaiten", id=f"comment-{number}")
        self.feed(
            AgentCommented(
                key=ref.key, at=self.now, card=_card(ticket), ticket=TicketId(ticket.external_id), comment=ref,
                author=ANNA, text=Text(plain=text), files=files, internal=internal,
            ),
            ticket.client,
        )  # fmt: skip
        return number

    def edits(self, number: int, text: str) -> None:
        """The agent changes that comment on the incident's card."""
        ref, ticket = Ref(port="kaiten", id=f"comment-{number}"), self.parent
        self.feed(
            AgentEdited(
                key=Key(f"{ref.key}/edit/{self._next()}"), at=self.now, card=_card(ticket), ticket=ticket.id,
                comment=ref, author=ANNA, text=Text(plain=text),
            ),
            ticket.client,
        )  # fmt: skip

    def removes(self, number: int) -> None:
        """The agent deletes that comment on the incident's card."""
        ref, ticket = Ref(port="kaiten", id=f"comment-{number}"), self.parent
        self.feed(
            AgentRemoved(key=Key(f"{ref.key}/removed"), at=self.now, card=_card(ticket), ticket=ticket.id, comment=ref),
            ticket.client,
        )

    def attaches(self, number: int, file: File) -> None:
        """A file joins that comment."""
        ref, ticket = Ref(port="kaiten", id=f"comment-{number}"), self.parent
        self.feed(
            AgentAttached(
                key=file.ref.key, at=self.now, card=_card(ticket), ticket=ticket.id, comment=ref, author=ANNA, file=file
            ),
            ticket.client,
        )

    def moves(self, column: str, on: Ticket | None = None) -> None:
        """An agent moves the card, the incident's by default."""
        ticket, number = on or self.parent, self._next()
        self.feed(
            CardSeen(
                key=Key(f"seen/{number}"), at=self.now, card=_card(ticket), ticket=ticket.id, version=number,
                board="b1", column=column, lane=None,
            ),
            ticket.client,
        )  # fmt: skip

    def orders(self, confirm: bool) -> None:
        """The operator confirms or dissolves the incident."""
        event = IncidentOrdered(key=Key(f"order/{self._next()}"), at=self.now, client=self.home, confirm=confirm)
        self.feed(event, self.home)

    # ---- what is seen

    @property
    def homes(self) -> list[ClientId]:
        """Every incident there is."""
        return [ClientId(home) for home in self.clients if is_incident(home)]

    @property
    def home(self) -> ClientId:
        """The latest incident."""
        return self.homes[-1]

    @property
    def parent(self) -> Ticket:
        """Its ticket."""
        return self.clients[self.home].tickets[0]

    def stands(self) -> Standing:
        """What is thought of it."""
        incident = self.clients[self.home].incident
        assert incident is not None
        return incident.standing

    def children(self) -> list[TicketId]:
        """The requests the incident lists."""
        incident = self.clients[self.home].incident
        assert incident is not None
        return [child.ticket for child in incident.children]

    def reads(self, ticket: Ticket) -> list[str]:
        """The answers that stand in the client's chat."""
        return list(self.chats.get(ticket.client, {}).values())

    def ticket(self, ticket: Ticket) -> Ticket:
        """The request as it is now."""
        return next(each for each in self.clients[ticket.client].tickets if each.id == ticket.id)

    def notes(self, ticket: Ticket) -> list[str]:
        """The internal comments on its card."""
        return [
            each.sections[0].text.plain
            for each in self.effects
            if isinstance(each, AddComment) and each.internal and each.ticket == ticket.id
        ]

    def block(self, ticket: Ticket) -> str:
        """What stands between the marks of its card."""
        found = ""
        for each in self.effects:
            if isinstance(each, CreateCard) and each.ticket == ticket.id:
                found = each.description
            elif isinstance(each, SetBlock) and each.ticket == ticket.id:
                found = each.block
        return found

    def links(self) -> set[tuple[TicketId, str]]:
        """(request, card of the incident) of every bond there is."""
        found: set[tuple[TicketId, str]] = set()
        for each in self.effects:
            if isinstance(each, LinkCard):
                found.add((each.ticket, each.parent.id))
            elif isinstance(each, UnlinkCard):
                found.discard((each.ticket, each.parent.id))
        return found


def _card(ticket: Ticket) -> Ref:
    return ticket.card or Ref(port="kaiten", id=f"card-{ticket.external_id}")


def _home(event: Event) -> ClientId:
    home: ClientId = event.client  # type: ignore[union-attr]  # only what actors tell each other waits
    return home
