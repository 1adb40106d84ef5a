"""The core's text as Kaiten's Markdown, cut to size; the words themselves stay letter for letter."""

from __future__ import annotations

import unicodedata

from connector.domain.words import Span, Style, Text

_RANK = {Style.LINK: 0, Style.BOLD: 1, Style.CODE: 2, Style.PRE: 2}
_JOINERS = "\u200d\ufe0f"


def units(text: str) -> int:
    """Length in UTF-16 units: Kaiten's own measure is unknown, and this one is never shorter than characters."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def clean(text: str) -> str:
    """The text as it can travel: halves of a surrogate pair joined or replaced, NUL left out."""
    return text.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def shortened(text: str, room: int, mark: str) -> str:
    """The text, or its beginning and `mark`, within `room` UTF-16 units."""
    if units(text) <= room:
        return text
    return clean(text[: _characters(text, 0, room - units(mark))]).rstrip() + mark


def to_markdown(text: Text) -> str:
    """Quoted lines, links, code and bold where they tear no word apart.

    Nothing is escaped, so that it can still be searched for.
    """
    plain = text.plain
    opens: dict[int, list[str]] = {}
    closes: dict[int, list[str]] = {}
    opaque_until = 0
    for start, end in _quoted(text):
        for at in range(start, end):
            if at == start or plain[at - 1] == "\n":
                opens.setdefault(at, []).append("> ")
        if plain[end : end + 1] and plain[end : end + 2] != "\n\n":  # or the next line would be quoted too
            closes.setdefault(end, []).append("\n")
    spans = sorted(
        (span for span in text.spans if span.style in _RANK),
        key=lambda span: (span.start, -span.length, _RANK[span.style]),
    )
    for span in spans:
        start, end = span.start, min(span.start + span.length, len(plain))
        if start < opaque_until or not plain[start:end].strip():
            continue
        marks = _marks(plain, start, end, span)
        if marks is None:
            continue
        if not marks[0]:  # only something after the words: not before the last of them ends
            while end < len(plain) and plain[end].isalnum():
                end += 1
        opens.setdefault(start, []).append(marks[0])
        closes.setdefault(end, []).insert(0, marks[1])
        if span.style in (Style.CODE, Style.PRE):
            opaque_until = end
    if not opens:
        return plain
    pieces = []
    for at in sorted({0, *opens, *closes, len(plain)}):
        pieces.append((at, "".join(closes.get(at, ())) + "".join(opens.get(at, ()))))
    bounds = [at for at, _ in pieces[1:]] + [len(plain)]
    return "".join(mark + plain[at:end] for (at, mark), end in zip(pieces, bounds, strict=True))


def _quoted(text: Text) -> list[tuple[int, int]]:
    """Where whole lines are quoted; the end of one stretch lies before the beginning of the next."""
    plain = text.plain
    found: list[tuple[int, int]] = []
    for span in sorted(text.spans, key=lambda span: span.start):
        start, end = span.start, min(span.start + span.length, len(plain))
        begins = start == 0 or plain[start - 1] == "\n"
        whole = begins and plain[end : end + 1] in ("", "\n") and bool(plain[start:end].strip())
        if span.style is Style.QUOTE and whole and start > (found[-1][1] if found else -1):
            found.append((start, end))
    return found


def _marks(plain: str, start: int, end: int, span: Span) -> tuple[str, str] | None:
    """What stands before and after the span, or None where it must stay plain."""
    inside = plain[start:end]
    match span.style:
        case Style.LINK:
            url = (span.url or "").strip()
            if not url or inside == url or url.removeprefix("mailto:") == inside:
                return None
            if _tears(plain, start, end) or any(sign in inside for sign in "[]\n`"):
                return "", f" ({url})"
            return "[", "](" + url.replace(" ", "%20").replace("(", "%28").replace(")", "%29") + ")"
        case Style.BOLD:
            lonely = inside == inside.strip() and "\n\n" not in inside and "*" not in inside
            return ("**", "**") if lonely and not _tears(plain, start, end) else None
        case Style.CODE | Style.PRE if "`" in inside or _tears(plain, start, end):
            return None
        case Style.CODE:
            return ("`", "`") if "\n" not in inside else None
        case Style.PRE:
            before = "" if start == 0 or plain[start - 1] == "\n" else "\n"
            after = "" if end == len(plain) or plain[end] == "\n" else "\n"
            return f"{before}```\n", ("" if inside.endswith("\n") else "\n") + "```" + after
        case _:
            return None


def _tears(plain: str, start: int, end: int) -> bool:
    """Whether a mark at either end would stand inside a word."""
    return plain[start - 1 : start].isalnum() or plain[end : end + 1].isalnum()


def part(text: Text, start: int, end: int) -> Text:
    """The characters from `start` to `end`, with the spans over them."""
    spans = []
    for span in text.spans:
        first, last = max(span.start, start), min(span.start + span.length, end)
        if last > first:
            spans.append(Span(start=first - start, length=last - first, style=span.style, url=span.url))
    return Text(plain=text.plain[start:end], spans=tuple(spans))


def fitting(text: Text, start: int, room: int) -> tuple[str, int]:
    """As much Markdown from `start` on as fits `room` UTF-16 units, and where the rest begins.

    Ends at a line or a word where there is one; never inside a character. Takes at least one character.
    """
    plain = text.plain
    whole = to_markdown(part(text, start, len(plain)))
    if units(whole) <= room:
        return whole, len(plain)
    hard = max(_characters(plain, start, room), start + 1)
    while hard > start + 1 and units(to_markdown(part(text, start, hard))) > room:
        hard -= max(1, (units(to_markdown(part(text, start, hard))) - room) // 2)
        hard = max(hard, start + 1)
    for end in (*_nicer(plain, start, hard), hard):
        rendered = to_markdown(part(text, start, end))
        if units(rendered) <= room:
            return rendered, end
    # A link longer than the room: its words go without it.
    end = max(_characters(plain, start, room), start + 1)
    return plain[start:end], end


def _nicer(plain: str, start: int, hard: int) -> list[int]:
    """Better places to cut than `hard`, best first, none of them in the first half."""
    found = []
    for breaks in ("\n", " \t\u00a0"):
        at = max(plain.rfind(sign, start + (hard - start) // 2, hard) for sign in breaks)
        if at > start:
            found.append(at + 1)
    whole = hard
    while whole > start + 1 and (
        plain[whole] in _JOINERS or plain[whole - 1] == "\u200d" or unicodedata.combining(plain[whole])
    ):
        whole -= 1
    return [*found, whole]


def _characters(plain: str, start: int, room: int) -> int:
    """The end of the longest stretch from `start` within `room` UTF-16 units."""
    end = min(len(plain), start + max(room, 0))
    over = units(plain[start:end]) - room
    while over > 0 and end > start:
        end -= max(1, over // 2)
        over = units(plain[start:end]) - room
    return end
