"""Orders to the bot in agents' comments: what is one, that none reaches the client, and what each does."""

import unicodedata
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.domain.around import Around, Thread
from connector.domain.decide.ordering import read, word_for
from connector.domain.effects import (
    AddComment,
    AddTag,
    AssignCard,
    CreateCard,
    EditMessage,
    Meaning,
    MoveCard,
    RemoveTag,
    ReplaceCard,
    SendFiles,
    SendMessage,
    SetDeadline,
    SetFacts,
)
from connector.domain.events import AgentCommented, AgentEdited, AgentRemoved, ClientWrote
from connector.domain.policy import Command, CommandRule, LabelRule, LeakGuard, Template
from connector.domain.refs import Key, Ref, TicketId
from connector.domain.ticket import Outcome, Past, Phase
from connector.domain.words import Text
from tests.domain.decide.desk import BOARD, HOUR, desk, note, notes, now
from tests.domain.sample import START, Conversation, every, message, only, photo, told

RULE = CommandRule(words={**CommandRule().words, "взять": Command.TAKE})


def command(plain: str, rule: CommandRule = RULE) -> Command | str | None:
    """The command a comment is; its word when that is unknown; None for ordinary text."""
    order = read(rule, Text(plain=plain))
    return None if order is None else order.command or order.word


# ---- what is an order


@pytest.mark.parametrize(
    ("plain", "meant"),
    [
        ("#take", Command.TAKE),
        ("  \n\u200b\ufeff#take", Command.TAKE),
        ("#\u200btake", Command.TAKE),
        ("#ta\u200bke", Command.TAKE),
        ("#\ufe0ftake", Command.TAKE),
        ("\uff03\uff34\uff21\uff2b\uff25", Command.TAKE),
        ("#ВЗЯТЬ", Command.TAKE),
        ("#take.", Command.TAKE),
        ("#tpl\nhello", Command.TEMPLATE),
        ("#tlp hello", "#tlp"),
        ("#таке", "#таке"),
        ("#close-now", "#close-now"),
        ("#5", None),
        ("№5", None),
        ("# Заголовок", None),
        ("## Заголовок", None),
        ("#\u00a0take", None),
        ("#", None),
        ("", None),
        ("Нажмите #take", None),
        ("// #take", None),
        ("take", None),
    ],
)
def test_a_prefix_directly_before_letters_makes_an_order(plain: str, meant: Command | str | None) -> None:
    assert command(plain) == meant


def test_the_prefix_may_be_several_signs_and_none_at_all() -> None:
    assert command("!!take", replace(RULE, prefix="!!")) is Command.TAKE
    assert command("!take", replace(RULE, prefix="!!")) is None
    assert command("take", replace(RULE, prefix=" ")) is None


def test_a_command_whose_word_was_taken_away_is_still_explained_by_a_word() -> None:
    assert word_for(CommandRule(prefix="/", words={}), Command.MUTE) == "/mute"


LETTERS = st.characters(categories=("Lu", "Ll", "Lt", "Lm", "Lo"))
UNSEEN = st.text(alphabet=[*" \n\t\u200b\u2060\ufeff\u00ad\u00a0"], max_size=3)


@settings(max_examples=300, deadline=None)
@given(
    UNSEEN,
    st.sampled_from(["#", "\uff03", "\ufe5f"]),
    st.sampled_from(["", "\u200b", "\u2060"]),
    st.one_of(st.text(LETTERS, min_size=1, max_size=8), st.sampled_from([*Command])),
    st.text(max_size=30),
    st.booleans(),
)
def test_no_order_reaches_the_client_but_for_a_template(
    before: str, prefix: str, between: str, word: str, after: str, internal: bool
) -> None:
    talk = desk(notices=frozenset())
    talk.comment("Ответ", number=500)
    plain = f"{before}{prefix}{between}{word}{after}"
    effects = talk.comment(plain, number=501, files=(photo("a", port="kaiten"),), internal=internal)
    answers = [each for each in every(effects, SendMessage) if each.key.startswith("reply/")]
    assert answers == []
    assert every(effects, SendFiles) == []
    mine = [each for each in every(effects, AddComment) if each.internal and each.ticket == talk.client.tickets[0].id]
    assert len(mine) == 1
    assert [each for each in talk.edit_comment(501, plain) if isinstance(each, SendMessage | EditMessage)] == []
    assert [each for each in talk.edit_comment(500, plain) if isinstance(each, EditMessage)] == []


