"""The Kaiten adapter keeps the promises of the ports, over a socket against the stand-in."""

from __future__ import annotations

import json
from datetime import datetime
from typing import cast

import pytest

from adapters.kaiten import KaitenBoard
from connector.domain.effects import Spot
from connector.domain.layout import FieldKind, Layout
from connector.domain.refs import Ref
from connector.domain.words import File
from tests.adapters.contracts.blocks import BlockContract
from tests.adapters.contracts.cards import CardContract
from tests.adapters.contracts.comments import CommentContract
from tests.adapters.contracts.comparing import ComparedContract
from tests.adapters.contracts.redacting import RedactContract
from tests.adapters.contracts.telling import TellingContract
from tests.adapters.kaiten.conftest import BoardAt, FolderSpool, Kaiten


class _KaitenStand:
    def __init__(self, kaiten: Kaiten, board: KaitenBoard, at: BoardAt, spool: FolderSpool, layout: Layout) -> None:
        on = layout.boards[0]
        self._kaiten, self._at, self._spool = kaiten, at, spool
        self._boards = [on.id]
        self.board = board
        self.spot = Spot(board=on.id, column=on.columns[0].id, lane=on.lanes[0].id)
        self.work = Spot(board=on.id, column=on.columns[1].id, lane=on.lanes[1].id)
        off = layout.boards[1]
        self.other = Spot(board=off.id, column=off.columns[0].id, lane=off.lanes[2].id)
        anna, igor = (next(each for each in layout.users if each.name.startswith(name)) for name in ("Анна", "Игорь"))
        self.people = ((anna.id, anna.name), (igor.id, igor.name))
        texts = [each.id for each in layout.fields if each.kind is FieldKind.STRING]
        self.fields = (texts[0], texts[1])

    def reborn(self) -> KaitenBoard:
        again = self._at(self._kaiten.api)
        again.watch(self._boards)
        return again

    async def external_ids(self) -> list[str]:
        return [str(card["external_id"]) for archived in ("false", "true") for card in self._cards(archived)]

    def _cards(self, archived: str) -> list[dict[str, object]]:
        return cast(list[dict[str, object]], self._kaiten.get("/cards", archived=archived))

    async def comments(self, card: Ref) -> list[str]:
        return [str(comment["text"]) for comment in self._kaiten.comments(int(card.id))]

    async def files(self, card: Ref) -> list[str]:
        return [str(file["name"]) for file in self._kaiten.files(int(card.id))]

    def _card(self, card: Ref) -> dict[str, object]:
        return cast(dict[str, object], self._kaiten.get(f"/cards/{card.id}"))

    async def tags(self, card: Ref) -> list[str]:
        return [str(tag["name"]) for tag in cast(list[dict[str, object]], self._card(card)["tags"])]

    async def parents(self, card: Ref) -> list[str]:
        return [str(each["id"]) for each in cast(list[dict[str, object]], self._card(card)["parents"])]

    async def entrust(self, card: Ref) -> None:
        self._kaiten.order("PATCH", f"/cards/{card.id}", {"user": "anna", "service_id": 1})

    async def slas(self, card: Ref) -> list[str]:
        return [str(each["sla_id"]) for each in cast(list[dict[str, object]], self._card(card)["slas"])]

    async def field(self, card: Ref, field: str) -> object:
        found = cast(dict[str, object] | None, self._card(card)["properties"])
        return (found or {}).get(f"id_{field}")

    async def column(self, card: Ref) -> str:
        return str(self._card(card)["column_id"])

    async def place(self, card: Ref) -> Spot:
        found = self._card(card)
        return Spot(board=str(found["board_id"]), column=str(found["column_id"]), lane=str(found["lane_id"]))

    async def due(self, card: Ref) -> datetime | None:
        due = self._card(card)["due_date"]
        return None if due is None else datetime.fromisoformat(str(due))

    async def title(self, card: Ref) -> str:
        return str(self._card(card)["title"])

    async def description(self, card: Ref) -> str | None:
        return cast(str | None, self._card(card)["description"])

    async def describe(self, card: Ref, text: str | None) -> None:
        self._kaiten.order("PATCH", f"/cards/{card.id}", {"user": "anna", "description": text})

    async def holders(self, card: Ref) -> list[str]:
        members = cast(list[dict[str, object]], self._card(card)["members"])
        return [str(member["user_id"]) for member in members if member["type"] == 2]

    async def hand(self, card: Ref, user: str) -> None:
        who = {"user": "anna", "member": int(user), "responsible": True}
        self._kaiten.order("POST", f"/cards/{card.id}/members", who)
        change: dict[str, object] = {
            "old": {"card_id": int(card.id), "user_id": int(user), "type": 1},
            "changes": {"type": 2},
        }
        self._hook("card_member:update", change)

    async def hidden(self, card: Ref) -> list[bool]:
        return [bool(comment["internal"]) for comment in self._kaiten.comments(int(card.id))]

    async def comment(self, card: Ref, text: str, *, internal: bool = False, ours: bool = False) -> None:
        user = "bot" if ours else "anna"
        self._last = self._kaiten.say(int(card.id), text, user, internal=internal)

    async def rewrite_comment(self, card: Ref, text: str) -> None:
        self._kaiten.order("PATCH", f"/cards/{card.id}/comments/{self._last}", {"user": "anna", "text": text})
        self._hook("comment:update", {"old": {"id": self._last, "card_id": int(card.id)}, "changes": {"text": text}})

    async def remove_comment(self, card: Ref) -> None:
        self._kaiten.order("DELETE", f"/cards/{card.id}/comments/{self._last}", {"user": "anna"})
        self._hook("comment:remove", {"id": self._last, "card_id": int(card.id)})

    def _hook(self, event: str, data: dict[str, object]) -> None:
        self.board.receive(json.dumps({"event": event, "data": {**data, "author": {"id": 1}}}).encode())

    async def move(self, card: Ref) -> None:
        self._kaiten.order("POST", f"/cards/{card.id}/move", {"user": "anna", "column": int(self.work.column or 0)})

    async def archive(self, card: Ref) -> None:
        self._kaiten.order("POST", f"/cards/{card.id}/archive", {"user": "anna"})

    async def destroy(self, card: Ref) -> None:
        self._kaiten.order("POST", f"/cards/{card.id}/delete", {"user": "anna"})

    async def make(self, title: str) -> Ref:
        where = {"board": int(self.spot.board), "column": int(self.spot.column or 0)}
        made = cast(dict[str, object], self._kaiten.order("POST", "/cards", {"user": "anna", "title": title, **where}))
        return Ref(port="kaiten", id=str(made["id"]))

    async def lose_comment(self, card: Ref, number: int) -> None:
        comment = self._kaiten.comments(int(card.id))[number]
        author = cast(dict[str, object], comment["author"])["username"]
        self._kaiten.order("DELETE", f"/cards/{card.id}/comments/{comment['id']}", {"user": author})

    async def lose_file(self, card: Ref, name: str) -> None:
        file = next(each for each in self._kaiten.files(int(card.id)) if each["name"] == name)
        self._kaiten.remove(f"/cards/{card.id}/files/{file['id']}")

    async def lose_next_answer(self) -> None:
        self._kaiten.fault(".*", method="POST", times=1, drop="after")

    async def lose_next_change(self) -> None:
        self._kaiten.fault("/comments/", method="PATCH", times=1, drop="after")

    async def refuse_next(self, seconds: int) -> None:
        wait = {"Retry-After": str(seconds)}
        self._kaiten.fault(".*", method="POST", times=1, status=429, headers=wait, body="<html>Too many</html>")

    def file(self, name: str) -> File:
        return self._spool.put(name, b"content")


@pytest.fixture
async def stand(kaiten: Kaiten, board: KaitenBoard, board_at: BoardAt, spool: FolderSpool) -> _KaitenStand:
    layout = await board.layout([])
    return _KaitenStand(kaiten, board, board_at, spool, layout)


class TestKaitenCards(CardContract):
    """The promises of cards."""


class TestKaitenComments(CommentContract):
    """The promises of our words on them."""


class TestKaitenBlocks(BlockContract):
    """The promises of the block of earlier requests."""


class TestKaitenRedacting(RedactContract):
    """The promises of forgetting somebody."""


class TestKaitenTelling(TellingContract):
    """The promises of what is told of cards."""


class TestKaitenCompared(ComparedContract):
    """The promises of looking at cards for comparison."""
