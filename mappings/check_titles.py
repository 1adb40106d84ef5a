"""Whether every text for people stands in every language, and no two choices of a menu are called the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mappings.problems import Problem, Steps, folded, nearest, one_of, shown
from mappings.scalars import EVERY
from mappings.schema import Content, SubTopic
from mappings.source import Source
from mappings.topics import groups
from mappings.validate import Validated


def check_titles(source: Source, content: Content, validated: Validated) -> Iterator[Problem]:
    """A problem for each language that a text lacks or should not have, and for each title that stands twice."""
    for steps, titles in _texts(content):
        if titles is None or EVERY in titles or not validated.sound(steps):
            continue
        for language in titles:
            if language not in content.languages:
                yield no_language(source, content, (*steps, language), language, key=True)
        missing = [language for language in content.languages if language not in titles]
        if missing:
            yield source.problem(
                steps, code="title-language", found=f"no text in: {', '.join(missing)}",
                expected=f"a text in each of: {', '.join(content.languages)}",
                remedy="add the missing line, or write one plain text for all languages",
            )  # fmt: skip
    yield from _twice(source, content, validated, (((key,), topic) for key, topic in content.topics.items()))
    for key, group in groups(content).items():
        below = (((key, "topics", child), topic) for child, topic in (group.topics or {}).items())
        yield from _twice(source, content, validated, below)


def no_language(source: Source, content: Content, steps: Steps, language: str, key: bool = False) -> Problem:
    """The problem with a language that the mapping does not speak."""
    near = nearest(language, content.languages)
    return source.problem(
        steps, code="language", found=shown(language), expected=one_of(content.languages), nearest=near, key=key,
        remedy=f"write {near}" if near else "add the language to `languages`, or remove it here",
    )  # fmt: skip


def _texts(content: Content) -> Iterator[tuple[Steps, dict[str, str] | None]]:
    for steps, topic in _topics(content):
        yield (*steps, "title"), topic.title
        yield (*steps, "hint"), topic.hint
    for key, entry in content.classes.items():
        yield ("classes", key, "title"), entry.title
    if content.cabinet is not None:
        yield ("cabinet", "hint"), content.cabinet.hint
    for key, trigger in content.triggers.items():
        yield ("triggers", key, "text"), trigger.text
    for key, template in content.templates.items():
        yield ("templates", key, "text"), template.text


def _topics(content: Content) -> Iterator[tuple[Steps, SubTopic]]:
    for key, topic in content.topics.items():
        yield ("topics", key), topic
        for below, child in (topic.topics or {}).items():
            yield ("topics", key, "topics", below), child


def _twice(
    source: Source, content: Content, validated: Validated, level: Iterable[tuple[tuple[str, ...], SubTopic]]
) -> Iterator[Problem]:
    said: dict[tuple[str, str], str] = {}
    for steps, topic in level:
        path = ".".join(("topics", *steps))
        for language in content.languages:
            title = topic.title.get(language, topic.title.get(EVERY))
            if title is None or not validated.sound(("topics", *steps, "title")):
                continue
            first = said.setdefault((language, folded(title)), path)
            if first != path:
                yield source.problem(
                    ("topics", *steps, "title", language), code="title-twice",
                    found=f"{shown(title)}, which is the title of {first} too",
                    expected="a title of its own for each topic", remedy="change one of the two titles",
                )  # fmt: skip
                break
