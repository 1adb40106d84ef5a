"""Cards as they stand, read for comparison: all of a place from the lists, or one of them whole."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Collection, Mapping
from datetime import datetime

from adapters.kaiten.attachments import Attachment, as_file, attachments, file_address
from adapters.kaiten.http import PAGE, Refused, Trip
from adapters.kaiten.incoming import (
    Card,
    Comment,
    Json,
    card_seen,
    comment_ref,
    commented,
    edited,
    entries,
    fields,
    joined_later,
    moment,
    read_card,
    read_comment,
    ref_numbers,
    word,
)
from adapters.kaiten.listing import place_params
from connector.domain.refs import Ref
from connector.domain.sheet import Note, Sheet, Sketch
from connector.domain.signature import signatures
from connector.ports import Unavailable


async def survey(
    trip: Trip, place: str, now: datetime, options: Mapping[str, str], *, archived: bool = False
) -> AsyncIterator[tuple[Sketch, ...]]:
    """The cards of a place, page by page, oldest first; one that stands on two pages is told once.

    A page that is no list fails the whole: an empty answer must not pass for an empty board.
    https://developers.kaiten.ru/cards/retrieve-card-list
    """
    seen: set[int] = set()
    offset = 0
    while True:
        answer = await trip.get(
            "/cards",
            {
                **place_params(place), "archived": archived, "broken_api": False, "order_by": "created",
                "order_direction": "asc", "limit": PAGE, "offset": offset,
            },
        )  # fmt: skip
        if isinstance(answer, dict):
            answer = answer.get("result")
        if not isinstance(answer, list):
            raise Unavailable("Kaiten's answer to GET /cards is no list")
        page = []
        for payload in answer:
            card = read_card(payload)
            if card is None:
                raise Unavailable("Kaiten's list of cards holds one without an id")
            if card.id not in seen:
                seen.add(card.id)
                page.append(_sketch(card, fields(payload) or {}, now, options))
        yield tuple(page)
        if trip.is_last("/cards", len(answer)) or not page:
            return
        offset += len(answer)


async def inspect(
    trip: Trip, number: int, me: int, now: datetime, options: Mapping[str, str], made: Collection[Ref]
) -> Sheet | None:
    """The card and all its comments; None where Kaiten says that it is not there, or not for us.

    https://developers.kaiten.ru/cards/retrieve-card
    https://developers.kaiten.ru/card-comments/retrieve-card-comments
    """
    try:
        # The comments first: what is written meanwhile is then in the card's counters, and is looked at again.
        payloads = await trip.listed(f"/cards/{number}/comments")
        whole = fields(await trip.get(f"/cards/{number}", {"broken_api": False}))
    except Refused as no:
        if no.status not in (403, 404):
            raise
        return None
    card = read_card(whole)
    if whole is None or card is None:
        raise Unavailable(f"Kaiten's answer to GET /cards/{number} is no card")
    comments = []
    for payload in payloads:
        comment = read_comment(payload, now)
        if comment is None:
            raise Unavailable(f"a comment of card {number} cannot be read")
        comments.append(comment)
    files = attachments(whole)
    present = {comment.id for comment in comments if not comment.deleted}
    return Sheet(
        sketch=_sketch(card, whole, now, options),
        description=word(whole.get("description")),
        notes=tuple(
            _note(card, comment, files, me)
            for comment in sorted(comments, key=lambda comment: (comment.created, comment.id))
            if not comment.deleted
        ),
        files=tuple(file.name for file in files if file.comment is None and file.comment_uid is None),
        lacking=frozenset(ref for ref in made if _lacks(ref, number, present, {file.id for file in files})),
        removed=frozenset(comment_ref(number, comment.id) for comment in comments if comment.deleted),
        whole=card.comments is None or card.comments <= len(present),
    )


def _note(card: Card, comment: Comment, files: tuple[Attachment, ...], me: int) -> Note:
    hanging = [file for file in files if file.belongs_to(comment)]
    ours = comment.mine(me)
    told = changed = None
    if not ours and card.external_id:
        together = [file for file in hanging if not joined_later(file.created, comment)]
        told = commented(card, comment, tuple(as_file(card.id, file, comment.uid) for file in together))
        changed = edited(card, comment) if comment.edited else None
    return Note(
        ref=comment_ref(card.id, comment.id), ours=ours, text=comment.raw,
        signs=signatures(comment.raw) if ours else (), files=tuple(file.name for file in hanging), told=told,
        changed=changed,
    )  # fmt: skip


def _lacks(ref: Ref, card: int, comments: Collection[int], files: Collection[str]) -> bool:
    """Whether the thing was made on this card and is there no longer."""
    try:
        address = file_address(ref)
    except ValueError:
        pass
    else:
        return address.card == card and address.id not in files
    try:
        there, comment = ref_numbers(ref)
    except ValueError:
        return False
    return there == card and comment is not None and comment not in comments


def _sketch(card: Card, payload: Json, now: datetime, options: Mapping[str, str]) -> Sketch:
    tags = tuple(sorted(word(tag.get("name")) for tag in entries(payload.get("tags"))))
    due = moment(payload.get("due_date"))
    holder = card.responsible.ref.id if card.responsible else ""
    parts = (
        card.version, card.updated, card.comments, card.commented_at, card.board, card.column, card.lane, card.gone,
        due, tags, holder, card.external_id,
    )  # fmt: skip
    moments = [at for at in (card.updated, card.commented_at) if at is not None]
    properties = fields(payload.get("properties")) or {}
    return Sketch(
        card=card.ref,
        external_id=card.external_id,
        seen=card_seen(card, now),
        mark=hashlib.sha256(repr(parts).encode()).hexdigest()[:16],
        title=word(payload.get("title")),
        tags=tags,
        due_at=due,
        fields={
            name.removeprefix("id_"): text
            for name, value in properties.items()
            if (text := _plain(value, options))
        },
        created_at=card.created,
        closed_at=moment(payload.get("completed_at")) or moment(payload.get("last_moved_to_done_at")),
        changed_at=max(moments, default=None),
    )  # fmt: skip


def _plain(value: object, options: Mapping[str, str]) -> str:
    """A field's value for people; a choice by its title, where the layout told it."""
    if isinstance(value, list):
        return ", ".join(options.get(word(each), word(each)) for each in value)
    return word(value)
