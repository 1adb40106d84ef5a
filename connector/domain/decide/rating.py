"""How the client rates a request that has ended, and what they would have us do better."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from connector.domain import card
from connector.domain.client import Client, Kept, Stage
from connector.domain.decide.asking import wish_of
from connector.domain.decide.turn import Buttons, Turn
from connector.domain.decide.writing import tell_unobtainable
from connector.domain.effects import (
    AddComment,
    AddTag,
    Button,
    EditComment,
    EditMessage,
    RemoveTag,
    Section,
    SendMessage,
    SetFacts,
    Urgency,
)
from connector.domain.policy import Mark, MarkStore, RatingRule
from connector.domain.refs import Key, TicketId
from connector.domain.say import say
from connector.domain.ticket import Outcome, Ticket
from connector.domain.words import Text

WORDS_WITHIN = timedelta(hours=1)
"""How long the client's next message is taken as the answer to what was wrong."""


def ask(turn: Turn, ticket: Ticket) -> None:
    """Asks how it was, once per request and not too often; for calling after any end of a request, whatever it was.

    Nobody is asked about what they took back or what ended in silence; nor who cannot or does not want to hear from us.
    """
    rule, client = turn.policy.rating, turn.client
    ticket = turn.ticket(ticket.id) or ticket
    if rule is None or not rule.marks or client.blocked or client.silent or ticket.asked_rating:
        return
    if ticket.outcome not in (Outcome.DONE, Outcome.HELPED):
        return
    if client.rated_at is not None and turn.at - client.rated_at < rule.at_most_every:
        return
    turn.client = replace(client, rated_at=turn.at)
    turn.keep(replace(ticket, asked_rating=True))
    turn.effects.append(
        SendMessage(
            key=_question(ticket),
            ticket=ticket.id,
            chat=client.chat,
            text=Text(plain=turn.say("rating.ask", number=ticket.number, subject=ticket.subject)),
            urgency=Urgency.REPLY,
            buttons=_buttons(rule, ticket),
        )
    )


def tapped(turn: Turn, value: str) -> str:
    """Takes the mark, or another one in its place while that is allowed. Returns the notice of the tap."""
    name, _, key = value.partition(":")
    rule, ticket = turn.policy.rating, turn.ticket(TicketId(name))
    mark = _mark(rule, key)
    if rule is None or mark is None or ticket is None or not ticket.asked_rating:
        return turn.say("tap.gone")
    if ticket.marked_at is not None and turn.at - ticket.marked_at > rule.change_within:
        return turn.say("rating.late")
    thanks = turn.say("rating.thanks", mark=mark.emoji)
    if ticket.mark == mark.key:
        return thanks
    former = ticket.mark
    ticket = replace(ticket, mark=mark.key, marked_at=turn.at)
    turn.keep(ticket)
    turn.effects.append(
        EditMessage(
            key=turn.name("rated"),
            ticket=ticket.id,
            chat=turn.client.chat,
            target=_question(ticket),
            text=Text(plain=thanks),
            urgency=Urgency.REPLY,
            buttons=_buttons(rule, ticket) if rule.change_within else (),
        )
    )
    if not ticket.lost:
        _store(turn, rule, ticket, mark, former)
        _ask_why(turn, rule, ticket, mark)
    return ""


def _store(turn: Turn, rule: RatingRule, ticket: Ticket, mark: Mark, former: str | None) -> None:
    """Puts the mark on the card, in the place of the former one."""
    match rule.store:
        case MarkStore.COMMENT:
            key = Key(f"rate/{ticket.id}/note")
            line = say(turn.policy, turn.policy.default_language, "note.rated", mark=mark.emoji)
            section = Section(key=key, head="", text=Text(plain=line))
            turn.effects.append(
                AddComment(key=key, ticket=ticket.id, sections=(section,), internal=True)
                if former is None
                else EditComment(key=turn.name("mark"), ticket=ticket.id, target=key, section=section)
            )
        case MarkStore.TAG:
            before = _mark(rule, former)
            tag = rule.tag.replace("{mark}", mark.emoji)
            worn = rule.tag.replace("{mark}", before.emoji) if before is not None else None
            if worn == tag:
                return
            if worn is not None:
                turn.effects.append(RemoveTag(key=turn.name("mark-off"), ticket=ticket.id, name=worn))
            turn.effects.append(AddTag(key=turn.name("mark"), ticket=ticket.id, name=tag))
        case MarkStore.FIELD:
            turn.effects.append(SetFacts(key=turn.name("mark"), ticket=ticket.id, facts={"rating": mark.emoji}))


