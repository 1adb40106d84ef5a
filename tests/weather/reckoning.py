"""What must be true when a story is over, whatever happened in it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select

from adapters.memory.world import Card
from connector.domain.refs import TicketId
from connector.store import codec
from connector.store.tables import Noted, State, clients, journal, lanes, outbox, tickets
from tests.weather.rehearsal import Rehearsal

_HEAD = re.compile(r"Client · \d\d:\d\d")
"""The line over a client's words on a card."""
_MARK = re.compile(r"\[c-?\d+m\d+(?:e\d+)?\]")
_QUOTED = re.compile(r"^> .*$", re.MULTILINE)
_QUOTED_ABOVE = re.compile(r"^.*\n(?=.)", re.MULTILINE)
"""In plain text nothing marks a quoted line but that the client's own follows right below it."""


def reckon(rehearsal: Rehearsal) -> None:
    """Writes down whatever is wrong."""
    if not rehearsal.ended:
        rehearsal.wrongs.append("it never came to rest")
    _store(rehearsal)
    _cards(rehearsal)
    _words(rehearsal)
    _answers(rehearsal)
    _doubles(rehearsal)


def _store(rehearsal: Rehearsal) -> None:
    with rehearsal.disk.begin() as connection:
        for row in connection.execute(select(journal)):
            if row.state in (Noted.NEW, Noted.RAISED, Noted.STRAY):
                rehearsal.wrongs.append(f"event {row.key} ({row.kind}) is {Noted(row.state).name}: {row.reason}")
            if row.state == Noted.UNREADABLE and "unreadable" not in row.key:
                rehearsal.wrongs.append(f"event {row.key} counts as unreadable")
        lost = {
            row.id for row in connection.execute(select(tickets)) if codec.read_ticket(row.state).lost
        }  # held: their next words bring a card
        for row in connection.execute(select(outbox).where(outbox.c.state < State.DONE)):
            comment = codec.read_effect(row.kind, row.effect)
            if row.ticket not in lost or not (
                row.kind in ("AddTag", "MoveCard") or getattr(comment, "internal", False)
            ):
                rehearsal.wrongs.append(f"order {row.key} ({row.kind}) was never ended: {row.reason}")
        for row in connection.execute(select(outbox).where(outbox.c.state == State.DEAD)):
            if row.kind in ("CreateCard", "AddComment", "AddFiles"):
                rehearsal.wrongs.append(f"order {row.key} ({row.kind}) is dead: {row.reason}")
        for row in connection.execute(select(lanes).where(lanes.c.holder.is_not(None))):
            rehearsal.wrongs.append(f"lane {row.key} is still held by {row.holder}")


def _cards(rehearsal: Rehearsal) -> None:
    # A card that somebody deleted before we knew of it cannot be found by any look.
    made = Counter(card.external_id for card in rehearsal.board.cards.values() if not card.deleted)
    rehearsal.wrongs += [f"{count} cards for {external}" for external, count in made.items() if count > 1]


def _words(rehearsal: Rehearsal) -> None:
    """Every word of a client on a card exactly once and in order, unless it still waits for its topic."""
    places = Counter[str]()
    buried: set[str] = set()
    for cards in _by_ticket(rehearsal).values():
        for card in cards:
            if card.deleted:
                buried.update(_marks_of(card))  # nobody can look there: what goes onto the next card again is no double
            else:
                places.update(_marks_of(card))
    kept = _kept(rehearsal)
    latest = rehearsal.said.latest
    for mark, message in rehearsal.said.words.items():
        if mark in rehearsal.said.unaddressed:
            continue
        now = latest.get(mark, mark)
        found = places[now]
        if found != 1 and not (found == 0 and (now in kept or now in buried)):
            what = "lost" if not found else f"there {found} times"
            rehearsal.wrongs.append(f"{now} of chat {message.chat} is {what} (kept: {now in kept})")
        if now != mark and places[mark] > 1:
            rehearsal.wrongs.append(f"{mark} of chat {message.chat} is there {places[mark]} times")
    _order(rehearsal)


