"""What the bot owes people besides their words: one mark a step, no question twice, no word nobody waits for."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

from adapters.memory.board_world import Card
from adapters.memory.chat import message_ref
from adapters.memory.telling import comment_ref
from connector.domain.effects import AddComment, MoveCard, React, RemoveTag, SendMessage, VerifyCabinet
from connector.domain.events import (
    AgentCommented,
    CardSeen,
    ClientTapped,
    ClientWrote,
    Done,
    Failed,
)
from connector.domain.policy import MarkStore, Occasion, Receipt
from connector.domain.refs import Key
from connector.domain.signature import sign, signatures
from connector.domain.ticket import Outcome, Ticket
from connector.store.tables import State
from tests.weather.company import BLOCKED_TAG, COLUMNS
from tests.weather.ledger import Ledger, Ordered
from tests.weather.rehearsal import Rehearsal

_APART = timedelta(hours=12)
_BURST, _BURST_SIZE = 10.0, 5
_AFTER_A_FLOOD = 120.0
"""Seconds within which the mark that stands for a flood is on one of its messages, or on the one that came next."""


def judge(rehearsal: Rehearsal, ledger: Ledger) -> None:
    """Writes down whatever is wrong."""
    _marks(rehearsal, ledger)
    _ratings(rehearsal, ledger)
    _triggers(rehearsal, ledger)
    _verdicts(rehearsal, ledger)
    _cards(rehearsal, ledger)
    _orders(rehearsal, ledger)


def _orders(rehearsal: Rehearsal, ledger: Ledger) -> None:
    """Every order of an agent's is answered once, on its card; none is ever read by a client."""
    for comment in rehearsal.said.orders:
        card = rehearsal.board.cards[comment.card]
        prefix = f"{comment_ref(comment).key}/"
        notes = [
            order
            for order, effect in ledger.given(AddComment)
            if order.key.startswith(prefix) and effect.internal and order.ticket == card.external_id.partition(".")[0]
        ]
        rehearsal.judged["ordered"] += 1
        if len(notes) != 1:
            rehearsal.wrongs.append(f"the order {comment.raw} on card {card.id} got {len(notes)} answers")
        elif notes[0].state == State.DONE and not card.gone and card.id not in rehearsal.stripped:
            signature = sign(Key(notes[0].key))
            ours = [each for each in card.comments if each.name == "Connector" and not each.deleted]
            shown = [each for each in ours if signature in signatures(each.raw)]
            if len(shown) != 1 or not shown[0].internal:
                rehearsal.wrongs.append(f"the answer to {comment.raw} stands {len(shown)} times on card {card.id}")
    rehearsal.wrongs += [
        f"chat {message.chat} reads {message.text!r}"
        for message in rehearsal.chat.messages.values()
        if message.order is not None and message.text.lstrip().startswith("#")
    ]


def _marks(rehearsal: Rehearsal, ledger: Ledger) -> None:
    """At most one mark a step; and every word wears one, but those within a flood."""
    worn: Counter[tuple[Key, str | None]] = Counter()
    for _, effect in ledger.given(React):
        worn[effect.message.key, effect.emoji] += 1
    rehearsal.wrongs += [
        f"{message} got {emoji} {count} times" for (message, emoji), count in worn.items() if count > 1
    ]
    if rehearsal.policy.receipt is not Receipt.REACTION:
        rehearsal.wrongs += [f"{message} got {emoji}" for message, emoji in worn]
        return
    marked = {message for message, _ in worn}
    said = [each for each in rehearsal.chat.messages.values() if each.order is None]
    for mark, message in rehearsal.said.words.items():
        if message_ref(message).key in marked or message.album is not None or mark in rehearsal.said.unheeded:
            continue
        near = [
            each
            for each in said
            if each.chat == message.chat and abs((each.at - message.at).total_seconds()) <= _AFTER_A_FLOOD
        ]
        before = [each for each in near if each.id < message.id and (message.at - each.at).total_seconds() < _BURST]
        after = [each for each in near if each.id > message.id and message_ref(each).key in marked]
        explained = f"{message_ref(message).key}/heard" in ledger.orders
        if not explained and not (len(before) >= _BURST_SIZE and after):
            rehearsal.wrongs.append(f"{mark} of chat {message.chat} never got a mark")


def _ratings(rehearsal: Rehearsal, ledger: Ledger) -> None:
    """One question for each request that was served, and the last mark on its card."""
    rule = rehearsal.policy.rating
    asked = Counter(
        order.ticket
        for order, effect in ledger.given(SendMessage)
        if any(button.data.startswith("rate:") for row in effect.buttons for button in row)
    )
    for ticket_id, count in asked.items():
        ticket = ledger.tickets[ticket_id] if ticket_id is not None else None
        if rule is None or ticket is None or count > 1:
            rehearsal.wrongs.append(f"{ticket_id} was asked {count} times how it was")
        if rule is None or ticket is None or ticket.mark is None or ticket.generation > 1:
            continue
        card = _card(rehearsal, ticket)
        if card is None or _refused(ledger, ticket):
            continue
        emoji = {mark.key: mark.emoji for mark in rule.marks}
        want, others = emoji[ticket.mark], {each for key, each in emoji.items() if key != ticket.mark}
        match rule.store:
            case MarkStore.COMMENT:
                # Notes that waited together stand in one comment.
                notes = [each.text.splitlines() for each in card.comments if each.internal and not each.deleted]
                found = [line for note in notes for line in note if line.startswith("Оценка клиента: ")]
                found = [line for line in found if len(line) < 20]
                right = len(found) == 1 and want in found[0]
            case MarkStore.TAG:
                right = f"оценка {want}" in card.tags and not any(f"оценка {each}" in card.tags for each in others)
            case MarkStore.FIELD:
                right = card.fields.get("f-rating") == want
        if not right:
            rehearsal.wrongs.append(f"card {card.id} does not show the mark {want} ({rule.store})")


