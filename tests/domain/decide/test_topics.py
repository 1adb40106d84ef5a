"""How a topic is chosen, and what becomes of words whose topic never is."""

from dataclasses import replace
from datetime import timedelta

from connector.domain.client import Stage
from connector.domain.effects import AddComment, CreateCard, SendMessage
from connector.domain.policy import Policy, TopicGroup
from tests.domain.sample import POLICY, WITH_CABINET, Conversation, every, only, told

DEVICES = TopicGroup(key="devices", title={"ru": "Устройства", "en": "Devices"}, hint={"ru": "Номер поста пригодится."})


def grouped() -> Policy:
    """The till and how-to under one heading, payments at the top."""
    till, howto, money = POLICY.topics
    inside = tuple(replace(each, group="devices") for each in (till, howto))
    return replace(POLICY, topics=(*inside, money), groups_of_topics=(DEVICES,))


def test_a_group_stands_in_the_menu_where_its_first_topic_stands() -> None:
    talk = Conversation(policy=grouped())
    menu = only(talk.write("/new"), SendMessage)
    assert [button.data for row in menu.buttons for button in row] == ["group:devices", "topic:money"]
    assert "1. Устройства\n2. Оплата" in menu.text.plain


def test_a_chosen_group_shows_its_topics_its_hint_and_the_way_back() -> None:
    talk = Conversation(policy=grouped())
    talk.write("/new")
    menu = only(talk.tap("group:devices"), SendMessage)
    assert [button.data for row in menu.buttons for button in row] == ["topic:till", "topic:howto", "group:"]
    assert "Номер поста пригодится." in menu.text.plain
    assert "2. Оплата" in told(talk.tap("group:"))


def test_numbers_and_titles_may_be_typed_on_both_levels() -> None:
    talk = Conversation(policy=grouped())
    talk.write("/new")
    assert "1. Касса" in told(talk.write("1"))
    talk.write("2.")
    assert (talk.client.stage, talk.client.topic) == (Stage.WORDS, "howto")
    talk.write("/new")
    talk.write("касса")
    assert talk.client.topic == "till"
    talk.write("/new")
    assert "1. Касса" in told(talk.write("devices"))


def test_words_written_before_the_topic_open_the_request_from_inside_a_group() -> None:
    talk = Conversation(policy=grouped())
    talk.write("Касса не работает")
    talk.tap("group:devices")
    assert "Касса не работает" in only(talk.tap("topic:till"), CreateCard).description


def test_the_cabinet_in_use_is_shown_when_there_are_several() -> None:
    talk = Conversation(policy=WITH_CABINET)
    talk.write("/start")
    assert "Кабинет:" not in told(talk.write("12345"))
    talk.tap("cabinet:add")
    talk.write("54321")
    assert "Кабинет: 54321." in told(talk.write("/new"))


def test_who_never_chooses_a_topic_is_reminded_once() -> None:
    talk = Conversation()
    talk.write("Касса не работает")
    asked = talk.now
    assert "Напоминаем" in told(talk.wake())
    assert talk.now - asked == timedelta(minutes=15)
    assert talk.wake_at is None
    assert [each.words.text.plain for each in talk.client.kept] == ["Касса не работает"]
    assert "Касса не работает" in only(talk.tap("topic:till"), CreateCard).description


def test_who_never_sends_the_cabinet_is_reminded_of_that() -> None:
    talk = Conversation(policy=WITH_CABINET)
    talk.write("Касса не работает")
    assert "номер вашего кабинета" in told(talk.wake())


def test_with_a_default_topic_the_words_reach_people_in_the_end() -> None:
    talk = Conversation(policy=replace(POLICY, default_topic="howto"))
    talk.write("Касса не работает")
    talk.write("Совсем")
    talk.wake()
    effects = talk.wake()
    assert only(effects, CreateCard).topic == "howto"
    assert "Чтобы вы не ждали" in told(effects)
    shown = [each.sections[0].text.plain for each in every(effects, AddComment)]
    assert shown[0] == "Совсем"
    assert "не выбрал тему" in shown[1]
    assert (talk.client.kept, talk.wake_at) == ((), None)


def test_the_reminder_is_off_where_the_mapping_says_never() -> None:
    talk = Conversation(policy=replace(POLICY, unfinished_after=None, default_topic="howto"))
    talk.write("Касса не работает")
    assert talk.wake_at is None


def test_nobody_is_reminded_who_has_blocked_the_bot() -> None:
    talk = Conversation()
    talk.write("Касса не работает")
    talk.block()
    assert talk.wake_at is None
    talk.come_back()
    assert talk.wake_at is not None


def test_choosing_a_topic_without_words_is_no_reason_to_remind() -> None:
    talk = Conversation()
    talk.tap("topic:till")
    assert talk.wake_at is None
