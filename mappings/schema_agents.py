"""What may stand in a mapping for the agents' side: what clients get to see, commands, templates, and the card."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from mappings.clock import Length
from mappings.guard import FILES, INTERNAL, SECRETS
from mappings.part import Part
from mappings.scalars import Count, Line, Lines, Names, OrDefault, Several, Share, Time, Titles, or_word

Change = Literal["queue", "work", "waiting", "done"]


class Guard(Part):
    """What a public comment is held for until an agent says that it is meant for the client."""

    secrets: list[Line] = Field(
        default_factory=lambda: list(SECRETS),
        description="Regular expressions of what should not be sent; by default card numbers, passwords, tokens, keys.",
    )
    files: list[Line] = Field(
        default_factory=lambda: list(FILES),
        description="Regular expressions of names of files that should not be sent; by default of passports and keys.",
    )
    internal: list[Line] = Field(
        default_factory=lambda: list(INTERNAL),
        description="How notes to colleagues begin, such as [внутр, fyi]; case and blanks do not count.",
    )


class Public(Part):
    """Which comments of agents go to the client."""

    rule: Literal["all_but_marked", "only_marked", "only_people", "only_columns"] = Field(
        "all_but_marked",
        description="all_but_marked: every comment is an answer unless it begins with the mark; "
        "only_marked: only a comment that begins with the mark is one; only_people: only what `people` write; "
        "only_columns: only what is written while the card stands in one of `columns`.",
    )
    mark: Line = Field("//", description="What a comment begins with.")
    people: Names = Field(
        default_factory=list, description="With `only_people`: users of the board by name, username, e-mail or id."
    )
    columns: list[Change] = Field(
        default_factory=list, description="With `only_columns`: what the columns mean, such as [work, waiting]."
    )
    guard: Annotated[Guard | None, OrDefault] = Field(
        None,
        description="Holds a public comment that looks internal or secret until an agent sends it. `default`, or a "
        "part of your own; without this key nothing is held.",
        json_schema_extra=or_word("default"),
    )
    send_after: Time = Field(
        default_factory=Length,
        description="How long an answer waits, so that it can still be changed or deleted; 0s by default.",
    )


class Template(Part):
    """A canned reply that agents send by its key."""

    text: Titles = Field(
        description="What it says, with {client}, {cabinet}, {number}, {subject}, {until} and {agent}: one text, or "
        "one per language."
    )
    files: list[Line] = Field(
        default_factory=list, description="Pictures and documents sent with it; paths relative to this file."
    )


class CommandWords(Part):
    """Further words for the commands; the English ones always work."""

    tpl: Lines = Field(default_factory=list, description="Sends a template, or lists them all.")
    history: Lines = Field(default_factory=list, description="Shows an earlier request of the client in full.")
    send: Lines = Field(default_factory=list, description="Sends a comment that is held.")
    take: Lines = Field(default_factory=list, description="Makes the author responsible.")
    assign: Lines = Field(default_factory=list, description="Makes someone else responsible.")
    class_: Lines = Field(default_factory=list, alias="class", description="Changes the service class.")
    topic: Lines = Field(default_factory=list, description="Changes the topic.")
    merge: Lines = Field(default_factory=list, description="Puts the request into another one.")
    split: Lines = Field(default_factory=list, description="Makes a request of its own.")
    close: Lines = Field(default_factory=list, description="Ends the request, with or without the question how it was.")
    incident: Lines = Field(default_factory=list, description="Confirms or dissolves an incident.")
    mute: Lines = Field(default_factory=list, description="Keeps the bot from telling the client of changes.")


class Commands(Part):
    """How agents order something by a comment."""

    prefix: Line = Field("#", description="One or two signs directly before the word; # by default.")
    words: CommandWords = Field(
        default_factory=lambda: CommandWords(),
        description="Command: another word for it, or a list of them; the English ones always work.",
    )


class Incidents(Part):
    """When alike requests of many clients are one incident, with a card on which all of them are answered."""

    window: Time = Field(
        default_factory=lambda: Length(rest=timedelta(minutes=10)),
        description="How long a burst may last; 10m by default.",
    )
    at_least: Several = Field(5, description="So many clients, 2 to 50; 5 by default.")
    alike: Share = Field(
        0.6, description="How alike the words are: 0.3 (a few words in common) to 1 (the same ones); 0.6 by default."
    )
    confirm: Literal["at_once", "by_agent"] = Field(
        "at_once",
        description="at_once: what was noticed is an incident until an agent says no; by_agent: it is none until an "
        "agent says yes.",
    )
    topics: Names = Field(
        default_factory=list,
        description="Keys of topics where incidents are looked for, that of a group for all below it; all by default.",
    )
    wordless: bool = Field(
        False, description="Whether requests without words, such as pictures and voice messages, count as alike."
    )
    close_children: bool = Field(False, description="Whether an incident's requests are closed with it.")


class Label(Part):
    """A tag put on new cards that meet every condition given."""

    tag: Line = Field(description="The tag that such cards get.")
    topics: Names = Field(default_factory=list, description="Keys of topics; that of a group stands for all below it.")
    classes: Names = Field(default_factory=list, description="Keys of service classes.")
    words: Lines = Field(
        default_factory=list,
        description="Regular expressions, one of which the client's first words contain; case does not count.",
    )


class Card(Part):
    """What a card looks like."""

    title: Line = Field(
        "{words}", description="Its title, with {words}, {number}, {client}, {cabinet} and {topic}; {words} by default."
    )


class History(Part):
    """Earlier requests of the client and their cabinet, on the card."""

    shown: Count = Field(10, description="How many of them, 1 to 50; 10 by default.")
