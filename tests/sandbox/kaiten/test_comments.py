"""Comments of a card."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest


def slowly(body: bytes, meanwhile: Callable[[], Awaitable[object]]) -> AsyncIterator[bytes]:
    """A body whose second half is sent only after something else was done."""

    async def halves() -> AsyncIterator[bytes]:
        yield body[: len(body) // 2]
        await meanwhile()
        yield body[len(body) // 2 :]

    return halves()


FORM = (
    '--limit\r\nContent-Disposition: form-data; name="text"\r\n\r\nФото\r\n'
    '--limit\r\nContent-Disposition: form-data; name="files[]"; filename="a.txt"\r\n\r\nкасса\r\n--limit--\r\n'
).encode()


@pytest.mark.parametrize(
    ("path", "kind", "body"),
    [
        ("/cards/{card}/tags", "application/json", b'{"name": "urgent"}'),
        ("/cards/{card}/external-links", "application/json", b'{"url": "https://example.test/"}'),
        ("/cards/{card}/members", "application/json", b'{"user_id": 1060002}'),
        ("/cards/{card}/comments", "application/json", b'{"text": "words"}'),
        ("/cards/{card}/comments", "multipart/form-data; boundary=limit", FORM),
    ],
)
async def test_what_others_did_to_a_card_while_a_body_was_on_its_way_is_kept(
    office: Any, path: str, kind: str, body: bytes
) -> None:
    card = await office.card()

    async def answers() -> None:
        await office.anna.post(f"/cards/{card['id']}/comments", json={"text": "Едем"})

    content = slowly(body, answers)
    answer = await office.bot.post(path.format(card=card["id"]), content=content, headers={"content-type": kind})
    assert answer.status_code == 200, answer.text
    after = await office.read(card)
    listed = (await office.bot.get(f"/cards/{card['id']}/comments")).json()
    assert after["comments_total"] == len(listed) == 1 + ("comments" in path)
    assert after["comment_last_added_at"] is not None


async def test_a_comment_deleted_while_its_new_form_was_on_its_way_stays_deleted(office: Any) -> None:
    card = await office.card()
    comment = (await office.bot.post(f"/cards/{card['id']}/comments", json={"text": "Ошибка"})).json()
    path = f"/cards/{card['id']}/comments/{comment['id']}"
    content = slowly(FORM, lambda: office.bot.delete(path))
    form = {"content-type": "multipart/form-data; boundary=limit"}
    answer = await office.bot.patch(path, content=content, headers=form)
    assert answer.status_code == 404
    assert (await office.bot.get(f"/cards/{card['id']}/comments")).json() == []


async def test_a_comment_moves_only_the_comment_counters_of_its_card(office: Any, clock: Any) -> None:
    card = await office.card()
    clock.pass_time(7)
    answer = await office.bot.post(f"/cards/{card['id']}/comments", json={"text": "Принято", "internal": True})
    comment = answer.json()
    assert "author" not in comment
    assert (comment["text"], comment["internal"], comment["edited"]) == ("Принято", True, False)
    after = await office.read(card)
    assert (after["version"], after["updated"]) == (1, card["updated"])
    assert (after["comments_total"], after["comment_last_added_at"]) == (1, comment["created"])


async def test_the_list_is_ascending_has_authors_and_pages_of_at_most_100(office: Any) -> None:
    card = await office.card()
    path = f"/cards/{card['id']}/comments"
    for number in range(102):
        await office.anna.post(path, json={"text": str(number)})
    first = (await office.bot.get(path, params={"limit": 500})).json()
    rest = (await office.bot.get(path, params={"offset": 100})).json()
    assert [comment["text"] for comment in first + rest] == [str(number) for number in range(102)]
    assert len(first) == 100
    assert first[0]["author"]["full_name"] == "Анна Смирнова"


@pytest.mark.parametrize(
    ("text", "status"),
    [("я" * 4096, 200), ("я" * 4097, 400), ("😀" * 2048, 200), ("😀" * 2048 + "!", 400)],
    ids=["4096 letters", "4097 letters", "4096 units", "4097 units"],
)
async def test_a_text_may_have_4096_units(office: Any, text: str, status: int) -> None:
    card = await office.card()
    answer = await office.bot.post(f"/cards/{card['id']}/comments", json={"text": text})
    assert answer.status_code == status
    if status == 400:
        assert answer.json() == {"message": "Comment text must not exceed 4096 characters"}
        assert (await office.read(card))["comments_total"] == 0


async def test_a_comment_without_text_is_refused(office: Any) -> None:
    card = await office.card()
    answer = await office.bot.post(f"/cards/{card['id']}/comments", json={"body": "?"})
    assert answer.json() == {"message": "Comment should have required property 'text'"}


async def test_only_the_author_edits_and_deletes(office: Any, clock: Any) -> None:
    card = await office.card()
    made = (await office.anna.post(f"/cards/{card['id']}/comments", json={"text": "было"})).json()
    path = f"/cards/{card['id']}/comments/{made['id']}"
    clock.pass_time(60)
    assert (await office.bot.patch(path, json={"text": "чужое"})).status_code == 403
    assert (await office.bot.delete(path)).status_code == 403
    edited = (await office.anna.patch(path, json={"text": "стало"})).json()
    assert (edited["text"], edited["edited"]) == ("стало", True)
    assert edited["updated"] > made["updated"]
    assert (await office.read(card))["comment_last_added_at"] == made["created"]
    assert (await office.anna.delete(path)).json() == {"id": made["id"]}
    assert (await office.bot.get(f"/cards/{card['id']}/comments")).json() == []
    after = await office.read(card)
    assert (after["comments_total"], after["comment_last_added_at"]) == (0, made["created"])
    assert (await office.anna.patch(path, json={"text": "поздно"})).status_code == 404


async def test_the_notification_mark_is_filled_a_minute_later(office: Any, clock: Any) -> None:
    card = await office.card()
    path = f"/cards/{card['id']}/comments"
    assert (await office.bot.post(path, json={"text": "?"})).json()["notification_sent"] is None
    clock.pass_time(61)
    assert (await office.bot.get(path)).json()[0]["notification_sent"] is not None


async def test_files_come_with_a_comment_and_lie_in_the_files_of_the_card(office: Any) -> None:
    card = await office.card()
    files = [("files[]", ("a.txt", b"one", "text/plain")), ("files[]", ("b.jpg", b"two!", "image/jpeg"))]
    answer = await office.bot.post(
        f"/cards/{card['id']}/comments", data={"text": "Вложения", "internal": "true"}, files=files
    )
    comment = answer.json()
    assert (comment["text"], comment["internal"]) == ("Вложения", True)
    found = (await office.read(card))["files"]
    assert [(file["name"], file["size"], file["type"], file["comment_id"]) for file in found] == [
        ("a.txt", 3, 8, comment["id"]),
        ("b.jpg", 4, 8, comment["id"]),
    ]


async def test_a_comment_with_files_is_refused_whole_where_legacy_upload_is_off(office: Any) -> None:
    await office.control.post("/settings", json={"legacy_files": False})
    card = await office.card()
    answer = await office.bot.post(
        f"/cards/{card['id']}/comments", data={"text": "?"}, files={"files[]": ("a.txt", b"one")}
    )
    assert answer.status_code == 403
    assert answer.json()["code"] == "PUBLIC_API_LEGACY_FILE_UPLOAD_DISABLED"
    assert (await office.read(card))["comments_total"] == 0
    assert list(office.app.state.stand_in.company.files_directory.iterdir()) == []
