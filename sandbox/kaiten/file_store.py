"""The stored files of cards: kept, removed, found again by their public or signed address."""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode

from sandbox.kaiten import shapes
from sandbox.kaiten.company import Company
from sandbox.kaiten.entities import Card, StoredFile, User
from sandbox.kaiten.problems import Problem, forbidden, not_found
from sandbox.kaiten.shapes import JsonObject

SIGNING_KEY = b"only this stand-in checks these signatures"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that has arrived and is not yet anybody's. ``size`` in bytes."""

    name: str
    mime_type: str | None
    path: Path
    size: int


def discard(uploads: Iterable[Upload]) -> None:
    for upload in uploads:
        upload.path.unlink(missing_ok=True)


def keep(
    company: Company,
    user: User,
    card: Card,
    upload: Upload,
    kind: Literal["legacy", "restricted"],
    *,
    comment_id: int | None = None,
    for_comment: bool = False,
    property_id: int | None = None,
) -> StoredFile:
    now = company.now()
    uid = company.uid()
    stored = StoredFile(
        id=company.next_id("file") if kind == "legacy" else uid,
        uid=uid,
        kind=kind,
        card_id=card.id,
        author_id=user.id,
        name=upload.name,
        size=upload.size,
        mime_type=upload.mime_type,
        path=upload.path,
        created=now,
        updated=now,
        comment_id=comment_id,
        for_comment=for_comment,
        property_id=property_id,
    )
    company.files[stored.id] = stored
    card = company.cards[card.id]
    if company.settings.file_bumps_version:
        card = replace(card, version=card.version + 1, updated=now, updater_id=user.id)
        company.keep(card)
    company.publish("file:add", card, {**event(company, stored), "author": shapes.short_user(user)})
    return stored


def change(company: Company, user: User, stored: StoredFile, *, name: str, card_cover: bool) -> StoredFile:
    changed = replace(stored, name=name, card_cover=card_cover, updated=company.now())
    company.files[stored.id] = changed
    old, new = event(company, stored), event(company, changed)
    changes = {field: value for field, value in new.items() if value != old[field]}
    data: JsonObject = {"old": old, "changes": changes, "author": shapes.short_user(user)}
    company.publish("file:update", company.cards[stored.card_id], data)
    return changed


def remove(company: Company, user: User, stored: StoredFile) -> None:
    company.files[stored.id] = replace(stored, deleted=True)
    data: JsonObject = {**event(company, stored), "author": shapes.short_user(user)}
    company.publish("file:remove", company.cards[stored.card_id], data)


def find(company: Company, card: Card, file_id: int | str) -> StoredFile:
    stored = company.files.get(file_id)
    if stored is None or stored.card_id != card.id or stored.deleted:
        raise not_found()
    return stored


def at_public_address(company: Company, public_name: str) -> StoredFile:
    """Readable by anybody who has the address, without a token."""
    for stored in company.files.values():
        if stored.kind == "legacy" and stored.public_name == public_name and not stored.deleted:
            return stored
    raise not_found()


def signed_address(company: Company, stored: StoredFile) -> str:
    """An address of some seconds, for whoever has it."""
    expires = int((company.now().timestamp() + company.settings.signed_url_seconds) * 1000)
    query = urlencode({"X-Expires": expires, "X-Signature": _signature(str(stored.id), expires)})
    return f"{company.base_url}/signed/{stored.id}?{query}"


def at_signed_address(company: Company, file_id: str, expires: str, signature: str) -> StoredFile:
    """Raises Problem 403 for a wrong signature and for an expired address."""
    stored = company.files.get(file_id)
    if stored is None or not expires.isdecimal():
        raise forbidden()
    if not hmac.compare_digest(signature, _signature(file_id, int(expires))):
        raise forbidden()
    if company.now().timestamp() * 1000 > int(expires):
        raise Problem(403, {"message": "Request has expired"})
    return stored


def event(company: Company, stored: StoredFile) -> JsonObject:
    """The file of a webhook event."""
    shape = shapes.file(company, stored)
    names = (
        *("id", "card_id", "comment_id", "name", "size", "url", "type", "external", "card_cover", "sort_order"),
        *("author_id", "deleted", "created", "updated"),
    )
    return {**{name: shape[name] for name in names}, "url_with_not_encoded_filename": shape["url"]}


def _signature(file_id: str, expires: int) -> str:
    return hmac.new(SIGNING_KEY, f"{file_id}:{expires}".encode(), hashlib.sha256).hexdigest()
