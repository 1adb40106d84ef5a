"""Sections cut to size, signed, changed and continued, without any call."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.kaiten.markdown import units
from adapters.kaiten.sections import COMMENT_LIMIT, continued, human_size, noted, pages, part_key, plan_edit
from connector.domain.effects import Section
from connector.domain.refs import Key
from connector.domain.signature import sign, signatures, unsigned
from connector.domain.words import Span, Style, Text


@pytest.mark.parametrize(
    ("size", "words"), [(0, "0 Б"), (1023, "1023 Б"), (1536, "1,5 КБ"), (26_529_000, "25,3 МБ"), (3 << 30, "3,0 ГБ")]
)
def test_sizes_are_told_as_people_say_them(size: int, words: str) -> None:
    assert human_size(size) == words


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


# ---- a section that goes on


def after(comments: dict[int, str], addition: Section, order: str) -> dict[int, str]:
    """The comments once the addition is in its place."""
    place = continued(comments, addition, Key(order))
    assert place is not None
    assert not place.already
    return comments | {place.comment: place.text}


def test_an_addition_stands_under_its_section_with_a_head_of_its_own() -> None:
    (page,) = pages([section("a", "раз"), section("b", "два")])
    link = Text(plain="тут", spans=(Span(start=0, length=3, style=Style.LINK, url="https://e.org"),))
    addition = Section(key=Key("a"), head="Иван, 12:40", text=link)
    marks = sign(Key("a")) + sign(Key("o1"))
    assert after({1: page.text}, addition, "o1")[1] == page.text.replace(
        "раз\n\n", f"раз\n\n**{marks}Иван, 12:40**\n\n[тут](https://e.org)\n\n"
    )


def test_an_addition_goes_where_its_section_ends() -> None:
    first, second = pages([section("a", "слово " * 800)])
    comments = after({1: first.text, 2: second.text}, section("a", "и ещё"), "o1")
    comments = after(comments, section("a", "и снова"), "o2")
    assert comments[1] == first.text
    assert comments[2].startswith(second.text.rstrip())
    assert comments[2].index("и ещё") < comments[2].index("и снова")
    again = continued(comments, section("a", "и ещё"), Key("o1"))
    assert again is not None
    assert (again.comment, again.text, again.already) == (2, comments[2], True)


def test_an_addition_without_a_section_or_without_room_has_no_place() -> None:
    (page,) = pages([section("a", "а" * 4000)])
    assert continued({1: page.text}, section("b", "раз"), Key("o1")) is None
    assert continued({1: page.text}, section("a", "слово " * 20), Key("o1")) is None
    (own,) = pages([section("o1", "раз")])
    assert continued({1: "чужое", 2: own.text}, section("a", "раз"), Key("o1")) is None


@given(
    st.lists(LONG, min_size=1, max_size=3), st.lists(st.tuples(st.integers(0, 2), WORDS, HEADS), min_size=1, max_size=5)
)
def test_additions_keep_every_letter_that_stood_there(texts: list[str], additions: list[tuple[int, str, str]]) -> None:
    sections = [section(f"k{place}", unsigned(text)) for place, text in enumerate(texts)]
    comments = {number: page.text for number, page in enumerate(pages(sections))}
    for place, (which, words, head) in enumerate(additions):
        before = dict(comments)
        addition = section(f"k{which % len(sections)}", unsigned(words), head)
        found = continued(comments, addition, Key(f"o{place}"))
        if found is None:
            continue
        comments[found.comment] = found.text
        old, new = before[found.comment], comments[found.comment]
        at = next((i for i, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), len(old))
        assert units(new) <= COMMENT_LIMIT
        assert squeezed(new[: len(new) - len(old) + at]).startswith(squeezed(old[:at]))
        assert squeezed(new).endswith(squeezed(old[at:]))
        assert squeezed(addition.text.plain) in squeezed(new)
    # Replacing each section whole takes its additions with it, and only those.
    for one in sections:
        plan = plan_edit(comments, section(one.key, "новое"))
        comments.update(plan.changed)
        for number in plan.empty:
            del comments[number]
    assert [text for text in comments.values() if set(signatures(text)) - {sign(one.key) for one in sections}] == []
