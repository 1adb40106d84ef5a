"""What a mapping must agree on within itself: keys that name each other, languages, patterns, files."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

from mappings.check_hours import check_hours
from mappings.problems import Problem, Severity, Steps, folded, nearest, one_of, path_of, shown
from mappings.schema import EVERY, Content, Meanings
from mappings.source import Source
from mappings.texts import check_texts, placeholders
from mappings.validate import Validated

BUTTON_BYTES = 64
"""What a button may carry (https://core.telegram.org/bots/api#inlinekeyboardbutton): `topic:<key>`."""
WARNINGS = ("cabinet-unasked", "field-hidden", "new-tag", "no-done-column", "working-day")
"""Codes of warnings: what may stand under `silence`."""
_HERE = Path(__file__).parent
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
        yield from _titles(source, content, validated)
    yield from _topics(source, content, validated)
    yield from _classes(source, content, validated)
    yield from check_hours(source, content)
    yield from _cabinet(source, content, validated)
    if validated.sound(("source",)):
        yield from _origin(source, content)
    yield from _columns(source, ("columns",), content.columns)
    for board, meanings in content.columns.boards.items():
        yield from _columns(source, ("columns", "boards", board), meanings)
    for language, texts in content.texts.items():
        yield from check_texts(source, ("texts", language), texts)
    yield from _silence(source, content)


def picture_file(source: Source, picture: str) -> Path | None:
    """The absolute path of a picture: beside the mapping, else among those shipped; None when it is in neither."""
    for folder in (source.file.parent, _HERE):
        try:
            file = (folder / picture).resolve()
            if file.is_file():
                return file
        except (OSError, ValueError):  # no path at all: too long, or with characters that no path has
            return None
    return None


def _beside(source: Source, picture: str) -> list[str]:
    """The names in the folder where a picture was looked for."""
    try:
        return sorted(file.name for file in (source.file.parent / picture).parent.iterdir())
    except (OSError, ValueError):
        return []


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
        yield _no_language(source, content, ("default_language",), content.default_language)
    for language in content.texts:
        if language not in content.languages:
            yield _no_language(source, content, ("texts", language), language, key=True)


def _no_language(source: Source, content: Content, steps: Steps, language: str, key: bool = False) -> Problem:
    near = nearest(language, content.languages)
    return source.problem(
        steps, code="language", found=shown(language), expected=one_of(content.languages), nearest=near, key=key,
        remedy=f"write {near}" if near else "add the language to `languages`, or remove it here",
    )  # fmt: skip


def _titles(source: Source, content: Content, validated: Validated) -> Iterator[Problem]:
    given: list[tuple[Steps, dict[str, str] | None]] = []
    for key, topic in content.topics.items():
        given += [(("topics", key, "title"), topic.title), (("topics", key, "hint"), topic.hint)]
    given += [(("classes", key, "title"), entry.title) for key, entry in content.classes.items()]
    if content.cabinet is not None:
        given.append((("cabinet", "hint"), content.cabinet.hint))
    for steps, titles in given:
        if titles is None or EVERY in titles or not validated.sound(steps):
            continue
        for language in titles:
            if language not in content.languages:
                yield _no_language(source, content, (*steps, language), language, key=True)
        missing = [language for language in content.languages if language not in titles]
        if missing:
            yield source.problem(
                steps, code="title-language", found=f"no text in: {', '.join(missing)}",
                expected=f"a text in each of: {', '.join(content.languages)}",
                remedy="add the missing line, or write one plain text for all languages",
            )  # fmt: skip
    said: dict[tuple[str, str], str] = {}
    for key, topic in content.topics.items():
        for language in content.languages:
            title = topic.title.get(language, topic.title.get(EVERY))
            if title is None or not validated.sound(("topics", key, "title")):
                continue
            first = said.setdefault((language, folded(title)), key)
            if first != key:
                yield source.problem(
                    ("topics", key, "title", language), code="title-twice",
                    found=f"{shown(title)}, which is the title of topics.{first} too",
                    expected="a title of its own for each topic", remedy="change one of the two titles",
                )  # fmt: skip
                break


def _topics(source: Source, content: Content, validated: Validated) -> Iterator[Problem]:
    known = _keys(source, "classes", content.classes)
    if not content.topics and validated.sound(("topics",)):
        yield source.problem(
            ("topics",), code="empty", found="no topic", expected="at least one topic",
            remedy="add a topic: `key: {title: …, board: …}`",
        )  # fmt: skip
    for key, topic in content.topics.items():
        size = len(f"topic:{key}".encode())
        if size > BUTTON_BYTES or not key.strip():
            yield source.problem(
                ("topics", key), code="topic-key", found=f"{shown(key)}, {size - len('topic:')} bytes long",
                expected=f"a key of 1 to {BUTTON_BYTES - len('topic:')} bytes, because a button carries it",
                remedy="shorten the key (a Russian letter takes two bytes); the title may be as long as you like",
                key=True,
            )  # fmt: skip
        if not known or not validated.sound(("topics", key, "class")):
            continue
        if topic.class_ is None and len(known) > 1:
            yield source.problem(
                ("topics", key), code="missing-key", found='no key "class" here', expected=one_of(known), key=True,
                remedy="add the line `class: …`: the service class such a request begins with",
            )  # fmt: skip
        elif topic.class_ is not None and str(topic.class_) not in known:
            near = nearest(str(topic.class_), known)
            yield source.problem(
                ("topics", key, "class"), code="unknown-class", found=shown(topic.class_), expected=one_of(known),
                nearest=near, remedy=f"write {near}" if near else "write one of them, or add the class to `classes`",
            )  # fmt: skip


def _classes(source: Source, content: Content, validated: Validated) -> Iterator[Problem]:
    known = _keys(source, "classes", content.classes)
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
        timed = entry.first_reply is not None or entry.resolution is not None
        if timed and entry.clock is None and validated.sound((*steps, "clock")):
            yield source.problem(
                steps, code="class-clock", found='times, but no key "clock"', key=True,
                expected="one of: working, calendar",
                remedy="add `clock: working` (only the team's hours count) or `clock: calendar` (day and night)",
            )  # fmt: skip
        if entry.clock == "working" and content.hours is None and validated.sound(("hours",)):
            yield source.problem(
                (*steps, "clock"), code="no-hours", found='"working", but no `hours`',
                expected="the hours of the team under `hours`",
                remedy="add `hours: {zone: …, week: …}`, or write `clock: calendar`",
            )  # fmt: skip


def _cabinet(source: Source, content: Content, validated: Validated) -> Iterator[Problem]:
    cabinet = content.cabinet
    if cabinet is None:
        if content.fields.cabinet is not None and validated.sound(("cabinet",)):
            yield source.problem(
                ("fields", "cabinet"), code="cabinet-unasked", found="a field for the cabinet, but no `cabinet` part",
                expected="a `cabinet` part: without it no client is asked for theirs",
                remedy="add `cabinet: {pattern: …}`, or remove this line", severity=Severity.WARNING,
            )  # fmt: skip
        return
    wrong = _pattern_fault(cabinet.pattern)
    if wrong is not None:
        yield source.problem(
            ("cabinet", "pattern"), code="pattern", found=f"{shown(cabinet.pattern)}: {wrong}",
            expected="a regular expression that some text matches and the empty text does not",
            remedy="try it on an account id; such as [0-9]{4,8}",
        )  # fmt: skip
    if cabinet.tag is not None and placeholders(cabinet.tag) not in ((), ("cabinet",)):
        yield source.problem(
            ("cabinet", "tag"), code="text-placeholder", found=shown(cabinet.tag), expected="one of: {cabinet}",
            remedy="write {cabinet} where the account id belongs, and no other braces",
        )  # fmt: skip
    if cabinet.picture is not None and picture_file(source, cabinet.picture) is None:
        near = nearest(Path(cabinet.picture).name, _beside(source, cabinet.picture))
        yield source.problem(
            ("cabinet", "picture"), code="picture", found=f"no file {shown(cabinet.picture)}",
            expected="an existing picture; the path counts from this file's folder", nearest=near,
            remedy=f"write {near}" if near else "put the picture there, or correct the path",
        )  # fmt: skip


def _pattern_fault(pattern: str) -> str | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compiled = re.compile(pattern)
    except re.error as error:
        return f"{error.msg} at position {error.pos}" if error.pos is not None else error.msg
    except (OverflowError, RecursionError):
        return "too large"
    return "matches the empty text" if compiled.fullmatch("") is not None else None


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


def _keys(source: Source, part: str, fitting: Iterable[str]) -> list[str]:
    """The keys as they are written, so that an entry left out for another fault is not called unknown."""
    written = source.value.get(part) if isinstance(source.value, dict) else None
    return list(written) if isinstance(written, dict) else list(fitting)
