"""Turns stored files into the fields a Message shows them in."""

from __future__ import annotations

from typing import Any

from sandbox.telegram import samples
from sandbox.telegram.files import Files, Stored

KINDS = ("photo", "voice", "audio", "video", "animation", "video_note", "sticker", "document")
WITH_CAPTION = frozenset({"photo", "voice", "audio", "video", "animation", "document"})

Payload = dict[str, Any]


async def fields(stored: Stored, files: Files, details: Payload | None = None) -> Payload:
    """`details` overrides what the file does not tell: duration, width, height, performer, title, emoji."""
    told = {name: value for name, value in (details or {}).items() if value is not None}
    ids: Payload = {"file_id": stored.file_id, "file_unique_id": stored.unique_id}
    size: Payload = {"file_size": stored.size}
    label: Payload = {"mime_type": stored.mime, "file_name": stored.name}
    duration: Payload = {"duration": int(told.get("duration", stored.duration))}
    frame = {"width": int(told.get("width", stored.width)), "height": int(told.get("height", stored.height))}
    match stored.kind:
        case "photo":
            return {"photo": await _sizes(stored, files)}
        case "voice":
            return {"voice": {**ids, **duration, "mime_type": stored.mime, **size}}
        case "audio":
            song = {name: str(told[name]) for name in ("performer", "title") if name in told}
            return {"audio": {**ids, **duration, **song, **label, **size}}
        case "video":
            return {"video": {**ids, **frame, **duration, **label, **size}}
        case "animation":  # a copy in `document`, for clients that know no animations
            whole = {**ids, **frame, **duration, **label, **size}
            return {"animation": whole, "document": {**ids, **label, **size}}
        case "video_note":
            return {"video_note": {**ids, "length": int(told.get("length", 240)), **duration, **size}}
        case "sticker":
            return {
                "sticker": {
                    **ids, "type": "regular", "width": stored.width or 512, "height": stored.height or 512,
                    "is_animated": False, "is_video": False, "emoji": str(told.get("emoji", "👍")), **size,
                }
            }  # fmt: skip
        case _:
            return {"document": {**ids, **label, **size}}


async def _sizes(stored: Stored, files: Files) -> list[Payload]:
    """The picture and, when it is larger than that, a small one before it."""
    width, height = stored.width or 1280, stored.height or 960
    sizes = [_size(stored, width, height)]
    longest = max(width, height)
    if longest > 90:
        small = max(1, width * 90 // longest), max(1, height * 90 // longest)
        seed = int(stored.unique_id[-4:], 36) if stored.unique_id[-4:].isalnum() else 0
        preview = samples.jpeg(*small, seed)
        sizes.insert(0, _size(await files.keep(preview, name="preview.jpg", kind="photo"), *small))
    return sizes


def _size(stored: Stored, width: int, height: int) -> Payload:
    return {
        "file_id": stored.file_id,
        "file_unique_id": stored.unique_id,
        "width": width,
        "height": height,
        "file_size": stored.size,
    }


async def sample(kind: str, files: Files, seed: int, *, seconds: int | None = None) -> Stored:
    """A file of `kind` made on the spot; different seeds give different bytes."""
    length = 0
    match kind:
        case "photo":
            content, name, mime = samples.jpeg(640, 480, seed), "photo.jpg", "image/jpeg"
        case "voice":
            length = seconds or 2
            content, name, mime = samples.voice(length, seed), "voice.oga", "audio/ogg"
        case "audio":
            length = seconds or 2
            content, name, mime = samples.mp3(length, seed), f"song-{seed}.mp3", "audio/mpeg"
        case "video" | "video_note" | "animation":
            length = seconds or 3
            name = f"animation-{seed}.gif.mp4" if kind == "animation" else f"video-{seed}.mp4"
            content, mime = samples.mp4(length, seed), "video/mp4"
        case "sticker":
            content, name, mime = samples.webp(512, 512, seed), "sticker.webp", "image/webp"
        case _:
            content, name, mime = f"Sample document {seed}\n".encode(), f"document-{seed}.txt", "text/plain"
    return await files.keep(content, name=name, kind=kind, mime=mime, duration=length)
