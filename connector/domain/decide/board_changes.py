"""What happens when something changed on the board: an agent's comment, or the card itself."""

from __future__ import annotations

from dataclasses import replace

from connector.domain.decide import rating
from connector.domain.decide.replies import dress, public, remembered, send, sendable, spoken
from connector.domain.decide.turn import Turn
from connector.domain.effects import DeleteMessage, EditMessage, Meaning, SendFiles, SendMessage, Urgency
from connector.domain.events import AgentAttached, AgentCommented, AgentEdited, AgentRemoved, CardSeen
from connector.domain.refs import Key, Ref, TicketId
from connector.domain.sla import deadline
from connector.domain.text import cut, split
from connector.domain.ticket import Outcome, Phase, Reply, Ticket
from connector.domain.words import Text

_TOLD = {
    Phase.QUEUE: "status.queue",
    Phase.WORK: "status.work",
    Phase.WAITING: "status.waiting",
    Phase.DONE: "status.done",
}


def commented(turn: Turn, event: AgentCommented) -> None:
    """A public comment is an answer: it goes to the client, whether the request is still open or not."""
    ticket = _ticket(turn, event.ticket, event.card)
    if ticket is None:
        return
    words = public(turn.policy.public, event.text, event.internal)
    if words is None:
        return
    key = event.comment.key
    files = sendable(turn, ticket, event.files)
    text = dress(turn, ticket, event.author.name, words)
    texts: tuple[Key, ...] = ()
    albums: tuple[Key, ...] = ()
    if words.plain.strip() or files:
        texts, albums = send(turn, ticket, text, files, 0, f"reply/{key}")
        ticket = spoken(turn, ticket, event.at, words, files)
    turn.keep(remembered(ticket, Reply(comment=key, texts=texts, files=albums), event.files))


def edited(turn: Turn, event: AgentEdited) -> None:
    """What the client got of the comment changes with it; a comment that is now hidden is taken back.

    A comment that never went to the client does not go because it was edited: of one we no longer remember the first
    message is edited, which does nothing where nothing was sent.
    """
    ticket = _ticket(turn, event.ticket, event.card)
    if ticket is None:
        return
    key = event.comment.key
    reply = next((each for each in ticket.replies if each.comment == key), None)
    words = public(turn.policy.public, event.text, event.internal)
    if words is None:
        if reply is not None:
            _take_back(turn, ticket, reply)
        return
    if reply is None:
        reply = Reply(comment=key, texts=(Key(f"reply/{key}/0"),))
    _rewrite(turn, ticket, reply, dress(turn, ticket, event.author.name, words))


def _rewrite(turn: Turn, ticket: Ticket, reply: Reply, text: Text) -> None:
    """Part by part: messages that are there are edited, further ones sent, spare ones deleted."""
    client, limits = turn.client, turn.policy.limits
    captioned = bool(reply.texts) and reply.texts[0] in reply.files
    parts = [part for part in _parts(text, limits.caption if captioned else 0, limits.text) if part.plain.strip()]
    texts: list[Key] = []
    for number, part in enumerate(parts):
        if number < len(reply.texts):
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


def removed(turn: Turn, event: AgentRemoved) -> None:
    """What the client got of the comment is taken back."""
    ticket = _ticket(turn, event.ticket, event.card)
    if ticket is None:
        return
    key = event.comment.key
    reply = next((each for each in ticket.replies if each.comment == key), None)
    _take_back(turn, ticket, reply or Reply(comment=key, texts=(Key(f"reply/{key}/0"),)))


def _take_back(turn: Turn, ticket: Ticket, reply: Reply) -> None:
    _delete(turn, ticket, tuple(dict.fromkeys((*reply.texts, *reply.files))))
    turn.keep(replace(ticket, replies=tuple(each for each in ticket.replies if each.comment != reply.comment)))


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