def test_an_unknown_word_names_the_nearest_command() -> None:
    talk = desk()
    effects = talk.comment("#tlp hello")
    assert "#tlp" in note(effects)
    assert "#tpl" in note(effects).replace("#tlp", "")
    assert told(effects) == ""


def test_ordinary_text_behind_the_sign_goes_as_it_is() -> None:
    talk = desk()
    assert told(talk.comment("#5 — ваш номер в очереди")) == "#5 — ваш номер в очереди"


def test_a_comment_edited_into_an_order_is_taken_back_and_orders_nothing() -> None:
    talk = desk()
    talk.comment("Смотрим", number=3)
    effects = talk.edit_comment(3, "#close")
    assert talk.ticket.open
    assert talk.ticket.replies == ()
    assert "#close" in note(effects)


def test_a_comment_that_waits_and_becomes_an_order_does_not_go() -> None:
    talk = desk(send_after=timedelta(seconds=10))
    talk.comment("Смотрим", number=3)
    assert "#close" in note(talk.edit_comment(3, "#close"))
    talk.later(seconds=20)
    assert every(talk.wake(), SendMessage) == []
    assert talk.ticket.held == ()


def test_an_order_edited_into_words_stays_unsent() -> None:
    talk = desk()
    talk.comment("#take", number=3)
    assert every(talk.edit_comment(3, "Взяли"), SendMessage) == []


def test_files_that_join_an_order_stay_with_the_agents() -> None:
    talk = desk()
    talk.comment("#mute", number=3)
    assert talk.attach(3, photo("a", port="kaiten")) == ()


@pytest.mark.parametrize("word", ["#take", "#send", "#mute"])
def test_words_behind_an_order_that_takes_none_are_not_lost_silently(word: str) -> None:
    talk = desk()
    effects = talk.comment(f"{word} Здравствуйте, уже едем")
    assert "Здравствуйте, уже едем" in note(effects)
    assert "Например" in note(effects)
    assert len(effects) == 1


# ---- to a person


def test_taking_assigns_the_card_to_the_author_and_puts_it_in_work() -> None:
    talk = desk()
    effects = talk.comment("#take")
    assert only(effects, AssignCard).user == "5"
    move = only(effects, MoveCard)
    assert (move.meaning, move.board) == (Meaning.WORK, "b1")
    assert "Анна" in note(effects)
    assert "Взяли в работу" in told(effects)
    assert talk.see("c-queue", lane="l-urgent") == ()
    assert talk.done(move) == ()
    assert talk.see("c-work", lane="l-urgent") == ()
    assert (talk.ticket.phase, talk.ticket.moving) == (Phase.WORK, None)


def test_taking_a_card_in_work_or_where_no_column_means_it_only_assigns() -> None:
    talk = desk()
    talk.see("c-work")
    assert every(talk.comment("#take"), MoveCard) == []
    other = desk()
    other.see("c-queue", board="b3")
    effects = other.comment("#take")
    assert every(effects, MoveCard) == []
    assert only(effects, AssignCard).user == "5"


def test_an_author_whom_the_board_does_not_know_is_told_so() -> None:
    talk = desk(board=replace(BOARD, users={"игорь": "7"}))
    effects = talk.comment("#take")
    assert "Анна" in note(effects)
    assert len(effects) == 1


@pytest.mark.parametrize(
    ("who", "user"),
    [
        ("@igor", "7"),
        ("@ann", "5"),
        ("ИГОРЬ", "7"),
        ("@иг", "7"),
        ("анна", "5"),
        ("Анна С", "6"),
        ("анна сидорова", "6"),
    ],
)
def test_a_card_is_given_by_name_username_or_a_beginning(who: str, user: str) -> None:
    assert only(desk().comment(f"#assign {who}"), AssignCard).user == user


@pytest.mark.parametrize(("who", "words"), [("", "кому"), ("ан", "нескольким"), ("игрь", "игорь")])
def test_whom_nobody_can_tell_is_explained(who: str, words: str) -> None:
    effects = desk().comment(f"#assign {who}")
    assert every(effects, AssignCard) == []
    assert words in note(effects)


