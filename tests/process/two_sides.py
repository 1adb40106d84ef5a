"""Acts of a client and of agents drawn by chance against the real daemon, and what each may cost the board."""

from __future__ import annotations

import base64
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.process.company import Company
from tests.process.script import Scene

CREATION = 1 + 4
"""Writes for a card and its tags."""
STATUS = 4
"""Writes of the one status comment within a story shorter than a minute, with trouble and its end in between."""
COLUMNS = ("Очередь", "В работе", "Ждём клиента", "Готово")
LANES = ("Сверхсрочно", "Сделать сегодня", "Больше двух дней")
BOARDS = ("Оборудование", "Финансы", "Касса и оплата")
ORDERS = {
    "#take": 4, "#assign Игорь": 3, "#class later": 2, "#class urgent": 2, "#topic finance": 6, "#topic cash": 6,
    "#mute": 1, "#tpl cabinet": 1 + 1, "#tpl wrong": 1, "#history": 2, "#send": 1, "#close norating": 3, "#close": 3,
    "#split finance": 2 + CREATION, "#merge 1": 4, "#merge {number}": 4, "#nonsense": 1, "#class": 1,
}  # fmt: skip
"""Each order with the most writes it may cost."""
_ELSEWHERE = r">|\d\d:\d\d |Выделено из "
"""Lines that repeat what was said elsewhere: quotes, and those of a card split off."""
EVERYWHERE = 3
"""Writes that any change may cause besides: a deadline that follows, a block on another card, a label of a clock."""


