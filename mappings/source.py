"""YAML text turned into plain values that remember the line and column they came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mappings.compose import Place, Value, compose
from mappings.problems import Problem, Severity, Steps, path_of

LARGEST = 1024 * 1024
"""Bytes of a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A document as plain values; `values` and `keys` tell where each value, and each key, begins."""

    file: Path
    value: Value = None
    values: Mapping[Steps, Place] = field(default_factory=dict)
    keys: Mapping[Steps, Place] = field(default_factory=dict)

    def problem(
        self,
        steps: Steps,
        *,
        code: str,
        found: str,
        expected: str,
        remedy: str,
        nearest: str | None = None,
        severity: Severity = Severity.ERROR,
        key: bool = False,
    ) -> Problem:
        """A problem with what stands at `steps` (or with its key); a missing value has its parent's place."""
        while steps and steps not in self.values and steps[-1] in (0, ""):
            steps = steps[:-1]  # a single value that was taken for a list, or for a text in every language
        first, second = (self.keys, self.values) if key else (self.values, self.keys)
        place = None
        for length in range(len(steps), -1, -1):
            place = first.get(steps[:length]) or second.get(steps[:length])
            if place is not None:
                break
        return Problem(
            code=code,
            file=self.file,
            line=place.line if place else None,
            column=place.column if place else None,
            path=path_of(steps),
            found=found,
            expected=expected,
            nearest=nearest,
            remedy=remedy,
            severity=severity,
        )


def read_source(file: Path) -> tuple[Source, tuple[Problem, ...]]:
    """The document in a file, with everything that is wrong with it as YAML."""

    def unreadable(found: str, expected: str, remedy: str, line: int | None = None) -> Problem:
        return Problem(
            code="file", file=file, line=line, column=1 if line else None, found=found, expected=expected,
            remedy=remedy,
        )  # fmt: skip

    try:
        raw = file.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a usable path"
        problem = unreadable(reason, "a readable YAML file", "check the path and the file's rights")
        return Source(file=file), (problem,)
    if len(raw) > LARGEST:
        found = f"a file of {len(raw)} bytes"
        return Source(file=file), (unreadable(found, f"at most {LARGEST} bytes", "is this the right file?"),)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problem = unreadable("bytes that are not UTF-8", "UTF-8 text", "save the file as UTF-8", line)
        return Source(file=file), (problem,)
    return parse(text, file)


def parse(text: str, file: Path) -> tuple[Source, tuple[Problem, ...]]:
    """The document in a text; `file` is only named in problems. The value of a text that is no YAML is None."""
    composed = compose(text, file)
    source = Source(file=file, value=composed.value, values=composed.values, keys=composed.keys)
    return source, composed.problems
