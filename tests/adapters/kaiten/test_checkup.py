"""How our account stands with Kaiten: rights, calls and clock, from reads alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import respx

from adapters.kaiten import KaitenBoard
from connector.domain.events import CardSeen
from connector.ports import Unavailable, WrongToken

BASE = "https://company.kaiten.ru/api/latest"
WRITER = "a431ed00-1b32-4cc7-92b6-85e4bc7de40e"
ME = {"id": 5, "full_name": "Telegram", "username": "bot"}
HEADERS = {"X-RateLimit-Limit": "50", "X-RateLimit-Remaining": "48", "Date": "Sat, 22 Nov 2025 12:00:00 GMT"}


@pytest.fixture
def board(board_at: Any, clock: Any) -> KaitenBoard:
    made = board_at(BASE, clock=clock)
    assert isinstance(made, KaitenBoard)
    return made


@respx.mock
async def test_a_checkup_tells_who_may_do_what_where(board: KaitenBoard) -> None:
    respx.get(f"{BASE}/users/current").respond(json=ME, headers=HEADERS)
    respx.get(f"{BASE}/cards", params={"board_id": "17"}).respond(json=[])
    respx.get(f"{BASE}/cards", params={"board_id": "18"}).respond(403)
    respx.get(f"{BASE}/spaces/1/users").respond(json=[{"id": 4}, {"id": 5, "role_id": WRITER}])
    respx.get(f"{BASE}/spaces/2/users").respond(json=[{"user_id": 5, "role_id": "of-their-own"}])
    respx.get(f"{BASE}/spaces/3/users").respond(json=[{"id": 4}])
    respx.get(f"{BASE}/spaces/4/users").respond(403)
    seen = await board.checkup(["17", "18"], ["1", "2", "3", "4"])
    assert seen.who == "Telegram (@bot)"
    assert (seen.limit, seen.remaining) == (50, 48)
    assert seen.skew is not None
    assert (seen.boards["17"], "403" in seen.boards["18"]) == ("", True)
    assert seen.spaces == {"1": "writer", "2": "member", "3": "stranger", "4": ""}
    assert {call.request.method for call in respx.calls} == {"GET"}


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (httpx.Response(401, text="Unauthorized"), WrongToken),
        (httpx.Response(200, text="<html>"), Unavailable),
        (httpx.Response(200, json={}), Unavailable),
        (httpx.Response(404), Unavailable),
    ],
)
@respx.mock
async def test_trouble_is_told_as_ever(board: KaitenBoard, answer: httpx.Response, trouble: type[Exception]) -> None:
    respx.get(f"{BASE}/users/current").mock(return_value=answer)
    with pytest.raises(trouble):
        await board.checkup([], [])


async def test_a_card_kept_aside_is_read_as_today(board: KaitenBoard) -> None:
    at = datetime(2030, 3, 17, tzinfo=UTC)
    read = await board.reread(json.dumps({"id": 11, "external_id": "kc-1", "version": 3, "board_id": 17}), at)
    assert read is not None
    assert isinstance(read.event, CardSeen)
    assert (read.event.card.id, read.event.version, read.event.board) == ("11", 3, "17")
    for raw in ("no JSON", "[]", '{"text": "a comment"}', '{"id": 11}'):
        assert await board.reread(raw, at) is None
