"""Every kind of message, told in our words."""

from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.telegram.content import Me
from connector.domain.events import ClientBlocked, ClientReturned, ClientTapped
from connector.domain.refs import Ref
from connector.domain.words import Contact, File, FileKind, Location, Span, Style, Text, Words
from tests.adapters.telegram.samples import (
    ANNA,
    DATE,
    FILE,
    GROUP,
    ME,
    PHOTO,
    PRIVATE,
    dropped,
    edited,
    message,
    told,
    update,
    wrote,
)
from tests.adapters.telegram.support import BOT, CHAT, NOW, message_ref


def entity(kind: str, offset: int, length: int, **more: Any) -> dict[str, Any]:
    return {"type": kind, "offset": offset, "length": length, **more}


def test_a_text_arrives_with_its_author_its_moment_and_its_spans() -> None:
    event = wrote(text="👀 привет", entities=[entity("bold", 3, 6)])
    assert event.key == f"telegram:{BOT}/77/9"
    assert event.message == message_ref(9)
    assert event.chat == CHAT
    assert event.at == datetime.fromtimestamp(DATE, UTC)
    assert (event.author.name, event.author.username, event.author.language) == ("Анна Ли", "anna", "ru")
    assert event.words == Words(text=Text(plain="👀 привет", spans=(Span(start=2, length=6, style=Style.BOLD),)))
    assert event.addressed


def test_a_text_link_is_a_span_with_its_address() -> None:
    event = wrote(text="here", entities=[entity("text_link", 0, 4, url="https://e.org/")])
    assert event.words.text.spans == (Span(start=0, length=4, style=Style.LINK, url="https://e.org/"),)


def only_file(**parts: Any) -> File:
    event = wrote(**parts)
    assert event.words.oddity is None
    (file,) = event.words.files
    return file


def test_of_a_photo_the_largest_size_counts() -> None:
    file = only_file(photo=PHOTO)
    assert file.kind is FileKind.PHOTO
    assert file.ref.id == f"{BOT}/file/large"
    assert (file.size, file.mime, file.obtainable) == (200_000, "image/jpeg", True)
    assert file.name == "photo_2025-11-22_12-00-00_9.jpg"


@pytest.mark.parametrize(
    ("parts", "kind", "name", "mime", "seconds"),
    [
        ({"video": {**FILE, "width": 1, "height": 1, "duration": 7, "mime_type": "video/mp4", "file_name": "a.mp4"}},
         FileKind.VIDEO, "a.mp4", "video/mp4", 7),
        ({"video_note": {**FILE, "length": 240, "duration": 9}},
         FileKind.ROUND_VIDEO, "round_video_2025-11-22_12-00-00_9.mp4", "video/mp4", 9),
        ({"animation": {**FILE, "width": 1, "height": 1, "duration": 3, "mime_type": "video/mp4"}, "document": FILE},
         FileKind.ANIMATION, "animation_2025-11-22_12-00-00_9.mp4", "video/mp4", 3),
        ({"audio": {**FILE, "duration": 180, "performer": "Баста", "title": "Сансара", "mime_type": "audio/mpeg"}},
         FileKind.AUDIO, "Баста - Сансара.mp3", "audio/mpeg", 180),
        ({"voice": {**FILE, "duration": 4, "mime_type": "audio/ogg"}},
         FileKind.VOICE, "voice_2025-11-22_12-00-00_9.ogg", "audio/ogg", 4),
        ({"document": {**FILE, "file_name": "Акт/сверки.pdf", "mime_type": "application/pdf"}},
         FileKind.DOCUMENT, "Акт_сверки.pdf", "application/pdf", None),
        ({"document": FILE}, FileKind.DOCUMENT, "document_2025-11-22_12-00-00_9.bin", None, None),
    ],
)  # fmt: skip
def test_each_kind_of_file_keeps_what_is_told_of_it(
    parts: dict[str, Any], kind: FileKind, name: str, mime: str | None, seconds: int | None
) -> None:
    file = only_file(**parts)
    assert (file.kind, file.name, file.mime, file.seconds) == (kind, name, mime, seconds)
    assert file.size == 12345


