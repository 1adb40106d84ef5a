"""What must be true when a story is over, whatever happened in it."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime

from adapters.memory.board_world import Card, Comment
from adapters.memory.telling import comment_ref
from connector.domain import audit
from connector.domain.audit import Books, Verdict
from connector.domain.card import with_block
from connector.domain.policy import Edits
from connector.domain.refs import TicketId
from connector.domain.story import say_keys
from connector.store import looking
from connector.store.tables import Noted, State
from tests.weather import destinations, manners
from tests.weather.ledger import Ledger
from tests.weather.rehearsal import Rehearsal

_HEAD = re.compile(r"Client · \d\d:\d\d")
"""The line over a client's words on a card."""
_MARK = re.compile(r"\[c-?\d+m\d+(?:e\d+)?\]")
_QUOTED = re.compile(r"^> .*$", re.MULTILINE)
_QUOTED_ABOVE = re.compile(r"^.*\n(?=.)", re.MULTILINE)
"""In plain text nothing marks a quoted line but that the client's own follows right below it."""
LABELS = ("AddTag", "RemoveTag", "MoveCard", "ReplaceCard", "AssignCard", "SetFacts", "SetBlock")
"""What can wait for a card without anybody's words waiting."""
AUDITED = ("ClientWrote", "AgentCommented")
_EXPLAINED = "Что исправить:"


def reckon(rehearsal: Rehearsal) -> None:
    """Writes down whatever is wrong."""
    ledger = Ledger(rehearsal.disk)
    if not rehearsal.ended:
        rehearsal.wrongs.append("it never came to rest")
    _store(rehearsal, ledger)
    _cards(rehearsal)
    places = _places(rehearsal)
    _words(rehearsal, ledger, places)
    _answers(rehearsal, ledger)
    _doubles(rehearsal, ledger)
    standing = {mark: found[0] for mark, found in places.items() if len(found) == 1}
    explained = frozenset(mark for card in rehearsal.board.cards.values() for mark in _explanations(card))
    _order(rehearsal, destinations.judge(rehearsal, ledger, standing, explained))
    manners.judge(rehearsal, ledger)
    _audit(rehearsal, ledger)


def _audit(rehearsal: Rehearsal, ledger: Ledger) -> None:
    """What `connector audit` would say by the books alone: nothing is amiss that was not found so above."""
    if rehearsal.wrongs:
        return
    for client in ledger.clients:
        with rehearsal.disk.begin() as connection:
            events = [each for each in looking.events_of(connection, client.id) if each.kind in AUDITED]
            books = Books(
                client=client,
                tickets=looking.tickets_where(connection, client=client.id),
                events=events,
                orders=looking.orders_of(connection, client.id),
                made=looking.made_by(connection, say_keys(events)),
                orders_since=datetime.fromtimestamp(0, UTC),
                now=datetime.now(UTC),
            )
        rehearsal.wrongs += [
            f"the audit calls {fate.key} {fate.verdict.value}: {fate.why}"
            for fate in audit.reckon(books, rehearsal.policy)
            if fate.verdict in (Verdict.LOST, Verdict.DOUBLED, Verdict.MISORDERED)
        ]


def _store(rehearsal: Rehearsal, ledger: Ledger) -> None:
    wrongs = rehearsal.wrongs
    for row in ledger.noted:
        if row.state in (Noted.NEW, Noted.RAISED, Noted.STRAY):
            wrongs.append(f"event {row.key} ({row.kind}) is {Noted(row.state).name}: {row.reason}")
        if row.state == Noted.UNREADABLE and "unreadable" not in row.key:
            wrongs.append(f"event {row.key} counts as unreadable")
    for order in ledger.orders.values():
        kind = type(order.effect).__name__
        if order.state < State.DONE:
            # Of a lost card labels and notes are held: the client's next words bring another.
            ticket = ledger.tickets.get(order.ticket) if order.ticket else None
            label = kind in LABELS or getattr(order.effect, "internal", False)
            if ticket is None or not ticket.lost or not label:
                wrongs.append(f"order {order.key} ({kind}) was never ended: {order.reason}")
        elif order.state == State.DEAD and kind in ("CreateCard", "AddComment", "EditComment", "AddFiles"):
            wrongs.append(f"order {order.key} ({kind}) is dead: {order.reason}")
    wrongs += [f"lane {row.key} is still held by {row.holder}" for row in ledger.held]
    for client in ledger.clients:
        waiting = len(client.kept), len(client.undecided), len(client.albums)
        if any(waiting):
            wrongs.append(f"words of {client.id} still wait: %d kept, %d undecided, %d albums" % waiting)


def _cards(rehearsal: Rehearsal) -> None:
    # A card that somebody deleted before we knew of it cannot be found by any look.
    made = Counter(card.external_id for card in rehearsal.board.cards.values() if not card.deleted)
    rehearsal.wrongs += [f"{count} cards for {external}" for external, count in made.items() if count > 1]


