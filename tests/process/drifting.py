"""A company whose board drifts from the books: requests on it, and hands that spoil their cards unseen."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert

from connector.domain.client import Client
from connector.domain.effects import AddComment, Section
from connector.domain.refs import ClientId, Key, Ref, TicketId
from connector.domain.signature import sign
from connector.domain.ticket import Outcome, Phase, Ticket
from connector.domain.words import Text
from connector.store import codec
from connector.store.database import open_database
from connector.store.tables import clients, journal, outbox, tickets
from connector.store.tables import made as made_
from tests.process.company import BOARD_TOKEN, ROOT, Company, stop


@dataclass
class Drifting:
    """Hands on the cards of a company; whatever they do there, no webhook tells."""

    company: Company

    def request(self, chat: int, words: str, cabinet: str = "123456") -> dict[str, Any]:
        """A client registers and asks; returns the card."""
        self.company.client(chat, f"Клиент {chat}")
        self.company.register(chat, cabinet=cabinet, topic="Касса и оплата")
        self.company.says(chat, words)
        found: dict[str, Any] = self.company.until(f"the card {words}", lambda: self.titled(words))
        return found

    def titled(self, words: str) -> dict[str, Any] | None:
        """The card of that title."""
        return next((card for card in self.company.cards() if words in card["title"]), None)

    def card(self, number: int) -> dict[str, Any]:
        """The card as it stands."""
        return next(card for card in self.company.cards() if card["id"] == number)

    def further(self, chat: int, card: int, words: str) -> None:
        """A further message, once it stands on the card."""
        self.company.says(chat, words)
        self.company.until(f"the comment {words}", lambda: words in json.dumps(self.card(card), ensure_ascii=False))

    def with_file(self, chat: int, card: int, name: str) -> None:
        """A further message with a document, once that hangs on the card."""
        content = base64.b64encode(b"content").decode()
        self.company.sends(chat, "document", caption=f"вот {name}", file_name=name, file_base64=content)
        self.company.until(f"the file {name}", lambda: self.file(card, name))

    def file(self, card: int, name: str) -> dict[str, Any] | None:
        """The file of that name, wherever it is on the card."""
        shown = self.card(card)
        files = [*shown["files"], *(file for comment in shown["comments"] for file in comment["files"])]
        return next((file for file in files if file["name"] == name), None)

    def comment(self, card: int, words: str) -> dict[str, Any]:
        """The comment with these words."""
        return next(each for each in self.card(card)["comments"] if words in each["text"])

    def lose_comment(self, card: int, words: str) -> None:
        """The comment is gone."""
        path = f"/sandbox/cards/{card}/comments/{self.comment(card, words)['id']}"
        self.company._board("DELETE", path, json={"user": "bot"})

    def lose_file(self, card: int, name: str) -> None:
        """The file is gone."""
        file = self.file(card, name)
        assert file is not None
        self._api("DELETE", f"/cards/{card}/files/{file['id']}")

    def lose_tag(self, card: int, name: str) -> None:
        """The label is gone."""
        tags = self._api("GET", f"/cards/{card}/tags")
        number = next(tag["tag_id"] if "tag_id" in tag else tag["id"] for tag in tags if tag["name"] == name)
        self._api("DELETE", f"/cards/{card}/tags/{number}")

    def change(self, card: int, **fields: Any) -> None:
        """A person changes fields of the card."""
        self.company._board("PATCH", f"/sandbox/cards/{card}", json={"user": "anna", **fields})

    def calls(self) -> int:
        """How many calls of the API there have been."""
        return len(self.company.board_calls())

    def chat_calls(self) -> list[str]:
        """The methods of the Bot API that were called, polling aside."""
        calls = self.company._chat("GET", "/sandbox/calls")
        found = calls["calls"] if isinstance(calls, dict) else calls
        return [call["method"] for call in found if call["method"] != "getUpdates"]

    def halt(self) -> None:
        """The daemon stops."""
        assert stop(self.company.daemons[-1]) == 0

    def run(self, *arguments: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """A command of ours, to its end; `code` is the exit code that must be (None: any)."""
        done = subprocess.run(
            [sys.executable, "-m", "cli", *arguments], cwd=ROOT, env=self.environment(), capture_output=True,
            text=True, timeout=120, check=False,
        )  # fmt: skip
        assert code is None or done.returncode == code, (done.returncode, done.stdout, done.stderr, self.company.log())
        return done

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """A command of ours, begun."""
        return subprocess.Popen(
            [sys.executable, "-m", "cli", *arguments], cwd=ROOT, env=self.environment(), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def found(self, *arguments: str, code: int | None = 0) -> dict[str, Any]:
        """What `resync --json` with these arguments found."""
        told = json.loads(self.run("resync", "--json", *arguments, code=code).stdout)
        data: dict[str, Any] = told["data"]
        return data

    def environment(self) -> dict[str, str]:
        """What commands are told."""
        bare = {name: value for name, value in os.environ.items() if not name.startswith("CONNECTOR_")}
        return {**bare, **self.company.settings()}

    def _api(self, method: str, path: str) -> Any:
        headers = {"Authorization": f"Bearer {BOARD_TOKEN}"}
        answer = self.company.kaiten.request(method, f"/api/latest{path}", headers=headers)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


def plant(board: Drifting, count: int) -> list[int]:
    """So many closed requests whose cards are sound: made on the board and in the books, with a comment each.

    For sizes at which asking one by one would take too long; no daemon may run. Returns the cards.
    """
    company = board.company
    company._board("POST", "/sandbox/settings", json={"rate_limit": 100_000})
    space = company._board("GET", "/api/latest/spaces")[0]
    place = next(each for each in space["boards"] if each["title"] == "Финансы")
    column = next(each["id"] for each in place["columns"] if each["title"] == "Готово")
    lane = place["lanes"][0]["id"]
    database = open_database(company.settings()["CONNECTOR_DATABASE_URL"])
    now = datetime.now(UTC)
    cards = []
    try:
        with database.engine.begin() as connection:
            for number in range(1, count + 1):
                ticket = TicketId(f"kc-planted-{number}")
                body = {
                    "title": f"Старая {number}", "board_id": place["id"], "column_id": column, "lane_id": lane,
                    "external_id": ticket,
                }  # fmt: skip
                made = company._board("POST", "/api/latest/cards", json=body)
                card, key = Ref(port="kaiten", id=str(made["id"])), Key(f"say/planted/{number}")
                client = ClientId(f"telegram:{number}")
                section = Section(key=key, head="Клиент", text=Text(plain=f"слова {number}"))
                text = f"**{sign(key)}Клиент**\n\nслова {number}"
                said = company._board("POST", f"/api/latest/cards/{card.id}/comments", json={"text": text})
                known = Ticket(
                    id=ticket, number=number, client=client, topic="finance", service_class="later", cabinet=None,
                    subject=f"Старая {number}", opened_at=now, phase=Phase.DONE, closed_at=now, card=card,
                    board=str(place["id"]), lane=str(lane), seen=made["version"], outcome=Outcome.DONE,
                )  # fmt: skip
                owner = Client(id=client, chat=Ref(port="telegram", id=str(number)), name=f"Клиент {number}")
                connection.execute(insert(clients).values(id=client, state=codec.write_client(owner)))
                connection.execute(
                    insert(tickets).values(
                        id=ticket, client=client, number=number, card_port=card.port, card=card.id, live=True,
                        state=codec.write_ticket(known),
                    )
                )  # fmt: skip
                order = AddComment(key=key, ticket=ticket, sections=(section,))
                connection.execute(
                    insert(outbox).values(
                        key=key, lane=f"board/{ticket}", port="board", client=client, ticket=ticket, kind="AddComment",
                        effect=codec.write_effect(order), urgency=2, state=2, attempt=1, tries=1,
                        created=now.timestamp(), ended=now.timestamp(),
                    )
                )  # fmt: skip
                comment = f"{card.id}/{said['id']}"
                connection.execute(insert(made_).values(key=key, place=0, port="kaiten", id=comment, ticket=ticket))
                connection.execute(
                    insert(journal).values(
                        key=f"kaiten:{comment}", kind="Own", at=1.0, received=1.0, state=5, client=None
                    )
                )
                cards.append(int(card.id))
    finally:
        database.close()
    return cards
