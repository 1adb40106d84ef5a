"""Measuring, cutting, joining and splitting formatted text."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from connector.domain.text import cut, join, shorten, split, units
from connector.domain.words import Span, Style, Text

ALPHABET = st.text(alphabet="аб c.\n!😀é\u200d👍\u0301z", max_size=120)


@st.composite
def formatted(draw: st.DrawFn) -> Text:
    plain = draw(ALPHABET)
    spans = []
    at = 0
    while at < len(plain) and draw(st.booleans()):
        start = draw(st.integers(at, len(plain) - 1))
        length = draw(st.integers(1, len(plain) - start))
        spans.append(Span(start=start, length=length, style=draw(st.sampled_from(Style))))
        at = start + length
    return Text(plain=plain, spans=tuple(spans))


def test_characters_beyond_the_basic_plane_count_twice() -> None:
    assert (units("abc"), units("абв"), units("😀")) == (3, 3, 2)


@given(formatted(), st.integers(2, 40))
def test_a_split_text_loses_no_character_and_keeps_to_the_limit(text: Text, limit: int) -> None:
    parts = split(text, limit)
    assert "".join(part.plain for part in parts) == text.plain
    assert all(0 < units(part.plain) <= limit for part in parts)


@given(formatted(), st.integers(2, 40))
def test_a_split_text_keeps_every_character_in_its_style(text: Text, limit: int) -> None:
    def styles(whole: Text) -> list[tuple[str, tuple[Style, ...]]]:
        return [
            (sign, tuple(span.style for span in whole.spans if span.start <= at < span.start + span.length))
            for at, sign in enumerate(whole.plain)
        ]

    assert [entry for part in split(text, limit) for entry in styles(part)] == styles(text)


@given(formatted(), st.integers(2, 40))
def test_a_span_that_fits_into_one_part_is_never_cut(text: Text, limit: int) -> None:
    ends = [0]
    for part in split(text, limit):
        ends.append(ends[-1] + len(part.plain))
    for span in text.spans:
        if units(text.plain[span.start : span.start + span.length]) <= limit:
            assert not any(span.start < end < span.start + span.length for end in ends)


@given(formatted(), formatted())
def test_what_was_joined_can_be_cut_apart_again(one: Text, other: Text) -> None:
    both = join(one, other)
    assert cut(both, 0, len(one.plain)) == one
    assert cut(both, len(one.plain), len(both.plain)) == other


def test_paragraphs_go_before_lines_before_sentences_before_words() -> None:
    assert [part.plain for part in split(Text(plain="aaaa aaaa\n\nbbbb bbbb"), 14)] == ["aaaa aaaa\n\n", "bbbb bbbb"]
    assert [part.plain for part in split(Text(plain="aaaa. aaaa\nbbbb. bbbb"), 14)] == ["aaaa. aaaa\n", "bbbb. bbbb"]
    assert [part.plain for part in split(Text(plain="aaa aaa. bbb bbb"), 12)] == ["aaa aaa. ", "bbb bbb"]
    assert [part.plain for part in split(Text(plain="aaaa bbbb cccc"), 11)] == ["aaaa bbbb ", "cccc"]


def test_an_accent_and_a_joined_emoji_stay_with_their_character() -> None:
    family = "👨\u200d👩\u200d👧"
    parts = [part.plain for part in split(Text(plain="абвгде" + family), 10)]
    assert parts == ["абвгде", family]
    assert [part.plain for part in split(Text(plain="abce\u0301f"), 4)] == ["abc", "e\u0301f"]


def test_a_span_that_fits_matters_more_than_an_accent() -> None:
    text = Text(plain="cccce\u0301", spans=(Span(start=4, length=2, style=Style.BOLD),))
    assert [part.plain for part in split(text, 2)] == ["cc", "cc", "e\u0301"]
    over = Text(plain="cccc\u0301", spans=(Span(start=3, length=2, style=Style.BOLD),))
    assert split(over, 2)[-1].plain == "c\u0301"


def test_a_long_text_without_any_place_to_cut_is_cut_anyway() -> None:
    parts = split(Text(plain="ж" * 10_000), 4096)
    assert [len(part.plain) for part in parts] == [4096, 4096, 1808]


def test_no_text_has_no_parts() -> None:
    assert split(Text(), 10) == ()


@given(st.text(max_size=400), st.integers(5, 80))
def test_a_shortened_text_is_one_line_within_the_limit(plain: str, limit: int) -> None:
    short = shorten(plain, limit)
    assert len(short) <= limit
    assert "\n" not in short
    assert bool(short) == bool(plain.strip()) or len(plain) > limit * 4


def test_a_shortened_text_ends_at_a_word() -> None:
    assert shorten("Касса не пробивает чек после обновления", 22) == "Касса не пробивает…"
    assert shorten("  Касса\n\n не   работает ", 80) == "Касса не работает"


def test_words_far_apart_are_still_found_in_order() -> None:
    text = Text(plain=" ".join(f"слово{number}" for number in range(2000)))
    parts = split(text, 500)
    assert all(part.plain.endswith(" ") for part, _ in pairwise(parts))
