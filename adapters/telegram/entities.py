"""Formatted text between Telegram's entities, counted in UTF-16 units, and our spans, counted in characters."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final

from telegram import MessageEntity

from adapters.telegram.shape import clean
from connector.domain.words import Span, Style, Text

_STYLES: Final = {
    "bold": Style.BOLD,
    "italic": Style.ITALIC,
    "underline": Style.UNDERLINE,
    "strikethrough": Style.STRIKE,
    "code": Style.CODE,
    "pre": Style.PRE,
    "blockquote": Style.QUOTE,
    "expandable_blockquote": Style.QUOTE,
    "spoiler": Style.SPOILER,
    "text_link": Style.LINK,
}
_ENTITIES: Final = {
    Style.BOLD: MessageEntity.BOLD,
    Style.ITALIC: MessageEntity.ITALIC,
    Style.UNDERLINE: MessageEntity.UNDERLINE,
    Style.STRIKE: MessageEntity.STRIKETHROUGH,
    Style.CODE: MessageEntity.CODE,
    Style.PRE: MessageEntity.PRE,
    Style.QUOTE: MessageEntity.BLOCKQUOTE,
    Style.SPOILER: MessageEntity.SPOILER,
    Style.LINK: MessageEntity.TEXT_LINK,
}


def units(plain: str) -> int:
    """Length in UTF-16 units: what Telegram's limits and offsets count."""
    return len(plain) + sum(character > "\uffff" for character in plain)


def _offsets(plain: str) -> Sequence[int]:
    """The UTF-16 offset of each character, and of the end."""
    if plain.isascii():
        return range(len(plain) + 1)
    return tuple(accumulate((2 if character > "\uffff" else 1 for character in plain), initial=0))


def _range(offsets: Sequence[int], entity: MessageEntity) -> tuple[int, int] | None:
    """First character and the one after the last; None when the entity lies outside the text or holds nothing."""
    offset: object = entity.offset
    length: object = entity.length
    if not isinstance(offset, int) or not isinstance(length, int):
        return None
    if offset < 0 or length <= 0 or offset >= offsets[-1]:
        return None
    start = bisect_left(offsets, offset)
    if offsets[start] != offset:  # in the middle of a surrogate pair: the whole character is meant
        start -= 1
    end = bisect_left(offsets, min(offset + length, offsets[-1]))
    return start, end


# https://core.telegram.org/bots/api#messageentity
def marked(plain: str, entities: Iterable[MessageEntity]) -> list[tuple[MessageEntity, str]]:
    """Each entity that lies in the text, with the piece of text it marks."""
    offsets = _offsets(plain)
    placed = ((entity, _range(offsets, entity)) for entity in entities)
    return [(entity, plain[place[0] : place[1]]) for entity, place in placed if place is not None]


# https://core.telegram.org/bots/api#messageentity
def incoming_text(plain: str, entities: Iterable[MessageEntity], *, username: str | None = None) -> Text:
    """Text with spans; a command addressed to `username` (`/start@our_bot`) loses that address.

    Entities without a style of ours (mentions, hashtags, custom emoji, bare links) give no span; those that lie
    outside the text, hold nothing or cross another are left out.
    """
    offsets = _offsets(plain)
    spans: list[Span] = []
    addresses: list[tuple[int, int]] = []
    ending = f"@{username}".casefold() if username else None
    for entity in entities:
        place = _range(offsets, entity)
        if place is None:
            continue
        start, end = place
        kind = str(entity.type)
        if kind == "bot_command" and ending and plain[start:end].casefold().endswith(ending):
            addresses.append((end - len(ending), end))
        style = _STYLES.get(kind)
        if style is Style.LINK:
            url: object = entity.url
            if isinstance(url, str) and url:
                spans.append(Span(start=start, length=end - start, style=style, url=clean(url)))
        elif style is not None:
            spans.append(Span(start=start, length=end - start, style=style))
    text = Text(plain=plain, spans=nested(spans, len(plain)))
    for start, end in sorted(addresses, reverse=True):
        text = _without(text, start, end)
    return text


def _without(text: Text, start: int, end: int) -> Text:
    """The text without the characters from `start` up to `end`; spans shrink and move with it."""

    def moved(position: int) -> int:
        return position - max(0, min(position, end) - start)

    spans = []
    for span in text.spans:
        first, last = moved(span.start), moved(span.start + span.length)
        if last > first:
            spans.append(Span(start=first, length=last - first, style=span.style, url=span.url))
    return Text(plain=text.plain[:start] + text.plain[end:], spans=tuple(spans))


def nested(spans: Iterable[Span], length: int) -> tuple[Span, ...]:
    """The spans that lie within `length` characters and nest, outermost first; of two that cross, the later goes."""
    inside = [
        span
        for span in dict.fromkeys(spans)
        if span.start >= 0 and span.length > 0 and span.start + span.length <= length
    ]
    kept: list[Span] = []
    ends: list[int] = []
    for span in sorted(inside, key=lambda span: (span.start, -span.length)):
        while ends and ends[-1] <= span.start:
            ends.pop()
        end = span.start + span.length
        if ends and end > ends[-1]:
            continue
        ends.append(end)
        kept.append(span)
    return tuple(kept)


# https://core.telegram.org/bots/api#messageentity
def outgoing_entities(text: Text) -> tuple[MessageEntity, ...]:
    """The spans as entities; those outside the text, empty, crossing, or links without an address are left out."""
    offsets = _offsets(text.plain)
    made = []
    for span in nested(text.spans, len(text.plain)):
        if span.style is Style.LINK and not span.url:
            continue
        start = offsets[span.start]
        made.append(
            MessageEntity(
                type=_ENTITIES[span.style],
                offset=start,
                length=offsets[span.start + span.length] - start,
                url=clean(span.url) if span.style is Style.LINK and span.url else None,
            )
        )
    return tuple(made)