@dataclass
class Story:
    """One client and the agents on their cards. `allowed` is how many writes the acts so far may have cost."""

    scene: Scene
    chance: random.Random
    words: dict[str, int] = field(default_factory=dict)
    """A client's present mark → its message."""
    pictures: set[int] = field(default_factory=set)
    gone_words: set[str] = field(default_factory=set)
    answers: dict[str, tuple[int, int]] = field(default_factory=dict)
    """A public comment's present mark → card and comment."""
    gone_answers: dict[str, int] = field(default_factory=dict)
    """What an answer said before it was changed or removed → its comment."""
    unsure: set[int] = field(default_factory=set)
    """Comments changed while their answer could not arrive, or whose card went before anybody could read them again."""
    secrets: set[str] = field(default_factory=set)
    buried: bool = False
    blocked: bool = False
    allowed: int = 0
    done: list[str] = field(default_factory=list)
    count: int = 0

    @property
    def company(self) -> Company:
        return self.scene.company

    def act(self) -> None:
        """One act, told in `done`."""
        acts: dict[Callable[[], int], int] = {
            self._says: 8, self._sends: 3, self._edits: 3, self._quotes: 3, self._taps: 3, self._blocks: 1,
            self._comments: 8, self._notes: 3, self._changes: 4, self._removes: 3, self._attaches: 2, self._moves: 4,
            self._drags: 3, self._carries: 2, self._buries: 1, self._hands: 2, self._orders: 8,
        }  # fmt: skip
        chosen = self.chance.choices(list(acts), list(acts.values()))[0]
        cost = chosen()
        self.allowed += cost + EVERYWHERE
        self.done.append(f"{chosen.__name__.strip('_')} ({cost})")

    def come_back(self) -> None:
        """In the end everybody is reachable."""
        if self.blocked:
            self._blocks()
            self.allowed += 8

    def mark(self, kind: str) -> str:
        self.count += 1
        return f"[{kind}{self.scene.chat}n{self.count}]"

    # ---- the client

    def _speaks(self) -> None:
        if self.blocked:
            self._blocks()

    def _says(self, **more: Any) -> int:
        self._speaks()
        mark = self.mark("c")
        self.words[mark] = self.company.says(self.scene.chat, f"{mark} слова клиента", **more)
        return 2 + CREATION

    def _sends(self) -> int:
        self._speaks()
        mark = self.mark("c")
        self.words[mark] = self.company.sends(self.scene.chat, "photo", caption=f"{mark} снимок")
        self.pictures.add(self.words[mark])
        return 4 + CREATION

    def _edits(self) -> int:
        if not self.words:
            return 0
        self._speaks()
        old = self.chance.choice(list(self.words)[-4:])
        new = self.mark("c")
        message = self.words.pop(old)
        self.gone_words.add(old)
        self.words[new] = message
        path = f"/sandbox/chats/{self.scene.chat}/messages/{message}"
        part = "caption" if message in self.pictures else "text"
        self.company._chat("PUT", path, json={part: f"{new} другие слова"})
        return 3 + CREATION

    def _quotes(self) -> int:
        from_bot = [m for m in self.company.from_bot(self.scene.chat) if not m["deleted"]][-6:]
        return self._says(reply_to=self.chance.choice(from_bot)["message_id"]) if from_bot else 0

    def _taps(self) -> int:
        self._speaks()
        wanted = ("№", "Отозвать", "Да", "помогло", "😞", "🙂", "🤩")
        labels = [
            button["text"]
            for message in self.company.from_bot(self.scene.chat)[-8:]
            for row in message["buttons"] or []
            for button in row
            if not message["deleted"] and any(each in button["text"] for each in wanted)
        ]
        if not labels:
            self.company.says(self.scene.chat, "/requests")
            return 0
        self.company.taps(self.scene.chat, self.chance.choice(labels))
        return 4

    def _blocks(self) -> int:
        self.company._chat("POST", f"/sandbox/chats/{self.scene.chat}/{'unblock' if self.blocked else 'block'}")
        self.blocked = not self.blocked
        return 3 * max(len(self.scene.cards()), 1) * 2

    # ---- agents

    def _card(self) -> dict[str, Any] | None:
        cards = self.scene.cards()
        return self.chance.choice(cards[-2:]) if cards else None

    def _comments(self, **more: Any) -> int:
        card = self._card()
        if card is None:
            return 0
        mark = self.mark("a")
        made = self.company.comments(card["id"], "anna", f"{mark} ответ", **more)
        self.answers[mark] = (card["id"], made["id"])
        return 0

    def _notes(self) -> int:
        card = self._card()
        if card is not None:
            mark = self.mark("i")
            self.secrets.add(mark)
            internal = self.chance.random() < 0.5
            sign = "" if internal else "// "
            self.company.comments(card["id"], "anna", f"{sign}{mark} между нами", internal=internal)
        return 0

    def _changes(self) -> int:
        if not self.answers:
            return 0
        old = self.chance.choice(list(self.answers))
        card, comment = self.answers[old]
        new = self.mark("a")
        path = f"/sandbox/cards/{card}/comments/{comment}"
        answer = self.company.kaiten.request("PATCH", path, json={"user": "anna", "text": f"{new} другой ответ"})
        if answer.is_success:
            del self.answers[old]
            self.gone_answers[old] = comment
            self.unsure |= {comment} if self.blocked else set()
            self.answers[new] = (card, comment)
        return 1

    def _removes(self) -> int:
        if not self.answers:
            return 0
        mark = self.chance.choice(list(self.answers))
        card, comment = self.answers[mark]
        path = f"/sandbox/cards/{card}/comments/{comment}"
        if self.company.kaiten.request("DELETE", path, json={"user": "anna"}).is_success:
            del self.answers[mark]
            self.gone_answers[mark] = comment
            self.unsure |= {comment} if self.blocked else set()
        return 0

    def _attaches(self) -> int:
        name = f"file-{self.scene.chat}-{self.count}.txt"
        content = base64.b64encode(b"content").decode()
        if self._card() is not None:
            self._comments(files=[{"name": name, "base64": content, "mime": "text/plain"}])
        return 0

    def _moves(self) -> int:
        card = self._card()
        if card is not None:
            self.company.moves(card["id"], "anna", column=self.chance.choice(COLUMNS))
        return 2

    def _drags(self) -> int:
        card = self._card()
        if card is not None:
            self.company.moves(card["id"], "anna", lane=self.chance.choice(LANES))
        return 1

    def _carries(self) -> int:
        card = self._card()
        if card is not None:
            place = {"board": self.chance.choice(BOARDS), "column": "Очередь", "lane": self.chance.choice(LANES)}
            self.company.moves(card["id"], "anna", **place)
        return 2

    def _buries(self) -> int:
        """Archives the card, seldom deletes it."""
        card = self._card()
        if card is None:
            return 0
        deleted = self.chance.random() < 0.3
        self.buried |= deleted
        if deleted:
            everything = (*self.answers.values(), *((card["id"], each) for each in self.gone_answers.values()))
            self.unsure |= {comment for of, comment in everything if of == card["id"]}
        act = "delete" if deleted else "archive"
        self.company._board("POST", f"/sandbox/cards/{card['id']}/{act}", json={"user": "anna"})
        return CREATION

    def _hands(self) -> int:
        card = self._card()
        if card is not None:
            body = {"user": "anna", "member": self.chance.choice(("anna", "igor")), "responsible": True}
            self.company._board("POST", f"/sandbox/cards/{card['id']}/members", json=body)
        return 0

    def _orders(self) -> int:
        card = self._card()
        if card is None:
            return 0
        order = self.chance.choice(list(ORDERS))
        self.company.comments(card["id"], "anna", order.format(number=self.chance.randint(1, 12)))
        return ORDERS[order] + 1

    # ---- what stands in the end

    def read(self) -> Counter[str]:
        """Marks of agents' words and names of files in the chat, with how often each stands there."""
        found: Counter[str] = Counter()
        for message in self.company.from_bot(self.scene.chat):
            if message["deleted"]:
                continue
            text = message["text"] or ""
            # In the bot's own lists an answer stands behind its time, as it was when the list was asked for.
            begins = {line.partition("]")[0] + "]" for line in text.splitlines()}
            found.update(begins.intersection((*self.answers, *self.gone_answers)))
            found.update(mark for mark in self.secrets if mark in text)
            found.update(order for order in ORDERS if text.startswith(order.split()[0]))
            if message["file"]:
                found[message["file"]["name"]] += 1
        return found

    def told(self, cards: list[dict[str, Any]]) -> Counter[str]:
        """Marks of the client's words on their cards; a further card's title and first lines name them again."""
        found: Counter[str] = Counter()
        for card in cards:
            texts = [
                comment["text"]
                for comment in card["comments"]
                if not comment["internal"] or "Что исправить:" in comment["text"]
            ]
            if "." not in card["external_id"]:
                texts.append(card["description"].partition("⟦▾▾▾⟧")[0])
            for text in texts:
                own = "\n".join(line for line in text.splitlines() if not re.match(_ELSEWHERE, line))
                found.update(mark for mark in (*self.words, *self.gone_words) if mark in own)
        return found
