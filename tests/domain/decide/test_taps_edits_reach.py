"""What happens when a client taps, edits, blocks us or comes back."""

from dataclasses import replace

from connector.domain.client import Stage
from connector.domain.effects import (
    AddComment,
    AddTag,
    AnswerTap,
    CreateCard,
    EditComment,
    EditMessage,
    RemoveTag,
    SendFiles,
    SendMessage,
)
from connector.domain.events import Refusal
from connector.domain.policy import Edits
from connector.domain.refs import Ref
from connector.domain.words import Location, Text, Words
from tests.domain.sample import POLICY, WITH_CABINET, Conversation, every, message, only, opened, photo, told

# ---- taps


def test_every_tap_is_answered() -> None:
    talk = opened()
    for data in ("topic:till", "topic:none", "ticket:none", "use:none", "drop:x", "leave", "cancel", "", "что-то"):
        assert only(talk.tap(data), AnswerTap)


def test_the_last_tapped_topic_wins() -> None:
    talk = Conversation()
    talk.write("/new")
    talk.tap("topic:till")
    talk.tap("topic:money")
    assert talk.client.topic == "money"
    assert only(talk.write("Не прошла оплата"), CreateCard).topic == "money"


def test_a_second_tap_on_the_same_topic_asks_nothing_twice() -> None:
    talk = Conversation()
    talk.write("/new")
    talk.tap("topic:till")
    assert [type(each) for each in talk.tap("topic:till")] == [AnswerTap]


def test_a_double_tap_that_opened_a_request_does_not_begin_another() -> None:
    talk = Conversation()
    talk.write("Касса не работает")
    talk.tap("topic:till")
    talk.later(seconds=1)
    talk.tap("topic:till")
    assert talk.client.stage is Stage.READY
    assert only(talk.write("Ещё деталь"), AddComment).ticket == talk.ticket.id


def test_a_tap_on_old_topics_begins_a_new_request() -> None:
    talk = opened()
    talk.later(hours=1)
    talk.tap("topic:till")
    assert talk.client.stage is Stage.WORDS
    talk.write("Другая касса")
    assert len(talk.client.tickets) == 2


def test_a_begun_request_can_be_left_again() -> None:
    talk = opened()
    asked = only(talk.tap("topic:money"), SendMessage)
    assert asked.buttons[0][0].data == "cancel"
    talk.tap("cancel")
    assert only(talk.write("Ещё деталь"), AddComment).ticket == talk.ticket.id


def test_a_topic_that_is_no_longer_there_is_offered_anew() -> None:
    talk = Conversation()
    effects = talk.tap("topic:gone")
    assert only(effects, AnswerTap).notice
    assert "1. Касса" in told(effects)


def test_a_tapped_request_becomes_the_current_one_and_gets_the_kept_words() -> None:
    talk = opened()
    first = talk.ticket
    talk.open("money", "Не прошла оплата")
    talk.write("/new")
    talk.write("Это всё-таки про кассу")
    effects = talk.tap(f"ticket:{first.id}")
    assert only(effects, AddComment).ticket == first.id
    assert (talk.client.current, talk.client.kept, talk.client.stage) == (first.id, (), Stage.READY)


def test_a_tapped_request_that_is_closed_is_said_to_be() -> None:
    talk = opened()
    talk.see("c-done")
    assert "№12" in only(talk.tap(f"ticket:{talk.ticket.id}"), AnswerTap).notice


def test_cabinets_are_switched_added_and_dropped_by_one_tap_each() -> None:
    talk = Conversation(policy=WITH_CABINET)
    talk.write("/start")
    talk.write("11111")
    talk.tap("cabinet:add")
    talk.write("22222")
    assert talk.client.cabinet == "22222"
    profile = only(talk.write("/profile"), SendMessage)
    data = [button.data for row in profile.buttons for button in row]
    assert [each.partition(":")[0] for each in data] == ["use", "cabinet", "drop", "drop", "language", "leave"]
    assert all(1 <= len(each.encode()) <= 64 for each in data)
    talk.tap(data[0])
    assert talk.client.cabinet == "11111"
    talk.tap(next(each for each in data if each.startswith("drop")))
    assert (talk.client.cabinet, talk.client.cabinets) == ("22222", ("22222",))
    talk.tap("leave")
    talk.tap("leave!")
    assert not talk.client.cabinet
    assert not talk.client.cabinets
    talk.write("/new")
    assert talk.client.stage is Stage.CABINET


def test_a_topic_tapped_before_the_cabinet_is_known_is_not_asked_for_again() -> None:
    talk = Conversation(policy=WITH_CABINET)
    assert "номер вашего кабинета" in told(talk.tap("topic:money"))
    assert "номер счёта" in told(talk.write("12345"))
    assert talk.client.stage is Stage.WORDS


