"""The board's own service timers, as far as it tells of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import respx

from connector.domain.refs import Ref
from connector.domain.sheet import Timer
from connector.ports import Unavailable
from tests.adapters.kaiten.conftest import BoardAt

CARD = Ref(port="kaiten", id="7")
BASE = "https://company.kaiten.ru/api/latest"
CALL = f"{BASE}/cards/7/sla-rules-measurements"


async def test_each_rule_tells_what_it_has_counted(board_at: BoardAt) -> None:
    rows: list[Any] = [
        {"rule_id": "a", "actual_time": 90, "completed": "2026-01-01T10:00:00Z"},
        {"rule_id": "b", "actual_time": 1.5, "completed": None},
        {"rule_id": "c", "actual_time": None},
        {"rule_id": "d", "actual_time": True},
        "nonsense",
    ]
    with respx.mock:
        respx.get(CALL).respond(200, json={"calendars": [], "rulesTimeData": rows})
        assert await board_at(BASE).timers(CARD) == (
            Timer(rule="a", counted=timedelta(seconds=90), ended=True),
            Timer(rule="b", counted=timedelta(seconds=1.5), ended=False),
        )


@pytest.mark.parametrize("status", [400, 403, 404])
async def test_a_card_that_is_no_request_of_the_service_desk_has_none(board_at: BoardAt, status: int) -> None:
    with respx.mock:
        respx.get(CALL).respond(status, json={"message": "Only service desk request can have sla time data"})
        assert await board_at(BASE).timers(CARD) is None


async def test_a_board_that_does_not_answer_is_not_taken_for_one_without_timers(board_at: BoardAt) -> None:
    with respx.mock:
        respx.get(CALL).respond(503)
        with pytest.raises(Unavailable):
            await board_at(BASE).timers(CARD)
