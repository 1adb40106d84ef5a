"""Fields, people and further boards of a mapping, held against a board."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.domain.effects import Meaning
from connector.domain.layout import BoardLayout, CardField, FieldKind, Lane, Layout, User
from connector.domain.policy import BoardPolicy
from mappings import Problem, Severity, load_text, render, resolve
from tests.mappings.boards import ROOT, board, column, core12, lane

EXAMPLE = (ROOT / "mappings" / "support.example.yaml").read_text(encoding="utf-8")
MINIMAL = (ROOT / "mappings" / "minimal.example.yaml").read_text(encoding="utf-8")
FILE = ROOT / "mappings" / "x.yaml"


def resolved(text: str, layout: Layout) -> tuple[BoardPolicy | None, tuple[Problem, ...]]:
    loaded = load_text(text, FILE)
    assert loaded.mapping is not None, render(loaded.problems)
    return resolve(loaded.mapping, layout)


def sound(text: str, layout: Layout) -> BoardPolicy:
    policy, problems = resolved(text, layout)
    assert policy is not None, render(problems)
    return policy


def refused(text: str, layout: Layout) -> list[Problem]:
    policy, problems = resolved(text, layout)
    assert policy is None
    return [problem for problem in problems if problem.severity is Severity.ERROR]


def options(*titles: str) -> tuple[tuple[str, str], ...]:
    return tuple((str(900 + index), title) for index, title in enumerate(titles))


def layout(*fields: CardField) -> Layout:
    known = core12()
    return replace(known, fields=(*known.fields, *fields))


def field(name: str, kind: FieldKind, *titles: str, id: str = "") -> CardField:
    return CardField(id=id or name, name=name, kind=kind, options=options(*titles))


def facts(*lines: str) -> str:
    return EXAMPLE.replace("  client: Клиент\n", "".join(f"  {line}\n" for line in ("client: Клиент", *lines)), 1)


# ---- facts


def test_the_number_may_go_into_a_number_field_and_a_title_into_a_select() -> None:
    classes = ("Сверхсрочно", " сделать  СЕГОДНЯ", "Больше двух дней", "Ещё что-то")
    known = layout(field("Номер", FieldKind.NUMBER), field("Срочность", FieldKind.SELECT, *classes))
    policy = sound(facts("number: Номер", "class: Срочность"), known)
    assert (policy.fact_fields["number"], policy.fact_fields["class"]) == ("Номер", "Срочность")


def test_every_title_without_an_option_is_told() -> None:
    known = layout(field("Срочность", FieldKind.SELECT, "Сверхсрочно", "Больше 2 дней"))
    first, second = refused(facts("class: Срочность"), known)
    assert (first.code, first.path, first.nearest) == ("unknown-option", "fields.class", None)
    assert "Сделать сегодня" in first.found
    assert (second.code, second.nearest) == ("unknown-option", "Больше 2 дней")
    assert "Больше двух дней" in second.found
    assert "`connector names fields`" in second.remedy


def test_an_option_for_each_topic_and_language_and_for_yes_and_no() -> None:
    topics = ("Вопрос по продукту", "Касса и оплата", "Оборудование", "Финансы", "Акты и закрывающие", "Договор")
    known = layout(
        field("Тема", FieldKind.SELECT, *topics),
        field("Язык", FieldKind.SELECT, "ru", "en"),
        field("Проверен", FieldKind.SELECT, "да", "нет"),
        field("Оценка", FieldKind.SELECT, "😞", "🙂", "🤩"),
    )
    text = facts("topic: Тема", "language: Язык", "verified: Проверен", "rating: Оценка")
    text = text.replace("store: comment", "store: field") + "silence: [fact-empty]\n"
    assert set(sound(text, known).fact_fields) == {"cabinet", "client", "topic", "language", "verified", "rating"}
    fewer = replace(known, fields=tuple(replace(each, options=each.options[1:]) for each in known.fields))
    missing = {each.path for each in refused(text.replace("option: Telegram", "option: Почта"), fewer)}
    assert missing == {"fields.topic", "fields.language", "fields.verified", "fields.rating"}


@pytest.mark.parametrize(
    ("fact", "kind"),
    [
        ("phone", FieldKind.SELECT),
        ("phone", FieldKind.NUMBER),
        ("number", FieldKind.SELECT),
        ("class", FieldKind.NUMBER),
        ("topic", FieldKind.CHECKBOX),
        ("language", FieldKind.USER),
        ("number", FieldKind.OTHER),
    ],
)
def test_a_fact_that_a_field_cannot_take_is_told(fact: str, kind: FieldKind) -> None:
    (problem,) = refused(facts(f"{fact}: Поле") + "silence: [fact-empty]\n", layout(field("Поле", kind)))
    assert (problem.code, problem.path) == ("field-kind", f"fields.{fact}")


# ---- constant values

KINDS = (
    field("Канал", FieldKind.STRING),
    field("Важность", FieldKind.NUMBER),
    field("Проверено", FieldKind.CHECKBOX),
    field("Внедрён", FieldKind.DATE),
    field("Линия", FieldKind.SELECT, "Первая", "Вторая"),
    field("Куратор", FieldKind.USER),
    field("Голосование", FieldKind.OTHER),
)
VALUES = (
    "values: {Канал: Чат, важность: 2, Проверено: false, Внедрён: 2026-01-01, Линия: первая, Куратор: Анна Смирнова}\n"
)


def test_a_value_takes_the_shape_of_its_field() -> None:
    known = layout(*KINDS)
    policy = sound(EXAMPLE + VALUES, known)
    source = known.fields[2]
    assert policy.spots["cash", "urgent"].fields == {
        source.id: (source.options[0][0],),
        "Канал": "Чат",
        "Важность": 2,
        "Проверено": False,
        "Внедрён": "2026-01-01",
        "Линия": ("900",),
        "Куратор": (known.users[1].id,),
    }


def test_a_topic_goes_before_its_group_and_that_before_all() -> None:
    text = EXAMPLE.replace("      contract:\n", "      contract:\n        values: {линия: Вторая, Важность: 9}\n")
    text = text.replace("    tags: [документы]\n", "    tags: [документы]\n    values: {Важность: 5, Канал: Бумага}\n")
    policy = sound(text + VALUES, layout(*KINDS))

    def fields(topic: str) -> tuple[object, ...]:
        bound = policy.spots[topic, "later"].fields
        return bound["Линия"], bound["Важность"], bound["Канал"]

    assert fields("finance") == (("900",), 2, "Чат")
    assert fields("papers.acts") == (("900",), 5, "Бумага")
    assert fields("papers.contract") == (("901",), 9, "Бумага")


@pytest.mark.parametrize(
    ("value", "code", "path"),
    [
        ("Канал: true", "field-value", "values.Канал"),
        ("Важность: '2'", "field-value", "values.Важность"),
        ("Важность: false", "field-value", "values.Важность"),
        ("Проверено: да", "field-value", "values.Проверено"),
        ("Внедрён: 1 мая", "field-value", "values.Внедрён"),
        ("Линия: true", "field-value", "values.Линия"),
        ("Линия: Третья", "unknown-option", "values.Линия"),
        ("Куратор: Анна", "unknown-user", "values.Куратор"),
        ("Голосование: за", "field-kind", "values.Голосование"),
        ("Канл: Чат", "unknown-field", "values.Канл"),
        ("Источник: Почта", "field-twice", "values.Источник"),
    ],
)
def test_a_value_that_does_not_fit_is_told_at_its_place(value: str, code: str, path: str) -> None:
    text = EXAMPLE + f"values: {{{value}}}\n"
    (problem,) = refused(text, layout(*KINDS))
    assert (problem.code, problem.path) == (code, path)
    assert problem.line == len(text.splitlines())


def test_a_wrong_value_of_a_group_is_told_once() -> None:
    text = EXAMPLE.replace("    tags: [документы]\n", "    tags: [документы]\n    values: {Важность: много}\n")
    assert [problem.path for problem in refused(text, layout(*KINDS))] == ["topics.papers.values.Важность"]


def test_a_field_is_filled_once() -> None:
    twice = layout(field("Линия", FieldKind.STRING, id="77"))
    (problem,) = refused(EXAMPLE + "values: {Линия: Первая, 77: Вторая}\n", twice)
    assert (problem.code, problem.path) == ("field-twice", "values.77")
    assert "values.Линия" in problem.found
    (problem,) = refused(EXAMPLE.replace("    tags: [касса]\n", "    values: {Клиент: Касса}\n"), core12())
    assert (problem.code, problem.path) == ("field-twice", "fields.client")
    assert "topics.cash.values.Клиент" in problem.found


def test_a_value_may_name_its_field_and_option_by_id() -> None:
    known = layout(field("Линия", FieldKind.SELECT, "Первая", id="77"))
    assert sound(MINIMAL + "values: {77: 900}\n", known).spots["question", "normal"].fields == {"77": ("900",)}


# ---- people


def people(*names: str) -> str:
    return MINIMAL + f"public: {{rule: only_people, people: [{', '.join(names)}]}}\n"


def test_people_whose_comments_are_answers_are_looked_up() -> None:
    known = core12()
    policy = sound(people("анна смирнова", "telegram_bot", known.users[2].id), known)
    assert policy.users == {
        "telegram": known.users[0].id,
        "telegram_bot": known.users[0].id,
        "анна смирнова": known.users[1].id,
        "игорь павлов": known.users[2].id,
    }
    loaded = load_text(people(known.users[2].id), FILE)
    assert loaded.policy(policy).public.people == {"игорь павлов", known.users[2].id}
    (problem,) = refused(people("Анна Смирнва"), known)
    assert (problem.code, problem.path, problem.nearest) == ("unknown-user", "public.people[0]", "Анна Смирнова")
    assert "`connector names users`" in problem.remedy


def test_namesakes_cannot_be_told_apart_by_their_comments() -> None:
    known = core12()
    twin = User(id="900", name="Анна  смирнова", username="anna2", email="Anna@x.ru")
    known = replace(known, users=(*known.users, twin))
    (problem,) = refused(people("900"), known)
    assert (problem.code, problem.path) == ("ambiguous-user", "public.people[0]")
    users = sound(MINIMAL, known).users
    assert "анна смирнова" not in users
    assert (users["anna2"], users["anna@x.ru"]) == ("900", "900")


# ---- further boards


def second_line(*lanes: str) -> Layout:
    known = core12()
    cash = board(known, "Касса и оплата")
    columns = tuple(replace(each, id=f"c{each.id}") for each in cash.columns)
    made = tuple(Lane(id=f"l{index}", title=title) for index, title in enumerate(lanes))
    line = BoardLayout(id="500", title="Вторая линия", space=cash.space, columns=columns, lanes=made)
    return replace(known, boards=(*known.boards, line))


FURTHER = EXAMPLE + "further_boards: Вторая Линия\n"


def test_a_further_board_is_watched_and_its_lanes_are_the_classes() -> None:
    known = second_line("Больше двух дней", "Сверхсрочно", "Сделать сегодня")
    policy = sound(FURTHER, known)
    line, cash = board(known, "Вторая линия"), board(known, "Касса и оплата")
    assert policy.boards == tuple(each.id for each in known.boards)
    assert not any(spot.board == line.id for spot in policy.spots.values())
    assert policy.lanes[line.id, "l1"] == "urgent"
    assert policy.classes[line.id, "urgent"] == "l1"
    assert policy.classes[cash.id, "later"] == lane(cash, "Больше двух дней")
    assert policy.columns[column(line, "Ждём клиента")] is Meaning.WAITING
    assert policy.landing[line.id, Meaning.WORK] == column(line, "В работе")


def test_a_further_board_without_a_lane_is_told_like_those_of_the_topics() -> None:
    (problem,) = refused(FURTHER, second_line("Сверхсрочно", "Сделать сегодня"))
    assert (problem.code, problem.path) == ("unknown-lane", "classes.later.lane")
    assert "Вторая линия" in problem.found
    own = FURTHER.replace("lane: Больше двух дней\n", 'lane: {Вторая линия: Не спешит, "*": Больше двух дней}\n', 1)
    assert sound(own, second_line("Сверхсрочно", "Сделать сегодня", "Не спешит")).lanes["500", "l2"] == "later"


def test_a_further_board_that_nobody_knows_is_told() -> None:
    (problem,) = refused(EXAMPLE + "further_boards: [Вторя линия]\n", second_line())
    assert (problem.code, problem.path, problem.nearest) == ("unknown-board", "further_boards[0]", "Вторая линия")


def test_a_board_that_is_named_twice_is_one() -> None:
    known = core12()
    policy = sound(EXAMPLE + "further_boards: [Финансы, Финансы]\n", known)
    assert policy.boards == sound(EXAMPLE, known).boards


# ---- tags


def test_the_tag_of_a_label_is_looked_up() -> None:
    known = replace(core12(), tags=("деньги",))
    (problem,) = refused(MINIMAL + "labels: [{tag: денги}]\n", known)
    assert (problem.code, problem.path, problem.nearest) == ("tag-typo", "labels[0].tag", "деньги")
    _, (new,) = resolved(MINIMAL + "labels: [{tag: жалоба}]\n", known)
    assert (new.code, new.severity) == ("new-tag", Severity.WARNING)


def test_the_opening_may_go_into_a_date_and_who_answered_first_into_a_field_for_users() -> None:
    known = layout(field("Открыто", FieldKind.DATE), field("Ответил", FieldKind.USER), field("Когда", FieldKind.STRING))
    policy = sound(facts("opened: Открыто", "agent: Ответил"), known)
    assert (policy.fact_fields["opened"], policy.fact_fields["agent"]) == ("Открыто", "Ответил")
    assert sound(facts("opened: Когда"), known).fact_fields["opened"] == "Когда"


@pytest.mark.parametrize(
    ("line", "expected"),
    [("opened: Ответил", "text or date"), ("agent: Открыто", "text or user"), ("username: Открыто", "kind text")],
)
def test_a_date_and_a_user_take_only_what_is_one(line: str, expected: str) -> None:
    known = layout(field("Открыто", FieldKind.DATE), field("Ответил", FieldKind.USER))
    (problem,) = refused(facts(line), known)
    assert problem.code == "field-kind"
    assert expected in problem.expected


# ---- several values at once


def test_a_field_takes_several_options_or_users_each_once() -> None:
    known = layout(field("Метки", FieldKind.SELECT, "бот", "чат", "сайт"), field("Кто", FieldKind.USER))
    anna, igor = (user.id for user in core12().users if user.name in ("Анна Смирнова", "Игорь Павлов"))
    text = f"{EXAMPLE}\nvalues: {{Метки: [чат, бот, ЧАТ], Кто: [Анна Смирнова, Игорь Павлов]}}\n"
    fields = next(iter(sound(text, known).spots.values())).fields
    assert (fields["Метки"], fields["Кто"]) == (("901", "900"), (anna, igor))


def test_what_is_wrong_in_a_list_is_told_at_its_place() -> None:
    known = layout(field("Метки", FieldKind.SELECT, "бот", "чат"), field("Номер", FieldKind.NUMBER))
    first, second = refused(f"{EXAMPLE}\nvalues: {{Метки: [чат, бт], Номер: [1, 2]}}\n", known)
    assert (first.path, first.nearest) == ("values.Метки[1]", "бот")
    assert (second.path, second.code) == ("values.Номер", "field-value")
    assert "a list" in second.found


# ---- tags that tell of receipts


def test_the_shipped_tags_of_receipts_are_meant_and_own_words_are_held_against_the_board() -> None:
    tags = EXAMPLE.replace("agent_receipts: comment", "agent_receipts: tag")
    assert resolved(tags, core12())[1] == resolved(EXAMPLE, core12())[1]
    known = replace(core12(), tags=("ответ дошёл",))
    own = f"{tags}\ntexts:\n  ru:\n    receipt.tag_delivered: ответ дошол\n"
    (problem,) = refused(own, known)
    assert (problem.code, problem.nearest, problem.path) == (
        "tag-typo",
        "ответ дошёл",
        'texts.ru."receipt.tag_delivered"',
    )
    assert not refused_codes(own.replace("agent_receipts: tag", "agent_receipts: comment"), known)


def refused_codes(text: str, known: Layout) -> set[str]:
    return {problem.code for problem in resolved(text, known)[1] if problem.severity is Severity.ERROR}
