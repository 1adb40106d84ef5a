"""The stream of changes, over a real connection."""

import asyncio
import json
from typing import Any

import httpx


async def test_every_change_is_one_event_and_a_reader_can_start_behind_any(served: tuple[Any, str]) -> None:
    app, address = served
    board_id = next(iter(app.state.stand_in.company.boards))
    headers = {"Authorization": "Bearer sandbox-bot-token"}
    async with httpx.AsyncClient(base_url=address, headers=headers) as client, asyncio.timeout(10):
        cards = "/api/latest/cards"
        card = (await client.post(cards, json={"title": "x", "board_id": board_id})).json()
        seen: list[dict[str, Any]] = []
        async with client.stream("GET", "/sandbox/stream", params={"since": 0}) as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            lines = stream.aiter_lines()
            await client.post(f"{cards}/{card['id']}/comments", json={"text": "?"})
            async for line in lines:
                if line.startswith("data: "):
                    seen.append(json.loads(line.removeprefix("data: ")))
                if len(seen) == 2:
                    break
    assert [(change["seq"], change["event"], change["card_id"]) for change in seen] == [
        (1, "card:add", card["id"]),
        (2, "comment:add", card["id"]),
    ]
