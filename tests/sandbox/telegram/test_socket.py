"""Over a real socket: the library, files, cut connections and the stream of changes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from telegram import Bot, InputMediaPhoto
from telegram.error import NetworkError

from sandbox.telegram import app, samples

TOKEN = "4242:stand-in_TOKEN"
ANNA = 7001


@pytest.fixture
async def address() -> AsyncIterator[str]:
    config = uvicorn.Config(app(TOKEN), port=0, log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 (uvicorn offers nothing to wait for)
        await asyncio.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await serving


@pytest.fixture
async def control(address: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"{address}/sandbox", trust_env=False) as client:
        await client.post("/users", json={"id": ANNA, "first_name": "Anna"})
        await client.post(f"/chats/{ANNA}/messages", json={"text": "/start"})
        yield client


@asynccontextmanager
async def _bot(address: str) -> AsyncIterator[Bot]:
    async with Bot(TOKEN, base_url=f"{address}/bot", base_file_url=f"{address}/file/bot") as bot:
        yield bot


async def test_the_library_polls_sends_and_downloads(address: str, control: httpx.AsyncClient, tmp_path: Path) -> None:
    picture = samples.jpeg(400, 300)
    async with _bot(address) as bot:
        first = (await bot.get_updates())[0]
        waiting = asyncio.create_task(bot.get_updates(offset=first.update_id + 1, timeout=20))
        await asyncio.sleep(0.05)
        await control.post(f"/chats/{ANNA}/messages", json={"kind": "voice"})
        voice = (await asyncio.wait_for(waiting, 10))[0].message
        assert voice is not None
        assert voice.voice is not None
        file = await bot.get_file(voice.voice.file_id)
        await file.download_to_drive(tmp_path / "voice.oga")
        assert (tmp_path / "voice.oga").read_bytes().startswith(b"OggS")
        album = await bot.send_media_group(ANNA, [InputMediaPhoto(picture), InputMediaPhoto(picture)])
        assert [message.message_id for message in album] == [3, 4]
        document = await bot.send_document(ANNA, bytes(5 << 20), filename="zeros.bin")
        assert document.document is not None
        assert document.document.file_size == 5 << 20
        back = await bot.get_file(document.document.file_id)
        assert bytes(await back.download_as_bytearray()) == bytes(5 << 20)
    shown = (await control.get(f"/chats/{ANNA}")).json()["messages"][2]["file"]
    assert (await control.get(address + shown["url"])).content == picture


@pytest.mark.parametrize(("drop", "messages"), [("before", 1), ("after", 2)])
async def test_a_drop_closes_the_connection_without_a_byte(
    address: str, control: httpx.AsyncClient, drop: str, messages: int
) -> None:
    await control.post("/faults", json={"method": "sendMessage", "drop": drop})
    body = json.dumps({"chat_id": ANNA, "text": "hi"}).encode()
    head = f"POST /bot{TOKEN}/sendMessage HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
    writer.write(head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
    try:
        assert await asyncio.wait_for(reader.read(), 5) == b""
    except ConnectionResetError:
        pass  # just as empty
    finally:
        writer.close()
    assert len((await control.get(f"/chats/{ANNA}")).json()["messages"]) == messages


async def test_a_drop_is_a_network_error_for_the_library_and_the_next_call_works(
    address: str, control: httpx.AsyncClient
) -> None:
    await control.post("/faults", json={"method": "sendPhoto", "drop": "after"})
    async with _bot(address) as bot:
        with pytest.raises(NetworkError):
            await bot.send_photo(ANNA, samples.jpeg(100, 100))
        assert (await bot.send_message(ANNA, "still here")).message_id == 3


async def test_a_download_can_break_off_in_the_middle(address: str, control: httpx.AsyncClient) -> None:
    size = 3 << 20
    await control.post(f"/chats/{ANNA}/messages", json={"kind": "document", "size": size})
    await control.post("/faults", json={"method": "download", "drop": "after"})
    async with _bot(address) as bot:
        message = (await bot.get_updates())[1].message
        assert message is not None
        assert message.document is not None
        file = await bot.get_file(message.document.file_id)
        assert file.file_path is not None
        got = 0
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):  # noqa: PT012 (the loop is what breaks)
            async with httpx.AsyncClient(trust_env=False) as client, client.stream("GET", file.file_path) as answer:
                async for piece in answer.aiter_bytes():
                    got += len(piece)
        assert 0 < got < size


async def test_a_page_can_follow_what_happens(address: str, control: httpx.AsyncClient) -> None:
    async with control.stream("GET", "/stream") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.aiter_lines()
        assert await anext(lines) == ": listening"
        await control.post(f"/chats/{ANNA}/messages", json={"text": "live"})
        while not (line := await asyncio.wait_for(anext(lines), 5)).startswith("data: "):
            pass
        change = json.loads(line.removeprefix("data: "))
    assert (change["change"], change["chat_id"], change["message_id"]) == ("message", ANNA, 2)


async def test_another_origin_may_read_it(control: httpx.AsyncClient) -> None:
    answer = await control.get("/state", headers={"Origin": "http://127.0.0.1:8000"})
    assert answer.headers["access-control-allow-origin"] == "*"
