"""The companies of the rehearsals: each a mapping that needs no file, drawn from the seed."""

from __future__ import annotations

import random
from datetime import time, timedelta
from zoneinfo import ZoneInfo

from connector.domain.effects import Meaning, Spot
from connector.domain.policy import (
    BoardPolicy,
    CabinetRule,
    Edits,
    Groups,
    Mark,
    MarkStore,
    Occasion,
    Policy,
    PublicRule,
    QuietHours,
    RatingRule,
    Receipt,
    Template,
    Topic,
    TopicGroup,
    Trigger,
)
from connector.domain.terms import Hours, ServiceClass
from tests.domain.sample import texts

COLUMNS = {"inbox": Meaning.QUEUE, "doing": Meaning.WORK, "asking": Meaning.WAITING, "finished": Meaning.DONE}
PLACES = {
    (topic, service): board
    for topic, board in (("till", "b1"), ("money", "b2"), ("paper", "b2"))
    for service in ("fast", "calm")
}
STAFF = ("anna", "oleg")
BOARD = BoardPolicy(
    spots={place: Spot(board=board, column="inbox") for place, board in PLACES.items()},
    fact_fields={"rating": "f-rating"},
    columns=COLUMNS,
    lanes={},
    landing={(board, meaning): column for board in ("b1", "b2") for column, meaning in COLUMNS.items()},
    boards=("b1", "b2"),
    users={name: name for name in STAFF},
)
GREETING = "Здравствуйте! Уже смотрим."
"""What the canned reply says."""
CABINET, OTHER_CABINET, UNKNOWN_CABINET = "12345", "54321", "99999"
KNOWN_CABINETS = frozenset((CABINET, OTHER_CABINET))
BLOCKED_TAG = "не читает"
_ZONE = ZoneInfo("UTC")
_OFFICE = Hours(zone=_ZONE, week=(((time(8), time(18)),),) * 5 + ((), ()))
_TOPICS = (
    Topic(key="till", title={"ru": "Касса", "en": "Till"}, service_class="fast", tags=("касса", "бот")),
    Topic(key="money", title={"ru": "Оплата", "en": "Payment"}, service_class="fast", group="office"),
    Topic(key="paper", title={"ru": "Документы", "en": "Papers"}, service_class="calm", group="office"),
)
_CLASSES = (
    ServiceClass(key="fast", title={"ru": "Срочно"}, first_reply=timedelta(minutes=5), resolution=timedelta(hours=5)),
    ServiceClass(key="calm", title={"ru": "Обычно"}, first_reply=timedelta(hours=1), resolution=None, hours=_OFFICE),
)
_TRIGGERS = (
    Trigger(
        key="remind", occasion=Occasion.WAITING, after=timedelta(seconds=8), text={"ru": "№{number} «{subject}»: ждём."}
    ),
    Trigger(
        key="end", occasion=Occasion.WAITING, after=timedelta(seconds=25), text={"ru": "№{number} закрыли."}, close=True
    ),
    Trigger(key="advice", occasion=Occasion.REGISTERED, after=timedelta(seconds=20), text={"ru": "{name}, совет."}),
    Trigger(key="after", occasion=Occasion.DONE, after=timedelta(seconds=10), text={"ru": "Как дела с №{number}?"}),
)
_MARKS = (Mark(key="good", emoji="👍"), Mark(key="poor", emoji="👎", low=True))


def company(chance: random.Random) -> Policy:
    """The mapping of one company; every wish of it is drawn by itself."""
    verified = chance.random() < 0.5
    groups = (TopicGroup(key="office", title={"ru": "Офис", "en": "Office"}),) if chance.random() < 0.4 else ()
    return Policy(
        version="rehearsal",
        topics=_TOPICS,
        groups_of_topics=groups,
        classes={service.key: service for service in _CLASSES},
        cabinet=CabinetRule(
            pattern=r"\d{5}", tag="каб. {cabinet}", verified=verified, accept_unknown=chance.random() < 0.3
        )
        if chance.random() < 0.5
        else None,
        public=PublicRule(),
        texts={"ru": texts("ru"), "en": texts("en")},
        templates={"hello": Template(key="hello", text={"ru": GREETING})},
        default_language="ru",
        receipt=chance.choice((Receipt.REACTION, Receipt.REACTION, Receipt.REACTION, Receipt.TEXT, Receipt.NONE)),
        default_topic=chance.choice((None, "till", "paper")),
        unfinished_after=chance.choice((None, timedelta(seconds=6), timedelta(minutes=15))),
        undecided_after=chance.choice((timedelta(seconds=4), timedelta(seconds=20), timedelta(minutes=5))),
        edits=chance.choice((Edits.OVERWRITE, Edits.OVERWRITE, Edits.APPEND, Edits.IGNORE)),
        chat_groups=chance.choice((Groups.ADDRESSED, Groups.ADDRESSED, Groups.ALWAYS, Groups.NEVER)),
        rating=_rating(chance) if chance.random() < 0.6 else None,
        triggers=tuple(each for each in _TRIGGERS if chance.random() < 0.5) if chance.random() < 0.6 else (),
        quiet_hours=QuietHours(zone=_ZONE, start=time(21), end=time(8)) if chance.random() < 0.4 else None,
        blocked_tag=chance.choice((None, BLOCKED_TAG)),
        warn_before=chance.choice((None, timedelta(minutes=15))),
        sign_agents=chance.random() < 0.3,
    )


def _rating(chance: random.Random) -> RatingRule:
    return RatingRule(
        marks=_MARKS,
        ask_for_words=chance.random() < 0.8,
        change_within=chance.choice((timedelta(days=1), timedelta())),
        at_most_every=chance.choice((timedelta(), timedelta(days=7))),
        store=chance.choice(tuple(MarkStore)),
        tag="оценка {mark}",
    )
