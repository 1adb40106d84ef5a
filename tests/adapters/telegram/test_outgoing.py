"""In which form things are sent: pure choices, the same for the same input."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.telegram import allowed_reaction
from adapters.telegram.outgoing import (
    PHOTO_LIMIT,
    Form,
    Item,
    form_on_disk,
    keyboard,
    next_group,
    preview,
    reaction,
)
from connector.domain.effects import Button, ContactKey
from connector.domain.policy import Marks
from connector.domain.refs import Ref
from connector.domain.words import File, FileKind, Span, Style, Text

JPEG, PNG, GIF = b"\xff\xd8\xff\xe0" + b"\0" * 60, b"\x89PNG\r\n\x1a\n" + b"\0" * 56, b"GIF89a" + b"\0" * 58
WEBP = b"RIFF\0\0\0\0WEBPVP8 "
MP4 = b"\0\0\0\x18ftypmp42" + b"\0" * 52
OPUS = b"OggS" + b"\0" * 24 + b"OpusHead" + b"\0" * 28
VORBIS = b"OggS" + b"\0" * 24 + b"\x01vorbis" + b"\0" * 29
K = FileKind


def form(kind: FileKind, name: str, mime: str | None, head: bytes, size: int = 1000) -> Form:
    return form_on_disk(File(ref=Ref(port="board", id="1"), kind=kind, name=name, mime=mime), size=size, head=head)


@pytest.mark.parametrize(
    ("kind", "name", "mime", "head", "expected"),
    [
        (K.PHOTO, "a.jpg", "image/jpeg", JPEG, Form.PHOTO),
        (K.PHOTO, "a.png", None, PNG, Form.PHOTO),
        (K.PHOTO, "a.webp", None, WEBP, Form.PHOTO),
        (K.PHOTO, "a.gif", None, GIF, Form.ANIMATION),
        (K.PHOTO, "a.jpg", "image/jpeg", b"<html>", Form.DOCUMENT),
        (K.PHOTO, "a.svg", "image/svg+xml", b"<svg>", Form.DOCUMENT),
        (K.PHOTO, "empty.jpg", "image/jpeg", b"", Form.DOCUMENT),
        (K.VIDEO, "a.mp4", "video/mp4", MP4, Form.VIDEO),
        (K.VIDEO, "a.avi", "video/x-msvideo", b"RIFF", Form.DOCUMENT),
        (K.VIDEO, "a.mp4", "video/mp4", b"RIFF", Form.DOCUMENT),
        (K.ROUND_VIDEO, "a.mp4", None, MP4, Form.ROUND_VIDEO),
        (K.ANIMATION, "a.gif", None, GIF, Form.ANIMATION),
        (K.VOICE, "a.ogg", "audio/ogg", OPUS, Form.VOICE),
        (K.VOICE, "a.ogg", "audio/ogg", VORBIS, Form.DOCUMENT),
        (K.VOICE, "a.mp3", "audio/mpeg", b"ID3", Form.VOICE),
        (K.VOICE, "a.m4a", None, b"\0\0\0\x20ftypM4A ", Form.VOICE),
        (K.VOICE, "a.wav", "audio/wav", b"RIFF", Form.DOCUMENT),
        (K.AUDIO, "a.mp3", None, b"ID3", Form.AUDIO),
        (K.AUDIO, "a.flac", "audio/flac", b"fLaC", Form.DOCUMENT),
        (K.STICKER, "a.tgs", None, b"\x1f\x8b", Form.STICKER),
        (K.STICKER, "a.png", None, PNG, Form.DOCUMENT),
        (K.DOCUMENT, "a.jpg", "image/jpeg", JPEG, Form.DOCUMENT),
    ],
)
def test_a_file_keeps_its_kind_only_where_telegram_takes_it(
    kind: FileKind, name: str, mime: str | None, head: bytes, expected: Form
) -> None:
    assert form(kind, name, mime, head) is expected


def test_a_picture_above_10_megabytes_goes_as_a_document() -> None:
    assert form(K.PHOTO, "a.jpg", None, JPEG, PHOTO_LIMIT) is Form.PHOTO
    assert form(K.PHOTO, "a.jpg", None, JPEG, PHOTO_LIMIT + 1) is Form.DOCUMENT


def groups(forms: list[Form]) -> list[list[Form]]:
    rest = [Item(name=str(place), form=one) for place, one in enumerate(forms)]
    found = []
    while rest:
        group = next_group(rest)
        found.append([item.form for item in group])
        rest = rest[len(group) :]
    return found


def test_pictures_and_films_share_an_album_and_others_only_with_their_like() -> None:
    P, V, D, A, O = Form.PHOTO, Form.VIDEO, Form.DOCUMENT, Form.AUDIO, Form.VOICE  # noqa: E741  # the letters of the table below
    assert groups([P, V, P, D, D, A, P, O, O]) == [[P, V, P], [D, D], [A], [P], [O], [O]]


def test_an_album_holds_at_most_ten() -> None:
    assert [len(group) for group in groups([Form.PHOTO] * 21)] == [10, 10, 1]


@given(st.lists(st.sampled_from(Form), max_size=25))
def test_grouping_loses_nothing_and_keeps_the_order(forms: list[Form]) -> None:
    assert [one for group in groups(forms) for one in group] == forms


def test_buttons_stand_under_the_message_and_the_menu_stays_until_replaced() -> None:
    inline = keyboard([[Button(label="Да", data="y"), Button(label="Нет", data="n")]], (("Меню",),))
    assert inline is not None
    assert inline.to_dict() == {
        "inline_keyboard": [[{"text": "Да", "callback_data": "y"}, {"text": "Нет", "callback_data": "n"}]]
    }
    menu = keyboard((), (("Новое",), ("Мои", "Ещё")))
    assert menu is not None
    assert menu.to_dict() == {
        "keyboard": [[{"text": "Новое"}], [{"text": "Мои"}, {"text": "Ещё"}]],
        "resize_keyboard": True,
        "is_persistent": True,
    }
    gone = keyboard((), ())
    assert gone is not None
    assert gone.to_dict() == {"remove_keyboard": True}
    assert keyboard((), None) is None


MENU = (("Новое",), (ContactKey(label="Мой номер"), "Мои"), (ContactKey(label="Ещё номер"),))


def test_a_key_of_the_menu_may_share_the_clients_own_number() -> None:
    menu = keyboard((), MENU)
    assert menu is not None
    assert menu.to_dict()["keyboard"] == [
        [{"text": "Новое"}],
        [{"text": "Мой номер", "request_contact": True}, {"text": "Мои"}],
        [{"text": "Ещё номер", "request_contact": True}],
    ]


def test_in_a_group_a_menu_shows_only_to_whom_the_message_answers_and_asks_for_no_number() -> None:
    menu = keyboard((), MENU, private=False, answers=True)
    assert menu is not None
    assert menu.to_dict() == {
        "keyboard": [[{"text": "Новое"}], [{"text": "Мои"}]],
        "resize_keyboard": True,
        "selective": True,
    }
    gone = keyboard((), (), private=False, answers=True)
    assert gone is not None
    assert gone.to_dict() == {"remove_keyboard": True, "selective": True}


def test_in_a_group_a_menu_that_would_be_everybodys_is_left_out() -> None:
    assert keyboard((), MENU, private=False) is None
    assert keyboard((), (), private=False) is None
    assert keyboard((), ((ContactKey(label="Мой номер"),),), private=False, answers=True) is None
    buttons = keyboard([[Button(label="Да", data="y")]], MENU, private=False)
    assert buttons is not None
    assert "inline_keyboard" in buttons.to_dict()


def test_a_preview_is_shown_only_for_a_link_set_on_purpose() -> None:
    link = Text(plain="a", spans=(Span(start=0, length=1, style=Style.LINK, url="https://e.org"),))
    assert preview(Text(plain="https://e.org")).is_disabled is True
    assert preview(link).is_disabled is False


def test_reactions_are_those_of_telegrams_list_however_they_are_spelled() -> None:
    spellings = ("👀", "❤️", "❤", "✍️", "✍", "🤷‍♂️", "🤷‍♂", "❤️‍🔥", "☃️")
    assert [reaction(emoji) for emoji in spellings] == ["👀", "❤", "❤", "✍", "✍", "🤷‍♂", "🤷‍♂", "❤‍🔥", "☃"]
    assert all(allowed_reaction(emoji) for emoji in spellings)
    assert reaction("✅") is None
    assert not any(allowed_reaction(emoji) for emoji in ("✅", "", "👀👀", "\ufe0f"))


def test_the_marks_a_mapping_has_by_itself_are_allowed() -> None:
    marks = Marks()
    for emoji in (marks.stored, marks.on_card, marks.answered, marks.failed):
        assert emoji is None or allowed_reaction(emoji)
