"""Which request each word belongs to, told from outside: by what the client quoted, chose, or was talking about."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from adapters.memory.chat import message_ref
from connector.domain.events import AgentCommented, CardSeen, ClientTapped, ClientWrote
from connector.domain.refs import Key, TicketId
from tests.weather.ledger import Happened, Ledger
from tests.weather.rehearsal import Rehearsal

_TURNING_AWAY = ("new", "topic", "group", "cancel", "leave!", "drop", "cabinet")
"""Taps after which only an opening or a choice makes it certain again what is talked about."""
_QUESTIONS = ("topics", "words", "cabinet")
"""What the bot asks for a request in the making: after these likewise."""


def judge(
    rehearsal: Rehearsal, ledger: Ledger, standing: Mapping[str, TicketId], explained: frozenset[str]
) -> dict[str, bool]:
    """Holds every word whose place is certain against where it stands; returns those that answer a request's message.

    Each with whether it is certain that it does.

    `standing`: on which request's card each mark stands. `explained`: marks that explain a rating.
    """
    answers: dict[str, bool] = {}
    for client, events in ledger.events().items():
        talk = _Talk(rehearsal=rehearsal, ledger=ledger, explained=explained)
        for happened in events:
            talk.follow(happened)
        for mark, (ticket, why) in talk.expected.items():
            versions = (mark, *rehearsal.said.versions.get(mark, ()))
            found = {standing[each] for each in versions if each in standing}
            rehearsal.judged[why] += 1
            if found - ledger.continued(ticket):
                rehearsal.wrongs.append(f"{mark} of {client} was {why} to {ticket} and stands on {sorted(found)}")
        rehearsal.wrongs += talk.wrongs
        answers |= talk.answers
    albums: dict[str, set[TicketId]] = defaultdict(set)
    for mark, message in rehearsal.said.words.items():
        if message.album is not None and mark in standing:
            albums[message.album].add(standing[mark])
    for name, tickets in albums.items():
        split = any(len(ledger.continued(each)) > 1 for each in tickets)
        if len(tickets) > 1 and not split and all(ledger.tickets[each].generation == 1 for each in tickets):
            rehearsal.wrongs.append(f"the parts of {name} stand on {sorted(tickets)}")
    return answers


@dataclass(slots=True, kw_only=True)
class _Talk:
    """One client's conversation as far as anybody outside can be sure of it."""

    rehearsal: Rehearsal
    ledger: Ledger
    explained: frozenset[str]
    about: TicketId | None = None
    """The request the client last pointed to, while that is certain."""
    away: bool = False
    """Whether another request may be in the making."""
    elsewhere: TicketId | None = None
    """Where an agent has spoken since, when not on the request it is about."""
    asked: list[str] | None = None
    """Words of which the client was asked where they belong, while they are."""
    known: set[TicketId] = field(default_factory=set)
    """The client's requests so far."""
    ended: set[TicketId] = field(default_factory=set)
    """Requests that were closed at least once: whether they are open is not followed any further."""
    expected: dict[str, tuple[TicketId, str]] = field(default_factory=dict)
    answers: dict[str, bool] = field(default_factory=dict)
    wrongs: list[str] = field(default_factory=list)
    _marks: dict[Key, str] = field(default_factory=dict)
    _albums: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._marks = {message_ref(message).key: mark for mark, message in self.rehearsal.said.words.items()}

    def follow(self, happened: Happened) -> None:
        """What the event tells."""
        event = happened.event
        opened = TicketId("kc-" + hashlib.sha256(event.key.encode()).hexdigest()[:20])
        closed = self.ledger.orders.get(f"{event.key}/closed")
        guessed = self.ledger.orders.get(f"{event.key}/guessed")
        match event:
            case ClientWrote():
                self._wrote(happened, event)
            case ClientTapped():
                self._tapped(event, opened in self.ledger.tickets)
            case AgentCommented() if event.text.plain.startswith("#"):
                self._ordered(TicketId((event.ticket or "").partition(".")[0]), event.text.plain)
            case AgentCommented() if not event.internal and not event.text.plain.startswith("//"):
                ticket = TicketId((event.ticket or "").partition(".")[0])
                self.elsewhere = None if ticket == self.about else ticket
            case CardSeen() if event.column == "finished":
                self._end(TicketId((event.ticket or "").partition(".")[0]))
            case _:
                pass
        if closed is not None and closed.ticket is not None:
            self._end(closed.ticket)
        if guessed is not None and guessed.ticket is not None:
            if self.elsewhere is not None and self.elsewhere not in self.ended and guessed.ticket != self.elsewhere:
                self.wrongs.append(f"{guessed.key} names {guessed.ticket}, an agent spoke on {self.elsewhere}")
            self._point(guessed.ticket, "guessed")
        if any(f"{event.key}/{question}" in self.ledger.orders for question in _QUESTIONS):
            self._turn_away()
        if opened in self.ledger.tickets:
            self.known.add(opened)
            if not isinstance(event, AgentCommented):  # an agent's splitting ends nothing the client has begun
                self._point(opened, "taken")
                self.away = False

    def _wrote(self, happened: Happened, event: ClientWrote) -> None:
        mark = self._marks.get(event.message.key)
        if mark is None:
            self._said_something_else(event)
            return
        if mark in self.rehearsal.said.unheeded or mark in self.explained or event.album in self._albums:
            return
        if event.album is not None:
            self._albums.add(event.album)
        if event.reply_to is not None:
            ticket, certain = self._quoted(event, happened.received)
            if ticket is not None or not certain:
                self.answers[mark] = certain
            if ticket is not None and certain:
                self.expected[mark] = (ticket, "answered")
                if ticket in self.ended:
                    self._lose_track()
                else:
                    self._point(ticket, "answered")
                return
            if not certain:
                self._lose_track()
                return
        if f"{event.key}/choose" in self.ledger.orders:
            if self.about is not None and self.elsewhere is None and not self.away:
                self.wrongs.append(f"{mark} was asked about, it is clearly about {self.about}")
            self.asked = [mark]
        elif self.asked is not None:
            self.asked.append(mark)
        elif self.about is not None and self.elsewhere is None and not self.away:
            self.expected[mark] = (self.about, "talked")

    def _ordered(self, ticket: TicketId, words: str) -> None:
        """An agent's order may have ended the request, or turned the talk to another one."""
        if words.startswith(("#close", "#merge")):
            self._end(ticket)
        if words.startswith(("#merge", "#split", "#tpl")):
            self._lose_track()
            self.elsewhere = None

    def _said_something_else(self, event: ClientWrote) -> None:
        plain = event.words.text.plain
        if f"{event.key}/choose" in self.ledger.orders:
            self.asked = []
        elif plain == "/new" or (plain.startswith("/start") and self.rehearsal.policy.cabinet is not None):
            self._turn_away()
        elif self.asked is not None and plain.lstrip("№").isdigit():
            number = int(plain.lstrip("№"))
            ticket = next((each for each in self.known if self.ledger.tickets[each].number == number), None)
            if ticket in self.ended:
                self._lose_track()
            elif ticket is not None:
                self._point(ticket, "chosen")

    def _tapped(self, event: ClientTapped, opens: bool) -> None:
        kind, _, value = event.data.partition(":")
        ticket = TicketId(value)
        if kind in ("ticket", "open"):
            if ticket in self.ended or ticket not in self.ledger.tickets:
                self._lose_track()
            else:
                self._point(ticket, "chosen")
                self.away = False
        elif kind in _TURNING_AWAY and not opens:
            self._turn_away()

    def _quoted(self, event: ClientWrote, received: float) -> tuple[TicketId | None, bool]:
        """The request whose message is answered, and whether anybody could know that (or that there is none)."""
        assert event.reply_to is not None
        quoted = self.rehearsal.chat.messages[int(event.reply_to.id.rpartition("/")[2])]
        if quoted.order is None:
            said = self.ledger.orders.get(f"say/{event.reply_to.key}")
            return (said.ticket, True) if said is not None and said.created <= received else (None, False)
        order = self.ledger.orders[quoted.order]
        known = self.ledger.made.get(event.reply_to) == order.key and order.ended and order.ended <= received
        return order.ticket, order.ticket is None or bool(known)

    def _point(self, ticket: TicketId, why: str) -> None:
        for mark in self.asked or ():
            self.expected[mark] = (ticket, why)
        self.about, self.elsewhere, self.asked = ticket, None, None

    def _turn_away(self) -> None:
        self.away = True
        self.asked = None

    def _lose_track(self) -> None:
        self.about, self.asked = None, None

    def _end(self, ticket: TicketId) -> None:
        self.ended.add(ticket)
        if self.about == ticket:
            self.about = None
