"""What clients do and see, row by row, through the real daemon and the stand-ins over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.process.company import ROOT, TELEGRAM_TOKEN, Company
from tests.process.script import (
    Agent,
    Blocks,
    Card,
    Cards,
    Comments,
    Corrects,
    Edits,
    Files,
    Gets,
    Hears,
    HearsAgain,
    HearsNothing,
    Keyboard,
    Moves,
    Part,
    Restarts,
    Says,
    Scene,
    Sees,
    Sends,
    Step,
    TakesBack,
    Taps,
    Vanishes,
    Waits,
)

MENU = ("📋 Мои обращения", "👤 Профиль", "✏️ Новое обращение")
REGISTERS: tuple[Step, ...] = (Says("/start"), Hears("номер вашего кабинета"), Says("{cabinet}"), Hears("О чём ваше"))


def opens(words: str, topic: str = "Касса и оплата", name: str = "first") -> tuple[Step, ...]:
    """From the offered topics to a request with its card."""
    return (Taps(topic), Hears(f"Тема: {topic}"), Says(words, name), Hears("Приняли ваше обращение"), Card((words,)))


CASHBOX = (*REGISTERS, *opens("Касса не печатает"))

ROWS: dict[str, tuple[Step, ...]] = {
    "the cabinet is asked once, with a hint and a picture, and checked": (
        Says("/start"),
        Hears("номер вашего кабинета"),
        Gets("photo"),
        Says("12"),
        Hears("не похоже на номер"),
        Says("{cabinet}"),
        Hears("Кабинет {cabinet} запомнили"),
        Keyboard(MENU),
        *opens("Касса не печатает"),
        Card(("Кабинет {cabinet}",)),
        Says("/new"),
        Hears("О чём ваше обращение", never="номер вашего кабинета"),
        *opens("Счёт не пришёл", "Финансы"),
        Card(("Кабинет {cabinet}",), title="Счёт"),
    ),
    "a link with the cabinet in it registers by one press": (
        Says("/start {cabinet}"),
        Hears("Кабинет {cabinet} запомнили", never="номер вашего кабинета"),
        *opens("Касса не печатает"),
        Card(("Кабинет {cabinet}",), never="/start"),
    ),
    "several cabinets: added, switched by one tap, shown, dropped, logged out": (
        *REGISTERS,
        Says("👤 Профиль"),
        Hears("Кабинет {cabinet} — текущий"),
        Taps("Добавить кабинет"),
        Hears("который нужно добавить"),
        Says("7654"),
        Hears("Кабинет 7654 запомнили"),
        Says("/profile"),
        Hears("Кабинет 7654 — текущий"),
        Taps("{cabinet}"),
        Hears("Теперь ваш кабинет — {cabinet}"),
        Says("/new"),
        Hears("Кабинет: {cabinet}."),
        *opens("Касса не печатает"),
        Card(("Кабинет {cabinet}",)),
        Says("/profile"),
        Hears("Ваш профиль"),
        Taps("Убрать 7654"),
        Hears("Кабинет 7654 убрали"),
        Taps("Выйти"),
        Hears("Выйти?"),
        Taps("Да"),
        Hears("Вы вышли"),
        Says("/new"),
        Hears("номер вашего кабинета"),
    ),
    "the menu of three buttons is always there": (
        *CASHBOX,
        Keyboard(MENU),
        Says("📋 Мои обращения"),
        Hears("Касса не печатает"),
        Says("👤 Профиль"),
        Hears("Ваш профиль"),
        Says("✏️ Новое обращение"),
        Hears("О чём ваше обращение"),
        Keyboard(MENU),
    ),
    "topics come from the mapping, with their hints": (
        *REGISTERS,
        Taps("Касса и оплата"),
        Hears("пришлите фото экрана"),
        Says("Не берёт карты"),
        Hears("Тема: Касса и оплата"),
        Card(("Не берёт карты",), board="Касса и оплата"),
    ),
    "a topic may be typed by its number": (
        *REGISTERS,
        Says("2"),
        Hears("Тема: Касса и оплата"),
        Says("Не берёт карты"),
        Card(board="Касса и оплата"),
    ),
    "the first words, before anything was asked, are never asked for again": (
        Sends("voice", "voice"),
        Hears("повторять его не нужно"),
        Sees("voice", "👀"),
        Says("{cabinet}"),
        Hears("Осталось выбрать тему"),
        Taps("Оборудование"),
        Hears("Приняли ваше обращение"),
        Card((".og",), board="Оборудование"),
    ),
    "ten messages of every kind follow without a button, in order": (
        *CASHBOX,
        Says("раз"),
        Sends("photo", more={"caption": "два"}),
        Sends("video", more={"caption": "три"}),
        Sends("voice", more={"caption": "четыре"}),
        Sends("document", more={"caption": "пять"}),
        Sends("sticker"),
        Sends("location", more={"latitude": 55.75, "longitude": 37.61}),
        Sends("contact"),
        Sends("video_note"),
        Sends("audio", more={"caption": "десять"}),
        Comments(
            ("раз", "два", "три", "четыре", "пять", "Стикер", "55.75", "онтакт", "files", "десять"),
        ),
    ),
    "what was forwarded or moves arrives readable": (
        *CASHBOX,
        Says("перешлю", more={"forward_from": 700_100}),
        Sends("animation", more={"caption": "вот так мигает"}),
        Sends("venue", more={"latitude": 55.75, "longitude": 37.61, "title": "Мойка", "address": "Ленина, 5"}),
        Comments(("Переслано", "вот так мигает", "Ленина, 5")),
    ),
    "several requests: quoted, chosen, asked about once": (
        *CASHBOX,
        Agent("Перезагрузите кассу", "Касса"),
        Hears("Перезагрузите кассу", "advice"),
        Says("/new"),
        Hears("О чём ваше"),
        *opens("Счёт не пришёл", "Финансы"),
        Says("номер счёта 5"),
        Comments(("номер счёта 5",), title="Счёт"),
        Says("перезагрузил", answering="advice"),
        Comments(("Перезагрузите", "перезагрузил"), title="Касса"),
        Agent("Какой период?", "Счёт"),
        Hears("Какой период?"),
        Says("за март"),
        Hears("К какому обращению"),
        Says("и за апрель"),
        HearsNothing(),
        Taps("Счёт не пришёл"),
        Hears("дальше пишем в обращение"),
        Comments(("номер счёта 5", "Какой период?", "за март", "и за апрель"), title="Счёт"),
        Says("и за май"),
        Comments(("номер счёта 5", "Какой период?", "за март", "и за апрель", "и за май"), title="Счёт"),
        Cards(2),
    ),
    "an album is one comment, its late part and a restart in the middle included": (
        *CASHBOX,
        Part("g", "десять снимков"),
        *(Part("g") for _ in range(4)),
        Restarts(),
        *(Part("g") for _ in range(4)),
        Waits(3.2),
        Part("g"),
        Comments(("десять снимков",)),
        Files(10),
    ),
    "an edit changes the words where they stand": (
        *CASHBOX,
        Says("сумма 100", "sum"),
        Comments(("сумма 100",)),
        Edits("sum", "сумма 1000"),
        Comments(("сумма 1000",)),
        Card(("изменено",)),
    ),
    "quotes are kept on the card": (
        *CASHBOX,
        Agent("Какая модель кассы?"),
        Hears("Какая модель кассы?", "question"),
        Says("АТОЛ 91Ф", answering="question"),
        Comments(("Какая модель", "Какая модель кассы?")),
        Card(("АТОЛ 91Ф",)),
    ),
    "the client sees at once what to expect, and marks tell how far a message is": (
        *REGISTERS,
        Taps("Касса и оплата"),
        Hears("Тема"),
        Says("Касса не печатает", "first"),
        Hears("Постараемся решить до"),
        Sees("first", "✍"),
        Says("И терминал", "second"),
        Sees("second", "✍"),
        Agent("Едем"),
        Hears("Едем"),
        Sees("second", "👌"),
    ),
    "a change on the board is told once, an internal move not at all": (
        *CASHBOX,
        Moves("В работе"),
        Hears("Взяли в работу"),
        HearsNothing(),
        Moves("Ждём клиента"),
        Hears("нужен ваш ответ"),
        Moves("Готово"),
        Hears("закрыто"),
    ),
    "the list shows status, promise and unread answers; a tap opens the request": (
        *CASHBOX,
        Moves("В работе"),
        Hears("Взяли в работу"),
        Agent("Перезагрузите кассу"),
        Hears("Перезагрузите кассу"),
        Says("/requests"),
        Hears("в работе"),
        Taps("Касса не печатает"),
        Hears("Мы: Перезагрузите кассу"),
        Taps("Вопрос решён"),
        Hears("Рады, что помогло"),
        Card(column="Готово"),
    ),
    "a request may be withdrawn": (
        *CASHBOX,
        Says("/requests"),
        Hears("Касса не печатает"),
        Taps("Касса не печатает"),
        Hears("Вы: Касса не печатает"),
        Taps("Отозвать"),
        Hears("Отозвать обращение"),
        Taps("Да"),
        Hears("отозвали"),
        Card(("отозвал",), column="Готово"),
    ),
    "words after the end reopen the same card": (
        *CASHBOX,
        Moves("Готово"),
        Hears("закрыто"),
        Says("опять не печатает"),
        Hears("Снова открыли"),
        Card(("опять не печатает",)),
        Cards(1),
    ),
    "one tap rates, may be changed, and a bad mark is asked about": (
        *CASHBOX,
        Moves("Готово"),
        Hears("Оцените"),
        Taps("🤩"),
        Card(("🤩",)),
        Taps("😞"),
        Hears("Что нам исправить"),
        Says("Ждал два часа"),
        Hears("Спасибо, передали"),
        Card(("😞", "Ждал два часа")),
        Cards(1),
    ),
    "a file that is too big is told at once": (
        *CASHBOX,
        Sends("video", more={"size": 20 * 1024 * 1024 + 1, "file_name": "ролик.mp4"}),
        Hears("ролик.mp4"),
        Card(("ролик.mp4",)),
    ),
    "a client may speak another language": (
        *REGISTERS,
        Says("/profile"),
        Hears("Ваш профиль"),
        Taps("English"),
        Hears("We will speak English"),
        Says("/new"),
        Hears("What is your request about"),
    ),
    "answers wait for a client who stopped the bot": (
        *CASHBOX,
        Blocks(),
        Card(("остановил бота",)),
        Agent("Готово, проверьте"),
        Card(("Ответ не дошёл",)),
        Blocks(back=True),
        Hears("С возвращением"),
        Hears("Готово, проверьте"),
    ),
    "an answer may be corrected and taken back": (
        *CASHBOX,
        Agent("Перезагрузите косу"),
        Hears("Перезагрузите косу", "answer"),
        Corrects("Перезагрузите кассу"),
        HearsAgain("answer", "Перезагрузите кассу"),
        TakesBack(),
        Vanishes("answer"),
    ),
    "odd words survive: emoji, right-to-left, invisible signs, very long": (
        *CASHBOX,
        Says("👩‍👩‍👧‍👦 שלום עולם \u200bтут\u2060 \U0001f9fe"),
        Says("длинно " * 580),
        Card(("👩‍👩‍👧‍👦", "שלום עולם", "длинно длинно")),
    ),
    "two devices and double taps do nothing twice": (
        *REGISTERS,
        Taps("Финансы"),
        Taps("Финансы"),
        Hears("Тема: Финансы"),
        Says("Счёт не пришёл"),
        Says("И акт"),
        Hears("Приняли ваше обращение"),
        Card(("Счёт не пришёл", "И акт")),
        Cards(1),
        Says("/requests"),
        Hears("Счёт не пришёл"),
        Taps("Счёт не пришёл"),
        Hears("Вы: И акт"),
        Taps("Отозвать"),
        Hears("Отозвать обращение"),
        Taps("Да"),
        Taps("Да"),
        Hears("отозвали"),
        HearsNothing(),
    ),
}


# Rows whose rules need a mapping of their own: what is changed in the example, then the steps.
TIMED: dict[str, tuple[dict[str, Any], tuple[Step, ...]]] = {
    "words long after the end are kept for a new request": (
        {"reopen_within": "1s"},
        (
            *CASHBOX,
            Moves("Готово"),
            Hears("закрыто"),
            Waits(2.5),
            Says("Теперь другое: нужен чек"),
            Hears("повторять его не нужно"),
            *(Taps("Оборудование"), Hears("Приняли ваше обращение")),
            Card(("Теперь другое: нужен чек",), board="Оборудование"),
            Cards(2),
        ),
    ),
    "who is silent while we wait is reminded once and then let go": (
        {
            "triggers": {
                "nudge": {"when": "waiting", "after": "2s", "text": "Ждём ответа по №{number}"},
                "end": {"when": "waiting", "after": "4s", "text": "Закрыли №{number}", "close": True},
            }
        },
        (
            *CASHBOX,
            Moves("Ждём клиента"),
            Hears("нужен ваш ответ"),
            Hears("Ждём ответа по №"),
            HearsNothing(3.0),  # the second one is half a day away from the first
        ),
    ),
    "the account id is looked up in the company's list": (
        {"cabinet": {"verify": {"file": "cabinets.csv", "column": "Кабинет"}}},
        (
            Says("/start"),
            Hears("номер вашего кабинета"),
            Says("99999999"),
            Hears("Кабинета 99999999 у нас нет"),
            Says("1234567"),
            Hears("Кабинет 1234567 запомнили"),
            *opens("Касса не печатает"),
            Card(("Кабинет 1234567",)),
        ),
    ),
    "words whose topic is never chosen are asked about once more, then put where the mapping says": (
        {"unfinished_after": "2s", "default_topic": "product"},
        (
            *REGISTERS,
            Says("Ничего не понимаю"),
            Hears("Осталось выбрать тему"),
            Hears("Напоминаем"),
            Hears("Чтобы вы не ждали"),
            Card(("Ничего не понимаю", "не выбрал тему"), board="Вопрос по продукту"),
        ),
    ),
    "an answer nobody gives does not hold words up": (
        {"undecided_after": "2s"},
        (
            *CASHBOX,
            Says("/new"),
            Hears("О чём ваше"),
            *opens("Счёт не пришёл", "Финансы"),
            Agent("Перезагрузите", "Касса"),
            Hears("Перезагрузите"),
            Says("Сделал"),
            Hears("К какому обращению"),
            Hears("Чтобы вы не ждали"),
            Card(("Сделал", "не сказал, к какому"), title="Касса"),
        ),
    ),
    "out of hours the client hears when work begins": (
        {"hours": {"zone": "Europe/Moscow", "week": {"mon": ["00:00-00:01"]}}},
        (
            *REGISTERS,
            Taps("Касса и оплата"),
            Hears("Тема"),
            Says("Касса не печатает"),
            Hears("Сейчас нерабочее время"),
        ),
    ),
    "edits may be added below instead": (
        {"edits": "append"},
        (
            *CASHBOX,
            Says("сумма 100", "sum"),
            Comments(("сумма 100",)),
            Edits("sum", "сумма 1000"),
            Card(("сумма 100", "сумма 1000", "изменено")),
            Comments(("сумма 1000",)),
        ),
    ),
}


@pytest.mark.parametrize("row", TIMED, ids=str)
def test_dialogue_under_a_mapping_of_its_own(tmp_path: Path, row: str) -> None:
    changes, steps = TIMED[row]
    (tmp_path / "cabinets.csv").write_text("Кабинет;Компания\n1234567;Мойка\n", encoding="utf-8")
    with Company(folder=tmp_path, mapping=example(tmp_path, changes)) as company:
        company.start()
        Scene(company).play(*steps)


def test_a_restart_between_any_two_steps_changes_nothing(tmp_path: Path) -> None:
    steps = ROWS["several requests: quoted, chosen, asked about once"]
    with Company(folder=tmp_path, mapping=example(tmp_path)) as company:
        company.start()
        scene = Scene(company)
        for step in steps:
            scene.play(step, Restarts())


def test_a_tap_is_taken_though_telegram_no_longer_wants_it_answered(company: Company) -> None:
    fault = {
        "method": "answerCallbackQuery", "status": 400, "times": 3,
        "description": "Bad Request: query is too old and response timeout expired or query ID is invalid",
    }  # fmt: skip
    company._chat("POST", "/sandbox/faults", json=fault)
    Scene(company).play(*CASHBOX)
    company._chat("DELETE", "/sandbox/faults")


def test_a_group_is_one_client_served_when_it_calls(tmp_path: Path) -> None:
    with Company(folder=tmp_path, mapping=example(tmp_path)) as company:
        company.start()
        people = [company.client(820_001, "Олег"), company.client(820_002, "Майя")]
        group = -820_100
        body = {"id": group, "type": "supergroup", "title": "Мойка на Ленина", "members": people}
        company._chat("POST", "/sandbox/chats", json=body)
        bot = "@" + company._chat("GET", f"/bot{TELEGRAM_TOKEN}/getMe")["result"]["username"]

        def told(words: str) -> Callable[[], bool]:
            return lambda: any(words in (message["text"] or "") for message in company.from_bot(group))

        def shown(*words: str) -> Callable[[], bool]:
            return lambda: all(word in json.dumps(company.cards(), ensure_ascii=False) for word in words)

        company.says(group, "Кто едет на обед?", from_id=people[0])
        company.says(group, f"{bot} касса не печатает", from_id=people[0])
        company.until("the question for the cabinet", told("номер вашего кабинета"))
        company.says(group, "123456", from_id=people[1])
        company.until("the topics", told("выбрать тему"))
        company._chat("POST", f"/sandbox/chats/{group}/taps", json={"label": "Касса и оплата", "from_id": people[1]})
        company.until("the card", shown("касса не печатает", "Группа: Мойка на Ленина"))
        company.says(group, "Я поел", from_id=people[1])
        company.says(group, f"{bot} теперь и терминал", from_id=people[1])
        company.until("the second line", shown("Майя · ", "теперь и терминал"))
        company.until("who takes part", shown("Участники: Олег, Майя"))
        written = [call for call in company.board_calls() if call["user"] == "bot" and call["method"] == "PATCH"]
        assert len(written) == 1, written
        assert not shown("обед")()
        assert not shown("Я поел")()


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    folder = tmp_path_factory.mktemp("dialogue")
    with Company(folder=folder, mapping=example(folder)) as company:
        company.start()
        yield company


def example(folder: Path, changes: dict[str, Any] | None = None) -> Path:
    """The example, asking every client for a rating, and without reminders; `changes` go into the parts they name."""
    yaml = YAML()
    mapping = yaml.load((ROOT / "mappings" / "support.example.yaml").read_text(encoding="utf-8"))
    mapping["rating"] = {"at_most_every": "1s"}
    mapping.pop("triggers", None)
    for part, value in (changes or {}).items():
        if isinstance(mapping.get(part), dict) and part != "hours":
            mapping[part].update(value)
        else:
            mapping[part] = value
    path = folder / "mapping.yaml"
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(mapping, file)
    return path


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_dialogue(company: Company, row: str) -> None:
    Scene(company).play(*ROWS[row])
