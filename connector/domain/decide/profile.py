"""The client's profile: who they are to us, their account ids, language and wishes."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from connector.domain.client import Stage
from connector.domain.decide import asking, languages
from connector.domain.decide.registering import lacking
from connector.domain.decide.turn import Buttons, Turn, menu, paragraphs
from connector.domain.effects import Button
from connector.domain.text import shorten


def show(turn: Turn, note: str = "") -> None:
    """Who the client is to us; one tap changes it. `note` says what has just changed."""
    client, policy = turn.client, turn.policy
    lines = [turn.say("profile.head", name=client.group or client.name)]
    if policy.cabinet is not None:
        lines += [_cabinet_line(turn, each) for each in client.cabinets] or [turn.say("profile.none")]
        if len(client.cabinets) > 1:
            lines.append(turn.say("profile.choose"))
    if len(policy.texts) > 1:
        lines.append(turn.say("profile.language", language=languages.name(turn, languages.spoken(turn))))
    if client.phone is not None:
        lines.append(turn.say("profile.phone", phone=client.phone))
    if policy.triggers and client.silent:
        lines.append(turn.say("profile.silent"))
    buttons = (*_cabinet_buttons(turn), *languages.others(turn), *_wish_buttons(turn))
    turn.tell("profile", paragraphs(note, "\n".join(lines)), buttons=buttons)


def _cabinet_line(turn: Turn, cabinet: str) -> str:
    name = "profile.current" if cabinet == turn.client.cabinet else "profile.cabinet"
    line = turn.say(name, cabinet=cabinet)
    return f"{line} {turn.say('profile.unverified')}" if cabinet in turn.client.unverified else line


def _cabinet_buttons(turn: Turn) -> Buttons:
    client = turn.client
    if turn.policy.cabinet is None:
        return ()
    rows = [
        Button(label=shorten(each, 40), data=f"use:{cabinet_mark(each)}")
        for each in client.cabinets
        if each != client.cabinet
    ]
    rows.append(Button(label=turn.say("button.add"), data="cabinet:add"))
    rows += [
        Button(label=turn.say("button.drop", cabinet=shorten(each, 30)), data=f"drop:{cabinet_mark(each)}")
        for each in client.cabinets
    ]
    return tuple((each,) for each in rows)


def _wish_buttons(turn: Turn) -> Buttons:
    client = turn.client
    rows = []
    if asking.contact_key(turn) is not None:
        rows.append(Button(label=turn.say("button.contact"), data="phone"))
    if turn.policy.triggers:
        label, wish = ("button.hear", "hear") if client.silent else ("button.quiet", "silent")
        rows.append(Button(label=turn.say(label), data=wish))
    if _to_forget(turn):
        rows.append(Button(label=turn.say("button.leave"), data="leave"))
    return tuple((each,) for each in rows)


def cabinet_tapped(turn: Turn, kind: str, mark: str) -> str:
    """Switches to an account id, or drops it. Returns the notice of the tap."""
    client = turn.client
    cabinet = next((each for each in client.cabinets if cabinet_mark(each) == mark), None)
    if cabinet is None:
        return turn.say("tap.gone")
    if kind == "use":
        turn.client = replace(client, cabinet=cabinet)
        show(turn, turn.say("profile.switched", cabinet=cabinet))
        return ""
    left = tuple(each for each in client.cabinets if each != cabinet)
    current = client.cabinet if client.cabinet != cabinet else (left[-1] if left else None)
    unverified = tuple(each for each in client.unverified if each != cabinet)
    shared = tuple(each for each in client.shared if each != cabinet)
    turn.client = replace(client, cabinet=current, cabinets=left, unverified=unverified, shared=shared)
    show(turn, turn.say("profile.dropped", cabinet=cabinet))
    return ""


def language_tapped(turn: Turn, tag: str) -> str:
    """Speaks another language from now on, and repeats the question that waits. Returns the notice of the tap."""
    client = turn.client
    if tag not in turn.policy.texts:
        return turn.say("tap.gone")
    if tag == client.spoken:
        return turn.say("language.changed")
    turn.client = client = replace(client, spoken=tag)
    changed = turn.say("language.changed")
    absent = lacking(turn)
    if client.stage is Stage.CABINET or (client.stage is Stage.CHECKING and absent):
        kept = "cabinet.kept" if client.kept else "cabinet.ask"
        asking.ask_cabinet(turn, kept if absent else "cabinet.add", before=changed)
        return ""
    turn.tell("language", changed, menu=None if absent else menu(turn))
    if client.stage is Stage.TOPIC:
        asking.ask_topic(turn, group=client.topic_group)
    elif client.stage is Stage.WORDS and client.topic is not None:
        asking.ask_words(turn, client.topic)
    return ""


def phone_tapped(turn: Turn) -> str:
    """Shows the key that shares the phone number. Returns the notice of the tap."""
    key = asking.contact_key(turn)
    if key is None:
        return turn.say("tap.gone")
    turn.tell("phone", turn.say("contact.ask"), menu=key if lacking(turn) else (*key, *menu(turn)))
    return ""


def _to_forget(turn: Turn) -> bool:
    """Whether logging out would change anything."""
    client = turn.client
    more = turn.policy.forget_on_leaving and (client.phone is not None or client.spoken is not None)
    return bool(client.cabinets) or client.checking is not None or more


def leaving(turn: Turn) -> str:
    """Asks once more: what is forgotten has to be typed again. Returns the notice of the tap."""
    if not _to_forget(turn):
        return turn.say("tap.gone")
    sure = Button(label=turn.say("button.sure"), data="leave!")
    keep = Button(label=turn.say("button.keep"), data="keep")
    turn.tell("leave", turn.say("leave.ask"), buttons=((sure, keep),))
    return ""


def left(turn: Turn) -> str:
    """Logs out. Requests stay, and so do words that wait for theirs: only who wrote them is forgotten.

    Returns the notice of the tap.
    """
    if not _to_forget(turn):
        return turn.say("tap.gone")
    forget = turn.policy.forget_on_leaving
    # Said in the language that is about to be forgotten.
    turn.tell("left", turn.say("profile.forgotten" if forget else "profile.left"))
    client = replace(turn.client, cabinet=None, cabinets=(), unverified=(), shared=(), checking=None, attempts=0)
    if turn.policy.cabinet is not None:
        stage = Stage.READY if any(ticket.open for ticket in client.tickets) else Stage.NEW
        client = replace(client, stage=stage, topic=client.topic if client.kept else None)
    if forget:
        client = replace(client, name="", username=None, phone=None, spoken=None, registered_at=None)
    turn.client = client
    return ""


def cabinet_mark(cabinet: str) -> str:
    """The account id as a button carries it: a fingerprint, so that it fits however long the id is."""
    return hashlib.sha256(cabinet.encode()).hexdigest()[:16]
