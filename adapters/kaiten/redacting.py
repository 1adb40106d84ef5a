"""A person's words taken off a card, as far as we wrote them: title, description, fields, files, labels, comments."""

from __future__ import annotations

from urllib.parse import quote

from adapters.kaiten.attachments import read_attachment
from adapters.kaiten.files import Files
from adapters.kaiten.http import Refused, Trip
from adapters.kaiten.incoming import Comment, Json, entries, fields, read_comment, whole, word
from adapters.kaiten.markdown import clean
from adapters.kaiten.tags import take_tag
from connector.domain.effects import Redact
from connector.domain.forgotten import tells, without, without_in_block
from connector.domain.signature import signatures


async def redact(trip: Trip, files: Files, card: int, me: int, effect: Redact) -> None:
    """Done twice it is as if done once: what is gone already is not written again.

    What agents wrote is theirs, and Kaiten's own record of former titles is nobody's to change by its API.

    https://developers.kaiten.ru/card-comments/retrieve-card-comments
    """
    there = fields(await trip.get(f"/cards/{card}", {"broken_api": False})) or {}
    listed = [read_comment(payload, trip.wire.clock.now()) for payload in await trip.listed(f"/cards/{card}/comments")]
    mine = [comment for comment in listed if comment is not None and comment.mine(me) and not comment.deleted]
    if not effect.needles:
        await _files_off(trip, files, card, me, there, mine)
    for comment in mine:
        await _reword(trip, card, comment, effect)
    if effect.needles:
        described = word(there.get("description"))
        left = without_in_block(described, effect.needles)
        body = {"description": left} if left != described else {}
        if effect.title and tells(word(there.get("title")), effect.needles):
            body["title"] = " ".join(clean(effect.title).split())
        if body:
            await trip.write("PATCH", f"/cards/{card}", json=body)
        return
    for tag in effect.tags:
        await take_tag(trip, card, tag)
    await _bare_card(trip, card, there, effect)


async def _reword(trip: Trip, card: int, comment: Comment, effect: Redact) -> None:
    """It keeps its signature: we must know our own hand afterwards too.

    https://developers.kaiten.ru/card-comments/update-comment
    """
    kept = without(comment.raw, effect.needles) if effect.needles else ""
    signed = bool(signatures(kept))
    text = kept if signed and kept.strip() else signatures(comment.raw)[0] + (kept.strip() or effect.notice)
    if text == comment.raw:
        return
    try:
        await trip.write("PATCH", f"/cards/{card}/comments/{comment.id}", json={"text": text})
    except Refused as no:
        if no.status != 404:  # deleted meanwhile
            raise


async def _files_off(trip: Trip, files: Files, card: int, me: int, there: Json, mine: list[Comment]) -> None:
    """Files under our comments, and those our account put on the card itself.

    https://developers.kaiten.ru/card-files/delete-file
    https://developers.kaiten.ru/restricted-access-card-files/remove-file
    """
    for entry in entries(there.get("files")):
        file = read_attachment(entry)
        if file is None:
            continue
        under = next((comment for comment in mine if file.belongs_to(comment)), None)
        ours = whole(entry.get("author_id")) == me and file.comment is None and file.comment_uid is None
        if under is None and not ours:
            continue
        place = f"/cards/{card}/files/{quote(file.id)}"
        if not file.id.isdigit():
            owner = await files.card_uid(trip, card)
            place = f"/cards/{owner}/files/{quote(file.id)}"
            if under is not None and under.uid:
                place = f"/cards/{owner}/comments/{quote(under.uid)}/files/{quote(file.id)}"
        try:
            await trip.write("DELETE", place)
        except Refused as no:
            if no.status != 404:
                raise


async def _bare_card(trip: Trip, card: int, there: Json, effect: Redact) -> None:
    """https://developers.kaiten.ru/cards/update-card (null clears a field)"""
    title = " ".join(clean(effect.title).split())
    body: dict[str, object] = {}
    if word(there.get("title")) != title:
        body["title"] = title
    if word(there.get("description")) != clean(effect.notice):
        body["description"] = clean(effect.notice)
    held = fields(there.get("properties")) or {}
    names = [f"id_{name.removeprefix('id_')}" for name in effect.fields or ()]
    emptied = {name: None for name in names if held.get(name) is not None}
    if emptied:
        body["properties"] = emptied
    if body:
        await trip.write("PATCH", f"/cards/{card}", json=body)
