"""What becomes of a card in Kaiten after it was made, call by call against the stand-in."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import respx

from adapters.kaiten import KaitenBoard
from connector.domain.card import with_block
from connector.domain.effects import AssignCard, BoardEffect, ReplaceCard, SetBlock, SetFacts, Spot
from connector.domain.events import CardSeen, Refusal
from connector.domain.refs import Key, Ref
from connector.ports import Rejected, Unavailable
from tests.adapters.kaiten.test_orders import TICKET, create, order

BASE = "https://company.kaiten.ru/api/latest"


@pytest.fixture
async def card(kaiten: Any, board: KaitenBoard) -> Ref:
    (ref,) = await board.perform(order(create(kaiten)))
    kaiten.calls()
    return ref


def block(words: str) -> SetBlock:
    return SetBlock(key=Key("block"), ticket=TICKET, block=words)


def assign(user: object) -> AssignCard:
    return AssignCard(key=Key("assign"), ticket=TICKET, user=str(user))


def put(spot: Spot, due_at: datetime | None = None, *, board: str | None = None) -> ReplaceCard:
    return ReplaceCard(
        key=Key("replace"), ticket=TICKET, topic="cash", service_class="today", board=board, due_at=due_at, spot=spot
    )


def person(kaiten: Any, name: str) -> int:
    return next(int(user["id"]) for user in kaiten.get("/users") if user["full_name"].startswith(name))


# ---- the block in the description


async def test_a_block_is_one_look_and_one_write_and_none_where_it_stands(
    kaiten: Any, board: KaitenBoard, card: Ref
) -> None:
    await board.perform(order(block("№ 1"), card=card))
    assert kaiten.calls() == [f"GET /cards/{card.id}", f"PATCH /cards/{card.id}"]
    await board.perform(order(block("№ 1"), card=card, attempt=2))
    assert kaiten.calls() == [f"GET /cards/{card.id}"]


async def test_a_card_without_a_description_takes_a_block(kaiten: Any, board: KaitenBoard, card: Ref) -> None:
    kaiten.order("PATCH", f"/cards/{card.id}", {"user": "anna", "description": None})
    await board.perform(order(block("№ 1"), card=card))
    assert kaiten.get(f"/cards/{card.id}")["description"] == with_block("", "№ 1")


async def test_what_an_agent_wrote_since_the_last_block_is_kept(kaiten: Any, board: KaitenBoard, card: Ref) -> None:
    await board.perform(order(block("№ 1"), card=card))
    there = kaiten.get(f"/cards/{card.id}")["description"]
    kaiten.order("PATCH", f"/cards/{card.id}", {"user": "anna", "description": f"Звонить после 6\n{there}\nи ещё"})
    await board.perform(order(block("№ 2"), card=card))
    shown = kaiten.get(f"/cards/{card.id}")["description"]
    assert shown == f"Звонить после 6\n{there}\nи ещё".replace("№ 1", "№ 2")


async def test_a_block_that_may_have_been_written_is_compared_first(kaiten: Any, board: KaitenBoard, card: Ref) -> None:
    kaiten.fault(f"/cards/{card.id}$", method="PATCH", times=1, drop="after")
    with pytest.raises(Unavailable) as lost:
        await board.perform(order(block("№ 1"), card=card))
    assert not lost.value.surely_not_done
    version = kaiten.get(f"/cards/{card.id}")["version"]
    await board.perform(order(block("№ 1"), card=card, attempt=2))
    assert kaiten.get(f"/cards/{card.id}")["version"] == version


# ---- who has it


async def test_a_card_is_given_in_two_calls(kaiten: Any, board: KaitenBoard, card: Ref) -> None:
    anna = person(kaiten, "Анна")
    kaiten.calls()
    await board.perform(order(assign(anna), card=card))
    path = f"/cards/{card.id}/members"
    assert kaiten.calls() == [f"POST {path}", f"PATCH {path}/{anna}"]


@pytest.mark.parametrize("status", [400, 409])
async def test_a_member_kaiten_would_not_add_again_becomes_responsible(
    kaiten: Any, board: KaitenBoard, card: Ref, status: int
) -> None:
    anna = person(kaiten, "Анна")
    kaiten.order("POST", f"/cards/{card.id}/members", {"user": "igor", "member": anna})
    kaiten.fault("/members$", method="POST", times=1, status=status, body='{"message": "already"}')
    await board.perform(order(assign(anna), card=card))
    assert [member["type"] for member in kaiten.get(f"/cards/{card.id}/members")] == [2]


@respx.mock
async def test_where_joining_makes_responsible_at_once_no_second_call_is_made(board_at: Any) -> None:
    path = f"{BASE}/cards/5/members"
    joined = respx.post(path).respond(200, json={"user_id": 7, "type": 2})
    appointed = respx.patch(f"{path}/7").respond(200, json={})
    await board_at(BASE).perform(order(assign(7), card=Ref(port="kaiten", id="5")))
    assert json.loads(joined.calls.last.request.content) == {"user_id": 7}
    assert not appointed.called


async def test_a_card_is_not_given_to_whom_nobody_knows(kaiten: Any, board: KaitenBoard, card: Ref) -> None:
    with pytest.raises(Rejected) as refused:
        await board.perform(order(assign(999_999), card=card))
    assert refused.value.refusal is Refusal.FORBIDDEN
    kaiten.calls()
    with pytest.raises(Rejected, match="ids are numbers"):
        await board.perform(order(assign("Анна"), card=card))
    assert kaiten.calls() == []


async def seen(board: KaitenBoard, cursor: str | None, looks: int = 1) -> tuple[str | None, list[CardSeen]]:
    found: list[CardSeen] = []
    for _ in range(looks):
        batch = await board.read(cursor)
        cursor = batch.cursor
        found += [one.event for one in batch.arrivals if isinstance(one.event, CardSeen)]
    return cursor, found


async def test_who_has_a_card_stands_in_the_first_look_at_it(kaiten: Any, board: KaitenBoard) -> None:
    cursor, _ = await seen(board, None)
    await board.perform(order(create(kaiten, responsible=str(person(kaiten, "Игорь")))))
    _, (told,) = await seen(board, cursor)
    assert told.responsible == "Игорь Павлов"


async def test_a_card_given_back_and_forth_is_told_each_time_once(kaiten: Any, board: KaitenBoard, card: Ref) -> None:
    cursor, _ = await seen(board, None, looks=2)
    keys, names = [], []
    for name in ("Анна", "Игорь", "Анна"):
        who = person(kaiten, name)
        kaiten.order("POST", f"/cards/{card.id}/members", {"user": "igor", "member": who, "responsible": True})
        hook = {
            "old": {"card_id": int(card.id), "user_id": who, "type": 1},
            "changes": {"type": 2},
            "author": {"id": 1},
        }
        board.receive(json.dumps({"event": "card_member:update", "data": hook}).encode())
        cursor, told = await seen(board, cursor, looks=3)
        keys += [event.key for event in told]
        names += [event.responsible for event in told]
        assert {event.version for event in told} == {1}
    assert names == ["Анна Смирнова", "Игорь Павлов", "Анна Смирнова"]
    assert len(set(keys)) == 3


async def test_a_person_on_our_own_account_who_takes_a_card_is_told(kaiten: Any, board: KaitenBoard, card: Ref) -> None:
    cursor, _ = await seen(board, None, looks=2)
    us = person(kaiten, "Telegram")
    kaiten.order("POST", f"/cards/{card.id}/members", {"user": "bot", "member": us, "responsible": True})
    hook = {"old": {"card_id": int(card.id), "user_id": us, "type": 1}, "changes": {"type": 2}, "author": {"id": us}}
    board.receive(json.dumps({"event": "card_member:update", "data": hook}).encode())
    _, (told,) = await seen(board, cursor)
    assert told.responsible == "Telegram"


async def test_without_webhooks_who_took_a_card_is_found_by_the_sweep(kaiten: Any, board_at: Any, clock: Any) -> None:
    board = board_at(kaiten.api, clock=clock, poll_seconds=60.0)
    board.watch([known.id for known in (await board.layout([])).boards])
    cursor, _ = await seen(board, None)
    await board.perform(order(create(kaiten)))
    cursor, _ = await seen(board, cursor)
    kaiten.order(
        "POST", "/cards/{}/members".format(kaiten.cards()[0]["id"]),
        {"user": "anna", "member": person(kaiten, "Анна"), "responsible": True},
    )  # fmt: skip
    _, told = await seen(board, cursor, looks=12)
    assert [event.responsible for event in told] == ["Анна Смирнова"]


async def test_a_list_without_members_says_nothing_of_who_has_the_card(board_at: Any) -> None:
    shown = {"id": 5, "external_id": "t-1", "version": 3, "board_id": 1, "column_id": 2}
    holder = {"user_id": 7, "full_name": "Анна", "type": 2}
    with respx.mock:
        board = board_at(BASE)
        board.watch(["1"])
        respx.get(f"{BASE}/users/current").respond(200, json={"id": 1})
        cards = respx.get(f"{BASE}/cards")
        cursor: str | None = None
        told: list[CardSeen] = []
        for payload in ({**shown, "members": [holder]}, shown, {**shown, "members": [holder]}):
            stamp = {"updated": "2026-11-22T09:00:00.000Z", "comments_total": 0}
            cards.respond(200, json=[{**payload, **stamp}])
            cursor, events = await seen(board, cursor, looks=2)
            told += events
    assert {event.responsible for event in told} == {"Анна"}
    assert len(told) == 1


# ---- where it stands


async def test_another_board_and_no_deadline_are_one_call(kaiten: Any, board: KaitenBoard, card: Ref) -> None:
    there = kaiten.get("/spaces")[0]["boards"][1]
    column, lane = there["columns"][0]["id"], there["lanes"][0]["id"]
    kaiten.calls()
    await board.perform(order(put(Spot(board=str(there["id"]), column=str(column), lane=str(lane))), card=card))
    assert kaiten.calls() == [f"PATCH /cards/{card.id}"]
    shown = kaiten.get(f"/cards/{card.id}")
    assert (shown["board_id"], shown["column_id"], shown["lane_id"]) == (there["id"], column, lane)
    assert (shown["due_date"], shown["due_date_time_present"]) == (None, False)


async def test_a_deadline_is_set_to_the_minute_as_for_a_new_card(kaiten: Any, board: KaitenBoard, card: Ref) -> None:
    here = kaiten.get(f"/cards/{card.id}")
    due = datetime(2027, 1, 2, 3, 4, tzinfo=UTC)
    await board.perform(order(put(Spot(board=str(here["board_id"]), lane=str(here["lane_id"])), due), card=card))
    shown = kaiten.get(f"/cards/{card.id}")
    assert (shown["due_date"], shown["due_date_time_present"]) == ("2027-01-02T03:04:00.000Z", True)
    assert shown["column_id"] == here["column_id"]


async def test_on_its_own_board_the_lane_alone_is_named(board_at: Any) -> None:
    with respx.mock:
        changed = respx.patch(f"{BASE}/cards/5").respond(200, json={"id": 5})
        effect = put(Spot(board="1", lane="3"), board="1")
        await board_at(BASE).perform(order(effect, card=Ref(port="kaiten", id="5")))
    body = json.loads(changed.calls.last.request.content)
    assert body == {"lane_id": 3, "due_date": None, "due_date_time_present": False}


async def test_a_lane_of_another_board_is_refused_and_the_card_stays(
    kaiten: Any, board: KaitenBoard, card: Ref
) -> None:
    here = kaiten.get(f"/cards/{card.id}")
    there = kaiten.get("/spaces")[0]["boards"][1]
    with pytest.raises(Rejected) as refused:
        await board.perform(order(put(Spot(board=str(here["board_id"]), lane=str(there["lanes"][0]["id"]))), card=card))
    assert refused.value.refusal is Refusal.INVALID
    assert kaiten.get(f"/cards/{card.id}")["lane_id"] == here["lane_id"]


# ---- its fields


async def field(kaiten: Any, board: KaitenBoard, **about: object) -> str:
    """A new field of the company, known to the board."""
    headers = {"Authorization": "Bearer sandbox-bot-token"}
    made = kaiten.client.post("/api/latest/company/custom-properties", json=about, headers=headers).json()
    await board.layout([])
    return str(made["id"])


@pytest.mark.parametrize(
    ("kind", "text", "stored"),
    [
        ("number", "1 234,5", 1234.5),
        ("date", "31.01.2026", {"date": "2026-01-31", "time": None, "tzOffset": None}),
        ("checkbox", "да", True),
        ("email", "a@b.example", "a@b.example"),
        ("phone", "+79990001122", "+79990001122"),
    ],
)
async def test_a_fact_stands_in_a_field_as_its_kind_wants_it(
    kaiten: Any, board: KaitenBoard, card: Ref, kind: str, text: str, stored: object
) -> None:
    number = await field(kaiten, board, name="Поле", type=kind)
    await board.perform(order(facts({number: text}), card=card))
    assert kaiten.get(f"/cards/{card.id}")["properties"] == {f"id_{number}": stored}


@pytest.mark.parametrize("name", ["игорь павлов", "@telegram_bot"])
async def test_a_field_for_people_takes_them_by_name(kaiten: Any, board: KaitenBoard, card: Ref, name: str) -> None:
    number = await field(kaiten, board, name="Куратор", type="user")
    await board.perform(order(facts({number: name}), card=card))
    meant = person(kaiten, "Игорь" if name.startswith("игорь") else "Telegram")
    shown = kaiten.client.get(
        f"/api/latest/cards/{card.id}?broken_api=false", headers={"Authorization": "Bearer sandbox-bot-token"}
    ).json()
    assert shown["properties"] == {f"id_{number}": [meant]}


async def test_a_field_taken_away_since_the_layout_was_read_costs_no_card(
    kaiten: Any, board: KaitenBoard, caplog: pytest.LogCaptureFixture
) -> None:
    (ref,) = await board.perform(order(create(kaiten, fields={"999999": "тайна"})))
    assert kaiten.get(f"/cards/{ref.id}")["properties"] is None
    assert "card t-1: made without its fields" in caplog.text
    assert "тайна" not in caplog.text


@pytest.mark.parametrize("status", [400, 403])
async def test_a_responsible_person_whom_kaiten_refuses_costs_no_card(
    kaiten: Any, board: KaitenBoard, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    anna = str(person(kaiten, "Анна"))
    kaiten.fault("/cards$", method="POST", status=status)
    (ref,) = await board.perform(order(create(kaiten, responsible=anna)))
    assert kaiten.get(f"/cards/{ref.id}")["members"] == []
    assert "card t-1: made without who is responsible" in caplog.text


async def test_a_card_that_is_refused_for_another_reason_is_refused_with_that_reason(
    kaiten: Any, board: KaitenBoard
) -> None:
    kaiten.fault("/cards$", method="POST", status=403, body={"message": "no right on this board"}, times=None)
    with pytest.raises(Rejected, match=r"403.*no right on this board"):
        await board.perform(order(create(kaiten, responsible="5", fields={"999999": "тайна"})))
    assert kaiten.cards() == []


def facts(values: dict[str, str]) -> BoardEffect:
    return SetFacts(key=Key("facts"), ticket=TICKET, facts={}, fields=values)


# ---- where people see it


@pytest.mark.parametrize(
    ("base", "link"),
    [
        (BASE, "https://company.kaiten.ru/70000101"),
        ("https://kaiten.example:8443/work/api/v1/", "https://kaiten.example:8443/work/70000101"),
        ("https://company.kaiten.ru", "https://company.kaiten.ru/70000101"),
    ],
)
async def test_a_card_has_a_page_of_its_own(board_at: Any, base: str, link: str) -> None:
    board = board_at(base)
    assert board.link(Ref(port="kaiten", id="70000101")) == link
    assert board.link(Ref(port="kaiten", id="70000101/5")) == link
    assert board.link(Ref(port="telegram", id="70000101")) is None
