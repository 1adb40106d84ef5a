"""A whole office in memory: clients, agents and their chats, decided on event by event on a clock of its own."""

from __future__ import annotations

import heapq
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from random import Random

from pydantic import TypeAdapter

from connector.domain.around import UNSEEING, Around, Link, Look, Sight
from connector.domain.client import Client
from connector.domain.decide import decide, looks, looks_opening
from connector.domain.desk import Desk
from connector.domain.effects import AnswerTap, CreateCard, EditMessage, Effect, MoveCard, SendMessage
from connector.domain.events import (
    Agent,
    AgentCommented,
    CardSeen,
    ClientTapped,
    ClientWrote,
    Done,
    Event,
    NoticeEnded,
    NoticeRaised,
    TimePassed,
)
from connector.domain.ladder import Verdict
from connector.domain.policy import Policy
from connector.domain.refs import ClientId, Key, Ref, TicketId, client_of
from connector.domain.ticket import Ticket
from connector.domain.words import Person, Text, Words

_CLIENTS, _TICKETS = TypeAdapter(Client), TypeAdapter(Ticket)
_LOADED = {"tickets", "thread", "next_number", "past", "past_more", "around"}


def chat_of(name: str) -> Ref:
    return Ref(port="telegram", id=name)


def person(name: str) -> Person:
    return Person(ref=Ref(port="telegram", id=f"user/{name}"), name=name)


