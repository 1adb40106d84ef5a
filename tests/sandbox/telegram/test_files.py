"""Files keep their bytes, their limits and their ids, and are never held in memory whole."""

from __future__ import annotations

import asyncio
import base64
import struct
import tempfile
import tracemalloc
from pathlib import Path

import pytest

from sandbox.telegram import samples
from sandbox.telegram.files import DOWNLOAD_LIMIT, PHOTO_LIMIT, UPLOAD_LIMIT, Files, dimensions, sniffed
from tests.sandbox.telegram.stand import ANNA, TOKEN, Stand

MB = 1024 * 1024


async def test_a_declared_size_over_20_mb_cannot_be_fetched(opened: Stand) -> None:
    await opened.sends("document", size=DOWNLOAD_LIMIT + 1, file_name="big.zip", mime="application/zip")
    await opened.sends("document", size=DOWNLOAD_LIMIT, file_name="fits.zip")
    big, fits = [update["message"]["document"] for update in await opened.updates()]
    assert (big["file_name"], big["file_size"], big["mime_type"]) == ("big.zip", DOWNLOAD_LIMIT + 1, "application/zip")
    refusal = await opened.refused("getFile", file_id=big["file_id"])
    assert refusal == (400, "Bad Request: file is too big")
    place = (await opened.call("getFile", file_id=fits["file_id"]))["file_path"]
    async with opened.client.stream("GET", f"/file/bot{TOKEN}/{place}") as answer:
        assert answer.headers["content-length"] == str(DOWNLOAD_LIMIT)


@pytest.mark.parametrize(
    ("method", "part", "size", "status"),
    [
        ("sendDocument", "document", UPLOAD_LIMIT + 1, 413),
        ("sendPhoto", "photo", PHOTO_LIMIT + 1, 413),
        ("sendDocument", "document", PHOTO_LIMIT + 1, 200),
        ("sendDocument", "document", 0, 400),
    ],
)
async def test_uploads_have_their_limits(opened: Stand, method: str, part: str, size: int, status: int) -> None:
    with tempfile.TemporaryFile() as source:
        source.truncate(size)
        answer = await opened.client.post(
            f"/bot{TOKEN}/{method}", data={"chat_id": str(ANNA)}, files={part: ("name.bin", source)}
        )
    assert answer.status_code == status
    if status == 413:
        assert answer.json()["description"] == "Request Entity Too Large"


async def test_a_photo_that_is_no_picture_is_refused(opened: Stand) -> None:
    files = {"photo": ("photo.jpg", b"not a picture")}
    answer = await opened.client.post(f"/bot{TOKEN}/sendPhoto", data={"chat_id": str(ANNA)}, files=files)
    assert answer.json()["description"] == "Bad Request: IMAGE_PROCESS_FAILED"


async def test_a_file_of_one_kind_cannot_be_sent_as_another(opened: Stand) -> None:
    await opened.sends("photo")
    photo = (await opened.updates())[-1]["message"]["photo"][-1]["file_id"]
    refusal = await opened.refused("sendDocument", chat_id=ANNA, document=photo)
    assert refusal == (400, "Bad Request: can't use file of type Photo as Document")


async def test_people_send_given_bytes_in_json_or_multipart(opened: Stand) -> None:
    content = samples.png(30, 20)
    await opened.sends("document", file_base64=base64.b64encode(content).decode(), file_name="a.png")
    answer = await opened.client.post(
        f"/sandbox/chats/{ANNA}/messages",
        data={"kind": "photo", "caption": "c"},
        files={"file": ("b.png", content, "image/png")},
    )
    assert answer.status_code == 200
    document, photo = [update["message"] for update in await opened.updates()]
    assert document["document"]["file_name"] == "a.png"
    assert (photo["photo"][-1]["width"], photo["photo"][-1]["height"]) == (30, 20)
    assert document["document"]["file_unique_id"] == photo["photo"][-1]["file_unique_id"]
    shown = (await opened.transcript())["messages"][-1]["file"]
    page = await opened.client.get(shown["url"])
    assert (page.content, page.headers["content-type"]) == (content, "image/png")
    wrong = await opened.misuse("POST", f"chats/{ANNA}/messages", kind="photo", file_base64="???")
    assert wrong == (400, "file_base64 is not base64")


async def test_downloads_need_the_token_and_a_known_place(opened: Stand) -> None:
    await opened.sends("voice")
    file_id = (await opened.updates())[-1]["message"]["voice"]["file_id"]
    place = (await opened.call("getFile", file_id=file_id))["file_path"]
    quoted = TOKEN.replace(":", "%3A")
    assert (await opened.client.get(f"/file/bot{quoted}/{place}")).status_code == 200
    assert (await opened.client.get(f"/file/bot1:x/{place}")).status_code == 401
    missing = await opened.client.get(f"/file/bot{TOKEN}/voice/nothing.oga")
    assert (missing.status_code, missing.json()["description"]) == (404, "Not Found")


async def test_keeping_a_big_file_takes_little_memory(tmp_path: Path) -> None:
    source = tmp_path / "big"
    with source.open("wb") as target:
        target.truncate(40 * MB)
    files = Files()
    tracemalloc.start()
    try:
        with source.open("rb") as content:
            stored = await files.keep(content, name="big", kind="document")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert stored.size == 40 * MB
    assert peak < 4 * MB


async def test_files_leave_the_disk_with_their_owner() -> None:
    files = Files()
    stored = await files.keep(b"x", name="a", kind="document")
    assert stored.path.read_bytes() == b"x"
    folder = stored.path.parent
    del files
    assert not folder.exists()


@pytest.mark.parametrize(
    ("content", "mime", "size"),
    [
        (samples.jpeg(33, 17), "image/jpeg", (33, 17)),
        (samples.png(5, 7), "image/png", (5, 7)),
        (samples.webp(512, 300), "image/webp", (512, 300)),
        (samples.voice(2), "audio/ogg", (0, 0)),
        (samples.mp3(1), "audio/mpeg", (0, 0)),
        (samples.mp4(3), "video/mp4", (0, 0)),
        (b"", None, (0, 0)),
        (b"\xff\xd8\xff", "image/jpeg", (0, 0)),
    ],
)
def test_samples_are_what_they_say(content: bytes, mime: str | None, size: tuple[int, int]) -> None:
    assert sniffed(content) == mime
    assert dimensions(content) == size


def test_a_voice_sample_is_a_chain_of_ogg_pages_with_fifty_packets_a_second() -> None:
    content, at, packets, last = samples.voice(3), 0, 0, 0
    while at < len(content):
        assert content[at : at + 4] == b"OggS"
        last = struct.unpack_from("<q", content, at + 6)[0]
        count = content[at + 26]
        packets += count
        at += 27 + count + sum(content[at + 27 : at + 27 + count])
    assert (packets, last) == (2 + 150, 3 * 48000)


async def test_files_that_arrive_at_once_keep_places_of_their_own() -> None:
    files = Files()
    contents = [f"content {number}".encode() for number in range(4)]
    kept = await asyncio.gather(*(files.keep(each, name=f"{each!r}.txt", kind="document") for each in contents))
    found = [files.by_place(stored.place) for stored in kept]
    assert [stored.path.read_bytes() if stored else None for stored in found] == contents