@pytest.mark.parametrize(
    ("animated", "video", "ending"), [(False, False, ".webp"), (True, False, ".tgs"), (False, True, ".webm")]
)
def test_a_sticker_keeps_its_emoji_and_its_format(animated: bool, video: bool, ending: str) -> None:
    sticker = {
        **FILE, "type": "regular", "width": 512, "height": 512,
        "is_animated": animated, "is_video": video, "emoji": "😀",
    }  # fmt: skip
    event = wrote(sticker=sticker)
    assert event.words.emoji == "😀"
    assert event.words.files[0].kind is FileKind.STICKER
    assert event.words.files[0].name.endswith(ending)


def test_a_file_above_20_megabytes_is_told_but_not_obtainable() -> None:
    limit = 20 * 1024 * 1024
    assert only_file(document={**FILE, "file_size": limit}).obtainable
    too_large = only_file(document={**FILE, "file_size": limit + 1})
    assert (too_large.obtainable, too_large.size) == (False, limit + 1)


def test_a_caption_is_the_text_of_a_file() -> None:
    event = wrote(photo=PHOTO, caption="вот", caption_entities=[entity("italic", 0, 3)])
    assert event.words.text == Text(plain="вот", spans=(Span(start=0, length=3, style=Style.ITALIC),))
    assert len(event.words.files) == 1


def test_parts_of_an_album_share_its_name() -> None:
    assert wrote(photo=PHOTO, media_group_id="131").album == "131"


def test_a_live_photo_is_its_photo() -> None:
    assert only_file(photo=PHOTO, live_photo={"file_id": "x", "anything": True}).kind is FileKind.PHOTO


def test_a_location_and_a_venue() -> None:
    point = {"latitude": 55.75, "longitude": 37.5}
    assert wrote(location=point).words.location == Location(latitude=55.75, longitude=37.5)
    venue = {"location": point, "title": "Офис", "address": "Тверская, 1"}
    assert wrote(location=point, venue=venue).words.location == Location(
        latitude=55.75, longitude=37.5, title="Офис", address="Тверская, 1"
    )


@pytest.mark.parametrize(("user_id", "own"), [(77, True), (78, False), (None, False)])
def test_a_contact_is_the_senders_own_only_with_their_id(user_id: int | None, own: bool) -> None:
    card = {"phone_number": "+79990001122", "first_name": "Анна"} | ({"user_id": user_id} if user_id else {})
    assert wrote(contact=card).words.contact == Contact(name="Анна", phone="+79990001122", own=own)


@pytest.mark.parametrize(
    ("origin", "name"),
    [
        ({"type": "user", "sender_user": {"id": 5, "is_bot": False, "first_name": "Пётр", "username": "petr"}},
         "Пётр (@petr)"),
        ({"type": "hidden_user", "sender_user_name": "Кто-то"}, "Кто-то"),
        ({"type": "chat", "sender_chat": {"id": -5, "type": "group", "title": "Двор"}}, "Двор"),
        ({"type": "channel", "chat": {"id": -6, "type": "channel", "title": "Новости"}, "message_id": 3}, "Новости"),
    ],
)  # fmt: skip
def test_a_forwarded_message_names_who_wrote_it_first(origin: dict[str, Any], name: str) -> None:
    assert wrote(text="a", forward_origin={**origin, "date": DATE}).words.forwarded_from == name


def test_an_answer_names_the_message_it_answers_and_the_sentence_it_quotes() -> None:
    earlier = message(sender={"id": BOT, "is_bot": True, "first_name": "Desk"}, text="old") | {"message_id": 5}
    event = wrote(text="да", reply_to_message=earlier, quote={"text": "old", "position": 0})
    assert event.reply_to == message_ref(5)
    assert event.words.quote == "old"


@pytest.mark.parametrize(
    ("earlier", "quote"),
    [
        ({"text": "Какой\n пост?"}, "Какой пост?"),
        ({"photo": PHOTO, "caption": "вот"}, "вот"),
        ({"text": "слово " * 100}, "слово " * 32 + "слово…"),
        ({"photo": PHOTO}, None),
        ({"text": " \n"}, None),
        ({"text": 5, "caption": ["x"]}, None),
        ({"text": "тема", "forum_topic_created": {"name": "x"}}, None),
    ],
)
def test_without_a_picked_sentence_an_answer_quotes_how_the_message_begins(
    earlier: dict[str, Any], quote: str | None
) -> None:
    answered = message(sender={"id": BOT, "is_bot": True, "first_name": "Desk"}, **earlier) | {"message_id": 5}
    assert wrote(text="да", reply_to_message=answered).words.quote == quote
    assert edited(text="да", edit_date=DATE, reply_to_message=answered).words.quote == quote


