"""Webhooks as hints where to look."""

from __future__ import annotations

import pytest
from hypothesis import given

from adapters.kaiten.hints import Hint, hints
from tests.adapters.kaiten.test_incoming import JSON

AUTHOR = {"id": 7, "full_name": "Анна"}


@pytest.mark.parametrize(
    ("event", "data", "hint"),
    [
        ("card:add", {"id": 1}, Hint(card=1, kind="card:add", author=7)),
        (
            "card:update",
            {"old": {"id": 1}, "changes": {"column_id": 5}},
            Hint(card=1, kind="card:update", author=7),
        ),
        (
            "card:update",
            {"old": {"id": 1}, "changes": {"condition": 2, "archived": True}},
            Hint(card=1, kind="card:update", author=7, shelved=True),
        ),
        ("comment:add", {"id": 9, "card_id": 1}, Hint(card=1, kind="comment:add", comment=9, author=7)),
        (
            "comment:update",
            {"old": {"id": 9, "card_id": 1}, "changes": {"text": "x"}},
            Hint(card=1, kind="comment:update", comment=9, author=7),
        ),
        ("comment:remove", {"id": 9, "card_id": 1}, Hint(card=1, kind="comment:remove", comment=9, author=7)),
        ("file:add", {"id": 3, "card_id": 1, "comment_id": 9}, Hint(card=1, kind="file:add", comment=9, author=7)),
        (
            "card_member:update",
            {"old": {"card_id": 1, "user_id": 8, "type": 1}, "changes": {"type": 2}},
            Hint(card=1, kind="card_member:update", author=7),
        ),
        ("card_member:remove", {"card_id": 1, "user_id": 8}, Hint(card=1, kind="card_member:remove", author=7)),
        ("tag:remove", {"id": 3, "card_id": 1}, Hint(card=1, kind="tag:remove", author=7)),
        ("space:update", {"old": {"id": 3}, "changes": {}}, None),
        ("board:add", {"id": 3}, None),
    ],
)
def test_webhooks_say_where_to_look(event: str, data: dict[str, object], hint: Hint | None) -> None:
    assert hints({"event": event, "data": {**data, "author": AUTHOR}}) == (() if hint is None else (hint,))


@given(JSON)
def test_nothing_that_is_json_breaks_the_reading_of_a_webhook(payload: object) -> None:
    assert isinstance(hints(payload), tuple)
