"""What happens when something changed on the board."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.decide.replies import public
from connector.domain.effects import (
    AddComment,
    DeleteMessage,
    EditMessage,
    Meaning,
    React,
    SendFiles,
    SendMessage,
    SetDeadline,
    Urgency,
)
from connector.domain.policy import ChatLimits, Publicity, PublicRule
from connector.domain.refs import Ref, TicketId
from connector.domain.ticket import Phase
from connector.domain.words import Span, Style, Text
from tests.domain.sample import START, Conversation, every, message, only, opened, photo, told

ONLY_MARKED = PublicRule(rule=Publicity.ONLY_MARKED, mark="!!")

# ---- answers


def test_an_agents_comment_is_sent_to_the_client_as_it_is_set() -> None:
    talk = opened()
    bold = Text(plain="Готово, проверьте", spans=(Span(start=0, length=6, style=Style.BOLD),))
    sent = only(talk.comment(formatted=bold, number=1), SendMessage)
    assert sent.key == "reply/kaiten:comment-1/0"
    assert (sent.text, sent.urgency, sent.ticket) == (bold, Urgency.REPLY, talk.ticket.id)


def test_the_first_public_answer_is_remembered() -> None:
    talk = opened()
    talk.comment("// сам посмотрю")
    assert talk.ticket.answered_at is None
    talk.later(minutes=3)
    talk.comment("Смотрим")
    talk.later(minutes=3)
    talk.comment("Готово")
    assert talk.ticket.answered_at == START + timedelta(minutes=3)


def test_a_long_answer_is_split_within_the_limit() -> None:
    talk = opened(limits=ChatLimits(text=100))
    text = "Откройте настройки. " * 20
    parts = every(talk.comment(text, number=1), SendMessage)
    assert "".join(part.text.plain for part in parts) == text
    assert [part.key for part in parts] == [f"reply/kaiten:comment-1/{n}" for n in range(len(parts))]


def test_a_short_text_goes_as_the_caption_of_its_files() -> None:
    talk = opened()
    sent = only(talk.comment("Вот счёт", files=(photo("a.pdf", port="kaiten"),), number=1), SendFiles)
    assert (sent.key, sent.caption.plain) == ("reply/kaiten:comment-1/0", "Вот счёт")


def test_a_long_text_goes_before_its_files_and_many_files_in_albums() -> None:
    talk = opened()
    files = tuple(photo(f"{number}.pdf", port="kaiten") for number in range(12))
    effects = [each for each in talk.comment("ж" * 2000, files=files, number=1) if not isinstance(each, React)]
    assert [type(each) for each in effects] == [SendMessage, SendFiles, SendFiles]
    assert [len(each.files) for each in every(effects, SendFiles)] == [10, 2]
    assert [each.key[-1] for each in effects] == ["0", "1", "2"]


def test_a_file_too_large_for_the_chat_is_told_to_both_sides() -> None:
    talk = opened()
    big = photo("film.mp4", size=60 * 1024 * 1024, port="kaiten")
    effects = talk.comment("Вот запись", files=(big, photo("a.pdf", port="kaiten")))
    assert [file.name for file in only(effects, SendFiles).files] == ["a.pdf"]
    assert "film.mp4" in told(effects)
    assert "60 МБ" in told(effects)
    note = only(effects, AddComment)
    assert note.internal
    assert "film.mp4" in note.sections[0].text.plain


def test_an_answer_may_carry_the_agents_name() -> None:
    sent = only(opened(sign_agents=True).comment("Готово"), SendMessage)
    assert sent.text.plain == "Анна:\nГотово"


def test_with_several_requests_an_answer_to_another_one_carries_its_number() -> None:
    talk = opened()
    first = talk.ticket
    second = talk.open("money", "Не прошла оплата")
    assert only(talk.comment("Готово", ticket=first), SendMessage).text.plain == "№12:\nГотово"
    assert only(talk.comment("Готово", ticket=second), SendMessage).text.plain == "Готово"


def test_an_answer_to_a_closed_request_is_still_delivered() -> None:
    talk = opened()
    talk.see("c-done")
    assert only(talk.comment("И ещё: обновите кассу"), SendMessage)


def test_a_comment_on_a_card_of_nobody_is_left_alone() -> None:
    talk = opened()
    before = talk.client
    stranger = replace(talk.ticket, id=TicketId("kc-other"), card=Ref(port="kaiten", id="other"))
    assert talk.comment("Готово", ticket=stranger) == ()
    assert talk.client == before


def test_a_card_without_our_id_is_known_by_itself() -> None:
    talk = opened()
    effects = talk.comment("Готово", ticket=replace(talk.ticket, id=TicketId("")))
    assert only(effects, SendMessage).ticket == talk.ticket.id


# ---- what is public


@pytest.mark.parametrize(
    "text", ["// note", "//note", "  // note", "\n//", "\u200b// note", "\ufeff//note", "／／ note", "/\u200b/ note"]
)
def test_a_marked_comment_stays_with_the_agents(text: str) -> None:
    talk = opened()
    assert talk.comment(text) == ()
    assert talk.comment(text, files=(photo("a.pdf", port="kaiten"),)) == ()


def test_a_comment_the_tool_calls_internal_is_never_public() -> None:
    assert opened().comment("Готово", internal=True) == ()
    assert opened(public=ONLY_MARKED).comment("!! Готово", internal=True) == ()


def test_with_only_marked_comments_public_the_mark_is_taken_off() -> None:
    talk = opened(public=ONLY_MARKED)
    marked = Text(plain=" !! Готово", spans=(Span(start=4, length=6, style=Style.BOLD),))
    sent = only(talk.comment(formatted=marked), SendMessage)
    assert sent.text == Text(plain="Готово", spans=(Span(start=0, length=6, style=Style.BOLD),))
    assert talk.comment("Готово") == ()
    assert talk.comment("Готово !!") == ()
    assert talk.comment("", files=(photo("a.pdf", port="kaiten"),)) == ()


def test_an_empty_mark_hides_nothing_and_shows_nothing() -> None:
    text = Text(plain="Готово")
    assert public(PublicRule(mark=""), text, False, "Анна", Phase.QUEUE) == text
    assert public(PublicRule(rule=Publicity.ONLY_MARKED, mark=""), text, False, "Анна", Phase.QUEUE) is None


@given(st.text(max_size=60), st.text(alphabet=" \n\t\u200b\u200e\ufeff\u2060", max_size=4), st.booleans())
def test_no_marked_or_internal_note_is_ever_public(body: str, blanks: str, internal: bool) -> None:
    assert public(PublicRule(), Text(plain=f"{blanks}//{body}"), internal, "", Phase.QUEUE) is None
    assert public(PublicRule(), Text(plain=body), True, "", Phase.QUEUE) is None
    half = public(ONLY_MARKED, Text(plain=f"{blanks}!{body}"), internal, "", Phase.QUEUE)
    assert half is None or body.startswith("!")


def test_with_only_some_people_public_the_others_talk_among_themselves() -> None:
    talk = opened(public=PublicRule(rule=Publicity.ONLY_PEOPLE, people=frozenset({"  АННА "})))
    assert told(talk.comment("Готово", number=1)) == "Готово"
    assert talk.comment("// Готово") == ()
    assert talk.comment("Готово", internal=True) == ()
    others = opened(public=PublicRule(rule=Publicity.ONLY_PEOPLE, people=frozenset({"Борис"})))
    assert others.comment("Готово", number=2) == ()
    assert others.edit_comment(2, "Всё готово") == ()
    assert others.attach(2, photo("a.pdf", port="kaiten")) == ()


def test_with_only_some_columns_public_the_place_at_the_time_of_the_comment_counts() -> None:
    talk = opened(public=PublicRule(rule=Publicity.ONLY_COLUMNS, columns=frozenset({Meaning.WORK})))
    assert talk.comment("Между нами", number=1) == ()
    talk.see("c-work")
    edit = only(talk.edit_comment(1, "Между нами!"), EditMessage)
    assert edit.target not in {each.key for each in every(talk.effects, SendMessage)}
    sent = only(talk.comment("Готов", number=2), SendMessage)
    assert talk.comment("// Готово") == ()
    assert talk.comment("Готово", internal=True) == ()
    talk.see("c-wait")
    assert only(talk.edit_comment(2, "Готово"), EditMessage).target == sent.key
    assert only(talk.attach(2, photo("a.pdf", port="kaiten")), SendFiles)
    taken = every(talk.edit_comment(2, "// Готово"), DeleteMessage)
    assert [each.target for each in taken] == [sent.key, "reply/kaiten:file-a.pdf"]
    assert talk.comment("Снова между нами") == ()


def test_a_card_that_was_not_seen_yet_stands_in_the_queue() -> None:
    rule = PublicRule(rule=Publicity.ONLY_COLUMNS, columns=frozenset({Meaning.QUEUE}))
    text = Text(plain="Готово")
    assert public(rule, text, False, "Анна", Phase.OPENING) == text
    assert public(rule, text, False, "Анна", Phase.WORK) is None


# ---- changed comments


def test_an_edited_answer_is_edited_in_the_chat() -> None:
    talk = opened()
    sent = only(talk.comment("Готов", number=1), SendMessage)
    edit = only(talk.edit_comment(1, "Готово"), EditMessage)
    assert (edit.target, edit.text.plain) == (sent.key, "Готово")


def test_an_answer_edited_longer_or_shorter_keeps_its_messages_in_step() -> None:
    talk = opened(limits=ChatLimits(text=20))
    first = every(talk.comment("Первая часть. Вторая часть.", number=1), SendMessage)
    assert len(first) == 2
    longer = talk.edit_comment(1, "Первая часть. Вторая часть. Третья часть.")
    assert [each.target for each in every(longer, EditMessage)] == [each.key for each in first]
    third = only(longer, SendMessage)
    shorter = talk.edit_comment(1, "Одна часть.")
    assert only(shorter, EditMessage).target == first[0].key
    assert [each.target for each in every(shorter, DeleteMessage)] == [first[1].key, third.key]
    assert len({each.key for each in talk.effects}) == len(talk.effects)


def test_an_edited_caption_that_grew_too_long_goes_on_in_a_message() -> None:
    talk = opened(limits=ChatLimits(caption=20))
    talk.comment("Вот счёт", files=(photo("a.pdf", port="kaiten"),), number=1)
    effects = talk.edit_comment(1, "Вот счёт за март. Оплатите до пятницы.")
    assert only(effects, EditMessage).text.plain == "Вот счёт за март. "
    assert only(effects, SendMessage).text.plain == "Оплатите до пятницы."


def test_an_answer_that_is_marked_afterwards_is_taken_back() -> None:
    talk = opened()
    sent = only(talk.comment("Клиент сам виноват", number=1), SendMessage)
    assert only(talk.edit_comment(1, "// Клиент сам виноват"), DeleteMessage).target == sent.key
    assert talk.attach(1, photo("a.pdf", port="kaiten")) == ()


def test_a_note_that_loses_its_mark_is_not_sent() -> None:
    talk = opened()
    talk.comment("// Клиент сам виноват", number=1)
    effects = talk.edit_comment(1, "Клиент сам виноват")
    assert [type(each) for each in effects] == [EditMessage]
    assert only(effects, EditMessage).target not in {each.key for each in every(talk.effects, SendMessage)}


def test_a_removed_answer_is_deleted_with_all_its_parts() -> None:
    talk = opened(limits=ChatLimits(text=20, caption=20))
    sent = talk.comment("Первая часть. Вторая часть.", files=(photo("a.pdf", port="kaiten"),), number=1)
    talk.attach(1, photo("b.pdf", port="kaiten"))
    expected = [each.key for each in sent if not isinstance(each, React)] + ["reply/kaiten:file-b.pdf"]
    assert [each.target for each in every(talk.remove_comment(1), DeleteMessage)] == expected


def test_a_file_that_joins_an_answer_follows_it_once() -> None:
    talk = opened()
    talk.comment("Вот счёт", files=(photo("a.pdf", port="kaiten"),), number=1)
    assert talk.attach(1, photo("a.pdf", port="kaiten")) == ()
    joined = only(talk.attach(1, photo("b.pdf", port="kaiten")), SendFiles)
    assert joined.key == "reply/kaiten:file-b.pdf"
    assert talk.attach(1, photo("b.pdf", port="kaiten")) == ()


def test_a_comment_that_gets_its_only_content_later_is_an_answer_then() -> None:
    talk = opened()
    assert talk.comment("", number=1) == ()
    assert talk.ticket.answered_at is None
    assert only(talk.attach(1, photo("a.pdf", port="kaiten")), SendFiles)
    assert talk.ticket.answered_at is not None


def test_a_file_that_joins_a_note_stays_with_the_agents() -> None:
    talk = opened()
    talk.comment("// для своих", number=1)
    assert talk.attach(1, photo("a.pdf", port="kaiten")) == ()
    talk.comment("Готово", number=2)
    assert talk.attach(2, photo("b.pdf", port="kaiten"), internal=True) == ()
    assert talk.attach(3, photo("c.pdf", port="kaiten")) == ()


def test_what_is_remembered_of_answers_is_bounded() -> None:
    talk = opened()
    for number in range(60):
        talk.comment("Готово", files=(photo(f"{number}.pdf", port="kaiten"),), number=1000 + number)
    assert (len(talk.ticket.replies), len(talk.ticket.relayed)) == (50, 50)


# ---- the card


def test_a_column_tells_the_client_where_the_request_stands_once() -> None:
    talk = opened()
    assert "Взяли в работу" in told(talk.see("c-work"))
    assert talk.see("c-work") == ()
    assert "нужен ваш ответ" in told(talk.see("c-wait"))
    assert "закрыто" in told(talk.see("c-done"))
    assert (talk.ticket.phase, talk.ticket.closed_at) == (Phase.DONE, talk.now)
    assert talk.client.current is None
    assert "снова открыто" in told(talk.see("c-work"))
    assert not talk.ticket.closed_at
    assert talk.client.current == talk.ticket.id


def test_the_queue_and_columns_without_meaning_are_not_worth_a_word() -> None:
    talk = opened()
    assert talk.see("c-queue") == ()
    assert talk.see("c-unknown") == ()
    talk.see("c-work")
    assert talk.see("c-queue") == ()
    assert talk.ticket.phase is Phase.QUEUE


def test_an_older_look_at_the_card_changes_nothing() -> None:
    talk = opened()
    talk.see("c-work", version=50)
    before = talk.client
    assert talk.see("c-done", version=50) == ()
    assert talk.see("c-done", version=49) == ()
    assert talk.client == before


def test_who_has_a_card_is_noted_though_its_version_stays() -> None:
    talk = opened()
    talk.see("c-work", version=50, responsible="Telegram")
    talk.see("c-work", version=50, responsible="Анна")
    assert talk.ticket.responsible == "Анна"
    talk.see("c-work", version=49, responsible="Telegram")
    assert talk.ticket.responsible == "Анна"


def test_our_own_move_raises_no_echo() -> None:
    talk = opened()
    talk.see("c-done")
    talk.later(hours=1)
    move = talk.write("Снова не работает")[-1]
    assert talk.see("c-done") == ()
    assert talk.ticket.open
    talk.done(move)
    assert talk.see("c-queue") == ()
    assert talk.ticket.phase is Phase.QUEUE


def test_another_lane_is_another_promise() -> None:
    talk = opened()
    effects = talk.see("c-queue", lane="l-today")
    assert talk.ticket.service_class == "today"
    assert talk.ticket.due_at == START + timedelta(hours=24)
    assert [(each.due_at, each.ticket) for each in every(effects, SetDeadline)] == [
        (talk.ticket.due_at, talk.ticket.id)
    ]
    assert len(effects) == 1
    assert talk.see("c-queue", lane="l-unknown") == ()
    assert talk.ticket.service_class == "today"


def test_a_card_dragged_back_before_its_new_deadline_came_gets_the_old_one_again() -> None:
    talk = opened()
    first = talk.ticket.due_at
    talk.see("c-queue", lane="l-today")
    effects = talk.see("c-queue", lane="l-urgent", by_hand=first)
    assert only(effects, SetDeadline).due_at == first


def test_a_deadline_set_by_hand_stays_and_a_note_tells_what_the_class_would_give() -> None:
    talk = opened()
    effects = talk.see("c-queue", lane="l-today", by_hand=START + timedelta(days=9))
    assert every(effects, SetDeadline) == []
    assert "поставленный вручную" in only(effects, AddComment).sections[0].text.plain
    assert talk.ticket.service_class == "today"


def test_a_closed_card_keeps_its_deadline_in_any_lane() -> None:
    talk = opened()
    talk.see("c-done", lane="l-urgent")
    assert every(talk.see("c-done", lane="l-today"), SetDeadline) == []
    first = talk.ticket.deadlines[-1]
    assert only(talk.see("c-queue", lane="l-today", by_hand=first), SetDeadline).due_at == talk.ticket.due_at
    assert talk.ticket.due_at != first


def test_a_lost_card_that_comes_back_is_the_tickets_card_again() -> None:
    talk = opened()
    card = talk.ticket.card
    assert talk.see(gone=True) == ()
    assert talk.ticket.lost
    talk.see("c-queue")
    assert talk.ticket.card == card
    assert [type(each) for each in talk.write("Ау") if isinstance(each, AddComment)] == [AddComment]


def test_a_card_that_was_given_up_says_nothing_any_more() -> None:
    talk = opened()
    former = talk.ticket
    talk.see(gone=True)
    talk.write("Ау")
    before = talk.client
    assert talk.see("c-done", ticket=former) == ()
    assert talk.client == before


def test_a_card_seen_before_its_order_ended_is_the_tickets_card() -> None:
    talk = Conversation()
    talk.tap("topic:till")
    talk.write("Касса не работает")
    assert "Взяли в работу" in told(talk.see("c-work"))
    assert talk.ticket.card is not None


def test_the_end_of_one_request_leaves_the_current_one_current() -> None:
    talk = opened()
    first = talk.ticket
    second = talk.open("money", "Не прошла оплата")
    talk.see("c-done", ticket=first)
    assert talk.client.current == second.id


def test_the_first_answer_marks_the_clients_latest_message_and_a_second_one_does_not() -> None:
    talk = opened()
    talk.write("И терминал", number="m")
    mark = only(talk.comment("Едем"), React)
    assert (mark.message, mark.emoji, mark.urgency) == (message("m"), "👌", Urgency.LABEL)
    assert every(talk.comment("Будем через час"), React) == []
    talk.write("Ждём", number="n")
    assert only(talk.comment("Приехали"), React).message == message("n")


def test_only_changes_the_mapping_names_are_told() -> None:
    talk = opened(notices=frozenset({Meaning.DONE}))
    assert told(talk.see("c-work")) == ""
    assert "закрыто" in told(talk.see("c-done"))


def test_back_in_the_queue_is_told_only_where_the_mapping_says_so() -> None:
    talk = opened()
    talk.see("c-work")
    assert told(talk.see("c-queue")) == ""
    asked = opened(notices=frozenset(Meaning))
    asked.see("c-work")
    assert "ждёт своей очереди" in told(asked.see("c-queue"))


def test_the_client_sees_the_name_the_mapping_gives_an_agent() -> None:
    talk = opened(sign_agents=True, aliases={"Анна": "Анна, поддержка"})
    assert only(talk.comment("Едем"), SendMessage).text.plain.startswith("Анна, поддержка:")
