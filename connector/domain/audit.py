"""The reckoning: what became of every word of a client and every answer of an agent, by the books and by the board."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from connector.domain.client import Client
from connector.domain.decide.asking import wish_of
from connector.domain.decide.ordering import read as order_in
from connector.domain.decide.replies import shown
from connector.domain.decide.writing import say_key
from connector.domain.effects import SendFiles, SendMessage
from connector.domain.events import AgentCommented, ClientWrote, IncidentAnswered, Refusal
from connector.domain.incident import is_incident
from connector.domain.policy import Groups, Policy, Publicity
from connector.domain.record import NotedEvent, QueuedOrder
from connector.domain.refs import ClientId, Key, TicketId
from connector.domain.sheet import Note, Sheet
from connector.domain.signature import sign
from connector.domain.story import Made
from connector.domain.ticket import Ticket

UNCARRIED = "it was decided on, and no order carries its words"
PATIENCE = timedelta(minutes=10)
"""What waits no longer than this is on its way."""


class Verdict(StrEnum):
    """What became of it."""

    THERE = "there"
    ANSWERED = "answered"
    """It was no word for a card: the bot itself answered it, or it was not meant for us."""
    WAITING = "waiting"
    LOST = "lost"
    DOUBLED = "doubled"
    MISORDERED = "misordered"
    LET_BE = "let_be"
    """An operator let it be."""
    UNTOLD = "untold"
    """The books no longer tell, or the card is gone: nothing is claimed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """One word of a client (`order` brings it to the card) or one answer of an agent, and what became of it."""

    key: Key
    client: ClientId
    at: datetime
    answer: bool
    verdict: Verdict
    why: str = ""
    ticket: TicketId | None = None
    order: Key | None = None

    def found(self, verdict: Verdict, why: str) -> Fate:
        """The same, known better."""
        return replace(self, verdict=verdict, why=why)


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What is written down of one client. `orders_since`: orders that ended before may have been swept."""

    client: Client | None
    tickets: Sequence[Ticket]
    events: Sequence[NotedEvent]
    """The client's messages and their agents' comments in question, in order."""
    orders: Sequence[QueuedOrder]
    made: Made
    orders_since: datetime
    now: datetime


def reckon(books: Books, policy: Policy) -> tuple[Fate, ...]:
    """A fate for each message and each comment, by the books alone."""
    by_key = {order.key: order for order in books.orders}
    caused: dict[int, list[QueuedOrder]] = defaultdict(list)
    for order in books.orders:
        if order.cause is not None:
            caused[order.cause].append(order)
    opened = {ticket.opened_by: ticket for ticket in books.tickets if ticket.opened_by is not None}
    waiting = _waiting(books.client)
    fates: list[Fate] = []
    albums: dict[str, list[int]] = defaultdict(list)
    for noted in books.events:
        match noted.event:
            case ClientWrote() as wrote:
                if wrote.album is not None:
                    albums[wrote.album].append(len(fates))
                fate = _word(books, noted, wrote, by_key, opened, waiting)
                if fate.verdict is Verdict.LOST and fate.why == UNCARRIED:
                    fate = _uncarried(books, fate, wrote, caused[noted.seq], policy)
                fates.append(fate)
            case AgentCommented() | IncidentAnswered() as answer:
                found = _answer(books, noted, answer, caused[noted.seq], policy)
                if found is not None:
                    fates.append(found)
            case _:
                pass
    for places in albums.values():
        # The parts of an album stand in one section: whichever brought it, brought all.
        best = next((fates[place] for place in places if fates[place].verdict is not Verdict.LOST), None)
        for place in places if best is not None else ():
            fates[place] = fates[place].found(best.verdict, best.why) if best is not None else fates[place]
    return tuple(_in_order(fates, books.orders))


def _waiting(client: Client | None) -> dict[Key, str]:
    if client is None:
        return {}
    kept = {each.message.key: "waits for the client's topic or account" for each in client.kept}
    unclear = {each.message.key: "waits for the client to say which request" for each in client.undecided}
    parts = {part.message.key: "an album still arriving" for album in client.albums for part in album.parts}
    return {**kept, **unclear, **parts}


def _word(
    books: Books,
    noted: NotedEvent,
    wrote: ClientWrote,
    by_key: Mapping[Key, QueuedOrder],
    opened: Mapping[Key, Ticket],
    waiting: Mapping[Key, str],
) -> Fate:
    assert noted.client is not None
    key = say_key(wrote.message)
    fate = Fate(key=noted.key, client=noted.client, at=noted.received, answer=False, verdict=Verdict.THERE, order=key)
    ticket = opened.get(noted.key)
    if ticket is not None:
        # Its words are the card's description: what brings them is the first card.
        key = Key(f"card/{ticket.id}")
        fate = replace(fate, ticket=ticket.id, order=key)
    if noted.state == "new":
        return fate.found(Verdict.WAITING, "is to be decided")
    if noted.state == "raised":
        return fate.found(Verdict.LOST, f"the decision on it failed (queue e{noted.seq}): {noted.reason}")
    if noted.state == "seen_to":
        return fate.found(Verdict.LET_BE, noted.reason or "")
    order = by_key.get(key)
    if order is not None:
        return _by_order(replace(fate, ticket=order.ticket), order)
    if key in books.made:
        return replace(fate, ticket=books.made[key][1])
    if noted.key in waiting:
        return fate.found(Verdict.WAITING, waiting[noted.key])
    if ticket is not None and ticket.card is not None:
        return fate
    return fate.found(Verdict.LOST, UNCARRIED)


def _uncarried(books: Books, fate: Fate, wrote: ClientWrote, caused: Sequence[QueuedOrder], policy: Policy) -> Fate:
    """No order carries it: the bot answered it, or it was not meant for us, or it is lost."""
    elsewhere = wrote.group is not None and (not wrote.addressed or policy.chat_groups is Groups.NEVER)
    # Words of the menu need no answer while another question stands.
    if elsewhere or wish_of(policy, wrote.words) is not None or any(each.kind != "React" for each in caused):
        return fate.found(Verdict.ANSWERED, "")
    if fate.at < books.orders_since:
        return fate.found(Verdict.UNTOLD, "older than finished orders are kept")
    return fate


def _by_order(fate: Fate, order: QueuedOrder) -> Fate:
    match order.state:
        case "done":
            return fate
        case "dead":
            return fate.found(Verdict.LOST, f"its order is dead (queue o{order.seq}): {order.reason}")
        case "skipped":
            return fate.found(Verdict.LET_BE, order.reason or "")
        case _:
            why = f"order o{order.seq} {'is tried' if order.tries else 'waits its turn'}"
            return fate.found(Verdict.WAITING, f"{why}: {order.reason}" if order.reason else why)


def _answer(
    books: Books,
    noted: NotedEvent,
    comment: AgentCommented | IncidentAnswered,
    caused: Sequence[QueuedOrder],
    policy: Policy,
) -> Fate | None:
    """None for what was for agents' eyes, as far as anybody can tell."""
    assert noted.client is not None
    if is_incident(noted.client):
        return None  # it goes nowhere itself: each request of the incident is told, and reckoned
    fate = Fate(key=noted.key, client=noted.client, at=noted.received, answer=True, verdict=Verdict.THERE)
    fate = replace(fate, ticket=_ticket_of(comment))
    if noted.state == "new":
        return fate.found(Verdict.WAITING, "is to be decided")
    name = answer_name(comment)
    stem = f"reply/{name}/"
    carried = [order for order in books.orders if order.key.startswith(stem)]
    carried += [order for order in caused if order.key.startswith("reply/") and order not in carried]
    if noted.state == "raised":
        return fate.found(Verdict.LOST, f"the decision on it failed (queue e{noted.seq}): {noted.reason}")
    if noted.state == "seen_to":
        return fate.found(Verdict.LET_BE, noted.reason or "")
    if carried:
        last = [_anew(order, books.orders) for order in carried]
        found = [_by_order(replace(fate, order=order.key), order) for order in last]
        if any(_blocked(order) for order in last):
            if _kept(books, last):
                return fate.found(Verdict.WAITING, "the client stopped the bot; it goes when they return")
            if books.client is not None and not books.client.blocked:
                # It went when they came back, in other words: the agent has changed it meanwhile.
                return fate.found(Verdict.UNTOLD, "the client came back after it was ordered")
        worst = (Verdict.LOST, Verdict.WAITING, Verdict.LET_BE, Verdict.THERE)
        return min(found, key=lambda each: worst.index(each.verdict))
    if Key(f"{stem}0") in books.made:
        return fate
    if any(held.comment == name for ticket in books.tickets for held in ticket.held):
        return fate.found(Verdict.WAITING, "held: by the safe-send window, or until an agent says #send")
    if not (_for_the_client(comment, policy) if isinstance(comment, AgentCommented) else _for_request(books, comment)):
        return None
    if noted.received < books.orders_since:
        return fate.found(Verdict.UNTOLD, "older than finished orders are kept")
    return fate.found(Verdict.LOST, "it is public, and no order carries it to the client")


