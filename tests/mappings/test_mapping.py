"""What the keys of the dialogue become in the policy."""

from __future__ import annotations

from datetime import date, time, timedelta
from pathlib import Path

import pytest

from connector.domain.effects import Meaning
from connector.domain.policy import Edits, Groups, Mark, Marks, MarkStore, Occasion, Policy, QuietHours, RatingRule
from connector.domain.terms import Hours
from mappings import Mapping, load_text, render
from mappings.mapping import RegistrySource
from tests.mappings.boards import ROOT

FILE = ROOT / "mappings" / "minimal.example.yaml"
MINIMAL = FILE.read_text(encoding="utf-8")
HOURS = "hours:\n  zone: Europe/Moscow\n  week: {mon-fri: 09:00-18:00}\n"
WORKING = MINIMAL.replace("title: Обычный вопрос", "title: Обычный вопрос\n    resolution: 1d\n    clock: working")


def mapping(more: str, text: str = MINIMAL, file: Path = FILE) -> Mapping:
    loaded = load_text(text + more, file)
    assert loaded.mapping is not None, render(loaded.problems)
    assert render(loaded.problems) == ""
    return loaded.mapping


def policy(more: str = "", text: str = MINIMAL) -> Policy:
    return load_text(text + more, FILE).policy(today=date(2026, 5, 1))


def hours(more: str) -> Hours:
    counted = policy(HOURS + more, WORKING).classes["normal"].hours
    assert counted is not None
    return counted


def test_without_a_key_the_policy_keeps_its_own_default() -> None:
    said = policy()
    bare = Policy(
        version=said.version, topics=said.topics, classes=said.classes, cabinet=None, public=said.public,
        texts=said.texts, default_language="ru",
    )  # fmt: skip
    assert said == bare


def test_the_words_of_the_dialogue_become_the_policy() -> None:
    said = policy(
        "contact: optional\nlog_out: forget\nedits: append\ngroups: never\ndefault_topic: ' question '\n"
        "notices: [queue, done]\nblocked_tag: ' тишина '\nunfinished_after: 1h\nundecided_after: 30s\nwarn_before: 1d\n"
        "agents: {names: {' Анна Смирнова ': ' Анна '}}\n"
    )
    assert (said.contact, said.forget_on_leaving, said.edits, said.chat_groups) == (
        True, True, Edits.APPEND, Groups.NEVER,
    )  # fmt: skip
    assert (said.default_topic, said.blocked_tag, said.aliases) == ("question", "тишина", {"Анна Смирнова": "Анна"})
    assert said.notices == {Meaning.QUEUE, Meaning.DONE}
    assert (said.unfinished_after, said.undecided_after) == (timedelta(hours=1), timedelta(seconds=30))
    assert said.warn_before == timedelta(days=1)


def test_never_leaves_a_length_of_time_open() -> None:
    said = policy("unfinished_after: never\nwarn_before: Never\nnotices: []\n")
    assert (said.unfinished_after, said.warn_before, said.notices) == (None, None, frozenset())


def test_each_step_of_a_message_has_its_reaction_or_none() -> None:
    said = policy("receipts: {emoji: ❤️, on_card: none, answered: '🤷\u200d♀', failed: none}\n")
    assert said.marks == Marks(stored="❤", on_card=None, answered="🤷\u200d♀️", failed=None)


@pytest.mark.parametrize("bare", ["rating:", "rating: {}", "rating: ~"])
def test_a_bare_rating_asks_with_three_faces(bare: str) -> None:
    marks = (Mark(key="bad", emoji="😞", low=True), Mark(key="ok", emoji="🙂"), Mark(key="super", emoji="🤩"))
    assert policy(bare + "\n").rating == RatingRule(marks=marks)


def test_a_mark_without_a_key_is_called_by_its_emoji() -> None:
    said = policy(
        "rating:\n  marks: [{emoji: 👎, low: true}, {emoji: 👍, key: good}]\n  ask_for_words: false\n"
        "  change_within: 1h\n  at_most_every: 2w\n  store: tag\n  tag: ' Оценка {mark}'\n"
    )
    assert said.rating == RatingRule(
        marks=(Mark(key="👎", emoji="👎", low=True), Mark(key="good", emoji="👍")),
        ask_for_words=False,
        change_within=timedelta(hours=1),
        at_most_every=timedelta(weeks=2),
        store=MarkStore.TAG,
        tag="Оценка {mark}",
    )


