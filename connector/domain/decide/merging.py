"""Orders that end a request or make one of another: close, merge, split."""

from __future__ import annotations

from dataclasses import replace

from connector.domain import card
from connector.domain.decide import clocks, notices, placement, promises, rating, taking
from connector.domain.decide.ordering import Order, phrase, refuse, tell
from connector.domain.decide.replies import visible
from connector.domain.decide.tickets import close, new_id
from connector.domain.decide.turn import Turn, menu
from connector.domain.decide.writing import order_card, took_part
from connector.domain.effects import Urgency
from connector.domain.text import shorten
from connector.domain.ticket import Outcome, Ticket
from connector.domain.words import Text


def closed(turn: Turn, ticket: Ticket, order: Order) -> None:
    """Closed as done; the client is told, and asked for a rating unless the order says not to.

    Of a muted request nobody hears anything, unless a rating is asked for by the word.
    """
    choice = visible(order.words)
    words = {visible(phrase(turn, f"order.{name}")): name for name in ("rating", "norating")}
    words |= {name: name for name in ("rating", "norating")}
    if choice and choice not in words:
        refuse(turn, ticket, order, phrase(turn, "order.not_a_rating", words=order.words[:80]))
        return
    if not ticket.open:
        refuse(turn, ticket, order, phrase(turn, "order.closed_already", number=ticket.number))
        return
    rated = words.get(choice) != "norating"
    close(turn, ticket.id, Outcome.DONE, "order.closed" if rated else "order.closed_unrated")
    notices.tell_phase(turn, ticket, turn.ticket(ticket.id) or ticket, rate=rated)
    if words.get(choice) == "rating":
        rating.ask(turn, ticket)


def merge(turn: Turn, ticket: Ticket, order: Order) -> None:
    """The request goes on as another open one of the same client: this one is closed, both cards say so."""
    number = order.words.lstrip("№#nN ").rstrip(".)")
    others = [each for each in turn.client.tickets if each.open and each.id != ticket.id]
    choices = ", ".join(f"№{each.number} «{shorten(each.subject, 40)}»" for each in others)
    if not (number.isascii() and number.isdigit() and len(number) < 12):
        problem = phrase(turn, "order.no_number", choices=choices) if choices else phrase(turn, "order.no_other")
        refuse(turn, ticket, order, problem)
        return
    if not ticket.open:
        refuse(turn, ticket, order, phrase(turn, "order.closed_already", number=ticket.number))
        return
    if int(number) == ticket.number:
        refuse(turn, ticket, order, phrase(turn, "order.same_request", number=ticket.number))
        return
    target = next((each for each in others if each.number == int(number)), None)
    if target is None:
        name = "order.not_open" if choices else "order.no_other"
        problem = phrase(turn, name, number=int(number), choices=choices) if choices else phrase(turn, name)
        refuse(turn, ticket, order, problem)
        return
    close(
        turn,
        ticket.id,
        Outcome.MERGED,
        "order.merged",
        number=target.number,
        subject=target.subject,
        card=card_of(target),
    )
    source = turn.ticket(ticket.id) or ticket
    turn.keep(replace(source, merged_into=target.id))
    if source.latest is not None and target.latest is None:
        # Words nobody has answered wait for their answer there.
        said = max(filter(None, (source.client_at, target.client_at)), default=None)
        turn.keep(replace(target, latest=source.latest, client_at=said))
    turn.note("merged", target.id, "note.merged", number=source.number, subject=source.subject, card=card_of(source))
    turn.client = replace(turn.client, current=target.id, heard=None)
    text = turn.say("ticket.merged", number=source.number, target=target.number, subject=target.subject)
    turn.tell("merged-told", text, ticket=target.id, urgency=Urgency.REPLY, menu=menu(turn))


def goes_on(turn: Turn, ticket: Ticket | None) -> Ticket | None:
    """The request itself, or the one it was merged into, over as many steps as it took."""
    seen = set()
    while ticket is not None and ticket.merged_into is not None and ticket.id not in seen:
        seen.add(ticket.id)
        ticket = turn.ticket(ticket.merged_into)
    return ticket


def split(turn: Turn, ticket: Ticket, order: Order) -> None:
    """A further request of the same client, on a card that names this one; their next words go to the new one."""
    topic = ticket.topic
    if order.words:
        found = placement.topic_named(turn, order.words)
        if found is None:
            refuse(turn, ticket, order, placement.no_such_topic(turn, order.words))
            return
        topic = found.key
    known = turn.policy.topic(topic)
    if known is None:
        refuse(turn, ticket, order, placement.no_such_topic(turn, topic))
        return
    policy, client = turn.policy, turn.client
    service_class = ticket.service_class if topic == ticket.topic else known.service_class
    fresh = Ticket(
        id=new_id(turn),
        number=client.next_number,
        client=client.id,
        topic=topic,
        service_class=service_class,
        cabinet=ticket.cabinet,
        subject=next((line.text for line in reversed(ticket.lines) if not line.ours), ticket.subject),
        opened_at=turn.at,
        phase_at=turn.at,
        client_at=ticket.client_at,
    )
    fresh = took_part(replace(fresh, labels=card.labels(policy, fresh, Text(plain=fresh.subject))), client.name)
    fresh, promise = promises.promise(turn, taking.assigned(turn, clocks.begun(turn, fresh, turn.at)))
    turn.client = replace(client, current=fresh.id, heard=None, tickets=(*client.tickets, fresh))
    tongue = policy.default_language
    lines = [phrase(turn, "card.split", number=ticket.number, subject=ticket.subject, card=card_of(ticket))]
    zone = card.zone_of(policy, ticket.service_class)
    lines += [f"{card.clock(line.at, zone)} {line.text}" for line in ticket.lines if not line.ours]
    block = card.client_block(policy, client, fresh)
    order_card(turn, fresh, card.shown_title(policy, client, fresh), f"{block}\n\n" + card.unmarked("\n".join(lines)))
    shown = card.topic_title(policy, client.tongue, topic)
    opened = turn.say("ticket.split", number=fresh.number, topic=shown, source=ticket.number)
    turn.tell(
        "split",
        f"{opened}\n\n{promise}" if promise else opened,
        ticket=fresh.id,
        urgency=Urgency.REPLY,
        menu=menu(turn),
    )
    tell(turn, ticket, "order.split", number=fresh.number, topic=card.topic_title(policy, tongue, topic))


def card_of(ticket: Ticket) -> str:
    """The card as it may be named to agents."""
    return ticket.card.id if ticket.card is not None else "—"
