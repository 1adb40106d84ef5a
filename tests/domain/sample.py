"""A small company for the tests of the domain: its policy, a client, and events as they would arrive."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML

from connector.domain.client import Client
from connector.domain.decide import Decision, decide
from connector.domain.effects import CreateCard, Effect, Meaning, SendMessage, Spot
from connector.domain.events import (
    Agent,
    AgentAttached,
    AgentCommented,
    AgentEdited,
    AgentRemoved,
    CardSeen,
    ClientBlocked,
    ClientEdited,
    ClientReturned,
    ClientTapped,
    ClientWrote,
    Done,
    Event,
    Failed,
    Refusal,
    TimePassed,
)
from connector.domain.policy import BoardPolicy, CabinetRule, Policy, PublicRule, Topic
from connector.domain.refs import Key, Ref, TicketId, client_of
from connector.domain.terms import Hours, ServiceClass
from connector.domain.ticket import Ticket
from connector.domain.words import File, FileKind, Person, Text, Words

E = TypeVar("E")
START = datetime(2024, 4, 1, 10, 0, tzinfo=UTC)
MOSCOW = ZoneInfo("Europe/Moscow")
CHAT = Ref(port="telegram", id="77")
IVAN = Person(ref=Ref(port="telegram", id="user-77"), name="Иван Петров", username="ivan", language="ru")
ANNA = Agent(ref=Ref(port="kaiten", id="user-5"), name="Анна")
TEXTS = Path(__file__).resolve().parents[2] / "mappings" / "texts"
OFFICE = Hours(zone=MOSCOW, week=(((time(9), time(13)), (time(14), time(18))),) * 5 + ((), ()))


@cache
def texts(language: str) -> dict[str, str]:
    """The shipped texts of a language."""
    loaded: dict[str, str] = YAML(typ="safe").load(TEXTS / f"{language}.yaml")
    return loaded


@cache
def _policy() -> Policy:
    return Policy(
        version="test",
        topics=(
            Topic(key="till", title={"ru": "Касса", "en": "Till"}, service_class="urgent", tags=("касса", "бот")),
            Topic(key="howto", title={"ru": "Как сделать", "en": "How to"}, service_class="today"),
            Topic(
                key="money",
                title={"ru": "Оплата", "en": "Payment"},
                service_class="today",
                hint={"ru": "Пришлите номер счёта."},
            ),
        ),
        classes={
            "urgent": ServiceClass(
                key="urgent", title={"ru": "Срочно"}, first_reply=timedelta(minutes=5), resolution=timedelta(hours=5)
            ),
            "today": ServiceClass(
                key="today",
                title={"ru": "Сегодня"},
                first_reply=timedelta(minutes=30),
                resolution=timedelta(hours=8),
                hours=OFFICE,
            ),
        },
        cabinet=None,
        public=PublicRule(),
        texts={"ru": texts("ru"), "en": texts("en")},
        default_language="ru",
        warn_before=None,
        board=BoardPolicy(
            spots={
                ("till", "urgent"): Spot(board="b1"),
                ("howto", "today"): Spot(board="b1"),
                ("money", "today"): Spot(board="b2"),
            },
            fact_fields={},
            columns={
                "c-queue": Meaning.QUEUE,
                "c-work": Meaning.WORK,
                "c-wait": Meaning.WAITING,
                "c-done": Meaning.DONE,
            },
            lanes={("b1", "l-urgent"): "urgent", ("b1", "l-today"): "today"},
            landing={("b1", Meaning.QUEUE): "c-queue"},
            boards=("b1", "b2"),
        ),
    )


POLICY = _policy()
CABINET = CabinetRule(
    pattern=r"\d{5}",
    hint={"ru": "Он на первой странице договора."},
    picture="/etc/connector/hint.png",
    tag="каб. {cabinet}",
)
WITH_CABINET = replace(POLICY, cabinet=CABINET)


def message(number: int | str) -> Ref:
    """The ref of the client's message of that number."""
    return Ref(port="telegram", id=f"77/{number}")


def photo(name: str, *, size: int | None = 1000, obtainable: bool = True, port: str = "telegram") -> File:
    """A picture in the chat."""
    return File(ref=Ref(port=port, id=f"file-{name}"), kind=FileKind.PHOTO, name=name, size=size, obtainable=obtainable)


