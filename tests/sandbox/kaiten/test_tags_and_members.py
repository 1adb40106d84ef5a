"""Tags and members of a card."""

from typing import Any


async def test_a_tag_is_made_when_missing_and_known_by_its_name(office: Any) -> None:
    one, other = await office.card(), await office.card()
    first = (await office.bot.post(f"/cards/{one['id']}/tags", json={"name": "vip"})).json()
    again = (await office.bot.post(f"/cards/{one['id']}/tags", json={"name": "vip"})).json()
    shared = (await office.bot.post(f"/cards/{other['id']}/tags", json={"name": "vip"})).json()
    assert first["id"] == again["id"] == shared["id"]
    assert 1 <= first["color"] <= 17
    (tag,) = (await office.bot.get(f"/cards/{one['id']}/tags")).json()
    assert (tag["name"], tag["tag_id"], tag["card_id"]) == ("vip", first["id"], one["id"])
    assert (await office.read(one))["version"] == 2


async def test_a_tag_no_card_carries_is_hidden(office: Any) -> None:
    made = (await office.bot.post("/tags", json={"name": "vip"})).json()
    assert (await office.bot.get("/tags")).json() == []
    card = await office.card()
    await office.bot.post(f"/cards/{card['id']}/tags", json={"name": "vip"})
    assert [tag["id"] for tag in (await office.bot.get("/tags", params={"query": "VI"})).json()] == [made["id"]]
    removed = await office.bot.delete(f"/cards/{card['id']}/tags/{made['id']}")
    assert removed.json() == {"id": made["id"]}
    assert (await office.bot.get("/tags")).json() == []
    assert (await office.read(card))["tag_ids"] is None


async def test_a_tag_without_a_name_is_a_400(office: Any) -> None:
    card = await office.card()
    answer = await office.bot.post(f"/cards/{card['id']}/tags", json={"title": "vip"})
    assert (answer.status_code, answer.json()) == (400, {"message": "Tag should have required property 'name'"})


async def test_a_member_joins_becomes_responsible_and_leaves_without_a_bump(office: Any) -> None:
    card = await office.card()
    anna, igor = [(await client.get("/users/current")).json()["id"] for client in (office.anna, office.igor)]
    path = f"/cards/{card['id']}/members"
    joined = (await office.bot.post(path, json={"user_id": anna, "type": 2})).json()
    assert (joined["user_id"], joined["type"], joined["full_name"]) == (anna, 1, "Анна Смирнова")
    await office.bot.post(path, json={"user_id": igor})
    assert (await office.bot.patch(f"{path}/{anna}", json={"type": 2})).json()["type"] == 2
    await office.bot.patch(f"{path}/{igor}", json={"type": 2})
    found = (await office.bot.get(path)).json()
    assert {member["user_id"]: member["type"] for member in found} == {anna: 1, igor: 2}
    assert (await office.bot.delete(f"{path}/{igor}")).json() == {"id": igor}
    after = await office.read(card)
    assert [member["user_id"] for member in after["members"]] == [anna]
    assert (after["version"], after["updated"]) == (1, card["updated"])


async def test_nobody_unknown_becomes_a_member(office: Any) -> None:
    card = await office.card()
    assert (await office.bot.post(f"/cards/{card['id']}/members", json={"user_id": 5})).status_code == 403
    assert (await office.bot.patch(f"/cards/{card['id']}/members/5", json={"type": 2})).status_code == 404
