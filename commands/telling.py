"""How figures and moments are told to people: ages, times, columns that stand under each other, a little colour."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import IntEnum

SHORT = 60
"""Characters of what people wrote, where only its beginning is shown."""
MEASURES = {"first_reply": "first reply", "next_reply": "next reply", "resolution": "resolution"}
"""How the clocks of a request are called."""


class Colour(IntEnum):
    """The few there are (ECMA-48, select graphic rendition)."""

    RED = 31
    GREEN = 32
    YELLOW = 33
    DIM = 2


def painted(text: str, colour: Colour) -> str:
    """Coloured on a terminal, plain elsewhere and wherever NO_COLOR is set (https://no-color.org)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not sys.stdout.isatty():
        return text
    return f"\x1b[{colour.value}m{text}\x1b[0m"


def age(length: timedelta | float) -> str:
    """`40 s`, `12 min`, `3 h 5 min`, `2 d 4 h`: two units at most."""
    seconds = max(0, round(length.total_seconds() if isinstance(length, timedelta) else length))
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def stamp(at: datetime | None) -> str:
    """`2026-11-22 10:41:34Z`; a dash where there is none."""
    return "-" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


def clock(at: datetime) -> str:
    """`10:41:34.120Z`."""
    at = at.astimezone(UTC)
    return f"{at:%H:%M:%S}.{at.microsecond // 1000:03}Z"


def since(then: datetime, now: datetime) -> str:
    """`2026-11-22 10:41:34Z (12 min ago)`."""
    return f"{stamp(then)} ({age(now - then)} ago)"


def columns(rows: Sequence[Sequence[str]], *, indent: str = "  ") -> list[str]:
    """Rows whose cells stand under each other; the last cell is as long as it likes."""
    widths = [max((len(row[place]) for row in rows if place < len(row) - 1), default=0) for place in range(20)]

    def line(row: Sequence[str]) -> str:
        last = len(row) - 1
        return "  ".join(cell if place == last else cell.ljust(widths[place]) for place, cell in enumerate(row))

    return [(indent + line(row)).rstrip() for row in rows]


def in_line(text: str, *, whole: bool) -> str:
    """What people wrote on one line: its beginning, or all of it."""
    line = " ".join(text.split())
    return line if whole or len(line) <= SHORT else f"{line[: SHORT - 1]}…"


def moment_of(text: str, now: datetime) -> datetime:
    """A moment as operators give it: `90m`, `3h`, `2d` ago, or ISO 8601 (UTC where no zone is named).

    Raises ValueError with what was expected.
    """
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    given = text.strip()
    if given[-1:] in units and given[:-1].isascii() and given[:-1].isdigit() and len(given) < 9:
        return now - timedelta(seconds=int(given[:-1]) * units[given[-1]])
    try:
        at = datetime.fromisoformat(given)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{given!r}: expected a time such as 30m, 6h, 2d or 2026-11-22T10:00") from None


def exact(seconds: float) -> str:
    """`26:05:00`, with a fraction only where there is one."""
    whole, rest = divmod(seconds, 1)
    minutes, second = divmod(int(whole), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" + (f"{rest:.3f}"[1:] if rest >= 0.0005 else "")


def print_table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Framed on a terminal, in plain columns elsewhere. The first cell, `to` and what has no name begin at the left."""
    if not sys.stdout.isatty():
        print("\n".join(columns([names, *rows])))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table()
    for number, name in enumerate(names):
        table.add_column(name, justify="right" if number and name not in ("", "to") else "left")
    for row in rows:
        table.add_row(*row)
    Console().print(table)
