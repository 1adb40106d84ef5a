"""Whether the agents' side makes sense: what is public and held back, commands, templates, labels, the card's title."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from connector.domain.policy import ChatLimits, Command
from mappings.agents import folded_word, words_of
from mappings.check_topics import written_keys
from mappings.files import files_beside, picture_file
from mappings.patterns import check_patterns
from mappings.problems import Problem, Steps, folded, nearest, one_of, shown
from mappings.schema import Content
from mappings.source import Source
from mappings.texts import check_placeholders
from mappings.topics import groups, leaves
from mappings.validate import Validated

_LIMITS = ChatLimits()
LEAST_WINDOW, LONGEST_WINDOW = timedelta(minutes=1), timedelta(days=1)
"""What may be called a burst."""
_OF_A_TEMPLATE = frozenset({"client", "cabinet", "number", "subject", "until", "agent"})
_OF_A_TITLE = frozenset({"words", "number", "client", "cabinet", "topic"})


def check_agents(source: Source, content: Content, validated: Validated) -> Iterator[Problem]:
    """Everything wrong with the keys of the agents' side that the schema cannot see."""
    yield from _public(source, content, validated)
    yield from _guard(source, content)
    yield from _templates(source, content)
    yield from _prefix(source, content)
    yield from _words(source, content)
    yield from _labels(source, content, validated)
    yield from _incidents(source, content, validated)
    yield from check_placeholders(source, ("card", "title"), content.card.title, _OF_A_TITLE)


def _public(source: Source, content: Content, validated: Validated) -> Iterator[Problem]:
    public = content.public
    for key, rule in (("people", "only_people"), ("columns", "only_columns")):
        steps = ("public", key)
        if not all(validated.sound(place) and place not in validated.meant for place in (steps, ("public", "rule"))):
            continue
        named = bool(getattr(public, key))
        if public.rule == rule and not named:
            yield source.problem(
                steps, code="missing-key", found=f'`rule: {rule}`, but no "{key}"',
                expected=f"the {key} whose comments are answers" if key == "people" else "what those columns mean",
                remedy=f"add the line `{key}: […]`: as it is, no comment would ever be an answer",
            )  # fmt: skip
        elif named and public.rule != rule:
            yield source.problem(
                steps, code="public-rule", found=f'"{key}" with `rule: {public.rule}`', expected=f"`rule: {rule}`",
                remedy=f"write `rule: {rule}`, or remove this line", key=True,
            )  # fmt: skip


def _guard(source: Source, content: Content) -> Iterator[Problem]:
    guard = content.public.guard
    if guard is None:
        return
    yield from check_patterns(source, ("public", "guard", "secrets"), guard.secrets)
    yield from check_patterns(source, ("public", "guard", "files"), guard.files)
    for index, beginning in enumerate(guard.internal):
        if not any(unicodedata.category(sign)[0] in "LNPS" for sign in beginning):
            yield source.problem(
                ("public", "guard", "internal", index), code="empty", found="nothing that can be seen",
                expected="how a note begins, such as fyi", remedy="write a word, or remove it",
            )  # fmt: skip


def _templates(source: Source, content: Content) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for key, template in content.templates.items():
        steps = ("templates", key)
        other = first.setdefault(folded(key), key)
        if not key or len(key.split()) != 1 or key != key.strip() or other != key:
            yield source.problem(
                steps, code="template-key", key=True,
                found=shown(key) if other == key else f"{shown(key)}, which is read like {shown(other)}",
                expected="one word for each template, because an agent types it", remedy="write another key",
            )  # fmt: skip
        for language, text in template.text.items():
            yield from check_placeholders(source, (*steps, "text", language), text, _OF_A_TEMPLATE)
        if len(template.files) > _LIMITS.album:
            yield source.problem(
                (*steps, "files"), code="template-file", found=f"{len(template.files)} files",
                expected=f"at most {_LIMITS.album}: so many go in one message", remedy="leave some of them out",
            )  # fmt: skip
        for index, name in enumerate(template.files):
            yield from _file(source, (*steps, "files", index), name)


