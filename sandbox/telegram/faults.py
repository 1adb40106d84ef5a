"""Troubles asked for in advance: which calls go wrong, how, and how often."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from sandbox.telegram.parameters import Parameters
from sandbox.telegram.refusals import Misused

_NAMES_WORDS = (
    "method chat_id contains times status description retry_after delay_seconds drop wedge_seconds after body skip"
)
_NAMES = frozenset(_NAMES_WORDS.split())


@dataclass(slots=True, kw_only=True)
class Fault:
    """One rule; the fields are those of `POST /sandbox/faults`, see the README."""

    id: int
    method: str
    chat_id: int | None
    contains: str | None
    left: int
    skip: int
    status: int | None
    description: str | None
    retry_after: int | None
    delay_seconds: float
    wedge_seconds: float
    drop: str | None
    after: bool
    body: str | None
    hits: int = 0

    @property
    def answers(self) -> bool:
        """Whether the fault itself answers; a mere delay does not."""
        return self.status is not None or self.body is not None

    def described(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in Fault.__slots__}


class Faults:
    def __init__(self) -> None:
        self._rules: list[Fault] = []
        self._ids = itertools.count(1)

    def add(self, asked: Parameters) -> Fault:
        """Raises 400 on a rule that would do nothing or that holds a word unknown here."""
        if unknown := sorted(set(asked.values) - _NAMES):
            raise Misused(400, f"unknown fields {unknown}; known are {sorted(_NAMES)}")
        drop, wedge = asked.text("drop"), asked.number("wedge_seconds") or 0.0
        if drop not in (None, "before", "after"):
            raise Misused(400, 'drop must be "before" or "after"')
        if wedge and drop is None:
            drop = "before"
        retry_after = asked.integer("retry_after")
        status = asked.integer("status")
        body = asked.text("body")
        if status is None and retry_after is not None:
            status = 429
        if status is None and body is not None:
            status = 200
        times = asked.integer("times")
        fault = Fault(
            id=next(self._ids),
            method=asked.text("method") or "*",
            chat_id=asked.integer("chat_id"),
            contains=asked.text("contains"),
            left=1 if times is None else times,
            skip=asked.integer("skip") or 0,
            status=status,
            description=asked.text("description"),
            retry_after=retry_after,
            delay_seconds=asked.number("delay_seconds") or 0.0,
            wedge_seconds=wedge,
            drop=drop,
            after=asked.flag("after") or drop == "after",
            body=body,
        )
        if not (fault.answers or fault.drop or fault.delay_seconds):
            raise Misused(400, "a fault needs status, retry_after, body, drop, wedge_seconds or delay_seconds")
        self._rules.append(fault)
        return fault

    def hit(self, method: str, chat_id: int | None, described: dict[str, Any]) -> Fault | None:
        """The first rule that fits, used up by one."""
        for fault in self._rules:
            if fault.left == 0 or (fault.method != "*" and fault.method.lower() != method.lower()):
                continue
            if fault.chat_id is not None and fault.chat_id != chat_id:
                continue
            if fault.contains is not None and not _holds(described, fault.contains):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            fault.left -= fault.left > 0
            fault.hits += 1
            return fault
        return None

    def clear(self) -> None:
        self._rules.clear()

    def described(self) -> list[dict[str, Any]]:
        return [fault.described() for fault in self._rules]


def _holds(value: Any, part: str) -> bool:
    match value:
        case dict():
            return any(_holds(inner, part) for inner in value.values())
        case list():
            return any(_holds(inner, part) for inner in value)
        case _:
            return part in str(value)
