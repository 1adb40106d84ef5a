"""What cards tell of an incident: its own, with a list of its requests, and that of each of these."""

from __future__ import annotations

from connector.domain.card import TITLE_LENGTH, link_to, unmarked
from connector.domain.incident import Child, Incident, Standing
from connector.domain.policy import Policy
from connector.domain.say import say
from connector.domain.text import shorten
from connector.domain.ticket import Ticket

LISTED = 100
"""Requests that are listed on an incident's card; of further ones only the number is told."""
_SUBJECT = 60


def title(policy: Policy, ticket: Ticket) -> str:
    """The title of an incident's card."""
    name = say(policy, policy.default_language, "card.incident", number=ticket.number, subject=ticket.subject)
    return shorten(name, TITLE_LENGTH)


def description(policy: Policy, word: str) -> str:
    """What an agent who comes upon an incident's card must know; `word` is the order that confirms or dissolves it."""
    return unmarked(say(policy, policy.default_language, "card.incident_how", word=word))


def listing(policy: Policy, incident: Incident) -> str:
    """The lines on an incident's card: how it stands, how far its answers got, and its requests with their cards."""
    tongue = policy.default_language
    children = incident.children
    still = sum(child.open for child in children)
    lines = [
        say(policy, tongue, f"card.incident_{incident.standing.value}"),
        say(policy, tongue, "card.incident_count", count=len(children), open=still),
    ]
    if incident.answers and incident.standing is Standing.CONFIRMED:
        reached = sum(child.arrived > 0 for child in children)
        lines.append(say(policy, tongue, "card.incident_reached", count=reached))
        missed = [f"№{child.number}" for child in children if child.trouble]
        if missed:
            lines.append(say(policy, tongue, "card.incident_missed", numbers=", ".join(missed[:LISTED])))
    lines += [_line(policy, child) for child in children[:LISTED]]
    if len(children) > LISTED:
        lines.append(say(policy, tongue, "card.past_more", count=len(children) - LISTED))
    return "\n".join(lines)


def _line(policy: Policy, child: Child) -> str:
    name = "card.incident_child" if child.open else "card.incident_child_closed"
    line = say(
        policy,
        policy.default_language,
        name,
        number=child.number,
        client=child.name or "—",
        subject=shorten(child.subject, _SUBJECT),
    )
    line = unmarked(line)
    return line + link_to(child.card) if child.card is not None else line


def belonging(policy: Policy, ticket: Ticket) -> str:
    """The line on the card of a request that belongs to an incident; empty where it belongs to none."""
    if ticket.incident is None:
        return ""
    line = say(policy, policy.default_language, "card.of_incident", number=ticket.incident.number)
    return line + link_to(ticket.incident.card) if ticket.incident.card is not None else line
