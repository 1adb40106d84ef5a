"""Updates as no server should send them: kept aside one by one, never more."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.telegram.incoming import arrival
from adapters.telegram.updates import next_offset, updates_in
from connector.domain.events import ClientEdited, ClientWrote
from tests.adapters.telegram.samples import (
    ANNA,
    DATE,
    FILE,
    ME,
    PHOTO,
    PRIVATE,
    message,
    told,
    unreadable,
    update,
    wrote,
)
from tests.adapters.telegram.support import NOW, ok

JUNK: list[Any] = [None, True, -1, 2**70, 1.5, "x", "", [], ["x"], {}, {"x": {}}]


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("kind", ["message", "edited_message", "callback_query", "my_chat_member"])
def test_junk_in_place_of_a_whole_event_is_kept_aside(kind: str, junk: object) -> None:
    assert unreadable(update(kind, junk))


@pytest.mark.parametrize("junk", [None, "9", 2**64, 1.5, [], {}, True])
def test_ids_that_are_not_whole_numbers_are_kept_aside(junk: object) -> None:
    assert unreadable(update("message", message(text="a") | {"message_id": junk}))
    assert unreadable(update("message", message(chat=PRIVATE | {"id": junk}, text="a")))
    assert unreadable(update("message", message(sender=ANNA | {"id": junk}, text="a")))


@pytest.mark.parametrize("missing", ["chat", "message_id", "date", "from"])
def test_a_message_without_what_every_message_has_is_kept_aside(missing: str) -> None:
    broken = message(text="a")
    del broken[missing]
    assert unreadable(update("message", broken))


@pytest.mark.parametrize("junk", [7, True, [1], {"a": 1}])
def test_a_text_that_is_none_is_kept_aside(junk: object) -> None:
    assert unreadable(update("message", message(text=junk)))
    assert unreadable(update("message", message(photo=PHOTO, caption=junk)))


@pytest.mark.parametrize("file_id", ["", "../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "a" * 5000])
def test_a_file_id_that_could_be_a_path_is_kept_aside(file_id: object) -> None:
    assert unreadable(update("message", message(document={**FILE, "file_id": file_id})))


@pytest.mark.parametrize("degrees", ["north", None, 1e300, True])
def test_a_point_that_is_nowhere_is_kept_aside(degrees: object) -> None:
    assert unreadable(update("message", message(location={"latitude": degrees, "longitude": 1})))


@pytest.mark.parametrize("date", [10**15, -(10**15), "today", None, 2**63])
def test_a_date_beyond_all_calendars_is_kept_aside(date: object) -> None:
    assert unreadable(update("message", message(text="a") | {"date": date}))


def test_what_neither_utf8_nor_a_database_can_hold_is_replaced() -> None:
    event = wrote(text="a\ud800b\x00c 👀", sender=ANNA | {"first_name": "\udfff", "last_name": None})
    assert event.words.text.plain == "a�b�c 👀"
    assert event.author.name == "�"


def test_odd_sizes_and_lengths_of_files_are_not_believed() -> None:
    (file,) = wrote(document={**FILE, "file_size": -5}).words.files
    assert file.size is None
    (voice,) = wrote(voice={**FILE, "duration": 3, "mime_type": "a\r\nb"}).words.files
    assert (voice.seconds, voice.mime) == (3, "audio/ogg")


def test_spans_with_odd_values_are_left_out() -> None:
    odd = [
        {"type": "bold", "offset": "0", "length": 1},
        {"type": "bold", "offset": 0, "length": 2**80},
        {"type": "text_link", "offset": 0, "length": 1, "url": 5},
        {"type": "italic", "offset": -3, "length": 4},
    ]
    assert [span.length for span in wrote(text="abc", entities=odd).words.text.spans] == [3]


def test_a_very_long_text_with_very_many_spans_is_read() -> None:
    many = [{"type": "bold", "offset": place, "length": 2} for place in range(0, 20_000, 4)]
    event = wrote(text="я" * 1_000_000, entities=many)
    assert len(event.words.text.spans) == 5000


def test_news_inside_what_we_do_not_read_spoils_nothing() -> None:
    event = wrote(
        text="a",
        reply_to_message={"message_id": "?", "from": 5, "chat": []},
        external_reply=[1],
        reply_markup="?",
        link_preview_options=7,
        via_bot={"id": None},
        unheard_of={"x": 1},
    )
    assert event.words.text.plain == "a"
    assert event.reply_to is None


def test_an_unreadable_update_has_the_same_key_whenever_it_comes() -> None:
    first, again = (told(update("message", {"broken": 1}, 7)) for _ in range(2))
    other = told(update("message", {"broken": 2}, 7))
    assert first is not None
    assert again is not None
    assert other is not None
    assert first.key == again.key != other.key


# A whole answer


def body(*updates: str) -> bytes:
    return ('{"ok":true,"result":[' + ",".join(updates) + "]}").encode("utf-8", "surrogatepass")


GOOD = json.dumps(update("message", message(text='скобки ]}[{ и "update_id": 5'), 3), ensure_ascii=False)


def test_an_update_too_deep_to_parse_costs_only_itself() -> None:
    deep = '{"update_id":2,"message":{"text":"я👀","x":' + "[" * 100_000 + "]" * 100_000 + "}}"
    found = updates_in(body(deep, GOOD))
    assert [one.id for one in found] == [2, 3]
    assert found[0].content is None
    assert found[0].raw.isascii()
    assert found[0].raw.startswith('{"update_id":2,"message":{"text":"\\u044f\\ud83d\\udc40"')
    assert found[1].content == json.loads(GOOD)
    assert next_offset(found) == 4


def test_a_number_too_long_for_python_costs_only_its_update() -> None:
    found = updates_in(body('{"update_id":2,"message":{"message_id":' + "9" * 6000 + "}}", GOOD))
    assert [(one.id, one.content is None) for one in found] == [(2, True), (3, False)]


@pytest.mark.parametrize("kind", ["message", "edited_message"])
def test_an_update_at_the_edge_of_what_python_can_nest_is_read_or_kept_aside(kind: str) -> None:
    plain = json.dumps(update(kind, message(text="a", edit_date=DATE, unheard_of="DEEP")))
    read = []
    for depth in range(700, 1100, 2):
        (one,) = updates_in(body(plain.replace('"DEEP"', "[" * depth + "]" * depth)))
        found = arrival(one, ME, received_at=NOW, raw=one.raw)
        assert found is not None
        assert one.id == 1
        read.append(found.event is not None)
    assert read[0]
    assert read == sorted(read, reverse=True)


def test_updates_without_a_usable_number_are_kept_but_confirm_nothing() -> None:
    found = updates_in(ok([5, None, {"update_id": "7"}, {"update_id": True}, {"update_id": 2**64}, {}]).content)
    assert [one.id for one in found] == [None] * 6
    assert next_offset(found) is None


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>busy</html>",
        b"",
        b'{"ok":true}',
        b'{"ok":false,"result":[]}',
        b"[]",
        b'{"ok":true,"result":{}}',
        body(GOOD)[:-5],
        b'{"ok":true,"result":[{"update_id":1},' + b"[" * 100_000,
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_whole_answer_is_none(answer: bytes) -> None:
    with pytest.raises(ValueError, match="answer"):
        updates_in(answer)


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=[]), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
WHOLE = message(
    text="a", entities=[{"type": "bold", "offset": 0, "length": 1}], caption="b", photo=PHOTO, edit_date=DATE,
    document={**FILE, "file_name": "a.pdf", "mime_type": "a/b"}, forward_origin={"type": "hidden_user"},
    contact={"phone_number": "1", "first_name": "A", "user_id": 77}, location={"latitude": 1, "longitude": 2},
    sticker={**FILE, "type": "regular", "width": 1, "height": 1, "is_animated": False, "is_video": False},
    sender_chat=None, quote={"text": "q", "position": 0}, media_group_id="5", reply_to_message={"message_id": 3},
)  # fmt: skip


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(WHOLE)), junk, max_size=4), st.sets(st.sampled_from(sorted(WHOLE))))
def test_whatever_stands_in_a_message_it_is_read_dropped_or_kept_aside(changed: dict[str, Any], gone: set[str]) -> None:
    content = {key: value for key, value in (WHOLE | changed).items() if key not in gone}
    for kind in ("message", "edited_message"):
        found = told(update(kind, content))
        if found is None:
            continue
        assert (found.event is None) == (found.reason is not None)
        assert found.raw.isascii()
        if isinstance(found.event, ClientWrote | ClientEdited):
            assert found.event.words.text.plain.encode() is not None
            assert "\x00" not in repr(found.event.words)
            assert found.event.at.tzinfo is not None