def test_words_that_wait_for_a_topic_are_not_overtaken_while_a_cabinet_is_being_added() -> None:
    talk = Conversation(policy=WITH_CABINET)
    talk.write("/start")
    talk.write("12345")
    talk.open()
    talk.write("/new")
    talk.write("первое")
    talk.tap("cabinet:add")
    assert "сохранили" in told(talk.write("второе"))
    comments = every(talk.tap(f"ticket:{talk.ticket.id}"), AddComment)
    assert [each.sections[0].text.plain for each in comments] == ["первое", "второе"]


def test_without_cabinets_there_is_none_to_add() -> None:
    talk = opened()
    assert only(talk.tap("cabinet:add"), AnswerTap).notice
    assert talk.client.stage is Stage.READY


# ---- edits


def test_an_edited_message_changes_its_comment_and_says_when() -> None:
    talk = opened()
    talk.write("И терминл", number="m")
    talk.later(minutes=4)
    edit = only(talk.edit(message("m"), "И терминал"), EditComment)
    assert edit.target == edit.section.key == f"say/{message('m').key}"
    assert edit.section.text.plain == "И терминал"
    assert edit.section.head == "Иван Петров · 10:00 · изменено в 10:04"
    assert edit.section.files == ()


def test_an_edit_without_other_words_is_nothing() -> None:
    talk = opened()
    talk.write("смотрите https://example.org", number="m")
    assert talk.edit(message("m"), "смотрите https://example.org") == ()
    place = Words(location=Location(latitude=1.0, longitude=2.0))
    talk.write(words=place, number="live")
    assert talk.edit(message("live"), "") == ()


def test_an_edited_picture_comes_as_a_new_file_and_an_edited_caption_does_not() -> None:
    talk = opened()
    talk.write("чек", files=(photo("a.jpg"),), number="m")
    caption = only(talk.edit(message("m"), "чек за май", files=(photo("a.jpg"),)), EditComment)
    assert caption.section.files == ()
    picture = only(talk.edit(message("m"), "чек за май", files=(photo("b.jpg"),)), EditComment)
    assert [file.name for file in picture.section.files] == ["b.jpg"]


def test_an_edit_of_the_words_on_the_description_is_a_correction_below() -> None:
    talk = Conversation()
    talk.tap("topic:till")
    talk.write("Каса", number="m")
    comment = only(talk.edit(message("m"), "Касса"), AddComment)
    assert comment.sections[0].text.plain == "исправлено: Касса"
    assert not comment.internal


def test_a_kept_message_and_a_part_of_an_open_album_are_simply_replaced() -> None:
    talk = Conversation()
    talk.write("Каса", number="k")
    assert talk.edit(message("k"), "Касса") == ()
    assert only(talk.tap("topic:till"), CreateCard).description.endswith("\n\nКасса")
    talk.write("чеки", files=(photo("0.jpg"),), album="al", number="p0")
    assert talk.edit(message("p0"), "чеки за май", files=(photo("0.jpg"),)) == ()
    assert only(talk.wake(), AddComment).sections[0].text.plain == "чеки за май"


def test_an_edited_caption_of_a_written_album_changes_its_comment() -> None:
    talk = opened()
    talk.write("", files=(photo("0.jpg"),), album="al", number="p0")
    talk.write("чеки", files=(photo("1.jpg"),), album="al", number="p1")
    talk.wake()
    edit = only(talk.edit(message("p1"), "чеки за май", files=(photo("1.jpg"),)), EditComment)
    assert edit.target == f"say/{message('p0').key}"
    assert edit.section.text.plain == "чеки за май"
    late = only(talk.write("", files=(photo("2.jpg"),), album="al"), EditComment)
    assert late.section.text.plain == "чеки за май"


def test_one_of_two_captions_is_corrected_below_so_that_the_other_stays() -> None:
    talk = opened()
    talk.write("чек", files=(photo("0.jpg"),), album="al", number="p0")
    talk.write("акт", files=(photo("1.jpg"),), album="al", number="p1")
    talk.wake()
    effects = talk.edit(message("p1"), "акт сверки", files=(photo("1.jpg"),))
    assert every(effects, EditComment) == []
    assert only(effects, AddComment).sections[0].text.plain == "исправлено: акт сверки"


def test_an_old_message_is_found_through_the_thread() -> None:
    talk = opened()
    old = Ref(port="telegram", id="77/1")
    assert talk.edit(old, "иначе") == ()
    edit = only(talk.edit(old, "иначе", thread={old.key: talk.ticket.id}), EditComment)
    assert edit.target == f"say/{old.key}"


def test_a_wrong_cabinet_that_is_edited_into_a_right_one_counts() -> None:
    talk = Conversation(policy=WITH_CABINET)
    talk.write("/start")
    talk.write("1234", number="m")
    talk.edit(message("m"), "12345")
    assert talk.client.cabinet == "12345"


