"""Orders to the bot in agents' comments: known by their first word, carried out, answered in place, never sent."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from connector.domain import earlier
from connector.domain.decide import belonging, holding, merging, placement, standing, templates, threads
from connector.domain.decide.amending import take_back
from connector.domain.decide.ordering import (
    Order,
    answer,
    nearest,
    no_such,
    phrase,
    read,
    refuse,
    tell,
    without_more,
    word_for,
)
from connector.domain.decide.replies import answer_to, public, visible
from connector.domain.decide.turn import Turn
from connector.domain.events import AgentCommented, AgentEdited
from connector.domain.policy import Command, Policy, Publicity, PublicRule, Template
from connector.domain.text import cut
from connector.domain.ticket import Held, Past, Ticket
from connector.domain.words import Text

_OF_ONE_CLIENT = (Command.HISTORY, Command.TOPIC, Command.MERGE, Command.SPLIT, Command.MUTE)
"""Orders that have no meaning on the card of an incident."""


def ordered(turn: Turn, ticket: Ticket, event: AgentCommented) -> bool:
    """Whether the comment is an order: it is carried out or explained by one note, and goes to no client.

    An order counts in internal comments too.
    """
    order = read(turn.policy.commands, event.text)
    if order is None:
        return False
    if turn.client.incident is not None and order.command in _OF_ONE_CLIENT:
        refuse(turn, ticket, order, phrase(turn, "order.not_of_incident", word=order.word))
        return True
    match order.command:
        case None:
            _unknown(turn, ticket, order)
        case Command.TEMPLATE:
            _template(turn, ticket, order, event)
        case Command.HISTORY:
            _history(turn, ticket, order)
        case Command.SEND:
            _send(turn, ticket, order)
        case Command.TAKE:
            placement.take(turn, ticket, order, event.author.name)
        case Command.ASSIGN:
            placement.assign(turn, ticket, order)
        case Command.CLASS:
            placement.classify(turn, ticket, order)
        case Command.TOPIC:
            placement.retopic(turn, ticket, order)
        case Command.MERGE:
            merging.merge(turn, ticket, order)
        case Command.SPLIT:
            merging.split(turn, ticket, order)
        case Command.CLOSE:
            merging.closed(turn, ticket, order)
        case Command.MUTE:
            _mute(turn, ticket, order)
        case Command.INCIDENT:
            _incident(turn, ticket, order)
        case _:
            assert_never(order.command)
    return True


def reordered(turn: Turn, ticket: Ticket, event: AgentEdited) -> bool:
    """Whether the comment reads as an order now: an edit orders nothing, and nothing of it goes to the client.

    The answer of a template changes with its comment. Any other answer that became an order is taken back.
    """
    order = read(turn.policy.commands, event.text)
    if order is None:
        return False
    key = event.comment.key
    reply, waiting = answer_to(ticket, key), holding.held(ticket, key)
    if reply is None and waiting is None:
        tell(turn, ticket, "order.edited", word=order.word)
        return True
    if order.command is not Command.TEMPLATE or event.internal:
        ticket = holding.dropped(turn, ticket, key)
        if reply is not None:
            take_back(turn, ticket, reply)
        tell(turn, ticket, "order.edited", word=order.word)
        return True
    template, more = _named(turn, order)
    if template is None:
        _no_template(turn, ticket, order)
        return True
    text, name = templates.expanded(turn, ticket, template, event.author.name, more), None
    if turn.client.incident is not None:
        text, name = more, template.key
    if waiting is not None:
        holding.changed(turn, ticket, replace(waiting, template=name), text)
    else:
        held = Held(comment=key, author=event.author.name, at=event.at, text=text, template=name)
        holding.answer(turn, ticket, held)
    return True


def _unknown(turn: Turn, ticket: Ticket, order: Order) -> None:
    rule = turn.policy.commands
    like = rule.prefix + nearest(order.word.removeprefix(rule.prefix), list(rule.words))
    every = ", ".join(word_for(rule, command) for command in Command)
    tell(turn, ticket, "order.unknown", word=order.word, nearest=like, choices=every)


# ---- canned replies


def _template(turn: Turn, ticket: Ticket, order: Order, event: AgentCommented) -> None:
    """The template goes as an answer of the author's, with the files of both; an internal comment only shows it."""
    if not order.words:
        lines = templates.listed(turn.policy)
        answer(turn, ticket, lines or phrase(turn, "order.no_templates"))
        return
    template, more = _named(turn, order)
    if template is None:
        _no_template(turn, ticket, order)
        return
    author = event.author.name
    text = templates.expanded(turn, ticket, template, author, more)
    if event.internal or not _may_speak(turn.policy.public, ticket, author):
        name = "order.template_internal" if event.internal else "order.template_private"
        tell(turn, ticket, name, name=template.key, text=text.plain)
        return
    files = (*templates.attachments(template), *event.files)
    key = event.comment.key
    held = Held(comment=key, author=author, at=event.at, text=text, files=files)
    if turn.client.incident is not None:
        held = replace(held, text=more, template=template.key)  # each client has their own name
    after = holding.answer(turn, ticket, held)
    waiting = holding.held(after, key)
    if waiting is None:
        tell(turn, ticket, "order.template_sent", name=template.key, text=text.plain)
    elif waiting.until is not None:
        tell(turn, ticket, "order.template_waits", name=template.key, text=text.plain)


