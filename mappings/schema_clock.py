"""What may stand in a mapping for clocks: when teams work, targets for some requests, and what cards show of them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mappings.part import Part
from mappings.scalars import Day, Intervals, Line, Name, Names, Percent, Time


class Hours(Part):
    """When a team works."""

    zone: Line = Field(description="Time zone by its IANA name, such as Europe/Moscow.")
    week: dict[str, Intervals | None] = Field(
        description='Days (mon, mon-fri, "sat,sun") and their intervals, such as ["09:00-13:00", "14:00-18:00"].'
    )
    closed: list[Day] = Field(default_factory=list, description="Dates without work, such as 2026-01-01.")
    country: Line | None = Field(
        None,
        description="The country, or its part, whose public holidays are closed too: an ISO code such as RU or DE-BY.",
    )
    working: list[Day] = Field(
        default_factory=list,
        description="Dates that are worked although they are holidays or weekends (moved working days), with the "
        "intervals of the first working day of the week.",
    )


class Targets(Part):
    """How soon something is owed."""

    first_reply: Time | None = Field(None, description="Time until the first answer, such as 5m.")
    next_reply: Time | None = Field(None, description="Time until each further answer, such as 30m.")
    resolution: Time | None = Field(None, description="Time until it is done, such as 5h or 1d.")
    clock: Literal["working", "calendar"] | None = Field(
        None,
        description="How these times run: `working` counts only the team's hours (1d is one working day), `calendar` "
        "runs day and night. Needed where a time is given, unless `hours` is.",
    )
    hours: Name | None = Field(
        None, description="The calendar in which they count: a key of `calendars`; by default `hours` itself."
    )


class Special(Targets):
    """Other targets for requests of the class that meet every condition given; what is left out is the class's."""

    topics: Names = Field(default_factory=list, description="Keys of topics; that of a group stands for all below it.")
    cabinets: Names = Field(default_factory=list, description="Account ids of clients.")
    clients: Names = Field(default_factory=list, description="Chats of clients, by their numbers in Telegram.")


class ClockTags(Part):
    """Tags that tell on the card how the clocks stand."""

    class_: Line | None = Field(
        None, alias="class", description="Always there, such as SLA {class}; {class} is the title of the service class."
    )
    first_reply_late: Line | None = Field(None, description="From the moment the first answer is late.")
    at_risk: Line | None = Field(None, description="While so much of a target is used as `at_risk` says.")
    breached: Line | None = Field(None, description="While a target is breached that still waits to be met.")


class Sla(Part):
    """How clocks run besides the targets of the classes, and what of them stands on the card."""

    at_risk: Percent = Field(80, description="The share of a target after which it is at risk; 80% by default.")
    reopened: Literal["continues", "restarts"] = Field(
        "continues",
        description="What the clock of a request does that is opened again: it goes on where it stood, or begins anew.",
    )
    pause: Names = Field(
        default_factory=list,
        description="Columns in which clocks stand still, by name or id, besides those that mean waiting and those "
        "whose own setting on the board says so.",
    )
    tags: ClockTags = Field(default_factory=lambda: ClockTags(), description="Tags that tell how the clocks stand.")
