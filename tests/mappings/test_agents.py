"""What the keys of the agents' side become in the policy."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from connector.domain.effects import Meaning
from connector.domain.policy import (
    AgentReceipt,
    BoardPolicy,
    Command,
    CommandRule,
    HistoryRule,
    LabelRule,
    LeakGuard,
    Policy,
    Publicity,
    PublicRule,
    Template,
)
from mappings import load_text, render
from mappings.guard import FILES, INTERNAL, SECRETS
from mappings.people import user_ids
from tests.mappings.boards import ROOT, core12

FILE = ROOT / "mappings" / "minimal.example.yaml"
MINIMAL = FILE.read_text(encoding="utf-8")


def policy(more: str = "", text: str = MINIMAL, file: Path = FILE, board: BoardPolicy | None = None) -> Policy:
    loaded = load_text(text + more, file)
    assert render(loaded.problems) == ""
    return loaded.policy(board, today=date(2026, 5, 1))


def board(users: dict[str, str]) -> BoardPolicy:
    return BoardPolicy(spots={}, fact_fields={}, columns={}, lanes={}, landing={}, boards=(), users=users)


def codes(more: str) -> list[str]:
    return [problem.code for problem in load_text(MINIMAL + more, FILE).problems]


def test_comments_may_be_public_by_column() -> None:
    said = policy("public: {rule: only_columns, columns: [work, waiting]}\n").public
    assert said == PublicRule(rule=Publicity.ONLY_COLUMNS, columns=frozenset({Meaning.WORK, Meaning.WAITING}))


def test_whoever_may_answer_is_known_by_all_their_names_once_the_board_was_reached() -> None:
    text = "public: {rule: only_people, people: [' Анна  СМИРНОВА', igor, 7]}\n"
    assert policy(text).public.people == {"анна смирнова", "igor", "7"}
    users = {"анна смирнова": "1", "anna": "1", "игорь павлов": "2", "igor": "2", "пётр": "3", "вера": "7"}
    known = policy(text, board=board(users)).public
    assert known.rule is Publicity.ONLY_PEOPLE
    assert known.people == {"анна смирнова", "anna", "игорь павлов", "igor", "вера", "7"}


def test_one_person_need_not_be_written_as_a_list() -> None:
    assert policy("public: {rule: only_people, people: anna}\n").public.people == {"anna"}


def test_without_a_guard_nothing_is_held() -> None:
    said = policy("public: {mark: '!!'}\n")
    assert (said.guard, said.send_after) == (LeakGuard(), timedelta(0))


@pytest.mark.parametrize("bare", ["guard:", "guard: {}", "guard: default", "guard: ~"])
def test_a_bare_guard_holds_what_the_defaults_say(bare: str) -> None:
    said = policy(f"public:\n  {bare}\n  send_after: 20s\n")
    assert (said.guard, said.send_after) == (
        LeakGuard(secrets=SECRETS, files=FILES, internal=INTERNAL),
        timedelta(seconds=20),
    )


def test_a_guard_takes_what_it_leaves_out_from_the_defaults() -> None:
    assert policy("public: {guard: {internal: [' стоп ']}}\n").guard == LeakGuard(
        secrets=SECRETS, files=FILES, internal=("стоп",)
    )
    assert policy("public: {guard: {secrets: []}}\n").guard == LeakGuard(secrets=(), files=FILES, internal=INTERNAL)


@pytest.mark.parametrize(
    "text",
    [
        "карта 4276 3800 1234 5678, срок 11/27",
        "2200-1234-5678-9010",
        "5536913812345678",
        "Пароль: qwerty",
        "логин admin, пароль = 123",
        "password: hunter2",
        "API_KEY=abc",
        "Токен — 12ab",
        "Authorization: Bearer abcdefghijklmnop",
        "-----BEGIN RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-DEF_123",
    ],
)
def test_what_nobody_sends_on_purpose_is_recognised(text: str) -> None:
    assert any(re.search(pattern, text) for pattern in SECRETS)


@pytest.mark.parametrize(
    "text",
    [
        "Здравствуйте! Касса заработает через 15 минут.",
        "Ваш кабинет 123456, обращение №1042",
        "Позвоните +7 916 123-45-67 или 8 800 555-35-35",
        "Расчётный счёт 40817810099910004312",
        "счёт 4081 7810 0999 1000 4312",
        "Забыли пароль? Нажмите «Восстановить».",
        "https://example.com/pages/20260501",
        "до 2026-05-01 18:00",
    ],
)
def test_ordinary_answers_are_no_secrets(text: str) -> None:
    assert not any(re.search(pattern, text) for pattern in SECRETS)


@pytest.mark.parametrize("receipt", AgentReceipt)
def test_receipts_of_agents(receipt: AgentReceipt) -> None:
    assert policy(f"agent_receipts: {receipt.value}\n").agent_receipt is receipt


def test_a_template_speaks_every_language_and_brings_its_files(tmp_path: Path) -> None:
    (tmp_path / "till.gif").write_bytes(b"GIF89a")
    text = MINIMAL.replace("[ru]", "[ru, en]")
    more = (
        "templates:\n  b: {text: {ru: 'Да, {client}', en: 'Yes, {client}'}, files: [till.gif, pictures/cabinet.png]}\n"
        "  a: {text: '{cabinet} {number} {subject} {until} {agent}'}\n"
    )
    said = policy(more, text, tmp_path / "mapping.yaml")
    files = (str((tmp_path / "till.gif").resolve()), str(ROOT / "mappings" / "pictures" / "cabinet.png"))
    both = "{cabinet} {number} {subject} {until} {agent}"
    assert said.templates == {
        "b": Template(key="b", text={"ru": "Да, {client}", "en": "Yes, {client}"}, files=files),
        "a": Template(key="a", text={"ru": both, "en": both}),
    }
    assert list(said.templates) == ["b", "a"], "they are listed in this order"


def test_a_brace_that_is_only_a_brace_is_written_twice_and_stands_once() -> None:
    said = policy("templates: {a: {text: '{{}} {{{client}}}'}}\ncard: {title: '{{{words}}}'}\n")
    assert said.templates["a"].text == {"ru": "{} {{client}}"}
    assert said.card_title == "{{words}}"


def test_the_order_of_templates_belongs_to_the_version() -> None:
    one, other = "  a: {text: A}\n", "  b: {text: B}\n"
    assert policy(f"templates:\n{one}{other}").version != policy(f"templates:\n{other}{one}").version


def test_a_file_that_cannot_be_sent_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty.png").write_bytes(b"")
    with (tmp_path / "huge.mp4").open("wb") as huge:
        huge.truncate(50 * 1024 * 1024 + 1)
    text = MINIMAL + "templates: {a: {text: A, files: [empty.png, huge.mp4]}}\n"
    problems = load_text(text, tmp_path / "mapping.yaml").problems
    assert [(each.code, each.path) for each in problems] == [
        ("template-file", "templates.a.files[0]"), ("template-file", "templates.a.files[1]"),
    ]  # fmt: skip
    assert "0 bytes" in problems[0].found
    assert str(50 * 1024 * 1024 + 1) in problems[1].found


def test_a_command_has_the_words_of_the_mapping_first_and_its_own_always() -> None:
    said = policy("commands:\n  prefix: '!'\n  words: {take: Взять, close: [закрыть, ' ГОТОВО '], class: класс}\n")
    own = {
        "взять": Command.TAKE, "закрыть": Command.CLOSE, "готово": Command.CLOSE, "класс": Command.CLASS,
    }  # fmt: skip
    assert said.commands == CommandRule(prefix="!", words={**own, **CommandRule().words})
    assert list(said.commands.words)[:1] == ["взять"]


@pytest.mark.parametrize("prefix", ["#", "!!", "/", "№", "§"])
def test_a_prefix_is_one_or_two_signs(prefix: str) -> None:
    assert policy(f"commands: {{prefix: '{prefix}'}}\n").commands.prefix == prefix


@pytest.mark.parametrize("prefix", ["#a", "!!!", "1", "# #", "\\u200b"])
def test_letters_digits_and_blanks_are_no_prefix(prefix: str) -> None:
    assert codes(f'commands: {{prefix: "{prefix}"}}\n') == ["command-prefix"]


def test_commands_and_the_mark_cannot_be_taken_for_each_other() -> None:
    assert codes("public: {mark: '#'}\n") == ["command-mark"]
    assert codes("public: {mark: '!'}\ncommands: {prefix: '!!'}\n") == ["command-mark"]
    assert codes("commands: {prefix: '/'}\n") == [], "the mark // has no letter behind the prefix"


def test_a_label_for_a_group_is_for_the_topics_below_it() -> None:
    text = MINIMAL.replace(
        "classes:", "  papers:\n    title: Документы\n    board: Б\n    topics: {acts: {title: Акты}}\nclasses:"
    )
    more = (
        "labels:\n  - {tag: ' деньги ', topics: [papers, question], words: 'возврат|чек'}\n"
        "  - {tag: обычное, classes: normal}\n  - {tag: бот}\n"
    )
    assert policy(more, text).labels == (
        LabelRule(tag="деньги", topics=frozenset({"papers.acts", "question"}), words=("возврат|чек",)),
        LabelRule(tag="обычное", classes=frozenset({"normal"})),
        LabelRule(tag="бот"),
    )


def test_the_card_has_the_title_of_the_mapping() -> None:
    title = "№{number} {words} {client} {cabinet} {topic}"
    assert policy(f"card: {{title: '{title}'}}\n").card_title == title


@pytest.mark.parametrize(
    ("more", "history"),
    [
        ("", HistoryRule()),
        ("history:\n", HistoryRule()),
        ("history: {shown: 50}\n", HistoryRule(shown=50)),
        ("history: none\n", None),
    ],
)
def test_earlier_requests_stand_on_the_card_unless_they_are_not_wanted(more: str, history: HistoryRule | None) -> None:
    assert policy(more).history == history


@pytest.mark.parametrize("shown", ["0", "51", "true", "'10'", "1.5"])
def test_so_many_earlier_requests_cannot_be_shown(shown: str) -> None:
    assert codes(f"history: {{shown: {shown}}}\n") == ["type"]


def test_people_are_known_by_every_name_that_is_theirs_alone() -> None:
    layout = core12()
    ids = user_ids(layout)
    assert ids["анна смирнова"] == layout.users[1].id
    assert ids["telegram_bot"] == layout.users[0].id
