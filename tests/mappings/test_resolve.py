"""The mapping's names, held against a board."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.effects import Meaning
from connector.domain.layout import BoardLayout, CardField, Column, FieldKind, Lane, Layout, User
from connector.domain.policy import BoardPolicy
from mappings import Problem, Severity, load_text, render, resolve
from tests.mappings.boards import ROOT, board, changed, column, core12, lane

EXAMPLE = (ROOT / "mappings" / "support.example.yaml").read_text(encoding="utf-8")
MINIMAL = (ROOT / "mappings" / "minimal.example.yaml").read_text(encoding="utf-8")
FILE = ROOT / "mappings" / "x.yaml"
CASH = "Касса и оплата"


def resolved(text: str, layout: Layout) -> tuple[BoardPolicy | None, tuple[Problem, ...]]:
    loaded = load_text(text, FILE)
    assert loaded.mapping is not None, render(loaded.problems)
    return resolve(loaded.mapping, layout)


def sound(text: str, layout: Layout) -> BoardPolicy:
    policy, problems = resolved(text, layout)
    assert policy is not None, render(problems)
    return policy


def refused(text: str, layout: Layout) -> Problem:
    """The only problem, an error."""
    policy, problems = resolved(text, layout)
    assert policy is None
    assert len(problems) == 1, render(problems)
    assert problems[0].severity is Severity.ERROR
    return problems[0]


def test_the_example_fits_the_board_of_the_demo() -> None:
    layout = core12()
    policy, problems = resolved(EXAMPLE, layout)
    assert render(problems) == ""
    assert policy is not None
    cash = board(layout, CASH)
    spot = policy.spots["cash", "urgent"]
    assert (spot.board, spot.column, spot.lane) == (cash.id, column(cash, "Очередь"), lane(cash, "Сверхсрочно"))
    assert spot.responsible == layout.users[0].id
    source = layout.fields[2]
    assert spot.fields == {source.id: (source.options[0][0],)}
    assert policy.fact_fields == {"cabinet": layout.fields[0].id, "client": layout.fields[1].id}
    assert len(policy.spots) == 6 * 3
    assert policy.spots["papers.acts", "later"] == policy.spots["finance", "later"]
    assert policy.boards == tuple(board.id for board in layout.boards)
    assert set(policy.columns) == {column.id for board in layout.boards for column in board.columns}
    assert policy.lanes[cash.id, lane(cash, "Больше двух дней")] == "later"
    assert policy.landing[cash.id, Meaning.WAITING] == column(cash, "Ждём клиента")
    assert policy.landing[cash.id, Meaning.DONE] == column(cash, "Готово")


def test_a_column_with_subcolumns_is_entered_at_its_first() -> None:
    layout = core12()
    hardware = board(layout, "Оборудование")
    policy = sound(EXAMPLE, layout)
    assert policy.landing[hardware.id, Meaning.WORK] == column(hardware, "Разбираемся")
    assert policy.columns[column(hardware, "Чиним")] is Meaning.WORK
    started = sound(EXAMPLE.replace("tags: [оборудование]", "column: В работе"), layout)
    assert started.spots["hardware", "today"].column == column(hardware, "Разбираемся")


def test_a_subcolumn_takes_the_meaning_of_its_named_parent() -> None:
    layout = core12()
    policy = sound(EXAMPLE, layout)
    named = EXAMPLE.replace("waiting: [Ждём клиента]", "waiting: [Ждём клиента, В работе]\n  work: [Чиним]")
    hardware = board(layout, "Оборудование")
    assert policy.columns[column(hardware, "Разбираемся")] is Meaning.WORK
    assert sound(named, layout).columns[column(hardware, "Разбираемся")] is Meaning.WAITING
    assert sound(named, layout).columns[column(hardware, "Чиним")] is Meaning.WORK


def test_the_minimal_example_fits_the_board_of_the_demo() -> None:
    layout = core12()
    policy, problems = resolved(MINIMAL, layout)
    assert render(problems) == ""
    assert policy is not None
    first = layout.boards[0]
    assert policy.boards == (first.id,)
    assert policy.spots["question", "normal"].lane is None
    assert policy.spots["question", "normal"].column == column(first, "Очередь")
    assert policy.lanes == {}


def test_every_name_may_be_an_id() -> None:
    layout = core12()
    ids = {
        "space: Поддержка": f"space: {layout.spaces[0][0]}",
        f"board: {CASH}": f"board: {board(layout, CASH).id}",
        "responsible: Telegram": f"responsible: {layout.users[0].id}",
        "field: Источник": f"field: '{layout.fields[2].id}'",
        "option: Telegram": f"option: {layout.fields[2].options[0][0]}",
        "client: Клиент": f"client: {layout.fields[1].id}",
        "lane: Больше двух дней\n": "lane: {"
        + ", ".join(f"{board.id}: {board.lanes[2].id}" for board in layout.boards)
        + "}\n",
        "waiting: [Ждём клиента]": "waiting: ["
        + ", ".join(column(board, "Ждём клиента") for board in layout.boards)
        + "]",
    }
    text = EXAMPLE
    for name, number in ids.items():
        assert name in text
        text = text.replace(name, number, 1)
    assert sound(text, layout) == sound(EXAMPLE, layout)


@pytest.mark.parametrize("name", ["  касса и ОПЛАТА ", "Касса  и оплата"])
def test_case_and_blanks_in_a_name_do_not_matter(name: str) -> None:
    assert sound(EXAMPLE.replace(f"board: {CASH}", f"board: '{name}'"), core12()) == sound(EXAMPLE, core12())


def test_the_exact_title_goes_before_one_in_other_case() -> None:
    layout = core12()
    twin = replace(board(layout, CASH), id="900", title=CASH.upper())
    layout = replace(layout, boards=(twin, *layout.boards))
    assert "900" not in sound(EXAMPLE, layout).boards


@pytest.mark.parametrize(("name", "id_"), [("name", "Telegram"), ("username", "telegram_bot"), ("email", "bot@x.ru")])
def test_a_user_is_found_by_any_of_their_names(name: str, id_: str) -> None:
    layout = core12()
    user = User(id="7", name="Telegram", username="telegram_bot", email="bot@x.ru")
    layout = replace(layout, users=(user, *layout.users[1:]))
    policy = sound(EXAMPLE.replace("responsible: Telegram", f"responsible: {id_}"), layout)
    assert policy.spots["cash", "urgent"].responsible == "7"


WRONG = {
    "space: Поддержка": ("space: Подержка", "unknown-space", "board.space", "Поддержка", "spaces"),
    f"board: {CASH}": ("board: Каса и оплата", "unknown-board", "topics.cash.board", CASH, "boards"),
    "responsible: Telegram": ("responsible: Telegramm", "unknown-user", "source.responsible", "Telegram", "users"),
    "field: Источник": ("field: Источники", "unknown-field", "source.field", "Источник", "fields"),
    "option: Telegram": ("option: Telegran", "unknown-option", "source.option", "Telegram", "fields"),
    "client: Клиент": ("client: Клент", "unknown-field", "fields.client", "Клиент", "fields"),
    "waiting: [Ждём клиента]": (
        "waiting: [Ждем клиентов]", "unknown-column", "columns.waiting[0]", "Ждём клиента", "columns",
    ),
    "tags: [оборудование]": ("column: Очереди", "unknown-column", "topics.hardware.column", "Очередь", "columns"),
}  # fmt: skip
"""What is right → a wrong spelling, and the code, path, nearest name and listing command of its problem."""


@pytest.mark.parametrize("right", WRONG)
def test_an_unknown_name_is_told_with_its_place_the_nearest_name_and_the_command_that_lists_them(right: str) -> None:
    wrong, code, path, nearest, command = WRONG[right]
    text = EXAMPLE.replace(right, wrong, 1)
    expected_line = next(number for number, line in enumerate(text.splitlines(), 1) if wrong in line)
    problem = refused(text, core12())
    assert (problem.code, problem.line, problem.path) == (code, expected_line, path)
    assert problem.nearest == nearest
    assert f"`connector names {command}`" in problem.remedy
    assert problem.column is not None
    written = text.splitlines()[expected_line - 1][problem.column - 1 :]
    assert written.startswith(wrong.partition(": ")[2].strip("[]"))


def test_everything_unknown_is_told_in_one_run() -> None:
    text = EXAMPLE
    for right, (wrong, *_) in WRONG.items():
        if not right.startswith("space"):
            text = text.replace(right, wrong, 1)
    policy, problems = resolved(text, core12())
    assert policy is None
    assert len([problem for problem in problems if problem.severity is Severity.ERROR]) == len(WRONG) - 2, (
        "an option of an unknown field cannot be looked up, nor the space be wrong without its boards"
    )


def test_a_lane_that_one_board_lacks_names_the_board() -> None:
    layout = changed(core12(), CASH, lanes=(Lane(id="1", title="Срочно!"), *board(core12(), CASH).lanes[1:]))
    problem = refused(EXAMPLE, layout)
    assert (problem.code, problem.path) == ("unknown-lane", "classes.urgent.lane")
    assert CASH in problem.found
    assert "Срочно!" in problem.expected


def test_lanes_may_differ_from_board_to_board() -> None:
    layout = changed(
        core12(), "Финансы", lanes=(Lane(id="1", title="Не спешит"), *board(core12(), "Финансы").lanes[:2])
    )
    text = EXAMPLE.replace("lane: Больше двух дней\n", 'lane: {Финансы: Не спешит, "*": Больше двух дней}\n', 1)
    assert sound(text, layout).spots["finance", "later"].lane == "1"
    assert refused(
        text.replace(', "*": Больше двух дней', f", {CASH}: Больше двух дней, Вопрос по продукту: Больше двух дней"),
        layout,
    ).code == ("class-lane")
    assert refused(text.replace("{Финансы:", "{Финанс:"), core12()).nearest == "Финансы"


def test_two_classes_cannot_share_a_lane() -> None:
    _, problems = resolved(EXAMPLE.replace("lane: Сделать сегодня", "lane: Сверхсрочно"), core12())
    assert {problem.code for problem in problems} == {"lane-twice"}
    assert len(problems) == 4


def test_two_boards_of_one_title_ask_for_the_id() -> None:
    layout = core12()
    twin = replace(board(layout, CASH), id="900")
    problem = refused(EXAMPLE, replace(layout, boards=(*layout.boards, twin)))
    assert problem.code == "ambiguous-board"
    assert board(layout, CASH).id in problem.expected
    assert "900" in problem.expected


def test_a_board_of_another_space_is_not_taken() -> None:
    layout = core12()
    other = replace(board(layout, CASH), id="900", space="77")
    layout = replace(layout, spaces=(*layout.spaces, ("77", "Продажи")), boards=(other, *layout.boards))
    assert "900" not in sound(EXAMPLE, layout).boards
    both = EXAMPLE.replace("space: Поддержка", "space: [Поддержка, Продажи]")
    assert refused(both, layout).code == "ambiguous-board"


def test_a_column_named_only_for_one_board_means_that_there() -> None:
    layout = core12()
    text = EXAMPLE.replace(
        "waiting: [Ждём клиента]",
        f"waiting: [Ждём клиента]\n  boards: {{{CASH}: {{waiting: [В работе], work: [Ждём клиента]}}}}",
    )
    cash, finance = board(layout, CASH), board(layout, "Финансы")
    policy = sound(text, layout)
    assert policy.columns[column(cash, "В работе")] is Meaning.WAITING
    assert policy.columns[column(cash, "Ждём клиента")] is Meaning.WORK
    assert policy.columns[column(finance, "В работе")] is Meaning.WORK
    wrong = text.replace("waiting: [В работе]", "waiting: [В рабте]")
    assert refused(wrong, layout).nearest == "В работе"
    assert refused(text.replace(f"boards: {{{CASH}", "boards: {Касса"), layout).code == "unknown-board"


def columns(*given: tuple[str, str | None], parents: dict[str, str] | None = None) -> tuple[Column, ...]:
    return tuple(
        Column(id=str(index), title=title, stage=stage, parent=(parents or {}).get(str(index)))
        for index, (title, stage) in enumerate(given, 1)
    )


def plain(*given: tuple[str, str | None], parents: dict[str, str] | None = None) -> Layout:
    """One board with these columns."""
    only = BoardLayout(
        id="5", title="Вопрос по продукту", space="1", columns=columns(*given, parents=parents), lanes=()
    )
    return Layout(spaces=(("1", "Поддержка"),), boards=(only,), users=(), fields=())


def test_a_column_without_a_meaning_is_told() -> None:
    problem = refused(MINIMAL, plain(("Очередь", "queue"), ("Странная", None), ("Готово", "done")))
    assert problem.code == "column-without-meaning"
    assert "Странная" in problem.found


def test_a_board_without_a_queue_needs_a_start_column() -> None:
    layout = plain(("В работе", "work"), ("Готово", "done"))
    assert refused(MINIMAL, layout).code == "no-queue-column"
    policy = sound(MINIMAL.replace("    board:", "    column: в работе\n    board:"), layout)
    assert policy.spots["question", "normal"].column == "1"


def test_a_board_without_a_done_column_is_a_warning() -> None:
    policy, (problem,) = resolved(MINIMAL, plain(("Очередь", "queue"), ("В работе", "work")))
    assert policy is not None
    assert (problem.code, problem.severity) == ("no-done-column", Severity.WARNING)


def test_a_subcolumn_called_like_a_column_at_the_top_is_not_meant() -> None:
    layout = plain(("Очередь", "queue"), ("В работе", "work"), ("Готово", "work"), ("Готово", None), parents={"3": "2"})
    policy = sound(MINIMAL + "columns: {done: [Готово]}\n", layout)
    assert (policy.columns["3"], policy.columns["4"]) == (Meaning.WORK, Meaning.DONE)
    assert policy.landing["5", Meaning.DONE] == "4"


def test_a_tag_like_a_known_one_is_a_mistake_and_another_is_new() -> None:
    layout = replace(core12(), tags=("касса", "оборудование"))
    undeclared = EXAMPLE.replace(
        "[продукт, касса, оборудование, финансы, документы, деньги, срочно, бот остановлен]",
        "[продукт, документы, деньги, бот остановлен]",
    )
    policy, (problem,) = resolved(undeclared, layout)
    assert policy is not None
    assert (problem.code, problem.severity, problem.path) == ("new-tag", Severity.WARNING, "topics.finance.tags[0]")
    assert resolved(undeclared + "silence: [new-tag]\n", layout)[1] == ()
    typo = refused(undeclared.replace("tags: [касса]", "tags: [каса]") + "silence: [new-tag]\n", layout)
    assert (typo.code, typo.nearest) == ("tag-typo", "касса")


def test_a_tag_for_clients_who_stopped_the_bot_is_looked_up_and_those_of_a_rating_are_meant() -> None:
    layout = replace(core12(), tags=("бот остановлен", "Оценка 🙂", "продукт"))
    text = MINIMAL + "rating: {store: tag, tag: 'Оценка {mark}'}\nblocked_tag: бот осталовлен\n"
    typo = refused(text, layout)
    assert (typo.code, typo.path, typo.nearest) == ("tag-typo", "blocked_tag", "бот остановлен")
    assert resolved(text.replace("осталовлен", "остановлен"), layout)[1] == ()
    _, (new,) = resolved(text.replace("бот осталовлен", "тишина"), layout)
    assert (new.code, new.severity) == ("new-tag", Severity.WARNING)
    wrong = refused(text.replace("бот осталовлен", "Оценка 🤩!"), layout)
    assert wrong.nearest == "Оценка 🤩", "the tags of a rating are known ones"


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("Анна Смирнов", "Анна Смирнова"),
        ("анна смирнова", "Анна Смирнова"),
        ("telegram_bot", "Telegram"),
        ("Пётр", None),
    ],
)
def test_a_name_that_no_agent_bears_exactly_is_a_warning(name: str, nearest: str | None) -> None:
    text = EXAMPLE.replace("Игорь Павлов:", f"{name}:")
    policy, (problem,) = resolved(text, core12())
    assert policy is not None
    assert (problem.code, problem.severity, problem.nearest) == ("agent-unknown", Severity.WARNING, nearest)
    assert problem.line == next(number for number, line in enumerate(text.splitlines(), 1) if f" {name}:" in line)
    assert "`connector names users`" in problem.remedy
    assert resolved(text + "silence: [agent-unknown]\n", core12())[1] == ()


def test_every_fact_of_the_dialogue_may_have_a_field() -> None:
    layout = core12()
    fields = tuple(
        CardField(id=name, name=name, kind=FieldKind.STRING) for name in ("Телефон", "Проверен", "Оценка клиента")
    )
    text = EXAMPLE.replace("contact: none", "contact: optional").replace("store: comment", "store: field")
    text = text.replace(
        "  client: Клиент", "  client: Клиент\n  phone: Телефон\n  verified: Проверен\n  rating: Оценка клиента"
    )
    policy, _ = resolved(text + "silence: [fact-empty]\n", replace(layout, fields=(*layout.fields, *fields)))
    assert policy is not None
    assert {fact: policy.fact_fields[fact] for fact in ("phone", "verified", "rating")} == {
        "phone": "Телефон", "verified": "Проверен", "rating": "Оценка клиента",
    }  # fmt: skip


def with_field(field: CardField) -> Layout:
    layout = core12()
    return replace(layout, fields=tuple(field if old.name == field.name else old for old in layout.fields))


def test_a_fact_needs_a_text_field() -> None:
    problem = refused(EXAMPLE, with_field(CardField(id="1", name="Клиент", kind=FieldKind.NUMBER)))
    assert (problem.code, problem.path) == ("field-kind", "fields.client")
    assert "number" in problem.found


def test_the_source_may_be_a_text_field_and_nothing_else_than_select_or_text() -> None:
    layout = with_field(CardField(id="1", name="Источник", kind=FieldKind.STRING))
    assert sound(EXAMPLE, layout).spots["cash", "today"].fields == {"1": "Telegram"}
    assert refused(EXAMPLE, with_field(CardField(id="1", name="Источник", kind=FieldKind.DATE))).code == "field-kind"


def test_two_facts_cannot_share_a_field() -> None:
    problem = refused(EXAMPLE.replace("client: Клиент", "client: Кабинет"), core12())
    assert (problem.code, problem.path) == ("field-twice", "fields.client")
    assert "fields.cabinet" in problem.found


def test_a_field_that_a_board_does_not_show_is_a_warning() -> None:
    layout = core12()
    shown = tuple(board.id for board in layout.boards if board.title != CASH)
    policy, (problem,) = resolved(
        EXAMPLE, with_field(CardField(id="1", name="Клиент", kind=FieldKind.STRING, boards=shown))
    )
    assert policy is not None
    assert (problem.code, problem.severity) == ("field-hidden", Severity.WARNING)
    assert CASH in problem.found


def test_an_empty_board_tool_is_told_name_by_name() -> None:
    policy, problems = resolved(EXAMPLE, Layout(spaces=(), boards=(), users=(), fields=()))
    assert policy is None
    assert {problem.code for problem in problems if problem.severity is Severity.ERROR} == {
        "unknown-space",
        "unknown-user",
        "unknown-field",
    }, "boards are unknown only because their space is"


def test_a_space_without_boards_is_told_board_by_board() -> None:
    _, problems = resolved(EXAMPLE, replace(core12(), boards=()))
    assert [problem.code for problem in problems] == ["unknown-board"] * 5, "no board, no lanes to miss"


names = st.text(max_size=6)


@given(
    st.lists(
        st.tuples(
            names,
            st.lists(st.tuples(names, st.sampled_from(["queue", "work", "done", None])), max_size=4),
            st.lists(names, max_size=4),
        ),
        max_size=4,
    ),
    st.lists(names, max_size=3),
)
def test_no_board_makes_resolving_fail(
    given_boards: list[tuple[str, list[tuple[str, str | None]], list[str]]], tags: list[str]
) -> None:
    layout = Layout(
        spaces=(("1", "Поддержка"),),
        boards=tuple(
            BoardLayout(
                id=str(index),
                title=title,
                space="1",
                columns=columns(*given_columns),
                lanes=tuple(Lane(id=str(place), title=name) for place, name in enumerate(lanes)),
            )
            for index, (title, given_columns, lanes) in enumerate([*given_boards, (CASH, [], [])])
        ),
        users=(User(id="1", name=""),),
        fields=(CardField(id="1", name="", kind=FieldKind.OTHER),),
        tags=tuple(tags),
    )
    policy, problems = resolved(EXAMPLE, layout)
    assert (policy is None) == any(problem.severity is Severity.ERROR for problem in problems)
    assert all(isinstance(problem.file, Path) and problem.line for problem in problems)