@dataclass
class Conversation:
    """Feeds events to the decision one after another, with the numbers and the clock that the engine would add."""

    policy: Policy = POLICY
    client: Client = field(default_factory=lambda: Client(id=client_of(CHAT), chat=CHAT))
    now: datetime = START
    counter: int = 0
    number: int = 11
    wake_at: datetime | None = None
    effects: list[Effect] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def feed(self, event: Event, thread: dict[str, TicketId] | None = None) -> tuple[Effect, ...]:
        had = {ticket.id for ticket in self.client.tickets}
        seen = replace(self.client, thread=thread or {}, next_number=0)
        decision: Decision = decide(seen, event, self.policy)
        if any(ticket.id not in had for ticket in decision.client.tickets):
            self.number += 1
            decision = decide(replace(seen, next_number=self.number), event, self.policy)
        self.client = decision.client
        self.wake_at = decision.wake_at
        self.effects += decision.effects
        self.events.append(event)
        return decision.effects

    def later(self, **delta: float) -> None:
        self.now += timedelta(**delta)

    def _next(self) -> int:
        self.counter += 1
        return self.counter

    # ---- in the chat

    def write(
        self,
        text: str = "",
        *,
        files: tuple[File, ...] = (),
        words: Words | None = None,
        album: str | None = None,
        reply_to: Ref | None = None,
        addressed: bool = True,
        group: str | None = None,
        author: Person = IVAN,
        number: int | str | None = None,
        thread: dict[str, TicketId] | None = None,
    ) -> tuple[Effect, ...]:
        ref = message(self._next() if number is None else number)
        content = words or Words(text=Text(plain=text), files=files)
        event = ClientWrote(
            key=ref.key, at=self.now, chat=CHAT, message=ref, author=author, words=content, album=album,
            reply_to=reply_to, addressed=addressed, group=group,
        )  # fmt: skip
        return self.feed(event, thread)

    def edit(
        self, ref: Ref, text: str, *, files: tuple[File, ...] = (), thread: dict[str, TicketId] | None = None
    ) -> tuple[Effect, ...]:
        event = ClientEdited(
            key=Key(f"{ref.key}/edit/{self._next()}"), at=self.now, chat=CHAT, message=ref, author=IVAN,
            words=Words(text=Text(plain=text), files=files),
        )  # fmt: skip
        return self.feed(event, thread)

    def tap(self, data: str) -> tuple[Effect, ...]:
        ref = Ref(port="telegram", id=f"tap-{self._next()}")
        return self.feed(ClientTapped(key=ref.key, at=self.now, chat=CHAT, tap=ref, author=IVAN, data=data))

    def block(self) -> tuple[Effect, ...]:
        return self.feed(ClientBlocked(key=Key(f"block/{self._next()}"), at=self.now, chat=CHAT))

    def come_back(self) -> tuple[Effect, ...]:
        return self.feed(ClientReturned(key=Key(f"return/{self._next()}"), at=self.now, chat=CHAT))

    # ---- on the board

    def comment(
        self,
        text: str = "",
        *,
        ticket: Ticket | None = None,
        files: tuple[File, ...] = (),
        internal: bool = False,
        number: int | None = None,
        formatted: Text | None = None,
    ) -> tuple[Effect, ...]:
        found = ticket or self.client.tickets[-1]
        ref = Ref(port="kaiten", id=f"comment-{self._next() if number is None else number}")
        event = AgentCommented(
            key=ref.key, at=self.now, card=self.card(found), ticket=TicketId(found.external_id), comment=ref,
            author=ANNA, text=formatted or Text(plain=text), files=files, internal=internal,
        )  # fmt: skip
        return self.feed(event)

    def edit_comment(self, number: int, text: str, *, internal: bool = False) -> tuple[Effect, ...]:
        ref = Ref(port="kaiten", id=f"comment-{number}")
        found = self.client.tickets[-1]
        event = AgentEdited(
            key=Key(f"{ref.key}/edit/{self._next()}"), at=self.now, card=self.card(found), ticket=found.id,
            comment=ref, author=ANNA, text=Text(plain=text), internal=internal,
        )  # fmt: skip
        return self.feed(event)

    def remove_comment(self, number: int) -> tuple[Effect, ...]:
        ref = Ref(port="kaiten", id=f"comment-{number}")
        found = self.client.tickets[-1]
        event = AgentRemoved(
            key=Key(f"{ref.key}/removed"), at=self.now, card=self.card(found), ticket=found.id, comment=ref
        )
        return self.feed(event)

    def attach(self, number: int, file: File, *, internal: bool = False) -> tuple[Effect, ...]:
        ref = Ref(port="kaiten", id=f"comment-{number}")
        found = self.client.tickets[-1]
        event = AgentAttached(
            key=file.ref.key, at=self.now, card=self.card(found), ticket=found.id, comment=ref, author=ANNA,
            file=file, internal=internal,
        )  # fmt: skip
        return self.feed(event)

    def see(
        self,
        column: str = "c-queue",
        *,
        ticket: Ticket | None = None,
        lane: str | None = None,
        gone: bool = False,
        version: int | None = None,
        board: str = "b1",
        responsible: str | None = None,
        by_hand: datetime | None = None,
    ) -> tuple[Effect, ...]:
        """How the card looks; its deadline is ours unless one was set `by_hand`."""
        found = ticket or self.client.tickets[-1]
        number = self._next() if version is None else version
        event = CardSeen(
            key=Key(f"seen/{found.id}/{number}/{self._next()}"), at=self.now, card=self.card(found),
            ticket=TicketId(found.external_id), version=number, board=board, column=column, lane=lane, gone=gone,
            responsible=responsible, due_at=by_hand or found.due_at,
        )  # fmt: skip
        return self.feed(event)

    @staticmethod
    def card(ticket: Ticket) -> Ref:
        return ticket.card or Ref(port="kaiten", id=f"card-{ticket.external_id}")

    # ---- our own deeds

    def wake(self) -> tuple[Effect, ...]:
        if self.wake_at is not None and self.wake_at > self.now:
            self.now = self.wake_at
        return self.feed(TimePassed(key=Key(f"tick/{self._next()}"), at=self.now, client=self.client.id))

    def done(self, effect: Effect, *made: Ref) -> tuple[Effect, ...]:
        event = Done(key=Key(f"done:{effect.key}"), at=self.now, client=self.client.id, effect=effect, made=made)
        return self.feed(event)

    def fail(self, effect: Effect, refusal: Refusal = Refusal.INVALID, reason: str = "no") -> tuple[Effect, ...]:
        event = Failed(
            key=Key(f"failed:{effect.key}:{self._next()}"), at=self.now, client=self.client.id, effect=effect,
            refusal=refusal, reason=reason,
        )  # fmt: skip
        return self.feed(event)

    # ---- shortcuts

    @property
    def ticket(self) -> Ticket:
        """The latest ticket."""
        return self.client.tickets[-1]

    def open(self, topic: str = "till", text: str = "Касса не работает") -> Ticket:
        """Opens a request and makes its card, as the engine would report it."""
        self.tap(f"topic:{topic}")
        effects = self.write(text)
        order = only(effects, CreateCard)
        ticket = next(each for each in self.client.tickets if each.id == order.ticket)
        self.done(order, self.card(ticket))
        return next(each for each in self.client.tickets if each.id == order.ticket)


def opened(**changes: object) -> Conversation:
    """A conversation with one open request whose card stands in the queue."""
    talk = Conversation(policy=replace(POLICY, **changes))  # type: ignore[arg-type]  # fields by their names
    talk.open()
    talk.effects.clear()
    return talk


def every(effects: Iterable[Effect], kind: type[E]) -> list[E]:
    """The effects of one kind."""
    return [effect for effect in effects if isinstance(effect, kind)]


def only(effects: Iterable[Effect], kind: type[E]) -> E:
    """The one effect of a kind."""
    found = every(effects, kind)
    assert len(found) == 1, found
    return found[0]


def told(effects: Iterable[Effect]) -> str:
    """Everything the client reads of these effects."""
    return "\n".join(effect.text.plain for effect in every(effects, SendMessage))
