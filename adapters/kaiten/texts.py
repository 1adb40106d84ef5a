"""What Kaiten's Markdown or HTML says, as plain text with spans; plain text stays as it was typed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from markdown_it.token import Token

from connector.domain.words import Span, Style, Text

# Rules that would swallow or restyle what people simply type are off: an indented line is no code, "---" under a line
# makes no heading, "[1]: note" is no link definition.
_MARKDOWN = (
    MarkdownIt("commonmark", {"html": False, "maxNesting": 100})
    .enable("strikethrough")
    .disable(["code", "lheading", "reference"])
)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_STYLES = {"strong": Style.BOLD, "em": Style.ITALIC, "s": Style.STRIKE}


def read_markdown(source: str) -> Text:
    """The text of a Markdown comment; never raises. What Markdown would make vanish is kept as typed."""
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    reader = _MarkdownReader(source.split("\n"))
    reader.blocks(_MARKDOWN.parse(source))
    text = reader.page.text()
    return text if text or not source.strip() else Text(plain=source.strip())


def read_html(source: str) -> Text:
    """The text of an HTML comment; never raises."""
    reader = _HtmlReader()
    try:
        reader.feed(source)
        reader.close()
    except (AssertionError, ValueError):  # the parser's own way of saying that a declaration is broken
        return Text(plain=re.sub(r"<[^>]*>", " ", source).strip())
    return reader.page.text()


@dataclass(slots=True)
class _Page:
    """Text being written, and the spans over what is already there."""

    plain: str = ""
    spans: list[Span] = field(default_factory=list)

    def span(self, start: int, style: Style, url: str | None = None) -> None:
        if len(self.plain) > start:
            self.spans.append(Span(start=start, length=len(self.plain) - start, style=style, url=url))

    def text(self) -> Text:
        """The text without space around it; spans cut to it, outer ones first."""
        plain = self.plain.strip()
        skipped = len(self.plain) - len(self.plain.lstrip())
        kept = []
        for span in self.spans:
            start = max(span.start - skipped, 0)
            end = min(span.start + span.length - skipped, len(plain))
            if end > start:
                kept.append(Span(start=start, length=end - start, style=span.style, url=span.url))
        return Text(plain=plain, spans=tuple(sorted(kept, key=lambda span: (span.start, -span.length))))


class _MarkdownReader:
    """Walks the parser's tokens; lines keep the distance they have in the source."""

    def __init__(self, lines: list[str]) -> None:
        self.page = _Page()
        self._lines = lines
        self._last_line: int | None = None
        self._depth = 0
        self._markers: list[str] = []
        self._quotes: list[int | None] = []
        self._heading = False

    def blocks(self, tokens: list[Token]) -> None:
        for token in tokens:
            match token.type:
                case "inline":
                    start = self._leaf(token.map)
                    self._inline(token.children or [])
                    if self._heading:
                        self.page.span(start, Style.BOLD)
                case "heading_open" | "heading_close":
                    self._heading = token.nesting > 0
                case "fence" | "code_block":
                    start = self._leaf(token.map)
                    self.page.plain += token.content.rstrip("\n")
                    self.page.span(start, Style.PRE)
                case "hr":
                    self._leaf(token.map)
                    self.page.plain += self._lines[token.map[0]].strip("> \t") if token.map else token.markup
                case "bullet_list_open" | "ordered_list_open":
                    self._depth += 1
                case "bullet_list_close" | "ordered_list_close":
                    self._depth -= 1
                case "list_item_open":
                    # "-" and "+" stay: in "+ 5" the sign may be meant.
                    self._markers.append("•" if token.markup == "*" else token.info + token.markup)
                    self._item_line = token.map
                case "list_item_close":
                    if self._markers:  # an item without words: "-" or "1." alone on its line
                        self._leaf(self._item_line)
                case "blockquote_open":
                    self._quotes.append(None)
                case "blockquote_close":
                    start_of_quote = self._quotes.pop()
                    if start_of_quote is not None:
                        self.page.span(start_of_quote, Style.QUOTE)

    def _leaf(self, lines: list[int] | None) -> int:
        """Begins a block on its own line; returns where its words begin."""
        first, end = (lines[0], lines[1]) if lines else (0, 0)
        if self._last_line is not None:
            self.page.plain += "\n" * max(1, 1 + first - self._last_line)
        self._last_line = end
        here = len(self.page.plain)
        self._quotes = [here if start is None else start for start in self._quotes]
        self.page.plain += "  " * max(self._depth - 1, 0)
        self.page.plain += "".join(f"{marker} " for marker in self._markers)
        self._markers.clear()
        return len(self.page.plain)

    def _inline(self, tokens: list[Token], after: str = "") -> None:
        """Words of one block; `after` is the character that follows them."""
        at = 0
        while at < len(tokens):
            token = tokens[at]
            if token.nesting == 1:
                close = _close(tokens, at)
                following = _first_character(tokens[close + 1 :]) or after
                self._styled(token, tokens[at + 1 : close], following)
                at = close + 1
                continue
            match token.type:
                case "softbreak" | "hardbreak":
                    self.page.plain += "\n"
                case "code_inline":
                    start = len(self.page.plain)
                    self.page.plain += token.content
                    self.page.span(start, Style.CODE)
                case "image":
                    start = len(self.page.plain)
                    url = str(token.attrs.get("src", ""))
                    self.page.plain += token.content or url
                    self.page.span(start, Style.LINK, url)
                case _:
                    self.page.plain += _BREAK.sub("\n", token.content)
            at += 1

    def _styled(self, opening: Token, inside: list[Token], after: str) -> None:
        before = self.page.plain[-1:]
        literal = opening.type != "link_open" and before.isalnum() and after.isalnum()
        if literal:  # "5*3*2" is arithmetic
            self.page.plain += opening.markup
        start = len(self.page.plain)
        self._inline(inside, after)
        if literal:
            self.page.plain += opening.markup
        elif opening.type == "link_open":
            url = str(opening.attrs.get("href", ""))
            if url and self.page.plain[start:] != url:
                self.page.span(start, Style.LINK, url)
        elif (style := _STYLES.get(opening.type.removesuffix("_open"))) is not None:
            self.page.span(start, style)


