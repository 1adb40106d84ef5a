"""What agents do on their board and what comes of it, row by row, through the real daemon over HTTP."""

from __future__ import annotations

import time
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.process.card_plan import due_of
from tests.process.company import Company
from tests.process.script import (
    Agent,
    Blocks,
    Card,
    Cards,
    Corrects,
    Hears,
    HearsAgain,
    HearsNothing,
    Moves,
    Says,
    Scene,
    Step,
    TakesBack,
    Taps,
    Vanishes,
    Waits,
)
from tests.process.test_dialogue import CASHBOX, example, opens

ROWS: dict[str, tuple[dict[str, Any], tuple[Step, ...]]] = {
    "a card tells of the client's earlier requests, and is brought up to date": (
        {},
        (
            *CASHBOX,
            Agent("Перезагрузите кассу"),
            Hears("Перезагрузите кассу"),
            Moves("Готово"),
            Hears("закрыто"),
            Says("/new"),
            Hears("О чём ваше"),
            *opens("Счёт не пришёл", "Финансы"),
            Card(("Касса не печатает", "Перезагрузите кассу"), title="Счёт"),
            Taps("🤩"),
            Card(("🤩",), title="Счёт"),
        ),
    ),
    "a canned reply reaches the client with its variables, a wrong name only the agent": (
        {"templates": {"reset": {"text": "{client}, перезагрузите кассу. Кабинет {cabinet}."}}},
        (
            *CASHBOX,
            Agent("#tpl reset"),
            Hears("перезагрузите кассу. Кабинет {cabinet}."),
            Agent("#tpl rest"),
            Card(("reset",)),
            Agent("#tlp reset"),
            Card(("tpl",)),
            HearsNothing(),
        ),
    ),
    "everything said on an earlier request is shown in as many comments as it takes, and to agents alone": (
        {},
        (
            *CASHBOX,
            *(Says(f"подробность {number}: {'ещё ' * 120}", f"n{number}") for number in range(12)),
            Agent("Перезагрузите косу"),
            Hears("косу", "answer"),
            Corrects("Перезагрузите кассу"),
            HearsAgain("answer", "кассу"),
            Agent("// третий раз"),
            Moves("Готово"),
            Hears("закрыто"),
            Says("/new"),
            Hears("О чём ваше"),
            *opens("Счёт не пришёл", "Финансы"),
            Agent("#history 1", title="Счёт"),
            Card(
                (
                    "Клиент: Касса не печатает",
                    "подробность 0",
                    "подробность 11",
                    "Мы: Перезагрузите кассу",
                    "третий раз",
                ),
                title="Счёт",
                never="косу",
            ),
            HearsNothing(),
        ),
    ),
    "an agent takes a request by a comment": (
        {},
        (*CASHBOX, Agent("#take"), Hears("Взяли в работу", never="take"), Card(column="В работе")),
    ),
    "an agent changes class and topic; the conversation goes on": (
        {},
        (
            *CASHBOX,
            Agent("#class later"),
            Waits(0.5),
            Agent("#topic finance"),
            Card(board="Финансы"),
            Says("вы меня слышите?"),
            Card(("вы меня слышите?",), board="Финансы"),
            Agent("Слышим"),
            Hears("Слышим", never="#"),
            Cards(1),
        ),
    ),
    "an agent closes a request by a comment": (
        {},
        (*CASHBOX, Agent("#close norating"), Hears("закрыто"), Card(column="Готово"), HearsNothing()),
    ),
    "an agent splits a request; the next words go to the new one": (
        {},
        (
            *CASHBOX,
            Agent("#split finance"),
            Cards(2),
            Waits(0.5),
            Says("номер счёта 5"),
            Card(("номер счёта 5",), board="Финансы"),
        ),
    ),
    "a comment that looks like a secret is held until the agent says so": (
        {"public": {"guard": {"secrets": ["пароль\\s*:"], "internal": ["для себя"]}}},
        (
            *CASHBOX,
            Agent("пароль: 12345"),
            Card(("#отправить",)),
            HearsNothing(),
            Agent("#отправить"),
            Hears("пароль: 12345"),
            Agent("Для себя: спросить у Игоря"),
            HearsNothing(),
        ),
    ),
    "an answer may be changed or taken back before it goes": (
        {"public": {"send_after": "3s"}},
        (
            *CASHBOX,
            Agent("Перезагрузите косу"),
            Waits(1.0),
            Corrects("Перезагрузите кассу"),
            Hears("Перезагрузите кассу", never="косу"),
            Agent("Ой"),
            Waits(1.0),
            TakesBack(),
            HearsNothing(4.0),
        ),
    ),
    "the card shows whether an answer arrived": (
        {},
        (
            *CASHBOX,
            Agent("Едем"),
            Hears("Едем"),
            Card(("Доставлено",)),
            Blocks(),
            Agent("Приехали"),
            Card(("остановил бота",)),
            Blocks(back=True),
            Hears("Приехали"),
            Card(("Доставлено",)),
        ),
    ),
    "an answer that was delivered can be taken back": (
        {},
        (*CASHBOX, Agent("Ошибся карточкой"), Hears("Ошибся карточкой", "wrong"), TakesBack(), Vanishes("wrong")),
    ),
    "on another line's board the conversation goes on": (
        {},
        (
            *CASHBOX,
            Moves("Чиним", board="Оборудование"),
            Says("ну как там?"),
            Card(("ну как там?",), board="Оборудование"),
            Agent("Чиним"),
            Hears("Чиним"),
            Cards(1),
        ),
    ),
}


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_agents_side(tmp_path: Path, row: str) -> None:
    changes, steps = ROWS[row]
    with Company(folder=tmp_path, mapping=example(tmp_path, changes)) as company:
        company.start()
        Scene(company).play(*steps)


def test_a_card_dragged_to_another_lane_gets_its_deadline_by_one_call_but_not_over_one_set_by_hand(
    tmp_path: Path,
) -> None:
    path = example(tmp_path)
    mapping = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    classes = {each["lane"]: each for each in mapping["classes"].values()}
    with Company(folder=tmp_path, mapping=path) as company:
        company.start()
        scene = Scene(company)
        scene.play(*CASHBOX)
        card = company.until(
            "the card with its tags", lambda: (one := scene.cards()[0]) and len(one["tags"]) >= 2 and one
        )
        asked = next(m for m in company.chat(scene.chat)["messages"] if m["message_id"] == scene.written["first"])
        begin = datetime.fromisoformat(asked["date"])

        def due() -> datetime:
            return datetime.fromisoformat(scene.cards()[0]["due_date"])

        def is_due(planned: datetime) -> bool:
            return due() == planned

        def patches() -> int:
            return sum(call["user"] == "bot" and call["method"] == "PATCH" for call in company.board_calls())

        assert due() == due_of(mapping, classes["Сверхсрочно"], begin)
        for number, lane in enumerate(("Больше двух дней", "Сделать сегодня"), start=1):
            company.moves(card["id"], "anna", lane=lane)
            planned = due_of(mapping, classes[lane], begin)
            company.until(f"the deadline of {lane}", partial(is_due, planned))
            time.sleep(1.5)
            assert patches() == number
        by_hand = "2030-02-03T12:00:00.000Z"
        company._board("PATCH", f"/sandbox/cards/{card['id']}", json={"user": "anna", "due_date": by_hand})
        time.sleep(1.5)
        company.moves(card["id"], "anna", lane="Сверхсрочно")
        scene.play(Card(("поставленный вручную",)))
        assert (due(), patches()) == (datetime.fromisoformat(by_hand), 2)
