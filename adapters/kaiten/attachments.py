"""Kaiten's files as the core's: what a file is, where its bytes lie, and whether it is already there."""

from __future__ import annotations

import mimetypes
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from adapters.kaiten.http import PORT
from adapters.kaiten.incoming import Comment, Json, entries, moment, whole, word
from connector.domain.refs import Ref
from connector.domain.words import File, FileKind

_VOICE, _RESTRICTED = 10, 11
_ELSEWHERE = range(2, 7)
"""Links to other people's drives: no bytes of Kaiten's."""
_PICTURES = frozenset(("image/jpeg", "image/png", "image/webp", "image/bmp"))
_SOUNDS = {
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".m4a": "audio/mp4",
    ".mp3": "audio/mpeg",
}
_BY_ENDING = {**_SOUNDS, ".webp": "image/webp"}
_SPOKEN = frozenset(("audio/ogg", "audio/opus"))
_EITHER = frozenset(("audio/mpeg", "audio/mp3", "audio/mp4", "audio/m4a", "audio/x-m4a"))
_RECORDED = re.compile(
    r"(?<![^\W\d_])(?:voice|recording|record|rec|memo|dictaphone|запис[ьи]|аудиозапись|голос\w*|диктофон\w*)(?![^\W\d_])"
    r"|^(?:audio|aud|ptt|аудио)[-_ ]?(?:19|20)\d\d"
)
"""Names that phones, messengers and people give to what they recorded: "Новая запись 5", "voice_12", "AUD-20260101"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file on a card. `id` is a number for a legacy file and a UUID for a restricted one."""

    id: str
    name: str
    size: int | None
    type: int | None
    mime: str | None
    url: str | None
    comment: int | None
    comment_uid: str | None
    created: datetime | None

    @property
    def restricted(self) -> bool:
        """Whether its bytes need the token."""
        return self.type == _RESTRICTED or not self.id.isdigit() or not self.url

    def belongs_to(self, comment: Comment) -> bool:
        """Whether it hangs under this comment."""
        return self.comment == comment.id or (self.comment_uid is not None and self.comment_uid == comment.uid)


def read_attachment(payload: Json) -> Attachment | None:
    """One entry of `card.files` or the answer to an upload; None when it has no id or was deleted.

    https://developers.kaiten.ru/card-files/attach-file-to-card
    """
    number = word(payload.get("id")) or word(payload.get("uid"))
    if not number or payload.get("deleted") is True:
        return None
    mime = word(payload.get("mime_type")).split(";")[0].strip().lower() or None
    return Attachment(
        id=number,
        name=word(payload.get("name")) or "file",
        size=whole(payload.get("size")),
        type=whole(payload.get("type")),
        mime=mime,
        url=word(payload.get("url")) or None,
        comment=whole(payload.get("comment_id")),
        comment_uid=word(payload.get("comment_uid")) or _entity(payload, "comment"),
        created=moment(payload.get("created")),
    )


def _entity(payload: Json, kind: str) -> str | None:
    """The UUID of what a restricted file hangs on, where that is a `kind`.

    https://developers.kaiten.ru/restricted-access-files-migration
    """
    return (word(payload.get("entity_uid")) or None) if payload.get("entity_type") == kind else None


def attachments(card: Json | None) -> tuple[Attachment, ...]:
    """Every file of a card and its comments, as `GET /cards/{id}` lists them."""
    found = (read_attachment(entry) for entry in entries((card or {}).get("files")))
    return tuple(file for file in found if file is not None)


def as_file(card: int, attachment: Attachment, comment_uid: str | None = None) -> File:
    """The attachment as the core knows files."""
    elsewhere = attachment.type in _ELSEWHERE
    name = PurePosixPath(attachment.name.replace("\\", "/")).name or "file"
    mime = attachment.mime or _mime_of(name)
    if not PurePosixPath(name).suffix:
        name += (mimetypes.guess_extension(mime) if mime else None) or ".bin"
    return File(
        ref=file_ref(card, attachment, comment_uid),
        kind=_kind(mime or "", name, attachment.type),
        name=name,
        size=attachment.size,
        mime=mime,
        obtainable=not elsewhere,
    )


def _mime_of(name: str) -> str | None:
    ending = PurePosixPath(name).suffix.lower()
    return _BY_ENDING.get(ending) or mimetypes.guess_type(name)[0]


def _kind(mime: str, name: str, kind: int | None) -> FileKind:
    """What a file is for the client.

    Somebody's voice is what Kaiten recorded itself, every OGG or Opus file (hardly any music comes so), and an MP3 or
    M4A whose name tells of a recording; other sounds are music.
    """
    if mime == "image/gif":
        return FileKind.ANIMATION
    if mime in _PICTURES:
        return FileKind.PHOTO
    sound = mime if mime.startswith("audio/") else _SOUNDS.get(PurePosixPath(name).suffix.lower(), "")
    if kind == _VOICE and (sound or mime in ("", "application/octet-stream", "video/webm")):
        return FileKind.VOICE
    if sound in _SPOKEN or (sound in _EITHER and _RECORDED.search(_stem(name))):
        return FileKind.VOICE
    if sound:
        return FileKind.AUDIO
    return FileKind.VIDEO if mime.startswith("video/") else FileKind.DOCUMENT


def _stem(name: str) -> str:
    return unicodedata.normalize("NFC", PurePosixPath(name).stem).casefold()


# ---- where the bytes lie


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A file ref taken apart: `url` of a legacy file, or `id` (and the comment's UUID) of a restricted one."""

    card: int
    id: str
    url: str | None
    comment_uid: str | None


def file_ref(card: int, attachment: Attachment, comment_uid: str | None = None) -> Ref:
    """The sealed ref of a file: all that fetching its bytes needs."""
    comment = attachment.comment or "-"
    if attachment.restricted:
        return Ref(port=PORT, id=f"{card}/{comment}/restricted/{attachment.id}/{comment_uid or '-'}")
    return Ref(port=PORT, id=f"{card}/{comment}/legacy/{attachment.id}/{attachment.url}")


def file_address(ref: Ref) -> Address:
    """Takes a file ref apart. Raises ValueError for any other."""
    card, _, rest = ref.id.partition("/")
    _, _, rest = rest.partition("/")
    way, _, rest = rest.partition("/")
    number, _, last = rest.partition("/")
    if ref.port != PORT or not card.isdigit() or way not in ("legacy", "restricted") or not number or not last:
        raise ValueError(f"{ref.key[:80]} does not name a file in Kaiten")
    legacy = way == "legacy"
    return Address(
        card=int(card), id=number, url=last if legacy else None, comment_uid=None if legacy or last == "-" else last
    )


# ---- what is already there


def missing(wanted: Iterable[File], there: Iterable[Attachment]) -> tuple[File, ...]:
    """The wanted files that are not there yet, by name and size; two equal ones need two."""
    known = list(there)
    left = []
    for file in wanted:
        name = _same_name(file.name)
        match = next(
            (
                candidate
                for candidate in known
                if _same_name(candidate.name) == name
                and (file.size is None or candidate.size is None or file.size == candidate.size)
            ),
            None,
        )
        if match is None:
            left.append(file)
        else:
            known.remove(match)
    return tuple(left)


def _same_name(name: str) -> str:
    return unicodedata.normalize("NFC", name)