def test_an_order_the_board_refuses_is_told_to_the_agents() -> None:
    talk = desk()
    effects = talk.comment("#take")
    assert "вручную" in note(talk.fail(only(effects, AssignCard)))
    failed = talk.fail(only(effects, MoveCard))
    assert "вручную" in note(failed)
    assert talk.see("c-queue") == ()
    assert talk.ticket.phase is Phase.QUEUE


# ---- class and topic


def test_another_class_is_another_lane_and_another_deadline() -> None:
    talk = desk()
    effects = talk.comment("#class today")
    order = only(effects, ReplaceCard)
    assert (order.topic, order.service_class, order.board) == (None, "today", "b1")
    assert order.due_at == talk.ticket.due_at == START + timedelta(hours=24)
    assert talk.ticket.service_class == "today"
    assert "Сегодня" in note(effects)
    # What the board still shows of the old lane says nothing new; the new one agrees.
    talk.see("c-queue", lane="l-urgent")
    assert talk.ticket.service_class == "today"
    talk.see("c-queue", lane="l-today")
    assert talk.ticket.service_class == "today"


def test_a_class_is_known_by_its_title_too() -> None:
    assert only(desk().comment("#class СЕГОДНЯ"), ReplaceCard).service_class == "today"


@pytest.mark.parametrize(("words", "part"), [("", "Срочно"), ("tody", "today"), ("urgent", "уже")])
def test_a_class_that_makes_no_sense_is_explained(words: str, part: str) -> None:
    effects = desk().comment(f"#class {words}")
    assert part in note(effects)
    assert "#class" in note(effects)
    assert len(effects) == 1


def test_another_topic_moves_the_card_and_changes_its_tags_while_the_clock_stays() -> None:
    talk = desk(board=replace(BOARD, fact_fields={"topic": "f1", "class": "f2"}))
    due_at = talk.ticket.due_at
    effects = talk.comment("#topic оплата")
    order = only(effects, ReplaceCard)
    assert (order.topic, order.service_class, order.board, order.due_at) == ("money", "urgent", "b1", due_at)
    assert {each.name for each in every(effects, RemoveTag)} == {"касса", "бот"}
    assert every(effects, AddTag) == []
    assert only(effects, SetFacts).facts == {"topic": "Оплата"}
    assert (talk.ticket.topic, talk.ticket.due_at) == ("money", due_at)
    assert "Оплата" in note(effects)
    back = talk.comment("#topic till")
    assert {each.name for each in every(back, AddTag)} == {"касса", "бот"}


def test_a_tag_that_a_label_gave_stays_with_any_topic() -> None:
    talk = desk(labels=(LabelRule(tag="бот"),))
    assert {each.name for each in every(talk.comment("#topic money"), RemoveTag)} == {"касса"}


@pytest.mark.parametrize(("words", "part"), [("", "Касса"), ("mony", "money"), ("till", "уже")])
def test_a_topic_that_makes_no_sense_is_explained(words: str, part: str) -> None:
    effects = desk().comment(f"#topic {words}")
    assert part in note(effects)
    assert len(effects) == 1


@pytest.mark.parametrize("words", ["#class today", "#topic money"])
def test_a_deadline_set_by_hand_stays_under_another_class_or_topic_and_the_answer_says_so(words: str) -> None:
    talk = desk()
    theirs = talk.now + timedelta(days=9)
    talk.see("c-queue", lane="l-urgent", by_hand=theirs)
    effects = talk.comment(words)
    order = only(effects, ReplaceCard)
    assert order.keeps_due
    assert every(effects, SetDeadline) == []
    assert "вручную" in note(effects)
    assert "#class" in note(effects)
    assert not only(desk().comment(words), ReplaceCard).keeps_due


