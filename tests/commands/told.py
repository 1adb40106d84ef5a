"""One request from the first word to the answer, decided for real, while the clock stands still between steps."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from connector.domain.decide import decide
from connector.domain.effects import CreateCard
from connector.domain.events import Agent, AgentCommented, CardSeen
from connector.domain.refs import Key, Ref, TicketId
from connector.domain.words import Text
from connector.store import settling
from connector.store.deciding import handle
from connector.store.looking import tickets_where
from mappings.load import Loaded, load
from tests.store.shelf import CARD, Shelf, wrote

MAPPING = Path(__file__).parent / "support.yaml"


@cache
def loaded() -> Loaded:
    """A small mapping, whose lines the pages name."""
    return load(MAPPING)


@dataclass(slots=True, kw_only=True)
class Told:
    """The story as far as it has gone; each step takes a second."""

    shelf: Shelf
    messages: int = field(default=0)

    def tick(self) -> datetime:
        """A second later."""
        self.shelf.now += 1
        return datetime.fromtimestamp(self.shelf.now, UTC)

    def settle(self) -> None:
        """Everything that is due is decided, and carried out as if both tools made something of each order."""
        policy = loaded().policy(today=date(2030, 3, 17))
        for _ in range(12):
            self.shelf.do(
                lambda connection: handle(
                    connection,
                    self.shelf.now,
                    lambda client, event: decide(client, event, policy),
                    policy_version="3fa20b1c9d7e",
                )
            )
            for port in ("chat", "board"):
                for claim in self.shelf.claim(port, limit=50):
                    self.messages += 1
                    made = Ref(port="telegram", id=f"4200/1/{self.messages}")
                    if isinstance(claim.order.effect, CreateCard):
                        made = CARD
                    elif port == "board":
                        made = Ref(port="kaiten", id=f"11/{self.messages}")
                    self.shelf.settle(claim, settling.Made(refs=(made,)))

    def says(self, name: str, text: str) -> None:
        """The client writes."""
        self.shelf.note(replace(wrote(name, text=text), at=self.tick()))
        self.settle()

    def answers(self, number: int, text: str) -> None:
        """An agent comments."""
        comment = Ref(port="kaiten", id=f"11/{number}")
        self.shelf.note(
            AgentCommented(
                key=comment.key, at=self.tick(), card=CARD, ticket=self.ticket(), comment=comment,
                author=Agent(ref=Ref(port="kaiten", id="user/5"), name="Anna"), text=Text(plain=text),
            )
        )  # fmt: skip
        self.settle()

    def looks(self, version: int, **changes: str) -> None:
        """The card is seen to look so."""
        event = CardSeen(
            key=Key(f"kaiten:11:v{version}"), at=self.tick(), card=CARD, ticket=self.ticket(), version=version,
            board="17", column="41", lane="7",
        )  # fmt: skip
        self.shelf.note(replace(event, **changes))  # type: ignore[arg-type]  # fields by their names
        self.settle()

    def ticket(self) -> TicketId:
        """The one request there is."""
        return self.shelf.do(lambda connection: tickets_where(connection, number=1))[0].id

    def open(self) -> None:
        """From /start to the card."""
        self.says("1", "/start")
        self.says("2", "123456")
        self.says("3", "Касса и оплата")
        self.says("4", "Касса не печатает чек")
