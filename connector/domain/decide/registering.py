"""Who the client is: their name and language as they write, the account id they are asked for once, their phone."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import replace

from connector.domain.client import Kept, Stage
from connector.domain.decide import asking
from connector.domain.decide.tickets import advance
from connector.domain.decide.turn import Turn, menu
from connector.domain.effects import Verdict, VerifyCabinet
from connector.domain.policy import Policy
from connector.domain.refs import Ref
from connector.domain.words import Person, Words

_LONGEST_CABINET = 256
_LONGEST_ATTEMPT = 32
_MOST_AROUND = 6
"""Words of an answer to the question for the account id; a longer message has something else to say too."""
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
_REGISTERING = (Stage.NEW, Stage.CABINET, Stage.CHECKING)


def meet(turn: Turn, author: Person, group: str | None = None) -> None:
    """Learns who writes. In a group many do: the name stays that of the first, unless it is plainly the same person."""
    client = turn.client
    same = (
        not client.name
        or author.name == client.name
        or (author.username is not None and author.username == client.username)
    )
    if same:
        language = author.language or client.language
        if (author.name, author.username, language) != (client.name, client.username, client.language):
            client = replace(client, name=author.name, username=author.username, language=language)
    if group is not None and group != client.group:
        client = replace(client, group=group)
    if client.registered_at is None and turn.policy.cabinet is None:
        client = replace(client, registered_at=turn.at)
    turn.client = client


def started(turn: Turn, words: Words) -> None:
    """The first words, with the question that waits; a link that names the account id has answered it already."""
    cabinet = _linked_cabinet(turn.policy, words)
    client = turn.client
    if cabinet is not None and cabinet not in (client.cabinet, client.checking):
        if lacking(turn):
            asking.greet(turn)
        take_cabinet(turn, cabinet)
        return
    asking.greet(turn)
    if lacking(turn) or client.kept or client.stage in (Stage.TOPIC, Stage.WORDS):
        advance(turn)
    else:
        turn.client = replace(client, stage=Stage.READY)


# https://core.telegram.org/bots/features#deep-linking
def _linked_cabinet(policy: Policy, words: Words) -> str | None:
    """The account id behind the command, as it is or as base64url without padding; None when there is no such."""
    code = words.text.plain.partition(" ")[2].strip()
    if fits_cabinet(policy, code):
        return code
    if not _BASE64URL.fullmatch(code):
        return None
    try:
        decoded = base64.urlsafe_b64decode(code + "=" * (-len(code) % 4)).decode().strip()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return decoded if fits_cabinet(policy, decoded) else None


# ---- the account id


def fits_cabinet(policy: Policy, text: str) -> bool:
    """Whether the text is an account id from its first to its last character."""
    rule = policy.cabinet
    return rule is not None and 0 < len(text) <= _LONGEST_CABINET and bool(re.fullmatch(rule.pattern, text))


def cabinet_attempt(words: Words) -> str | None:
    """One word with a digit in it: meant as an account id, right or wrong."""
    plain = words.text.plain.strip()
    if not _bare(words) or not 0 < len(plain) <= _LONGEST_ATTEMPT or len(plain.split()) != 1:
        return None
    return plain if any(sign.isdigit() for sign in plain) else None


def _bare(words: Words) -> bool:
    """Whether a message is nothing but its text, written by its sender."""
    other = words.files or words.location or words.contact or words.emoji or words.oddity
    return not other and words.forwarded_from is None


def _cabinet_in(policy: Policy, words: Words, most: int) -> str | None:
    """The account id a message gives: alone, or as the only one among at most `most` words."""
    plain = words.text.plain.strip()
    if not plain or not _bare(words):
        return None
    if fits_cabinet(policy, plain):
        return plain
    tokens = plain.split()
    if not any(sign.isalpha() for sign in plain) and (whole := _fitting(policy, "".join(tokens))) is not None:
        return whole
    if len(tokens) > most:
        return None
    found = {fitting for token in tokens if (fitting := _fitting(policy, token)) is not None}
    return found.pop() if len(found) == 1 else None


def _fitting(policy: Policy, token: str) -> str | None:
    """The word, or what is left of it without the signs around it, where that is an account id."""
    if fits_cabinet(policy, token):
        return token
    inner = re.sub(r"^\W+|\W+$", "", token)
    return inner if fits_cabinet(policy, inner) else None


def answered(turn: Turn, message: Kept) -> bool:
    """Whether the message answers the question for the account id, rightly or wrongly; if not, it is for people.

    Words around the id are an answer's only while we wait for it and cannot go on without.
    """
    client, words = turn.client, message.words
    match client.stage:
        case Stage.NEW:
            if client.cabinet is not None or cabinet_attempt(words) is None:
                return False
            most = 1
        case Stage.CABINET:
            most = _MOST_AROUND if client.cabinet is None else 1
        case Stage.CHECKING:
            most = 1
        case _:
            return False
    cabinet = _cabinet_in(turn.policy, words, most)
    if cabinet is not None:
        take_cabinet(turn, cabinet)
        return True
    attempt = cabinet_attempt(words)
    if turn.policy.cabinet is None or attempt is None or client.stage is not Stage.CABINET:
        return False
    asking.refuse_cabinet(turn, attempt)
    return True


def take_cabinet(turn: Turn, cabinet: str) -> None:
    """An account id that fits: remembered, or first looked up where the mapping says so. The latest one counts."""
    client, rule = turn.client, turn.policy.cabinet
    known = cabinet in client.cabinets and cabinet not in client.unverified
    if known or rule is None or not rule.verified:
        _remember(turn, cabinet, "cabinet.saved", answered=client.stage in _REGISTERING)
        return
    waiting = client.stage in _REGISTERING or lacking(turn)
    turn.client = replace(client, stage=Stage.CHECKING if waiting else client.stage, checking=cabinet)
    turn.effects.append(VerifyCabinet(key=turn.name("verify"), cabinet=cabinet))
    if client.checking is None:
        turn.tell("checking", turn.say("cabinet.checking", cabinet=cabinet))


def verified(turn: Turn, cabinet: str, verdict: Verdict) -> None:
    """The look-up of an account id has ended. One that is no longer asked for is left alone."""
    client, rule = turn.client, turn.policy.cabinet
    if client.checking != cabinet:
        return
    answered = client.stage is Stage.CHECKING
    match verdict:
        case Verdict.KNOWN:
            _remember(turn, cabinet, "cabinet.saved", answered=answered)
        case Verdict.UNKNOWN if rule is not None and not rule.accept_unknown:
            asked = answered or client.cabinet is None
            turn.client = replace(client, checking=None, stage=Stage.CABINET if asked else client.stage)
            asking.refuse_cabinet(turn, cabinet, "cabinet.unknown")
        case Verdict.UNKNOWN | Verdict.UNVERIFIED:
            _remember(turn, cabinet, "cabinet.unverified", answered=answered, unverified=True)


def verdict_of(made: tuple[Ref, ...]) -> Verdict:
    """What a look-up made, read; whatever says nothing clear is no verdict against the client."""
    told = made[0].id if made else ""
    return Verdict(told) if told in tuple(Verdict) else Verdict.UNVERIFIED


def _remember(turn: Turn, cabinet: str, text: str, *, answered: bool, unverified: bool = False) -> None:
    """Kept for ever, and used for every request from now on; what the question held up goes on where it `answered`."""
    client = turn.client
    others = tuple(each for each in client.unverified if each != cabinet)
    turn.client = replace(
        client,
        stage=Stage.READY if answered else client.stage,
        cabinets=client.cabinets if cabinet in client.cabinets else (*client.cabinets, cabinet),
        cabinet=cabinet,
        unverified=(*others, cabinet) if unverified else others,
        checking=None,
        attempts=0,
        registered_at=client.registered_at or turn.at,
    )
    turn.tell("saved", turn.say(text, cabinet=cabinet), menu=menu(turn))
    if answered and (client.cabinet is None or client.kept or client.topic is not None):
        advance(turn)


def lacking(turn: Turn) -> bool:
    """Whether the compulsory account id is missing."""
    return turn.policy.cabinet is not None and turn.client.cabinet is None


def go_on(turn: Turn) -> None:
    """Nothing is lacking (another id was to be added, or the rule is gone): the dialogue is where it was before."""
    client = turn.client
    turn.client = replace(client, stage=Stage.READY if client.topic is None else Stage.WORDS)


# ---- the phone


def shared_contact(turn: Turn, words: Words) -> bool:
    """Learns the client's own phone number. Whether that was all: with a request under way it is a message as well.

    Somebody else's contact is a message like any other; while we ask for the client's own, they are told so.
    """
    client, contact = turn.client, words.contact
    if contact is None or not turn.policy.contact or client.group is not None:
        return False
    asked = client.stage in _REGISTERING and lacking(turn)
    if not contact.own or words.forwarded_from is not None:
        if asked and client.phone is None:
            turn.tell("contact", turn.say("contact.foreign"))
        return False
    turn.client = replace(client, phone=contact.phone)
    thanks = turn.say("contact.thanks", phone=contact.phone)
    writing = client.stage is Stage.WORDS or client.kept or client.undecided
    alone = not writing and not any(ticket.open for ticket in client.tickets)
    if asked and alone:
        asking.ask_cabinet(turn, before=thanks, keys=())
    else:
        turn.tell("contact", thanks, menu=() if lacking(turn) else menu(turn))
    return alone
