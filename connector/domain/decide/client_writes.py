"""What happens when a client writes."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from connector.domain.client import Client, Kept, Stage
from connector.domain.decide import asking, choosing, desks, merging, profile, promises, rating, registering, requests
from connector.domain.decide.albums import collect, flush, joins
from connector.domain.decide.asking import Wish
from connector.domain.decide.reach import returned
from connector.domain.decide.receipts import acknowledge
from connector.domain.decide.registering import cabinet_attempt, meet
from connector.domain.decide.tickets import advance, live_ticket
from connector.domain.decide.turn import Turn, menu
from connector.domain.decide.writing import reopen, tell_unobtainable, write
from connector.domain.events import ClientWrote
from connector.domain.policy import Groups, Topic, TopicGroup
from connector.domain.refs import Ref, TicketId
from connector.domain.ticket import Ticket
from connector.domain.words import Words


def wrote(turn: Turn, event: ClientWrote) -> None:
    """Every message ends somewhere: on a card, kept for the card to come, or answered by the bot itself."""
    if desks.wrote(turn, event) or not _for_us(turn, event):
        return
    meet(turn, event.author, event.group)
    if turn.client.blocked:
        returned(turn)
    message = Kept(message=event.message, at=event.at, author=event.author.name, words=event.words, album=event.album)
    if event.album is not None and joins(turn, message):
        return
    quoted = _quoted(turn, event.reply_to, event.words.quote)
    if rating.explains(turn, message, quoted):
        return
    wish = asking.wish_of(turn.policy, event.words)
    if wish is not None:
        _grant(turn, wish, event.words)
        return
    if registering.shared_contact(turn, event.words):
        return
    if quoted is not None:
        if quoted.open:
            turn.client = replace(turn.client, current=quoted.id)
            # Who answers a message while being asked which request they mean has told it.
            choosing.settle(turn, quoted.id)
        _onto(turn, quoted, message)
        return
    match turn.client.stage:
        case Stage.NEW:
            _first_words(turn, message)
        case Stage.CABINET | Stage.CHECKING:
            _awaiting_cabinet(turn, message)
        case Stage.TOPIC:
            if not _took_topic(turn, event.words):
                _keep(turn, message)
        case Stage.WORDS:
            _keep(turn, message)
        case Stage.READY:
            _ready(turn, message)
        case _:
            assert_never(turn.client.stage)


def _for_us(turn: Turn, event: ClientWrote) -> bool:
    """Whether a message in a group is meant for the bot; what one person writes to it always is."""
    if event.group is None and event.addressed:
        return True
    match turn.policy.chat_groups:
        case Groups.ALWAYS:
            return True
        case Groups.NEVER:
            return False
        case Groups.ADDRESSED:
            # The answer to our own question need not call us by name.
            answer = turn.client.stage is Stage.CABINET and cabinet_attempt(event.words) is not None
            return event.addressed or answer or any(album.id == event.album for album in turn.client.albums)
        case _:
            assert_never(turn.policy.chat_groups)


def _grant(turn: Turn, wish: Wish, words: Words) -> None:
    match wish:
        case Wish.START:
            registering.started(turn, words)
        case Wish.HELP:
            turn.tell("help", turn.say("help"), menu=menu(turn))
        case Wish.REQUESTS:
            requests.show(turn)
        case Wish.PROFILE:
            profile.show(turn)
        case Wish.NEW:
            choosing.begin_new(turn)
        case _:
            assert_never(wish)


def _first_words(turn: Turn, message: Kept) -> None:
    if registering.answered(turn, message):
        return
    asking.greet(turn)
    _keep(turn, message)


def _awaiting_cabinet(turn: Turn, message: Kept) -> None:
    if registering.answered(turn, message):
        return
    if not registering.lacking(turn):
        registering.go_on(turn)
        if turn.client.stage is Stage.READY:
            _ready(turn, message)
            return
    _keep(turn, message)


def _took_topic(turn: Turn, words: Words) -> bool:
    """Whether the whole message is the number of what the menu offers, or the title of a topic in any language."""
    plain = words.text.plain.strip()
    if not plain or len(plain) > 128 or words.files:
        return False
    policy = turn.policy
    found: Topic | TopicGroup | None = None
    offered = asking.choices(policy, turn.client.topic_group)
    number = plain.rstrip(".)")
    if number.isascii() and number.isdigit() and len(number) < 4 and 1 <= int(number) <= len(offered):
        found = offered[int(number) - 1]
    elif said := asking.folded(plain):
        everything = (*offered, *policy.topics, *policy.groups_of_topics)
        found = next(
            (each for each in everything if any(asking.folded(title) == said for title in each.title.values())), None
        )
    match found:
        case Topic():
            turn.client = replace(turn.client, topic=found.key)
            advance(turn)
        case TopicGroup():
            asking.ask_topic(turn, group=found.key)
        case None:
            return False
    return True


def _keep(turn: Turn, message: Kept) -> None:
    """Kept for the card to come; what is still lacking is asked once, further messages are only acknowledged."""
    client = turn.client
    asked = bool(client.kept) and client.stage in (Stage.CABINET, Stage.TOPIC)
    another = message.album is None or all(each.album != message.album for each in client.kept)
    turn.client = replace(client, kept=(*client.kept, message))
    if not asked:
        advance(turn)
    if turn.client.kept and another:
        acknowledge(turn, message.message, None)
    tell_unobtainable(turn, message.words, None)


def _ready(turn: Turn, message: Kept) -> None:
    """Goes to the live request; else to the one just closed; else begins a new one."""
    client = turn.client
    number = choosing.numbered(client, message.words.text.plain) if client.undecided else None
    if number is not None:
        requests.chosen(turn, number.id)
        return
    # Words that still wait for their topic were said first: what follows them waits too.
    if not client.kept and (client.undecided or choosing.unclear(client)):
        choosing.ask(turn, message)
        return
    ticket = None if client.kept else live_ticket(client) or _lately_closed(turn)
    if ticket is not None:
        _onto(turn, ticket, message)
    else:
        _keep(turn, message)


def _lately_closed(turn: Turn) -> Ticket | None:
    latest: Ticket | None = None
    for ticket in turn.client.tickets:
        if _reopens(turn, ticket) and (latest is None or _closed(ticket) >= _closed(latest)):
            latest = ticket
    return latest


def _closed(ticket: Ticket) -> float:
    return ticket.closed_at.timestamp() if ticket.closed_at else 0.0


def _reopens(turn: Turn, ticket: Ticket) -> bool:
    closed_at = ticket.closed_at
    if ticket.open or closed_at is None or ticket.merged_into is not None:
        return False
    return turn.at - closed_at <= turn.policy.reopen_within


def _quoted(turn: Turn, reply_to: Ref | None, quote: str | None) -> Ticket | None:
    """The request whose message they answer, or the one it goes on as; a closed one only while it can be reopened."""
    if reply_to is None:
        return None
    client: Client = turn.client
    known = client.thread.get(reply_to.key) or next(
        (said.ticket for said in client.said if said.message == reply_to.key), None
    )
    if known is None and quote:
        known = _recognised(client, quote)
    ticket = merging.goes_on(turn, turn.ticket(known))
    if ticket is None or not (ticket.open or _reopens(turn, ticket)):
        return None
    return ticket


def _recognised(client: Client, quote: str) -> TicketId | None:
    """The request an answer of which stands in the quoted words, where only one has such an answer.

    A message that was on the wire when the process died has been sent twice, and only one copy of it is known.
    """
    said = " ".join(quote.split())
    found = {
        ticket.id
        for ticket in client.tickets
        for line in ticket.lines
        if line.ours and (words := line.text.rstrip("…")) and words in said
    }
    return found.pop() if len(found) == 1 else None


def _onto(turn: Turn, ticket: Ticket, message: Kept) -> None:
    """Onto the request's card, with a receipt; a closed request is open again."""
    closed = not ticket.open
    if turn.client.current != ticket.id and not closed:
        turn.client = replace(turn.client, current=ticket.id)
    if closed:
        text = turn.say("ticket.reopened", number=ticket.number, subject=ticket.subject)
        turn.tell("notice", text, ticket=ticket.id)
    else:
        acknowledge(turn, message.message, ticket)
    if message.album is not None:
        collect(turn, ticket.id, message)
    else:
        flush(turn)
        write(turn, ticket.id, (message,))
    if closed:
        reopen(turn, ticket.id)
    tell_unobtainable(turn, message.words, ticket.id)
    promises.told_closed(turn, turn.ticket(ticket.id) or ticket)
