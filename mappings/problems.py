"""What is wrong in a mapping, said so that its author can mend it at once."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

Steps = tuple[str | int, ...]
"""Where something stands in the document: keys and list positions from the top."""


class Severity(StrEnum):
    """An error keeps the mapping from being used; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing to mend. `line` and `column` count from 1; both are None when the file itself is the matter.

    `code` is stable: it may be looked up in the reference, and a warning's code may stand under `silence`.
    """

    code: str
    file: Path
    found: str
    expected: str
    remedy: str
    line: int | None = None
    column: int | None = None
    path: str = ""
    nearest: str | None = None
    severity: Severity = Severity.ERROR

    def render(self) -> str:
        """One readable block: the place in the form editors jump to, then what, where, and what to do."""
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        rows = [
            ("at", self.path),
            ("found", self.found),
            ("expected", self.expected),
            ("nearest", self.nearest or ""),
            ("do", self.remedy),
        ]
        return "\n".join(
            [f"{place}: {self.severity} [{self.code}]", *(f"  {name:<9} {said}" for name, said in rows if said)]
        )


def names_command(what: str) -> str:
    """The command that lists what the board has: boards, columns, lanes, users, fields, tags or spaces."""
    return f"connector names {what}"


def path_of(steps: Steps) -> str:
    """`topics.cash.tags[1]`; a key with dots or blanks stands in quotes."""
    path = ""
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            plain = re.fullmatch(r"[\w-]+", step)
            path += ("." if path else "") + (step if plain else json.dumps(step, ensure_ascii=False))
    return path


# The shape of a bot token (https://core.telegram.org/bots/api#authorizing-your-bot): never shown again.
_TOKEN = re.compile(r"\d{6,}:[\w-]{30,}")
# What an address may hold that nobody else should read: `user:password@`, and parameters by these names.
_LOGIN = re.compile(r"(?<=://)[^/?#\s@]+@")
_SECRET_PARAMETER = re.compile(
    r"([?&](?:[\w.-]*(?:token|secret|passw|pwd|api_?-?key|auth|signature)[\w.-]*|key|pass|sig)=)"
    r"(?!&|$|\{cabinet\})[^&#\s]+",
    re.IGNORECASE,
)
_LONGEST = 60


def looks_secret(value: str) -> bool:
    """Whether a bot token seems to stand in this text."""
    return _TOKEN.search(value) is not None


def holds_secret(address: str) -> bool:
    """Whether a login, or a parameter named like a secret, seems to stand in this address."""
    return any(pattern.search(address) for pattern in (_TOKEN, _LOGIN, _SECRET_PARAMETER))


def shown(value: object) -> str:
    """A value as it is quoted in a problem: short, on one line, without secrets."""
    match value:
        case None:
            return "nothing"
        case dict():
            return "a mapping" if value else "an empty mapping"
        case list():
            return f"a list of {len(value)}" if value else "an empty list"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {value}"
        case _:
            text = _SECRET_PARAMETER.sub(r"\1…", _LOGIN.sub("…@", _TOKEN.sub("…", str(value))))
            if len(text) > _LONGEST:
                text = text[: _LONGEST - 1] + "…"
            return json.dumps(text, ensure_ascii=False)


def one_of(names: Iterable[str], most: int = 12) -> str:
    """`one of: a, b, c`, cut after `most` names."""
    known = list(names)
    if not known:
        return "nothing: there is none"
    rest = f" … ({len(known) - most} more)" if len(known) > most else ""
    return "one of: " + ", ".join(known[:most]) + rest


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The name most like `name`, or None when none is like it; case and outer blanks do not count."""
    by_folded = {folded(known): known for known in names}
    found = difflib.get_close_matches(folded(name), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def folded(name: str) -> str:
    """A name without what people do not see as a difference: case, outer and doubled blanks."""
    return " ".join(name.split()).casefold()
