"""Whoever silences the linter, or the type checker, says why; whoever catches everything says why it goes on."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PLACES = ("connector", "adapters", "mappings", "sandbox", "bench", "commands", "tests")
FILES = [*(file for place in PLACES for file in sorted((ROOT / place).rglob("*.py"))), *sorted(ROOT.glob("*.py"))]

_SILENT = re.compile(r"# (?:type: ignore(?:\[[\w, -]+\])?|noqa(?:: [A-Z0-9, ]+)?)(?P<why>.*)")


def unexplained(text: str) -> list[int]:
    """Lines that silence a tool without a word on why, or catch every exception and go on without one."""
    comments = {each.start[0]: each.string for each in tokenize.generate_tokens(io.StringIO(text).readline)
                if each.type == tokenize.COMMENT}  # fmt: skip
    silent = [
        line for line, said in comments.items()
        if (found := _SILENT.match(said)) and not re.search(r"\w\w", found["why"])
    ]  # fmt: skip
    return sorted({*silent, *(line for line in _catching_all(ast.parse(text)) if line not in comments)})


def _catching_all(tree: ast.AST) -> Iterator[int]:
    for each in ast.walk(tree):
        if isinstance(each, ast.ExceptHandler):
            names = {name.id for name in ast.walk(each.type) if isinstance(name, ast.Name)} if each.type else {"all"}
            raises = isinstance(each.body[-1], ast.Raise)
            if names & {"all", "Exception", "BaseException"} and not raises:
                yield each.lineno


@pytest.mark.parametrize("place", sorted({file.relative_to(ROOT).parts[0] for file in FILES}))
def test_every_silence_says_why(place: str) -> None:
    found = [
        f"{file.relative_to(ROOT)}:{line}"
        for file in FILES
        if file.relative_to(ROOT).parts[0] == place
        for line in unexplained(file.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    ["x = 1  # type: ignore", "x = 1  # type: ignore[misc]", "x = 1  # noqa: E501", "try: f()\nexcept Exception: pass",
     "try:\n    f()\nexcept:\n    pass"],
)  # fmt: skip
def test_a_planted_silence_is_found(line: str) -> None:
    assert len(unexplained(line)) == 1


@pytest.mark.parametrize(
    "line",
    ["x = 1  # type: ignore[misc]  # it is bound", "x = 1  # noqa: E501 (an address)", "x = '# noqa'",
     "try: f()\nexcept Exception: raise", "try: f()\nexcept Exception:  # told below\n    pass"],
)  # fmt: skip
def test_one_that_says_why_is_left_alone(line: str) -> None:
    assert unexplained(line) == []
