"""The daemon is killed at random moments while clients write and agents answer: nothing is lost, nothing overtakes."""

from __future__ import annotations

import itertools
import random
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.bars.crowd import holder_of
from tests.process.company import Company, stop

TOPICS = ("Вопрос по продукту", "Касса и оплата", "Оборудование", "Финансы")
KINDS = ("text", "text", "text", "photo", "voice", "document", "text", "location", "text", "sticker")


@dataclass
class Report:
    """What is printed at the end."""

    clients: int
    messages: int = 0
    replies: int = 0
    kills: int = 0
    pollers: int = 0
    lost: int = 0
    doubled: int = 0
    out_of_order: int = 0
    replies_lost: int = 0
    replies_doubled: int = 0
    leaked: int = 0
    cards: int = 0
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.clients} clients x {self.messages // self.clients} messages, {self.replies} replies, "
            f"{self.kills} kills ({self.pollers} of who was reading): "
            f"client messages lost {self.lost}, doubled {self.doubled}, out of order "
            f"{self.out_of_order}; cards {self.cards}; replies lost {self.replies_lost}, doubled "
            f"{self.replies_doubled} (a send was on the wire), internal notes leaked {self.leaked}"
        )


def test_nothing_is_lost_doubled_or_out_of_order_when_the_daemon_is_killed_again_and_again(
    tmp_path: Path, request: pytest.FixtureRequest, tell: Callable[[str], None]
) -> None:
    seed = 20261122
    with Company(folder=tmp_path, kaiten_options={"rate_limit": 200}) as company:
        kills = request.config.getoption("--kills")
        report = _torment(company, seed=seed, clients=20, messages=max(10, kills // 2), kills=kills, daemons=1)
    tell(f"SQLite, one daemon: {report}")
    _judge(report)


@pytest.mark.postgres
@pytest.mark.parametrize("daemons", [1, 2, 3])
def test_daemons_on_postgresql_killed_in_turn_lose_nothing_either(
    daemons: int, tmp_path: Path, postgres_url: str, request: pytest.FixtureRequest, tell: Callable[[str], None]
) -> None:
    with Company(
        folder=tmp_path, database_url=postgres_url, webhook=False, kaiten_options={"rate_limit": 200}
    ) as company:
        kills = request.config.getoption("--kills")
        report = _torment(company, seed=7, clients=10, messages=max(8, kills // 2), kills=kills, daemons=daemons)
    tell(f"PostgreSQL, {daemons} at once: {report}")
    _judge(report)


def _judge(report: Report) -> None:
    assert report.problems == []
    assert (report.lost, report.doubled, report.out_of_order) == (0, 0, 0)
    assert (report.replies_lost, report.leaked) == (0, 0)
    assert report.cards == report.clients
    assert report.replies_doubled <= report.kills * 5


def _torment(company: Company, *, seed: int, clients: int, messages: int, kills: int, daemons: int) -> Report:
    chance = random.Random(seed)
    report = Report(clients=clients)
    running = [company.start() for _ in range(daemons)]
    chats = [company.client(500_000 + number, f"Клиент {number}") for number in range(clients)]
    for chat in chats:
        company.says(chat, "/start")
    for number, chat in enumerate(chats):
        company.until("the cabinet question", partial(company.from_bot, chat))
        company.says(chat, f"{100_000 + number}")
    for number, chat in enumerate(chats):
        company.choose(chat, TOPICS[number % len(TOPICS)])

    over = threading.Event()
    told: list[tuple[int, str]] = []
    notes: list[str] = []
    agents = threading.Thread(target=_agents, args=(company, random.Random(seed + 1), over, told, notes))
    agents.start()
    writers = threading.Thread(target=_writers, args=(company, random.Random(seed + 2), chats, messages))
    writers.start()
    while report.kills < kills:
        time.sleep(chance.uniform(0.05, 1.2))
        place = chance.randrange(daemons)
        if daemons > 1 and report.kills % 3 == 2:
            # Whoever reads Telegram, or the board, in this moment.
            reading = holder_of(company, chance.choice(["read:chat", "read:board"]))
            place = next((each for each, daemon in enumerate(running) if daemon.pid == reading), place)
            report.pollers += running[place].pid == reading
        running[place].send_signal(signal.SIGKILL)
        running[place].wait()
        report.kills += 1
        running[place] = company.start()
    writers.join()
    time.sleep(1.0)
    over.set()
    agents.join()
    report.messages, report.replies = clients * messages, len(told)
    try:
        company.until("everything on the cards", lambda: _missing(company, chats, messages) == 0, 60 + 2 * kills)
        company.until("every reply", lambda: not _unanswered(company, told), 60 + 2 * kills)
    except AssertionError as late:
        report.problems.append(str(late)[:3000])
    time.sleep(1.0)
    _count(company, chats, messages, told, notes, report)
    for daemon in running:
        if stop(daemon) != 0:
            report.problems.append("the daemon did not stop properly")
    return report


def _writers(company: Company, chance: random.Random, chats: list[int], messages: int) -> None:
    counts = dict.fromkeys(chats, 0)
    while open_chats := [chat for chat in chats if counts[chat] < messages]:
        chat = chance.choice(open_chats)
        number = counts[chat]
        counts[chat] += 1
        mark = _mark(chat, number)
        kind = "text" if number == 0 else KINDS[chance.randrange(len(KINDS))]
        match kind:
            case "text":
                company.says(chat, f"{mark} сообщение")
            case "photo" | "document":
                company.sends(chat, kind, caption=f"{mark} с файлом")
            case "voice":
                company.sends(chat, kind, caption=f"{mark} голосом")
            case "location":
                company.says(chat, f"{mark} где я")
                company.sends(chat, "location", latitude=55.75, longitude=37.61)
            case _:
                company.says(chat, f"{mark} наклейка следом")
                company.sends(chat, "sticker")
        time.sleep(chance.uniform(0.0, 0.05))


def _agents(
    company: Company, chance: random.Random, over: threading.Event, told: list[tuple[int, str]], notes: list[str]
) -> None:
    number = 0
    while not over.is_set():
        cards = company.cards()
        if cards:
            card = chance.choice(cards)
            number += 1
            if chance.random() < 0.25:
                note = f"[note-{number}] не для клиента"
                company.comments(card["id"], "anna", note, internal=True)
                notes.append(note)
            else:
                reply = f"[reply-{number}] ответ"
                company.comments(card["id"], chance.choice(["anna", "igor"]), reply)
                told.append((_chat_of(card), reply))
        time.sleep(chance.uniform(0.1, 0.4))


def _mark(chat: int, number: int) -> str:
    return f"[m-{chat}-{number}]"


def _chat_of(card: dict[str, Any]) -> int:
    found = re.search(r"Клиент (\d+)", card["description"])
    assert found, card["description"]
    return 500_000 + int(found.group(1))


def _on_card(card: dict[str, Any]) -> str:
    return "\n".join([card["description"] or "", *(comment["text"] for comment in card["comments"])])


def _missing(company: Company, chats: list[int], messages: int) -> int:
    everything = "\n".join(_on_card(card) for card in company.cards())
    return sum(_mark(chat, number) not in everything for chat in chats for number in range(messages))


def _unanswered(company: Company, told: list[tuple[int, str]]) -> list[str]:
    texts = {chat: _sent(company, chat) for chat in {chat for chat, _ in told}}
    return [reply for chat, reply in told if not any(reply in text for text in texts[chat])]


def _sent(company: Company, chat: int) -> list[str]:
    return [message["text"] or "" for message in company.from_bot(chat)]


def _count(
    company: Company, chats: list[int], messages: int, told: list[tuple[int, str]], notes: list[str], report: Report
) -> None:
    cards = company.cards()
    report.cards = len(cards)
    for chat in chats:
        mine = [card for card in cards if _chat_of(card) == chat]
        text = "\n".join(_on_card(card) for card in mine)
        # The title repeats the first words on purpose; the description holds them once.
        found = [int(number) for number in re.findall(rf"\[m-{chat}-(\d+)\]", text)]
        counts = Counter(found)
        report.lost += sum(number not in counts for number in range(messages))
        report.doubled += sum(count - 1 for count in counts.values())
        report.out_of_order += sum(first > second for first, second in itertools.pairwise(found))
        elsewhere = [card for card in cards if card not in mine and f"[m-{chat}-" in _on_card(card)]
        report.problems += [f"words of {chat} on the card {card['id']}" for card in elsewhere]
    replies = dict((reply, chat) for chat, reply in told)
    for chat in chats:
        sent = _sent(company, chat)
        for reply, owner in replies.items():
            times = sum(reply in text for text in sent)
            if owner == chat:
                report.replies_lost += times == 0
                report.replies_doubled += max(0, times - 1)
            elif times:
                report.problems.append(f"{reply} reached {chat} instead of {owner}")
        report.leaked += sum(note in text for note in notes for text in sent)
