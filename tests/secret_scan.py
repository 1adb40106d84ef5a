"""Looks through what tests leave behind for the tokens they used: none may ever be seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

TELEGRAM_TOKEN = "4200:sandbox-telegram-token"
BOARD_TOKEN = "sandbox-bot-token"
HOOK_SECRET = "hook-secret-of-the-tests"
PUSH_SECRET = "push-secret-of-the-tests"
USED = (TELEGRAM_TOKEN, "sandbox-telegram-token", BOARD_TOKEN, HOOK_SECRET, PUSH_SECRET)
"""Every token real processes are given in tests, and the secret half of the bot's."""

LEFT_BEHIND = (".log", ".db", ".db-wal", ".jsonl", ".out", ".html")
"""Endings of files that daemons and commands write; what tests write themselves (configurations) is left out."""
LARGEST = 64 * 1024 * 1024


def leaks(folder: Path) -> Iterator[str]:
    """The files under the folder that hold a token, each with the beginning of that token."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name.endswith(LEFT_BEHIND) and path.stat().st_size <= LARGEST:
            for secret in told(path.read_bytes()):
                yield f"{path.name} holds the token {secret[:4]}…"


def told(said: bytes | str, secrets: Iterable[str] = USED) -> list[str]:
    """The tokens in what was said, plain or as an address has them."""
    text = said if isinstance(said, bytes) else said.encode("utf-8", "replace")
    return [each for each in secrets if any(form.encode() in text for form in (each, quote(each, safe="")))]
