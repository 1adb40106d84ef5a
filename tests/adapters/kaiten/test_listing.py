"""Lists of cards read page by page from servers that keep order, or do not."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.kaiten.listing import Lead, commented_since, newest, updated_since
from adapters.kaiten.outgoing import timestamp

START = datetime(2026, 11, 1, tzinfo=UTC)
BEFORE_ALL = START - timedelta(days=1)


class Shelf:
    """The part of a trip the lists use, over cards in memory; `between` happens after each answer."""

    def __init__(self, cards: list[dict[str, Any]], *, nulls_first: bool = False, ordered: bool = True) -> None:
        self.cards = cards
        self.calls = 0
        self.between: Callable[[], None] = lambda: None
        self._nulls_first = nulls_first
        self._ordered = ordered

    def is_last(self, path: str, count: int) -> bool:
        return count < 100

    async def get(self, path: str, params: Any = None) -> object:
        self.calls += 1
        found = [dict(card) for card in self.cards if card["updated"] >= params.get("updated_after", "")]
        name = params["order_by"]
        if self._ordered:
            down = params["order_direction"] == "desc"
            valued = sorted(
                (card for card in found if card[name]), key=lambda card: (card[name], card["id"]), reverse=down
            )
            empty = [card for card in found if not card[name]]
            found = empty + valued if self._nulls_first and down else valued + empty
        offset = params.get("offset", 0)
        page = found[offset : offset + params["limit"]]
        self.between()
        return page


def cards(count: int, *, step: float = 1.0, comment_every: int = 0) -> list[dict[str, Any]]:
    return [
        {
            "id": number,
            "version": 1,
            "updated": timestamp(START + timedelta(seconds=number * step)),
            "comment_last_added_at": timestamp(START + timedelta(seconds=number))
            if comment_every and number % comment_every == 0
            else None,
        }
        for number in range(count)
    ]


def ids(found: list[object]) -> set[int]:
    return {card["id"] for card in found if isinstance(card, dict)}


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("step", [1.0, 0.0])
async def test_every_changed_card_is_found_whatever_the_server_does_with_the_order(ordered: bool, step: float) -> None:
    shelf = Shelf(cards(350, step=step), ordered=ordered)
    found = await updated_since(shelf, "space:1", BEFORE_ALL, archived=False)  # type: ignore[arg-type]  # as much of a trip as is asked for
    assert ids(found) == set(range(350))
    assert shelf.calls <= 6


async def test_a_card_that_changes_while_the_list_is_read_hides_no_other() -> None:
    shelf = Shelf(cards(250))

    def between() -> None:
        late = START + timedelta(hours=1, seconds=shelf.calls)
        shelf.cards[shelf.calls].update(updated=timestamp(late), version=2)

    shelf.between = between
    found = await updated_since(shelf, "space:1", BEFORE_ALL, archived=False)  # type: ignore[arg-type]  # as much of a trip as is asked for
    assert ids(found) == set(range(250))


async def test_comments_are_looked_for_only_as_far_as_needed_where_the_order_holds() -> None:
    shelf = Shelf(cards(500, comment_every=1))
    found = await commented_since(shelf, "space:1", START + timedelta(seconds=490), archived=False)  # type: ignore[arg-type]  # as much of a trip as is asked for
    assert ids(found) == set(range(490, 500))
    assert shelf.calls == 1


@pytest.mark.parametrize("nulls_first", [True, False])
async def test_cards_without_comments_hide_none_wherever_they_stand(nulls_first: bool) -> None:
    shelf = Shelf(cards(500, comment_every=50), nulls_first=nulls_first)
    found = await commented_since(shelf, "space:1", START + timedelta(seconds=300), archived=False)  # type: ignore[arg-type]  # as much of a trip as is asked for
    assert ids(found) == {300, 350, 400, 450}
    assert shelf.calls == (5 if nulls_first else 1)


@pytest.mark.parametrize("count", [0, 99, 100, 101, 200])
async def test_a_list_may_end_where_a_page_does(count: int) -> None:
    shelf = Shelf(cards(count, comment_every=1))
    found = await commented_since(shelf, "space:1", BEFORE_ALL, archived=False)  # type: ignore[arg-type]  # as much of a trip as is asked for
    assert ids(found) == set(range(count))
    shelf.calls = 0
    changed = await updated_since(shelf, "space:1", BEFORE_ALL, archived=False)  # type: ignore[arg-type]  # as much of a trip as is asked for
    assert ids(changed) == set(range(count))
    assert shelf.calls <= count // 100 + 2


async def test_what_stands_before_the_first_comment_is_read_again_now_and_then_only() -> None:
    shelf, lead = Shelf(cards(500, comment_every=50), nulls_first=True), Lead()

    async def look(since: int, *, thorough: bool = False) -> tuple[set[int], int]:
        shelf.calls = 0
        at = START + timedelta(seconds=since)
        found = await commented_since(shelf, "space:1", at, archived=False, thorough=thorough, lead=lead)  # type: ignore[arg-type]  # as much of a trip as is asked for
        return ids(found), shelf.calls

    assert await look(300) == ({300, 350, 400, 450}, 6)  # with a look at the other end of the list
    assert await look(400) == ({400, 450}, 1)
    shelf.cards[7]["comment_last_added_at"] = timestamp(START + timedelta(seconds=600))
    assert await look(500) == ({7}, 1)
    for number in range(100, 140):  # more than are read again: those before must be read too
        shelf.cards[number]["comment_last_added_at"] = timestamp(START + timedelta(seconds=700))
    found, calls = await look(700)
    assert (found, calls > 2) == (set(range(100, 140)), True)
    assert await look(700) == (found, 1)
    assert await look(700, thorough=True) == (found, 5)


async def test_where_the_server_only_seems_to_keep_order_a_thorough_look_finds_what_was_passed_over() -> None:
    listed = cards(130)
    listed[129]["comment_last_added_at"] = timestamp(START)
    shelf, lead = Shelf(listed, ordered=False), Lead()
    for thorough in (True, False):
        await commented_since(shelf, "space:1", BEFORE_ALL, archived=False, thorough=thorough, lead=lead)  # type: ignore[arg-type]  # as much of a trip as is asked for
    since = START + timedelta(seconds=1)
    listed[5]["comment_last_added_at"] = timestamp(since)
    for thorough, told in ((False, set()), (True, {5})):
        found = await commented_since(shelf, "space:1", since, archived=False, thorough=thorough, lead=lead)  # type: ignore[arg-type]  # as much of a trip as is asked for
        assert ids(found) == told


@given(st.integers(0, 400), st.booleans(), st.integers(0, 450), st.randoms(use_true_random=False))
async def test_no_comment_is_missed_on_a_server_that_ignores_order(
    count: int, shuffled: bool, since: int, dice: random.Random
) -> None:
    listed = cards(count, comment_every=3)
    if shuffled:
        dice.shuffle(listed)
    shelf = Shelf(listed, ordered=False)
    found = await commented_since(shelf, "space:1", START + timedelta(seconds=since), archived=False)  # type: ignore[arg-type]  # as much of a trip as is asked for
    assert ids(found) == {number for number in range(since, count) if number % 3 == 0}


async def test_the_newest_moment_of_an_empty_place_is_long_ago() -> None:
    assert (await newest(Shelf([]), "board:1", "updated", archived=False)).year == 2000  # type: ignore[arg-type]  # as much of a trip as is asked for
    there = await newest(Shelf(cards(5)), "board:1", "updated", archived=False)  # type: ignore[arg-type]  # as much of a trip as is asked for
    assert there == START + timedelta(seconds=4)
