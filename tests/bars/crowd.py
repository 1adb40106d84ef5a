"""Many clients who write at once, and what became of their words on the board and in their chats."""

from __future__ import annotations

import itertools
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from sandbox.telegram import Limits
from tests.process.company import ROOT, Company

EXAMPLE = ROOT / "mappings" / "support.example.yaml"
TOPICS = ("Вопрос по продукту", "Касса и оплата", "Оборудование", "Финансы")


def company(
    folder: Path, *, rate: int = 50, database_url: str | None = None, labels: bool = True, **environment: str
) -> Company:
    """A company whose board serves `rate` calls a second, and whose chats are in no hurry to refuse anybody.

    Without `labels` cards get no tags: where the board is slow they would take longer than the words.
    """
    return Company(
        folder=folder,
        mapping=EXAMPLE if labels else _without_labels(folder),
        database_url=database_url,
        webhook=False,
        environment={"CONNECTOR_TELEGRAM__CALLS_PER_SECOND": "200", **environment},
        telegram_options={"limits": Limits(overall_per_second=None)},
        kaiten_options={"rate_limit": rate},
    )


def _without_labels(folder: Path) -> Path:
    text = re.sub(r"(?m)^ +(tags|tag): .*\n", "", EXAMPLE.read_text(encoding="utf-8"))
    path = folder / "support.yaml"
    path.write_text(text.replace("pictures/", f"{EXAMPLE.parent / 'pictures'}/"), encoding="utf-8")
    return path


@dataclass(slots=True)
class Found:
    """What was seen at the end; everything but `written` and `replies` must be nought."""

    written: int = 0
    lost: int = 0
    doubled: int = 0
    out_of_order: int = 0
    cards_doubled: int = 0
    replies: int = 0
    replies_lost: int = 0
    chat_doubles: int = 0

    @property
    def on_board(self) -> tuple[int, int, int, int]:
        """(lost, doubled, out of order, cards too many)."""
        return self.lost, self.doubled, self.out_of_order, self.cards_doubled

    def __str__(self) -> str:
        return (
            f"{self.written} messages: lost {self.lost}, doubled {self.doubled}, out of order {self.out_of_order}, "
            f"cards doubled {self.cards_doubled}; {self.replies} replies: lost {self.replies_lost}, "
            f"messages doubled in chats {self.chat_doubles}"
        )


