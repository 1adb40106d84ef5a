"""How our account stands with Kaiten: who it is, what it may do where, how many calls it has, and the clocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from adapters.kaiten.attachments import Attachment, as_file, read_attachment
from adapters.kaiten.files import Files
from adapters.kaiten.http import Refused, Wire
from adapters.kaiten.incoming import entries, fields, whole, word
from connector.domain.effects import Urgency
from connector.ports import Rejected, Unavailable

ROLES = {
    "06ccb31f-426b-4fa3-b7e5-861daee95696": "reader",
    "a431ed00-1b32-4cc7-92b6-85e4bc7de40e": "writer",
    "07ea3efc-a004-4d31-8683-4bb2084e209b": "admin",
}
"""The roles every space has, by their ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRoute:
    """The way the newest of our files took up, and why it does not come down again; empty where it does."""

    restricted: bool
    at: datetime | None
    trouble: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardCheckup:
    """`skew`: seconds our clock is ahead. `limit` and `remaining`: calls, as the answer's headers tell.

    `boards`: board id → why its cards cannot be read, empty where they can. `spaces`: space id → our role there
    (reader, writer, admin), "member" where Kaiten names none, "stranger" where we are not among its people, empty where
    we may not ask. `files` is what the cards that were looked at tell; None where no file stands on them.
    """

    who: str
    skew: float | None
    limit: int | None
    remaining: int | None
    boards: Mapping[str, str]
    spaces: Mapping[str, str]
    files: FileRoute | None = None


async def checkup(
    wire: Wire, files: Files, boards: Sequence[str], spaces: Sequence[str], cards: Sequence[int]
) -> BoardCheckup:
    """One call, one more for each board, space and card, and a file; changes nothing. Raises Unavailable, WrongToken.

    https://developers.kaiten.ru/users/retrieve-current-user
    """
    asked_at = wire.clock.now()
    try:
        answer = await wire.exchange(Urgency.RESYNC, "GET", "/users/current")
    except Refused as no:
        raise Unavailable(str(no)) from no
    answered_at = wire.clock.now()
    try:
        user = fields(answer.json()) or {}
    except ValueError:
        raise Unavailable("Kaiten's answer to GET /users/current is not JSON") from None
    me = whole(user.get("id"))
    if me is None:
        raise Unavailable("Kaiten did not tell whose token this is: check its address in the settings")
    name, username = word(user.get("full_name")), word(user.get("username"))
    return BoardCheckup(
        who=f"{name} (@{username})" if name and username else name or username or f"user {me}",
        skew=_skew(answer.headers.get("date"), asked_at, answered_at),
        limit=whole(answer.headers.get("x-ratelimit-limit")),
        remaining=whole(answer.headers.get("x-ratelimit-remaining")),
        boards={board: await _readable(wire, board) for board in boards},
        spaces={space: await _role(wire, space, me) for space in spaces},
        files=await _file_route(wire, files, me, cards),
    )


async def _file_route(wire: Wire, files: Files, me: int, cards: Sequence[int]) -> FileRoute | None:
    """What became of the newest file of ours. Which way the next one takes cannot be asked without putting one there.

    https://developers.kaiten.ru/cards/retrieve-card
    https://developers.kaiten.ru/restricted-access-files-migration
    """
    found: list[tuple[Attachment, int]] = []
    for card in cards:
        try:
            there = fields(await wire.trip(Urgency.RESYNC).get(f"/cards/{card}", {"broken_api": False})) or {}
        except Refused:
            continue
        for entry in entries(there.get("files")):
            file = read_attachment(entry)
            if file is not None and (whole(entry.get("author_id")) == me or not file.id.isdigit()):
                found.append((file, card))
    if not found:
        return None
    newest, card = max(found, key=lambda each: each[0].created or datetime.min.replace(tzinfo=UTC))
    trouble = ""
    try:
        async for _ in files.fetch(as_file(card, newest).ref):
            break
    except (Unavailable, Rejected) as refused:
        trouble = refused.reason
    return FileRoute(restricted=newest.restricted, at=newest.created, trouble=trouble)


async def _readable(wire: Wire, board: str) -> str:
    """https://developers.kaiten.ru/cards/retrieve-card-list"""
    try:
        await wire.trip(Urgency.RESYNC).get("/cards", {"board_id": board, "limit": 1, "broken_api": False})
    except Refused as no:
        return str(no)
    return ""


async def _role(wire: Wire, space: str, me: int) -> str:
    """Of a space's people, the list of which not everybody may see (https://developers.kaiten.ru/, space users)."""
    try:
        people = entries(await wire.trip(Urgency.RESYNC).listed(f"/spaces/{space}/users"))
    except Refused:
        return ""
    for person in people:
        if whole(person.get("id")) == me or whole(person.get("user_id")) == me:
            role = word(person.get("role_id")) or word(person.get("space_role_id"))
            return ROLES.get(role, "member")
    return "stranger"


# https://www.rfc-editor.org/rfc/rfc9110#field.date
def _skew(told: str | None, asked_at: datetime, answered_at: datetime) -> float | None:
    try:
        theirs = parsedate_to_datetime(told or "")
    except ValueError:
        return None
    middle = asked_at + (answered_at - asked_at) / 2
    return None if theirs.tzinfo is None else (middle - theirs).total_seconds() - 0.5