def _file(source: Source, steps: Steps, name: str) -> Iterator[Problem]:
    file = picture_file(source, name)
    if file is None:
        near = nearest(Path(name).name, files_beside(source, name))
        yield source.problem(
            steps, code="template-file", found=f"no file {shown(name)}", nearest=near,
            expected="an existing file; the path counts from this file's folder",
            remedy=f"write {near}" if near else "put the file there, or correct the path",
        )  # fmt: skip
        return
    fault = _unsendable(file)
    if fault is not None:
        yield source.problem(
            steps, code="template-file", found=f"{shown(name)}: {fault}",
            expected=f"a readable file of 1 to {_LIMITS.upload} bytes", remedy="name a smaller file, or mend this one",
        )  # fmt: skip


def _unsendable(file: Path) -> str | None:
    try:
        with file.open("rb"):
            size = file.stat().st_size
    except OSError as error:
        return error.strerror or "it cannot be read"
    return None if 0 < size <= _LIMITS.upload else f"{size} bytes"


def _prefix(source: Source, content: Content) -> Iterator[Problem]:
    prefix, mark = content.commands.prefix.strip(), content.public.mark.strip()
    if len(prefix) > 2 or any(unicodedata.category(sign)[0] not in "PS" for sign in prefix):
        yield source.problem(
            ("commands", "prefix"), code="command-prefix", found=shown(prefix),
            expected="one or two signs, such as # or !!: no letters, digits or blanks", remedy="write for example #",
        )  # fmt: skip
        return
    written = isinstance(source.value, dict) and "commands" in source.value
    # "##" would begin with the mark "#"; a mark "#note" would be read as a command.
    if prefix.startswith(mark) or (mark.startswith(prefix) and mark[len(prefix)].isalnum()):
        yield source.problem(
            ("commands", "prefix") if written else ("public", "mark"), code="command-mark",
            found=f"{shown(prefix)} before commands, and the mark {shown(mark)}: one begins with the other",
            expected="a prefix of commands that cannot be taken for `public.mark`",
            remedy="write another one, such as # for commands and // for the mark",
        )  # fmt: skip


def _words(source: Source, content: Content) -> Iterator[Problem]:
    owners = {command.value: command for command in Command}
    for command in Command:
        for index, word in enumerate(words_of(content, command)):
            steps = ("commands", "words", command.value, index)
            read = folded_word(word)
            if not read.isalpha():
                yield source.problem(
                    steps, code="command-word", found=shown(word), expected="one word of letters only",
                    remedy="write a word without blanks, digits and signs; the prefix is added by itself",
                )  # fmt: skip
            elif owners.setdefault(read, command) is not command:
                yield source.problem(
                    steps, code="command-word", found=f"{shown(word)}, a word for {owners[read].value} too",
                    expected="words of its own for each command", remedy="write another word, or remove it",
                )  # fmt: skip


def _incidents(source: Source, content: Content, validated: Validated) -> Iterator[Problem]:
    given = content.incidents
    if given is None:
        return
    if not LEAST_WINDOW <= given.window.calendar <= LONGEST_WINDOW:
        yield source.problem(
            ("incidents", "window"), code="incident-window", found=f"a burst of {given.window.calendar}",
            expected="1m to 1d: requests further apart are no burst", remedy="write for example 10m",
        )  # fmt: skip
    if validated.sound(("topics",)):
        topics = [*(leaf.key for leaf in leaves(content)), *groups(content)]
        for place, name in enumerate(given.topics):
            yield from _unknown(source, ("incidents", "topics", place), "unknown-topic", str(name).strip(), topics)


def _labels(source: Source, content: Content, validated: Validated) -> Iterator[Problem]:
    topics = [*(leaf.key for leaf in leaves(content)), *groups(content)]
    classes = written_keys(source, "classes", content.classes)
    for index, label in enumerate(content.labels):
        steps = ("labels", index)
        if validated.sound(("topics",)):
            for place, name in enumerate(label.topics):
                yield from _unknown(source, (*steps, "topics", place), "unknown-topic", str(name).strip(), topics)
        for place, name in enumerate(label.classes):
            yield from _unknown(source, (*steps, "classes", place), "unknown-class", str(name).strip(), classes)
        yield from check_patterns(source, (*steps, "words"), label.words)


def _unknown(source: Source, steps: Steps, code: str, name: str, known: list[str]) -> Iterator[Problem]:
    if name in known or not known:
        return
    near = nearest(name, known)
    yield source.problem(
        steps, code=code, found=shown(name), expected=one_of(known), nearest=near,
        remedy=f"write {near}" if near else "write one of them, or remove it",
    )  # fmt: skip
