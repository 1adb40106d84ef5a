"""Promises about all requests of a kind: on which clock one runs, when it is broken, what is counted."""

from __future__ import annotations

from datetime import datetime

from connector.domain import clock
from connector.domain.decide.clocks import AFTER
from connector.domain.decide.turn import Turn
from connector.domain.ladder import Agreement, Measured, Verdict, Waiting
from connector.domain.policy import Policy
from connector.domain.terms import Terms
from connector.domain.ticket import Ticket


def meant(policy: Policy, agreement: Agreement, ticket: Ticket) -> bool:
    """Whether the agreement is about this request."""
    if agreement.topics and ticket.topic not in agreement.topics:
        return False
    if agreement.classes and ticket.service_class not in agreement.classes:
        return False
    team = policy.people.team_of(ticket.topic) if agreement.team is not None else None
    return agreement.team is None or (team is not None and team.key == agreement.team)


def running(policy: Policy, agreement: Agreement, ticket: Ticket, now: datetime) -> clock.Reading | None:
    """The clock of the agreement that is on for this request; None where none is."""
    if not meant(policy, agreement, ticket):
        return None
    terms = Terms(
        first_reply=agreement.target if agreement.measured is Measured.FIRST_REPLY else None,
        next_reply=agreement.target if agreement.measured is Measured.NEXT_REPLY else None,
        resolution=agreement.target if agreement.measured is Measured.RESOLUTION else None,
        hours=agreement.hours,
    )
    found = clock.read(clock.stamps_of(ticket), lambda _, __: terms, now, reopened=policy.sla.reopened)
    return next(
        (each for each in reversed(found) if each.measure.value == agreement.measured.value and each.ends is None), None
    )


def due(policy: Policy, key: str, ticket: Ticket, now: datetime) -> datetime | None:
    """When the agreement is broken if nothing happens; None while its clock stands still."""
    agreement = policy.agreements.get(key)
    reading = running(policy, agreement, ticket, now) if agreement is not None else None
    return reading.due + AFTER if reading is not None and reading.due is not None else None


def judged(turn: Turn, ticket: Ticket, waiting: Waiting, *, kept: bool) -> None:
    """Writes the verdict down. A wait that ended because the agreement is no longer in the mapping has none."""
    if waiting.agreement in turn.policy.agreements:
        turn.verdicts.append(
            Verdict(agreement=waiting.agreement, ticket=ticket.id, since=waiting.since, at=turn.at, kept=kept)
        )
