"""What a mapping says of clocks: targets, calendars, special terms, and what of them stands on cards."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from connector.domain.policy import Policy
from connector.domain.terms import Reopened, SlaRule, Terms
from mappings import load_text, render, resolve
from tests.mappings.boards import ROOT, column, core12

FILE = ROOT / "mappings" / "minimal.example.yaml"
MINIMAL = FILE.read_text(encoding="utf-8")
CALENDARS = """
hours:
  zone: Europe/Moscow
  week: {mon-fri: 09:00-17:00}
  country: RU
calendars:
  night: {zone: Asia/Vladivostok, week: {mon-sun: "20:00-24:00"}}
"""


def text(terms: str) -> str:
    return MINIMAL.replace("title: Обычный вопрос", f"title: Обычный вопрос\n{terms}") + CALENDARS


def policy(terms: str, more: str = "") -> Policy:
    loaded = load_text(text(terms) + more, FILE)
    assert loaded.mapping is not None, render(loaded.problems)
    return loaded.policy(today=date(2026, 5, 1))


def refused(terms: str, more: str = "") -> tuple[str, int | None, str]:
    loaded = load_text(text(terms) + more, FILE)
    (problem,) = loaded.problems
    return problem.code, problem.line, problem.path


def test_a_class_may_count_in_a_calendar_of_its_own() -> None:
    said = policy("    hours: night\n    next_reply: 1d\n    first_reply: 5m")
    service = said.classes["normal"]
    assert service.hours == said.calendars["night"]
    assert service.next_reply == timedelta(hours=4)  # a working day of that calendar
    assert set(said.calendars) == {"hours", "night"}
    assert date(2026, 5, 9) in said.calendars["hours"].closed


def test_a_class_may_name_an_agreement_of_the_board_by_its_id() -> None:
    said = policy("    board_sla: 0F8FAD5B-d9cb-469f-a165-70867728950e")
    assert said.classes["normal"].board_sla == "0f8fad5b-d9cb-469f-a165-70867728950e"
    assert policy("    clock: calendar\n    resolution: 1d").classes["normal"].board_sla is None


@pytest.mark.parametrize("name", ["Быстрая поддержка", "0f8fad5b", "'17'", "0f8fad5bd9cb469fa16570867728950e"])
def test_an_agreement_of_the_board_goes_by_its_id_only(name: str) -> None:
    assert refused(f"    board_sla: {name}") == ("sla-id", 17, "classes.normal.board_sla")


def test_special_terms_take_what_they_do_not_say_from_their_class() -> None:
    said = policy(
        """    clock: working
    first_reply: 5m
    resolution: 1d
    special:
      - {cabinets: [4411], first_reply: 2m}
      - {clients: [77], resolution: 1d, hours: night}
      - {topics: [question], next_reply: 1h, clock: calendar}"""
    )
    service, hours = said.classes["normal"], said.calendars
    minutes = timedelta(minutes=1)
    assert service.terms("other", None, "telegram:5") == Terms(
        first_reply=5 * minutes, resolution=480 * minutes, hours=hours["hours"]
    )
    assert service.terms("other", "4411", "telegram:77") == Terms(
        first_reply=2 * minutes, resolution=480 * minutes, hours=hours["hours"]
    )
    assert service.terms("question", None, "telegram:77") == Terms(
        first_reply=5 * minutes, resolution=240 * minutes, hours=hours["night"]
    )
    assert service.terms("question", "9", "telegram:7") == Terms(
        first_reply=5 * minutes, next_reply=60 * minutes, resolution=1440 * minutes
    )


def test_how_clocks_run_and_show_becomes_a_rule() -> None:
    more = (
        "sla:\n  at_risk: 75%\n  reopened: restarts\n  tags: {class: 'SLA {class}', at_risk: Риск, breached: Нарушен}\n"
    )
    assert policy("    first_reply: 5m\n    clock: calendar", more).sla == SlaRule(
        at_risk=0.75, reopened=Reopened.RESTARTS, class_tag="SLA {class}", at_risk_tag="Риск", breached_tag="Нарушен"
    )


@pytest.mark.parametrize(
    ("terms", "code", "path"),
    [
        ("    hours: nihgt\n    first_reply: 5m", "unknown-calendar", "classes.normal.hours"),
        ("    hours: night\n    clock: calendar\n    first_reply: 5m", "class-clock", "classes.normal.hours"),
        ("    next_reply: 5m", "class-clock", "classes.normal"),
        ("    special:\n      - {first_reply: 5m, clock: working}", "special-empty", "classes.normal.special[0]"),
        (
            "    special:\n      - {topics: [qestion], first_reply: 5m, clock: working}",
            "unknown-topic",
            "classes.normal.special[0].topics[0]",
        ),
        (
            "    special:\n      - {topics: [question], first_reply: 5x}",
            "duration",
            "classes.normal.special[0].first_reply",
        ),
    ],
)
def test_what_is_wrong_with_targets_is_told_in_its_place(terms: str, code: str, path: str) -> None:
    found, line, place = refused(terms)
    assert (found, place) == (code, path)
    assert line is not None


@pytest.mark.parametrize(
    ("more", "code", "path"),
    [
        ("sla: {at_risk: 100%}\n", "percent", "sla.at_risk"),
        ("sla: {at_risk: 80}\n", "percent", "sla.at_risk"),
        ("sla: {reopened: begins}\n", "value", "sla.reopened"),
        ("sla: {tags: {atrisk: x}}\n", "unknown-key", "sla.tags.atrisk"),
    ],
)
def test_what_is_wrong_with_the_rule_is_told_in_its_place(more: str, code: str, path: str) -> None:
    assert refused("    first_reply: 5m\n    clock: calendar", more)[::2] == (code, path)


def test_a_calendar_is_checked_as_the_hours_are() -> None:
    loaded = load_text(
        text("    first_reply: 5m\n    hours: night").replace("Asia/Vladivostok", "Asia/Vladivostk"), FILE
    )
    (problem,) = loaded.problems
    assert (problem.code, problem.path, problem.nearest) == ("zone", "calendars.night.zone", "Asia/Vladivostok")


def test_clocks_stand_still_in_named_columns_and_where_the_board_says_so() -> None:
    layout = core12()
    boards = []
    for each in layout.boards:
        columns = tuple(replace(one, pauses=one.title == "В очереди") for one in each.columns)
        boards.append(replace(each, columns=columns))
    paused = replace(layout, boards=tuple(boards))
    name = layout.boards[0].columns[1].title
    loaded = load_text(MINIMAL + f"sla: {{pause: [{name}]}}\n", FILE)
    assert loaded.mapping is not None
    bound, problems = resolve(loaded.mapping, paused)
    assert bound is not None, render(problems)
    used = [each for each in paused.boards if each.id in bound.boards]
    expected = {one.id for each in used for one in each.columns if one.pauses or one.title == name}
    assert bound.pausing >= expected
    assert column(used[0], name) in bound.pausing


def test_a_pausing_column_that_no_board_has_is_told() -> None:
    loaded = load_text(MINIMAL + "sla: {pause: [Нет такой]}\n", FILE)
    assert loaded.mapping is not None
    bound, (problem,) = resolve(loaded.mapping, core12())
    assert bound is None
    assert (problem.code, problem.path) == ("unknown-column", "sla.pause[0]")
