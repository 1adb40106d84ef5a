"""Regular expressions written by an admin: whether they can be used at all."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence

from mappings.problems import Problem, Steps, shown
from mappings.source import Source

_EMPTY = "matches the empty text"


def pattern_fault(pattern: str) -> str | None:
    """Why the pattern is of no use; None when it compiles and does not match the empty text."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compiled = re.compile(pattern)
    except re.error as error:
        return f"{error.msg} at position {error.pos}" if error.pos is not None else error.msg
    except (OverflowError, RecursionError):
        return "too large"
    return _EMPTY if compiled.fullmatch("") is not None else None


def check_patterns(source: Source, steps: Steps, patterns: Sequence[str]) -> Iterator[Problem]:
    """A problem for each pattern of the list at `steps` that is of no use."""
    for index, pattern in enumerate(patterns):
        wrong = pattern_fault(pattern)
        if wrong is not None:
            yield source.problem(
                (*steps, index), code="pattern", found=f"{shown(pattern)}: {wrong}",
                expected="a regular expression that some text matches and the empty text does not",
                remedy="write + instead of *, or whatever it shall find besides"
                if wrong == _EMPTY
                else r"write a backslash before signs that are only signs, such as \( or \+",
            )  # fmt: skip