def _words(rehearsal: Rehearsal, ledger: Ledger, places: dict[str, list[TicketId]]) -> None:
    """Every word of a client on a card exactly once, and of what they changed what the mapping wants to stay."""
    buried: set[str] = set()
    for cards in _by_ticket(rehearsal).values():
        for card in cards:
            if card.deleted:  # nobody can look there: what goes onto the next card again is no double
                buried.update(mark for mark, _ in _marks_of(rehearsal, card))
    explained = {mark for cards in _by_ticket(rehearsal).values() for card in cards for mark in _explanations(card)}
    said = rehearsal.said
    for mark, message in said.words.items():
        versions = [mark, *said.versions.get(mark, ())]
        counts = {each: len(places.get(each, ())) for each in versions}
        if mark in said.unheeded:
            rehearsal.wrongs += [f"{each} was not meant for us" for each in versions if counts[each]]
            continue
        now = versions[-1]
        if mark in explained or rehearsal.policy.edits is Edits.IGNORE:
            found, now = sum(counts.values()), mark
        else:
            found = counts[now]
        if found != 1 and not (found == 0 and buried.intersection(versions)):
            what = "lost" if not found else f"there {found} times"
            rehearsal.wrongs.append(f"{now} of chat {message.chat} is {what}: {counts}")
        for each in versions[:-1]:
            if counts[each] > 1:
                rehearsal.wrongs.append(f"{each} of chat {message.chat} is there {counts[each]} times")
        homes = {ledger.home(ticket) for each in versions for ticket in places.get(each, ())}
        if homes - {message.chat}:
            rehearsal.wrongs.append(f"{mark} of chat {message.chat} stands on a card of {sorted(homes)}")


def _order(rehearsal: Rehearsal, answers: Mapping[str, bool]) -> None:
    """Nobody's words stand before what they said earlier.

    But for what needs no waiting: a late part of an album joins its album; an answer to a message goes where that one
    stands, while the words before it wait for their topic; what explains a rating is for other eyes.
    """
    said = rehearsal.said
    for external, cards in _by_ticket(rehearsal).items():
        told: dict[bool, list[int]] = {False: [], True: []}
        for card in (card for card in cards if not card.deleted):
            for mark, explains in _marks_of(rehearsal, card):
                message = said.words.get(mark)
                if message is None or message.album is not None or explains or mark in said.versions:
                    continue
                if answers.get(mark, True):  # else nobody knows which of both it was
                    told[mark in answers].append(message.id)
        for ids in told.values():
            if ids != sorted(ids):
                rehearsal.wrongs.append(f"ticket {external}: words out of order: {ids}")


def _answers(rehearsal: Rehearsal, ledger: Ledger) -> None:
    read: dict[str, str] = defaultdict(str)
    for message in rehearsal.chat.messages.values():
        if message.order is not None:
            read[message.chat] += message.text
    blocked = {row.client.partition(":")[2] for row in ledger.noted if row.kind == "ClientBlocked"}
    for mark, comment in rehearsal.said.answers.items():
        card = rehearsal.board.cards[comment.card]
        chat = ledger.home(TicketId(card.external_id.partition(".")[0]))
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


def _doubles(rehearsal: Rehearsal, ledger: Ledger) -> None:
    sent = Counter(message.order for message in rehearsal.chat.messages.values() if message.order is not None)
    for key, count in sent.items():
        needed = len(getattr(ledger.orders[key].effect, "files", ())) or 1
        extra = count // needed - 1
        rehearsal.doubles += extra
        if extra > rehearsal.skies.ambiguous[key]:
            rehearsal.wrongs.append(
                f"{key} was sent {count // needed} times, of {rehearsal.skies.ambiguous[key]} unsure"
            )


# ---- what stands where


def _by_ticket(rehearsal: Rehearsal) -> dict[TicketId, list[Card]]:
    found: dict[TicketId, list[Card]] = defaultdict(list)
    for card in rehearsal.board.cards.values():
        found[TicketId(card.external_id.partition(".")[0])].append(card)
    return {ticket: sorted(cards, key=lambda card: card.id) for ticket, cards in found.items()}


def _places(rehearsal: Rehearsal) -> dict[str, list[TicketId]]:
    """On which requests' cards each mark stands; the same one twice where it stands there twice."""
    found: dict[str, list[TicketId]] = defaultdict(list)
    for ticket, cards in _by_ticket(rehearsal).items():
        for card in cards:
            for mark, _ in _marks_of(rehearsal, card) if not card.deleted else ():
                found[mark].append(ticket)
    return found


def _marks_of(rehearsal: Rehearsal, card: Card) -> list[tuple[str, bool]]:
    """Clients' marks on a card in reading order, and whether each only explains a rating.

    A further card's description names the first words again, as its subject; that of a request split off by an agent
    tells what was said on the other; a quoted line is somebody else's.
    """
    found = []
    if "." not in card.external_id and not _is_split(rehearsal, card):
        found = [(mark, False) for mark in _MARK.findall(_QUOTED_ABOVE.sub("", with_block(card.description, "")))]
    for comment in _ours(card):
        if not comment.internal:
            found += [(mark, False) for mark in _MARK.findall(_QUOTED.sub("", comment.raw))]
    return found + [(mark, True) for mark in _explanations(card)]


def _is_split(rehearsal: Rehearsal, card: Card) -> bool:
    orders = (comment_ref(each).key for each in rehearsal.said.orders if each.raw.startswith("#split"))
    return card.external_id in {"kc-" + hashlib.sha256(key.encode()).hexdigest()[:20] for key in orders}


def _explanations(card: Card) -> list[str]:
    """What a low mark was explained with, for agents' eyes."""
    notes = [comment.text for comment in _ours(card) if comment.internal and _EXPLAINED in comment.text]
    return [mark for note in notes for mark in _MARK.findall(_QUOTED_ABOVE.sub("", note))]


def _ours(card: Card) -> list[Comment]:
    return [each for each in card.comments if each.name == "Connector" and not each.deleted]