@dataclass
class Crowd:
    """`size` clients of one company. Every message bears a mark, so that each can be found again."""

    company: Company
    size: int
    seed: int = 1
    first: int = 600_000
    written: dict[int, int] = field(default_factory=dict)
    told: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chats = [self.first + number for number in range(self.size)]
        self._chance = random.Random(self.seed)

    def enter(self) -> None:
        """Everybody comes in, says who they are and chooses a topic."""
        company = self.company
        for chat in self.chats:
            company.client(chat, f"Клиент {chat}")
            company.says(chat, "/start")
            company.says(chat, f"{chat}")
        for place, chat in enumerate(self.chats):
            topic = TOPICS[place % len(TOPICS)]
            company.until(f"the topics for {chat}", partial(company._button, chat, topic), 40)
            company.taps(chat, topic)
        self.written = dict.fromkeys(self.chats, 0)

    def write(self, chat: int) -> int:
        """The next message of one client; returns its id."""
        number = self.written[chat]
        message = self.company.says(chat, f"{mark(chat, number)} строка")
        self.written[chat] = number + 1
        return message

    def reply(self) -> None:
        """An agent answers on some card."""
        cards = self.company.cards()
        if cards:
            card = self._chance.choice(cards)
            text = f"[r-{len(self.told)}] ответ"
            self.company.comments(card["id"], self._chance.choice(["anna", "igor"]), text)
            self.told.append((chat_of(card), text))

    @contextmanager
    def writing(self, pause: float, *, replies: bool = False) -> Iterator[None]:
        """Messages without end from clients at random, about every `pause` seconds, until the block ends."""
        over = threading.Event()
        troubles: list[BaseException] = []

        def write() -> None:
            turn = 0
            try:
                while not over.is_set():
                    self.write(self._chance.choice(self.chats))
                    turn += 1
                    if replies and turn % 5 == 0:
                        self.reply()
                    time.sleep(self._chance.uniform(0.5, 1.5) * pause)
            except BaseException as trouble:  # shown by the thread that waits
                troubles.append(trouble)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            yield
        finally:
            over.set()
            writer.join()
        if troubles:
            raise troubles[0]

    # ---- what became of it

    def missing(self) -> list[str]:
        """Marks of messages that stand on no card yet."""
        everything = "\n".join(map(words_on, self.company.cards()))
        return [
            name for chat, count in self.written.items() for name in (mark(chat, each) for each in range(count))
            if name not in everything
        ]  # fmt: skip

    def unanswered(self) -> list[str]:
        """Replies that did not reach their chat yet."""
        said = {chat: self._said(chat) for chat in {chat for chat, _ in self.told}}
        return [reply for chat, reply in self.told if not any(reply in text for text in said[chat])]

    def settle(self, seconds: float = 40.0) -> None:
        """Waits until everything written is on the board and every reply in its chat, and a moment for doubles."""
        self.company.until("everything on the cards", lambda: not self.missing(), seconds)
        self.company.until("every reply", lambda: not self.unanswered(), seconds)
        time.sleep(0.5)

    def found(self) -> Found:
        """Counts losses, doubles and disorder."""
        found = Found(written=sum(self.written.values()), replies=len(self.told))
        cards = self.company.cards()
        owners = Counter(map(chat_of, cards))
        found.cards_doubled = sum(count - 1 for count in owners.values())
        for chat, count in self.written.items():
            text = "\n".join(words_on(card) for card in cards if chat_of(card) == chat)
            numbers = [int(number) for number in re.findall(rf"\[m-{chat}-(\d+)\]", text)]
            times = Counter(numbers)
            found.lost += sum(number not in times for number in range(count))
            found.doubled += sum(each - 1 for each in times.values())
            found.out_of_order += sum(first > second for first, second in itertools.pairwise(numbers))
        found.replies_lost = len(self.unanswered())
        for chat in self.chats:
            # Nothing the bot says in these scenes may rightly be said twice.
            found.chat_doubles += sum(each - 1 for each in Counter(self._said(chat)).values())
        return found

    def _said(self, chat: int) -> list[str]:
        return [str(message["text"] or message.get("caption") or "") for message in self.company.from_bot(chat)]


def mark(chat: int, number: int) -> str:
    """What a message is found again by."""
    return f"[m-{chat}-{number}]"


def chat_of(card: dict[str, Any]) -> int:
    """Whose card it is."""
    found = re.search(r"Клиент (\d+)", card["description"] or "")
    assert found, card["description"]
    return int(found.group(1))


def words_on(card: dict[str, Any]) -> str:
    """Everything a card says, in order; the title repeats the first words on purpose and is left out."""
    return "\n".join([card["description"] or "", *(comment["text"] for comment in card["comments"])])


def holder_of(company: Company, right: str) -> int:
    """The process id of the daemon that has this right, on PostgreSQL."""
    assert company.database_url is not None
    engine = create_engine(company.database_url)
    try:
        with engine.connect() as connection:
            query = text("SELECT holder FROM leases WHERE name = :name")
            holder = connection.execute(query, {"name": right}).scalar()
    finally:
        engine.dispose()
    return int(holder.split(":")[-2]) if holder else 0


def lanes_held(company: Company, pid: int) -> int:
    """How many queues that daemon has in its hands, on PostgreSQL."""
    assert company.database_url is not None
    engine = create_engine(company.database_url)
    try:
        with engine.connect() as connection:
            query = text("SELECT count(*) FROM lanes WHERE holder LIKE :holder")
            return int(connection.execute(query, {"holder": f"%:{pid}:%"}).scalar_one())
    finally:
        engine.dispose()
