"""Spans and entities: the same stretches of text, counted in different units."""

from hypothesis import given
from hypothesis import strategies as st
from telegram import MessageEntity

from adapters.telegram.entities import incoming_text, nested, outgoing_entities, units
from adapters.telegram.shape import clean
from connector.domain.words import Span, Style, Text

EMOJI = "👨‍👩‍👧"
letters = st.text(st.sampled_from("abя \n👀🇷🇺é‍世"), max_size=40)


@st.composite
def texts(draw: st.DrawFn) -> Text:
    """Texts whose spans nest, as our own do."""
    plain = draw(letters)
    drawn = []
    for _ in range(draw(st.integers(0, 8))):
        start = draw(st.integers(0, len(plain)))
        style = draw(st.sampled_from(Style))
        url = "https://example.org/я" if style is Style.LINK else None
        drawn.append(Span(start=start, length=draw(st.integers(0, 12)), style=style, url=url))
    return Text(plain=plain, spans=nested(drawn, len(plain)))


@given(texts())
def test_what_goes_out_comes_back_the_same(text: Text) -> None:
    assert incoming_text(text.plain, outgoing_entities(text)) == text


@given(texts())
def test_entities_mark_in_utf16_what_spans_mark_in_characters(text: Text) -> None:
    wide = text.plain.encode("utf-16-le")
    for span, entity in zip(text.spans, outgoing_entities(text), strict=True):
        marked = wide[2 * entity.offset : 2 * (entity.offset + entity.length)].decode("utf-16-le")
        assert marked == text.plain[span.start : span.start + span.length]


@given(
    letters,
    st.lists(
        st.tuples(
            st.sampled_from(["bold", "code", "text_link", "mention", "novelty"]),
            st.integers(-5, 60),
            st.integers(-5, 60),
        ),
        max_size=12,
    ),
)
def test_whatever_entities_come_the_spans_lie_in_the_text_and_nest(
    plain: str, drawn: list[tuple[str, int, int]]
) -> None:
    spans = incoming_text(plain, [MessageEntity(*one, url="https://e.org") for one in drawn]).spans
    for one in spans:
        assert 0 <= one.start < one.start + one.length <= len(plain)
        for other in spans:
            first, second = sorted((one, other), key=lambda span: (span.start, -span.length))
            assert second.start >= first.start + first.length or (
                second.start + second.length <= first.start + first.length
            )


def test_each_style_has_its_entity_and_a_link_its_address() -> None:
    spans = tuple(
        Span(start=place, length=1, style=style, url="https://e.org" if style is Style.LINK else None)
        for place, style in enumerate(Style)
    )
    kinds = [str(entity.type) for entity in outgoing_entities(Text(plain="x" * 9, spans=spans))]
    assert kinds == [
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "code",
        "pre",
        "blockquote",
        "spoiler",
        "text_link",
    ]


def test_spans_that_cross_leave_the_text_or_link_nowhere_are_left_out() -> None:
    text = Text(
        plain="0123456789",
        spans=(
            Span(start=0, length=5, style=Style.BOLD),
            Span(start=3, length=5, style=Style.ITALIC),
            Span(start=8, length=5, style=Style.CODE),
            Span(start=-1, length=2, style=Style.CODE),
            Span(start=9, length=0, style=Style.CODE),
            Span(start=9, length=1, style=Style.LINK),
        ),
    )
    assert [(str(entity.type), entity.offset, entity.length) for entity in outgoing_entities(text)] == [("bold", 0, 5)]


def test_an_entity_that_cuts_an_emoji_in_half_takes_all_of_it() -> None:
    assert incoming_text("a👀b", [MessageEntity("bold", 2, 1)]).spans == (Span(start=1, length=1, style=Style.BOLD),)


def test_both_block_quotes_are_quotes_and_bare_links_are_no_spans() -> None:
    entities = [
        MessageEntity("expandable_blockquote", 0, 2),
        MessageEntity("url", 3, 2),
        MessageEntity("hashtag", 3, 2),
    ]
    assert incoming_text("ab cd", entities).spans == (Span(start=0, length=2, style=Style.QUOTE),)


def test_a_command_loses_the_bots_name_and_later_spans_move_along() -> None:
    text = incoming_text(
        f"{EMOJI}/start@Desk_Bot код",
        [MessageEntity("bot_command", 8, 15), MessageEntity("bold", 0, 27), MessageEntity("code", 24, 3)],
        username="desk_bot",
    )
    assert text.plain == f"{EMOJI}/start код"
    assert [(span.style, text.plain[span.start : span.start + span.length]) for span in text.spans] == [
        (Style.BOLD, f"{EMOJI}/start код"),
        (Style.CODE, "код"),
    ]


def test_a_command_for_another_bot_keeps_its_name() -> None:
    text = incoming_text("/start@other_bot", [MessageEntity("bot_command", 0, 16)], username="desk_bot")
    assert text.plain == "/start@other_bot"


@given(st.text(st.characters(exclude_categories=[])))
def test_units_are_those_of_utf16(plain: str) -> None:
    assert units(plain) == len(plain.encode("utf-16-le", "surrogatepass")) // 2


@given(st.text(st.characters(exclude_categories=[])))
def test_cleaned_text_can_be_stored_and_keeps_its_length(plain: str) -> None:
    cleaned = clean(plain)
    assert len(cleaned.encode("utf-16-le")) == len(plain.encode("utf-16-le", "surrogatepass"))
    assert "\x00" not in cleaned
    assert cleaned == plain or "�" in cleaned
