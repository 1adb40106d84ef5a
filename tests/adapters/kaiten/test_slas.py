"""Kaiten's own agreements on cards: what is asked of Kaiten, and what each of its answers means."""

from __future__ import annotations

import json

import pytest
import respx

from adapters.kaiten import KaitenBoard
from connector.domain.effects import AttachSla, BoardEffect, DetachSla, urgency_of
from connector.domain.events import Refusal
from connector.domain.refs import Key, Ref, TicketId
from connector.ports import Order, Rejected, Unavailable
from tests.adapters.kaiten.conftest import BoardAt, Kaiten

SLA = "0f8fad5b-d9cb-469f-a165-70867728950e"
BASE = "https://company.kaiten.ru/api/latest"
CARD = Ref(port="kaiten", id="7")
ON = AttachSla(key=Key("sla"), ticket=TicketId("t-1"), sla=SLA)
OFF = DetachSla(key=Key("sla-off"), ticket=TicketId("t-1"), sla=SLA)


def order(effect: BoardEffect, card: Ref = CARD, attempt: int = 1) -> Order[BoardEffect]:
    return Order(key=effect.key, effect=effect, attempt=attempt, urgency=urgency_of(effect), card=card, made={})


def put(kaiten: Kaiten, **more: object) -> Ref:
    made = kaiten.order(
        "POST", "/cards", {"user": "anna", "board": "Оборудование", "title": "Касса", **more}
    )  # fmt: skip
    assert isinstance(made, dict)
    kaiten.calls()
    return Ref(port="kaiten", id=str(made["id"]))


async def test_it_is_one_call_and_a_repeat_only_looks(kaiten: Kaiten, board: KaitenBoard) -> None:
    card = put(kaiten, service_id=1)
    await board.perform(order(ON, card))
    assert kaiten.calls() == [f"POST /cards/{card.id}/slas"]
    await board.perform(order(ON, card, attempt=2))
    assert kaiten.calls() == [f"GET /cards/{card.id}"]
    await board.perform(order(OFF, card))
    assert kaiten.calls() == [f"DELETE /cards/{card.id}/slas/{SLA}"]
    await board.perform(order(OFF, card, attempt=2))
    assert kaiten.calls() == [f"GET /cards/{card.id}"]


async def test_a_plain_card_is_refused_with_the_words_of_kaiten(kaiten: Kaiten, board: KaitenBoard) -> None:
    with pytest.raises(Rejected, match="Only service desk request can have sla") as no:
        await board.perform(order(ON, put(kaiten)))
    assert no.value.refusal is Refusal.INVALID


@pytest.mark.parametrize(
    ("effect", "status", "refusal"),
    [
        (ON, 400, Refusal.INVALID),
        (ON, 403, Refusal.FORBIDDEN),
        (ON, 404, Refusal.FORBIDDEN),
        (ON, 405, Refusal.INVALID),
        (OFF, 400, Refusal.INVALID),
        (OFF, 403, Refusal.FORBIDDEN),
        (OFF, 405, Refusal.INVALID),
    ],
)
async def test_a_kaiten_that_does_not_take_the_call_refuses_for_good(
    kaiten: Kaiten, board: KaitenBoard, effect: BoardEffect, status: int, refusal: Refusal
) -> None:
    card = put(kaiten, service_id=1)
    kaiten.fault("/slas", status=status)
    with pytest.raises(Rejected) as no:
        await board.perform(order(effect, card))
    assert no.value.refusal is refusal


async def test_what_is_sent_is_the_id_alone(board_at: BoardAt) -> None:
    with respx.mock as web:
        call = web.post(f"{BASE}/cards/7/slas").respond(200, json={"id": SLA})
        assert await board_at(BASE).perform(order(ON)) == ()
        assert json.loads(call.calls.last.request.content) == {"sla_id": SLA}


async def test_taking_off_what_is_not_there_is_done(board_at: BoardAt) -> None:
    with respx.mock as web:
        web.delete(f"{BASE}/cards/7/slas/{SLA}").respond(404, json={"message": "Not found"})
        assert await board_at(BASE).perform(order(OFF)) == ()


@pytest.mark.parametrize("effect", [ON, OFF])
async def test_a_kaiten_that_does_not_answer_is_asked_again_later(board_at: BoardAt, effect: BoardEffect) -> None:
    with respx.mock as web:
        web.route(path__startswith="/api/latest/cards/7/slas").respond(503)
        with pytest.raises(Unavailable) as no:
            await board_at(BASE).perform(order(effect))
    assert not no.value.surely_not_done


@pytest.mark.parametrize("row", [{"sla_id": SLA, "id": 5}, {"id": SLA}])
async def test_a_card_names_what_it_is_under_by_either_id(board_at: BoardAt, row: dict[str, object]) -> None:
    with respx.mock as web:
        web.get(f"{BASE}/cards/7").respond(200, json={"id": 7, "slas": ["nonsense", {"id": None}, row]})
        assert await board_at(BASE).perform(order(ON, attempt=2)) == ()
