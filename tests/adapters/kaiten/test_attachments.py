"""Files as Kaiten lists them."""

from __future__ import annotations

import pytest

from adapters.kaiten.attachments import Attachment, as_file, attachments, file_address, missing, read_attachment
from adapters.kaiten.incoming import read_comment
from connector.domain.refs import Ref
from connector.domain.words import File, FileKind


def attachment(name: str = "a.txt", **more: object) -> Attachment:
    payload = {"id": 61, "name": name, "size": 10, "type": 8, "url": "https://files.kaiten.ru/u.txt", "comment_id": 5}
    read = read_attachment({**payload, **more})
    assert read is not None
    return read


@pytest.mark.parametrize(
    ("name", "mime", "kind", "expected"),
    [
        ("p.jpg", "image/jpeg", 8, FileKind.PHOTO),
        ("p.JPEG", None, 8, FileKind.PHOTO),
        ("p.svg", "image/svg+xml", 8, FileKind.DOCUMENT),
        ("p.gif", "image/gif", 8, FileKind.ANIMATION),
        ("v.mp4", "video/mp4", 8, FileKind.VIDEO),
        ("s.mp3", "audio/mpeg", 8, FileKind.AUDIO),
        ("Песня.m4a", "audio/mp4", 1, FileKind.AUDIO),
        ("The Recorder Band.mp3", "audio/mpeg", 8, FileKind.AUDIO),
        ("s.wav", "audio/wav", 8, FileKind.AUDIO),
        ("s.ogg", None, 8, FileKind.VOICE),
        ("s.oga", "application/octet-stream", 8, FileKind.VOICE),
        ("s.opus", "audio/opus", 1, FileKind.VOICE),
        ("s.ogg", "video/ogg", 8, FileKind.VOICE),
        ("voice_12.mp3", "audio/mpeg", 8, FileKind.VOICE),
        ("New Recording 5.m4a", "audio/x-m4a", 8, FileKind.VOICE),
        ("Новая запись 5.m4a", None, 11, FileKind.VOICE),
        ("Голосовое сообщение.mp3", "audio/mpeg", 8, FileKind.VOICE),
        ("REC_0001.MP3", None, 8, FileKind.VOICE),
        ("audio_2026-01-31_12-00.m4a", "audio/mp4", 8, FileKind.VOICE),
        ("AUD-20260131-WA0001.m4a", "video/mp4", 8, FileKind.VOICE),
        ("s.ogg", "audio/ogg", 10, FileKind.VOICE),
        ("s.oga", None, 10, FileKind.VOICE),
        ("s.m4a", "audio/mp4; codecs=x", 10, FileKind.VOICE),
        ("чек.pdf", "application/pdf", 8, FileKind.DOCUMENT),
        ("p.heic", "image/heic", 8, FileKind.DOCUMENT),
        ("без имени", None, 8, FileKind.DOCUMENT),
    ],
)
def test_a_file_is_what_its_type_and_name_say(name: str, mime: str | None, kind: int, expected: FileKind) -> None:
    assert as_file(1, attachment(name, mime_type=mime, type=kind)).kind is expected


def test_names_always_have_an_ending_and_no_folders() -> None:
    assert as_file(1, attachment("../../etc/файл", mime_type="image/png")).name == "файл.png"
    assert as_file(1, attachment("C:\\x\\y.doc")).name == "y.doc"
    assert as_file(1, attachment("", mime_type=None)).name == "file.bin"


def test_links_to_other_drives_have_no_bytes_to_give() -> None:
    assert not as_file(1, attachment(type=2, external=True)).obtainable


def test_a_legacy_ref_holds_the_address_and_a_restricted_one_both_ids() -> None:
    legacy = file_address(as_file(7, attachment(url="https://files.kaiten.ru/a/b?c=d/e")).ref)
    assert (legacy.card, legacy.id, legacy.url) == (7, "61", "https://files.kaiten.ru/a/b?c=d/e")
    payload = {"id": "0f-1", "type": 11, "size": "12", "url": "https://signed", "comment_id": 5}
    restricted = file_address(as_file(7, attachment(**payload), "c-uid").ref)  # type: ignore[arg-type]  # fields by their names
    assert (restricted.id, restricted.url, restricted.comment_uid) == ("0f-1", None, "c-uid")


@pytest.mark.parametrize(
    ("link", "there"),
    [
        ({"comment_id": 5}, True),
        ({"comment_uid": "c-uid"}, True),
        ({"entity_type": "comment", "entity_uid": "c-uid"}, True),
        ({"entity_type": "card", "entity_uid": "c-uid"}, False),
        ({"entity_type": "comment"}, False),
        ({"comment_uid": "d-uid"}, False),
    ],
)
def test_a_restricted_file_hangs_under_the_comment_that_any_of_its_fields_names(
    link: dict[str, object], there: bool
) -> None:
    comment = read_comment({"id": 5, "uid": "c-uid", "text": "вот", "created": "2026-11-22T09:00:00.000Z"})
    file = read_attachment({"id": "0f-1", "type": 11, "name": "a.txt", **link})
    assert comment is not None
    assert file is not None
    assert file.belongs_to(comment) is there


@pytest.mark.parametrize("wrong", ["", "7", "7/5/legacy/61/", "7/5/other/61/x", "x/5/legacy/61/u"])
def test_a_ref_that_names_no_file_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="does not name a file"):
        file_address(Ref(port="kaiten", id=wrong))


def test_deleted_files_and_odd_entries_are_passed_over() -> None:
    card = {"files": [{"id": 1, "deleted": True}, None, "x", {"name": "no id"}, {"id": "2", "size": "7"}]}
    assert [(file.id, file.size, file.name) for file in attachments(card)] == [("2", 7, "file")]
    assert attachments(None) == attachments({"files": None}) == ()


def wanted(name: str, size: int | None) -> File:
    return File(ref=Ref(port="telegram", id=f"{name}{size}"), kind=FileKind.DOCUMENT, name=name, size=size)


def test_what_is_missing_is_found_by_name_and_size_and_counted() -> None:
    there = [attachment("й.txt", size=10), attachment("b.txt", size="20")]
    assert missing([wanted("и\u0306.txt", 10), wanted("b.txt", None)], there) == ()
    twice = wanted("b.txt", 20)
    assert missing([twice, twice, wanted("b.txt", 21)], there) == (twice, wanted("b.txt", 21))
