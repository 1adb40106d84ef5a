"""Requests: what a new one still lacks, how it opens, and which one a message belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from connector.domain import card
from connector.domain.client import Client, Stage
from connector.domain.decide import asking, clocks, noticing, promises, receipts, taking
from connector.domain.decide.albums import flush, grouped
from connector.domain.decide.turn import Turn, menu
from connector.domain.decide.writing import gist, introduced, order_card, remember, say_key, write
from connector.domain.effects import AddFiles, Meaning, MoveCard, Urgency
from connector.domain.policy import Policy
from connector.domain.refs import TicketId, ticket_named
from connector.domain.ticket import Line, Outcome, Phase, Ticket


def advance(turn: Turn) -> None:
    """Asks for the next thing a new request lacks: account id, topic, words; opens it when nothing is lacking."""
    client, policy = turn.client, turn.policy
    if client.kept and client.asked_at is None:
        turn.client = client = replace(client, asked_at=turn.at, reminded=False)
    if policy.cabinet is not None and client.cabinet is None:
        asking.ask_cabinet(turn, "cabinet.kept" if client.kept else "cabinet.ask")
        return
    topic = client.topic
    if topic is None and len(policy.topics) == 1:
        topic = policy.topics[0].key
    if topic is None or policy.topic(topic) is None:
        asking.ask_topic(turn)
    elif not client.kept:
        asking.ask_words(turn, topic)
    else:
        _open(turn, topic)


def due(client: Client, policy: Policy) -> Iterator[datetime]:
    """When the client is reminded of a question that words wait for, and when we stop waiting for the answer."""
    wait = policy.unfinished_after
    if client.asked_at is None or wait is None or not client.kept or client.blocked:
        return
    if not client.reminded:
        yield client.asked_at + wait
    elif _fallback(policy) is not None:
        yield client.asked_at + 2 * wait


def passed(turn: Turn) -> None:
    """A reminder, once; then the words go to the topic the mapping names for such, sooner than nowhere."""
    client, policy = turn.client, turn.policy
    if all(moment > turn.at for moment in due(client, policy)):
        return
    if not client.reminded:
        turn.client = replace(client, reminded=True)
        lacking = policy.cabinet is not None and client.cabinet is None
        if lacking:
            turn.tell("unfinished", turn.say("unfinished.cabinet"), urgency=Urgency.REPLY)
        else:
            asking.ask_topic(turn, "unfinished.topic")
        return
    topic = _fallback(policy)
    assert topic is not None
    _open(turn, topic, "unfinished.opened")
    opened = turn.client.tickets[-1]
    turn.note("unfinished-note", opened.id, "note.unfinished")


def _fallback(policy: Policy) -> str | None:
    found = policy.topic(policy.default_topic) if policy.default_topic is not None else None
    return found.key if found is not None else None


def _open(turn: Turn, topic_key: str, receipt: str = "ticket.opened") -> None:
    flush(turn)
    client, policy = turn.client, turn.policy
    topic = policy.topic(topic_key)
    assert topic is not None
    # Whoever turns to a new request while being asked which one they mean has told it; what was asked about came first.
    messages = grouped((*client.undecided, *client.kept))
    first = messages[0]
    ticket = Ticket(
        id=new_id(turn),
        number=client.next_number,
        client=client.id,
        topic=topic.key,
        service_class=topic.service_class,
        cabinet=client.cabinet,
        subject=card.card_title(policy, card.merged(first).words, client.next_number),
        opened_at=turn.at,
        phase_at=turn.at,
        opened_by=first[0].message.key,
        latest=first[0].message,
        client_at=first[0].at,
        lines=(Line(at=first[0].at, ours=False, text=gist(policy, card.merged(first).words)),),
    )
    ticket = clocks.begun(turn, introduced(policy, ticket, messages), first[0].at)
    ticket, promise = promises.promise(turn, taking.assigned(turn, ticket))
    turn.client = replace(
        client,
        stage=Stage.READY,
        topic=None,
        kept=(),
        undecided=(),
        undecided_at=None,
        asked_at=None,
        reminded=False,
        heard=None,
        current=ticket.id,
        tickets=(*client.tickets, ticket),
    )
    opened = turn.say(
        receipt,
        number=ticket.number,
        topic=card.topic_title(policy, client.tongue, topic.key),
    )
    turn.tell(
        "receipt",
        f"{opened}\n\n{promise}" if promise else opened,
        ticket=ticket.id,
        menu=menu(turn),
    )
    description = card.description(policy, client, ticket, card.merged(first))
    title = card.shown_title(policy, client, ticket)
    order_card(turn, ticket, title, description, receipts.source(turn, first[0].message))
    files = tuple(file for part in first for file in card.obtainable(part.words))
    if files:
        turn.effects.append(AddFiles(key=say_key(first[0].message), ticket=ticket.id, files=files))
    taking.tell_pool(turn, ticket)
    remember(turn, ticket.id, first, None)
    noticing.notice(turn, ticket, messages)
    for message in messages[1:]:
        write(turn, ticket.id, message)


def new_id(turn: Turn) -> TicketId:
    """The id of the request that this event opens."""
    return ticket_named(turn.key)


def live_ticket(client: Client) -> Ticket | None:
    """The request a message goes to by itself: the current one, else the one opened last; open ones only."""
    latest: Ticket | None = None
    for ticket in client.tickets:
        if ticket.open:
            if ticket.id == client.current:
                return ticket
            if latest is None or (ticket.opened_at, ticket.number) >= (latest.opened_at, latest.number):
                latest = ticket
    return latest


def write_kept(turn: Turn, ticket: TicketId) -> None:
    """The words kept so far go to a request that is already there."""
    messages = grouped(turn.client.kept)
    turn.client = replace(turn.client, stage=Stage.READY, topic=None, kept=(), asked_at=None, reminded=False)
    if messages:
        flush(turn)
    for message in messages:
        write(turn, ticket, message)


def close(turn: Turn, ticket_id: TicketId, outcome: Outcome, note: str, /, **values: object) -> None:
    """Ends an open request without a hand on the board: its card goes to where done ones stand, with a line why."""
    ticket = turn.ticket(ticket_id)
    if ticket is None or not ticket.open:
        return
    flush(turn)
    ticket = turn.ticket(ticket_id) or ticket
    board = ticket.board
    if board is None and turn.policy.board is not None:
        spot = turn.policy.board.spots.get((ticket.topic, ticket.service_class))
        board = spot.board if spot is not None else None
    ticket = replace(ticket, phase=Phase.DONE, phase_at=turn.at, closed_at=turn.at, outcome=outcome, unread=0)
    turn.note("closed", ticket.id, note, **values)
    if board is not None:
        ticket = replace(ticket, moving=Phase.DONE)
        turn.effects.append(MoveCard(key=turn.name("close"), ticket=ticket.id, meaning=Meaning.DONE, board=board))
    turn.keep(ticket)
    if turn.client.current == ticket.id:
        turn.client = replace(turn.client, current=None)
