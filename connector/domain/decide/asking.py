"""What the bot asks: greeting, account id, topic, words; and what the client asks of the bot by a word."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from functools import lru_cache

from connector.domain.card import topic_title
from connector.domain.client import Stage
from connector.domain.decide.turn import Buttons, Turn, menu, paragraphs, ticket_button
from connector.domain.effects import Button, SendFiles, Urgency
from connector.domain.policy import Policy
from connector.domain.refs import Ref
from connector.domain.say import title
from connector.domain.words import File, FileKind, Words

_LONGEST_LABEL = 64


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


def greet(turn: Turn) -> None:
    """The first words; the menu appears as soon as nothing compulsory is missing."""
    missing = turn.policy.cabinet is not None and turn.client.cabinet is None
    turn.tell("greeting", turn.say("greeting"), menu=None if missing else menu(turn))


def ask_cabinet(turn: Turn, name: str = "cabinet.ask") -> None:
    """Asks for the account id, with the hint and its picture."""
    turn.client = replace(turn.client, stage=Stage.CABINET)
    rule = turn.policy.cabinet
    hint = title(rule.hint, turn.policy, turn.client.tongue) if rule else ""
    turn.tell("cabinet", paragraphs(turn.say(name), hint))
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
    hint = title(rule.hint, turn.policy, turn.client.tongue) if rule else ""
    turn.tell("cabinet", paragraphs(turn.say("cabinet.wrong", cabinet=attempt), hint))


def ask_topic(turn: Turn) -> None:
    """Offers the topics as buttons and as a numbered list: a tap may be lost, a word is not."""
    client, policy = turn.client, turn.policy
    turn.client = replace(client, stage=Stage.TOPIC, topic=None)
    titles = [topic_title(policy, client.tongue, topic.key) for topic in policy.topics]
    buttons = [
        Button(label=label, data=f"topic:{topic.key}") for label, topic in zip(titles, policy.topics, strict=True)
    ]
    rows = tuple(tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2))
    if client.kept:
        # Whoever only went on talking can say so: the words go where they belong.
        rows += tuple((ticket_button(turn, ticket),) for ticket in client.tickets if ticket.open)
    question = turn.say("topic.kept" if client.kept else "topic.ask")
    listed = "\n".join(f"{number}. {label}" for number, label in enumerate(titles, 1))
    turn.tell("topics", paragraphs(question, listed), buttons=rows)


def ask_words(turn: Turn, topic: str) -> None:
    """Asks what has happened, with the topic's own hint where it has one."""
    client, policy = turn.client, turn.policy
    turn.client = replace(client, stage=Stage.WORDS, topic=topic)
    found = policy.topic(topic)
    name = topic_title(policy, client.tongue, topic)
    hint = title(found.hint, policy, client.tongue) if found else ""
    text = paragraphs(turn.say("topic.chosen", topic=name), hint) if hint else turn.say("words.ask", topic=name)
    leave = any(ticket.open for ticket in client.tickets)
    buttons: Buttons = ((Button(label=turn.say("button.cancel"), data="cancel"),),) if leave else ()
    turn.tell("words", text, buttons=buttons)
