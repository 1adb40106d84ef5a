"""What the bot asks and shows by itself: greeting, questions, menu, the client's requests and profile."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from enum import Enum
from functools import lru_cache

from connector.domain.card import topic_title
from connector.domain.client import Stage
from connector.domain.decide.turn import Buttons, Menu, Turn
from connector.domain.effects import Button, SendFiles, Urgency
from connector.domain.policy import Policy
from connector.domain.refs import Ref
from connector.domain.say import title
from connector.domain.text import shorten
from connector.domain.ticket import Ticket
from connector.domain.words import File, FileKind, Words

BUTTON_DATA = 64
"""Bytes a button can carry."""
_LONGEST_LABEL = 64
_LONGEST_CABINET = 256


class Wish(Enum):
    """What a command or a press of the menu asks for."""

    START = "/start"
    HELP = "/help"
    REQUESTS = "/requests"
    PROFILE = "/profile"
    NEW = "/new"


_COMMANDS = {wish.value: wish for wish in Wish}
_MENU = {"menu.requests": Wish.REQUESTS, "menu.profile": Wish.PROFILE, "menu.new": Wish.NEW}


def wish_of(policy: Policy, words: Words) -> Wish | None:
    """The wish a message is, in any of the languages; None when it is a message to people."""
    plain = words.text.plain
    if not plain or words.files or words.forwarded_from is not None:
        return None
    if plain.startswith("/"):
        return _COMMANDS.get(plain.split(maxsplit=1)[0].partition("@")[0].lower())
    if len(plain) > _LONGEST_LABEL:
        return None
    said = folded(plain)
    for texts in policy.texts.values() if said else ():
        for name, wish in _MENU.items():
            if name in texts and folded(texts[name]) == said:
                return wish
    return None


@lru_cache(maxsize=1024)
def folded(label: str) -> str:
    """Letters and digits only, without case: how a label is compared with what somebody typed."""
    return "".join(sign for sign in label.casefold() if sign.isalnum())


def menu(turn: Turn) -> Menu:
    """The keyboard of the chat."""
    return ((turn.say("menu.requests"), turn.say("menu.profile")), (turn.say("menu.new"),))


def greet(turn: Turn) -> None:
    """The first words; the menu appears as soon as nothing compulsory is missing."""
    missing = turn.policy.cabinet is not None and turn.client.cabinet is None
    turn.tell("greeting", turn.say("greeting"), menu=None if missing else menu(turn))


def ask_cabinet(turn: Turn, name: str = "cabinet.ask") -> None:
    """Asks for the account id, with the hint and its picture."""
    turn.client = replace(turn.client, stage=Stage.CABINET)
    rule = turn.policy.cabinet
    hint = title(rule.hint, turn.policy, turn.client.language) if rule else ""
    turn.tell("cabinet", _paragraphs(turn.say(name), hint))
    if rule is not None and rule.picture is not None:
        tail = rule.picture.replace("\\", "/").rpartition("/")[2] or "hint.png"
        picture = File(ref=Ref(port="local", id=rule.picture), kind=FileKind.PHOTO, name=tail)
        turn.effects.append(
            SendFiles(
                key=turn.name("picture"),
                ticket=None,
                chat=turn.client.chat,
                files=(picture,),
                urgency=Urgency.ACKNOWLEDGE,
            )
        )


def refuse_cabinet(turn: Turn, attempt: str) -> None:
    """Says that this is no account id, and how one looks."""
    rule = turn.policy.cabinet
    hint = title(rule.hint, turn.policy, turn.client.language) if rule else ""
    turn.tell("cabinet", _paragraphs(turn.say("cabinet.wrong", cabinet=attempt), hint))


def ask_topic(turn: Turn) -> None:
    """Offers the topics as buttons and as a numbered list: a tap may be lost, a word is not."""
    client, policy = turn.client, turn.policy
    turn.client = replace(client, stage=Stage.TOPIC, topic=None)
    titles = [topic_title(policy, client.language, topic.key) for topic in policy.topics]
    buttons = [
        Button(label=label, data=f"topic:{topic.key}") for label, topic in zip(titles, policy.topics, strict=True)
    ]
    rows = tuple(tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2))
    if client.kept:
        # Whoever only went on talking can say so: the words go where they belong.
        rows += tuple((_ticket_button(turn, ticket),) for ticket in client.tickets if ticket.open)
    question = turn.say("topic.kept" if client.kept else "topic.ask")
    listed = "\n".join(f"{number}. {label}" for number, label in enumerate(titles, 1))
    turn.tell("topics", _paragraphs(question, listed), buttons=rows)


def ask_words(turn: Turn, topic: str) -> None:
    """Asks what has happened, with the topic's own hint where it has one."""
    client, policy = turn.client, turn.policy
    turn.client = replace(client, stage=Stage.WORDS, topic=topic)
    found = policy.topic(topic)
    name = topic_title(policy, client.language, topic)
    hint = title(found.hint, policy, client.language) if found else ""
    text = _paragraphs(turn.say("topic.chosen", topic=name), hint) if hint else turn.say("words.ask", topic=name)
    leave = any(ticket.open for ticket in client.tickets)
    buttons: Buttons = ((Button(label=turn.say("button.cancel"), data="cancel"),),) if leave else ()
    turn.tell("words", text, buttons=buttons)


