"""Who works on the board: what they are competent in, when they are on duty, and in which teams they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from connector.domain.terms import Hours


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRule:
    """One agent of the mapping. Empty `topics` or `classes`: competent in all of them.

    `hours` None: on duty round the clock. `leave` are dates (first, last), both included, in the zone of `hours`.
    `weight`: somebody with 2 is given twice as much as somebody with 1.
    """

    key: str
    name: str
    """As the board shows it."""
    topics: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()
    team: str | None = None
    hours: Hours | None = None
    leave: tuple[tuple[date, date], ...] = ()
    weight: float = 1.0

    def competent(self, topic: str, service_class: str) -> bool:
        """Whether they can solve such a request."""
        return (not self.topics or topic in self.topics) and (not self.classes or service_class in self.classes)


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamRule:
    """A team with its lead (the key of an agent). Empty `topics`: whatever no other team has."""

    key: str
    title: str
    lead: str | None = None
    topics: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingRule:
    """Who gets a new request. Without `assign` it lies in the pool until somebody takes it.

    `managers`: account id → key of the agent who looks after it. `last_within`: how long somebody who served the
    client stays the one who is asked first; None never. `weights`: how much an open request of a class weighs (1).
    """

    assign: bool = False
    managers: Mapping[str, str] = field(default_factory=dict)
    last_within: timedelta | None = None
    weights: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Agents and teams by key, in the order of the mapping, and who of them gets what."""

    agents: Mapping[str, AgentRule] = field(default_factory=dict)
    teams: Mapping[str, TeamRule] = field(default_factory=dict)
    routing: RoutingRule = field(default_factory=RoutingRule)

    def team_of(self, topic: str) -> TeamRule | None:
        """The team that serves a topic: the first that names it, else the first that names none."""
        named = next((team for team in self.teams.values() if topic in team.topics), None)
        return named or next((team for team in self.teams.values() if not team.topics), None)

    def competent(self, topic: str, service_class: str) -> tuple[AgentRule, ...]:
        """Who can solve such a request, in the order of the mapping, at work or not."""
        return tuple(agent for agent in self.agents.values() if agent.competent(topic, service_class))
