"""What an incident's card says to clients goes to each of its requests: answers, their changes, their end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from connector.domain.decide.replies import answer_to, remembered, spoken
from connector.domain.decide.turn import Turn
from connector.domain.decide.writing import took_part
from connector.domain.events import IncidentAnswered, IncidentTookBack
from connector.domain.incident import Answer, Belonging, Child, Incident, Standing
from connector.domain.refs import Key
from connector.domain.ticket import Held, Reply, Ticket
from connector.domain.words import File

ANSWERS = 20
"""Answers of an incident that are remembered."""


def answer(turn: Turn, ticket: Ticket, held: Held) -> Ticket:
    """A public comment on the incident's card, new or changed, for each of its requests. Returns its ticket as kept.

    Before the incident is confirmed it only waits.
    """
    incident = turn.client.incident
    assert incident is not None
    known = answer_to(ticket, held.comment) is not None
    fresh = Answer(
        comment=held.comment, author=held.author, at=held.at, text=held.text, files=held.files, template=held.template
    )
    if not known:
        ticket = took_part(spoken(turn, ticket, turn.at, held.text, held.files), held.author)
    ticket = remembered(ticket, Reply(comment=held.comment), held.files)
    turn.keep(ticket)
    former = next((each for each in incident.answers if each.comment == held.comment), None)
    if former is None:
        answers = (*incident.answers, fresh)[-ANSWERS:]
    else:
        whole = replace(fresh, files=(*former.files, *fresh.files), at=former.at)
        answers = tuple(whole if each is former else each for each in incident.answers)
    _remember(turn, replace(incident, answers=answers))
    match incident.standing:
        case Standing.SUSPECTED:
            turn.note("waits", ticket.id, "note.incident_waits", count=len(incident.children))
        case Standing.CONFIRMED:
            give(turn, incident.children, (fresh,), changed=known)
        case Standing.DISSOLVED:
            turn.note("nobody", ticket.id, "note.incident_nobody")
    return ticket


def followed(turn: Turn, ticket: Ticket, comment: Key, file: File) -> None:
    """A file joined a comment after it went to the clients."""
    incident = turn.client.incident
    known = next((each for each in incident.answers if each.comment == comment), None) if incident else None
    if incident is None or known is None:
        return
    whole = replace(known, files=(*known.files, file))
    turn.keep(remembered(ticket, Reply(comment=comment), (file,)))
    _remember(turn, replace(incident, answers=tuple(whole if each is known else each for each in incident.answers)))
    if incident.standing is Standing.CONFIRMED:
        give(turn, incident.children, (replace(known, files=(file,)),), changed=True)


def take_back(turn: Turn, ticket: Ticket, comment: Key) -> None:
    """An answer is taken back from everybody who has it; whoever comes later does not get it."""
    incident = turn.client.incident
    assert incident is not None
    turn.keep(replace(ticket, replies=tuple(each for each in ticket.replies if each.comment != comment)))
    answers = tuple(each for each in incident.answers if each.comment != comment)
    _remember(turn, replace(incident, answers=answers))
    if incident.standing is Standing.CONFIRMED:
        turn.tells += [
            IncidentTookBack(
                key=turn.name(f"back/{child.ticket}"),
                at=turn.at,
                client=child.client,
                ticket=child.ticket,
                comment=comment,
            )
            for child in incident.children
        ]


def give(turn: Turn, children: Iterable[Child], answers: Iterable[Answer], *, changed: bool = False) -> None:
    """Each of these answers to each of these requests; closed ones take only changes of what they got."""
    belonging = belongs(turn)
    turn.tells += [
        IncidentAnswered(
            key=turn.name(f"answer/{answer.comment}/{child.ticket}"),
            at=turn.at,
            client=child.client,
            ticket=child.ticket,
            incident=belonging,
            answer=answer,
            changed=changed,
        )
        for child in children
        if child.open or changed
        for answer in answers
    ]


def belongs(turn: Turn) -> Belonging:
    """What each of its requests knows of the incident."""
    parent = turn.client.tickets[0]
    return Belonging(id=turn.client.id, number=parent.number, card=parent.card)


def _remember(turn: Turn, incident: Incident) -> None:
    turn.client = replace(turn.client, incident=incident)
