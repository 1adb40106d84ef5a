"""Log lines: one per event and order, key=value on a terminal, JSON otherwise, and never a secret."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TextIO

# httpx logs whole addresses at INFO, and Telegram's hold the bot token; these only ever speak through our own lines.
_NOISY = ("httpx", "httpcore", "telegram", "alembic", "uvicorn", "asyncio")
_BOT_URL = re.compile(r"bot\d+(?::|%3A)[\w-]+", re.IGNORECASE)


class _Redacting(logging.Formatter):
    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__()
        self._secrets = [secret for secret in secrets if len(secret) >= 4]

    def format(self, record: logging.LogRecord) -> str:
        """The lines of a record: one, or as many as it has facts for."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        head = {"at": at, "level": record.levelname.lower(), "event": record.getMessage()}
        found = getattr(record, "facts", None) or [{"logger": record.name}]
        return self.clean("\n".join([self.line({**head, **facts}) for facts in found]))

    def line(self, facts: dict[str, object]) -> str:
        """One line; `facts` begin with `at`, `level` and `event`."""
        raise NotImplementedError

    def clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return _BOT_URL.sub("bot***", text)


class JsonLines(_Redacting):
    """One JSON object a line."""

    _encode = json.JSONEncoder(ensure_ascii=False, default=str).encode

    def line(self, facts: dict[str, object]) -> str:
        """See `_Redacting`."""
        return self._encode(facts)


class KeyValueLines(_Redacting):
    """`key=value` pairs for people at a terminal."""

    def line(self, facts: dict[str, object]) -> str:
        """See `_Redacting`."""
        head = f"{facts.pop('at')} {facts.pop('level')!s:7} {facts.pop('event')}"
        return " ".join([head, *(f"{key}={_shown(value)}" for key, value in facts.items())])


def _shown(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if not text or any(sign in text for sign in ' "=\n') else text


def set_up(secrets: Sequence[str], *, stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Logging for the whole process; `secrets` are blotted out wherever they turn up."""
    forget_callers()
    stream = sys.stderr if stream is None else stream
    handler = logging.StreamHandler(stream)
    handler.setFormatter(KeyValueLines(secrets) if stream.isatty() else JsonLines(secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def forget_callers() -> None:
    """Nothing is found out for a record that no line shows: file, function, thread, process.

    https://docs.python.org/3/howto/logging.html#optimization
    """
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