def _refused(ledger: Ledger, ticket: Ticket) -> bool:
    """Whether the board refused something small on the ticket's card, which may be."""
    return any(order.ticket == ticket.id and order.state == State.DEAD for order in ledger.orders.values())


def _triggers(rehearsal: Rehearsal, ledger: Ledger) -> None:
    """Never twice for one occasion, never two within half a day, not at night, no advice to who wants none."""
    occasions = {trigger.key: trigger.occasion for trigger in rehearsal.policy.triggers}
    quiet = rehearsal.policy.quiet_hours
    for events in ledger.events().values():
        latest: datetime | None = None
        given: dict[tuple[str, str | None], int] = {}
        silent = False
        stirred = 0
        for place, happened in enumerate(events):
            event = happened.event
            if isinstance(event, ClientTapped) and event.data in ("silent", "hear"):
                silent = event.data == "silent"
            if isinstance(event, ClientWrote | ClientTapped | CardSeen | AgentCommented):
                stirred = place
            for key, occasion in occasions.items():
                order = ledger.orders.get(f"trigger/{key}/{event.key}")
                if order is None:
                    continue
                since = given.get((key, order.ticket))
                if since is not None and (occasion is not Occasion.WAITING or stirred < since):
                    rehearsal.wrongs.append(f"{order.key} was said before")
                given[key, order.ticket] = place
                if latest is not None and event.at - latest < _APART:
                    rehearsal.wrongs.append(f"{order.key} comes {event.at - latest} after another")
                latest = event.at
                if silent and occasion is not Occasion.WAITING:
                    rehearsal.wrongs.append(f"{order.key} is advice nobody wants")
                hour = event.at.astimezone(UTC).time()
                if quiet is not None and (hour >= quiet.start or hour < quiet.end):
                    rehearsal.wrongs.append(f"{order.key} comes at night, {hour}")


def _verdicts(rehearsal: Rehearsal, ledger: Ledger) -> None:
    """Each look-up is spoken of once, and only while nobody has given another account id."""
    asked: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for order, look_up in ledger.given(VerifyCabinet):
        asked[order.client].append((order.seq, look_up.cabinet))
    for client, events in ledger.events().items():
        told: Counter[str] = Counter()
        for happened in events:
            event = happened.event
            if not isinstance(event, Done | Failed) or not isinstance(event.effect, VerifyCabinet):
                continue
            cabinet = event.effect.cabinet
            words = [ledger.orders.get(f"{event.key}/{what}") for what in ("saved", "cabinet")]
            for reaction in filter(None, words):
                told[cabinet] += 1
                latest = [each for seq, each in asked[client] if seq < reaction.seq][-1]
                if latest != cabinet:
                    rehearsal.wrongs.append(f"{reaction.key} speaks of {cabinet}, another was given since")
        for cabinet, count in told.items():
            looked = sum(each == cabinet for _, each in asked[client])
            if count > looked:
                rehearsal.wrongs.append(f"{client} was told {count} times of {looked} look-ups of {cabinet}")


def _cards(rehearsal: Rehearsal, ledger: Ledger) -> None:
    """A request stands where its card stands, and nobody who is here wears the label of one who left."""
    for ticket in ledger.tickets.values():
        card = _card(rehearsal, ticket)
        if card is None:
            continue
        dead = {type(order.effect) for order in ledger.orders.values() if _is_dead(order, ticket)}
        if MoveCard not in dead and COLUMNS[card.column].value != ticket.phase.value:
            rehearsal.wrongs.append(f"{ticket.id} is in {ticket.phase.value}, its card in {card.column}")
        if MoveCard not in dead and ticket.outcome in (Outcome.WITHDRAWN, Outcome.HELPED) and card.column != "finished":
            rehearsal.wrongs.append(f"{ticket.id} was ended by its client, its card is in {card.column}")
        if RemoveTag not in dead and BLOCKED_TAG in card.tags:
            rehearsal.wrongs.append(f"card {card.id} says that its client has left")


def _is_dead(order: Ordered, ticket: Ticket) -> bool:
    return order.ticket == ticket.id and order.state == State.DEAD


def _card(rehearsal: Rehearsal, ticket: Ticket) -> Card | None:
    """The card the ticket has, while somebody can write on it."""
    card = rehearsal.board.cards.get(int(ticket.card.id)) if ticket.card is not None else None
    return card if card is not None and not card.gone else None
