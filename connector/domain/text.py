"""Arithmetic of formatted text: measuring, cutting, joining and splitting it without harm to its spans."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

from connector.domain.words import Span, Text

_JOINER = "\u200d"
# From the gentlest place to cut to the roughest; each is looked for backwards from the limit.
_PLACES = (("\n\n",), ("\n",), (". ", "! ", "? ", "… "), (" ",))


def units(plain: str) -> int:
    """Length in UTF-16 units, as chat tools count: a character beyond the basic plane counts twice."""
    return len(plain) if plain.isascii() else len(plain.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: Text, start: int, end: int) -> Text:
    """The characters from `start` up to `end` with what falls on them of each span."""
    spans = []
    for span in text.spans:
        first, last = max(span.start, start), min(span.start + span.length, end)
        if first < last:
            spans.append(Span(start=first - start, length=last - first, style=span.style, url=span.url))
    return Text(plain=text.plain[start:end], spans=tuple(spans))


def join(*parts: Text | str) -> Text:
    """One text out of several, in order; strings are unformatted."""
    plain: list[str] = []
    spans: list[Span] = []
    offset = 0
    for part in parts:
        if isinstance(part, str):
            plain.append(part)
            offset += len(part)
            continue
        plain.append(part.plain)
        for span in part.spans:
            moved = Span(start=span.start + offset, length=span.length, style=span.style, url=span.url)
            spans.append(moved)
        offset += len(part.plain)
    return Text(plain="".join(plain), spans=tuple(spans))


def split(text: Text, limit: int) -> tuple[Text, ...]:
    """The text in parts of at most `limit` UTF-16 units, nothing dropped: the parts together are the text.

    Cuts between paragraphs, else lines, sentences, words, else anywhere, but never through a character, nor through a
    span that fits into one part. A single character wider than `limit` makes a part of its own. No text, no parts.
    """
    plain = text.plain
    if not plain:
        return ()
    if units(plain) <= limit:
        return (text,)
    whole = [
        (span.start, span.start + span.length)
        for span in text.spans
        if units(plain[span.start : span.start + span.length]) <= limit
    ]
    cuts = [0]
    while units(plain[cuts[-1] :]) > limit:
        cuts.append(_next_cut(plain, cuts[-1], limit, whole))
    if cuts[-1] < len(plain):
        cuts.append(len(plain))
    return tuple(cut(text, start, end) for start, end in pairwise(cuts))


def shorten(plain: str, limit: int) -> str:
    """One line of at most `limit` characters, cut at a word, with an ellipsis where something was left out."""
    # Only so much is looked at: white space may shrink, but a title is not worth reading a novel for.
    line = " ".join(plain[: limit * 4].split())
    if len(line) <= limit and len(plain) <= limit * 4:
        return line
    head = line[: limit - 1]
    if len(line) > limit - 1 and not line[limit - 1].isspace():
        at = head.rfind(" ")
        if at > limit // 3:
            head = head[:at]
    return head.rstrip(" ,;:–—-") + "…"


def _next_cut(plain: str, start: int, limit: int, whole: list[tuple[int, int]]) -> int:
    """Where the part that begins at `start` ends."""
    taken = plain[start : start + limit].encode("utf-16-le", "surrogatepass")[: limit * 2]
    end = start + len(taken.decode("utf-16-le", "ignore")) if taken else start
    end = max(end, start + 1)
    floor = start + (end - start) // 3
    for marks in _PLACES:
        best = max(_last_place(plain, mark, floor, end, whole) for mark in marks)
        if best > floor:
            return best
    end = _before_span(end, start, whole)
    place = _before_cluster(plain, end, start)
    return end if any(first < place < last for first, last in whole) else place


def _last_place(plain: str, mark: str, floor: int, end: int, whole: list[tuple[int, int]]) -> int:
    """The last cut right behind `mark` that leaves every span whole; -1 when there is none after `floor`."""
    at = plain.rfind(mark, floor, end)
    while at >= 0:
        place = at + len(mark)
        if not any(first < place < last for first, last in whole):
            return place
        at = plain.rfind(mark, floor, at + len(mark) - 1)
    return -1


def _before_span(place: int, start: int, whole: list[tuple[int, int]]) -> int:
    moved = True
    while moved:
        moved = False
        for first, last in whole:
            if start < first < place < last:
                place, moved = first, True
    return place


def _before_cluster(plain: str, place: int, start: int) -> int:
    """Steps back so that an accent, a variation or a joined emoji stays with the character it belongs to."""
    for candidate in range(place, max(start, place - 16), -1):
        follower = plain[candidate : candidate + 1]
        attached = follower == _JOINER or (follower and unicodedata.category(follower) in ("Mn", "Me", "Mc"))
        if not attached and plain[candidate - 1] != _JOINER:
            return candidate
    return place
