"""The body of a getUpdates answer, or of a push, taken apart, so that one spoilt update never costs the others."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

_OK = re.compile(r'\{\s*"ok"\s*:\s*true\b')
_RESULT = re.compile(r'"result"\s*:\s*\[')
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[\]{}]', re.DOTALL)
_UPDATE_ID = re.compile(r'"update_id"\s*:\s*(\d{1,19})\b')
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_HIGHEST = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """One update as it came. `content` is None when it is no JSON object we can hold; `reason` then says why.

    `id` is None when the update names none that could be confirmed. `raw` is its JSON in pure ASCII.
    """

    raw: str
    id: int | None
    content: dict[str, object] | None
    reason: str | None = None

    @property
    def fingerprint(self) -> str:
        """Short, and the same whenever the same update comes again."""
        return hashlib.sha256(self.raw.encode("ascii")).hexdigest()[:16]


# https://core.telegram.org/bots/api#getupdates
def updates_in(body: bytes) -> tuple[Payload, ...]:
    """The updates of a successful answer, in order. Raises ValueError when it is none, or only part of one."""
    text = body.decode("utf-8", "replace")
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        # Too deep, or a number too long for Python: look for the culprit update by update.
        return tuple(_alone(piece) for piece in _pieces(text))
    if not isinstance(answer, dict) or answer.get("ok") is not True:
        raise ValueError("the answer is not the Bot API's")
    result = answer.get("result")
    if not isinstance(result, list):
        raise ValueError("the answer holds no list of updates")
    return tuple(_payload(item) for item in result)


def payload_in(raw: str) -> Payload:
    """A single update: kept as it came, or pushed to us; whatever somebody sent in its place."""
    return _alone(raw)


def next_offset(payloads: tuple[Payload, ...]) -> int | None:
    """What confirms all of them; None when none has an id."""
    ids = [payload.id for payload in payloads if payload.id is not None]
    return max(ids) + 1 if ids else None


def _payload(item: object) -> Payload:
    try:
        raw = json.dumps(item)
    except (ValueError, RecursionError) as error:
        return Payload(raw='"unwritable"', id=None, content=None, reason=f"unreadable: {type(error).__name__}")
    if not isinstance(item, dict):
        return Payload(raw=raw, id=None, content=None, reason="an update is not an object")
    number = item.get("update_id")
    valid = isinstance(number, int) and not isinstance(number, bool) and 0 <= number < _HIGHEST
    return Payload(raw=raw, id=number if valid else None, content=item)


def _alone(piece: str) -> Payload:
    try:
        return _payload(json.loads(piece))
    except (ValueError, RecursionError) as error:
        found = _UPDATE_ID.search(piece)
        number = int(found[1]) if found else None
        return Payload(
            raw=_NOT_ASCII.sub(lambda match: json.dumps(match[0])[1:-1], piece),
            id=number if number is not None and number < _HIGHEST else None,
            content=None,
            reason=f"no JSON we can hold: {type(error).__name__}",
        )


def _pieces(text: str) -> Iterator[str]:
    """The elements of the result list that are objects or lists, cut out without recursion."""
    opening = _RESULT.search(text) if _OK.match(text.lstrip()) else None
    if opening is None:
        raise ValueError("the answer is not the Bot API's")
    depth, start = 0, 0
    for token in _TOKEN.finditer(text, opening.end()):
        if token[0][0] == '"':
            continue
        if token[0] in "[{":
            if depth == 0:
                start = token.start()
            depth += 1
        else:
            depth -= 1
            if depth == 0:
                yield text[start : token.end()]
            elif depth < 0:
                return
    raise ValueError("the answer breaks off")
