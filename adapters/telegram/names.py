"""File names that any disk and any form can take."""

from __future__ import annotations

import mimetypes
import re
import unicodedata
from datetime import UTC, datetime
from typing import Final

from connector.domain.words import FileKind

_LONGEST = 120
"""Characters of a name, its extension included."""

_EXTENSIONS: Final = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/webm": ".webm",
    "audio/ogg": ".ogg",
    "audio/mpeg": ".mp3",
    "audio/mp4": ".m4a",
    "audio/x-m4a": ".m4a",
    "application/x-tgsticker": ".tgs",
    "application/pdf": ".pdf",
    "application/zip": ".zip",
    "text/plain": ".txt",
}
_USUAL: Final = {
    FileKind.PHOTO: "image/jpeg",
    FileKind.VIDEO: "video/mp4",
    FileKind.ROUND_VIDEO: "video/mp4",
    FileKind.ANIMATION: "video/mp4",
    FileKind.AUDIO: "audio/mpeg",
    FileKind.VOICE: "audio/ogg",
    FileKind.STICKER: "image/webp",
}
_MIME = re.compile(r"[a-z0-9][\w.+-]{0,62}/[a-z0-9][\w.+-]{0,62}", re.ASCII)


def usual_mime(kind: FileKind) -> str | None:
    """What a file of this kind is when Telegram does not say; None for a document."""
    return _USUAL.get(kind)


def mime_type(value: object) -> str | None:
    """A well-formed media type in lower case; None for anything else."""
    if not isinstance(value, str):
        return None
    lowered = value.strip().lower()
    return lowered if _MIME.fullmatch(lowered) else None


def _extension(kind: FileKind, mime: str | None) -> str:
    for candidate in (mime, _USUAL.get(kind) if mime is None else None):
        if candidate is not None:
            return _EXTENSIONS.get(candidate) or mimetypes.guess_extension(candidate, strict=False) or ".bin"
    return ".bin"


def cleaned(name: str) -> str:
    """Without path separators, control and direction characters; at most 120 characters, perhaps none."""
    kept = "".join(
        "_" if character in '/\\:*?"<>|' else character
        for character in name
        if unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    )
    kept = kept.strip().lstrip(".").strip().rstrip(". ")
    if len(kept) <= _LONGEST:
        return kept
    stem, dot, extension = kept.rpartition(".")
    if not dot or len(extension) > 16:
        return kept[:_LONGEST]
    return f"{stem[: _LONGEST - len(extension) - 1]}.{extension}"


def file_name(given: str | None, *, kind: FileKind, mime: str | None, at: datetime, number: int) -> str:
    """A usable name with an extension: the one given if it will do, else made of kind, date, number and mime."""
    name = cleaned(given or "")
    if not name.strip("_. "):
        return f"{kind.value}_{at.astimezone(UTC):%Y-%m-%d_%H-%M-%S}_{number}{_extension(kind, mime)}"
    stem, dot, extension = name.rpartition(".")
    if dot and stem and len(extension) <= 16 and extension.isalnum():
        return name
    return name[: _LONGEST - 8] + _extension(kind, mime)
