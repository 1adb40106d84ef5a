"""Answers that do not go to the client at once: the leak guard, and the time in which an answer can be changed."""

from datetime import timedelta

import pytest

from connector.domain.decide import holding
from connector.domain.decide.holding import suspected
from connector.domain.decide.turn import Turn
from connector.domain.effects import AddComment, DeleteMessage, EditMessage, Effect, SendFiles, SendMessage
from connector.domain.policy import Command, CommandRule, LeakGuard, Publicity, PublicRule
from connector.domain.refs import Key
from connector.domain.words import Span, Style, Text
from tests.domain.sample import START, Conversation, every, only, opened, photo, told

GUARD = LeakGuard(secrets=(r"(?i)пароль\s*[:=]\s*\S+", r"\bsk-[a-z0-9]{8,}"), internal=("Коллеги", "@anna", "FYI"))
WAIT = timedelta(seconds=20)


def send(talk: Conversation) -> tuple[Effect, ...] | None:
    """What an agent's word to send leads to; None when nothing was held."""
    turn = Turn(client=talk.client, policy=talk.policy, key=Key(f"command/{talk.counter}"), at=talk.now)
    after = holding.release(turn, talk.ticket)
    talk.client = turn.client
    talk.effects += turn.effects
    return None if after is None else tuple(turn.effects)


# ---- the leak guard


@pytest.mark.parametrize(
    "text",
    ["Коллеги, кто возьмёт?", "  коллеги кто", "КОЛЛЕГИ", "\u200bКол\u00adлеги", "@Anna глянь", "ＦＹＩ он снова тут"],
)
def test_what_looks_like_a_note_for_colleagues_is_held_and_asked_about(text: str) -> None:
    talk = opened(guard=GUARD)
    note = only(talk.comment(text), AddComment)
    assert note.internal
    assert "#send" in note.sections[0].text.plain
    assert told(talk.effects) == ""
    assert [each.until for each in talk.ticket.held] == [None]
    assert talk.ticket.answered_at is None


@pytest.mark.parametrize(
    "text", ["Ваш пароль: Qwerty12", "ПАРОЛЬ=1", "ключ sk-abcdefgh1", "пароль\u200b: x1", "sk-abcd\u2060efgh1"]
)
def test_a_secret_is_held_and_never_repeated_in_the_question(text: str) -> None:
    talk = opened(guard=GUARD)
    note = only(talk.comment(text), AddComment)
    assert note.internal
    assert "секрет" in note.sections[0].text.plain
    assert not any(word in note.sections[0].text.plain for word in ("Qwerty12", "sk-", "x1"))
    assert told(talk.effects) == ""


def test_a_secret_behind_a_link_is_seen() -> None:
    linked = Text(plain="вход", spans=(Span(start=0, length=4, style=Style.LINK, url="https://a.b/?k=sk-abcdefgh1"),))
    assert suspected(GUARD, linked) == "secret"
    assert suspected(GUARD, Text(plain="вход")) is None


def test_harmless_words_go_at_once() -> None:
    talk = opened(guard=GUARD)
    assert (
        told(talk.comment("Спросили коллег, сбросьте пароль в настройках"))
        == "Спросили коллег, сбросьте пароль в настройках"
    )
    assert talk.ticket.held == ()


def test_the_question_names_the_word_the_mapping_gives() -> None:
    talk = opened(guard=GUARD, commands=CommandRule(prefix="!", words={"слать": Command.SEND}))
    assert "!слать" in only(talk.comment("FYI"), AddComment).sections[0].text.plain


def test_what_an_agent_approves_goes_as_any_answer_and_counts_from_then() -> None:
    talk = opened(guard=GUARD, sign_agents=True)
    talk.comment("Коллеги из банка просят паспорт", files=(photo("a.pdf", port="kaiten"),), number=1)
    talk.later(minutes=7)
    sent = send(talk)
    assert sent is not None
    files = only(sent, SendFiles)
    assert (files.key, files.caption.plain) == ("reply/kaiten:comment-1/0", "Анна:\nКоллеги из банка просят паспорт")
    assert talk.ticket.answered_at == START + timedelta(minutes=7)
    assert talk.ticket.held == ()
    assert talk.ticket.replies[-1].comment == "kaiten:comment-1"
    assert send(talk) is None


def test_everything_held_is_approved_in_the_order_it_was_written() -> None:
    talk = opened(guard=GUARD)
    talk.comment("FYI раз", number=1)
    talk.comment("Готово", number=2)
    talk.comment("FYI два", number=3)
    assert [each.text.plain for each in every(send(talk) or (), SendMessage)] == ["FYI раз", "FYI два"]
    assert len({each.key for each in talk.effects}) == len(talk.effects)


def test_files_too_large_of_several_approved_answers_are_each_told_once() -> None:
    talk = opened(guard=GUARD)
    for number in (1, 2):
        big = photo(f"{number}.mp4", size=60 * 1024 * 1024, port="kaiten")
        talk.comment("FYI", files=(big,), number=number)
    send(talk)
    assert len({each.key for each in talk.effects}) == len(talk.effects)
    assert "1.mp4" in told(talk.effects)
    assert "2.mp4" in told(talk.effects)