def _may_speak(rule: PublicRule, ticket: Ticket, author: str) -> bool:
    """Whether the author's words go to clients here; where it takes a mark, the order is mark enough."""
    if rule.rule in (Publicity.ALL_BUT_MARKED, Publicity.ONLY_MARKED):
        return True
    return public(rule, Text(plain=author), False, author, ticket.phase) is not None


def _named(turn: Turn, order: Order) -> tuple[Template | None, Text]:
    """The template that the first word names, and the words behind that."""
    plain = order.rest.plain
    name = plain.split(maxsplit=1)[0] if plain.strip() else ""
    end = plain.find(name) + len(name)
    end += len(plain[end:]) - len(plain[end:].lstrip())
    known = turn.policy.templates
    found = next((known[each] for each in known if name and visible(each) == visible(name)), None)
    return found, cut(order.rest, end, len(plain))


def _no_template(turn: Turn, ticket: Ticket, order: Order) -> None:
    """What is wrong with the name, and what the template most like it would say."""
    known = turn.policy.templates
    if not known:
        answer(turn, ticket, phrase(turn, "order.no_templates"))
        return
    name = order.words.split(" ")[0][:80] if order.words else ""
    problem = no_such(turn, name, list(known))
    like = known[nearest(name, list(known))]
    preview = templates.expanded(turn, ticket, like, "").plain
    shown = phrase(turn, "order.template_preview", name=like.key, text=preview)
    refuse(turn, ticket, order, f"{problem}\n{shown}")


# ---- earlier requests


def _history(turn: Turn, ticket: Ticket, order: Order) -> None:
    """The list of the client's earlier requests, or what is known of the conversation on one of them."""
    known = {each.number: each for each in turn.client.past}
    for other in turn.client.tickets:
        known[other.number] = earlier.past_of(other, own=True)
    number = _number(order)
    if not order.words:
        listed = [known[number] for number in sorted(known, reverse=True) if number != ticket.number]
        lines = [line for past in listed for line in earlier.lines(turn.policy, past, ticket)]
        if turn.client.past_more:
            lines.append(phrase(turn, "card.past_more", count=turn.client.past_more))
        answer(turn, ticket, "\n".join(lines) or phrase(turn, "order.no_history"))
        return
    past = known.get(number) if number is not None else None
    if past is None:
        numbers = ", ".join(f"№{number}" for number in sorted(known, reverse=True)[:20])
        refuse(turn, ticket, order, phrase(turn, "order.no_request", number=order.words[:40], choices=numbers))
        return
    answer(turn, ticket, "\n".join(_thread(turn, ticket, past)))


def thread_wanted(policy: Policy, event: AgentCommented) -> int | None:
    """The number of the request of which the comment asks to see everything that was said."""
    order = read(policy.commands, event.text)
    return _number(order) if order is not None and order.command is Command.HISTORY else None


def _number(order: Order) -> int | None:
    words = order.words.lstrip("№#nN ").rstrip(".)")
    return int(words) if words.isascii() and words.isdigit() and len(words) < 12 else None


def _thread(turn: Turn, ticket: Ticket, past: Past) -> list[str]:
    """The head of the request, then all that was said on it; where the journal has nothing, its last answer."""
    lines = [phrase(turn, "request.head", number=past.number, subject=past.subject)]
    lines += earlier.lines(turn.policy, past, ticket)[:1]
    around = turn.client.around
    said = []
    if around is not None and around.thread is not None and around.thread.number == past.number:
        said = threads.told(turn, ticket, around.thread)
    if not said and past.answer:
        said = [past.answer]
    return [*lines, *said]


# ---- small orders


def _send(turn: Turn, ticket: Ticket, order: Order) -> None:
    if not without_more(turn, ticket, order):
        return
    after = holding.release(turn, ticket)
    if after is None:
        refuse(turn, ticket, order, phrase(turn, "order.nothing_held"))
    else:
        tell(turn, after, "order.sent")


def _mute(turn: Turn, ticket: Ticket, order: Order) -> None:
    if not without_more(turn, ticket, order):
        return
    muted = not ticket.muted
    turn.keep(replace(ticket, muted=muted))
    tell(turn, ticket, "order.muted" if muted else "order.unmuted")


def _incident(turn: Turn, ticket: Ticket, order: Order) -> None:
    """On an incident's card: it is one, or it is none. On that of one of its requests: this one is something else."""
    if turn.client.incident is not None:
        standing.ordered(turn, ticket, order)
    elif ticket.incident is None:
        refuse(turn, ticket, order, phrase(turn, "order.no_incident"))
    elif standing.meant(turn, order) is not False:
        refuse(turn, ticket, order, phrase(turn, "order.only_no", number=ticket.incident.number))
    else:
        number = ticket.incident.number
        belonging.leave(turn, ticket)
        tell(turn, ticket, "order.incident_left", number=number)
