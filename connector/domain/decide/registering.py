"""Who the client is: their name and language as they write, and the account id they are asked for once."""

from __future__ import annotations

import re
from dataclasses import replace

from connector.domain.client import Stage
from connector.domain.decide.tickets import advance
from connector.domain.decide.turn import Turn, menu
from connector.domain.policy import Policy
from connector.domain.words import Person, Words

_LONGEST_CABINET = 256
_LONGEST_ATTEMPT = 32


def meet(turn: Turn, author: Person) -> None:
    """Learns who writes. In a group many do: the name stays that of the first, unless it is plainly the same person."""
    client = turn.client
    same = (
        not client.name
        or author.name == client.name
        or (author.username is not None and author.username == client.username)
    )
    language = author.language or client.language
    if same and (author.name, author.username, language) != (client.name, client.username, client.language):
        turn.client = replace(client, name=author.name, username=author.username, language=language)


def fits_cabinet(policy: Policy, text: str) -> bool:
    """Whether the text is an account id from its first to its last character."""
    rule = policy.cabinet
    return rule is not None and 0 < len(text) <= _LONGEST_CABINET and bool(re.fullmatch(rule.pattern, text))


def cabinet_attempt(words: Words) -> str | None:
    """One word with a digit in it: meant as an account id, right or wrong."""
    plain = words.text.plain.strip()
    bare = not words.files and words.location is None and words.contact is None and words.forwarded_from is None
    if not bare or not 0 < len(plain) <= _LONGEST_ATTEMPT or len(plain.split()) != 1:
        return None
    return plain if any(sign.isdigit() for sign in plain) else None


def remember_cabinet(turn: Turn, cabinet: str) -> None:
    """Kept for ever, and used for every request from now on."""
    client = turn.client
    added = client.cabinet is not None
    cabinets = client.cabinets if cabinet in client.cabinets else (*client.cabinets, cabinet)
    turn.client = replace(client, stage=Stage.READY, cabinets=cabinets, cabinet=cabinet)
    turn.tell("saved", turn.say("cabinet.saved", cabinet=cabinet), menu=menu(turn))
    if not added or client.kept or client.topic is not None:
        advance(turn)
