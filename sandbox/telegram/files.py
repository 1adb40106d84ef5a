"""Keeps the files both sides sent on disk, known by Telegram's two kinds of file id."""

from __future__ import annotations

import asyncio
import hashlib
import io
import secrets
import shutil
import struct
import tempfile
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

DOWNLOAD_LIMIT = 20 * 1024 * 1024
UPLOAD_LIMIT = 50 * 1024 * 1024
PHOTO_LIMIT = 10 * 1024 * 1024

_FOLDERS = {
    "photo": ("photos", ".jpg"), "voice": ("voice", ".oga"), "audio": ("music", ".mp3"), "video": ("videos", ".mp4"),
    "animation": ("animations", ".mp4"), "video_note": ("video_notes", ".mp4"), "sticker": ("stickers", ".webp"),
    "document": ("documents", ""),
}  # fmt: skip
_PREFIXES = {
    "photo": "AgACAgIAAxk", "voice": "AwACAgIAAxk", "audio": "CQACAgIAAxk", "video": "BAACAgIAAxk",
    "animation": "CgACAgIAAxk", "video_note": "DQACAgIAAxk", "sticker": "CAACAgIAAxk", "document": "BQACAgIAAxk",
}  # fmt: skip
_HEAD = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A file as Telegram knows it; `path` on our disk, `place` in download URLs, `size` in bytes, pixels, seconds."""

    file_id: str
    unique_id: str
    kind: str
    name: str
    mime: str
    size: int
    path: Path
    place: str
    width: int = 0
    height: int = 0
    duration: int = 0


class Files:
    """Lives in a folder of its own, which is removed with the object."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="sandbox-telegram-"))
        self._by_id: dict[str, Stored] = {}
        self._by_place: dict[str, Stored] = {}
        self._count = 0
        self._removal = weakref.finalize(self, shutil.rmtree, str(self._folder), ignore_errors=True)

    def __len__(self) -> int:
        return len(self._by_id)

    async def keep(
        self, content: BinaryIO | bytes, *, name: str, kind: str, mime: str | None = None, duration: int = 0
    ) -> Stored:
        """Copies `content` to disk in pieces. What it is (`kind`) yields to what its first bytes say."""
        source = io.BytesIO(content) if isinstance(content, bytes) else content
        path = self._next_path()
        digest, size, head = await asyncio.to_thread(_copy, source, path)
        return self._noted(path, head, digest, size=size, name=name, kind=kind, mime=mime, duration=duration)

    async def declare(self, size: int, *, name: str, kind: str, mime: str | None = None) -> Stored:
        """A file of `size` bytes of nothing; takes no room on a disk that knows sparse files."""
        path = self._next_path()
        await asyncio.to_thread(_reserve, path, size)
        digest = secrets.token_hex(16)
        return self._noted(path, None, digest, size=size, name=name, kind=kind, mime=mime, duration=0)

    def _next_path(self) -> Path:
        self._count += 1
        return self._folder / f"{self._count:06d}"

    def _noted(
        self, path: Path, head: bytes | None, digest: str,
        *, size: int, name: str, kind: str, mime: str | None, duration: int,
    ) -> Stored:  # fmt: skip
        found = None if head is None else sniffed(head)
        if head is not None:
            kind = arrives_as(kind, found)
        folder, suffix = _FOLDERS[kind]
        suffix = suffix or Path(name).suffix
        width, height = dimensions(head or b"")
        if kind in ("video", "animation") and not width:
            width, height = 640, 360
        stored = Stored(
            file_id=_PREFIXES[kind] + secrets.token_urlsafe(36),
            unique_id="Ag" + digest[:14],
            kind=kind,
            name=name,
            mime=mime if mime and mime != "application/octet-stream" else found or "application/octet-stream",
            size=size,
            path=path,
            place=f"{folder}/file_{int(path.name)}{suffix}",
            width=width,
            height=height,
            duration=duration,
        )
        self._by_id[stored.file_id] = stored
        self._by_place[stored.place] = stored
        return stored

    def by_id(self, file_id: str) -> Stored | None:
        return self._by_id.get(file_id)

    def by_place(self, place: str) -> Stored | None:
        return self._by_place.get(place)

    def close(self) -> None:
        """Removes the folder now: a process that a signal ends never gets to it."""
        self._removal()

    def clear(self) -> None:
        for stored in self._by_id.values():
            stored.path.unlink(missing_ok=True)
        self._by_id.clear()
        self._by_place.clear()


def _copy(source: BinaryIO, path: Path) -> tuple[str, int, bytes]:
    digest, size, head = hashlib.sha256(), 0, b""
    with path.open("wb") as target:
        while piece := source.read(1 << 18):
            digest.update(piece)
            size += len(piece)
            head = head or piece[:_HEAD]
            target.write(piece)
    return digest.hexdigest(), size, head


def _reserve(path: Path, size: int) -> None:
    with path.open("wb") as target:
        target.truncate(size)


def sniffed(head: bytes) -> str | None:
    """The MIME type the first bytes speak for, None when they say nothing."""
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    if head.startswith(b"OggS"):
        return "audio/ogg" if b"OpusHead" in head[:100] else "application/ogg"
    if head.startswith(b"ID3") or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2):
        return "audio/mpeg"
    if head[4:8] == b"ftyp":
        return "audio/mp4" if head[8:11] == b"M4A" else "video/mp4"
    if head.startswith(b"%PDF-"):
        return "application/pdf"
    return None


def arrives_as(kind: str, mime: str | None) -> str:
    """A file Telegram cannot play arrives as a document. https://core.telegram.org/bots/api#sendvoice"""
    playable = {
        "voice": ("audio/ogg", "audio/mpeg", "audio/mp4"),
        "audio": ("audio/mpeg", "audio/mp4"),
        "video": ("video/mp4",),
        "video_note": ("video/mp4",),
        "animation": ("video/mp4", "image/gif"),
    }
    return kind if kind not in playable or mime in playable[kind] else "document"


def dimensions(head: bytes) -> tuple[int, int]:
    """Width and height in pixels of a JPEG, PNG, GIF or lossless WebP; (0, 0) when unknown."""
    match sniffed(head):
        case "image/png" if len(head) >= 24:
            width, height = struct.unpack(">II", head[16:24])
        case "image/gif" if len(head) >= 10:
            width, height = struct.unpack("<HH", head[6:10])
        case "image/webp" if head[12:16] == b"VP8L" and len(head) >= 25:
            bits = int.from_bytes(head[21:25], "little")
            width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case "image/jpeg":
            return _jpeg_dimensions(head)
        case _:
            return 0, 0
    return width, height


def _jpeg_dimensions(head: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 <= len(head) and head[at] == 0xFF:
        marker = head[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", head[at + 5 : at + 9])
            return width, height
        at += 2 + int.from_bytes(head[at + 2 : at + 4], "big")
    return 0, 0
