"""Comments of a card.

https://developers.kaiten.ru/card-comments
"""

import html
import unicodedata
from dataclasses import replace

from starlette.requests import Request

from sandbox.kaiten import file_store, schema, shapes
from sandbox.kaiten.company import Company
from sandbox.kaiten.entities import Card, Comment, User
from sandbox.kaiten.file_store import Upload
from sandbox.kaiten.http import api, page, path_card, path_number
from sandbox.kaiten.problems import bad_request, forbidden, legacy_upload_disabled, not_found
from sandbox.kaiten.shapes import JsonObject
from sandbox.kaiten.uploads import read_form

_HTML = 2
LONGEST = 4096
"""In UTF-16 units: the message is not of the schema, so the check is the length of a JavaScript string."""


def add(
    company: Company, user: User, card: Card, text: str, *, internal: bool = False, format_type: int = 1
) -> Comment:
    """The card's version and `updated` stay; only the two comment counters move."""
    _check_length(text)
    text, format_type = _stored(company, text, format_type)
    now = company.now()
    comment = Comment(
        id=company.next_id("comment"),
        uid=company.uid(),
        card_id=card.id,
        author_id=user.id,
        text=text,
        type=format_type,
        internal=internal,
        created=now,
        updated=now,
    )
    company.comments[comment.id] = comment
    card = company.cards[card.id]  # as it is by now: a form with files takes its time
    card = replace(card, comments_total=card.comments_total + 1, comment_last_added_at=now)
    company.keep(card)
    company.record("comment_add", card, user, comment_id=comment.id)
    company.publish("comment:add", card, {**_event(company, comment), "author": shapes.short_user(user)})
    return comment


def edit(company: Company, user: User, comment: Comment, text: str, *, format_type: int | None = None) -> Comment:
    """By the author only. `comment_last_added_at` stays (inferred: it names the last *added* one)."""
    if comment.author_id != user.id:
        raise forbidden()
    _check_length(text)
    text, kind = _stored(company, text, format_type or comment.type)
    edited = replace(comment, text=text, type=kind, edited=True, updated=company.now())
    company.comments[comment.id] = edited
    old, new = _event(company, comment), _event(company, edited)
    changes = {name: value for name, value in new.items() if value != old[name]}
    card = company.cards[comment.card_id]
    company.record("comment_update", card, user, comment_id=comment.id)
    company.publish(
        "comment:update",
        card,
        {
            "old": {**old, "sent_slack_messages_data": None},
            "changes": changes,
            "author": shapes.short_user(user),
        },
    )
    return edited


def remove(company: Company, user: User, comment: Comment) -> None:
    """By the author only."""
    if comment.author_id != user.id:
        raise forbidden()
    company.comments[comment.id] = replace(comment, deleted=True)
    card = company.cards[comment.card_id]
    card = replace(card, comments_total=card.comments_total - 1)
    company.keep(card)
    company.publish("comment:remove", card, {**_event(company, comment), "author": shapes.short_user(user)})


def find(company: Company, card: Card, comment_id: int) -> Comment:
    comment = company.comments.get(comment_id)
    if comment is None or comment.card_id != card.id or comment.deleted:
        raise not_found()
    return comment


def _check_length(text: str) -> None:
    if len(text.encode("utf-16-le", "surrogatepass")) // 2 > LONGEST:
        raise bad_request("Comment text must not exceed 4096 characters")


def _stored(company: Company, text: str, kind: int) -> tuple[str, int]:
    """Text and type as they are kept: no source says whether the service cleans either, so that is a setting."""
    if company.settings.comment_text == "kept":
        return text, kind
    text = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    if company.settings.comment_text == "visible" or kind == _HTML:
        return text, kind
    return f"<p>{html.escape(text, quote=False)}</p>".replace("\n", "<br>"), _HTML


def _event(company: Company, comment: Comment) -> JsonObject:
    """The comment of a webhook event: fewer fields than in the API."""
    shape = shapes.comment(company, comment)
    return {name: value for name, value in shape.items() if name not in ("uid", "meta", "sd_description")}


FIELDS = {
    "text": schema.text(1_000_000, shortest=1),
    "type": schema.one_of(1, 2),
    "internal": schema.boolean,
}


async def _read(company: Company, request: Request) -> tuple[str, bool, int | None, list[Upload]]:
    """Text, internal, type and files; the files of a refused request are not kept."""
    body, uploads = await read_form(request, company, file_field="files[]")
    try:
        if uploads and not company.settings.legacy_files:
            raise legacy_upload_disabled()
        values = schema.read(body, FIELDS, "Comment", "text")
        _check_length(str(values["text"]))
    except Exception:
        file_store.discard(uploads)
        raise
    kind = values.get("type")
    return str(values["text"]), values.get("internal") is True, kind if isinstance(kind, int) else None, uploads


async def create_comment(company: Company, user: User, request: Request) -> object:
    card = path_card(company, user, request)
    text, internal, kind, uploads = await _read(company, request)
    comment = add(company, user, card, text, internal=internal, format_type=kind or 1)
    for upload in uploads:
        file_store.keep(company, user, card, upload, "legacy", comment_id=comment.id)
    return shapes.comment(company, comment)


async def list_comments(company: Company, user: User, request: Request) -> object:
    card = path_card(company, user, request)
    found = company.card_comments(card.id)
    shown = [shapes.comment(company, comment, with_author=True) for comment in found]
    return page(request, shown, most=company.settings.largest_page)


async def patch_comment(company: Company, user: User, request: Request) -> object:
    number = path_number(request, "comment_id")
    find(company, path_card(company, user, request), number)
    text, _, kind, uploads = await _read(company, request)
    card = path_card(company, user, request)
    comment = find(company, card, number)  # it may be gone by now: a form with files takes its time
    edited = edit(company, user, comment, text, format_type=kind)
    for upload in uploads:
        file_store.keep(company, user, card, upload, "legacy", comment_id=comment.id)
    return shapes.comment(company, edited)


async def delete_comment(company: Company, user: User, request: Request) -> object:
    card = path_card(company, user, request)
    comment = find(company, card, path_number(request, "comment_id"))
    remove(company, user, comment)
    return {"id": comment.id}


ROUTES = [
    api("GET", "/cards/{card_id}/comments", list_comments),
    api("POST", "/cards/{card_id}/comments", create_comment),
    api("PATCH", "/cards/{card_id}/comments/{comment_id}", patch_comment),
    api("DELETE", "/cards/{card_id}/comments/{comment_id}", delete_comment),
]
