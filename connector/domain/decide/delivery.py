"""What agents see on the card of whether their answers arrived: quietly, and of all answers in one place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from connector.domain.card import zone_of
from connector.domain.client import Client
from connector.domain.decide.replies import note_failed, remembered
from connector.domain.decide.turn import Turn
from connector.domain.effects import AddComment, AddTag, EditComment, Effect, RemoveTag, Section, SendFiles, SendMessage
from connector.domain.events import Refusal
from connector.domain.policy import AgentReceipt, Policy
from connector.domain.refs import Key
from connector.domain.say import say
from connector.domain.ticket import Reply, Ticket, Trouble
from connector.domain.words import Text

EVERY = timedelta(minutes=1)
"""The status is not written more often than this while all is well; trouble, and its end, is told at once."""
COUNTED = 50
"""Answers that arrived are counted up to this."""
TROUBLES = 3
"""So many troubles of one request are told, the latest ones."""


def is_answer(effect: Effect) -> bool:
    """Whether the order carries an agent's answer, or a part of one."""
    return isinstance(effect, SendMessage | SendFiles) and effect.key.startswith("reply/")


def arrived(turn: Turn, order: SendMessage | SendFiles) -> None:
    """A part of an answer is in the chat; with its last part, the whole."""
    found = _of(turn, order.key)
    if found is None or order.key != (found[1].files or found[1].texts)[-1]:
        return
    ticket, reply = found
    waited = bool(ticket.waiting)
    ticket = _no_longer_waiting(ticket, reply.comment)
    if turn.policy.agent_receipt is AgentReceipt.NONE:
        if waited:
            turn.keep(ticket)
        return
    troubles = _standing(ticket)
    own = {*reply.texts, *reply.files}
    over = any(trouble not in troubles for trouble in ticket.troubles) or (waited and not ticket.waiting)
    if any(trouble.order in own for trouble in troubles) or reply.comment in ticket.delivered:
        return
    delivered = (*ticket.delivered, reply.comment)[-COUNTED - 1 :]
    ticket = replace(ticket, troubles=troubles, delivered=delivered, delivered_at=turn.at, status_behind=True)
    turn.keep(ticket)
    if over or ticket.status_at is None or turn.at - ticket.status_at >= EVERY:
        _show(turn, ticket)


def failed(turn: Turn, order: SendMessage | SendFiles, refusal: Refusal, *, again: bool = False) -> None:
    """A part of an answer did not arrive; `again`: another part of it met the same end before, and that was told."""
    ticket = turn.ticket(order.ticket)
    if ticket is None:
        return
    if turn.policy.agent_receipt is not AgentReceipt.COMMENT and not again:
        if refusal is Refusal.BLOCKED:
            turn.note("note", ticket.id, "note.reply_blocked")
        else:
            note_failed(turn, ticket, refusal.value)
    found = _of(turn, order.key)
    comment = found[1].comment if found is not None else None
    trouble = Trouble(order=order.key, at=turn.at, refusal=refusal.value)
    ticket = replace(
        ticket,
        troubles=(*_standing(ticket), trouble),
        delivered=tuple(each for each in ticket.delivered if each != comment),
    )
    if comment is not None:
        ticket = _no_longer_waiting(ticket, comment)
    turn.keep(ticket)
    _show(turn, ticket)


def in_pieces(turn: Turn, order: SendFiles) -> bool:
    """Sends apart what was refused together: the words as a message, and of several files each by itself.

    A file that the chat does not take must keep neither the words nor the other files from the client. False when it
    was one file: that one will not come.
    """
    found = _of(turn, order.key)
    if found is None:
        return False
    ticket, reply = found
    several = len(order.files) > 1
    caption, words = order.caption, Key(f"{order.key}/words")
    if order.key in reply.texts and not _name_alone(turn, ticket, caption):
        turn.effects.append(
            SendMessage(
                key=words, ticket=order.ticket, chat=order.chat, text=caption, urgency=order.urgency,
                reply_to=order.reply_to,
            )
        )  # fmt: skip
        reply = replace(reply, texts=_in_place(reply.texts, order.key, (words,)))
        caption = Text()
    if several:
        alone = tuple(
            replace(
                order, key=Key(f"{order.key}/{number}"), files=(file,), caption=Text() if number else caption
            )
            for number, file in enumerate(order.files)
        )  # fmt: skip
        turn.effects += alone
        keys = tuple(each.key for each in alone)
        reply = replace(
            reply, files=_in_place(reply.files, order.key, keys), texts=_in_place(reply.texts, order.key, keys[:1])
        )
    turn.keep(remembered(ticket, reply))
    return several


def _name_alone(turn: Turn, ticket: Ticket, caption: Text) -> bool:
    """Whether the caption says no more than whose answer it is."""
    names = (turn.policy.aliases.get(name, name) for name in ticket.people)
    last = caption.plain.rpartition("\n")[2]
    return any(last == turn.say("reply.agent", name=name) for name in names)


def _in_place(keys: tuple[Key, ...], old: Key, new: tuple[Key, ...]) -> tuple[Key, ...]:
    return tuple(each for key in keys for each in (new if key == old else (key,)))


def waits(turn: Turn, order: Key, since: datetime) -> None:
    """An answer waits for the chat tool: the card says so until the last one that waits has arrived."""
    found = _of(turn, order)
    if found is None or found[1].comment in (*found[0].waiting, *found[0].delivered):
        return
    ticket, reply = found
    if not ticket.waiting and turn.policy.agent_receipt is AgentReceipt.NONE:
        turn.note("waits", ticket.id, "note.reply_waits")
    first = min(since, ticket.waiting_since) if ticket.waiting and ticket.waiting_since else since
    ticket = replace(ticket, waiting=(*ticket.waiting, reply.comment), waiting_since=first)
    turn.keep(ticket)
    _show(turn, ticket)


