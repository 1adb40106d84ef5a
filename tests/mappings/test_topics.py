"""Topics below topics: what they take from above, and where a wrong name of theirs is told."""

from __future__ import annotations

from connector.domain.policy import TopicGroup
from mappings import Severity, load_text, render, resolve
from tests.mappings.boards import ROOT, board, changed, column, core12

FILE = ROOT / "mappings" / "x.yaml"
TEXT = """version: 1
languages: [ru]
board: {space: Поддержка}
topics:
  product: {title: Продукт, board: Вопрос по продукту, class: fast}
  money:
    title: Деньги
    board: Финансы
    column: В работе
    class: slow
    tags: [деньги, общий]
    hint: Что с деньгами?
    topics:
      acts: {title: Акты}
      till: {title: Касса, board: Касса и оплата, column: Очередь, class: fast, tags: [касса, деньги], hint: Где?}
  other: {title: Другое, board: Вопрос по продукту, class: slow}
classes:
  fast: {title: Быстро, lane: Сверхсрочно}
  slow: {title: Медленно, lane: Больше двух дней}
declared_tags: [деньги, общий, касса]
"""


def test_a_topic_below_takes_what_it_does_not_say_itself() -> None:
    policy = load_text(TEXT, FILE).policy()
    assert [(topic.key, topic.group) for topic in policy.topics] == [
        ("product", None), ("money.acts", "money"), ("money.till", "money"), ("other", None),
    ]  # fmt: skip
    assert policy.groups_of_topics == (TopicGroup(key="money", title={"ru": "Деньги"}, hint={"ru": "Что с деньгами?"}),)
    acts, till = policy.topic("money.acts"), policy.topic("money.till")
    assert acts is not None
    assert till is not None
    assert (acts.title, acts.service_class, acts.tags) == ({"ru": "Акты"}, "slow", ("деньги", "общий"))
    assert (acts.hint, till.hint) == ({"ru": "Что с деньгами?"}, {"ru": "Где?"})
    assert (till.service_class, till.tags) == ("fast", ("деньги", "общий", "касса"))
    assert policy.topic("money") is None, "nothing is opened on a group"


def test_a_topic_below_has_its_own_place_on_the_board() -> None:
    loaded, layout = load_text(TEXT, FILE), core12()
    assert loaded.mapping is not None, render(loaded.problems)
    policy, problems = resolve(loaded.mapping, layout)
    assert render(problems) == ""
    assert policy is not None
    finance, till = board(layout, "Финансы"), board(layout, "Касса и оплата")
    assert policy.spots["money.acts", "slow"].board == finance.id
    assert policy.spots["money.acts", "slow"].column == column(finance, "В работе")
    assert policy.spots["money.till", "fast"].column == column(till, "Очередь")
    assert {topic for topic, _ in policy.spots} == {"product", "money.acts", "money.till", "other"}
    assert policy.boards == tuple(
        board(layout, each).id for each in ("Вопрос по продукту", "Финансы", "Касса и оплата")
    )


def test_a_group_needs_no_board_when_each_topic_below_has_one() -> None:
    text = TEXT.replace("    board: Финансы\n    column: В работе\n", "").replace(
        "{title: Акты}", "{title: Акты, board: Финансы}"
    )
    assert render(load_text(text, FILE).problems) == ""


def test_a_wrong_name_of_a_group_is_told_once_and_where_the_group_says_it() -> None:
    text = TEXT.replace("board: Финансы", "board: Финанси").replace(", board: Касса и оплата", "")
    text = text.replace("tags: [деньги, общий]", "tags: [деньги, общи]").replace("[касса, деньги]", "[каса]")
    loaded = load_text(text, FILE)
    assert loaded.mapping is not None
    _, problems = resolve(loaded.mapping, core12())
    assert [(problem.code, problem.path) for problem in problems] == [
        ("unknown-board", "topics.money.board"),
        ("tag-typo", "topics.money.tags[1]"),
        ("tag-typo", "topics.money.topics.till.tags[0]"),
    ]


def test_a_column_of_a_group_is_looked_up_on_each_board_of_its_topics() -> None:
    text = TEXT.replace("column: В работе", "column: Проверяем").replace("column: Очередь, ", "")
    layout = changed(core12(), "Финансы", columns=())
    loaded = load_text(text, FILE)
    assert loaded.mapping is not None
    _, problems = resolve(loaded.mapping, layout)
    wrong = [problem for problem in problems if problem.code == "unknown-column"]
    assert [problem.path for problem in wrong] == ["topics.money.column"] * 2
    assert [title for problem in wrong for title in ("Финансы", "Касса и оплата") if title in problem.found] == [
        "Финансы",
        "Касса и оплата",
    ]


def test_one_title_may_stand_on_two_levels_of_the_menu() -> None:
    assert render(load_text(TEXT.replace("title: Акты", "title: Другое"), FILE).problems) == ""


def test_the_default_topic_may_stand_below_another() -> None:
    policy = load_text(TEXT + "default_topic: money.till\n", FILE).policy()
    assert policy.default_topic == "money.till"


def test_the_order_below_a_topic_belongs_to_the_version() -> None:
    lines = TEXT.splitlines(keepends=True)
    acts = next(number for number, line in enumerate(lines) if "acts:" in line)
    swapped = [*lines[:acts], lines[acts + 1], lines[acts], *lines[acts + 2 :]]
    assert load_text(TEXT, FILE).policy().version != load_text("".join(swapped), FILE).policy().version


def test_a_mistyped_key_is_one_mistake() -> None:
    (problem,) = load_text(TEXT.replace("{title: Акты}", "{titel: Акты}"), FILE).problems
    assert (problem.code, problem.nearest, problem.severity) == ("unknown-key", "title", Severity.ERROR)
    (problem,) = load_text(TEXT.replace("class: slow}", "clas: slow}"), FILE).problems
    assert (problem.code, problem.path) == ("unknown-key", "topics.other.clas")
