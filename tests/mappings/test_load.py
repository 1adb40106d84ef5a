"""What a sound mapping becomes."""

from __future__ import annotations

import json
import re
import shutil
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from connector.domain.policy import ChatLimits, Marks, Publicity, Receipt
from connector.domain.texts import TEXTS
from mappings import json_schema, load, load_text, render, spaces
from tests.mappings.boards import ROOT

MAPPINGS = ROOT / "mappings"
EXAMPLE = MAPPINGS / "support.example.yaml"
MINIMAL = MAPPINGS / "minimal.example.yaml"


@pytest.mark.parametrize("file", [EXAMPLE, MINIMAL])
def test_the_examples_have_no_problem(file: Path) -> None:
    loaded = load(file)
    assert render(loaded.problems) == ""
    assert loaded.mapping is not None


def test_the_example_becomes_the_policy_it_describes() -> None:
    policy = load(EXAMPLE).policy(today=date(2026, 5, 1))
    assert [topic.key for topic in policy.topics] == [
        "product", "cash", "hardware", "finance", "papers.acts", "papers.contract",
    ]  # fmt: skip
    cash = policy.topic("cash")
    assert cash is not None
    assert cash.title == {"ru": "Касса и оплата", "en": "Till and payments"}
    assert (cash.service_class, cash.tags) == ("urgent", ("касса",))
    urgent, later = policy.classes["urgent"], policy.classes["later"]
    assert (urgent.first_reply, urgent.resolution) == (timedelta(minutes=5), timedelta(hours=5))
    assert later.resolution == timedelta(hours=16), "two working days of eight hours"
    assert urgent.hours is not None
    assert urgent.hours.zone.key == "Europe/Moscow"
    assert urgent.hours.week[0] == ((time(9), time(13)), (time(14), time(18)))
    assert urgent.hours.week[6] == ()
    assert {date(2027, 1, 1), date(2026, 12, 30)} <= urgent.hours.closed
    assert urgent.hours.extra == {date(2027, 2, 20)}
    assert policy.cabinet is not None
    assert policy.cabinet.tag == "Кабинет {cabinet}"
    assert policy.cabinet.picture is not None
    assert Path(policy.cabinet.picture).read_bytes().startswith(b"\x89PNG")
    assert (policy.public.rule, policy.public.mark) == (Publicity.ALL_BUT_MARKED, "//")
    assert (policy.receipt, policy.marks) == (Receipt.REACTION, Marks())
    assert (policy.reopen_within, policy.album_wait) == (timedelta(days=3), timedelta(seconds=2))
    assert (policy.sign_agents, policy.default_language, policy.board) == (True, "ru", None)
    assert policy.rating is not None
    assert [mark.key for mark in policy.rating.marks] == ["bad", "ok", "super"]
    assert [(trigger.key, trigger.close) for trigger in policy.triggers] == [
        ("still-there", False),
        ("no-answer", True),
    ]
    assert (policy.aliases, policy.blocked_tag) == ({"Игорь Павлов": "Игорь, технический отдел"}, "бот остановлен")
    assert {language: set(texts) for language, texts in policy.texts.items()} == {
        "ru": set(TEXTS),
        "en": set(TEXTS),
    }