def _anew(order: QueuedOrder, orders: Sequence[QueuedOrder]) -> QueuedOrder:
    """The same answer as it was sent when the client who had stopped the bot came back; the last of them."""
    if not _blocked(order):
        return order
    words = _carries(order)
    later = [each for each in orders if each.seq > order.seq and each.key.startswith("reply/")]
    return next((each for each in reversed(later) if _carries(each) == words), order)


def _blocked(order: QueuedOrder) -> bool:
    return order.state == "dead" and (order.reason or "").startswith(Refusal.BLOCKED.value)


def _carries(order: QueuedOrder) -> tuple[object, ...] | None:
    match order.effect:
        case SendMessage() as message:
            return (message.ticket, message.text)
        case SendFiles() as sent:
            return (sent.ticket, sent.caption, sent.files)
        case _:
            return None


def _kept(books: Books, carried: Sequence[QueuedOrder]) -> bool:
    kept = {effect.key for effect in books.client.undelivered} if books.client is not None else set()
    return any(order.key in kept for order in carried)


def _for_the_client(comment: AgentCommented, policy: Policy) -> bool:
    """Whether the rule of today, without regard to where the card stood, shows it; in doubt it was not meant to."""
    rule = policy.public
    if rule.rule in (Publicity.ONLY_COLUMNS, Publicity.ONLY_PEOPLE) or order_in(policy.commands, comment.text):
        return False
    words = shown(rule, comment.text, comment.internal)
    return words is not None and bool(words.plain.strip() or comment.files)


