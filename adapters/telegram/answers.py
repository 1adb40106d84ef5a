"""What an answer of the Bot API means: done, not now, never, or not with this token."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Final

from adapters.telegram.refs import PORT
from adapters.telegram.shape import clean
from connector.domain.events import Refusal
from connector.ports import Rejected, Unavailable, WrongToken

CONFLICT_WAIT: Final = 3.0
"""Seconds Telegram itself delays a repeated 409."""
FLOOD_WAIT: Final = 3.0
"""Seconds to keep still after a 429 that names no time of its own."""
_LONGEST_WAIT: Final = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An answer that is no success. `genuine`: it is the Bot API's own, not a proxy's or a captive portal's.

    `status` is what the API says of itself (`error_code`) when the HTTP status claims success.
    """

    method: str
    status: int
    description: str
    genuine: bool
    retry_after: float | None = None
    migrate_to: int | None = None

    @property
    def says(self) -> str:
        """For an operator: what was asked and how it was answered."""
        return f"{self.method}: {self.status} {self.description}"


# https://core.telegram.org/bots/api#making-requests
def problem_in(method: str, status: int, body: bytes) -> Problem | None:
    """What is wrong with an answer; None when it is a success with a result."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict) or not isinstance(answer.get("ok"), bool):
        return Problem(method=method, status=status, description="an answer that is not the Bot API's", genuine=False)
    if 200 <= status < 300:
        if answer["ok"] and "result" in answer:
            return None
        code = answer.get("error_code")
        status = code if isinstance(code, int) and 400 <= code < 600 else status
    described = answer.get("description")
    parameters = answer.get("parameters")
    parameters = parameters if isinstance(parameters, dict) else {}
    migrated = parameters.get("migrate_to_chat_id")
    return Problem(
        method=method,
        status=status,
        description=clean(described)[:300] if isinstance(described, str) else "without a description",
        genuine=True,
        retry_after=_wait(parameters.get("retry_after")),
        migrate_to=migrated if isinstance(migrated, int) and not isinstance(migrated, bool) else None,
    )


def _wait(value: object) -> float | None:
    """Seconds, at most a day."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return min(float(value), _LONGEST_WAIT) if value > 0 else None


# https://core.telegram.org/bots/api#making-requests
def verdict(problem: Problem) -> Unavailable | Rejected | WrongToken:
    """The problem in the core's terms. A 404 is taken as a wrong token: whoever can ask further, should."""
    says = problem.says
    match problem.status:
        case 429:
            return Unavailable(says, retry_after=problem.retry_after or FLOOD_WAIT, surely_not_done=True)
        case 413:
            return Rejected(says, Refusal.TOO_BIG)
        case _ if not problem.genuine:
            # A proxy's 403 must not look as if the client had blocked the bot.
            return Unavailable(says)
        case 401 | 404:
            return WrongToken(PORT, says)
        case 400:
            return Rejected(says, _refusal_400(problem.description.lower()))
        case 403:
            return Rejected(says, _refusal_403(problem.description.lower()))
        case 409:
            return Unavailable(
                f"{says} (is another instance running with this token?)",
                retry_after=CONFLICT_WAIT,
                surely_not_done=True,
            )
        case status if 400 < status < 500:
            return Rejected(says)
        case _:
            return Unavailable(says, retry_after=problem.retry_after)


_GONE: Final = (
    "chat not found",
    "user not found",
    "peer_id_invalid",
    "message to edit not found",
    "message to delete not found",
    "message to react not found",
    "message to be replied not found",
    "message_id_invalid",
    "message thread not found",
    "wrong file_id",
    "wrong file identifier",
    "file_reference_expired",
)
_TOO_BIG: Final = ("file is too big", "file too large", "request entity too large")
_FORBIDDEN: Final = ("not enough rights", "have no rights", "chat_write_forbidden", "need administrator rights")
_BLOCKED: Final = ("blocked", "deactivated", "kicked", "not a member")


def _refusal_400(description: str) -> Refusal:
    if any(words in description for words in _GONE):
        return Refusal.GONE
    if any(words in description for words in _TOO_BIG):
        return Refusal.TOO_BIG
    if "user_is_blocked" in description:
        return Refusal.BLOCKED
    if any(words in description for words in _FORBIDDEN):
        return Refusal.FORBIDDEN
    return Refusal.INVALID


def _refusal_403(description: str) -> Refusal:
    return Refusal.BLOCKED if any(words in description for words in _BLOCKED) else Refusal.FORBIDDEN


def _says(rejected: Rejected, *pieces: str) -> bool:
    lowered = rejected.reason.lower()
    return rejected.refusal is not Refusal.BLOCKED and any(piece in lowered for piece in pieces)


def dislikes_entities(rejected: Rejected) -> bool:
    """The formatting was refused; the bare text may pass."""
    return rejected.refusal is Refusal.INVALID and _says(rejected, "entity", "entities")


def dislikes_form(rejected: Rejected) -> bool:
    """The file cannot be what it was sent as (a picture of odd measures, an unwelcome voice); as a document it may."""
    return _says(
        rejected,
        "photo_invalid_dimensions",
        "photo_ext_invalid",
        "photo_save_file_invalid",
        "image_process_failed",
        "voice_messages_forbidden",
    )


def is_unchanged(rejected: Rejected) -> bool:
    """An edit that would change nothing."""
    return _says(rejected, "message is not modified")


def has_no_text(rejected: Rejected) -> bool:
    """The message to be edited is a file: its words are a caption."""
    return _says(rejected, "there is no text in the message to edit")


def is_deleted_already(rejected: Rejected) -> bool:
    """Nothing there any more to delete."""
    return _says(rejected, "message to delete not found", "message_id_invalid")


def is_expired_tap(rejected: Rejected) -> bool:
    """The tap has waited too long: its sign is gone by itself."""
    return _says(rejected, "query is too old", "query id is invalid", "query_id_invalid")


def is_perhaps_passing(rejected: Rejected) -> bool:
    """Telegram's one text for a wrong file_id and for a file that its storage cannot reach at the moment."""
    return _says(rejected, "temporarily unavailable")
