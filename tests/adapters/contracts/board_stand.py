"""A board adapter under test, with an agent on the other side of it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from connector.domain.effects import Spot
from connector.domain.refs import Ref
from connector.domain.words import File
from connector.ports import Board

# The test file of a tool's room subclasses every contract here and gives the fixture `stand`: the adapter under test
# together with hands on the other side (an agent at the board, the line in between).


class BoardStand(Protocol):
    """A board adapter, and an agent on the other side of it. Cards are named by the refs the adapter gave."""

    board: Board
    spot: Spot
    """Where new cards may be put."""
    work: Spot
    """Another column of the same board."""
    other: Spot
    """Column and lane of another board."""
    fields: tuple[str, str]
    """Two card fields that hold plain text."""
    people: tuple[tuple[str, str], tuple[str, str]]
    """Two users of the board, neither of them ours: their id, and how the adapter tells of them."""

    def reborn(self) -> Board:
        """The same account in a new process."""

    async def external_ids(self) -> list[str]:
        """The external ids of all cards there are, archived ones too."""

    async def comments(self, card: Ref) -> list[str]:
        """The texts of a card's comments as stored, signatures included, oldest first."""

    async def hidden(self, card: Ref) -> list[bool]:
        """Which of a card's comments are for agents' eyes only, oldest first."""

    async def files(self, card: Ref) -> list[str]:
        """The names of a card's files, those of comments included."""

    async def tags(self, card: Ref) -> list[str]:
        """The names of a card's labels."""

    async def parents(self, card: Ref) -> list[str]:
        """The ids, as the adapter tells them, of the cards that this one is a child of."""

    async def entrust(self, card: Ref) -> None:
        """The card becomes a request of the board's own service desk."""

    async def slas(self, card: Ref) -> list[str]:
        """The board's own agreements that the card is under, by their ids."""

    async def field(self, card: Ref, field: str) -> object:
        """What stands in a field of the card; None when nothing does."""

    async def column(self, card: Ref) -> str:
        """The id of the column the card stands in."""

    async def place(self, card: Ref) -> Spot:
        """Board, column and lane the card stands in."""

    async def due(self, card: Ref) -> datetime | None:
        """The card's deadline."""

    async def title(self, card: Ref) -> str:
        """The card's title as stored."""

    async def description(self, card: Ref) -> str | None:
        """The card's description as stored."""

    async def describe(self, card: Ref, text: str | None) -> None:
        """The agent writes another description."""

    async def holders(self, card: Ref) -> list[str]:
        """The ids of whoever is responsible for the card."""

    async def hand(self, card: Ref, user: str) -> None:
        """An agent makes that user responsible, and the tool tells of it as it does (a webhook)."""

    async def comment(self, card: Ref, text: str, *, internal: bool = False, ours: bool = False) -> None:
        """An agent comments; with `ours` through the very account the connector uses."""

    async def rewrite_comment(self, card: Ref, text: str) -> None:
        """The agent changes their latest comment on that card."""

    async def remove_comment(self, card: Ref) -> None:
        """The agent deletes their latest comment on that card, and the tool tells of it as it does (a webhook)."""

    async def move(self, card: Ref) -> None:
        """The agent moves the card into the column `work`."""

    async def archive(self, card: Ref) -> None:
        """The agent puts the card away."""

    async def destroy(self, card: Ref) -> None:
        """The agent removes the card, so that nothing can be written on it any more."""

    async def make(self, title: str) -> Ref:
        """A person makes a card of that title where `spot` is."""

    async def lose_comment(self, card: Ref, number: int) -> None:
        """The comment of that place in the list is no longer there; nobody is told."""

    async def lose_file(self, card: Ref, name: str) -> None:
        """The file of that name is no longer there, on the card or under a comment; nobody is told."""

    async def lose_next_answer(self) -> None:
        """The adapter's next write is done, but its answer never arrives."""

    async def lose_next_change(self) -> None:
        """The adapter's next change of a comment that is there is done, but its answer never arrives."""

    async def refuse_next(self, seconds: int) -> None:
        """The adapter's next write is refused: too many, come back after so many seconds."""

    def file(self, name: str) -> File:
        """A file of another tool that the adapter's spool can bring."""