def answer_name(answer: AgentCommented | IncidentAnswered) -> Key:
    """What the orders of an answer are named by: each request of an incident has its own for the same comment."""
    return answer.key if isinstance(answer, AgentCommented) else Key(f"{answer.answer.comment}@{answer.ticket}")


def _for_request(books: Books, told: IncidentAnswered) -> bool:
    """A request that was over by then takes only changes of what it had; so does nobody of what they never got."""
    ticket = next((each for each in books.tickets if each.id == told.ticket), None)
    over = ticket is None or (ticket.closed_at is not None and ticket.closed_at <= told.at)
    return not told.changed and not over


def _ticket_of(comment: AgentCommented | IncidentAnswered) -> TicketId | None:
    return TicketId(comment.ticket.partition(".")[0]) if comment.ticket else None


def _in_order(fates: list[Fate], orders: Sequence[QueuedOrder]) -> list[Fate]:
    """Within a lane nothing may have ended later than what was ordered after it."""
    done = {order.key: order for order in orders if order.state == "done" and order.ended is not None}
    places = {fate.order: place for place, fate in enumerate(fates) if fate.order is not None}
    lanes: dict[str, list[QueuedOrder]] = defaultdict(list)
    for key in places:
        order = done.get(key)
        if order is not None and order.kind != "CreateCard":
            lanes[order.lane].append(order)
    for lane in lanes.values():
        earliest: QueuedOrder | None = None
        for order in sorted(lane, key=lambda each: each.seq, reverse=True):
            assert order.ended is not None
            place = places[order.key]
            if earliest is not None and earliest.ended is not None and order.ended > earliest.ended:
                if fates[place].verdict is Verdict.THERE:
                    why = f"it came after {earliest.key}, which was ordered later"
                    fates[place] = fates[place].found(Verdict.MISORDERED, why)
            else:
                earliest = order
    return fates


