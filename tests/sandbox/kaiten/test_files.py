"""Files of a card, public and restricted."""

from typing import Any

import httpx
import pytest


@pytest.fixture
async def anybody(office: Any) -> Any:
    """A reader without a token."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(office.app)) as client:
        yield client


async def test_a_legacy_file_is_readable_by_anybody_who_has_its_address(office: Any, anybody: Any) -> None:
    card = await office.card()
    answer = await office.bot.put(
        f"/cards/{card['id']}/files", files={"file": ("касса.jpg", b"bytes" * 500_000, "image/jpeg")}
    )
    stored = answer.json()
    assert (stored["name"], stored["size"], stored["type"]) == ("касса.jpg", 2_500_000, 1)
    assert (stored["card_id"], stored["mime_type"]) == (card["id"], "image/jpeg")
    assert stored["url"].startswith("http://kaiten.test/files/")
    assert stored["url"].endswith(".jpg")
    read = await anybody.get(stored["url"])
    assert read.content == b"bytes" * 500_000
    assert (await office.bot.delete(f"/cards/{card['id']}/files/{stored['id']}")).json() == {"id": stored["id"]}
    assert (await anybody.get(stored["url"])).status_code == 404
    assert (await office.read(card))["files"] == []


async def test_a_restricted_file_is_read_by_a_signed_address_of_some_seconds(
    office: Any, anybody: Any, clock: Any
) -> None:
    card = await office.card()
    path = f"/cards/{card['uid']}/files"
    stored = (await office.bot.post(path, files={"file": ("a.pdf", b"secret", "application/pdf")})).json()
    assert (stored["size"], stored["entity_type"], stored["card_uid"]) == ("6", "card", card["uid"])
    assert "url" not in stored
    (listed,) = (await office.read(card))["files"]
    assert (listed["id"], listed["type"], listed["url"]) == (stored["id"], 11, None)
    signed = (await office.bot.get(f"{path}/{stored['id']}")).json()["url"]
    assert (await anybody.get(signed)).content == b"secret"
    assert (await office.bot.get(signed)).status_code == 400  # with the token
    assert (await anybody.get(signed[:-1])).status_code == 403
    clock.pass_time(16)
    assert (await anybody.get(signed)).status_code == 403


@pytest.mark.parametrize("variant", ["?redirect=true", "?download=true", "/content", "?response_type=inline"])
async def test_the_redirect_variants_lead_to_the_bytes(office: Any, anybody: Any, variant: str) -> None:
    card = await office.card()
    path = f"/cards/{card['uid']}/files"
    stored = (await office.bot.post(path, files={"file": ("a.txt", b"secret")})).json()
    answer = await office.bot.get(f"{path}/{stored['id']}{variant}")
    assert answer.status_code == 302
    assert (await anybody.get(answer.headers["location"])).content == b"secret"


async def test_a_restricted_file_of_a_comment_names_the_comment(office: Any) -> None:
    card = await office.card()
    comment = (await office.bot.post(f"/cards/{card['id']}/comments", json={"text": "?"})).json()
    path = f"/cards/{card['uid']}/comments/{comment['uid']}/files"
    stored = (await office.bot.post(path, files={"file": ("a.txt", b"x")})).json()
    assert (stored["entity_type"], stored["comment_uid"]) == ("comment", comment["uid"])
    (listed,) = (await office.read(card))["files"]
    assert listed["comment_id"] == comment["id"]
    new = await office.bot.post(f"/cards/{card['uid']}/comments/new/files", files={"file": ("b.txt", b"x")})
    assert (new.json()["entity_type"], new.json()["comment_uid"]) == ("comment", None)
    missing = await office.bot.post(f"/cards/{card['uid']}/comments/none/files", files={"file": ("b", b"x")})
    assert missing.status_code == 404


async def test_a_number_on_the_restricted_route_makes_a_public_file_in_silence(office: Any) -> None:
    card = await office.card()
    answer = await office.bot.post(f"/cards/{card['id']}/files", files={"file": ("a.txt", b"x")})
    assert isinstance(answer.json()["id"], int)
    assert answer.json()["url"]


async def test_where_legacy_upload_is_off_only_the_restricted_route_takes_files(office: Any) -> None:
    await office.control.post("/settings", json={"legacy_files": False})
    card = await office.card()
    for answer in (
        await office.bot.put(f"/cards/{card['id']}/files", files={"file": ("a.txt", b"x")}),
        await office.bot.post(f"/cards/{card['id']}/files", files={"file": ("a.txt", b"x")}),
    ):
        assert answer.status_code == 403
        assert answer.json()["code"] == "PUBLIC_API_LEGACY_FILE_UPLOAD_DISABLED"
    assert (await office.bot.post(f"/cards/{card['uid']}/files", files={"file": ("a.txt", b"x")})).status_code == 200


async def test_too_large_and_malicious_files_are_refused(office: Any) -> None:
    await office.control.post("/settings", json={"upload_limit_bytes": 3, "malicious_names": ["eicar.com"]})
    card = await office.card()
    path = f"/cards/{card['uid']}/files"
    assert (await office.bot.post(path, files={"file": ("a.txt", b"four")})).status_code == 413
    assert (await office.bot.post(path, files={"file": ("eicar.com", b"x")})).status_code == 422
    assert (await office.bot.post(path, files={"file": ("a.txt", b"3 b")})).status_code == 200


async def test_an_upload_without_a_file_is_a_400(office: Any) -> None:
    card = await office.card()
    answer = await office.bot.put(f"/cards/{card['id']}/files", files={"document": ("a.txt", b"x")})
    assert answer.status_code == 400