def attached(turn: Turn, event: AgentAttached) -> None:
    """A file follows its comment to the client: only when the comment went there, and the file did not yet.

    Nothing tells whether a comment we no longer remember was public; so its late files stay with the agents.
    """
    ticket = _ticket(turn, event.ticket, event.card)
    if ticket is None or event.internal or event.file.ref.key in ticket.relayed:
        return
    reply = next((each for each in ticket.replies if each.comment == event.comment.key), None)
    if reply is None:
        return
    files = sendable(turn, ticket, (event.file,))
    if files:
        key = Key(f"reply/{event.file.ref.key}")
        caption = Text() if reply.texts or reply.files else dress(turn, ticket, event.author.name, Text())
        turn.effects.append(
            SendFiles(
                key=key,
                ticket=ticket.id,
                chat=turn.client.chat,
                files=files,
                urgency=Urgency.REPLY,
                caption=caption,
            )
        )
        reply = replace(reply, files=(*reply.files, key))
        if ticket.answered_at is None:
            ticket = replace(ticket, answered_at=event.at)
    turn.keep(remembered(ticket, reply, (event.file,)))


def seen(turn: Turn, event: CardSeen) -> None:
    """Compares the card with what the ticket remembers; the client hears of a change that means something to them."""
    ticket = _ticket(turn, event.ticket, event.card)
    if ticket is None or event.version <= ticket.seen or not _this_card(ticket, event):
        return
    if event.gone:
        # The next words of the client order a new one; nobody needs it before.
        turn.keep(replace(ticket, seen=event.version, card=None, former=event.card))
        return
    board = turn.policy.board
    before = ticket
    ticket = replace(ticket, seen=event.version, card=event.card, board=event.board, lane=event.lane)
    if board is not None:
        ticket = _reclassed(turn, ticket, board.lanes.get((event.board, event.lane)) if event.lane else None)
        meaning = board.columns.get(event.column)
        if meaning is not None and ticket.moving is None:
            ticket = replace(ticket, phase=Phase(meaning.value))
    if ticket.phase is Phase.OPENING:
        ticket = replace(ticket, phase=Phase.QUEUE)
    if ticket.phase is not before.phase:
        ticket = replace(ticket, phase_at=event.at)
    if ticket.open != before.open:
        closed_at, outcome = (None, None) if ticket.open else (event.at, Outcome.DONE)
        # What was promised was for the first end.
        promised_at = None if ticket.open else ticket.promised_at
        ticket = replace(ticket, closed_at=closed_at, outcome=outcome, promised_at=promised_at)
    turn.keep(ticket)
    _tell_phase(turn, before, ticket)


def _tell_phase(turn: Turn, before: Ticket, ticket: Ticket) -> None:
    client = turn.client
    placed = before.phase is Phase.OPENING and ticket.phase is Phase.QUEUE
    changed = ticket.phase is not before.phase and not placed
    told = changed and Meaning(ticket.phase.value) in turn.policy.notices
    name = _TOLD.get(ticket.phase) if told else None
    if ticket.open and not before.open:
        name = "status.reopened"
        if client.current is None:
            turn.client = replace(client, current=ticket.id)
    elif not ticket.open and client.current == ticket.id:
        turn.client = replace(client, current=None)
    if name is not None:
        text = turn.say(name, number=ticket.number, subject=ticket.subject)
        turn.tell("status", text, ticket=ticket.id, urgency=Urgency.REPLY)
    if before.open and not ticket.open:
        rating.ask(turn, ticket)


def _reclassed(turn: Turn, ticket: Ticket, class_key: str | None) -> Ticket:
    """The lane is the service class: another lane, another promise."""
    service = turn.policy.classes.get(class_key) if class_key is not None else None
    if service is None or service.key == ticket.service_class:
        return ticket
    due_at = deadline(ticket.opened_at, service.resolution, service.hours) if service.resolution else None
    return replace(ticket, service_class=service.key, due_at=due_at)


def _this_card(ticket: Ticket, event: CardSeen) -> bool:
    """Whether it is the ticket's present card, not one that was given up."""
    if ticket.card is not None:
        return ticket.card == event.card
    if event.ticket is None:
        return ticket.lost and ticket.former == event.card
    generation = event.ticket.partition(".")[2] or "1"
    return generation == str(ticket.generation)


def _ticket(turn: Turn, external: TicketId | None, card: Ref) -> Ticket | None:
    """The client's ticket that the card belongs to: by the id it carries, else by the card itself."""
    if external is not None:
        found = turn.ticket(TicketId(external.partition(".")[0]))
        if found is not None:
            return found
    return next((each for each in turn.client.tickets if card in (each.card, each.former)), None)