def test_a_deadline_set_by_hand_is_given_back_to_the_clock_by_naming_its_class_once_more() -> None:
    talk = desk()
    talk.see("c-queue", lane="l-urgent", by_hand=talk.now + timedelta(days=9))
    talk.comment("#class today")
    talk.see("c-queue", lane="l-today", by_hand=talk.now + timedelta(days=9))
    effects = talk.comment("#class today")
    assert only(effects, SetDeadline).due_at == talk.ticket.due_at == START + timedelta(hours=24)
    assert every(effects, ReplaceCard) == []
    assert "снова" in note(effects)
    # The card as it still looked before that order was carried out, then after it.
    talk.see("c-queue", lane="l-today", by_hand=talk.now + timedelta(days=9))
    talk.see("c-queue", lane="l-today")
    assert not talk.ticket.due_by_hand
    assert "уже" in note(talk.comment("#class today"))
    assert only(talk.comment("#class urgent"), ReplaceCard).due_at == START + timedelta(hours=5)


def test_what_is_closed_keeps_class_and_topic() -> None:
    talk = desk()
    talk.see("c-done")
    assert "уже закрыто" in note(talk.comment("#class today"))
    assert "уже закрыто" in note(talk.comment("#topic money"))
    assert "уже закрыто" in note(talk.comment("#close"))


# ---- merge and split


def two() -> Conversation:
    """Two open requests; the second is the latest."""
    talk = desk()
    talk.open("money", "Не прошла оплата")
    talk.effects.clear()
    return talk


def test_merging_closes_the_one_and_goes_on_with_the_other() -> None:
    talk = two()
    first, second = talk.client.tickets
    effects = talk.comment(f"#merge №{first.number}", ticket=second)
    assert now(talk, second).outcome is Outcome.MERGED
    assert now(talk, second).merged_into == first.id
    assert now(talk, first).open
    assert talk.client.current == first.id
    assert only(effects, MoveCard).ticket == second.id
    said = notes(effects)
    assert f"№{first.number}" in said[second.id]
    assert f"№{second.number}" in said[first.id]
    assert "card-" in said[first.id]
    assert len(every(effects, SendMessage)) == 1
    assert f"№{first.number}" in told(effects)
    assert f"№{second.number}" in told(effects)
    assert only(talk.write("Ещё вот что"), AddComment).ticket == first.id


def test_words_that_quote_a_merged_request_go_where_it_went_on() -> None:
    talk = two()
    first, second = talk.client.tickets
    talk.write("Вот чек", number="m")
    talk.comment(f"#merge {first.number}", ticket=second)
    assert only(talk.write("К этому", reply_to=message("m")), AddComment).ticket == first.id
    talk.see("c-done", ticket=now(talk, first))
    effects = talk.write("Снова", reply_to=message("m"))
    assert only(effects, AddComment).ticket == first.id
    assert not now(talk, second).open
    assert now(talk, first).open


def test_a_merged_request_is_reopened_by_agents_only() -> None:
    talk = two()
    first, second = talk.client.tickets
    talk.see("c-done", ticket=first)
    talk.later(minutes=5)
    effects = talk.comment(f"#merge {first.number}", ticket=second)
    assert now(talk, second).open, "into a closed one nothing is merged"
    assert "открытого" in note(effects).lower()
    third = talk.open("howto", "Как вернуть")
    merged = talk.comment(f"#merge {third.number}", ticket=second)
    talk.done(only(merged, MoveCard))
    talk.see("c-queue", ticket=now(talk, second), board="b2")
    assert now(talk, second).open
    assert now(talk, second).merged_into is None


@pytest.mark.parametrize(("words", "part"), [("", "Открытые"), ("сюда", "Открытые"), ("99", "№99"), ("13", "и есть")])
def test_a_merge_that_makes_no_sense_is_explained(words: str, part: str) -> None:
    talk = two()
    effects = talk.comment(f"#merge {words}")
    assert part in note(effects)
    assert len(effects) == 1
    assert all(each.open for each in talk.client.tickets)


def test_a_single_request_has_nothing_to_merge_into() -> None:
    talk = desk()
    assert "не с чем" in note(talk.comment("#merge 5"))
    assert "не с чем" in note(talk.comment("#merge"))