@pytest.mark.parametrize(
    "kind", ["poll", "dice", "game", "story", "checklist", "paid_media", "invoice", "novelty_2031"]
)
def test_a_kind_without_words_is_named(kind: str) -> None:
    parts: dict[str, Any] = {kind: {"whatever": [1, 2, {"deep": True}]}}
    assert wrote(**parts).words == Words(oddity=kind)


def test_a_message_of_nothing_known_is_named_unknown() -> None:
    assert wrote(has_protected_content=True).words.oddity == "unknown"
    assert wrote(text="").words.oddity == "unknown"


@pytest.mark.parametrize(
    "parts",
    [
        {"pinned_message": {"message_id": 1}},
        {"new_chat_title": "x"},
        {"new_chat_members": [ANNA]},
        {"migrate_to_chat_id": -1002},
        {"migrate_from_chat_id": -3},
        {"forum_topic_created": {"name": "x", "icon_color": 1}},
    ],
)
def test_service_messages_are_dropped(parts: dict[str, Any]) -> None:
    assert dropped(update("message", message(**parts)))


def test_channel_posts_our_own_words_and_unasked_kinds_are_dropped() -> None:
    channel = {"id": -6, "type": "channel", "title": "Новости"}
    us = {"id": BOT, "is_bot": True, "first_name": "Desk"}
    assert dropped(update("message", message(chat=channel, sender=None, sender_chat=channel, text="a")))
    assert dropped(update("message", message(sender=us, text="a")))
    assert dropped(update("edited_message", message(sender=us, text="a", edit_date=DATE)))
    assert dropped(update("channel_post", message(text="a")))
    assert dropped(update("message_reaction", {"any": "thing"}))
    assert dropped({"update_id": 5})


def test_an_anonymous_administrator_speaks_as_the_group() -> None:
    ghost = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
    event = wrote(chat=GROUP, sender=ghost, sender_chat=GROUP, text="a")
    assert event.author.name == "Наша группа"
    assert event.author.ref == Ref(port="telegram", id="chat/-1001234567890")


# Groups


def test_a_group_is_named_by_its_title_and_a_private_chat_is_none() -> None:
    assert wrote(chat=GROUP, text="a").group == "Наша группа"
    assert wrote(chat={"id": -5, "type": "group", "title": "Двор"}, text="a").group == "Двор"
    assert wrote(chat={"id": -5, "type": "group"}, text="a").group == "-5"
    assert wrote(chat=PRIVATE, text="a").group is None


def in_group(me: Me = ME, **parts: Any) -> bool:
    return wrote(me, chat=GROUP, **parts).addressed


def test_in_a_group_plain_talk_is_not_for_the_bot() -> None:
    assert not in_group(text="привет всем")


def test_in_a_group_a_mention_a_command_or_an_answer_is_for_the_bot() -> None:
    us = {"id": BOT, "is_bot": True, "first_name": "Desk"}
    earlier = {"message_id": 5, "date": DATE, "chat": GROUP, "from": us}
    assert in_group(text="👀 @Desk_Bot помоги", entities=[entity("mention", 3, 9)])
    assert in_group(photo=PHOTO, caption="@desk_bot", caption_entities=[entity("mention", 0, 9)])
    assert in_group(text="бот", entities=[entity("text_mention", 0, 3, user=us)])
    assert in_group(text="/new", entities=[entity("bot_command", 0, 4)])
    assert in_group(text="/new@desk_bot", entities=[entity("bot_command", 0, 13)])
    assert in_group(text="да", reply_to_message=earlier)


def test_in_a_group_what_is_for_others_is_not_for_the_bot() -> None:
    topic = {"message_id": 5, "from": {"id": BOT}, "forum_topic_created": {"name": "x"}}
    assert not in_group(text="@anna", entities=[entity("mention", 0, 5)])
    assert not in_group(text="/new@other_bot", entities=[entity("bot_command", 0, 14)])
    assert not in_group(text="да", reply_to_message={"message_id": 5, "from": ANNA})
    assert not in_group(text="да", reply_to_message=topic)


