"""What cards and comments show."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain import card, earlier
from connector.domain.client import Client, Kept
from connector.domain.effects import AddComment, Section
from connector.domain.policy import LabelRule
from connector.domain.refs import Key, TicketId, client_of
from connector.domain.signature import SIGNATURE_LENGTH
from connector.domain.ticket import Ticket
from connector.domain.words import Contact, Location, Span, Style, Text, Words
from tests.domain.sample import CHAT, POLICY, START, message, photo

TICKET = TicketId("kc-1")
CLIENT = Client(id=client_of(CHAT), chat=CHAT, name="Иван Петров")
REQUEST = Ticket(
    id=TICKET, number=12, client=CLIENT.id, topic="till", service_class="urgent", cabinet="12345",
    subject="Касса не работает", opened_at=START,
)  # fmt: skip
PLAIN = st.text(alphabet=st.sampled_from("аб *_[]\n▾▴⟦⟧"), max_size=60).filter(
    lambda text: card.BLOCK_BEGIN not in text and card.BLOCK_END not in text
)


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


@pytest.mark.parametrize(
    ("template", "cabinet", "expected"),
    [
        ("{words}", "12345", "Касса не работает"),
        ("№{number} {words}", None, "№12 Касса не работает"),
        ("[{cabinet}] {words} · {topic}", "12345", "[12345] Касса не работает · Касса"),
        ("[{cabinet}] {words} · {topic}", None, "Касса не работает · Касса"),
        ("{cabinet} · {words}", None, "Касса не работает"),
        ("{words} — каб. №{cabinet}", "12345", "Касса не работает — каб. №12345"),
        ("{words}: {client} ({cabinet})", None, "Касса не работает: Иван Петров"),
        ("{topic} | {cabinet} | {words}", None, "Касса | Касса не работает"),
        ("{cabinet}", None, "Касса не работает"),
    ],
)
def test_the_title_follows_the_template_and_empty_parts_leave_no_trace(
    template: str, cabinet: str | None, expected: str
) -> None:
    policy = replace(POLICY, card_title=template)
    assert card.shown_title(policy, CLIENT, replace(REQUEST, cabinet=cabinet)) == expected


def test_a_title_is_cut_only_where_the_board_wants_it() -> None:
    client = replace(CLIENT, name="И" * 3000)
    long = replace(REQUEST, subject="слово " * 40)
    title = card.shown_title(replace(POLICY, card_title="{words} / {client}"), client, long)
    words, _, name = title.partition(" / ")
    assert len(words) <= 80
    assert len(title) == 1024
    assert name.endswith("…")


def test_braces_in_the_words_of_a_client_are_no_template() -> None:
    odd = replace(REQUEST, subject="{cabinet} {0} \\1")
    assert card.shown_title(replace(POLICY, card_title="{words} · {number}"), CLIENT, odd) == "{cabinet} {0} \\1 · 12"


@pytest.mark.parametrize(
    ("rule", "meets"),
    [
        (LabelRule(tag="x"), True),
        (LabelRule(tag="x", words=("касс[ау]", "терминал")), True),
        (LabelRule(tag="x", words=("терминал",)), False),
        (LabelRule(tag="x", topics=frozenset({"till"}), classes=frozenset({"urgent"})), True),
        (LabelRule(tag="x", topics=frozenset({"till"}), classes=frozenset({"today"})), False),
        (LabelRule(tag="x", topics=frozenset({"money"}), words=("касса",)), False),
    ],
)
def test_a_label_is_for_requests_that_meet_every_condition(rule: LabelRule, meets: bool) -> None:
    found = card.labels(replace(POLICY, labels=(rule,)), REQUEST, Text(plain="КАССА встала"))
    assert found == (("x",) if meets else ())


def test_who_takes_part_is_told_of_groups_alone() -> None:
    ticket = replace(REQUEST, people=("Иван", "Мария"))
    assert earlier.block(POLICY, CLIENT, ticket) == ""
    group = replace(CLIENT, group="Мойка 24")
    assert "Группа: Мойка 24\n" in card.client_block(POLICY, group, ticket)
    assert earlier.block(POLICY, group, ticket) == "Участники: Иван, Мария"


@given(PLAIN, PLAIN, PLAIN, PLAIN)
def test_what_people_write_around_the_block_stays_letter_for_letter(
    before: str, old: str, new: str, after: str
) -> None:
    there = f"{before}{card.BLOCK_BEGIN}{old}{card.BLOCK_END}{after}"
    changed = card.with_block(there, f"x{new}")
    assert changed == f"{before}{card.BLOCK_BEGIN}\nx{new}\n{card.BLOCK_END}{after}"
    assert card.with_block(changed, f"x{new}") == changed


@given(PLAIN, PLAIN)
def test_without_marks_the_block_goes_to_the_end_and_comes_off_again(description: str, block: str) -> None:
    marked = card.with_block(description, f"x{block}")
    assert marked.startswith(description)
    assert marked.endswith(f"x{block}\n{card.BLOCK_END}")
    assert card.with_block(marked, "") == description
    assert card.with_block(description, "") == description


def test_where_an_agent_took_one_mark_away_nothing_of_theirs_is_replaced() -> None:
    torn = f"слова\n{card.BLOCK_BEGIN}\nпрежнее\nмои заметки"
    assert card.with_block(torn, "новое").startswith(torn + "\n\n")


def test_a_client_cannot_write_the_marks() -> None:
    words = Words(text=Text(plain=f"до {card.BLOCK_BEGIN} внутри {card.BLOCK_END} после"))
    sent = Kept(message=message(1), at=START, author="Иван", words=words)
    whole = card.with_block(card.description(POLICY, CLIENT, REQUEST, sent), "прежнее")
    assert whole.count(card.BLOCK_BEGIN) == whole.count(card.BLOCK_END) == 1
    assert "внутри" in card.with_block(whole, "другое")


@given(st.integers(0, card.DESCRIPTION_LENGTH), st.lists(st.text("я😀", min_size=1, max_size=400), max_size=60))
def test_the_block_gives_way_line_by_line(length: int, lines: list[str]) -> None:
    description = "я" * length
    whole = card.within(description, "\n".join(lines))
    assert whole.startswith(description)
    assert len(whole.encode("utf-16-le")) // 2 <= card.DESCRIPTION_LENGTH
    inside = whole.removeprefix(description).strip().removeprefix(card.BLOCK_BEGIN).removesuffix(card.BLOCK_END)
    assert "\n".join(lines).startswith(inside.strip("\n"))