# ---- by the board


def compare(fates: Sequence[Fate], ticket: Ticket, sheet: Sheet | None, known: Collection[str]) -> tuple[Fate, ...]:
    """The ticket's fates held against its card; `sheet` None: the card is gone, so nothing is claimed of it.

    `known` are the keys of all comments the journal has: one of an agent's that is not among them was never read.
    """
    if sheet is None:
        return tuple(
            each.found(Verdict.UNTOLD, "its card is gone")
            if each.verdict is Verdict.THERE and not each.answer
            else each
            for each in fates
        )
    ours = [note for note in sheet.notes if note.ours]
    # An edit that was added below stands in the same comment, under the same signature.
    signed = Counter(signature for note in ours for signature in set(note.signs))
    found = [_on_card(each, ticket, sheet, signed) for each in fates]
    found = _as_read(found, ours)
    told = {each.key for each in fates}
    for note in sheet.notes:
        comment = note.told
        if comment is None or comment.internal or comment.key in known or comment.key in told:
            continue
        missed = Fate(
            key=comment.key, client=ticket.client, at=comment.at, answer=True, verdict=Verdict.WAITING,
            why="stands on the card and was not read yet", ticket=ticket.id,
        )  # fmt: skip
        found.append(missed)
    return tuple(found)


def _on_card(fate: Fate, ticket: Ticket, sheet: Sheet, signed: Mapping[str, int]) -> Fate:
    if fate.answer or fate.ticket != ticket.id or fate.order is None or not fate.order.startswith("say/"):
        return fate
    if fate.verdict not in (Verdict.THERE, Verdict.MISORDERED):
        return fate
    count = signed.get(sign(fate.order), 0)
    if count > 1:
        return fate.found(Verdict.DOUBLED, f"stands {count} times on the card")
    # A server that strips what nobody sees leaves no signature at all: then nothing is claimed of any.
    if count == 0 and signed and ticket.generation == 1:
        return fate.found(Verdict.LOST, "its section stands on the card no longer")
    if count == 0 and ticket.generation == 1 and not sheet.notes:
        return fate.found(Verdict.LOST, "its section stands on the card no longer")
    return fate


def _as_read(fates: list[Fate], ours: Sequence[Note]) -> list[Fate]:
    """Whether the sections stand in the order in which their messages came."""
    place: dict[str, int] = {}
    for signature in (signature for note in ours for signature in note.signs):
        place.setdefault(signature, len(place))
    last = -1
    told: list[Fate] = []
    for fate in fates:
        here = place.get(sign(fate.order)) if fate.order is not None and not fate.answer else None
        if here is None or fate.verdict is not Verdict.THERE:
            told.append(fate)
            continue
        told.append(fate if here > last else fate.found(Verdict.MISORDERED, "stands before what was said earlier"))
        last = max(last, here)
    return told


def still_waiting(fate: Fate, now: datetime) -> bool:
    """Whether it waits for longer than it should."""
    return fate.verdict is Verdict.WAITING and now - fate.at > PATIENCE
