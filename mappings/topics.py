"""The menu as it is written, one or two levels deep, turned into the topics a request can really be about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mappings.problems import Steps
from mappings.scalars import One
from mappings.schema import Content, SubTopic, Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A topic that requests can be about. What it takes from its group has the place where the group says it.

    `steps` is the topic itself; `board`, `column` and `class_` are None when neither it nor its group says one.
    """

    key: str
    steps: Steps
    group: str | None
    title: dict[str, str]
    hint: dict[str, str] | None
    board: tuple[Steps, str | int] | None
    column: tuple[Steps, str | int] | None
    class_: tuple[Steps, str | int] | None
    tags: tuple[tuple[Steps, str], ...]
    values: tuple[tuple[Steps, dict[str, One | list[One]]], ...]
    """Its own constant fields, then those of its group."""


def groups(content: Content) -> dict[str, Topic]:
    """The topics that only lead to others, by key."""
    return {key: topic for key, topic in content.topics.items() if topic.topics is not None}


def leaves(content: Content) -> tuple[Leaf, ...]:
    """Every topic that a request can be about, in the order of the menu; one below a group is `<group>.<key>`."""
    return tuple(_leaves(content))


def below(content: Content, key: str) -> tuple[str, ...]:
    """The keys of the topics that a key stands for: those of a group, else it alone."""
    return tuple(leaf.key for leaf in leaves(content) if key in (leaf.key, leaf.group))


def _leaves(content: Content) -> Iterator[Leaf]:
    for key, topic in content.topics.items():
        steps = ("topics", key)
        if topic.topics is None:
            yield _leaf(key, None, (steps, topic))
            continue
        for below, child in topic.topics.items():
            yield _leaf(f"{key}.{below}", key, ((*steps, "topics", below), child), (steps, topic))


def _leaf(key: str, group: str | None, *said: tuple[Steps, SubTopic]) -> Leaf:
    """`said`: the topic, then its group; whoever says a thing first is heard, and tags are put together."""

    def first(name: str, attribute: str) -> tuple[Steps, str | int] | None:
        given = (((*steps, name), getattr(topic, attribute)) for steps, topic in said)
        return next(((steps, value) for steps, value in given if value is not None), None)

    tags: dict[str, Steps] = {}
    for steps, topic in reversed(said):
        for index, tag in enumerate(topic.tags):
            tags.setdefault(tag.strip(), (*steps, "tags", index))
    steps, topic = said[0]
    return Leaf(
        key=key,
        steps=steps,
        group=group,
        title=topic.title,
        hint=next((each.hint for _, each in said if each.hint is not None), None),
        board=first("board", "board"),
        column=first("column", "column"),
        class_=first("class", "class_"),
        tags=tuple((place, tag) for tag, place in tags.items()),
        values=tuple(((*place, "values"), topic.values) for place, topic in said),
    )
