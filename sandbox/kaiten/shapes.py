"""How things look in JSON: the shapes of the API answers."""

import re
from datetime import UTC, datetime

from sandbox.kaiten.company import Company
from sandbox.kaiten.entities import (
    Comment,
    Link,
    Member,
    StoredFile,
    Tag,
    User,
)

JsonObject = dict[str, object]


def instant(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with milliseconds and a Z, the only form the API writes."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def user(person: User) -> JsonObject:
    return {
        "id": person.id,
        "uid": person.uid,
        "full_name": person.full_name,
        "email": person.email,
        "username": person.username,
        "initials": "".join(word[0] for word in person.full_name.split()[:2]).upper(),
        "avatar_type": 2,
        "avatar_initials_url": None,
        "avatar_uploaded_url": None,
        "lng": "ru",
        "timezone": "Europe/Moscow",
        "theme": "light",
        "created": instant(person.created),
        "updated": instant(person.created),
        "activated": True,
        "ui_version": 2,
        "virtual": False,
    }


def company_user(person: User) -> JsonObject:
    """A user as `GET /users` shows one: with the place in the company."""
    return {
        **user(person),
        "user_id": person.id,
        "company_id": 1,
        "role": 2,
        "permissions": 0,
        "own_permissions": 0,
        "apps_permissions": 1,
        "external": False,
        "locked": False,
        "telegram_sd_bot_enabled": False,
        "last_request_date": None,
    }


def short_user(person: User) -> JsonObject:
    """The author of a webhook event."""
    return {
        "id": person.id,
        "full_name": person.full_name,
        "username": person.username,
        "email": person.email,
    }


def tag(found: Tag) -> JsonObject:
    return {
        "id": found.id,
        "uid": found.uid,
        "name": found.name,
        "color": found.color,
        "company_id": 1,
        "archived": False,
        "created": instant(found.created),
        "updated": instant(found.updated),
    }


def card_tag(found: Tag, card_id: int) -> JsonObject:
    return {
        "id": found.id,
        "name": found.name,
        "color": found.color,
        "card_id": card_id,
        "tag_id": found.id,
    }


def member(company: Company, card_id: int, found: Member) -> JsonObject:
    return {
        **user(company.users[found.user_id]),
        "card_id": card_id,
        "user_id": found.user_id,
        "type": found.type,
    }


def link(found: Link, card_id: int) -> JsonObject:
    return {
        "id": found.id,
        "url": found.url,
        "description": found.description,
        "card_id": card_id,
        "external_link_id": found.id,
        "created": instant(found.created),
        "updated": instant(found.updated),
    }


def comment(company: Company, found: Comment, *, with_author: bool = False) -> JsonObject:
    """The answer of POST and PATCH has no author object; the list has."""
    waited = (company.now() - found.created).total_seconds()
    told = found.created if waited >= company.settings.notification_sent_seconds else None
    shape: JsonObject = {
        "id": found.id,
        "uid": found.uid,
        "created": instant(found.created),
        "updated": instant(found.updated),
        "text": found.text,
        "type": found.type,
        "edited": found.edited,
        "card_id": found.card_id,
        "author_id": found.author_id,
        "internal": found.internal,
        "deleted": found.deleted,
        "email_addresses_to": None,
        "sd_external_recipients_cc": None,
        "sd_description": False,
        "notification_sent": instant(told),
        "meta": None,
    }
    if with_author:
        shape["author"] = user(company.users[found.author_id])
    return shape


def file(company: Company, found: StoredFile) -> JsonObject:
    """A file as `card.files[]` shows it: the two kinds are mixed, a restricted one has no address."""
    if found.kind == "restricted":
        return {
            "id": found.id,
            "uid": found.uid,
            "name": found.name,
            "size": str(found.size),
            "type": 11,
            "url": None,
            "mime_type": found.mime_type,
            "external": False,
            "deleted": found.deleted,
            "card_cover": found.card_cover,
            "sort_order": 1,
            "card_id": found.card_id,
            "comment_id": found.comment_id,
            "custom_property_id": found.property_id,
            "author_id": found.author_id,
            "thumbnail_url": None,
            "created": instant(found.created),
            "updated": instant(found.updated),
        }
    return {
        "id": found.id,
        "uid": found.uid,
        "name": found.name,
        "url": f"{company.base_url}/files/{found.public_name}",
        "size": found.size,
        "type": 8 if found.comment_id else 1,
        "mime_type": found.mime_type,
        "external": False,
        "deleted": found.deleted,
        "card_cover": found.card_cover,
        "sort_order": 1,
        "comment_id": found.comment_id,
        "custom_property_id": found.property_id,
        "author_id": found.author_id,
        "card_id": found.card_id,
        "thumbnail_url": None,
        "created": instant(found.created),
        "updated": instant(found.updated),
    }


def restricted_file(company: Company, found: StoredFile) -> JsonObject:
    """A file as its own route shows it: the size is a string and everything is named by UUID."""
    commented = company.comments.get(found.comment_id) if found.comment_id else None
    about = "custom_property" if found.property_id else "comment" if found.for_comment else "card"
    return {
        "id": found.id,
        "name": found.name,
        "size": str(found.size),
        "mime_type": found.mime_type,
        "author_uid": company.users[found.author_id].uid,
        "card_uid": company.cards[found.card_id].uid,
        "comment_uid": commented.uid if commented else None,
        "company_uid": company.name,
        "entity_type": about,
        "card_cover": found.card_cover,
        "created": instant(found.created),
        "updated": instant(found.updated),
    }


def size_parts(size_text: str | None) -> tuple[float | None, str | None]:
    """The read-only number and unit the server derives from the size a person wrote: "2 SP" gives 2 and "SP"."""
    found = re.fullmatch(r"\s*(\d+(?:[.,]\d+)?)\s*(\D*)", size_text or "")
    if found is None:
        return None, None
    return float(found[1].replace(",", ".")), found[2].strip() or None