def show_requests(turn: Turn) -> None:
    """The open requests with where they stand; with several, a button each to go on with it."""
    live = sorted((ticket for ticket in turn.client.tickets if ticket.open), key=lambda each: each.number)
    if not live:
        turn.tell("requests", turn.say("requests.none"), menu=menu(turn))
        return
    items = [
        turn.say(
            "requests.item",
            number=ticket.number,
            subject=ticket.subject,
            status=turn.say(f"phase.{ticket.phase}"),
        )
        for ticket in live[-20:]
    ]
    if len(live) == 1:
        turn.tell("requests", _paragraphs(turn.say("requests.head"), *items), menu=menu(turn))
        return
    buttons = tuple((_ticket_button(turn, ticket),) for ticket in live[-20:])
    parts = (turn.say("requests.head"), "\n".join(items), turn.say("requests.choose"))
    turn.tell("requests", _paragraphs(*parts), buttons=buttons)


def show_profile(turn: Turn, note: str = "") -> None:
    """Name and account ids; one tap switches, adds, removes or logs out. `note` says what has just changed."""
    client = turn.client
    lines = [turn.say("profile.head", name=client.name)]
    buttons: Buttons = ()
    if turn.policy.cabinet is not None:
        lines += [
            turn.say("profile.current" if each == client.cabinet else "profile.cabinet", cabinet=each)
            for each in client.cabinets
        ] or [turn.say("profile.none")]
        if len(client.cabinets) > 1:
            lines.append(turn.say("profile.choose"))
            buttons += tuple(
                (Button(label=shorten(each, 40), data=f"use:{cabinet_mark(each)}"),)
                for each in client.cabinets
                if each != client.cabinet
            )
        buttons += ((Button(label=turn.say("button.add"), data="cabinet:add"),),)
        buttons += tuple(
            (
                Button(
                    label=turn.say("button.drop", cabinet=shorten(each, 30)),
                    data=f"drop:{cabinet_mark(each)}",
                ),
            )
            for each in client.cabinets
        )
        if client.cabinets:
            buttons += ((Button(label=turn.say("button.leave"), data="leave"),),)
    text = "\n".join(lines)
    turn.tell("profile", _paragraphs(note, text), buttons=buttons)


def fits_cabinet(policy: Policy, text: str) -> bool:
    """Whether the text is an account id from its first to its last character."""
    rule = policy.cabinet
    return rule is not None and 0 < len(text) <= _LONGEST_CABINET and bool(re.fullmatch(rule.pattern, text))


def cabinet_mark(cabinet: str) -> str:
    """The account id as a button carries it: a fingerprint, so that it fits however long the id is."""
    return hashlib.sha256(cabinet.encode()).hexdigest()[:16]


def _ticket_button(turn: Turn, ticket: Ticket) -> Button:
    label = turn.say("button.ticket", number=ticket.number, subject=shorten(ticket.subject, 30))
    return Button(label=label, data=f"ticket:{ticket.id}")


def _paragraphs(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)
