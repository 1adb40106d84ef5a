"""What the client already got of an agent's comment: changed with it, and taken back with it."""

from __future__ import annotations

from dataclasses import replace

from connector.domain.decide import spreading
from connector.domain.decide.replies import remembered, unsaid
from connector.domain.decide.turn import Turn
from connector.domain.effects import DeleteMessage, EditMessage, SendFiles, SendMessage, Urgency
from connector.domain.events import Refusal
from connector.domain.refs import Key
from connector.domain.text import cut, split
from connector.domain.ticket import Reply, Ticket
from connector.domain.words import Text


def rewrite(turn: Turn, ticket: Ticket, reply: Reply, text: Text) -> None:
    """Part by part: messages that are there are edited, further ones sent, spare ones deleted.

    A part that the chat refused is sent anew: its words may be what was wrong with it. Not files: they are not kept.
    """
    client, limits = turn.client, turn.policy.limits
    if client.incident is not None:
        return  # what it no longer remembers it does not change
    captioned = bool(reply.texts) and reply.texts[0] in reply.files
    parts = [part for part in _parts(text, limits.caption if captioned else 0, limits.text) if part.plain.strip()]
    refused = {trouble.order for trouble in ticket.troubles if trouble.refusal != Refusal.BLOCKED}.difference(
        reply.files
    )
    texts: list[Key] = []
    for number, part in enumerate(parts):
        if number < len(reply.texts) and reply.texts[number] not in refused:
            target = reply.texts[number]
            texts.append(target)
            if not _amend_undelivered(turn, target, part):
                turn.effects.append(
                    EditMessage(
                        key=turn.name(f"edit/{number}"),
                        ticket=ticket.id,
                        chat=client.chat,
                        target=target,
                        text=part,
                        urgency=Urgency.REPLY,
                    )
                )
            continue
        key = Key(f"reply/{turn.key}/{number}")
        texts.append(key)
        turn.effects.append(SendMessage(key=key, ticket=ticket.id, chat=client.chat, text=part, urgency=Urgency.REPLY))
    spare = reply.texts[len(parts) :]
    if captioned and not parts:
        # The files stay; only their caption goes.
        texts.append(spare[0])
        spare = spare[1:]
        _edit_caption_away(turn, ticket, texts[0])
    _delete(turn, ticket, spare)
    if any(each.comment == reply.comment for each in ticket.replies):
        turn.keep(remembered(ticket, replace(reply, texts=tuple(texts))))


def _edit_caption_away(turn: Turn, ticket: Ticket, target: Key) -> None:
    if not _amend_undelivered(turn, target, Text()):
        turn.effects.append(
            EditMessage(
                key=turn.name("edit/0"),
                ticket=ticket.id,
                chat=turn.client.chat,
                target=target,
                text=Text(),
                urgency=Urgency.REPLY,
            )
        )


def _parts(text: Text, first: int, limit: int) -> tuple[Text, ...]:
    """The text in messages of `limit` units, the first of `first` where that is given."""
    if not first or not text:
        return split(text, limit)
    head = split(text, first)[0]
    return (head, *split(cut(text, len(head.plain), len(text.plain)), limit))


def take_back(turn: Turn, ticket: Ticket, reply: Reply) -> None:
    """Deletes what the client got of the comment, which is forgotten; on an incident's card, what all of them got."""
    if turn.client.incident is not None:
        spreading.take_back(turn, ticket, reply.comment)
        return
    _delete(turn, ticket, tuple(dict.fromkeys((*reply.texts, *reply.files))))
    turn.keep(unsaid(ticket, reply))


def _delete(turn: Turn, ticket: Ticket, targets: tuple[Key, ...]) -> None:
    """Deletes what those orders sent; what still waits for the client's return simply does not go."""
    waiting = {effect.key for effect in turn.client.undelivered}
    for number, target in enumerate(targets):
        if target in waiting:
            left = tuple(effect for effect in turn.client.undelivered if effect.key != target)
            turn.client = replace(turn.client, undelivered=left)
            continue
        turn.effects.append(
            DeleteMessage(
                key=turn.name(f"delete/{number}"),
                ticket=ticket.id,
                chat=turn.client.chat,
                target=target,
                urgency=Urgency.REPLY,
            )
        )


def _amend_undelivered(turn: Turn, target: Key, text: Text) -> bool:
    """Whether the message still waits for the client's return, so that it could be changed on the spot."""
    found = False
    changed: list[SendMessage | SendFiles] = []
    for effect in turn.client.undelivered:
        if effect.key != target:
            changed.append(effect)
            continue
        found = True
        changed.append(replace(effect, text=text) if isinstance(effect, SendMessage) else replace(effect, caption=text))
    if found:
        turn.client = replace(turn.client, undelivered=tuple(changed))
    return found
