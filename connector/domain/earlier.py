"""Earlier requests of a client and their cabinet, as the card of a later one tells of them."""

from __future__ import annotations

from datetime import datetime, tzinfo

from connector.domain import kindred
from connector.domain.card import link_to, topic_title, unmarked, zone_of
from connector.domain.client import Client
from connector.domain.policy import Policy
from connector.domain.say import say
from connector.domain.text import shorten
from connector.domain.ticket import Outcome, Past, Ticket

SUBJECT_LENGTH = 60
"""Characters of what a request was about."""
ANSWER_LENGTH = 120
"""Characters of the last answer."""


def told_elsewhere(ticket: Ticket) -> tuple[object, ...]:
    """What of a request stands on the cards of later ones: while this stays as it is, so do they."""
    answer = "" if ticket.open else _answer(ticket)
    return ticket.topic, ticket.cabinet, ticket.card, ticket.closed_at, ticket.outcome, ticket.mark, answer


def past_of(ticket: Ticket, *, own: bool) -> Past:
    """The request as later ones tell of it; `own` when it is the same client's."""
    return Past(
        id=ticket.id,
        number=ticket.number,
        topic=ticket.topic,
        subject=ticket.subject,
        opened_at=ticket.opened_at,
        closed_at=ticket.closed_at,
        outcome=ticket.outcome,
        mark=ticket.mark,
        answer=_answer(ticket),
        card=ticket.card,
        cabinet=ticket.cabinet,
        own=own,
        taken=ticket.taken,
    )


def block(policy: Policy, client: Client, ticket: Ticket) -> str:
    """The lines on the card of `ticket` that change by themselves: the incident it belongs to, who writes in a group,
    then the requests of its client and cabinet that were opened before it. On an incident's card: its requests.

    Newest first, as many as the mapping shows, then the count of the rest; empty when there is nothing to tell. Reads
    `client.past`, which must be loaded. The addresses of cards stand in it as `card.linked` fills them in.
    """
    if client.incident is not None:
        return kindred.listing(policy, client.incident)
    people = ""
    if client.group and ticket.people:
        people = unmarked(say(policy, policy.default_language, "card.people", people=", ".join(ticket.people)))
    return "\n".join(
        part for part in (kindred.belonging(policy, ticket), people, _history(policy, client, ticket)) if part
    )


def _history(policy: Policy, client: Client, ticket: Ticket) -> str:
    found = [
        past
        for past in client.past
        if past.number < ticket.number and (past.own or (past.cabinet is not None and past.cabinet == ticket.cabinet))
    ]
    if policy.history is None or not found:
        return ""
    tongue = policy.default_language
    shown = found[: policy.history.shown]
    told = [say(policy, tongue, "card.history")]
    for past in shown:
        first, *more = map(unmarked, lines(policy, past, ticket))
        told += [first + link_to(past.card) if past.card is not None else first, *more]
    rest = max(ticket.earlier, len(found)) - len(shown)
    if rest:
        told.append(say(policy, tongue, "card.past_more", count=rest))
    return "\n".join(told)


def lines(policy: Policy, past: Past, ticket: Ticket) -> list[str]:
    """One earlier request, as the card of `ticket` tells of it."""
    tongue, zone = policy.default_language, zone_of(policy, ticket.service_class)
    values = {
        "number": past.number,
        "subject": shorten(past.subject, SUBJECT_LENGTH),
        "topic": topic_title(policy, tongue, past.topic),
        "since": _date(past.opened_at, zone),
    }
    if past.closed_at is None:
        line = say(policy, tongue, "card.past_open", **values)
    else:
        outcome = say(policy, tongue, f"outcome.{past.outcome or Outcome.DONE}")
        line = say(policy, tongue, "card.past", **values, until=_date(past.closed_at, zone), outcome=outcome)
    marks = policy.rating.marks if policy.rating is not None else ()
    emoji = next((mark.emoji for mark in marks if mark.key == past.mark), None)
    if emoji is not None:
        line = f"{line} {emoji}"
    if not past.own:
        line = f"{line} {say(policy, tongue, 'card.past_other')}"
    # Of an open one the answers still come and go: they are not told before it has ended.
    if past.answer and past.closed_at is not None:
        return [line, say(policy, tongue, "card.past_answer", text=shorten(past.answer, ANSWER_LENGTH))]
    return [line]


def _answer(ticket: Ticket) -> str:
    # Tickets of an earlier version kept their answers only among their latest lines.
    return ticket.answer or next((line.text for line in reversed(ticket.lines) if line.ours), "")


def _date(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%d.%m.%Y}"