def test_splitting_opens_a_request_that_the_next_words_go_to() -> None:
    talk = desk()
    source = talk.ticket
    talk.write("И счёт не пришёл")
    effects = talk.comment("#split оплата")
    fresh = talk.ticket
    card = only(effects, CreateCard)
    assert fresh.id == card.ticket != source.id
    assert (fresh.topic, fresh.service_class, fresh.subject) == ("money", "today", "И счёт не пришёл")
    assert fresh.number == source.number + 1
    assert f"№{source.number}" in card.description
    assert "card-" in card.description
    assert f"№{fresh.number}" in told(effects)
    assert f"№{fresh.number}" in notes(effects)[source.id]
    assert talk.client.current == fresh.id
    assert only(talk.write("Номер счёта 5"), AddComment).ticket == fresh.id
    assert now(talk, source).open


def test_without_a_topic_the_split_keeps_the_old_one_and_its_class() -> None:
    talk = desk()
    talk.comment("#class today")
    talk.comment("#split")
    assert (talk.ticket.topic, talk.ticket.service_class) == ("till", "today")
    assert "Оплата" in note(talk.comment("#split деньги"))


# ---- the end


def test_closing_tells_the_client_and_asks_how_it_was() -> None:
    talk = desk()
    effects = talk.comment("#close")
    assert (talk.ticket.outcome, talk.ticket.closed_at, talk.ticket.phase) == (Outcome.DONE, talk.now, Phase.DONE)
    assert only(effects, MoveCard).meaning is Meaning.DONE
    assert "закрыто" in told(effects)
    assert [len(each.buttons) for each in every(effects, SendMessage)] == [0, 1]
    assert "закрыто" in note(effects)
    assert talk.client.current is None
    talk.done(only(effects, MoveCard))
    assert talk.see("c-done") == ()


@pytest.mark.parametrize("word", ["norating", "NoRating", "без оценки"])
def test_closing_without_a_rating_asks_nothing(word: str) -> None:
    talk = desk()
    effects = talk.comment(f"#close {word}")
    assert not talk.ticket.open
    assert len(every(effects, SendMessage)) == 1
    assert not talk.ticket.asked_rating


def test_a_muted_request_is_rated_only_when_the_order_says_so() -> None:
    talk = desk()
    talk.comment("#mute")
    effects = talk.comment("#close rating")
    assert [len(each.buttons) for each in every(effects, SendMessage)] == [1]


def test_closing_with_words_nobody_understands_closes_nothing() -> None:
    talk = desk()
    effects = talk.comment("#close спасибо за обращение")
    assert "спасибо за обращение" in note(effects)
    assert talk.ticket.open


# ---- quiet, held, earlier


def test_a_muted_request_is_silent_about_its_status_and_answers_still_go() -> None:
    talk = desk()
    assert "не получает" in note(talk.comment("#mute"))
    assert told(talk.see("c-work")) == ""
    assert told(talk.comment("Едем")) == "Едем"
    effects = talk.comment("#close")
    assert told(effects) == ""
    talk.done(only(effects, MoveCard))
    assert "снова" in note(talk.comment("#mute"))
    assert "снова открыто" in told(talk.see("c-work"))


def test_what_the_guard_holds_goes_when_an_agent_says_so() -> None:
    talk = desk(guard=LeakGuard(secrets=(r"пароль: \w+",)))
    assert "нечего" in note(talk.comment("#send")).lower()
    talk.comment("пароль: abc", number=9)
    effects = talk.comment("#send")
    assert told(effects) == "пароль: abc"
    assert "отправлено" in note(effects)


