"""What people write: formatted text, attachments and the odd kinds a chat knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from connector.domain.refs import Ref


class Style(StrEnum):
    """A way a stretch of text is set."""

    BOLD = "bold"
    ITALIC = "italic"
    UNDERLINE = "underline"
    STRIKE = "strike"
    CODE = "code"
    PRE = "pre"
    QUOTE = "quote"
    SPOILER = "spoiler"
    LINK = "link"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """`length` characters from `start` (Python characters, not UTF-16 units) set in one style."""

    start: int
    length: int
    style: Style
    url: str | None = None
    """Only with `Style.LINK`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Plain text with the spans that are set differently; spans may nest, never cross."""

    plain: str = ""
    spans: tuple[Span, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.plain)


class FileKind(StrEnum):
    """What a file is for the one who gets it."""

    PHOTO = "photo"
    VIDEO = "video"
    ROUND_VIDEO = "round_video"
    ANIMATION = "animation"
    AUDIO = "audio"
    VOICE = "voice"
    STICKER = "sticker"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file somewhere in another tool; its bytes are fetched through the port that `ref` names."""

    ref: Ref
    kind: FileKind
    name: str
    """Always a usable file name with an extension."""
    size: int | None = None
    """Bytes, where the tool says so."""
    mime: str | None = None
    seconds: int | None = None
    """Length of sound or film."""
    obtainable: bool = True
    """False when the tool will not hand out its bytes (too large); name and size are still told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A point on the map, degrees; `title` and `address` when it is a venue."""

    latitude: float
    longitude: float
    title: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A shared business card; `own` only when the sender shared their own."""

    name: str
    phone: str
    own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The whole content of one message: any part may be missing, not all of them.

    `oddity` is a readable word for a kind we only name ("poll", "dice", "game"), so that nothing arrives as nothing.
    """

    text: Text = field(default_factory=Text)
    files: tuple[File, ...] = ()
    location: Location | None = None
    contact: Contact | None = None
    emoji: str | None = None
    """Of a sticker."""
    oddity: str | None = None
    forwarded_from: str | None = None
    quote: str | None = None
    """The sentence of an earlier message that this one answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who wrote: `ref` is sealed; `username` without the @; `language` as the chat tool tells it (IETF tag)."""

    ref: Ref
    name: str
    username: str | None = None
    language: str | None = None
