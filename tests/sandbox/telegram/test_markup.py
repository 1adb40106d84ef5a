"""Markup is parsed for real: what is broken is refused, what is fine becomes entities in UTF-16."""

from __future__ import annotations

import html
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram.helpers import escape_markdown

from sandbox.telegram.markup import parsed
from sandbox.telegram.refusals import Refused
from sandbox.telegram.utf16 import cut, trimmed, units, with_found

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


def _marked(text: str, mode: str) -> list[tuple[str, str]]:
    plain, entities = parsed(text, mode)
    return [(entity["type"], cut(plain, entity["offset"], entity["length"])) for entity in entities]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("👍<b>b<i>i</i></b>", [("bold", "bi"), ("italic", "i")]),
        ('<a href="https://a.b/?x=1&amp;y=2">link</a>', [("text_link", "link")]),
        ('<span class="tg-spoiler">s</span>', [("spoiler", "s")]),
        ('<pre><code class="language-py">x</code></pre>', [("pre", "x")]),
        ("<blockquote expandable>q</blockquote>", [("expandable_blockquote", "q")]),
        ("1 &lt; 2 &amp; <u></u>&nbsp;", []),
    ],
)
def test_html_becomes_entities(text: str, expected: list[tuple[str, str]]) -> None:
    assert _marked(text, "HTML") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("👍*b _i_*", [("bold", "b i"), ("italic", "i")]),
        ("__u__ ~s~ ||p|| `c`", [("underline", "u"), ("strikethrough", "s"), ("spoiler", "p"), ("code", "c")]),
        ("[link](https://a.b/\\))", [("text_link", "link")]),
        ("```py\nx\n```", [("pre", "x\n")]),
        (">quote\n>more\nplain", [("blockquote", "quote\nmore")]),
        ("1\\.5 \\*", []),
    ],
)
def test_markdown_becomes_entities(text: str, expected: list[tuple[str, str]]) -> None:
    assert _marked(text, "MarkdownV2") == expected


@pytest.mark.parametrize(
    ("text", "mode", "description"),
    [
        ("<b>x", "HTML", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "HTML", "Unexpected end tag at byte offset 1"),
        ("я<b><i>x</b>", "HTML", 'Unmatched end tag at byte offset 9, expected "</i>", found "</b>"'),
        ("<img>", "HTML", 'Unsupported start tag "img" at byte offset 0'),
        ("1 < 2", "HTML", "Unclosed start tag at byte offset 2"),
        ("<b", "HTML", "Unclosed start tag at byte offset 0"),
        ("1.5", "MarkdownV2", "Character '.' is reserved and must be escaped with the preceding '\\'"),
        ("я*x", "MarkdownV2", "Can't find end of Bold entity at byte offset 2"),
        ("`x", "MarkdownV2", "Can't find end of Code entity at byte offset 0"),
        ("a_b", "Markdown", "Can't find end of the entity starting at byte offset 1"),
    ],
)
def test_broken_markup_is_refused(text: str, mode: str, description: str) -> None:
    with pytest.raises(Refused) as refused:
        parsed(text, mode)
    assert refused.value.description == f"Bad Request: can't parse entities: {description}"


@given(TEXTS)
def test_escaped_html_says_what_was_written(text: str) -> None:
    assert parsed(html.escape(text), "HTML") == (html.unescape(html.escape(text)), [])


@given(TEXTS)
def test_escaped_markdown_says_what_was_written(text: str) -> None:
    plain, entities = parsed(escape_markdown(text.replace("\\", ""), version=2), "MarkdownV2")
    assert (plain, entities) == (text.replace("\\", ""), [])


@given(TEXTS, st.lists(st.tuples(st.integers(0, 20), st.integers(1, 20))))
def test_trimming_leaves_every_entity_inside_the_text(text: str, places: list[tuple[int, int]]) -> None:
    entities: list[dict[str, Any]] = [{"type": "bold", "offset": o, "length": n} for o, n in places]
    plain, kept = trimmed(text, entities)
    assert plain == text.strip()
    assert all(e["offset"] >= 0 and e["offset"] + e["length"] <= units(plain) for e in kept)


def test_commands_links_and_mentions_are_found() -> None:
    text = "👍 /start x@y.org https://a.b/c. @somebody #тег"
    found = [(e["type"], cut(text, e["offset"], e["length"])) for e in with_found(text, [])]
    assert found == [
        ("bot_command", "/start"), ("email", "x@y.org"), ("url", "https://a.b/c"), ("mention", "@somebody"),
        ("hashtag", "#тег"),
    ]  # fmt: skip
