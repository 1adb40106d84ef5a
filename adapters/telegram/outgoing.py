"""How what we order looks in Telegram: keyboards, previews, and the form in which each file is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    LinkPreviewOptions,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)
from telegram.constants import ReactionEmoji

from adapters.telegram.names import mime_type
from adapters.telegram.shape import clean
from connector.domain.effects import Button, ContactKey, Menu
from connector.domain.words import File, FileKind, Style, Text

# https://core.telegram.org/bots/api#sending-files
PHOTO_LIMIT: Final = 10 * 1024 * 1024
"""Bytes of the largest picture that may go as one."""
UPLOAD_LIMIT: Final = 50 * 1024 * 1024
"""Bytes of the largest file that may be uploaded."""
ALBUM_LIMIT: Final = 10
CAPTION_LIMIT: Final = 1024
"""UTF-16 units."""
NOTICE_LIMIT: Final = 200
"""Characters, https://core.telegram.org/bots/api#answercallbackquery"""
HEAD: Final = 64
"""Bytes at the start of a file that tell what it is."""


class Form(StrEnum):
    """What a file is sent as."""

    PHOTO = "photo"
    VIDEO = "video"
    ANIMATION = "animation"
    AUDIO = "audio"
    VOICE = "voice"
    ROUND_VIDEO = "round_video"
    STICKER = "sticker"
    DOCUMENT = "document"


_BY_KIND: Final = {kind: Form(kind.value) for kind in FileKind}
_UNCAPTIONED: Final = frozenset({Form.STICKER, Form.ROUND_VIDEO})

# What may share an album, https://core.telegram.org/bots/api#sendmediagroup
_ALBUMS: Final = {
    Form.PHOTO: "pictures",
    Form.VIDEO: "pictures",
    Form.DOCUMENT: "documents",
    Form.AUDIO: "audio",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A file ready to be sent: already in Telegram as `file_id`, or on disk at `path`."""

    name: str
    form: Form
    file_id: str | None = None
    path: Path | None = None


# https://core.telegram.org/bots/api#inlinekeyboardmarkup
# https://core.telegram.org/bots/api#replykeyboardmarkup
def keyboard(
    buttons: Sequence[Sequence[Button]], menu: Menu | None, *, private: bool = True, answers: bool = False
) -> InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove | None:
    """Buttons under the message, or else the chat's menu (empty: none any more): a message carries one of them.

    In a group a menu would be everybody's: it is shown (or taken away) only where the message answers one, and only to
    whom it answers. Keys that share a contact exist in private chats alone.
    """
    if inline := buttons_under(buttons):
        return inline
    if menu is None or not (private or answers):
        return None
    selective = None if private else True
    if not any(menu):
        return ReplyKeyboardRemove(selective=selective)
    rows = [[_key(key) for key in row if private or not isinstance(key, ContactKey)] for row in menu]
    rows = [row for row in rows if row]
    if not rows:
        return None
    return ReplyKeyboardMarkup(rows, resize_keyboard=True, is_persistent=True if private else None, selective=selective)


# https://core.telegram.org/bots/api#keyboardbutton
def _key(key: str | ContactKey) -> KeyboardButton:
    if isinstance(key, ContactKey):
        return KeyboardButton(clean(key.label), request_contact=True)
    return KeyboardButton(clean(key))


# https://core.telegram.org/bots/api#inlinekeyboardbutton
def buttons_under(buttons: Sequence[Sequence[Button]]) -> InlineKeyboardMarkup | None:
    """The buttons of one message; None when there are none."""
    rows = [[_button(button) for button in row if button.data or button.url] for row in buttons]
    rows = [row for row in rows if row]
    return InlineKeyboardMarkup(rows) if rows else None


def _button(button: Button) -> InlineKeyboardButton:
    if button.url is not None:
        return InlineKeyboardButton(clean(button.label), url=button.url)
    return InlineKeyboardButton(clean(button.label), callback_data=button.data)


# https://core.telegram.org/bots/api#linkpreviewoptions
def preview(text: Text) -> LinkPreviewOptions:
    """No preview, unless the text has a link that was set on purpose."""
    return LinkPreviewOptions(is_disabled=all(span.style is not Style.LINK for span in text.spans))


# Telegram keeps its reactions without the sign that asks for the coloured form of an emoji, and refuses those with it.
_COLOURING: Final = dict.fromkeys(map(ord, "\ufe0e\ufe0f"))
# https://core.telegram.org/bots/api#reactiontypeemoji
_REACTIONS: Final = frozenset(emoji.value.translate(_COLOURING) for emoji in ReactionEmoji)


def reaction(emoji: str) -> str | None:
    """The emoji as Telegram spells it in its list (`❤️` and `❤` are one); None when it is not in that list."""
    spelled = emoji.translate(_COLOURING)
    return spelled if spelled in _REACTIONS else None


def allowed_reaction(emoji: str) -> bool:
    """Whether a bot may mark a message with this emoji, in either spelling."""
    return reaction(emoji) is not None


def form_in_telegram(file: File) -> Form:
    """The form of a file that is there already: a file_id cannot change what it is."""
    return _BY_KIND[file.kind]


# https://core.telegram.org/bots/api#sendphoto and the sections after it
def form_on_disk(file: File, *, size: int, head: bytes) -> Form:
    """The form in which a file from elsewhere can be sent: its own kind where Telegram takes it so, else a document.

    `head` is the first 64 bytes: what a file is called is not always what it is.
    """
    mime = mime_type(file.mime) or ""
    ending = file.name.rpartition(".")[2].lower()
    mp4 = head[4:8] == b"ftyp" and (mime == "video/mp4" or ending in ("mp4", "m4v"))
    opus = head.startswith(b"OggS") and b"OpusHead" in head
    mp3_or_m4a = mime in ("audio/mpeg", "audio/mp3", "audio/mp4", "audio/x-m4a") or ending in ("mp3", "m4a")
    gif = head.startswith((b"GIF87a", b"GIF89a"))
    match file.kind:
        case FileKind.PHOTO if gif:
            return Form.ANIMATION
        case FileKind.PHOTO if _is_picture(head) and size <= PHOTO_LIMIT:
            return Form.PHOTO
        case FileKind.VIDEO if mp4:
            return Form.VIDEO
        case FileKind.ROUND_VIDEO if mp4:
            return Form.ROUND_VIDEO
        case FileKind.ANIMATION if mp4 or gif:
            return Form.ANIMATION
        case FileKind.AUDIO if mp3_or_m4a:
            return Form.AUDIO
        case FileKind.VOICE if opus or mp3_or_m4a:
            return Form.VOICE
        case FileKind.STICKER if ending in ("webp", "tgs", "webm"):
            return Form.STICKER
        case _:
            return Form.DOCUMENT


def _is_picture(head: bytes) -> bool:
    return head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


# https://core.telegram.org/bots/api#sendmediagroup
def next_group(items: Sequence[Item]) -> tuple[Item, ...]:
    """The items that go first, in one call: neighbours that may share an album, at most ten."""
    if not items:
        return ()
    album = _ALBUMS.get(items[0].form)
    if album is None:
        return (items[0],)
    count = 1
    while count < min(len(items), ALBUM_LIMIT) and _ALBUMS.get(items[count].form) == album:
        count += 1
    return tuple(items[:count])


def takes_caption(item: Item) -> bool:
    """Stickers and round films carry no words."""
    return item.form not in _UNCAPTIONED
