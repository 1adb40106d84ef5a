"""Kaiten's JSON read tolerantly."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.kaiten.incoming import (
    card_seen,
    comment_ref,
    commented,
    moment,
    read_card,
    read_comment,
    ref_numbers,
    unreadable,
    whole,
)
from connector.domain.refs import Key, Ref
from connector.domain.signature import sign

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
CARD = {"id": 70000101, "version": 3, "board_id": 1, "column_id": 2, "lane_id": 3, "external_id": "t-1"}
COMMENT = {"id": 85000001, "text": "Принято", "type": 1, "author_id": 7, "created": "2026-10-05T08:20:00.000Z"}


@pytest.mark.parametrize(
    ("value", "number"),
    [(5, 5), ("5", 5), (5.0, 5), (" 12 ", 12), (5.5, None), (True, None), (None, None), ("x", None), ("²", None)],
)
def test_ids_come_as_numbers_or_digits(value: object, number: int | None) -> None:
    assert whole(value) == number


def test_times_without_a_zone_are_utc_and_anything_else_is_none() -> None:
    assert moment("2026-07-09T15:18:03.341Z") == datetime(2026, 7, 9, 15, 18, 3, 341000, tzinfo=UTC)
    assert moment("2026-07-09T15:18:03") == datetime(2026, 7, 9, 15, 18, 3, tzinfo=UTC)
    assert moment("2026-07-09T18:18:03+03:00") == datetime(2026, 7, 9, 15, 18, 3, tzinfo=UTC)
    assert [moment(value) for value in (None, 5, "", "вчера")] == [None] * 4


def test_a_card_without_a_version_is_told_apart_by_the_time_of_its_change() -> None:
    bare = {name: value for name, value in CARD.items() if name != "version"}
    before = read_card({**bare, "updated": "2026-10-05T08:20:00.000Z"})
    after = read_card({**bare, "updated": "2026-10-05T08:20:00.001Z"})
    assert before is not None
    assert after is not None
    assert 0 < before.version < after.version
    assert card_seen(before, NOW).key != card_seen(after, NOW).key


@pytest.mark.parametrize(
    ("changes", "gone"),
    [
        ({}, False),
        ({"condition": 1, "archived": False}, False),
        ({"archived": True}, True),
        ({"condition": "2"}, True),
        ({"condition": 3}, True),
        ({"archived": None, "condition": None}, False),
    ],
)
def test_cards_in_the_archive_and_deleted_ones_are_gone(changes: dict[str, object], gone: bool) -> None:
    card = read_card({**CARD, **changes})
    assert card is not None
    seen = card_seen(card, NOW)
    assert seen.gone is gone
    assert seen.key == Key("kaiten:70000101:v3" + (":archived" if gone else ""))
    assert (seen.board, seen.column, seen.lane, seen.version) == ("1", "2", "3", 3)


@pytest.mark.parametrize(("external_id", "ticket"), [("t-1", "t-1"), ("t-1.2", "t-1.2"), (42, "42"), (None, "")])
def test_a_card_names_its_ticket_in_the_very_words_it_was_made_under(external_id: object, ticket: str) -> None:
    card = read_card({**CARD, "external_id": external_id})
    assert card is not None
    assert card.ticket == ticket


def test_a_comment_is_ours_only_with_our_account_and_our_signature() -> None:
    signed = f"**{sign(Key('m'))}Иван**"
    cases = {(7, signed): True, (7, "Иван"): False, (8, signed): False}
    for (author, text), mine in cases.items():
        comment = read_comment({**COMMENT, "author_id": author, "text": text})
        assert comment is not None
        assert comment.mine(7) is mine


def test_an_agents_words_lose_the_signatures_copied_into_them() -> None:
    card = read_card(CARD)
    comment = read_comment({**COMMENT, "text": f"см. {sign(Key('m'))}выше", "author": {"full_name": "Анна"}})
    assert card is not None
    assert comment is not None
    event = commented(card, comment, ())
    assert event.text.plain == "см. выше"
    assert event.author.name == "Анна"


@pytest.mark.parametrize("kind", [{"type": 2}, {"type": 1}, {"type": None}, {}])
@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<p>// между нами</p>", "// между нами"),
        ('<p class="a">раз &amp; два</p><p>три</p>', "раз & два\nтри"),
        ("<ul><li>раз</li></ul>", "• раз"),
    ],
)
def test_what_an_editor_wrote_is_html_whatever_it_is_said_to_be(
    kind: dict[str, object], written: str, read: str
) -> None:
    bare = {name: value for name, value in COMMENT.items() if name != "type"}
    comment = read_comment({**bare, **kind, "text": written})
    assert comment is not None
    assert comment.text.plain == read


@pytest.mark.parametrize("written", ["<пост 3> не работает", "напишите <p>текст</p>", "a < b > c", "<p> или <div>?"])
def test_what_people_type_with_angles_stays_as_it_is(written: str) -> None:
    comment = read_comment({**COMMENT, "text": written})
    assert comment is not None
    assert comment.text.plain == written


def test_a_comment_in_html_is_read_as_html() -> None:
    comment = read_comment({**COMMENT, "type": 2, "text": "<p>да</p>"})
    assert comment is not None
    assert comment.text.plain == "да"


def test_an_empty_comment_is_a_comment() -> None:
    comment = read_comment({**COMMENT, "text": None})
    assert comment is not None
    assert comment.text.plain == ""


def test_what_has_no_id_is_kept_aside_under_a_lasting_key() -> None:
    assert read_card({"title": "x"}) is None
    assert read_comment({"id": 5, "text": "без времени"}) is None
    seen = read_comment({"id": 5, "text": "без времени"}, NOW)
    assert seen is not None
    assert (seen.created, seen.updated) == (NOW, NOW)
    aside = unreadable({"x": "ю"}, "a card without an id")
    assert aside.event is None
    assert aside.raw.isascii()
    assert aside.key == unreadable({"x": "ю"}, "another reason").key


def test_refs_can_be_taken_apart_again() -> None:
    assert ref_numbers(comment_ref(5, 6)) == (5, 6)
    assert ref_numbers(Ref(port="kaiten", id="5")) == (5, None)
    for wrong in (Ref(port="telegram", id="5"), Ref(port="kaiten", id="x"), Ref(port="kaiten", id="5/y")):
        with pytest.raises(ValueError, match="names neither"):
            ref_numbers(wrong)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["id", "data", "old", "event", "author", "card_id", "changes"]), inner, max_size=6
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_nothing_that_is_json_breaks_the_readers(payload: object) -> None:
    assert read_card(payload) is None or read_card(payload) == read_card(payload)
    assert read_comment(payload) is None


@pytest.mark.parametrize(
    ("members", "name"),
    [
        (None, None),
        ([], None),
        ([{"user_id": 7, "full_name": "Анна", "type": 1}], None),
        ([{"user_id": 7, "full_name": "Анна", "type": 2}, {"user_id": 8, "full_name": "Игорь", "type": 1}], "Анна"),
        ([{"user_id": 7, "full_name": "Анна", "type": 2}, {"user_id": 8, "username": "igor", "type": 2}], "igor"),
        ([{"id": "7", "type": "2"}], "user 7"),
        ([{"full_name": "Анна", "type": 2}, "x"], None),
    ],
)
def test_the_responsible_member_is_told_by_name(members: object, name: str | None) -> None:
    card = read_card({**CARD, "members": members})
    assert card is not None
    assert card_seen(card, NOW).responsible == name
