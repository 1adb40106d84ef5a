"""What the bot asks: greeting, account id, topic, words; and what the client asks of the bot by a word."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from functools import lru_cache

from connector.domain.card import topic_title
from connector.domain.client import Stage
from connector.domain.decide import languages
from connector.domain.decide.turn import Buttons, Turn, menu, paragraphs, ticket_button
from connector.domain.effects import Button, ContactKey, Menu, SendFiles, Urgency
from connector.domain.policy import Policy, Topic, TopicGroup
from connector.domain.refs import Ref
from connector.domain.say import title
from connector.domain.words import File, FileKind, Words

_LONGEST_LABEL = 64
_PICTURE_AFTER = 2
"""Wrong account ids."""


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
    """The first words; the menu appears as soon as nothing compulsory is missing, and the language is known."""
    missing = turn.policy.cabinet is not None and turn.client.cabinet is None
    turn.tell(
        "greeting",
        turn.say("greeting"),
        buttons=languages.offered(turn),
        menu=None if missing else menu(turn),
    )


def ask_cabinet(turn: Turn, name: str = "cabinet.ask", before: str = "", keys: Menu | None = None) -> None:
    """Asks for the account id, with the hint; with its picture too, unless the question only comes again.

    `before` stands over the question; `keys` is the keyboard to show instead of the one that shares a contact. While
    an id is being looked up nothing is asked: there may be an answer already.
    """
    client, policy = turn.client, turn.policy
    rule = policy.cabinet
    adding = client.cabinet is not None
    if client.checking is not None and not adding:
        turn.client = replace(client, stage=Stage.CHECKING)
        if before or not client.kept:
            checking = turn.say("cabinet.checking", cabinet=client.checking)
            turn.tell("cabinet", paragraphs(before, checking), menu=keys)
        return
    again = client.stage is Stage.CABINET
    turn.client = replace(client, stage=Stage.CABINET)
    if keys is None and not adding:
        keys = contact_key(turn)
    turn.tell("cabinet", paragraphs(before, turn.say(name), _hint(turn)), menu=keys)
    if rule is not None and rule.picture is not None and not again:
        _show_picture(turn, rule.picture)


def refuse_cabinet(turn: Turn, attempt: str, name: str = "cabinet.wrong") -> None:
    """Says that this is no account id, and how one looks; after the second time the picture may help."""
    attempts = turn.client.attempts + 1
    turn.client = replace(turn.client, attempts=attempts)
    turn.tell("cabinet", paragraphs(turn.say(name, cabinet=attempt), _hint(turn)))
    rule = turn.policy.cabinet
    if rule is not None and rule.picture is not None and attempts == _PICTURE_AFTER:
        _show_picture(turn, rule.picture)


def _hint(turn: Turn) -> str:
    rule = turn.policy.cabinet
    return title(rule.hint, turn.policy, turn.client.tongue) if rule else ""


def _show_picture(turn: Turn, path: str) -> None:
    tail = path.replace("\\", "/").rpartition("/")[2] or "hint.png"
    picture = File(ref=Ref(port="local", id=path), kind=FileKind.PHOTO, name=tail)
    turn.effects.append(
        SendFiles(
            key=turn.name("picture"),
            ticket=None,
            chat=turn.client.chat,
            files=(picture,),
            urgency=Urgency.ACKNOWLEDGE,
        )
    )


def contact_key(turn: Turn) -> Menu | None:
    """The keyboard by which a client shares their phone number; None where there is nothing to share."""
    client = turn.client
    if not turn.policy.contact or client.phone is not None or client.group is not None:
        return None
    return ((ContactKey(label=turn.say("button.contact")),),)


def choices(policy: Policy, group: str | None) -> tuple[Topic | TopicGroup, ...]:
    """What stands in the menu: of a group its topics; at the top each group where the first of its topics stands."""
    if group is not None:
        return tuple(topic for topic in policy.topics if topic.group == group)
    groups = {each.key: each for each in policy.groups_of_topics}
    shown: dict[str, Topic | TopicGroup] = {}
    for topic in policy.topics:
        heading = groups.get(topic.group) if topic.group is not None else None
        if heading is None:
            shown[f"topic:{topic.key}"] = topic
        else:
            shown.setdefault(f"group:{heading.key}", heading)
    return tuple(shown.values())


def ask_topic(turn: Turn, question: str | None = None, group: str | None = None) -> None:
    """Offers the topics as buttons and as a numbered list: a tap may be lost, a word is not.

    `question` is the name of another text than the usual one; of a group its own topics are offered.
    """
    client, policy = turn.client, turn.policy
    offered = choices(policy, group)
    turn.client = replace(client, stage=Stage.TOPIC, topic=None, topic_group=group)
    titles = [title(each.title, policy, client.tongue) or each.key for each in offered]
    buttons = [
        Button(label=label, data=f"{'group' if isinstance(each, TopicGroup) else 'topic'}:{each.key}")
        for label, each in zip(titles, offered, strict=True)
    ]
    rows = tuple(tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2))
    heading = next((each for each in policy.groups_of_topics if each.key == group), None)
    hint = ""
    if heading is not None:
        rows += ((Button(label=turn.say("button.back"), data="group:"),),)
        head = turn.say("topic.group", group=title(heading.title, policy, client.tongue) or heading.key)
        hint = title(heading.hint, policy, client.tongue)
    else:
        head = turn.say(question or ("topic.kept" if client.kept else "topic.ask"))
        if client.kept:
            # Whoever only went on talking can say so: the words go where they belong.
            rows += tuple((ticket_button(turn, ticket),) for ticket in client.tickets if ticket.open)
    several = len(client.cabinets) > 1 and client.cabinet is not None
    cabinet = turn.say("topic.cabinet", cabinet=client.cabinet) if several else ""
    listed = "\n".join(f"{number}. {label}" for number, label in enumerate(titles, 1))
    turn.tell("topics", paragraphs(cabinet, head, hint, listed), buttons=rows)


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