def test_triggers_keep_their_order_and_it_belongs_to_the_version() -> None:
    first = "  b: {when: registered, after: 1h, text: 'Здравствуйте, {name}'}\n"
    second = "  a: {when: waiting, after: 3d, text: 'Закрыли №{number} «{subject}», {name}', close: true}\n"
    one, other = policy("triggers:\n" + first + second), policy("triggers:\n" + second + first)
    assert [(each.key, each.occasion, each.after, each.close) for each in one.triggers] == [
        ("b", Occasion.REGISTERED, timedelta(hours=1), False),
        ("a", Occasion.WAITING, timedelta(days=3), True),
    ]
    assert one.triggers[0].text == {"ru": "Здравствуйте, {name}"}
    assert one.version != other.version


def test_quiet_hours_are_of_the_teams_zone_unless_they_name_their_own() -> None:
    quiet = 'quiet_hours: {from: "21:00", to: 9:30'
    named = policy(quiet + ", zone: Asia/Omsk}\n").quiet_hours
    assert named is not None
    assert (named.zone.key, named.start, named.end) == ("Asia/Omsk", time(21), time(9, 30))
    assert policy(HOURS + quiet + "}\n", WORKING).quiet_hours == QuietHours(
        zone=hours("").zone, start=time(21), end=time(9, 30)
    )


def test_public_holidays_are_closed_from_last_year_to_three_years_ahead() -> None:
    closed = hours("  country: RU\n  closed: [2026-07-01]\n").closed
    assert {date(year, 1, 1) for year in range(2025, 2030)} | {date(2026, 7, 1), date(2026, 5, 11)} <= closed
    assert not {date(2024, 1, 1), date(2030, 1, 1), date(2026, 5, 12)} & closed


def test_a_part_of_a_country_has_holidays_of_its_own() -> None:
    epiphany = date(2026, 1, 6)
    assert epiphany in hours("  country: de-by\n").closed
    assert epiphany not in hours("  country: DE\n").closed
    assert hours("  country: DEU\n").closed == hours("  country: DE\n").closed


def test_a_date_that_is_worked_goes_before_the_holiday_it_falls_on() -> None:
    worked = hours("  country: RU\n  working: [2026-01-09, 2026-05-16]\n")
    assert worked.extra == {date(2026, 1, 9), date(2026, 5, 16)}
    assert not worked.closed & worked.extra


def test_a_year_later_the_holidays_differ_and_the_version_does_not() -> None:
    text = WORKING + HOURS + "  country: RU\n"
    one, other = (load_text(text, FILE).policy(today=date(year, 1, 1)) for year in (2026, 2027))
    assert one.classes["normal"].hours != other.classes["normal"].hours
    assert one.version == other.version


CABINET = "cabinet:\n  pattern: '[0-9]+'\n"


def test_without_verify_ids_are_believed() -> None:
    assert mapping("").registry is None
    assert mapping(CABINET).registry is None
    rule = policy(CABINET).cabinet
    assert rule is not None
    assert (rule.verified, rule.accept_unknown) == (False, False)


def test_a_list_of_ids_is_found_beside_the_mapping(tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    file = tmp_path / "lists" / "ids.csv"
    file.write_text("name;id\nx;1\n", encoding="utf-8")
    made = mapping(CABINET + "  verify: {file: lists/ids.csv, column: ' id '}\n", file=tmp_path / "mapping.yaml")
    assert made.registry == RegistrySource(file=file.resolve(), column="id", url=None, timeout=timedelta(seconds=3))


def test_ids_may_be_asked_at_an_address() -> None:
    text = CABINET + "  verify: {url: ' http://localhost:8080/ids?id={cabinet} ', timeout: 10s, unknown: accept}\n"
    made = mapping(text)
    assert made.registry == RegistrySource(
        file=None, column=None, url="http://localhost:8080/ids?id={cabinet}", timeout=timedelta(seconds=10)
    )
    rule = policy(text).cabinet
    assert rule is not None
    assert (rule.verified, rule.accept_unknown) == (True, True)
