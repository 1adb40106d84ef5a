"""What a mapping must agree on within itself: keys that name each other, languages, classes, columns."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mappings.check_agents import check_agents
from mappings.check_cabinet import check_cabinet
from mappings.check_dialogue import check_dialogue
from mappings.check_hours import check_hours
from mappings.check_people import check_people
from mappings.check_titles import check_titles, no_language
from mappings.check_topics import check_topics, written_keys
from mappings.problems import Problem, Steps, folded, nearest, one_of, path_of, shown
from mappings.schema import Content, Meanings
from mappings.source import Source
from mappings.texts import check_texts
from mappings.topics import groups, leaves
from mappings.validate import Validated

WARNINGS = (
    "agent-unknown",
    "cabinet-unasked",
    "fact-empty",
    "field-hidden",
    "list-mismatch",
    "new-tag",
    "no-done-column",
    "plain-http",
    "working-day",
)
"""Codes of warnings: what may stand under `silence`."""
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def check(source: Source, validated: Validated) -> Iterator[Problem]:
    """Everything wrong in the parts that fit the schema; what was left out there is not reported again."""
    if validated.content is None:
        return
    reported = tuple(path_of(steps) for steps in validated.broken)
    for problem in _check(source, validated.content, validated):
        if not any(problem.path == path or problem.path.startswith((f"{path}.", f"{path}[")) for path in reported):
            yield problem


def is_language(code: str) -> bool:
    """Whether this looks like the code of a language: ru, pt-BR (https://www.rfc-editor.org/rfc/rfc5646)."""
    return _LANGUAGE.fullmatch(code) is not None


def _check(source: Source, content: Content, validated: Validated) -> Iterator[Problem]:
    if validated.sound(("languages",)):
        yield from _languages(source, content)
        yield from check_titles(source, content, validated)
    yield from check_topics(source, content, validated)
    yield from _classes(source, content, validated)
    yield from _special(source, content)
    yield from check_hours(source, content)
    yield from check_cabinet(source, content, validated)
    yield from check_dialogue(source, content, validated)
    yield from check_agents(source, content, validated)
    yield from check_people(source, content, validated)
    if validated.sound(("source",)):
        yield from _origin(source, content)
    yield from _columns(source, ("columns",), content.columns)
    for board, meanings in content.columns.boards.items():
        yield from _columns(source, ("columns", "boards", board), meanings)
    for language, texts in content.texts.items():
        yield from check_texts(source, ("texts", language), texts)
    yield from _silence(source, content)


def _languages(source: Source, content: Content) -> Iterator[Problem]:
    if not content.languages:
        yield source.problem(
            ("languages",), code="empty", found="an empty list", expected="at least one language",
            remedy="write the languages the bot speaks, such as [ru, en]",
        )  # fmt: skip
    for index, language in enumerate(content.languages):
        if not is_language(language):
            yield source.problem(
                ("languages", index), code="language", found=shown(language),
                expected="a language code such as ru or pt-BR",
                remedy="write the language in small letters",
            )  # fmt: skip
        elif language in content.languages[:index]:
            yield source.problem(
                ("languages", index), code="language", found=f"{shown(language)} a second time",
                expected="each language once", remedy="remove it",
            )  # fmt: skip
    if content.default_language is not None and content.default_language not in content.languages:
        yield no_language(source, content, ("default_language",), content.default_language)
    for language in content.texts:
        if language not in content.languages:
            yield no_language(source, content, ("texts", language), language, key=True)


def _classes(source: Source, content: Content, validated: Validated) -> Iterator[Problem]:
    known = written_keys(source, "classes", content.classes)
    if not content.classes and validated.sound(("classes",)):
        yield source.problem(
            ("classes",), code="empty", found="no service class", expected="at least one service class",
            remedy="add a class: `normal: {title: …}`",
        )  # fmt: skip
    for key, entry in content.classes.items():
        steps = ("classes", key)
        if entry.lane is None and len(known) > 1 and validated.sound((*steps, "lane")):
            yield source.problem(
                steps, code="class-lane", found='no key "lane" here', key=True,
                expected="the lane that stands for this class, because there are several classes",
                remedy="add the line `lane: …` with the lane's name or id",
            )  # fmt: skip
        if entry.board_sla is not None and not _UUID.fullmatch(entry.board_sla.strip()):
            yield source.problem(
                (*steps, "board_sla"), code="sla-id", found=shown(entry.board_sla),
                expected="the id of an SLA: 32 digits and letters a to f in five groups",
                remedy="write the id of the board tool's SLA, not its name, or leave the line out",
            )  # fmt: skip
        timed = any(each is not None for each in (entry.first_reply, entry.next_reply, entry.resolution))
        if timed and entry.clock is None and entry.hours is None and validated.sound((*steps, "clock")):
            yield source.problem(
                steps, code="class-clock", found='times, but no key "clock"', key=True,
                expected="one of: working, calendar",
                remedy="add `clock: working` (only the team's hours count) or `clock: calendar` (day and night)",
            )  # fmt: skip
        if entry.clock == "working" and entry.hours is None and content.hours is None and validated.sound(("hours",)):
            yield source.problem(
                (*steps, "clock"), code="no-hours", found='"working", but no `hours`',
                expected="the hours of the team under `hours`",
                remedy="add `hours: {zone: …, week: …}`, or write `clock: calendar`",
            )  # fmt: skip


def _special(source: Source, content: Content) -> Iterator[Problem]:
    every = [*groups(content), *(leaf.key for leaf in leaves(content))]
    for key, entry in content.classes.items():
        for index, special in enumerate(entry.special):
            steps = ("classes", key, "special", index)
            if not (special.topics or special.cabinets or special.clients):
                yield source.problem(
                    steps, code="special-empty", found="no condition", expected="topics, cabinets or clients",
                    remedy="say for which requests these targets hold; those for all are the class's own",
                )  # fmt: skip
            for number, name in enumerate(special.topics):
                if str(name).strip() not in every:
                    near = nearest(str(name), every)
                    yield source.problem(
                        (*steps, "topics", number), code="unknown-topic", found=shown(name), nearest=near,
                        expected=one_of(every), remedy=f"write {near}" if near else "write the key of a topic",
                    )  # fmt: skip


def _origin(source: Source, content: Content) -> Iterator[Problem]:
    given = content.source
    if given is None or (given.field is None) == (given.option is None):
        return
    there, missing = ("option", "field") if given.field is None else ("field", "option")
    yield source.problem(
        ("source", there), code="missing-key", found=f'"{there}" without "{missing}"',
        expected="both `field` and `option`, or neither", remedy=f"add the line `{missing}: …`", key=True,
    )  # fmt: skip


def _columns(source: Source, steps: Steps, meanings: Meanings) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for meaning in ("queue", "work", "waiting", "done"):
        for index, name in enumerate(getattr(meanings, meaning)):
            other = first.setdefault(folded(str(name)), meaning)
            if other != meaning:
                yield source.problem(
                    (*steps, meaning, index), code="column-twice", found=f"{shown(name)}, named under {other} too",
                    expected="one meaning for each column", remedy="remove one of the two",
                )  # fmt: skip


def _silence(source: Source, content: Content) -> Iterator[Problem]:
    for index, code in enumerate(content.silence):
        if code not in WARNINGS:
            near = nearest(code, WARNINGS)
            yield source.problem(
                ("silence", index), code="unknown-code", found=shown(code), expected=one_of(WARNINGS), nearest=near,
                remedy=f"write {near}" if near else "remove it: only warnings can be silenced",
            )  # fmt: skip