def due(client: Client, policy: Policy) -> Iterator[datetime]:
    """When what has arrived since the status was written may be written."""
    for ticket in client.tickets:
        if ticket.status_at is not None and (ticket.status_behind or _still_waiting(ticket) != ticket.waiting):
            yield ticket.status_at + EVERY


def passed(turn: Turn) -> None:
    """Brings each status up to date that has stood long enough."""
    for ticket in turn.client.tickets:
        if ticket.status_at is None or ticket.status_at + EVERY > turn.at:
            continue
        waiting = _still_waiting(ticket)
        if ticket.status_behind or waiting != ticket.waiting:
            _show(turn, replace(ticket, troubles=_standing(ticket), waiting=waiting))


def _of(turn: Turn, order: Key) -> tuple[Ticket, Reply] | None:
    """The answer that the order is a part of."""
    for ticket in turn.client.tickets:
        for reply in reversed(ticket.replies):
            if order in reply.texts or order in reply.files:
                return ticket, reply
    return None


def _standing(ticket: Ticket) -> tuple[Trouble, ...]:
    """The troubles of answers as they are now: not of what was sent once more, taken back, or is long ago."""
    parts = {key for reply in ticket.replies for key in (*reply.texts, *reply.files)}
    return tuple(trouble for trouble in ticket.troubles if trouble.order in parts)


def _still_waiting(ticket: Ticket) -> tuple[Key, ...]:
    """The comments that wait, without those whose answers were taken back."""
    known = {reply.comment for reply in ticket.replies if reply.texts or reply.files}
    return tuple(comment for comment in ticket.waiting if comment in known)


def _no_longer_waiting(ticket: Ticket, comment: Key) -> Ticket:
    waiting = tuple(each for each in _still_waiting(ticket) if each != comment)
    return replace(ticket, waiting=waiting) if waiting != ticket.waiting else ticket


# ---- how it stands on the card


def _show(turn: Turn, ticket: Ticket) -> None:
    """Writes the status where it says something new; a card that is gone is told nothing."""
    policy = turn.policy
    words = ticket.status
    if not ticket.lost:
        match policy.agent_receipt:
            case AgentReceipt.COMMENT:
                words = _words(policy, ticket)
                _comment(turn, ticket, words)
            case AgentReceipt.TAG:
                words = say(
                    policy,
                    policy.default_language,
                    "receipt.tag_failed"
                    if ticket.troubles
                    else ("receipt.tag_waiting" if ticket.waiting else "receipt.tag_delivered"),
                )
                _tag(turn, ticket, words)
            case AgentReceipt.NONE:
                pass
    turn.keep(replace(ticket, status=words, status_at=turn.at, status_behind=False))


def _comment(turn: Turn, ticket: Ticket, words: str) -> None:
    if words == ticket.status:
        return
    # The same for every card of the request: whatever was still on its way to a lost one is written over here.
    key = Key(f"status/{ticket.id}")
    section = Section(key=key, head="", text=Text(plain=words))
    if not ticket.status and ticket.generation == 1:
        turn.effects.append(AddComment(key=key, ticket=ticket.id, sections=(section,), internal=True))
        return
    edit = turn.name(f"status/{ticket.external_id}")
    turn.effects.append(EditComment(key=edit, ticket=ticket.id, target=key, section=section, internal=True))


def _tag(turn: Turn, ticket: Ticket, name: str) -> None:
    if name == ticket.status:
        return
    if ticket.status:
        turn.effects.append(
            RemoveTag(key=turn.name(f"untag/{ticket.external_id}"), ticket=ticket.id, name=ticket.status)
        )
    turn.effects.append(AddTag(key=turn.name(f"tag/{ticket.external_id}"), ticket=ticket.id, name=name))


def _words(policy: Policy, ticket: Ticket) -> str:
    """Troubles first, the way they came; then how many answers have arrived, and when the latest did."""
    tongue, zone = policy.default_language, zone_of(policy, ticket.service_class)
    lines: list[str] = []
    worded = {key for reply in ticket.replies for key in reply.texts}
    bare = {key for reply in ticket.replies if reply.texts for key in reply.files} - worded
    for trouble in ticket.troubles:
        if trouble.refusal != Refusal.BLOCKED:
            time = f"{trouble.at.astimezone(zone):%d.%m %H:%M}"
            reason = say(policy, tongue, f"reason.{trouble.refusal}")
            name = "receipt.failed_file" if trouble.order in bare else "receipt.failed"
            lines.append(say(policy, tongue, name, time=time, reason=reason))
    # The parts of one answer fail alike.
    lines = list(dict.fromkeys(lines))[-TROUBLES:]
    if any(each.refusal == Refusal.BLOCKED for each in ticket.troubles):
        lines.append(say(policy, tongue, "receipt.blocked"))
    if ticket.waiting and ticket.waiting_since is not None:
        time = f"{ticket.waiting_since.astimezone(zone):%d.%m %H:%M}"
        lines.append(say(policy, tongue, "receipt.waiting", time=time))
    if ticket.delivered and ticket.delivered_at is not None:
        time = f"{ticket.delivered_at.astimezone(zone):%d.%m %H:%M}"
        count = str(len(ticket.delivered)) if len(ticket.delivered) <= COUNTED else f"{COUNTED}+"
        lines.append(say(policy, tongue, "receipt.delivered", time=time, count=count))
    if lines and ticket.incident is not None and ticket.incident.said:
        incident = ticket.incident
        lines.append(say(policy, tongue, "receipt.incident", number=incident.number, text=incident.said))
    return "\n".join(lines) or say(policy, tongue, "receipt.nothing")