def test_what_the_example_shows_as_a_comment_is_sound_too(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    optional = re.compile(r"^( *)# (?=(?: *)(?:[a-z_.]+|[А-Я]\w+):(?: |$))", re.MULTILINE)
    assert len(optional.findall(text)) >= 12
    written = optional.sub(r"\1", text) + "silence: [working-day]\n"
    written = written.replace("lane: Больше двух дней\n", "", 1).replace("store: comment", "store: tag")
    (tmp_path / "cabinets.csv").write_text("Кабинет\n123456\n", encoding="utf-8")
    (tmp_path / "managers.csv").write_text("Кабинет;Менеджер\n10001;Игорь Павлов\n", encoding="utf-8")
    loaded = load_text(written, tmp_path / "mapping.yaml")
    assert render(loaded.problems) == ""
    policy = loaded.policy()
    assert policy.cabinet is not None
    assert (policy.cabinet.verified, policy.default_topic) == (True, "product")
    assert policy.quiet_hours is not None
    assert policy.texts["ru"]["topic.ask"] == "С чем помочь?"


def test_the_minimal_example_takes_every_default() -> None:
    policy = load(MINIMAL).policy(limits=ChatLimits(text=100), comment_limit=200)
    (topic,) = policy.topics
    assert (topic.service_class, topic.tags, topic.hint) == ("normal", (), {})
    assert policy.classes["normal"].resolution is None
    assert (policy.cabinet, policy.default_language, policy.sign_agents) == (None, "ru", False)
    assert (policy.album_wait, policy.reopen_within) == (timedelta(seconds=2), timedelta(days=3))
    assert (policy.limits.text, policy.comment_limit) == (100, 200)


def test_the_schema_that_ships_is_the_one_the_models_make() -> None:
    shipped = json.loads((MAPPINGS / "schema.json").read_text(encoding="utf-8"))
    assert shipped == json_schema(), "write json_schema() to mappings/schema.json"


def test_every_key_of_the_schema_is_described() -> None:
    schema = json_schema()
    parts = [schema, *schema["$defs"].values()]
    assert all("description" in key for part in parts for key in part["properties"].values())


@pytest.mark.parametrize("file", [EXAMPLE, MINIMAL])
def test_the_examples_name_the_schema_beside_them(file: Path) -> None:
    modeline, _, name = file.read_text(encoding="utf-8").splitlines()[0].partition("$schema=")
    assert modeline == "# yaml-language-server: "
    assert (file.parent / name).is_file()


def test_a_copy_of_the_example_elsewhere_finds_the_shipped_picture(tmp_path: Path) -> None:
    shutil.copy(EXAMPLE, tmp_path / "mapping.yaml")
    assert load(tmp_path / "mapping.yaml").problems == ()


def test_a_picture_beside_the_mapping_goes_before_the_shipped_one(tmp_path: Path) -> None:
    shutil.copy(EXAMPLE, tmp_path / "mapping.yaml")
    own = tmp_path / "pictures" / "cabinet.png"
    own.parent.mkdir()
    own.write_bytes(b"own")
    cabinet = load(tmp_path / "mapping.yaml").policy().cabinet
    assert cabinet is not None
    assert cabinet.picture == str(own.resolve())


def test_the_version_follows_the_content_and_not_the_comments() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")

    def version(changed: str) -> str:
        return load_text(changed, EXAMPLE).policy().version

    first = version(text)
    assert len(first) == 12
    assert int(first, 16) >= 0
    assert version("# a comment\n" + text) == first
    assert version(text.replace("first_reply: 5m", "first_reply: 6m")) != first
    assert version(text + "texts: {ru: {greeting: Привет}}\n") != first


def test_the_order_of_topics_belongs_to_the_version() -> None:
    text = MINIMAL.read_text(encoding="utf-8")
    one, two = "\n  a: {title: A, board: A}", "\n  b: {title: B, board: B}"
    first = load_text(text.replace("topics:", "topics:" + one + two), MINIMAL).policy()
    second = load_text(text.replace("topics:", "topics:" + two + one), MINIMAL).policy()
    assert first.version != second.version


def test_own_wording_replaces_the_shipped_text() -> None:
    text = MINIMAL.read_text(encoding="utf-8") + "texts:\n  ru:\n    greeting: Привет!\n"
    policy = load_text(text, MINIMAL).policy()
    assert policy.texts["ru"]["greeting"] == "Привет!"
    assert set(policy.texts["ru"]) == set(TEXTS)


def test_a_mapping_may_bring_a_whole_language() -> None:
    own = "".join(f"    {name}: '{' '.join(f'{{{word}}}' for word in words)}.'\n" for name, words in TEXTS.items())
    text = MINIMAL.read_text(encoding="utf-8").replace("[ru]", "[kk]") + f"texts:\n  kk:\n{own}"
    loaded = load_text(text, MINIMAL)
    assert render(loaded.problems) == ""
    assert loaded.policy().default_language == "kk"


def test_a_mapping_with_errors_makes_no_policy() -> None:
    with pytest.raises(ValueError, match="missing-key"):
        load_text("version: 1\n", Path("x.yaml")).policy()


def test_the_end_of_an_interval_may_be_midnight_and_a_day_may_wrap() -> None:
    text = MINIMAL.read_text(encoding="utf-8").replace(
        "title: Обычный вопрос",
        "title: Обычный вопрос\n    resolution: 1w 1d 1h\n    clock: working",
    )
    text += "hours:\n  zone: Asia/Yekaterinburg\n  week:\n    sat-mon: 16:00-24:00\n"
    loaded = load_text(text, MINIMAL)
    assert render(loaded.problems) == ""
    normal = loaded.policy().classes["normal"]
    assert normal.hours is not None
    assert [bool(day) for day in normal.hours.week] == [True, False, False, False, False, True, True]
    assert normal.hours.week[0] == ((time(16), time.max),)
    assert normal.resolution == timedelta(hours=24 + 8 + 1)


def test_spaces_are_named_as_the_mapping_names_them() -> None:
    text = MINIMAL.read_text(encoding="utf-8").replace("space: Поддержка", "space: [Поддержка, 42, Поддержка]")
    mapping = load_text(text, MINIMAL).mapping
    assert mapping is not None
    assert spaces(mapping) == ("Поддержка", "42")


LINES = EXAMPLE.read_text(encoding="utf-8").splitlines()
scraps = st.sampled_from(
    [*LINES, "? [a]", "- x", "a: &a [*a]", "<<: 1", "%YAML 1.1", "---", "...", "!t", '"\\U99999999"', "\t", "[" * 60]
)
texts = st.one_of(
    st.text(max_size=80),
    st.lists(st.one_of(scraps, st.text(alphabet="abт:-[]{}&*!|>'\"%@`#,? \n\t0", max_size=12)), max_size=30).map(
        "\n".join
    ),
    st.tuples(st.integers(0, len("\n".join(LINES))), st.text(max_size=3)).map(
        lambda cut: "\n".join(LINES)[: cut[0]] + cut[1] + "\n".join(LINES)[cut[0] + 2 :]
    ),
)


@settings(max_examples=400, deadline=None)
@given(texts)
@example("a: &a {b: *a}")
@example('"\\U99999999"')
@example("x: " + "[" * 5000)
@example("hours: {zone: ../../etc, week: {'': []}, closed: [0]}")
@example('cabinet: {pattern: "a{99999999999}", picture: "\\0"}')
@example('topics: {"": {title: "", board: ""}}')
@example("texts: {ru: {greeting: '{0.a[1]!r:>9}'}}")
@example("\ud800")
@example("%YAML 9.9\n---\na")
@example("version: 9999999999999999999999999999")
def test_no_text_makes_loading_fail(text: str) -> None:
    loaded = load_text(text, Path("x.yaml"))
    assert loaded.problems or loaded.mapping is not None
    assert all(problem.found and problem.expected and problem.remedy for problem in loaded.problems)
    assert render(loaded.problems) is not None
