"""What happens when a client stops the bot, or comes back."""

from __future__ import annotations

from dataclasses import replace

from connector.domain.decide.turn import Turn
from connector.domain.effects import AddTag, RemoveTag, Urgency
from connector.domain.refs import Key, TicketId


def blocked(turn: Turn, told: TicketId | None = None) -> None:
    """Nothing can be delivered: said once on the card of each open request, except on `told`, where it was said."""
    if turn.client.blocked:
        return
    turn.client = replace(turn.client, blocked=True)
    tag = turn.policy.blocked_tag
    for number, ticket in enumerate(turn.client.tickets if tag else ()):
        if ticket.open:
            turn.effects.append(AddTag(key=turn.name(f"blocked-tag/{number}"), ticket=ticket.id, name=tag or ""))
    _note_open(turn, "blocked", told)


def returned(turn: Turn) -> None:
    """Back again: said on the cards, and the answers that did not arrive are sent with a line of explanation."""
    client = turn.client
    if not client.blocked:
        return
    turn.client = replace(client, blocked=False, undelivered=())
    if client.undelivered:
        turn.tell("back", turn.say("back.undelivered"), urgency=Urgency.REPLY)
    renamed: dict[Key, Key] = {}
    for number, effect in enumerate(client.undelivered):
        # Still an answer: should it fail once more, it is treated as one.
        again = Key(f"reply/{turn.key}/{number}")
        renamed[effect.key] = again
        reply_to = effect.reply_to
        if isinstance(reply_to, str):
            reply_to = renamed.get(reply_to, reply_to)
        turn.effects.append(replace(effect, key=again, chat=client.chat, reply_to=reply_to))
    for ticket in turn.client.tickets if renamed else ():
        replies = tuple(
            replace(
                reply,
                texts=tuple(renamed.get(key, key) for key in reply.texts),
                files=tuple(renamed.get(key, key) for key in reply.files),
            )
            for reply in ticket.replies
        )
        if replies != ticket.replies:
            turn.keep(replace(ticket, replies=replies))
    # Requests that were closed meanwhile too: their cards wear the label still, and may be opened again.
    tag = turn.policy.blocked_tag
    for number, ticket in enumerate(turn.client.tickets if tag else ()):
        turn.effects.append(RemoveTag(key=turn.name(f"returned-tag/{number}"), ticket=ticket.id, name=tag or ""))
    _note_open(turn, "returned", None)


def _note_open(turn: Turn, what: str, told: TicketId | None) -> None:
    open_tickets = [ticket for ticket in turn.client.tickets if ticket.open and ticket.id != told]
    for number, ticket in enumerate(open_tickets):
        turn.note(f"{what}/{number}", ticket.id, f"note.{what}")