def _order(rehearsal: Rehearsal) -> None:
    """Nobody's words stand before what they said earlier. A late part of an album joins its album: that is in order."""
    for external, cards in _by_ticket(rehearsal).items():
        told: list[int] = []
        for card in (card for card in cards if not card.deleted):
            for mark in _marks_of(card):
                message = rehearsal.said.words.get(mark)
                if message is not None and mark not in rehearsal.said.latest and message.album is None:
                    told.append(message.id)
        if told != sorted(told):
            rehearsal.wrongs.append(f"ticket {external}: words out of order: {told}")


def _answers(rehearsal: Rehearsal) -> None:
    with rehearsal.disk.begin() as connection:
        homes = {row.id: row.client.partition(":")[2] for row in connection.execute(select(tickets))}
    read: dict[str, str] = defaultdict(str)
    for message in rehearsal.chat.messages.values():
        if message.order is not None:
            read[message.chat] += message.text
    blocked = {row.client.partition(":")[2] for row in _journal(rehearsal) if row.kind == "ClientBlocked"}
    for mark, comment in rehearsal.said.answers.items():
        card = rehearsal.board.cards[comment.card]
        chat = homes.get(card.external_id.partition(".")[0], "nobody")
        # While an answer is on its way to somebody who blocks us, a change of its words has nothing to change yet:
        # on their return they get the answer as it was.
        if mark not in read[chat] and not (chat in blocked and mark in rehearsal.said.changed):
            rehearsal.wrongs.append(f"answer {mark} on card {card.id} never reached chat {chat}")
        wrong = [other for other, text in read.items() if other != chat and mark in text]
        if wrong:
            rehearsal.wrongs.append(f"answer {mark} for chat {chat} reached {wrong}")
    everything = "".join(read.values())
    rehearsal.wrongs += [f"secret {mark} reached a client" for mark in rehearsal.said.secrets if mark in everything]
    rehearsal.wrongs += [f"chat {chat} reads what it wrote" for chat, text in read.items() if _HEAD.search(text)]


def _journal(rehearsal: Rehearsal) -> Sequence[Row[tuple[Any, ...]]]:
    with rehearsal.disk.begin() as connection:
        return connection.execute(select(journal)).all()


def _doubles(rehearsal: Rehearsal) -> None:
    sent = Counter[str]()
    for message in rehearsal.chat.messages.values():
        if message.order is not None:
            sent[message.order] += 1
    with rehearsal.disk.begin() as connection:
        effects = {row.key: codec.read_effect(row.kind, row.effect) for row in connection.execute(select(outbox))}
    for key, count in sent.items():
        effect = effects.get(key)
        needed = len(getattr(effect, "files", ())) or 1
        extra = count // needed - 1
        rehearsal.doubles += extra
        if extra > rehearsal.skies.ambiguous[key]:
            rehearsal.wrongs.append(
                f"{key} was sent {count // needed} times, of {rehearsal.skies.ambiguous[key]} unsure"
            )


def _by_ticket(rehearsal: Rehearsal) -> dict[TicketId, list[Card]]:
    found: dict[TicketId, list[Card]] = defaultdict(list)
    for card in rehearsal.board.cards.values():
        found[TicketId(card.external_id.partition(".")[0])].append(card)
    return {ticket: sorted(cards, key=lambda card: card.id) for ticket, cards in found.items()}


def _marks_of(card: Card) -> list[str]:
    """Clients' marks on a card in reading order; a further card's description only quotes the first."""
    first = _MARK.findall(_QUOTED_ABOVE.sub("", card.description)) if "." not in card.external_id else []
    ours = [each for each in card.comments if each.name == "Connector" and not each.deleted and not each.internal]
    return first + [mark for comment in ours for mark in _MARK.findall(_QUOTED.sub("", comment.raw))]


def _kept(rehearsal: Rehearsal) -> str:
    with rehearsal.disk.begin() as connection:
        found = [codec.read_client(row.state) for row in connection.execute(select(clients))]
    return "".join(each.words.text.plain for client in found for each in client.kept)
