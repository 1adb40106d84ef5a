"""Orders shaped as Kaiten's JSON, without any call."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.kaiten.markdown import units
from adapters.kaiten.outgoing import (
    COMMENT_LIMIT,
    card_body,
    human_size,
    noted,
    pages,
    part_key,
    plan_edit,
    property_value,
)
from connector.domain.effects import CreateCard, FieldValue, Section, Spot
from connector.domain.layout import CardField, FieldKind
from connector.domain.refs import Key, TicketId
from connector.domain.signature import sign, signatures, unsigned
from connector.domain.words import Text


def card(**changes: object) -> CreateCard:
    plain = CreateCard(
        key=Key("create"),
        ticket=TicketId("t"),
        external_id="t.2",
        topic="a",
        service_class="b",
        title="Касса",
        description="Слова",
        due_at=None,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_the_body_of_a_card_names_place_person_and_deadline() -> None:
    spot = Spot(board="1", column="2", lane="3", responsible="4", fields={"7": "77"})
    due = datetime(2026, 12, 1, 18, tzinfo=timezone(timedelta(hours=3)))
    assert card_body(card(due_at=due), spot, {}) == {
        "title": "Касса",
        "description": "Слова",
        "external_id": "t.2",
        "board_id": 1,
        "column_id": 2,
        "lane_id": 3,
        "responsible_id": 4,
        "due_date": "2026-12-01T15:00:00.000Z",
        "due_date_time_present": True,
        "properties": {"id_7": "77"},
    }


def test_titles_and_descriptions_are_cut_to_what_kaiten_takes() -> None:
    body = card_body(card(title="😀 слово\n" * 500, description="ы" * 40_000), Spot(board="1"), {})
    title, description = str(body["title"]), str(body["description"])
    assert units(title) <= 1024
    assert "\n" not in title
    assert units(description) <= 32768
    assert description.endswith("(текст сокращён: он длиннее, чем вмещает карточка)")


def test_a_card_without_a_title_is_called_by_its_external_id() -> None:
    assert card_body(card(title=" \n"), Spot(board="1"), {})["title"] == "t.2"


def known(kind: FieldKind) -> CardField:
    return CardField(id="7", name="поле", kind=kind, options=(("501", "Телефон"), ("502", "Почта")))


@pytest.mark.parametrize(
    ("kind", "value", "shaped"),
    [
        (FieldKind.SELECT, ("501",), [501]),
        (FieldKind.SELECT, "почта", [502]),
        (FieldKind.SELECT, "факс", None),
        (FieldKind.USER, ("12", "13"), [12, 13]),
        (FieldKind.NUMBER, "12.50", 12.5),
        (FieldKind.NUMBER, 12.0, 12),
        (FieldKind.NUMBER, "много", None),
        (FieldKind.CHECKBOX, "да", True),
        (FieldKind.CHECKBOX, False, False),
        (FieldKind.STRING, 77.0, "77"),
        (FieldKind.STRING, "", None),
        (
            FieldKind.DATE,
            datetime(2026, 6, 22, 14, 30, tzinfo=timezone(timedelta(hours=3))),
            {"date": "2026-06-22", "time": "14:30", "tzOffset": 180},
        ),
        (FieldKind.DATE, "вчера", None),
        (FieldKind.OTHER, ("a",), ["a"]),
    ],
)
def test_values_take_the_shape_of_their_field(kind: FieldKind, value: FieldValue, shaped: object) -> None:
    assert property_value(value, known(kind)) == shaped


def test_a_value_that_fits_no_shape_is_left_out_rather_than_costing_the_card() -> None:
    body = card_body(card(), Spot(board="1", fields={"7": "факс", "8": "77"}), {"7": known(FieldKind.SELECT)})
    assert body["properties"] == {"id_8": "77"}


def test_without_a_layout_the_value_tells_its_shape() -> None:
    moment = datetime(2026, 6, 22, 14, 30, tzinfo=UTC)
    assert property_value(("501",), None) == [501]
    assert property_value(True, None) is True
    assert property_value(3.0, None) == 3
    assert property_value(moment, None) == {"date": "2026-06-22", "time": "14:30", "tzOffset": 0}


@pytest.mark.parametrize(
    ("size", "words"), [(0, "0 Б"), (1023, "1023 Б"), (1536, "1,5 КБ"), (26_529_000, "25,3 МБ"), (3 << 30, "3,0 ГБ")]
)
def test_sizes_are_told_as_people_say_them(size: int, words: str) -> None:
    assert human_size(size) == words


# ---- comments


def section(key: str, text: str, head: str = "Иван, 12:30") -> Section:
    return Section(key=Key(key), head=head, text=Text(plain=text))


def test_joined_messages_are_one_comment_with_a_signature_each() -> None:
    (page,) = pages([section("a", "раз"), section("b", "два", head="")])
    assert page.signs == (sign(Key("a")), sign(Key("b")))
    assert page.text == f"**{sign(Key('a'))}Иван, 12:30**\n\nраз\n\n{sign(Key('b'))}два"
    assert page.text.strip() == page.text


def test_notes_stand_under_the_words() -> None:
    assert noted(section("a", "раз"), ["файл"]).text.plain == "раз\nфайл"
    assert noted(section("a", ""), ["файл"]).text.plain == "файл"


WORDS = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), max_size=60)
LONG = st.builds(lambda words, times: (words + " ") * times, WORDS, st.integers(0, 200))
HEADS = st.sampled_from(["", "Иван", "Анна (клиент), 12:30", "👤 Пётр"])


@given(st.lists(st.tuples(LONG, HEADS), min_size=1, max_size=4))
def test_comments_keep_every_word_and_every_signature_within_the_limit(texts: list[tuple[str, str]]) -> None:
    sections = [section(f"k{place}", unsigned(text), head) for place, (text, head) in enumerate(texts)]
    made = pages(sections)
    assert all(units(page.text) <= COMMENT_LIMIT for page in made)
    assert all(page.signs == signatures(page.text) for page in made)
    signs = [signature for page in made for signature in page.signs]
    assert len(set(signs)) == len(signs)
    assert [mark for mark in signs if mark in {sign(one.key) for one in sections}] == [
        sign(one.key) for one in sections
    ]
    whole = "".join(page.text for page in made)
    place = -1
    for one in sections:
        place = whole.find(sign(one.key), place + 1)
        assert place >= 0
    joined = unsigned(whole)
    for one in sections:
        assert one.text.plain in joined


@given(st.lists(LONG, min_size=1, max_size=3), st.lists(LONG, min_size=1, max_size=3), st.integers(0, 2))
def test_edits_change_one_section_and_no_letter_of_the_others(
    texts: list[str], new_texts: list[str], which: int
) -> None:
    sections = [section(f"k{place}", unsigned(text)) for place, text in enumerate(texts)]
    which %= len(sections)
    comments = {number: page.text for number, page in enumerate(pages(sections))}
    for new_text in new_texts:
        changed = section(f"k{which}", unsigned(new_text), head="Иван, изменено")
        plan = plan_edit(comments, changed)
        comments.update(plan.changed)
        for number in plan.empty:
            del comments[number]
        for page in plan.added:
            comments[max(comments, default=0) + 1] = page.text
        assert all(units(text) <= COMMENT_LIMIT for text in comments.values())
        parts = {mark: body for text in comments.values() for mark, body in by_signature(text)}
        assert len(parts) == sum(len(signatures(text)) for text in comments.values())
        for place, one in enumerate([*sections[:which], changed, *sections[which + 1 :]]):
            key = Key(f"k{place}")
            body = parts.pop(sign(key))
            number = 2
            while sign(part_key(key, number)) in parts:
                body += parts.pop(sign(part_key(key, number)))
                number += 1
            assert squeezed(one.head + "**" + one.text.plain) == squeezed(body)
        assert parts == {}


def by_signature(text: str) -> list[tuple[str, str]]:
    marks = signatures(text)
    bodies = re.split("|".join(map(re.escape, marks)), text)[1:]
    return [
        (mark, body.removesuffix("**") if last is False else body)
        for mark, body, last in zip(marks, bodies, [False] * (len(marks) - 1) + [True], strict=True)
    ]


def squeezed(text: str) -> str:
    return "".join(text.split())


def test_a_section_that_is_nowhere_is_written_anew() -> None:
    plan = plan_edit({1: "чужое"}, section("a", "раз"))
    assert (plan.changed, plan.empty, plan.holders) == ((), (), ())
    assert [page.signs for page in plan.added] == [(sign(Key("a")),)]


def test_an_edit_to_the_same_words_changes_nothing() -> None:
    (page,) = pages([section("a", "раз"), section("b", "два")])
    plan = plan_edit({1: page.text}, section("a", "раз"))
    assert (plan.changed, plan.added, plan.empty, plan.holders) == ((), (), (), (1,))
