"""Who gets a new request: competent and on duty, then preferred, then least loaded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from connector.domain.people import AgentRule, People
from connector.domain.sla import opening
from connector.domain.ticket import Past


class Why(StrEnum):
    """What decided."""

    MANAGER = "manager"
    LAST = "last"
    LOAD = "load"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The agent who gets it, and why; `agent` is None when nobody competent is on duty."""

    agent: AgentRule | None
    why: Why


def away(agent: AgentRule, at: datetime) -> bool:
    """Whether they are on leave."""
    day = at.astimezone(agent.hours.zone if agent.hours is not None else UTC).date()
    return any(first <= day <= last for first, last in agent.leave)


def on_duty(agent: AgentRule, at: datetime) -> bool:
    """Whether they are at work: within their hours, and not on leave."""
    return not away(agent, at) and opening(at, agent.hours) is None


def ready(people: People, topic: str, service_class: str, at: datetime) -> tuple[AgentRule, ...]:
    """Who can solve such a request and is at work, in the order of the mapping."""
    return tuple(agent for agent in people.competent(topic, service_class) if on_duty(agent, at))


def choose(
    people: People,
    *,
    topic: str,
    service_class: str,
    cabinet: str | None,
    at: datetime,
    load: Mapping[str, Mapping[str, int]],
    past: Iterable[Past] = (),
) -> Choice:
    """Who gets a request opened at that moment. `load` and `past` as in `Around` and `Client`; the same for the same.

    Of two who are loaded alike the first of the mapping gets it.
    """
    candidates = ready(people, topic, service_class, at)
    rule = people.routing
    manager = rule.managers.get(cabinet) if cabinet is not None else None
    for agent in candidates:
        if agent.key == manager:
            return Choice(agent=agent, why=Why.MANAGER)
    last = _last(people, past, at)
    for agent in candidates:
        if agent.key == last:
            return Choice(agent=agent, why=Why.LAST)
    return Choice(agent=min(candidates, key=lambda each: burden(people, each, load), default=None), why=Why.LOAD)


def burden(people: People, agent: AgentRule, load: Mapping[str, Mapping[str, int]]) -> float:
    """How loaded they are: open requests in their hands, each by the weight of its class, for what they can carry."""
    weights = people.routing.weights
    held = load.get(agent.key, {})
    return sum(count * weights.get(each, 1.0) for each, count in held.items()) / agent.weight


def _last(people: People, past: Iterable[Past], at: datetime) -> str | None:
    """Who served the client last, if that is not too long ago."""
    within = people.routing.last_within
    if within is None:
        return None
    served = [each for each in past if each.own and each.taken is not None and _touched(each) >= at - within]
    newest = max(served, key=lambda each: (_touched(each), each.number), default=None)
    return newest.taken if newest is not None else None


def _touched(past: Past) -> datetime:
    return past.closed_at or past.opened_at
