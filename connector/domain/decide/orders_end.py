"""What happens when one of our own orders ended: it succeeded, or it never will."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from connector.domain import card
from connector.domain.decide import delivery, rating, receipts, registering
from connector.domain.decide.reach import blocked
from connector.domain.decide.turn import Turn
from connector.domain.decide.writing import replace_card
from connector.domain.effects import (
    AddComment,
    AddFiles,
    AddTag,
    AnswerTap,
    AssignCard,
    AttachSla,
    BindCard,
    BoardEffect,
    CreateCard,
    DeleteMessage,
    DetachSla,
    EditComment,
    EditMessage,
    LinkCard,
    Meaning,
    MoveCard,
    React,
    Redact,
    RemoveTag,
    ReplaceCard,
    Section,
    SendFiles,
    SendMessage,
    SetBlock,
    SetDeadline,
    SetFacts,
    UnlinkCard,
    Verdict,
    VerifyCabinet,
)
from connector.domain.events import Done, Failed, Refusal
from connector.domain.refs import Key
from connector.domain.say import say
from connector.domain.text import join
from connector.domain.ticket import Phase
from connector.domain.words import File, Text

UNDELIVERED = 20
"""Answers kept for a client who blocked us."""


def done(turn: Turn, event: Done) -> None:
    """A card that exists now gets its ticket out of the opening; a move that ended is what the ticket shows."""
    match event.effect:
        case CreateCard() as order:
            ticket = turn.ticket(order.ticket)
            if ticket is None or not event.made or order.external_id != ticket.external_id:
                return
            spot = order.spot
            if spot is None and turn.policy.board is not None:
                spot = turn.policy.board.spots.get((order.topic, order.service_class))
            receipts.on_card(turn, (order.source,), ticket.id)
            opening = ticket.phase is Phase.OPENING
            phase = Phase.QUEUE if opening else ticket.phase
            board = ticket.board or (spot.board if spot else None)
            phase_at = turn.at if opening else ticket.phase_at
            turn.keep(replace(ticket, card=event.made[0], board=board, phase=phase, phase_at=phase_at))
        case MoveCard() as order:
            ticket = turn.ticket(order.ticket)
            phase = Phase(order.meaning.value)
            # Of two moves on their way only the later one tells where the request stands.
            if ticket is None or ticket.moving is not phase:
                return
            phase_at = ticket.phase_at if phase is ticket.phase else turn.at
            turn.keep(replace(ticket, moving=None, phase=phase, phase_at=phase_at))
        case AddComment() as order:
            receipts.on_card(turn, [section.source for section in order.sections], order.ticket)
        case SendMessage() | SendFiles() as order if delivery.is_answer(order):
            delivery.arrived(turn, order)
        case SendMessage() | SendFiles():
            return
        case EditMessage() | DeleteMessage() | React() | AnswerTap():
            return
        case VerifyCabinet() as order:
            registering.verified(turn, order.cabinet, registering.verdict_of(event.made))
        case EditComment() | AddFiles() | AddTag() | RemoveTag() | SetFacts() | SetBlock():
            return
        case AssignCard() | ReplaceCard() | SetDeadline() | BindCard() | Redact() | LinkCard() | UnlinkCard():
            return
        case AttachSla() | DetachSla():
            return
        case _:
            assert_never(event.effect)


def failed(turn: Turn, event: Failed) -> None:
    """Whoever waits for the order learns that it will not come: an agent by a note on the card.

    A failed mark or edit in the chat is not worth a word, nor is a deletion of what is gone already; a card that could
    not be created waits for the operator, who sees it among the dead orders.
    """
    effect = event.effect
    match effect:
        case SendMessage() | SendFiles():
            _not_delivered(turn, event, effect)
        case DeleteMessage():
            _not_taken_back(turn, event, effect)
        case EditMessage() | React() | AnswerTap() | Redact() | LinkCard() | UnlinkCard():
            return
        case AttachSla() | DetachSla():
            return
        case VerifyCabinet():
            registering.verified(turn, effect.cabinet, Verdict.UNVERIFIED)
        case CreateCard():
            receipts.failed(turn, (effect.source,), effect.ticket)
        case AssignCard() | ReplaceCard() if event.refusal is not Refusal.GONE:
            reason = say(turn.policy, turn.policy.default_language, f"reason.{event.refusal.value}")
            turn.note("note", effect.ticket, "note.not_ordered", reason=reason)
        case BindCard():
            # It stays somebody else's card; what we know of it is history.
            ticket = turn.ticket(effect.ticket)
            if ticket is not None and ticket.open:
                turn.keep(replace(ticket, phase=Phase.DONE, closed_at=turn.at, card=None, former=ticket.card))
        case SetBlock() | AssignCard() | ReplaceCard() | SetDeadline():
            if event.refusal is Refusal.GONE:
                _card_gone(turn, effect)
        case AddComment() | EditComment() | AddFiles() | AddTag() | RemoveTag() | SetFacts() | MoveCard():
            if event.refusal is Refusal.GONE:
                _card_gone(turn, effect)
            else:
                _not_written(turn, event, effect)
        case _:
            assert_never(effect)


def _not_taken_back(turn: Turn, event: Failed, effect: DeleteMessage) -> None:
    """An agent took their words back, and they stand in the chat all the same."""
    if event.refusal is Refusal.GONE or not effect.target.startswith("reply/"):
        return
    if effect.ticket is not None and turn.ticket(effect.ticket) is not None:
        turn.note("kept", effect.ticket, "note.not_taken_back")


def _not_delivered(turn: Turn, event: Failed, effect: SendMessage | SendFiles) -> None:
    answer = delivery.is_answer(effect)
    ticket = turn.ticket(effect.ticket) if answer else None
    if event.refusal is not Refusal.BLOCKED:
        if answer and not (isinstance(effect, SendFiles) and delivery.in_pieces(turn, effect)):
            delivery.failed(turn, effect, event.refusal)
        return
    blocked(turn, ticket.id if ticket is not None else None)
    if ticket is None:
        return
    client = turn.client
    stem = effect.key.rpartition("/")[0]
    told = any(each.key.rpartition("/")[0] == stem for each in client.undelivered)
    turn.client = replace(client, undelivered=(*client.undelivered, effect)[-UNDELIVERED:])
    delivery.failed(turn, effect, event.refusal, again=told)


def _card_gone(turn: Turn, effect: BoardEffect) -> None:
    """The order waits for another card: that one is ordered, once.

    Not for a closed request's labels and notes: there the card is let go, and the client's next words bring a new one.
    """
    ticket = turn.ticket(effect.ticket)
    if ticket is None or (ticket.card is None and ticket.phase is Phase.OPENING):
        return
    match effect:
        case AddFiles():
            words = True
        case AddComment():
            words = not effect.internal or rating.is_explanation(effect)
        case EditComment():
            words = effect.target.startswith("say/")  # notes of ours need no card of their own
        case _:
            words = False
    if ticket.open or words:
        replace_card(turn, ticket)
    else:
        turn.keep(replace(ticket, card=None, former=ticket.card or ticket.former))


def _not_written(
    turn: Turn,
    event: Failed,
    effect: AddComment | EditComment | AddFiles | AddTag | RemoveTag | SetFacts | MoveCard,
) -> None:
    match effect:
        case MoveCard():
            ticket = turn.ticket(effect.ticket)
            if ticket is None:
                return
            turn.keep(replace(ticket, moving=None))
            reason = say(turn.policy, turn.policy.default_language, f"reason.{event.refusal.value}")
            match effect.meaning:
                case Meaning.DONE:
                    name = "note.not_closed"
                case Meaning.WORK:
                    name = "note.not_ordered"
                case Meaning.QUEUE | Meaning.WAITING:
                    name = "note.not_moved"
            turn.note("note", ticket.id, name, reason=reason)
        case AddComment() if event.refusal is Refusal.TOO_BIG and any(each.files for each in effect.sections):
            sections = tuple(_without_files(turn, each) for each in effect.sections)
            turn.effects.append(replace(effect, key=Key(f"{effect.key}/words"), sections=sections))
        case AddFiles() if event.refusal is Refusal.TOO_BIG:
            key = Key(f"{effect.key}/words")
            section = Section(key=key, head="", text=_named(turn, effect.files))
            turn.effects.append(AddComment(key=key, ticket=effect.ticket, sections=(section,)))
        case EditComment():
            # Its comment cannot be changed any more; the new words are not lost for that.
            key = Key(f"{effect.key}/again")
            section = replace(effect.section, key=key)
            turn.effects.append(
                AddComment(key=key, ticket=effect.ticket, sections=(section,), internal=effect.internal)
            )
        case AddComment() if any(section.source is not None for section in effect.sections):
            receipts.failed(turn, [section.source for section in effect.sections], effect.ticket)
        case AddComment() | AddFiles() | AddTag() | RemoveTag() | SetFacts():
            # Nothing we could say better: the order is kept with its reason, for the operator.
            return
        case _:
            assert_never(effect)


def _without_files(turn: Turn, section: Section) -> Section:
    named = _named(turn, section.files)
    gap = "\n" if section.text and section.files else ""
    return replace(section, text=join(section.text, gap, named), files=())


def _named(turn: Turn, files: tuple[File, ...]) -> Text:
    lines = [card.missing_file(turn.policy, "card.refused_file", file) for file in files]
    return Text(plain="\n".join(lines))
