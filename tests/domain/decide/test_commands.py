"""Orders to the bot in agents' comments: what is one, that none reaches the client, and what each does."""

import unicodedata
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.domain.around import Around, Thread
from connector.domain.decide.ordering import read, word_for
from connector.domain.effects import AddComment, EditMessage, MoveCard, SendFiles, SendMessage
from connector.domain.events import AgentCommented, AgentEdited, AgentRemoved, ClientWrote
from connector.domain.policy import Command, CommandRule, LeakGuard, Template
from connector.domain.refs import Key, Ref, TicketId
from connector.domain.ticket import Outcome, Past
from connector.domain.words import Text
from tests.domain.decide.desk import HOUR, desk, note, two
from tests.domain.sample import START, every, only, photo, told

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


def test_the_words_of_unseen_letters_are_no_way_around() -> None:
    assert unicodedata.category("\u3164") == "Lo"
    talk = desk()
    assert told(talk.comment("#\u3164 пароль")) == ""
