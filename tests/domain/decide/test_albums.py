"""Parts of an album, each a message of its own, stand on the card as one."""

from connector.domain.effects import AddComment, AddFiles, CreateCard, EditComment, React, SendMessage
from tests.domain.sample import POLICY, Conversation, every, message, only, opened, photo, told


def test_an_album_kept_before_the_topic_goes_onto_the_card_together() -> None:
    talk = Conversation()
    for number in range(3):
        talk.write("чек" if number == 0 else "", files=(photo(f"{number}.jpg"),), album="al")
    talk.write("И ещё вопрос")
    effects = talk.tap("topic:till")
    assert only(effects, CreateCard).description.endswith("чек")
    assert [file.name for file in only(effects, AddFiles).files] == ["0.jpg", "1.jpg", "2.jpg"]
    assert only(effects, AddComment).sections[0].text.plain == "И ещё вопрос"


def test_an_album_that_opens_the_request_is_acknowledged_at_once_and_its_other_parts_join() -> None:
    talk = Conversation()
    talk.tap("topic:till")
    first = talk.write("чек", files=(photo("0.jpg"),), album="al", number="p0")
    assert "№12" in told(first)
    second = talk.write("", files=(photo("1.jpg"),), album="al", number="p1")
    assert only(second, AddFiles).key == f"say/{message('p1').key}"
    assert len(second) == 1


def test_the_parts_of_an_album_are_one_comment_with_one_receipt() -> None:
    talk = opened()
    first = talk.write("", files=(photo("0.jpg"),), album="al", number="p0")
    assert [type(each) for each in first] == [React]
    talk.later(seconds=1)
    assert talk.write("чеки", files=(photo("1.jpg"),), album="al") == ()
    assert talk.wake_at == talk.now + POLICY.album_wait
    comment = only(talk.wake(), AddComment)
    assert comment.key == f"say/{message('p0').key}"
    assert comment.sections[0].text.plain == "чеки"
    assert [file.name for file in comment.sections[0].files] == ["0.jpg", "1.jpg"]
    assert talk.wake_at is None


def test_an_album_does_not_wait_for_ever() -> None:
    talk = opened()
    begun = talk.now
    for number in range(12):
        talk.write("", files=(photo(f"{number}.jpg"),), album="al")
        talk.later(seconds=1)
    assert talk.wake_at == begun + 5 * POLICY.album_wait


def test_an_album_is_written_before_the_next_message() -> None:
    talk = opened()
    talk.write("", files=(photo("0.jpg"),), album="al", number="p0")
    comments = every(talk.write("Вот чек", number="m"), AddComment)
    assert [each.key for each in comments] == [f"say/{message('p0').key}", f"say/{message('m').key}"]
    assert talk.client.albums == ()


def test_a_late_part_joins_the_comment_of_its_album() -> None:
    talk = opened()
    talk.write("чеки", files=(photo("0.jpg"),), album="al", number="p0")
    written = only(talk.wake(), AddComment)
    talk.later(minutes=5)
    edit = only(talk.write("", files=(photo("1.jpg"),), album="al"), EditComment)
    assert edit.target == edit.section.key == written.key
    assert edit.section.head == written.sections[0].head
    assert edit.section.text == written.sections[0].text
    assert [file.name for file in edit.section.files] == ["1.jpg"]


def test_a_late_caption_joins_the_words_of_its_album() -> None:
    talk = opened()
    talk.write("", files=(photo("0.jpg"),), album="al")
    talk.wake()
    edit = only(talk.write("чеки", files=(photo("1.jpg"),), album="al"), EditComment)
    assert edit.section.text.plain == "чеки"


def test_after_ten_minutes_nothing_joins_an_album_any_more() -> None:
    talk = opened()
    talk.write("чеки", files=(photo("0.jpg"),), album="al")
    talk.wake()
    talk.later(minutes=11)
    assert every(talk.write("", files=(photo("1.jpg"),), album="al"), EditComment) == []
    assert only(talk.wake(), AddComment).sections[0].files[0].name == "1.jpg"
    assert len(talk.client.written) == 1


def test_an_open_album_is_written_before_a_new_request_opens() -> None:
    talk = opened()
    first = talk.ticket
    talk.write("", files=(photo("0.jpg"),), album="al")
    talk.tap("topic:money")
    effects = talk.write("Не прошла оплата")
    assert only(effects, AddComment).ticket == first.id
    assert [type(each) for each in effects][:2] == [AddComment, SendMessage]
    assert talk.client.albums == ()


def test_an_open_album_is_written_before_kept_words_that_follow_it() -> None:
    talk = opened()
    talk.write("", files=(photo("0.jpg"),), album="al", number="p0")
    talk.write("/new")
    talk.write("Это туда же", number="m")
    comments = every(talk.tap(f"ticket:{talk.ticket.id}"), AddComment)
    assert [each.key for each in comments] == [f"say/{message('p0').key}", f"say/{message('m').key}"]
