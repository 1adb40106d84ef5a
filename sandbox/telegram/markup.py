"""Reads `parse_mode` texts into plain text with entities, refusing what Telegram refuses.

https://core.telegram.org/bots/api#formatting-options
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

from sandbox.telegram.refusals import Refused, bad_request
from sandbox.telegram.utf16 import Entity, units

_HTML_TYPES = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler",
    "span": "spoiler", "a": "text_link", "code": "code", "pre": "pre", "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}  # fmt: skip
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)((?:\s+[A-Za-z-]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>]+))?)*)\s*>")
_ATTRIBUTE = re.compile(r"([A-Za-z-]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+)))?")
_CHARACTER = re.compile(r"&(?:lt|gt|amp|quot|#\d+|#x[0-9A-Fa-f]+);")
_RESERVED = frozenset("_*[]()~`>#+-=|{}.!")
_MARKDOWN_V2 = (("__", "underline"), ("||", "spoiler"), ("*", "bold"), ("_", "italic"), ("~", "strikethrough"))


def parsed(text: str, mode: str | None) -> tuple[str, list[Entity]]:
    """Raises 400 `can't parse entities: …` on broken markup, 400 on a mode that does not exist."""
    match (mode or "").lower():
        case "" | "none":
            return text, []
        case "html":
            return _html(text)
        case "markdownv2":
            return _markdown_v2(text)
        case "markdown":
            return _markdown(text)
        case _:
            raise bad_request("unsupported parse_mode")


def _broken(what: str) -> Refused:
    return bad_request(f"can't parse entities: {what}")


def _bytes(text: str) -> int:
    return len(text.encode())


@dataclass(slots=True)
class _Output:
    parts: list[str] = field(default_factory=list)
    size: int = 0
    entities: list[Entity] = field(default_factory=list)

    def write(self, text: str) -> None:
        self.parts.append(text)
        self.size += units(text)

    def close(self, kind: str, start: int, **extra: str) -> None:
        if self.size > start:
            self.entities.append({"type": kind, "offset": start, "length": self.size - start, **extra})

    def result(self) -> tuple[str, list[Entity]]:
        return "".join(self.parts), sorted(self.entities, key=lambda e: (e["offset"], -e["length"]))


def _html(text: str) -> tuple[str, list[Entity]]:
    out, stack, at = _Output(), list[tuple[str, int, dict[str, str]]](), 0
    while at < len(text):
        if text[at] == "&" and (character := _CHARACTER.match(text, at)):
            out.write(html.unescape(character.group()))
            at = character.end()
            continue
        if text[at] != "<":
            out.write(text[at])
            at += 1
            continue
        tag, place = _TAG.match(text, at), _bytes(text[:at])
        if tag is None:
            name = re.match(r"</?([^\s>]*)", text[at:])
            if ">" not in text[at:]:
                raise _broken(f"Unclosed start tag at byte offset {place}")
            raise _broken(f'Unsupported start tag "{name.group(1) if name else ""}" at byte offset {place}')
        closing, name_, rest = tag.group(1), tag.group(2).lower(), tag.group(3)
        at = tag.end()
        if closing:
            if not stack:
                raise _broken(f"Unexpected end tag at byte offset {place}")
            opened, start, attributes = stack.pop()
            if opened != name_:
                raise _broken(f'Unmatched end tag at byte offset {place}, expected "</{opened}>", found "</{name_}>"')
            _close_html(out, opened, start, attributes)
            continue
        attributes = {m[0].lower(): html.unescape(m[1] or m[2] or m[3]) for m in _ATTRIBUTE.findall(rest)}
        if name_ not in _HTML_TYPES:
            raise _broken(f'Unsupported start tag "{name_}" at byte offset {place}')
        if name_ == "span" and attributes.get("class") != "tg-spoiler":
            raise _broken(f'Tag "span" must have class "tg-spoiler" at byte offset {place}')
        stack.append((name_, out.size, attributes))
    if stack:
        raise _broken(f'Can\'t find end tag corresponding to start tag "{stack[-1][0]}"')
    return out.result()


def _close_html(out: _Output, name: str, start: int, attributes: dict[str, str]) -> None:
    kind = _HTML_TYPES[name]
    match name:
        case "a":
            if url := attributes.get("href", "").strip():
                out.close(kind, start, url=url)
        case "blockquote" if "expandable" in attributes:
            out.close("expandable_blockquote", start)
        case "tg-emoji":
            out.close(kind, start, custom_emoji_id=attributes.get("emoji-id", ""))
        case "pre":
            inner = [e for e in out.entities if e["type"] == "code" and e["offset"] == start]
            whole = next((e for e in inner if e["offset"] + e["length"] == out.size), None)
            if whole is not None:
                out.entities.remove(whole)
            language = whole.get("language") if whole else None
            out.close(kind, start, **({"language": language} if language else {}))
        case "code" if attributes.get("class", "").startswith("language-"):
            out.close(kind, start, language=attributes["class"].removeprefix("language-"))
        case _:
            out.close(kind, start)


def _markdown_v2(text: str) -> tuple[str, list[Entity]]:
    out, stack, at = _Output(), list[tuple[str, int, int]](), 0
    quote: int | None = None
    while at < len(text):
        char, top = text[at], stack[-1][0] if stack else ""
        line_start = at == 0 or text[at - 1] == "\n"
        if char == "\\" and at + 1 < len(text) and ord(text[at + 1]) < 127:
            out.write(text[at + 1])
            at += 2
            continue
        if char == ">" and line_start:
            quote = out.size if quote is None else quote
            at += 1
            continue
        if char == "\n" and quote is not None and not text.startswith(">", at + 1):
            out.close("blockquote", quote)
            quote = None
        if char == "`":
            at = _code(text, at, out)
            continue
        if char == "[" or text.startswith("![", at):
            stack.append(("![" if char == "!" else "[", out.size, at))
            at += len(stack[-1][0])
            continue
        if char == "]" and top in ("[", "!["):
            mark, start, _ = stack.pop()
            url, at = _address(text, at + 1)
            if mark == "![":
                out.close("custom_emoji", start, custom_emoji_id=url.partition("id=")[2])
            elif url:
                out.close("text_link", start, url=url)
            continue
        token = next(((mark, kind) for mark, kind in _MARKDOWN_V2 if text.startswith(mark, at)), None)
        if token is not None:
            mark, kind = token
            if top == mark:
                out.close(kind, stack.pop()[1])
            else:
                stack.append((mark, out.size, at))
            at += len(mark)
            continue
        if char in _RESERVED:
            raise _broken(f"Character '{char}' is reserved and must be escaped with the preceding '\\'")
        out.write(char)
        at += 1
    if quote is not None:
        out.close("blockquote", quote)
    if stack:
        mark, _, place = stack[-1]
        names = {**dict(_MARKDOWN_V2), "[": "text_url", "![": "custom_emoji"}
        raise _broken(f"Can't find end of {names[mark].title()} entity at byte offset {_bytes(text[:place])}")
    return out.result()


def _code(text: str, at: int, out: _Output) -> int:
    """Writes the code that starts at `at`; gives the place after it."""
    mark = "```" if text.startswith("```", at) else "`"
    end = at + len(mark)
    while end < len(text) and not text.startswith(mark, end):
        end += 2 if text[end] == "\\" else 1
    if end >= len(text):
        kind = "PreCode" if mark == "```" else "Code"
        raise _broken(f"Can't find end of {kind} entity at byte offset {_bytes(text[:at])}")
    body, start = text[at + len(mark) : end], out.size
    extra: dict[str, str] = {}
    if mark == "```" and (language := re.match(r"([^\s`]*)\n", body)):
        body = body[language.end() :]
        extra = {"language": language.group(1)} if language.group(1) else {}
    out.write(re.sub(r"\\(.)", r"\1", body, flags=re.DOTALL))
    out.close("pre" if mark == "```" else "code", start, **extra)
    return end + len(mark)


def _address(text: str, at: int) -> tuple[str, int]:
    if not text.startswith("(", at):
        return "", at
    end = at + 1
    while end < len(text) and text[end] != ")":
        end += 2 if text[end] == "\\" else 1
    if end >= len(text):
        raise _broken(f"Can't find end of a URL at byte offset {_bytes(text[:at])}")
    return re.sub(r"\\(.)", r"\1", text[at + 1 : end]), end + 1


def _markdown(text: str) -> tuple[str, list[Entity]]:
    """The legacy mode: no nesting."""
    out, at = _Output(), 0
    while at < len(text):
        char = text[at]
        if char == "\\" and at + 1 < len(text) and text[at + 1] in "_*`[":
            out.write(text[at + 1])
            at += 2
        elif char == "`" and text.find("```" if text.startswith("```", at) else "`", at + 1) > 0:
            at = _code(text, at, out)
        elif char in "*_`[":
            end = text.find("]" if char == "[" else char, at + 1)
            if end < 0:
                raise _broken(f"Can't find end of the entity starting at byte offset {_bytes(text[:at])}")
            start = out.size
            out.write(text[at + 1 : end])
            if char == "[":
                url, at = _address(text, end + 1)
                if url:
                    out.close("text_link", start, url=url)
            else:
                out.close("bold" if char == "*" else "italic", start)
                at = end + 1
        else:
            out.write(char)
            at += 1
    return out.result()
