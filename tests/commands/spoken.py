"""The command line as an operator speaks to it, in this process: what it answered, and how it ended."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner

from cli import app


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str
    trouble: BaseException | None

    @property
    def data(self) -> Any:
        """What its envelope holds."""
        envelope = json.loads(self.out)
        assert envelope["ok"] is (self.code in (0, 6)), envelope
        return envelope.get("data", envelope.get("error"))


def connector(*arguments: str, environment: Mapping[str, str], text: str | None = None) -> Answer:
    """One command. The log it sets up for its process is taken down again."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    given: dict[str, str | None] = {"CONNECTOR_CONFIG": None, **environment}
    try:
        ended = CliRunner().invoke(app, list(arguments), env=given, input=text)
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    trouble = None if isinstance(ended.exception, SystemExit) else ended.exception
    return Answer(code=ended.exit_code, out=ended.stdout, err=ended.stderr, trouble=trouble)
