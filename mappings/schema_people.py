"""What may stand in a mapping for the people: agents, teams, and who of them gets a request."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from mappings.clock import Length
from mappings.part import Part
from mappings.scalars import Count, Kept, Leave, Line, Name, Names, Time, Weight


class Agent(Part):
    """Somebody who works on the board."""

    user: Name = Field(description="The user of the board: name, username, e-mail or id.")
    topics: Names = Field(
        default_factory=list,
        description="Keys of topics they are competent in; that of a group stands for all below it. By default all.",
    )
    classes: Names = Field(
        default_factory=list, description="Keys of service classes they are competent in; by default all."
    )
    team: Name | None = Field(None, description="The key of their team.")
    duty: Name | None = Field(
        None,
        description="The calendar they are on duty by: a name under `calendars`; by default `hours`, else round the "
        "clock.",
    )
    leave: Leave = Field(
        default_factory=list, description="Dates they are away: 2026-12-30, or 2027-01-02..2027-01-08."
    )
    weight: Weight = Field(1.0, description="How much they are given, beside somebody with 1: 2 is twice as much.")
    cabinets: Names = Field(
        default_factory=list, description="Account ids of the clients they look after: their personal manager."
    )


class Team(Part):
    """Agents with a lead, and with a group chat that is linked by /team CODE."""

    title: Line = Field(description="What people call it.")
    lead: Name | None = Field(None, description="The key of the agent who leads it.")
    topics: Names = Field(
        default_factory=list,
        description="Keys of topics it serves; that of a group stands for all below it. By default those of no other "
        "team.",
    )


class Rung(Part):
    """One step of a ladder: who is told that something still waits."""

    wait: Literal["untaken", "first_reply", "reply", "resolution", "promise"] = Field(
        description="What waits: untaken (nobody has the request), first_reply, reply (any answer the client waits "
        "for), resolution, or promise (the time the client was told)."
    )
    after: Time | None = Field(
        None, description="How long after that began, by the clock of the class, such as 5m; either this or `before`."
    )
    before: Time | None = Field(
        None, description="How long before it is due, in calendar time; with first_reply, reply, resolution, promise."
    )
    tell: Literal["team", "agents", "holder", "lead"] = Field(
        description="team: the team's group; agents: each competent agent on duty, privately; holder: whoever has the "
        "request; lead: the team's lead."
    )


class Escalation(Part):
    """Who hears of requests that wait."""

    ladders: dict[str, list[Rung]] = Field(
        default_factory=dict,
        description='Service class (or "*" for all others): its steps, each wait\'s in the order they come.',
    )
    digest_above: Count = Field(
        5, description="So many notices of one chat are messages of their own; further ones are lines of one message."
    )
    snooze: Time = Field(
        default_factory=lambda: Length(rest=timedelta(minutes=30)),
        description="How long the button under a notice puts further steps off; 30m by default.",
    )


class Agreement(Part):
    """A promise about all requests that meet its conditions: counted, and told where it is broken."""

    title: Line = Field(description="What people call it, such as: finance answers in a working day.")
    measure: Literal["first_reply", "next_reply", "resolution"] = Field(
        "first_reply", description="What must happen in time: the first answer, each further one, or the end."
    )
    target: Time = Field(description="How soon, such as 1d.")
    clock: Literal["working", "calendar"] = Field(
        "working", description="working: only hours of work count; calendar: day and night."
    )
    hours: Name | None = Field(None, description="The calendar in which it counts; by default `hours`.")
    share: Kept = Field(100, description="By how many of the requests it is to be kept, such as 95%; 100% by default.")
    topics: Names = Field(
        default_factory=list, description="Keys of topics it is about; that of a group stands for all below it."
    )
    classes: Names = Field(default_factory=list, description="Keys of service classes it is about.")
    team: Name | None = Field(None, description="The key of the team whose requests it is about.")
    tell: Literal["team", "agents", "holder", "lead"] | None = Field(
        None, description="Who hears of each request that breaks it; nobody by default."
    )


class Managers(Part):
    """Who looks after which client, from a file."""

    file: Line = Field(description="A CSV file; a path relative to this file.")
    cabinet: Line = Field(description="Its column of account ids, by the name in its first line.")
    agent: Line = Field(
        description="Its column of agents: their key, or any name of theirs that stands under `people`."
    )


class Routing(Part):
    """Whether a new request is given to somebody, and to whom."""

    mode: Literal["pool", "assign"] = Field(
        "pool",
        description="pool: it waits until somebody takes it; assign: it is given at once to somebody competent and on "
        "duty.",
    )
    managers: Managers | None = Field(None, description="Personal managers from a file, besides `cabinets` of agents.")
    last_within: Time | None = Field(
        None, description="Who served the client last is preferred, if that is no longer ago; without it nobody is."
    )
    weights: dict[str, Weight] = Field(
        default_factory=dict, description="Service class: how much one open request weighs in a load; 1 by default."
    )
