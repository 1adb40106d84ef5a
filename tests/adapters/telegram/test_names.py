"""File names: always usable, whatever was given."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.telegram.names import file_name, mime_type
from connector.domain.words import FileKind

AT = datetime(2026, 11, 22, 4, 33, 10, tzinfo=UTC)


def name(given_name: str | None, kind: FileKind = FileKind.DOCUMENT, mime: str | None = None) -> str:
    return file_name(given_name, kind=kind, mime=mime, at=AT, number=7)


@given(st.text(st.characters(exclude_categories=[])) | st.none(), st.sampled_from(FileKind))
def test_any_name_comes_out_as_one_that_a_disk_takes(given_name: str | None, kind: FileKind) -> None:
    made = name(given_name, kind)
    stem, dot, extension = made.rpartition(".")
    assert all((stem, dot, extension))
    assert not made.startswith(".")
    assert len(made) <= 120
    assert made.encode()
    assert not any(character in '/\\:*?"<>|' or ord(character) < 32 for character in made)


@pytest.mark.parametrize(
    ("kind", "mime", "expected"),
    [
        (FileKind.PHOTO, None, "photo_2026-11-22_04-33-10_7.jpg"),
        (FileKind.VOICE, "audio/ogg", "voice_2026-11-22_04-33-10_7.ogg"),
        (FileKind.ROUND_VIDEO, None, "round_video_2026-11-22_04-33-10_7.mp4"),
        (FileKind.STICKER, "application/x-tgsticker", "sticker_2026-11-22_04-33-10_7.tgs"),
        (FileKind.DOCUMENT, None, "document_2026-11-22_04-33-10_7.bin"),
        (FileKind.DOCUMENT, "application/x-made-up", "document_2026-11-22_04-33-10_7.bin"),
    ],
)
def test_without_a_name_one_is_made_of_kind_date_and_type(kind: FileKind, mime: str | None, expected: str) -> None:
    assert name(None, kind, mime) == expected


@pytest.mark.parametrize(
    ("given_name", "expected"),
    [
        ("Договор № 5.pdf", "Договор № 5.pdf"),
        ("../../etc/passwd", "_.._etc_passwd.bin"),
        ("a\x00b\n.txt", "ab.txt"),
        ("gpj.\u202eexe", "gpj.exe"),
        ("x" * 500 + ".docx", "x" * 115 + ".docx"),
        ("report", "report.bin"),
        ("...", "document_2026-11-22_04-33-10_7.bin"),
    ],
)
def test_a_given_name_is_kept_as_far_as_it_can_be(given_name: str, expected: str) -> None:
    assert name(given_name) == expected


def test_only_a_well_formed_media_type_is_believed() -> None:
    assert mime_type("Image/PNG ") == "image/png"
    assert [mime_type(value) for value in ("image", "a/b\r\nX: y", 5, None, "/", "й/я")] == [None] * 6
