"""Outgoing webhooks, and the incoming ones that make cards."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


class Receiver(httpx.AsyncBaseTransport):
    """Somebody's server: keeps what is posted to it."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.headers: list[httpx.Headers] = []
        self.status = 200

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.got.append(json.loads(await request.aread()))
        self.headers.append(request.headers)
        return httpx.Response(self.status)

    @property
    def events(self) -> list[str]:
        return [body["event"] for body in self.got]


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def hooked(open_office: Callable[..., Any], receiver: Receiver) -> Any:
    """A stand-in whose space tells the receiver everything."""
    office = await open_office(rate_limit=10_000, webhook_transport=receiver)
    path = f"/spaces/{office.board['space_id']}/external-webhooks"
    made = await office.bot.post(path, json={"url": "http://receiver.test/secret", "enabled": False})
    assert made.json()["enabled"] is True
    return office


async def settled(office: Any) -> None:
    assert (await office.control.post("/webhooks/idle")).json()["pending"] == 0


async def test_a_new_card_is_told_flat_with_a_short_author_and_no_signature(hooked: Any, receiver: Receiver) -> None:
    card = await hooked.card()
    await settled(hooked)
    (body,) = receiver.got
    assert body["event"] == "card:add"
    assert body["data"]["id"] == card["id"]
    assert "uid" not in body["data"]
    assert set(body["data"]["author"]) == {"id", "full_name", "username", "email"}
    assert not [name for name in receiver.headers[0] if "sign" in name]


async def test_a_move_is_told_as_old_and_changes_without_an_id_on_top(hooked: Any, receiver: Receiver) -> None:
    card = await hooked.card()
    await hooked.anna.patch(f"/cards/{card['id']}", json={"column_id": hooked.column["В работе"]})
    await settled(hooked)
    data = receiver.got[-1]["data"]
    assert set(data) == {"old", "changes", "author"}
    assert (data["old"]["id"], data["old"]["column_id"]) == (card["id"], card["column_id"])
    changes = data["changes"]
    assert (changes["column_id"], changes["state"], changes["version"]) == (hooked.column["В работе"], 2, 2)
    assert data["author"]["full_name"] == "Анна Смирнова"


async def test_a_changed_property_is_told_as_the_whole_object(hooked: Any, receiver: Receiver) -> None:
    fields = await hooked.field_ids()
    card = await hooked.card(properties={fields["Кабинет"]: "1", fields["Клиент"]: "Ольга"})
    await hooked.bot.patch(f"/cards/{card['id']}", json={"properties": {fields["Кабинет"]: "2"}})
    await settled(hooked)
    changed = receiver.got[-1]["data"]["changes"]["properties"]
    assert changed == {fields["Кабинет"]: "2", fields["Клиент"]: "Ольга"}


async def test_comments_tags_members_and_files_have_events_of_their_own(hooked: Any, receiver: Receiver) -> None:
    card = await hooked.card()
    path = f"/cards/{card['id']}"
    anna = (await hooked.anna.get("/users/current")).json()["id"]
    comment = (await hooked.anna.post(f"{path}/comments", json={"text": "было"})).json()
    await hooked.anna.patch(f"{path}/comments/{comment['id']}", json={"text": "стало"})
    await hooked.anna.delete(f"{path}/comments/{comment['id']}")
    tag = (await hooked.bot.post(f"{path}/tags", json={"name": "vip"})).json()
    await hooked.bot.delete(f"{path}/tags/{tag['id']}")
    await hooked.bot.post(f"{path}/members", json={"user_id": anna})
    await hooked.bot.patch(f"{path}/members/{anna}", json={"type": 2})
    await hooked.bot.delete(f"{path}/members/{anna}")
    stored = (await hooked.bot.put(f"{path}/files", files={"file": ("a.txt", b"x")})).json()
    await hooked.bot.delete(f"{path}/files/{stored['id']}")
    await settled(hooked)
    assert receiver.events == [
        "card:add",
        "comment:add",
        "comment:update",
        "comment:remove",
        "tag:add",
        "tag:remove",
        "card_member:add",
        "card_member:update",
        "card_member:remove",
        "file:add",
        "file:remove",
    ]
    by_event = {body["event"]: body["data"] for body in receiver.got}
    assert by_event["comment:add"]["card_id"] == card["id"]
    assert by_event["comment:update"]["old"]["text"] == "было"
    assert by_event["comment:update"]["changes"]["text"] == "стало"
    assert set(by_event["tag:remove"]) == {"id", "card_id", "author"}
    assert by_event["card_member:update"]["changes"] == {"type": 2}
    assert set(by_event["card_member:remove"]) == {"card_id", "user_id", "author"}
    assert by_event["file:add"]["url"] == stored["url"]


