"""Text measured as Telegram measures it: in UTF-16 code units."""

from __future__ import annotations

import re
from typing import Any

from sandbox.telegram.refusals import bad_request

Entity = dict[str, Any]

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
ENTITIES_LIMIT = 100

_PLAIN_TYPES_WORDS = (
    "mention hashtag cashtag bot_command url email phone_number bold italic underline strikethrough spoiler "
    "blockquote expandable_blockquote code pre text_link text_mention custom_emoji date_time"
)
PLAIN_TYPES = frozenset(_PLAIN_TYPES_WORDS.split())
_FOUND_BY_TELEGRAM = (
    ("url", re.compile(r"(?:https?://|www\.)[^\s<>\"]*[^\s<>\".,;:!?)]")),
    ("email", re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b")),
    ("bot_command", re.compile(r"(?<![\w/@])/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?\b")),
    ("mention", re.compile(r"(?<![\w@.])@\w{4,32}\b")),
    ("hashtag", re.compile(r"(?<!\w)#\w*[^\W\d]\w*")),
    ("phone_number", re.compile(r"(?<![\w+])\+\d{10,15}\b")),
)
_WITHOUT_LINKS = frozenset({"code", "pre", "text_link", "url", "email", "mention", "bot_command", "hashtag"})


def units(text: str) -> int:
    """The length of `text` in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, offset: int, length: int) -> str:
    """The part of `text` that starts `offset` units in and is `length` units long."""
    raw = text.encode("utf-16-le", "surrogatepass")
    return raw[offset * 2 : (offset + length) * 2].decode("utf-16-le", "replace")


def checked(text: str, entities: list[Entity]) -> list[Entity]:
    """The entities Telegram would keep.

    Empty ones, unknown users' mentions and everything past the hundredth are dropped. Refused: an entity that
    leaves the text, one that begins or ends inside a surrogate pair, one of an unknown type.
    https://core.telegram.org/bots/api#messageentity
    """
    size = units(text)
    raw = text.encode("utf-16-le", "surrogatepass")
    kept: list[Entity] = []
    for entity in entities[:ENTITIES_LIMIT]:
        kind, offset, length = entity.get("type"), entity.get("offset"), entity.get("length")
        if kind not in PLAIN_TYPES:
            raise bad_request("can't parse MessageEntity: Unsupported type specified")
        if not isinstance(offset, int) or not isinstance(length, int):
            raise bad_request('can\'t parse MessageEntity: Field "offset" must be of type Number')
        if offset < 0 or length <= 0:
            continue
        if offset + length > size:
            raise bad_request(
                f"entity beginning at UTF-16 offset {offset} ends after the end of the text at UTF-16 offset {size}"
            )
        for edge, word in ((offset, "begins"), (offset + length, "ends")):
            if edge < size and 0xDC <= raw[edge * 2 + 1] <= 0xDF:
                raise bad_request(f"entity beginning at UTF-16 offset {offset} {word} in a middle of a UTF-16 symbol")
        if kind == "text_link" and not str(entity.get("url", "")).strip():
            continue
        if kind == "text_mention" and not isinstance(entity.get("user"), dict):
            continue
        kept.append(dict(entity))
    return sorted(kept, key=lambda e: (e["offset"], -e["length"]))


def trimmed(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Text as Telegram keeps it, without white space around it; entities move along."""
    body = text.rstrip()
    lead = len(body) - len(body.lstrip())
    shift, body = units(body[:lead]), body[lead:]
    size = units(body)
    moved: list[Entity] = []
    for entity in entities:
        start = max(entity["offset"] - shift, 0)
        end = min(entity["offset"] + entity["length"] - shift, size)
        if end > start:
            moved.append({**entity, "offset": start, "length": end - start})
    return body, moved


def with_found(text: str, entities: list[Entity]) -> list[Entity]:
    """Adds what Telegram finds by itself: links, addresses, commands, mentions, hashtags, telephone numbers."""
    taken = [(e["offset"], e["offset"] + e["length"]) for e in entities if e["type"] in _WITHOUT_LINKS]
    found = list(entities)
    for kind, pattern in _FOUND_BY_TELEGRAM:
        for match in pattern.finditer(text):
            start = units(text[: match.start()])
            end = start + units(match.group())
            if any(start < other_end and other_start < end for other_start, other_end in taken):
                continue
            taken.append((start, end))
            found.append({"type": kind, "offset": start, "length": end - start})
    return sorted(found, key=lambda e: (e["offset"], -e["length"]))