def test_a_held_answer_that_is_corrected_goes() -> None:
    talk = opened(guard=GUARD)
    talk.comment("Пароль: Qwerty12", number=1)
    assert told(talk.edit_comment(1, "Пароль отправили письмом")) == "Пароль отправили письмом"
    assert talk.ticket.held == ()
    assert send(talk) is None


def test_a_held_answer_that_is_still_doubtful_waits_on_and_is_not_asked_about_again() -> None:
    talk = opened(guard=GUARD)
    talk.comment("Пароль: Qwerty12", number=1)
    assert talk.edit_comment(1, "Пароль: Qwerty13") == ()
    assert told(send(talk) or ()) == "Пароль: Qwerty13"


def test_a_held_answer_that_is_hidden_or_removed_never_goes() -> None:
    for change in ("hidden", "internal", "removed"):
        talk = opened(guard=GUARD)
        talk.comment("FYI", number=1)
        match change:
            case "hidden":
                assert talk.edit_comment(1, "// FYI") == ()
            case "internal":
                assert talk.edit_comment(1, "FYI", internal=True) == ()
            case _:
                assert talk.remove_comment(1) == ()
        assert talk.ticket.held == ()
        assert send(talk) is None


def test_a_file_that_joins_a_held_answer_waits_with_it() -> None:
    talk = opened(guard=GUARD)
    talk.comment("FYI", number=1)
    assert talk.attach(1, photo("a.pdf", port="kaiten")) == ()
    assert talk.attach(1, photo("a.pdf", port="kaiten")) == ()
    assert talk.attach(1, photo("b.pdf", port="kaiten"), internal=True) == ()
    assert [file.name for file in only(send(talk) or (), SendFiles).files] == ["a.pdf"]
    assert talk.attach(1, photo("a.pdf", port="kaiten")) == ()


def test_an_answer_already_sent_is_not_changed_into_a_leak() -> None:
    talk = opened(guard=GUARD)
    sent = only(talk.comment("Сбросили", number=1), SendMessage)
    effects = talk.edit_comment(1, "Сбросили, пароль: Qwerty12")
    assert [type(each) for each in effects] == [AddComment]
    approved = send(talk)
    assert approved is not None
    edit = only(approved, EditMessage)
    assert (edit.target, edit.text.plain) == (sent.key, "Сбросили, пароль: Qwerty12")
    assert len({each.key for each in talk.effects}) == len(talk.effects)


def test_a_file_that_joins_a_doubtful_correction_follows_when_it_is_approved() -> None:
    talk = opened(guard=GUARD)
    talk.comment("Сбросили", number=1)
    talk.edit_comment(1, "FYI")
    assert talk.attach(1, photo("a.pdf", port="kaiten")) == ()
    approved = send(talk) or ()
    assert [type(each) for each in approved] == [EditMessage, SendFiles]


def test_a_sent_answer_whose_doubtful_correction_is_hidden_is_taken_back() -> None:
    talk = opened(guard=GUARD)
    sent = only(talk.comment("Сбросили", number=1), SendMessage)
    talk.edit_comment(1, "FYI")
    assert only(talk.edit_comment(1, "// FYI"), DeleteMessage).target == sent.key
    assert talk.ticket.held == ()
    assert talk.ticket.replies == ()


def test_a_note_that_never_went_does_not_go_by_an_edit_and_is_not_asked_about() -> None:
    talk = opened(guard=GUARD)
    talk.comment("// FYI", number=1)
    assert talk.edit_comment(1, "FYI") == ()
    assert talk.ticket.held == ()


def test_the_guard_looks_at_what_the_client_would_get() -> None:
    talk = opened(guard=GUARD, public=PublicRule(rule=Publicity.ONLY_MARKED, mark="!!"))
    assert [type(each) for each in talk.comment("!! FYI")] == [AddComment]
    assert talk.comment("FYI") == ()


# ---- the time in which an answer can be changed


def test_an_answer_goes_when_its_time_has_come() -> None:
    talk = opened(send_after=WAIT)
    assert talk.comment("Готово", number=1) == ()
    assert talk.wake_at == START + WAIT
    assert talk.ticket.answered_at is None
    sent = only(talk.wake(), SendMessage)
    assert (sent.key, sent.text.plain) == ("reply/kaiten:comment-1/0", "Готово")
    assert talk.ticket.answered_at == START + WAIT
    assert talk.wake_at is None


def test_a_change_in_time_is_what_the_client_gets() -> None:
    talk = opened(send_after=WAIT)
    talk.comment("Перезагрузите косу", number=1)
    talk.later(seconds=10)
    assert talk.edit_comment(1, "Перезагрузите кассу") == ()
    assert told(talk.wake()) == "Перезагрузите кассу"
    assert talk.now == START + WAIT
    assert every(talk.effects, EditMessage) == []


