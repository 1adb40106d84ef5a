"""What a message holds, in our words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from telegram import (
    Animation,
    Audio,
    Document,
    Message,
    MessageOriginChannel,
    MessageOriginChat,
    MessageOriginHiddenUser,
    MessageOriginUser,
    PhotoSize,
    Sticker,
    Video,
    VideoNote,
    Voice,
)

from adapters.telegram.entities import incoming_text
from adapters.telegram.kinds import oddity
from adapters.telegram.names import file_name, mime_type, usual_mime
from adapters.telegram.refs import FILE_ID, file_ref
from adapters.telegram.shape import (
    Unreadable,
    degrees,
    maybe_text,
    maybe_whole,
    moment,
    seconds,
    text,
    whole,
)
from connector.domain.text import shorten
from connector.domain.words import Contact, File, FileKind, Location, Text, Words

# https://core.telegram.org/bots/api#getfile
DOWNLOAD_LIMIT: Final = 20 * 1024 * 1024
"""Bytes of the largest file the Bot API hands out."""
QUOTE_LIMIT: Final = 200
"""Characters of an answered message that tell which one it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """The bot itself: `username` without the @, None until Telegram told it."""

    id: int
    username: str | None = None


def words_of(message: Message, raw: Mapping[str, object], me: Me) -> Words:
    """The whole content of a message; `raw` is the JSON it was parsed from. Raises Unreadable."""
    written = _text(message, me)
    sticker = message.sticker
    words = Words(
        text=written,
        files=_files(message, me),
        location=_location(message),
        contact=_contact(message),
        emoji=maybe_text(sticker.emoji) if sticker else None,
        oddity=oddity(raw),
        forwarded_from=_origin(message),
        quote=_quote(message, raw),
    )
    if not (written or words.files or words.location or words.contact or words.oddity):
        return Words(oddity="unknown", forwarded_from=words.forwarded_from, quote=words.quote)
    return words


def _text(message: Message, me: Me) -> Text:
    if message.text is not None:
        return incoming_text(text(message.text, "text"), message.entities, username=me.username)
    if message.caption is not None:
        return incoming_text(text(message.caption, "caption"), message.caption_entities, username=me.username)
    return Text()


_Attachment = Animation | Audio | Document | PhotoSize | Sticker | Video | VideoNote | Voice


def _attachment(message: Message) -> tuple[FileKind, _Attachment] | None:
    """The one file of a message. An animation comes with a `document` of itself: once is enough."""
    if message.animation:
        return FileKind.ANIMATION, message.animation
    if message.video:
        return FileKind.VIDEO, message.video
    if message.video_note:
        return FileKind.ROUND_VIDEO, message.video_note
    if message.audio:
        return FileKind.AUDIO, message.audio
    if message.voice:
        return FileKind.VOICE, message.voice
    if message.sticker:
        return FileKind.STICKER, message.sticker
    if message.photo:
        return FileKind.PHOTO, max(message.photo, key=lambda size: size.width * size.height)
    if message.document:
        return FileKind.DOCUMENT, message.document
    return None


def _files(message: Message, me: Me) -> tuple[File, ...]:
    found = _attachment(message)
    if found is None:
        return ()
    kind, attachment = found
    file_id = text(attachment.file_id, "file_id")
    if not FILE_ID.fullmatch(file_id):
        raise Unreadable("file_id is not one")
    # Read from the JSON form: the attribute of these classes changes its type with python-telegram-bot's settings.
    parts: Mapping[str, object] = attachment.to_dict()
    mime = mime_type(parts.get("mime_type")) or _sticker_mime(attachment) or usual_mime(kind)
    size = maybe_whole(parts.get("file_size"))
    return (
        File(
            ref=file_ref(me.id, file_id),
            kind=kind,
            name=file_name(
                _given_name(parts),
                kind=kind,
                mime=mime,
                at=_date(message),
                number=whole(message.message_id, "message_id"),
            ),
            size=size,
            mime=mime,
            seconds=seconds(parts.get("duration")),
            obtainable=size is None or size <= DOWNLOAD_LIMIT,
        ),
    )


def _given_name(parts: Mapping[str, object]) -> str | None:
    name = maybe_text(parts.get("file_name"))
    if name is None and (title := maybe_text(parts.get("title"))):
        performer = maybe_text(parts.get("performer"))
        return f"{performer} - {title}" if performer else title
    return name


# https://core.telegram.org/bots/api#sticker
def _sticker_mime(attachment: _Attachment) -> str | None:
    if not isinstance(attachment, Sticker):
        return None
    if attachment.is_animated:
        return "application/x-tgsticker"
    return "video/webm" if attachment.is_video else "image/webp"


def _date(message: Message) -> datetime:
    return moment(int(message.date.timestamp()), "date")


def _location(message: Message) -> Location | None:
    venue = message.venue
    point = venue.location if venue else message.location
    if point is None:
        return None
    return Location(
        latitude=degrees(point.latitude, "latitude"),
        longitude=degrees(point.longitude, "longitude"),
        title=maybe_text(venue.title) if venue else None,
        address=maybe_text(venue.address) if venue else None,
    )


# https://core.telegram.org/bots/api#textquote
def _quote(message: Message, raw: Mapping[str, object]) -> str | None:
    """The words picked from the message this one answers; without a choice its beginning, in one line."""
    if message.quote and (picked := maybe_text(message.quote.text)):
        return picked
    earlier = answered(raw)
    if earlier is None:
        return None
    said = maybe_text(earlier.get("text")) or maybe_text(earlier.get("caption"))
    return (shorten(said, QUOTE_LIMIT) or None) if said else None


# https://core.telegram.org/bots/api#message
def answered(raw: Mapping[str, object]) -> Mapping[str, object] | None:
    """The message of this chat that this one answers.

    In a forum every message "answers" the service message that opened its topic: that is no answer.
    """
    earlier = raw.get("reply_to_message")
    return earlier if isinstance(earlier, dict) and "forum_topic_created" not in earlier else None


# https://core.telegram.org/bots/api#contact
def _contact(message: Message) -> Contact | None:
    card = message.contact
    if card is None:
        return None
    names = (maybe_text(card.first_name), maybe_text(card.last_name))
    phone = text(card.phone_number, "phone_number")
    owner = maybe_whole(card.user_id)
    return Contact(
        name=" ".join(name for name in names if name) or phone,
        phone=phone,
        own=owner is not None and message.from_user is not None and owner == message.from_user.id,
    )


# https://core.telegram.org/bots/api#messageorigin
def _origin(message: Message) -> str | None:
    """Who wrote a forwarded message first, for people; None when it was not forwarded."""
    match message.forward_origin:
        case None:
            return None
        case MessageOriginUser(sender_user=user):
            name = maybe_text(user.full_name) or str(user.id)
            return f"{name} (@{clean_name})" if (clean_name := maybe_text(user.username)) else name
        case MessageOriginHiddenUser(sender_user_name=hidden):
            return maybe_text(hidden) or "?"
        case MessageOriginChat(sender_chat=chat) | MessageOriginChannel(chat=chat):
            return maybe_text(chat.title) or maybe_text(chat.username) or str(chat.id)
        case other:
            return str(other.type)
