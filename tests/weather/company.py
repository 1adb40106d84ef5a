"""The company of the rehearsals: two topics, four columns, and a mapping that needs no file."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from connector.domain.effects import Meaning, Spot
from connector.domain.policy import BoardPolicy, CabinetRule, Policy, PublicRule, ServiceClass, Topic
from tests.domain.sample import texts

COLUMNS = {"inbox": Meaning.QUEUE, "doing": Meaning.WORK, "asking": Meaning.WAITING, "finished": Meaning.DONE}
BOARD = BoardPolicy(
    spots={
        ("till", "fast"): Spot(board="b1", column="inbox"),
        ("money", "fast"): Spot(board="b2", column="inbox"),
    },
    fact_fields={},
    columns=COLUMNS,
    lanes={},
    landing={(board, meaning): column for board in ("b1", "b2") for column, meaning in COLUMNS.items()},
    boards=("b1", "b2"),
)
POLICY = Policy(
    version="rehearsal",
    topics=(
        Topic(key="till", title={"ru": "Касса"}, service_class="fast", tags=("касса", "бот")),
        Topic(key="money", title={"ru": "Оплата"}, service_class="fast"),
    ),
    classes={
        "fast": ServiceClass(
            key="fast", title={"ru": "Срочно"}, first_reply=timedelta(minutes=5), resolution=timedelta(hours=5)
        )
    },
    cabinet=None,
    public=PublicRule(),
    texts={"ru": texts("ru")},
    default_language="ru",
)
WITH_CABINET = replace(POLICY, cabinet=CabinetRule(pattern=r"\d{5}", tag="каб. {cabinet}"))
CABINET = "12345"
