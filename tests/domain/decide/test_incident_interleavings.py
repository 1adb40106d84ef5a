"""In whatever order requests join, agents answer and clients leave: each gets exactly the answers they should."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from connector.domain.events import Event
from connector.domain.incident import Standing, is_incident
from connector.domain.likeness import stems
from connector.domain.policy import Confirmation
from connector.domain.refs import ClientId, TicketId
from connector.domain.ticket import Ticket
from tests.domain.decide.outage import RULE, Outage
from tests.domain.sample import POLICY
from tests.domain.test_likeness import DIFFERENT

ACTS = ("open", "open", "open", "comment", "comment", "edit", "remove", "withdraw", "leave", "unlike", "settle", "late")

ODD = tuple(text for text in DIFFERENT if stems(text) and text != DIFFERENT[0])


@dataclass
class Model(Outage):
    """Knows what each client should read, by the order in which the incident itself heard of things."""

    due: dict[TicketId, list[int]] = field(default_factory=dict)
    """The comments each request is to get, in order."""
    texts: dict[int, str] = field(default_factory=dict)
    """What each comment says now; a deleted one is not there."""
    given: list[int] = field(default_factory=list)
    gone: dict[TicketId, set[int]] = field(default_factory=dict)
    """Requests that left or were withdrawn, and the comments that had been written by then."""

    def feed(self, event: Event, home: ClientId) -> None:
        before = set(self.children()) if self.homes else set()
        standing = self.stands() if self.homes else None
        super().feed(event, home)
        if not is_incident(home):
            return
        joined = [each for each in self.children() if each not in before]
        if standing is Standing.SUSPECTED and self.stands() is Standing.CONFIRMED:
            for child in self.children():
                self.due[child] = [number for number in self.given if number in self.texts]
        for child in joined:
            last = [number for number in self.given if number in self.texts][-1:]
            self.due[child] = last if self.stands() is Standing.CONFIRMED else []

    def says(self, number: int, text: str) -> None:
        """The comment was written, and its fate among the requests there are."""
        self.given.append(number)
        self.texts[number] = text
        if self.stands() is Standing.CONFIRMED:
            for child in self.children():
                self.due[child].append(number)

    def should_read(self, ticket: Ticket) -> list[str]:
        return [self.texts[number] for number in self.due.get(ticket.id, ()) if number in self.texts]


def _act(town: Model, act: str, chance: random.Random, requests: list[Ticket], odd: list[Ticket]) -> None:
    match act:
        case "open":
            requests.append(
                town.opens(1000 + len(requests), chance.choice(("Касса не работает", "не работает касса!")))
            )
        case "unlike":
            odd.append(town.opens(5000 + len(odd), ODD[len(odd) % len(ODD)]))
        case "comment" if town.homes:
            text = f"ответ {len(town.given)}"
            town.says(town.comments(text), text)
        case "edit" if town.texts:
            number = chance.choice(list(town.texts))
            town.texts[number] += "+"
            town.edits(number, town.texts[number])
        case "remove" if town.texts:
            number = chance.choice(list(town.texts))
            del town.texts[number]
            town.removes(number)
        case "withdraw" if requests:
            _goes(town, chance.choice(requests), withdraws=True)
        case "leave" if requests:
            ticket = chance.choice(requests)
            if town.ticket(ticket).incident is not None:
                _goes(town, ticket, withdraws=False)
        case "late":
            town.later(20)
        case "settle":
            town.settle(chance)
        case _:
            pass
    for _ in range(chance.randrange(4)):
        town.step(chance)


def _goes(town: Model, ticket: Ticket, *, withdraws: bool) -> None:
    if ticket.id in town.gone:
        return
    if withdraws:
        town.withdraws(ticket)
        town.gone[ticket.id] = set(town.given)
    else:
        town.comments("#incident no", town.ticket(ticket))
        town.settle()
        town.gone[ticket.id] = set(town.given)


@settings(max_examples=100, deadline=None)
@given(acts=st.lists(st.sampled_from(ACTS), min_size=8, max_size=60), seed=st.integers(0, 2**16), ask=st.booleans())
def test_each_gets_exactly_the_answers_they_should(acts: list[str], seed: int, ask: bool) -> None:
    chance = random.Random(seed)
    confirm = Confirmation.BY_AGENT if ask else Confirmation.AT_ONCE
    town = Model(policy=replace(POLICY, incidents=replace(RULE, confirm=confirm)))
    requests: list[Ticket] = []
    odd: list[Ticket] = []
    sure_at = chance.randrange(len(acts))
    for number, act in enumerate(acts):
        _act(town, act, chance, requests, odd)
        if ask and number >= sure_at and town.homes and town.stands() is Standing.SUSPECTED:
            town.comments("#incident yes")
    town.settle(chance)
    for ticket in odd:
        assert town.reads(ticket) == []
        assert town.ticket(ticket).incident is None
    if not town.homes:
        return
    assert len(town.homes) == 1
    for ticket in requests:
        read, due = town.reads(ticket), town.should_read(ticket)
        if ticket.id not in town.gone:
            assert read == due
            assert (town.ticket(ticket).incident is not None) == (town.stands() is Standing.CONFIRMED)
            continue
        # Nothing that was written after they had gone; of what was, each at most once.
        numbers = {text.rstrip("+") for text in read}
        assert len(numbers) == len(read)
        assert numbers <= {f"ответ {town.given.index(number)}" for number in town.gone[ticket.id]}
    town.comments("#incident no")
    before = {ticket.id: town.reads(ticket) for ticket in requests}
    for number in list(town.texts):
        town.edits(number, "поздно")
    town.comments("поздно")
    town.settle(chance)
    assert {ticket.id: town.reads(ticket) for ticket in requests} == before
    assert town.links() == set()
    assert all(town.ticket(ticket).incident is None for ticket in requests)
