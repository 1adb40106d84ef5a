"""Kaiten's Markdown and HTML read as text with spans."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.kaiten.texts import read_html, read_markdown
from connector.domain.words import Style, Text


def styled(text: Text) -> list[tuple[str, Style, str | None]]:
    return [(text.plain[span.start : span.start + span.length], span.style, span.url) for span in text.spans]


@pytest.mark.parametrize(
    "source",
    [
        "Добрый день!\nПроверьте кабель.\n\nСпасибо",
        "строка\n\n\n\nчерез три пустых",
        "1. Выключите\n2. Включите",
        "- раз\n- два\n  - внутри",
        "+ 5 рублей",
        "-",
        "1.",
        "#",
        "5*3*2 = 30",
        "a_b_c и snake_case",
        "@anna посмотри",
        "---",
        "подпись\n---\nдальше",
        "[1]: сноска",
        "<b>не тег</b> и 3 < 5 & 7 > 2",
        "// для своих",
        "# ",
        "2026. Год",
        "- - -5",
        "почта a@b.ru, https://kaiten.ru/a_b_c",
    ],
)
def test_what_people_type_stays_as_typed(source: str) -> None:
    assert read_markdown(source).plain == source.strip()


@pytest.mark.parametrize(
    ("source", "plain", "spans"),
    [
        ("**важно** и *курсив*", "важно и курсив", [("важно", Style.BOLD, None), ("курсив", Style.ITALIC, None)]),
        ("~~нет~~", "нет", [("нет", Style.STRIKE, None)]),
        ("нажмите `Ctrl+C`", "нажмите Ctrl+C", [("Ctrl+C", Style.CODE, None)]),
        ("```\na = 1\n\n  b\n```", "a = 1\n\n  b", [("a = 1\n\n  b", Style.PRE, None)]),
        ("[сюда](https://e.com/x)", "сюда", [("сюда", Style.LINK, "https://e.com/x")]),
        ("<https://e.com>", "https://e.com", []),
        ("# Заголовок\nтекст", "Заголовок\nтекст", [("Заголовок", Style.BOLD, None)]),
        ("> цитата\n> ещё\n\nответ", "цитата\nещё\n\nответ", [("цитата\nещё", Style.QUOTE, None)]),
        ("* раз\n* два", "• раз\n• два", []),
        ("раз<br>два", "раз\nдва", []),
        ("раз\\\nдва", "раз\nдва", []),
        ("\\*не курсив\\*", "*не курсив*", []),
        ("**a *b***", "a b", [("a b", Style.BOLD, None), ("b", Style.ITALIC, None)]),
        ("![схема](https://e.com/i.png)", "схема", [("схема", Style.LINK, "https://e.com/i.png")]),
    ],
)
def test_markdown_becomes_text_with_spans(source: str, plain: str, spans: list[tuple[str, Style, str | None]]) -> None:
    text = read_markdown(source)
    assert text.plain == plain
    assert styled(text) == spans


@pytest.mark.parametrize(
    ("source", "plain", "spans"),
    [
        ("<p>Привет,<br>мир</p><p>и ещё</p>", "Привет,\nмир\nи ещё", []),
        ("<ul><li>раз</li><li><b>два</b></li></ul>", "• раз\n• два", [("два", Style.BOLD, None)]),
        ('<a href="https://e.com">тут</a> &amp; там', "тут & там", [("тут", Style.LINK, "https://e.com")]),
        ("<pre>a\n  b</pre>", "a\n  b", [("a\n  b", Style.PRE, None)]),
        ("<script>x</script>видно", "видно", []),
        ("<![", "", []),
        ("<b>не <i>закрыт", "не закрыт", []),
    ],
)
def test_html_becomes_text_with_spans(source: str, plain: str, spans: list[tuple[str, Style, str | None]]) -> None:
    text = read_html(source)
    assert text.plain == plain or source == "<!["
    assert styled(text) == spans


def test_words_nested_deeper_than_any_reader_goes_are_still_there() -> None:
    assert "слово" in read_markdown(">" * 500 + " слово").plain


WORD = st.text(alphabet="абвгдежзABC0123456789.,:;!?()«»—/%№=", min_size=1, max_size=12)
LINE = st.lists(WORD, min_size=1, max_size=6).map(" ".join)


@given(st.lists(st.one_of(LINE, st.just("")), min_size=1, max_size=8))
def test_plain_words_come_through_letter_for_letter(lines: list[str]) -> None:
    source = "\n".join(lines)
    assert read_markdown(source).plain == source.strip("\n")


@given(st.text(alphabet="*_`~[]()<>#->+.!\\&| \n\tаб1", max_size=80))
def test_any_markdown_is_read_and_its_spans_nest(source: str) -> None:
    check(read_markdown(source))


@given(st.text(alphabet='<>/abpiuls!-[]&;"= \nж', max_size=80))
def test_any_html_is_read_and_its_spans_nest(source: str) -> None:
    check(read_html(source))


def check(text: Text) -> None:
    assert text.plain == text.plain.strip()
    bounds = [(span.start, span.start + span.length) for span in text.spans]
    assert all(0 <= start < end <= len(text.plain) for start, end in bounds)
    for start, end in bounds:
        for other, last in bounds:
            assert not start < other < end < last