def test_an_edit_longer_than_a_comment_goes_on_below() -> None:
    talk = opened()
    talk.write("коротко", number="m")
    text = "Очень длинный рассказ о кассе. " * 130
    effects = talk.edit(message("m"), text)
    parts = [only(effects, EditComment).section, *(each.sections[0] for each in every(effects, AddComment))]
    assert "".join(part.text.plain for part in parts) == text


# ---- out of reach


def test_a_blocked_bot_is_noted_once_on_every_open_card() -> None:
    talk = opened()
    talk.open("money", "Не прошла оплата")
    notes = every(talk.block(), AddComment)
    assert {note.ticket for note in notes} == {ticket.id for ticket in talk.client.tickets}
    assert all(note.internal for note in notes)
    assert talk.block() == ()
    assert talk.client.blocked


def test_answers_that_failed_while_blocked_arrive_after_the_return() -> None:
    talk = opened()
    talk.block()
    answer = only(talk.comment("Готово", number=1), SendMessage)
    files = only(talk.comment("", files=(photo("a.pdf", port="kaiten"),), number=2), SendFiles)
    assert only(talk.fail(answer, Refusal.BLOCKED), AddComment).internal
    talk.fail(files, Refusal.BLOCKED)
    effects = talk.come_back()
    explained, again = every(effects, SendMessage)
    assert "ответили" in explained.text.plain
    assert again.text.plain == "Готово"
    assert again.key not in {answer.key, explained.key}
    assert only(effects, SendFiles).files == files.files
    assert (talk.client.blocked, talk.client.undelivered) == (False, ())
    assert only(effects, AddComment).internal
    assert talk.come_back() == ()


def test_an_answer_sent_again_is_still_edited_and_may_fail_again() -> None:
    talk = opened()
    talk.fail(only(talk.comment("Готов", number=1), SendMessage), Refusal.BLOCKED)
    again = every(talk.come_back(), SendMessage)[1]
    assert only(talk.edit_comment(1, "Готово"), EditMessage).target == again.key
    talk.fail(again, Refusal.BLOCKED)
    assert [each.key for each in talk.client.undelivered] == [again.key]


def test_an_undelivered_answer_is_edited_and_withdrawn_where_it_waits() -> None:
    talk = opened()
    talk.fail(only(talk.comment("Готов", number=1), SendMessage), Refusal.BLOCKED)
    assert talk.edit_comment(1, "Готово") == ()
    assert isinstance(talk.client.undelivered[0], SendMessage)
    assert talk.client.undelivered[0].text == Text(plain="Готово")
    assert talk.remove_comment(1) == ()
    assert talk.client.undelivered == ()


def test_a_client_who_writes_has_returned() -> None:
    talk = opened()
    talk.fail(only(talk.comment("Готово", number=1), SendMessage), Refusal.BLOCKED)
    effects = talk.write("Я снова здесь")
    assert "Готово" in told(effects)
    assert not talk.client.blocked
    assert any(not comment.internal for comment in every(effects, AddComment))


def test_only_the_latest_undelivered_answers_are_kept() -> None:
    talk = opened()
    for number in range(25):
        talk.fail(only(talk.comment(f"ответ {number}"), SendMessage), Refusal.BLOCKED)
    assert len(talk.client.undelivered) == 20
    assert isinstance(talk.client.undelivered[-1], SendMessage)
    assert talk.client.undelivered[-1].text.plain == "ответ 24"


def test_edits_may_be_added_below_the_words_they_change() -> None:
    talk = opened(edits=Edits.APPEND)
    talk.write("И терминл", number="m")
    edit = only(talk.edit(message("m"), "И терминал"), EditComment)
    assert edit.append
    assert (edit.section.text.plain, edit.section.head) == ("И терминал", "изменено в 10:00")


def test_edits_may_leave_the_card_alone() -> None:
    talk = opened(edits=Edits.IGNORE)
    talk.write("И терминл", number="m")
    before = talk.client
    assert talk.edit(message("m"), "И терминал") == ()
    assert talk.client == before


def test_where_edits_are_ignored_words_still_waiting_are_changed_all_the_same() -> None:
    talk = Conversation(policy=replace(POLICY, edits=Edits.IGNORE))
    talk.write("Каса", number="m")
    talk.edit(message("m"), "Касса")
    assert "Касса" in only(talk.tap("topic:till"), CreateCard).description


def test_the_cards_of_a_client_who_stops_the_bot_are_labelled_until_they_return() -> None:
    talk = opened(blocked_tag="бот остановлен")
    assert only(talk.block(), AddTag).name == "бот остановлен"
    assert only(talk.come_back(), RemoveTag).name == "бот остановлен"


def test_a_card_that_was_closed_meanwhile_loses_the_label_too() -> None:
    talk = opened(blocked_tag="бот остановлен")
    talk.see("c-queue")
    talk.block()
    talk.see("c-done")
    assert not talk.ticket.open
    assert only(talk.come_back(), RemoveTag).ticket == talk.ticket.id
