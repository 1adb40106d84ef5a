"""Canned replies: listed, filled in, sent like any answer, explained when the name is wrong."""

from datetime import timedelta

from connector.domain.decide import templates
from connector.domain.effects import DeleteMessage, EditMessage, SendFiles, SendMessage
from connector.domain.policy import LeakGuard, Publicity, PublicRule, Template
from connector.domain.words import FileKind, Text
from tests.domain.decide.desk import TEMPLATES, desk, note
from tests.domain.sample import every, only, photo, told


def test_the_list_names_every_template_with_its_first_words() -> None:
    talk = desk()
    effects = talk.comment("#tpl")
    assert note(effects).splitlines()[0].startswith("hello: {client}, обращение")
    assert note(effects).splitlines()[1].startswith("reset: Перезагрузите")
    assert told(effects) == ""


def test_a_template_is_filled_in_and_goes_with_its_files_as_an_answer() -> None:
    talk = desk(aliases={"Анна": "Анна, поддержка"})
    effects = talk.comment("#tpl hello", number=1)
    sent = only(effects, SendFiles)
    number = talk.ticket.number
    assert sent.caption.plain == (
        f"Иван Петров, обращение №{number} «Касса не работает» решим: сегодня, 15:00 (UTC). Анна, поддержка"
    )
    assert [(file.ref.port, file.ref.id, file.kind, file.name) for file in sent.files] == [
        ("local", "/etc/connector/hello.gif", FileKind.ANIMATION, "hello.gif"),
        ("local", "/etc/connector/manual.pdf", FileKind.DOCUMENT, "manual.pdf"),
    ]
    assert sent.key == "reply/kaiten:comment-1/0"
    assert talk.ticket.answered_at == talk.now
    assert talk.ticket.unread == 1
    assert "hello" in note(effects)


def test_the_template_speaks_the_clients_language() -> None:
    talk = desk()
    talk.tap("language:en")
    assert "Иван Петров, №12" in only(talk.comment("#tpl hello"), SendFiles).caption.plain


def test_more_words_follow_as_a_paragraph_and_files_of_the_comment_join() -> None:
    talk = desk()
    sent = only(talk.comment("#tpl hello Ждите,\nзвоним", files=(photo("a", port="kaiten"),)), SendFiles)
    assert sent.caption.plain.endswith(". Анна\n\nЖдите,\nзвоним")
    assert len(sent.files) == 3


def test_what_the_request_lacks_is_a_dash_and_what_nobody_knows_stays() -> None:
    talk = desk()
    assert told(talk.comment("#TPL  Reset")) == "Перезагрузите кассу — {unknown} {0} {"


def test_braces_in_values_stay_braces() -> None:
    talk = desk(templates={"a": Template(key="a", text={"ru": "{subject}"})})
    talk.open("money", "{client} {0}")
    assert told(talk.comment("#tpl a")) == "{client} {0}"


def test_a_wrong_name_gets_the_nearest_one_with_a_preview_and_nothing_is_sent() -> None:
    talk = desk()
    effects = talk.comment("#tpl helo")
    text = note(effects)
    assert "helo" in text
    assert "hello" in text
    assert "Иван Петров" in text
    assert "#tpl имя" in text
    assert every(effects, SendFiles) == []
    assert told(effects) == ""


def test_without_templates_the_answer_says_so() -> None:
    talk = desk(templates={})
    assert note(talk.comment("#tpl")) == note(talk.comment("#tpl hello"))


def test_deleting_the_command_takes_the_answer_back() -> None:
    talk = desk()
    talk.comment("#tpl reset", number=7)
    assert only(talk.remove_comment(7), DeleteMessage).target == "reply/kaiten:comment-7/0"


def test_editing_the_command_changes_the_answer() -> None:
    talk = desk()
    talk.comment("#tpl reset", number=7)
    changed = only(talk.edit_comment(7, "#tpl reset Спасибо"), EditMessage)
    assert changed.target == "reply/kaiten:comment-7/0"
    assert changed.text.plain.endswith("\n\nСпасибо")
    assert every(talk.edit_comment(7, "#tpl rset"), EditMessage) == []
    assert only(talk.edit_comment(7, "Просто слова"), EditMessage).text.plain == "Просто слова"


def test_an_edit_into_another_order_takes_the_answer_back_and_orders_nothing() -> None:
    talk = desk()
    talk.comment("#tpl reset", number=7)
    effects = talk.edit_comment(7, "#close")
    assert only(effects, DeleteMessage).target == "reply/kaiten:comment-7/0"
    assert talk.ticket.open
    assert "#close" in note(effects)


def test_a_wrong_name_put_right_by_an_edit_is_explained_not_sent() -> None:
    talk = desk()
    talk.comment("#tpl rest", number=7)
    effects = talk.edit_comment(7, "#tpl reset")
    assert "новый комментарий" in note(effects)
    assert told(effects) == ""


def test_an_internal_comment_only_shows_the_template() -> None:
    talk = desk()
    effects = talk.comment("#tpl reset", internal=True)
    assert "Перезагрузите кассу" in note(effects)
    assert told(effects) == ""


def test_whose_comments_are_not_public_sends_no_template_either() -> None:
    talk = desk(public=PublicRule(rule=Publicity.ONLY_PEOPLE, people=frozenset({"игорь"})))
    effects = talk.comment("#tpl reset")
    assert "Перезагрузите кассу" in note(effects)
    assert told(effects) == ""
    talk = desk(public=PublicRule(rule=Publicity.ONLY_PEOPLE, people=frozenset({"анна"})))
    assert "Перезагрузите кассу" in told(talk.comment("#tpl reset"))


def test_where_answers_take_a_mark_the_order_is_mark_enough() -> None:
    talk = desk(public=PublicRule(rule=Publicity.ONLY_MARKED, mark="!!"))
    assert "Перезагрузите кассу" in told(talk.comment("#tpl reset"))


def test_a_template_waits_like_any_answer_and_can_be_cancelled() -> None:
    talk = desk(send_after=timedelta(seconds=10))
    effects = talk.comment("#tpl reset", number=7)
    assert told(effects) == ""
    assert "скоро уйдёт" in note(effects)
    talk.remove_comment(7)
    talk.later(seconds=20)
    assert every(talk.wake(), SendMessage) == []


def test_a_secret_behind_a_template_is_held_like_any_other() -> None:
    talk = desk(guard=LeakGuard(secrets=(r"пароль: \w+",)))
    effects = talk.comment("#tpl reset пароль: abc")
    assert told(effects) == ""
    assert "#send" in note(effects)
    assert "пароль: abc" in told(talk.comment("#send"))


def test_the_kind_of_a_file_is_told_by_its_name() -> None:
    files = ("/a.JPG", "/a.mp4", "/a.ogg", "/a.mp3", "/a.bin", "/a")
    kinds = [each.kind for each in templates.attachments(Template(key="a", text={}, files=files))]
    assert kinds == [
        FileKind.PHOTO, FileKind.VIDEO, FileKind.VOICE, FileKind.AUDIO, FileKind.DOCUMENT, FileKind.DOCUMENT,
    ]  # fmt: skip


def test_a_template_of_files_alone_goes_without_words() -> None:
    talk = desk(templates={"manual": Template(key="manual", text={}, files=TEMPLATES["hello"].files)})
    assert only(talk.comment("#tpl manual"), SendFiles).caption == Text()
