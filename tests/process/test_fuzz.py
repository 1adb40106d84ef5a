"""Whatever is pushed at the webhooks, the daemon says neither more nor less than it must, and goes on."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from connector.web.app import TELEGRAM_SECRET
from tests.bars.crowd import Crowd
from tests.bars.crowd import company as company_of
from tests.process.company import HOOK_SECRET, Company, free_port, stop
from tests.process.test_webhooks import SECRET, _pushed

_words = st.text(max_size=30)
_numbers = st.integers(-(2**70), 2**70) | st.floats()
_leaves = st.none() | st.booleans() | _numbers | _words | st.sampled_from(["\x00", "\ud800", "/start 7", "🤷" * 9])
_json = st.recursive(_leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_words, inner, max_size=3))
_person = {"id": 700_001, "is_bot": False, "first_name": "Кто-то", "language_code": "ru"}
_message = {
    "message_id": 5, "date": 1_790_000_000, "chat": {"id": 700_001, "type": "private", "first_name": "Кто-то"},
    "from": _person, "text": "Не печатает", "entities": [{"type": "bold", "offset": 0, "length": 2}],
}  # fmt: skip
_photo = {"file_id": "a", "file_unique_id": "b", "width": 1, "height": 1}
_UPDATES: tuple[dict[str, Any], ...] = (
    {"update_id": 1, "message": _message},
    {"update_id": 2, "edited_message": {**_message, "edit_date": 1_790_000_001}},
    {"update_id": 3, "message": {**_message, "photo": [_photo]}},
    {"update_id": 4, "callback_query": {"id": "9", "from": _person, "data": "topic:x", "message": _message}},
    {"update_id": 5, "my_chat_member": {
        "chat": _message["chat"], "from": _person, "date": 1_790_000_002,
        "old_chat_member": {"status": "member", "user": _person},
        "new_chat_member": {"status": "kicked", "user": _person, "until_date": 0},
    }},
)  # fmt: skip


def _places(thing: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inner = thing.items() if isinstance(thing, dict) else enumerate(thing) if isinstance(thing, list) else ()
    for key, value in inner:
        yield from _places(value, (*path, key))


@st.composite
def _spoilt_update(draw: st.DrawFn) -> bytes:
    """An update with something else in one or two of its places; another number and another text each time."""
    update: Any = copy.deepcopy(draw(st.sampled_from(_UPDATES)))
    for _ in range(draw(st.integers(1, 2))):
        *way, last = draw(st.sampled_from([path for path in _places(update) if path]))
        inside = update
        for step in way:
            inside = inside[step]
        if isinstance(inside, dict) and draw(st.booleans()):
            del inside[last]
        else:
            inside[last] = draw(_json)
    return json.dumps(update).encode()


_bodies = _spoilt_update() | st.binary(max_size=200) | _json.map(lambda thing: json.dumps(thing).encode())


@pytest.fixture(scope="module")
def pushed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Company, httpx.Client, list[int]]]:
    """A running daemon in webhook mode, and a hand that can push."""
    port, folder = free_port(), tmp_path_factory.mktemp("fuzz")
    company = company_of(folder, rate=200, labels=False)
    company.environment |= _pushed(port) | {"CONNECTOR_WEB__WEBHOOK_SECRET": HOOK_SECRET}
    with company, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as web:
        company.start()
        company.until("the webhook", lambda: company._chat("GET", "/sandbox/state")["webhook"]["url"])
        yield company, web, []


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=_bodies)
def test_any_update_is_taken_without_a_word(pushed: tuple[Company, httpx.Client, list[int]], body: bytes) -> None:
    _, web, _ = pushed
    answer = web.post("/hooks/telegram", content=body, headers={TELEGRAM_SECRET: SECRET})
    assert (answer.status_code, answer.content) == (200, b"")


@settings(max_examples=75, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=_bodies, event=st.sampled_from(["card:update", "comment:add", "tag:remove", "x"]), data=_json)
def test_any_word_of_the_board_is_taken_without_a_word(
    pushed: tuple[Company, httpx.Client, list[int]], body: bytes, event: str, data: object
) -> None:
    _, web, _ = pushed
    for content in (body, json.dumps({"event": event, "data": data}).encode()):
        answer = web.post(f"/hooks/kaiten/{HOOK_SECRET}", content=content)
        assert (answer.status_code, answer.content) == (200, b"")


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(path=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40), secret=st.text(
    st.characters(min_codepoint=33, max_codepoint=126), max_size=40))  # fmt: skip
def test_any_guess_learns_nothing(pushed: tuple[Company, httpx.Client, list[int]], path: str, secret: str) -> None:
    _, web, _ = pushed
    where = httpx.URL("/hooks/" + path.replace("?", "").replace("#", ""))
    for guess in (where, httpx.URL("/hooks/telegram"), httpx.URL(f"/hooks/kaiten/{secret.replace('/', '')}x")):
        answer = web.post(guess, content=b"{}", headers={TELEGRAM_SECRET: secret})
        assert (answer.status_code, answer.content) == (404, b"")


def test_afterwards_everybody_is_served_and_nothing_broke(
    pushed: tuple[Company, httpx.Client, list[int]], tell: Callable[[str], None]
) -> None:
    company, web, _ = pushed
    for number in range(30):  # by itself too this test knows that something was kept aside
        spoilt = json.dumps({"update_id": 9_000_000 + number, "message": {"chat": number}}).encode()
        assert web.post("/hooks/telegram", content=spoilt, headers={TELEGRAM_SECRET: SECRET}).status_code == 200
    crowd = Crowd(company, 2, first=700_010)
    crowd.enter()
    for chat in crowd.chats:
        crowd.write(chat)
    crowd.settle()
    assert stop(company.daemons[-1]) == 0
    engine = create_engine(f"sqlite:///{Path(company.folder)}/connector.db")
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT state, count(*) FROM journal GROUP BY state")).all()
        counts: dict[int, int] = {state: count for state, count in rows}
        without = connection.execute(
            text("SELECT count(*) FROM journal WHERE state = 2 AND (raw IS NULL OR reason IS NULL)")
        ).scalar_one()
    engine.dispose()
    tell(f"fuzzed webhooks: {counts.get(2, 0)} unreadable kept aside, {counts.get(3, 0)} decisions failed")
    assert counts.get(2, 0) > 20
    assert counts.get(3, 0) == 0
    assert counts.get(0, 0) == 0
    assert without == 0
    assert "Traceback" not in company.log()
