"""From a file to a checked mapping, with every problem in it at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from connector.domain.policy import BoardPolicy, ChatLimits, Policy, Texts
from mappings.check import check, is_language
from mappings.mapping import Mapping
from mappings.problems import Problem, Severity
from mappings.schema import Content
from mappings.source import Source, parse, read_source
from mappings.texts import merged, missing_texts, shipped_texts
from mappings.validate import Validated, validate

_LIMITS = ChatLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What came of a file: `mapping` is None exactly when one of `problems` is an error."""

    problems: tuple[Problem, ...]
    mapping: Mapping | None = None

    def policy(
        self,
        board: BoardPolicy | None = None,
        *,
        limits: ChatLimits = _LIMITS,
        comment_limit: int = 4096,
        today: date | None = None,
    ) -> Policy:
        """The policy; `board` is what `resolve` made. ValueError when there is no mapping.

        Public holidays are those of the years around `today`, which is really today unless it is handed in.
        """
        if self.mapping is None:
            raise ValueError("a mapping with errors makes no policy:\n" + render(self.problems))
        return self.mapping.policy(board, limits, comment_limit, today or datetime.now(UTC).date())


def load(path: Path) -> Loaded:
    """The mapping in a file. Never raises for what the file says, or because it cannot be read."""
    return _loaded(*read_source(path))


def load_text(text: str, file: Path) -> Loaded:
    """The mapping in a text; `file` is named in problems, and its folder is where pictures are looked for."""
    return _loaded(*parse(text, file))


def render(problems: tuple[Problem, ...]) -> str:
    """All problems as readable blocks, in the order given."""
    return "\n\n".join(problem.render() for problem in problems)


def _loaded(source: Source, unreadable: tuple[Problem, ...]) -> Loaded:
    if source.value is None:
        return Loaded(problems=unreadable)
    validated = validate(source)
    texts, text_problems = _texts(source, validated)
    # What YAML itself refused has no value: what the schema says of the same place is an echo.
    refused = {(problem.line, problem.column) for problem in unreadable}
    misfits = (problem for problem in validated.problems if (problem.line, problem.column) not in refused)
    problems = [*unreadable, *misfits, *check(source, validated), *text_problems]
    content = validated.content
    kept = tuple(sorted(_unsilenced(problems, content), key=lambda problem: _order(source.file, problem)))
    if content is None or any(problem.severity is Severity.ERROR for problem in kept):
        return Loaded(problems=kept)
    return Loaded(problems=kept, mapping=Mapping(source=source, content=content, texts=texts))


def _texts(source: Source, validated: Validated) -> tuple[dict[str, Texts], list[Problem]]:
    """The texts of every language the mapping speaks, and what is wrong with them."""
    texts: dict[str, Texts] = {}
    problems: list[Problem] = []
    content = validated.content
    for index, language in enumerate(content.languages if content else ()):
        if language in texts or not is_language(language):
            continue
        shipped, faults = shipped_texts(language)
        problems += faults
        own = content.texts.get(language, {}) if content else {}
        texts[language] = merged(shipped.value if isinstance(shipped.value, dict) else {}, own)
        if validated.sound(("texts", language)):
            problems += missing_texts(source, ("languages", index), language, texts[language])
    return texts, problems


def _unsilenced(problems: Iterable[Problem], content: Content | None) -> Iterator[Problem]:
    silenced = content.silence if content else ()
    for problem in problems:
        if problem.severity is Severity.ERROR or problem.code not in silenced:
            yield problem


def _order(file: Path, problem: Problem) -> tuple[bool, str, int, int]:
    """By place, the mapping's own file first."""
    return problem.file != file, str(problem.file), problem.line or 0, problem.column or 0
