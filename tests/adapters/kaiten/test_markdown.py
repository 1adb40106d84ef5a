"""The core's text written as Markdown and cut to size."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.kaiten.markdown import clean, fitting, shortened, to_markdown, units
from connector.domain.words import Span, Style, Text


def text(plain: str, *spans: tuple[str, Style] | tuple[str, Style, str]) -> Text:
    made = []
    for words, style, *url in spans:
        made.append(Span(start=plain.index(words), length=len(words), style=style, url=str(url[0]) if url else None))
    return Text(plain=plain, spans=tuple(made))


@pytest.mark.parametrize(
    ("source", "markdown"),
    [
        (text("просто *текст* _как_ есть"), "просто *текст* _как_ есть"),
        (text("это важно!", ("важно", Style.BOLD)), "это **важно**!"),
        (text("переезд", ("езд", Style.BOLD)), "переезд"),
        (text("жми Ctrl+C", ("Ctrl+C", Style.CODE)), "жми `Ctrl+C`"),
        (text("код:\na = 1\nконец", ("a = 1", Style.PRE)), "код:\n```\na = 1\n```\nконец"),
        (text("вот тут", ("тут", Style.LINK, "https://e.com/a(b)")), "вот [тут](https://e.com/a%28b%29)"),
        (text("https://e.com", ("https://e.com", Style.LINK, "https://e.com")), "https://e.com"),
        (text("при[вет]", ("[вет]", Style.LINK, "https://e.com")), "при[вет] (https://e.com)"),
        (text("тихо", ("тихо", Style.ITALIC)), "тихо"),
        (text("раз\nдва\nда", ("раз\nдва", Style.QUOTE)), "> раз\n> два\n\nда"),
        (text("раз\n\nда", ("раз", Style.QUOTE)), "> раз\n\nда"),
        (text("да\nраз", ("раз", Style.QUOTE)), "да\n> раз"),
        (text("раз два\nда", ("раз", Style.QUOTE)), "раз два\nда"),
        (text("раз\nда", ("раз", Style.QUOTE), ("раз", Style.BOLD)), "> **раз**\n\nда"),
        (text("**уже**", ("**уже**", Style.BOLD)), "**уже**"),
        (text("а б в", ("а б", Style.BOLD), ("б", Style.CODE)), "**а `б`** в"),
    ],
)
def test_spans_are_shown_where_they_tear_no_word(source: Text, markdown: str) -> None:
    assert to_markdown(source) == markdown


def test_halves_of_a_surrogate_pair_are_joined_and_lone_ones_replaced() -> None:
    assert clean("\ud83d\ude00 \ud83d \0.") == "😀 \ufffd ."


def test_a_shortened_text_says_so_and_fits() -> None:
    short = shortened("😀" * 600, 1024, "…")
    assert short == "😀" * 511 + "…"
    assert shortened("коротко", 1024, "…") == "коротко"


STYLES = st.sampled_from(list(Style))


@st.composite
def texts(draw: st.DrawFn) -> Text:
    """Any words, with spans that nest."""
    plain = draw(st.text(alphabet="абв 12.,\n😀*`[]\u0301", max_size=120))
    spans: list[Span] = []

    def fill(start: int, end: int, depth: int) -> None:
        while start < end and depth < 3 and draw(st.booleans()):
            first = draw(st.integers(start, end - 1))
            last = draw(st.integers(first + 1, end))
            style = draw(STYLES)
            url = "https://e.com/" + "x" * draw(st.integers(0, 30)) if style is Style.LINK else None
            spans.append(Span(start=first, length=last - first, style=style, url=url))
            fill(first, last, depth + 1)
            start = last

    fill(0, len(plain), 0)
    return Text(plain=plain, spans=tuple(spans))


@given(texts())
def test_every_word_stays_findable(source: Text) -> None:
    written = to_markdown(source)
    for word in re.findall(r"[абв12]+|😀", source.plain):
        assert word in written


@given(texts(), st.integers(2, 60))
def test_cutting_keeps_every_character_and_every_limit(source: Text, room: int) -> None:
    at = 0
    pieces = []
    while at < len(source.plain):
        piece, end = fitting(source, at, room)
        assert units(piece) <= room
        assert end > at
        pieces.append(source.plain[at:end])
        at = end
    assert "".join(pieces) == source.plain


def test_a_cut_falls_between_words_where_there_are_any() -> None:
    piece, at = fitting(Text(plain="раз два три четыре"), 0, 12)
    assert (piece, at) == ("раз два три ", 12)


def test_a_letter_is_not_parted_from_its_accent() -> None:
    piece, _ = fitting(Text(plain="абвге\u0301ж"), 0, 5)
    assert piece == "абвг"