# ---- what was wrong


def _ask_why(turn: Turn, rule: RatingRule, ticket: Ticket, mark: Mark) -> None:
    """One question after a low mark; who changed their mind for the better owes no answer any more."""
    client = turn.client
    if not mark.low:
        if client.explaining == ticket.id:
            turn.client = replace(client, explaining=None)
    elif rule.ask_for_words and not ticket.asked_why and not ticket.open:
        turn.client = replace(client, explaining=ticket.id)
        turn.keep(replace(ticket, asked_why=True))
        turn.tell("why", turn.say("rating.why"), ticket=ticket.id, urgency=Urgency.REPLY)


def explains(turn: Turn, message: Kept, quoted: Ticket | None = None) -> bool:
    """Whether the message answers what was wrong: then it stands on the card, and nothing opens for it.

    Only the very next message can, as long as the client has turned to nothing else: a message they quote (`quoted`
    is the request it stands on), a command, a choice they are asked for, an agent who has spoken since. A message
    that does not is not touched, and the question is over.
    """
    client = turn.client
    if client.explaining is None:
        return False
    ticket = turn.ticket(client.explaining)
    turn.client = replace(client, explaining=None)
    if ticket is None or (quoted is not None and quoted.id != ticket.id):
        return False
    if not _answers(turn, client, ticket, message):
        return False
    mark = _mark(turn.policy.rating, ticket.mark)
    policy = turn.policy
    line = say(
        policy,
        policy.default_language,
        "note.rated_words",
        mark=mark.emoji if mark is not None else ticket.mark,
        text=card.body(policy, message.words).plain,
    )
    portions = card.portions(Text(plain=line), "", policy.comment_limit)
    for number, portion in enumerate(portions):
        key = turn.name(f"words/{number}")
        files = card.obtainable(message.words) if number == len(portions) - 1 else ()
        section = Section(key=key, head="", text=portion, files=files)
        turn.effects.append(AddComment(key=key, ticket=ticket.id, sections=(section,), internal=True))
    turn.tell("heard", turn.say("rating.heard"), ticket=ticket.id)
    tell_unobtainable(turn, message.words, ticket.id)
    return True


def is_explanation(order: AddComment) -> bool:
    """Whether the note holds what the client said was wrong: words of theirs, which outlive the card."""
    return order.internal and order.key.rpartition("/")[0].endswith("/words")


def _answers(turn: Turn, client: Client, ticket: Ticket, message: Kept) -> bool:
    asked = ticket.marked_at
    if ticket.open or ticket.lost or asked is None or turn.at - asked > WORDS_WITHIN:
        return False
    if client.stage is not Stage.READY or client.kept or client.undecided:
        return False
    words = message.words
    if message.album is not None or not words.text.plain.strip() or wish_of(turn.policy, words) is not None:
        return False
    return not any(
        each.opened_at > asked or any(line.ours and line.at > asked for line in each.lines) for each in client.tickets
    )


def _question(ticket: Ticket) -> Key:
    """The order that asks: the same for ever, so that its message can be found and changed."""
    return Key(f"rate/{ticket.id}")


def _buttons(rule: RatingRule, ticket: Ticket) -> Buttons:
    return (tuple(Button(label=mark.emoji, data=f"rate:{ticket.id}:{mark.key}") for mark in rule.marks),)


def _mark(rule: RatingRule | None, key: str | None) -> Mark | None:
    return next((mark for mark in rule.marks if mark.key == key), None) if rule is not None else None
