"""What both lists have in common: the name of the port, and a word to the operator when the list cannot be asked."""

from __future__ import annotations

import logging

from connector.domain.effects import Verdict
from connector.domain.refs import Ref

PORT = "registry"

_log = logging.getLogger(__name__)


def told(verdict: Verdict) -> tuple[Ref, ...]:
    """The verdict as an order tells what it made."""
    return (Ref(port=PORT, id=verdict.value),)


class Trouble:
    """Says once that the list cannot be asked, and once that it can be again, however many ask in between."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._reason: str | None = None

    def met(self, reason: str) -> None:
        """The list could not be asked; said when the reason is a new one."""
        if reason != self._reason:
            _log.warning("%s: %s; account ids are taken as not verified meanwhile", self._where, reason)
        self._reason = reason

    def over(self) -> None:
        """The list was asked."""
        if self._reason is not None:
            _log.info("%s: account ids are verified again", self._where)
        self._reason = None