def _close(tokens: list[Token], opening: int) -> int:
    depth = 0
    for at in range(opening, len(tokens)):
        depth += tokens[at].nesting
        if depth == 0:
            return at
    return len(tokens)


def _first_character(tokens: list[Token]) -> str:
    return next((token.content[0] for token in tokens if token.content), "") if tokens else ""


_HTML_STYLES = {
    "b": Style.BOLD, "strong": Style.BOLD, "h1": Style.BOLD, "h2": Style.BOLD, "h3": Style.BOLD, "h4": Style.BOLD,
    "i": Style.ITALIC, "em": Style.ITALIC, "u": Style.UNDERLINE, "s": Style.STRIKE, "del": Style.STRIKE,
    "strike": Style.STRIKE, "code": Style.CODE, "pre": Style.PRE, "blockquote": Style.QUOTE, "a": Style.LINK,
}  # fmt: skip
_HTML_BLOCKS = frozenset(("p", "div", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote", "tr"))
_HTML_SILENT = frozenset(("script", "style", "head", "title"))


class _HtmlReader(HTMLParser):
    """Reads simple HTML: paragraphs, lists, links and emphasis."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = _Page()
        self._open: list[tuple[str, int, str | None]] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HTML_SILENT:
            self._silent += 1
        elif tag == "br":
            self.page.plain += "\n"
        if tag in _HTML_BLOCKS:
            self._line()
        if tag == "li":
            self.page.plain += "• "
        if tag in _HTML_STYLES:
            self._open.append((tag, len(self.page.plain), dict(attrs).get("href")))

    def handle_endtag(self, tag: str) -> None:
        if tag in _HTML_SILENT:
            self._silent = max(self._silent - 1, 0)
        if any(name == tag for name, _, _ in self._open):
            while self._open:  # what was left open inside ends here too, so that spans never cross
                name, start, url = self._open.pop()
                if name != "a" or url:
                    self.page.span(start, _HTML_STYLES[name], url if name == "a" else None)
                if name == tag:
                    break
        if tag in _HTML_BLOCKS:
            self._line()

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        if not any(name == "pre" for name, _, _ in self._open):
            data = re.sub(r"\s+", " ", data)
            if not self.page.plain or self.page.plain[-1] in " \n":
                data = data.lstrip(" ")
        self.page.plain += data

    def _line(self) -> None:
        if self.page.plain and not self.page.plain.endswith("\n"):
            self.page.plain += "\n"