def test_earlier_requests_are_listed_and_shown_in_full() -> None:
    talk = two()
    first, second = talk.client.tickets
    talk.comment("Перезагрузите", ticket=first)
    listed = note(talk.comment("#history", ticket=second))
    assert f"№{first.number}" in listed
    assert f"№{second.number}" not in listed
    said = [each for each in talk.events if isinstance(each, ClientWrote | AgentCommented)]
    answered = next(each for each in said if isinstance(each, AgentCommented))
    edited = AgentEdited(
        key=Key("e"), at=answered.at, card=answered.card, ticket=answered.ticket, comment=answered.comment,
        author=answered.author, text=Text(plain="Перезагрузите кассу"),
    )  # fmt: skip
    aside = replace(answered, comment=Ref(port="kaiten", id="c-9"), text=Text(plain="третий раз"), internal=True)
    ordered = replace(answered, comment=Ref(port="kaiten", id="c-10"), text=Text(plain="#take"))
    gone = replace(answered, comment=Ref(port="kaiten", id="c-11"), text=Text(plain="ошибка"))
    removed = AgentRemoved(key=Key("r"), at=gone.at, card=gone.card, ticket=gone.ticket, comment=gone.comment)
    thread = Thread(
        number=first.number, said=(said[0], answered, edited, aside, ordered, gone, removed),
        public=frozenset({answered.comment.key}),
    )  # fmt: skip
    talk.client = replace(talk.client, around=Around(thread=thread))
    shown = note(talk.comment(f"#history {first.number}", ticket=second)).splitlines()
    assert [line.split(" ", 2)[2] for line in shown[2:]] == [
        "Клиент: Касса не работает", "Мы: Перезагрузите кассу", "Заметка (Анна): третий раз",
    ]  # fmt: skip
    other = replace(thread, number=77)
    talk.client = replace(talk.client, around=Around(thread=other))
    assert "третий раз" not in note(talk.comment(f"#history {first.number}", ticket=second))
    assert every(talk.comment("#history 77", ticket=second), SendMessage) == []


def test_a_request_of_long_ago_is_shown_by_its_last_answer() -> None:
    talk = desk()
    past = Past(
        id=TicketId("kc-old"), number=3, topic="money", subject="Возврат", opened_at=START - 48 * HOUR,
        closed_at=START - 24 * HOUR, outcome=Outcome.HELPED, answer="Вернули деньги",
    )  # fmt: skip
    talk.client = replace(talk.client, past=(past,), past_more=4)
    listed = note(talk.comment("#history"))
    assert "№3" in listed
    assert "4" in listed
    talk.client = replace(talk.client, past=(past,))
    thread = note(talk.comment("#history 3"))
    assert "Возврат" in thread
    assert "Вернули деньги" in thread


def test_a_history_nobody_has_is_explained() -> None:
    talk = desk()
    assert "не было" in note(talk.comment("#history"))
    effects = talk.comment("#history 99")
    assert "99" in note(effects)
    assert "#history" in note(effects)


def test_an_answer_too_long_for_one_comment_takes_a_second_one() -> None:
    templates = {f"t{n}": Template(key=f"t{n}", text={"ru": "слово " * 20}) for n in range(60)}
    effects = desk(templates=templates).comment("#tpl")
    assert len(every(effects, AddComment)) > 1
    assert "".join(each.sections[0].text.plain for each in every(effects, AddComment)).count("слово") >= 60


# ---- lines of support


def test_another_line_keeps_chat_clock_and_class() -> None:
    talk = desk()
    before = talk.ticket
    assert talk.see("c-queue", board="b3", lane="l-urgent") == ()
    assert talk.ticket == replace(before, board="b3", seen=talk.ticket.seen)
    talk.see("c-queue", board="b3", lane="l-today")
    assert talk.ticket.service_class == "today"
    assert "Взяли в работу" in told(talk.see("c-work", board="b3", lane="l-today"))
    assert only(talk.write("Ну как?"), AddComment).ticket == before.id
    assert told(talk.comment("Чиним")) == "Чиним"
    assert only(talk.comment("#class urgent"), ReplaceCard).board == "b3"


def test_a_board_the_mapping_does_not_know_is_out_of_sight() -> None:
    talk = desk()
    card = talk.ticket.card
    assert talk.see("c-x", board="b9") == ()
    assert talk.ticket.lost
    assert told(talk.comment("Мы здесь")) == "Мы здесь"
    effects = talk.write("Ау")
    order = only(effects, CreateCard)
    assert order.external_id.endswith(".2")
    assert card is not None
    assert card.id in order.description
    assert only(effects, AddComment).ticket == talk.ticket.id


def test_a_card_that_returns_to_a_known_board_is_the_tickets_card_again() -> None:
    talk = desk()
    talk.see("c-x", board="b9")
    talk.see("c-work", board="b3")
    assert not talk.ticket.lost
    assert only(talk.write("Ау"), AddComment)


def test_the_words_of_unseen_letters_are_no_way_around() -> None:
    assert unicodedata.category("\u3164") == "Lo"
    talk = desk()
    assert told(talk.comment("#\u3164 пароль")) == ""
