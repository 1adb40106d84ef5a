"""What the tests of agents' commands share: a board with people and a further line, and the bot's notes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from connector.domain.effects import AddComment, Effect, Meaning, Spot
from connector.domain.policy import BoardPolicy, RatingRule, Template
from connector.domain.policy import Mark as Rate
from connector.domain.ticket import Ticket
from tests.domain.sample import POLICY, Conversation, every, opened

assert POLICY.board is not None
BOARD: BoardPolicy = replace(
    POLICY.board,
    spots={
        (topic, key): Spot(board="b2" if topic == "money" else "b1", lane=f"l-{key}")
        for topic in ("till", "howto", "money")
        for key in ("urgent", "today")
    },
    lanes={(board, f"l-{key}"): key for board in ("b1", "b2", "b3") for key in ("urgent", "today")},
    classes={(board, key): f"l-{key}" for board in ("b1", "b2", "b3") for key in ("urgent", "today")},
    landing={("b1", Meaning.QUEUE): "c-queue", ("b1", Meaning.WORK): "c-work", ("b1", Meaning.DONE): "c-done"},
    boards=("b1", "b2", "b3"),
    users={"анна": "5", "anna": "5", "анна сидорова": "6", "игорь": "7", "igor": "7"},
)
TEMPLATES = {
    "hello": Template(
        key="hello",
        text={"ru": "{client}, обращение №{number} «{subject}» решим: {until}. {agent}", "en": "{client}, №{number}"},
        files=("/etc/connector/hello.gif", "/etc/connector/manual.pdf"),
    ),
    "reset": Template(key="reset", text={"ru": "Перезагрузите кассу {cabinet} {unknown} {0} {"}),
}
RATING = RatingRule(marks=(Rate(key="good", emoji="👍"), Rate(key="bad", emoji="👎", low=True)))


def desk(**changes: object) -> Conversation:
    """One open request about the till, seen on the first line's board."""
    talk = opened(**{"board": BOARD, "templates": TEMPLATES, "rating": RATING, **changes})
    talk.see("c-queue", lane="l-urgent")
    talk.effects.clear()
    return talk


def note(effects: Iterable[Effect]) -> str:
    """The one internal note among these effects."""
    notes = [each for each in every(effects, AddComment) if each.internal]
    assert len(notes) == 1, notes
    return notes[0].sections[0].text.plain


def notes(effects: Iterable[Effect]) -> dict[str, str]:
    """Every internal note by its ticket."""
    return {each.ticket: each.sections[0].text.plain for each in every(effects, AddComment) if each.internal}


def now(talk: Conversation, ticket: Ticket) -> Ticket:
    """The ticket as it is remembered now."""
    return next(each for each in talk.client.tickets if each.id == ticket.id)


HOUR = timedelta(hours=1)


def two() -> Conversation:
    """Two open requests; the second is the latest."""
    talk = desk()
    talk.open("money", "Не прошла оплата")
    talk.effects.clear()
    return talk