@dataclass
class Office:
    """What happens is put in by `at`; `run` lets time pass. `restarts`: how often (0 to 1) state is read anew."""

    policy: Policy
    now: datetime
    seed: int = 0
    restarts: float = 0.0
    clients: dict[ClientId, Client] = field(default_factory=dict)
    raised: list[tuple[datetime, NoticeRaised]] = field(default_factory=list)
    ended: list[tuple[datetime, NoticeEnded]] = field(default_factory=list)
    said: dict[str, list[SendMessage | EditMessage | AnswerTap]] = field(default_factory=lambda: defaultdict(list))
    verdicts: list[Verdict] = field(default_factory=list)
    wakes: int = 0

    def __post_init__(self) -> None:
        self._random = Random(self.seed)
        self._queue: list[tuple[datetime, int, int, Event]] = []
        self._order = count()
        self._number = count(1)
        self._versions: dict[TicketId, int] = defaultdict(int)
        self._wake: dict[ClientId, datetime | None] = {}
        self._linked: list[ClientId] = []
        self._homes: dict[TicketId, ClientId] = {}
        self._pooled: dict[TicketId, ClientId] = {}
        for key in self.policy.people.agents:
            self._link(key, Desk(agent=key, person=person(key).ref))
        for key in self.policy.people.teams:
            self._link(f"-{key}", Desk(team=key, person=person("nobody").ref))

    def _link(self, name: str, desk: Desk) -> None:
        chat = chat_of(name)
        self.clients[client_of(chat)] = Client(id=client_of(chat), chat=chat, desk=desk)
        self._linked.append(client_of(chat))

    # ---- what people do

    def asks(self, at: datetime, name: str, topic: str) -> None:
        """A client opens a request, from a chat of that name."""
        self._put(at, self._tap(at, name, f"topic:{topic}", name))
        self.writes(at, name)

    def writes(self, at: datetime, name: str) -> None:
        message = Ref(port="telegram", id=f"{name}/{next(self._order)}")
        words = Words(text=Text(plain="words"))
        self._put(
            at,
            ClientWrote(key=message.key, at=at, chat=chat_of(name), message=message, author=person(name), words=words),
        )

    def taps(self, at: datetime, chat: str, data: str, agent: str) -> None:
        self._put(at, self._tap(at, chat, data, agent))

    def _tap(self, at: datetime, chat: str, data: str, by: str) -> ClientTapped:
        tap = Ref(port="telegram", id=f"tap-{next(self._order)}")
        return ClientTapped(key=tap.key, at=at, chat=chat_of(chat), tap=tap, author=person(by), data=data)

    def answers(self, at: datetime, ticket: Ticket, agent: str) -> None:
        comment = Ref(port="kaiten", id=f"comment-{next(self._order)}")
        self._put(
            at,
            AgentCommented(
                key=comment.key, at=at, card=card_of(ticket), ticket=ticket.id, comment=comment,
                author=Agent(ref=Ref(port="kaiten", id=agent), name=agent), text=Text(plain="answer"),
            ),
        )  # fmt: skip

    def moves(self, at: datetime, ticket: Ticket, column: str, responsible: str | None) -> None:
        self._versions[ticket.id] += 1
        version = self._versions[ticket.id]
        self._put(
            at,
            CardSeen(
                key=Key(f"seen/{ticket.id}/{version}"), at=at, card=card_of(ticket), ticket=ticket.id, version=version,
                board="b1", column=column, lane=None, responsible=responsible,
            ),
        )  # fmt: skip

    # ---- time

    def _put(self, at: datetime, event: Event, rank: int = 0) -> None:
        heapq.heappush(self._queue, (at, rank, next(self._order), event))

    def run(self, until: datetime) -> None:
        """Everything up to that moment; of what comes at the same time, people go before the clock."""
        while self._queue and self._queue[0][0] <= until:
            self._step()
        self.now = until

    def people_first(self, at: datetime) -> None:
        """What people do at that moment, before the clock strikes."""
        while self._queue and self._queue[0][0] <= at and self._queue[0][1] == 0:
            self._step()

    def _step(self) -> None:
        at, rank, _, event = heapq.heappop(self._queue)
        self.now = at
        if rank:
            assert isinstance(event, TimePassed)
            if self._wake.get(event.client) != at:
                return
            self.wakes += 1
        self._decide(event)

    def _decide(self, event: Event) -> None:
        home = event.client if hasattr(event, "client") else self._home(event)
        client = self.clients.get(home) or Client(id=home, chat=Ref(port="telegram", id=home.partition(":")[2]))
        if self._random.random() < self.restarts:
            client = read_anew(client)
        look = looks(client, event, self.policy)
        seen = replace(client, around=self._around(look) if look != UNSEEING else None, next_number=0)
        decision = decide(seen, event, self.policy)
        if len(decision.client.tickets) > len(client.tickets):
            opening = looks_opening(self.policy)
            around = self._around(opening) if opening != UNSEEING else seen.around
            decision = decide(replace(seen, next_number=next(self._number), around=around), event, self.policy)
        self._keep(home, replace(decision.client, around=None))
        self._wake[home] = decision.wake_at
        if decision.wake_at is not None:
            at = max(decision.wake_at, self.now)
            self._wake[home] = at
            self._put(at, TimePassed(key=Key(f"tick/{home}/{next(self._order)}"), at=at, client=home), rank=1)
        for effect in decision.effects:
            self._perform(home, effect)
        self.verdicts += decision.verdicts
        for told in decision.tells:
            if isinstance(told, NoticeRaised):
                self.raised.append((self.now, told))
            elif isinstance(told, NoticeEnded):
                self.ended.append((self.now, told))
            self._decide(told)

    def _keep(self, home: ClientId, client: Client) -> None:
        self.clients[home] = client
        for ticket in client.tickets:
            self._homes[ticket.id] = home
            if ticket.pooled:
                self._pooled[ticket.id] = home
            else:
                self._pooled.pop(ticket.id, None)

    def _home(self, event: Event) -> ClientId:
        if isinstance(event, ClientWrote | ClientTapped):
            return client_of(event.chat)
        assert isinstance(event, AgentCommented | CardSeen)
        assert event.ticket is not None
        return self._homes[event.ticket]

    def _perform(self, home: ClientId, effect: Effect) -> None:
        if isinstance(effect, SendMessage | EditMessage | AnswerTap):
            self.said[effect.chat.id].append(effect)
        elif isinstance(effect, CreateCard | MoveCard):
            made = (Ref(port="kaiten", id=f"card-{effect.ticket}"),) if isinstance(effect, CreateCard) else ()
            key = Key(f"done:{effect.key}")
            self._put(self.now, Done(key=key, at=self.now, client=home, effect=effect, made=made))

    def _around(self, look: Look) -> Around:
        return Around(
            links=self._links() if Sight.LINKS in look.sight else (),
            load=self._load() if Sight.LOAD in look.sight else {},
            pool=self._pool() if Sight.POOL in look.sight else (),
            homes={each: self._homes[each] for each in look.named} if Sight.HOME in look.sight else {},
        )

    def _links(self) -> tuple[Link, ...]:
        return tuple(
            Link(client=each.id, chat=each.chat, agent=each.desk.agent, team=each.desk.team, person=each.desk.person)
            for each in map(self.clients.__getitem__, self._linked)
            if each.desk is not None
        )

    def _load(self) -> dict[str, dict[str, int]]:
        held: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for ticket in self.tickets():
            if ticket.open and ticket.taken is not None:
                held[ticket.taken][ticket.service_class] += 1
        return held

    def _pool(self) -> tuple[Ticket, ...]:
        return tuple(
            ticket for each, home in self._pooled.items() for ticket in self.clients[home].tickets if ticket.id == each
        )

    def tickets(self) -> list[Ticket]:
        """Every request, as it is now."""
        return [ticket for client in self.clients.values() for ticket in client.tickets]

    def ticket(self, name: str) -> Ticket:
        """The latest request of the client of that name."""
        return self.clients[client_of(chat_of(name))].tickets[-1]


def card_of(ticket: Ticket) -> Ref:
    return ticket.card or Ref(port="kaiten", id=f"card-{ticket.id}")


def read_anew(client: Client) -> Client:
    """The client as another process reads them."""
    tickets = tuple(
        _TICKETS.validate_json(_TICKETS.dump_json(ticket, exclude_defaults=True)) for ticket in client.tickets
    )
    text = _CLIENTS.dump_json(client, exclude=_LOADED, exclude_defaults=True)
    return replace(_CLIENTS.validate_json(text), tickets=tickets)
