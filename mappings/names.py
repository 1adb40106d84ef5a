"""Finding what a name means among things that have ids and titles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from mappings.problems import Problem, Severity, Steps, folded, names_command, nearest, one_of, shown
from mappings.source import Source

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known(Generic[T]):
    """Something a mapping may name: its id, and every name it goes by (the first is the one people see)."""

    id: str
    names: tuple[str, ...]
    thing: T


def matching(name: str | int, known: Iterable[Known[T]]) -> list[Known[T]]:
    """What `name` may mean: the exact title goes before one that differs in case or blanks, that before an id.

    A name written as a number is an id first.
    """
    entries = list(known)
    text = str(name).strip()
    by_id = [entry for entry in entries if entry.id == text]
    if isinstance(name, int) and by_id:
        return by_id
    exact = [entry for entry in entries if any(title.strip() == text for title in entry.names)]
    loose = [entry for entry in entries if any(folded(title) == folded(text) for title in entry.names)]
    return exact or loose or by_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Finder:
    """Looks names up and notes a problem for each that means nothing, or more than one thing."""

    source: Source
    problems: list[Problem]

    def find(
        self, steps: Steps, name: str | int, known: Sequence[Known[T]], *, kind: str, where: str = "", key: bool = False
    ) -> T | None:
        """What the name at `steps` means; `kind` is its sort in one word, `where` says among what it was looked for."""
        found = matching(name, known)
        if len(found) == 1:
            return found[0].thing
        kinds = f"{kind}s"
        command = names_command("fields" if kind == "option" else kinds)  # options are listed with their field
        titles = [entry.names[0] for entry in known if entry.names]
        if found:
            self.note(
                steps,
                code=f"ambiguous-{kind}",
                found=f"{shown(name)}, the name of {len(found)} {kinds}{where}",
                expected="an id: " + " or ".join(f"{entry.id} ({entry.names[0]})" for entry in found),
                remedy=f"write the id instead of the name; `{command}` lists both",
                key=key,
            )
            return None
        near = nearest(str(name), [title for entry in known for title in entry.names])
        advice = f"write {near}" if near else "correct the name, or write the id"
        self.note(
            steps,
            code=f"unknown-{kind}",
            found=f"{shown(name)}: no such {kind}{where}",
            expected=one_of(titles),
            near=near,
            remedy=f"{advice}; `{command}` lists all",
            key=key,
        )
        return None

    def note(
        self,
        steps: Steps,
        *,
        code: str,
        found: str,
        expected: str,
        remedy: str,
        near: str | None = None,
        key: bool = False,
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Writes a problem down."""
        self.problems.append(
            self.source.problem(
                steps,
                code=code,
                found=found,
                expected=expected,
                nearest=near,
                remedy=remedy,
                key=key,
                severity=severity,
            )
        )
