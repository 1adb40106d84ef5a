"""A request that is being opened, held against those opened lately: is it one of many about the same fault?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from connector.domain.client import Kept
from connector.domain.decide.turn import Turn
from connector.domain.events import RequestsJoined
from connector.domain.incident import Child, Kin, Noticed, Opening, Recent, incident_id
from connector.domain.likeness import WORDLESS, alike, stems
from connector.domain.policy import IncidentRule
from connector.domain.refs import ClientId, Key
from connector.domain.ticket import Ticket

FOUNDERS = 12
"""Requests whose words an incident is remembered by."""
OF_THEM = 2
"""To so many of them a later request must be alike (to the only one, where there is one): one may be an odd one out."""


def notice(turn: Turn, ticket: Ticket, messages: Sequence[Sequence[Kept]]) -> None:
    """Tells the incident it belongs to, or founds one, where the mapping looks for such.

    The first time a decision is asked nobody knows what was opened lately: then the request is only named.
    """
    rule = turn.policy.incidents
    if rule is None or (rule.topics and ticket.topic not in rule.topics):
        return
    words = stems("\n".join(part.words.text.plain for parts in messages for part in parts))
    if not words and rule.wordless:
        words = (WORDLESS,)
    opening = Opening(
        ticket=ticket.id,
        client=turn.client.id,
        number=ticket.number,
        topic=ticket.topic,
        service_class=ticket.service_class,
        at=turn.at,
        name=turn.client.group or turn.client.name,
        subject=ticket.subject,
        words=words,
    )
    turn.noticed = found(rule, opening, turn.client.recent or Recent())
    _tell(turn, turn.noticed)


def found(rule: IncidentRule, opening: Opening, recent: Recent) -> Noticed:
    """What the request belongs to, by what is known of others.

    First a known incident, the newest first. Else it founds one with those alike to it, when so many clients have
    opened such, and whatever else is alike to two of these comes along.
    """
    since = opening.at - rule.window
    for kin in recent.kin:
        if _belongs(rule, opening.words, kin.founders):
            return Noticed(opening=_of(opening, kin.id), since=since)
    free = [each for each in recent.openings if each.incident is None and each.ticket != opening.ticket]
    free = [each for each in free if abs(each.at - opening.at) <= rule.window]
    like = [each for each in free if alike(each.words, opening.words) >= rule.alike]
    if len({each.client for each in like} | {opening.client}) < rule.at_least:
        return Noticed(opening=opening, since=since)
    kin = Kin(
        id=incident_id(opening.ticket),
        founders=tuple(dict.fromkeys(each.words for each in (*reversed(like), opening)))[-FOUNDERS:],
    )
    members = [each for each in free if each in like or _belongs(rule, each.words, kin.founders)]
    members.sort(key=lambda each: each.number)
    return Noticed(
        opening=_of(opening, kin.id), since=since, founded=kin, members=tuple(each.ticket for each in members)
    )


def _belongs(rule: IncidentRule, words: tuple[str, ...], founders: Iterable[tuple[str, ...]]) -> bool:
    founders = tuple(founders)
    return sum(alike(words, each) >= rule.alike for each in founders) >= min(OF_THEM, len(founders))


def _of(opening: Opening, incident: ClientId) -> Opening:
    return replace(opening, incident=incident)


def _tell(turn: Turn, noticed: Noticed) -> None:
    opening, recent = noticed.opening, turn.client.recent or Recent()
    if opening.incident is None or any(kin.id == opening.incident and not kin.joinable for kin in recent.kin):
        return
    members = [each for each in recent.openings if each.ticket in noticed.members]
    members.sort(key=lambda each: each.number)
    turn.tells.append(
        RequestsJoined(
            key=Key(f"joined:{opening.ticket}"),
            at=turn.at,
            client=opening.incident,
            topic=opening.topic,
            service_class=opening.service_class,
            children=tuple(
                Child(client=each.client, ticket=each.ticket, number=each.number, name=each.name, subject=each.subject)
                for each in (*members, opening)
            ),
        )
    )
