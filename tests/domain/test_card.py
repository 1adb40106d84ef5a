"""What cards and comments show."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from connector.domain import card
from connector.domain.client import Kept
from connector.domain.effects import AddComment, Section
from connector.domain.refs import Key, TicketId
from connector.domain.signature import SIGNATURE_LENGTH
from connector.domain.words import Contact, Location, Span, Style, Text, Words
from tests.domain.sample import POLICY, START, message, photo

TICKET = TicketId("kc-1")


def comment(number: int, text: str, *, internal: bool = False) -> AddComment:
    section = Section(key=Key(f"s{number}"), head="Иван · 14:05", text=Text(plain=text))
    return AddComment(key=Key(f"s{number}"), ticket=TICKET, sections=(section,), internal=internal)


def test_every_kind_of_message_says_something() -> None:
    kinds = {
        "карт": Words(location=Location(latitude=55.75, longitude=37.61, title="Мойка на карте", address="ул. Мира")),
        "+7900": Words(contact=Contact(name="Пётр", phone="+7900")),
        "😀": Words(emoji="😀", files=(photo("sticker.webp"),)),
        "poll": Words(oddity="poll"),
        "Переслано от: Мария": Words(text=Text(plain="вот"), forwarded_from="Мария"),
        "а чек?": Words(text=Text(plain="да"), quote="а чек?"),
        "video.mp4": Words(files=(photo("video.mp4", size=90_000_000, obtainable=False),)),
    }
    for expected, words in kinds.items():
        assert expected in card.body(POLICY, words).plain


def test_a_location_has_coordinates_and_a_link_to_the_map() -> None:
    body = card.body(POLICY, Words(location=Location(latitude=55.75, longitude=37.61))).plain
    assert "55.750000, 37.610000" in body
    assert "https://maps.google.com/?q=55.750000,37.610000" in body


def test_a_quote_is_set_as_a_quote_and_the_words_keep_their_spans() -> None:
    bold = Span(start=0, length=2, style=Style.BOLD)
    body = card.body(POLICY, Words(text=Text(plain="да", spans=(bold,)), quote="а чек?"))
    assert body.plain == "а чек?\nда"
    assert body.spans == (
        Span(start=0, length=6, style=Style.QUOTE),
        Span(start=7, length=2, style=Style.BOLD),
    )


def test_the_title_is_the_first_words_else_the_kind_of_attachment() -> None:
    long = "Касса не пробивает чек " * 10
    assert card.card_title(POLICY, Words(text=Text(plain=long)), 1).startswith("Касса не пробивает чек")
    assert len(card.card_title(POLICY, Words(text=Text(plain=long)), 1)) <= 80
    assert card.card_title(POLICY, Words(files=(photo("a.jpg"),)), 1) == "Фото"
    assert card.card_title(POLICY, Words(text=Text(plain=" \n ")), 5) == "Обращение №5"
    assert card.card_title(POLICY, Words(oddity="poll"), 1) == "Сообщение вида «poll»"


def test_times_are_told_in_the_zone_of_the_class_else_in_utc() -> None:
    assert card.head(POLICY, "today", "Иван", START) == "Иван · 13:00"
    assert card.head(POLICY, "urgent", "Иван", START) == "Иван · 10:00"
    assert card.head(POLICY, "urgent", "Иван", START, START) == "Иван · 10:00 · изменено в 10:00"


def test_the_parts_of_an_album_are_one_message() -> None:
    parts = [
        Kept(
            message=message(number),
            at=START,
            author="Иван",
            words=Words(text=Text(plain="чек" if number == 2 else ""), files=(photo(f"{number}.jpg"),)),
            album="a",
        )
        for number in (1, 2, 3)
    ]
    whole = card.merged(parts)
    assert whole.message == message(1)
    assert whole.words.text.plain == "чек"
    assert [file.name for file in whole.words.files] == ["1.jpg", "2.jpg", "3.jpg"]


@given(st.lists(st.text(max_size=300), min_size=1, max_size=12), st.integers(400, 2000))
def test_joined_comments_keep_every_section_in_order_and_fit(lines: list[str], limit: int) -> None:
    comments = [comment(number, line) for number, line in enumerate(lines)]
    count = card.joinable(comments, limit)
    whole = card.join(comments, limit)
    assert whole.sections == tuple(each.sections[0] for each in comments[:count])
    assert whole.key == comments[0].key
    assert count >= 1
    if count > 1:
        length = sum(len(s.head) + len(s.text.plain.encode("utf-16-le")) // 2 for s in whole.sections)
        assert length + SIGNATURE_LENGTH * count <= limit


def test_notes_for_agents_are_never_joined_with_words_of_clients() -> None:
    mixed = [comment(1, "a"), comment(2, "b"), comment(3, "c", internal=True), comment(4, "d")]
    assert card.joinable(mixed, 4096) == 2
    assert card.joinable(mixed[2:], 4096) == 1
    assert card.joinable([], 4096) == 0


def test_comments_of_different_cards_are_never_joined() -> None:
    other = replace(comment(2, "b"), ticket=TicketId("kc-2"))
    assert card.joinable([comment(1, "a"), other], 4096) == 1


@given(st.text(alphabet="аб*_[]\n 😀", max_size=3000), st.integers(300, 1000))
def test_a_message_too_long_for_one_comment_goes_into_several_without_loss(plain: str, limit: int) -> None:
    portions = card.portions(Text(plain=plain), "Иван · 14:05", limit)
    assert "".join(portion.plain for portion in portions) == plain
    assert all(len(portion.plain) + SIGNATURE_LENGTH <= limit for portion in portions)