def test_an_answer_removed_or_hidden_in_time_never_goes() -> None:
    talk = opened(send_after=WAIT)
    talk.comment("Он опять", number=1)
    assert talk.remove_comment(1) == ()
    talk.comment("Он снова", number=2)
    assert talk.edit_comment(2, "// Он снова") == ()
    assert talk.wake_at is None
    assert told(talk.effects) == ""


def test_a_change_after_the_time_is_an_edit_in_the_chat_at_once() -> None:
    talk = opened(send_after=WAIT)
    talk.comment("Готов", number=1)
    sent = only(talk.wake(), SendMessage)
    assert only(talk.edit_comment(1, "Готово"), EditMessage).target == sent.key


def test_answers_keep_their_order_whatever_they_carry() -> None:
    talk = opened(send_after=WAIT)
    talk.comment("Первый", number=1)
    talk.later(seconds=5)
    talk.comment("Второй", files=(photo("a.pdf", port="kaiten"),), number=2)
    talk.later(seconds=60)
    sent = [each for each in talk.wake() if isinstance(each, SendMessage | SendFiles)]
    assert [each.key for each in sent] == ["reply/kaiten:comment-1/0", "reply/kaiten:comment-2/0"]


def test_an_answer_does_not_overtake_one_that_waits_though_the_mapping_changed() -> None:
    talk = opened(send_after=WAIT)
    talk.comment("Первый", number=1)
    talk.policy = opened().policy
    talk.later(seconds=5)
    assert talk.comment("Второй", number=2) == ()
    assert [each.text.plain for each in every(talk.wake(), SendMessage)] == ["Первый", "Второй"]
    assert told(talk.comment("Третий", number=3)) == "Третий"


def test_what_the_guard_holds_stands_in_nobodys_way() -> None:
    talk = opened(guard=GUARD, send_after=WAIT)
    talk.comment("FYI", number=1)
    talk.comment("Готово", number=2)
    assert told(talk.wake()) == "Готово"
    assert told(send(talk) or ()) == "FYI"


def test_an_approved_answer_does_not_overtake_one_that_waits() -> None:
    talk = opened(guard=GUARD, send_after=WAIT)
    talk.comment("Первый", number=1)
    talk.comment("FYI", number=2)
    assert send(talk) == ()
    assert [each.text.plain for each in every(talk.wake(), SendMessage)] == ["Первый", "FYI"]


def test_an_answer_that_becomes_doubtful_while_it_waits_is_held() -> None:
    talk = opened(guard=GUARD, send_after=WAIT)
    talk.comment("Готово", number=1)
    assert only(talk.edit_comment(1, "FYI"), AddComment).internal
    assert talk.wake_at is None
    assert talk.edit_comment(1, "Всё готово") == ()
    assert told(talk.wake()) == "Всё готово"


def test_answers_of_two_requests_due_together_are_named_apart() -> None:
    talk = opened(send_after=WAIT)
    first = talk.ticket
    talk.open("money", "Не прошла оплата")
    talk.effects.clear()
    talk.comment("Готово", ticket=first, number=1)
    talk.comment("Нашли", number=2)
    talk.later(minutes=1)
    assert len(every(talk.wake(), SendMessage)) == 2
    assert len({each.key for each in talk.effects}) == len(talk.effects)


# ---- names of files

NAMES = LeakGuard(files=(r"(?i)passport",))


def test_a_comment_with_a_doubtful_file_is_held_whole() -> None:
    talk = opened(guard=NAMES)
    note = only(talk.comment("Смотрите", files=(photo("passport.jpg", port="kaiten"),)), AddComment)
    assert "#send" in note.sections[0].text.plain
    assert "passport" not in note.sections[0].text.plain
    sent = send(talk)
    assert sent is not None
    assert only(sent, SendFiles).caption.plain == "Смотрите"


def test_a_doubtful_file_that_comes_after_its_answer_waits_alone_and_follows_when_approved() -> None:
    talk = opened(guard=NAMES)
    talk.comment("Смотрите", number=1)
    assert only(talk.attach(1, photo("passport.jpg", port="kaiten")), AddComment).internal
    assert [type(each) for each in talk.attach(1, photo("fine.jpg", port="kaiten"))] == [SendFiles]
    sent = send(talk)
    assert sent is not None
    assert [file.name for file in only(sent, SendFiles).files] == ["passport.jpg"]
    assert not any(isinstance(each, EditMessage) for each in sent)
    gone = {each.target for each in every(talk.remove_comment(1), DeleteMessage)}
    assert only(sent, SendFiles).key in gone


def test_a_doubtful_file_never_goes_once_its_comment_is_removed() -> None:
    talk = opened(guard=NAMES)
    talk.comment("Смотрите", number=1)
    talk.attach(1, photo("passport.jpg", port="kaiten"))
    talk.remove_comment(1)
    assert send(talk) is None


def test_a_doubtful_file_stops_an_answer_that_still_waits() -> None:
    talk = opened(guard=NAMES, send_after=WAIT)
    talk.comment("Смотрите", number=1)
    assert only(talk.attach(1, photo("passport.jpg", port="kaiten")), AddComment).internal
    talk.later(hours=1)
    assert talk.wake_at is None or not every(talk.wake(), SendMessage)
