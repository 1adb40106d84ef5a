"""The people of a mapping as data for the decision: agents, teams, and who of them gets what."""

from __future__ import annotations

from collections import abc
from datetime import timedelta

from connector.domain.ladder import Agreement, Audience, Escalation, Measured, Rung, Wait
from connector.domain.people import AgentRule, People, RoutingRule, TeamRule
from connector.domain.terms import Hours, ServiceClass
from mappings.check_hours import USUAL
from mappings.clock import Length
from mappings.files import list_file
from mappings.id_list import Unreadable, read_table
from mappings.problems import folded
from mappings.schema import Content
from mappings.schema_people import Managers
from mappings.source import Source
from mappings.topics import below


def people(content: Content, source: Source, calendars: abc.Mapping[str, Hours]) -> People:
    """Agents and teams in the order of the mapping."""
    return People(
        agents={key: _agent(content, key, calendars) for key in content.people},
        teams={
            key: TeamRule(
                key=key,
                title=team.title.strip(),
                lead=None if team.lead is None else str(team.lead).strip(),
                topics=_topics(content, team.topics),
            )
            for key, team in content.teams.items()
        },
        routing=_routing(content, source),
    )


def escalation(content: Content, classes: abc.Mapping[str, ServiceClass]) -> Escalation:
    """The ladders of the classes; lengths of time run by the clock of each class."""
    given = content.escalation

    def lasting(length: Length | None, hours: Hours | None) -> timedelta | None:
        if length is None:
            return None
        return length.calendar if hours is None or not any(hours.week) else length.working(hours.week)

    return Escalation(
        ladders={
            key: tuple(
                Rung(
                    wait=Wait(rung.wait),
                    audience=Audience(rung.tell),
                    after=lasting(rung.after, found.hours),
                    before=None if rung.before is None else rung.before.calendar,
                )
                for rung in given.ladders.get(key, given.ladders.get("*", ()))
            )
            for key, found in classes.items()
            if key in given.ladders or "*" in given.ladders
        },
        digest_above=given.digest_above,
        snooze=given.snooze.calendar,
    )


def agreements(content: Content, calendars: abc.Mapping[str, Hours]) -> dict[str, Agreement]:
    """The promises by key, in the order of the mapping."""
    found: dict[str, Agreement] = {}
    for key, said in content.agreements.items():
        name = USUAL if said.hours is None else str(said.hours).strip()
        hours = calendars.get(name) if said.clock == "working" else None
        found[key] = Agreement(
            key=key,
            title=said.title.strip(),
            measured=Measured(said.measure),
            target=said.target.calendar if hours is None or not any(hours.week) else said.target.working(hours.week),
            hours=hours,
            share=said.share / 100,
            topics=_topics(content, said.topics),
            classes=frozenset(str(each).strip() for each in said.classes),
            team=None if said.team is None else str(said.team).strip(),
            audience=None if said.tell is None else Audience(said.tell),
        )
    return found


def _agent(content: Content, key: str, calendars: abc.Mapping[str, Hours]) -> AgentRule:
    agent = content.people[key]
    name = USUAL if agent.duty is None else str(agent.duty).strip()
    return AgentRule(
        key=key,
        name=str(agent.user).strip(),
        topics=_topics(content, agent.topics),
        classes=frozenset(str(name).strip() for name in agent.classes),
        team=None if agent.team is None else str(agent.team).strip(),
        hours=calendars.get(name),
        leave=tuple(agent.leave),
        weight=agent.weight,
    )


def _topics(content: Content, names: list[str | int]) -> frozenset[str]:
    return frozenset(key for name in names for key in below(content, str(name).strip()))


def _routing(content: Content, source: Source) -> RoutingRule:
    routing = content.routing
    managers = {} if routing.managers is None else managers_of(content, source, routing.managers)
    managers |= {str(cabinet).strip(): key for key, agent in content.people.items() for cabinet in agent.cabinets}
    return RoutingRule(
        assign=routing.mode == "assign",
        managers=managers,
        last_within=None if routing.last_within is None else routing.last_within.calendar,
        weights=dict(routing.weights),
    )


def agent_keys(content: Content) -> dict[str, str]:
    """Every way to name an agent in a file → their key."""
    return {folded(name): key for key, agent in content.people.items() for name in (str(agent.user), key)}


def managers_of(content: Content, source: Source, managers: Managers) -> dict[str, str]:
    """Account id → key of its agent, of the lines that name both; nothing where the file cannot be used."""
    file = list_file(source, managers.file)
    try:
        rows = read_table(file) if file is not None else []
    except Unreadable:
        return {}
    heads = [folded(cell) for cell in rows[0]] if rows else []
    if folded(managers.cabinet) not in heads or folded(managers.agent) not in heads:
        return {}
    cabinet, agent = heads.index(folded(managers.cabinet)), heads.index(folded(managers.agent))
    keys = agent_keys(content)
    pairs = ((row[cabinet].strip(), folded(row[agent])) for row in rows[1:] if len(row) > max(cabinet, agent))
    return {found: keys[name] for found, name in pairs if found and name in keys}
