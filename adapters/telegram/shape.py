"""The gates a payload's values pass before we believe their type."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

# What neither UTF-8 nor PostgreSQL can hold. Each is one UTF-16 unit and so is what replaces it: offsets stay right.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_HIGHEST = 2**63 - 1


class Unreadable(Exception):
    """A payload is not what the Bot API promises; the text says what, without secrets."""


def clean(text: str) -> str:
    """The text with lone surrogates and NUL replaced by U+FFFD, of the same length."""
    return _UNSTORABLE.sub("�", text)


def text(value: object, what: str) -> str:
    """A string, cleaned. Raises Unreadable."""
    if not isinstance(value, str):
        raise Unreadable(f"{what} is not a text")
    return clean(value)


def maybe_text(value: object) -> str | None:
    """A string, cleaned; None for anything else and for the empty one."""
    return clean(value) if isinstance(value, str) and value else None


def whole(value: object, what: str) -> int:
    """An integer of at most 64 bits. Raises Unreadable."""
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _HIGHEST:
        raise Unreadable(f"{what} is not an integer of 64 bits")
    return value


def maybe_whole(value: object) -> int | None:
    """A non-negative integer of at most 63 bits; None for anything else."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _HIGHEST:
        return None
    return value


def degrees(value: object, what: str) -> float:
    """A finite number. Raises Unreadable."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= 360:
        raise Unreadable(f"{what} is not a number of degrees")
    return float(value)


def seconds(value: object) -> int | None:
    """A length of time in whole seconds; None when it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if 0 <= value <= _HIGHEST else None


def moment(value: object, what: str) -> datetime:
    """Unix time as an aware datetime in UTC. Raises Unreadable."""
    try:
        return datetime.fromtimestamp(whole(value, what), UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise Unreadable(f"{what} is not a moment") from error


def mapping(value: object, what: str) -> dict[str, object]:
    """A JSON object. Raises Unreadable."""
    if not isinstance(value, dict):
        raise Unreadable(f"{what} is not an object")
    return value