def test_opening_a_topic_is_not_what_a_forums_message_answers() -> None:
    topic = {"message_id": 5, "forum_topic_created": {"name": "x"}}
    assert wrote(chat=GROUP, text="да", reply_to_message=topic).reply_to is None


def test_a_command_addressed_to_the_bot_loses_the_address() -> None:
    event = wrote(text="/start@Desk_Bot abc", entities=[entity("bot_command", 0, 15)])
    assert event.words.text.plain == "/start abc"


# Edits, taps, coming and going


def test_an_edit_names_the_message_it_changes() -> None:
    event = edited(text="новое", edit_date=DATE + 60)
    assert event.message == message_ref(9)
    assert event.at == datetime.fromtimestamp(DATE + 60, UTC)
    assert event.words.text.plain == "новое"
    assert event.key.startswith(f"telegram:{BOT}/77/9:edit:{DATE + 60}:")


def test_the_key_of_an_edit_is_the_same_when_it_comes_again_and_another_for_another_edit() -> None:
    first, again = (edited(text="a", edit_date=DATE).key for _ in range(2))
    assert first == again
    assert len({first, edited(text="b", edit_date=DATE).key, edited(text="a", edit_date=DATE + 1).key}) == 3


def test_messages_of_different_bots_have_different_keys() -> None:
    assert wrote(text="a").key != wrote(Me(id=1), text="a").key


def tap(**parts: Any) -> dict[str, Any]:
    return {"id": "4382", "from": ANNA, "chat_instance": "1", "data": "topic:1", "message": message(text="?"), **parts}


def test_a_tap_tells_the_data_and_the_message() -> None:
    found = told(update("callback_query", tap()))
    assert found is not None
    event = found.event
    assert isinstance(event, ClientTapped)
    assert event.key == found.key == f"telegram:{BOT}/tap/4382"
    assert (event.data, event.at, event.chat) == ("topic:1", NOW, CHAT)
    assert event.message == message_ref(9)
    assert event.author.name == "Анна Ли"


def test_a_tap_on_a_message_too_old_to_show_still_counts() -> None:
    found = told(update("callback_query", tap(message={"chat": PRIVATE, "message_id": 4, "date": 0})))
    assert found is not None
    assert isinstance(found.event, ClientTapped)
    assert found.event.message == message_ref(4)


def test_taps_on_inline_results_and_games_are_dropped() -> None:
    inline = tap(inline_message_id="x")
    del inline["message"]
    game = tap(game_short_name="g")
    del game["data"]
    assert dropped(update("callback_query", inline))
    assert dropped(update("callback_query", game))


def member(before: dict[str, Any], after: dict[str, Any], chat: dict[str, Any] = PRIVATE, number: int = 5) -> Any:
    sides = {"old_chat_member": before, "new_chat_member": after}
    return told(update("my_chat_member", {"chat": chat, "from": ANNA, "date": DATE, **sides}, number))


IN, OUT, LEFT = {"status": "member"}, {"status": "kicked"}, {"status": "left"}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (IN, OUT, ClientBlocked),
        (IN, LEFT, ClientBlocked),
        (OUT, IN, ClientReturned),
        (LEFT, {"status": "administrator"}, ClientReturned),
        (IN, {"status": "restricted", "is_member": False}, ClientBlocked),
        (OUT, {"status": "restricted", "is_member": True}, ClientReturned),
    ],
)
def test_blocking_and_returning_are_told(
    before: dict[str, Any], after: dict[str, Any], expected: type[ClientBlocked | ClientReturned]
) -> None:
    arrived = member(before, after)
    assert type(arrived.event) is expected
    assert arrived.event.chat == CHAT
    assert arrived.event.at == datetime.fromtimestamp(DATE, UTC)
    assert arrived.key == arrived.event.key == member(before, after).key


def test_other_changes_of_the_bots_rights_are_dropped() -> None:
    assert member(IN, {"status": "administrator"}) is None
    assert member(OUT, LEFT) is None


def test_two_blocks_within_one_second_have_two_keys() -> None:
    assert member(IN, OUT, number=5).key != member(IN, OUT, number=7).key
