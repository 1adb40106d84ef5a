"""How the bot stands with Telegram: who it is, whether updates pile up, and how far the clocks are apart."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from adapters.telegram.answers import problem_in
from adapters.telegram.api import BotApi
from adapters.telegram.shape import maybe_text, maybe_whole
from adapters.telegram.wire import Lost, Refused, client, named, was_never_sent
from connector.domain.effects import Urgency
from connector.ports import Unavailable

NO_FILE = "no-such-file"
PATIENCE = 10.0
"""Seconds Telegram gets to answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatCheckup:
    """`skew`: seconds our clock is ahead. `webhook`: where updates are pushed to, empty where they are asked for.

    `pending` updates wait to be delivered; the last error of pushing them, and when it was. `files`: why clients' files
    cannot be fetched, empty where they can.
    """

    who: str
    skew: float | None
    webhook: str
    pending: int
    error: str | None = None
    error_at: datetime | None = None
    files: str = ""


# https://core.telegram.org/bots/api#getwebhookinfo
async def checkup(
    api: BotApi, *, now: Callable[[], datetime], transport: httpx.AsyncBaseTransport | None
) -> ChatCheckup:
    """Asks a few things and changes nothing. Raises Unavailable, Rejected, WrongToken."""
    who = await api.identify(Urgency.RESYNC)
    async with client(read_timeout=PATIENCE, connections=1, transport=transport) as http:
        asked_at = now()
        answer = await api.call(Urgency.RESYNC, lambda: _ask(http, f"{api.method_url}/getWebhookInfo"))
        answered_at = now()
        files = await _files(http, api)
    info = answer.json()["result"]
    if not isinstance(info, dict):
        raise Unavailable("getWebhookInfo: an answer that is not the Bot API's")
    error_at = maybe_whole(info.get("last_error_date"))
    error = maybe_text(info.get("last_error_message"))
    return ChatCheckup(
        who=who,
        skew=skew(answer.headers.get("date"), asked_at, answered_at),
        webhook=api.scrub(maybe_text(info.get("url")) or ""),
        pending=maybe_whole(info.get("pending_update_count")) or 0,
        error=None if error is None else api.scrub(error),
        error_at=None if error_at is None else datetime.fromtimestamp(error_at, UTC),
        files=files,
    )


# https://core.telegram.org/bots/api#getfile
async def _files(http: httpx.AsyncClient, api: BotApi) -> str:
    """Both steps to a client's file, of one that is not there: who says so in the Bot API's own words is in reach."""
    steps: tuple[tuple[str, int, Callable[[], Awaitable[httpx.Response]]], ...] = (
        ("getFile", 400, lambda: http.post(f"{api.method_url}/getFile", data={"file_id": NO_FILE})),
        ("the file server", 404, lambda: http.get(f"{api.file_url}/{NO_FILE}")),
    )
    for name, expected, ask in steps:
        try:
            answer = await ask()
        except httpx.HTTPError as error:
            return f"{name}: {named(error)}"
        problem = problem_in(name, answer.status_code, answer.content)
        if problem is None or not problem.genuine or problem.status != expected:
            return f"{name}: {api.scrub(problem.description) if problem is not None else 'an answer without sense'}"
    return ""


async def _ask(http: httpx.AsyncClient, url: str) -> httpx.Response:
    try:
        answer = await http.post(url)
    except httpx.HTTPError as error:
        raise Lost(f"getWebhookInfo: {named(error)}", surely_not_done=was_never_sent(error)) from None
    problem = problem_in("getWebhookInfo", answer.status_code, answer.content)
    if problem is not None:
        raise Refused(problem)
    return answer


# https://www.rfc-editor.org/rfc/rfc9110#field.date
def skew(told: str | None, asked_at: datetime, answered_at: datetime) -> float | None:
    """Seconds by which our clock is ahead of the one that dated the answer (to the second, while it was on its way)."""
    try:
        theirs = parsedate_to_datetime(told or "")
    except ValueError:
        return None
    if theirs.tzinfo is None:
        theirs = theirs.replace(tzinfo=UTC)
    middle = asked_at + (answered_at - asked_at) / 2
    return (middle - theirs).total_seconds() - 0.5
