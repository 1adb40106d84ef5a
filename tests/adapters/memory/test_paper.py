"""What a comment in memory reads like."""

from __future__ import annotations

from adapters.memory.paper import page
from connector.domain.effects import Section
from connector.domain.refs import Key
from connector.domain.signature import unsigned
from connector.domain.words import Span, Style, Text


def test_a_quoted_line_is_marked_and_no_other() -> None:
    words = Text(plain="Пришлите чек\nВот он\nи ещё", spans=(Span(start=0, length=12, style=Style.QUOTE),))
    written = page([Section(key=Key("say/1"), head="Иван · 10:00", text=words)])
    assert unsigned(written) == "Иван · 10:00\n> Пришлите чек\nВот он\nи ещё"


def test_words_in_bold_are_no_quote() -> None:
    words = Text(plain="Срочно", spans=(Span(start=0, length=6, style=Style.BOLD),))
    assert unsigned(page([Section(key=Key("say/1"), head="", text=words)])) == "Срочно"
