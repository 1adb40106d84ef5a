"""The guard as it is without a word more in the mapping: what looks like a note never goes, and ordinary answers do."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.domain.decide.holding import suspected
from connector.domain.effects import AddComment, SendFiles, SendMessage
from connector.domain.policy import LeakGuard
from connector.domain.refs import Ref
from connector.domain.words import File, FileKind, Text
from mappings.guard import FILES, INTERNAL, SECRETS
from tests.domain.sample import only, opened, photo

GUARD = LeakGuard(secrets=SECRETS, files=FILES, internal=INTERNAL)

NOTES = (
    *("Коллеги: кто возьмёт?", "коллеги : это третий раз", "@anna глянь, пожалуйста", "@Игорь Павлов это к вам"),
    *("Внутреннее: он опять ничего не понял", "внутр: скидку не даём", "ВНУТРЕННЕЕ — не говорить про аварию"),
    *("Для себя: спросить у Игоря", "для своих - должник", "Между нами: клиент скандальный", "себе: перезвонить"),
    *("не для клиента, это черновик", "Не отправлять: ждём юристов", "клиенту не пишите пока", "Клиенту не отправлять"),
    *(
        "FYI: they owe us",
        "todo: ask the lawyers",
        "Internal note: no refund",
        "not for the client yet",
        "fyi - third time",
    ),
)
GREETINGS = (
    *(
        "Коллеги, добрый день!",
        "Коллеги, спасибо за обращение.",
        "Уважаемые коллеги!",
        "Добрый день, коллеги.",
        "Ребята, привет!",
    ),
    *(
        "Здравствуйте!",
        "Иван Петрович, добрый день.",
        "Добрый вечер!",
        "Спасибо, что написали.",
        "Dear colleagues, hello.",
    ),
    *("Colleagues, good morning.", "Команда, здравствуйте.", "Hello!", "Извините за ожидание.", "Приветствуем!"),
)
BODIES = (
    *("Перезагрузите кассу кнопкой сзади.", "Деньги вернутся за 3 рабочих дня.", "Пришлите, пожалуйста, номер счёта."),
    *(
        "Внутренний диаметр шланга 12 мм.",
        "Пароль можно сменить в личном кабинете.",
        "Мастер приедет завтра с 9 до 13.",
    ),
    *("Договор № 1234567890 от 12.03.2026.", "Для вас ничего делать не нужно.", "Ключ от шкафа у администратора."),
    *("Заявка закрыта, оцените ответ.", "Please restart the till.", "Срок поставки 10–12 дней, оплата 50/50."),
)
SINGLE = (
    "Внутреннее хранилище кассы заполнено, очистите архив.",
    "Внутренняя ошибка 500 уже исправлена.",
    "Внутрь не заливайте, только в бак.",
    "Для себя можете выбрать любой тариф.",
    "Для своих сотрудников заведите отдельных пользователей.",
    "Для команды из пяти человек хватит одного кабинета.",
    "Между нами и банком сверка занимает день.",
    "Заметка о возврате придёт на почту.",
    "Не отправляйте оборудование до звонка мастера.",
    "Не отправлять показания можно до 25 числа.",
    "Клиенту банка комиссия не начисляется.",
    "Todo-листа в приложении пока нет.",
    "Do not send the device back yet.",
    "Note: the update takes five minutes.",
    "Internal storage of the till is full.",
    "Секрет прост: держите кнопку пять секунд.",
    "Токен доступа выпускается в разделе «Интеграции».",
    "Пароль не меняли?",
    "Телефон поддержки +7 495 123-45-67.",
    "Счёт 40702810900000012345 действует.",
)


def answers() -> list[str]:
    """What agents write to clients every day."""
    return [*SINGLE, *(f"{greeting} {body}" for greeting, body in itertools.product(GREETINGS, BODIES))]


def test_of_two_hundred_ordinary_answers_none_is_held() -> None:
    assert len(answers()) == 200
    assert {answer: doubt for answer in answers() if (doubt := suspected(GUARD, Text(plain=answer)))} == {}


@pytest.mark.parametrize("note", NOTES)
def test_a_note_is_held(note: str) -> None:
    assert suspected(GUARD, Text(plain=note)) == "internal"


_unseen = st.text(alphabet=" \n\t\u00a0\u200b\u00ad\ufeff", max_size=3)


@settings(max_examples=1000, deadline=None)
@given(
    beginning=st.sampled_from(INTERNAL),
    body=st.text(max_size=60),
    blanks=_unseen,
    cut=st.integers(1, 30),
    up=st.booleans(),
)
def test_of_a_thousand_notes_none_leaks_whatever_its_case_and_blanks(
    beginning: str, body: str, blanks: str, cut: int, up: bool
) -> None:
    begins = f"{beginning[:cut]}{blanks}{beginning[cut:]}"
    talk = opened(guard=GUARD)
    effects = talk.comment(f"{blanks}{begins.upper() if up else begins}{body}", files=(photo("a.pdf", port="kaiten"),))
    assert only(effects, AddComment).internal
    talk.later(days=1)
    talk.wake()
    assert not [each for each in talk.effects if isinstance(each, SendMessage | SendFiles)]


@pytest.mark.parametrize(
    ("name", "held"),
    [
        *(
            ("Скан паспорта.jpg", True),
            ("passport_ivanov.pdf", True),
            ("Паспортные данные.docx", True),
            ("id_rsa", True),
        ),
        *(
            ("server.key", True),
            ("wallet.PEM", True),
            (".env", True),
            ("пароли магазинов.xlsx", True),
            ("se\u200bcret.txt", True),
        ),
        *(
            ("Паспорт насоса К-12.pdf", False),
            ("Договор.pdf", False),
            ("ключи от поста.jpg", False),
            ("keyboard.png", False),
        ),
        *(
            ("акт 2026-03.pdf", False),
            ("screenshot.png", False),
            ("voice.ogg", False),
            ("4111 1111 1111 1111.txt", True),
        ),
    ],
)
def test_a_file_is_held_by_its_name(name: str, held: bool) -> None:
    file = File(ref=Ref(port="kaiten", id="1"), kind=FileKind.DOCUMENT, name=name)
    assert suspected(GUARD, Text(plain="Вот файл"), (file,)) == ("file" if held else None)
    ours = File(ref=Ref(port="local", id="/etc/connector/x"), kind=FileKind.DOCUMENT, name=name)
    assert suspected(GUARD, Text(plain="Вот файл"), (ours,)) is None