async def test_archive_and_deletion_are_card_updates(hooked: Any, receiver: Receiver) -> None:
    card = await hooked.card()
    await hooked.bot.patch(f"/cards/{card['id']}", json={"condition": 2})
    await hooked.bot.delete(f"/cards/{card['id']}")
    await settled(hooked)
    conditions = [body["data"]["changes"]["condition"] for body in receiver.got[1:]]
    assert conditions == [2, 3]
    assert receiver.got[1]["data"]["changes"]["archived"] is True


async def test_an_ignored_change_is_not_told(hooked: Any, receiver: Receiver) -> None:
    card = await hooked.card()
    await hooked.bot.patch(f"/cards/{card['id']}", json={"state": 3})
    await settled(hooked)
    assert receiver.events == ["card:add"]


async def test_events_can_be_doubled_lost_and_swapped(hooked: Any, receiver: Receiver) -> None:
    await hooked.control.post("/settings", json={"webhook_duplicates": 1})
    await hooked.card()
    await settled(hooked)
    assert receiver.events == ["card:add", "card:add"]
    await hooked.control.post("/settings", json={"webhook_duplicates": 0, "webhook_loss": 1})
    await hooked.card()
    await settled(hooked)
    assert len(receiver.got) == 2
    await hooked.control.post(
        "/settings", json={"webhook_loss": 0, "webhook_reorder": True, "webhook_reorder_seconds": 0.05}
    )
    first, second = await hooked.card(title="1"), await hooked.card(title="2")
    await settled(hooked)
    assert [body["data"]["id"] for body in receiver.got[2:]] == [second["id"], first["id"]]


async def test_a_space_has_one_address_which_can_be_switched_off(hooked: Any, receiver: Receiver) -> None:
    path = f"/spaces/{hooked.board['space_id']}/external-webhooks"
    assert (await hooked.bot.post(path, json={"url": "http://other.test"})).status_code == 400
    (webhook,) = (await hooked.bot.get(path)).json()
    await hooked.bot.patch(f"{path}/{webhook['id']}", json={"enabled": False})
    await hooked.card()
    await settled(hooked)
    assert receiver.got == []


async def test_a_refused_delivery_is_not_tried_again(hooked: Any, receiver: Receiver) -> None:
    receiver.status = 500
    await hooked.card()
    await settled(hooked)
    (delivery,) = (await hooked.control.get("/webhooks")).json()
    assert (len(receiver.got), delivery["outcome"]) == (1, "500")


async def test_an_incoming_webhook_makes_a_card_with_tags_members_and_links(office: Any) -> None:
    anna = (await office.anna.get("/users/current")).json()["id"]
    place = {
        "board_id": office.board["id"],
        "column_id": office.column["Очередь"],
        "lane_id": office.lane["Сделать сегодня"],
        "owner_id": anna,
    }
    hook = (await office.bot.post(f"/spaces/{office.board['space_id']}/webhooks", json=place)).json()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(office.app)) as anybody:
        body = {"title": "Заявка", "tags": ["сайт"], "members": [anna], "links": [{"url": "http://a.test"}]}
        answer = await anybody.post(hook["url"], json=body)
    card = await office.read(answer.json())
    assert (card["source"], card["lane_id"]) == ("webhook", office.lane["Сделать сегодня"])
    assert [tag["name"] for tag in card["tags"]] == ["сайт"]
    assert [member["user_id"] for member in card["members"]] == [anna]
    assert [link["url"] for link in card["external_links"]] == ["http://a.test"]


async def test_events_are_really_posted_and_only_after_the_delay(served: tuple[Any, str], serve: Any) -> None:
    app, address = served
    space_id, board_id = (
        next(iter(found)) for found in (app.state.stand_in.company.spaces, app.state.stand_in.company.boards)
    )
    got: list[dict[str, Any]] = []

    async def take(request: Request) -> Response:
        got.append(await request.json())
        return Response()

    receiver = Starlette(routes=[Route("/secret", take, methods=["POST"])])
    headers = {"Authorization": "Bearer sandbox-bot-token"}
    async with serve(receiver) as there, httpx.AsyncClient(base_url=address, headers=headers) as client:
        await client.post(f"/api/latest/spaces/{space_id}/external-webhooks", json={"url": f"{there}/secret"})
        await client.post("/sandbox/settings", json={"webhook_delay_seconds": 0.2})
        card = (await client.post("/api/latest/cards", json={"title": "x", "board_id": board_id})).json()
        assert got == []
        await client.post("/sandbox/webhooks/idle")
    assert [(body["event"], body["data"]["id"]) for body in got] == [("card:add", card["id"])]
